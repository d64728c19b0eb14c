"""Triple-S: the interchange format of survey software, a definition (.sss, .xml) beside a data file (.asc, .csv)."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pandas as pd

from csi_lib.draft.sheet import RawColumn, RawSheet
from csi_lib.errors import InputError

_KINDS = {"single": "single", "multiple": "multiple", "quantity": "number", "character": "text", "logical": "single",
          "date": "date", "time": "quasi"}  # fmt: skip


def is_triple_s(path: Path) -> bool:
    return path.suffix.lower() in (".sss", ".xml") and b"<sss" in path.read_bytes()[:2000]


def read_triple_s(path: Path, data: Path | None = None) -> RawSheet:
    """The columns of a Triple-S pair (versions 1.1 to 3.0, fixed columns or CSV).

    A multiple variable becomes one column per answer (1 or 0), or one per mention where it is spread over subfields.
    Raises InputError for a definition that cannot be read, or whose data file does not lie beside it.
    """
    from lxml import etree

    try:
        root = etree.fromstring(path.read_bytes(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise InputError("this is not a Triple-S definition", where=str(path), found=str(error)[:120]) from None
    record = root.find(".//record")
    if record is None:
        raise InputError("this Triple-S definition has no record", where=str(path))
    as_csv = record.get("format", "fixed") == "csv"
    data = data or _beside(path, record.get("href"), as_csv)
    text = _decoded(data)
    if as_csv:
        rows = list(csv.reader(io.StringIO(text)))[int(record.get("skip", "0")) :]
        rows = [row for row in rows if any(cell.strip() for cell in row)]
        field = lambda start, finish: [row[start - 1].strip() if start <= len(row) else "" for row in rows]
    else:
        rows = [line for line in text.splitlines() if line.strip()]
        field = lambda start, finish: [line[start - 1 : finish].strip() for line in rows]
    columns = [c for variable in record.findall("variable") for c in _variable(variable, field)]
    if not columns:
        raise InputError("this Triple-S definition has no variable", where=str(path))
    return RawSheet(data, "", tuple(columns), "triple-s", False)


def _variable(variable, field) -> list[RawColumn]:
    kind = variable.get("type", "character")
    name = _text(variable.find("name")) or variable.get("ident", "v")
    label = _text(variable.find("label")) or name
    position = variable.find("position")
    start = int(position.get("start"))
    finish = int(position.get("finish") or start)
    labels = {v.get("code", "").strip(): _text(v) for v in variable.findall(".//values/value")}
    cells = field(start, finish)
    use = {"serial": "id", "weight": "weight"}.get(variable.get("use", ""), "")
    series = lambda values: pd.Series(list(values), dtype=object)
    if kind != "multiple":
        if kind in ("single", "quantity"):
            cells = [_plain(cell) for cell in cells]
        labels = {_plain(code): text for code, text in labels.items()} if kind == "single" else labels
        if kind == "logical":
            labels = labels or {"1": "Yes", "0": "No"}
        return [RawColumn(name, series(cells), label, labels, kind=use or _KINDS.get(kind, ""))]
    spread = variable.find("spread")
    if spread is not None:
        count = int(spread.get("subfields"))
        width = int(spread.get("width") or (finish - start + 1) // count)
        parts = [
            [_plain(cell[k * width : (k + 1) * width]) for cell in _padded(cells, count * width)] for k in range(count)
        ]
        parts = [["" if v == "0" and "0" not in labels else v for v in part] for part in parts]
        return [RawColumn(f"{name}_{k}", series(part), label, {_plain(c): t for c, t in labels.items()}, kind="rank", question=label)
                for k, part in enumerate(parts, 1)]  # fmt: skip
    cells = _padded(cells, len(labels))
    return [
        RawColumn(f"{name}_{_plain(code)}", series(cell[k : k + 1].strip() for cell in cells), f"{label} [{text}]", kind="multiple",
                  option=text, question=label)
        for k, (code, text) in enumerate(labels.items())
    ]  # fmt: skip


def _padded(cells: list[str], width: int) -> list[str]:
    return [cell.ljust(width) for cell in cells]


def _plain(code: str) -> str:
    text = code.strip()
    return str(int(text)) if re.fullmatch(r"0*\d+", text) else text


def _text(node) -> str:
    return "" if node is None else " ".join("".join(node.itertext()).split())


def _beside(path: Path, href: str | None, as_csv: bool) -> Path:
    for name in (href, *(path.stem + s for s in ((".csv",) if as_csv else (".asc", ".dat", ".txt", ".csv")))):
        if not name:
            continue
        for file in path.parent.iterdir():
            if file.name.casefold() == Path(name).name.casefold():
                return file
    raise InputError("the data file of this Triple-S definition does not lie beside it", where=str(path),
                     expected=f"{path.stem}.{'csv' if as_csv else 'asc'}", action="Put both into one folder.")  # fmt: skip


def _decoded(path: Path) -> str:
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "cp949", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")
