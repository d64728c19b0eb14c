"""Bootstrap, influence values, replicate weights and group comparison of path models."""

import numpy as np
import pandas as pd
import pytest

import csi_lib


@pytest.fixture(scope="module")
def reference(oracle):
    return oracle("pls")


@pytest.fixture(scope="module")
def mobile(shared, reference):
    case = reference["seminr_mobi"]["composite_A_path"]
    return (
        pd.read_csv(shared / "data/ecsi_mobile/semPLS__mobi.csv"),
        {block: list(items) for block, items in case["outer_weights"].items()},
        [tuple(path.split(" -> ")) for path in case["paths"]],
    )


@pytest.fixture(scope="module")
def model(mobile):
    return csi_lib.pls_path_model(*mobile)


@pytest.fixture(scope="module")
def published(oracle, mobile):
    """The published bootstrap table in the order of our loadings and paths."""
    rows = oracle("ecsi_mobile_published")["rows"]
    number = {block: i + 1 for i, block in enumerate(mobile[1])}
    keys = [f"lam_{number[b]}_{i + 1}" for b, items in mobile[1].items() for i in range(len(items))]
    keys += [f"beta_{number[s]}_{number[t]}" for s, t in mobile[2]]
    table = pd.DataFrame([rows[k] for k in keys], columns=["estimate", "bias", "se", "low", "high"], dtype=float)
    return table[table["low"].notna()]  # the single item has no interval


def loadings_and_paths(boot, published):
    return pd.concat([boot.loadings, boot.paths], ignore_index=True).loc[published.index]


def test_published_standard_errors(model, published):
    ours = loadings_and_paths(model.bootstrap(5000, 1), published)
    assert (ours["se"] / published["se"] - 1).abs().max() < 0.1


def test_published_limits(model, published):
    """The published limits carry no acceleration (see `bootstrap`), so they are those of "bc"."""
    ours = loadings_and_paths(model.bootstrap(5000, 1, ci=0.9, ci_method="bc"), published)
    assert (ours["ci_low"] - published["low"]).abs().max() < 0.03
    assert (ours["ci_high"] - published["high"]).abs().max() < 0.03


def test_bca_follows_the_published_limits_but_for_skewed_loadings(model, published):
    ours = loadings_and_paths(model.bootstrap(5000, 1, ci=0.9, ci_method="bca"), published)
    assert (ours["ci_low"] - published["low"]).abs().lt(0.03).sum() >= len(published) - 2
    assert (ours["ci_high"] - published["high"]).abs().max() < 0.03


def test_seminr_bootstrap(mobile, reference):
    boot = csi_lib.pls_path_model(*mobile, scheme="path").bootstrap(4000, 7)
    ref = reference["seminr_bootstrap1000"]
    for frame, name, key in (
        (boot.paths, "paths", ["source", "target"]),
        (boot.htmt, "htmt", ["block", "other"]),
    ):
        for arrow, row in ref[name].items():
            ours = frame.set_index(key).loc[tuple(arrow.split("  ->  "))]
            assert ours["se"] == pytest.approx(row["Bootstrap SD"], rel=0.1)
            assert ours["ci_low"] == pytest.approx(row["2.5% CI"], abs=0.3 * row["Bootstrap SD"])
            assert ours["ci_high"] == pytest.approx(row["97.5% CI"], abs=0.3 * row["Bootstrap SD"])


def test_index_standard_error_contains_the_weights(mobile, reference):
    """Against 500 bootstrap samples of seminr in which weights were estimated anew."""
    model = csi_lib.pls_path_model(*mobile, scheme="path")
    boot = model.bootstrap(4000, 7).index.set_index("block")["se"]
    for block, se in reference["index_bootstrap500"]["se"].items():
        assert boot[block] == pytest.approx(se, rel=0.1)
        assert model.index.set_index("block")["se"][block] == pytest.approx(se, rel=0.1)


@pytest.mark.parametrize("ci_method", ["percentile", "bc", "bca"])
def test_bootstrap_is_reproducible_and_tidy(model, ci_method):
    first, again = model.bootstrap(200, 5, ci_method=ci_method), model.bootstrap(200, 5, ci_method=ci_method)
    other = model.bootstrap(200, 6, ci_method=ci_method)
    for name in ("paths", "loadings", "weights", "r_squared", "index", "htmt", "effects", "reliability"):
        frame = getattr(first, name)
        pd.testing.assert_frame_equal(frame, getattr(again, name))
        assert frame.notna().all().all()
        assert (frame["ci_low"] <= frame["ci_high"]).all()
    assert not np.allclose(first.paths["se"], other.paths["se"])
    single = first.loadings.query("item == 'CUSCO'").iloc[0]
    assert (single["ci_low"], single["ci_high"]) == pytest.approx((1, 1))


def test_replicates_agree_with_a_plain_refit(mobile, model):
    """One resample, drawn by hand, through the ordinary function."""
    data, blocks, paths = mobile
    rng = np.random.default_rng(9)
    drawn = rng.integers(0, 250, 250)
    counts = np.bincount(drawn, minlength=250)
    refit = csi_lib.pls_path_model(data.iloc[drawn].reset_index(drop=True), blocks, paths, scale=(1, 10))
    for kind in ("paths", "weights", "index", "htmt"):
        ours = model.replicate(counts[:, None], kind).iloc[0]
        assert np.allclose(ours, refit.values[kind][0], atol=1e-9)


def test_mean_imputation_is_repeated_in_every_resample(mobile):
    data, blocks, paths = mobile
    holes = data.mask(np.random.default_rng(5).random(data.shape) < 0.05)
    drawn = np.random.default_rng(9).integers(0, 250, 250)
    model = csi_lib.pls_path_model(holes, blocks, paths, missing="mean")
    again = holes.iloc[drawn].reset_index(drop=True)
    refit = csi_lib.pls_path_model(again.fillna(again.mean()), blocks, paths, scale=(1, 10))
    ours = model.replicate(np.bincount(drawn, minlength=250)[:, None], "index").iloc[0]
    assert np.allclose(ours, refit.values["index"][0], atol=1e-9)


@pytest.mark.parametrize("kind", ["index", "paths", "loadings", "r_squared", "htmt", "total"])
def test_influence_is_the_jackknife(model, kind):
    z = model.influence(kind).to_numpy()
    left_out = np.ones((250, 250)) - np.eye(250)
    estimates = model.replicate(left_out, kind).to_numpy()
    jackknife = 249 * (estimates.mean(axis=0) - estimates)
    moves = z.std(axis=0) > 1e-8
    for column in np.flatnonzero(moves):
        assert np.corrcoef(z[:, column], jackknife[:, column])[0, 1] > 0.99
    assert np.allclose(z.std(axis=0)[moves], jackknife.std(axis=0)[moves], rtol=0.1)
    assert np.abs(z.mean(axis=0)).max() < 1e-8


@pytest.mark.parametrize("missing", ["listwise", "mean"])
def test_influence_is_the_derivative_by_a_row_weight(mobile, missing):
    data, blocks, paths = mobile
    rng = np.random.default_rng(5)
    if missing == "mean":
        data = data.mask(rng.random(data.shape) < 0.05)
    w = rng.uniform(0.5, 2, 250)
    model = csi_lib.pls_path_model(data, blocks, paths, weights=w, missing=missing)
    for kind in ("index", "paths"):
        z = model.influence(kind).to_numpy()
        row, step = 17, 1e-4
        weights = np.repeat(model.rows.weights[:, None], 2, axis=1)
        weights[row] += [step, -step]
        up, down = model.replicate(weights, kind).to_numpy()
        assert np.allclose((up - down) / (2 * step), z[row] / 250, atol=1e-7)


def test_influence_gives_the_standard_error_of_a_weighted_mean():
    """With equal weights of a block the index is a mean, whose linearised variance is known."""
    rng = np.random.default_rng(2)
    data = pd.DataFrame(rng.integers(1, 6, (80, 2)), columns=["x", "y"])
    w = rng.uniform(0.5, 2, 80)
    model = csi_lib.pls_path_model(data, {"X": ["x"], "Y": ["y"]}, [("X", "Y")], weights=w, scale=(1, 5))
    points = (data["x"] - 1) * 25
    mean = np.average(points, weights=w)
    se = np.sqrt(80 / 79 * ((w / w.sum() * (points - mean)) ** 2).sum())
    assert model.index["estimate"][0] == pytest.approx(mean, abs=1e-10)
    assert model.index["se"][0] == pytest.approx(se, rel=1e-8)


def test_groups_against_plspm(shared, reference):
    case = reference["plspm_satisfaction"]["A_path"]
    blocks = {}
    for key in case["outer_weights"]:
        block, item = key.split(".")
        blocks.setdefault(block, []).append(item)
    data = pd.read_csv(shared / "data/ecsi_bank/satisfaction.csv")
    model = csi_lib.pls_path_model(data, blocks, [tuple(p.split(" -> ")) for p in case["paths"]], scheme="path")
    result = model.compare(data["gender"], n_boot=1000, seed=3)
    ref = reference["plspm_satisfaction_groups"]
    for row in result.paths.itertuples():
        theirs = ref[f"{row.source}->{row.target}"]
        assert abs(row.difference) == pytest.approx(float(theirs["diff.abs"]), abs=6e-5)
        assert row.estimate_group == pytest.approx(float(theirs["group.female"]), abs=6e-5)
        p = float(theirs["p.value"])  # two Monte Carlo p-values, 500 and 1000 permutations
        assert row.p_value == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) * (1 / 500 + 1 / 1000)) + 0.005)


def test_permutation_keeps_its_level():
    """Under the null about 5 % of p-values fall below .05: 240 statistics of 60 data sets."""
    rng = np.random.default_rng(8)
    p = []
    for seed in range(60):
        f = rng.normal(size=(60, 1))
        data = pd.DataFrame(f + rng.normal(size=(60, 4)), columns=list("abcd"))
        model = csi_lib.pls_path_model(data, {"X": ["a", "b"], "Y": ["c", "d"]}, [("X", "Y")])
        result = model.compare(rng.permutation(np.repeat(["u", "v"], 30)), n_boot=99, seed=seed)
        p += [result.paths["p_value"].item()]
    assert 0 <= np.mean(np.array(p) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 60)
    assert 0.35 < np.mean(p) < 0.65


def test_holm_over_pairs_of_three_groups(model):
    groups = np.array(["a", "b", "c"])[np.arange(250) % 3]
    table = model.compare(groups, n_boot=99, seed=1).paths
    assert len(table) == 3 * 12
    for _, rows in table.groupby(["source", "target"]):
        ranked = np.sort(rows["p_value"].to_numpy()) * [3, 2, 1]
        assert np.allclose(np.sort(rows["p_adjusted"]), np.minimum(1, np.maximum.accumulate(ranked)))
