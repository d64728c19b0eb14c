"""AAPOR rates against the formulas of the Standard Definitions, worked by hand on one log."""

import math

import pytest

from csi_lib.errors import InputError
from csi_lib.measure.response_rates import OUTCOMES, outcome_rates

CASES = {"I": 400, "P": 50, "R": 200, "NC": 120, "O": 30, "UH": 60, "UO": 40, "NE": 100}
# A = 800 known eligible, U = 100 unknown, e = 800/900
BY_HAND = {
    "RR1": 400 / 900, "RR2": 450 / 900, "RR3": 400 / (800 + 100 * 8 / 9), "RR4": 450 / (800 + 100 * 8 / 9), "RR5": 0.5,
    "RR6": 0.5625, "COOP1": 400 / 680, "COOP2": 450 / 680, "COOP3": 400 / 650, "COOP4": 450 / 650, "REF1": 200 / 900,
    "REF2": 200 / (800 + 100 * 8 / 9), "REF3": 0.25, "CON1": 680 / 900, "CON2": 680 / (800 + 100 * 8 / 9), "CON3": 0.85,
}  # fmt: skip


@pytest.mark.parametrize("rate", BY_HAND)
def test_rate_by_hand(rate):
    assert outcome_rates(CASES)[rate] == pytest.approx(BY_HAND[rate], rel=1e-14)


def test_e_moves_rr3_from_rr1_to_rr5():
    assert outcome_rates(CASES, e=1)["RR3"] == outcome_rates(CASES)["RR1"]
    assert outcome_rates(CASES, e=0)["RR3"] == outcome_rates(CASES)["RR5"]
    middle = outcome_rates(CASES, e=0.4)
    assert middle["RR1"] < middle["RR3"] < middle["RR5"]
    assert (middle.e, middle.e_rule) == (0.4, "given")
    assert outcome_rates(CASES).e_rule == "proportional"


def test_contact_splits_into_interviews_refusals_and_others():
    rates = outcome_rates(CASES)
    assert rates["CON1"] == pytest.approx(rates["RR2"] + rates["REF1"] + CASES["O"] / 900)
    assert rates["COOP1"] * rates["CON1"] == pytest.approx(rates["RR1"])


def test_no_cases_give_no_rate():
    assert math.isnan(outcome_rates({})["RR1"])
    only_unknown = outcome_rates({"UH": 5})
    assert only_unknown["RR1"] == 0
    assert math.isnan(only_unknown["RR5"])


@pytest.mark.parametrize(("counts", "e", "words"), [({"X": 1}, None, "unknown outcome"), ({"I": -1}, None, "zero or more"),
                                                    ({"I": 1}, 1.2, "between 0 and 1")])  # fmt: skip
def test_wrong_input_in_words(counts, e, words):
    with pytest.raises(InputError, match=words):
        outcome_rates(counts, e=e)


def test_all_groups_are_counted():
    assert outcome_rates(dict.fromkeys(OUTCOMES, 1)).n == 8
