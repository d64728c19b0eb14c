"""Which notebooks make a report: those that ship, overridden or extended by the study's own."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from csi_lib.errors import InputError, nearest
from csi_lib.share import shared_path
from csi_lib.study.limits import plain_file

#: the parameters every chapter takes, and no others
PARAMETERS = ("study", "agency", "year", "lang", "release")
#: whose figures a chapter prints beside the agency's own: nobody's, those of its peer group, everybody's
PEERS = ("none", "type", "all")


@dataclass(frozen=True)
class ChapterNotebook:
    """One notebook file; its name is ``<order>-<id>.ipynb``, its metadata
    ``csi: {scope: agency|study, needs: [...], peers: none|type|all, page: true|false}``.

    ``needs`` names sources and extensions of the study without which there is nothing to say, and its capabilities
    (`Study.capabilities`: ``index``, ``no-index``, ``items``, ``questions``, ``groups``, ``waves``, ``bodies``); a study that
    has them all has the chapter in its reports. ``everyone_with`` names systems with which it shows figures of all agencies
    (grades). ``peers`` says whose figures stand beside the agency's own (default ``type``):
    when the data of another agency change, only the reports that show it are made again. With ``page: true`` the chapter
    is published by itself too, as ``<id>.html`` and ``<id>.pdf`` beside the report (a disclosure page, a scorecard).
    """

    id: str
    order: int
    path: Path
    scope: str
    needs: tuple[str, ...] = ()
    peers: str = "type"
    everyone_with: tuple[str, ...] = ()

    @cached_property
    def node(self):
        """The notebook, an ``nbformat.NotebookNode``."""
        import nbformat

        return nbformat.read(self.path, as_version=4)


def chapter_notebooks(study, scope: str = "agency") -> list[ChapterNotebook]:
    """The report's chapters in order: bundled ones, then the study's ``chapters/`` by the same id or as new ones.

    ``report.chapters`` of the study chooses among them. Raises InputError for an unknown chapter, a chosen one whose needs
    the study does not declare, a notebook that cannot be read, or one whose parameters are not exactly study, agency,
    year, lang, release.
    """
    found: dict[str, ChapterNotebook] = {}
    own = Path(study.path) / "chapters"
    for folder in (shared_path("notebooks"), own):
        for path in sorted(folder.glob("*.ipynb")) if folder.is_dir() else ():
            chapter = _open(path)
            found[chapter.id] = chapter
    chosen, declared = study.report.chapters, {*study.extensions, *study.sources, *study.capabilities}
    if chosen is not None:
        for name in chosen:
            if name not in found:
                close = nearest(name, found)
                raise InputError(
                    f"no chapter is called {name!r}",
                    where="study.yml: report.chapters",
                    expected=", ".join(found),
                    action=f"Did you mean {close}?" if close else None,
                )
            absent = [n for n in found[name].needs if n not in declared]
            if absent:
                raise InputError(
                    f"the chapter {name!r} needs what this study does not declare",
                    where="study.yml: report.chapters",
                    found=", ".join(sorted(declared)),
                    expected=", ".join(absent),
                    action=f"Declare {absent[0]} under sources or extensions, or leave the chapter out",
                )
    wanted = [
        c
        for c in found.values()
        if c.scope == scope and declared.issuperset(c.needs) and (chosen is None or scope != "agency" or c.id in chosen)
    ]
    wanted = [replace(c, peers="all") if declared & {*c.everyone_with} else c for c in wanted]
    return sorted(wanted, key=lambda c: (c.order, c.id))


def _open(path: Path) -> ChapterNotebook:
    match = re.fullmatch(r"(\d+)-([a-z][a-z0-9-]*)\.ipynb", path.name)
    if not match:
        raise InputError(
            "a chapter's file name is its order and id", where=str(path), expected="such as 35-waiting-time.ipynb"
        )
    plain_file(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"this notebook is not valid JSON ({error})", where=str(path)) from None
    if (fault := _shape(content)) is not None:
        raise InputError(
            "this is not a notebook", where=str(path), found=fault, action="Open it in JupyterLab and save it again."
        )
    said = content.get("metadata", {}).get("csi", {})
    scope, needs, peers = said.get("scope", "agency"), said.get("needs", []), said.get("peers", "type")
    for name, value, allowed in (("scope", scope, ("agency", "study")), ("peers", peers, PEERS)):
        if value not in allowed:
            raise InputError(
                f"unknown {name} of a chapter",
                where=f"{path}: metadata.csi.{name}",
                found=repr(value),
                expected=" or ".join(allowed),
            )
    everyone = said.get("everyone_with", [])
    for name, value in (("needs", needs), ("everyone_with", everyone)):
        if not (isinstance(value, list) and all(isinstance(n, str) for n in value)):
            raise InputError(
                f"the {name.partition('_')[0]} of a chapter are a list of names",
                where=f"{path}: metadata.csi.{name}",
                found=repr(value),
                expected="such as [kindness]",
            )
    if not isinstance(said.get("page", False), bool):
        raise InputError("whether a chapter is a page too is true or false", where=f"{path}: metadata.csi.page",
                         found=repr(said["page"]), expected="true or false")  # fmt: skip
    _check_parameters(path, content)
    return ChapterNotebook(match[2], int(match[1]), path, scope, tuple(needs), peers, tuple(everyone))


def _shape(content) -> str | None:
    """What of a notebook is not as the format has it; None where all that is read here is."""
    if not isinstance(content, dict):
        return "no keys and values"
    metadata, cells = content.get("metadata", {}), content.get("cells", [])
    if not isinstance(metadata, dict) or not isinstance(metadata.get("csi", {}), dict):
        return "'metadata' that is not keys and values"
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        return "'cells' that are no list of cells"
    for number, cell in enumerate(cells):
        source, its = cell.get("source"), cell.get("metadata", {})
        lines = source if isinstance(source, list) else [source]
        if not all(isinstance(line, str) for line in lines):
            return f"cell {number} without a text"
        if not isinstance(its, dict) or not isinstance(its.get("tags", []), list):
            return f"cell {number} with 'metadata' that are not keys and values"
    return None


def _check_parameters(path: Path, content: dict) -> None:
    """papermill only logs parameters a notebook does not know; here they are an error before anything runs."""
    for cell in content.get("cells", []):
        if "parameters" in cell.get("metadata", {}).get("tags", []):
            names = re.findall(r"^([A-Za-z_]\w*)\s*(?::[^=\n]+)?=", "".join(cell["source"]), re.MULTILINE)
            if sorted(names) != sorted(PARAMETERS):
                raise InputError(
                    "a chapter takes exactly five parameters",
                    where=str(path),
                    found=", ".join(names) or "none",
                    expected=", ".join(PARAMETERS),
                )
            return
    raise InputError(
        "this notebook has no cell tagged 'parameters'",
        where=str(path),
        expected=", ".join(PARAMETERS),
        action="Tag the cell that sets them (JupyterLab: property inspector, cell tags)",
    )
