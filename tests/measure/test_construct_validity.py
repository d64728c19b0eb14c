"""Composite reliability, AVE, Fornell-Larcker, HTMT."""

import numpy as np
import pandas as pd
import pytest

import csi_lib
from csi_lib import InputError, MeasureWarning

BLOCKS = {
    "HS9": {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]},
    "satisfaction27": {
        name: [f"{name.lower()}{k}" for k in range(1, size + 1)]
        for name, size in {"IMAG": 5, "EXPE": 5, "QUAL": 5, "VAL": 4, "SAT": 4, "LOY": 4}.items()
    },
    "bfi25_complete": {f: [f"{f}{k}" for k in range(1, 6)] for f in "ACENO"},
}


@pytest.fixture(scope="module")
def data(shared):
    folder = shared / "data" / "statistics"
    bfi = pd.read_csv(folder / "psych_bfi.csv", index_col=0)
    for item in ["A1", "C4", "C5", "E1", "E2", "O2", "O5"]:
        bfi[item] = 7 - bfi[item]
    return {
        "HS9": pd.read_csv(folder / "lavaan_HolzingerSwineford1939.csv"),
        "bfi25_complete": bfi[bfi[bfi.columns[:25]].notna().all(axis=1)],
        "satisfaction27": pd.read_csv(folder / "plspm_satisfaction.csv"),
    }


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize(
    ("reference", "options"),
    [
        ("semTools_htmt", {}),
        ("semTools_htmt2", {"method": "htmt2"}),
        ("base_htmt_abs", {}),
        ("base_htmt_signed", {"absolute": False}),
        ("base_htmt2_geo_abs", {"method": "htmt2"}),
    ],
)
def test_htmt(data, oracle, name, reference, options):
    expected = pd.DataFrame(oracle("validity")["htmt"][name][reference]).astype(float).fillna(1.0)
    found = csi_lib.htmt(data[name], BLOCKS[name], **options).matrix
    # the oracle keeps 12 digits
    np.testing.assert_allclose(found, expected.loc[found.index, found.columns], atol=1e-11)


def test_htmt_interval(data):
    one = csi_lib.htmt(data["HS9"], BLOCKS["HS9"], n_boot=400, seed=1)
    two = csi_lib.htmt(data["HS9"], BLOCKS["HS9"], n_boot=400, seed=1)
    pd.testing.assert_frame_equal(one.pairs, two.pairs)
    assert one.replicates == 400
    assert (one.pairs.ci_low < one.pairs.estimate).all()
    assert (one.pairs.estimate < one.pairs.ci_high).all()
    assert csi_lib.htmt(data["HS9"], BLOCKS["HS9"]).pairs.ci_low.isna().all()


def test_htmt_interval_covers_the_truth():
    """Parallel items of two factors that correlate at .6: HTMT is .6 in the population."""
    inside = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        factors = random.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 200)
        items = 0.8 * np.repeat(factors, 3, axis=1) + 0.6 * random.normal(size=(200, 6))
        row = csi_lib.htmt(items, {"F": ["x1", "x2", "x3"], "G": ["x4", "x5", "x6"]}, n_boot=100, seed=seed).pairs
        inside += row.ci_low[0] < 0.6 < row.ci_high[0]
    assert 50 <= inside <= 60


def test_htmt_with_missing_answers_and_weights(data):
    frame, blocks = data["HS9"].copy(), BLOCKS["HS9"]
    frame.loc[::5, "x1"] = np.nan
    listwise = csi_lib.htmt(frame, blocks)
    complete = csi_lib.htmt(frame[frame.x1.notna()], blocks)
    pd.testing.assert_frame_equal(listwise.matrix, complete.matrix)
    # pairwise: compare with pandas' own pairwise correlations
    r = frame[[i for b in blocks.values() for i in b]].corr().abs()
    within = [r.loc[b, b].to_numpy()[np.tril_indices(3, -1)].mean() for b in blocks.values()]
    between = r.loc[blocks["visual"], blocks["speed"]].to_numpy().mean()
    pairwise = csi_lib.htmt(frame, blocks, missing="pairwise").matrix
    assert pairwise.loc["visual", "speed"] == pytest.approx(between / np.sqrt(within[0] * within[2]), rel=1e-12)
    doubled = csi_lib.htmt(data["HS9"], blocks, weights=np.where(np.arange(301) < 50, 2.0, 1.0)).matrix
    repeated = csi_lib.htmt(pd.concat([data["HS9"], data["HS9"].head(50)]), blocks).matrix
    np.testing.assert_allclose(doubled, repeated, rtol=1e-12)


def test_htmt_of_polychoric_correlations(data):
    frame, blocks = data["bfi25_complete"], {k: BLOCKS["bfi25_complete"][k] for k in "AN"}
    r = csi_lib.polychoric(frame[blocks["A"] + blocks["N"]]).correlations.abs()
    within = [r.loc[b, b].to_numpy()[np.tril_indices(5, -1)].mean() for b in blocks.values()]
    expected = r.loc[blocks["A"], blocks["N"]].to_numpy().mean() / np.sqrt(within[0] * within[1])
    assert csi_lib.htmt(frame, blocks, correlation="polychoric").matrix.loc["A", "N"] == pytest.approx(expected)


def test_htmt_bad_input(data):
    frame, blocks = data["HS9"], BLOCKS["HS9"]
    for problem, call in [
        ("names 'x99', which is no column", lambda: csi_lib.htmt(frame, {"F": ["x1", "x99"], "G": ["x3"]})),
        ("needs two blocks", lambda: csi_lib.htmt(frame, {"F": ["x1", "x2"]})),
        ("constant", lambda: csi_lib.htmt(frame.assign(x1=1), blocks)),
        ("'mean' is not known", lambda: csi_lib.htmt(frame, blocks, method="mean")),
        ("too few rows", lambda: csi_lib.htmt(frame.head(2), blocks)),
        (
            "cannot be computed",
            lambda: csi_lib.htmt(frame.assign(x2=-frame.x1 + 0.1 * frame.x2), blocks, absolute=False),
        ),
    ]:
        with pytest.raises(InputError, match=problem):
            call()


def test_composite_reliability_and_ave_by_hand():
    """Three loadings of .8, .7, .6: (2.1^2) / (2.1^2 + .36 + .51 + .64) and (.64 + .49 + .36) / 3."""
    assert float(csi_lib.composite_reliability([0.8, 0.7, 0.6])) == pytest.approx(4.41 / 5.92, rel=1e-14)
    assert float(csi_lib.average_variance_extracted([0.8, 0.7, 0.6])) == pytest.approx(1.49 / 3, rel=1e-14)
    assert float(csi_lib.composite_reliability({"q1": 0.8, "q2": 0.7, "q3": 0.6})) == pytest.approx(4.41 / 5.92)
    with pytest.raises(InputError, match="not a number"):
        csi_lib.composite_reliability(["high"])
    many = csi_lib.composite_reliability({"F": [0.8, 0.7, 0.6], "G": [0.5, 0.5]})
    assert many.by_factor["G"] == pytest.approx(1 / (1 + 1.5))
    frame = pd.DataFrame({"factor": ["F", "F", "G"], "standardized": [0.8, 0.7, 0.9]})
    assert csi_lib.average_variance_extracted(frame).by_factor["G"] == pytest.approx(0.81)


def test_parallel_items_have_spearman_browns_reliability():
    """Equal loadings: composite reliability is k r / (1 + (k - 1) r) with r the squared loading."""
    r = 0.49
    found = csi_lib.composite_reliability(np.full(5, 0.7)).composite_reliability
    assert found == pytest.approx(5 * r / (1 + 4 * r))


def test_loadings_that_are_none():
    with pytest.raises(InputError, match=r"outside -1\.\.1"):
        csi_lib.composite_reliability([1.2, 0.8])
    with pytest.raises(InputError, match="missing or incomplete"):
        csi_lib.average_variance_extracted([0.5, np.nan])
    with pytest.raises(InputError, match="there are several factors"):
        float(csi_lib.average_variance_extracted({"F": [0.5], "G": [0.5]}))
    with pytest.warns(MeasureWarning, match="loadings of both signs"):
        csi_lib.composite_reliability([0.8, -0.7])


def test_fornell_larcker_from_loadings():
    correlations = pd.DataFrame([[1, 0.8], [0.8, 1]], ["F", "G"], ["F", "G"])
    found = csi_lib.fornell_larcker({"F": [0.9, 0.9], "G": [0.7, 0.7]}, correlations=correlations)
    assert np.diag(found.matrix) == pytest.approx([0.9, 0.7])
    assert found.pairs.to_dict("records") == [
        {"factor_1": "F", "factor_2": "G", "correlation": 0.8, "root_ave_1": pytest.approx(0.9),
         "root_ave_2": pytest.approx(0.7), "met": False}
    ]  # fmt: skip
    with pytest.raises(InputError, match="correlations of the factors are missing"):
        csi_lib.fornell_larcker({"F": [0.9, 0.9], "G": [0.7, 0.7]})
