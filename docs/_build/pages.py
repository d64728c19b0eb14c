"""The pages of the site in the order in which they are read, and the words of its frame."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1]
LANGS = ("en", "ko")


@dataclass(frozen=True)
class Group:
    """Pages under one heading of the contents."""

    id: str
    en: str
    ko: str
    pages: tuple[str, ...]

    def title(self, lang: str) -> str:
        return getattr(self, lang)


GROUPS = (
    Group("tutorials", "Tutorials", "따라 하기", ("tutorials/contractor", "tutorials/academic", "tutorials/agency")),
    Group(
        "guides", "Guides", "안내",
        ("drafting", "intake", "keys", "workbench", "design", "models", "words", "findings", "diagnosis", "voice", "systems", "office", "evaluation",
         "deliverables", "rendering", "audit", "rounds", "cluster", "confidentiality", "standards"),
    ),
    Group(
        "howto", "How-tos", "더하는 법",
        ("howto/chapter", "howto/figure", "howto/model", "howto/format", "howto/question", "howto/reader"),
    ),
    Group(
        "method", "Method", "방법론",
        ("method/scales", "method/indices", "method/reliability", "method/design", "method/evaluation", "files", "glossary",
         "coverage", "benchmarks"),
    ),
    Group("more", "More", "더 보기", ("faq", "gallery", "changelog")),
)  # fmt: skip
#: pages that are made, not written
MADE = ("gallery", "changelog")


@dataclass(frozen=True)
class Source:
    """A page as it is written: `name` (``method/scales``) and its text; `both` where it is in two languages."""

    name: str
    text: str

    @property
    def both(self) -> bool:
        return bool(re.search(r"^title-ko:", self.text, re.MULTILINE))

    @property
    def langs(self) -> tuple[str, ...]:
        return LANGS if self.both else ("en",)

    def title(self, lang: str = "en") -> str:
        """As the contents call it."""
        found = re.search(
            r"^title-ko: *(.+)$" if lang == "ko" and self.both else r"^title: *(.+)$", self.text, re.MULTILINE
        )
        found = found or re.search(r"^# +(.+?) *(?:\{.*)?$", self.text, re.MULTILINE)
        return found[1].strip().strip('"') if found else self.name

    def target(self, lang: str = "en") -> str:
        return f"{self.name}.ko.html" if lang == "ko" and self.both else f"{self.name}.html"


def in_language(text: str, lang: str) -> str:
    """The page in one language: its blocks ``::: en`` or ``::: ko``, its headings ``A | 가``, its title."""
    other = "ko" if lang == "en" else "en"
    text = re.sub(rf"^::: {other}\n.*?^:::\n", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(rf"^::: {lang}\n(.*?)^:::\n", r"\1", text, flags=re.MULTILINE | re.DOTALL)
    half = r"\1 \2\4" if lang == "en" else r"\1 \3\4"
    if re.search(r"^title-ko:", text, re.MULTILINE):
        text = re.sub(r"^(#+) (.+?) \| (.+?)((?: +\{#[^}]*\})?)$", half, text, flags=re.MULTILINE)
        if lang == "ko":
            text = re.sub(r"^title: .*\n", "", text, count=1, flags=re.MULTILINE)
            text = re.sub(r"^title-ko:", "title:", text, count=1, flags=re.MULTILINE)
        else:
            text = re.sub(r"^title-ko:.*\n", "", text, count=1, flags=re.MULTILINE)
    return text


def sources() -> dict[str, Source]:
    """Every written page by name, in reading order."""
    found = {
        path.relative_to(DOCS).with_suffix("").as_posix(): Source(
            path.relative_to(DOCS).with_suffix("").as_posix(), path.read_text(encoding="utf-8")
        )
        for path in sorted(DOCS.rglob("*.md"))
        if not path.relative_to(DOCS).parts[0].startswith("_")
    }
    listed = {name for group in contents(found) for name in group.pages if name not in MADE}
    if lost := listed - set(found):
        raise SystemExit(f"the contents name pages that are not there: {sorted(lost)}")
    return {name: found[name] for group in contents(found) for name in group.pages if name in found}


def contents(found: Iterable[str]) -> tuple[Group, ...]:
    """The groups, with every page that none of them names at the end of the guides: no page is out of reach."""
    named = {name for group in GROUPS for name in group.pages}
    more = tuple(sorted(set(found) - named))
    return tuple(replace(g, pages=(*g.pages, *more)) if g.id == "guides" else g for g in GROUPS)
