"""A printed number and where it comes from; headline numbers side by side. Read from what was published."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow.dataset as ds

from csi_lib.serve.desk import NotHere

ROW_ID = re.compile(r"[0-9A-Za-z_-]{4,64}")
#: columns of a results row in the order in which a person asks for them
SHOWN = (
    "measure", "statistic", "by1", "group1", "by2", "group2", "versus", "estimate", "se", "df", "ci_low", "ci_high", "p_value",
    "n", "n_weighted", "n_effective", "deff", "unit", "model", "formula_edition", "agency", "year", "period", "source",
    "release", "chapter", "object_id", "value_text", "flag", "suppressed",
)  # fmt: skip


@dataclass(frozen=True)
class Report:
    """A published report: its folder below `out`, languages of a second edition, files to take away."""

    agency: str
    year: str
    lang: str
    folder: Path
    files: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{self.agency}/{self.year}/{self.lang}"


def reports(out: Path) -> list[Report]:
    """Every published public report below `out`, newest first."""
    found = []
    for manifest in [*out.glob("*/*/manifest.json"), *out.glob("*/*/*/manifest.json")]:
        folder = manifest.parent
        parts = folder.relative_to(out).parts
        if parts[0] in ("restricted", "site", "deliveries") or parts[0].startswith("."):
            continue
        try:
            lang = json.loads(manifest.read_text(encoding="utf-8")).get("job", {}).get("lang") or ""
        except ValueError:
            lang = ""
        files = tuple(
            sorted(
                p.name for p in folder.iterdir() if p.is_file() and p.name.startswith("report") and p.suffix != ".ipynb"
            )
        )
        found.append(Report(parts[0], parts[1], parts[2] if len(parts) > 2 else str(lang), folder, files))
    return sorted(
        found, key=lambda r: (-int(r.year) if r.year.isdigit() else 0, r.agency == "_overall", r.agency, r.lang)
    )


def report(out: Path, agency: str, year: str, lang: str) -> Report:
    for found in reports(out):
        if (found.agency, found.year) == (agency, year) and found.lang == lang:
            return found
    raise NotHere(f"{agency}/{year}")


def number(folder: Path, row_id: str) -> dict | None:
    """The results row of a report; None when it has none of this id."""
    if not ROW_ID.fullmatch(row_id):
        return None
    rows = ds.dataset(folder / "results.parquet").to_table(filter=ds.field("row_id") == row_id).to_pylist()
    return rows[0] if rows else None


def printed_like(folder: Path, text: str, most: int = 12) -> list[dict]:
    """Rows whose estimate is printed like `text` (``63.8``, ``63.8점``, ``19.4%``), largest bases first."""
    found = re.search(r"[-−]?\d+(?:[.,]\d+)?", text)
    if not found:
        return []
    digits = found[0].replace("−", "-").replace(",", ".")
    value, half = float(digits), 0.5000001 * 10.0 ** -len(digits.partition(".")[2])
    near = lambda v, h: (ds.field("estimate") >= v - h) & (ds.field("estimate") <= v + h)
    share = (ds.field("unit") == "proportion") & near(value / 100, half / 100)
    plain = (ds.field("unit") != "proportion") & near(value, half)
    rows = ds.dataset(folder / "results.parquet").to_table(filter=share | plain).to_pylist()
    return sorted(rows, key=lambda r: -(r["n"] or 0))[:most]


def headline(report: Report) -> dict[str, dict]:
    """Indices of the report's own body and wave by model and measure (other waves and bodies stand in it too)."""
    path = report.folder / "results.parquet"
    if not path.exists():
        return {}
    own = (ds.field("agency") == report.agency) & (ds.field("year") == int(report.year))
    wanted = own & (ds.field("statistic") == "index") & ds.field("by1").is_null()
    columns = [
        "row_id",
        "measure",
        "model",
        "statistic",
        "versus",
        "estimate",
        "ci_low",
        "ci_high",
        "p_value",
        "n",
        "unit",
    ]
    rows = ds.dataset(path).to_table(columns=columns, filter=wanted).to_pylist()
    return {f"{r['model'] or ''} {r['measure']}".strip(): r for r in rows if not r["versus"]}


def sources(folder: Path) -> dict[str, list[dict]]:
    """Cells (type, text) of the notebooks that made a report, by chapter."""
    found = {}
    for path in sorted((folder / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        found[path.stem] = [{"type": c["cell_type"], "text": "".join(c["source"])} for c in cells]
    return found
