"""An executed notebook (or a .qmd file) as one Markdown text, with the outputs Quarto would choose.

pandoc's own notebook reader ignores ``text/markdown`` outputs, so the notebook is read with nbformat
here. Nothing in the cells is escaped or unescaped: what a cell says is what pandoc reads.
"""

from __future__ import annotations

import base64
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from ruamel.yaml import YAML, YAMLError

from csi_lib.errors import InputError

_MIME = {
    "html": ("text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/plain"),
    "typst": ("text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/html", "text/plain"),
}
_SUFFIX = {"image/svg+xml": ".svg", "image/png": ".png", "image/jpeg": ".jpg"}
_REFUSED_MIME = ("application/vnd.jupyter.widget-view+json", "application/javascript")
_CELL_OPTIONS = {"label", "fig-cap", "fig-alt", "tbl-cap", "echo", "include", "output", "warning", "eval"}
_OPTION = re.compile(r"^#\|\s?(.*)$")
_HIDDEN = re.compile(r"^(#{1,6} .*?)\s*<!-- *(\{[^{}\n]*\}) *-->[ \t]*$", re.MULTILINE)
_FILE = re.compile(r"\]\((figures/[^()\s]+\.svg)\)")
_DRAWN = re.compile(r'src="data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)"')
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Source:
    """Markdown `text` and its front matter; `where(line)` tells the file and cell a line came from."""

    path: Path
    text: str
    metadata: dict
    starts: list[int] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)

    def where(self, line: int) -> str:
        """File and place of the 1-based `line` of `text`: a cell of a notebook, a line of a .qmd."""
        at = bisect_right(self.starts, line) - 1
        if at < 0:
            return str(self.path)
        offset = line - self.starts[at] + 1
        return f"{self.path.name}:{self.labels[at].format(line=offset)}"

    def find(self, needle: str) -> str:
        """Where `needle` stands first, or just the file when it was made from several pieces."""
        before, found, _ = self.text.partition(needle)
        return self.where(before.count("\n") + 1) if found else self.path.name


def with_attributes(source: str) -> str:
    """Headings with the identifiers and classes that their notebook hides in a comment (``# Title <!-- {#sec-x} -->``).

    JupyterLab would show ``{#sec-x}`` as text; a comment it does not.
    """
    return _HIDDEN.sub(r"\1 \2", source)


def read_front_matter(text: str, where: str) -> tuple[dict, str, int]:
    """Metadata, the rest, and how many lines the front matter took."""
    match = re.match(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", text, re.DOTALL)
    if not match:
        return {}, text, 0
    try:
        metadata = YAML(typ="safe", pure=True).load(match[1]) or {}
    except YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 2
        raise InputError("the front matter is not YAML", where=f"{where}:{line}") from error
    if not isinstance(metadata, dict):
        raise InputError("the front matter is not a mapping of names to values", where=f"{where}:1")
    return metadata, text[match.end() :], match[0].count("\n")


def read_source(path: Path, *, to: str, echo: bool | None = None) -> Source:
    """`path` (.ipynb, .qmd or .md) as the Markdown of format `to` (``html`` or ``typst``).

    Pictures held inside a notebook are written to `image_folder(path)`, which the caller removes.

    Raises
    ------
    InputError : unreadable file; a code chunk in a .qmd (nothing is executed here); an output,
        cell or cell option outside the supported subset.
    """
    path = Path(path)
    if path.suffix == ".ipynb":
        return _Notebook(path, to, echo).read()
    text = path.read_text(encoding="utf-8")
    metadata, body, skipped = read_front_matter(text, path.name)
    chunk = re.search(r"^\s*(```+|~~~+)\s*\{(\w+)[^}]*\}", body, re.MULTILINE)
    if chunk and not chunk[2].startswith("="):
        raise InputError(
            f"this document holds code to be executed (```{{{chunk[2]}}}); the embedded engine executes none",
            where=f"{path.name}:{skipped + body[: chunk.start(1)].count(chr(10)) + 1}",
            action="Execute it as a notebook first and render the executed .ipynb, or install Quarto",
        )
    # keep line numbers: the front matter becomes blank lines
    return Source(path, "\n" * skipped + body, metadata, [1], ["{line}"])


def image_folder(path: Path) -> Path:
    """Where the pictures held inside the notebook at `path` are put while it is rendered."""
    return path.with_name(f".{path.stem}-images")


class _Notebook:
    def __init__(self, path: Path, to: str, echo: bool | None):
        self.path, self.to = path, to
        try:
            self.node = nbformat.read(path, as_version=4)
        except (OSError, ValueError, nbformat.reader.NotJSONError) as error:
            raise InputError("this is not a readable notebook", where=str(path), found=str(error)[:120]) from error
        self.metadata: dict = {}
        self.echo = echo
        self.warning = True
        self.lines: list[str] = []
        self.starts: list[int] = []
        self.labels: list[str] = []
        self.images = 0

    def read(self) -> Source:
        for index, cell in enumerate(self.node.cells):
            where = f"{self.path.name}: cell {index + 1}"
            if index == 0 and cell.cell_type in ("raw", "markdown") and cell.source.startswith("---"):
                self.metadata, rest, _ = read_front_matter(cell.source, where)
                execute = self.metadata.get("execute") or {}
                self.echo = execute.get("echo", True) if self.echo is None else self.echo
                self.warning = execute.get("warning", True)
                self._add(rest, index)
            elif cell.cell_type == "markdown":
                self._add(with_attributes(self._attachments(cell, where)), index)
            elif cell.cell_type == "raw":
                self._raw(cell, index, where)
            elif cell.cell_type == "code":
                self._code(cell, index, where)
        return Source(self.path, "\n".join(self.lines) + "\n", self.metadata, self.starts, self.labels)

    def _add(self, text: str, index: int, part: str = "") -> None:
        if not text.strip():
            return
        self.starts.append(len(self.lines) + 1)
        cell_id = self.node.cells[index].get("id", "")
        self.labels.append(f"cell {index + 1} ({cell_id}){part} line {{line}}")
        self.lines += text.strip("\n").split("\n") + [""]

    def _raw(self, cell, index: int, where: str) -> None:
        mime = cell.metadata.get("raw_mimetype") or cell.metadata.get("format") or ""
        wanted = {
            "text/html": "html",
            "text/markdown": "markdown",
            "text/typst": "typst",
            "": "markdown",
        }.get(mime)
        if wanted is None:
            raise InputError(f"a raw cell of type {mime} is outside the supported subset", where=where)
        if wanted == "markdown":
            self._add(cell.source, index)
        elif wanted == self.to:
            self._add(_fence(cell.source, f"{{={wanted}}}"), index)

    def _attachments(self, cell, where: str) -> str:
        text = cell.source
        for name, bundle in (cell.get("attachments") or {}).items():
            mime = next((m for m in _SUFFIX if m in bundle), None)
            if mime and f"attachment:{name}" in text:
                text = text.replace(f"attachment:{name}", self._image(bundle[mime], mime))
        return text

    def _image(self, data: str | list, mime: str) -> str:
        self.images += 1
        target = image_folder(self.path) / f"image-{self.images}{_SUFFIX[mime]}"
        target.parent.mkdir(exist_ok=True)
        data = "".join(data)
        target.write_bytes(data.encode() if mime == "image/svg+xml" else base64.b64decode(data))
        return f"{target.parent.name}/{target.name}"

    def _code(self, cell, index: int, where: str) -> None:
        tags = set(cell.metadata.get("tags", []))
        options, source = _cell_options(cell.source, where)
        if tags & {"remove-cell", "hide-cell"} or options.get("include") is False:
            return
        blocks = []
        if options.get("echo", self.echo is not False) and source.strip():
            blocks.append(_fence(source, "{.python .cell-code}"))
        if options.get("output", True) is not False and not tags & {"remove-output"}:
            warning = options.get("warning", self.warning)
            blocks += [b for b in (self._output(o, options, warning, where) for o in cell.outputs) if b]
        text = "\n\n".join(blocks)
        label = str(options.get("label", ""))
        if label.startswith(("fig-", "tbl-")) and text:
            caption = options.get("tbl-cap" if label.startswith("tbl-") else "fig-cap", "")
            text = f"::: {{#{label}}}\n\n{text}\n\n{caption}\n\n:::"
        self._add(text, index, " output")

    def _output(self, output, options: dict, warning: bool, where: str) -> str:
        if output.output_type == "stream":
            if output.name == "stderr" and not warning:
                return ""
            text = _ANSI.sub("", "".join(output.text)).rstrip("\n")
            return f"::: {{.cell-output .cell-output-{output.name}}}\n\n{_fence(text)}\n\n:::" if text else ""
        if output.output_type == "error":
            raise InputError(f"this cell failed with {output.ename}", where=where, action="Mend and run it again")
        data = output.data
        if any(mime in data for mime in _REFUSED_MIME):
            raise InputError("a widget or script is outside the supported subset", where=where)
        mime = next((m for m in _MIME[self.to] if m in data and self._usable(m, data[m])), None)
        if mime is None:
            return ""
        body = data[mime] if isinstance(data[mime], str) else "".join(data[mime])
        if mime == "text/markdown":
            return self._drawings(body, data.get("text/html", ""))
        if mime in _SUFFIX:
            alt = str(options.get("fig-alt", "")).replace('"', "'")
            caption = "" if str(options.get("label", "")).startswith("fig-") else options.get("fig-cap", "")
            attributes = f'{{fig-alt="{alt}"}}' if alt else ""
            return f"![{caption}]({self._image(body, mime)}){attributes}"
        if mime == "text/html":
            return _fence(body, "{=html}")
        return f"::: {{.cell-output .cell-output-display}}\n\n{_fence(_ANSI.sub('', body))}\n\n:::"

    def _drawings(self, body: str, page: str | list) -> str:
        """Markdown whose drawings a run would have laid beside it; run by hand, a notebook has them in its HTML."""
        inside = iter(_DRAWN.findall(page if isinstance(page, str) else "".join(page)))

        def turn(match: re.Match) -> str:
            drawing = next(inside, None)
            if drawing is None or (self.path.parent / match[1]).exists():
                return match[0]
            return f"]({self._image(base64.b64decode(drawing).decode(), 'image/svg+xml')})"

        return _FILE.sub(turn, body)

    def _usable(self, mime: str, body: str | list) -> bool:
        return mime != "text/html" or self.to == "html" or "<table" in "".join(body)


def _cell_options(source: str, where: str) -> tuple[dict, str]:
    lines = source.split("\n")
    head = []
    while lines and (match := _OPTION.match(lines[0])):
        head.append(match[1])
        lines.pop(0)
    if not head:
        return {}, source
    try:
        options = YAML(typ="safe", pure=True).load("\n".join(head)) or {}
    except YAMLError as error:
        raise InputError("the options (#|) of this cell are not YAML", where=where) from error
    for name in options:
        if name not in _CELL_OPTIONS:
            raise InputError(
                f"the cell option {name} is outside the supported subset",
                where=where,
                expected=", ".join(sorted(_CELL_OPTIONS)),
            )
    return options, "\n".join(lines)


def _fence(text: str, attributes: str = "") -> str:
    """`text` in a code fence longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{attributes}\n{text}\n{ticks}"
