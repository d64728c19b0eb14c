"""Reading back what a run produced."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from csi_lib.errors import InputError


def load_results(out: str | Path, *, restricted: bool = False) -> pd.DataFrame:
    """All numbers of all reports under `out` as one frame with the results columns.

    `restricted` reads the restricted edition instead of the public one. A number shown in several reports has one
    row for each. Raises InputError when no report is there.

    Examples
    --------
    >>> import csi_lib
    >>> try:
    ...     csi_lib.load_results("nowhere")
    ... except csi_lib.InputError as error:
    ...     print(type(error).__name__)
    InputError
    """
    base = Path(out) / "restricted" if restricted else Path(out)
    found = ((p.parts[len(base.parts)], p) for p in base.glob("*/*/results.parquet"))
    files = sorted(p for top, p in found if top != "restricted" and not top.startswith("."))
    if not files:
        raise InputError("no reports are in this folder", where=str(base), action="Run csi run first")
    return pd.concat([pd.read_parquet(p) for p in files], ignore_index=True)
