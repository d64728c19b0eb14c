"""The index over all reports: agency × year grid with search and filter; one file, works from the disk."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pandas as pd

from csi_lib.share import shared_path
from csi_lib.study.study import OVERALL

_TEXT = {
    "ko": {
        "search": "기관 이름으로 찾기",
        "all": "모든 유형",
        "agency": "기관",
        "overall": "총괄보고서",
        "type": "유형",
        "index": "지수",
        "none": "찾는 기관이 없습니다.",
        "reports": "보고서 {n}개",
        "html": "웹",
        "pdf": "PDF",
        "missing": "없음",
        "failed": "실패한 작업 보기",
        "published_by": "조사 의뢰",
        "skip": "본문으로 건너뛰기",
        "filter": "유형으로 거르기",
    },
    "en": {
        "search": "Search agencies",
        "all": "All types",
        "agency": "Agency",
        "overall": "Overall report",
        "type": "Type",
        "index": "Index",
        "none": "No agency matches.",
        "reports": "{n} reports",
        "html": "Web",
        "pdf": "PDF",
        "missing": "none",
        "failed": "Show failed jobs",
        "published_by": "Commissioned by",
        "skip": "Skip to content",
        "filter": "Filter by type",
    },
}


def write_site(study, out: Path) -> Path:
    """Write ``index.html`` from the public reports that are there (never from restricted ones)."""
    lang, t = study.report.language, _TEXT[study.report.language]
    years = list(study.years)
    rows, count = [], 0
    names = {a.id: a.name.text(lang) for a in study.agencies}
    types = {a.id: study.types[a.type].text(lang) if a.type in study.types else (a.type or "") for a in study.agencies}
    for agency in [OVERALL, *names]:
        cells = []
        for year in years:
            links = _links(out, agency, year, t)
            count += bool(links)
            value = _headline(out, study, agency, year, lang) if links and agency != OVERALL else ""
            missing = "" if agency == OVERALL else f'<span class="none">{t["missing"]}</span>'
            cells.append(f"<td>{value}{links or missing}</td>")
        if agency == OVERALL and not any("href" in c for c in cells):
            continue
        name = t["overall"] if agency == OVERALL else names[agency]
        kind = "" if agency == OVERALL else types[agency]
        rows.append(
            f'<tr data-name="{html.escape(name.lower())}" data-type="{html.escape(kind)}"><th scope="row">{html.escape(name)}</th>'
            f"<td>{html.escape(kind)}</td>{''.join(cells)}</tr>"
        )
    values = {
        "lang": lang,
        "title": html.escape(study.title.text(lang)),
        "rows": "\n".join(rows),
        "heads": "".join(f'<th scope="col">{html.escape(study.period_of(y))}</th>' for y in years),
        "types": "".join(f"<option>{html.escape(x)}</option>" for x in sorted(set(types.values()) - {""})),
        "commissioned": html.escape(
            f"{t['published_by']}: {study.commissioned_by.text(lang)}" if study.commissioned_by else ""
        ),
        "count": t["reports"].format(n=count),
        "failed": f'<p><a href="failures.html">{t["failed"]}</a></p>' if (out / "failures.html").exists() else "",
        **{f"t_{k}": v for k, v in t.items()},
    }
    page = shared_path("reports", "site", "index.html").read_text(encoding="utf-8")
    for key, value in values.items():
        page = page.replace(f"{{{{{key}}}}}", str(value))
    target, part = out / "index.html", out / ".index.html"
    part.write_text(page, encoding="utf-8")
    part.replace(target)
    return target


def _links(out: Path, agency: str, year: int, t: dict) -> str:
    folder = out / agency / str(year)
    if not folder.is_dir():
        return ""
    found = []
    for kind in ("html", "pdf"):
        for path in sorted(folder.glob(f"report*.{kind}")):
            suffix = path.name.split(".")[1] if path.name.count(".") == 2 else ""
            label = f"{t[kind]} {suffix}".strip()
            found.append(f'<a href="{agency}/{year}/{path.name}">{label}</a>')
    return " ".join(found)


def _headline(out: Path, study, agency: str, year: int, lang: str) -> str:
    """The index of a published report, read from its own results."""
    from csi_lib.models.study_models import study_models
    from csi_lib.prose.numbers import Number

    models = study_models(study, "customers") if "customers" in study.sources else []
    if not models:
        return ""
    try:
        manifest = json.loads((out / agency / str(year) / "manifest.json").read_text(encoding="utf-8"))
        frame = pd.read_parquet(out / agency / str(year) / "results.parquet")
    except (OSError, ValueError):
        return ""
    model = models[0]
    row = frame[
        (frame["measure"] == model.file.index)
        & (frame["model"] == model.name)
        & (frame["statistic"] == "index")
        & frame["by1"].isna()
        & (frame["year"] == year)
    ]
    if manifest["job"]["release"] != "public" or len(row) != 1:
        return ""
    number = Number.from_row(row.iloc[0])
    return f'<span class="index" data-r="{row.iloc[0]["row_id"]}">{html.escape(number.text(lang, unit=False))}</span> '
