"""What a figure draws: labelled results rows, each as numbers that print as they do everywhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from csi_lib.prose.numbers import UNITS, Interval, Number
from csi_lib.prose.results import Labels, by_cell, results, unique
from csi_lib.study.reading import reading

_WORDS = {
    "ko": {
        "total": "전체",
        "n": "사례수",
        "ci": "선은 95% 신뢰구간",
        "unavailable": "자료 없음",
        "suppressed": "비공개",
        "small": "†는 사례수 {base}명 미만",
    },
    "en": {
        "total": "Total",
        "n": "n",
        "ci": "lines are 95% intervals",
        "unavailable": "no data",
        "suppressed": "withheld",
        "small": "† base under {base}",
    },
}


@dataclass(frozen=True)
class Point:
    """One labelled estimate with its interval and base."""

    key: tuple
    label: str
    estimate: Number
    interval: Interval
    n: Number
    row: Mapping

    @property
    def shown(self) -> bool:
        return self.estimate.shown

    @property
    def value(self) -> float:
        """In the unit of print: a proportion as per cent."""
        return self.estimate.value * scale(self.estimate.unit)

    @property
    def low(self) -> float:
        return self.interval.low.value * scale(self.estimate.unit) if self.interval.shown else self.value

    @property
    def high(self) -> float:
        return self.interval.high.value * scale(self.estimate.unit) if self.interval.shown else self.value


def scale(unit: str) -> int:
    return UNITS[unit].scale


def points(
    frame: pd.DataFrame, *, rows: str | Sequence[str], lang: str, labels: Mapping | None = None, where: str,
) -> list[Point]:  # fmt: skip
    """Results rows as points, in their order; `labels` maps the codes of the (first) `rows` column."""
    columns = [rows] if isinstance(rows, str) else list(rows)
    frame = results(frame, where=where, need=columns)
    named = Labels(frame, labels, total=_WORDS[lang]["total"])
    found = by_cell(frame, columns, where=where)
    within = lambda key: key[1] if len(key) > 1 else None
    return [point(found[key], named(columns[0], key[0], within=within(key)), key=key) for key in unique(frame, columns)]


def point(row: Mapping, label: str, *, key: tuple = ()) -> Point:
    return Point(key, label, Number.from_row(row), Interval.from_row(row), Number.from_row(row, "n"), row)


def single(row: Mapping | pd.DataFrame | pd.Series | None, label: str, *, where: str) -> Point | None:
    """One results row, however it is given, as a point; None stays None."""
    if row is None:
        return None
    if isinstance(row, pd.DataFrame):
        frame = results(row, where=where)
        if len(frame) != 1:
            from csi_lib.errors import InputError

            raise InputError(f"{len(frame)} rows where one number is drawn", where=where, expected="one results row")
        row = frame.iloc[0].to_dict()
    row = dict(row)
    results(pd.DataFrame([row]), where=where)
    return point(row, label)


def frame_of(*groups: Sequence[Point]) -> pd.DataFrame:
    """The rows behind some points, with the label that is drawn: what `Figure.data` holds."""
    return pd.DataFrame([{"label": p.label, **p.row} for group in groups for p in group if p is not None])


def missing_word(item: Point, lang: str) -> str:
    """What is written where a bar or dot would be."""
    return _WORDS[lang]["suppressed" if item.estimate.suppressed else "unavailable"]


def base_note(items: Sequence[Point], lang: str, *, error: bool = True) -> str:
    """``사례수 n = 412 · 선은 95% 신뢰구간``: bases and error of what is drawn."""
    words = _WORDS[lang]
    bases = sorted((p.n for p in items if p is not None and p.n.shown), key=lambda n: n.value)
    parts = []
    if bases:
        text = bases[0].text(lang, unit=False)
        if bases[0].value != bases[-1].value:
            text += ("~" if lang == "ko" else " to ") + bases[-1].text(lang, unit=False)
        parts.append(f"n = {text}")
    if error and any(p.interval.shown and p.shown for p in items if p is not None):
        parts.append(reading().worded(words["ci"]))
    if any(p.estimate.small_base for p in items if p is not None):
        parts.append(words["small"].format(base=reading().small_base))
    return " · ".join(parts)
