"""Files of the private cache: what is read back is what this user's own runs have written, or it is made again.

A cache may be damaged, altered, left by another version, or arrive with a folder that somebody sent. So every file is
sealed: a keyed BLAKE2 over its name, the key of what it holds and its content, with a secret that lies outside all studies
(``$XDG_STATE_HOME/csi/seal.key``, mode 0600). What has no such seal is no error and no result; it is computed anew. Values are
packed (`packing`), never pickled: reading one runs nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from csi_lib.study.packing import Unpackable, pack, unpack

_MAGIC, _SEAL, _HEAD = b"csi kept 1\n", 32, 64  # the content begins where arrays may
SUFFIX = ".kept"
#: the note on the files of a folder
FILES = f"files{SUFFIX}"


def keep(place: Path, key: object, value: object) -> None:
    """Write `value` under `key` to `place`, whole or not at all, readable by this user only."""
    write(place, pack((key, value)))


def write(place: Path, packed: bytes) -> None:
    """`keep` for what has been packed elsewhere, as (key, value)."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, part = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write((_MAGIC + seal(place.name.encode(), packed)).ljust(_HEAD, b"\0") + packed)
        os.replace(part, place)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise


def kept(place: Path | None):
    """(key, value) of a file that `keep` has written; None where there is none, or none that can be believed."""
    found = sealed(place)
    if found is None:
        return None
    try:
        key, value = unpack(found)
    except (Unpackable, ValueError, TypeError):
        return None
    return key, value


def sealed(place: Path | None) -> memoryview | None:
    """The packed content of a kept file; None unless its seal is ours."""
    if place is None:
        return None
    try:
        with open(place, "rb") as file:
            data = bytearray(os.fstat(file.fileno()).st_size)
            size = file.readinto(data)
    except OSError:
        return None
    view = memoryview(data)[:size]
    head, content = bytes(view[:_HEAD]), view[_HEAD:]
    if not head.startswith(_MAGIC):
        return None
    found = head[len(_MAGIC) : len(_MAGIC) + _SEAL]
    return content if hmac.compare_digest(seal(place.name.encode(), content), found) else None


def seal(*parts: bytes | memoryview) -> bytes:
    """What only this user can write under these bytes: 32 of them."""
    digest = hashlib.blake2b(key=_secret(), digest_size=_SEAL)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()


def state(place: Path) -> str | None:
    """What tells a file from itself after a change, without reading it; None where there is none. The time of the last
    change of the inode is part of it: unlike the time of modification no program sets it back."""
    try:
        stat = place.stat()
    except OSError:
        return None
    return f"{stat.st_ino}/{stat.st_size}/{stat.st_mtime_ns}/{stat.st_ctime_ns}"


def made_folder(folder: Path, make: Callable[[Path], object]) -> Path:
    """A folder of the private cache, made by `make(empty folder)` when it is absent or its files are no longer those that were
    made. Its name, ``<kind>-<digest>``, carries a digest of all it depends on: others of its kind are outdated and go.
    Processes that make it at once make the same, and one of them is kept."""
    if intact(folder):
        return folder
    fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    aside = fresh.with_name(f"{fresh.name}-old")
    try:
        make(fresh)
        files = [p for p in sorted(fresh.rglob("*")) if p.is_file()]
        keep(fresh / FILES, None, {str(p.relative_to(fresh)): (state(p), _sha256(p)) for p in files})
        with contextlib.suppress(OSError):
            folder.rename(aside)
        with contextlib.suppress(OSError):  # another process was first, with the same files
            fresh.rename(folder)
    finally:
        for left in (fresh, aside):
            shutil.rmtree(left, ignore_errors=True)
    for outdated in folder.parent.glob(f"{folder.name.rpartition('-')[0]}-*"):
        if outdated != folder:
            shutil.rmtree(outdated, ignore_errors=True)
    return folder


def intact(folder: Path) -> bool:
    """Whether the files of a folder are those that `made_folder` has noted."""
    found = kept(folder / FILES)
    if found is None:
        return False
    for name, (known, digest) in found[1].items():
        now = state(folder / name)
        if now is None or (now != known and _sha256(folder / name) != digest):
            return False
    return True


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=1)
def _secret() -> bytes:
    places = (_state_home() / "csi", Path(tempfile.gettempdir()) / f"csi-{_user()}")
    for folder in places:  # a home that cannot be written has its secret in the machine's temporary folder
        with contextlib.suppress(OSError):
            return _secret_in(folder)
    return secrets.token_bytes(_SEAL)  # nothing is believed beyond this process


def _secret_in(folder: Path) -> bytes:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = folder.lstat()
    if hasattr(os, "getuid") and owner.st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to another user")
    place = folder / "seal.key"
    for _ in range(2):
        with contextlib.suppress(FileNotFoundError):
            known = place.read_bytes()
            if len(known) == _SEAL:
                return known
        handle, part = tempfile.mkstemp(dir=folder, prefix=".seal-")
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_SEAL))
        try:
            if place.exists():  # of another length: none
                os.replace(part, place)
            else:
                os.link(part, place)  # two runs that begin at once agree on one
        except FileExistsError:
            pass
        finally:
            with contextlib.suppress(OSError):
                os.unlink(part)
    return place.read_bytes()


def _state_home() -> Path:
    named = os.environ.get("XDG_STATE_HOME")
    try:
        return Path(named) if named else Path.home() / ".local" / "state"
    except RuntimeError:  # a user without a home
        return Path(tempfile.gettempdir()) / f"csi-{_user()}"


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")


__all__ = ["FILES", "SUFFIX", "intact", "keep", "kept", "made_folder", "seal", "sealed", "state", "write"]
