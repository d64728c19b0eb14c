"""Every public name has an example, and all of them run as printed."""

import doctest
import inspect
import re
import warnings
from importlib import import_module

import pytest

import csi_lib

#: what only makes sense with a round on disk, a browser or a kernel: `docs/` and the tutorials show these
WITHOUT = {
    "import_data", "read_comments", "contamination_bounds", "banner_tables", "score_sheets", "score_standing", "rater_agreement",
    "call_compliance", "simulate_office", "read_records", "broken_series", "run_study", "statistics_book", "write_workbook",
    "deliver", "attack", "prepare_theme", "write_project", "render", "render_document", "execute_chapter", "WarmKernels",
}  # fmt: skip
NAMES = sorted(name for name in csi_lib.__all__ if name not in WITHOUT | {"__version__"})
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def example_of(name: str) -> str:
    return inspect.getdoc(getattr(csi_lib, name)) or ""


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_a_public_name_runs(name):
    text = example_of(name)
    value = getattr(csi_lib, name)
    if inspect.isclass(value) and ">>>" not in text:  # of a class the example may stand at the way it is made
        methods = [m for m in vars(value).values() if isinstance(m, classmethod)]
        text = "\n".join(inspect.getdoc(m.__func__) or "" for m in methods)
    assert ">>>" in text, f"csi_lib.{name} has no example"
    assert "+SKIP" not in text, f"the example of csi_lib.{name} is not run"
    module = import_module(csi_lib._MODULE_OF[name])
    globs = {**vars(module), "csi_lib": csi_lib}
    test = doctest.DocTestParser().get_doctest(text, globs, name, None, 0)
    said: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        doctest.DocTestRunner(optionflags=OPTIONS, verbose=False).run(test, out=said.append)
    assert not said, "".join(said)
    import matplotlib.pyplot as plt

    plt.close("all")


def test_the_exceptions_are_public_names_that_lack_an_example():
    assert set(csi_lib.__all__) >= WITHOUT
    have = {name for name in WITHOUT if re.search(r"^\s*>>>", example_of(name), re.MULTILINE)}
    assert have == set()
