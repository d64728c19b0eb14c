"""Sheets, ranks, raters and calls against counting by hand, published tables and simulated truth."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from csi_lib.chapters.calls.compute import RULE_333, call_compliance, pick_up
from csi_lib.chapters.kindness.compute import (
    Edition,
    Scheme,
    SheetItem,
    item_shares,
    rater_agreement,
    score_sheets,
    score_standing,
    sheet_points,
)
from csi_lib.errors import InputError
from csi_lib.evaluation.clustered import clustered_means, wilson

EDITION = Edition(
    since="2024-H1",
    items={
        "greet": SheetItem(label="g", points=60),
        "tone": SheetItem(label="t", points=40, levels={"상": 40, "중": 30, "하": 10}),
    },
    bonus=2,
    deductions={"hung_up": 10},
)
SHEETS = pd.DataFrame(
    {"sheet": ["1", "2"], "greet": [50.0, 10.0], "tone": ["상", "하"], "bonus": [2.0, np.nan], "hung_up": [0.0, 1.0]}
)


def test_bonus_levels_and_deductions():
    assert sheet_points(SHEETS, EDITION).tolist() == [92, 10]


def test_no_score_below_zero_and_none_with_a_blank_item():
    sheets = SHEETS.assign(greet=[np.nan, 0.0], tone=["상", "하"], hung_up=[0.0, 1.0])
    heavy = EDITION.model_copy(update={"deductions": {"hung_up": 50}})
    assert np.isnan(sheet_points(sheets, heavy).iloc[0])
    assert sheet_points(sheets, heavy).iloc[1] == 0


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("greet", 61.0, "more points than the scheme"),
        ("tone", "최상", "level the scheme does not know"),
        ("bonus", 3.0, "bonus lies outside"),
    ],
)
def test_impossible_sheets_are_named(column, value, message):
    bad = SHEETS.copy()
    bad.loc[1, column] = value
    with pytest.raises(InputError, match=message) as error:
        sheet_points(bad, EDITION)
    assert "sheet 2" in str(error.value)


def test_editions_by_round():
    scheme = Scheme(label="s", editions={"1": EDITION, "2": EDITION.model_copy(update={"since": "2025-H2"})})
    assert [scheme.edition_of(p) for p in ("2024-H2", "2025-H1", "2025-H2")] == ["1", "1", "2"]
    with pytest.raises(InputError, match="no edition"):
        scheme.edition_of("2023-H2")
    sheets = SHEETS.assign(channel="visit", period="2024-H1")
    with pytest.raises(InputError, match="no scheme is declared"):
        score_sheets(sheets, {"phone": scheme})


def scored(groups: dict) -> pd.DataFrame:
    rows = [
        {"department": d, "person": f"{d}{p}", "score": s}
        for d, people in groups.items()
        for p, ss in enumerate(people)
        for s in ss
    ]
    return pd.DataFrame(rows)


def test_department_error_is_that_of_cluster_means_when_balanced():
    """With equal numbers per person the clustered error is the standard error of the persons' means."""
    people = [[80, 82.0], [90, 94.0], [70, 75.0]]
    row = clustered_means(scored({"a": people}), "score", "department", clusters="person").iloc[0]
    means = np.mean(people, axis=1)
    assert row["estimate"] == pytest.approx(means.mean())
    assert row["se"] == pytest.approx(stats.sem(means))
    assert row["ci_high"] == pytest.approx(means.mean() + stats.t.ppf(0.975, 2) * stats.sem(means))


def test_equal_printed_scores_share_a_rank_and_one_person_can_stand_anywhere():
    frame = scored(
        {"a": [[90.04], [90.0], [90.02]], "b": [[90.0], [90.01], [90.02]], "c": [[99.0]], "d": [[10.0], [12.0], [11.0]]}
    )
    out = score_standing(frame, "department").frame.set_index("department")
    assert out["rank"].to_dict() == {"a": 2, "b": 2, "c": 1, "d": 4}
    assert out["ties"].to_dict() == {"a": 2, "b": 2, "c": 1, "d": 1}
    assert (out.loc["c", "rank_low"], out.loc["c", "rank_high"]) == (1, 4)
    assert out.loc["a", "rank_low"] == 1
    assert out.loc["a", "rank_high"] <= 3


def test_rank_bounds_hold_the_true_ranks():
    """Simulated truth: in repeated rounds the simultaneous bounds hold all true ranks in at least 95 of 100."""
    rng = np.random.default_rng(5)
    truth = np.array([80, 82, 84, 88, 92.0])
    true_rank = (truth[None, :] > truth[:, None]).sum(1) + 1
    held = 0
    for _ in range(200):
        frame = scored({f"d{i}": [[t + e] for e in rng.normal(0, 4, 12)] for i, t in enumerate(truth)})
        out = score_standing(frame, "department").frame
        held += ((out["rank_low"] <= true_rank) & (true_rank <= out["rank_high"])).all()
    assert held >= 185


def test_raters_of_the_published_table():
    """Shrout & Fleiss (1979), table 2: six targets, four judges; ICC(2,1) = .29 is printed there."""
    table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    rows = [
        {"contact": str(i), "rater": f"r{j}", "score": float(v)}
        for i, row in enumerate(table)
        for j, v in enumerate(row)
    ]
    out = rater_agreement(pd.DataFrame(rows))
    assert round(out.icc["icc"], 2) == 0.29
    assert (out.contacts, out.raters) == (6, 4)
    assert out.kappa is None


def test_two_raters_have_a_weighted_kappa_and_one_has_nothing():
    rng = np.random.default_rng(2)
    truth = rng.normal(85, 5, 40)
    pair = pd.concat(
        [
            pd.DataFrame({"contact": map(str, range(40)), "rater": r, "score": truth + rng.normal(0, 2, 40)})
            for r in "ab"
        ]
    )
    out = rater_agreement(pair)
    # true reliability 25 / 29
    assert out.icc["ci_low"] < 25 / 29 < out.icc["ci_high"]
    assert out.kappa.kappa == pytest.approx(out.icc["icc"], abs=0.03)  # quadratic kappa is nearly ICC2
    assert out.alpha.alpha == pytest.approx(out.icc["icc"], abs=0.02)
    assert rater_agreement(pair[pair["rater"] == "a"]).reason == "one rater"
    assert rater_agreement(pair[pair["contact"].astype(int) < 3]).reason == "few shared contacts"


def test_333_by_hand():
    calls = pd.DataFrame(
        {"department": list("aaabb"), "person": list("pqrst"), "rings": [1, 2, 3, 2, np.nan],
         "talk_seconds": [180, 181, 100, 60, 10.0], "hang_up_seconds": [3, 5, 2.9, np.nan, 4]}
    )  # fmt: skip
    out = call_compliance(calls, RULE_333).set_index(["standard", "department"])["estimate"]
    assert out["rings", "a"] == pytest.approx(2 / 3)
    assert out["talk", "a"] == pytest.approx(2 / 3)
    assert out["hang_up", "a"] == pytest.approx(2 / 3)
    assert out["all", "a"] == pytest.approx(1 / 3)
    assert np.isnan(out["all", "b"])  # no call of b says something about all three
    whole = call_compliance(calls, RULE_333, by=None).set_index("standard")
    assert whole.loc["rings", "n"] == 4
    assert whole.loc["rings", "estimate"] == 0.75


def test_wilson_is_r_s():
    # R 4.3: prop.test(8, 10, correct = FALSE)$conf.int
    assert wilson(0.8, 10) == pytest.approx((0.4901625, 0.9433178), abs=1e-7)
    assert wilson(1.0, 5)[1] == 1
    assert wilson(0.0, 5)[0] == pytest.approx(0, abs=1e-15)


def test_pick_up_counts_only_absent_colleagues():
    calls = pd.DataFrame(
        {
            "department": list("aaabb"),
            "person": list("pqrst"),
            "absent": [1, 1, 0, 1, 0],
            "picked_up": [1, 0, 0, 1, np.nan],
        },
        dtype=object,
    )
    calls[["absent", "picked_up"]] = calls[["absent", "picked_up"]].astype(float)
    out = pick_up(calls)
    assert out["estimate"].tolist() == [0.5, 1.0, pytest.approx(2 / 3)]
    assert out["n"].tolist() == [2, 1, 3]


def oracle():
    return json.loads((Path(__file__).parents[1] / "oracles" / "agreement.json").read_text(encoding="utf-8"))


def sheets_of(table) -> pd.DataFrame:
    return pd.DataFrame(
        [{"contact": str(i), "rater": f"r{j}", "score": float(v)} for i, row in enumerate(table) for j, v in enumerate(row) if v == v]
    )  # fmt: skip


SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def test_agreement_of_sheets_is_that_of_r():
    """psych::ICC and irr (oracles/agreement.json) on sheets in long form, as offices hand them in."""
    reference = oracle()["icc"]["shrout_fleiss_1979"]["Single_random_raters"]
    found = rater_agreement(sheets_of(SHROUT_FLEISS))
    assert found.form == "ICC2"
    for theirs, ours in {"ICC": "icc", "lower bound": "ci_low", "upper bound": "ci_high"}.items():
        assert found.icc[ours] == pytest.approx(reference[theirs], abs=1e-9)
    nan = np.nan
    table = [[1, 1, nan, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4], [4, 4, 4, 4], [1, 1, 2, 1], [2, 2, 2, 2],
             [nan, 5, 5, 5], [nan, nan, 1, 1], [nan, 3, nan, nan]]  # fmt: skip
    alpha = rater_agreement(sheets_of(table), ci_method="bootstrap", draws=300).alpha
    assert alpha.alpha == pytest.approx(oracle()["krippendorff_2011"]["interval"], abs=1e-9)
    assert alpha.ci_low < alpha.alpha < alpha.ci_high <= 1


def test_weighted_kappa_of_two_raters_is_that_of_r(shared):
    table = pd.read_csv(shared / "data" / "statistics" / "irr_anxiety.csv")[["rater1", "rater2"]]
    found = rater_agreement(sheets_of(table.to_numpy(float)))
    assert found.kappa.kappa == pytest.approx(oracle()["cohen"]["anxiety_12"]["irr_quadratic"]["value"], abs=1e-9)


def test_raters_who_differ_from_contact_to_contact_have_icc1():
    """Each contact met by two of three raters: who they are says nothing, and the one-way form is the right one (psych: ICC1)."""
    pairs = [row[:2] for row in SHROUT_FLEISS]
    rows = [
        {"contact": str(i), "rater": f"r{(i + j) % 3}", "score": float(v)}
        for i, row in enumerate(pairs) for j, v in enumerate(row)
    ]  # fmt: skip
    found = rater_agreement(pd.DataFrame(rows))
    x = np.array(pairs, dtype=float)
    between = 2 * x.mean(axis=1).var(ddof=1)
    within = ((x - x.mean(axis=1, keepdims=True)) ** 2).sum() / 6
    assert found.form == "ICC1"
    assert found.icc["icc"] == pytest.approx((between - within) / (between + within))
    assert found.kappa is None


def test_a_person_s_error_takes_the_spread_of_all():
    """R: summary(lm(score ~ 0 + person)) has the same standard errors; by hand: s² = 8 / 3 from within."""
    frame = pd.DataFrame({"person": list("aabbcc") + ["d"], "score": [80, 82, 90, 92, 70, 74, 60.0]})
    out = score_standing(frame, "person", clusters=None).frame.set_index("person")
    spread = (2 + 2 + 8) / 3
    assert out.loc["a", "se"] == pytest.approx(np.sqrt(spread / 2))
    assert out.loc["d", "se"] == pytest.approx(np.sqrt(spread))
    assert out.loc["d", "df"] == 3
    assert out.loc["b", "ci_high"] == pytest.approx(91 + stats.t.ppf(0.975, 3) * np.sqrt(spread / 2))


def test_shares_of_points_by_line():
    shares = item_shares(SHEETS, EDITION)
    assert shares["greet"].tolist() == pytest.approx([100 * 50 / 60, 100 * 10 / 60])
    assert shares["tone"].tolist() == [100, 25]
