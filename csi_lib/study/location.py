"""Where a study lies, and where its private cache may be written."""

from __future__ import annotations

import os
from pathlib import Path

from csi_lib.errors import InputError, nearest
from csi_lib.share import shared_path


def resolve_study(study: str | Path | None = None) -> Path:
    """The folder of a study.

    A path; else ``$CSI_STUDY``; else ``params/<study>`` in the working folder or any folder above it;
    else a bundled study. With neither a name nor ``$CSI_STUDY`` the working folder itself, if it is one.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.resolve_study("example").name
    'example'
    """
    if study is None:
        if named := os.environ.get("CSI_STUDY"):
            return resolve_study(named)
        here = Path.cwd()
        for folder in (here, *here.parents):
            if (folder / "study.yml").is_file():
                return folder
        raise InputError(
            "no study was named",
            expected="a folder with study.yml, or the name of a study",
            action=f"Bundled studies: {', '.join(bundled_studies()) or 'none'}.",
        )
    path = Path(study).expanduser()
    if path.name == "study.yml" and path.is_file():
        path = path.parent
    if (path / "study.yml").is_file():
        return path.resolve()
    if not path.is_absolute():
        for folder in (Path.cwd(), *Path.cwd().parents):
            if (folder / "params" / path / "study.yml").is_file():
                return (folder / "params" / path).resolve()
        if str(study) in bundled_studies():
            return shared_path("params", str(study)).resolve()
    if path.is_dir():
        raise InputError(
            "this folder is not a study: it has no study.yml",
            where=str(path),
            action="`csi new FOLDER` makes a study.",
        )
    known = _known_studies()
    near = nearest(path.name, known)
    raise InputError(
        "there is no such study",
        found=repr(str(study))[:120],
        expected=f"a folder with study.yml, or one of {', '.join(known) or 'none'}",
        action=f"Did you mean {near!r}?" if near else None,
    )


def bundled_studies() -> list[str]:
    """Names of the studies that ship with the package.

    Examples
    --------
    >>> import csi_lib
    >>> "example" in csi_lib.bundled_studies()
    True
    """
    try:
        root = shared_path("params")
    except FileNotFoundError:
        return []
    return sorted(folder.name for folder in root.iterdir() if (folder / "study.yml").is_file())


def _known_studies() -> list[str]:
    names = set(bundled_studies())
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "params").is_dir():
            names |= {f.name for f in (folder / "params").iterdir() if (f / "study.yml").is_file()}
    return sorted(names)


def cache_folder(study_path: Path) -> Path:
    """The study's private folder ``.csi`` (mode 0700), made when absent.

    An installed study may lie where nobody may write; its cache then lies in the user's cache folder.
    Whatever holds answers of single people goes here and nowhere else.
    """
    folder = Path(study_path) / ".csi"
    if not (folder.is_dir() and os.access(folder, os.W_OK)) and not os.access(study_path, os.W_OK):
        root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(root) / "csi" / Path(study_path).name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    return folder
