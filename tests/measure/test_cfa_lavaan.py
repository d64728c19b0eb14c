"""CFA against lavaan: many kinds of model, on Holzinger-Swineford and bfi (values: oracles/cfa_lavaan.R)."""

import numpy as np
import pandas as pd
import pytest

import csi_lib

HS = "visual =~ x1+x2+x3\ntextual =~ x4+x5+x6\nspeed =~ x7+x8+x9"
TWO = "A =~ A1+A2+A3+A4+A5\nN =~ N1+N2+N3+N4+N5"
ITEMS = [f"{f}{k}" for f in "AN" for k in range(1, 6)]
LABELS = """visual =~ x1 + a*x2 + a*x3
textual =~ x4 + x5 + 0.9*x6    # one loading fixed
speed =~ NA*x7 + x8 + x9; speed ~~ 1*speed
visual ~~ 0*speed"""
WLSMV = {"estimator": "WLSMV"}
SCHOOL = {"group": "school"}
GENDER = {"group": "gender", "estimator": "WLSMV"}
CASES = {
    "HS_second": ("hs", HS + "\ng =~ visual + textual + speed", {}),
    "HS_orth": ("hs", HS, {"orthogonal": True}),
    "HS_labels": ("hs", LABELS, {}),
    "HS_single": ("hs", "visual =~ x1+x2+x3\none =~ x4\nspeed =~ x7+x8+x9", {}),
    "HS_df0": ("hs", {"visual": ["x1", "x2", "x3"]}, {}),
    "HS_cross": ("hs", HS + "\nvisual =~ x9", {}),
    "HS_wishart": ("hs", HS, SCHOOL | {"likelihood": "wishart"}),
    "HS_FIML": ("hs_missing", HS, {"missing": "fiml"}),
    "HS_FIML_MLR": ("hs_missing", HS, {"missing": "fiml", "estimator": "MLR"}),
    "HS_FIML_g": ("hs_missing", HS, SCHOOL | {"missing": "fiml", "equal": ["loadings", "intercepts"]}),
    "HS_FIML_MLR_g": ("hs_missing", HS, SCHOOL | {"missing": "fiml", "estimator": "MLR",
                                                  "equal": ["loadings"]}),
    "HS_gstd_scalar": ("hs", HS, SCHOOL | {"std_lv": True, "equal": ["loadings", "intercepts"]}),
    "HS_gMLR_metric": ("hs", HS, SCHOOL | {"estimator": "MLR", "equal": ["loadings"]}),
    "HS_partial": ("hs", HS, SCHOOL | {"equal": ["loadings", "intercepts"],
                                       "partial": ["x3 ~ 1", "x7~1", "visual =~ x2"]}),
    "HS_full": ("hs", HS, SCHOOL | {"equal": ["loadings", "intercepts", "residuals", "factor_variances",
                                              "factor_covariances", "factor_means"]}),
    "HS_w": ("hs", HS, {"weights": "w"}),
    "HS_w_g": ("hs", HS, SCHOOL | {"weights": "w", "equal": ["loadings"]}),
    "bfi_W": ("bfi", TWO, WLSMV),
    "bfi_W_theta": ("bfi", TWO, {"ordered": True, "parameterization": "theta"}),
    "bfi_W_stdlv": ("bfi", TWO, {"ordered": ITEMS, "std_lv": True}),
    "bfi_DWLS": ("bfi", TWO, {"estimator": "DWLS"}),
    "bfi_Wg_metric": ("bfi", TWO, GENDER | {"equal": ["loadings"]}),
    "bfi_Wg_scalar": ("bfi", TWO, GENDER | {"equal": ["loadings", "thresholds"]}),
    "bfi_Wgt_full": ("bfi", TWO, GENDER | {"equal": ["loadings", "thresholds", "intercepts"],
                                           "parameterization": "theta"}),
    "bin_W": ("binary", TWO, WLSMV),
    "bin_Wg_scalar": ("binary", TWO, GENDER | {"equal": ["loadings", "thresholds"]}),
    "bfi_Ww": ("bfi", TWO, WLSMV | {"weights": "w"}),
}  # fmt: skip
FIT = {"pvalue": "p_value", "rmsea.pvalue": "rmsea_p_close", "chisq.scaling.factor": "scaling_factor",
       "rmsea.ci.lower": "rmsea_ci_low", "rmsea.ci.upper": "rmsea_ci_high"}  # fmt: skip


@pytest.fixture(scope="module")
def data(shared):
    folder = shared / "data" / "statistics"
    hs = pd.read_csv(folder / "lavaan_HolzingerSwineford1939.csv")
    row = np.arange(1, len(hs) + 1)
    missing = hs.copy()
    for j in range(1, 10):
        missing.loc[(row * (j + 2) + 3 * j) % 11 == 0, f"x{j}"] = np.nan
    bfi = pd.read_csv(folder / "psych_bfi.csv", index_col=0)
    bfi["A1"] = 7 - bfi["A1"]
    bfi = bfi[bfi[bfi.columns[:25]].notna().all(axis=1) & bfi.gender.notna()]
    bfi = bfi.assign(w=0.5 + (np.arange(1, len(bfi) + 1) % 7) / 4)
    binary = bfi.copy()
    binary[ITEMS] = (binary[ITEMS] > 3).astype(int)
    return {"hs": hs.assign(w=0.5 + (row % 7) / 4), "hs_missing": missing, "bfi": bfi, "binary": binary}


@pytest.mark.parametrize("case", CASES)
def test_lavaan(data, oracle, case):
    frame, model, options = CASES[case]
    expected = oracle("cfa_lavaan")["cases"][case]
    result = csi_lib.cfa(data[frame], model, **options)
    several = len(result.groups) > 1
    for name, value in expected["fit"].items():
        ours = FIT.get(name, name.replace(".", "_"))
        if ours == "npar":  # lavaan counts parameters that are equal over groups once per group
            continue
        if several and options.get("estimator") == "WLSMV" and ours in ("cfi_robust", "tli_robust"):
            continue  # chosen differently, see csi_lib.measure.cfa_corrections
        # lavaan's limits of RMSEA are rough; its EM for the robust indices with missing values stops early
        close = 3e-5 if ours.startswith("rmsea_ci") or "FIML" in case else 3e-6
        assert result.fit[ours] == pytest.approx(value, rel=close, abs=2e-7), name
    group = {label: k + 1 for k, label in enumerate(result.groups)}
    rows = {}
    for row in result.parameters.itertuples():
        rows[f"{group[row.group]} {row.left} {row.operator} {row.right}"] = row
        rows.setdefault(f"{group[row.group]} {row.right} {row.operator} {row.left}", row)
    for theirs, ours in (
        ("par", "estimate"),
        ("se", "se"),
        ("std", "standardized"),
        ("std_se", "standardized_se"),
    ):
        for key, value in expected[theirs].items():
            if value is not None:
                assert getattr(rows[key], ours) == pytest.approx(value, rel=5e-5, abs=2e-5), (theirs, key)


def test_small_samples(data, oracle):
    """Forty samples of 20 to 60 people, some with Heywood cases: the same minimum as lavaan's."""
    for k, chisq in enumerate(oracle("cfa_lavaan")["small"].values(), start=1):
        rows = pd.unique((np.arange(25 + k) * 7 * k) % 301)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("warnings.warn", lambda *a, **k: None)
            assert csi_lib.cfa(data["hs"].iloc[rows], HS).fit.chisq == pytest.approx(chisq, rel=1e-6), k


def test_missing_in_a_reputation_study(shared, oracle):
    frame = pd.read_csv(shared / "data/corporate_reputation/corp_rep_data.csv").replace(-99, np.nan)
    blocks = {"COMP": 3, "LIKE": 3, "CUSL": 3, "CSOR": 5}
    model = {name: [f"{name.lower()}_{k}" for k in range(1, n + 1)] for name, n in blocks.items()}
    model["CUSA"] = ["cusa"]
    for missing in ("listwise", "fiml"):
        result = csi_lib.cfa(frame, model, missing=missing)
        for name, value in oracle("cfa_lavaan")["corporate"][f"corp_{missing}"].items():
            assert result.fit[name] == pytest.approx(value, rel=1e-6), (missing, name)
    robust = csi_lib.cfa(frame, model, missing="fiml", estimator="MLR").fit
    for name, value in oracle("cfa_lavaan")["corporate"]["corp_mlr"].items():
        assert robust[name.replace(".", "_")] == pytest.approx(value, rel=1e-6), name


def test_modification_indices(data, oracle):
    expected = oracle("cfa_lavaan")["modification_indices"]
    found = csi_lib.cfa(data["hs"], HS).modification_indices
    assert list(found.mi.head(20)) == pytest.approx(expected["mi"], rel=1e-4)
    assert list(found.expected_change.head(20)) == pytest.approx(expected["epc"], rel=1e-4, abs=1e-5)
    assert f"{found.left[0]} {found.operator[0]} {found.right[0]}" == expected["key"][0]


@pytest.mark.parametrize("estimator", ["ML", "MLR", "WLSMV"])
def test_differences_between_levels_of_invariance(data, oracle, estimator):
    expected = oracle("cfa_lavaan")["difference"][estimator]
    table = csi_lib.invariance(data["bfi"], TWO, "gender", estimator=estimator).table
    assert list(table.delta_chisq[1:]) == pytest.approx(expected["chisq"][1:], rel=1e-5)
    assert list(table.delta_df[1:]) == expected["df"][1:]
    assert list(table.delta_p_value[1:]) == pytest.approx(expected["p"][1:], rel=1e-4)
