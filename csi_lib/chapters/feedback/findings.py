"""What the feedback chapter states: what was promised, whether it was done, and whether the score moved."""

from __future__ import annotations

import pandas as pd

from csi_lib.chapters.claims import claim
from csi_lib.chapters.feedback.section import STATUS, register_of
from csi_lib.chapters.management.section import department_label
from csi_lib.findings.finding import Finding
from csi_lib.prose.numbers import Number

_MOVED = {
    "better": ("점수가 유의하게 높아졌다({change}).", "its score rose significantly ({change})."),
    "worse": ("점수가 유의하게 낮아졌다({change}).", "its score fell significantly ({change})."),
    "no_evidence": ("점수의 유의한 변화는 없다({change}).", "its score did not change significantly ({change})."),
}


def task_findings(chapter) -> list[Finding]:
    """Every improvement task: its state on the day, and the tested change of its score."""
    file = chapter.system("feedback")
    tasks = register_of(chapter, file.tasks) if file.tasks else pd.DataFrame()
    out = []
    for row in tasks.to_dict("records"):
        moved = row["verdict"] if isinstance(row["verdict"], str) else None
        ko, en = _MOVED.get(moved, ("점수는 재지 않았다.", "no score was taken."))
        fields = {
            "title": str(row["title"]),
            "status": lambda c, s=row["status"]: STATUS[s][c.lang],
            "change": Number.from_row(row["row_change"], signed=True),
        }
        out.append(
            claim(
                chapter, "feedback", str(row["task"]), "promise", ko="‘{title}’ 과제: {status}, " + ko, en="Task ‘{title}’: {status}; " + en,
                fields={k: v for k, v in fields.items() if f"{{{k}" in "{title}{status}" + ko}, rows=[row["row_change"]] if moved else (),
                direction={"better": "better", "worse": "worse"}.get(moved, "worse" if row["status"] == "overdue" else "none"),
                owner=department_label(chapter, row["department"]),
                severity=5.5 if row["status"] == "overdue" or moved == "worse" else 3.5,
            )
        )  # fmt: skip
    return out
