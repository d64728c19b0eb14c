"""How much memory a run may take, and how much a process takes."""

from __future__ import annotations

import os
import re
from pathlib import Path

from csi_lib.errors import InputError
from csi_lib.study.limits import available

#: Bytes: what a worker needs beside its notebook, and the least a notebook must be left with.
WORKER, NOTEBOOK = 350 * 2**20, 500 * 2**20
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def parse_size(text: str) -> int:
    """``"8G"``, ``"1500 MB"`` or a number of bytes."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?\s*", str(text).lower())
    if not match:
        raise InputError("this is not an amount of memory", where="--memory", found=repr(text), expected="such as 8G")
    return int(float(match[1]) * _UNITS[match[2]])


def share(total: int | None, workers: int) -> tuple[int, int | None]:
    """How many of `workers` fit into `total` bytes, and the ceiling of each; without a total four fifths of what is free."""
    if total is None:
        free = available()
        if free is None:
            return workers, None
        total = free * 4 // 5
    least = WORKER + NOTEBOOK
    if total < least:
        raise InputError(
            "this is too little memory for a single worker",
            where="--memory",
            found=f"{total / 2**20:,.0f} MB",
            expected=f"at least {least / 2**20:,.0f} MB",
        )
    workers = max(1, min(workers, total // least))
    return workers, total // workers


def resident(pid: int) -> int:
    """Bytes of a process in memory; 0 where that cannot be seen."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def peak() -> int:
    """Bytes this process has had in memory at most; 0 where that cannot be seen.

    Not ``ru_maxrss``: after an exec that still holds the size of the process it was started from.
    """
    try:
        return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) * 1024
    except (OSError, TypeError):
        return 0
