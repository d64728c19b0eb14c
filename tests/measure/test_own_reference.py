"""Every statistic against R on data of our own (tests/oracles/own), so that any clone can tell."""

import hashlib
import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import csi_lib

OWN = Path(__file__).parents[1] / "oracles" / "own"
Q = [f"q{j}" for j in range(1, 10)]
MODEL = "A =~ q1+q2+q3\nB =~ q4+q5+q6\nC =~ q7+q8+q9"


def close(found, wanted, tolerance=1e-8):
    """Equal to `tolerance`, relative beyond 1."""
    wanted = list(wanted.values()) if isinstance(wanted, dict) else wanted
    found, wanted = np.asarray(found, float), np.asarray(wanted, float)
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)


@pytest.fixture(scope="module")
def r(oracle):
    return oracle("own/reference")


@pytest.fixture(scope="module")
def data():
    return {path.stem: pd.read_csv(path) for path in OWN.glob("*.csv")}


def test_the_data_are_those_that_the_script_makes():
    spec = importlib.util.spec_from_file_location("generate", OWN / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("ordinal", "missing", "small", "raters", "survey", "path"):
        made = getattr(module, name)().to_csv(index=False, lineterminator="\n").encode()
        assert hashlib.sha256(made).digest() == hashlib.sha256((OWN / f"{name}.csv").read_bytes()).digest(), name


def test_alpha(r, data):
    for case, items, missing in (
        ("ordinal", data["ordinal"][Q], "listwise"),
        ("listwise", data["missing"][Q], "listwise"),
        ("pairwise", data["missing"][Q], "pairwise"),
        ("small", data["small"][["x1", "x2", "x3", "x4"]], "listwise"),
    ):
        found, wanted = csi_lib.cronbach_alpha(items, missing=missing), r["alpha"][case]
        for name in ("alpha", "standardized", "average_r", "n", "ci_low", "ci_high"):
            if case == "pairwise" and name in ("standardized", "average_r"):
                continue  # psych 2.2.9 scales pairwise covariances by the items' variances, later ones correlate pairwise
            close(getattr(found, name), wanted[name])
        for name in ("r_corrected", "alpha_if_dropped", "mean"):
            close(found.item_statistics[name], wanted[name])
    weighted = csi_lib.cronbach_alpha(data["ordinal"][[*Q, "w"]], weights="w")
    close(weighted.alpha, r["alpha"]["weighted"])


def test_other_reliabilities(r, data):
    items = data["ordinal"][Q]
    omega = csi_lib.mcdonald_omega(items, factors=3)
    close([omega.omega, omega.hierarchical], [r["omega"]["total"], r["omega"]["hierarchical"]], 1e-5)
    guttman = csi_lib.guttman_lambda(items)
    close([guttman.lambda1, guttman.lambda2, guttman.lambda6], r["guttman"])
    half = csi_lib.split_half(items)
    close([half.r, half.spearman_brown, half.guttman], r["split_half"])
    close(csi_lib.ordinal_alpha(items).alpha, r["ordinal_alpha"], 1e-5)


def test_polychoric(r, data):
    close(csi_lib.polychoric(data["ordinal"][Q]).correlations, r["polychoric"]["ordinal"], 2e-5)
    close(csi_lib.polychoric(data["missing"][Q]).correlations, r["polychoric"]["listwise"], 2e-5)


def test_exploratory_factors(r, data):
    items = data["ordinal"][Q]
    found = csi_lib.kmo(items)
    close(found.overall, r["kmo"]["overall"])
    close(found.per_item["kmo"], r["kmo"]["items"])
    sphericity = csi_lib.bartlett_sphericity(items)
    close([sphericity.chi_square, sphericity.p_value], r["bartlett"])
    for name, method, rotation in (
        ("minres_oblimin", "minres", "oblimin"),
        ("ml_varimax", "ml", "varimax"),
        ("paf_none", "paf", "none"),
    ):
        found, wanted = csi_lib.efa(items, 3, method=method, rotation=rotation), r["efa"][name]
        close(found.communality, wanted["communality"], 1e-4)
        close(
            [found.rmsr, found.chi_square, found.tli, found.df],
            [wanted[k] for k in ("rmsr", "chi_square", "tli", "df")],
            1e-3,
        )
        theirs = np.array(wanted["loadings"])
        mine = found.loadings.to_numpy()
        order = [int(np.argmax(np.abs(mine.T @ theirs)[:, j])) for j in range(3)]
        close(mine[:, order], theirs, 1e-3)
    close(csi_lib.minimum_average_partial(items).averages["map"][1:6], r["map"]["map"])


CFA = {
    "ML": {}, "MLR": {"estimator": "MLR"}, "FIML": {"missing": "fiml"}, "listwise": {}, "WLSMV": {"ordered": True},
    "weighted": {"weights": "w"}, "wishart": {"likelihood": "wishart"}, "groups": {"group": "office"},
    "metric": {"group": "office", "equal": ["loadings"]}, "scalar": {"group": "office", "equal": ["loadings", "intercepts"]},
}  # fmt: skip
NAMES = {
    "npar": "n_parameters", "pvalue": "p_value", "chisq.scaled": "chisq_scaled", "pvalue.scaled": "p_value_scaled",
    "baseline.chisq": "baseline_chisq", "cfi.robust": "cfi_robust", "tli.robust": "tli_robust", "bic2": "sabic",
    "rmsea.ci.lower": "rmsea_ci_low", "rmsea.ci.upper": "rmsea_ci_high", "rmsea.robust": "rmsea_robust",
    "rmsea.scaled": "rmsea_scaled", "cfi.scaled": "cfi_scaled",
}  # fmt: skip


@pytest.mark.parametrize("case", CFA)
def test_confirmatory_factors(case, r, data):
    frame = data["missing" if case in ("FIML", "listwise") else "ordinal"]
    found, wanted = csi_lib.cfa(frame, MODEL, **CFA[case]), r["cfa"][case]
    tolerance = 1e-4 if case == "WLSMV" else 5e-6
    for name, value in wanted["fit"].items():
        if name in ("rmr_nomean", "cn_05", "cn_01") or value is None:
            continue
        close(found.fit[NAMES.get(name, name)], value, tolerance)
    for column, name in (
        ("estimate", "loadings"),
        ("se", "se"),
        ("standardized", "standardized"),
        ("standardized_se", "standardized_se"),
    ):
        close(found.loadings[column], wanted[name], 1e-4)


def test_a_perfect_fit_and_no_degrees_of_freedom():
    random = np.random.default_rng(1)
    t = random.normal(size=200)
    frame = pd.DataFrame({f"a{j}": t + random.normal(size=200) for j in range(3)})
    fit = csi_lib.cfa(frame, "F =~ a0 + a1 + a2").fit
    assert fit.df == 0
    assert (fit.gfi, fit.agfi, fit.nfi, fit.mfi) == pytest.approx((1, 1, 1, 1))
    assert np.isnan(fit.rfi)


def test_validity(r, data):
    fit, wanted = csi_lib.cfa(data["ordinal"], MODEL), r["validity"]
    close(csi_lib.composite_reliability(fit).by_factor, wanted["composite_reliability"], 1e-5)
    close(csi_lib.average_variance_extracted(fit).by_factor, wanted["ave"], 1e-5)
    close(fit.factor_correlations, wanted["factor_correlations"], 1e-5)
    low = np.tril_indices(3)
    for method in ("htmt", "htmt2"):
        close(
            csi_lib.htmt(data["ordinal"], MODEL, method=method).matrix.to_numpy()[low],
            np.array(wanted[method])[low],
            1e-6,
        )
    close(csi_lib.common_method(data["ordinal"][Q]).component_share, r["common_method"]["component_share"])
    close(csi_lib.vif(data["ordinal"][Q]).items["vif"], r["vif"])


def test_groups_criteria_and_retest(r, data):
    frame, wanted = data["ordinal"], r["known_groups"]
    two = csi_lib.known_groups(frame["q1"], frame["office"])
    close(
        [two.statistic, two.df2, two.p_value, two.ci_low, two.ci_high, two.effect],
        [wanted["statistic"], wanted["df"], wanted["p_value"], *wanted["ci"], wanted["hedges_g"]],
    )
    part = frame[frame["q2"] > 1]
    many = csi_lib.known_groups(part["q1"], part["q2"])
    close([many.statistic, many.df2, many.p_value], [wanted["welch_f"], wanted["welch_df2"], wanted["welch_p"]])
    small, wanted = data["small"], r["criterion"]
    row = csi_lib.criterion_correlations(small[["x3"]], small[["y"]]).correlations.iloc[0]
    close([row["r"], row["ci_low"], row["ci_high"], row["p_value"]], [wanted["r"], *wanted["ci"], wanted["p_value"]])
    ranks = csi_lib.criterion_correlations(small[["x3"]], small[["y"]], method="spearman").correlations
    close(ranks["r"].iloc[0], wanted["spearman"])
    raters, wanted = data["raters"], r["retest"]
    found = csi_lib.test_retest(raters["first"], raters["second"])
    close(
        [found.r, found.ci_low, found.ci_high, found.icc, found.sem],
        [wanted["r"], *wanted["ci"], wanted["icc2"], wanted["sem"]],
    )


def test_known_groups_and_importance_agree_with_pingouin(data):
    """The client's package, unweighted: Welch's tests, Hedges's g, partial correlation."""
    pingouin = pytest.importorskip("pingouin")
    frame = data["ordinal"]
    north, south = (frame.loc[frame["office"] == o, "q1"] for o in ("north", "south"))
    two = csi_lib.known_groups(frame["q1"], frame["office"])
    test = pingouin.ttest(north, south, correction=True).iloc[0]
    close([two.statistic, two.df2], [test["T"], test["dof"]], 1e-8)
    close(
        two.effect, pingouin.compute_effsize(north, south, eftype="hedges"), 1e-3
    )  # its factor J is the approximate one
    many = csi_lib.known_groups(frame["q1"], frame["q4"])
    welch = pingouin.welch_anova(frame, dv="q1", between="q4").iloc[0]
    close([many.statistic, many.df2], [welch["F"], welch["ddof2"]], 1e-8)
    partial = csi_lib.importance(frame[["q1", "q2", "q3"]], frame["overall"], method="partial")
    for item in ("q1", "q2", "q3"):
        others = [i for i in ("q1", "q2", "q3") if i != item]
        close(
            partial.frame.set_index("item").loc[item, "estimate"],
            pingouin.partial_corr(frame, x=item, y="overall", covar=others)["r"].iloc[0],
        )
    close(csi_lib.cronbach_alpha(frame[Q]).alpha, pingouin.cronbach_alpha(frame[Q])[0])


def test_raters(r, data):
    frame = data["raters"]
    four = frame[["r1", "r2", "r3", "r4"]]
    forms, wanted = csi_lib.icc(four).forms, r["icc"]
    close(forms["icc"], wanted["icc"])
    close(forms["f"], wanted["f"])
    close(forms["ci_low"], wanted["lower"], 1e-6)
    close(forms["ci_high"], wanted["upper"], 1e-6)
    plain = csi_lib.cohen_kappa(frame["r1"], frame["r2"])
    close(plain.kappa, r["cohen"]["unweighted"])
    close([plain.ci_low, plain.ci_high], [r["cohen"]["confid"][0][0], r["cohen"]["confid"][0][2]], 1e-6)
    close(csi_lib.cohen_kappa(frame["r1"], frame["r2"], weighting="quadratic").kappa, r["cohen"]["quadratic"])
    fleiss = csi_lib.fleiss_kappa(four)
    close([fleiss.kappa, fleiss.z], r["fleiss"])
    close(csi_lib.light_kappa(four).kappa, r["light"])
    for level, value in r["krippendorff"].items():
        close(csi_lib.krippendorff_alpha(frame[["r1", "r2", "r3", "r4_gaps"]], level=level).alpha, value)
    close(csi_lib.kendall_w(four).w, r["kendall"])


def test_drivers(r, data):
    frame, wanted = data["ordinal"], r["importance"]
    for method in ("correlation", "beta", "lmg", "johnson", "first", "last"):
        found = csi_lib.importance(frame[Q[:5]], frame["overall"], method=method, n_boot=20)
        close(found["estimate"], wanted[method])
        close(found.r_squared, wanted["r_squared"])
    found = csi_lib.importance(frame[Q[:5]], frame["overall"])
    close([found["ci_low"][0], found["ci_high"][0]], wanted["correlation_ci"])
    contrast = csi_lib.penalty_reward(frame[Q[:3]], frame["overall"], low=2, high=4)
    close(
        [contrast.intercept, *contrast.frame["penalty"], *contrast.frame["reward"]], r["penalty_reward"]["coefficients"]
    )
    close(np.sqrt(np.diag(contrast.covariance)), r["penalty_reward"]["se"])


def test_path_model(r, data):
    blocks = {
        "qual": ["qual1", "qual2", "qual3", "qual4"],
        "val": ["val1", "val2"],
        "sat": ["sat1", "sat2", "sat3"],
        "loy": ["loy1", "loy2"],
    }
    arrows = [("qual", "val"), ("qual", "sat"), ("val", "sat"), ("sat", "loy")]
    found, wanted = csi_lib.pls_path_model(data["path"], blocks, arrows, scheme="path"), r["pls"]
    for name in ("paths", "weights", "loadings", "r_squared"):
        close(getattr(found, name)["estimate"], wanted[name], 1e-9)
    close(found.correlations, wanted["correlations"], 1e-9)


def test_nearly_singular_items_are_told(data):
    """The fifth item is the sum of two others but for a hundredth: numbers while they can be had, words beyond."""
    items = data["small"][["x1", "x2", "x3", "x4", "x5"]]
    vif = csi_lib.vif(items).items.set_index("item")["vif"]
    assert (vif[["x1", "x2", "x5"]] > 1000).all()
    items = items.assign(x5=items["x1"] + items["x2"])
    for call in (csi_lib.vif, csi_lib.kmo, lambda d: csi_lib.cfa(d, "F =~ x1 + x2 + x3 + x4 + x5")):
        with pytest.raises(csi_lib.InputError, match=r"x1.*x2.*x5"):
            call(items)
