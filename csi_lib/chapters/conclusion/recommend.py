"""Recommendations: which items to raise, how far, what the index and the grade would then be, and what supports it.

Everything is arithmetic on the published model: an item that rises by Δ moves the index by Δ × its weight on the way up. That is
what the index would be *computed* to be; that something makes an item rise, or that customers will think so, is not claimed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from csi_lib.chapters.conclusion.settings import ConclusionFile
from csi_lib.chapters.grade import grades
from csi_lib.chapters.grade.own_grade import own_row
from csi_lib.chapters.grade.settings import unit_probabilities
from csi_lib.chapters.portfolio.section import first_items, item_portfolio
from csi_lib.chapters.voice import quotations
from csi_lib.chapters.voice import section as voices
from csi_lib.errors import InputError
from csi_lib.evaluation.systems import system_file
from csi_lib.prose.numbers import Interval, Number
from csi_lib.prose.sentences import Sentence


@dataclass(frozen=True)
class Recommendation:
    """One item to raise.

    measure, now : the item and its results row. target : results row of the score to reach. effect : results row of what the index
    would gain. grade : (grade, row of its chance now, row of it then), or None. owner : who is in charge, or None. quotation : what
    dissatisfied customers wrote about its dimension, or None.
    """

    measure: str
    now: Mapping
    target: Mapping
    effect: Mapping
    grade: tuple[str, Mapping, Mapping] | None
    owner: str | None
    quotation: str | None


def settings(chapter) -> ConclusionFile:
    """The study's ``conclusion.yml``, or the defaults."""
    return system_file(chapter.study, "conclusion") if "conclusion" in chapter.study.extensions else ConclusionFile()


def recommendations(chapter, *, most: int | None = None, quoted: bool = True) -> list[Recommendation]:
    """What to mend, in the order of the priorities, as far as it lies below its target; none without an importance axis.

    most : how many; default the study's. quoted : with what dissatisfied customers wrote (comments are read for it).
    """
    points = item_portfolio(chapter) if chapter.models else None
    if points is None:
        return []
    file = settings(chapter)
    most = file.most if most is None else most
    gains = {r["measure"]: r for r in chapter.gains().to_dict("records")}
    chosen = dict.fromkeys([*first_items(points, most), *points.sort_values("priority")["measure"]])
    cross, out = points.attrs["crosshair"][0], []
    quotes, owners = _quotations(chapter) if quoted else {}, _owners(chapter)
    for measure in chosen:
        now = chapter.row(measure=measure, statistic="mean", by1=None)
        if len(out) == most or now is None or measure not in gains:
            continue
        goal = goal_of(float(now["estimate"]), file.targets.get(measure), level=cross, lift=file.lift)
        if goal is None:
            continue
        target, effect = _recorded(chapter, now, gains[measure], goal)
        owner = file.owners[measure].text(chapter.lang) if measure in file.owners else owners.get(measure)
        node = next(
            (
                n.id
                for n in chapter.model.file.order
                for i in n.items or ()
                if chapter.model.binding.get(i, i) == measure
            ),
            None,
        )
        out.append(
            Recommendation(
                measure, now.to_dict(), target, effect, grade_chances(chapter, effect), owner, quotes.get(node)
            )
        )
    return out


def goal_of(now: float, given: float | None, *, level: float, lift: float) -> float | None:
    """The score to reach: the one given; else the mean of all items in whole points, but at most `lift` above now.

    None for what is there already.

    Examples
    --------
    >>> from csi_lib.chapters.conclusion.recommend import goal_of
    >>> goal_of(58.3, None, level=69.4, lift=5), goal_of(58.3, 65, level=69.4, lift=5), goal_of(80, None, level=69, lift=5)
    (63.0, 65.0, None)
    """
    goal = float(given) if given is not None else float(min(np.ceil(level), np.floor(now + lift)))
    return goal if goal > now else None


def _recorded(chapter, now, gain: Mapping, goal: float) -> tuple[Mapping, Mapping]:
    """Rows of the target and of the index's gain, with the interval of the weight where that is estimated."""
    rise = goal - float(now["estimate"])
    value, se, df = rise * gain["estimate"], rise * (gain["se"] if gain["se"] == gain["se"] else 0.0), gain["df"]
    half = 0.0
    if se > 0:
        half = stdtrit(df if df == df and df > 0 else np.inf, 0.5 + chapter.reading.confidence / 2) * se
    keys = {"measure": now["measure"], "n": now["n"], "unit": "points", "model": chapter.model.name}
    rows = chapter.record([
        {**keys, "statistic": "target", "estimate": goal},
        {**keys, "statistic": "effect", "versus": f"target:{goal:g}", "estimate": value,
         **({"se": se, "df": df, "ci_low": value - half, "ci_high": value + half} if half else {})},
    ])  # fmt: skip
    return tuple(rows.to_dict("records"))


def grade_chances(chapter, effect: Mapping) -> tuple[str, Mapping, Mapping] | None:
    """Chance of the agency's grade now, and with an index higher by `effect`; None where there is no grade or no error."""
    if "grades" not in chapter.study.extensions:
        return None
    try:
        sheet = chapter.__dict__.setdefault("_sheet", None) or grades.grade_sheet(chapter)
        chapter.__dict__["_sheet"] = sheet
        own = own_row(chapter, sheet)
        if (
            own is None
            or not isinstance(own["grade"], str)
            or own["other"] != own["other"]
            or sheet.file.rule == "attainment"
        ):
            return None
        table = grades._table(chapter, sheet.file, sheet.year).copy()
        table.loc[table["unit"] == chapter.agency, "score"] += effect["estimate"]
        then = unit_probabilities(table, sheet.file, seed=sheet.year)
    except InputError:
        return None
    at_least = lambda frame: float(
        frame.loc[chapter.agency, list(sheet.scale)[: sheet.scale.index(own["grade"]) + 1]].sum()
    )
    rows = chapter.record([
        {"measure": "grade", "statistic": "probability", "by1": "grade", "group1": f"≥{own['grade']}", "versus": versus,
         "estimate": value, "unit": "proportion", "n": own["n"]}
        for versus, value in (("now", at_least(sheet.chances)), (f"with:{effect['measure']}", at_least(then)))
    ]).to_dict("records")  # fmt: skip
    return grades.grade_label(chapter, sheet.file, own["grade"]), rows[0], rows[1]


def _quotations(chapter) -> dict[str, str]:
    """Topic → what dissatisfied customers wrote about it."""
    if "voice" not in chapter.study.extensions:
        return {}
    try:
        found = quotations.quotes(chapter, voices.open_voice(chapter))
    except InputError:
        return {}
    out: dict[str, str] = {}
    for quote in found:
        if quote.tone == "dissatisfied":
            out.setdefault(quote.topic, quote.text)
    return out


def _owners(chapter) -> dict[str, str]:
    """Item or node → department that has a task for it in the register."""
    from csi_lib.chapters.conclusion.ledger import ledger

    return {f.subject: f.owner for f in ledger(chapter) if f.kind == "promise" and f.owner}


def sentence(chapter, found: Recommendation) -> Sentence:
    """A recommendation in the study's wording."""
    words = settings(chapter).wording
    text = lambda label: label.text(chapter.lang)
    interval = Interval.from_row(found.effect)
    told = chapter.sentence(
        text(words.task), item=chapter.labels.measure(found.measure), now=found.now, target=Number.from_row(found.target, digits=0),
        effect=Number.from_row(found.effect),
        interval=chapter.sentence(ko="({ci})", en=" ({ci})", ci=interval) if interval.shown else Sentence("", ""),
    )  # fmt: skip
    if found.grade is not None:
        grade, before, after = found.grade
        told = told + chapter.sentence(text(words.grade), grade=grade, before=before, after=after)
    if found.owner is not None:
        told = told + chapter.sentence(text(words.owner), owner=found.owner)
    if found.quotation is not None:
        told = told + chapter.sentence(ko="불만인 응답자의 말: “{quote}”", en="In a dissatisfied customer's words: “{quote}”",
                                       quote=found.quotation)  # fmt: skip
    return told


__all__ = ["Recommendation", "goal_of", "grade_chances", "recommendations", "sentence", "settings"]
