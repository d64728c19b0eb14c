"""Statistics tables (통계표): one item by every banner variable, with bases, letters and suppression.

A banner table is an ordinary `Table`, so every renderer (spreadsheet, HTML, PDF, DOCX, HWPX) prints the same
cells: groups are its rows, as Korean statistics books have it; letters are the marks of its numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.prose.numbers import Number, check_lang
from csi_lib.survey.comparisons import column_letter
from csi_lib.survey.estimates import Estimates
from csi_lib.survey.letters import LetterRules, letters_of
from csi_lib.tables.table import Column, Row, Table

_TEXT = {
    "ko": {
        "row": "구분", "letter": "기호", "n": "사례수", "weighted": "가중 사례수", "mean": "평균", "index": "지수",
        "se": "표준오차", "top2": "긍정 응답", "answers": "응답 분포", "total": "전체", "ci": "95% 신뢰구간",
        "design": "문자는 그 집단의 값이 해당 기호의 집단보다 통계적으로 유의하게 높음을 뜻한다(조사 설계를 반영한 검정, "
                  "유의수준 {level:.0%}, 다중비교 {adjust}). 사례수 {least}명 미만인 집단은 비교하지 않았다.",
        "spss": "문자는 그 집단의 값이 해당 기호의 집단보다 유의하게 높음을 뜻한다(SPSS 사용자 정의 표의 열 비율·열 평균 "
                "검정, 유의수준 {level:.0%}, 다중비교 {adjust}).",
        "none": "보정 없음", "holm": "Holm 보정", "bonferroni": "Bonferroni 보정", "bh": "Benjamini–Hochberg 보정",
    },
    "en": {
        "row": "Group", "letter": "Key", "n": "n", "weighted": "Weighted n", "mean": "Mean", "index": "Index",
        "se": "SE", "top2": "Top-2", "answers": "Answers", "total": "Total", "ci": "95% interval",
        "design": "A letter marks a value significantly above that of the group with this key (design-based test, "
                  "level {level:.0%}, {adjust}). Groups of fewer than {least} are not compared.",
        "spss": "A letter marks a value significantly above that of the group with this key (column proportions and "
                "column means tests of SPSS custom tables, level {level:.0%}, {adjust}).",
        "none": "no adjustment", "holm": "Holm", "bonferroni": "Bonferroni", "bh": "Benjamini–Hochberg",
    },
}  # fmt: skip


#: answers of an item that have a column each; of a finer scale only mean and boxes are tabulated
MOST_ANSWERS = 11
#: the comparisons of a book that says nothing else
_DESIGN = LetterRules()


def banner_tables(
    estimates: Estimates, *, items: Sequence[str], banners: Sequence[str], labels, lang: str,
    letters: LetterRules = _DESIGN, min_base: int | None = None, statistic: str = "mean", model: str | None = None,
) -> list[Table]:  # fmt: skip
    """A statistics table for each of `items` by all of `banners`.

    Parameters
    ----------
    estimates : masked estimates (`csi_lib.models.scoring.tabulate`): ``mean`` or ``index`` rows, and where they
        exist ``item:top2`` and ``item:<code>`` shares, in total and by each banner variable. What is suppressed
        prints ``*``; nothing here computes a number.
    labels : gives ``measure(code)``, ``variable(code)``, ``group(variable, code)``, ``answer(item, code)``.
    letters : how groups are compared (`LetterRules`); each variable is a family of its own.
    statistic : ``mean`` (items) or ``index`` (nodes of the index `model`).

    Returns
    -------
    Tables in the order of `items`; an item nobody was asked is left out. Columns: group, key, n, weighted n,
    mean on 0–100, its standard error, Top-2, and the share of every answer.
    """
    check_lang(lang)
    book = _Book(estimates, list(banners), labels, lang, letters, min_base, statistic, model)
    return [table for number, item in enumerate(items, 1) if (table := book.table(item, number)) is not None]


class _Book:
    """The estimates laid out by measure and group, so that a table is a matter of looking up."""

    def __init__(self, estimates, banners, labels, lang, letters, min_base, statistic, model):
        frame = estimates.frame
        self.estimates, self.labels, self.lang, self.rules = estimates, labels, lang, letters
        self.banners, self.min_base, self.statistic, self.text = banners, min_base, statistic, _TEXT[lang]
        keep = (frame["by2"].isna() & frame["versus"].isna()).to_numpy(bool)
        keep = keep & frame["statistic"].isin([statistic, "share"]).to_numpy(bool)
        if model is not None:
            keep = keep & (frame["model"] == model).fillna(False).to_numpy(bool)
        by, group, measure, what = (
            frame[c].astype(object).to_numpy() for c in ("by1", "group1", "measure", "statistic")
        )
        self.at: dict[tuple, dict[str, int]] = {}  # (variable or None, group or None) -> measure -> position
        self.codes: dict[str, list[int]] = {}
        for i in np.flatnonzero(keep):
            place = (None, None) if pd.isna(by[i]) else (by[i], group[i])
            if what[i] == "share" and ":" not in measure[i]:
                continue
            self.at.setdefault(place, {})[measure[i]] = int(i)
            if place == (None, None) and what[i] == "share":
                item, code = measure[i].rsplit(":", 1)
                if code.lstrip("-").isdigit():
                    self.codes.setdefault(item, []).append(int(code))
        if (None, None) not in self.at:
            raise InputError("there are no estimates for the whole sample", where="banner_tables")
        self.places = [(None, None), *(p for b in banners for p in self.at if p[0] == b)]
        self.fields = {
            c: frame[c].to_numpy(float) for c in ("estimate", "se", "n", "n_weighted", "scale_low", "scale_high")
        }
        self.plain = {c: values.tolist() for c, values in self.fields.items()}  # one at a time lists are faster
        self.unit, self.ids = frame["unit"].astype(object).to_numpy(), frame["row_id"].astype(object).to_numpy()
        public = ~frame["release"].eq("restricted").fillna(False).to_numpy(bool) if "release" in frame else True
        self.flag, self.hidden = frame["flag"].astype(object).to_numpy(), frame["suppressed"].to_numpy(bool) & public
        self.marks = self._letters()

    def _letters(self) -> dict[int, str]:
        """Position → letters, all measures of a variable in one pass."""
        marks: dict[int, str] = {}
        df = self.estimates.degrees_of_freedom() if self.rules.rules == "design" else None
        total = max(self.at[None, None].values(), key=lambda i: np.nan_to_num(self.fields["n"][i]))
        scale = self.fields["n"][total] / self.fields["n_weighted"][total]
        printed = [m for m in self.at[None, None] if self._printed(m)]
        for variable in self.banners:
            places = [p for p in self.places if p[0] == variable]
            lines = {}
            for measure in printed:
                positions = [self.at[p].get(measure, -1) for p in places]
                if len(positions) > 1 and min(positions) >= 0:
                    lines[measure] = positions
            if not lines or self.rules.rules == "none":
                continue
            blocks = np.array(list(lines.values()))
            variances = (
                np.array([self._variances(m, places, scale) for m in lines]) if self.rules.rules == "spss" else None
            )
            for line, texts in zip(blocks, letters_of(self.estimates, blocks, self.rules, variances=variances,
                                                      scale=scale, df=df), strict=True):  # fmt: skip
                marks.update(zip(line.tolist(), texts, strict=True))
        return marks

    def _printed(self, measure: str) -> bool:
        """Whether a table has a column of this measure: letters of others would never be seen."""
        item, _, part = measure.rpartition(":")
        if not item or part == "top2":
            return True
        return part.lstrip("-").isdigit() and len(self.codes[item]) <= MOST_ANSWERS

    def _variances(self, measure: str, places, scale: float) -> list[float]:
        """Variance of the answers (0–100) in each group, from their shares (divisor Σw − 1, weights with mean 1)."""
        codes = self.codes.get(measure, [])
        if not codes:
            return [np.nan] * len(places)
        low, high = min(codes), max(codes)
        x = np.array([100 * (c - low) / (high - low) for c in codes])
        out = []
        for place in places:
            own = self.at[place]
            p = np.array(
                [self.fields["estimate"][own[f"{measure}:{c}"]] if f"{measure}:{c}" in own else np.nan for c in codes]
            )
            w = self.fields["n_weighted"][own[measure]] * scale
            out.append(float(np.sum(p * (x - p @ x) ** 2) * w / (w - 1)) if w > 1 else np.nan)
        return out

    def _number(self, position: int | None, field: str = "estimate") -> Number:
        if position is None:
            return Number(None, "points")
        unit = {"n": "count", "n_weighted": "count"}.get(field, self.unit[position])
        value, base = self.plain[field][position], self.plain["n"][position]
        mark = self.marks.get(position, "") if field == "estimate" else ""
        flag = self.flag[position] if field == "n" else None  # one † a row, where the base stands
        return Number(None if value != value else value, unit, row_id=self.ids[position], flag=flag,
                      suppressed=base != base and bool(self.hidden[position]), mark=mark)  # fmt: skip

    def table(self, item: str, number: int) -> Table | None:
        """The table of one item; None when nobody was asked."""
        total = self.at[None, None].get(item)
        if total is None or not self.fields["n"][total] > 0:
            return None
        t, measures = self.text, []
        if f"{item}:top2" in self.at[None, None]:
            measures.append(Column("top2", t["top2"]))
        codes = self.codes.get(item, [])
        codes = codes if len(codes) <= MOST_ANSWERS else []
        keys = [f"{item}:top2"] * len(measures) + [f"{item}:{c}" for c in codes]
        measures += [Column(f"answer{c}", self.labels.answer(item, str(c)), group=t["answers"]) for c in codes]
        columns = (
            Column("row", t["row"], "left", "stub"), Column("letter", t["letter"], "center", "stub"),
            Column("n", t["n"], "right", "base"), Column("n_weighted", t["weighted"], "right", "base"),
            Column("mean", t["index" if self.statistic == "index" else "mean"]), Column("se", t["se"]), *measures,
        )  # fmt: skip
        rows, seen = [], {}
        for variable, group in self.places:
            own = self.at[variable, group]
            if item not in own:
                continue
            at = own[item]
            label, key, heading = t["total"], "", None
            if variable is not None:
                key = column_letter(seen.setdefault(variable, 0))
                seen[variable] += 1
                label, heading = self.labels.group(variable, group), self.labels.variable(variable)
            cells = [self._number(at, "n"), self._number(at, "n_weighted"), self._number(at), self._number(at, "se"),
                     *(self._number(own.get(k)) for k in keys)]  # fmt: skip
            rows.append(Row((label, key, *cells), heading, "total" if variable is None else "data"))
        notes = []
        if self.rules.rules != "none":
            notes.append(
                t[self.rules.rules].format(level=self.rules.level, adjust=t[self.rules.adjust], least=self.rules.least)
            )
        return Table(
            f"book-{number}", self.labels.measure(item), columns, tuple(rows), tuple(notes), self.lang, self.min_base
        )
