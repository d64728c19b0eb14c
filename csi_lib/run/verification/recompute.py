"""Results against the data: every published report is made again in a folder of its own, and compared."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd

from csi_lib.office.libraries import FORMATS
from csi_lib.run import root
from csi_lib.run.order import job_folder
from csi_lib.study.study import Job, load_study

_SHOWN = 20  # rows named by themselves


def recompute_findings(study, out: Path, *, data: str | Path | None = None, jobs: int | None = None) -> list[str]:
    """Where the published reports under `out` are not what `study` and its data give now.

    Results are compared row by row; the other files by their bytes, where the report was made by the same code and renderer.
    """
    from csi_lib.run.pipeline import run_study

    study, findings = load_study(study), []
    wanted = defaultdict(list)
    for base in (out, out / "restricted"):
        for folder in root.contents(base).reports.values() if base.is_dir() else ():
            try:
                manifest = json.loads((folder / root.MANIFEST).read_text(encoding="utf-8"))
                job, names = manifest["job"], manifest["files"]
                formats = tuple(f for f in FORMATS if f"report.{f}" in names)
                key = job["lang"], job["release"], formats, manifest.get("engine", "auto")
                wanted[key].append((job["agency"], int(job["year"]), folder, manifest))
            except (OSError, ValueError, KeyError, TypeError):
                findings.append(f"{folder.relative_to(out)}: {root.MANIFEST} cannot be read")
    for (lang, release, formats, engine), reports in wanted.items():
        with tempfile.TemporaryDirectory(prefix="csi-again-") as scratch:
            run_study(
                study, out=scratch, data=data, agencies=sorted({a for a, *_ in reports}), years=sorted({y for _, y, *_ in reports}),
                lang=lang, release=release, formats=formats, renderer=engine, jobs=jobs,
            )  # fmt: skip
            for agency, year, folder, manifest in reports:
                again = job_folder(Path(scratch), Job(study.id, agency, year, lang, release), study.report.language)
                place = folder.relative_to(out).as_posix()
                findings += [f"{place}: {f}" for f in _differences(folder, again, manifest)]
    return findings


def _differences(folder: Path, again: Path, manifest: dict) -> list[str]:
    try:
        fresh = json.loads((again / root.MANIFEST).read_text(encoding="utf-8"))
    except OSError:
        return ["the report cannot be made from the data that are there now"]
    try:
        before = pd.read_parquet(folder / "results.parquet")
    except Exception as error:
        return [f"results.parquet cannot be read ({type(error).__name__})"]
    out = _rows(before, pd.read_parquet(again / "results.parquet"))
    same = all(manifest.get(k) == fresh.get(k) for k in ("engine", "versions"))
    if same and manifest.get("inputs", {}).get("code") == fresh["inputs"]["code"]:
        for name, digest in fresh["files"].items():
            path = folder / name
            if path.is_file() and root.sha256(path) != digest:
                out.append(f"{name} is not what the data give")
    return out


def _rows(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    """Rows that are in one frame only, or say another number."""
    one, two = before.set_index("row_id"), after.set_index("row_id")
    out = [f"row {r} ({one.at[r, 'measure']}) is not among what the data give" for r in one.index.difference(two.index)]
    out += [f"row {r} ({two.at[r, 'measure']}) is missing" for r in two.index.difference(one.index)]
    both = one.index.intersection(two.index)
    for name in ("estimate", "se", "ci_low", "ci_high", "p_value", "n"):
        a, b = one.loc[both, name].to_numpy(float), two.loc[both, name].to_numpy(float)
        off = ~(np.isclose(a, b, rtol=1e-9, atol=1e-12) | (np.isnan(a) & np.isnan(b)))
        out += [f"row {r} ({one.at[r, 'measure']}): {name} is {x:.6g}, the data give {y:.6g}"
                for r, x, y in zip(both[off], a[off], b[off], strict=True)]  # fmt: skip
    return out if len(out) <= _SHOWN else [*out[:_SHOWN], f"… and {len(out) - _SHOWN} more rows"]


__all__ = ["recompute_findings"]
