"""Complaints, recovery and correlations against closed forms; nobody complains, everybody answers the same."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from csi_lib.chapters.loyalty.compute import LoyaltyFile, check_columns, correlations, loyalty_estimates, stage_flags
from csi_lib.errors import InputError
from csi_lib.study.options import Privacy
from csi_lib.survey.design import SurveyDesign

FILE = LoyaltyFile.model_validate(
    {
        "chain": [{"label": {"ko": "불만", "en": "Complaint"}, "column": "complaint"}],
        "handling": "handling", "outcomes": ["overall", "trust", "recommend"], "recommend": "recommend",
    }
)  # fmt: skip
ITEMS = ("overall", "trust", "handling", "recommend")
BOOK = SimpleNamespace(
    items=ITEMS,
    columns=dict.fromkeys((*ITEMS, "complaint")),
    scale=lambda i: SimpleNamespace(low=0.0 if i == "recommend" else 1.0, high=10.0 if i == "recommend" else 7.0),
)
STUDY = SimpleNamespace(
    id="s",
    privacy=Privacy(),
    source=lambda name: SimpleNamespace(kind="respondents", enumeration=False),
    period_of=str,
    family=lambda agency: None,
)


def survey_of(**columns):
    frame = pd.DataFrame(columns)
    frame["w"] = frame.get("w", 1.0)
    for item in ITEMS:
        if item not in frame:
            frame[item] = np.nan
    frame["complaint"] = pd.Categorical(frame["complaint"], [1, 2])
    return SimpleNamespace(
        frame=frame, codebook=BOOK, design=SurveyDesign(frame, weights="w"), source="customers", agency="a", year=2024
    )


def one(estimates, **keys):
    return estimates.select(**keys).frame.iloc[0]


def test_the_complaint_rate_has_wilsons_interval():
    survey = survey_of(complaint=[1] * 12 + [2] * 88, overall=[4.0] * 12 + [6.0] * 88)
    rate = one(loyalty_estimates(STUDY, survey, FILE), measure="stage:0", by1=None)
    known = stats.binomtest(12, 100).proportion_ci(method="wilson")
    # the design's n_eff uses n − 1, so the interval is that of 99 to 100 cases
    assert rate["estimate"] == pytest.approx(0.12)
    assert (rate["ci_low"], rate["ci_high"]) == pytest.approx((known.low, known.high), abs=6e-4)


def test_nobody_complained_is_a_rate_of_zero_with_an_upper_limit():
    survey = survey_of(complaint=[2] * 50, overall=[5.0, 6.0] * 25)
    found = loyalty_estimates(STUDY, survey, FILE)
    rate = one(found, measure="stage:0", by1=None)
    known = stats.binomtest(0, 50).proportion_ci(method="wilson")
    assert (rate["estimate"], rate["ci_low"]) == pytest.approx((0, 0))
    assert rate["ci_high"] == pytest.approx(known.high)
    assert one(found, measure="handled")["n"] == 0
    assert not len(found.select(by1="recovery"))
    assert not len(found.select(by1="complaint"))


def test_outcomes_by_what_became_of_a_complaint():
    survey = survey_of(
        complaint=[2] * 40 + [1] * 20,
        handling=[np.nan] * 40 + [6.0] * 10 + [2.0] * 10,
        overall=[6.0, 5.0] * 20 + [6.0, 7.0] * 5 + [2.0, 3.0] * 5,
    )
    found = loyalty_estimates(STUDY, survey, FILE)
    score = lambda group: one(found, measure="overall", by1="recovery", group1=group)["estimate"]
    assert score("none") == pytest.approx(100 * 4.5 / 6)
    assert score("well") == pytest.approx(100 * 5.5 / 6)
    assert score("badly") == pytest.approx(100 * 1.5 / 6)
    assert one(found, measure="handled")["estimate"] == 0.5
    gap = found.contrast({"by1": "recovery", "group1": "badly"}, {"by1": "recovery", "group1": "none"}).frame
    gap = gap[gap["measure"] == "overall"].iloc[0]
    a, b = np.array([2.0, 3.0] * 5), np.array([6.0, 5.0] * 20)
    se = 100 / 6 * np.sqrt(60 / 59 * sum(((x - x.mean()) ** 2).sum() / len(x) ** 2 for x in (a, b)))
    assert gap["estimate"] == pytest.approx(-50)
    assert gap["se"] == pytest.approx(se)


def test_promoters_are_those_of_the_net_promoter_score():
    survey = survey_of(
        complaint=[2] * 60, recommend=[10.0] * 12 + [9.0] * 12 + [8.0] * 6 + [7.0] * 6 + [6.0] * 12 + [0.0] * 12
    )
    found = loyalty_estimates(STUDY, survey, FILE)
    shares = [one(found, measure=m)["estimate"] for m in ("promoter", "passive", "detractor")]
    assert shares == pytest.approx([0.4, 0.2, 0.4])


def test_correlations_are_pearson_spearman_and_those_of_residuals():
    rng = np.random.default_rng(3)
    n = 400
    base = rng.normal(size=n)
    likert = lambda noise: np.clip(np.round(4 + base + noise * rng.normal(size=n)), 1, 7)
    overall, trust = likert(0.6), likert(1.0)
    complaint = np.where(base + rng.normal(size=n) < -1, 1, 2)
    survey = survey_of(
        complaint=complaint, overall=overall, trust=trust, recommend=np.clip(np.round(5 + 2 * base), 0, 10)
    )
    file = FILE.model_copy(update={"outcomes": ("overall", "trust")})
    found = correlations(survey, file).set_index(["a", "b"])
    said = (complaint == 1).astype(float)
    row = found.loc[("overall", "trust")]
    assert row["pearson"] == pytest.approx(np.corrcoef(overall, trust)[0, 1])
    assert row["spearman"] == pytest.approx(stats.spearmanr(overall, trust)[0])
    design = np.column_stack([np.ones(n), said])
    rest = lambda y: y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    assert row["partial"] == pytest.approx(np.corrcoef(rest(overall), rest(trust))[0, 1])
    z = np.arctanh(row["pearson"])
    assert row["pearson_low"] == pytest.approx(np.tanh(z - 1.959964 / np.sqrt(n - 3)))
    assert found.loc[("complaint", "overall"), "pearson"] < 0


def test_weights_count_like_repeated_rows():
    x, y = [1.0, 3, 4, 6, 7, 2, 5, 3], [2.0, 3, 5, 5, 7, 1, 4, 6]
    w = [1, 2, 3, 1, 2, 1, 1, 3]
    light = survey_of(complaint=[2] * 8, overall=x, trust=y, w=[float(v) for v in w])
    heavy = survey_of(complaint=[2] * sum(w), overall=np.repeat(x, w), trust=np.repeat(y, w))
    file = FILE.model_copy(update={"outcomes": ("overall", "trust")})
    a, b = (correlations(s, file).iloc[0] for s in (light, heavy))
    assert a["pearson"] == pytest.approx(b["pearson"])
    assert a["spearman"] == pytest.approx(b["spearman"])


def test_all_answers_the_same_leave_no_correlation():
    survey = survey_of(complaint=[2] * 30, overall=[6.0] * 30, trust=[5.0] * 30, recommend=[9.0] * 30)
    assert not len(correlations(survey, FILE))
    found = loyalty_estimates(STUDY, survey, FILE)
    assert one(found, measure="promoter")["estimate"] == 1
    assert one(found, measure="overall", by1=None)["se"] == 0


def test_a_later_stage_is_asked_of_those_of_the_stage_before():
    file = LoyaltyFile.model_validate(
        {
            "chain": [
                {"label": {"ko": "가", "en": "a"}, "column": "complaint"},
                {"label": {"ko": "나", "en": "b"}, "column": "overall", "yes": [7]},
            ],
            "outcomes": ["trust"],
        }
    )
    asked, said = stage_flags(survey_of(complaint=[1, 1, 2, None], overall=[7.0, 6.0, 7.0, 7.0]), file)
    assert asked.tolist() == [[True, True], [True, True], [True, False], [False, False]]
    assert said.tolist() == [[True, True], [True, False], [False, False], [False, False]]


def test_a_misspelt_item_is_named_with_its_place():
    with pytest.raises(InputError, match="trust"):
        check_columns(FILE.model_copy(update={"outcomes": ("trsut",)}), BOOK)


def test_promoters_need_a_scale_of_zero_to_ten():
    items = {i: SimpleNamespace(low=1.0, high=5.0) for i in ITEMS}
    codebook = SimpleNamespace(items=ITEMS, columns={**dict.fromkeys(ITEMS), "complaint": None}, scale=items.get)
    with pytest.raises(InputError, match=r"defined on 0–10.*'recommend' on 1–5"):
        check_columns(FILE, codebook)
    items["recommend"] = SimpleNamespace(low=0.0, high=10.0)
    check_columns(FILE, codebook)
