"""Differences, covariances and letters of Estimates against closed forms."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from csi_lib.errors import InputError
from csi_lib.survey.assembly import Assembly, Grouping, domain_mean, unit_labels
from csi_lib.survey.design import SurveyDesign
from csi_lib.survey.estimates import Estimates, results_frame
from csi_lib.survey.results import records_of


class Sample:
    source = "customers"

    def __init__(self, frame, agency="a", year=2024, **design):
        self.frame, self.agency, self.year = frame, agency, year
        self.design = SurveyDesign(frame, **design)


def means(sample, items, by=(), labels=None, **keys):
    build, w, n = Assembly(sample, labels), np.asarray(sample.design.weights), len(sample.frame)
    for g in [Grouping.total(n), *(Grouping.of(sample.frame, b) for b in by)]:
        for item in items:
            x = sample.frame[item].to_numpy(float)
            base = np.isfinite(x)
            build.add(g, *domain_mean(np.nan_to_num(x), w, g.codes, len(g), base), base, measure=item, statistic="mean",
                      unit="points", scale_low=0.0, scale_high=100.0, **keys)  # fmt: skip
    return build.build(agency=sample.agency, year=sample.year)


@pytest.fixture
def frame():
    rng = np.random.default_rng(3)
    n = 120
    common = rng.normal(0, 10, n)
    return pd.DataFrame(
        {
            "x": 60 + common + rng.normal(0, 5, n),
            "y": 55 + common + rng.normal(0, 8, n),
            "g": rng.choice(["p", "q", "r"], n),
            "w": rng.uniform(0.5, 2, n),
            "h": np.repeat(["1", "2", "3"], 40),
            "c": np.repeat(np.arange(24), 5),
        }
    )


def test_same_people_are_compared_as_pairs(frame):
    found = means(Sample(frame), ["x", "y"]).contrast({"measure": "x"}, {"measure": "y"}).frame.iloc[0]
    test = stats.ttest_rel(frame["x"], frame["y"])
    interval = test.confidence_interval(0.95)
    assert found["estimate"] == pytest.approx((frame["x"] - frame["y"]).mean(), abs=1e-12)
    assert found["se"] == pytest.approx((frame["x"] - frame["y"]).sem(), rel=1e-12)
    assert found["df"] == test.df
    assert found["p_value"] == pytest.approx(test.pvalue, rel=1e-8)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((interval.low, interval.high), abs=1e-10)
    assert found["versus"] == "mean:measure=y"


def test_part_and_whole(frame):
    # mean of a group − mean of all = (1 − share)·(group − rest); its influence value by hand
    estimates = means(Sample(frame), ["x"], ["g"])
    found = estimates.contrast({"by1": "g", "group1": "p"}, {"by1": None, "group1": None}, versus="total").frame.iloc[0]
    inside, x = (frame["g"] == "p").to_numpy(), frame["x"].to_numpy()
    z = inside * (x - x[inside].mean()) / inside.sum() - (x - x.mean()) / len(x)
    n = len(x)
    assert found["estimate"] == pytest.approx(x[inside].mean() - x.mean(), abs=1e-12)
    assert found["se"] == pytest.approx(np.sqrt(n / (n - 1) * (z**2).sum()), rel=1e-10)
    parts = estimates.covariance({"by1": "g"})  # disjoint groups of one simple random sample do not covary
    assert np.abs(parts - np.diag(np.diag(parts))).max() < 1e-3 * parts.max()


def test_two_waves_are_welch(frame):
    other = frame.sample(70, random_state=1).reset_index(drop=True)
    other = other.assign(x=other["x"] - 3)
    both = Estimates.concat([means(Sample(frame), ["x"]), means(Sample(other, year=2023), ["x"])])
    found = both.contrast({"year": 2024}, {"year": 2023}).frame.iloc[0]
    test = stats.ttest_ind(frame["x"], other["x"], equal_var=False)
    assert found["estimate"] == pytest.approx(frame["x"].mean() - other["x"].mean(), abs=1e-12)
    assert found["df"] == pytest.approx(test.df, rel=1e-10)
    assert found["p_value"] == pytest.approx(test.pvalue, rel=1e-8)


def test_a_panel_is_linked_by_its_labels(frame):
    later = frame.assign(x=frame["x"] + 2 + np.random.default_rng(5).normal(0, 2, len(frame)))
    names = np.arange(len(frame)).astype(np.uint64)
    before, after = means(Sample(frame, year=2023), ["x"], labels=names), means(Sample(later), ["x"], labels=names)
    found = Estimates.concat([after, before]).contrast({"year": 2024}, {"year": 2023}).frame.iloc[0]
    assert found["se"] == pytest.approx((later["x"] - frame["x"]).sem(), rel=1e-10)
    half = names.copy()
    half[60:] += 1000
    some = Estimates.concat([after, means(Sample(frame, year=2023), ["x"], labels=half)])
    mean = lambda k: (k["x"] - k["x"].mean()) / len(k)
    v = 120 / 119
    expected = v * ((mean(later) ** 2).sum() + (mean(frame) ** 2).sum() - 2 * (mean(later) * mean(frame))[:60].sum())
    assert some.contrast({"year": 2024}, {"year": 2023}).frame["se"][0] == pytest.approx(np.sqrt(expected), rel=1e-9)
    assert some.covariance()[0, 1] == pytest.approx(v * (mean(later) * mean(frame))[:60].sum(), rel=1e-8)


@pytest.mark.parametrize(
    "design", [{"strata": "h"}, {"strata": "h", "clusters": "c"}, {"clusters": "c", "weights": "w"}]
)
def test_group_differences_agree_with_the_design(frame, design):
    sample = Sample(frame, **design)
    estimates = means(sample, ["x", "y"], ["g"])
    truth = sample.design.difference("x", by="g")
    for row in truth.itertuples():
        found = estimates.contrast({"measure": "x", "group1": row.first}, {"measure": "x", "group1": row.second}).frame
        assert found["estimate"][0] == pytest.approx(row.estimate, abs=1e-10)
        assert found["se"][0] == pytest.approx(row.se, rel=1e-10)
    total = sample.design.mean(["x", "y"])
    rows = estimates.select(by1=None).frame
    for name in ("estimate", "se", "df", "ci_low", "ci_high", "deff", "n_effective"):
        assert rows[name].to_numpy(float) == pytest.approx(total[name].to_numpy(float), rel=1e-9)


def test_common_influence_is_the_same_as_writing_it_out(frame):
    rng = np.random.default_rng(0)
    sample = Sample(frame, strata="h", weights="w")
    n, groups = len(frame), Grouping.of(frame, "g")
    z, loading = rng.normal(size=(n, 4)) / n, rng.normal(size=(len(groups), 4))
    own = rng.normal(size=n) / n
    base = np.ones(n, bool)
    short = Assembly(sample)
    short.add(groups, np.arange(3.0), own, base, extra={"z": z, "loading": loading}, measure="m", statistic="index")
    written = np.zeros((n, len(groups)))
    written[np.arange(n), groups.codes] = own
    written += z @ loading.T
    expected = sample.design.covariance(written)
    found = short.build()
    assert found.covariance() == pytest.approx(expected, rel=1e-10, abs=1e-15)
    assert found.variances() == pytest.approx(np.diag(expected), rel=1e-10)
    again = Estimates.concat([found.take([2, 0]), found.take([1])])
    assert again.covariance() == pytest.approx(expected[np.ix_([2, 0, 1], [2, 0, 1])], rel=1e-10, abs=1e-15)
    assert again.influence[0].common.shape[1] == 4  # not repeated for every selection


def test_letters_and_ranks_follow_the_joint_covariance(frame):
    frame = frame.assign(x=frame["x"] + 12 * (frame["g"] == "q"))
    estimates = means(Sample(frame), ["x"], ["g"])
    keys = {"by1": "g"}
    letters, ranks = estimates.letters(keys), estimates.ranks(keys)
    assert letters == ["", "AC", ""]
    assert ranks["rank"].tolist()[1] == 1
    assert ranks.loc[ranks["rank"] == 1, ["low", "high"]].to_numpy().tolist() == [[1, 1]]
    assert (ranks["high"].max(), ranks["low"].max()) == (3, 2)
    # two questions to the same people differ more surely than two samples of their size would
    shift = frame.assign(y=frame["x"] + 1 + np.random.default_rng(2).normal(0, 2, len(frame)))
    pair = means(Sample(shift), ["x", "y"])
    assert pair.letters() == ["", "A"]
    apart = np.diag(np.diag(pair.covariance()))
    assert abs(pair.frame["estimate"].diff()[1]) < 1.96 * np.sqrt(apart.sum())


def test_editions_are_not_compared_unless_restated(frame):
    new, old = Sample(frame), Sample(frame, year=2023)
    a, b = means(new, ["x"], formula_edition="2", model="m"), means(old, ["x"], formula_edition="1", model="m")
    with pytest.raises(InputError, match=r"edition 2 of m in one wave and by edition 1 .*Restate the older wave"):
        Estimates.concat([a, b]).contrast({"year": 2024}, {"year": 2023})
    restated = means(old, ["y"], formula_edition="2", model="m")
    restated = Estimates(restated.frame.assign(measure="x"), restated.influence)
    both = Estimates.concat([a, b, restated])
    found = both.contrast({"year": 2024}, {"year": 2023}).frame
    assert len(found) == 1
    assert found["estimate"][0] == pytest.approx(frame["x"].mean() - frame["y"].mean())
    effect = Estimates.concat([b, restated]).contrast({"formula_edition": "2"}, {"formula_edition": "1"}).frame.iloc[0]
    assert effect["se"] == pytest.approx((frame["y"] - frame["x"]).sem(), rel=1e-10)  # the same people


def test_estimates_without_influence_refuse_to_compare():
    bare = Estimates(results_frame([{"measure": "x", "estimate": 1.0}, {"measure": "y", "estimate": 2.0}]))
    with pytest.raises(InputError, match="carry no influence"):
        bare.covariance()
    with pytest.raises(InputError, match="carry no influence"):  # and not a difference with a standard error of 0
        bare.contrast({"measure": "x"}, {"measure": "y"})


def test_labels_name_the_same_person_in_both_surveys():
    whole = pd.DataFrame({"agency": ["a", "b", "a", "b", "a"], "year": 2024})
    of_all = unit_labels(Sample(whole, agency=None))
    of_a = unit_labels(Sample(whole[whole["agency"] == "a"].reset_index(drop=True)))
    assert of_a.tolist() == of_all[[0, 2, 4]].tolist()
    assert len(set(of_all)) == 5


def test_rows_as_dicts_are_those_of_pandas():
    frame = results_frame([{"measure": "a", "estimate": 1.5, "n": 3, "by1": None}, {"measure": "b", "year": 2024}])
    frame = frame.assign(
        object=pd.Series([np.float64(2), None], dtype=object), whole=pd.array([1, None], dtype="Int64"),
        label=pd.Categorical(["x", None]), text=pd.Series(["u", None], dtype="str"), time=pd.to_datetime(["2024-01-01", None]),
    )  # fmt: skip
    for part in (frame, frame.iloc[:1], frame.iloc[:0]):
        ours, theirs = records_of(part), part.to_dict("records")
        assert [list(row) for row in ours] == [list(row) for row in theirs]
        for one, other in zip(ours, theirs, strict=True):
            for name in one:
                assert type(one[name]) is type(other[name]), name
                assert one[name] is other[name] or one[name] == other[name] or one[name] != one[name], name
