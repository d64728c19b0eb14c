"""To which agency and year a record belongs: a column through a map, or one constant for the whole file."""

from __future__ import annotations

import numpy as np

from csi_lib.errors import InputError, nearest
from csi_lib.intake.table import Table
from csi_lib.study.base import written
from csi_lib.study.source import Locator
from csi_lib.study.study import Study

_UNKNOWN, _BLANK = "\0unknown", "\0blank"


def other_year(table: Table, locator: Locator | None, year: int) -> np.ndarray:
    """Records of other years than `year`."""
    if locator is None:
        return np.zeros(len(table), bool)
    if locator.constant is not None:
        return np.full(len(table), written(locator.constant) != written(year))
    mapped = {written(k): v for k, v in locator.map.items()}
    said = lambda text: written(v) if (v := mapped.get(written(text), written(text))) is not None else None
    return table.cells["\0year"].each(said, blank=said("") if "" in mapped else None) != written(year)


def agency_of(study: Study, locator: Locator, table: Table, asked: np.ndarray, where: str) -> np.ndarray:
    """Agency id of each record, None where the map says null; an id the study does not list is an error, never dropped unsaid.

    Exactly as written first; another case only where it is certain who is meant. A blank cell is an error unless the map
    says what it is (``map: {"": null}``). `asked` marks the records whose agency matters.
    """
    ids = {agency.id: agency.id for agency in study.agencies}
    ids |= {old: agency.id for agency in study.agencies for old in agency.merged_from if old not in ids}
    mapped = {written(k): v for k, v in locator.map.items()}
    spelled = {written(id): id for id in ids}
    if locator.constant is not None:
        return np.full(len(table), ids.get(spelled.get(written(locator.constant)), str(locator.constant)), dtype=object)
    folded: dict[str, object] = {}
    for text, value in (*((t, ids.get(spelled.get(t))) for t in spelled), *mapped.items()):
        fold = text.casefold()
        folded[fold] = _UNKNOWN if fold in folded and folded[fold] != value else value

    def agency(text: str):
        plain = written(text)
        value = (
            mapped[plain] if plain in mapped else plain if plain in spelled else folded.get(plain.casefold(), _UNKNOWN)
        )
        return None if value is None else ids.get(spelled.get(written(value)), _UNKNOWN)

    cells = table.cells["\0agency"]
    blank = agency("") if "" in mapped else _BLANK
    found = cells.each(agency, blank=blank)
    wrong = asked & np.isin(found.astype(str), (_UNKNOWN, _BLANK))
    if wrong.any():
        rows = np.flatnonzero(wrong)
        empty = found[rows[0]] == _BLANK
        text = cells.text_at(rows[0])
        near = None if empty else nearest(text, [*ids, *mapped])
        raise InputError(
            "rows belong to an agency that the study does not list",
            where=f"{where}, row {table.lines[rows[0]]}",
            found=("a blank cell" if empty else repr(text[:60])) + f" and so on in {len(rows)} row(s)",
            expected=f"one of {', '.join(list(ids)[:12])}",
            action="Say what a blank is: agency: {column: …, map: {'': null}} leaves these rows out and counts them."
            if empty else f"Did you mean {near!r}?" if near else "Map it under the source's 'agency'.",
        )  # fmt: skip
    return found
