"""`draft_study`: from the files of a survey to a study that runs."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from csi_lib.draft.drift import drift_rows, origin_rows
from csi_lib.draft.files import Given, read_files
from csi_lib.draft.proposal import propose
from csi_lib.draft.writing import Writer, this_year
from csi_lib.errors import InputError
from csi_lib.study.schema import write_schemas


@dataclass(frozen=True)
class DraftReport:
    """What was drafted: the folder, how many columns of each role, how many guesses, and what was noticed."""

    folder: Path
    roles: dict[str, int]
    guesses: int
    notes: tuple[str, ...]
    years: tuple[int, ...]
    bodies: int
    respondents: int


def draft_study(
    folder: str | Path,
    files: Sequence[str | Path],
    *,
    year: int | None = None,
    agency: str | None = None,
    title: str | None = None,
) -> DraftReport:
    """Write a commented study into `folder` from the answers of a survey, ready to be checked and run.

    Parameters
    ----------
    folder : new or empty.
    files : answers (.csv .xlsx .sav .parquet, Triple-S), several waves or bodies together, and the questionnaires beside
        them (.qsf, .lss, XLSForm).
    year : the wave, where neither the file's name nor its dates say it.
    agency : name of the one body the answers are about.
    title : of the study; default the folder's name.

    Returns
    -------
    DraftReport

    Raises
    ------
    InputError
        A folder that is not empty; a file that cannot be read or holds no question.

    Notes
    -----
    Every column of every file appears in ``codebook.yml``; columns that point to a person have the role id or contact and
    are never read. ``drift.csv`` says which column of which file asks each question.
    """
    folder = Path(folder).expanduser()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("this folder is not empty", where=str(folder), action="Name a folder that does not exist yet.")
    given = read_files([Path(f).expanduser() for f in files])
    given, reason = _with_years(given, year)
    draft = propose(given)
    if draft.year is not None and len(given) == 1 and year is None:
        years = sorted(int(v) for v in draft.year.concept.counts.index)
        reason = f"the values of {draft.year.concept.name!r}"
        if len(years) == 1:
            given = [replace(given[0], year=years[0])]
            draft.year = None
    else:
        draft.year = None
        years = sorted({g.year for g in given})
    folder.mkdir(parents=True, exist_ok=True)
    writer = Writer(draft, given, folder, title=title or folder.name, years=years, guessed_year=reason)
    paths = writer.write_data()
    bodies, line = writer.agencies(agency)
    write = lambda name, text: (folder / name).write_text(text, encoding="utf-8")
    texts = {"codebook.yml": writer.codebook(), "agencies.yml": bodies, "study.yml": writer.study(paths, line)}
    if (model := writer.model()) is not None:
        texts["model.yml"] = model
    if (voice := writer.voice()) is not None:
        texts["voice.yml"] = voice
    for name, text in texts.items():
        write(name, text)
    write("origin.csv", origin_rows(given))
    with (folder / "drift.csv").open("w", encoding="utf-8-sig", newline="") as out:
        csv.writer(out).writerows(drift_rows(draft, given, years))
    (folder / ".gitignore").write_text("/data/\n/.csi/\n/out/\n/lab/\n.ipynb_checkpoints/\n", encoding="utf-8")
    write_schemas(folder / ".schema")
    guesses = sum(text.count(" # guess") for text in texts.values())
    roles = Counter(c.role for c in draft.columns)
    notes = list(dict.fromkeys(draft.notes))
    common = [
        c for c in draft.of_role("item", "single", "multiple", "rank", "number") if len(c.concept.columns) == len(given)
    ]
    if len(given) > 1 and not common:
        notes.append("the files share no question: nothing can be compared between them (see drift.csv)")
    return DraftReport(
        folder, dict(roles), guesses, tuple(notes), tuple(years), bodies.count("- {id:"), sum(g.sheet.n for g in given)
    )


def _with_years(given: list[Given], year: int | None) -> tuple[list[Given], str]:
    """The sheets in the order of their years; a sheet of which nothing says the year takes `year`, or this year."""
    unknown = [g for g in given if g.year is None]
    if year is not None and (unknown or len(given) == 1):
        given = [replace(g, year=year) if g.year is None or len(given) == 1 else g for g in given]
        reasons = ["as given"]
    elif unknown:
        given = [replace(g, year=this_year()) if g.year is None else g for g in given]
        reasons = [f"no year is in the name or the dates of {unknown[0].sheet.file.name}: this year is taken"]
    else:
        reasons = list(dict.fromkeys(g.year_reason for g in given))
    if year is None and unknown and len(given) > 1:
        parts = len({g.year for g in given}) < len(given)
        given = [
            replace(g, part=g.part or (g.sheet.sheet or g.sheet.file.stem))
            if parts and not any(x.part for x in given)
            else g
            for g in given
        ]
    return sorted(given, key=lambda g: (g.year, g.part)), "; ".join(reasons)
