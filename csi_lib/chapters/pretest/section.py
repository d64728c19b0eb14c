"""The pre-test: how every item behaved, and what was kept, reworded or dropped."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.chapters.pretest.compute import REASONS, PretestFile, item_analysis, reliability
from csi_lib.prose.numbers import Number
from csi_lib.tables.table import Column, Row, Table

_FLAGS = {
    "ko": {"missing": "무응답", "discrimination": "변별력", "extreme": "쏠림", "spread": "분산"},
    "en": {"missing": "missing", "discrimination": "discrimination", "extreme": "extreme", "spread": "spread"},
}
_VERDICTS = {
    "ko": {"kept": "유지", "reworded": "수정", "dropped": "삭제"},
    "en": {"kept": "Kept", "reworded": "Reworded", "dropped": "Dropped"},
}
_UNITS = {
    "missing": "proportion", "mean": "points", "sd": "points", "lowest": "proportion", "highest": "proportion",
    "discrimination": "coefficient", "difference": "points",
}  # fmt: skip


def settings(chapter) -> PretestFile:
    return chapter.system("pretest")


def _matter(trial, file: PretestFile):
    """Answers, scales and blocks of the pre-test."""
    blocks = {name: list(block.items) for name, block in file.blocks.items()}
    scales = {
        i: (trial.survey.codebook.scale(i).low, trial.survey.codebook.scale(i).high) for b in blocks.values() for i in b
    }
    return trial.survey.frame, scales, blocks


def analysis(trial, file: PretestFile) -> pd.DataFrame:
    """`evaluation.pretest.item_analysis` with every number recorded: columns ``<statistic>_row`` hold the results rows."""
    frame, scales, blocks = _matter(trial, file)
    found = item_analysis(frame, scales, blocks, file.rules)
    rows = trial.record(
        [
            {"measure": line["item"], "statistic": f"pretest_{what}", "estimate": line[what], "unit": unit,
             "n": len(frame) if what == "missing" else line["n"]}
            for line in found.to_dict("records")
            for what, unit in _UNITS.items()
        ]
    )  # fmt: skip
    by = {(r["measure"], r["statistic"][8:]): r for r in rows.to_dict("records")}
    for what in _UNITS:
        found[f"{what}_row"] = [by[i, what] for i in found["item"]]
    return found


def item_table(trial, file: PretestFile, found: pd.DataFrame, *, name: str, caption: str) -> Table:
    """Every item: missing, mean, spread, extremes, discrimination, and why it is flagged."""
    t, lang = trial.text, trial.lang
    columns = (
        Column("item", t(ko="문항", en="Item"), "left", "stub"),
        Column("missing", t(ko="무응답", en="Missing")),
        Column("mean", t(ko="평균", en="Mean")),
        Column("sd", t(ko="표준편차", en="SD")),
        Column("highest", t(ko="최고점 비율", en="Top answer")),
        Column("discrimination", t(ko="수정 문항–전체 상관", en="Corrected item–total r")),
        Column("difference", t(ko="상·하위 차이", en="Upper − lower")),
        Column("flags", t(ko="점검 결과", en="Flagged for"), "left", "text"),
        Column("n", t(ko="응답자 수", en="n"), "right", "base"),
    )
    body = []
    for r in found.to_dict("records"):
        flags = ", ".join(_FLAGS[lang][f] for f in r["flags"].split(",") if f) or "–"
        cells = (
            Number.from_row(r[f"{c}_row"]) for c in ("missing", "mean", "sd", "highest", "discrimination", "difference")
        )
        body.append(
            Row(
                (trial.labels.measure(r["item"]), *cells, flags, Number.from_row(r["mean_row"], "n")),
                group=file.blocks[r["block"]].label.text(lang),
            )
        )
    rules = file.rules
    note = t(
        ko=f"점검 기준: 무응답 {rules.missing:.0%} 초과, 수정 문항–전체 상관 {rules.discrimination:g} 미만, 한쪽 끝 응답 {rules.extreme:.0%} 초과, "
        f"표준편차가 척도 폭의 {rules.spread:.0%} 미만. 상·하위 차이는 나머지 문항 점수의 상위 27%와 하위 27% 사이의 평균 차이다.",
        en=f"Flagged when missing exceeds {rules.missing:.0%}, the corrected item–total r is under {rules.discrimination:g}, one end of the scale "
        f"holds over {rules.extreme:.0%}, or the SD is under {rules.spread:.0%} of the scale. Upper − lower: mean among the top 27 % by the other items less that among the bottom 27 %.",
    )
    return Table(name, caption, columns, tuple(body), (note,), lang)


def decision_table(trial, file: PretestFile, found: pd.DataFrame, *, name: str, caption: str) -> Table | None:
    """What was decided about each item that was flagged or decided upon; None where there is none."""
    t, lang = trial.text, trial.lang
    flags = dict(zip(found["item"], found["flags"], strict=True))
    names = [i for i in found["item"] if flags[i] or i in file.decisions]
    if not names:
        return None
    columns = (
        Column("item", t(ko="문항", en="Item"), "left", "stub"),
        Column("flags", t(ko="점검 결과", en="Flagged for"), "left", "text"),
        Column("verdict", t(ko="결정", en="Decision"), "left", "text"),
        Column("reason", t(ko="이유", en="Reason"), "left", "text"),
    )
    body = []
    for item in names:
        decision = file.decisions.get(item)
        body.append(
            Row(
                (
                    trial.labels.measure(item),
                    ", ".join(_FLAGS[lang][f] for f in flags[item].split(",") if f) or "–",
                    _VERDICTS[lang][decision.verdict if decision else "kept"],
                    decision.reason.text(lang) if decision else t(ko="결정 없음", en="No decision recorded"),
                )
            )
        )
    return Table(name, caption, columns, tuple(body), lang=lang, exempt="decisions")


def alpha_table(trial, file: PretestFile, *, name: str, caption: str) -> Table:
    """Cronbach's α of each block with all items, and with the items that were kept."""
    t, lang = trial.text, trial.lang
    frame, scales, blocks = _matter(trial, file)
    dropped = {i for i, d in file.decisions.items() if d.verdict == "dropped"}
    found = reliability(frame, scales, blocks, dropped)
    rows = trial.record(
        [
            {"measure": f"pretest:{line['block']}", "statistic": "alpha" + end, "estimate": line["alpha" + end],
             "unit": "coefficient", "n": line["n" + end]}
            for line in found.to_dict("records")
            for end in ("", "_kept")
        ]
    )  # fmt: skip
    by = {(r["measure"][8:], r["statistic"]): r for r in rows.to_dict("records")}
    columns = (
        Column("block", t(ko="영역", en="Block"), "left", "stub"),
        Column("before", t(ko="α(예비조사 전체 문항)", en="α, all items")),
        Column("after", t(ko="α(삭제 문항 제외)", en="α, without the dropped")),
        Column("n", t(ko="응답자 수", en="n"), "right", "base"),
        Column("n_kept", t(ko="응답자 수(제외 후)", en="n (without)"), "right", "base"),
    )
    body = [
        Row((file.blocks[b].label.text(lang), Number.from_row(by[b, "alpha"]), Number.from_row(by[b, "alpha_kept"]),
             Number.from_row(by[b, "alpha"], "n"), Number.from_row(by[b, "alpha_kept"], "n")))
        for b in found["block"]
    ]  # fmt: skip
    return Table(name, caption, columns, tuple(body), lang=lang)


def length_row(trial, file: PretestFile) -> dict | None:
    """The median length of a pre-test interview, recorded; None where it was not measured."""
    if file.minutes is None or file.minutes not in trial.survey.frame:
        return None
    minutes = trial.survey.frame[file.minutes].dropna().to_numpy(float)
    if not len(minutes):
        return None
    row = {
        "measure": "pretest:minutes",
        "statistic": "median",
        "estimate": float(np.median(minutes)),
        "unit": "minutes",
        "n": len(minutes),
    }
    return trial.record([row]).iloc[0].to_dict()


def undecided(file: PretestFile, found: pd.DataFrame) -> list[str]:
    """Flagged items about which nothing was decided."""
    return [i for i, flags in zip(found["item"], found["flags"], strict=True) if flags and i not in file.decisions]


__all__ = ["REASONS", "alpha_table", "analysis", "decision_table", "item_table", "length_row", "settings", "undecided"]
