"""What an extra of this distribution brings, and the command that installs it wherever the workbench came from."""

from __future__ import annotations

import re
from importlib import metadata

_NAME = "csi-workbench"


def requirements(extra: str) -> list[str]:
    """The libraries behind an extra, as pip takes them; those of extras it names in turn included."""
    try:
        lines = metadata.requires(_NAME) or []
    except metadata.PackageNotFoundError:  # run from a folder that was never installed
        return []
    found: list[str] = []
    for line in lines:
        what, _, marker = line.partition(";")
        if re.search(rf"extra\s*==\s*['\"]{re.escape(extra)}['\"]", marker):
            found.append(what.strip().replace(" ", ""))
    return found


def advice(*extras: str) -> str:
    """One sentence with a command that works: the workbench is on no index, its libraries are.

    Examples
    --------
    >>> advice("sign")
    "Install what the extra `sign` needs: pip install 'cryptography>=42'"
    """
    names = ", ".join(f"`{extra}`" for extra in extras)
    libraries = [f"'{line}'" for extra in extras for line in requirements(extra)]
    what = "the extra" if len(extras) == 1 else "the extras"
    verb = "needs" if len(extras) == 1 else "need"
    if not libraries:
        return f"Install the workbench with {what} {names}: pip install '.[{','.join(extras)}]' in its checkout"
    return f"Install what {what} {names} {verb}: pip install {' '.join(dict.fromkeys(libraries))}"
