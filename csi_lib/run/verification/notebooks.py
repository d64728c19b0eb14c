"""The executed notebooks of a report: rows they carry, numbers they show."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

from csi_lib.report.display import ROWS_MIME
from csi_lib.run.verification.figures import says
from csi_lib.run.verification.pages import read_page

_SPAN = re.compile(r"\[((?:[^\[\]\\]|\\.)*)\]\{data-r=\"([^\"]+)\"\}")
_VALUES = ("estimate", "se", "ci_low", "ci_high", "p_value", "n")


def notebook_findings(path: Path, rows: dict[str, dict]) -> list[str]:
    """What a notebook shows and results.parquet does not say: in its Markdown, its HTML and the rows behind its displays."""
    findings = []
    node = json.loads(path.read_text(encoding="utf-8"))
    for index, cell in enumerate(node["cells"]):
        texts, shown = [cell.get("source", "")], []
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            texts.append(data.get("text/markdown", ""))
            shown += read_page(_joined(data.get("text/html", ""))).numbers
            findings += [f"cell {index}: {f}" for f in _row_findings(data.get(ROWS_MIME, ()), rows)]
        for text in texts:
            spans = _SPAN.findall(_joined(text))
            shown += [(row, re.sub(r"\\(.)", r"\1", figure).replace("&lt;", "<")) for figure, row in spans]
        for row_id, figure in dict.fromkeys(shown):
            if row_id not in rows:
                findings.append(f"cell {index}: {figure!r} has a row id that results.parquet does not hold")
            elif not says(rows[row_id], figure):
                findings.append(f"cell {index}: {figure!r} is not what row {row_id} ({rows[row_id]['measure']}) says")
    return findings


def _row_findings(shown, rows: dict[str, dict]) -> list[str]:
    found = []
    for row in shown:
        mine = rows.get(row.get("row_id"))
        if mine is None:
            found.append(f"results.parquet lacks the row {row.get('row_id')}")
        elif any(not _same(row.get(name), mine.get(name)) for name in _VALUES) and not mine.get("suppressed"):
            found.append(f"the row {row['row_id']} ({mine['measure']}) is another in results.parquet")
    return found


def _same(one, two) -> bool:
    none = [v is None or not isinstance(v, int | float) or math.isnan(v) for v in (one, two)]
    return all(none) if any(none) else math.isclose(one, two, rel_tol=1e-12, abs_tol=1e-15)


def _joined(text: str | list) -> str:
    return text if isinstance(text, str) else "".join(text)


__all__ = ["notebook_findings"]
