"""The failure digest: which jobs failed, in which chapter and cell, under which parameters, with the
traceback's places, and what to do; no data values."""

from __future__ import annotations

import html
import os
from pathlib import Path

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
    t, e = _TEXT[lang], html.escape
    parts = []
    for item in failed:
        parts.append(f"<section><h2>{e(item['agency'])} · {item['year']}</h2><p>{e(item.get('problem') or '')}</p>")
        if item.get("hint"):
            parts.append(f"<p><strong>{t['hint']}:</strong> {e(item['hint'])}</p>")
        given = {k: item[k] for k in ("agency", "year", "lang", "release") if k in item}
        words = ", ".join(f"{k} = {v!r}" for k, v in {"study": study.id, **given}.items())
        parts.append(f"<p>{t['parameters']}: <code>{e(words)}</code></p>")
        if item.get("chapter"):
            parts.append(f"<p>{t['chapter']}: {e(item['chapter'])}</p>")
        if item.get("cell"):
            parts.append(f"<p>{t['cell']}:</p><pre>{e(item['cell'])}</pre>")
        if item.get("frames"):
            parts.append(
                f"<details><summary>{t['frames']}</summary><pre>{e(chr(10).join(item['frames']))}</pre></details>"
            )
        parts.append("</section>")
    part = out / f".failures-{os.getpid()}"
    part.write_text(
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{t['title']}</title><style>body{{font:16px/1.6 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}"
        "pre{background:#f3f4f6;padding:.8rem;overflow:auto}</style>"
        f"<main><h1>{t['title']} ({len(failed)})</h1><p>{t['again']}</p>{''.join(parts)}</main></html>",
        encoding="utf-8",
    )
    part.replace(page)
    return page
