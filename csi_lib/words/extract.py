"""Every text a reader of reports may meet, found where it stands: in the code, in the notebooks and in the models.

The code is read, not run. A text is the English one of a pair: ``ko=…, en=…`` of a call, ``{"ko": …, "en": …}``, the branches of
``… if lang == "ko" else …``, and a Korean text followed by an English one in a tuple or among arguments.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product
from pathlib import Path

from ruamel.yaml import YAML

from csi_lib.share import shared_path
from csi_lib.study.catalogue import FIELD, paragraphs

_PACKAGE = Path(__file__).resolve().parent.parent
#: parts of the package whose words are read in reports; the rest speaks to who works here
_SPEAKING = ("prose", "tables", "figures", "evaluation", "findings", "voice", "models", "chapters", "report", "office",
             "run", "study", "survey")  # fmt: skip
_HANGUL, _LATIN = re.compile("[가-힣]"), re.compile("[A-Za-z]")
_CHAPTER = re.compile(r"csi_lib\.chapters\.(\w+)|csi_lib\.chapters import (\w+)")


@dataclass(frozen=True)
class Text:
    """An English text, the Korean beside it, and the room it belongs to."""

    room: str
    en: str
    ko: str = ""


def texts(study: Path | None = None) -> list[Text]:
    """All of them, each once in a room, in the order of the files; with those of a study's own chapters."""
    found: dict[tuple[str, str], Text] = {}
    own = (t for p in sorted((Path(study) / "chapters").glob("*.ipynb")) for t in _notebook(p, "own")) if study else ()
    for text in (*_bundled(), *own):
        if _LATIN.search(FIELD.sub("", text.en)) and not _HANGUL.search(text.en):
            kept = found.setdefault((text.room, text.en), text)
            if not kept.ko and text.ko:
                found[text.room, text.en] = text
    return list(found.values())


@cache
def _bundled() -> tuple[Text, ...]:
    return tuple(_all())


def _all() -> Iterator[Text]:
    for part in _SPEAKING:
        for path in sorted((_PACKAGE / part).rglob("*.py")):
            inner = path.relative_to(_PACKAGE / part).parts
            room = inner[0] if part == "chapters" and len(inner) > 1 else part
            yield from (Text(room, en, ko) for en, ko in of_code(path.read_text(encoding="utf-8")))
        for path in sorted((_PACKAGE / part).rglob("*.yml")):
            if "new_study" not in path.parts:
                yield from (Text(part, en, ko) for en, ko in _labels(YAML(typ="safe").load(path.read_text("utf-8"))))
    for path in sorted(shared_path("notebooks").glob("*.ipynb")):
        yield from _notebook(path)


def _labels(data) -> Iterator[tuple[str, str]]:
    if isinstance(data, dict):
        if isinstance(data.get("en"), str):
            yield data["en"], str(data.get("ko") or "")
        for value in data.values():
            yield from _labels(value)
    elif isinstance(data, list):
        for value in data:
            yield from _labels(value)


def _notebook(path: Path, room: str | None = None) -> Iterator[Text]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    source = lambda cell: "".join(cell["source"])
    named = _CHAPTER.search("\n".join(source(c) for c in cells if c["cell_type"] == "code"))
    room = room or (next(filter(None, named.groups())) if named else path.stem.split("-", 1)[1].replace("-", "_"))
    korean: list[str] = []
    for cell in cells:
        tags = cell["metadata"].get("tags", [])
        if cell["cell_type"] == "code":
            yield from (Text(room, en, ko) for en, ko in of_code(source(cell)))
        elif "lang-ko" in tags:
            korean = [p for p, said in paragraphs(source(cell)) if said and p.strip()]
        elif "lang-en" in tags:
            said = [p.strip() for p, said in paragraphs(source(cell)) if said and p.strip()]
            yield from (Text(room, p, korean[i] if len(korean) == len(said) else "") for i, p in enumerate(said))
            korean = []


def of_code(source: str) -> Iterator[tuple[str, str]]:
    """(English, Korean) of every pair in Python code; fields of f-strings are named after what is put in."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            given = {k.arg: k.value for k in node.keywords}
            if "en" in given and "ko" in given:
                yield from _pair(given["en"], given["ko"])
            yield from _neighbours(node.args)
        elif isinstance(node, ast.Dict):
            given = {k.value: v for k, v in zip(node.keys, node.values, strict=True) if isinstance(k, ast.Constant)}
            if "en" in given and "ko" in given:
                yield from _pair(given["en"], given["ko"])
        elif isinstance(node, (ast.Tuple, ast.List)):
            yield from _neighbours(node.elts)
        elif isinstance(node, ast.IfExp) and (lang := _asked(node.test)):
            sides = (node.orelse, node.body) if lang == "ko" else (node.body, node.orelse)
            yield from _pair(*sides)


def _asked(test: ast.expr) -> str | None:
    """ko or en where a condition asks for that language."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
        value = test.comparators[0]
        return value.value if isinstance(value, ast.Constant) and value.value in ("ko", "en") else None
    return None


def _neighbours(nodes: list[ast.expr]) -> Iterator[tuple[str, str]]:
    for one, two in pairwise(nodes):
        ko, en = _written(one), _written(two)
        if ko and en and _HANGUL.search(ko[0]) and not _HANGUL.search(en[0]):
            yield from ((e, ko[min(i, len(ko) - 1)]) for i, e in enumerate(en))


def _pair(en: ast.expr, ko: ast.expr) -> Iterator[tuple[str, str]]:
    """The texts in two expressions of the same form."""
    if isinstance(en, ast.Dict):
        keys = lambda node: [ast.dump(k) if k else "" for k in node.keys]
        korean = dict(zip(keys(ko), ko.values, strict=True)) if isinstance(ko, ast.Dict) else {}
        for key, value in zip(keys(en), en.values, strict=True):
            yield from _pair(value, korean.get(key, ast.Constant("")))
    elif isinstance(en, (ast.Tuple, ast.List)):
        others = ko.elts if isinstance(ko, (ast.Tuple, ast.List)) and len(ko.elts) == len(en.elts) else None
        for i, value in enumerate(en.elts):
            yield from _pair(value, others[i] if others else ast.Constant(""))
    elif isinstance(en, ast.Lambda):
        yield from _pair(en.body, ko.body if isinstance(ko, ast.Lambda) else ast.Constant(""))
    elif isinstance(en, ast.IfExp) and isinstance(ko, ast.IfExp):
        yield from _pair(en.body, ko.body)
        yield from _pair(en.orelse, ko.orelse)
    else:
        said, korean = _written(en), _written(ko)
        yield from ((text, korean[min(i, len(korean) - 1)] if korean else "") for i, text in enumerate(said))
        for node in ast.walk(en):  # words that a condition chooses inside a text
            if isinstance(node, ast.IfExp) and isinstance(en, ast.JoinedStr):
                yield from ((t, "") for side in (node.body, node.orelse) for t in _written(side) if len(t) > 1)


def _written(node: ast.expr) -> list[str]:
    """The texts an expression may be, at most eight: several where a condition chooses between them."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) and node.value else []
    if isinstance(node, ast.IfExp):
        return [*_written(node.body), *_written(node.orelse)][:8]
    if isinstance(node, ast.JoinedStr):
        parts = [
            [p.value] if isinstance(p, ast.Constant) else [f"{{{_name(p.value, i)}}}"]
            for i, p in enumerate(node.values)
        ]
        return ["".join(p[0] for p in parts)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = []
        for i, side in enumerate((node.left, node.right)):
            empty = isinstance(side, ast.IfExp) and any(
                isinstance(s, ast.Constant) and s.value == "" for s in (side.body, side.orelse)
            )
            sides.append([*_written(side), *([""] if empty else [])] or [f"{{{_name(side, i)}}}"])
        return ["".join(both) for both in product(*sides)][:8]
    return []


def _name(node: ast.expr, place: int) -> str:
    """What a field of an f-string is called: after the variable or attribute put in, else by its place."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else f"value{place}"
