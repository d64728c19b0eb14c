"""A round as it lies on disk, written without running it: many agencies, several years, small pages."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from csi_lib.report.theme import prepare_theme
from csi_lib.share import shared_path
from csi_lib.study.study import load_study
from csi_lib.survey.estimates import results_frame

MODEL, NODES = "iudc-external", ("csi", "response", "handling", "facilities", "access", "professional")


def make_study(
    folder: Path, *, agencies: int = 6, years=(2022, 2023, 2024), types: int = 2, publish: bool = True, names=None
):
    """The example study with other agencies and years; a study that has no data."""
    shutil.copytree(shared_path("params", "example"), folder, ignore=shutil.ignore_patterns("data", ".csi"))
    yaml = YAML()
    study = yaml.load((folder / "study.yml").read_text(encoding="utf-8"))
    study["years"] = {y: {"period": y, "formula_edition": {MODEL: "2004"}} for y in years}
    study["report"]["publish"] = publish
    del study["simulate"], study["sources"]["customers"]["weighting"]
    listed = {
        "types": {f"t{i}": {"ko": f"유형 {'가나다라마바사아자차'[i]}", "en": f"Type {i}"} for i in range(types)},
        "agencies": [
            {
                "id": f"agency-{i:03d}",
                "name": {"ko": (names or {}).get(i, f"기관 {i:03d}번 공사"), "en": f"Agency {i:03d}"},
                **({"type": f"t{i % types}"} if types else {}),
            }
            for i in range(agencies)
        ],
    }
    for name, value in (("study.yml", study), ("agencies.yml", listed)):
        with (folder / name).open("w", encoding="utf-8") as file:
            yaml.dump(value, file)
    return load_study(folder)


def make_round(study, out: Path, *, release="public", texts=None, theme: bool = True, seed: int = 1) -> Path:
    """A report of every agency and year under `out`: page, PDF, results, manifest."""
    random = np.random.default_rng(seed)
    if theme:
        prepare_theme(out / "_theme")
    for agency in study.agencies:
        level = random.normal(70, 6)
        for year in study.years:
            folder = out / agency.id / str(year)
            folder.mkdir(parents=True)
            common = {
                "study": study.id, "agency": agency.id, "year": year, "period": str(year), "source": "customers",
                "release": release, "model": MODEL, "formula_edition": "2004", "unit": "points", "df": 400, "n": 401,
            }  # fmt: skip
            rows = []
            for node in NODES:
                value = level + random.normal(0, 2)
                row = {"measure": node, "statistic": "index", "estimate": value, "se": 0.8}
                rows.append({**common, **row, "ci_low": value - 1.6, "ci_high": value + 1.6})
            change = {"measure": "csi", "statistic": "difference", "versus": f"index:year={year - 1}"}
            rows.append(
                {**common, **change, "estimate": -2.5, "se": 1, "ci_low": -4.5, "ci_high": -0.5, "p_value": 0.01}
            )
            results_frame(rows).to_parquet(folder / "results.parquet", index=False)
            text = (texts or {}).get((agency.id, year), f"{agency.name.text('ko')}의 이용 시간을 늘려야 한다.")
            (folder / "report.html").write_text(
                f'<!DOCTYPE html><html lang="ko"><title>x</title><main><section id="sec-a" class="level1"><h2>개선 과제</h2>'
                f"<p>{text}</p><table><tr><td>만족도 높음</td><td>71.3</td></tr></table></section></main></html>",
                encoding="utf-8",
            )
            (folder / "report.pdf").write_bytes(b"%PDF-1.7 " + agency.id.encode())
            manifest = {
                "key": f"{agency.id}-{year}-{seed}",
                "job": {"study": study.id, "agency": agency.id, "year": year, "lang": "ko", "release": release},
                "files": {"report.html": text, "report.pdf": agency.id},
            }
            (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return out


__all__ = ["make_round", "make_study"]
