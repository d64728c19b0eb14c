"""Large data: coded once into Parquet, one file per agency, inside the study's private folder.

Nothing here holds an identifier or a contact; the folder is ``.csi/import`` with mode 0700. Reading
prefers the imported rows while source files, codebook and settings are those of the import, and the files are as the
import wrote them: the hash of each stands in a sealed note (`csi_lib.study.keeping`).
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from csi_lib.errors import InputError
from csi_lib.intake.receipt import FileReceipt
from csi_lib.intake.sheets import Note
from csi_lib.intake.wave import CodedWave
from csi_lib.study.base import Label
from csi_lib.study.codebook import Codebook
from csi_lib.study.keeping import keep, kept
from csi_lib.study.study import Study, load_study
from csi_lib.survey.files import DIGESTS, NOTE, find_files, import_folder, key_text, wave_key
from csi_lib.survey.waves import wave_of

_STATUS, _LATER, _ROW, _POSITION = "status:", "meta:later", "meta:file_row", "meta:position"


def import_data(
    study: Study | str | Path,
    *,
    data: str | Path | None = None,
    sources: list[str] | None = None,
    years: list[int] | None = None,
) -> pd.DataFrame:
    """Write the respondent sources of a study as Parquet, one file per agency and year.

    Returns a frame with one row per file: ``source year agency n``. Undeclared answers and duplicates are
    kept, marked, and judged when an agency is read, exactly as without an import.
    """
    study = load_study(study)
    names = sources or [n for n, s in study.sources.items() if s.is_survey]
    written = []
    for source in names:
        for year in years or [y for y in study.years if study.sources[source].paths(y)]:
            files, _ = find_files(study, source, year, data=data)
            wave = wave_of(study, source, year, data=data)
            _write(wave, import_folder(study, source, year), wave_key(study, source, year, files))
            counts = wave.frame["agency"].value_counts(sort=False)
            written += [(source, year, agency, int(n)) for agency, n in counts.items()]
    return pd.DataFrame(written, columns=["source", "year", "agency", "n"])


def imported_wave(study: Study, source: str, year: int, *, data=None, agency: str | None = None) -> CodedWave | None:
    """The imported rows of an agency (None = all), when there is an import that is still current."""
    folder = import_folder(study, source, year) if _has_import(study, source, year) else None
    found = kept(folder / NOTE) if folder is not None else None
    if found is None:
        return None
    key, note = found
    try:
        files, simulated = find_files(study, source, year, data=data)
    except InputError:
        return None
    if key != key_text(wave_key(study, source, year, files)):
        return None
    wanted = [agency] if agency else sorted(note["hashes"])
    tables = [_intact(folder / f"{name}.parquet", note["hashes"].get(name)) for name in wanted]
    if any(table is None for table in tables):
        disown(folder)
        return None
    return _read(tables, note, study.codebook(source), simulated)


def _intact(path: Path, digest: str | None) -> pd.DataFrame | None:
    """The rows of a file, if they are those that were imported."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return pd.read_parquet(io.BytesIO(data)) if hashlib.sha256(data).hexdigest() == digest else None


def disown(folder: Path) -> None:
    """An import that was damaged or altered is none: the source files are read, and the next run imports them again."""
    for name in (NOTE, DIGESTS):
        (folder / name).unlink(missing_ok=True)


def _has_import(study: Study, source: str, year: int) -> bool:
    return any((root / "import" / source / str(year)).is_dir() for root in _private_folders(study))


def _private_folders(study: Study):
    from csi_lib.study.location import cache_folder

    yield study.path / ".csi"
    if not (study.path / ".csi").is_dir():
        yield cache_folder(study.path)


def _write(wave: CodedWave, folder: Path, key: tuple) -> None:
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    status = wave.status.add_prefix(_STATUS)
    whole = pd.concat([wave.frame, status], axis=1)
    whole[_LATER], whole[_ROW] = wave.later, wave.file_rows
    whole[_POSITION] = range(len(whole))
    hashes: dict[str, str] = {}
    for agency, rows in whole.groupby("agency", sort=False):
        place = fresh / f"{agency}.parquet"
        rows.to_parquet(place, index=False)
        hashes[str(agency)] = hashlib.sha256(place.read_bytes()).hexdigest()
    undeclared = wave.undeclared.assign(value=wave.undeclared["value"].map(str))
    categories = {
        name: wave.frame[name].cat.categories.tolist()
        for name in wave.frame
        if isinstance(wave.frame[name].dtype, pd.CategoricalDtype)
    }
    labels = {
        name: [
            [code, wave.codebook.columns[name].labels[code].model_dump()]
            for code in codes
            if code in wave.codebook.columns[name].labels
        ]
        for name, codes in categories.items()
    }
    note = {
        "hashes": hashes,
        "files": list(wave.files),
        "unanswered": wave.unanswered,
        "categories": categories,
        "labels": labels,
        "undeclared": undeclared.to_dict("list"),
        "receipts": [receipt.as_dict() for receipt in wave.receipts],
        "notes": [asdict(note) for note in wave.notes],
        "codes": wave.codes or {},
    }
    keep(fresh / NOTE, key_text(key), json.loads(json.dumps(note, default=int)))
    digests = _digests(whole, {k: note[k] for k in ("unanswered", "categories", "labels")})
    keep(fresh / DIGESTS, key_text(key), digests)
    old = fresh.with_name(f"{fresh.name}-old")
    try:
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
    except OSError:  # another process has imported the same files meanwhile
        shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def _digests(whole: pd.DataFrame, common: dict) -> dict[str, str]:
    """Hash of every agency's rows and of what they share; where in the file a row stands does not matter."""
    rows = pd.util.hash_pandas_object(whole.drop(columns=[_ROW, _POSITION]), index=False).to_numpy()
    shared = json.dumps(common, ensure_ascii=False, default=int).encode()
    return {
        str(agency): hashlib.blake2s(shared + rows[at].tobytes(), digest_size=16).hexdigest()
        for agency, at in whole.groupby("agency", sort=False).indices.items()
    }


def _read(tables: list[pd.DataFrame], note: dict, codebook: Codebook, simulated: bool) -> CodedWave:
    whole = pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0]
    whole = whole.sort_values(_POSITION, kind="stable", ignore_index=True)
    positions = {p: index for index, p in enumerate(whole[_POSITION])}
    undeclared = pd.DataFrame(note["undeclared"], columns=["row", "file_row", "column", "value"])
    undeclared = undeclared[undeclared["row"].isin(positions)]
    undeclared = undeclared.assign(row=undeclared["row"].map(positions)).reset_index(drop=True)
    status = whole[[c for c in whole if c.startswith(_STATUS)]].rename(columns=lambda c: c[len(_STATUS) :])
    frame = whole[[c for c in whole if not c.startswith((_STATUS, "meta:"))]].copy()
    for name, codes in note["categories"].items():
        frame[name] = pd.Categorical(frame[name].astype(object), categories=codes)
    columns = dict(codebook.columns)
    for name, found in note["labels"].items():
        labels = {code: Label(**label) for code, label in found}
        columns[name] = columns[name].model_copy(update={"labels": labels})
    book = codebook.model_copy(update={"columns": columns})
    return CodedWave(
        frame,
        status,
        whole[_LATER].to_numpy(bool),
        whole[_ROW].to_numpy(),
        undeclared,
        book,
        tuple(note["files"]),
        simulated,
        tuple(note["unanswered"]),
        tuple(FileReceipt.from_dict(receipt) for receipt in note["receipts"]),
        tuple(Note(**one) for one in note["notes"]),
        {name: tuple(codes) for name, codes in note["codes"].items()},
    )
