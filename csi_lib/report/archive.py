"""Zip files that depend on their content only: fixed times, fixed order of attributes, names in UTF-8."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

_EPOCH = 946_684_800  # 2000-01-01, unless SOURCE_DATE_EPOCH says another time
_STAMPS = re.compile(rb'(<dcterms:(created|modified) xsi:type="dcterms:W3CDTF">)[^<]*(</dcterms:(?:created|modified)>)')


def stamp() -> datetime:
    """The time that files carry: ``SOURCE_DATE_EPOCH``, else 2000-01-01, in UTC."""
    return datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH") or _EPOCH), UTC)


def write_zip(target, members: Iterable[tuple[str, bytes | Path]]) -> object:
    """`members` (name, content) as a zip in the order given; equal members give equal bytes."""
    when = max(stamp(), datetime(1980, 1, 1, tzinfo=UTC)).timetuple()[:6]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as out:
        for name, content in members:
            info = zipfile.ZipInfo(name, when)
            # the first member of an HWPX names its type and is read without unpacking
            info.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            info.create_system, info.external_attr = 3, 0o644 << 16
            out.writestr(info, content.read_bytes() if isinstance(content, Path) else content)
    return target


def settle(path: Path, turn: Callable[[str, bytes], bytes] = lambda name, content: content) -> Path:
    """An Office file without the moment it was made, its own and that of workbooks inside it; `turn` mends its members."""
    part = path.with_name(f".{path.name}.part")
    write_zip(part, [(name, turn(name, content)) for name, content in _settled(path.read_bytes())])
    part.replace(path)
    return path


def _settled(data: bytes) -> list[tuple[str, bytes]]:
    now = stamp().strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    out = []
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _STAMPS.sub(rb"\g<1>" + now + rb"\g<3>", content)
            elif name.endswith(".xlsx"):
                inner = io.BytesIO()
                content = write_zip(inner, _settled(content)).getvalue()
            out.append((name, content))
    return out
