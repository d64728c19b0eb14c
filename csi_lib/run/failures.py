"""The failure digest: which jobs failed, in which chapter and cell, and what to do; no data values."""

from __future__ import annotations

from pathlib import Path

from csi_lib.run.site.frame import Site, e

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
    t, parts = _TEXT[lang], [f"<p>{e(_TEXT[lang]['again'])}</p>"]
    for item in failed:
        lines = [f"<h2>{e(item['agency'])} · {item['year']}</h2><p>{e(item.get('problem') or '')}</p>"]
        if item.get("chapter"):
            lines.append(f"<p>{t['chapter']}: {e(item['chapter'])}</p>")
        if item.get("cell"):
            lines.append(f"<p>{t['cell']}:</p><pre>{e(item['cell'])}</pre>")
        if item.get("hint"):
            lines.append(f"<p>{t['hint']}: {e(item['hint'])}</p>")
        parts.append(f'<section class="problem">{"".join(lines)}</section>')
    site = Site(study, lang, themed=(out / "_theme" / "theme.css").exists(), searchable=False)
    page.write_text(site.page(f"{t['title']} ({len(failed)})", "".join(parts)), encoding="utf-8")
    return page
