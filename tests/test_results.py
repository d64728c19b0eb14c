"""Whatever a public call gives back with a table in it shows itself like every other result."""

import dataclasses
import inspect
import re
from importlib import import_module

import pandas as pd
import pytest

import csi_lib
from csi_lib.measure.shown import Result

#: tables of answers or of a delivery, drawings and settings: their line says what they are, and answers are never shown by themselves
OTHERWISE = {"Survey", "Comments", "Figure", "AttackReport", "IndexModel", "StatisticsBook"}


def given_back():
    """Classes of ours that a public name is or is annotated to return."""
    found = {}
    for name in csi_lib.__all__:
        value = getattr(csi_lib, name)
        if inspect.isclass(value):
            found[value.__name__] = value
        elif callable(value):
            said = value.__annotations__.get("return")
            module = import_module(csi_lib._MODULE_OF[name])
            for word in re.findall(r"[A-Za-z_]\w*", said if isinstance(said, str) else getattr(said, "__name__", "")):
                other = getattr(module, word, None)
                if inspect.isclass(other) and other.__module__.startswith("csi_lib"):
                    found[word] = other
    return found


def test_whatever_holds_a_table_is_a_result():
    bare = []
    for name, cls in given_back().items():
        if not dataclasses.is_dataclass(cls) or name in OTHERWISE:
            continue
        tables = [f.name for f in dataclasses.fields(cls) if "DataFrame" in str(f.type)]
        if tables and not issubclass(cls, Result):
            bare.append(f"{name}: {', '.join(tables)}")
    assert bare == []


@pytest.fixture(scope="module")
def chapter():
    return csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en")


def test_results_of_studies_show_themselves_too(chapter):
    rows = chapter.rows(statistic="index", by1=None, unit="points").head(3)
    scores = pd.Series({"a": 91.0, "b": 70.0})
    results = [
        chapter.estimates,
        chapter.table(rows, name="t", caption="A | B", rows="measure", fields=("estimate", "n")),
        csi_lib.absolute_grades(scores, cuts={"S": 90, "A": None}),
        csi_lib.share_change(40, 100, 60, 100),
    ]
    for result in results:
        assert isinstance(result, Result)
        line = repr(result)
        assert "\n" not in line
        assert len(line) < 300
        assert len(result.to_frame()) >= 1
        assert result._repr_html_().count("<table") == result._repr_html_().count("</table")
        assert result.to_markdown().count("\n") == len(result.to_frame()) + 1
        assert result.to_latex().startswith("\\begin{tabular}")


def test_what_is_withheld_is_in_no_table_of_estimates(chapter):
    frame = chapter.estimates.frame.copy()
    frame.loc[0, "suppressed"] = True
    frame.loc[0, ["estimate", "n"]] = [63.9, 7]
    shown = csi_lib.Estimates(frame).to_frame()
    assert pd.isna(shown.loc[0, "estimate"])
    assert pd.isna(shown.loc[0, "n"])


def test_a_drawing_says_in_a_line_what_it_is(chapter):
    rows = chapter.rows(statistic="index", by1=None, unit="points").head(3)
    figure = csi_lib.index_bars(rows, lang="en", caption="Index")
    assert repr(figure) == f"<Figure {figure.name}: Index; 3 rows>"
    assert len(figure.to_frame()) == 3


@pytest.mark.parametrize("name", sorted(set(given_back()) - {"InputError", "MeasureWarning"}))
def test_no_class_that_users_meet_is_shown_by_its_address(name):
    cls = given_back()[name]
    assert cls.__repr__ is not object.__repr__, f"{name} shows itself as <{name} object at 0x…>"
