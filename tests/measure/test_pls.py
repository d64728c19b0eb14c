"""Path models against seminr, plspm, semPLS and the published ECSI estimates."""

import numpy as np
import pandas as pd
import pytest

import csi_lib

PAIRS = [
    ("composite_A_path", {"scheme": "path"}),
    ("composite_A_factorial", {"scheme": "factorial"}),
    ("composite_B_path", {"scheme": "path", "modes": "B"}),
    ("PLSc_reflective_path", {"scheme": "path", "consistent": True}),
    ("unit_weights", {"scheme": "path", "modes": "unit"}),
]
EXACT = 1e-8


@pytest.fixture(scope="module")
def reference(oracle):
    return oracle("pls")


@pytest.fixture(scope="module")
def mobile(shared, reference):
    """Data, blocks and paths of the ECSI mobile phone model."""
    case = reference["seminr_mobi"]["composite_A_path"]
    return (
        pd.read_csv(shared / "data/ecsi_mobile/semPLS__mobi.csv"),
        {block: list(items) for block, items in case["outer_weights"].items()},
        [tuple(path.split(" -> ")) for path in case["paths"]],
    )


@pytest.fixture(scope="module")
def bank(shared, reference):
    case = reference["plspm_satisfaction"]["A_path"]
    blocks = {}
    for key in case["outer_weights"]:
        block, item = key.split(".")
        blocks.setdefault(block, []).append(item)
    paths = [tuple(path.split(" -> ")) for path in case["paths"]]
    return pd.read_csv(shared / "data/ecsi_bank/satisfaction.csv"), blocks, paths


def by(frame, *key):
    return frame.set_index(list(key) if len(key) > 1 else key[0])


def near(actual, expected, tolerance=EXACT):
    """Every expected value is met within the absolute tolerance (relative above 1)."""
    for key, value in expected.items():
        assert actual[key] == pytest.approx(value, abs=tolerance, rel=tolerance), key


def pairs_of(nested):
    return {(a, b): v for a, inner in nested.items() for b, v in inner.items() if v is not None}


def arrows_of(flat):
    return {tuple(path.split(" -> ")): value for path, value in flat.items()}


@pytest.mark.parametrize(("case", "options"), PAIRS)
def test_seminr_estimates(mobile, reference, case, options):
    ref = reference["seminr_mobi"][case]
    model = csi_lib.pls_path_model(*mobile, **options)
    near(by(model.paths, "source", "target")["estimate"], arrows_of(ref["paths"]))
    near(by(model.weights, "block", "item")["estimate"], pairs_of(ref["outer_weights"]))
    near(by(model.loadings, "block", "item")["estimate"], pairs_of(ref["outer_loadings"]))
    r_squared = by(model.r_squared, "block")
    near(r_squared["estimate"], ref["r2"])
    near(r_squared["adjusted"], ref["adj_r2"])
    near(r_squared["aic"], ref["it_criteria"]["AIC"])
    near(r_squared["bic"], ref["it_criteria"]["BIC"])
    # seminr's scores have variance 1 with divisor n − 1
    for row, scores in ref["scores_first3"].items():
        near(model.scores.iloc[int(row) - 1] * np.sqrt(249 / 250), scores)


@pytest.mark.parametrize(("case", "options"), PAIRS)
def test_seminr_quality(mobile, reference, case, options):
    ref = reference["seminr_mobi"][case]
    model = csi_lib.pls_path_model(*mobile, **options)
    reliability = by(model.reliability, "block")
    for column, name in (("alpha", "alpha"), ("rho_c", "rhoC"), ("ave", "AVE"), ("rho_a", "rhoA")):
        near(reliability[column], {block: row[name] for block, row in ref["reliability"].items()})
    near(by(model.htmt, "other", "block")["estimate"], pairs_of(ref["htmt"]))
    near(by(model.item_vif, "block", "item")["estimate"], pairs_of(ref["vif_items"]))
    near(by(model.vif, "target", "source")["estimate"], pairs_of(ref["vif_antecedents"]))
    near(by(model.effects, "source", "target")["total"], arrows_of(ref["total_effects"]))
    f_squared = by(model.f_squared, "source", "target")["estimate"]
    near(f_squared, {arrow: ref["f2"][arrow[0]][arrow[1]] for arrow in f_squared.index})
    for (row, column), value in pairs_of(ref["fornell_larcker"]).items():
        assert model.fornell_larcker.loc[row, column] == pytest.approx(value, abs=EXACT)
    cross = by(model.cross_loadings, "item")
    for (item, block), value in pairs_of(ref["cross_loadings"]).items():
        assert cross.loc[item, block] == pytest.approx(value, abs=EXACT)


@pytest.mark.parametrize(("case", "options"), PAIRS)
def test_index_by_unstandardised_weights(mobile, reference, case, options):
    ref = reference["seminr_mobi"][case]["index_0_100"]
    model = csi_lib.pls_path_model(*mobile, **options)
    index = by(model.index, "block")
    near(index["estimate"], {block: row["index_mean"] for block, row in ref.items()})
    near(index["sd"], {block: row["index_sd"] for block, row in ref.items()})
    near(
        by(model.index_weights, "block", "item")["estimate"],
        {(b, i): w for b, row in ref.items() for i, w in row["norm_weights"].items()},
    )
    for block, row in ref.items():
        assert model.index_scores[block].head(5).tolist() == pytest.approx(row["first5"], abs=EXACT)
        assert model.index_scores[block].quantile(0.25) == pytest.approx(row["q25"], abs=EXACT)


def test_plspm_rescale_is_the_other_form_of_index(mobile, reference):
    ref = reference["plspm_mobi"]["A_path"]["rescaled_means"]
    model = csi_lib.pls_path_model(*mobile, scheme="path", index_form="plspm", scale=(1, 10))
    near(by(model.index, "block")["estimate"], {block: (mean - 1) / 9 * 100 for block, mean in ref.items()})


PLSPM = [("plspm_mobi", f"A_{s}", {"scheme": s}) for s in ("path", "factorial", "centroid")] + [
    *[("plspm_satisfaction", f"A_{s}", {"scheme": s}) for s in ("path", "factorial", "centroid")],
    ("plspm_satisfaction", "A_centroid_unscaled", {"scaled": False}),
    ("plspm_satisfaction", "A_path_unscaled", {"scheme": "path", "scaled": False}),
    ("plspm_satisfaction", "mixed_IMAG_B_path", {"scheme": "path", "modes": {"IMAG": "B"}}),
]


@pytest.mark.parametrize(("data", "case", "options"), PLSPM)
def test_plspm(request, reference, data, case, options):
    ref = reference[data][case]
    model = csi_lib.pls_path_model(*request.getfixturevalue("mobile" if "mobi" in data else "bank"), **options)
    near(by(model.paths, "source", "target")["estimate"], arrows_of(ref["paths"]))
    tables = {
        "outer_weights": by(model.weights, "block", "item")["estimate"],
        "loadings": by(model.loadings, "block", "item")["estimate"],
        "communality": by(model.communalities, "block", "item")["communality"],
        "redundancy": by(model.communalities, "block", "item")["redundancy"],
    }
    for name, table in tables.items():
        near(table, {tuple(key.split(".")): value for key, value in ref[name].items()})
    effects = by(model.effects, "source", "target")
    for row in ref["effects"].values():
        arrow = tuple(row["relationships"].split(" -> "))
        for column in ("direct", "indirect", "total"):
            assert effects[column].get(arrow, 0.0) == pytest.approx(row[column], abs=EXACT)
    reliability = by(model.reliability, "block")
    columns = {"C.alpha": "alpha", "DG.rho": "rho_dg", "eig.1st": "eigenvalue_1", "eig.2nd": "eigenvalue_2"}
    for block, row in ref["unidim"].items():
        if row["Mode"] == "A":
            near(reliability.loc[block], {ours: row[theirs] for theirs, ours in columns.items()})
    assert model.fit["gof"] == pytest.approx(ref["gof"], abs=EXACT)
    for row, scores in ref["scores_first3"].items():
        near(model.scores.iloc[int(row) - 1], scores)


@pytest.mark.parametrize("theirs", ["centroid", "factorial", "pathWeighting"])
def test_sempls(mobile, reference, theirs):
    ref = reference["semPLS_mobi"][theirs]
    model = csi_lib.pls_path_model(*mobile, scheme=theirs.removesuffix("Weighting"))
    near(by(model.paths, "source", "target")["estimate"], arrows_of(ref["path_coefficients"]))
    near(by(model.weights, "block", "item")["estimate"], pairs_of(ref["outer_weights"]))
    near(by(model.loadings, "block", "item")["estimate"], pairs_of(ref["outer_loadings"]))
    near(
        by(model.r_squared, "block")["estimate"],
        {b: v for b, v in zip(ref["r2names"], ref["r2"], strict=True) if v is not None},
    )
    assert model.fit["gof"] == pytest.approx(ref["gof"]["GoF"]["Value"], abs=EXACT)


def test_published_ecsi_estimates_to_six_decimals(mobile, oracle):
    published = oracle("ecsi_mobile_published")["rows"]
    model = csi_lib.pls_path_model(*mobile)
    number = {block: i + 1 for i, block in enumerate(mobile[1])}
    for source, target, estimate in model.paths.itertuples(index=False):
        assert round(estimate, 6) == round(published[f"beta_{number[source]}_{number[target]}"][0], 6)
    position = dict.fromkeys(number, 0)
    for block, _, estimate in model.loadings.itertuples(index=False):
        position[block] += 1
        assert round(estimate, 6) == round(published[f"lam_{number[block]}_{position[block]}"][0], 6)


@pytest.mark.parametrize("scheme", ["centroid", "factorial", "path"])
@pytest.mark.parametrize("modes", ["A", "B"])
def test_the_answer_is_a_fixed_point_of_wolds_iteration(bank, scheme, modes):
    """Independent of the batched code: scores, inner estimate and outer weights agree on the raw rows."""
    data, blocks, paths = bank
    model = csi_lib.pls_path_model(data, blocks, paths, scheme=scheme, modes=modes)
    items = [i for b in blocks.values() for i in b]
    x = (data[items] - data[items].mean()) / data[items].std(ddof=0)
    y = model.scores
    weights = by(model.weights, "block", "item")["estimate"]
    for block, own in blocks.items():
        before = [s for s, t in paths if t == block]
        after = [t for s, t in paths if s == block]
        r = y.corr()[block]
        if scheme == "centroid":
            inner = sum(np.sign(r[other]) * y[other] for other in before + after)
        else:
            inner = sum(r[other] * y[other] for other in after)
            slope = np.linalg.lstsq(y[before], y[block], rcond=None)[0] if scheme == "path" else r[before]
            inner = inner + y[before].to_numpy() @ np.asarray(slope)
        w = x[own].T @ inner if modes == "A" else np.linalg.lstsq(x[own], inner, rcond=None)[0]
        w = np.asarray(w) / (x[own] @ np.asarray(w)).std(ddof=0)
        assert np.allclose(w, weights[block], atol=1e-9)


def test_known_paths_are_recovered():
    """PLSc is consistent: a simulated factor model with path .6 and .3 comes back within sampling error."""
    rng = np.random.default_rng(11)
    n = 40_000
    a, b = rng.normal(size=(2, n))
    c = 0.6 * a + 0.3 * b + np.sqrt(1 - 0.45) * rng.normal(size=n)
    load = [0.9, 0.8, 0.7, 0.6]
    data = pd.DataFrame(
        {
            f"{name}{i}": w * f + np.sqrt(1 - w**2) * rng.normal(size=n)
            for name, f in (("a", a), ("b", b), ("c", c))
            for i, w in enumerate(load)
        }
    )
    blocks = {name: [f"{name}{i}" for i in range(4)] for name in "abc"}
    plain = csi_lib.pls_path_model(data, blocks, [("a", "c"), ("b", "c")])
    exact = csi_lib.pls_path_model(data, blocks, [("a", "c"), ("b", "c")], consistent=True)
    assert exact.paths["estimate"].tolist() == pytest.approx([0.6, 0.3], abs=0.02)
    assert exact.loadings["estimate"].tolist() == pytest.approx(load * 3, abs=0.02)
    assert exact.r_squared["estimate"].item() == pytest.approx(0.45, abs=0.02)
    assert (plain.paths["estimate"] < exact.paths["estimate"]).all()  # attenuation


def test_order_of_items_and_rows_does_not_matter(mobile):
    data, blocks, paths = mobile
    straight = csi_lib.pls_path_model(data, blocks, paths)
    turned = csi_lib.pls_path_model(
        data.sample(frac=1, random_state=1), {b: blocks[b][::-1] for b in list(blocks)[::-1]}, paths[::-1]
    )
    near(by(turned.paths, "source", "target")["estimate"], by(straight.paths, "source", "target")["estimate"])
    near(by(turned.index, "block")["estimate"], by(straight.index, "block")["estimate"])


def test_units_of_the_items_do_not_matter(mobile):
    data, blocks, paths = mobile
    straight = csi_lib.pls_path_model(data, blocks, paths)
    points = csi_lib.pls_path_model((data - 1) / 9 * 100, blocks, paths, scale=(0, 100))
    near(points.loadings["estimate"], straight.loadings["estimate"])
    near(points.index["estimate"], straight.index["estimate"])


def test_two_copies_of_half_weight_change_no_estimate(mobile):
    data, blocks, paths = mobile
    w = np.random.default_rng(3).uniform(0.5, 3, len(data))
    once = csi_lib.pls_path_model(data, blocks, paths, weights=w)
    twice = csi_lib.pls_path_model(pd.concat([data, data]), blocks, paths, weights=np.r_[w, w] / 2)
    for name in once.values:
        assert np.allclose(once.values[name], twice.values[name], atol=1e-10), name


def test_whole_weights_repeat_rows(mobile):
    data, blocks, paths = mobile
    w = np.random.default_rng(4).integers(0, 4, len(data))
    weighted = csi_lib.pls_path_model(data, blocks, paths, weights=w)
    repeated = csi_lib.pls_path_model(data.loc[data.index.repeat(w)], blocks, paths)
    near(weighted.paths["estimate"], repeated.paths["estimate"])
    near(weighted.index["estimate"], repeated.index["estimate"])


def test_missing_answers(mobile):
    data, blocks, paths = mobile
    holes = data.mask(np.random.default_rng(5).random(data.shape) < 0.02)
    listwise = csi_lib.pls_path_model(holes, blocks, paths)
    dropped = csi_lib.pls_path_model(holes.dropna(), blocks, paths)
    near(listwise.paths["estimate"], dropped.paths["estimate"])
    assert listwise.n == len(holes.dropna())
    assert listwise.n_dropped == 250 - listwise.n
    imputed = csi_lib.pls_path_model(holes, blocks, paths, missing="mean")
    filled = csi_lib.pls_path_model(holes.fillna(holes.mean()), blocks, paths, scale=(1, 10))
    near(imputed.paths["estimate"], filled.paths["estimate"])
    near(imputed.index["estimate"], filled.index["estimate"])


def test_a_block_points_the_way_of_the_sum_of_its_items(bank):
    data, blocks, paths = bank
    reversed_image = data.assign(**{item: 10 - data[item] for item in blocks["IMAG"]})
    model = csi_lib.pls_path_model(reversed_image, blocks, paths)
    for block, items in blocks.items():
        assert model.scores[block].corr(reversed_image[items].sum(axis=1)) > 0
    assert by(model.paths, "source", "target")["estimate"]["IMAG", "SAT"] < 0


def test_an_item_may_serve_two_blocks(mobile):
    """A higher-order block repeats its parts' items."""
    data, blocks, _ = mobile
    whole = {**{b: blocks[b] for b in ("Quality", "Value")}, "Offer": blocks["Quality"] + blocks["Value"]}
    model = csi_lib.pls_path_model(data, whole, [("Quality", "Offer"), ("Value", "Offer")])
    assert len(model.weights) == 18
    assert model.r_squared["estimate"].item() > 0.95
