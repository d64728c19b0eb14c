"""What the sheets of phone and visit kindness lack: blank lines, months without sheets, departments met by one rater, calls
short of what the scheme wants; and whether the score reaches the scheme's mark of an excellent office."""

from __future__ import annotations

import re

import pandas as pd

from csi_lib.chapters.office import count_row, month_name, recorded, round_name
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import Sentence, join_words


def completeness(chapter, found) -> list[Sentence]:
    """Sentences on this year's sheets; nothing where nothing is missing. `found` are the chapter's `Sheets`."""
    out: list[Sentence] = []
    for channel, scheme in found.file.schemes.items():
        part = found.of(channel, year=chapter.year)
        if not len(part):
            continue
        name = scheme.label.text(chapter.lang)
        out += _blank_lines(chapter, found, channel, part, name)
        out += _gaps(chapter, found, channel, part, name)
        out += _one_rater(chapter, found, channel, part, name)
        if scheme.calls is not None and len(part) < scheme.calls:
            out.append(chapter.sentence(
                ko="{name}의 평가표는 {n}장으로 평가 방식이 정한 {wanted}에 못 미친다.",
                en="{name}: {n} sheets, fewer than the {wanted} that the scheme wants.",
                name=name, n=_count(chapter, found, channel, "sheets", len(part), len(part)),
                wanted=_count(chapter, found, channel, "wanted", scheme.calls, len(part))))  # fmt: skip
    return out


def excellence(chapter, found, overall: pd.DataFrame) -> list[Sentence]:
    """Whether a channel's score reaches the mark of its scheme, with the error of the score."""
    out = []
    for row in overall.to_dict("records"):
        mark = found.file.schemes[row["measure"]].excellent
        if mark is None:
            continue
        limit = recorded(chapter, [{"measure": row["measure"], "statistic": "mark", "estimate": mark, "unit": "points", "n": row["n"]}],
                         model="kindness", source=found.file.source).iloc[0]  # fmt: skip
        above, sure = row["estimate"] >= mark, row["ci_low"] >= mark or row["ci_high"] < mark
        words = {
            (True, True): ("기준을 넘는다", "is above it"),
            (True, False): ("기준 이상이나 표본오차 안이다", "reaches it, within sampling error"),
            (False, True): ("기준에 못 미친다", "is below it"),
            (False, False): ("기준에 못 미치나 표본오차 안이다", "is below it, within sampling error"),
        }[above, bool(sure)]
        out.append(chapter.sentence(ko=f"우수 기준은 {{mark}}이며, {{label}} {{score:은/는}} {words[0]}.",
                                    en=f"The mark of an excellent office is {{mark}}; {{label}}, {{score}}, {words[1]}.",
                                    mark=Number.from_row(limit, digits=0), label=row["measure_label"], score=row))  # fmt: skip
    return out


def _blank_lines(chapter, found, channel, part, name) -> list[Sentence]:
    blank = part["score"].isna()
    if not blank.any():
        return []
    items = {}
    for period, rows in part[blank].groupby("period", sort=False):
        edition = found.file.schemes[channel].editions[found.file.schemes[channel].edition_of(period)]
        for item, declared in edition.items.items():
            if item in rows and rows[item].isna().any():
                items.setdefault(item, declared.label.text(chapter.lang))
    return [chapter.sentence(
        ko="{name}의 평가표 {all} 가운데 {n}장은 빈 항목({items})이 있어 점수를 매기지 않았다.",
        en="{name}: {n} of {all} sheets have blank lines ({items}) and no score.",
        name=name, n=_count(chapter, found, channel, "without score", int(blank.sum()), len(part)),
        all=_count(chapter, found, channel, "sheets", len(part), len(part)), items=join_words(list(items.values()), chapter.lang, between="·"))]  # fmt: skip


def _gaps(chapter, found, channel, part, name) -> list[Sentence]:
    """Months between the first and the last that hold no sheet; for rounds, those that earlier years had."""
    seen = set(part["period"].astype(str))
    if all(re.fullmatch(r"\d{4}-\d{2}", p) for p in seen):
        months = pd.period_range(min(seen), max(seen), freq="M").astype(str)
        missing = [month_name(chapter, m) for m in months if m not in seen]
    else:
        usual = {p[4:] for p in found.of(channel)["period"].astype(str) if p[:4] != str(chapter.year)}
        missing = [round_name(chapter, f"{chapter.year}{p}") for p in sorted(usual - {s[4:] for s in seen})]
    if not missing:
        return []
    return [chapter.sentence(ko="{name:은/는} {missing}의 평가표가 없다.", en="{name}: no sheets of {missing}.",
                             name=name, missing=missing)]  # fmt: skip


def _one_rater(chapter, found, channel, part, name) -> list[Sentence]:
    if part["rater"].nunique() < 2:
        return []  # the agreement of raters says so
    raters = part.groupby("department")["rater"].nunique()
    alone = [chapter.labels.group("department", d) for d in raters.index[raters == 1]]
    if not alone:
        return []
    return [chapter.sentence(
        ko="{name}에서 {departments:은/는} 평가자 한 명이 모두 평가하여, 부서의 점수와 평가자의 엄격함을 가를 수 없다.",
        en="{name}: {departments} were rated by one rater each, whose severity cannot be told from the department's score.",
        name=name, departments=alone)]  # fmt: skip


def _count(chapter, found, channel, what: str, n: int, base: int) -> Number:
    row = count_row(n, base=base, measure=channel, by1="state", group1=what, unit="number")
    return Number.from_row(recorded(chapter, [row], model="kindness", source=found.file.source).iloc[0])
