"""Interviews and focus groups: how often each theme was raised, beside the survey's score of it and what was done."""

from __future__ import annotations

import pandas as pd

from csi_lib.chapters.interviews.compute import STATEMENTS, Coded, coded
from csi_lib.chapters.office import count_row, recorded
from csi_lib.prose.numbers import Interval, Number
from csi_lib.tables.table import Column, Row, Table


def statements(chapter) -> Coded | None:
    """The coded statements of this agency and wave; None where there are none."""
    file = chapter.system("interviews")
    rows = chapter.records(file.source, STATEMENTS, columns=file.columns)
    file.check_rows(rows)
    return coded(rows) if len(rows) else None


def agreement_sentences(chapter, found: Coded) -> list:
    """How many statements of how many sessions, and how far the two coders agree."""
    source = chapter.system("interviews").source
    n = len(found.frame)
    rows = recorded(
        chapter,
        [count_row(v, base=n, measure="statements", by1="state", group1=k, unit="number")
         for k, v in (("all", n), ("sessions", found.sessions), ("twice", found.twice), ("apart", found.apart))],
        source=source, model="interviews",
    ).to_dict("records")  # fmt: skip
    whole, sessions, twice, apart = map(Number.from_row, rows)
    out = [chapter.sentence(ko="면접과 집단 토의 {sessions}회에서 나온 발언 {n}건을 분류하였다.",
                            en="{n} statements of {sessions} interviews and group discussions were coded.", n=whole, sessions=sessions)]  # fmt: skip
    if found.agreement is None:
        out.append(chapter.sentence(ko="두 사람이 함께 분류한 발언이 적거나 한 갈래뿐이어서 일치도를 알 수 없다.",
                                    en="Too few statements were coded by two people, or into one code only, to tell agreement."))  # fmt: skip
        return out
    kappa = recorded(
        chapter,
        [{"measure": "kappa", "statistic": "agreement", "estimate": found.agreement.kappa, "se": found.agreement.se,
          "ci_low": max(found.agreement.ci_low, -1.0), "ci_high": min(found.agreement.ci_high, 1.0), "n": found.twice, "unit": "correlation"}],
        source=source, model="interviews",
    ).iloc[0].to_dict()  # fmt: skip
    out.append(chapter.sentence(
        ko="{twice}건은 두 사람이 따로 분류하였고 일치도(코헨의 κ)는 {kappa}이다(95% 신뢰구간 {ci}). 둘의 분류가 다른 {apart}건은 어느 갈래에도 세지 않았다.",
        en="{twice} were coded by two people apart; their agreement (Cohen's κ) is {kappa} (95% interval {ci}). The {apart} on which they differ are counted under no code.",
        twice=twice, kappa=kappa, ci=Interval.from_row(kappa), apart=apart))  # fmt: skip
    return out


def themes_table(chapter, found: Coded) -> Table:
    """Codes by how often they were raised, in how many sessions, the survey's score of what they are about, what was done."""
    file, t = chapter.system("interviews"), chapter.text
    counts = found.frame.groupby("code").agg(n=("statement", "size"), sessions=("session", "nunique"))
    order = sorted(file.codes, key=lambda c: -int(counts["n"].get(c, 0)))
    base = len(found.frame)
    rows = recorded(
        chapter,
        [count_row(int(counts[what].get(code, 0)), base=base, measure=f"theme:{what}", by1="code", group1=code, unit="number")
         for code in order for what in ("n", "sessions")],
        source=file.source, model="interviews",
    ).to_dict("records")  # fmt: skip
    scores = {code: _score(chapter, file.codes[code].measure) for code in order}
    scored, done = any(s is not None for s in scores.values()), any(file.codes[c].did for c in order)
    columns = [
        Column("theme", t(ko="갈래", en="Theme"), "left", "stub"),
        Column("n", t(ko="발언", en="Statements")),
        Column("sessions", t(ko="나온 자리", en="Sessions")),
        *(
            [
                Column("measure", t(ko="설문의 항목", en="In the survey"), "left", "text"),
                Column("score", t(ko="점수", en="Score")),
            ]
            if scored
            else []
        ),
        *([Column("did", t(ko="한 일", en="What was done"), "left", "text")] if done else []),
    ]
    body = []
    for k, code in enumerate(order):
        theme, score = file.codes[code], scores[code]
        cells = [theme.label.text(chapter.lang), Number.from_row(rows[2 * k]), Number.from_row(rows[2 * k + 1])]
        if scored:
            cells += ["–", None] if score is None else [score["measure_label"], Number.from_row(score)]
        if done:
            cells.append(theme.did.text(chapter.lang) if theme.did else "–")
        body.append(Row(tuple(cells)))
    note = t(ko="발언의 수는 참석한 사람들의 것이며 고객 전체의 비율이 아니다.",
             en="Counts are of those who took part and are no shares of all customers.")  # fmt: skip
    caption = t(ko="면접과 토의에서 나온 갈래", en="Themes of interviews and discussions")
    return Table("themes", caption, tuple(columns), tuple(body), (note,), chapter.lang, exempt="counts of statements")


def _score(chapter, measure: str | None) -> dict | None:
    """The survey's row of a dimension or item for the whole agency."""
    if measure is None:
        return None
    rows = chapter.rows(measure=measure, by1=None, by2=None)
    rows = rows[
        rows["statistic"].isin(["index", "mean"]) & (rows["model"].isna() | rows["model"].eq(chapter.model.name))
    ]
    return None if not len(rows) or pd.isna(rows["estimate"].iloc[0]) else rows.iloc[0].to_dict()
