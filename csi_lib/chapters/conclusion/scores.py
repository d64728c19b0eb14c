"""Findings of the scores: where the index and its parts stand, how they moved, and what to mend first."""

from __future__ import annotations

from csi_lib.chapters.claims import changed, claim, placed
from csi_lib.chapters.portfolio.section import QUADRANTS, chances, item_portfolio
from csi_lib.findings.finding import Finding


def score_findings(chapter, room: str = "overall") -> list[Finding | None]:
    """Zone and change of the index, of what is measured beside it, and of every dimension."""
    if not chapter.models:
        return []
    index = chapter.index()
    if index is None:
        return []
    out = [placed(chapter, room, index, severity=9), changed(chapter, room, index, severity=8)]
    sides = [n.id for n in chapter.model.file.side if n.role != "expectation"]
    for measures, weight in ((sides, 3.0), (chapter.top_nodes[1:], 4.0)):
        rows = chapter.rows(measure=list(measures), model=chapter.model.name, statistic="index", by1=None)
        for row in rows[rows["estimate"].notna()].to_dict("records"):
            if row["unit"] == "points":
                out.append(placed(chapter, room, row, severity=weight))
            out.append(changed(chapter, room, row, severity=weight))
    return out


def employee_findings(chapter) -> list[Finding | None]:
    """The same of the employees' survey."""
    return score_findings(chapter.on("employees"), "internal") if chapter.surveyed("employees") else []


def priority_findings(chapter) -> list[Finding]:
    """Every item in the order of priorities: rank 1 is what to mend first, here and everywhere."""
    points = item_portfolio(chapter) if chapter.models else None
    if points is None:
        return []
    sure = chances(chapter, points)
    known = {} if sure is None else {r["measure"]: r for r in sure.to_dict("records")}
    out = []
    for row in points.sort_values("priority").to_dict("records"):
        measure, mine = row["measure"], known.get(row["measure"])
        score = {k[:-2]: v for k, v in row.items() if k.endswith("_x")}
        label = lambda c, m=measure: c.labels.measure(m)
        area = lambda c, q=row["quadrant"]: QUADRANTS[c.lang][q]
        out.append(
            claim(
                chapter, "portfolio", measure, "rank", ko="개선 순서 {rank}번째는 ‘{label}’이다({area}, {score}).",
                en="Number {rank} in the order of priorities is ‘{label}’ ({area}, {score}).",
                fields={"rank": int(row["priority"]), "label": label, "area": area, "score": score},
                rows=[score, *([mine["rank"], mine["row"]] if mine else [])], size=float(row["priority"]), unit="rank",
                direction="worse" if row["quadrant"] == "concentrate" else "none",
                certainty=mine["chance"] if mine else None, severity=7 - 0.05 * row["priority"],
            )
        )  # fmt: skip
    return out
