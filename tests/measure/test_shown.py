"""Every result shows itself: a line, a table, Markdown, LaTeX, a paper's table, a figure; labels are escaped."""

import warnings
from html.parser import HTMLParser
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import csi_lib
from csi_lib import InputError, MeasureWarning
from csi_lib.measure.shown import Result

mpl.use("Agg")
OWN = Path(__file__).parents[1] / "oracles" / "own"
Q = [f"q{j}" for j in range(1, 10)]
MODEL = "A =~ q1+q2+q3\nB =~ q4+q5+q6\nC =~ q7+q8+q9"
read = lambda name: pd.read_csv(OWN / f"{name}.csv")


def path_model():
    blocks = {"qual": ["qual1", "qual2", "qual3", "qual4"], "sat": ["sat1", "sat2", "sat3"], "loy": ["loy1", "loy2"]}
    return csi_lib.pls_path_model(read("path"), blocks, [("qual", "sat"), ("sat", "loy")])


RESULTS = {
    "cronbach_alpha": lambda: csi_lib.cronbach_alpha(read("ordinal")[Q]),
    "mcdonald_omega": lambda: csi_lib.mcdonald_omega(read("ordinal")[Q], factors=3),
    "ordinal_alpha": lambda: csi_lib.ordinal_alpha(read("ordinal")[Q]),
    "guttman_lambda": lambda: csi_lib.guttman_lambda(read("ordinal")[Q]),
    "split_half": lambda: csi_lib.split_half(read("ordinal")[Q]),
    "test_retest": lambda: csi_lib.test_retest(read("raters")["first"], read("raters")["second"]),
    "icc": lambda: csi_lib.icc(read("raters")[["r1", "r2", "r3"]]),
    "cohen_kappa": lambda: csi_lib.cohen_kappa(read("raters")["r1"], read("raters")["r2"]),
    "fleiss_kappa": lambda: csi_lib.fleiss_kappa(read("raters")[["r1", "r2", "r3"]]),
    "light_kappa": lambda: csi_lib.light_kappa(read("raters")[["r1", "r2", "r3"]]),
    "krippendorff_alpha": lambda: csi_lib.krippendorff_alpha(read("raters")[["r1", "r2", "r4_gaps"]]),
    "kendall_w": lambda: csi_lib.kendall_w(read("raters")[["r1", "r2", "r3"]]),
    "kmo": lambda: csi_lib.kmo(read("ordinal")[Q]),
    "bartlett_sphericity": lambda: csi_lib.bartlett_sphericity(read("ordinal")[Q]),
    "efa": lambda: csi_lib.efa(read("ordinal")[Q], 2),
    "parallel_analysis": lambda: csi_lib.parallel_analysis(read("ordinal")[Q], draws=20),
    "minimum_average_partial": lambda: csi_lib.minimum_average_partial(read("ordinal")[Q]),
    "content_validity_index": lambda: csi_lib.content_validity_index(read("raters")[["r1", "r2"]]),
    "content_validity_ratio": lambda: csi_lib.content_validity_ratio(read("raters")[["r1", "r2"]], essential=3),
    "vif": lambda: csi_lib.vif(read("ordinal")[Q]),
    "known_groups": lambda: csi_lib.known_groups(read("ordinal")["q1"], read("ordinal")["office"]),
    "criterion_correlations": lambda: csi_lib.criterion_correlations(read("ordinal")[Q], read("ordinal")["overall"]),
    "common_method": lambda: csi_lib.common_method(read("ordinal")[Q]),
    "polychoric": lambda: csi_lib.polychoric(read("ordinal")[Q]),
    "cfa": lambda: csi_lib.cfa(read("ordinal"), MODEL),
    "cfa by group": lambda: csi_lib.cfa(read("ordinal"), MODEL, group="office"),
    "fit": lambda: csi_lib.cfa(read("ordinal"), MODEL).fit,
    "invariance": lambda: csi_lib.invariance(read("ordinal"), MODEL, "office", levels=["configural", "metric"]),
    "composite_reliability": lambda: csi_lib.composite_reliability(csi_lib.cfa(read("ordinal"), MODEL)),
    "average_variance_extracted": lambda: csi_lib.average_variance_extracted({"F": [0.8, 0.7, 0.6]}),
    "fornell_larcker": lambda: csi_lib.fornell_larcker(read("ordinal"), MODEL),
    "htmt": lambda: csi_lib.htmt(read("ordinal"), MODEL, n_boot=10, seed=1),
    "importance": lambda: csi_lib.importance(read("ordinal")[Q[:4]], read("ordinal")["overall"]),
    "penalty_reward": lambda: csi_lib.penalty_reward(read("ordinal")[Q[:3]], read("ordinal")["overall"], low=2, high=4),
    "stated_importance": lambda: csi_lib.stated_importance(pd.DataFrame({"a": [1, 0, 1], "b": [0, 1, 1]})),
    "outcome_rates": lambda: csi_lib.outcome_rates({"I": 300, "R": 200, "NC": 100}),
    "top_box": lambda: csi_lib.top_box(read("ordinal")["q1"]),
    "nps": lambda: csi_lib.nps([0, 5, 8, 9, 10]),
    "pls_path_model": path_model,
    "pls bootstrap": lambda: path_model().bootstrap(n_boot=20),
    "pls compare": lambda: path_model().compare(["a", "b"] * 125, n_boot=19),
    "rake": lambda: csi_lib.rake(read("survey"), {"sex": {"f": 0.5, "m": 0.5}}, weights="w"),
    "sample_size": lambda: csi_lib.sample_size(margin=0.05),
    "allocate": lambda: csi_lib.allocate({"a": 100, "b": 300}, 60),
    "ttest": lambda: csi_lib.SurveyDesign(read("survey"), weights="w").ttest("age", "sex"),
    "regression": lambda: csi_lib.SurveyDesign(read("survey"), weights="w").regression("age", ["sex"]),
}


class Balance(HTMLParser):
    """Whether every tag is closed, and what is written between tags."""

    def __init__(self):
        super().__init__()
        self.open, self.text = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_shows_itself(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MeasureWarning)
        result = RESULTS[name]()
    assert isinstance(result, Result)
    line = repr(result)
    assert "\n" not in line
    assert len(line) < 400
    assert line.startswith(f"<{type(result).__name__}")
    page = Balance()
    page.feed(result._repr_html_())
    assert page.open == []
    frame = result.to_frame()
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) >= 1
    for style in ("plain", "apa"):
        markdown, latex = result.to_markdown(style=style), result.to_latex(style=style)
        table = markdown.splitlines()
        assert len({row.replace("\\|", "").count("|") for row in table}) == 1
        assert len(table) == len(frame) + 2
        assert latex.startswith("\\begin{tabular}{l")
        assert latex.count("\\\\") == len(frame) + 1
        assert "nan" not in markdown.lower().replace("name", "")
    with pytest.raises(InputError, match="style"):
        result.to_latex(style="mla")
    import matplotlib.pyplot as plt

    try:
        axes = result.plot()
    except InputError as none:
        axes, reason = None, str(none)
        assert result.TABLE is None or "nothing to draw" in reason
    if axes is not None:
        assert axes.figure is not None
    plt.close("all")


def test_what_the_line_and_the_table_say():
    result = RESULTS["cronbach_alpha"]()
    assert "alpha=0.7269" in repr(result)
    assert repr(result).endswith("acceptable>")
    html = result._repr_html_()
    assert all(text in html for text in ("0.7269", "400", "acceptable", "q9"))
    paper = result.to_apa()
    assert paper["r corrected"].iloc[0].startswith(".")
    loadings = RESULTS["cfa"]().to_apa()
    assert {"factor", "item", "B", "SE", "C.R.", "p", "β", "AVE", "CR"} == set(loadings.columns)
    assert (loadings["p"] == "< .001").sum() >= 5
    assert loadings["AVE"].ne("").tolist() == [True, False, False] * 3
    assert "95% CI" in RESULTS["importance"]().to_apa()
    assert "[" in RESULTS["importance"]().to_apa()["95% CI"].iloc[0]


def test_labels_of_the_data_are_escaped():
    random = np.random.default_rng(1)
    t = random.normal(size=50)
    hostile = "<img src=x onerror=alert(1)>|a_b & 50%"
    frame = pd.DataFrame({hostile: t + random.normal(size=50), "b": t + random.normal(size=50), "c": t})
    result = csi_lib.cronbach_alpha(frame)
    assert "<img" not in result._repr_html_()
    assert "&lt;img" in result._repr_html_()
    assert "\\|a_b" in result.to_markdown()
    assert r"a\_b \& 50\%" in result.to_latex()


def test_long_tables_are_cut_in_a_notebook_and_nowhere_else():
    random = np.random.default_rng(1)
    t = random.normal(size=(200, 1))
    result = csi_lib.cronbach_alpha(pd.DataFrame(t + random.normal(size=(200, 60))))
    assert "20 more rows" in result._repr_html_()
    assert len(result.to_markdown().splitlines()) == 62
