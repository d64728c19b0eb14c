"""A study of real size beside the tidy one of `round_study.py`: 75 items in 10 sections, 8 banners, 2 waves, 1,000 respondents
per agency and wave, no index, the chapters that the workbench brings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

RESPONDENTS, SECTIONS, ITEMS, BANNERS = 1000, 10, 75, 8
YEARS = (2023, 2024)


def write_real_study(folder: Path, agencies: int) -> Path:
    """The study in `folder`, with its data; agencies a001 … of one type."""
    (folder / "data").mkdir(parents=True)
    ids = [f"a{k:03d}" for k in range(1, agencies + 1)]
    label = lambda text: f"{{ko: {text}, en: {text}}}"
    (folder / "agencies.yml").write_text(
        f"types:\n  city: {label('시')}\nagencies:\n"
        + "".join(f"  - {{id: {a}, name: {label(f'기관 {a}')}, type: city}}\n" for a in ids),
        encoding="utf-8",
    )
    section = lambda k: f"s{k * SECTIONS // ITEMS + 1}"
    banners = {f"b{k}": 2 + k % 4 for k in range(1, BANNERS + 1)}
    (folder / "codebook.yml").write_text(
        "missing: [9]\nscales:\n  five:\n    low: 1\n    high: 5\n    labels:\n"
        + "".join(f"      {k}: {label(f'응답 {k}')}\n" for k in range(1, 6))
        + "sections:\n"
        + "".join(f"  - {{id: s{k}, label: {label(f'영역 {k}')}}}\n" for k in range(1, SECTIONS + 1))
        + "columns:\n  respondent: {role: id, names: [id]}\n  weight: {role: weight, names: [weight]}\n"
        + "".join(
            f"  q{k + 1}: {{role: item, scale: five, section: {section(k)}, label: {label(f'생활 여건에 대한 만족 {k + 1}')}}}\n"
            for k in range(ITEMS)
        )
        + "".join(
            f"  {b}: {{role: group, label: {label(f'응답자 특성 {b}')}, labels: {{"
            + ", ".join(f"{c}: {label(f'집단 {c}')}" for c in range(1, size + 1))
            + "}}\n"
            for b, size in banners.items()
        ),
        encoding="utf-8",
    )
    (folder / "study.yml").write_text(
        f"title: {label('주민 만족도 조사')}\nyears: {list(YEARS)}\nlanguages: [ko]\nheadline: items\nsources:\n  customers:\n"
        "    kind: respondents\n    path: data/{agency}_{year}.csv\n    codebook: codebook.yml\n    agency: agency\n"
        "    design: {weights: weight}\nreport: {language: ko, formats: [html, pdf]}\n",
        encoding="utf-8",
    )
    for year in YEARS:
        for number, agency in enumerate(ids):
            frame = _answers(number, year, banners)
            frame.insert(0, "id", [f"{agency}-{year}-{k}" for k in range(RESPONDENTS)])
            frame.insert(1, "agency", agency)
            frame.to_csv(folder / "data" / f"{agency}_{year}.csv", index=False)
    return folder


def _answers(number: int, year: int, banners: dict[str, int]) -> pd.DataFrame:
    """Answers with a level of their own for every item, every person and, in the later wave, some items that moved."""
    rng = np.random.default_rng([number, year, ITEMS])
    level = 3.3 + np.linspace(-0.5, 0.6, ITEMS) + rng.normal(0, 0.6, (RESPONDENTS, 1))
    level = level + (0.15 * (np.arange(ITEMS) % 5 == 0) if year == max(YEARS) else 0)
    answers = np.clip(np.rint(level + rng.normal(0, 0.8, (RESPONDENTS, ITEMS))), 1, 5).astype(int)
    frame = pd.DataFrame(answers, columns=[f"q{k + 1}" for k in range(ITEMS)])
    frame["weight"] = rng.uniform(0.5, 2, RESPONDENTS).round(3)
    return frame.assign(**{b: rng.integers(1, size + 1, RESPONDENTS) for b, size in banners.items()})


if __name__ == "__main__":
    import sys

    write_real_study(Path(sys.argv[1]), int(sys.argv[2]))
