"""Fieldwork control: outcomes and rates, verification, interviewers, progress, and what cleaning did to the index."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.chapters.customers.compute import frame_population
from csi_lib.chapters.fieldwork.compute import (
    FieldworkFile,
    Log,
    by_interviewer,
    control,
    daily,
    outlook,
    rates,
    read_log,
)
from csi_lib.evaluation.clustered import wilson
from csi_lib.prose.numbers import Number
from csi_lib.survey.sampling_plan import plan_agency, read_plan
from csi_lib.tables.table import Column, Row, Table

_CONTROL = {
    "ko": {
        "verified": "검증한 면접", "contractor": "조사기관이 검증한 면접", "failed": "검증에서 부적합(검증한 면접 가운데)",
        "discarded": "폐기한 면접", "reinterviewed": "다시 조사한 면접", "short": "지나치게 짧은 면접",
    },
    "en": {
        "verified": "Interviews verified", "contractor": "Verified by the contractor", "failed": "Failed (of those verified)",
        "discarded": "Interviews discarded", "reinterviewed": "Interviewed again", "short": "Far too short",
    },
}  # fmt: skip
#: the rates that are shown, with what each is
_RATES = {
    "ko": {
        "RR1": "최소 응답률 RR1", "RR2": "RR2(부분 응답 포함)", "RR3": "추정 응답률 RR3", "RR4": "RR4(부분 응답 포함)",
        "RR5": "최대 응답률 RR5", "RR6": "RR6(부분 응답 포함)", "COOP1": "협조율 COOP1", "COOP3": "협조율 COOP3",
        "REF1": "거절률 REF1", "REF2": "거절률 REF2", "CON1": "접촉률 CON1", "CON2": "접촉률 CON2",
    },
    "en": {
        "RR1": "Response rate 1 (minimum)", "RR2": "Response rate 2", "RR3": "Response rate 3 (estimated)", "RR4": "Response rate 4",
        "RR5": "Response rate 5 (maximum)", "RR6": "Response rate 6", "COOP1": "Cooperation rate 1", "COOP3": "Cooperation rate 3",
        "REF1": "Refusal rate 1", "REF2": "Refusal rate 2", "CON1": "Contact rate 1", "CON2": "Contact rate 2",
    },
}  # fmt: skip


def settings(chapter) -> FieldworkFile:
    return chapter.system("fieldwork")


def open_log(chapter, file: FieldworkFile) -> Log | None:
    """The log of this agency and wave; None where there is none."""
    if not chapter.surveyed(file.source):
        return None
    return read_log(chapter.study, file, chapter.agency, chapter.year, data=chapter.data, release=chapter.release)


def outcome_rows(chapter, file: FieldworkFile, log: Log) -> pd.DataFrame:
    """Recorded number of cases by outcome, in the order of fieldwork.yml; ``measure_label`` beside."""
    counts = log.frame["outcome"].value_counts().to_dict()
    lines = [(code, o.label.text(chapter.lang), int(counts.get(code, 0))) for code, o in file.outcomes.items()]
    if log.open_cases:
        lines.append(("open", chapter.text(ko="진행 중", en="Still open"), log.open_cases))
    rows = chapter.record(
        [
            {"measure": f"outcome:{code}", "statistic": "count", "estimate": n, "unit": "cases", "n": len(log.frame)}
            for code, _, n in lines
        ],
        source=file.source,
    )
    return rows.assign(measure_label=[label for _, label, _ in lines])


def outcome_table(chapter, rows: pd.DataFrame, *, name: str, caption: str) -> Table:
    t = chapter.text
    shares = chapter.record(
        [
            {
                "measure": r["measure"],
                "statistic": "share",
                "estimate": r["estimate"] / r["n"],
                "unit": "proportion",
                "n": r["n"],
            }
            for r in rows.to_dict("records")
        ],
        source=rows["source"].iloc[0],
    )
    columns = (
        Column("outcome", t(ko="최종 결과", en="Outcome"), "left", "stub"),
        Column("cases", t(ko="건수", en="Cases")),
        Column("share", t(ko="비율", en="Share")),
        Column("n", t(ko="전체 접촉", en="All cases"), "right", "base"),
    )
    body = [
        Row((r["measure_label"], Number.from_row(r), Number.from_row(s), Number.from_row(s, "n")))
        for r, s in zip(rows.to_dict("records"), shares.to_dict("records"), strict=True)
    ]
    return Table(name, caption, columns, tuple(body), lang=chapter.lang)


def rate_rows(chapter, file: FieldworkFile, log: Log) -> tuple[pd.DataFrame, dict]:
    """Recorded AAPOR rates (of which `_RATES` are shown), and the row of e, the assumed share of eligible cases."""
    found = rates(log, file)
    names = [r for r in found.frame["rate"] if r in _RATES[chapter.lang]]
    table = found.frame.set_index("rate")
    rows = chapter.record(
        [
            {"measure": f"aapor:{r}", "statistic": "rate", "estimate": table.loc[r, "estimate"], "unit": "proportion", "n": found.n,
             "value_text": f"{table.loc[r, 'numerator']:g}/{table.loc[r, 'denominator']:g}"}
            for r in names
        ],
        source=file.source,
    )  # fmt: skip
    e = chapter.record([{"measure": "aapor:e", "statistic": "share", "estimate": found.e, "unit": "proportion", "n": found.n,
                         "value_text": found.e_rule}], source=file.source)  # fmt: skip
    return rows.assign(measure_label=[_RATES[chapter.lang][r] for r in names]), e.iloc[0].to_dict()


def control_table(chapter, file: FieldworkFile, log: Log, *, name: str, caption: str) -> tuple[Table, dict[str, dict]]:
    """Verification and what came of it; and the recorded share of each line, by its name."""
    t, found = chapter.text, control(log, file)
    rows = chapter.record(
        [
            {"measure": f"control:{r['what']}", "statistic": "share", "estimate": r["share"], "ci_low": r["ci_low"],
             "ci_high": r["ci_high"], "unit": "proportion", "n": r["base"]}
            for r in found.to_dict("records")
        ],
        source=file.source,
    ).to_dict("records")  # fmt: skip
    counts = chapter.record(
        [
            {
                "measure": f"control:{r['what']}",
                "statistic": "count",
                "estimate": r["n"],
                "unit": "cases",
                "n": r["base"],
            }
            for r in found.to_dict("records")
        ],
        source=file.source,
    ).to_dict("records")
    goals = chapter.record(
        [
            {
                "measure": f"goal:{r['what']}",
                "statistic": "target",
                "estimate": r["required"],
                "unit": "proportion",
                "n": r["base"],
            }
            for r in found.to_dict("records")
        ],
        source=file.source,
    ).to_dict("records")
    columns = (
        Column("what", t(ko="점검", en="Check"), "left", "stub"),
        Column("cases", t(ko="건수", en="Cases")),
        Column("share", t(ko="비율", en="Share")),
        Column("goal", t(ko="기준", en="Required")),
        Column("n", t(ko="대상 면접", en="Of"), "right", "base"),
    )
    body = [
        Row(
            (
                _CONTROL[chapter.lang][w],
                Number.from_row(c),
                Number.from_row(s),
                Number.from_row(g),
                Number.from_row(s, "n"),
            )
        )
        for w, c, s, g in zip(found["what"], counts, rows, goals, strict=True)
    ]
    table = Table(name, caption, columns, tuple(body), lang=chapter.lang)
    return table, dict(zip(found["what"], rows, strict=True)) | {
        f"goal:{w}": g for w, g in zip(found["what"], goals, strict=True)
    }


def interviewer_rows(chapter, file: FieldworkFile, log: Log) -> pd.DataFrame:
    """Recorded share of short interviews of every interviewer; the frame of `by_interviewer` beside. Restricted release only:
    how one person worked is personal."""
    found = by_interviewer(log, file)
    timed = log.interviews.groupby("interviewer")["minutes"].count()
    rows = chapter.record(
        [
            {"measure": "control:short", "statistic": "share", "by1": "interviewer", "group1": r["interviewer"],
             **dict(zip(("ci_low", "ci_high"), _interval(r["short"], timed[r["interviewer"]]), strict=True)),
             "estimate": r["short"] / timed[r["interviewer"]] if timed[r["interviewer"]] else None, "unit": "proportion",
             "n": int(timed[r["interviewer"]])}
            for r in found.to_dict("records")
        ],
        source=file.source,
    )  # fmt: skip
    return pd.concat([rows.reset_index(drop=True), found.add_prefix("i_").reset_index(drop=True)], axis=1)


def _interval(k: int, n: int) -> tuple[float, float]:
    return wilson(k / n, n) if n else (np.nan, np.nan)


def interviewer_table(chapter, file: FieldworkFile, rows: pd.DataFrame, *, name: str, caption: str) -> Table:
    t = chapter.text
    fields = (
        ("n", t(ko="면접", en="Interviews"), "number"), ("verified", t(ko="검증", en="Verified"), "number"),
        ("failed", t(ko="부적합", en="Failed"), "number"), ("discarded", t(ko="폐기", en="Discarded"), "number"),
        ("reinterviewed", t(ko="재조사", en="Again"), "number"), ("short", t(ko="짧은 면접", en="Short"), "number"),
        ("median", t(ko="길이 중앙값(분)", en="Median (min)"), "scale"), ("refusals", t(ko="거절률", en="Refusals"), "proportion"),
    )  # fmt: skip
    recorded = chapter.record(
        [
            {"measure": f"interviewer:{what}", "statistic": "share" if unit == "proportion" else "count", "by1": "interviewer",
             "group1": r["group1"], "estimate": r[f"i_{what}"], "unit": "minutes" if what == "median" else unit, "n": r["i_n"]}
            for r in rows.to_dict("records")
            for what, _, unit in fields
        ],
        source=file.source,
    )  # fmt: skip
    found = {(r["group1"], r["measure"].split(":")[1]): r for r in recorded.to_dict("records")}
    columns = (
        Column("who", t(ko="조사원", en="Interviewer"), "left", "stub"),
        *(Column(what, label, "right", "base" if what == "n" else "number") for what, label, _ in fields),
        Column("flag", t(ko="점검", en="Check"), "left", "text"),
    )
    body = [
        Row((r["group1"], *(Number.from_row(found[r["group1"], w]) for w, _, _ in fields),
             t(ko="확인 필요", en="look closer") if r["i_flagged"] else "–"))
        for r in rows.to_dict("records")
    ]  # fmt: skip
    return Table(name, caption, columns, tuple(body), lang=chapter.lang)


def spread_rows(chapter, file: FieldworkFile, log: Log) -> dict[str, dict]:
    """Public summary of the interviewers, naming none: how many, fewest and most interviews, how many are to be looked at."""
    found = by_interviewer(log, file)
    lines = {
        "interviewers": (len(found), "number"), "fewest": (found["n"].min(), "cases"), "most": (found["n"].max(), "cases"),
        "flagged": (int(found["flagged"].sum()), "number"),
    }  # fmt: skip
    rows = chapter.record(
        [
            {
                "measure": f"interviewers:{k}",
                "statistic": "count",
                "estimate": float(v),
                "unit": unit,
                "n": len(log.interviews),
            }
            for k, (v, unit) in lines.items()
        ],
        source=file.source,
    )
    return dict(zip(lines, rows.to_dict("records"), strict=True))


def pace_rows(chapter, file: FieldworkFile, log: Log) -> pd.DataFrame | None:
    """Recorded interviews done by the end of every seventh day (and the last), beside the pace that reaches the plan on the
    last day of fieldwork; ``wave`` is the day as it is printed. None for a log of a single day."""
    days = daily(log)
    if len(days) < 2:
        return None
    at = sorted({*range(6, len(days), 7), len(days) - 1})
    plan = read_plan(chapter.study)
    goal = sum(_planned(chapter, plan).values()) if plan is not None else 0
    first = days["day"].iloc[0]
    whole = (pd.Timestamp(log.ends) - first).days + 1 if log.ends is not None else len(days)
    lines = []
    for k in at:
        day, n = days["day"].iloc[k], int(days["total"].iloc[k])
        lines.append(("interviews", day, n))
        if goal and whole > 0:
            lines.append(("planned_pace", day, goal * min((k + 1) / whole, 1.0)))
    rows = chapter.record(
        [
            {"measure": f"progress:{what}", "statistic": "count", "by1": "day", "group1": str(day)[:10], "estimate": value,
             "unit": "cases", "n": len(log.frame)}
            for what, day, value in lines
        ],
        source=file.source,
    )  # fmt: skip
    names = {
        "interviews": chapter.text(ko="실제", en="Done"),
        "planned_pace": chapter.text(ko="계획대로라면", en="If on plan"),
    }
    return rows.assign(measure_label=[names[w] for w, _, _ in lines], wave=[f"{d:%m/%d}" for _, d, _ in lines])


def progress_table(chapter, file: FieldworkFile, log: Log, *, name: str, caption: str) -> tuple[Table, dict | None]:
    """Interviews by cell against the plan (all cells together without one); and the recorded outlook while fieldwork runs."""
    t = chapter.text
    useful = log.complete
    got = useful["stratum"].value_counts().to_dict()
    plan, planned = read_plan(chapter.study), {}
    if plan is not None:
        planned = _planned(chapter, plan)
    cells = list(dict.fromkeys([*planned, *(c for c in got if isinstance(c, str))])) or [None]
    lines = []
    for cell in cells:
        n = int(got.get(cell, 0)) if cell is not None else len(useful)
        for what, value, unit in (("planned", planned.get(cell), "cases"), ("done", n, "cases"),
                                  ("rate", n / planned[cell] if planned.get(cell) else None, "proportion")):  # fmt: skip
            lines.append({"measure": f"progress:{what}", "statistic": "count" if unit == "cases" else "share", "estimate": value,
                          "unit": unit, "n": n, **({"by1": "stratum", "group1": cell} if cell is not None else {})})  # fmt: skip
    rows = chapter.record(lines, source=file.source).to_dict("records")
    by = plan.by if plan is not None else None
    columns = (
        Column("cell", chapter.labels.variable(by) if by else t(ko="구분", en="Cell"), "left", "stub"),
        Column("planned", t(ko="계획", en="Planned")),
        Column("done", t(ko="완료(폐기 제외)", en="Complete (not discarded)"), "right", "number"),
        Column("rate", t(ko="진도", en="Progress")),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
    )
    label = lambda c: t(ko="전체", en="All") if c is None else chapter.labels.group(by, c) if by else c
    body = [
        Row((label(c), *(Number.from_row(r) for r in rows[3 * k : 3 * k + 3]), Number.from_row(rows[3 * k + 1], "n")))
        for k, c in enumerate(cells)
    ]
    table = Table(name, caption, columns, tuple(body), lang=chapter.lang)
    if not (log.interim and planned):
        return table, None
    missing, day = outlook(log, sum(planned.values()))
    row = chapter.record(
        [{"measure": "progress:missing", "statistic": "count", "estimate": missing, "unit": "cases", "n": len(useful)}],
        source=file.source,
    ).iloc[0]
    return table, {"missing": row, "day": None if day is None else str(day)}


def _planned(chapter, plan) -> dict[str, int]:
    """Interviews planned by cell, with the population of the sampling frame where the study has one."""
    frame = frame_population(chapter.study, chapter.agency, chapter.year, data=chapter.data)
    if not (frame or plan.frame.get(chapter.agency) or plan.frame.get("default")):
        return {}
    table = plan_agency(plan, chapter.agency, frame=frame).table
    return {c: int(n) for c, n in zip(table["cell"], table["n"], strict=True)}
