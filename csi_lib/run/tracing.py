"""From a printed number back to where it came from: row, cell, formula, weights, columns, files; each step checked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from csi_lib.errors import InputError
from csi_lib.report.display import ROWS_MIME
from csi_lib.run import root
from csi_lib.run.digests import DataDigests
from csi_lib.run.verification.figures import says
from csi_lib.run.verification.pages import read_page
from csi_lib.survey.files import find_files
from csi_lib.survey.results import KEYS, row_ids

_SHOWN = ("estimate", "se", "ci_low", "ci_high", "p_value", "n", "n_weighted", "n_effective")


@dataclass(frozen=True)
class Trace:
    """One number of one report.

    Attributes
    ----------
    place : folder of the report below the output folder. row : the results row, without its nulls.
    printed : texts that ``report.html`` shows with this row's id. cells : (notebook, number of the cell, its source) that
        recorded it. formula : how it was computed, in words. weights : the design it rests on.
    columns : columns of the data behind it. files : data file → SHA-256 as it is now.
    checks : (what, whether it holds).
    """

    place: str
    row: dict
    printed: tuple[str, ...]
    cells: tuple[tuple[str, int, str], ...]
    formula: str
    weights: str
    columns: tuple[str, ...]
    files: dict[str, str]
    checks: tuple[tuple[str, bool], ...]


def trace(out: Path, number: str, *, study=None, data: str | Path | None = None, agency: str | None = None,
          year: int | None = None) -> list[Trace]:  # fmt: skip
    """Every number under `out` that is meant by `number`: the id of a row, or a figure as it is printed (``63.9``, ``63.9점``).

    Parameters
    ----------
    study : `Study`; without it formula, weights, columns and files are not named. data : as for `read_survey`.
    agency, year : look in these reports only.

    Raises InputError when nothing is found.
    """
    found = []
    for place, folder in _reports(Path(out), agency, year):
        results = pd.read_parquet(folder / "results.parquet")
        page = folder / "report.html"
        shown: dict[str, list[str]] = {}
        for row_id, text in read_page(page.read_text(encoding="utf-8")).numbers if page.is_file() else ():
            shown.setdefault(row_id, []).append(text)
        for row in results.to_dict("records"):
            if row["row_id"] == number or _bare(number) in shown.get(row["row_id"], ()):
                found.append(
                    _traced(place, folder, row, tuple(dict.fromkeys(shown.get(row["row_id"], ()))), study, data)
                )
    if not found:
        raise InputError("no report shows this number", where=str(out), found=repr(number),
                         expected="a figure as it is printed, or the id of a row (data-r)")  # fmt: skip
    return found


def _reports(out: Path, agency: str | None, year: int | None) -> Iterator[tuple[str, Path]]:
    for base in (out, out / "restricted"):
        for place, folder in root.contents(base).reports.items() if base.is_dir() else ():
            parts = place.split("/")
            if agency in (None, parts[0]) and (year is None or str(year) in parts[1:2]):
                yield folder.relative_to(out).as_posix(), folder


def _bare(number: str) -> str:
    text = number.strip().replace("-", "\u2212") if number[:1] == "-" else number.strip()
    for unit in ("%p", "%", "점", " points", " pp", "명", "건", "위"):
        text = text.removesuffix(unit)
    return text.strip()


def _traced(place: str, folder: Path, row: dict, printed: tuple[str, ...], study, data) -> Trace:
    row = {k: v for k, v in row.items() if not pd.isna(v)}
    manifest = json.loads((folder / root.MANIFEST).read_text(encoding="utf-8"))
    cells = tuple(_cells(folder, row["row_id"]))
    same = row_ids(pd.DataFrame([{k: row.get(k) for k in KEYS}]).convert_dtypes())[0] == row["row_id"]
    checks = [
        ("results.parquet is the one that was published", _published(folder, manifest, "results.parquet")),
        ("report.html is the one that was published", _published(folder, manifest, "report.html")),
        ("the row's id is that of what it is about", same),
        ("every text printed with this id is what the row says", all(says(row, text) for text in printed)),
    ]
    formula = weights = ""
    columns, files = (), {}
    if study is not None:
        formula, columns = _formula(study, row)
        weights = _weights(study, row)
        files, unchanged = _files(study, row, manifest, data)
        if unchanged is not None:
            checks.append(("the data are those that the report was made from", unchanged))
    return Trace(place, row, printed, cells, formula, weights, columns, files, tuple(checks))


def _published(folder: Path, manifest: dict, name: str) -> bool:
    return (folder / name).is_file() and manifest["files"].get(name) == root.sha256(folder / name)


def _cells(folder: Path, row_id: str) -> Iterator[tuple[str, int, str]]:
    for path in sorted((folder / "notebooks").glob("*.ipynb")):
        text = path.read_text(encoding="utf-8")
        if row_id not in text:
            continue
        for index, cell in enumerate(json.loads(text)["cells"]):
            recorded = (r for o in cell.get("outputs", ()) for r in o.get("data", {}).get(ROWS_MIME, ()))
            if any(r.get("row_id") == row_id for r in recorded):
                yield path.name, index, "".join(cell["source"])


def _formula(study, row: dict) -> tuple[str, tuple[str, ...]]:
    """The formula in words and the columns that it takes."""
    from csi_lib.models.study_models import study_models

    source, measure, statistic = row.get("source"), row.get("measure"), row.get("statistic")
    for model in study_models(study, source, year=row["year"]) if source in study.models else ():
        nodes = {n.id: n for n in (*model.file.nodes, *model.file.side)}
        if model.name != row.get("model") or measure not in nodes:
            continue
        node, columns = nodes[measure], _columns(model, nodes, measure)
        parts = [
            f"{p} ({n})"
            for p, n in (("items", ", ".join(node.items or ())), ("nodes", ", ".join(node.children or ())))
            if n
        ]
        words = f"{statistic} of {measure} by the model {model.name}, edition {model.file.formula_edition}: "
        return words + f"{node.combine} of {' and '.join(parts) or 'its column'}, weights: {node.weights.rule}", columns
    book = study.codebooks.get(source)
    columns = (measure,) if book is not None and measure in book.columns else ()
    grouped = [f"{row[b]} = {row.get(g)}" for b, g in (("by1", "group1"), ("by2", "group2")) if b in row]
    words = f"{statistic} of {measure}" + (f" among {', '.join(grouped)}" if grouped else "")
    return words + (f", against {row['versus']}" if "versus" in row else ""), columns


def _columns(model, nodes: dict, name: str) -> tuple[str, ...]:
    node = nodes.get(name)
    if node is None:
        return (model.binding.get(name, name),)
    below = [*(node.items or ()), *(node.children or ())]
    return tuple(dict.fromkeys(c for part in below for c in _columns(model, nodes, part))) or (
        model.binding.get(name, name),
    )


def _weights(study, row: dict) -> str:
    source = study.sources.get(row.get("source"))
    if source is None or not source.is_survey:
        return "none: these are records, not a sample"
    said = {k: v for k, v in source.design.in_year(row["year"]).items() if v}
    return ", ".join(f"{k}: {v}" for k, v in said.items()) or "everybody counts once"


def _files(study, row: dict, manifest: dict, data) -> tuple[dict[str, str], bool | None]:
    source, agency, year = row.get("source"), row.get("agency"), row["year"]
    if source not in study.sources or agency not in {a.id for a in study.agencies}:
        return {}, None
    try:
        paths, _ = find_files(study, source, year, data=data, agency=agency)
    except InputError:
        return {}, False
    before = manifest.get("inputs", {}).get("data", {}).get(f"{source} {year}")
    now = DataDigests(study, str(data) if data else None, {}).of(source, agency, year)
    own = manifest["job"]["agency"] == agency
    return {p.name: root.sha256(p) for p in paths}, (before == now if before is not None and own else None)


def words(found: Trace) -> list[str]:
    """A trace as lines to read."""
    row = found.row
    about = [f"{k} {row[k]}" for k in ("agency", "year", "period", "source", "release") if k in row]
    values = ", ".join(f"{k} {row[k]:.10g}" for k in _SHOWN if k in row)
    lines = [f"{found.place}: row {row['row_id']}", f"  about: {row.get('measure')} ({row.get('statistic')}), {', '.join(about)}",
             f"  values: {values or 'withheld'}"]  # fmt: skip
    lines += [f"  printed: {', '.join(found.printed)}"] if found.printed else ["  printed: nowhere in report.html"]
    for name, index, source in found.cells:
        lines.append(f"  cell: {name}, cell {index}: {source.strip().splitlines()[0] if source.strip() else ''}")
    for name, text in (("formula", found.formula), ("weights", found.weights), ("columns", ", ".join(found.columns))):
        lines += [f"  {name}: {text}"] if text else []
    lines += [f"  file: {name} sha256 {digest}" for name, digest in found.files.items()]
    return lines + [f"  check: {what}: {'yes' if holds else 'NO'}" for what, holds in found.checks]


__all__ = ["Trace", "trace", "words"]
