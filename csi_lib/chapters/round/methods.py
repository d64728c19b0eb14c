"""How a round was made: samples and errors of all bodies, the formula, and which item is best and worst where."""

from __future__ import annotations

import pandas as pd

from csi_lib.chapters.round.section import agency_rows, type_label
from csi_lib.prose.numbers import Number
from csi_lib.study.reading import half_width
from csi_lib.tables.table import Column, Row, Table


def sample_table(chapter, *, name: str, caption: str) -> Table:
    """Population, respondents, design effect and error of the index of every body."""
    t, rows = chapter.text, agency_rows(chapter)
    populations = {a.id: a.population for a in chapter.study.agencies}
    known = [a for a in rows["agency"] if populations[a]]
    recorded = {}
    if known:
        records = [
            {"measure": "population", "agency": a, "statistic": "total", "estimate": float(populations[a]),
             "unit": "count", "n": float(populations[a])}
            for a in known
        ]  # fmt: skip
        recorded = {r["agency"]: r for r in chapter.record(records).to_dict("records")}
    errors = [
        {"measure": "sampling_error", "agency": r["agency"], "statistic": "margin", "estimate": half_width() * r["se"],
         "unit": "points", "n": r["n"], "model": chapter.model.name}
        for r in rows.to_dict("records") if r["se"] == r["se"]
    ]  # fmt: skip
    margins = {r["agency"]: r for r in chapter.record(errors).to_dict("records")} if errors else {}
    columns = (
        Column("agency", t(ko="기관", en="Body"), "left", "stub"),
        Column("type", t(ko="유형", en="Type"), "left", "text"),
        *([Column("population", t(ko="모집단", en="Population"), "right", "base")] if known else []),
        Column("n", t(ko="응답자 수", en="Respondents"), "right", "base"),
        Column("deff", t(ko="설계효과", en="Deff")),
        Column("error", t(ko="지수의 표본오차(±)", en="Error of the index (±)")),
    )
    body = []
    for row in sorted(rows.to_dict("records"), key=lambda r: (str(r["type"]), r["agency_label"])):
        cells = [row["agency_label"], type_label(chapter, row["type"])]
        if known:
            one = recorded.get(row["agency"])
            cells.append(Number.from_row(one) if one else Number(None, "count"))
        margin = margins.get(row["agency"])
        cells += [Number.from_row(row, "n"), Number.from_row(row, "deff"),
                  Number.from_row(margin) if margin else Number(None, "points")]  # fmt: skip
        body.append(Row(tuple(cells)))
    note = t(
        ko="표본오차는 95% 신뢰수준이며 표본설계를 반영하였다.",
        en="Errors are at 95% confidence and allow for the design.",
    )
    return Table(name, caption, columns, tuple(body), (note,), chapter.lang)


def formula_table(chapter) -> Table:
    """The index models of the round with formula, edition and source."""
    t, lang = chapter.text, chapter.lang
    columns = (
        Column("model", t(ko="지수", en="Index"), "left", "stub"),
        Column("formula", t(ko="산식", en="Formula"), "left", "text"),
        Column("edition", t(ko="판", en="Edition"), "left", "text"),
        Column("source", t(ko="출처", en="Source"), "left", "text"),
    )
    rows = []
    for model in chapter.models:
        file = model.file
        formula = file.formula.text(lang) if file.formula is not None else ""
        rows.append(Row((file.label.text(lang), formula, str(file.formula_edition), file.source.text(lang))))
    return Table(
        "formulas", t(ko="지수의 산식", en="Formulas"), columns, tuple(rows), lang=lang, exempt="a list of formulas"
    )


def item_extremes_by_agency(chapter, *, name: str, caption: str) -> Table | None:
    """Each body's highest and lowest item among those the index is made of."""
    wave = chapter.wave
    items = set(chapter.model_items)
    rows = wave[(wave["statistic"] == "mean") & wave["measure"].isin(items) & wave["estimate"].notna()]
    if not len(rows) or rows["measure"].nunique() < 2:
        return None
    t, body = chapter.text, []
    for agency in agency_rows(chapter)["agency"]:
        mine = rows[rows["agency"] == agency].sort_values("estimate", ascending=False, kind="stable")
        if len(mine) < 2:
            continue
        best, worst = mine.iloc[0], mine.iloc[-1]
        body.append(
            Row((chapter.labels.agency(agency), chapter.labels.measure(best["measure"]), Number.from_row(best),
                 chapter.labels.measure(worst["measure"]), Number.from_row(worst), Number.from_row(best, "n")))
        )  # fmt: skip
    if not body:
        return None
    high, low = t(ko="가장 높은 항목", en="Highest item"), t(ko="가장 낮은 항목", en="Lowest item")
    columns = (
        Column("agency", t(ko="기관", en="Body"), "left", "stub"),
        Column("best", t(ko="항목", en="Item"), "left", "text", high),
        Column("high", t(ko="점수", en="Score"), group=high),
        Column("worst", t(ko="항목", en="Item"), "left", "text", low),
        Column("low", t(ko="점수", en="Score"), group=low),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
    )
    return Table(name, caption, columns, tuple(body), (), chapter.lang)


def item_rows(chapter) -> pd.DataFrame:
    """Body × item rows for the heat table of the appendix, in the order of the model."""
    wave, order = chapter.wave, {m: i for i, m in enumerate(chapter.model_items)}
    rows = wave[(wave["statistic"] == "mean") & wave["measure"].isin(order)]
    place = {a: i for i, a in enumerate(agency_rows(chapter)["agency"])}
    rows = rows.assign(_a=rows["agency"].map(place), _m=rows["measure"].map(order)).sort_values(
        ["_a", "_m"], kind="stable"
    )
    rows["agency_label"] = [chapter.labels.agency(a) for a in rows["agency"]]
    return chapter.labels.attach(rows.drop(columns=["_a", "_m"]).reset_index(drop=True))
