"""A group in which nobody answered, and shares of nobody and everybody: the rest of the table stands."""

import numpy as np
import pandas as pd
import pytest

from csi_lib import InputError, MeasureWarning, SurveyDesign


@pytest.fixture
def frame():
    random = np.random.default_rng(4)
    frame = pd.DataFrame({"g": ["a"] * 12 + ["b"] * 12 + ["c"] * 6, "x": random.integers(1, 6, 30) * 1.0})
    frame["s"], frame["w"] = np.tile([1, 2, 3], 10), random.uniform(1, 3, 30)
    frame["hit"] = (frame["x"] > 3).astype(float)
    frame.loc[frame["g"] == "c", ["x", "hit"]] = np.nan
    return frame


TABLES = {
    "mean": lambda d: d.mean("x", by="g"),
    "total": lambda d: d.total("x", by="g"),
    "ratio": lambda d: d.ratio("x", "w", by="g"),
    "proportion": lambda d: d.proportion("hit", by="g"),
    "likelihood": lambda d: d.proportion("hit", by="g", method="likelihood"),
    "quantile": lambda d: d.quantile("x", (0.5,), by="g", interval="beta"),
    "population_variance": lambda d: d.population_variance("x", by="g"),
}


@pytest.mark.parametrize("name", TABLES)
def test_one_empty_group_leaves_the_others_as_they_are(name, frame):
    for make in (
        lambda f: SurveyDesign(f, weights="w", strata="s"),
        lambda f: SurveyDesign(f, weights="w").replicates("JK1"),
    ):
        with pytest.warns(MeasureWarning, match="nobody answered it in g = c"):
            found = TABLES[name](make(frame))
        # the same rows with an answer in the empty group: its number is another, theirs are not
        other = frame.copy()
        other.loc[other["g"] == "c", "x"] = [1.0, 2, 3, 4, 5, 5]
        other.loc[other["g"] == "c", "hit"] = [1.0, 0, 1, 0, 1, 1]
        wanted = TABLES[name](make(other))
        numbers = ["estimate", "se", "df", "ci_low", "ci_high", "n", "deff"]
        pd.testing.assert_frame_equal(found.loc[:1, numbers], wanted.loc[:1, numbers])
        assert found["g"].tolist() == ["a", "b", "c"]
        assert found.loc[2, ["estimate", "se", "ci_low", "ci_high"]].isna().all()
        assert found.loc[2, "n"] == 0


def test_differences_with_an_empty_group_are_empty_and_no_others(frame):
    design = SurveyDesign(frame, weights="w")
    for adjust in ("none", "holm", "simultaneous"):
        with pytest.warns(MeasureWarning, match="2 comparisons"):
            found = design.difference("x", by="g", adjust=adjust)
        alone = SurveyDesign(frame, weights="w").subset(frame["g"] != "c").difference("x", by="g", adjust=adjust)
        assert found.loc[0, "estimate"] == pytest.approx(alone.loc[0, "estimate"])
        assert found.loc[0, "se"] == pytest.approx(alone.loc[0, "se"])
        assert found["p_adjusted"].isna().tolist() == [False, True, True]
    with pytest.raises(InputError, match="nobody"):
        design.difference("x", by="g", reference="c")


def test_an_unused_category_is_no_group(frame):
    frame["g"] = pd.Categorical(frame["g"], ["z", "b", "a", "c", "y"])
    found = SurveyDesign(frame, weights="w").mean("w", by="g")
    plain = SurveyDesign(frame.assign(g=frame["g"].astype(str)), weights="w").mean("w", by="g").set_index("g")
    assert found["g"].tolist() == ["b", "a", "c"]
    assert found["estimate"].tolist() == pytest.approx(plain.loc[["b", "a", "c"], "estimate"].tolist())
    assert len(SurveyDesign(frame, weights="w").mean("w", by=["g", "s"])) == 9


@pytest.mark.parametrize("method", ["logit", "xlogit", "beta", "likelihood", "asin", "mean"])
@pytest.mark.parametrize("n", [1, 8, 30, 400])
def test_a_share_of_nobody_has_the_exact_interval(method, n):
    """R: ``binom.test(0, n)$conf.int`` and ``binom.test(n, n)``, from the beta distribution."""
    from scipy.stats import beta

    frame = pd.DataFrame({"none": np.zeros(n + 1), "all": np.ones(n + 1), "w": np.linspace(1, 3, n + 1)})
    frame.loc[n] = [np.nan, np.nan, 1.0]
    found = SurveyDesign(frame, weights="w").proportion(["none", "all"], method=method)
    upper = beta.ppf(0.975, 1, n)
    assert found[["ci_low", "ci_high"]].to_numpy().ravel() == pytest.approx([0, upper, 1 - upper, 1])
    assert found["estimate"].tolist() == [0, 1]
    if n == 30:
        assert found["ci_high"].iloc[0] == pytest.approx(0.116, abs=5e-4)


def test_wilson_keeps_its_own_limits_and_a_census_needs_none():
    frame = pd.DataFrame({"none": np.zeros(30), "size": 30})
    found = SurveyDesign(frame).proportion("none", method="wilson")
    z = 1.959963984540054
    assert found["ci_high"].iloc[0] == pytest.approx(z**2 / (30 + z**2))
    whole = SurveyDesign(frame, fpc="size").proportion("none")
    assert whole[["ci_low", "ci_high"]].to_numpy().tolist() == [[0, 0]]
