"""Whether the published files of a round agree: one verdict per comparison, and no sentence against its number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from csi_lib.prose.change import verdict_of
from csi_lib.study.reading import Reading

#: words of a claim, by what its number must say
_CLAIMS = {
    "up": ("유의하게 상승", "유의하게 높", "rose significantly", "significantly higher"),
    "down": ("유의하게 하락", "유의하게 낮", "fell significantly", "significantly lower"),
    "none": ("유의한 차이가 없", "did not change significantly", "does not differ significantly"),
}
#: what makes two rows of different reports the same comparison
_COMPARISON = ["agency", "year", "source", "measure", "model", "statistic", "by1", "group1", "by2", "group2", "versus"]
_READ = ["row_id", *_COMPARISON, "estimate", "ci_low", "ci_high", "p_value", "unit", "flag", "suppressed"]
_KINDS = ("difference", "change", "against")


def contradictions(out: str | Path, reading: Reading | None = None) -> list[str]:
    """In words, what published outputs under `out` say against one another; empty when all agree.

    Every ``findings.parquet`` and ``results.parquet`` is read. Two reports contradict each other where one comparison (agency, wave,
    measure, what it is compared with) has another verdict in one than in the other; a finding contradicts its evidence where its
    words claim a rise, a fall or none and the row it names says otherwise, or where its row is missing. `reading` is the
    study's rule (default: the one that each report's manifest names). A file that cannot be read says nothing here.
    """
    base, lines = Path(out), []
    seen: dict[tuple, tuple[str, str]] = {}
    for folder in sorted(p.parent for p in base.rglob("results.parquet")):
        if _hidden(folder.relative_to(base)) or folder.name == "site":
            continue
        try:
            results = pd.read_parquet(folder / "results.parquet", columns=_READ)
            found = pd.read_parquet(folder / "findings.parquet") if (folder / "findings.parquet").exists() else None
        except Exception:
            continue
        name = folder.relative_to(base).as_posix()
        with reading or reading_of(folder):
            lines += _between(name, results, seen)
            lines += [] if found is None else [f"{name}: {line}" for line in _against_rows(found, results)]
    return lines


def reading_of(folder: Path) -> Reading:
    """The rule under which a published report was made, as its manifest names it; the default where it names none."""
    try:
        named = json.loads((folder / "manifest.json").read_text(encoding="utf-8")).get("reading", {})
        known = {k: named[k] for k in ("significance", "confidence", "compared_base") if k in named}
        return Reading(**{k: type(getattr(Reading, k))(v) for k, v in known.items()})
    except (OSError, ValueError, TypeError, AttributeError):
        return Reading()


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _between(name: str, results: pd.DataFrame, seen: dict[tuple, tuple[str, str]]) -> Iterator[str]:
    """Comparisons that this report judges differently from one before it."""
    tested = results[results["statistic"].isin(_KINDS) & results["p_value"].notna()]
    keys = zip(*(tested[c].astype("string").fillna("") for c in _COMPARISON), strict=True)
    restricted = "restricted" in name.split("/")
    for key, row in zip(keys, tested.to_dict("records"), strict=True):
        said = verdict_of(row).direction
        first, where = seen.setdefault((restricted, *key), (said, name))
        if first != said:
            about = f"{row['measure']} of {row['agency']}, {row['year']}, against {row['versus']}"
            yield f"{about}: {said} in {name}, {first} in {where}"


def _against_rows(findings: pd.DataFrame, results: pd.DataFrame) -> list[str]:
    rows = {r["row_id"]: r for r in results.to_dict("records")}
    lines = []
    for finding in findings.to_dict("records"):
        name = f"finding {finding['chapter']}: {finding['subject']}"
        ids = list(finding["rows"]) if finding["rows"] is not None else []
        if missing := [i for i in ids if i not in rows]:
            lines.append(f"{name}: its evidence {', '.join(missing[:3])} is not in results.parquet")
            continue
        tested = [rows[i] for i in ids if rows[i]["statistic"] in _KINDS]
        if finding["kind"] not in ("change", "gap") or len(tested) != 1:
            continue
        direction = verdict_of(tested[0]).direction
        stated = finding["direction"]
        agrees = {"none": ("none",), "unknown": ("unclear",)}.get(direction, ("better", "worse"))
        if stated not in agrees:
            lines.append(f"{name}: it says {stated}, and its number says {direction}")
        p = tested[0]["p_value"]
        if np.isfinite(p) and finding["certainty"] is not None and abs(float(finding["certainty"]) - p) > 1e-9:
            lines.append(f"{name}: its certainty is {finding['certainty']:.4f}, that of its number {p:.4f}")
        for text in json.loads(finding["says"]).values():
            for claim, words in _CLAIMS.items():
                if claim != direction and any(w in text for w in words):
                    lines.append(f"{name}: the sentence claims {claim}, and its number says {direction}")
    return lines
