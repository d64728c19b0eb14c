"""What stands around every page: the way to the other pages, the other language, the page before and after."""

from __future__ import annotations

import os
import re
from html import escape
from pathlib import Path

from docs._build.pages import GROUPS, Source

_WORDS = {
    "en": {"home": "CSI workbench", "nav": "Site", "api": "Reference", "prev": "Before", "next": "Next", "other": "한국어", "pages": "Pages"},
    "ko": {"home": "CSI 작업대", "nav": "사이트", "api": "API", "prev": "이전", "next": "다음", "other": "English", "pages": "쪽"},
}  # fmt: skip
_STYLE = """<style>
.site { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: .7rem clamp(1.1rem, 4vw, 3rem); border-bottom: 1px solid var(--csi-rule);
  max-width: 82rem; margin: 0 auto; }
.site a { padding: .3rem 0; } .site .home { font-weight: 600; } .site .lang { margin-left: auto; }
.turn { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 1rem; margin-top: 4rem; border-top: 1px solid var(--csi-rule); padding-top: 1rem; }
main img { max-width: 100%; height: auto; }
main td code, main th code { overflow-wrap: anywhere; white-space: normal; }
</style>"""


def framed(
    page: str, *, at: str, lang: str, sources: dict[str, Source], order: list[tuple[str, str]], other: str | None
) -> str:
    """`page` (HTML) with the frame; `at` is its own place, `order` the pages in reading order as (place, title)."""
    words = _WORDS[lang]
    here = lambda target: os.path.relpath(target, Path(at).parent or ".").replace(os.sep, "/")
    links = [f'<a class="home" href="{here("index.ko.html" if lang == "ko" else "index.html")}">{words["home"]}</a>']
    for group in GROUPS:
        first = next((n for n in group.pages if n in sources), None)
        if first:
            links.append(
                f'<a href="{here("index.ko.html" if lang == "ko" else "index.html")}#{group.id}">{escape(group.title(lang))}</a>'
            )
    links.append(f'<a href="{here("reference/index.html")}">{words["api"]}</a>')
    if other:
        code = "en" if lang == "ko" else "ko"
        links.append(f'<a class="lang" lang="{code}" hreflang="{code}" href="{here(other)}">{words["other"]}</a>')
    nav = f'<nav class="site" aria-label="{words["nav"]}">{"".join(links)}</nav>'
    page = page.replace("</head>", f"{_STYLE}</head>", 1)
    page = re.sub(r"(<a class=\"skip-link\".*?</a>)", lambda m: m[1] + nav, page, count=1, flags=re.DOTALL)
    place = next((i for i, (target, _) in enumerate(order) if target == at), None)
    if place is not None:
        turn = []
        if place:
            turn.append(f'<a rel="prev" href="{here(order[place - 1][0])}">← {escape(order[place - 1][1])}</a>')
        if place + 1 < len(order):
            turn.append(f'<a rel="next" href="{here(order[place + 1][0])}">{escape(order[place + 1][1])} →</a>')
        page = page.replace(
            "</main>", f'<nav class="turn" aria-label="{words["pages"]}">{"".join(turn)}</nav></main>', 1
        )
    return page


def broken_links(site: Path) -> list[str]:
    """Links of the site that lead nowhere: a page or an anchor that is not there."""
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(site.rglob("*.html"))}
    anchors = {path.resolve(): set(re.findall(r'\bid="([^"]+)"', text)) for path, text in pages.items()}
    found = []
    for path, text in pages.items():
        body = re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.DOTALL)
        for link in re.findall(r'<a\b[^>]*?href="([^"]+)"', body):
            if re.match(r"[a-z]+:", link):
                continue
            place, _, anchor = link.partition("#")
            target = (path.parent / place).resolve() if place else path.resolve()
            if not target.exists():
                found.append(f"{path.relative_to(site)}: {link}")
            elif anchor and target in anchors and anchor not in anchors[target]:
                found.append(f"{path.relative_to(site)}: {link} (no such place)")
    return found
