"""Half-up on the shortest decimal form, against the decimal module and known traps."""

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csi_lib.errors import InputError
from csi_lib.prose.rounding import disagrees, round_half_up


@pytest.mark.parametrize(
    ("value", "digits", "printed"),
    [
        (0.285, 2, "0.29"),  # binary 0.28499999…: Python's round gives 0.28
        (2.675, 2, "2.68"),
        (64.25, 1, "64.3"),
        (1.005, 2, "1.01"),
        (-0.05, 1, "-0.1"),
        (0.5, 0, "1"),
        (1.5, 0, "2"),
        (2.5, 0, "3"),
        (-2.5, 0, "-3"),
        (-0.04, 1, "0.0"),
        (0.0, 1, "0.0"),
        (-0.0, 1, "0.0"),
        (63.85, 1, "63.9"),
        (63.95, 1, "64.0"),
        (99.95, 1, "100.0"),
        (1e-7, 3, "0.000"),
        (1e22, 1, "10000000000000000000000.0"),
        (12345, -2, "12300"),
        (12350, -2, "12400"),
        (5e-324, 1, "0.0"),
        (1.7976931348623157e308, 0, None),
        (Decimal("2.675"), 2, "2.68"),
        (7, 1, "7.0"),
    ],
)
def test_traps(value, digits, printed):
    got = round_half_up(value, digits)
    assert printed is None or f"{got:f}" == printed


def test_scale_is_exact():
    """0.285 as a whole per cent is 29, although 0.285 * 100 is 28.499999999999996 in floats."""
    assert 0.285 * 100 != 28.5
    assert str(round_half_up(0.285, 0, scale=100)) == "29"
    assert str(round_half_up(0.145, 0, scale=100)) == "15"


@given(st.integers(-(10**9), 10**9), st.integers(0, 6), st.integers(0, 4))
def test_against_decimal(number, places, digits):
    """A decimal fraction stored as float rounds as the fraction itself does."""
    text = f"{Decimal(number).scaleb(-places):f}"
    expected = Decimal(text).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    assert round_half_up(float(text), digits) == expected


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 6))
def test_symmetric_and_near(value, digits):
    rounded = round_half_up(value, digits)
    assert rounded == -round_half_up(-value, digits)
    # half a unit, and the thousandth of one that twelve digits may move
    assert abs(rounded - Decimal(repr(value))) <= Decimal("0.501").scaleb(-digits)
    assert not (rounded.is_zero() and rounded.is_signed())


def test_numpy_floats_by_their_own_shortest_form():
    assert str(round_half_up(np.float64(2.675), 2)) == "2.68"
    assert str(round_half_up(np.float32(0.285), 2)) == "0.29"
    assert str(round_half_up(np.int64(3), 1)) == "3.0"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "a", None])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(InputError):
        round_half_up(value, 1)


def test_disagrees_with_the_printed_values():
    # 63.94 − 62.05 = 1.89 → 1.9, and 63.9 − 62.1 = 1.8 as printed
    assert disagrees(63.94 - 62.05, 63.94, 62.05, 1)
    assert not disagrees(63.9 - 62.0, 63.9, 62.0, 1)
    assert disagrees(0.6394 - 0.6205, 0.6394, 0.6205, 1, scale=100)
