"""What drifts between the files: question × wave × column with its codes and confidence, and where a draft came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from csi_lib.draft.column import Draft
from csi_lib.draft.files import Given


def drift_rows(draft: Draft, given: Sequence[Given], years: Sequence[int]) -> list[list[str]]:
    """Concept × wave × column: header, label, codes and confidence in each file, a row per question and file."""
    rows = [["column", "role", "file", "year", "body", "header", "label", "answers", "confidence", "reason", "change"]]
    for c in draft.columns:
        before: set[str] | None = None
        for k, one in enumerate(given):
            column = c.concept.columns.get(k)
            year = one.year or (years[-1] if draft.year is None else "")
            place = [c.name, c.role, one.sheet.file.name, str(year), one.part]
            if column is None:
                rows.append([*place, "", "", "", "", "not asked", "absent"])
                continue
            confidence, reason = c.concept.sure[k]
            private = c.role in ("id", "contact", "quasi", "text", "weight", "number", "date")
            counts = column.counts()
            seen = set(counts.index) if len(counts) <= 30 and not private else None
            codes = (
                "" if private else "; ".join(f"{v}={n}" if n >= 5 else f"{v}<5" for v, n in list(counts.items())[:15])
            )
            change = ""
            if before is not None and seen is not None and seen != before:
                new, gone = sorted(seen - before), sorted(before - seen)
                change = " ".join(
                    [f"new: {', '.join(new[:8])}" if new else "", f"gone: {', '.join(gone[:8])}" if gone else ""]
                ).strip()
            before = seen if seen is not None else before
            rows.append([*place, column.name, column.text[:200], codes, f"{confidence:.2f}", reason, change])
    return rows


def origin_rows(given: Sequence[Given]) -> str:
    """Which files the draft was made from, with their hashes."""
    lines = ["file,sheet,sha256,rows,columns,profile,year,body"]
    for g in given:
        digest = hashlib.sha256(g.sheet.file.read_bytes()).hexdigest()
        fields = [
            g.sheet.file.name,
            g.sheet.sheet,
            digest,
            g.sheet.n,
            len(g.sheet.columns),
            g.sheet.profile,
            g.year or "",
            g.part,
        ]
        lines.append(",".join(json.dumps(str(f), ensure_ascii=False) if "," in str(f) else str(f) for f in fields))
    return "\n".join(lines) + "\n"
