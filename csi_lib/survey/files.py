"""Which files hold a source and wave, and what tells that they are the same; reads none of them.

A run with nothing to do asks this of every job, so nothing here imports pandas.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from csi_lib.errors import InputError, nearest
from csi_lib.study.keeping import SUFFIX, intact, kept, state
from csi_lib.study.limits import DATA, plain_file
from csi_lib.study.location import cache_folder
from csi_lib.study.source import Source
from csi_lib.study.stand_in import stand_in
from csi_lib.study.study import Study

#: what is noted of an import: how to read it, and the hashes of the agencies' rows
NOTE, DIGESTS = f"note{SUFFIX}", f"digests{SUFFIX}"
#: raise when the simulation gives other data for the same declaration
SIMULATION_EDITION = 1


def simulated_folder(study: Study) -> Path:
    """Where the study's simulated stand-in data lie once made; the name changes with all they depend on."""
    depends = (
        SIMULATION_EDITION,
        study.simulate,
        study.sources,
        study.codebooks,
        study.years,
        [(a.id, a.years) for a in study.agencies],
    )
    return cache_folder(study.path) / f"simulated-{hashlib.sha256(repr(depends).encode()).hexdigest()[:16]}"


def find_files(
    study: Study, source: str, year: int, *, data: str | Path | None = None, agency: str | None = None
) -> tuple[list[Path], bool]:
    """The files of a source and year, and whether they are simulated.

    `data` is the folder the paths are relative to; else the study's own folder. Only when none of the
    study's years has a file there, and the study declares a simulated stand-in, is the stand-in used.
    """
    settings = study.source(source)
    study.wave(year)
    if data is not None:
        root = Path(data).expanduser()
        if not root.is_dir():
            raise InputError("the data folder does not exist", where=str(data))
        return _existing(study, settings, source, root, year, agency), False
    root = study.path
    simulated = study.simulate is not None and source in study.simulate.sources
    if simulated and not any(_is_there(root, p) for y in study.years for p in settings.paths(y)):
        folder = simulated_folder(study)
        if not intact(folder):
            stand_in(study)
        return _existing(study, settings, source, folder, year, agency), True
    return _existing(study, settings, source, root, year, agency), False


def wave_key(study: Study, source: str, year: int, files: list[Path]) -> tuple:
    """Changes when anything changes on which the coded rows depend."""
    declared = repr(
        (
            study.sources[source],
            study.codebook(source),
            [a.id for a in study.agencies],
            [a.merged_from for a in study.agencies],
        )
    )
    stats = tuple((str(f), state(f)) for f in files)
    return source, year, hashlib.sha256(declared.encode()).hexdigest(), stats


def import_folder(study: Study, source: str, year: int) -> Path:
    """Where imported data of a source and year lies, inside the study's private folder."""
    return cache_folder(study.path) / "import" / source / str(year)


def _existing(study, settings: Source, source: str, root: Path, year: int, agency) -> list[Path]:
    templates = settings.paths(year, agency)
    if not templates:
        raise InputError(
            f"no file is declared for the year {year}",
            where=f"study {study.id!r}, source {source!r}",
            action="Add the year under 'path' in study.yml.",
        )
    found = []
    for template in templates:
        matches = _matches(root, template)
        if not matches:
            if "*" not in template and (root / template).exists():
                plain_file(root / template, most=DATA)  # says what it is, if not a file
            folder = (root / template).parent
            near = nearest(Path(template).name, [f.name for f in folder.iterdir()] if folder.is_dir() else [])
            raise InputError(
                f"the data file of the year {year} does not exist",
                where=str(root / template),
                action=f"Did you mean {near!r}?"
                if near
                else "Put it there, correct 'path' in study.yml, or name the data folder (--data).",
            )
        found += [match for match in matches if match not in found]
    return found


def _is_there(root: Path, template: str) -> bool:
    if "*" not in template:
        return (root / template).is_file()
    return any(p.is_file() for p in root.glob(template))


def _matches(root: Path, template: str) -> list[Path]:
    path = root / template
    if "*" in template:
        # a spreadsheet program leaves files named ~$… beside those it has open
        return sorted(p for p in root.glob(template) if p.is_file() and not p.name.startswith(("~$", ".")))
    return [path] if path.is_file() else []


def key_text(key: tuple) -> str:
    """A `wave_key` as it is written beside an import."""
    return json.dumps(key, default=str)


def imported_digests(study: Study, source: str, year: int, files: list[Path]) -> dict[str, str] | None:
    """Agency → hash of its imported rows; None where there is no import or `files` have changed since."""
    found = kept(import_folder(study, source, year) / DIGESTS)
    return found[1] if found is not None and found[0] == key_text(wave_key(study, source, year, files)) else None
