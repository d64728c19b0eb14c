"""Each question with its base, its answers in a table and one drawing, its change and its groups."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from csi_lib import figures
from csi_lib.chapters.items.section import MOST_GROUPS, period_words
from csi_lib.prose.sentences import Sentence
from csi_lib.survey.questions import Question, questions
from csi_lib.tables.estimates import change_table
from csi_lib.tables.table import Table

#: answers that one drawing holds; of more the most frequent are drawn and all are in the table
MOST_ANSWERS = 16


def asked(chapter) -> list[Question]:
    """The questions of this wave that have a figure to show."""
    have = set(chapter.estimates.frame["measure"])
    found = questions(chapter.survey.codebook, chapter.year)
    return [
        q
        for q in found
        if (q.id if q.kind == "number" else next((q.measure(c) for c, _ in q.options if q.measure(c) in have), None))
        in have
    ]


def by_section(chapter) -> list[tuple[str, list[Question]]]:
    """Questions under the label of their section, in the order as asked; those of no section under one heading."""
    named = {s.id: s.label.text(chapter.lang) for s in chapter.survey.codebook.sections}
    out: dict[str, list[Question]] = {}
    for question in asked(chapter):
        title = named.get(question.section) or chapter.text(ko="그 밖의 질문", en="Further questions")
        out.setdefault(title, []).append(question)
    return list(out.items())


def rows_of(chapter, question: Question, place: str = "", **keys) -> pd.DataFrame:
    """Shares of the answers in codebook order, with their labels."""
    order = {question.measure(code, place): k for k, (code, _) in enumerate(question.options)}
    labels = {question.measure(code, place): label.text(chapter.lang) for code, label in question.options}
    frame = chapter.rows(measure=list(order), statistic="share", **(keys or {"by1": None}))
    frame["measure_label"] = [labels[m] for m in frame["measure"]]
    frame = frame[frame["estimate"].notna() | frame["suppressed"].astype(bool)]
    return frame.sort_values("measure", key=lambda c: c.map(order), kind="stable").reset_index(drop=True)


def title(chapter, question: Question) -> str:
    return question.label.text(chapter.lang)


def base_sentence(chapter, question: Question) -> Sentence | None:
    """What was asked and who counts."""
    rows = (
        chapter.rows(measure=question.id, statistic="average", by1=None)
        if question.kind == "number"
        else rows_of(chapter, question)
    )
    if rows.empty or pd.isna(rows["n"].iloc[0]):
        return None
    text = question.question.text(chapter.lang) if question.question is not None else ""
    first = (
        chapter.sentence(ko="“{text}” ", en="“{text}” ", text=text)
        if text and text != title(chapter, question)
        else None
    )
    kinds = {
        "single": ("하나를 골랐다", "one answer"),
        "multiple": ("여럿을 고를 수 있었다", "several answers possible"),
        "rank": (f"{question.up_to}개까지 골랐다", f"up to {question.up_to} answers"),
        "number": ("숫자로 답했다", "a number"),
    }
    ko, en = kinds[question.kind]
    said = chapter.sentence(ko="{n:bare}명이 답했다({kind}).", en="{n:bare} answered ({kind}).", n=rows.iloc[0]["n_number"] if "n_number" in rows else _n(rows), kind=chapter.text(ko=ko, en=en))  # fmt: skip
    return said if first is None else first + said


def _n(rows: pd.DataFrame):
    from csi_lib.prose.numbers import Number

    return Number.from_row(rows.iloc[0], "n")


def drawing(chapter, question: Question):
    """Bars of the answers, the most frequent first where their order says nothing; None where nothing may be shown."""
    if question.kind == "number" or not question.options:
        return None
    rows = rows_of(chapter, question)
    rows = rows[rows["estimate"].notna()]
    if len(rows) < 2:
        return None
    if question.kind != "single":
        rows = rows.sort_values("estimate", ascending=False, kind="stable")
    rows = rows.head(MOST_ANSWERS).reset_index(drop=True)
    name = f"answers-{question.id.replace('_', '-')}"
    return figures.index_bars(
        rows,
        lang=chapter.lang,
        name=name,
        labels=dict(zip(rows["measure"], rows["measure_label"], strict=True)),
        caption=title(chapter, question),
    )


def table(chapter, question: Question) -> Table | None:
    """All answers: shares with intervals, of choices in an order also the share named first and the weighted place, of
    several answers also the share of all answers; beside the last wave where there is one."""
    name, caption = f"{question.id.replace('_', '-')}", title(chapter, question)
    if question.kind == "number":
        rows = chapter.rows(measure=question.id, statistic="average", by1=None)
        return (
            chapter.table(rows, name=name, rows="measure", fields=("estimate", "se", "ci", "n"), caption=caption)
            if len(rows)
            else None
        )
    rows = rows_of(chapter, question)
    if rows.empty:
        return None
    labels = dict(zip(rows["measure"], rows["measure_label"], strict=True))
    if question.kind == "single":
        before, changes = chapter.previous_rows(rows), chapter.change_rows(rows)
        if before is None or changes is None:
            return chapter.table(rows, name=name, rows="measure", fields=("estimate", "ci", "n"), caption=caption, labels=labels,
                                 heads={"estimate": chapter.text(ko="비율", en="Share")})  # fmt: skip
        return change_table(rows, before, changes, name=name, caption=caption, rows="measure", lang=chapter.lang, labels=labels,
                            heads={"current": period_words(chapter, chapter.year), "previous": period_words(chapter, chapter.previous_year)})  # fmt: skip
    words = {"share": chapter.text(ko="응답자 가운데 비율", en="Of respondents"), "first": chapter.text(ko="1순위", en="First"),
             "mean": chapter.text(ko="가중 순위(100점)", en="Weighted (0–100)"), "answers": chapter.text(ko="응답 가운데 비율", en="Of answers")}  # fmt: skip
    frames = [rows.assign(what="share")]
    code_of = {question.measure(c, p): c for c, _ in question.options for p in ("", "1", "w")}
    if question.kind == "rank":
        frames.append(rows_of(chapter, question, "1").assign(what="first"))
        frames.append(
            chapter.rows(
                measure=[question.measure(c, "w") for c, _ in question.options], statistic="mean", by1=None
            ).assign(what="mean")
        )
    else:
        frames.append(chapter.rows(measure=list(labels), statistic="share_of_answers", by1=None).assign(what="answers"))
    both = pd.concat([f for f in frames if len(f)], ignore_index=True)
    both["answer"] = [code_of[m] for m in both["measure"]]
    names = {c: label.text(chapter.lang) for c, label in question.options}
    return chapter.table(
        both,
        name=name,
        rows="answer",
        columns="what",
        fields=("estimate", "n"),
        caption=caption,
        labels={**words, **names},
    )


def group_tables(chapter, question: Question) -> list[Table]:
    """The answers by each group variable of the report."""
    out = []
    for variable in chapter.banners:
        if variable == question.id:
            continue
        rows = (chapter.rows(measure=question.id, statistic="average", by1=variable) if question.kind == "number"
                else rows_of(chapter, question, by1=variable))  # fmt: skip
        if rows.empty:
            continue
        groups = list(dict.fromkeys(rows["group1"]))
        labels = dict(zip(rows["measure"], rows["measure_label"], strict=True)) | {
            g: chapter.labels.group(variable, g) for g in groups
        }
        for start in range(0, len(groups), MOST_GROUPS):
            some = rows[rows["group1"].isin(groups[start : start + MOST_GROUPS])]
            more = f"-{start // MOST_GROUPS + 1}" if len(groups) > MOST_GROUPS else ""
            caption = chapter.text(
                ko=f"{title(chapter, question)}: {chapter.labels.each(variable)}",
                en=f"{title(chapter, question)} by {chapter.labels.variable(variable)}",
            )
            out.append(chapter.table(some, name=f"{question.id}-by-{variable}{more}".replace("_", "-"), rows="measure", columns="group1",
                                     fields=("estimate", "n"), caption=caption, labels=labels))  # fmt: skip
    return out


def blocks(asked_: list[Question]) -> list[list[Question]]:
    """Questions one by one; neighbours with the same two to seven answers of one choice (a grid) together."""
    out: list[list[Question]] = []
    for question in asked_:
        codes = lambda q: [(c, str(label)) for c, label in q.options]
        if (out and question.kind == "single" == out[-1][0].kind and codes(out[-1][0]) == codes(question)
                and 2 <= len(question.options) <= 7 and len(out[-1]) < MOST_ANSWERS):  # fmt: skip
            out[-1].append(question)
        else:
            out.append([question])
    return [part for block in out for part in ([block] if len(block) > 2 else [[q] for q in block])]


def grid(chapter, block: list[Question], title_: str):
    """(figure or None, table) of a grid: the questions under each other, their common answers beside each other."""
    frames = []
    for question in block:
        rows = rows_of(chapter, question)
        frames.append(rows.assign(question=question.id, answer=[m.split(":", 1)[1] for m in rows["measure"]]))
    rows = pd.concat(frames, ignore_index=True)
    labels = {q.id: title(chapter, q) for q in block} | {c: label.text(chapter.lang) for c, label in block[0].options}
    whole = rows[rows["estimate"].notna()].reset_index(drop=True)
    name = f"grid-{block[0].id.replace('_', '-')}"
    figure = None
    if len(whole):
        figure = figures.likert_bars(whole, rows="question", categories="answer", order=[c for c, _ in block[0].options],
                                     lang=chapter.lang, labels=labels, name=name, caption=title_)  # fmt: skip
    return figure, chapter.table(
        rows, name=name, rows="question", columns="answer", fields=("estimate", "n"), caption=title_, labels=labels
    )


def most_given(chapter, question: Question) -> Sentence | None:
    """The answers given most, in words."""
    if question.kind == "number":
        rows = chapter.rows(measure=question.id, statistic="average", by1=None)
        if rows.empty or pd.isna(rows["estimate"].iloc[0]):
            return None
        return chapter.sentence(ko="평균은 {mean}이다.", en="The mean is {mean}.", mean=rows.iloc[0])
    rows = rows_of(chapter, question)
    rows = rows[rows["estimate"].notna() & ~rows["suppressed"].astype(bool)].sort_values(
        "estimate", ascending=False, kind="stable"
    )
    if len(rows) < 2:
        return None
    named = [
        chapter.sentence(ko="{label}({value})", en="{label} ({value})", label=r["measure_label"], value=pd.Series(r))
        for r in rows.head(3).to_dict("records")
    ]
    return chapter.sentence(ko="가장 많은 응답은 {names} 순이다.", en="Most often: {names}.", names=named)


def displays(chapter, block: list[Question], title_: str) -> Iterator:
    """What is shown of one block (`blocks`): a grid of questions that share their answers, or one question with its heading,
    sentences, drawing, table and groups."""
    if len(block) > 1:
        figure, counts = grid(chapter, block, title_)
        if figure is not None:
            yield chapter.show(figure)
        yield chapter.detail(counts)
        return
    question = block[0]
    yield chapter.heading(title(chapter, question), level=3)
    yield chapter.say([base_sentence(chapter, question), most_given(chapter, question)])
    figure, counts = drawing(chapter, question), table(chapter, question)
    if figure is not None:
        yield chapter.show(figure)
    if counts is not None:
        yield (chapter.detail if figure is not None and question.kind == "single" else chapter.show)(counts)
    for by in group_tables(chapter, question):
        yield chapter.detail(by)
