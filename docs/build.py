"""Build the documentation: API reference by quartodoc, then every page as HTML by our own engine (Quarto when present).

Run: ``nox -s docs``. The pages land in docs/_site.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from ruamel.yaml import YAML

import csi_lib
from csi_lib.report.render import render_document

DOCS = Path(__file__).resolve().parent
SITE = DOCS / "_site"
SECTIONS = {
    "csi_lib.measure": ("Measurement", "Reliability, validity, path models, drivers"),
    "csi_lib.study": ("Studies", "What is on disk"),
    "csi_lib.survey": ("Surveys", "Reading, design, weighting, planning, estimates"),
    "csi_lib.models": ("Index models", "Declarations and their evaluation"),
    "csi_lib.prose": ("Prose", "Numbers, particles, sentences"),
    "csi_lib.tables": ("Tables", "What a statistics table is"),
    "csi_lib.figures": ("Figures", "Drawings with alt text and data"),
    "csi_lib.evaluation": ("Evaluation", "What agencies do with scores"),
    "csi_lib.chapters": ("Chapters", "What each chapter computes"),
    "csi_lib.report": ("Reports", "Chapters, join, rendering"),
    "csi_lib.run": ("Runs", "Rounds of reports"),
}


def quartodoc_config(folder: Path) -> Path:
    """A quartodoc section for every layer, from the one list of public names."""
    sections = []
    for prefix, (title, words) in SECTIONS.items():
        contents = [
            {"name": f"{module.removeprefix('csi_lib.')}.{name}", "package": "csi_lib"}
            for module, names in csi_lib._PUBLIC.items()
            if module.startswith(prefix)
            for name in names
        ]
        if contents:
            sections.append({"title": title, "desc": words, "contents": contents})
    config = {
        "quartodoc": {
            "package": "csi_lib", "dir": "reference", "title": "API reference", "parser": "numpy",
            "dynamic": False, "render_interlinks": False, "renderer": {"style": "_renderer.py"}, "sections": sections,
        }
    }  # fmt: skip
    target = folder / "_quartodoc.yml"
    with target.open("w", encoding="utf-8") as file:
        YAML().dump(config, file)
    return target


def build_reference(folder: Path) -> list[Path]:
    """The reference pages as .qmd below `folder`."""
    from quartodoc import Builder

    config = quartodoc_config(folder)
    shutil.copy(DOCS / "_renderer.py", folder)
    before = Path.cwd()
    os.chdir(folder)
    try:
        Builder.from_quarto_config(str(config)).build()
    finally:
        os.chdir(before)
    pages = sorted((folder / "reference").glob("*.qmd"))
    for page in pages:  # quartodoc links to attributes it does not print
        text = page.read_text(encoding="utf-8")
        known = set(re.findall(r"\{ ?#([^\s}]+)", text))
        kept = lambda m, known=known: m[0] if m[2] in known else m[1]
        page.write_text(re.sub(r"\[([^\]]+)\]\(#([^)]+)\)", kept, text), encoding="utf-8")
    return pages


def main() -> int:
    shutil.rmtree(SITE, ignore_errors=True)
    work = SITE / ".work"
    work.mkdir(parents=True)
    pages = [("guide", p) for p in sorted(DOCS.glob("*.md"))] + [("reference", p) for p in build_reference(work)]
    links, failed = {"guide": [], "reference": []}, 0
    for kind, page in pages:
        target = SITE / ("reference" if kind == "reference" else "")
        try:
            made = render_document(page, target, formats=("html",))
        except Exception as error:  # one page must not hide the others' faults
            print(f"{page.name}: {error}", file=sys.stderr)
            failed += 1
            continue
        links[kind].append((_title(page), made.paths["html"].relative_to(SITE)))
    shutil.rmtree(work)
    write_index(links, SITE)
    print(f"{sum(map(len, links.values()))} pages in {SITE}, {failed} failed")
    return 1 if failed else 0


def write_index(links: dict[str, list[tuple[str, Path]]], site: Path) -> Path:
    """The first page of the documentation, set by the same engine as all others."""
    lines = [f"---\ntitle: CSI workbench {csi_lib.__version__}\nlang: en\n---\n"]
    for kind, title in (("guide", "Guides"), ("reference", "API reference")):
        lines += [f"# {title}\n", *(f"- [{_escaped(words)}]({path.as_posix()})" for words, path in links[kind]), ""]
    source = site / "index.md"
    source.write_text("\n".join(lines), encoding="utf-8")
    try:
        return render_document(source, site, formats=("html",)).paths["html"]
    finally:
        source.unlink()


def _escaped(words: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>|#$@~^])", r"\\\1", words)


def _title(page: Path) -> str:
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("title:"):
            return line.removeprefix("title:").strip().strip('"')
        if line.startswith("# "):
            return line[2:].split("{")[0].replace("\\_", "_").strip()
    return page.stem


if __name__ == "__main__":
    sys.exit(main())
