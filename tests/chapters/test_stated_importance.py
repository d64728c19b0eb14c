"""Stated importance: picks beside blank cells, and picks of items, belong to the dimensions they name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from csi_lib.chapters.portfolio.drivers import drivers
from csi_lib.report.chapter import open_chapter
from csi_lib.run.check import check_study


@pytest.fixture
def folder(tmp_path):
    def make(codes="{1: da, 2: db, 3: dc}"):
        rng = np.random.default_rng(7)
        names = ["a", "a2", "b", "b2", "c", "c2"]
        frame = pd.DataFrame({i: rng.integers(1, 6, 200) for i in [*names, "overall"]})
        frame["p1"] = [1] * 120 + [2] * 80
        frame["p2"] = pd.array([3] * 160 + [None] * 40, dtype="Int64")
        frame.to_csv(tmp_path / "d_2024.csv", index=False)
        (tmp_path / "study.yml").write_text(
            'title: T\nlanguages: [en]\nyears: [2024]\nsources:\n  customers: {path: "d_{year}.csv", agency: {constant: one}}\n'
            "models: {customers: [m]}\nextensions: {portfolio: portfolio.yml}\nreport: {language: en, formats: [html]}\n",
            encoding="utf-8",
        )
        (tmp_path / "agencies.yml").write_text("agencies: [{id: one, name: One}]\n", encoding="utf-8")
        items = "\n".join(f"  {i}: {{role: item, scale: five, label: Item {i}}}" for i in [*names, "overall"])
        picks = "\n".join(f"  {p}: {{role: group, label: Pick, labels: {{1: A, 2: B, 3: C}}}}" for p in ("p1", "p2"))
        (tmp_path / "codebook.yml").write_text(
            f"scales:\n  five: {{low: 1, high: 5, labels: {{1: Bad, 5: Good}}}}\ncolumns:\n{items}\n{picks}\n",
            encoding="utf-8",
        )
        (tmp_path / "model.yml").write_text(
            "own:\n  - name: m\n    label: M\n    formula_edition: '1'\n    source: S\n    index: t\n    nodes:\n"
            "      - {id: t, label: T, children: [da, db, dc], asked: overall, weights: {rule: equal}}\n"
            + "".join(f"      - {{id: d{i}, label: Dim {i}, items: [{i}, {i}2]}}\n" for i in "abc"),
            encoding="utf-8",
        )
        (tmp_path / "portfolio.yml").write_text(f"picks: [p1, p2]\ncodes: {codes}\n", encoding="utf-8")
        return tmp_path

    return make


@pytest.mark.parametrize("codes", ["{1: da, 2: db, 3: dc}", "{1: a, 2: b2, 3: c}"])
def test_picks_beside_blank_cells_and_of_items(folder, codes):
    rows = drivers(open_chapter(folder(codes), "one", 2024))
    stated = rows[rows["statistic"] == "stated"].set_index("measure")["estimate"]
    assert stated.to_dict() == pytest.approx({"da": 120 / 200, "db": 80 / 200, "dc": 160 / 200})


def test_picks_of_what_is_not_in_the_index_are_named_by_check(folder):
    (found,) = (f for f in check_study(folder("{1: da, 2: db, 3: dd}")) if f.level == "error")
    assert found.where == "portfolio.yml: codes > 3"
    assert "neither a dimension nor an item" in found.message
