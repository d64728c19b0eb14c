"""A chapter as it is worked on by hand, and back: one language in sight, nothing lost.

A copy keeps in its metadata what it does not show (the cells of the other language, the chapter's own parameters), so that
`for_reports` can give back a chapter for both editions.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import nbformat

from csi_lib.errors import InputError, nearest
from csi_lib.run.chapters import chapter_notebooks
from csi_lib.study.study import Study

#: where a copy keeps what it does not show
KEPT = "csi_lab"


def for_lab(node: nbformat.NotebookNode, values: Mapping[str, object], lang: str) -> nbformat.NotebookNode:
    """A copy of a chapter with these parameters, showing the cells of one language only."""
    copy, others, last = nbformat.from_dict(node), [], None
    cells = []
    for cell in copy.cells:
        tags = cell.metadata.get("tags", [])
        if any(t.startswith("lang-") for t in tags) and f"lang-{lang}" not in tags:
            others.append({"after": last, "cell": dict(cell)})
            last = cell.get("id")
            continue
        last = cell.get("id")
        if "parameters" in tags:
            cell.metadata[KEPT] = {"source": cell.source}
            cell.source = "\n".join(f"{name} = {value!r}" for name, value in values.items())
        cells.append(cell)
    copy.cells = cells
    copy.metadata[KEPT] = {"lang": lang, "others": others}
    return copy


def for_reports(node: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The chapter that a copy stands for: outputs gone, both languages, parameters as they were.

    A cell of the other language comes back after the cell it followed; where that was removed, at the same place in the order.
    """
    chapter = nbformat.from_dict(node)
    kept = chapter.metadata.pop(KEPT, {"others": []})
    for cell in chapter.cells:
        own = cell.metadata.pop(KEPT, {})
        if "source" in own:
            cell.source = own["source"]
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in ("tags", "csi")})
    place = 0
    for other in kept["others"]:
        ids = [cell.get("id") for cell in chapter.cells]
        place = ids.index(other["after"]) + 1 if other["after"] in ids else place if other["after"] else 0
        chapter.cells.insert(place, nbformat.from_dict(other["cell"]))
        place += 1
    chapter.metadata = nbformat.from_dict(
        {k: v for k, v in chapter.metadata.items() if k in ("csi", "kernelspec", "language_info")}
    )
    return chapter


def changed_copies(study: Study) -> list[str]:
    """Names of the copies in ``lab/`` that say something else than the chapter in use."""
    in_use = {c.path.name: c for scope in ("agency", "study") for c in chapter_notebooks(study, scope)}
    found = []
    for path in sorted((Path(study.path) / "lab").glob("*.ipynb")):
        if path.name in in_use and _said(for_reports(_read(path))) != _said(in_use[path.name].node):
            found.append(path.stem)
    return found


def use_copy(study: Study, name: str) -> Path:
    """Make a copy the study's own chapter: written to ``chapters/``, from where the reports take it; returns its path.

    Raises InputError when there is no such copy.
    """
    copies = {p.stem: p for p in (Path(study.path) / "lab").glob("*.ipynb") if not p.stem.startswith("start-here")}
    stem = name.removesuffix(".ipynb")
    stem = next((s for s in copies if s.split("-", 1)[-1] == stem), stem)
    if stem not in copies:
        near = nearest(stem, copies)
        raise InputError("there is no such copy in lab/", where="csi lab --use", found=repr(name), expected=", ".join(sorted(copies)) or "none",
                         action=f"Did you mean {near!r}?" if near else None)  # fmt: skip
    target = Path(study.path) / "chapters" / copies[stem].name
    target.parent.mkdir(exist_ok=True)
    text = nbformat.writes(for_reports(_read(copies[stem]))) + "\n"
    part = target.with_name(f".{target.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(target)
    return target


def _read(path: Path) -> nbformat.NotebookNode:
    try:
        return nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, ValueError) as error:
        raise InputError("this notebook cannot be read", where=str(path), found=str(error)[:80]) from None


def _said(node: nbformat.NotebookNode) -> list[tuple]:
    return [(c.cell_type, c.source.strip(), tuple(c.metadata.get("tags", []))) for c in node.cells if c.source.strip()]
