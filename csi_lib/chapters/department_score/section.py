"""One score per department from survey, phone monitoring and mystery visits, each part with its error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.chapters.department_score.compute import combined_scores
from csi_lib.chapters.kindness import section as kindness
from csi_lib.chapters.kindness.compute import ranked
from csi_lib.chapters.office import hidden_departments, in_order, recorded, standing_rows, tiny, tiny_note
from csi_lib.errors import InputError
from csi_lib.evaluation.clustered import clustered_means
from csi_lib.prose.numbers import Number
from csi_lib.tables.table import Column, Row, Table


@dataclass(frozen=True)
class Combined:
    """``parts``: component → ``department estimate se df n`` on 0–100; ``whole``: the combined scores; ``weights`` as declared."""

    parts: dict[str, pd.DataFrame]
    whole: pd.DataFrame
    weights: dict[str, float]


def combined(chapter) -> Combined:
    """The parts of this agency and year and the combined score of every department that exists."""
    file = chapter.system("department_score")
    found = kindness.sheets(chapter) if any(c.channel for c in file.components.values()) else None
    parts = {}
    for name, component in file.components.items():
        parts[name] = (
            _survey(chapter, component.survey, file.group)
            if component.survey
            else _sheets(chapter, found, component.channel)
        )
        parts[name] = parts[name][~parts[name]["department"].isin(tiny(chapter))].reset_index(drop=True)
    weights = {n: c.weight for n, c in file.components.items()}
    return Combined(parts, in_order(chapter, combined_scores(parts, weights, missing=file.missing)), weights)


def _survey(chapter, column: str, group: str) -> pd.DataFrame:
    """Mean of an item by department under the survey's design, on 0–100."""
    survey = chapter.survey
    if group not in survey.frame:
        raise InputError("the survey has no column of departments", where="department_score.yml: group", found=group)
    scale = survey.codebook.scale(column)
    estimates = chapter.grouped(group)
    rows = estimates.frame.iloc[estimates.positions(measure=column, statistic="mean", by1=group)]
    rows = rows[rows["by2"].isna() & rows["model"].isna()]
    out = pd.DataFrame(
        {"department": rows["group1"].astype(str), **{k: rows[k] for k in ("estimate", "se", "df", "n")}}
    )
    if not (rows["unit"] == "points").all():  # answers as given
        out["estimate"] = 100 * (out["estimate"] - scale.low) / (scale.high - scale.low)
        out["se"] = 100 * out["se"] / (scale.high - scale.low)
    out = out[out["estimate"].notna()]
    if "departments" in chapter.study.extensions:
        out["department"] = [chapter.system("departments").in_year(d, chapter.year) for d in out["department"]]
        if out["department"].duplicated().any():
            raise InputError("the survey still asks about departments that were merged", where=f"survey of {chapter.year}",
                             found=str(out.loc[out["department"].duplicated(), "department"].iloc[0]), action="Recode them in the codebook")  # fmt: skip
    return out.reset_index(drop=True)


def _sheets(chapter, found, channel: str) -> pd.DataFrame:
    if found is None or channel not in found.file.schemes:
        return pd.DataFrame(columns=["department", "estimate", "se", "df", "n"])
    return clustered_means(found.of(channel, year=chapter.year), "score", "department", clusters="person")


def score_rows(chapter, result: Combined):
    """(scores, ranks, parts): the combined score with rank, and per component its rows in the same order; None when
    fewer than two departments have a score."""
    whole = result.whole[result.whole["estimate"].notna()].reset_index(drop=True)
    if len(whole) < 2:
        return None
    frame = ranked(whole, "department", digits=1)
    hidden = hidden_departments(chapter, frame)
    own = {"measure": "department_score", "model": "department_score", "source": "combined"}
    scores, ranks = standing_rows(chapter, frame, by="department", hidden=hidden, **own)
    parts = {}
    for name, part in result.parts.items():
        rows = part.set_index("department").reindex(frame["department"]).reset_index()
        rows["n"] = rows["n"].fillna(0)
        small = hidden | hidden_departments(chapter, rows)
        rows = rows.assign(
            by1="department", group1=rows["department"], measure=f"part:{name}", statistic="mean", unit="points"
        )
        parts[name] = recorded(chapter, rows, hidden=small, model="department_score", source="combined")
    return scores, ranks, parts


def part_cells(chapter, parts) -> dict[str, list[Number]]:
    """Heading of each component (with its weight) → its scores."""
    file = chapter.system("department_score")
    total = sum(c.weight for c in file.components.values())
    head = lambda n: f"{file.components[n].label.text(chapter.lang)} ({100 * file.components[n].weight / total:g})"
    return {head(n): [Number.from_row(r) for r in rows.to_dict("records")] for n, rows in parts.items()}


def error_table(chapter, result: Combined, rows, *, name: str, caption: str) -> Table:
    """Standard error of each part and of the whole: where the uncertainty comes from."""
    scores, _, parts = rows
    file, text = chapter.system("department_score"), chapter.text
    columns = [Column("row", text(ko="부서", en="Department"), "left", "stub")]
    for part in parts:
        title = file.components[part].label.text(chapter.lang)
        columns += [
            Column(f"{part}.se", text(ko="표준오차", en="SE"), group=title),
            Column(f"{part}.n", text(ko="사례수", en="n"), "right", "base", group=title),
        ]
    columns.append(Column("whole", text(ko="종합 점수의 표준오차", en="SE of the whole")))
    body = []
    for k, row in enumerate(scores.to_dict("records")):
        cells = [row["group1_label"]]
        for frame in parts.values():
            cells += [Number.from_row(frame.iloc[k], "se", digits=2), Number.from_row(frame.iloc[k], "n")]
        body.append(Row((*cells, Number.from_row(row, "se", digits=2))))
    return Table(name, caption, tuple(columns), tuple(body), tuple(filter(None, [tiny_note(chapter)])), chapter.lang)  # fmt: skip


def absent(chapter, result: Combined):
    """The sentence that names departments without a whole score, or None."""
    rows = result.whole[result.whole["estimate"].isna()]
    if not len(rows):
        return None
    names = [chapter.labels.group("department", d) for d in rows["department"]]
    return chapter.sentence(
        ko="{names:은/는} 빠진 부분이 있어 종합 점수를 내지 않았다.",
        en="{names}: a part is missing, so there is no combined score.",
        names=names,
    )


def overall(chapter, result: Combined) -> pd.Series | None:
    """Simple mean of the departments' combined scores: the line in the figure."""
    whole = result.whole[result.whole["estimate"].notna()]
    if not len(whole):
        return None
    se = float(np.sqrt(np.square(whole["se"]).sum()) / len(whole)) if whole["se"].notna().all() else np.nan
    row = {
        "measure": "department_score",
        "statistic": "mean",
        "estimate": whole["estimate"].mean(),
        "se": se,
        "n": int(whole["n"].sum()),
        "unit": "points",
    }
    return recorded(chapter, [row], model="department_score", source="combined").iloc[0]
