"""Dimensions, items and groups."""

from __future__ import annotations

import pandas as pd

from csi_lib.findings.families import extremes
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import Sentence
from csi_lib.tables.estimates import change_table as _change_table
from csi_lib.tables.table import Table


def item_rows(chapter) -> pd.DataFrame:
    """Item means in the order of the model, each under its node; items outside the model come last."""
    rows = chapter.rows(statistic="mean", by1=None)
    node_of, order = {}, {}
    for node in [*chapter.model.file.order, *chapter.model.file.side]:
        for item in node.items or ():
            node_of.setdefault(chapter.model.binding.get(item, item), node.label.text(chapter.lang))
    for position, item in enumerate(node_of):
        order[item] = position
    other = chapter.text(ko="그 밖의 문항", en="Other items")
    rows["node_label"] = [node_of.get(m, other) for m in rows["measure"]]
    rows["_order"] = [order.get(m, len(order)) for m in rows["measure"]]
    rows = rows[rows["estimate"].notna() | rows["suppressed"]]
    return rows.sort_values("_order", kind="stable").drop(columns="_order").reset_index(drop=True)


def change_table(chapter, rows: pd.DataFrame, *, name: str, caption: str) -> Table:
    """This wave beside the last with the tested change; without a last wave the plain table."""
    before, changes = chapter.previous_rows(rows), chapter.change_rows(rows)
    if before is None or changes is None:
        return chapter.table(rows, name=name, rows="measure", fields=("estimate", "se", "ci", "n"), caption=caption)
    year = lambda y: f"{y}년" if chapter.lang == "ko" else str(y)
    return _change_table(
        rows,
        before,
        changes,
        name=name,
        caption=caption,
        rows="measure",
        lang=chapter.lang,
        heads={"current": year(chapter.year), "previous": year(chapter.previous_year)},
    )


def unavailable(chapter) -> list[str]:
    """Labels of the banner variables that other waves have and this one has not."""
    study, codebook = chapter.study, chapter.study.codebook(chapter.survey.source)
    declared = study.report.groups if study.report.groups is not None else codebook.groups
    return [chapter.labels.variable(g) for g in declared if g not in chapter.banners]


def dimension_sentence(chapter) -> Sentence | None:
    """Which dimension scores highest and which lowest, where the two differ beyond sampling error and having looked; else that none
    stands out. None with fewer than two dimensions."""
    nodes, estimates = chapter.model.node(chapter.model.file.index).children or [], chapter.estimates
    with chapter.reading:
        found = extremes(
            estimates, estimates.positions(measure=list(nodes), statistic="index", model=chapter.model.name, by1=None)
        )
    if found is None:
        return None
    high, low = (chapter.labels.attach(row.to_frame().T).iloc[0] for row in found[:2])
    gap = chapter.record(found[2]).iloc[0]
    names = {"best_name": high["measure_label"], "best": high, "worst_name": low["measure_label"], "worst": low}
    if chapter.verdict(gap).significant:
        return chapter.sentence(
            ko="차원 가운데 {best_name}의 점수가 {best:으로/로} 가장 높고, {worst_name}의 점수가 {worst:으로/로} 가장 낮다.",
            en="Among the dimensions {best_name} scores highest ({best}) and {worst_name} lowest ({worst}).", **names,
        )  # fmt: skip
    return chapter.sentence(
        ko="차원 사이에 유의한 차이는 없다({best_name} {best}, {worst_name} {worst}).",
        en="No dimensions differ significantly ({best_name} {best}, {worst_name} {worst}).", **names,
    )  # fmt: skip


def extremes_sentence(chapter, variable: str) -> Sentence:
    """Which group of a variable rates higher than which, corrected for having looked for the largest difference
    (`findings.families.extremes`); where fewer than two groups can be compared, that."""
    keys = {"measure": chapter.model.file.index, "model": chapter.model.name, "statistic": "index"}
    estimates = chapter.estimates
    with chapter.reading:
        found = extremes(estimates, estimates.positions(by1=variable, by2=None, **keys))
    name = _mid_sentence(chapter.labels.variable(variable))
    if found is None:
        return chapter.sentence(
            ko="{variable}에 따라 견줄 수 있는 집단이 둘이 되지 않는다(사례수 {least}명 이상).",
            en="By {variable}, there are no two groups to compare (with {least} respondents or more).",
            variable=name,
            least=chapter.reading.compared_base,
        )
    high, low = (chapter.labels.attach(row.to_frame().T).iloc[0] for row in found[:2])
    gap = chapter.labels.attach(chapter.record(found[2])).iloc[0]
    names = {"high_name": high["group1_label"], "high": high, "low_name": low["group1_label"], "low": low}
    if chapter.verdict(gap).significant:
        return chapter.sentence(
            ko="{variable}별로는 {high_name}({high})의 점수가 {low_name}({low})보다 {size} 유의하게 높다({p:p}).",
            en="By {variable}, the score of {high_name} ({high}) is significantly higher than that of {low_name} ({low}), by {size} ({p:p}).",
            variable=name, size=Number.from_row(gap).magnitude(), p=Number.from_row(gap, "p_value"), **names,
        )  # fmt: skip
    return chapter.sentence(
        ko="{variable}에 따른 유의한 차이는 없다(가장 큰 차이는 {high_name} {high:plain}, {low_name} {low:plain}의 {size}, {p:p}).",
        en="By {variable}, no groups differ significantly (the largest difference is {size}, between {high_name} at {high} and {low_name} at {low}, {p:p}).",
        variable=name, size=Number.from_row(gap).magnitude(), p=Number.from_row(gap, "p_value"), **names,
    )  # fmt: skip


def _mid_sentence(label: str) -> str:
    """An English label inside a sentence: lower case, unless it is an acronym or a name with capitals inside."""
    return label[0].lower() + label[1:] if label[1:2].islower() else label
