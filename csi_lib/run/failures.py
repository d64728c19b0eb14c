"""The failure digest: which jobs failed, in which chapter and cell, and what to do; no data values."""

from __future__ import annotations

import html
from pathlib import Path

_TEXT = {
    "ko": {
        "title": "실패한 작업",
        "none": "실패한 작업이 없습니다.",
        "chapter": "장",
        "cell": "셀",
        "hint": "조치",
        "again": "고친 뒤 csi run 에 --failed 를 붙여 다시 실행하면 실패한 작업만 다시 만듭니다.",
    },
    "en": {
        "title": "Failed jobs",
        "none": "No job failed.",
        "chapter": "Chapter",
        "cell": "Cell",
        "hint": "What to do",
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
    t, e = _TEXT[lang], html.escape
    parts = []
    for item in failed:
        parts.append(f"<section><h2>{e(item['agency'])} · {item['year']}</h2><p>{e(item.get('problem') or '')}</p>")
        if item.get("chapter"):
            parts.append(f"<p>{t['chapter']}: {e(item['chapter'])}</p>")
        if item.get("cell"):
            parts.append(f"<p>{t['cell']}:</p><pre>{e(item['cell'])}</pre>")
        if item.get("hint"):
            parts.append(f"<p>{t['hint']}: {e(item['hint'])}</p>")
        parts.append("</section>")
    page.write_text(
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{t['title']}</title><style>body{{font:16px/1.6 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}"
        "pre{background:#f3f4f6;padding:.8rem;overflow:auto}</style>"
        f"<main><h1>{t['title']} ({len(failed)})</h1><p>{t['again']}</p>{''.join(parts)}</main></html>",
        encoding="utf-8",
    )
    return page
