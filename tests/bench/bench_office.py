"""A statistics book of 60 items by 12 banner variables for one agency. Run: PYTHONPATH=. python tests/bench/bench_office.py"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd

import csi_lib
from csi_lib.models.round import Round
from csi_lib.office.statistics_book import statistics_book
from csi_lib.office.xlsx import write_workbook

ITEMS, BANNERS, GROUPS, PEOPLE, GOAL = 60, 12, 5, 600, 3.0


def study(folder: Path) -> Path:
    """One agency, 600 weighted and stratified respondents, 60 seven-point items, 12 banner variables of 5 groups."""
    rng = np.random.default_rng(1)
    items, banners = [f"q{k:02d}" for k in range(ITEMS)], [f"b{k:02d}" for k in range(BANNERS)]
    general = rng.normal(size=PEOPLE)
    frame = pd.DataFrame(
        {i: np.clip(np.round(4.6 + general + rng.normal(size=PEOPLE)), 1, 7).astype(int) for i in items}
    )
    frame = frame.assign(**{b: rng.integers(1, GROUPS + 1, PEOPLE) for b in banners}, weight=rng.uniform(0.5, 2, PEOPLE).round(4),
                         stratum=rng.integers(1, 4, PEOPLE), agency="one")  # fmt: skip
    frame.to_csv(folder / "answers_2024.csv", index=False)
    (folder / "study.yml").write_text(
        "title: {ko: 시험, en: Bench}\nlanguages: [ko, en]\nyears: [2024]\nsources:\n  customers:\n"
        "    path: 'answers_{year}.csv'\n    agency: agency\n    design: {weights: weight, strata: stratum}\n",
        encoding="utf-8",
    )
    (folder / "agencies.yml").write_text("agencies:\n  - {id: one, name: {ko: 한 기관, en: One}}\n", encoding="utf-8")
    scale = ", ".join(f"{k}: {{ko: 답 {k}, en: answer {k}}}" for k in range(1, 8))
    groups = ", ".join(f"{k}: {{ko: 집단 {k}, en: group {k}}}" for k in range(1, GROUPS + 1))
    lines = [
        f"scales:\n  seven: {{low: 1, high: 7, labels: {{{scale}}}}}\ncolumns:",
        "  weight: {role: weight}",
        "  stratum: {role: design}",
    ]
    lines += [f"  {i}: {{role: item, scale: seven, label: {{ko: 문항 {i}, en: Item {i}}}}}" for i in items]
    lines += [
        f"  {b}: {{role: group, label: {{ko: 변수 {b}, en: Variable {b}}}, labels: {{{groups}}}}}" for b in banners
    ]
    (folder / "codebook.yml").write_text("\n".join(lines), encoding="utf-8")
    return folder


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "bench"
        folder.mkdir()
        one = csi_lib.load_study(study(folder))
        round_ = Round(one)
        round_.estimates("one", 2024)  # the report has them already
        best = (np.inf, 0.0, 0.0, 0.0)
        for _ in range(3):
            start, cpu = time.perf_counter(), time.process_time()
            book = statistics_book(round_, "one", 2024, lang="ko", release="public")
            laid_out = time.perf_counter() - start
            path = write_workbook(book.workbook, Path(scratch) / "book.xlsx")
            total = time.perf_counter() - start
            best = min(best, (total, laid_out, total - laid_out, time.process_time() - cpu))
        sheets = openpyxl.load_workbook(path, read_only=True).sheetnames
        assert len(sheets) == ITEMS + 2  # contents and composition
        print(
            f"{ITEMS} items × {BANNERS} banner variables ({GROUPS} groups each), {PEOPLE} respondents, letters by design:"
        )
        numbers = sum(1 for t in book.workbook.sheets for _ in t.table.numbers())
        print(
            f"  statistics and letters {best[1]:.2f} s, workbook of {len(sheets)} sheets {best[2]:.2f} s, {numbers:,} numbers"
        )
        print(f"  together {best[0]:.2f} s, of which processor {best[3]:.2f} s (goal: under {GOAL:.0f} s)")


if __name__ == "__main__":
    main()
