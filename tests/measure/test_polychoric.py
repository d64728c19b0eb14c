"""Polychoric correlations against lavaan, closed forms and simulation."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

import csi_lib
from csi_lib import InputError, MeasureWarning
from csi_lib.measure import bivariate_normal

AGREE = [f"A{k}" for k in range(1, 6)]


@pytest.fixture(scope="module")
def bfi(shared):
    frame = pd.read_csv(shared / "data/statistics/psych_bfi.csv", index_col=0)
    frame["A1"] = 7 - frame["A1"]
    return frame[frame[frame.columns[:25]].notna().all(axis=1)]


def square(nested):
    return pd.DataFrame(nested).astype(float)


def test_lavaan(bfi, oracle):
    expected = oracle("validity")["polychoric"]["bfi_A"]
    found = csi_lib.polychoric(bfi[AGREE])
    reference = square(expected["lavaan_lavCor"]["rho"]).loc[AGREE, AGREE]
    pd.testing.assert_frame_equal(found.correlations, reference, rtol=0, atol=1e-7, check_names=False)
    names = found.thresholds.item + "|" + found.thresholds.threshold
    thresholds = [expected["lavaan_lavCor"]["thresholds"][k] for k in names]
    np.testing.assert_allclose(found.thresholds.estimate, thresholds, atol=1e-12)
    # psych stops its search earlier
    psych = square(expected["psych_correct0"]["rho"]).loc[AGREE, AGREE]
    assert np.abs(found.correlations - psych).max().max() < 3e-5
    assert csi_lib.ordinal_alpha(bfi[AGREE]).alpha == pytest.approx(
        expected["lavaan_lavCor"]["ordinal"]["alpha"], abs=1e-8
    )


def test_standard_errors_are_lavaans(bfi, oracle):
    reference = oracle("cfa_lavaan")["lavcor"]
    se = dict(zip(reference["key"], reference["se"]))
    items = [f"{f}{k}" for f in "AN" for k in range(1, 6)]
    found = csi_lib.polychoric(bfi[bfi.gender.notna()][items])
    pairs = [(a, b) for k, a in enumerate(items) for b in items[k + 1 :]]
    np.testing.assert_allclose([found.se.loc[p] for p in pairs], [se[f"{a} ~~ {b}"] for a, b in pairs], rtol=1e-6)
    names = found.thresholds.item + " | " + found.thresholds.threshold
    np.testing.assert_allclose(found.thresholds.se, [se[k] for k in names], rtol=1e-9)


def test_tetrachoric_at_the_median_has_a_closed_form():
    """Both items split in half: r = sin(pi/2 (4 p11 - 1)) (Sheppard)."""
    counts = {(1, 1): 40, (1, 0): 10, (0, 1): 10, (0, 0): 40}
    rows = [cell for cell, n in counts.items() for _ in range(n)]
    found = csi_lib.polychoric(pd.DataFrame(rows, columns=["a", "b"]))
    assert found.correlations.loc["a", "b"] == pytest.approx(np.sin(np.pi / 2 * (4 * 0.4 - 1)), abs=1e-12)
    assert list(found.thresholds.estimate) == pytest.approx([0, 0], abs=1e-15)


def test_simulation_recovers_correlations_and_their_errors():
    r, found, errors = 0.6, [], []
    for seed in range(150):
        raw = np.random.default_rng(seed).multivariate_normal([0, 0], [[1, r], [r, 1]], 400)
        frame = pd.DataFrame(np.digitize(raw, [-1, 0, 0.5, 1.5]), columns=["a", "b"])
        result = csi_lib.polychoric(frame)
        found.append(result.correlations.loc["a", "b"])
        errors.append(result.se.loc["a", "b"])
    assert np.mean(found) == pytest.approx(r, abs=0.01)
    assert np.mean(errors) == pytest.approx(np.std(found), rel=0.15)


@pytest.mark.parametrize("r", [-0.99, -0.5, 0.0, 0.3, 0.79, 0.94, 0.999])
def test_bivariate_normal(r):
    random = np.random.default_rng(1)
    h = random.normal(size=30)
    k = h * np.sign(r) + 0.4 * random.normal(size=30)
    expected = [multivariate_normal.cdf(point, cov=[[1, r], [r, 1]]) for point in np.column_stack([h, k])]
    np.testing.assert_allclose(bivariate_normal.cdf(h, k, np.full(30, r)), expected, atol=2e-10)
    edge = bivariate_normal.cdf(np.array([np.inf, -np.inf, np.inf]), np.array([0.3, 0.3, np.inf]), np.full(3, r))
    np.testing.assert_allclose(edge, [0.6179114221889526, 0, 1], atol=1e-14)


def test_coding_and_order_of_items_do_not_matter(bfi):
    frame = bfi[AGREE].head(500)
    one = csi_lib.polychoric(frame).correlations
    two = csi_lib.polychoric((frame**3)[AGREE[::-1]]).correlations
    pd.testing.assert_frame_equal(one, two.loc[AGREE, AGREE], rtol=0, atol=1e-10)
    reversed_ = csi_lib.polychoric(frame.assign(A1=-frame.A1)).correlations
    assert reversed_.loc["A1", "A2"] == pytest.approx(-one.loc["A1", "A2"], abs=1e-9)


def test_weights_are_repetitions(bfi):
    frame = bfi[AGREE].head(300)
    weight = np.where(np.arange(300) % 3 == 0, 2.0, 1.0)
    one = csi_lib.polychoric(frame, weights=weight)
    two = csi_lib.polychoric(pd.concat([frame, frame[weight == 2]]))
    np.testing.assert_allclose(one.correlations, two.correlations, atol=1e-9)
    half = csi_lib.polychoric(pd.concat([frame, frame]), weights=np.full(600, 0.5))
    np.testing.assert_allclose(half.correlations, csi_lib.polychoric(frame).correlations, atol=1e-9)


def test_pairwise_uses_all_answers_to_a_pair(bfi):
    frame = bfi[AGREE].astype(float)
    holes = frame.copy()
    holes.iloc[:100, 0] = np.nan
    pairwise = csi_lib.polychoric(holes, missing="pairwise")
    full = csi_lib.polychoric(frame)
    assert pairwise.correlations.loc["A2", "A3"] == pytest.approx(full.correlations.loc["A2", "A3"], abs=1e-10)
    assert pairwise.pair_n.loc["A1", "A2"] == len(frame) - 100
    listwise = csi_lib.polychoric(holes)
    assert listwise.n == len(frame) - 100
    alone = csi_lib.polychoric(frame[["A1", "A2"]].iloc[100:])
    assert listwise.correlations.loc["A1", "A2"] == pytest.approx(alone.correlations.loc["A1", "A2"], abs=1e-10)


def test_empty_categories_are_named():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.choice([1, 2, 4, 5], (100, 2)), columns=["q1", "q2"])
    with pytest.warns(MeasureWarning, match="'q1' has empty categories between its lowest and highest answer: 3"):
        csi_lib.polychoric(frame[["q1"]].assign(other=random.integers(1, 4, 100)))


def test_empty_cell_of_a_two_by_two_table():
    rows = [(1, 1)] * 30 + [(1, 0)] * 20 + [(0, 0)] * 50
    with pytest.warns(MeasureWarning, match="2 x 2 table of 'a' and 'b' has an empty cell"):
        found = csi_lib.polychoric(pd.DataFrame(rows, columns=["a", "b"]))
    assert 0.5 < found.correlations.loc["a", "b"] < 0.9999


def test_one_answer_that_determines_the_other():
    frame = pd.DataFrame({"a": [1, 2, 3] * 30, "b": [1, 2, 3] * 30})
    with pytest.warns(MeasureWarning, match=r"at its bound \(\+0\.9999\)"):
        csi_lib.polychoric(frame)


def test_matrix_that_is_not_positive_definite_is_smoothed():
    random = np.random.default_rng(3)
    raw = random.multivariate_normal(np.zeros(4), np.full((4, 4), 0.95) + 0.05 * np.eye(4), 30)
    frame = pd.DataFrame((raw > random.normal(size=4)).astype(int), columns=list("abcd"))
    with pytest.warns(MeasureWarning) as caught:
        found = csi_lib.polychoric(frame)
    assert any("smoothed" in str(w.message) for w in caught) == found.smoothed
    assert np.linalg.eigvalsh(found.correlations)[0] > 0
    assert np.diag(found.correlations) == pytest.approx(1)


def test_bad_items():
    frame = pd.DataFrame({"a": [1, 2, 3, 1], "b": [2, 2, 2, 2], "c": [1.0, 2, 1, 2]})
    for problem, bad in [
        ("'b' is constant", frame),
        ("not numeric", frame.assign(b=list("xyzx"))),
        ("needs two items", frame[["a"]]),
    ]:
        with pytest.raises(InputError, match=problem):
            csi_lib.polychoric(bad)
    many = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 2)))
    with pytest.raises(InputError, match="too many values for ordered categories"):
        csi_lib.polychoric(many)
    with pytest.raises(InputError, match="negative, or all zero"):
        csi_lib.polychoric(frame[["a", "c"]], weights=np.zeros(4))


def test_a_category_of_one_respondent_has_no_bound_and_is_said():
    """R: lavCor stops at .964 and .954 here; the likelihood goes on rising to 1 by less than its last digit."""
    counts = {"b": ([6, 5, 10, 11, 14], [0, 0, 0, 0, 1]), "c": ([2, 7, 6, 14, 17], [0, 0, 0, 0, 1])}
    for most, one in counts.values():
        rows = [(1, k + 1) for k, n in enumerate(most) for _ in range(n)] + [
            (2, k + 1) for k, n in enumerate(one) for _ in range(n)
        ]
        frame = pd.DataFrame(rows, columns=["a", "b"])
        with pytest.warns(MeasureWarning, match="no bound towards \\+1"):
            found = csi_lib.polychoric(frame)
        assert 0.95 < found.correlations.loc["a", "b"] < 1
        assert np.isfinite(found.se.to_numpy()).all()
        turned = frame.assign(b=6 - frame["b"])
        with pytest.warns(MeasureWarning, match="no bound towards -1"):
            assert csi_lib.polychoric(turned).correlations.loc["a", "b"] == pytest.approx(
                -found.correlations.loc["a", "b"]
            )


def test_rare_categories_give_a_number_or_words():
    """Few rows, many categories, gaps: polychoric, WLSMV, FIML and what rests on them never end in a crash."""
    model = "F =~ v0 + v1 + v2"
    for seed in range(12):
        random = np.random.default_rng(seed)
        n, k = int(random.integers(12, 60)), int(random.integers(3, 9))
        latent = random.normal(size=(n, 1)) * 0.8 + random.normal(size=(n, k))
        frame = pd.DataFrame(np.clip(np.round(3 + latent), 1, 5), columns=[f"v{j}" for j in range(k)])
        frame["v0"] = 1.0
        frame.loc[: random.integers(0, 3), "v0"] = 2.0
        frame = frame.mask(random.random(frame.shape) < 0.1)
        for call in (
            lambda f: csi_lib.polychoric(f).correlations,
            lambda f: csi_lib.polychoric(f, missing="pairwise").correlations,
            lambda f: csi_lib.ordinal_alpha(f).alpha,
            lambda f: csi_lib.cfa(f, model, estimator="WLSMV").loadings["estimate"],
            lambda f: csi_lib.cfa(f, "F =~ " + " + ".join(f), missing="fiml").loadings["estimate"],
            lambda f: csi_lib.cfa(f, "F =~ " + " + ".join(f)).loadings["estimate"],
        ):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", MeasureWarning)
                try:
                    found = np.asarray(call(frame))
                except InputError:
                    continue
                assert np.isfinite(found).all()
