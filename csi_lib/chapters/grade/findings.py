"""What the grade chapter states: the grade and how sure it is."""

from __future__ import annotations

from csi_lib.chapters.claims import claim
from csi_lib.chapters.grade.grades import grade_label, grade_sheet
from csi_lib.chapters.grade.own_grade import own_row
from csi_lib.findings.finding import Finding


def grade_findings(chapter) -> list[Finding]:
    """The agency's grade with the probability of keeping it in another survey; nothing where it is not graded."""
    sheet = grade_sheet(chapter)
    own = own_row(chapter, sheet)
    if own is None or not isinstance(own["grade"], str):
        return []
    grade = lambda c: grade_label(c, sheet.file, own["grade"])
    if own["other"] != own["other"]:
        return [claim(chapter, "grade", "grade", "level", ko="등급은 {grade}이다.", en="The grade is {grade}.",
                      fields={"grade": grade}, severity=8)]  # fmt: skip
    kept = chapter.record(
        [{"measure": "grade", "statistic": "probability", "versus": "kept", "estimate": 1 - own["other"], "unit": "proportion",
          "n": own["n"]}]
    ).iloc[0]  # fmt: skip
    return [
        claim(
            chapter, "grade", "grade", "level", ko="등급은 {grade}이며, 조사를 다시 해도 같은 등급일 확률은 {kept}이다.",
            en="The grade is {grade}; another survey would give it again with a probability of {kept}.",
            fields={"grade": grade, "kept": kept}, rows=[kept], certainty=float(kept["estimate"]), severity=8,
        )
    ]  # fmt: skip
