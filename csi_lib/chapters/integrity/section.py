"""Integrity of the answers: what false ones could have done to the index, and which answers are conspicuous."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.chapters.integrity.compute import IntegrityFile, contamination_bounds, overturning_share
from csi_lib.chapters.integrity.detection import AIDS, Detection, detect
from csi_lib.models.valuation import person_values
from csi_lib.prose.numbers import Number
from csi_lib.tables.table import Column, Row, Table

_AIDS = {
    "ko": {
        "duplicate": "거의 같은 응답(다른 응답자와)", "short": "지나치게 짧은 면접", "straight": "모든 문항에 같은 답",
        "ceiling_run": "한 조사원에게서 잇따른 최고 평가", "interviewer": "다른 조사원과 점수가 크게 다른 조사원의 면접",
    },
    "en": {
        "duplicate": "Nearly the same answers as another respondent", "short": "Far too short an interview", "straight": "One answer throughout",
        "ceiling_run": "Runs of nothing but praise with one interviewer", "interviewer": "Interviews of an interviewer whose scores stand apart",
    },
}  # fmt: skip


def settings(chapter) -> IntegrityFile:
    return chapter.system("integrity")


def values_of(chapter) -> np.ndarray:
    """What each respondent contributes to the index (`person_values`)."""
    return person_values(chapter.model, chapter.survey)


def bound_rows(chapter, file: IntegrityFile, values) -> pd.DataFrame:
    """Recorded bounds of the genuine index under each assumed share; columns ``share label low high share_row``."""
    index = chapter.model.file.index
    shares = list(file.shares)
    names = {s: chapter.text(ko="가정", en="assumed") for s in shares}
    if file.case is not None:
        names[file.case.share] = file.case.label.text(chapter.lang)
        shares = sorted({*shares, file.case.share})
    estimates = contamination_bounds(chapter.survey, values, shares, measure=index, model=chapter.model.name)
    # the index and a bound together tell the mean of those cut off: too few of them may not be told apart
    few = np.repeat([s * chapter.survey.n < chapter.study.privacy.min_base for s in shares], 2)
    estimates.frame["suppressed"] = few
    found = chapter.record(estimates.masked(chapter.release))
    stated = chapter.record(
        [
            {
                "measure": f"contamination:{k}",
                "statistic": "share",
                "estimate": s,
                "unit": "proportion",
                "n": chapter.survey.n,
            }
            for k, s in enumerate(shares)
        ]
    ).to_dict("records")
    rows = []
    for k, s in enumerate(shares):
        low, high = found.iloc[2 * k].to_dict(), found.iloc[2 * k + 1].to_dict()
        rows.append({"share": s, "label": names[s], "low": low, "high": high, "share_row": stated[k]})
    return pd.DataFrame(rows)


def bound_table(chapter, file: IntegrityFile, rows: pd.DataFrame, *, name: str, caption: str) -> Table:
    t = chapter.text
    columns = (
        Column("share", t(ko="진정하지 않은 응답의 비율", en="Share of answers not genuine"), "left", "stub"),
        Column("low", t(ko="지수의 하한", en="Lowest index")),
        Column("low_se", t(ko="표준오차", en="SE")),
        Column("high", t(ko="지수의 상한", en="Highest index")),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
        Column("what", t(ko="근거", en="Basis"), "left", "text"),
    )
    body = []
    for r in rows.to_dict("records"):
        share = chapter.sentence(ko="{share}", en="{share}", share=r["share_row"])
        body.append(
            Row((share, Number.from_row(r["low"]), Number.from_row(r["low"], "se"), Number.from_row(r["high"]),
                 Number.from_row(r["low"], "n"), r["label"]))
        )  # fmt: skip
    note = t(
        ko="가장 높은(낮은) 응답부터 그 비율만큼 뺀 평균이다. 어느 응답이 거짓인지 모른다는 것 말고는 아무것도 가정하지 않은 범위이다(Horowitz와 Manski, 1995).",
        en="Means without the highest (lowest) answers up to that share. Nothing is assumed but that it is unknown which answers are false (Horowitz and Manski 1995).",
    )
    return Table(name, caption, columns, tuple(body), (note,), chapter.lang)


def overturning_rows(chapter, values) -> pd.DataFrame:
    """Recorded: the smallest share of false answers that would bring the index to last year's, to a zone's limit, to the 10 UP
    goal. Column ``what``; a finding that no share overturns is left out."""
    w = np.asarray(chapter.survey.design.weights, float)
    index = chapter.index()
    last = chapter.before(index)
    low, high = chapter.gauge_zones
    marks = [] if last is None or pd.isna(last["estimate"]) else [("last", float(last["estimate"]))]
    for name, limit in (("zone_low", low), ("zone_high", high)):
        marks.append((name, float(limit)))
    lines = []
    for name, mark in marks:
        share = overturning_share(values, w, mark)
        if share is not None:
            lines.append({"measure": f"overturns:{name}", "statistic": "share", "estimate": share, "unit": "proportion",
                          "n": chapter.survey.n})  # fmt: skip
    rows = chapter.record(lines) if lines else pd.DataFrame()
    return rows.assign(what=[m.split(":")[1] for m in rows["measure"]]) if lines else rows


def overturning_sentences(chapter, rows: pd.DataFrame) -> list:
    """One sentence for each finding, in the direction in which the index would have to move."""
    index = chapter.index()["estimate"]
    out = []
    low, high = chapter.gauge_zones
    for r in rows.to_dict("records"):
        if r["what"] == "last":
            last = chapter.before(chapter.index())
            risen = index > last["estimate"]
            out.append(
                chapter.sentence(
                    ko="올해 응답의 {share:이/가} 거짓 {kind}이었다면 지난해보다 {moved} 결과는 사라진다.",
                    en="If {share} of this year's answers were false {kind}, the {moved} since last year would be gone.",
                    share=r,
                    kind=chapter.text(ko="칭찬" if risen else "불만", en="praise" if risen else "blame"),
                    moved=chapter.text(ko="오른" if risen else "내린", en="rise" if risen else "fall"),
                )
            )
        else:
            limit = low if r["what"] == "zone_low" else high
            above = index > limit
            out.append(
                chapter.sentence(
                    ko="지수가 실제로는 구간 경계 {limit}점 {side}이려면 응답의 {share:이/가} 거짓이어야 한다.",
                    en="For the genuine index to be {side} the zone's limit of {limit} points, {share} of the answers would have to be false.",
                    limit=f"{limit:g}",
                    side=chapter.text(ko="아래" if above else "위", en="below" if above else "above"),
                    share=r,
                )
            )
    return out


def detection(chapter, file: IntegrityFile, values) -> Detection:
    interviewer = chapter.study.source(chapter.survey.source).interviewer
    return detect(chapter.survey, values, aids=file.aids, minutes=file.minutes, interviewer=interviewer)


def aid_table(chapter, found: Detection, values, *, name: str, caption: str) -> Table:
    """How many answers each aid marks, and the index without them."""
    t, w = chapter.text, np.asarray(chapter.survey.design.weights, float)
    used = [a for a in AIDS if a in found.flags]
    marks = {a: found.flags[a].to_numpy(bool) for a in used}
    if len(used) > 1:
        marks |= {"any": found.count >= 1, "several": found.count >= 2}
    names = _AIDS[chapter.lang] | {
        "any": t(ko="하나 이상", en="One or more of these"),
        "several": t(ko="둘 이상", en="Two or more of these"),
    }
    rows = []
    withheld = _telling(marks, chapter.study.privacy.min_base) if chapter.release == "public" else set()
    for a, mark in marks.items():
        kept = w * ~mark * (a not in withheld)
        rows += [
            {"measure": f"conspicuous:{a}", "statistic": "count", "estimate": int(mark.sum()), "unit": "cases", "n": len(w)},
            {"measure": f"conspicuous:{a}", "statistic": "share", "estimate": float(mark.mean()), "unit": "proportion", "n": len(w)},
            {"measure": f"conspicuous:{a}", "statistic": "index", "unit": "points", "scale_low": 0, "scale_high": 100,
             "estimate": float((kept * values).sum() / kept.sum()) if kept.sum() > 0 else np.nan, "n": int((~mark).sum()),
             "suppressed": a in withheld},
        ]  # fmt: skip
    recorded = chapter.record(rows).to_dict("records")
    columns = (
        Column("aid", t(ko="점검", en="Aid"), "left", "stub"),
        Column("count", t(ko="건수", en="Answers")),
        Column("share", t(ko="비율", en="Share")),
        Column("index", t(ko="제외한 지수", en="Index without them")),
        Column("n", t(ko="남는 사례수", en="n left"), "right", "base"),
    )
    body = [
        Row(
            (
                names[a],
                *(Number.from_row(r) for r in recorded[3 * k : 3 * k + 3]),
                Number.from_row(recorded[3 * k + 2], "n"),
            )
        )
        for k, a in enumerate(marks)
    ]
    return Table(name, caption, columns, tuple(body), _other_count(chapter, used), lang=chapter.lang)


def _other_count(chapter, used: list[str]) -> tuple[str, ...]:
    """Why the number of short interviews is not that of the chapter on fieldwork, where the report has both."""
    if "short" not in used or "fieldwork" not in chapter.study.extensions:
        return ()
    return (
        chapter.text(
            ko="짧은 면접은 분석에 쓴 응답만을 이 장의 기준으로 센 것이다. 마친 면접 모두를 세는 실사와 품질관리 장의 건수와는 기준과 바탕이 다르다.",
            en="Short interviews are counted among the answers used, by the limit of this chapter; the chapter on fieldwork counts all completed interviews by its own.",
        ),
    )


def _telling(marks: dict[str, np.ndarray], min_base: int) -> set[str]:
    """Aids whose index may not be shown: beside the whole, or beside another one that is shown, it would tell the answers
    of fewer than `min_base` people."""
    out: set[str] = set()
    shown = [np.zeros(len(next(iter(marks.values()))), bool)]
    for name, mark in marks.items():
        apart = [(mark & ~other).sum() if not (other & ~mark).any() else (other & ~mark).sum() for other in shown
                 if not ((mark & ~other).any() and (other & ~mark).any())]  # fmt: skip
        if any(0 < n < min_base for n in apart):
            out.add(name)
        else:
            shown.append(mark)
    return out


def icc_row(chapter, found: Detection) -> dict | None:
    if found.icc is None:
        return None
    row = {
        "measure": "interviewers",
        "statistic": "icc",
        "estimate": found.icc,
        "unit": "correlation",
        "n": chapter.survey.n,
    }
    return chapter.record([row]).iloc[0].to_dict()
