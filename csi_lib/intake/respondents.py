"""Who a record is: ids as they are written, met again within a file, across files, or spoilt on the way."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.intake.sheets import Note
from csi_lib.intake.table import Table
from csi_lib.study.codebook import Codebook

_SHORTENED = re.compile(r"[0-9](\.[0-9]+)?[eE]\+?[0-9]+")


def id_notes(table: Table, codebook: Codebook) -> list[Note]:
    """Ids of which a spreadsheet has kept fifteen digits, or only the power of ten."""
    notes = []
    for name in codebook.of_role("id"):
        if name not in table.cells:
            continue
        texts = table.cells[name].texts
        short = [t for t in texts if _SHORTENED.fullmatch(t)]
        long = (
            [t for t in texts if t.isdigit() and len(t) > 15 and t.endswith("0")]
            if table.receipt.kind in ("workbook", "sav")
            else []
        )
        if short or (long and len(long) == len(texts)):
            n = len(short or long)
            notes.append(Note("lost", f"응답자 번호 {n}개는 스프레드시트를 거치며 자릿수를 잃었다.",
                              f"{n} respondent id(s) have lost digits in a spreadsheet", n, name))  # fmt: skip
    return notes


def refuse_shortened(ids: list[np.ndarray], later: np.ndarray, kinds: set[str], files: list[Path]) -> None:
    """Ids that a program has kept as numbers (2.02E+16, or fifteen digits and zeros) are no ids: two people may share one."""
    if len(ids) != 1 or not later.any():
        return
    lost = np.array([_digits_lost(text, kinds) for text in ids[0][later]], bool)
    if lost.any():
        raise InputError(
            "respondent ids have lost their digits, and stand more than once",
            where=", ".join(str(f) for f in files),
            found=f"{int(lost.sum())} record(s) with an id that was kept as a number (such as 2.02E+16)",
            action="Export the file again without opening it in a spreadsheet program, or with the ids as text.",
        )


def _digits_lost(text: str, kinds: set[str]) -> bool:
    long = text.isdigit() and len(text) > 15
    in_sheet, in_sav = "workbook" in kinds and text.endswith("0"), "sav" in kinds
    return bool(_SHORTENED.fullmatch(text)) or (long and (in_sheet or in_sav))


def refuse_copies(read: list) -> None:
    """The same bytes twice are one file: without ids nothing else would tell."""
    seen: dict[str, Path] = {}
    for file, part, ids in read:
        digest = part.receipts[0].hash
        if digest in seen and not ids:
            raise InputError("two files of one wave are the same", where=str(file), found=f"a copy of {seen[digest].name}",
                             action="Remove one, or write 'path' so that it names each file once.")  # fmt: skip
        seen.setdefault(digest, file)


def met_before(ids: list[np.ndarray], agencies: np.ndarray) -> np.ndarray:
    """Marks second and further records with the same respondent id in the same agency."""
    if not ids:
        return np.zeros(len(agencies), bool)
    keys = pd.DataFrame(dict(enumerate(ids)))
    blank = (keys == "").all(axis=1)
    return (keys.assign(agency=agencies).duplicated() & ~blank).to_numpy()
