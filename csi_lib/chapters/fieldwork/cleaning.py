"""What became of the interviews until they were answers: discarded, checked, and why."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.chapters.fieldwork.compute import (
    FieldworkFile,
)
from csi_lib.prose.numbers import Number
from csi_lib.survey.reading import read_survey
from csi_lib.tables.table import Column, Row, Table


def cleaning_rows(chapter, file: FieldworkFile) -> pd.DataFrame | None:
    """The index and its dimensions over all interviews delivered (``before``) and over those kept (``after``), with the change.

    The change has no sampling error: both are about the same fieldwork. None where the source discards nothing.
    """
    study, source = chapter.study, file.of
    if study.source(source).discard is None or source != chapter.survey.source:
        return None
    delivered = read_survey(study, chapter.agency, chapter.year, source=source, data=chapter.data, discarded=True)
    if delivered.n == chapter.survey.n:
        return None
    model = chapter.model
    nodes = chapter.top_nodes
    raw = model.evaluate(delivered).select(measure=nodes, statistic="index", by1=None).frame
    # the model's own rows of the kept interviews, so that both stand on one footing
    kept = chapter.rows(measure=nodes, model=model.name, statistic="index", by1=None)
    keep = [
        "measure",
        "estimate",
        "se",
        "df",
        "ci_low",
        "ci_high",
        "n",
        "unit",
        "scale_low",
        "scale_high",
        "suppressed",
    ]
    few = delivered.n - chapter.survey.n < study.privacy.min_base and chapter.release == "public"
    if few:  # the two indices would tell what the few discarded had answered
        raw = raw.assign(suppressed=True, estimate=np.nan, se=np.nan, df=np.nan, ci_low=np.nan, ci_high=np.nan)
    both = raw[keep].merge(kept[["measure", "estimate"]], on="measure", suffixes=("", "_kept"))
    before = chapter.record(raw[keep].assign(statistic="index", versus="all delivered interviews"), model=model.name)
    change = pd.DataFrame(
        {"measure": both["measure"], "statistic": "difference", "versus": "index:all delivered interviews", "unit": "points",
         "estimate": both["estimate_kept"] - both["estimate"], "n": both["n"], "suppressed": few}
    )  # fmt: skip
    change = chapter.record(change, model=model.name)
    order = {m: k for k, m in enumerate(nodes)}
    out = kept.assign(_o=kept["measure"].map(order)).sort_values("_o").drop(columns="_o").reset_index(drop=True)
    rows = {r["measure"]: r for r in before.to_dict("records")}
    moves = {r["measure"]: r for r in change.to_dict("records")}
    return out.assign(before=[rows[m] for m in out["measure"]], change=[moves[m] for m in out["measure"]])


def cleaning_table(chapter, rows: pd.DataFrame, *, name: str, caption: str) -> Table:
    t = chapter.text
    columns = (
        Column("what", t(ko="구분", en="Measure"), "left", "stub"),
        Column("n0", t(ko="정제 전 사례수", en="n before"), "right", "base"),
        Column("before", t(ko="정제 전", en="Before")),
        Column("n1", t(ko="정제 후 사례수", en="n after"), "right", "base"),
        Column("after", t(ko="정제 후", en="After")),
        Column("change", t(ko="변화", en="Change")),
    )
    body = [
        Row((r["measure_label"], Number.from_row(r["before"], "n"), Number.from_row(r["before"]), Number.from_row(r, "n"),
             Number.from_row(r), Number.from_row(r["change"], signed=True)))
        for r in rows.to_dict("records")
    ]  # fmt: skip
    note = t(
        ko="변화는 같은 실사 자료에서 폐기 면접을 뺀 효과이므로 표본오차가 없다.",
        en="The change is what leaving out discarded interviews did to the same data; it has no sampling error.",
    )
    return Table(name, caption, columns, tuple(body), (note,), chapter.lang)
