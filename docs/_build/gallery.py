"""The gallery: every figure and table of the reports of the bundled studies, taken from what `csi run` publishes."""

from __future__ import annotations

import base64
import re
from html import escape
from pathlib import Path

from lxml import etree, html

#: study, agency, year: together they hold every chapter
SHOWN = (
    ("example", "hanbit-fmc", 2024),
    ("public-corp", None, None),
    ("civil-office", None, None),
    ("round", "_overall", None),
)


def publish(folder: Path) -> list[Path]:
    """Run one report of every shown study; returns the pages."""
    import csi_lib

    pages = []
    for study, agency, year in SHOWN:
        declared = csi_lib.load_study(study)
        agency = agency or next(iter(declared.agencies)).id
        year = year or max(declared.years)
        out = folder / study
        done = csi_lib.run_study(study, out=out, agencies=[agency], years=[year], lang="en", formats=["html"], jobs=1)
        if done.failed:
            raise SystemExit(f"{study}: {done.failed[0].problem}")
        pages += sorted((out / agency / str(year)).glob("report*.html"))
    return pages


def pieces(page: Path) -> list[tuple[str, str, str, str]]:
    """(chapter, kind, caption, HTML) of every captioned figure and table of a published page."""
    tree = html.parse(str(page), parser=html.HTMLParser(encoding="utf-8")).getroot()
    found = []
    for node in tree.iter("figure", "table"):
        if node.tag == "table" and any(
            a.tag == "figure" and a.find(".//figcaption") is not None for a in node.iterancestors()
        ):
            continue
        caption = node.find(".//figcaption") if node.tag == "figure" else node.find("caption")
        if caption is None:
            continue
        head = next((s.find("./h1") if s.find("./h1") is not None else s.find("./h2") for s in node.iterancestors("section")
                     if "level1" in (s.get("class") or "")), None)  # fmt: skip
        chapter = _text(head) if head is not None else ""
        kind = (
            "table"
            if node.tag == "table"
            or (node.find(".//table") is not None and node.find(".//svg") is None and node.find(".//img") is None)
            else "figure"
        )
        found.append(
            (
                re.sub(r"^[\d.]+\s*", "", chapter),
                kind,
                re.sub(r"^(?:Figure|Table)\s*[\d.]+\s*", "", _text(caption)),
                _clean(node),
            )
        )
    return found


def _text(node) -> str:
    return " ".join("".join(node.itertext()).split())


def _clean(node) -> str:
    for inner in node.iter():
        if isinstance(inner.tag, str):
            inner.attrib.pop("id", None)
            if inner.tag == "a":
                inner.attrib.pop("href", None)
    return etree.tostring(node, method="html", encoding="unicode", with_tail=False)


def gallery(pages: list[Path], images: Path) -> tuple[str, dict[str, str]]:
    """The page in Markdown with a mark for every piece, and the HTML that replaces each mark; pictures go to `images`."""
    images.mkdir(parents=True, exist_ok=True)
    lines = [
        "---",
        "title: Gallery",
        "lang: en",
        "---",
        "",
        "Every figure and table of the reports, as `csi run` publishes them.",
        "",
    ]
    marks: dict[str, str] = {}
    seen: set[tuple[str, str, str]] = set()
    chapter = None
    for page in pages:
        for head, kind, caption, markup in pieces(page):
            key = (head, kind, re.sub(r"[\d.]+", "", caption))
            if key in seen:
                continue
            seen.add(key)
            if head != chapter:
                lines += [f"## {_escaped(head)}", ""]
                chapter = head
            mark = f"gallerypiece{len(marks):04d}"
            lines += [mark, ""]
            marks[mark] = (
                f'<div class="piece" role="group" aria-label="{escape(f"{kind}: {caption}")}">{_out_of_line(markup, images, mark)}</div>'
            )
    return "\n".join(lines), marks


def _out_of_line(markup: str, images: Path, mark: str) -> str:
    """Pictures in files of their own, or one page would weigh tens of megabytes."""

    def keep(match):
        kind = "svg" if "svg" in match[1] else match[1].split("/")[-1]
        name = f"{mark}-{keep.n}.{kind}"
        keep.n += 1
        (images / name).write_bytes(base64.b64decode(match[2]))
        return f'src="{images.name}/{name}"'

    keep.n = 0
    return re.sub(r'src="data:(image/[a-z+]+);base64,([^"]+)"', keep, markup)


def _escaped(words: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>|#$@~^])", r"\\\1", words)
