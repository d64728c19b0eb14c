"""Build the documentation site into docs/_site: ``nox -s docs``.

Guides, tutorials, method pages in both languages, the API by quartodoc, a gallery from published reports; set by our own
engine (Quarto when present). Links are checked and, with ``--samples``, every shell and Python block is run.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import csi_lib
from csi_lib.report.render import render_document
from docs._build import frame, gallery, reference, samples
from docs._build.pages import DOCS, LANGS, Source, contents, in_language, sources

SITE = DOCS / "_site"


def linked(text: str, page: Source, lang: str, known: dict[str, Source], depth: int) -> str:
    """Links to pages lead to the made ones; names of the library in code lead to the reference."""
    up = "../" * depth

    def place(match):
        target, anchor = match[1], match[2] or ""
        name = (Path(page.name).parent / target).as_posix()
        parts: list[str] = []
        for part in name.split("/"):
            if part == "..":
                parts = parts[:-1]
            elif part != ".":
                parts.append(part)
        name = "/".join(parts).removesuffix(".md")
        both = name in known and known[name].both and lang == "ko"
        return f"]({target.removesuffix('.md')}{'.ko' if both else ''}.html{anchor})"

    text = re.sub(r"\]\((?!\w+:)([\w./-]+\.md)(#[\w-]+)?\)", place, text)
    public = set(csi_lib.__all__) - {"__version__"}
    name = lambda m: f"[`csi_lib.{m[1]}`]({up}reference/{m[1]}.html)" if m[1] in public else m[0]
    return re.sub(r"(?<![\[`])`csi_lib\.(\w+)`(?!\])", name, text)


def made_pages(known: dict[str, Source]) -> dict[str, str]:
    """Pages that are not written: the changelog."""
    text = (DOCS.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    text = re.sub(r"\]\(docs/([\w/-]+\.md)", r"](\1", text)
    return {
        "changelog": f"---\ntitle: Changelog\nlang: en\n---\n\n{re.sub(r'^# .*$', '', text, count=1, flags=re.MULTILINE)}"
    }


class Site:
    """The pages made so far, their reading order, and the frame around each."""

    def __init__(self, target: Path, work: Path, known: dict[str, Source]):
        self.target, self.work, self.known = target, work, known
        self.failed: list[str] = []
        every = known | {n: Source(n, t) for n, t in made_pages(known).items()}
        self.order = {
            lang: [(every[n].target(lang), every[n].title(lang)) for g in contents(known) for n in g.pages if n in every] for lang in LANGS
        }  # fmt: skip

    def add(
        self, text: str, at: str, *, lang: str, other: str | None = None, toc: bool = False, marks=None
    ) -> Path | None:
        """Set `text` as the page `at`."""
        source = self.work / f"{at.removesuffix('.html')}.md"
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(text, encoding="utf-8")
        folder = (self.target / at).parent
        images = DOCS / "img"
        if images.is_dir() and not (source.parent / "img").exists():
            shutil.copytree(images, source.parent / "img")
        try:
            made = render_document(source, folder, formats=("html",), options={"toc": toc, "lang": lang}).paths["html"]
        except Exception as error:  # one page must not hide the others' faults
            self.failed.append(f"{at}: {error}")
            return None
        page = made.read_text(encoding="utf-8")
        for mark, markup in (marks or {}).items():
            page = page.replace(f"<p>{mark}</p>", markup, 1)
        page = frame.framed(page, at=at, lang=lang, sources=self.known, order=self.order[lang], other=other)
        made.write_text(page, encoding="utf-8")
        return made

    def guides(self) -> None:
        """Every written page in its languages, and the changelog."""
        for name, page in self.known.items():
            for lang in page.langs:
                other = next((page.target(x) for x in page.langs if x != lang), None)
                text = linked(in_language(page.text, lang), page, lang, self.known, name.count("/"))
                headings = len(re.findall(r"^#{1,2} ", text, re.MULTILINE))
                self.add(text, page.target(lang), lang=lang, other=other, toc=headings > 2)
        for name, text in made_pages(self.known).items():
            page = Source(name, text)
            self.add(linked(text, page, "en", self.known, 0), page.target(), lang="en")

    def first_pages(self, *, with_reference: bool = True, with_gallery: bool = False) -> None:
        """The contents, in both languages."""
        every = self.known | {n: Source(n, t) for n, t in made_pages(self.known).items()}
        if with_gallery:
            every["gallery"] = Source("gallery", "---\ntitle: Gallery\n---\n")
        for lang in LANGS:
            title = "CSI 작업대" if lang == "ko" else "CSI workbench"
            lead = {
                "en": "From a respondent file and a few YAML files to published, verified satisfaction reports. New here: take the tutorial that is yours.",
                "ko": "응답 자료와 YAML 몇 개로 검증된 만족도 보고서를 펴내는 도구입니다. 처음이라면 자기에게 맞는 따라 하기부터 시작하세요.",
            }[lang]
            lines = [f"---\ntitle: {title} {csi_lib.__version__}\nlang: {lang}\n---\n", lead, ""]
            for group in contents(self.known):
                lines.append(f"# {group.title(lang)} {{#{group.id}}}\n")
                lines += [
                    f"- [{escaped(every[n].title(lang))}]({every[n].target(lang)})" for n in group.pages if n in every
                ]
                lines.append("")
            if with_reference:
                lines += [f"# {'API' if lang == 'ko' else 'API reference'} {{#api}}\n"]
                lines += [
                    f"- [{title}](reference/index.html#{prefix.split('.')[-1]}): {words}"
                    for prefix, (title, words) in reference.SECTIONS.items()
                ]
            at = {"en": "index.html", "ko": "index.ko.html"}
            self.add("\n".join(lines), at[lang], lang=lang, other=at["ko" if lang == "en" else "en"])

    def reference(self) -> None:
        """The API: a page for every public name, with the places of the method pages that speak of it."""
        pages = reference.build_reference(self.work)
        spoken = self._spoken()
        lines = ["---\ntitle: API reference\nlang: en\n---\n"]
        for prefix, names in reference.names_by_section().items():
            title, words = reference.SECTIONS[prefix]
            lines += [f"## {title} {{#{prefix.split('.')[-1]}}}\n", f"{words}.\n"]
            lines += [f"- [`csi_lib.{name}`]({name}.html): {escaped(first_line(name))}" for _, name in names]
            lines.append("")
        self.add("\n".join(lines), "reference/index.html", lang="en", toc=True)
        for name, text in pages.items():
            text = re.sub(r"(?<!`)`{0,2}docs/([\w/-]+)\.md(#[\w-]+)?`{0,2}", r"[\1](../\1.html\2)", text)
            if name in spoken:
                text += "\n\n## Method\n\n" + "".join(f"- [{t}](../{place})\n" for t, place in spoken[name])
            self.add(text, f"reference/{name}.html", lang="en")

    def _spoken(self) -> dict[str, list[tuple[str, str]]]:
        found: dict[str, list[tuple[str, str]]] = {}
        for page in (p for n, p in self.known.items() if n.startswith("method/")):
            head, anchor = page.title(), ""
            for line in in_language(page.text, "en").splitlines():
                if heading := re.match(r"## (.+?) +\{#([\w-]+)\}", line):
                    head, anchor = heading[1], f"#{heading[2]}"
                for name in re.findall(r"`csi_lib\.(\w+)`", line):
                    entry = (f"{page.title()}: {head}", f"{page.target()}{anchor}")
                    if entry not in found.setdefault(name, []):
                        found[name].append(entry)
        return found

    def gallery(self, pages: list[Path]) -> None:
        text, marks = gallery.gallery(pages, self.target / "gallery-images")
        (self.work / "gallery.count").write_text(str(len(marks)), encoding="utf-8")
        self.add(text, "gallery.html", lang="en", toc=True, marks=marks)


def first_line(name: str) -> str:
    """The first sentence of a docstring."""
    import inspect

    text = (inspect.getdoc(getattr(csi_lib, name)) or "").split("\n\n")[0]
    return re.sub(r":\w+:`~?([^`]+)`", r"\1", " ".join(text.split())).replace("``", "")


def escaped(words: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>|#$@~^])", r"\\\1", words)


def run_samples() -> list[str]:
    """Every block of README and docs, run in a folder with the files they speak of."""
    failed: list[str] = []
    for page in samples.pages():
        found = samples.samples(page)
        if not found:
            continue
        with tempfile.TemporaryDirectory() as folder:
            samples.stage(Path(folder))
            if any(words[:3] == ["csi", "new", "my-study"] for b in found if b.lang == "sh" for words in b.commands):
                shutil.rmtree(Path(folder) / "my-study")
            names: dict = {"__name__": "__main__"}
            for block in found:  # in the order of the page, as a reader goes
                if block.lang == "sh":
                    failed += samples.run_shell(block, Path(folder))
                    continue
                try:
                    samples.run_python([block], Path(folder), names)
                    print(f"{block.page}:{block.line}: run")
                except BaseException as error:
                    failed.append(f"{block.page}:{block.line}: {type(error).__name__}: {error}")
    return failed


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--samples", action="store_true", help="run every sample too")
    options.add_argument("--no-gallery", action="store_true", help="without the gallery, which runs four reports")
    options.add_argument("--no-reference", action="store_true", help="without the API")
    options.add_argument("--site", type=Path, default=SITE)
    chosen = options.parse_args()
    shutil.rmtree(chosen.site, ignore_errors=True)
    chosen.site.mkdir(parents=True)
    failed = run_samples() if chosen.samples else []
    with tempfile.TemporaryDirectory() as work:
        site = Site(chosen.site, Path(work), sources())
        site.guides()
        if not chosen.no_reference:
            site.reference()
        if not chosen.no_gallery:
            site.gallery(gallery.publish(Path(work) / "reports"))
        site.first_pages(with_reference=not chosen.no_reference, with_gallery=not chosen.no_gallery)
    failed += site.failed
    if not chosen.no_reference and not chosen.no_gallery:
        failed += frame.broken_links(chosen.site)
    for problem in failed:
        print(problem, file=sys.stderr)
    print(f"{len(list(chosen.site.rglob('*.html')))} pages in {chosen.site}, {len(failed)} problems")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
