"""One reader: the same answers in any kind of frame give the same number, by name; what has no order is refused."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import csi_lib
from csi_lib import InputError
from csi_lib.measure import frames

Q = [f"q{i}" for i in range(1, 7)]
MODEL = "F =~ q1 + q2 + q3\nG =~ q4 + q5 + q6"
WORDS = ["poor", "fair", "good", "very good", "excellent"]


@pytest.fixture(scope="module")
def answers():
    random = np.random.default_rng(5)
    n = 300
    f, g = random.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], n).T
    latent = np.column_stack([0.8 * (f if i < 3 else g) + 0.6 * random.normal(size=n) for i in range(6)])
    coded = np.clip(np.round(3 + latent), 1, 5)
    frame = pd.DataFrame(coded, columns=Q)
    # a first column that is no item: whoever counts columns takes it for one
    frame.insert(0, "respondent", random.permutation(n) + 1000.0)
    frame["overall"] = np.clip(np.round(3 + (f + g) / 2), 1, 5)
    frame["w"] = random.uniform(0.5, 2, n)
    frame["g"] = np.where(random.random(n) < 0.5, "a", "b")
    return frame


def gaps(frame):
    frame = frame.copy()
    frame.loc[frame.index[:7], "q1"] = pd.NA
    return frame


def kinds(answers):
    """The same frame in other types; `gaps` where the type has a missing value of its own."""
    whole = answers.astype(dict.fromkeys([*Q, "overall"], "int64"))
    polars = pytest.importorskip("polars")
    yield "float32", answers.astype(dict.fromkeys(Q, "float32")), False
    yield "int8", answers.astype(dict.fromkeys(Q, "int8")), False
    yield "object", answers.astype(dict.fromkeys(Q, object)), False
    yield "Int64", gaps(whole.astype(dict.fromkeys(Q, "Int64"))), True
    yield "Float32", gaps(answers.astype(dict.fromkeys(Q, "Float32"))), True
    yield "arrow", gaps(whole.convert_dtypes(dtype_backend="pyarrow")), True
    yield "categories of numbers", answers.astype(dict.fromkeys(Q, "category")), False
    yield "polars", polars.from_pandas(whole), False
    yield "polars with nulls", polars.from_pandas(gaps(whole.astype(dict.fromkeys(Q, "Int64")))), True
    yield "pyarrow", pa.Table.from_pandas(answers), False
    yield "record batch", pa.RecordBatch.from_pandas(answers), False
    yield "mapping", {name: answers[name].tolist() for name in answers}, False
    yield "mapping of polars", polars.from_pandas(whole).to_dict(), False


def pick(frame, names):
    """Columns by name, as a user of each library writes it."""
    if isinstance(frame, dict):
        return {name: frame[name] for name in names}
    return frame.select(names) if isinstance(frame, pa.Table | pa.RecordBatch) else frame[names]


def column(frame, name):
    return frame.column(name) if isinstance(frame, pa.Table | pa.RecordBatch) else frame[name]


CALLS = {
    "cronbach_alpha": lambda d: csi_lib.cronbach_alpha(pick(d, Q)).alpha,
    "weighted alpha": lambda d: csi_lib.cronbach_alpha(pick(d, Q), weights=column(d, "w")).alpha,
    "weights by name": lambda d: csi_lib.cronbach_alpha(pick(d, [*Q, "w"]), weights="w").ci_low,
    "items": lambda d: csi_lib.cronbach_alpha(pick(d, Q)).item_statistics["item"].tolist(),
    "mcdonald_omega": lambda d: csi_lib.mcdonald_omega(pick(d, Q)).omega,
    "split_half": lambda d: csi_lib.split_half(pick(d, Q)).spearman_brown,
    "ordinal_alpha": lambda d: csi_lib.ordinal_alpha(pick(d, Q)).alpha,
    "polychoric": lambda d: csi_lib.polychoric(pick(d, Q)).correlations.loc["q2", "q5"],
    "cfa": lambda d: csi_lib.cfa(d, MODEL).loadings.standardized.tolist(),
    "cfa weighted": lambda d: csi_lib.cfa(d, MODEL, weights="w").fit.cfi_robust,
    "cfa fiml": lambda d: csi_lib.cfa(d, MODEL, missing="fiml").fit.chisq,
    "cfa groups": lambda d: csi_lib.cfa(d, MODEL, group="g").n_by_group,
    "efa": lambda d: csi_lib.efa(pick(d, Q), 2).loadings.loc["q6"].tolist(),
    "kmo": lambda d: csi_lib.kmo(pick(d, Q)).overall,
    "htmt": lambda d: csi_lib.htmt(d, {"F": Q[:3], "G": Q[3:]}).matrix.loc["F", "G"],
    "invariance": lambda d: csi_lib.invariance(d, MODEL, "g", levels=["configural", "metric"]).level,
    "icc": lambda d: csi_lib.icc(pick(d, Q))["ICC2"]["icc"],
    "kendall_w": lambda d: csi_lib.kendall_w(pick(d, Q)).w,
    "vif": lambda d: csi_lib.vif(pick(d, Q)).items["vif"].tolist(),
    "importance": lambda d: csi_lib.importance(pick(d, Q), column(d, "overall"), method="lmg", ci_method="bca").frame[
        "ci_low"
    ].tolist(),
    "importance by name": lambda d: csi_lib.importance(pick(d, [*Q, "overall"]), "overall")["estimate"].tolist(),
    "penalty_reward": lambda d: csi_lib.penalty_reward(pick(d, Q), column(d, "overall"), low=2, high=4).frame[
        "penalty"
    ].tolist(),
    "pls": lambda d: csi_lib.pls_path_model(d, {"S": Q[:3], "L": Q[3:]}, [("S", "L")]).paths.estimate[0],
    "pls index": lambda d: csi_lib.pls_path_model(d, {"S": Q[:3], "L": Q[3:]}, [("S", "L")], weights="w").index.se[0],
    "known_groups": lambda d: csi_lib.known_groups(column(d, "q1"), column(d, "g")).effect,
    "criterion": lambda d: csi_lib.criterion_correlations(pick(d, Q[:2]), column(d, "overall")).correlations["r"].tolist(),
    "retest": lambda d: csi_lib.test_retest(column(d, "q1"), column(d, "q2")).r,
    "kappa": lambda d: csi_lib.cohen_kappa(column(d, "q1"), column(d, "q2"), weighting="quadratic").kappa,
    "light": lambda d: csi_lib.light_kappa(pick(d, Q[:3]), weighting="linear").kappa,
    "fleiss": lambda d: csi_lib.fleiss_kappa(pick(d, Q[:3])).kappa,
    "krippendorff": lambda d: csi_lib.krippendorff_alpha(pick(d, Q[:3]), level="ordinal").alpha,
    "top_box": lambda d: csi_lib.top_box(column(d, "q1"), weights=column(d, "w")).estimate,
    "rescale": lambda d: float(np.nansum(np.asarray(csi_lib.rescale(column(d, "q1"), 1, 5), dtype=float))),
    "rescale table": lambda d: csi_lib.rescale(pick(d, Q), 1, 5)["q3"].tolist(),
    "design mean": lambda d: csi_lib.SurveyDesign(d, weights="w", strata="g").mean(["q1", "q4"]).se.tolist(),
    "design weights": lambda d: csi_lib.SurveyDesign(d, weights=column(d, "w")).mean("q1", by="g").se.tolist(),
    "design share": lambda d: csi_lib.SurveyDesign(d, weights="w").proportion("q2", levels=[4]).ci_low.tolist(),
    "rake": lambda d: csi_lib.rake(d, {"g": {"a": 0.4, "b": 0.6}}, weights="w").report.kish_deff,
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_any_frame_gives_the_number_of_a_plain_one(name, answers):
    call = CALLS[name]
    for missing, plain in ((False, answers), (True, gaps(answers))):
        wanted = call(plain)
        for kind, frame, has_gaps in kinds(answers):
            if has_gaps is missing:
                got = call(frame)
                exact = isinstance(wanted, str | tuple) or (isinstance(wanted, list) and isinstance(wanted[0], str))
                assert got == wanted if exact else got == pytest.approx(wanted, abs=1e-12, nan_ok=True), kind


def ordered(frame, words=WORDS):
    kind = pd.CategoricalDtype(words, ordered=True)
    return frame.assign(**{q: frame[q].map(dict(enumerate(words, 1))).astype(kind) for q in Q})


ORDINAL = [
    "cronbach_alpha", "mcdonald_omega", "ordinal_alpha", "polychoric", "efa", "kmo", "htmt", "icc", "kendall_w", "vif",
    "importance", "pls", "criterion", "retest", "kappa", "light", "fleiss", "krippendorff", "top_box", "rescale",
]  # fmt: skip


@pytest.mark.parametrize("name", ORDINAL)
def test_ordered_categories_count_in_their_declared_order(name, answers):
    polars = pytest.importorskip("polars")
    call, wanted = CALLS[name], CALLS[name](answers)
    words = ordered(answers)
    kind = polars.Enum(WORDS)
    enum = polars.from_pandas(answers).with_columns(
        [polars.Series(q, words[q].astype(str).tolist(), dtype=kind) for q in Q]
    )
    arrow = words.assign(**{q: pd.Series(pa.array(words[q]), dtype=pd.ArrowDtype(pa.array(words[q]).type)) for q in Q})
    for frame in (words, enum, arrow):
        assert call(frame) == pytest.approx(wanted, abs=1e-12)
    # numbers declared from 5 down to 1: the order said is the one taken
    turned = answers.assign(**{q: pd.Categorical(answers[q], [5, 4, 3, 2, 1], ordered=True) for q in Q})
    assert frames.numbers(turned["q1"], where="q1") == pytest.approx(6 - answers["q1"])
    declared = answers.assign(**{q: pd.Categorical(answers[q], [1, 2, 3, 4, 5], ordered=True) for q in Q})
    assert call(declared) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("name", [n for n in CALLS if n not in ("rake", "design share", "fleiss")])
def test_text_is_refused_and_never_sorted_by_the_alphabet(name, answers):
    digits = answers.astype(dict.fromkeys(Q, "int64")).astype(dict.fromkeys(Q, str))
    words = ordered(answers).astype(dict.fromkeys(Q, str))
    for frame in (digits, words, words.astype(dict.fromkeys(Q, "category")), digits.astype(dict.fromkeys(Q, object))):
        with pytest.raises(InputError) as caught:
            CALLS[name](frame)
        assert not any(word in str(caught.value) for word in WORDS)  # answers are never quoted


def test_text_is_labels_where_order_does_not_matter(answers):
    words = ordered(answers).astype(dict.fromkeys(Q, str))
    for name in ("fleiss", "design share"):
        share = lambda d: csi_lib.SurveyDesign(d, weights="w").proportion("q2", levels=["very good"]).ci_low.tolist()
        call = CALLS[name] if name == "fleiss" else share
        assert call(words) == pytest.approx(CALLS[name](answers))
    plain = csi_lib.cohen_kappa(answers["q1"], answers["q2"])
    assert csi_lib.cohen_kappa(words["q1"], words["q2"]).kappa == pytest.approx(plain.kappa)
    by_name = csi_lib.cohen_kappa(words["q1"], words["q2"], weighting="quadratic", categories=WORDS)
    assert by_name.kappa == pytest.approx(CALLS["kappa"](answers))
    with pytest.raises(InputError, match="declared alike"):
        csi_lib.cohen_kappa(ordered(answers)["q1"], ordered(answers, WORDS[::-1])["q2"], weighting="linear")


def test_labels_have_no_mean(answers):
    with pytest.raises(InputError, match=r"not numeric.*proportion"):
        csi_lib.SurveyDesign(ordered(answers)).mean("q1")


def test_values_beside_a_table_are_matched_by_their_index(answers):
    shuffled = answers.sample(frac=1, random_state=1)
    alpha = csi_lib.cronbach_alpha(answers[Q], weights=answers["w"]).alpha
    assert csi_lib.cronbach_alpha(answers[Q], weights=shuffled["w"]).alpha == pytest.approx(alpha, abs=1e-14)
    assert (
        csi_lib.cohen_kappa(answers["q1"], shuffled["q2"]).kappa
        == csi_lib.cohen_kappa(answers["q1"], answers["q2"]).kappa
    )
    assert csi_lib.test_retest(answers["q1"], shuffled["q2"]).r == pytest.approx(
        csi_lib.test_retest(answers["q1"], answers["q2"]).r
    )
    assert (
        csi_lib.known_groups(answers["q1"], shuffled["g"]).effect
        == csi_lib.known_groups(answers["q1"], answers["g"]).effect
    )
    fit = csi_lib.cfa(answers, MODEL, weights=answers["w"]).fit.chisq_scaled
    assert csi_lib.cfa(answers, MODEL, weights=shuffled["w"]).fit.chisq_scaled == pytest.approx(fit)
    assert csi_lib.criterion_correlations(answers[Q], shuffled[["overall"]]).correlations[
        "r"
    ].tolist() == pytest.approx(
        csi_lib.criterion_correlations(answers[Q], answers[["overall"]]).correlations["r"].tolist()
    )
    other = answers["w"].rename(lambda i: i + 5)
    for call in (
        lambda: csi_lib.cronbach_alpha(answers[Q], weights=other),
        lambda: csi_lib.cfa(answers, MODEL, weights=other),
        lambda: csi_lib.htmt(answers, MODEL, weights=other),
        lambda: csi_lib.cohen_kappa(answers["q1"], other),
        lambda: csi_lib.known_groups(answers["q1"], other),
        lambda: csi_lib.SurveyDesign(answers, weights=other),
        lambda: csi_lib.pls_path_model(answers, {"S": Q[:3], "L": Q[3:]}, [("S", "L")], weights=other),
    ):
        with pytest.raises(InputError, match="other rows"):
            call()


def test_what_is_no_table_is_said(answers):
    polars = pytest.importorskip("polars")
    for data, words in (
        (polars.from_pandas(answers).lazy(), "collect"),
        (answers["q1"], "table of respondents"),
        (polars.from_pandas(answers)["q1"], "table of respondents"),
        ([[1, 2], [1, 2, 3]], "different lengths"),
        (answers.assign(q1=pd.Timestamp("2024-01-01"))[Q], "'q1' is not numeric.*dates"),
        ([[1, "2"], [3, "4"]], "not numeric"),
    ):
        with pytest.raises(InputError, match=words):
            csi_lib.cronbach_alpha(data)


def test_plain_frames_cost_no_copy():
    frame = pd.DataFrame(np.ones((4, 3)))
    assert frames.as_frame(frame) is frame
    assert np.shares_memory(frames.table_of_numbers(frame), frame.to_numpy())
