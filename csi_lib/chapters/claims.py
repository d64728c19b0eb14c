"""How a chapter states a finding: in every language of the study, with the rows that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from csi_lib.findings.finding import ZONE_WORDS, Finding, direction_of
from csi_lib.findings.zones import zone_of
from csi_lib.prose.change import describe
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import Sentence, say


def claim(
    chapter, room: str, subject: str, kind: str, *, ko: str, en: str, fields: Mapping | None = None, rows: Iterable[Mapping] = (),
    action: tuple[str, str] | None = None, **more,
) -> Finding:  # fmt: skip
    """A finding of `room`, said by the templates `ko` and `en`.

    `fields` are those of the templates; one that differs between languages is a function of the chapter in that language. `rows`
    are the results rows of the evidence; `action` says what to do, by templates of the same fields where they occur in it.
    """
    says, acts, sentence = {}, {}, None
    for other in languages(chapter):
        filled = {k: v(other) if callable(v) else v for k, v in (fields or {}).items()}
        own = _said(other, {"ko": ko, "en": en}[other.lang], filled)
        says[other.lang] = own.text
        sentence = own if other.lang == chapter.lang else sentence
        if action is not None:
            acts[other.lang] = _said(other, dict(zip(("ko", "en"), action, strict=True))[other.lang], filled).text
    ids = tuple(dict.fromkeys(str(r["row_id"]) for r in rows))
    return Finding(
        chapter.agency, chapter.year, room, subject, kind, says=says, action=acts, rows=ids, sentence=sentence, **more
    )


def _said(chapter, template: str, fields: Mapping) -> Sentence:
    used = {k: v for k, v in fields.items() if f"{{{k}}}" in template or f"{{{k}:" in template}
    with chapter.reading:
        return say(
            template,
            chapter.lang,
            **{k: Number.from_row(v) if isinstance(v, (dict, pd.Series)) else v for k, v in used.items()},
        )


def languages(chapter) -> list:
    """The chapter in each language of its study; labels that a study lacks in one leave that one out."""
    return [chapter.in_language(lang) for lang in dict.fromkeys((chapter.lang, *chapter.study.languages))]


def changed(
    chapter, room: str, row: Mapping, *, better: str = "more", severity: float = 1.0, name=None
) -> Finding | None:
    """The tested change of a number since the last wave; None without one."""
    change = chapter.change(row)
    if change is None or pd.isna(change["estimate"]):
        return None
    label = name or (lambda c: c.labels.measure(row["measure"]))
    says, own = {}, None
    for other in languages(chapter):
        versus = {"ko": f"{chapter.previous_year}년", "en": str(chapter.previous_year)}[other.lang]
        with other.reading:
            told = describe(change, other.lang, subject=label(other), versus=versus)
        says[other.lang] = told.text
        own = told if other.lang == chapter.lang else own
    direction = direction_of(change, better=better)
    p = change["p_value"]
    return Finding(
        chapter.agency, chapter.year, room, str(row["measure"]), "change", direction, float(change["estimate"]), str(change["unit"]),
        None if pd.isna(p) else float(p), severity=severity + abs(float(change["estimate"])) / 100, versus=str(chapter.previous_year),
        rows=(str(change["row_id"]),), says=says, sentence=own,
    )  # fmt: skip


#: by what is known of the zone's probability, and whether it is the dangerous one
_PLACED = {
    ("unsaid", False): {
        "ko": "{label:은/는} {score:으로/로} ‘{zone}’ 구간이다.",
        "en": "{label} is {score}, in the zone ‘{zone}’.",
    },
    ("unsaid", True): {
        "ko": "{label:은/는} {score:으로/로} ‘{zone}’ 구간이다: 시급한 과제이다.",
        "en": "{label} is {score}, in the zone ‘{zone}’: an urgent task.",
    },
    ("certain", False): {
        "ko": "{label:은/는} {score:으로/로} ‘{zone}’ 구간이다(거의 확실).",
        "en": "{label} is {score}, in the zone ‘{zone}’ (almost certainly).",
    },
    ("certain", True): {
        "ko": "{label:은/는} {score:으로/로} ‘{zone}’ 구간이다(거의 확실): 시급한 과제이다.",
        "en": "{label} is {score}, in the zone ‘{zone}’ (almost certainly): an urgent task.",
    },
    ("chance", False): {
        "ko": "{label:은/는} {score:으로/로} ‘{zone}’ 구간이다(그 구간일 확률 {chance}).",
        "en": "{label} is {score}, in the zone ‘{zone}’ (with a probability of {chance}).",
    },
    ("chance", True): {
        "ko": "{label:은/는} {score:으로/로} ‘{zone}’ 구간이다(그 구간일 확률 {chance}): 시급한 과제이다.",
        "en": "{label} is {score}, in the zone ‘{zone}’ (with a probability of {chance}): an urgent task.",
    },
}


def placed(chapter, room: str, row: Mapping, *, severity: float = 1.0) -> Finding | None:
    """The level of a score with its zone and the probability of it; in danger it is an urgent task."""
    zone = zone_of(row, chapter.gauge_zones)
    if zone is None:
        return None
    label = lambda c: c.labels.measure(row["measure"])
    word = lambda c: ZONE_WORDS[c.lang][zone.name]
    fields = {"label": label, "score": row, "zone": word}
    rows, sure = [row], "unsaid"
    if zone.chance is not None and zone.chance >= 0.9995:
        sure = "certain"
    elif zone.chance is not None:
        chance = chapter.record(
            [{"measure": row["measure"], "model": row["model"], "statistic": "probability", "versus": f"zone:{z}", "estimate": p,
              "unit": "proportion", "n": row["n"], "source": row["source"]} for z, p in zone.chances.items()]
        ).to_dict("records")  # fmt: skip
        own = next(r for r in chance if r["versus"] == f"zone:{zone.name}")
        rows.append(own)
        fields["chance"] = own
        sure = "chance"
    urgent = zone.name == "danger"
    return claim(
        chapter, room, str(row["measure"]), "risk" if urgent else "level", **_PLACED[sure, urgent], fields=fields, rows=rows,
        direction={"danger": "worse", "good": "better"}.get(zone.name, "none"), size=float(row["estimate"]), unit=str(row["unit"]),
        certainty=zone.chance, zone=zone.name, severity=severity + (2 if urgent else 0),
    )  # fmt: skip
