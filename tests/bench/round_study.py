"""The fixed study of the round benches, written by code: 7 chapters, 12 figures, 15 tables, 400 respondents × 40 items per
agency and wave, two waves, peer groups of ten, one file per agency and wave."""

from __future__ import annotations

from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

RESPONDENTS, DIMENSIONS, ITEMS, GROUP = 400, 8, 5, 10
YEARS = (2023, 2024)
PARAMETERS = 'study = "bench"\nagency = "a001"\nyear = 2024\nlang = "ko"\nrelease = "public"'
OPEN = (
    "from csi_lib import figures\nfrom csi_lib.chapters.groups import section as groups\nfrom csi_lib.chapters.trend import section as trend\nimport csi_lib\n"
    "chapter = csi_lib.open_chapter(study, agency, year, lang=lang, release=release)\n"
    "index, name = chapter.index(), chapter.model.name\n"
    "nodes = chapter.rows(measure=chapter.top_nodes, model=name, statistic='index', by1=None)\n"
    "items = groups.item_rows(chapter)"
)


def _text(words: str) -> str:
    return f"caption=chapter.text(ko='{words}', en='{words}')"


def _bars(name: str) -> str:
    return f"chapter.show(figures.index_bars(nodes, highlight=[index['measure']], lang=lang, name='{name}', {_text('차원')}))"


def _dots(name: str, first: int, last: int) -> str:
    return (
        f"part = items.iloc[{first}:{last}]\n"
        f"chapter.show(figures.item_dots(part, previous=chapter.previous_rows(part), lang=lang, name='{name}', {_text('항목')}))"
    )


def _groups(name: str, variable: str) -> str:
    return (
        f"rows = chapter.rows(measure=index['measure'], model=name, statistic='index', by1=['{variable}'])\n"
        f"chapter.show(figures.group_bars(rows, overall=index, lang=lang, name='{name}', {_text('집단')}))"
    )


def _trend(name: str) -> str:
    return f"chapter.show(figures.trend_lines(trend.trend(chapter, chapter.top_nodes[:6]), lang=lang, name='{name}', {_text('추이')}))"


def _table(name: str, rows: str = "items", fields: str = "('estimate', 'se', 'ci', 'n')") -> str:
    return f"chapter.show(chapter.table({rows}, name='{name}', rows='measure', fields={fields}, {_text('표')}))"


def _by(name: str, variable: str) -> str:
    return (
        f"rows = chapter.rows(measure=chapter.top_nodes, model=name, statistic='index', by1='{variable}')\n"
        f"chapter.show(chapter.table(rows, name='{name}', rows='group1', columns='measure', fields=('estimate', 'n'), {_text('표')}))"
    )


def _changes(name: str, rows: str = "nodes") -> str:
    return f"chapter.show(groups.change_table(chapter, {rows}, name='{name}', {_text('증감')}))"


_SAY = (
    "chapter.say(ko='{name:은/는} {index}이다.', en='The {name} is {index}.', name=index['measure_label'], index=index)"
)
_PEERS = (
    "peers = chapter.peers(index['measure'])\n"
    "chapter.say(ko='다른 기관의 평균은 {mean}이다.', en='The others have {mean}.', mean=chapter.rows(peers).iloc[0]).display()"
    " if len(peers) else None"
)

#: name -> whose figures it shows, and its cells: 12 figures and 15 tables in all
CHAPTERS = {
    "summary": ("none", [_SAY, _bars("summary"), _table("summary", "nodes")]),
    "response": ("none", [_groups("by-type", "kind"), _by("type-1", "kind"), _by("age-1", "age"), _table("bases", "items")]),
    "overall": ("none", [_SAY, _bars("overall"), _dots("o1", 0, 10), _table("overall", "nodes"), _changes("o2")]),
    "dimensions": ("none", [_dots("d1", 0, 20), _dots("d2", 20, 40), _table("d3"), _changes("d4")]),
    "groups": ("none", [_groups("g1", "age"), _groups("g2", "kind"), _by("g3", "age"), _by("g4", "kind")]),
    "priorities": ("none", [_dots("p1", 10, 30), _bars("p2"), _table("p3", "items.iloc[:20]"), _table("p4", "items.iloc[20:]")]),
    "trend": ("type", [_trend("t1"), _changes("t2"), _changes("t3", "items.iloc[:10]"), _PEERS]),
}  # fmt: skip


def write_study(folder: Path, agencies: int, *, peers: bool = True, shared: bool = False) -> Path:
    """The study of `agencies` agencies in `folder`, with its data.

    `peers=False` leaves out what the trend chapter prints of other agencies; `shared` writes one file per wave instead of
    one per agency and wave.
    """
    (folder / "chapters").mkdir(parents=True)
    (folder / "data").mkdir()
    ids = [f"a{k:03d}" for k in range(1, agencies + 1)]
    types = {f"t{k:02d}": [] for k in range(1, (agencies - 1) // GROUP + 2)}
    for k, agency in enumerate(ids):
        types[f"t{k // GROUP + 1:02d}"].append(agency)
    label = lambda text: f"{{ko: {text}, en: {text}}}"
    (folder / "agencies.yml").write_text(
        "types:\n" + "".join(f"  {t}: {label(f'유형 {t}')}\n" for t in types) + "agencies:\n"
        + "".join(f"  - {{id: {a}, name: {label(f'기관 {a}')}, type: {t}}}\n" for t, some in types.items() for a in some),
        encoding="utf-8",
    )  # fmt: skip
    names = [f"q{d}_{i}" for d in range(1, DIMENSIONS + 1) for i in range(1, ITEMS + 1)]
    (folder / "codebook.yml").write_text(
        "missing: [9]\nscales:\n  five:\n    low: 1\n    high: 5\n    labels:\n"
        + "".join(f"      {k}: {label(f'응답 {k}')}\n" for k in range(1, 6))
        + "columns:\n  respondent: {role: id, names: [id]}\n  weight: {role: weight, names: [weight]}\n"
        + "".join(f"  {n}: {{role: item, scale: five, label: {label(f'문항 {n}')}}}\n" for n in names)
        + f"  kind: {{role: group, label: {label('고객 유형')}, labels: {{1: {label('개인')}, 2: {label('단체')}}}}}\n"
        + f"  age: {{role: group, label: {label('연령')}, labels: {{1: {label('청년')}, 2: {label('중년')}, 3: {label('장년')}, 4: {label('노년')}}}}}\n",
        encoding="utf-8",
    )  # fmt: skip
    dimensions = "".join(
        f"      - {{id: d{d}, label: {label(f'차원 {d}')}, combine: mean, status: P, "
        f"items: [{', '.join(f'q{d}_{i}' for i in range(1, ITEMS + 1))}]}}\n"
        for d in range(1, DIMENSIONS + 1)
    )
    children = ", ".join(f"d{d}" for d in range(1, DIMENSIONS + 1))
    (folder / "model.yml").write_text(
        f"own:\n  - name: bench\n    label: {label('벤치 지수')}\n    formula_edition: '1'\n    source: own\n"
        f"    formula: {label('평균')}\n    index: whole\n    nodes:\n"
        f"      - {{id: whole, label: {label('종합 지수')}, children: [{children}], combine: mean, status: P}}\n{dimensions}",
        encoding="utf-8",
    )
    place = "data/{year}.csv" if shared else "data/{agency}_{year}.csv"
    (folder / "study.yml").write_text(
        f"title: {label('벤치 조사')}\nyears: {list(YEARS)}\nlanguages: [ko]\nsources:\n  customers:\n    kind: respondents\n"
        f"    path: {place}\n    codebook: codebook.yml\n    agency: agency\n    design: {{weights: weight, strata: kind}}\n"
        f"models: {{customers: [bench]}}\nreport: {{language: ko, formats: [html, pdf], peers: group, chapters: [{', '.join(CHAPTERS)}]}}\n",
        encoding="utf-8",
    )
    for order, (name, (shown, cells)) in enumerate(CHAPTERS.items(), 1):
        if not peers:
            shown, cells = "none", [c for c in cells if c != _PEERS]
        nodes = [new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), new_code_cell(OPEN)]
        nodes += [new_markdown_cell(f"# {name}"), *map(new_code_cell, cells)]
        meta = {"csi": {"scope": "agency", "peers": shown},
                "kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}  # fmt: skip
        nbformat.write(new_notebook(cells=nodes, metadata=meta), folder / "chapters" / f"{order}0-{name}.ipynb")
    for year in YEARS:
        frames = []
        for k, agency in enumerate(ids):
            frame = answers(agency, k, year, names)
            frames.append(frame) if shared else frame.to_csv(folder / "data" / f"{agency}_{year}.csv", index=False)
        if shared:
            pd.concat(frames).to_csv(folder / "data" / f"{year}.csv", index=False)
    return folder


def answers(agency: str, number: int, year: int, names: list[str], *, seed: int = 0) -> pd.DataFrame:
    """Answers of one agency and wave; another `seed`, other answers."""
    rng = np.random.default_rng([number, year, seed])
    level = rng.normal(0, 0.5) + rng.normal(0, 0.8, (RESPONDENTS, 1)) + rng.normal(0, 0.7, (RESPONDENTS, len(names)))
    frame = pd.DataFrame(np.clip(np.rint(3.4 + level), 1, 5).astype(int), columns=names)
    frame.insert(0, "id", [f"{agency}-{year}-{k}" for k in range(RESPONDENTS)])
    frame.insert(1, "agency", agency)
    frame["weight"] = rng.uniform(0.5, 2, RESPONDENTS).round(3)
    frame["kind"], frame["age"] = rng.integers(1, 3, RESPONDENTS), rng.integers(1, 5, RESPONDENTS)
    return frame


if __name__ == "__main__":
    import sys

    write_study(Path(sys.argv[1]), int(sys.argv[2]))
