"""The API reference by quartodoc, from the one list of public names: titles as one calls them, types in their column."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ruamel.yaml import YAML

import csi_lib

SECTIONS = {
    "csi_lib.errors": ("Errors", "What is raised and warned"),
    "csi_lib.measure": ("Measurement", "Reliability, validity, path models, drivers"),
    "csi_lib.study": ("Studies", "What is on disk"),
    "csi_lib.survey": ("Surveys", "Reading, design, weighting, planning, estimates"),
    "csi_lib.models": ("Index models", "Declarations and their evaluation"),
    "csi_lib.prose": ("Prose", "Numbers, particles, sentences"),
    "csi_lib.tables": ("Tables", "What a statistics table is"),
    "csi_lib.figures": ("Figures", "Drawings with alternative text and data"),
    "csi_lib.voice": ("Voice", "Open-ended answers"),
    "csi_lib.evaluation": ("Evaluation", "Engines that chapters share"),
    "csi_lib.simulate": ("Simulation", "Data with known truth"),
    "csi_lib.chapters": ("Chapters", "What each chapter computes"),
    "csi_lib.report": ("Reports", "Chapters, join, rendering"),
    "csi_lib.office": ("Office", "Spreadsheets"),
    "csi_lib.run": ("Runs", "Rounds of reports"),
}


def section_of(module: str) -> str:
    """The heading under which the names of `module` stand."""
    found = next((prefix for prefix in SECTIONS if module == prefix or module.startswith(prefix + ".")), None)
    if found is None:
        raise SystemExit(f"{module} has public names and no section in the reference")
    return found


def names_by_section() -> dict[str, list[tuple[str, str]]]:
    """Heading → (module, name)."""
    found: dict[str, list[tuple[str, str]]] = {prefix: [] for prefix in SECTIONS}
    for module, names in csi_lib._PUBLIC.items():
        found[section_of(module)] += [(module, name) for name in names]
    return {prefix: names for prefix, names in found.items() if names}


def _config(folder: Path) -> Path:
    sections = [
        {"title": SECTIONS[prefix][0], "desc": SECTIONS[prefix][1],
         "contents": [{"name": f"{module.removeprefix('csi_lib.')}.{name}", "package": "csi_lib"} for module, name in names]}
        for prefix, names in names_by_section().items()
    ]  # fmt: skip
    config = {
        "quartodoc": {
            "package": "csi_lib", "dir": "reference", "title": "API reference", "parser": "numpy", "dynamic": False,
            "render_interlinks": False, "renderer": {"style": "_renderer.py"}, "sections": sections,
        }
    }  # fmt: skip
    target = folder / "_quartodoc.yml"
    with target.open("w", encoding="utf-8") as file:
        YAML().dump(config, file)
    return target


def build_reference(folder: Path) -> dict[str, str]:
    """Public name → its page (Markdown), made by quartodoc in `folder`."""
    from quartodoc import Builder

    config = _config(folder)
    (folder / "_renderer.py").write_text(
        Path(__file__).with_name("renderer.py").read_text(encoding="utf-8"), encoding="utf-8"
    )
    before = Path.cwd()
    os.chdir(folder)
    try:
        Builder.from_quarto_config(str(config)).build()
    finally:
        os.chdir(before)
    pages = {}
    for module, name in ((m, n) for names in names_by_section().values() for m, n in names):
        path = folder / "reference" / f"{module.removeprefix('csi_lib.')}.{name}.qmd"
        pages[name] = _as_called(path.read_text(encoding="utf-8"), f"{module.removeprefix('csi_lib.')}.{name}", name)
    return pages


def _as_called(text: str, long: str, name: str) -> str:
    """The page as users know the name: ``csi_lib.cronbach_alpha``; mathematics and references of docstrings in Markdown."""
    text = text.replace(f"# {long} {{ #", f"# csi_lib.{name} {{ #", 1).replace(f"{long}(", f"csi_lib.{name}(")
    text = re.sub(r"^# (csi_lib\.\S+) \{ #\S+ \}", lambda m: f"---\ntitle: {m[1]}\nlang: en\n---\n", text, count=1)
    text = re.sub(r"^( *)\.\. math:: *(\S.*)$", r"\1$$ \2 $$", text, flags=re.MULTILINE)
    text = re.sub(
        r"^( *)\.\. math::\n\n?((?:\1 +\S.*\n?)+)",
        lambda m: f"{m[1]}$$ {' '.join(m[2].split())} $$\n",
        text,
        flags=re.MULTILINE,
    )
    text = re.sub(r":math:`([^`]+)`", r"$\1$", text)
    text = re.sub(r":(?:func|class|meth|mod):`~?([^`]+)`", r"`\1`", text)
    known = set(re.findall(r"\{ ?#([^\s}]+)", text))  # quartodoc links to attributes that it does not print
    return re.sub(r"\[([^\]]+)\]\(#([^)]+)\)", lambda m: m[0] if m[2] in known else m[1], text)
