"""The quarterly follow-up: states of the register quarter by quarter, what is still to be done, whom to write to."""

from __future__ import annotations

import pandas as pd

from csi_lib.chapters.feedback.compute import follow_up, mail_merge
from csi_lib.chapters.feedback.letters import STATUS
from csi_lib.chapters.management.section import department_label
from csi_lib.prose.numbers import Number
from csi_lib.tables.table import Column, Row, Table


def quarters_table(chapter, tasks: pd.DataFrame) -> Table:
    """States of the register at the end of each quarter; every row adds up to the tasks."""
    t, file = chapter.text, chapter.system("feedback")
    states = follow_up(tasks, quarters=file.quarters_of(chapter.year), asof=file.day(chapter.year))
    names = [s for s in STATUS if states[s].any() or s != "no_date"]
    columns = (
        Column("quarter", t(ko="분기 말", en="End of"), "left", "stub"),
        Column("n", t(ko="과제 수", en="Tasks"), "right", "base"),
        *(Column(s, STATUS[s][chapter.lang]) for s in names),
    )
    body = []
    for row in states.to_dict("records"):
        rows = chapter.record(
            [
                {"measure": "follow-up", "statistic": "count", "period": row["quarter"], "by1": "status", "group1": s,
                 "estimate": row[s], "unit": "number", "n": len(tasks)}
                for s in names
            ],
            counts="tasks",
        ).to_dict("records")  # fmt: skip
        year, quarter = row["quarter"].split("Q")
        label = t(ko=f"{year}년 {quarter}분기", en=f"Q{quarter} {year}")
        body.append(Row((label, Number.from_row(rows[0], "n"), *(Number.from_row(r) for r in rows))))
    caption = t(ko="분기별 개선과제 추진 상황", en="State of the improvement tasks by quarter")
    return Table("quarters", caption, columns, tuple(body), lang=chapter.lang)


def open_tasks_table(chapter, tasks: pd.DataFrame) -> Table | None:
    """Tasks that are not done, the longest overdue first, with the days since or until they are due."""
    t, day = chapter.text, pd.Timestamp(chapter.system("feedback").day(chapter.year))
    left = tasks[tasks["status"].isin(["overdue", "on_time", "no_date"])].sort_values(
        "due", kind="stable", na_position="last"
    )
    if not len(left):
        return None
    days = (day - pd.to_datetime(left["due"])).dt.days
    rows = chapter.record(
        [
            {"measure": "follow-up", "statistic": "days late", "by1": "task", "group1": r["task"], "estimate": d, "unit": "days"}
            for r, d in zip(left.to_dict("records"), days.to_numpy(float), strict=True)
        ]
    ).to_dict("records")  # fmt: skip
    columns = (
        Column("title", t(ko="과제", en="Task"), "left", "stub"),
        Column("department", t(ko="부서", en="Department"), "left", "text"),
        Column("due", t(ko="기한", en="Due"), "left", "text"),
        Column("status", t(ko="상태", en="State"), "left", "text"),
        Column("late", t(ko="지난 날수", en="Days late")),
    )
    body = []
    for row, late in zip(left.to_dict("records"), rows, strict=True):
        overdue = row["status"] == "overdue"
        body.append(
            Row(
                (
                    row["title"],
                    department_label(chapter, row["department"]),
                    "–" if pd.isna(row["due"]) else f"{pd.Timestamp(row['due']):%Y-%m-%d}",
                    STATUS[row["status"]][chapter.lang],
                    Number.from_row(late, digits=0) if overdue else None,
                )
            )
        )
    return Table("open-tasks", t(ko="완료되지 않은 과제", en="Tasks that are not done"), columns, tuple(body),
                 lang=chapter.lang, exempt="a schedule")  # fmt: skip


def letters_table(chapter, tasks: pd.DataFrame) -> Table | None:
    """Who gets a letter about an open task: only in the restricted edition; None in a public one or when nobody does."""
    if chapter.release != "restricted":
        return None
    letters = mail_merge(tasks)
    if not len(letters):
        return None
    t = chapter.text
    heads = {"owner": t(ko="담당", en="Owner"), "contact": t(ko="연락처", en="Contact"), "department": t(ko="부서", en="Department"),
             "title": t(ko="과제", en="Task"), "due": t(ko="기한", en="Due"), "status": t(ko="상태", en="State")}  # fmt: skip
    columns = tuple(Column(k, v, "left", "stub" if k == "owner" else "text") for k, v in heads.items())
    body = tuple(
        Row(
            (
                r["owner"],
                r["contact"] if isinstance(r["contact"], str) else "–",
                department_label(chapter, r["department"]),
                r["title"],
                "–" if pd.isna(r["due"]) else f"{pd.Timestamp(r['due']):%Y-%m-%d}",
                STATUS[r["status"]][chapter.lang],
            )
        )
        for r in letters.to_dict("records")
    )
    return Table(
        "letters",
        t(ko="안내문 발송 명단", en="Mail-merge list"),
        columns,
        body,
        lang=chapter.lang,
        exempt="a mailing list",
    )
