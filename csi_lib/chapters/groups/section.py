"""Dimensions, items and groups."""

from __future__ import annotations

import pandas as pd

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
        min_base=chapter.study.privacy.small_base_flag,
    )


def unavailable(chapter) -> list[str]:
    """Labels of the banner variables that other waves have and this one has not."""
    study, codebook = chapter.study, chapter.study.codebook(chapter.survey.source)
    declared = study.report.groups if study.report.groups is not None else codebook.groups
    return [chapter.labels.variable(g) for g in declared if g not in chapter.banners]


def extremes_sentence(chapter, variable: str) -> Sentence:
    """Which group of a variable rates highest and lowest, and whether the difference between the two is real; where
    fewer than two groups have a figure (all answered alike, or small groups are not shown), that."""
    keys = {"measure": chapter.model.file.index, "model": chapter.model.name, "statistic": "index"}
    rows = chapter.rows(by1=variable, **keys)
    rows = rows[rows["estimate"].notna() & rows["se"].notna()]
    if len(rows) < 2:
        return chapter.sentence(
            ko="{variable}에 따라 견줄 수 있는 집단이 둘이 되지 않는다.",
            en="By {variable}, there are no two groups to compare.",
            variable=_mid_sentence(chapter.labels.variable(variable)),
        )
    rows = rows.sort_values("estimate", ascending=False)
    high, low = rows.iloc[0], rows.iloc[-1]
    gap = chapter.estimates.contrast(
        {**keys, "by1": variable, "group1": high["group1"]}, {**keys, "by1": variable, "group1": low["group1"]}
    )
    gap = chapter.labels.attach(chapter.record(gap)).iloc[0]
    two = len(rows) == 2
    first = chapter.sentence(
        ko="{variable}에 따라 보면 {high_name}의 점수는 {high}, {low_name}의 점수는 {low}이다."
        if two
        else "{variable}에 따라 보면 {high_name}의 점수가 {high}으로 가장 높고 {low_name}의 점수가 {low}으로 가장 낮다.",
        en="By {variable}, the scores are {high} for {high_name} and {low} for {low_name}."
        if two
        else "By {variable}, the highest score is that of {high_name} ({high}), the lowest that of {low_name} ({low}).",
        variable=_mid_sentence(chapter.labels.variable(variable)),
        high_name=high["group1_label"],
        high=high,
        low_name=low["group1_label"],
        low=low,
    )
    subject, versus = high["group1_label"], low["group1_label"]
    if chapter.lang == "en":  # one score, whether the group is named in the singular or the plural
        subject, versus = f"The score of {subject}", f"that of {versus}"
    return first + chapter.comparison(gap, subject=subject, versus=versus)


def _mid_sentence(label: str) -> str:
    """An English label inside a sentence: lower case, unless it is an acronym or a name with capitals inside."""
    return label[0].lower() + label[1:] if label[1:2].islower() else label
