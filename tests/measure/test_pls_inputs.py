"""What a path model refuses, and in which words; what it accepts though it looks odd."""

import numpy as np
import pandas as pd
import pytest

import csi_lib
from csi_lib import InputError, MeasureWarning

BLOCKS = {"X": ["x1", "x2", "x3"], "M": ["m1", "m2"], "Y": ["y1", "y2", "y3"]}
PATHS = [("X", "M"), ("M", "Y"), ("X", "Y")]


def sample(n=120, seed=0):
    rng = np.random.default_rng(seed)
    f = rng.normal(size=n)
    g = 0.6 * f + rng.normal(size=n)
    h = 0.5 * g + 0.3 * f + rng.normal(size=n)
    parts = [("x", f, 3), ("m", g, 2), ("y", h, 3)]
    return pd.DataFrame(
        {
            f"{p}{i + 1}": np.clip(np.round(5.5 + 1.5 * (v + rng.normal(size=n))), 1, 10)
            for p, v, k in parts
            for i in range(k)
        }
    )


def refused(match, data=None, blocks=BLOCKS, paths=PATHS, **options):
    with pytest.raises(InputError, match=match):
        csi_lib.pls_path_model(sample() if data is None else data, blocks, paths, **options)


@pytest.mark.parametrize(
    ("match", "paths"),
    [
        ("circle.*X.*M.*Y", [("X", "M"), ("M", "Y"), ("Y", "X")]),
        ("no items.*'Z'", [("X", "Z"), ("X", "M"), ("M", "Y")]),
        ("without any path.*Y", [("X", "M")]),
        ("listed twice.*X -> M", [("X", "M"), ("X", "M"), ("M", "Y")]),
        ("circle.*X -> X", [("X", "X"), ("M", "Y")]),
        ("pairs", []),
        ("pairs", [("X", "M", "Y")]),
    ],
)
def test_structures(match, paths):
    refused(match, paths=paths)


def test_a_misspelt_block_is_recognised():
    refused("Did you mean 'Quality'", blocks={"Quality": ["x1", "x2"], "Y": ["y1"]}, paths=[("Qualty", "Y")])


@pytest.mark.parametrize(
    ("match", "blocks"),
    [
        ("not a column.*yy1.*Did you mean 'y1'", {**BLOCKS, "Y": ["y1", "yy1"]}),
        ("without items", {**BLOCKS, "Y": []}),
        ("twice.*x1", {**BLOCKS, "X": ["x1", "x1"]}),
        ("items of each block", ["x1"]),
    ],
)
def test_blocks(match, blocks):
    refused(match, blocks=blocks)


@pytest.mark.parametrize(
    ("match", "options"),
    [
        ("unknown mode.*C", {"modes": "C"}),
        ("unknown block.*Z", {"modes": {"Z": "B"}}),
        ("one mode per block", {"modes": ["A", "B"]}),
        ("weighting scheme.*'mean'", {"scheme": "mean"}),
        ("standardised items", {"scaled": False, "consistent": True}),
        ("mode A can be corrected", {"modes": "B", "consistent": ["X"]}),
        ("unknown block.*Q", {"consistent": ["Q"]}),
        ("rule for missing", {"missing": "zero"}),
        ("form of index", {"index_form": "acsi"}),
        ("low below high", {"scale": (10, 1)}),
        ("answer scale for an item", {"scale": {"X": (1, 10)}}),
        ("all weights are zero", {"weights": np.zeros(120)}),
        ("weight is negative", {"weights": np.r_[-1.0, np.ones(119)]}),
        ("missing or infinite", {"weights": np.r_[np.nan, np.ones(119)]}),
        ("one value per row", {"weights": np.ones(3)}),
        ("no column 'w'", {"weights": "w"}),
        ("did not settle in 2 iterations", {"max_iterations": 2}),
    ],
)
def test_options(match, options):
    refused(match, **options)


def test_data():
    data = sample()
    refused("same answer.*y2", data.assign(y2=7))
    refused("infinite.*x1", data.assign(x1=data["x1"].replace(1.0, np.inf).where(data.index > 0, np.inf)))
    refused("m1.*text", data.assign(m1="good"))
    refused("only 0 usable rows, 120 left out", data.assign(m1=np.nan))
    refused(
        "fewer rows than a regression",
        pd.DataFrame(np.eye(3, 8) + np.arange(24).reshape(3, 8), columns=data.columns),
    )
    doubled = pd.concat([data, data[["x1"]]], axis=1)
    refused("same name.*x1", doubled)


def test_exact_dependence():
    data = sample()
    data["x4"] = data["x1"] + data["x2"]
    blocks = {**BLOCKS, "X": ["x1", "x2", "x3", "x4"]}
    refused("mode B.*determine each other exactly.*x1, x2, x4", data, blocks, modes={"X": "B"})
    assert np.isfinite(csi_lib.pls_path_model(data, blocks, PATHS).paths["estimate"]).all()  # mode A can
    same = {"X": ["x1"], "M": ["z1"], "Y": ["y1"]}
    refused("determine each other exactly.*X, M", data.assign(z1=2 * data["x1"]), same, [("X", "Y"), ("M", "Y")])


def test_perfectly_correlated_items_are_pointed_out():
    data = sample()
    data["x2"] = data["x1"]
    with pytest.warns(MeasureWarning, match="x1 and x2 of block X correlate perfectly"):
        model = csi_lib.pls_path_model(data, BLOCKS, PATHS)
    assert np.isinf(model.item_vif.set_index("item")["estimate"]["x1"])


def test_fewer_rows_than_items():
    with pytest.warns(MeasureWarning, match="8 rows for 8 items"):
        model = csi_lib.pls_path_model(sample(8), BLOCKS, PATHS)
    assert np.isfinite(model.paths["estimate"]).all()


def test_single_items_make_a_path_analysis():
    """With one item per block the paths are ordinary standardised regressions."""
    data = sample()
    model = csi_lib.pls_path_model(data, {"X": ["x1"], "M": ["m1"], "Y": "y1"}, PATHS)
    z = (data - data.mean()) / data.std()
    direct, through = np.linalg.lstsq(z[["x1", "m1"]], z["y1"], rcond=None)[0]
    paths = model.paths.set_index(["source", "target"])["estimate"]
    assert paths["X", "Y"] == pytest.approx(direct, abs=1e-12)
    assert paths["M", "Y"] == pytest.approx(through, abs=1e-12)
    assert paths["X", "M"] == pytest.approx(data["x1"].corr(data["m1"]), abs=1e-12)
    effect = model.effects.set_index(["source", "target"])
    assert effect["indirect"]["X", "Y"] == pytest.approx(paths["X", "M"] * through, abs=1e-12)
    assert (model.reliability[["alpha", "rho_a", "rho_c", "ave"]] == 1).all().all()


def test_a_scale_that_cannot_be_read_off_is_asked_for():
    data = sample() / 3
    model = csi_lib.pls_path_model(data, BLOCKS, PATHS)  # the paths need none
    with pytest.raises(InputError, match=r"scale=\(1, 10\)"):
        model.index  # noqa: B018
    assert model.bootstrap(20).index is None
    by_block = csi_lib.pls_path_model(data, BLOCKS, PATHS, scale=dict.fromkeys(BLOCKS, (0, 10 / 3))).index
    assert by_block["estimate"].between(0, 100).all()


def test_an_answer_outside_the_scale_is_pointed_out():
    with pytest.warns(MeasureWarning, match="outside the scale 1 to 5"):
        csi_lib.pls_path_model(sample(), BLOCKS, PATHS, scale=(1, 5))


def test_a_negative_weight_is_pointed_out():
    data = sample()
    data["x3"] = 11 - data["x3"]
    with pytest.warns(MeasureWarning, match="x3 of block X has a negative weight"):
        csi_lib.pls_path_model(data, BLOCKS, PATHS).index_weights  # noqa: B018


def test_consistent_solutions_out_of_bounds():
    """Two blocks of the same construct: corrected for unreliability they correlate above 1."""
    rng = np.random.default_rng(0)
    f = rng.normal(size=(100, 1))
    data = pd.DataFrame(f + 1.3 * rng.normal(size=(100, 6)), columns=list("abcdef"))
    blocks = {"P": list("abc"), "Q": list("def")}
    with pytest.warns(MeasureWarning, match="correlation of P and Q above 1 .*Heywood"):
        csi_lib.pls_path_model(data, blocks, [("P", "Q")], consistent=True)


def test_a_block_that_cannot_be_corrected():
    """Two items that cause the outcome but go against each other are no common factor."""
    a, e, u = np.random.default_rng(1).normal(size=(3, 300))
    b = -0.5 * a + e
    data = pd.DataFrame({"a": a, "b": b, "y": a + b + u})
    blocks = {"P": ["a", "b"], "Y": ["y"]}
    with pytest.raises(InputError, match=r"ρ_A is not positive.*P"):
        csi_lib.pls_path_model(data, blocks, [("P", "Y")], consistent=True)
    assert csi_lib.pls_path_model(data, blocks, [("P", "Y")]).paths["estimate"].item() > 0.5


def test_resamples_that_cannot_be_estimated_are_counted():
    data = sample(40)
    data["rare"] = 0.0
    data.loc[:1, "rare"] = 1.0  # constant in about e^-2 of the resamples
    model = csi_lib.pls_path_model(data, {"X": ["rare"], "Y": ["y1", "y2"]}, [("X", "Y")], scale=(0, 10))
    with pytest.warns(MeasureWarning, match="of 500 resamples could not be estimated"):
        boot = model.bootstrap(500, 1)
    assert boot.n == pytest.approx(500 * (1 - (1 - 2 / 40) ** 40), abs=40)
    assert boot.paths.notna().all().all()


def test_what_the_bootstrap_and_comparison_refuse():
    model = csi_lib.pls_path_model(sample(), BLOCKS, PATHS)
    for match, call in {
        "kind of interval": lambda: model.bootstrap(10, ci_method="normal"),
        "confidence level": lambda: model.bootstrap(10, ci=95),
        "too few resamples": lambda: model.bootstrap(1),
        "at least two groups": lambda: model.compare(["a"] * 120),
        "too few rows": lambda: model.compare(["a"] * 118 + ["b"] * 2),
        "one group label per row": lambda: model.compare(["a", "b"]),
        "kind of statistic": lambda: model.influence("slopes"),
        "one row per row used": lambda: model.replicate(np.ones((3, 2))),
        "replicate weight is missing": lambda: model.replicate(np.full((120, 1), np.nan)),
    }.items():
        with pytest.raises(InputError, match=match):
            call()


def test_an_undeclared_missing_code_is_pointed_out(shared):
    data = pd.read_csv(shared / "data/corporate_reputation/corp_rep_data.csv")
    blocks = {"Competence": ["comp_1", "comp_2", "comp_3"], "Loyalty": ["cusl_1", "cusl_2", "cusl_3"]}
    with pytest.warns(MeasureWarning, match="holds -99 while all other answers lie from 1 to 7"):
        csi_lib.pls_path_model(data, blocks, [("Competence", "Loyalty")])


def test_labels_and_weights_follow_their_index():
    data = sample()
    data.index = data.index[::-1] + 1000
    model = csi_lib.pls_path_model(data, BLOCKS, PATHS)
    groups = pd.Series(np.where(data["x1"] > 5, "high", "low"), index=data.index)
    shuffled = model.compare(groups.sample(frac=1, random_state=1), n_boot=19, seed=1).paths
    pd.testing.assert_frame_equal(shuffled, model.compare(groups, n_boot=19, seed=1).paths)
    weights = pd.Series(np.arange(1.0, 121.0), index=data.index)
    turned = csi_lib.pls_path_model(data, BLOCKS, PATHS, weights=weights[::-1])
    straight = csi_lib.pls_path_model(data, BLOCKS, PATHS, weights=weights.to_numpy())
    assert np.allclose(turned.paths["estimate"], straight.paths["estimate"])
    with pytest.raises(InputError, match="does not name every row"):
        model.compare(groups.iloc[:50], n_boot=19)


def test_nothing_left_to_explain():
    """A block made of the same items as its predictors is explained fully: f² is infinite, not an error."""
    data = sample()
    blocks = {"X": ["x1"], "M": ["m1"], "Whole": ["x1", "m1"]}
    model = csi_lib.pls_path_model(data, blocks, [("X", "Whole"), ("M", "Whole")])
    assert model.r_squared["estimate"].item() == pytest.approx(1)
    assert (model.f_squared["estimate"] > 1e6).all()


def test_a_model_may_be_written_in_many_ways():
    """lavaan's text, a mapping of outcomes to predictors, seminr's from and to: one model."""
    data = sample()
    wanted = csi_lib.pls_path_model(data, BLOCKS, PATHS).paths
    text = "\n".join(f"{block} =~ {' + '.join(items)}" for block, items in BLOCKS.items())
    paths = "; ".join(f"{target} ~ {source}" for source, target in PATHS)
    outcomes = {target: [s for s, t in PATHS if t == target] for _, target in PATHS}
    seminr = [{"from": [s for s, t in PATHS if t == target], "to": target} for target in outcomes]
    for measurement, structure in (
        (f"{text}  # the blocks\n{paths}", None),
        (text, paths),
        (BLOCKS, paths),
        (BLOCKS, outcomes),
        (BLOCKS, seminr),
        (text, PATHS),
    ):
        found = csi_lib.pls_path_model(data, measurement, structure).paths
        both = [f.sort_values(["source", "target"], ignore_index=True) for f in (found, wanted)]
        pd.testing.assert_frame_equal(*both)
    formative = text.replace("=~", "<~", 1)
    first = next(iter(BLOCKS))
    by_mode = csi_lib.pls_path_model(data, BLOCKS, PATHS, modes={first: "B"}).weights
    pd.testing.assert_frame_equal(csi_lib.pls_path_model(data, formative, PATHS).weights, by_mode)
    for model, words in (
        ("X = a + b", "line 1"),
        (f"{text}\nX ~", "cannot be read"),
        ("X =~ x1 + 2*x2", "cannot be read"),
    ):
        with pytest.raises(InputError, match=words):
            csi_lib.pls_path_model(data, model, PATHS)
