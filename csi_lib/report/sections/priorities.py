"""Portfolio, drivers and what to mend first."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.evaluation.portfolio import portfolio
from csi_lib.measure.importance import importance
from csi_lib.prose.numbers import Number
from csi_lib.tables.table import Column, Row, Table

QUADRANTS = {
    "ko": {"keep": "유지 관리", "concentrate": "중점 개선", "low_priority": "점진 개선", "overkill": "과잉 관리"},
    "en": {
        "keep": "Keep up",
        "concentrate": "Concentrate here",
        "low_priority": "Low priority",
        "overkill": "Possible overkill",
    },
}
METHODS = {
    "ko": {
        "correlation": "상관계수",
        "beta": "표준화 회귀계수",
        "lmg": "LMG(섀플리) 비중",
        "johnson": "존슨 상대가중치",
    },
    "en": {
        "correlation": "Correlation",
        "beta": "Standardised β",
        "lmg": "LMG (Shapley) share",
        "johnson": "Johnson weight",
    },
}


def item_portfolio(chapter) -> pd.DataFrame | None:
    """Items by satisfaction and effect on the index (`evaluation.portfolio`); None with fewer than two of them."""
    try:
        return portfolio(chapter.rows(statistic="mean", by1=None), chapter.gains())
    except InputError:
        return None


def priority_table(chapter, points: pd.DataFrame, *, name: str, caption: str) -> Table:
    """Items in the order in which they should be mended, with quadrant, satisfaction and expected gain."""
    t = chapter.text
    columns = (
        Column("item", t(ko="항목", en="Item"), "left", "stub"),
        Column("quadrant", t(ko="영역", en="Area"), "left", "text"),
        Column("x", t(ko="만족도", en="Satisfaction")),
        Column("y", t(ko="기대 효과", en="Expected gain")),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
    )
    body = []
    for row in points.sort_values("priority").to_dict("records"):
        one = lambda axis, field="estimate", r=row: Number.from_row(_side(r, axis), field)
        body.append(
            Row(
                (
                    chapter.labels.measure(row["measure"]),
                    QUADRANTS[chapter.lang][row["quadrant"]],
                    one("x"),
                    one("y"),
                    one("x", "n"),
                )
            )
        )
    return Table(name, caption, columns, tuple(body), lang=chapter.lang, min_base=chapter.study.privacy.small_base_flag)


def _side(row: dict, axis: str) -> dict:
    return {k[:-2]: v for k, v in row.items() if k.endswith(f"_{axis}")}


def drivers(chapter) -> pd.DataFrame | None:
    """Importance of the dimensions for overall satisfaction by several methods, as recorded rows (statistic = method).

    Dimensions are the directly asked items where there are any, else respondents' means of the dimension's items (at
    least half answered); the outcome is the overall item. None where it was not asked or fewer than two dimensions vary.
    """
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
    complete = matrix.notna().all(axis=1) & frame[outcome].notna()
    if len(columns) < 2 or complete.sum() < len(columns) + 3:
        return None
    rows = []
    for method in METHODS["ko"]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", MeasureWarning)
                found = importance(
                    matrix[complete],
                    frame.loc[complete, outcome].astype(float),
                    method=method,
                    weights=np.asarray(chapter.survey.design.weights, float)[complete],
                )
        except InputError:
            continue
        table = found.frame if hasattr(found, "frame") else found
        for line in table.to_dict("records"):
            rows.append(
                {
                    "measure": line["item"],
                    "statistic": method,
                    "estimate": line["estimate"],
                    "ci_low": line.get("ci_low"),
                    "ci_high": line.get("ci_high"),
                    "n": int(complete.sum()),
                    "unit": "coefficient",
                    "model": chapter.model.name,
                }
            )
    return chapter.labels.attach(chapter.record(rows)) if rows else None
