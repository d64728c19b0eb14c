"""Hashes of the data a report depends on, by agency and wave, without reading what has not changed."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path

from csi_lib.errors import InputError
from csi_lib.study.keeping import state
from csi_lib.survey.files import find_files, imported_digests


class DataDigests:
    """What tells that the rows of an agency, wave and source are the same.

    A file of its own is hashed as it is. A file that holds several agencies is imported first (``csi import``), and
    each agency's rows are hashed, so that a change of one agency's answers is a change of that agency only. Both are
    done once for a state of the file, known by its size and time of change.

    Parameters
    ----------
    study, data : as for `read_survey`.
    known : digests of files by state, from and for the ledger.
    """

    def __init__(self, study, data: str | None, known: dict[str, str]):
        self.study, self.data, self.known = study, data, known
        self.fresh: dict[str, str] = {}
        self._waves: dict[tuple[str, int], dict[str, str] | str] = {}
        self._together: dict[tuple[str, int, str | None], str] = {}
        self._own: dict[tuple[str, int, str], str] = {}

    @cached_property
    def root(self) -> Path:
        return Path(self.data or self.study.path)

    def of(self, source: str, agency: str, year: int) -> str:
        """Digest of the rows of an agency in a wave; text that says what is wrong where they cannot be read. Of a family
        that is reported together, of all its members: what one of them shows decides what the others may show."""
        family = self.study.family(agency)
        if family is None:
            return self._one(source, agency, year)
        took_part = (m for m in self.study.members(family) if self.study.agency(m).took_part(year))
        return " ".join(self._one(source, m, year) for m in took_part)

    def _one(self, source: str, agency: str, year: int) -> str:
        if self._shared(source, year):
            found = self._wave(source, year)
            return found if isinstance(found, str) else found.get(agency, "no rows")
        key = source, year, agency
        if key not in self._own:
            try:
                files, _ = find_files(self.study, source, year, data=self.data, agency=agency)
            except InputError as error:
                self._own[key] = self._absent(error)
            else:
                self._own[key] = self._files(files)
        return self._own[key]

    def all(self, source: str, year: int, type: str | None = None) -> str:
        """Digest of a wave of all agencies, or of those of a type."""
        if (source, year, type) not in self._together:
            found = [
                self.of(source, a.id, year) for a in self.study.agencies if type in (None, a.type) and a.took_part(year)
            ]
            self._together[source, year, type] = hashlib.blake2s("/".join(found).encode(), digest_size=16).hexdigest()
        return self._together[source, year, type]

    def _shared(self, source: str, year: int) -> bool:
        """Whether respondents of several agencies stand in the same files."""
        settings = self.study.source(source)
        own = all("{agency}" in path for path in (settings.path.get(year) or ()))
        return settings.kind == "respondents" and not own and settings.agency.constant is None

    def _wave(self, source: str, year: int) -> dict[str, str] | str:
        if (source, year) not in self._waves:
            self._waves[source, year] = self._imported(source, year)
        return self._waves[source, year]

    def _imported(self, source: str, year: int) -> dict[str, str] | str:
        try:
            files, _ = find_files(self.study, source, year, data=self.data)
        except InputError as error:
            return self._absent(error)
        found = imported_digests(self.study, source, year, files)
        if found is None:
            from csi_lib.survey.importing import import_data

            try:
                import_data(self.study, data=self.data, sources=[source], years=[year])
            except (InputError, OSError):  # the agencies' own jobs will say what is wrong
                return self._files(files)
            found = imported_digests(self.study, source, year, files)
        return self._files(files) if found is None else found

    def _absent(self, error: InputError) -> str:
        """What was looked for, below the folder of the data: manifests name no folder of the machine."""
        place = str(error.where or "")
        for root in (self.root, Path(self.study.path)):
            place = place.removeprefix(f"{root}/")
        return f"absent: {place}"

    def _files(self, files: list[Path]) -> str:
        parts = []
        for path in files:
            seen = f"{path}/{state(path)}"
            digest = self.fresh.get(seen) or self.known.get(seen)
            if digest is None:
                with path.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()[:32]
            self.fresh[seen] = digest
            parts.append(f"{path.name} {digest}")
        return ", ".join(parts)


def received(study, out: Path, data: str | None) -> bool:
    """Whether ``intake.json`` is there and no file of answers was written after it."""
    kept = out / "intake.json"
    if not kept.exists():
        return False
    made = kept.stat().st_mtime_ns
    surveys = [name for name, s in study.sources.items() if s.is_survey and name in study.codebooks]
    for name in surveys:
        for year in study.years:
            try:
                files, _ = find_files(study, name, year, data=data)
            except InputError:
                continue  # no file, no receipt of it
            if any(file.stat().st_mtime_ns > made for file in files):
                return False
    return True
