"""One document on its way through pandoc: its settings in Quarto's order, its Markdown, its filters, what went wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from csi_lib.errors import InputError
from csi_lib.report.markdown import Source, read_source
from csi_lib.report.pandoc import run_pandoc
from csi_lib.share import shared_path

_READER = "markdown+east_asian_line_breaks-raw_tex"
_WORDS = {
    "ko": {
        "contents": "목차",
        "skip": "본문으로 건너뛰기",
        "references": "참고문헌",
    },
    "en": {
        "contents": "Contents",
        "skip": "Skip to content",
        "references": "References",
    },
}
# what the engine acts on; other options of a document are reported as without effect
_DATA = {
    "title",
    "subtitle",
    "author",
    "date",
    "lang",
    "agency",
    "commissioned-by",
    "contractor",
    "keywords",
    "abstract",
    "bibliography",
    "csl",
    "nocite",
    "link-citations",
    "csi-cover",
    "csi-theme",
    "csi-design",
    "csi-flow",
    "csi-home",
    "csi-pdf",
    "csi-say",
    "pagetitle",
    "registration",
    "release",
    "csi-authors",
    "csi-date",
    "execute",
    "jupyter",
    "kernelspec",
    "project",
    "format",
    "year",
    "reference-section-title",
    "description",
    "crossref",
}
_SETTINGS = {
    "toc",
    "toc-depth",
    "number-sections",
    "css",
    "font-paths",
    "embed-resources",
    "pdf-standard",
    "papersize",
    "tbl-colwidths",
    "html-math-method",
    "code-fold",
    "filters",
}
_SHORTCODE = re.compile(r"(?<![\\{])\{\{<\s*(/?[\w-]+)(.*?)>\}\}")
_CODE = re.compile(
    r"^(```+|~~~+)[^\n]*\n.*?^\1[`~]*[ \t]*$|(?<![\\`])(`+)(?!`)[^\n]+?(?<!`)\2(?!`)",
    re.MULTILINE | re.DOTALL,
)


@dataclass
class Document:
    """One source on its way to one or more formats."""

    path: Path
    settings: dict
    extension: Path
    warnings: list[str] = field(default_factory=list)
    task: Task | None = None  # for the PDF, and its text for Typst where that was made beside the HTML
    typst: str | None = None

    @property
    def folder(self) -> Path:
        return self.path.parent


def as_list(value) -> list:
    return value if isinstance(value, list) else [] if value is None else [value]


def _settings(document: Document, source: Source, to: str) -> dict:
    """Project, format and document options in Quarto's order: the nearer wins."""
    merged: dict = {}
    for level in (document.settings, source.metadata):
        merged |= {k: v for k, v in level.items() if k not in ("format", "project")}
        formats = level.get("format") or {}
        for name in (to, f"csi-{to}"):
            if isinstance(formats, dict) and isinstance(formats.get(name), dict):
                merged |= formats[name]
    merged = {"toc": True, "number-sections": True} | merged
    merged.setdefault("lang", "ko" if re.search("[가-힣]", _CODE.sub("", source.text)) else "en")
    for name in sorted(set(merged) - _DATA - _SETTINGS):
        note = f"the option {name} has no effect in the embedded engine"
        if note not in document.warnings:
            document.warnings.append(note)
    return merged


@dataclass
class Task:
    """What pandoc is asked for: Markdown in, the metadata and arguments it comes with."""

    source: Source
    to: str
    meta: dict
    text: str
    passed: dict
    arguments: list[str]
    filters: list[str]

    def is_beside(self, other: Task) -> bool:
        """Whether this text for Typst can be made from the same reading as `other`'s HTML: all that is read is the same.
        Code is left out, because what highlights it is set up by pandoc's command line."""
        own = {k: v for k, v in self.passed.items() if k != "section-numbering"}
        same = (self.text, own, self.filters) == (other.text, other.passed, other.filters)
        return same and not _CODE.search(self.text)


def pandoc_task(document: Document, to: str) -> Task:
    source = read_source(document.path, to="html" if to == "html" else "typst")
    meta = _settings(document, source, "html" if to == "html" else "typst")
    lang = str(meta.get("lang", "ko"))[:2]
    words = _WORDS.get(lang, _WORDS["en"])
    words = words | {k: v for k, v in (meta.get("csi-say") or {}).items() if k in words}
    passed = {k: v for k, v in meta.items() if k in _DATA - {"execute", "jupyter", "kernelspec", "project", "format"}}
    passed |= {
        "lang": str(meta.get("lang", "ko")),
        "csi-words": words,
        "toc": bool(meta["toc"]),
        "number-sections": bool(meta["number-sections"]),
    }
    arguments = [f"--from={_READER}", "--wrap=none"]
    heading, top = _headings(source.text)
    if "title" not in passed and heading:
        arguments += ["--shift-heading-level-by=-1"]  # pandoc makes it the title
        passed["pagetitle"] = heading
    elif top > 1:  # a document that leaves the first level to its title
        arguments += [f"--shift-heading-level-by={1 - top}"]
    if "title" not in passed and not heading:
        passed["title"] = document.path.stem  # a page and a tagged PDF must have one
    passed.setdefault("pagetitle", passed.get("title"))
    if to == "typst" and meta["number-sections"]:
        passed["section-numbering"] = "1.1"
    filters = [str(document.extension / name) for name in ("blocks.lua", "quarto.lua", "text.lua")]
    if meta.get("bibliography"):
        passed.setdefault("reference-section-title", words["references"])
        filters.insert(2, "citeproc")
        for path in as_list(meta["bibliography"]):
            if not (document.folder / path).exists():
                raise InputError("there is no such bibliography", where=document.path.name, found=path)
    return Task(source, to, meta, _shortcodes(source, to), passed, arguments, filters)


def convert(document: Document, task: Task, *, first: Sequence[str] = (), beside: str | None = None) -> str:
    """pandoc's output; `first` are filters before the task's own, `beside` what `beside.lua` is to make meanwhile."""
    filters = ["--citeproc" if f == "citeproc" else f"--lua-filter={f}" for f in (*first, *task.filters)]
    metadata = document.folder / f".{document.path.stem}-{task.to}.json"
    metadata.write_text(json.dumps(task.passed, ensure_ascii=False, default=str), encoding="utf-8")
    try:
        text, stderr = run_pandoc(
            task.text,
            [*task.arguments, *filters, f"--metadata-file={metadata}"],
            folder=document.folder,
            env={"CSI_BESIDE": beside} if beside else {},
        )
    finally:
        metadata.unlink()
    _report(task.source, stderr)
    return text


def convert_both(document: Document, html: Task, typst: Task) -> tuple[str, str]:
    target = document.folder / f".{document.path.stem}-beside.typ"
    order = {
        "target": str(target),
        "template": str(document.extension / "template.typ"),
        "filters": typst.filters,
        "numbering": typst.passed.get("section-numbering", ""),
    }
    try:
        page = convert(document, html, first=[str(shared_path("reports", "_extensions", "csi", "beside.lua"))],
                        beside=json.dumps(order))  # fmt: skip
        return page, target.read_text(encoding="utf-8")
    finally:
        target.unlink(missing_ok=True)


def _headings(text: str) -> tuple[str | None, int]:
    """The heading a document begins with, if it has no other of the first level: then it is the title; the top level."""
    outside = _CODE.sub(lambda m: "" if m[1] else m[0], text).strip()
    found = re.findall(r"^(#{1,6}) +(.+?) *(?:\{[^{}]*\})?$", outside, re.MULTILINE)
    first = [words for marks, words in found if marks == "#"]
    title = first[0].replace("`", "") if len(first) == 1 and outside.startswith("# ") else None
    return title, min((len(marks) for marks, _ in found), default=1)


def _shortcodes(source: Source, to: str) -> str:
    """`{{< pagebreak >}}` becomes the format's own; any other shortcode is an error."""
    page_break = {
        "html": '`<span class="page-break"></span>`{=html}',
        "typst": "`#pagebreak(weak: true)`{=typst}",
        "json": "[]{.page-break}",
    }[to]
    code = [match.span() for match in _CODE.finditer(source.text)]

    def turn(match: re.Match) -> str:
        if any(start <= match.start() < end for start, end in code):
            return match[0]
        if match[1] == "pagebreak":
            return page_break
        raise InputError(
            f"the shortcode {match[1]} is outside the supported subset",
            where=source.where(source.text.count("\n", 0, match.start()) + 1),
            expected="{{< pagebreak >}}",
        )

    defined = set(re.findall(r"^\[\^([^\]\s]+)\]:", source.text, re.MULTILINE))
    for note in re.finditer(r"(?<!\\)\[\^([^\]\s]+)\](?!:)", source.text):
        if note[1] not in defined and not any(start <= note.start() < end for start, end in code):
            raise InputError(
                f"the footnote [^{note[1]}] has no text",
                where=source.where(source.text.count("\n", 0, note.start()) + 1),
            )
    return _SHORTCODE.sub(turn, source.text)


def _report(source: Source, stderr: list[str]) -> None:
    """Raise what the filters and pandoc had to say about the text, all of it in one message."""
    found = []
    for line in stderr:
        if line.startswith("CSI-PROBLEM\t"):
            _, problem, needle = line.split("\t", 2)
            found.append((source.find(needle), problem))
        elif match := re.match(
            r"\[WARNING\] (?:Citeproc: )?(citation (\S+) not found|Could not fetch resource (\S+).*)", line
        ):
            found.append((source.find(match[2] or match[3] or ""), match[1]))
        elif match := re.match(
            r"\[WARNING\] (Duplicate note reference|Note with key|Reference not found).*'([^']+)'", line
        ):
            found.append((source.find(f"[^{match[2]}]"), f"{match[1].lower()}: {match[2]}"))
    if found:
        where, problem = found[0]
        more = "".join(f"\n{place}: {what}" for place, what in dict.fromkeys(found[1:]) if (place, what) != found[0])
        raise InputError(problem + more, where=where)
