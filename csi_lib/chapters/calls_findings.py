"""What calls, visits and promises state: happy-calls, kindness and the service charter."""

from __future__ import annotations

import pandas as pd

from csi_lib.chapters.charter import section as charter
from csi_lib.chapters.claims import claim, languages
from csi_lib.chapters.happy_call import section as happy_call
from csi_lib.chapters.kindness import section as kindness
from csi_lib.findings.finding import Finding, direction_of
from csi_lib.prose.change import describe


def happy_call_findings(chapter) -> list[Finding]:
    """The composite of the happy-calls against last year's."""
    found = happy_call.calls(chapter)
    change = happy_call.change(chapter, found) if found is not None else None
    if change is None:
        return []
    name = {"ko": "해피콜 점수", "en": "The happy-call score"}
    return [_moved(chapter, "happy-call", "composite", change, name, str(chapter.previous_year), severity=5)]


def kindness_findings(chapter) -> list[Finding]:
    """The score of each channel against the round before, judged together."""
    found = kindness.sheets(chapter)
    if found is None:
        return []
    out = []
    for channel, (row, before) in kindness.round_changes(chapter, found).items():
        name = {c.lang: kindness.channel_names(c, found.file)[channel] for c in languages(chapter)}
        out.append(_moved(chapter, "kindness", channel, row, name, before, severity=5))
    return out


def charter_findings(chapter) -> list[Finding]:
    """Every promise of the charter: kept, missed, or within sampling error of it."""
    frame = charter.cases(chapter)
    if not len(frame):
        return []
    file, out = chapter.system("charter"), []
    words = {
        "kept": ("‘{label}’ 약속을 지켰다({share}).", "The promise ‘{label}’ was kept ({share})."),
        "missed": ("‘{label}’ 약속을 지키지 못하였다({share}).", "The promise ‘{label}’ was missed ({share})."),
        "unclear": ("‘{label}’ 약속은 지켰다고도 못 지켰다고도 말할 수 없다({share}).", "Whether the promise ‘{label}’ was kept cannot be told ({share})."),
    }  # fmt: skip
    for row in charter.compliance(chapter, frame).to_dict("records"):
        if row["verdict"] not in words:
            continue
        ko, en = words[row["verdict"]]
        label = lambda c, m=row["measure"]: file.standards[m].label.text(c.lang)
        out.append(
            claim(
                chapter, "charter", str(row["measure"]), "promise", ko=ko, en=en, fields={"label": label, "share": row}, rows=[row],
                direction={"kept": "better", "missed": "worse"}.get(row["verdict"], "unclear"), size=float(row["estimate"]),
                unit="proportion", severity=6 if row["verdict"] == "missed" else 2.5,
            )
        )  # fmt: skip
    return out


def _moved(chapter, room: str, subject: str, row, name: dict[str, str], versus: str, *, severity: float) -> Finding:
    says, own = {}, None
    for other in languages(chapter):
        with other.reading:
            told = describe(
                row,
                other.lang,
                subject=name[other.lang],
                versus=versus + ("년" if other.lang == "ko" and versus.isdigit() else ""),
            )
        says[other.lang] = told.text
        own = told if other.lang == chapter.lang else own
    p = row["p_value"]
    return Finding(
        chapter.agency, chapter.year, room, subject, "change", direction_of(row), float(row["estimate"]), str(row["unit"]),
        None if pd.isna(p) else float(p), severity=severity, versus=versus, rows=(str(row["row_id"]),), says=says, sentence=own,
    )  # fmt: skip
