"""Which encoding a text file is written in, and its bytes as UTF-8 with one kind of line end."""

from __future__ import annotations

import re
from pathlib import Path

from csi_lib.errors import InputError
from csi_lib.intake.sheets import Note, lines_text

ENCODINGS = ("utf-8", "cp949")
_HANGUL = re.compile("[가-힣]")


def utf8(raw: bytes, path: Path, declared: str | None) -> tuple[bytes, str, list[Note]]:
    """A text file's content as UTF-8 with line feeds, the encoding it was in, and what was found on the way.

    Raises InputError for a spreadsheet called text, bytes of no or of two encodings (naming the lines), and a declared
    encoding that the content contradicts.
    """
    if raw[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise InputError("this is a spreadsheet, not text", where=str(path), action="Give it its own ending (.xlsx).")
    notes: list[Note] = []
    text, encoding = _decoded(raw, path, declared)
    if tail := len(text) - len(text.rstrip("\x00")):
        text = text.rstrip("\x00")
        notes.append(
            Note(
                "form",
                f"파일 끝의 NUL 문자 {tail}개를 뺐다.",
                f"{tail} NUL characters after the last line were left out",
                tail,
            )
        )
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise InputError("this file holds NUL characters within its rows", where=f"{path}, line {line}",
                         action="It was damaged on the way; export it again.")  # fmt: skip
    if damaged := text.count("\ufffd"):
        notes.append(Note("lost", f"깨진 글자(�) {damaged}개가 파일에 이미 들어 있다. 다시 내보내는 것이 좋다.",
                          f"{damaged} characters were lost before the file came here (�); a new export is better", damaged))  # fmt: skip
    text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    return text.encode("utf-8"), encoding, notes


def _decoded(raw: bytes, path: Path, declared: str | None) -> tuple[str, str]:
    if declared is None and (wide := _wide(raw)):
        declared = wide
    if declared is None:
        return _found_out(raw, path)
    try:
        text = raw.decode(declared)
    except LookupError:
        raise InputError("this encoding is not known", where=str(path), found=repr(declared),
                         expected="e.g. utf-8 or cp949") from None  # fmt: skip
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        other = next((c for c in (*ENCODINGS, "utf-16") if _decodes(raw, c) and c != declared), None)
        raise InputError(
            "the text of this file cannot be read in the declared encoding",
            where=f"{path}, line {line}",
            found=f"bytes that are not {declared}",
            action=f"It can be read as {other}: set 'encoding: {other}' for the source." if other else
            "It may be cut, or written in two encodings: export it again.",
        ) from None  # fmt: skip
    korean = declared.lower().replace("-", "").replace("_", "") in ("cp949", "euckr", "uhc", "ms949")
    if korean and not raw.isascii() and _decodes(raw, "utf-8"):
        raise InputError("this file is written in UTF-8, not in the declared encoding", where=str(path),
                         found=f"encoding: {declared}", action="Remove 'encoding' from the source.")  # fmt: skip
    return text.removeprefix("\ufeff"), declared


def _wide(raw: bytes) -> str | None:
    """UTF-16 and UTF-32, with a mark or, for text that is mostly Latin, by the place of its zero bytes."""
    if raw[:4] in (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff"):
        return "utf-32"
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    start = raw[:4000]
    for at, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros = start[at::2].count(0)
        if zeros > len(start) // 8 and zeros > 4 * start[1 - at :: 2].count(0) and _decodes(raw, name):
            return name
    return None


def _found_out(raw: bytes, path: Path) -> tuple[str, str]:
    try:
        return raw.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        pass
    lines = re.split(rb"\r\n|\n|\r", raw)
    hangul, other = [], []
    for number, line in enumerate(lines, start=1):
        if line.isascii():
            continue
        try:
            if _HANGUL.search(line.decode("utf-8")):
                hangul.append(number)
        except UnicodeDecodeError:
            other.append(number)
    if not hangul and _decodes(raw, "cp949"):
        return raw.decode("cp949"), "cp949"
    if hangul:
        few, name = (other, "UTF-8") if len(other) <= len(hangul) else (hangul, "CP949")
        raise InputError(
            "this file is written in two encodings",
            where=f"{path}, line {few[0]}",
            found=f"line(s) {lines_text(few)} in another encoding than the rest, which is {name}",
            action="Files of two programs were pasted together, or the file is cut: save each part in one encoding (UTF-8).",
        )
    raise InputError(
        "the encoding of this file cannot be found out",
        where=f"{path}, line {other[0]}",
        found="bytes that are not " + " or ".join(ENCODINGS),
        action="Set 'encoding' for the source, or export the file again as UTF-8.",
    )


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return False
    return True
