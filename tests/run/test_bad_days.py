"""What goes wrong: clear words, the right exit code, the other reports finished, nothing half-written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.run.conftest import csi

pytestmark = pytest.mark.slow

PARAMETERS = 'study = ""\nagency = ""\nyear = 0\nlang = "ko"\nrelease = "public"'


def chapter(folder: Path, name: str, *sources: str) -> None:
    cells = [new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), *map(new_code_cell, sources)]
    (folder / "chapters").mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=cells, metadata={"csi": {"scope": "agency"}}), folder / "chapters" / name)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "exampel"), ("there is no such study", "example")),
        (("run", "example", "--agency", "hanbit-fcm"), ("no such agency", "hanbit-fmc")),
        (("run", "example", "--agency", "../../etc"), ("no such agency",)),
        (("run", "example", "--agency", "a" * 200), ("no such agency",)),
        (("run", "example", "--year", "2042"), ("no such year", "2024")),
        (("run", "example", "--lang", "fr"), ("not written in that language", "ko, en")),
        (("run", "example", "--formats", "html,docz"), ("docz",)),
        (("run", "example", "--renderer", "quatro"), ("renderer", "quarto")),
        (("run", "example", "--data", "no/such/folder"), ("data folder does not exist",)),
        (("run", "sfo-airport"), ("2013_SFO_Customer_Survey.csv",)),
        (("models", "kcsy"), ("kcsy",)),
        (("render", "no.qmd"), ("no such document",)),
    ],
)
def test_wrong_input_is_exit_2_in_words(arguments, words, tmp_path):
    if arguments[0] == "run":
        arguments = (*arguments, "--out", str(tmp_path / "out"))
    done = csi(*arguments)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert (
            word in done.stderr + (tmp_path / "out" / "run.json").read_text()
            if "sfo-airport" in arguments
            else word in done.stderr
        )
    assert not [*(tmp_path / "out").rglob("report.html"), *(tmp_path / "out").rglob("report.pdf")]


def test_unwritable_output_is_exit_2(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    done = csi("run", "example", "--out", blocked / "out")
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """A study whose first agency's chapter raises and whose second agency is fine, after a good first run."""
    import csi_lib

    root = tmp_path_factory.mktemp("broken")
    folder = Path(csi_lib.new_study(root / "study"))
    settings = (folder / "study.yml").read_text(encoding="utf-8")
    (folder / "study.yml").write_text(settings.replace("years: [2023, 2024]", "years: [2024]"), encoding="utf-8")
    chapter(folder, "15-extra.ipynb", 'print("hello from " + agency)')
    only = "report:\n  chapters: [summary, extra]"
    text = (folder / "study.yml").read_text(encoding="utf-8").replace("report:", only, 1)
    (folder / "study.yml").write_text(text, encoding="utf-8")
    first = csi("run", folder, "--out", root / "out", "--jobs", 2)
    assert first.returncode == 0, first.stderr
    before = (root / "out" / "first-agency" / "2024" / "report.html").read_bytes()
    chapter(folder, "15-extra.ipynb", 'secret = "01012345678"', 'assert agency != "first-agency", secret')
    second = csi("run", folder, "--out", root / "out", "--jobs", 2)
    return folder, root / "out", before, second


def test_a_failed_job_stops_nobody_else(broken):
    _, out, _, done = broken
    assert done.returncode == 1
    assert "second-agency" in done.stderr
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert [(f["agency"], f["chapter"]) for f in record["failed"]] == [("first-agency", "extra")]
    assert "second-agency/2024" in record["done"]


def test_what_was_published_before_stays(broken):
    _, out, before, _ = broken
    assert (out / "first-agency" / "2024" / "report.html").read_bytes() == before
    assert not list(out.glob(".staging*"))


def test_the_digest_shows_cell_and_kind_and_no_data_value(broken):
    _, out, _, done = broken
    page = (out / "failures.html").read_text(encoding="utf-8")
    assert "AssertionError" in page
    assert "assert agency" in page
    assert "01012345678" not in page + done.stderr + done.stdout + (out / "run.json").read_text(encoding="utf-8")


def test_failed_only_runs_what_failed_and_repairs(broken):
    folder, out, _, _ = broken
    chapter(folder, "15-extra.ipynb", 'print("hello again from " + agency)')
    done = csi("run", folder, "--out", out, "--failed", "--json")
    summary = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert summary["done"] == ["first-agency/2024"]
    assert not (out / "failures.html").exists()


def test_a_cell_that_never_ends_is_stopped(broken):
    folder, out, _, _ = broken
    chapter(folder, "15-extra.ipynb", "import time", 'time.sleep(600 if agency == "first-agency" else 0)')
    done = csi("run", folder, "--out", out, "--cell-timeout", 4, "--agency", "first-agency", timeout=120)
    assert done.returncode == 1
    assert "extra" in done.stderr


def test_a_notebook_with_a_wrong_parameter_is_refused_before_anything_runs(broken):
    folder, out, _, _ = broken
    path = folder / "chapters" / "16-odd.ipynb"
    chapter(folder, "16-odd.ipynb", "1")
    node = nbformat.read(path, as_version=4)
    node.cells[0].source = PARAMETERS + "\nagencyy = 1"
    nbformat.write(node, path)
    done = csi("run", folder, "--out", out)
    path.unlink()
    assert done.returncode == 2
    assert "exactly five parameters" in done.stderr


def test_one_agency_whose_data_are_bad_stops_only_itself(tmp_path):
    import csi_lib

    folder = Path(csi_lib.new_study(tmp_path / "study"))
    text = (folder / "study.yml").read_text(encoding="utf-8").replace("years: [2023, 2024]", "years: [2024]")
    (folder / "study.yml").write_text(text.replace("report:", "report:\n  chapters: [summary]", 1), encoding="utf-8")
    csi_lib.simulate_study(folder, folder)
    data = next(p for p in folder.rglob("customers_2024.csv") if ".csi" not in p.parts)
    target = folder / "data" / "customers_2024.csv"
    if data != target:
        shutil.copy(data, target)
    lines = target.read_text(encoding="utf-8-sig").splitlines()
    row = next(i for i, line in enumerate(lines) if "first-agency" in line)
    cells = lines[row].split(",")
    header = lines[0].split(",")
    item = next(i for i, name in enumerate(header) if name.lower().startswith("q"))
    cells[item] = "77"
    lines[row] = ",".join(cells)
    target.write_text("\n".join(lines), encoding="utf-8-sig")
    done = csi("run", folder, "--out", tmp_path / "out", "--jobs", 1)
    assert done.returncode == 1, done.stderr
    assert "77" in done.stderr
    assert (tmp_path / "out" / "second-agency" / "2024" / "report.html").exists()
    assert not (tmp_path / "out" / "first-agency").exists()
