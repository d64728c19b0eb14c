"""The mail-merge list of a register: one row per open task and owner, as a file for a word processor."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from csi_lib.chapters.feedback.compute import TASKS, mail_merge, task_status
from csi_lib.errors import InputError
from csi_lib.evaluation.records import read_records
from csi_lib.evaluation.systems import system_file

_HEADS = {
    "ko": {"agency": "기관", "owner": "담당", "contact": "연락처", "department": "부서", "title": "과제", "due": "기한",
           "status": "상태", "days_late": "지난 날수"},
    "en": {"agency": "agency", "owner": "owner", "contact": "contact", "department": "department", "title": "task", "due": "due",
           "status": "state", "days_late": "days late"},
}  # fmt: skip
#: the states of a task, as every report names them
STATUS = {
    "done": {"ko": "완료", "en": "done"},
    "done_late": {"ko": "기한 뒤 완료", "en": "done late"},
    "on_time": {"ko": "추진 중", "en": "under way"},
    "overdue": {"ko": "기한 지남", "en": "overdue"},
    "no_date": {"ko": "기한 없음", "en": "no due date"},
}


def letters(study, agency: str, year: int, *, asof=None, data=None, lang: str = "ko") -> pd.DataFrame:
    """The mail-merge list of an agency and wave, with headings and labels in `lang`.

    asof : the day on which tasks count as open or overdue (default: the register's own, see `FeedbackFile.day`). Names
    people: for the office, never for a report. ``.attrs["without_owner"]`` counts open tasks nobody can be written to about.
    """
    file = system_file(study, "feedback")
    if file.tasks is None:
        raise InputError(
            "this study keeps no register of tasks", where="feedback.yml: tasks", expected="the name of a source"
        )
    tasks = read_records(
        study, file.tasks, TASKS, agency=agency, year=year, columns=file.columns, data=data, release="restricted"
    )
    if lang == "en":
        tasks["title"] = tasks["title_en"].fillna(tasks["title"])
    label = lambda d: d
    if "departments" in study.extensions:
        departments = system_file(study, "departments")
        tasks, label = departments.placed(tasks, year), lambda d: departments.label(d, lang)
    day = pd.Timestamp(asof or file.day(year))
    out = mail_merge(task_status(tasks, asof=day))
    left = out.attrs["without_owner"]
    due = pd.to_datetime(out["due"])
    late = (day - due).dt.days
    out = out.assign(
        agency=study.agency(agency).name.text(lang),
        department=[label(d) for d in out["department"]],
        due=due.dt.strftime("%Y-%m-%d"),
        days_late=late.where(late > 0).astype("Int64"),
        status=[STATUS[s][lang] for s in out["status"]],
    )
    out = out[list(_HEADS[lang])].rename(columns=_HEADS[lang])
    out.attrs["without_owner"] = left
    return out


def write_letters(list_: pd.DataFrame, path: Path) -> Path:
    """The list as ``.csv`` (UTF-8 with a mark that spreadsheets understand) or ``.xlsx``, readable by its owner only.

    A text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    path = Path(path)
    if path.suffix not in (".csv", ".xlsx"):
        raise InputError("a mail-merge list is a table", where="--out", found=path.name, expected=".csv or .xlsx")
    path.parent.mkdir(parents=True, exist_ok=True)
    # made empty with its mode first, so that names are never readable by others, not for a moment
    os.close(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
    path.chmod(0o600)
    list_ = list_.map(lambda v: f"'{v}" if isinstance(v, str) and v[:1] in ("=", "+", "-", "@", "\t", "\r") else v)
    if path.suffix == ".csv":
        list_.to_csv(path, index=False, encoding="utf-8-sig")
    else:
        list_.to_excel(path, index=False)
    return path
