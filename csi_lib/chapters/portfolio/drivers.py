"""What drives overall satisfaction: the dimensions' importance by several measures side by side."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from csi_lib.chapters.portfolio.settings import settings
from csi_lib.errors import InputError, MeasureWarning
from csi_lib.evaluation.portfolio import dimension_of
from csi_lib.measure.importance import importance
from csi_lib.measure.krippendorff import kendall_w
from csi_lib.measure.stated_importance import stated_importance
from csi_lib.measure.validity import vif
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import Sentence
from csi_lib.study.base import written
from csi_lib.tables.table import Column, Row, Table

#: column of the table → method, share of the sum or not, unit
MEASURES = {
    "correlation": ("correlation", False, "correlation"),
    "partial": ("partial", False, "correlation"),
    "beta": ("beta", False, "coefficient"),
    "beta_share": ("beta", True, "proportion"),
    "lmg": ("lmg", True, "proportion"),
    "johnson": ("johnson", True, "proportion"),
}
LABELS = {
    "ko": {
        "stated": "직접 물은 중요도",
        "correlation": "상관계수",
        "partial": "편상관계수",
        "beta": "표준화 계수 β",
        "beta_share": "β 비중",
        "lmg": "LMG(섀플리) 비중",
        "johnson": "존슨 상대가중치 비중",
    },
    "en": {
        "stated": "Stated importance",
        "correlation": "Correlation",
        "partial": "Partial correlation",
        "beta": "Standardised β",
        "beta_share": "Share of β",
        "lmg": "LMG (Shapley) share",
        "johnson": "Johnson weight share",
    },
}


def drivers(chapter) -> pd.DataFrame | None:
    """Importance of the dimensions for overall satisfaction by six measures, and stated where it was asked.

    Recorded rows, statistic = measure. Dimensions are the directly asked items where there are any, else respondents'
    means of the dimension's items (at least half answered); the outcome is the overall item. None where it was not asked or
    fewer than two dimensions vary. A measure that cannot be computed (drivers that determine each other) is left out.
    """
    data = _data(chapter)
    if data is None:
        return None
    matrix, outcome, weights = data
    rows = _stated(chapter, list(matrix))
    for name, (method, share, unit) in MEASURES.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", MeasureWarning)
                found = importance(matrix, outcome, method=method, share=share, weights=weights, seed=chapter.year,
                                   ci=chapter.reading.confidence)  # fmt: skip
        except InputError:
            continue
        rows += [
            {
                "measure": line["item"],
                "statistic": name,
                "estimate": line["estimate"],
                "ci_low": line["ci_low"],
                "ci_high": line["ci_high"],
                "n": len(matrix),
                "unit": unit,
                "model": chapter.model.name,
            }
            for line in found.frame.to_dict("records")
        ]
    return chapter.labels.attach(chapter.record(rows)) if rows else None


def _data(chapter) -> tuple[pd.DataFrame, pd.Series, np.ndarray] | None:
    outcome = chapter.overall_item
    root = chapter.model.node(chapter.model.file.index)
    if outcome is None or not root.children:
        return None
    frame, codebook = chapter.survey.frame, chapter.survey.codebook
    bind = lambda item: chapter.model.binding.get(item, item)
    columns = {}
    for node in (chapter.model.node(c) for c in root.children):
        asked = bind(node.asked) if node.asked else None
        items = [asked] if asked and frame[asked].notna().any() else [bind(i) for i in node.items or ()]
        items = [i for i in items if frame[i].notna().any() and i != outcome]
        if not items:
            continue
        scaled = pd.DataFrame(
            {i: (frame[i] - codebook.scale(i).low) / (codebook.scale(i).high - codebook.scale(i).low) for i in items}
        )
        enough = scaled.notna().sum(axis=1) >= np.ceil(len(items) / 2)
        columns[node.id] = 100 * scaled.mean(axis=1).where(enough)
    matrix = pd.DataFrame(columns)
    complete = (matrix.notna().all(axis=1) & frame[outcome].notna()).to_numpy(bool)
    matrix = matrix[complete]
    varies = [c for c in matrix if matrix[c].nunique() > 1]
    if len(varies) < 2 or complete.sum() < len(varies) + 3 or frame.loc[complete, outcome].nunique() < 2:
        return None
    weights = np.asarray(chapter.survey.design.weights, float)[complete]
    return matrix[varies], frame.loc[complete, outcome].astype(float), weights


def _stated(chapter, nodes: list[str]) -> list[dict]:
    """How important people say the dimensions are: rated on a scale, or picked from a list."""
    file = settings(chapter)
    out = []
    dimensions = dict(dimension_of(chapter.model))
    stated = {dimensions.get(name, name): column for name, column in file.stated.items()}
    for node in (n for n in nodes if n in stated):
        row = chapter.row(measure=stated[node], statistic="mean", by1=None)
        if row is None:
            raise InputError(
                "no item of this name asks for importance",
                where=f"portfolio.yml: stated > {node}",
                found=stated[node],
                expected="an item of the codebook",
            )
        keep = ("estimate", "se", "df", "ci_low", "ci_high", "n", "unit")
        out.append({"measure": node, "statistic": "stated", "model": chapter.model.name, **{k: row[k] for k in keep}})
    there = [c for c in file.picks if c in chapter.survey.frame and chapter.survey.frame[c].notna().any()]
    if there and not out:
        names = {written(k): dimensions.get(v, v) for k, v in file.codes.items()}
        # a column with a blank cell is one of floats, in which the code 1 is 1.0
        code = lambda v: names.get(written(v)) if v is not None and v == v else None
        picked = chapter.survey.frame[there].astype(object).apply(lambda column: column.map(code, na_action="ignore"))
        weights = np.asarray(chapter.survey.design.weights, float)
        found = stated_importance(picked.astype(object).where(picked.notna(), None), weights=weights)
        out += [
            {
                "measure": line["item"],
                "statistic": "stated",
                "estimate": line["estimate"],
                "ci_low": line["ci_low"],
                "ci_high": line["ci_high"],
                "n": found.n,
                "unit": "proportion",
                "model": chapter.model.name,
            }
            for line in found.frame.to_dict("records")
            if line["item"] in nodes
        ]
    return out


def collinear(chapter) -> Sentence | None:
    """Which dimensions go along with the others so closely (VIF of ``thresholds.vif`` or more) that their effects are
    hard to tell apart; None where none does."""
    data, limit = _data(chapter), chapter.reading.thresholds.vif
    if data is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MeasureWarning)
            found = vif(data[0], weights=data[2]).items
    except InputError:
        return None
    high = found[found["vif"] >= limit]
    if not len(high):
        return None
    rows = chapter.record(
        [{"measure": r["item"], "statistic": "vif", "estimate": r["vif"], "unit": "coefficient", "n": len(data[0]),
          "model": chapter.model.name} for r in high.to_dict("records")]
    )  # fmt: skip
    names = [chapter.sentence(ko="{label}({v})", en="{label} ({v})", label=chapter.labels.measure(r["measure"]), v=r)
             for r in rows.to_dict("records")]  # fmt: skip
    return chapter.sentence(
        ko="{names:은/는} 다른 차원과 함께 움직여(분산팽창계수 {limit} 이상) 각각의 영향을 가려내기 어렵다.",
        en="{names} move along with the other dimensions (variance inflation of {limit} or more), so their effects are hard to tell apart.",
        names=names,
        limit=f"{limit:g}",
    )


def rank_table(chapter, rows: pd.DataFrame, *, name: str, caption: str) -> Table:
    """Rank of every dimension by every measure (ties share the better rank), and the mean of its ranks."""
    t = chapter.text
    measures = list(dict.fromkeys(rows["statistic"]))
    wide = rows.pivot(index="measure", columns="statistic", values="estimate")[measures]
    ranks = wide.rank(ascending=False, method="min")
    mean = ranks.mean(axis=1)
    n = rows.groupby("measure", sort=False)["n"].max()
    records = [
        {"measure": node, "statistic": "rank", "versus": m, "estimate": ranks.loc[node, m], "unit": "rank", "n": n[node],
         "model": chapter.model.name}
        for node in ranks.index for m in measures if ranks.loc[node, m] == ranks.loc[node, m]
    ]  # fmt: skip
    records += [
        {"measure": node, "statistic": "mean_rank", "estimate": mean[node], "unit": "ratio", "n": n[node],
         "model": chapter.model.name}
        for node in ranks.index
    ]  # fmt: skip
    found = {
        (r["measure"], r["versus"] if isinstance(r["versus"], str) else None): r
        for r in chapter.record(records).to_dict("records")
    }
    columns = (
        Column("node", t(ko="차원", en="Dimension"), "left", "stub"),
        *(Column(m, LABELS[chapter.lang][m]) for m in measures),
        Column("mean", t(ko="평균 순위", en="Mean rank")),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
    )
    body = []
    for node in mean.sort_values(kind="stable").index:
        cells = [chapter.labels.measure(node)]
        cells += [Number.from_row(found[node, m]) if (node, m) in found else Number(None, "rank") for m in measures]
        cells += [Number.from_row(found[node, None]), Number.from_row(found[node, None], "n")]
        body.append(Row(tuple(cells)))
    return Table(name, caption, columns, tuple(body), (), chapter.lang)


def _apart(rows: pd.DataFrame) -> bool:
    """Whether the interval of the largest share lies above that of the next, in every measure that has intervals."""
    told = rows.dropna(subset=["ci_low", "ci_high"])
    found = []
    for _, one in told.groupby("statistic"):
        ordered = one.sort_values("estimate", ascending=False)
        if len(ordered) > 1:
            found.append(ordered["ci_low"].iloc[0] > ordered["ci_high"].iloc[1])
    return bool(found) and all(found)


def agreement_sentence(chapter, rows: pd.DataFrame) -> Sentence:
    """Whether the measures name the same dimension first, and how far their orders agree (Kendall's W)."""
    wide = rows.pivot(index="measure", columns="statistic", values="estimate").dropna(axis=1)
    ranks = wide.rank(ascending=False, method="average")
    ranked = len(ranks) > 1 and (ranks.nunique() > 1).any()  # measures that rank nothing agree about nothing
    w = kendall_w(ranks).w if ranked else float("nan")
    row = chapter.record(
        [{"measure": "drivers", "statistic": "agreement", "estimate": w, "unit": "correlation", "n": int(rows["n"].max()),
          "model": chapter.model.name}]
    ).iloc[0]  # fmt: skip
    first = {ranks[c].idxmin() for c in ranks}
    if len(first) == 1 and not _apart(rows):
        second = ranks.mean(axis=1).nsmallest(2).index[-1]
        return chapter.sentence(
            ko="어느 방법으로 보아도 ‘{node}’의 값이 가장 크지만(켄들의 W = {w}), {second:과/와}의 차이는 표본오차 안에 있다.",
            en="By every measure ‘{node}’ has the largest value (Kendall's W = {w}), but its distance to {second} is within sampling error.",
            node=chapter.labels.measure(first.pop()), second=f"‘{chapter.labels.measure(second)}’", w=row,
        )  # fmt: skip
    if len(first) == 1:
        return chapter.sentence(
            ko="어느 방법으로 보아도 ‘{node}’의 중요도가 가장 높다(켄들의 W = {w}).",
            en="By every measure ‘{node}’ matters most (Kendall's W = {w}).",
            node=chapter.labels.measure(first.pop()),
            w=row,
        )
    names = [chapter.labels.measure(n) for n in ranks.index if n in first]
    return chapter.sentence(
        ko="가장 중요한 차원은 방법에 따라 {names:으로/로} 갈린다(켄들의 W = {w}). 차이가 작으므로 순서에 큰 뜻을 두지 않는다.",
        en="Which dimension matters most depends on the measure: {names} (Kendall's W = {w}). Little should be made of the order.",
        names=names,
        w=row,
    )
