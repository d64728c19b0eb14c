"""Feedback: the register of improvement tasks, initiatives, what was heard and what was done about it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.chapters.feedback.compute import TASKS, FeedbackFile, task_status, without_initiative, without_names
from csi_lib.chapters.feedback.letters import STATUS
from csi_lib.chapters.management.section import department_label
from csi_lib.evaluation.records import read_records
from csi_lib.prose.change import verdict_of
from csi_lib.prose.numbers import Interval, Number
from csi_lib.prose.rounding import disagrees
from csi_lib.prose.sentences import Sentence, join_words
from csi_lib.study.reading import small_bases
from csi_lib.survey.estimates import Estimates
from csi_lib.tables.table import Column, Row, Table
from csi_lib.voice.scrubbing import scrub

#: column of a task's change against the other departments → field of its row
_AGAINST = {
    "against": "estimate",
    "against_se": "se",
    "against_low": "ci_low",
    "against_high": "ci_high",
    "against_p": "p_value",
}
_VERDICT = {
    "better": {"ko": "▲ 나아짐", "en": "▲ better"},
    "worse": {"ko": "▼ 나빠짐", "en": "▼ worse"},
    "no_evidence": {"ko": "변화 근거 없음", "en": "no evidence of change"},
}


def register_of(chapter, source: str) -> pd.DataFrame:
    """A register with ``status`` on its day and the tested change of every task's score, recorded as ``row_change`` ….

    In a public edition owners are numbers and their names are gone from titles too.
    """
    file = chapter.system("feedback")
    frame = chapter.records(source, TASKS, columns=file.columns)
    if chapter.lang == "en":
        frame["title"] = frame["title_en"].fillna(frame["title"])
    if chapter.release != "restricted" and len(frame):
        titles = without_names(frame["title"], _names(chapter, source, file))
        frame["title"] = [scrub(t).text if isinstance(t, str) else t for t in titles]
    out = task_status(frame, asof=file.day(chapter.year))
    return _recorded(chapter, _with_survey(chapter, out, file.group), source)


def _names(chapter, source: str, file: FeedbackFile) -> list[str]:
    """Owners' names and contacts, only to remove them from titles."""
    raw = read_records(chapter.study, source, TASKS, agency=chapter.agency, year=chapter.year, columns=file.columns,
                       data=chapter._round.data, release="restricted")  # fmt: skip
    return [*raw["owner"].dropna(), *raw["contact"].dropna()]


def _with_survey(chapter, tasks: pd.DataFrame, group: str) -> pd.DataFrame:
    """Tasks with a ``measure``: before and after are the last and this wave's score of the task's own department, tested as
    the trend is, and beside it the change against that of the other departments (``against`` with its error).

    Where the survey has no respondents of the department nothing is told; the whole agency's figure is never put in its place.
    """
    out = tasks.copy()
    for name in _AGAINST:
        out[name] = np.nan
    measured = out.index[out["measure"].notna()]
    if not len(measured) or chapter.previous_year is None:
        return out
    now, before = chapter.grouped(group), chapter.grouped(group, chapter.previous_year)
    for at in measured:
        same = out.loc[out["measure"] == out.at[at, "measure"], "department"]
        found = task_effect(
            chapter, now, before, out.at[at, "measure"], out.at[at, "department"], group, others=set(same)
        )
        if found is None:
            continue
        last, row, change, against = found
        out.at[at, "after"], out.at[at, "n"] = row["estimate"], row["n"]
        out.at[at, "before"] = last["estimate"]
        for name, field in _AGAINST.items():
            out.at[at, name] = np.nan if against is None else against[field]
        for name in ("se", "ci_low", "ci_high", "p_value"):
            out.at[at, name] = change[name]
        out.at[at, "change"] = change["estimate"]
        found = verdict_of(change).direction
        out.at[at, "verdict"] = {"up": "better", "down": "worse", "none": "no_evidence"}.get(found)
    return out


def task_effect(chapter, now, before, measure: str, department: str, group: str, *, others=frozenset()):
    """(row before, row now, their tested change, the change against the other departments) of a measure in a department.

    The comparison is the department's change less the mean change of the departments that have no task on the measure
    (`others` have one): what would have happened anyway is taken out. None there without such a department; None at all
    where either wave has no row of the department that may be shown.
    """
    rows = {
        e: _department_rows(chapter, estimates, measure, group) for e, estimates in (("now", now), ("before", before))
    }
    first, second = rows["before"].get(department), rows["now"].get(department)
    if first is None or second is None:
        return None
    both = Estimates.concat([before.take([first]), now.take([second])])
    change = both.contrast({"year": chapter.year}, {"year": chapter.previous_year})
    if not len(change) or pd.isna(change.frame["estimate"].iloc[0]):
        return None
    rest = [d for d in rows["now"] if d in rows["before"] and d != department and d not in others]
    against = None
    if rest:
        pick = lambda wave, own: [own, *(rows[wave][d] for d in rest)]
        four = Estimates.concat([before.take(pick("before", first)), now.take(pick("now", second))])
        share = np.full(len(rest), 1 / len(rest))
        line = change.frame.iloc[[0]].assign(statistic="difference in differences", df=np.nan)
        against = four.combine(np.r_[-1.0, share, 1.0, -share][:, None], line).frame.iloc[0]
    return before.frame.iloc[first], now.frame.iloc[second], change.frame.iloc[0], against


def _department_rows(chapter, estimates, measure: str, group: str) -> dict[str, int]:
    """Department → position of its row of the measure, of those that may be shown."""
    frame = estimates.frame
    mine = (
        (frame["measure"] == measure)
        & frame["statistic"].isin(["index", "mean"])
        & frame["by1"].eq(group)
        & frame["by2"].isna()
    )
    mine &= frame["model"].isna() | frame["model"].eq(chapter.model.name)
    mine = (mine & frame["estimate"].notna()).fillna(False).to_numpy(bool)
    return {str(frame["group1"].iloc[k]): int(k) for k in np.flatnonzero(mine)}


def _recorded(chapter, tasks: pd.DataFrame, source: str) -> pd.DataFrame:
    out = tasks.copy()
    for part in ("before", "after", "change", "against"):
        rows = [
            {"measure": source, "statistic": part, "by1": "task", "group1": r["task"], "source": source, "estimate": r[part],
             "unit": "points", "n": r["n"], "value_text": r["verdict"] if part == "change" else None,
             "flag": small_bases(r["n"]) if part == "after" else None,
             **({k: r[k] for k in ("se", "ci_low", "ci_high", "p_value")} if part == "change" else {}),
             **({field: r[name] for name, field in _AGAINST.items()} if part == "against" else {})}
            for r in out.to_dict("records")
        ]  # fmt: skip
        out[f"row_{part}"] = chapter.record(rows).to_dict("records") if rows else []
    return out


# ---------------------------------------------------------------------- registers
def status_sentence(chapter, tasks: pd.DataFrame, *, what_ko: str, what_en: str) -> Sentence:
    """How many tasks there are, in which state, and how many changed their score beyond sampling error."""
    counts = tasks["status"].value_counts()
    verdicts = tasks["verdict"].value_counts()
    source = str(tasks["row_change"].iloc[0]["measure"])
    rows = [("tasks", len(tasks)), *((s, int(counts.get(s, 0))) for s in STATUS),
            *((v, int(verdicts.get(v, 0))) for v in _VERDICT)]  # fmt: skip
    recorded = chapter.record(
        [
            {"measure": source, "statistic": f"count: {name}", "estimate": k, "unit": "number", "n": len(tasks)}
            for name, k in rows
        ],
        counts="tasks",
    )
    number = {name: Number.from_row(r) for (name, _), r in zip(rows, recorded.to_dict("records"), strict=True)}
    told = lambda words, among: [
        chapter.sentence(ko="{word} {n}건", en="{n} {word}", word=words[k][chapter.lang], n=number[k])
        for k in words
        if among.get(k, 0)
    ]
    out = chapter.sentence(
        ko="{year}년 {what} {tasks}건은 {day} 현재 {states}이다.",
        en="Of {tasks} {what} of {year}, on {day}: {states}.",
        year=chapter.year, what=chapter.text(ko=what_ko, en=what_en), tasks=number["tasks"],
        day=day_text(chapter, chapter.system("feedback").day(chapter.year)),
        states=join_words(told(STATUS, counts), chapter.lang, between=", "),
    )  # fmt: skip
    if not verdicts.sum():
        return out
    return out + chapter.sentence(
        ko="점수를 앞뒤로 잰 과제의 판정은 {verdicts}이다.",
        en="Verdicts where a score was taken before and after: {verdicts}.",
        verdicts=join_words(told(_VERDICT, verdicts), chapter.lang, between=", "),
    )


def day_text(chapter, day) -> str:
    if pd.isna(day):
        return "–"
    day = pd.Timestamp(day)
    return chapter.text(ko=f"{day.year}년 {day.month}월 {day.day}일", en=f"{day.day} {day:%B} {day.year}")


def register_table(chapter, tasks: pd.DataFrame, *, name: str, caption: str) -> Table:
    """Task, department, due date and state; owners in the restricted edition."""
    t = chapter.text
    restricted = chapter.release == "restricted" and tasks["owner"].notna().any()
    columns = [
        Column("title", t(ko="과제", en="Task"), "left", "stub"),
        Column("department", t(ko="부서", en="Department"), "left", "text"),
        Column("due", t(ko="기한", en="Due"), "left", "text"),
        Column("status", t(ko="상태", en="State"), "left", "text"),
    ]
    answers = "recommendation" in tasks and tasks["recommendation"].notna().any()
    if answers:
        columns.append(Column("recommendation", t(ko="지난해의 제언", en="Last year's recommendation"), "left", "text"))
    if restricted:
        columns.insert(2, Column("owner", t(ko="담당", en="Owner"), "left", "text"))
    body = []
    for row in tasks.to_dict("records"):
        cells = {
            "title": row["title"],
            "department": department_label(chapter, row["department"]),
            "owner": row["owner"] if isinstance(row["owner"], str) else "–",
            "due": "–" if pd.isna(row["due"]) else f"{pd.Timestamp(row['due']):%Y-%m-%d}",
            "status": STATUS[row["status"]][chapter.lang],
            "recommendation": row.get("recommendation") if isinstance(row.get("recommendation"), str) else "–",
        }
        body.append(Row(tuple(cells[c.key] for c in columns)))
    return Table(name, caption, tuple(columns), tuple(body), lang=chapter.lang, exempt="a schedule")


def scores_table(chapter, tasks: pd.DataFrame, *, name: str, caption: str) -> Table | None:
    """Score before and after every task that has one, with the tested change; None when no task has."""
    t = chapter.text
    scored = tasks[tasks["before"].notna() | tasks["after"].notna()]
    if not len(scored):
        return None
    based, compared = scored["n"].notna().any(), "against" in scored and scored["against"].notna().any()
    columns = [
        Column("title", t(ko="과제", en="Task"), "left", "stub"),
        Column("before", t(ko="전", en="Before")),
        Column("after", t(ko="후", en="After")),
        Column("change", t(ko="변화", en="Change")),
        Column("ci", t(ko="95% 신뢰구간", en="95% interval")),
        Column("verdict", t(ko="판정", en="Verdict"), "left", "text"),
    ]
    if compared:
        columns.append(Column("against", t(ko="다른 부서 대비 변화", en="Against the other departments")))
    if based:
        columns.append(Column("n", t(ko="사례수", en="n"), "right", "base"))
    body = []
    for row in scored.to_dict("records"):
        verdict = row["verdict"] if isinstance(row["verdict"], str) else None
        cells = {
            "title": row["title"],
            "before": Number.from_row(row["row_before"]),
            "after": Number.from_row(row["row_after"]),
            "change": change_number(row["row_change"], row["after"], row["before"]),
            "ci": Interval.from_row(row["row_change"]),
            "verdict": _VERDICT[verdict][chapter.lang] if verdict else "–",
            "against": Number.from_row(row["row_against"], signed=True),
            "n": Number.from_row(row["row_after"], "n"),
        }
        body.append(Row(tuple(cells[c.key] for c in columns)))
    note = t(
        ko="판정은 5% 유의수준의 검정에 따른다. 과제가 여럿이면 그 가운데 하나쯤은 우연히 유의할 수 있다.",
        en="Verdicts are those of a test at the 5% level; among many tasks one may be significant by chance.",
    )
    beside = t(
        ko="‘다른 부서 대비 변화’는 그 부서의 변화에서, 같은 과제가 없는 다른 부서들의 평균 변화를 뺀 것이다.",
        en="‘Against the other departments’: the department's change less the mean change of those without such a task.",
    )
    notes = (note, *([beside] if compared else []), *rounding_note(chapter, body))
    return Table(name, caption, tuple(columns), tuple(body), notes, chapter.lang, None,
                 exempt=None if based else "the register gives scores without bases")  # fmt: skip


def change_number(row: dict, after: float, before: float) -> Number:
    """A change, with ‡ where rounding makes it differ from the difference of the two printed values."""
    number = Number.from_row(row, signed=True)
    if not number.shown or pd.isna(after) or pd.isna(before):
        return number
    odd = disagrees(number.value, after, before, number.places)
    return Number.from_row(row, signed=True, mark="‡" if odd else "")


def rounding_note(chapter, body) -> tuple[str, ...]:
    """The footnote of ‡, where it stands in a cell."""
    marked = lambda cell: "‡" in (cell.mark if isinstance(cell, Number) else getattr(cell, "text", ""))
    if not any(marked(c) for row in body for c in row.cells if isinstance(c, (Number, Sentence))):
        return ()
    return (
        chapter.text(
            ko="‡ 반올림하기 전의 값으로 계산하여 표에 적힌 두 값의 차이와 다를 수 있다.",
            en="‡ Computed before rounding; may differ from the difference of the printed values.",
        ),
    )


def idle_sentence(chapter, initiatives: pd.DataFrame) -> Sentence | None:
    """Departments that have registered no initiative; None without a list of departments."""
    if "departments" not in chapter.study.extensions:
        return None
    departments = chapter.system("departments").existing(chapter.year)
    idle = without_initiative(initiatives, departments)
    if not idle:
        return chapter.sentence(
            ko="모든 부서가 시책을 하나 이상 등록하였다.", en="Every department has registered an initiative."
        )
    return chapter.sentence(
        ko="시책을 등록하지 않은 부서는 {names}이다.", en="No initiative was registered by {names}.",
        names=[department_label(chapter, d) for d in idle],
    )  # fmt: skip


def evidence_cell(chapter, evidence: str | None):
    """A link a reader can follow, named by where it leads; a file's name as it stands; a dash for nothing."""
    if evidence is None or not evidence.startswith("http"):
        return evidence or "–"
    host = evidence.split("/")[2]
    return Sentence(f"[{host}](<{evidence}>)", host)


def heard_table(chapter, tasks: pd.DataFrame | None = None) -> Table | None:
    """What we heard → what we did → what came of it, of this agency; None when nothing is written down.

    `tasks` (of `register_of`) give the state and the tested result of the tasks that the entries name.
    """
    t = chapter.text
    heard = [h for h in chapter.system("feedback").heard if h.agency in (None, chapter.agency)]
    if not heard:
        return None
    columns = (
        Column("heard", t(ko="고객이 말한 것", en="What we heard"), "left", "stub"),
        Column("did", t(ko="우리가 한 일", en="What we did"), "left", "text"),
        Column("department", t(ko="부서", en="Department"), "left", "text"),
        Column("state", t(ko="과제의 상태", en="State of the task"), "left", "text"),
        Column("change", t(ko="점수의 변화", en="Change of the score")),
        Column("verdict", t(ko="판정", en="Verdict"), "left", "text"),
        Column("evidence", t(ko="근거", en="Evidence"), "left", "text"),
    )
    known = {} if tasks is None else {r["task"]: r for r in tasks.to_dict("records")}
    linked = any(h.task in known for h in heard)
    measured = any(isinstance(known.get(h.task, {}).get("verdict"), str) for h in heard)
    keep = [True, True, any(h.department for h in heard), linked, measured, measured, any(h.evidence for h in heard)]
    body = []
    for h in heard:
        task = known.get(h.task)
        told = task is not None and isinstance(task["verdict"], str)
        cells = (
            h.heard.text(chapter.lang),
            h.did.text(chapter.lang),
            department_label(chapter, h.department) if h.department else "–",
            "–" if task is None else STATUS[task["status"]][chapter.lang],
            change_number(task["row_change"], task["after"], task["before"]) if told else None,
            _VERDICT[task["verdict"]][chapter.lang] if told else "–",
            evidence_cell(chapter, h.evidence),
        )
        body.append(Row(tuple(c for c, k in zip(cells, keep, strict=True) if k)))
    caption = t(ko="고객의 목소리와 조치", en="What we heard and what we did")
    return Table("heard", caption, tuple(c for c, k in zip(columns, keep, strict=True) if k), tuple(body), lang=chapter.lang,
                 exempt="a list of measures taken")  # fmt: skip
