"""What measures, variables and groups are called: from the codebook, the models and the study."""

from __future__ import annotations

import pandas as pd

from csi_lib.evaluation.systems import system_file
from csi_lib.study.reading import reading

_BOX = {
    "top2": {"ko": "긍정 응답", "en": "Top-2"},
    "bottom2": {"ko": "부정 응답", "en": "Bottom-2"},
    "nps": {"ko": "순추천지수", "en": "NPS"},
}


_DERIVED = {
    "surplus_satisfaction": {"ko": "잉여 만족(만족 − 기대)", "en": "Surplus satisfaction (satisfaction − expectation)"},
    "surplus_trust": {"ko": "잉여 신뢰(신뢰 − 만족)", "en": "Surplus trust (trust − satisfaction)"},
    "ten_up": {"ko": "기대 대비 만족", "en": "Satisfaction as a multiple of expectation"},
    "sector": {"ko": "부문 중요도", "en": "Importance of the sector"},
}


#: groups of records, which no codebook describes
_VARIABLES = {
    "department": {"ko": "부서", "en": "Department"},
    "month": {"ko": "월", "en": "Month"},
    "round": {"ko": "회차", "en": "Round"},
    "channel": {"ko": "창구", "en": "Channel"},
    "person": {"ko": "직원", "en": "Member of staff"},
}


def period_words(period: str, lang: str) -> str:
    """``2024-H1`` as 2024 상반기 / 2024 H1; other periods as they are written."""
    if lang == "ko" and period[4:] in ("-H1", "-H2"):
        return f"{period[:4]} {'상반기' if period.endswith('H1') else '하반기'}"
    return period if period[4:5] == "-" and period[5:].isdigit() else period.replace("-", " ", 1)


class Labels:
    """Readers' names of codes, in one language; a code nobody labelled is an error, never shown raw."""

    def __init__(self, study, codebook, models, lang: str):
        self.lang, self.codebook, self.study = lang, codebook, study
        declared = "departments" in study.extensions
        self._departments = system_file(study, "departments").departments if declared else {}
        self._nodes, self._sets = {}, {}
        for model in reversed(models):
            for node in [*model.file.side, *model.file.nodes]:
                self._nodes[node.id] = reading().worded(node.label.text(lang))

    def measure(self, code: str) -> str:
        """``kindness``, ``kindness:top2``, ``kindness:4``, ``sex:F``, ``csi``, ``csi>facilities``."""
        if code in self._nodes and code not in self.codebook.columns:
            return self._nodes[code]
        if code in self.codebook.columns and self.codebook.columns[code].label:
            return self.codebook.columns[code].label.text(self.lang)
        if code in _DERIVED:
            return _DERIVED[code][self.lang]
        if ">" in code:
            return self.measure(code.split(">", 1)[1])
        if code in self.codebook.sets:
            return self.codebook.sets[code].label.text(self.lang)
        if ":" in code:
            name, part = code.split(":", 1)
            name = name.split("@")[0]
            if name in self.codebook.sets:
                return self._answers_of(name).get(part, part)
            if part in _BOX:
                return f"{self.measure(name)} {_BOX[part][self.lang]}"
            return self.group(name, part)
        return self._nodes.get(code, code)

    def _answers_of(self, name: str) -> dict[str, str]:
        """Code → label of the answers of a question that several columns share."""
        if name not in self._sets:
            self._sets[name] = self._read_answers(name)
        return self._sets[name]

    def _read_answers(self, name: str) -> dict[str, str]:
        members = {n: c for n, c in self.codebook.columns.items() if c.set == name}
        first = next(iter(members.values()))
        if first.role == "rank" and first.labels:
            return {str(code): label.text(self.lang) for code, label in first.labels.items()}
        return {n: c.label.text(self.lang) for n, c in members.items()}

    def variable(self, code: str) -> str:
        column = self.codebook.columns.get(code) or self.codebook.sets.get(code)
        if column is None and code in _VARIABLES:
            return _VARIABLES[code][self.lang]
        return column.label.text(self.lang) if column is not None and column.label else code

    def each(self, code: str) -> str:
        """A variable as what a table is broken down by: 연령별, but 성별 as it is; in English its name alone."""
        name = self.variable(code)
        return name.lower() if self.lang != "ko" else name if name.endswith("별") else f"{name}별"

    def group(self, variable: str, code: str) -> str:
        """Label of one value of a column; an answer of a scale without labels is its number."""
        if variable == "department" and code in self._departments:
            return self._departments[code].label.text(self.lang)
        column = self.codebook.columns.get(variable)
        if column is None:
            return code
        labels = column.labels or (self.codebook.scale(variable).labels if column.scale else {})
        for value, label in labels.items():
            if str(value) == str(code):
                return label.text(self.lang)
        return code

    def answer(self, item: str, code: str) -> str:
        """An answer of an item: its number, with its label where the codebook has one."""
        label = self.group(item, code)
        return label if label != code else code

    def attach(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame` with ``measure_label``, ``by1_label``, ``group1_label``, ``by2_label``, ``group2_label``."""
        known: dict[object, str | None] = {}

        def named(find, *codes) -> str | None:
            key = (find, *codes)
            if key not in known:
                known[key] = find(*codes) if all(isinstance(code, str) for code in codes) else None
            return known[key]

        labels = {"measure_label": [named(self.measure, m) for m in frame["measure"]]}
        for i in ("1", "2"):
            by, group = list(frame[f"by{i}"]), list(frame[f"group{i}"])
            labels[f"by{i}_label"] = [named(self.variable, b) for b in by]
            labels[f"group{i}_label"] = [named(self.group, b, g) for b, g in zip(by, group, strict=True)]
        return frame.assign(**labels)

    def agency(self, id: str) -> str:
        return self.study.agency(id).name.text(self.lang)
