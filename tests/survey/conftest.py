"""A small study written to disk, to be bent by each test."""

from __future__ import annotations

import pandas as pd
import pytest

STUDY = """
title: {ko: 시험 조사, en: Trial}
languages: [ko, en]
years: [2023, 2024]
sources:
  customers:
    path: "answers_{year}.csv"
    agency: agency
    design: {weights: weight}
"""
AGENCIES = """
agencies:
  - {id: north, name: {ko: 북부, en: North}}
  - {id: south, name: {ko: 남부, en: South}}
"""
CODEBOOK = """
missing: [9]
scales:
  five: {low: 1, high: 5, labels: {1: {ko: 나쁨, en: Bad}, 5: {ko: 좋음, en: Good}}}
columns:
  respondent: {role: id, names: [ID]}
  phone: {role: contact, names: [전화]}
  weight: {role: weight}
  kind: {role: item, scale: five, label: {ko: 친절성, en: Kindness}, names: [Q1]}
  slow: {role: item, scale: five, reverse: true, label: {ko: 느림, en: Slowness}, names: [Q2]}
  sex:
    role: group
    label: {ko: 성별, en: Sex}
    labels: {1: {ko: 남성, en: Male}, 2: {ko: 여성, en: Female}}
  comment: {role: text, label: {ko: 의견, en: Comment}}
"""
ROWS = pd.DataFrame(
    {
        "agency": ["north", "north", "north", "south", "south"],
        "ID": [1, 2, 3, 4, 5],
        "전화": ["010-1111-2222"] * 5,
        "weight": [1.0, 2.0, 1.5, 1.0, 0.5],
        "Q1": [5, 4, 9, 1, 3],
        "Q2": [1, 2, 3, 9, 5],
        "sex": [2, 1, 2, 1, 1],
        "comment": ["좋아요", "", "보통", "쉼표, 있음", '따옴표 "안"'],
    }
)


class SmallStudy:
    """`codebook`, `study`, `agencies` are the YAML texts, `rows` the data; `write()` puts them on disk."""

    def __init__(self, folder):
        self.folder = folder
        self.study, self.agencies, self.codebook = STUDY, AGENCIES, CODEBOOK
        self.rows = ROWS.copy()

    def write(self, *, encoding="utf-8", sep=",", years=(2023, 2024)):
        for name in ("study", "agencies", "codebook"):
            (self.folder / f"{name}.yml").write_text(getattr(self, name), encoding="utf-8")
        for year in years:
            text = self.rows.to_csv(index=False, sep=sep)
            (self.folder / f"answers_{year}.csv").write_bytes(text.encode(encoding))
        return self.folder


@pytest.fixture
def small(tmp_path):
    folder = tmp_path / "trial"
    folder.mkdir()
    return SmallStudy(folder)
