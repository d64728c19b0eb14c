"""Significance letters against a published SPSS example, hand computation, scipy, and the covariance itself."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import csi_lib
from csi_lib.errors import InputError
from csi_lib.models.scoring import tabulate
from csi_lib.survey.comparisons import adjust_p, adjust_rows
from csi_lib.survey.estimates import Estimates, results_frame
from csi_lib.survey.influence import influence_of
from csi_lib.survey.letters import LetterRules, covariance_blocks, letters_of

# Marital status by education, N = 300: the example of spss-tutorials.com, "SPSS Chi-Square Test with Pairwise Z-Tests"
# (published: chi-square(12) = 23.57, p = 0.023; columns: middle school, high school, bachelor, master, PhD)
MARITAL = np.array([[18, 36, 21, 9, 6], [12, 36, 45, 36, 21], [6, 9, 9, 3, 3], [3, 9, 9, 6, 3]])


def shares(counts, weights=None):
    """Estimates of the column proportions of a cross-table, without any influence."""
    base = counts.sum(0)
    rows = [
        {"measure": f"m:{i}", "statistic": "share", "by1": "g", "group1": str(j), "estimate": counts[i, j] / base[j],
         "n": base[j], "n_weighted": base[j] * (weights or 1.0), "unit": "proportion"}
        for i in range(len(counts)) for j in range(counts.shape[1])
    ]  # fmt: skip
    return Estimates(results_frame(rows)), np.arange(counts.size).reshape(counts.shape)


def test_the_published_table_is_the_one_we_have():
    chi, p, df, _ = stats.chi2_contingency(MARITAL)
    assert (round(chi, 2), df, round(p, 3)) == (23.57, 12, 0.023)


def test_column_proportions_of_the_published_spss_example():
    estimates, blocks = shares(MARITAL)
    # never married: middle and high school above master; married: master above middle and high school; nothing else
    expected = [["D", "D", "", "", ""], ["", "", "", "AB", ""], [""] * 5, [""] * 5]
    assert letters_of(estimates, blocks, LetterRules.spss()) == expected


def by_hand(counts, method, level=0.05):
    base, out = counts.sum(0), []
    for row in counts:
        p, tests = row / base, []
        live = [j for j in range(len(base)) if base[j] >= 2 and 0 < p[j] < 1]
        for i, j in combinations(live, 2):
            pooled = (row[i] + row[j]) / (base[i] + base[j])
            z = (p[i] - p[j]) / np.sqrt(pooled * (1 - pooled) * (1 / base[i] + 1 / base[j]))
            tests.append((2 * stats.norm.sf(abs(z)), i if z > 0 else j, j if z > 0 else i))
        adjusted = adjust_p([t[0] for t in tests], method=method) if tests else []
        cells = [set() for _ in base]
        for (_, high, low), value in zip(tests, adjusted, strict=True):
            if value < level:
                cells[high].add("ABCDEFGH"[low])
        out.append(["".join(sorted(c)) for c in cells])
    return out


@pytest.mark.parametrize("method", ["bonferroni", "holm", "bh", "none"])
@pytest.mark.parametrize("seed", range(12))
def test_column_proportions_by_hand_under_every_control(seed, method):
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(60, rng.dirichlet(np.ones(4)), size=6).T
    counts[:, 0] = [1, 0, 0, 0]  # a base of one is not compared
    counts[2, 1] = 0  # nor is a share of zero
    estimates, blocks = shares(counts)
    assert letters_of(estimates, blocks, LetterRules.spss(adjust=method)) == by_hand(counts, method)


def test_weights_are_read_as_frequencies_with_mean_one():
    estimates, blocks = shares(MARITAL, weights=50.0)
    plain = letters_of(*shares(MARITAL), LetterRules.spss())
    assert letters_of(estimates, blocks, LetterRules.spss(), scale=1 / 50) == plain
    assert letters_of(estimates, blocks, LetterRules.spss()) != plain  # 15,000 people instead of 300


@pytest.mark.parametrize("seed", range(10))
def test_column_means_pool_the_variance_of_all_columns(seed):
    rng = np.random.default_rng(seed)
    samples = [rng.normal(m, 18, size=n) for m, n in zip((50, 55, 62, 58), (20, 35, 15, 50), strict=True)]
    rows = [{"measure": "m", "statistic": "mean", "by1": "g", "group1": str(j), "estimate": s.mean(), "n": len(s),
             "n_weighted": float(len(s)), "unit": "points"} for j, s in enumerate(samples)]  # fmt: skip
    within = sum(((s - s.mean()) ** 2).sum() for s in samples) / (sum(map(len, samples)) - len(samples))
    df, expected = sum(map(len, samples)) - len(samples), [set() for _ in samples]
    for i, j in combinations(range(4), 2):
        t = (samples[i].mean() - samples[j].mean()) / np.sqrt(within * (1 / len(samples[i]) + 1 / len(samples[j])))
        if 6 * 2 * stats.t.sf(abs(t), df) < 0.05:
            expected[i if t > 0 else j].add("ABCD"[j if t > 0 else i])
    variances = [[s.var(ddof=1) for s in samples]]
    found = letters_of(Estimates(results_frame(rows)), [[0, 1, 2, 3]], LetterRules.spss(), variances=variances)
    assert found == [["".join(sorted(e)) for e in expected]]
    # with two columns it is the ordinary t-test
    two = [[s.var(ddof=1) for s in samples[:2]]]
    p = stats.ttest_ind(samples[0], samples[1]).pvalue
    marked = letters_of(Estimates(results_frame(rows)), [[0, 1]], LetterRules.spss(), variances=two)
    assert bool("".join(marked[0])) == (p < 0.05)


@pytest.fixture(scope="module")
def items():
    study = csi_lib.load_study("example")
    survey = csi_lib.read_survey(study, "hanbit-fmc", 2024)
    return tabulate(study, survey, ["customer_type", "age", "service"])


def lines(estimates, by):
    frame = estimates.frame.reset_index()
    part = frame[(frame["by1"] == by) & frame["statistic"].isin(["mean", "share"])]
    return np.array([list(g["index"]) for _, g in part.groupby("measure", sort=False)])


@pytest.mark.parametrize("by", ["customer_type", "age"])
def test_the_covariance_of_many_lines_is_that_of_each(items, by):
    blocks = lines(items, by)[::7]
    together = covariance_blocks(items, blocks)
    for line, block in zip(blocks, together, strict=True):
        np.testing.assert_allclose(block, items.covariance(list(line)), rtol=1e-9, atol=1e-12)


def test_the_covariance_of_lines_whose_groups_share_interviewed_households():
    """Clusters reach over the groups: then the sums of the strata alone would not do."""
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"house": np.repeat(np.arange(60), 4), "g": rng.integers(1, 4, 240),
                          "x": rng.integers(1, 6, 240) + np.repeat(rng.normal(size=60), 4)})  # fmt: skip
    z = (frame["g"].to_numpy()[:, None] == [1, 2, 3]) * frame[["x"]].to_numpy() / len(frame)
    pieces = influence_of(csi_lib.SurveyDesign(frame, clusters="house"), z, np.arange(3), sample=("one",))
    sums = Estimates(results_frame([{"measure": "x", "group1": str(g)} for g in (1, 2, 3)]), tuple(pieces))
    block = covariance_blocks(sums, [[0, 1, 2]])[0]
    np.testing.assert_allclose(block, sums.covariance([0, 1, 2]), rtol=1e-9)
    assert np.abs(block - np.diag(np.diag(block))).max() > 0.05 * block.max()


@pytest.mark.parametrize(("method", "theirs"), [("holm", "holm"), ("bh", "fdr_bh"), ("bonferroni", "bonferroni")])
def test_rows_of_p_values_are_adjusted_as_statsmodels_adjusts_each(method, theirs):
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(2).uniform(0, 0.2, (40, 10))
    p[np.random.default_rng(3).random(p.shape) < 0.3] = np.nan
    p[0] = np.nan
    for row, adjusted in zip(p, adjust_rows(p, method=method), strict=True):
        live = np.isfinite(row)
        assert np.array_equal(np.isfinite(adjusted), live)
        if live.any():
            np.testing.assert_allclose(adjusted[live], multipletests(row[live], method=theirs)[1], rtol=1e-12)


@pytest.mark.parametrize("method", ["holm", "bh", "none"])
def test_design_letters_say_what_the_contrasts_say(items, method):
    """Every letter has a significant difference behind it, and every significant difference its letter."""
    frame, blocks = items.frame, lines(items, "age")[::5]
    rules = LetterRules(adjust=method, least=30)
    for line, texts in zip(blocks, letters_of(items, blocks, rules), strict=True):
        p, value = [], frame["estimate"].to_numpy(float)[line]
        # a share of 0 or 1 has no standard error to compare with
        live = [frame["unit"][k] == "points" or 0 < v < 1 for k, v in zip(line, value, strict=True)]
        pairs = [(i, j) for i, j in combinations(range(len(line)), 2) if live[i] and live[j]]
        cov, df = items.covariance(list(line)), items.influence[0].df
        for i, j in pairs:
            se = np.sqrt(cov[i, i] + cov[j, j] - 2 * cov[i, j])
            p.append(2 * stats.t.sf(abs(value[i] - value[j]) / se, df))
        adjusted = adjust_p(p, method=method)
        expected = [set() for _ in line]
        for (i, j), a in zip(pairs, adjusted, strict=True):
            if a < 0.05:
                expected[i if value[i] > value[j] else j].add("ABCDE"[j if value[i] > value[j] else i])
        assert texts == ["".join(sorted(e)) for e in expected]


def test_suppressed_and_small_groups_are_not_compared(items):
    frame = items.frame.copy()
    line = lines(items, "customer_type")[0]
    frame.loc[line[0], ["estimate", "n", "se"]] = np.nan
    texts = letters_of(Estimates(frame, items.influence), [line], LetterRules(adjust="none", least=1, level=0.999))[0]
    assert texts[0] == ""
    assert "A" not in "".join(texts)
    none = letters_of(items, [line], LetterRules(adjust="none", least=10_000, level=0.999))[0]
    assert none == [""] * len(line)


def test_more_than_26_columns_have_keys_of_their_own():
    rng = np.random.default_rng(4)
    counts = np.vstack([rng.integers(1, 60, 40), rng.integers(1, 60, 40)])
    texts = letters_of(*shares(counts), LetterRules.spss(adjust="none"))
    named = {name for text in texts[0] for name in text.split(" ") if name}
    assert "AA" in named
    assert all(len(n) <= 2 for n in named)


def test_rules_that_do_not_exist_are_refused():
    for wrong in ({"rules": "spps"}, {"adjust": "tukey"}, {"level": 1.5}):
        with pytest.raises(InputError):
            LetterRules(**wrong)
    frame = pd.DataFrame([{"measure": "m", "statistic": "mean", "estimate": 1.0, "n": 9, "unit": "points"}])
    with pytest.raises(InputError, match="influence"):
        letters_of(Estimates(results_frame(frame)), [[0, 0]], LetterRules(least=1))
