"""The studies on the desk: which there are, their files, and saving one without losing anybody's work.

What a browser names is looked up among what is there and never joined to a path.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

from csi_lib.errors import InputError
from csi_lib.study.study import Study, load_study

#: files of a study that a person edits as text
EDITABLE = (".yml", ".yaml")
#: respondent and record files that may be put into a study's data folder
DATA = (".sav", ".zsav", ".xlsx", ".xls", ".csv", ".tsv", ".txt", ".parquet", ".qsf", ".lss", ".sss", ".xml", ".asc")
#: beyond this a file of a study is data, not settings, and is not copied to try a change
_SETTINGS_SIZE = 5_000_000


class NotHere(LookupError):
    """What was asked for is not on the desk."""


class Conflict(Exception):
    """Somebody else saved the file in the meantime; `theirs` is what stands there now."""

    def __init__(self, theirs: str):
        super().__init__("the file was changed in the meantime")
        self.theirs = theirs


@dataclass(frozen=True)
class Desk:
    """Studies below `root` (itself one, or a folder of them), their reports below `out`."""

    root: Path
    out: Path
    _saving: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @classmethod
    def at(cls, folder: str | Path, out: str | Path | None = None) -> Desk:
        root = Path(folder).expanduser().resolve()
        if not root.is_dir():
            raise InputError("there is no such folder", where="csi serve", found=str(root))
        base = root.parent if (root / "study.yml").is_file() else root
        return cls(root, Path(out).expanduser().resolve() if out else base / "out")

    def folders(self) -> dict[str, Path]:
        """Name → folder of every study here."""
        if (self.root / "study.yml").is_file():
            return {self.root.name: self.root}
        places = [self.root, self.root / "params"]
        found = (p for place in places if place.is_dir() for p in sorted(place.iterdir()))
        return {p.name: p for p in found if p.is_dir() and not p.is_symlink() and (p / "study.yml").is_file()}

    def folder(self, name: str) -> Path:
        try:
            return self.folders()[name]
        except KeyError:
            raise NotHere(name) from None

    def out_of(self, name: str) -> Path:
        """Where the study's reports are published."""
        return self.out / self.folder(name).name

    def study(self, name: str) -> Study:
        return load_study(self.folder(name))

    # ------------------------------------------------------------------ settings files
    def files(self, name: str) -> dict[str, Path]:
        """The study's YAML files by name."""
        folder = self.folder(name)
        return {
            p.name: p for p in sorted(folder.iterdir()) if p.suffix in EDITABLE and p.is_file() and not p.is_symlink()
        }

    def file(self, name: str, file: str) -> Path:
        try:
            return self.files(name)[file]
        except KeyError:
            raise NotHere(file) from None

    def save(self, name: str, file: str, text: str, version: str) -> None:
        """Replace one file of the study, if the study can still be read with it and nobody saved in between.

        Raises
        ------
        Conflict : the file is not in the `version` that was edited; nothing is written.
        InputError : the study cannot be read with the new text (file, line, what to do); nothing is written.
        """
        path = self.file(name, file)
        data = text.replace("\r\n", "\n").encode()
        with self._saving:
            now = path.read_bytes()
            if version_of(now) != version:
                raise Conflict(now.decode("utf-8-sig", "replace"))
            _try_out(path, data)
            part = path.with_name(f".{path.name}.part")
            part.write_bytes(data)
            shutil.copymode(path, part)
            part.replace(path)

    # ------------------------------------------------------------------ data files
    def receive(self, name: str, file: str, content) -> Path:
        """Put an uploaded file into the study's ``data/``; one that is there is never overwritten."""
        return place(self.folder(name) / "data", file, content)

    def stamp(self, name: str) -> str:
        """Changes when a file of the study or of its data does."""
        folder, digest = self.folder(name), hashlib.sha256()
        for path in sorted([*folder.glob("*"), *folder.glob("data/**/*"), *folder.glob("chapters/*")]):
            if path.is_file():
                state = path.stat()
                digest.update(f"{path.relative_to(folder)} {state.st_size} {state.st_mtime_ns}\n".encode())
        return digest.hexdigest()[:16]


def place(folder: Path, file: str, content) -> Path:
    """Write what `content` (a binary file) holds under the plain name of `file` in `folder`; InputError when it cannot be."""
    plain = os.path.basename(file.replace("\\", "/")).strip()
    if not plain or plain.startswith(".") or Path(plain).suffix.lower() not in DATA:
        raise InputError("this is no data file", found=repr(plain)[:80], expected=", ".join(DATA))
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / plain
    try:
        with target.open("xb") as to:
            shutil.copyfileobj(content, to)
    except FileExistsError:
        raise InputError("a file of this name is there already", found=plain, action="Rename yours, or remove the old one first.") from None  # fmt: skip
    target.chmod(0o600)
    return target


def version_of(data: bytes) -> str:
    """Tells one state of a file from another."""
    return hashlib.sha256(data).hexdigest()[:24]


def _try_out(path: Path, data: bytes) -> None:
    """Load the study with the new text, in a copy of its settings."""
    with tempfile.TemporaryDirectory(prefix="csi-serve-") as scratch:
        copy = Path(scratch) / path.parent.name
        copy.mkdir()
        for other in path.parent.iterdir():
            if other.is_file() and not other.is_symlink() and other.stat().st_size < _SETTINGS_SIZE:
                shutil.copyfile(other, copy / other.name)
        (copy / path.name).write_bytes(data)
        try:
            load_study(copy)
        except InputError as error:
            raise _told(error, f"{copy}{os.sep}") from None


def _told(error: InputError, scratch: str) -> InputError:
    """The same error without the scratch folder in its places."""
    parts = getattr(error, "errors", (error,))
    words = "\n".join(str(part).replace(scratch, "") for part in parts)
    return InputError(words)
