"""One interface to both engines: a job's folder, or a single document, to HTML and PDF."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from csi_lib.errors import InputError, nearest
from csi_lib.report import quarto
from csi_lib.report.pandoc import pandoc_path, pandoc_version

#: what a document can be rendered to; docx and hwpx always by pandoc, from the tree HTML and PDF are made from
FORMATS = ("html", "pdf", "docx", "hwpx")
RENDERERS = ("auto", "quarto", "embedded")
_EPOCH = 946_684_800  # 2000-01-01: a PDF must carry some date, and equal input must give equal bytes


@dataclass(frozen=True)
class Rendered:
    """What was made: `paths` by format, by which `engine` and `versions`, with its `warnings`."""

    paths: dict[str, Path]
    engine: str
    versions: dict[str, str]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Renderer:
    """An engine as `csi doctor` shows it: `usable`, and if not, `why`."""

    name: str
    usable: bool
    versions: dict[str, str]
    why: str


def available_renderers() -> tuple[Renderer, ...]:
    """Quarto, then the embedded engine; ``auto`` takes the first that is usable.

    Examples
    --------
    >>> import csi_lib
    >>> len(csi_lib.available_renderers()) >= 1
    True
    """
    return _quarto(), _embedded()


def _quarto() -> Renderer:
    try:
        path = quarto.quarto_path()
    except InputError as error:
        return Renderer("quarto", False, {}, str(error))
    if path is None:
        return Renderer("quarto", False, {}, "not on PATH, and QUARTO_PATH is not set")
    version = quarto.quarto_version(path)
    if not quarto.new_enough(version):
        return Renderer("quarto", False, {"quarto": version}, f"{path} is {version}; 1.9 or later is needed")
    return Renderer("quarto", True, {"quarto": version}, str(path))


def _embedded() -> Renderer:
    if pandoc_path() is None:
        return Renderer("embedded", False, {}, "pandoc was not found: install pypandoc-binary")
    versions = {"pandoc": pandoc_version() or "unknown", "typst": metadata.version("typst")}
    return Renderer("embedded", True, versions, "pandoc and typst from PyPI")


def choose_renderer(renderer: str = "auto") -> Renderer:
    """The engine for `renderer` (``auto``, ``quarto`` or ``embedded``)."""
    if renderer not in RENDERERS:
        close = nearest(renderer, RENDERERS)
        raise InputError(
            "there is no such renderer",
            where="renderer",
            found=repr(renderer),
            expected=", ".join(RENDERERS),
            action=f"Did you mean {close}?" if close else None,
        )
    if renderer != "embedded":
        found = _quarto()
        if found.usable:
            return found
        if renderer == "quarto":
            raise InputError(
                "Quarto cannot be used", where="renderer", found=found.why, action="Use --renderer embedded"
            )
    found = _embedded()
    if not found.usable:
        raise RuntimeError(found.why)
    return found


def render(
    job_folder: Path, *, formats: Sequence[str] = ("html", "pdf"), renderer: str = "auto", lang: str | None = None
) -> Rendered:
    """``report.ipynb`` of a job's folder (see `write_project`) as ``report.html`` and ``report.pdf``.

    `lang` other than the study's first language goes into the names: ``report.en.html``; None: no suffix.
    A file is complete when it appears under its name. Equal folders give equal bytes by the embedded
    engine (PDF dates come from ``SOURCE_DATE_EPOCH``, else 2000-01-01).

    Raises
    ------
    InputError : something in the notebooks is outside the supported subset (docs/rendering.md), with
        file and cell.
    """
    folder = Path(job_folder)
    stem = f"report.{lang}" if lang else "report"
    source = folder / f"{stem}.ipynb"
    if not source.exists():
        source = folder / "report.ipynb"
    if not source.exists():
        raise InputError("this folder holds no report.ipynb", where=str(folder))
    return _render(source, {name: folder / f"{stem}.{name}" for name in _checked(formats)}, renderer, {})


def render_document(
    path: Path,
    out: Path | None = None,
    *,
    formats: Sequence[str] = ("html", "pdf"),
    renderer: str = "auto",
    options: Mapping | None = None,
) -> Rendered:
    """A single executed notebook, ``.qmd`` or ``.md`` as HTML and PDF, beside it or in the folder `out`.

    The document's own front matter decides (``title``, ``author``, ``bibliography``, ``toc`` …); without a
    cover unless it says ``csi-cover: true``. `options` are front matter that wins over nothing it says.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("there is no such document", where=str(path))
    if path.suffix not in (".ipynb", ".qmd", ".md"):
        raise InputError("this is not a document that can be rendered", where=str(path), expected=".ipynb, .qmd or .md")
    target = Path(out) if out else path.parent
    target.mkdir(parents=True, exist_ok=True)
    return _render(path, {name: target / f"{path.stem}.{name}" for name in _checked(formats)}, renderer, options or {})


def _checked(formats: Sequence[str]) -> tuple[str, ...]:
    for name in formats:
        if name not in FORMATS:
            raise InputError(
                "this format cannot be rendered",
                where="formats",
                found=repr(name),
                expected=", ".join(FORMATS),
            )
    return tuple(dict.fromkeys(formats))


def _render(source: Path, targets: dict[str, Path], renderer: str, options: Mapping) -> Rendered:
    # imported here: who only asks which engines there are needs no notebook library
    from csi_lib.report.embedded import open_document, render_html, render_pdf
    from csi_lib.report.markdown import image_folder

    engine = choose_renderer(renderer)
    timestamp = int(os.environ.get("SOURCE_DATE_EPOCH") or _EPOCH)
    with tempfile.TemporaryDirectory(dir=next(iter(targets.values())).parent, prefix=".render-") as scratch:
        made = {name: Path(scratch) / target.name for name, target in targets.items()}
        web = {name: made[name] for name in ("html", "pdf") if name in made}
        warnings: list[str] = []
        if engine.name == "quarto" and web:
            warnings += quarto.render_quarto(source, web, timestamp=timestamp)
        if engine.name != "quarto" or len(web) < len(made):
            document = open_document(source, overrides=options)
            try:
                if engine.name != "quarto" and "html" in made:
                    render_html(document, made["html"], pdf_too="pdf" in made)
                if engine.name != "quarto" and "pdf" in made:
                    render_pdf(document, made["pdf"], timestamp=timestamp)
                if "docx" in made or "hwpx" in made:
                    _render_office(document, made, timestamp)
            finally:
                shutil.rmtree(image_folder(document.path), ignore_errors=True)
            warnings += document.warnings
        for name, target in targets.items():
            made[name].replace(target)
    return Rendered(targets, engine.name, engine.versions, tuple(dict.fromkeys(warnings)))


def _render_office(document, made: dict[str, Path], timestamp: int) -> None:
    from csi_lib.report.docx import render_docx
    from csi_lib.report.hwpx import render_hwpx
    from csi_lib.report.office_document import office_document

    with tempfile.TemporaryDirectory(prefix="csi-office-") as scratch:
        office = office_document(document, Path(scratch))
        if "docx" in made:
            render_docx(office, made["docx"], timestamp=timestamp)
        if "hwpx" in made:
            render_hwpx(office, made["hwpx"])
