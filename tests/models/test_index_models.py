"""Index models against published figures, R, closed forms and simulation."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import csi_lib
from csi_lib.errors import InputError
from csi_lib.models.index import IndexModel, bundled_models
from csi_lib.models.study_models import study_model
from csi_lib.survey.assembly import Grouping
from csi_lib.survey.design import SurveyDesign
from csi_lib.survey.disclosure import Rules, complement, suppressed_groups
from csi_lib.survey.estimates import Estimates


class Book:
    """The part of a codebook that models need: items on one scale."""

    def __init__(self, items, low=1, high=5):
        self.items, self.groups, self._scale = (
            list(items),
            [],
            SimpleNamespace(low=low, high=high, points=high - low + 1),
        )

    def scale(self, item):
        return self._scale


def survey_of(frame, items, low=1, high=5, agency="a", year=2024, **design):
    return SimpleNamespace(frame=frame, codebook=Book(items, low, high), design=SurveyDesign(frame, **design),
                           source="customers", agency=agency, year=year)  # fmt: skip


def answers(model: IndexModel, rng, n, low=1, high=7, shift=0.0):
    """Correlated answers to every item of a model."""
    common = rng.normal(size=n)
    middle, width = (low + high) / 2, (high - low) / 4
    return pd.DataFrame({
        item: np.clip(np.round(middle + shift + width * (0.8 * common + 0.6 * rng.normal(size=n))), low, high)
        for item in model.file.items
    })  # fmt: skip


def test_every_bundled_model_reads_and_says_where_it_comes_from():
    assert {"iudc-external", "iudc-internal", "local-corporation", "pcsi", "acsi", "ncsi", "ecsi", "kcsi", "servqual",
            "top2", "five-level"} <= set(bundled_models())  # fmt: skip
    for name in bundled_models():
        file = IndexModel.load(name).file
        assert file.source
        assert file.formula.text("ko")
        assert file.formula.text("en")


def published_rows(shared):
    table = pd.read_csv(shared / "data/korea_published/localcorp_five_dimensions.csv", encoding="utf-8-sig")
    dimensions = table[["service_env", "service_process", "service_outcome", "social", "overall"]].to_numpy(float)
    half = 0.5 * 10.0 ** -table["decimals"].to_numpy(float)
    return dimensions, table["total_published"].to_numpy(float), half


def test_local_corporation_weights_reproduce_the_nine_published_rows(shared):
    dimensions, total, half = published_rows(shared)
    weights = np.array(list(IndexModel.load("local-corporation").dimension_weights.values()))
    assert len(total) == 9
    # the dimensions are rounded too, and their half-units add up with weights that sum to 1
    assert (np.abs(dimensions @ weights - total) <= 2 * half + 1e-9).all()


def test_no_other_weights_on_a_five_per_cent_grid_do(shared):
    dimensions, total, half = published_rows(shared)
    grid = np.arange(0, 1.0001, 0.05)
    found = [
        w for w in ((*g, 1 - sum(g)) for g in product(grid, repeat=4))
        if w[-1] > -1e-9 and (np.abs(dimensions @ w - total) <= half + 1e-9).all()
    ]  # fmt: skip
    assert [tuple(np.round(w, 2)) for w in found] == [(0.10, 0.20, 0.20, 0.20, 0.30)]


def test_a_fixed_weight_index_is_the_weighted_mean_of_its_items():
    model = IndexModel.load("local-corporation")
    frame = answers(model, np.random.default_rng(1), 300, 1, 5)
    estimates = model.evaluate(survey_of(frame, model.file.items))
    worth = (frame - 1) * 25
    expected = sum(w * worth[list(model.node(d).items)].mean().mean() for d, w in model.dimension_weights.items())
    row = estimates.one(measure="lc", statistic="index", by1=None)
    assert row["estimate"] == pytest.approx(expected, abs=1e-10)
    # complete answers, no weights: the standard error is that of the respondents' own scores
    score = sum(w * worth[list(model.node(d).items)].mean(axis=1) for d, w in model.dimension_weights.items())
    assert row["se"] == pytest.approx(score.std(ddof=1) / np.sqrt(len(score)), rel=1e-10)


def test_correlation_weights_are_the_normalised_correlations_with_what_was_asked():
    model = IndexModel.load("iudc-external")
    frame = answers(model, np.random.default_rng(2), 400)
    estimates = model.evaluate(survey_of(frame, model.file.items, 1, 7))
    r = frame[["resp_kind", "resp_sincere", "resp_active"]].corrwith(frame["resp_sat"])
    got = [estimates.one(measure=f"response>{i}", statistic="weight")["estimate"] for i in r.index]
    np.testing.assert_allclose(got, r / r.sum(), rtol=1e-10)
    top = frame[["resp_sat", "work_sat", "fac_sat", "acc_sat", "pro_sat"]].corrwith(frame["overall"])
    got = [
        estimates.one(measure=f"csi>{d}", statistic="weight")["estimate"]
        for d in ("response", "handling", "facilities", "access", "professional")
    ]
    np.testing.assert_allclose(got, top / top.sum(), rtol=1e-10)


def test_the_standard_error_contains_that_of_the_estimated_weights():
    """Against the bootstrap of the whole chain, weights estimated anew in every resample."""
    model = IndexModel.load("iudc-external")
    rng = np.random.default_rng(3)
    frame = answers(model, rng, 300)
    row = model.evaluate(survey_of(frame, model.file.items, 1, 7)).one(measure="csi", statistic="index", by1=None)
    draws = []
    for _ in range(200):
        again = frame.iloc[rng.integers(0, len(frame), len(frame))].reset_index(drop=True)
        draws.append(
            model.evaluate(survey_of(again, model.file.items, 1, 7)).one(measure="csi", statistic="index", by1=None)[
                "estimate"
            ]
        )
    assert row["se"] == pytest.approx(np.std(draws, ddof=1), rel=0.15)


def test_ecsi_gives_the_reference_indices(shared):
    survey = csi_lib.read_survey("ecsi-mobile", "mobile-operator", 1999, data=shared / "data/ecsi_mobile")
    estimates = study_model(csi_lib.load_study("ecsi-mobile"), "ecsi").evaluate(survey)
    fitted = csi_lib.pls_path_model(
        survey.frame[list(survey.codebook.items)].astype(float),
        {n.id: n.items for n in IndexModel.load("ecsi").file.nodes}, IndexModel.load("ecsi").file.paths, scale=(1, 10),
    )  # fmt: skip
    direct = fitted.index.set_index("block")["estimate"]
    for block, value in direct.items():
        assert estimates.one(measure=block, statistic="index", by1=None)["estimate"] == pytest.approx(value, abs=1e-8)


def test_the_internal_index_cannot_be_the_literal_bracket():
    """Published: 61.2 from dimensions 64/53/49/48. The slide's 0.5·(ΣYs + 0.5W) would need W above 100."""
    y = np.array([64.0, 53, 49, 48])
    low, high = y.min(), y.max()  # Σs = 1, so ΣYs lies between them
    assert (61.2 / 0.5 - high) / 0.5 == pytest.approx(116.8)
    assert (61.2 - 0.5 * high) / 0.5 == pytest.approx(58.4)
    assert (61.2 - 0.5 * low) / 0.5 == pytest.approx(74.4)


def test_the_internal_index_by_hand():
    """Items weigh (share of picks + 1/n)/2; so do the dimensions; half of the index is the overall answer."""
    model = IndexModel.load("iudc-internal")
    rng = np.random.default_rng(4)
    items = [i for n in model.file.nodes for i in n.items or ()]
    frame = pd.DataFrame({i: rng.integers(1, 6, 200).astype(float) for i in dict.fromkeys(items)})
    for node in model.file.nodes:
        if node.weights.picks:
            parts = node.items or node.children
            odds = np.arange(len(parts), 0, -1)
            frame[node.weights.picks[0]] = rng.choice(parts, len(frame), p=odds / odds.sum())
    estimates = model.evaluate(survey_of(frame, items))
    worth = (frame[items] - 1) * 25

    def value(name):
        node = model.node(name)
        scores = worth[node.items].mean() if node.items else pd.Series({c: value(c) for c in node.children})
        if not node.weights.picks:
            return scores.mean()
        share = frame[node.weights.picks[0]].value_counts(normalize=True).reindex(scores.index, fill_value=0)
        m = (share + 1 / len(scores)) / 2
        return (scores * m).sum() / m.sum()

    expected = 0.5 * value("icsi_elements") + 0.5 * worth["overall"].mean()
    assert estimates.one(measure="icsi", statistic="index", by1=None)["estimate"] == pytest.approx(expected, abs=1e-10)


def test_kcsi_editions_are_two_and_are_not_compared():
    now = IndexModel.load("kcsi")
    before = now.edition("40-40-20")
    frame = answers(now, np.random.default_rng(5), 200)
    top = (frame >= 6) * 100.0
    elements = top[now.node("kcsi_elements").items].mean().mean()
    parts = np.array([top["overall"].mean(), elements, top["reuse"].mean()])
    survey = survey_of(frame, now.file.items, 1, 7)
    value = lambda m: m.evaluate(survey).one(measure="kcsi", statistic="index", by1=None)["estimate"]
    assert value(now) == pytest.approx(parts @ [0.3, 0.5, 0.2])
    assert value(before) == pytest.approx(parts @ [0.4, 0.4, 0.2])


def test_waves_of_different_editions_are_refused():
    model = IndexModel.load("five-level")
    frame = pd.DataFrame({"q1": [1.0, 2, 3, 4, 5, 3], "q2": [2.0, 2, 3, 5, 5, 1]})
    old = model.evaluate(survey_of(frame, ["q1", "q2"], year=2023))
    new = model.evaluate(survey_of(frame, ["q1", "q2"], year=2024))
    new = Estimates(new.frame.assign(formula_edition="2024"), new.influence)
    both = Estimates.concat([new, old])
    with pytest.raises(InputError, match="edition"):
        both.contrast({"year": 2024}, {"year": 2023})


def test_servqual_gaps_are_paired_differences():
    model = IndexModel.load("servqual")
    frame = answers(model, np.random.default_rng(6), 150, 1, 7)
    row = model.evaluate(survey_of(frame, model.file.items, 1, 7)).one(measure="tangibles", statistic="index", by1=None)
    gap = sum(frame[f"tangibles_p{i}"] - frame[f"tangibles_e{i}"] for i in range(1, 5)) / 4 * 100 / 6
    assert row["estimate"] == pytest.approx(gap.mean())
    assert row["se"] == pytest.approx(gap.std(ddof=1) / np.sqrt(len(gap)), rel=1e-9)


def test_a_negative_correlation_weight_is_said_in_words():
    model = IndexModel.load("iudc-external")
    frame = answers(model, np.random.default_rng(7), 300)
    frame["resp_kind"] = 8 - frame["resp_sat"]
    with pytest.raises(InputError, match=r"negative.*resp_kind|resp_kind.*negative"):
        model.evaluate(survey_of(frame, model.file.items, 1, 7))


def test_intervals_cover_the_truth_of_a_simulated_population():
    model = IndexModel.load("iudc-external")
    rng = np.random.default_rng(8)
    population = answers(model, rng, 40_000)
    truth = model.evaluate(survey_of(population, model.file.items, 1, 7)).one(
        measure="csi", statistic="index", by1=None
    )["estimate"]
    hit = 0
    for _ in range(150):
        sample = population.iloc[rng.choice(len(population), 250, replace=False)].reset_index(drop=True)
        row = model.evaluate(survey_of(sample, model.file.items, 1, 7)).one(measure="csi", statistic="index", by1=None)
        hit += row["ci_low"] <= truth <= row["ci_high"]
    assert 0.89 <= hit / 150 <= 0.99  # four binomial standard errors around .95


@pytest.mark.parametrize(("n", "hidden"), list(product([[50, 3, 40, 30], [4, 4, 90], [2, 60], [3, 3, 3, 3]], [None])))
def test_no_hidden_group_can_be_had_by_differencing(n, hidden):
    n = np.array(n)
    out = complement(n, n < 5, 5)
    assert out[n < 5].all()
    if out.any() and not out.all():
        assert out.sum() >= 2
        assert n[out].sum() >= 5


def test_nested_groups_of_two_variables_do_not_give_the_few_away():
    a = np.array([0] * 20 + [1] * 20)
    b = np.array([0] * 17 + [1] * 3 + [2] * 20)  # b=0 is a=0 without three people
    groupings = [Grouping(("a",), a, (("0",), ("1",))), Grouping(("b",), b, (("0",), ("1",), ("2",)))]
    hidden = suppressed_groups(groupings, Rules(min_base=5))
    assert hidden[("b",), ("1",)]
    assert hidden[("b",), ("0",)] or hidden[("a",), ("0",)]
