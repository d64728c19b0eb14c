"""Tables from results rows: lists and cross tables of estimates, distributions, changes, ranks.

Every builder reads the results columns (docs/files.md#results), keeps the row ids, and refuses rows without bases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.findings.families import correction_note
from csi_lib.prose.change import verdict_of
from csi_lib.prose.numbers import Interval, Number, check_lang, unit_of
from csi_lib.prose.results import Labels, by_cell, code, results, unique
from csi_lib.prose.rounding import disagrees
from csi_lib.prose.sentences import Sentence
from csi_lib.tables.table import Column, Row, Table

_HEADS = {
    "ko": {
        "estimate": "점수",
        "se": "표준오차",
        "ci": "95% 신뢰구간",
        "n": "사례수",
        "p_value": "유의확률",
        "deff": "설계효과",
        "n_effective": "유효 사례수",
        "row": "구분",
        "share": "비율",
        "total": "전체",
        "rank": "순위",
        "category": "응답",
        "current": "올해",
        "previous": "지난해",
        "change": "증감",
        "n_varies": "사례수는 열에 따라 다르며 최소~최대로 적었다.",
        "rounding": "‡ 증감은 반올림하기 전의 값으로 계산하여 표에 적힌 두 값의 차이와 다를 수 있다.",
        "verdict": "판정",
        "marks": "판정은 유의수준 5%의 검정에 따른다.",
        "ties": "점수가 같으면 같은 순위를 매겼다.",
        "not_100": "복수 응답이어서 합계가 100%가 아니다.",
    },
    "en": {
        "estimate": "Score",
        "se": "SE",
        "ci": "95% interval",
        "n": "n",
        "p_value": "p",
        "deff": "Deff",
        "n_effective": "Effective n",
        "row": "Group",
        "share": "Share",
        "total": "Total",
        "rank": "Rank",
        "category": "Answer",
        "current": "This year",
        "previous": "Last year",
        "change": "Change",
        "n_varies": "n differs between the columns: smallest to largest.",
        "rounding": "‡ Computed before rounding; may differ from the difference of the printed values.",
        "verdict": "Verdict",
        "marks": "The verdict is that of a test at the 5% level.",
        "ties": "Equal scores share a rank.",
        "not_100": "Several answers were possible, so shares do not add to 100%.",
    },
}
_FIELDS = ("estimate", "se", "ci", "n", "p_value", "deff", "n_effective")


def estimates_table(
    frame: pd.DataFrame, *, name: str, caption: str | Sentence, rows: str, columns: str | None = None,
    fields: Sequence[str] = ("estimate", "se", "ci", "n"), lang: str, labels: Mapping | None = None,
    row_group: str | None = None, heads: Mapping[str, str] | None = None, stub: str | None = None,
    digits: int | None = None, min_base: int | None = None, notes: Sequence[str | Sentence] = (),
) -> Table:  # fmt: skip
    """A list of estimates, or (with `columns`) a cross table with the base beside each row.

    Parameters
    ----------
    frame : results rows; one per cell. Order of appearance is the order of rows and columns.
    rows : results column that makes the rows, e.g. ``measure`` or ``group1``; null is the total.
    columns : results column that makes the banner, e.g. ``group2``; None gives one column per field.
    fields : of estimate, se, ci, n, p_value, deff, n_effective. ``n`` must be among them.
    labels : code → label in `lang`, for the values of rows, columns and row_group; a frame column
        ``<name>_label`` (``measure_label``) does the same. A code without label stands as it is.
    row_group : results column that gathers rows under headings (``by1``).
    heads : other headings for fields, and ``total`` for the null group.
    stub : heading of the row labels.
    digits : decimals of estimates, standard errors and intervals; default by unit.

    Raises
    ------
    InputError when a column is missing, two rows fall into one cell, or there are no bases.
    """
    text = {**_HEADS[check_lang(lang)], **(heads or {})}
    where = f"table {name}"
    if unknown := [f for f in fields if f not in _FIELDS]:
        raise InputError("unknown field", where=where, found=", ".join(unknown), expected=", ".join(_FIELDS))
    frame = results(frame, where=where, need=[c for c in (rows, columns, row_group) if c])
    if "estimate" not in (heads or {}) and len(frame) and frame["unit"].eq("proportion").all():
        text["estimate"] = text["share"]  # a share is no score
    if "n" not in fields:
        raise InputError("a table of estimates shows its bases", where=where, expected="'n' among the fields")
    named = Labels(frame, labels, total=text["total"])
    stub_column = Column("row", stub or text["row"], "left", "stub")
    keys = unique(frame, [row_group, rows] if row_group else [rows])
    if columns is None:
        heads_of = [Column(f, text[f], "right", "base" if f == "n" else "number") for f in fields]
        lookup = by_cell(frame, [row_group, rows] if row_group else [rows], where=where)
        body = []
        for key in keys:
            cells = [_field_cell(lookup[key], f, digits) for f in fields]
            body.append(_row(key, named, (row_group, rows), cells))
        return Table(name, caption, (stub_column, *heads_of), tuple(body), tuple(notes), lang, min_base)
    shown = [f for f in fields if f != "n"]
    banner = unique(frame, [columns])
    several = len(shown) > 1
    heads_of = [
        Column(f"{code(c)}.{f}", text[f] if several else named(columns, c), "right", "number",
               named(columns, c) if several else None)
        for (c,) in banner for f in shown
    ]  # fmt: skip
    lookup = by_cell(frame, [*([row_group] if row_group else []), rows, columns], where=where)
    body, varies = [], False
    for key in keys:
        across = [lookup.get((*key, *c)) for c in banner]
        base = _base(across)
        varies |= isinstance(base, Interval)
        flagged = isinstance(base, Interval)
        cells = [_field_cell(row, f, digits, flagged=flagged) for row in across for f in shown]
        body.append(_row(key, named, (row_group, rows) if row_group else (None, rows), [base, *cells]))
    notes = (*notes, *([text["n_varies"]] if varies else []))
    base_column = Column("n", text["n"], "right", "base")
    return Table(name, caption, (stub_column, base_column, *heads_of), tuple(body), notes, lang, min_base)


def distribution_table(
    frame: pd.DataFrame,
    *,
    name: str,
    caption: str | Sentence,
    rows: str,
    categories: str = "group2",
    lang: str,
    labels: Mapping | None = None,
    heads: Mapping[str, str] | None = None,
    means: pd.DataFrame | None = None,
    min_base: int | None = None,
    notes: Sequence[str | Sentence] = (),
) -> Table:
    """Shares of the answers (rows of statistic ``share``): one row per item or group, its base beside it.

    `means` (results rows with the same `rows` column) adds a column with the mean. Where the shares of a
    row do not add up to 1, a note says that several answers were possible.

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"measure": ["kind"] * 3, "group2": [1, 2, 3], "estimate": [0.2, 0.3, 0.5], "unit": "proportion", "n": 100})
    >>> type(csi_lib.distribution_table(frame, name="d", caption="Answers", rows="measure", lang="en")).__name__
    'Table'
    """
    table = estimates_table(
        frame,
        name=name,
        caption=caption,
        rows=rows,
        columns=categories,
        fields=("estimate", "n"),
        lang=lang,
        labels=labels,
        heads=heads,
        min_base=min_base,
        notes=notes,
    )
    text = {**_HEADS[lang], **(heads or {})}
    sums = frame.groupby(rows, dropna=False)["estimate"].sum(min_count=1).dropna()
    hidden = frame.groupby(rows, dropna=False)["estimate"].apply(lambda s: s.isna().any())
    if ((sums - 1).abs() > 1e-6)[~hidden.reindex(sums.index)].any():
        table = table.with_notes(text["not_100"])
    if means is None:
        return table
    means = results(means, where=f"table {name}", need=[rows])
    found = by_cell(means, [rows], where=f"table {name}")
    keys = unique(results(frame, where=f"table {name}", need=[rows]), [rows])
    body = [Row((*row.cells, _field_cell(found.get(key), "estimate", None)), row.group, row.kind)
            for row, key in zip(table.rows, keys, strict=True)]  # fmt: skip
    column = Column("mean", text["estimate"], "right", "number")
    return Table(name, caption, (*table.columns, column), tuple(body), table.notes, lang, min_base)


#: what the changes of a table are judged together with
_TOGETHER = {
    "ko": "차원은 차원끼리, 항목은 항목끼리",
    "en": "what is read together (dimensions with dimensions, items with items)",
}


def change_table(
    current: pd.DataFrame,
    previous: pd.DataFrame,
    difference: pd.DataFrame,
    *,
    name: str,
    caption: str | Sentence,
    rows: str,
    lang: str,
    labels: Mapping | None = None,
    heads: Mapping[str, str] | None = None,
    min_base: int | None = None,
    notes: Sequence[str | Sentence] = (),
) -> Table:
    """Last year, this year, the change and what the test says of it (▲ 상승, ▼ 하락, – 유의한 차이 없음).

    `difference` holds the rows from ``Estimates.contrast``. A printed change is the rounded unrounded
    difference; where that is not the difference of the printed values it carries ‡ and a note.

    Examples
    --------
    >>> import csi_lib
    >>> chapter = csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en")
    >>> rows = chapter.rows(statistic="index", by1=None).head(3)
    >>> type(csi_lib.change_table(rows, rows, rows, name="c", caption="Change", rows="measure", lang="en")).__name__
    'Table'
    """
    text = {**_HEADS[check_lang(lang)], **(heads or {})}
    where = f"table {name}"
    frames = [results(f, where=where, need=[rows]) for f in (current, previous, difference)]
    named = Labels(frames[0], labels, total=text["total"])
    now, before, change = (by_cell(f, [rows], where=where) for f in frames)
    body, footnote, tested = [], False, False
    for key in unique(frames[0], [rows]):
        cells = [_field_cell(source.get(key), "estimate", None) for source in (before, now)]
        row, delta, p = change.get(key), Number(None, "points"), Number(None, "p_value")
        said = ""
        if row is not None:
            outcome = verdict_of(row)
            said = f"{outcome.mark}\u00a0{outcome.word(lang)}"
            delta, p = Number.from_row(row, signed=True), Number.from_row(row, "p_value")
            numbers = (delta, cells[1], cells[0])
            if all(c.shown for c in numbers) and disagrees(*(c.value for c in numbers), delta.places,
                                                           scale=_scale(delta)):  # fmt: skip
                delta, footnote = replace(delta, mark="‡"), True
            tested |= outcome.direction != "unknown"
        bases = [_field_cell(source.get(key), "n", None) for source in (before, now)]
        body.append(Row((named(rows, key[0]), bases[0], cells[0], bases[1], cells[1], delta, p, said)))
    columns = (
        Column("row", text["row"], "left", "stub"),
        Column("n_previous", text["n"], "right", "base", text["previous"]),
        Column("previous", text["estimate"], "right", "number", text["previous"]),
        Column("n", text["n"], "right", "base", text["current"]),
        Column("current", text["estimate"], "right", "number", text["current"]),
        Column("change", text["change"]), Column("p_value", text["p_value"]),
        Column("verdict", text["verdict"], "left", "text"),
    )  # fmt: skip
    both = correction_note(lang, **_TOGETHER) if tested and len(body) > 1 else None
    extra = [*([text["marks"]] if tested else []), *([both] if both else []), *([text["rounding"]] if footnote else [])]
    return Table(name, caption, columns, tuple(body), (*notes, *extra), lang, min_base)


def rank_table(
    frame: pd.DataFrame,
    *,
    name: str,
    caption: str | Sentence,
    rows: str,
    lang: str,
    fields: Sequence[str] = ("estimate", "ci", "n"),
    labels: Mapping | None = None,
    descending: bool = True,
    heads: Mapping[str, str] | None = None,
    min_base: int | None = None,
    notes: Sequence[str | Sentence] = (),
) -> Table:
    """Rows in order of the estimate with their rank (ties share the better one); hidden rows come last.

    A frame column ``rank`` (results of a rank test) is used instead of the order where there is one.

    Examples
    --------
    >>> import csi_lib
    >>> chapter = csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en")
    >>> rows = chapter.rows(statistic="index", by1=None).head(3)
    >>> type(csi_lib.rank_table(rows, name="r", caption="Rank", rows="measure", lang="en")).__name__
    'Table'
    """
    frame = results(frame, where=f"table {name}", need=[rows])
    values = frame["estimate"].where(~frame["suppressed"])
    order = values.sort_values(ascending=not descending, kind="stable", na_position="last").index
    table = estimates_table(frame.loc[order], name=name, caption=caption, rows=rows, fields=fields, lang=lang,
                            labels=labels, heads=heads, min_base=min_base, notes=notes)  # fmt: skip
    ranks = frame["rank"] if "rank" in frame else values.rank(method="min", ascending=not descending)
    text = {**_HEADS[lang], **(heads or {})}
    numbers = [Number(ranks[i], "rank", suppressed=bool(frame["suppressed"][i])) for i in order]
    column = Column("rank", text["rank"], "right", "number")
    body = [Row((row.cells[0], number, *row.cells[1:]), row.group) for row, number in zip(table.rows, numbers)]
    tied = ranks.dropna().duplicated().any()
    notes = (*table.notes, *([text["ties"]] if tied else []))
    return Table(name, caption, (table.columns[0], column, *table.columns[1:]), tuple(body), notes, lang, min_base)


# ---------------------------------------------------------------------- cells
def _field_cell(row: Mapping | None, field: str, digits: int | None, *, flagged: bool = False):
    """One cell. A small base is marked once, at the base; `flagged` marks the value, where bases vary."""
    if row is None:
        return Number(None, "points")
    if field == "ci":
        return Interval.from_row(row, digits=digits)
    number = Number.from_row(row, field, digits=digits if field in ("estimate", "se") else None)
    return number if flagged or field == "n" else replace(number, flag=None)


def _base(across: Sequence[Mapping | None]):
    """The base of a row of a cross table: one n where all cells share it, else smallest to largest."""
    numbers = [Number.from_row(row, "n") for row in across if row is not None]
    if not any(n.shown for n in numbers):
        return numbers[0] if numbers else Number(None, "count")
    numbers = [n for n in numbers if n.shown]
    values = np.array([n.value for n in numbers], dtype=float)
    low, high = numbers[int(values.argmin())], numbers[int(values.argmax())]
    return low if values.min() == values.max() else Interval(low, high)


def _row(key: tuple, named: Labels, columns: tuple, cells: Sequence) -> Row:
    *group, value = key
    label = named(columns[-1], value, within=group[0] if group else None)
    kind = "total" if value is None else "data"
    return Row((label, *cells), named(columns[0], group[0]) if group and group[0] is not None else None, kind)


def _scale(number: Number) -> int:
    return unit_of(number.unit).scale
