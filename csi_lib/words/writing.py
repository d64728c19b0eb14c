"""The files of a language: written for translators, kept when they are written again, counted."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from csi_lib.errors import InputError, nearest
from csi_lib.study.base import PROSE
from csi_lib.study.catalogue import BUNDLED, entries, folders
from csi_lib.words.extract import Text, texts


@dataclass(frozen=True)
class Coverage:
    """How much of a room is translated: `done` of `all` texts; `gone` translations whose English is no longer said."""

    room: str
    done: int
    all: int
    gone: int = 0


def coverage(lang: str, study: Path | None = None) -> list[Coverage]:
    """Of every room, what a report in `lang` would find translated."""
    said = _translations(lang, study)
    rooms: dict[str, list[Text]] = {}
    for text in texts(study):
        rooms.setdefault(text.room, []).append(text)
    return [Coverage(room, sum(t.en in said for t in own), len(own)) for room, own in rooms.items()]


def write_catalogue(lang: str, *, chapter: str | None = None, study: Path | None = None) -> list[tuple[Path, Coverage]]:
    """Write ``words/<lang>/<room>.yml`` of all rooms, or of one, into the study, or into this package without one.

    What is translated already, in whatever file, stands in the new ones; a translation whose English is gone stays at the
    end of its file. Returns each file with its coverage.
    """
    if not re.fullmatch("[a-z]{2}", lang) or lang in PROSE:
        raise InputError("a catalogue is of another language than Korean and English", where="LANG", found=repr(lang),
                         expected="its two letters (ISO 639-1), such as vi or es")  # fmt: skip
    found, said = texts(study), _translations(lang, study)
    rooms = list(dict.fromkeys(t.room for t in found))
    if chapter is not None and chapter not in rooms:
        near = nearest(chapter, rooms)
        raise InputError("no room of this name says anything", where="--chapter", found=repr(chapter),
                         expected=", ".join(rooms), action=f"Did you mean {near}?" if near else None)  # fmt: skip
    folder = (BUNDLED if study is None else Path(study) / "words") / lang
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for room in [chapter] if chapter else rooms:
        own = [t for t in found if t.room == room]
        path = folder / f"{room}.yml"
        before = dict(entries(path, lang)) if path.exists() else {}
        gone = {en: told for en, told in before.items() if told and en not in {t.en for t in own}}
        path.write_text(_file(lang, room, own, said, gone), encoding="utf-8")
        made.append((path, Coverage(room, sum(t.en in said for t in own), len(own), len(gone))))
    return made


def _translations(lang: str, study: Path | None) -> dict[str, str]:
    files = (file for folder in folders(lang, study) for file in sorted(folder.glob("*.yml")))
    return {en: told for file in files for en, told in entries(file, lang) if told}


def _file(lang: str, room: str, own: list[Text], said: dict[str, str], gone: dict[str, str]) -> str:
    quoted = lambda text: json.dumps(text, ensure_ascii=False)
    lines = [f"# {room}: English with its translation; {{fields}} stay as they are, the Korean stands above.", ""]
    for text in own:
        lines += [f"# {line}" for line in text.ko.splitlines()]
        lines += [f"- en: {quoted(text.en)}", f"  {lang}: {quoted(said[text.en]) if text.en in said else ''}".rstrip()]
    if gone:
        lines += ["", "# no longer said"]
        lines += [line for en, told in gone.items() for line in (f"- en: {quoted(en)}", f"  {lang}: {quoted(told)}")]
    return "\n".join(lines) + "\n"
