"""The last look at a table, figure or sentence of a public report: nothing withheld, nothing untraced, nobody's own words."""

from __future__ import annotations

from csi_lib.errors import NotPublic
from csi_lib.figures.figure import Figure
from csi_lib.tables.table import Table

#: units in which a number is one of people or of their answers
_OF_PEOPLE = {"points", "proportion", "pp", "scale", "nps", "count"}


def refuse_hidden(chapter, thing: Table | Figure) -> None:
    """Refuse a table or figure of `chapter` that holds a withheld number, or one that no results row stands behind.

    Raises
    ------
    NotPublic : with what to do instead. The restricted release may show everything.
    """
    if chapter.release != "public":
        return
    known = chapter._known
    places = [(i, *known[i]) for i in thing.row_ids if i in known]
    marks = {id(frame): frame["suppressed"].to_numpy() for _, frame, _ in places}
    withheld = {i for i, frame, at in places if marks[id(frame)][at]}
    if isinstance(thing, Figure):
        _refuse_drawn(chapter, thing, withheld)
        return
    where = f"table {thing.name}"
    for number in thing.numbers():
        if number.row_id in withheld and number.shown:
            raise NotPublic(
                "a withheld number is printed", where=where, action="Use the rows that chapter.record returns"
            )
        if number.row_id is None and number.shown and number.unit in _OF_PEOPLE and not thing.exempt:
            raise NotPublic("a number has no results row, so that nobody knows on how many people it rests", where=where,
                            found=f"a number in {number.unit}", action="Pass it through chapter.record first")  # fmt: skip
    for text in (c for row in thing.rows for c in row.cells if isinstance(c, str)):
        refuse_written(chapter, text, where)


def _refuse_drawn(chapter, figure: Figure, withheld: set[str]) -> None:
    data, where = figure.data, f"figure {figure.name}"
    if withheld and "estimate" in data and (data["row_id"].isin(withheld) & data["estimate"].notna()).any():
        raise NotPublic("a withheld number is drawn", where=where, action="Draw the rows that chapter.record returns")
    if "row_id" not in data and "n" in data:
        least = chapter.gate.least(chapter._round.source)
        if ((data["n"] > 0) & (data["n"] < least)).any():
            raise NotPublic("a figure rests on fewer people than the minimum base", where=where,
                            expected=f"n of {least} or more", action="Pass its numbers through chapter.record")  # fmt: skip


def refuse_written(chapter, text: str, where: str) -> None:
    """What somebody wrote stands in a public report only where the voice chapter has let it (`Chapter.quoting`)."""
    if chapter.release != "public" or "survey" not in chapter.__dict__ or text in chapter._quoted:
        return
    if chapter.people.wrote(text):
        raise NotPublic("a respondent's own words are shown", where=where,
                        action="Quote through the chapter on the customers' voice, which hides names and asks for a minimum "
                        "base and, where the study says so, a review")  # fmt: skip
