"""The failure digest: which jobs failed, in which chapter and cell, under which parameters, with the
traceback's places, and what to do; no data values."""

from __future__ import annotations

import os
from pathlib import Path

from csi_lib.run.order import alike
from csi_lib.run.site.frame import Site, e

_TEXT = {
    "ko": {
        "title": "실패한 작업",
        "none": "실패한 작업이 없습니다.",
        "chapter": "장",
        "cell": "셀",
        "hint": "조치",
        "parameters": "매개변수",
        "frames": "오류가 지나간 곳(값은 싣지 않음)",
        "when": "기록한 때",
        "again": "고친 뒤 csi run 에 --failed 를 붙여 다시 실행하면 실패한 작업만 다시 만듭니다.",
    },
    "en": {
        "title": "Failed jobs",
        "none": "No job failed.",
        "chapter": "Chapter",
        "cell": "Cell",
        "hint": "What to do",
        "parameters": "Parameters",
        "frames": "Where the error passed (no values are shown)",
        "when": "Written",
        "again": "After mending, csi run … --failed makes only these again.",
    },
}


def write_failures(study, out: Path, failed: list[dict]) -> Path:
    """Write ``failures.html`` beside the reports (removed when nothing failed)."""
    page = out / "failures.html"
    if not failed:
        page.unlink(missing_ok=True)
        return page
    lang = study.report.language
    t, parts = _TEXT[lang], [f"<p>{e(_TEXT[lang]['again'])}</p>"]
    for group in alike(failed):
        item, whom = group[0], ", ".join(f"{i['agency']} · {i['year']}" for i in group)
        count = f" ({len(group)})" if len(group) > 1 else ""
        lines = [f"<h2>{e(whom)}{count}</h2><p>{e(item.get('problem') or '')}</p>"]
        if item.get("hint"):
            lines.append(f"<p><strong>{t['hint']}:</strong> {e(item['hint'])}</p>")
        given = {k: item[k] for k in ("agency", "year", "lang", "release") if k in item}
        words = ", ".join(f"{k} = {v!r}" for k, v in {"study": study.id, **given}.items())
        lines.append(f"<p>{t['parameters']}: <code>{e(words)}</code></p>")
        if item.get("chapter"):
            lines.append(f"<p>{t['chapter']}: {e(item['chapter'])}</p>")
        if item.get("cell"):
            lines.append(f"<p>{t['cell']}:</p><pre>{e(item['cell'])}</pre>")
        if item.get("frames"):
            lines.append(
                f"<details><summary>{t['frames']}</summary><pre>{e(chr(10).join(item['frames']))}</pre></details>"
            )
        parts.append(f'<section class="problem">{"".join(lines)}</section>')
    site = Site(study, lang, themed=(out / "_theme" / "theme.css").exists(), searchable=False)
    part = out / f".failures-{os.getpid()}"
    part.write_text(site.page(f"{t['title']} ({len(failed)})", "".join(parts)), encoding="utf-8")
    part.replace(page)
    return page
