"""Items by section: the two best answers or the mean of each, its distribution, its change, its groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib import figures
from csi_lib.findings.families import extremes_of_each
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import Sentence, join_words
from csi_lib.tables.estimates import change_table
from csi_lib.tables.table import Table

#: items that one drawing or table holds
MOST = 14
#: groups that a cross table holds beside each other
MOST_GROUPS = 9


@dataclass(frozen=True)
class Part:
    """A section of the questionnaire, or a piece of a long one: an id for names, its label, its items."""

    id: str
    label: str
    items: tuple[str, ...]


def parts(chapter) -> list[Part]:
    """The items by section in the order of the questionnaire; those of no section at the end. Long sections are split."""
    book, lang = chapter.survey.codebook, chapter.lang
    asked = [i for i in book.items if i in chapter.survey.frame and chapter.survey.frame[i].notna().any()]
    named = {s.id: s.label.text(lang) for s in book.sections}
    by: dict[str | None, list[str]] = {key: [] for key in named}
    for item in asked:
        by.setdefault(book.columns[item].section, []).append(item)
    out = []
    for key, items in sorted(by.items(), key=lambda pair: pair[0] is None):
        if not items:
            continue
        label = (
            named.get(key)
            if key
            else chapter.text(ko="그 밖의 문항", en="Other items")
            if named
            else chapter.text(ko="문항", en="Items")
        )
        pieces = -(-len(items) // MOST)
        size = -(-len(items) // pieces)
        for k in range(pieces):
            more = f" ({k + 1}/{pieces})" if pieces > 1 else ""
            name = f"{(key or 'others').replace('_', '-')}{f'-{k + 1}' if pieces > 1 else ''}"
            out.append(Part(name, label + more, tuple(items[k * size : (k + 1) * size])))
    return out


def leading(chapter, items: Sequence[str]) -> dict[str, str]:
    """Item → measure by which the report speaks of it: the share of its two best answers, or its mean where the study says
    ``headline: items`` or the scale has too few answers for the share."""
    if chapter.study.leads_with == "items":
        return {i: i for i in items}
    have = set(chapter.estimates.frame["measure"])
    return {i: f"{i}:top2" if f"{i}:top2" in have else i for i in items}


def rows_of(chapter, items: Sequence[str], **keys) -> pd.DataFrame:
    """The leading numbers of items with their labels, in the order of `items`; those without a figure are left out."""
    measures = leading(chapter, items)
    keys = keys or {"by1": None}
    frame = chapter.rows(measure=list(measures.values()), statistic=["share", "mean"], **keys)
    item_of = {m: i for i, m in measures.items()}
    frame["item"] = [item_of[m] for m in frame["measure"]]
    frame["measure_label"] = [chapter.labels.measure(i) for i in frame["item"]]
    order = {i: k for k, i in enumerate(items)}
    frame = frame[frame["estimate"].notna() | frame["suppressed"].astype(bool)]
    return frame.sort_values("item", key=lambda c: c.map(order), kind="stable").reset_index(drop=True)


def kind_words(chapter) -> str:
    """What the leading numbers are, for captions."""
    if chapter.study.leads_with == "items":
        return chapter.text(ko="평균(100점 환산)", en="mean on 0–100")
    return chapter.text(ko="긍정 응답(상위 두 응답) 비율", en="share of the two best answers")


def item_table(chapter, part: Part) -> Table:
    """The leading number of each item with its interval, this wave beside the last where there is one."""
    rows = rows_of(chapter, part.items)
    name, caption = f"items-{part.id}", f"{part.label}: {kind_words(chapter)}"
    before, changes = chapter.previous_rows(rows), chapter.change_rows(rows)
    labels = dict(zip(rows["measure"], rows["measure_label"], strict=True))
    if before is None or changes is None:
        return chapter.table(
            rows, name=name, rows="measure", fields=("estimate", "ci", "n"), caption=caption, labels=labels
        )
    return change_table(
        rows, before, changes, name=name, caption=caption, rows="measure", lang=chapter.lang, labels=labels,
        heads={"current": period_words(chapter, chapter.year), "previous": period_words(chapter, chapter.previous_year)},
    )  # fmt: skip


def period_words(chapter, year: int) -> str:
    """A wave as a head of a column: 2024년, 2024, 2024 Q1."""
    period = chapter.study.period_of(year)
    return f"{period}년" if chapter.lang == "ko" and period.isdigit() else period


def distribution(chapter, part: Part):
    """All answers of the section's items as bars that fill 100 %; one figure per scale, [] where nothing may be shown."""
    book, out = chapter.survey.codebook, []
    by_scale: dict[tuple[str, bool], list[str]] = {}
    for item in part.items:  # where low codes are the good ones the answers run the other way
        by_scale.setdefault((book.columns[item].scale, book.columns[item].reverse), []).append(item)
    for number, ((scale, turned), items) in enumerate(by_scale.items(), 1):
        said = book.scales[scale]
        if said.continuous or said.points is None or said.points > 11:
            continue
        codes = [str(c) for c in range(int(said.low), int(said.high) + 1)][:: -1 if turned else 1]
        wanted = {f"{i}:{c}": (i, c) for i in items for c in codes}
        frame = chapter.rows(measure=list(wanted), statistic="share", by1=None)
        frame = frame[frame["estimate"].notna()]
        if frame.empty:
            continue
        frame["item"] = [wanted[m][0] for m in frame["measure"]]
        frame["code"] = [wanted[m][1] for m in frame["measure"]]
        labels = {i: chapter.labels.measure(i) for i in items} | {c: chapter.labels.answer(items[0], c) for c in codes}
        order = {i: k for k, i in enumerate(items)}
        frame = frame.sort_values("item", key=lambda c, order=order: c.map(order), kind="stable").reset_index(drop=True)
        out.append(
            figures.likert_bars(
                frame, rows="item", categories="code", order=codes, lang=chapter.lang, labels=labels,
                name=f"answers-{part.id}{f'-{number}' if len(by_scale) > 1 else ''}",
                caption=chapter.text(ko=f"{part.label}: 응답 분포", en=f"{part.label}: answers"),
            )
        )  # fmt: skip
    return out


def comparable(chapter, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that may be ranked with each other: no item whose answers contradict themselves, and, since two of eleven
    answers are not two of five, shares of the two best answers on the commonest number of answers alone."""
    book = chapter.survey.codebook
    live = rows[rows["estimate"].notna() & ~rows["suppressed"].astype(bool) & ~rows["item"].isin(chapter.doubted)]
    if chapter.study.leads_with == "items" or live.empty:
        return live
    points = live["item"].map(lambda item: book.scales[book.columns[item].scale].points)
    return live[points == points.mode().iloc[0]]


def left_out(chapter, rows: pd.DataFrame) -> Sentence | None:
    """Which items a ranking leaves out, and why; None where it holds all."""
    live = rows[rows["estimate"].notna()]
    doubted = live["item"].isin(chapter.doubted)
    other = ~doubted & ~live["item"].isin(comparable(chapter, rows)["item"])
    names = lambda which: join_words([f"‘{label}’" for label in live["measure_label"][which]], chapter.lang)
    said = []
    if other.any():
        said.append(chapter.sentence(
            ko="{names:은/는} 보기의 수가 달라 함께 순위를 매기지 않았다.",
            en="Not ranked with the others, for their scale has another number of answers: {names}.", names=names(other)))  # fmt: skip
    if doubted.any():
        said.append(chapter.sentence(
            ko="{names:은/는} 응답을 확인해야 하므로 순위에서 뺐다.",
            en="Left out of the ranking until its answers are checked: {names}.", names=names(doubted)))  # fmt: skip
    return chapter.sentence(said) if said else None


def extremes(chapter, rows: pd.DataFrame, *, count: int = 3) -> Sentence | None:
    """The highest and lowest of these rows in words; None where there are too few to choose among."""
    live = comparable(chapter, rows).sort_values("estimate", ascending=False, kind="stable")
    units = live["unit"].nunique()
    if len(live) < 4 or units != 1:
        return None
    count = min(count, len(live) // 2)
    word = lambda part: [_named(chapter, row) for row in part.to_dict("records")]
    return chapter.sentence(
        ko="가장 높은 것은 {high}이고, 가장 낮은 것은 {low}이다.",
        en="Highest: {high}. Lowest: {low}.",
        high=word(live.head(count)),
        low=word(live.tail(count).iloc[::-1]),
    )


def _named(chapter, row) -> Sentence:
    return chapter.sentence(
        ko="‘{label}’({value})", en="‘{label}’ ({value})", label=row["measure_label"], value=Number.from_row(row)
    )


def changed(chapter, rows: pd.DataFrame) -> pd.DataFrame:
    """Items that changed since the last wave by the study's reading rule; empty where none did or there is no wave."""
    found = chapter.change_rows(rows)
    if found is None or found.empty:
        return pd.DataFrame()
    out = found[[bool(chapter.verdict(row).significant) for row in found.to_dict("records")]]
    labels = dict(zip(rows["measure"], rows["measure_label"], strict=True))
    return out.assign(measure_label=[labels.get(m, m) for m in out["measure"]]).reset_index(drop=True)


def change_sentences(chapter, rows: pd.DataFrame) -> list[Sentence]:
    """Which items rose and which fell since the last wave, in words that name the wave."""
    if chapter.previous is None:
        return []
    found = changed(chapter, rows)
    versus = chapter.text(
        ko=f"{period_words(chapter, chapter.previous_year)} 조사", en=period_words(chapter, chapter.previous_year)
    )
    both = chapter.change_rows(rows)
    if both is None:
        return [
            chapter.sentence(
                ko="지난 조사와 같은 문항이 없어 견주지 않는다.",
                en="No item was asked in the last wave too, so nothing is compared.",
            )
        ]
    if found.empty:
        return [
            chapter.sentence(
                ko="{versus}와 견주어 뚜렷이 달라진 문항은 없다.",
                en="No item changed significantly since {versus}.",
                versus=versus,
            )
        ]
    out = []
    for part, ko, en in (
        (found[found["estimate"] > 0], "{versus}보다 높아진 문항은 {names}이다.", "Up since {versus}: {names}."),
        (found[found["estimate"] < 0], "{versus}보다 낮아진 문항은 {names}이다.", "Down since {versus}: {names}."),
    ):
        if len(part):
            part = part.reindex(part["estimate"].abs().sort_values(ascending=False, kind="stable").index)
            names = [_signed(chapter, r) for r in part.head(6).to_dict("records")]
            out.append(chapter.sentence(ko=ko, en=en, versus=versus, names=names))
            if len(part) > 6:
                more = len(part) - 6
                out.append(chapter.sentence(ko="그 밖에 {n}개 문항이 더 있다.", en="{n} more items did so.", n=more))
    return out


def _signed(chapter, row) -> Sentence:
    return chapter.sentence(
        ko="‘{label}’({value})",
        en="‘{label}’ ({value})",
        label=row["measure_label"],
        value=Number.from_row(row, signed=True),
    )


def group_tables(chapter, variable: str) -> list[Table]:
    """Every section's items by the groups of one variable; many groups are split over tables."""
    out = []
    for part in parts(chapter):
        rows = rows_of(chapter, part.items, by1=variable)
        if rows.empty:
            continue
        groups = list(dict.fromkeys(rows["group1"]))
        labels = dict(zip(rows["measure"], rows["measure_label"], strict=True))
        for start in range(0, len(groups), MOST_GROUPS):
            some = rows[rows["group1"].isin(groups[start : start + MOST_GROUPS])]
            names = {g: chapter.labels.group(variable, g) for g in groups}
            more = f"-{start // MOST_GROUPS + 1}" if len(groups) > MOST_GROUPS else ""
            caption = chapter.text(ko=f"{part.label}: {chapter.labels.each(variable)} {kind_words(chapter)}",
                                   en=f"{part.label} by {chapter.labels.variable(variable)}: {kind_words(chapter)}")  # fmt: skip
            out.append(chapter.table(some, name=f"{part.id}-by-{variable.replace('_', '-')}{more}", rows="measure", columns="group1",
                                     fields=("estimate", "n"), caption=caption, labels={**labels, **names}))  # fmt: skip
    return out


def widest_gaps(chapter, variable: str, *, count: int = 3) -> list[Sentence]:
    """Items on which the groups of a variable differ most: of each item the highest and lowest group, corrected for having
    looked for them (`findings.families.extremes`), and by Holm's rule over all items of the report."""
    measures = leading(chapter, [i for part in parts(chapter) for i in part.items])
    found, estimates = [], chapter.estimates
    groups = estimates.positions(statistic=["share", "mean"], by1=variable, by2=None)
    of = estimates.frame["measure"].to_numpy(object)[groups]
    with chapter.reading:
        pairs, gaps = extremes_of_each(estimates, [groups[of == measure] for measure in measures.values()])
    for item, pair in zip(measures, pairs, strict=True):
        if pair is not None and np.isfinite(p := float(gaps["p_value"].iloc[pair[2]])):
            found.append((p, item, pair[:2]))
    found.sort(key=lambda each: each[0])
    kept = []
    for k, (p, item, ends) in enumerate(found):
        if p * (len(found) - k) >= chapter.reading.significance:
            break
        label = chapter.labels.measure(item)
        kept.append([estimates.frame.iloc[at].to_dict() | {"measure_label": label} for at in ends])
    kept.sort(key=lambda pair: pair[1]["estimate"] - pair[0]["estimate"])
    name = chapter.labels.variable(variable)
    if not kept:
        return [
            chapter.sentence(
                ko="{variable}에 따라 뚜렷이 다른 문항은 없다.",
                en="By {variable}, no item differs significantly.",
                variable=name,
            )
        ]
    said = [
        chapter.sentence(
            ko="‘{label}’({high_name} {high}, {low_name} {low})", en="‘{label}’ ({high_name} {high}, {low_name} {low})",
            label=high["measure_label"], high_name=chapter.labels.group(variable, high["group1"]), high=high,
            low_name=chapter.labels.group(variable, low["group1"]), low=low,
        )
        for high, low in kept[:count]
    ]  # fmt: skip
    return [
        chapter.sentence(ko="{variable}에 따라 차이가 가장 큰 문항은 {items}이다.", en="By {variable}, groups differ most on {items}.",
                         variable=name, items=said)
    ]  # fmt: skip


def trend_table(chapter, part: Part) -> Table | None:
    """The leading number of each item in every wave of the agency; None with fewer than two waves."""
    years = [y for y in chapter.study.years if y <= chapter.year and chapter.surveyed(chapter.survey.source, y)]
    if len(years) < 2:
        return None
    measures = leading(chapter, part.items)
    frames = []
    for year in years[-8:]:
        estimates = chapter.estimates if year == chapter.year else chapter.of_year(year)
        frame = chapter.rows(estimates, measure=list(measures.values()), statistic=["share", "mean"], by1=None)
        frames.append(frame.assign(wave=str(year)))
    rows = pd.concat(frames, ignore_index=True)
    rows = rows[rows["estimate"].notna()].reset_index(drop=True)
    if rows.empty:
        return None
    order = {m: k for k, m in enumerate(measures.values())}
    rows = rows.sort_values(
        ["wave", "measure"], key=lambda c: c.map(order) if c.name == "measure" else c, kind="stable"
    ).reset_index(drop=True)
    labels = {m: chapter.labels.measure(i) for i, m in measures.items()} | {
        str(y): period_words(chapter, y) for y in years
    }
    return chapter.table(rows, name=f"waves-{part.id}", rows="measure", columns="wave", fields=("estimate", "n"), labels=labels,
                         caption=chapter.text(ko=f"{part.label}: 조사별 {kind_words(chapter)}", en=f"{part.label}: {kind_words(chapter)} by wave"))  # fmt: skip


def ranked_table(chapter, rows: pd.DataFrame, *, count: int = 10) -> Table:
    """The items that compare (`comparable`) from the highest to the lowest, of many the highest and lowest `count` (more where the count cuts a tie)."""
    live = comparable(chapter, rows).sort_values("estimate", ascending=False, kind="stable").reset_index(drop=True)
    labels = dict(zip(live["measure"], live["measure_label"], strict=True))
    many = len(live) > 2 * count
    if many:
        high = live[live["estimate"] >= live["estimate"].iloc[count - 1]]
        low = live[live["estimate"] <= live["estimate"].iloc[-count]]
        live = pd.concat([high, low[~low["measure"].isin(high["measure"])]], ignore_index=True)
    half = chapter.text(ko="가장 높은 문항", en="Highest"), chapter.text(ko="가장 낮은 문항", en="Lowest")
    cut = len(high) if many else len(live)
    live = live.assign(half=["high" if k < cut else "low" for k in range(len(live))])
    ko = f"{'문항 순위: 위와 아래' if many else '문항 순위'} ({kind_words(chapter)})"
    en = f"{'Highest and lowest items' if many else 'Items from high to low'}: {kind_words(chapter)}"
    return chapter.table(
        live, name="ranked-items", rows="measure", row_group="half" if many else None, fields=("estimate", "ci", "n"),
        caption=chapter.text(ko=ko, en=en), labels=labels | {"high": half[0], "low": half[1]},
    )  # fmt: skip


def gap_figure(chapter, variable: str, *, count: int = 8):
    """Groups × the items on which they differ most, as a heat table; None where fewer than two groups may be shown."""
    items = [i for part in parts(chapter) for i in part.items]
    rows = rows_of(chapter, items, by1=variable)
    rows = rows[rows["estimate"].notna()]
    if rows.empty or rows["group1"].nunique() < 2:
        return None
    spread = rows.groupby("measure", sort=False)["estimate"].agg(lambda v: v.max() - v.min())
    several = rows.groupby("measure", sort=False)["group1"].nunique() == rows["group1"].nunique()
    chosen = spread[several].nlargest(count).index
    rows = rows[rows["measure"].isin(chosen)].reset_index(drop=True)
    if rows.empty or rows["unit"].nunique() > 1:
        return None
    labels = dict(zip(rows["measure"], rows["measure_label"], strict=True))
    labels |= {g: chapter.labels.group(variable, g) for g in rows["group1"].unique()}
    many_groups = rows["group1"].nunique() > len(chosen)
    return figures.heat_table(
        rows, rows="group1" if many_groups else "measure", columns="measure" if many_groups else "group1", lang=chapter.lang, labels=labels,
        name=f"gaps-{variable.replace('_', '-')}",
        caption=chapter.text(ko=f"{chapter.labels.each(variable)} 차이가 큰 문항: {kind_words(chapter)}",
                             en=f"Items that differ most by {chapter.labels.variable(variable)}: {kind_words(chapter)}"),
    )  # fmt: skip
