"""A number prints alike everywhere, in both languages, and never loses its row."""

import numpy as np
import pandas as pd
import pytest

from csi_lib.errors import InputError
from csi_lib.prose.numbers import UNITS, Interval, Number


@pytest.mark.parametrize(
    ("value", "unit", "ko", "en"),
    [
        (63.94, "points", "63.9점", "63.9 points"),
        (64.25, "points", "64.3점", "64.3 points"),
        (-1.25, "points", "−1.3점", "−1.3 points"),
        (-0.04, "points", "0.0점", "0.0 points"),
        (0.1234, "proportion", "12.3%", "12.3%"),
        (1, "proportion", "100.0%", "100.0%"),
        (-0.021, "pp", "−2.1%p", "−2.1 pp"),
        (12.5, "percent", "12.5%", "12.5%"),
        (-31.25, "nps", "−31.3", "−31.3"),
        (1438, "count", "1,438명", "1,438"),
        (1234567, "number", "1,234,567", "1,234,567"),
        (3, "rank", "3위", "3"),
        (0.7233, "correlation", ".723", ".723"),
        (-0.5, "correlation", "−.500", "−.500"),
        (1, "correlation", "1.000", "1.000"),
        (0.0004, "p_value", "< .001", "< .001"),
        (0.0005, "p_value", ".001", ".001"),
        (0.0341, "p_value", ".034", ".034"),
        (1.0, "p_value", "1.000", "1.000"),
        (0.25, "weight", "0.250", "0.250"),
        (4.125, "scale", "4.13점", "4.13"),
        (None, "points", "–", "–"),
        (float("nan"), "count", "–", "–"),
        (pd.NA, "points", "–", "–"),
        (np.float64(63.95), "points", "64.0점", "64.0 points"),
        (np.int64(5), "count", "5명", "5"),
    ],
)
def test_text(value, unit, ko, en):
    assert (Number(value, unit).text("ko"), Number(value, unit).text("en")) == (ko, en)


def test_options():
    number = Number(1.9, "points", row_id="ab12", signed=True)
    assert number.text("ko") == "+1.9점"
    assert number.text("ko", unit=False) == "+1.9"
    assert Number(0.0, "points", signed=True).text("ko") == "0.0점"
    assert Number(63.94, "points", digits=2).text("en") == "63.94 points"
    assert Number(-1.9, "points").magnitude().text("ko") == "1.9점"


def test_markdown_carries_the_row():
    assert Number(63.94, "points", row_id="ab12").markdown("ko") == '[63.9]{data-r="ab12"}점'
    assert Number(63.94, "points").markdown("ko") == "63.9점"
    assert Number(1e-9, "p_value", row_id="r").markdown("en") == r'[\< .001]{data-r="r"}'
    assert Number(5.0, "points", row_id="r", suppressed=True).markdown("en") == r'[\*]{data-r="r"}'


def test_suppressed_and_small_bases():
    hidden = Number(63.9, "points", suppressed=True)
    assert hidden.text("ko") == "*"
    assert not hidden.shown
    assert Number(63.9, "points", flag="small_base").small_base
    assert not Number(None, "points", flag="small_base").small_base
    assert not Number(63.9, "points", flag=pd.NA).small_base


ROW = {
    "estimate": 0.634,
    "se": 0.012,
    "ci_low": 0.61,
    "ci_high": 0.66,
    "n": 412.0,
    "p_value": 0.03,
    "deff": 1.234,
    "unit": "proportion",
    "row_id": "r1",
    "flag": None,
    "suppressed": False,
}


@pytest.mark.parametrize(
    ("field", "printed"),
    [
        ("estimate", "63.4%"),
        ("se", "1.2%"),
        ("ci_low", "61.0%"),
        ("n", "412"),
        ("p_value", ".030"),
        ("deff", "1.23"),
    ],
)
def test_from_row(field, printed):
    number = Number.from_row(ROW, field)
    assert number.text("en") == printed
    assert number.row_id == "r1"
    assert Number.from_row(pd.Series(ROW), field) == number


def test_from_a_masked_row():
    row = {**ROW, "estimate": pd.NA, "n": float("nan"), "suppressed": True}
    assert Number.from_row(row).text("ko") == "*"
    assert Number.from_row(row, "n").text("ko") == "*"
    assert Interval.from_row({**row, "ci_low": None, "ci_high": None}).text("ko") == "*"


def test_interval():
    interval = Interval.from_row(ROW)
    assert interval.text("ko") == "61.0~66.0%"
    assert interval.text("en", unit=False) == "61.0 to 66.0"
    assert interval.markdown("ko") == r'[61.0]{data-r="r1"}\~[66.0]{data-r="r1"}%'
    assert Interval.from_row({**ROW, "ci_low": None}).text("en") == "–"


@pytest.mark.parametrize(
    "call",
    [
        lambda: Number(1.0, "point"),
        lambda: Number("1.0", "points"),
        lambda: Number(True, "points"),
        lambda: Number(float("inf"), "points"),
        lambda: Number(1.0, "points", row_id='x" onclick="'),
        lambda: Number(1.0, "points").text("de"),
        lambda: Number.from_row(ROW, "mean"),
        lambda: Number.from_row({"estimate": 1.0}),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(InputError):
        call()


def test_unknown_unit_names_the_nearest():
    with pytest.raises(InputError, match="points"):
        Number(1.0, "pints")


def test_units_cover_the_contract():
    assert {"points", "proportion", "pp", "nps"} <= set(UNITS)
