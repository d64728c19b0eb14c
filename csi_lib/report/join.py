"""The executed chapters of one job joined into one notebook, ``report.ipynb``.

Any engine that reads a notebook (Quarto, ours) makes the report from it. What is kept and how
identifiers are renamed is the whole of this module:

- parameter cells, cells tagged ``remove-cell`` or ``hide-cell``, and code without output are dropped;
- of a pair of cells tagged ``lang-ko`` and ``lang-en`` the report's language is kept;
- of a display of our own (it carries ``application/vnd.csi.rows+json``) only ``text/markdown`` is kept,
  of anybody else's everything, so that the engine chooses as it always does;
- ``fig-x`` becomes ``fig-<chapter>-x``, likewise ``tbl-``, ``sec-`` and ``eq-``, and footnotes
  ``[^x]``; a reference means its own chapter first, and ``@fig-<chapter>-x`` means that chapter's;
- a section whose cells had nothing to show is left out, heading and all, and a table that stands in an earlier chapter is
  referred to instead of printed again (`csi_lib.report.pruning`);
- a template field that nobody filled in (``{asof_date}``, ○○) is an error (`csi_lib.prose.unfilled`);
- cell ids are ``<chapter>-<number>``, metadata of papermill, nbclient and editors is gone: equal
  chapters give an equal file.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence

import nbformat
from nbformat import from_dict
from nbformat.v4 import new_notebook
from ruamel.yaml import YAML

from csi_lib.errors import InputError
from csi_lib.prose.unfilled import check_filled
from csi_lib.report.markdown import with_attributes
from csi_lib.report.microdata import ROWS_MIME, check_outputs
from csi_lib.report.pruning import without_empty_sections, without_folded_sections, without_repeats
from csi_lib.study.catalogue import code_of
from csi_lib.study.reading import reading

_DROPPED_TAGS = {"parameters", "injected-parameters", "remove-cell", "hide-cell"}
_KIND = "(?:fig|tbl|sec|eq)"
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?"
_DEFINED = re.compile(rf"(?P<open>(?<!\\)\{{(?:[^{{}}\n\"]*\s)?#)(?P<id>{_KIND}-{_NAME})")
_LABEL = re.compile(rf"(?P<open>^#\|\s*label:\s*)(?P<id>{_KIND}-{_NAME})", re.MULTILINE)
_CITED = re.compile(rf"(?<![\\\w@])(?P<sign>-?@)(?P<brace>\{{?)(?P<id>{_KIND}-{_NAME})(?P<end>\}}?)(?P<next>\w?)")
_LINKED = re.compile(rf"(?P<open>\]\(#)(?P<id>{_KIND}-{_NAME})(?=\))")
_NOTE = re.compile(r"(?<!\\)\[\^(?P<id>[^\]\s]+)\]")
_CODE = re.compile(
    r"(^(?P<f>```+|~~~+)[^\n]*\n.*?^(?P=f)[`~]*[ \t]*$|(?<![\\`])(?P<t>`+)(?!`).+?(?<!`)(?P=t)(?!`))",
    re.MULTILINE | re.DOTALL,
)


def join_notebooks(
    chapters: Sequence[tuple[str, nbformat.NotebookNode]], *, lang: str, front: Mapping[str, object], people=None
) -> nbformat.NotebookNode:
    """One notebook from `chapters`, pairs of chapter id and executed notebook, in this order.

    Parameters
    ----------
    lang : ``ko`` or ``en``; decides between paired cells.
    front : front matter of the report as Markdown strings (data escaped by the caller): ``title``,
        ``subtitle``, ``agency``, ``commissioned-by``, ``contractor``, ``date``, ``keywords``, …
    people : of a public report, function giving the `People` whose rows and words its outputs must not hold.

    Raises
    ------
    NotPublic : an output holds rows of people, or what they wrote.
    InputError : two chapters of one id, an identifier defined twice, a reference to nothing, or a cell
        that ended in an error.

    Examples
    --------
    >>> import csi_lib
    >>> import nbformat
    >>> notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A chapter")])
    >>> book = csi_lib.join_notebooks([("one", notebook)], lang="en", front={"title": "Report"})
    >>> type(book).__name__
    'NotebookNode'
    """
    ids = [chapter for chapter, _ in chapters]
    for chapter in ids:
        if ids.count(chapter) > 1:
            raise InputError("two chapters have the same id", where="chapters", found=chapter)
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", chapter):
            raise InputError("a chapter id is made of a-z, 0-9 and -", where="chapters", found=repr(chapter))
    if people is not None:
        for chapter, node in chapters:
            check_outputs(node, people, chapter=chapter)
    kept = _without_empty([(chapter, *_kept_cells(chapter, node, lang)) for chapter, node in chapters])
    again = without_repeats(kept, lang)
    defined = {chapter: _definitions(chapter, cells) for chapter, cells in kept}
    everywhere = {name: name for names in defined.values() for name in names.values()}
    for (chapter, name), first in again.items():  # references to a table that stands elsewhere go there
        kind, _, rest = name.partition("-")
        defined[chapter][name] = everywhere[f"{kind}-{chapter}-{rest}"] = first
    for name, value in front.items():
        if isinstance(value, str):
            check_filled(value, where=f"front matter: {name}")
    cells = [_cell("raw", _front_matter(front, lang), "front-matter")]
    for chapter, own in kept:
        rename = _Renaming(chapter, defined[chapter], everywhere)
        for index, cell in enumerate(own, 1):
            cells.append(rename.cell(cell, f"{chapter[:56]}-{index:03d}"))
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return new_notebook(cells=cells, metadata=metadata)


def _front_matter(front: Mapping[str, object], lang: str) -> str:
    text = io.StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 10_000
    yaml.sort_base_mapping_type_on_output = False
    execute = {"enabled": False, "echo": False, "warning": False}
    # dates are given in words, of which Quarto makes "Invalid Date" when the field is called date
    named = {"csi-date" if name == "date" else name: value for name, value in front.items()}
    yaml.dump({**named, "lang": code_of(lang), "execute": execute}, text)
    return f"---\n{text.getvalue()}---"


def _kept_cells(chapter: str, node: nbformat.NotebookNode, lang: str) -> tuple[list, set[int]]:
    """The cells of a chapter that have something to show, and before which of them code had nothing to show."""
    kept, silent = [], set()
    for index, cell in enumerate(node.cells, 1):
        tags = set(cell.metadata.get("tags", []))
        languages = {tag[5:] for tag in tags if tag.startswith("lang-")}
        if tags & _DROPPED_TAGS or (languages and lang not in languages):
            continue
        if cell.cell_type == "code":
            for output in cell.outputs:
                if output.output_type == "error":
                    raise InputError(f"a cell ended in {output.ename}", where=f"chapter {chapter}: cell {index}")
            if not any(map(_says_something, cell.outputs)):
                silent.add(len(kept))  # something was looked for here
                continue
            for text in _texts(cell)[1:]:  # data are escaped; what is left in braces was an author's
                check_filled(text, where=f"chapter {chapter}: output of cell {index}", circles=False)
        elif not cell.source.strip():
            continue
        elif cell.cell_type == "raw" and cell.source.startswith("---"):
            continue  # a chapter's own front matter serves only when it is rendered by itself
        elif cell.cell_type == "markdown":
            cell = from_dict({**cell, "source": reading().narrative(with_attributes(cell.source))})
            check_filled(cell.source, where=f"chapter {chapter}: cell {index}")
        kept.append(cell)
    return kept, silent


def _without_empty(found: list[tuple[str, list, set[int]]]) -> list[tuple[str, list]]:
    """Chapters without their empty sections, and without those that are empty altogether unless another refers to them."""
    kept = [(chapter, without_empty_sections(cells, silent), cells) for chapter, cells, silent in found]
    texts = [text for _, cells, _ in kept for cell in cells for text in _texts(cell)]
    named = lambda chapter: any(f"@sec-{chapter}-" in text for text in texts)
    cited = {match["id"] for text in texts for match in _CITED.finditer(text)}
    return [
        (chapter, without_folded_sections(some or every, cited))
        for chapter, some, every in kept
        if some or named(chapter)
    ]


def _says_something(output) -> bool:
    """Whether an output is more than an empty sentence."""
    data = output.get("data", {})
    return "text/markdown" not in data or bool(_joined(data["text/markdown"]).strip())


def _texts(cell) -> list[str]:
    """The pieces of a cell that an engine reads as Markdown."""
    if cell.cell_type != "code":
        return [cell.source]
    return [
        cell.source,
        *(_joined(o.data["text/markdown"]) for o in cell.outputs if "text/markdown" in o.get("data", {})),
    ]


def _joined(text: str | list) -> str:
    return text if isinstance(text, str) else "".join(text)


def _definitions(chapter: str, cells: list) -> dict[str, str]:
    names: dict[str, str] = {}
    for cell in cells:
        for position, text in enumerate(_texts(cell)):
            pattern = _LABEL if cell.cell_type == "code" and position == 0 else _DEFINED
            for match in pattern.finditer(_CODE.sub("", text) if pattern is _DEFINED else text):
                name = match["id"]
                if name in names:
                    raise InputError(
                        f"#{name} is defined twice",
                        where=f"chapter {chapter}",
                        action="Give one of them another id",
                    )
                kind, _, rest = name.partition("-")
                names[name] = f"{kind}-{chapter}-{rest}"
    return names


def _cell(kind: str, source: str, cell_id: str, **more):
    """As nbformat's ``new_…_cell``, which checks every one by itself against the schema; the whole is checked at the end."""
    return from_dict({"id": cell_id, "cell_type": kind, "metadata": {}, "source": source} | more)


class _Renaming:
    """Identifiers of one chapter as the joined report spells them."""

    def __init__(self, chapter: str, own: dict[str, str], everywhere: dict[str, str]):
        self.chapter, self.own, self.everywhere = chapter, own, everywhere

    def cell(self, cell, cell_id: str):
        if cell.cell_type == "markdown":
            fresh = _cell("markdown", self.text(cell.source), cell_id)
            if cell.get("attachments"):
                fresh["attachments"] = cell.attachments
            return fresh
        if cell.cell_type == "raw":
            mime = cell.metadata.get("raw_mimetype")
            return _cell("raw", cell.source, cell_id, metadata={"raw_mimetype": mime} if mime else {})
        source = _LABEL.sub(lambda m: m["open"] + self.own[m["id"]], cell.source)
        return _cell("code", source, cell_id, execution_count=None, outputs=[self.output(o) for o in cell.outputs])

    def output(self, output):
        if output.output_type == "stream":
            return {"output_type": "stream", "name": output.name, "text": output.text}
        data = dict(output.data)
        if "text/markdown" in data:
            data["text/markdown"] = self.text(_joined(data["text/markdown"]))
        if ROWS_MIME in data:
            data = {"text/markdown": data["text/markdown"]} if "text/markdown" in data else {}
        return {"output_type": "display_data", "data": data, "metadata": {}}

    def text(self, text: str) -> str:
        """Everything outside code, renamed."""
        pieces, last = [], 0
        for code in _CODE.finditer(text):
            pieces += [self._prose(text[last : code.start()]), code[0]]
            last = code.end()
        return "".join([*pieces, self._prose(text[last:])])

    def _prose(self, text: str) -> str:
        text = _DEFINED.sub(lambda m: m["open"] + self.own[m["id"]], text)
        text = _LINKED.sub(lambda m: m["open"] + self.target(m["id"]), text)
        text = _CITED.sub(self._citation, text)
        return _NOTE.sub(lambda m: f"[^{self.chapter}-{m['id']}]", text)

    def _citation(self, match: re.Match) -> str:
        name = self.target(match["id"])
        # pandoc takes letters after the id, Korean particles among them, for a part of it
        braced = match["brace"] or match["next"]
        return f"{match['sign']}{'{' if braced else ''}{name}{'}' if braced else ''}{match['next']}"

    def target(self, name: str) -> str:
        if name in self.own:
            return self.own[name]
        if name in self.everywhere:
            return self.everywhere[name]
        raise InputError(
            f"@{name} refers to nothing",
            where=f"chapter {self.chapter}",
            expected=f"an id of this chapter ({', '.join(sorted(self.own)) or 'it has none'}) "
            "or of another, as @fig-<chapter>-<id>",
        )
