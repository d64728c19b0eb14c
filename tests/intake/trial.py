"""A study of forty made-up respondents, and the right answers of each of its files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

STUDY = """
title: {{ko: 시험 조사, en: Trial}}
languages: [ko, en]
years: [2024]
sources:
  customers:
    path: "{path}"
    agency: {{constant: first}}
    design: {{weights: weight}}
{more}"""
AGENCIES = "agencies:\n  - {id: first, name: {ko: 첫째, en: First}}\n"
LABELS = {
    "ko": ["매우 불만족", "불만족", "보통", "만족", "매우 만족"],
    "en": ["Very dissatisfied", "Dissatisfied", "Neither", "Satisfied", "Very satisfied"],
}
CODEBOOK = f"""
scales:
  five:
    low: 1
    high: 5
    labels: {{{", ".join(f"{i + 1}: {{ko: {k}, en: {e}}}" for i, (k, e) in enumerate(zip(*LABELS.values(), strict=True)))}}}
columns:
  respondent: {{role: id, names: [ID]}}
  weight: {{role: weight, names: [W]}}
  a: {{role: item, scale: five, label: {{ko: 친절, en: Kind}}, names: [Q1]}}
  b: {{role: item, scale: five, label: {{ko: 신속, en: Prompt}}, names: [Q2]}}
  c: {{role: item, scale: five, label: {{ko: 종합, en: Overall}}, names: [Q4]}}
  sex: {{role: group, label: {{ko: 성별, en: Sex}}, names: [SEX], labels: {{1: {{ko: 남성, en: Male}}, 2: {{ko: 여성, en: Female}}}}}}
  comment: {{role: text, label: {{ko: 의견, en: Comment}}, names: [T]}}
"""
HEADER = ["ID", "W", "Q1", "Q2", "Q4", "SEX", "T"]
WORDS = ["좋았습니다", "too slow, again", "다시 오겠습니다", "", "설명이 필요하다"]


@dataclass
class Trial:
    """`rows` are texts as a plain file holds them; `truth` what reading must give. A kind of file bends everything but `truth`."""

    folder: Path
    rng: np.random.Generator
    header: list[str] = field(default_factory=lambda: list(HEADER))
    rows: list[list[str]] = field(default_factory=list)
    path: str = "d.csv"
    more: str = ""
    codebook: str = CODEBOOK

    def __post_init__(self):
        n = 40
        answers = self.rng.integers(1, 6, (n, 3))
        answers[0], answers[1] = 1, 5
        sex, weight = self.rng.integers(1, 3, n), self.rng.integers(5, 30, n) / 10
        words = self.rng.choice(WORDS, n)
        self.rows = [
            [f"r{i:03d}", f"{weight[i]:g}", *map(str, answers[i]), str(sex[i]), str(words[i])] for i in range(n)
        ]
        self.truth = pd.DataFrame(
            {"weight": weight, "a": answers[:, 0], "b": answers[:, 1], "c": answers[:, 2], "sex": sex}
        ).astype(float)

    def at(self) -> int:
        """A row somewhere in the middle."""
        return int(self.rng.integers(4, 36))

    def text(self, sep: str = ",", end: str = "\n") -> str:
        lines = [self.header, *self.rows]
        return end.join(sep.join(_quoted(cell, sep) for cell in line) for line in lines) + end

    def write(self, content: str | bytes | None = None, encoding: str = "utf-8", name: str | None = None) -> None:
        content = self.text() if content is None else content
        raw = content.encode(encoding) if isinstance(content, str) else content
        (self.folder / (name or self.path)).write_bytes(raw)

    def study(self) -> Path:
        files = {
            "study.yml": STUDY.format(path=self.path, more=self.more),
            "agencies.yml": AGENCIES,
            "codebook.yml": self.codebook,
        }
        for name, text in files.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        return self.folder

    def typed(self) -> list[list]:
        """Rows with numbers as numbers, as a spreadsheet holds them."""
        return [[r[0], float(r[1]), *(int(v) for v in r[2:6]), r[6] or None] for r in self.rows]

    def workbook(self, *, above=(), below=(), rows=None, header=None, edit=None) -> None:
        from openpyxl import Workbook

        book = Workbook()
        sheet = book.active
        for row in (*above, header or self.header, *(rows or self.typed()), *below):
            sheet.append(list(row))
        if edit is not None:
            edit(book, sheet)
        self.path = "d.xlsx"
        book.save(self.folder / self.path)

    def sav(self, **options) -> None:
        import pyreadstat

        frame = pd.DataFrame(self.typed(), columns=self.header)
        frame["T"] = frame["T"].fillna("")
        self.path = "d.sav"
        pyreadstat.write_sav(frame, str(self.folder / self.path), **options)


def _quoted(cell: str, sep: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if sep in cell or '"' in cell or "\n" in cell else cell
