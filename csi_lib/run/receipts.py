"""The intake receipt of a round: every line and column of every file of answers, and the numbers that must agree."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from csi_lib.errors import InputError
from csi_lib.intake.receipt import FileReceipt, receipt_lines
from csi_lib.intake.sheets import Note
from csi_lib.intake.wave import CodedWave
from csi_lib.study.base import code_of, written
from csi_lib.study.study import Study, load_study
from csi_lib.survey.importing import imported_wave
from csi_lib.survey.reading import discards
from csi_lib.survey.waves import wave_of


@dataclass(frozen=True)
class WaveReceipt:
    """Receipt of one source and year.

    ``respondents``: agency → records used (later records of a respondent and rejected interviews are not).
    ``stated``: agency → complete interviews of the fieldwork log, where the study has one.
    ``new_codes``: column → codes that last wave's files did not have. ``error``: why the files cannot be read.
    """

    source: str
    year: int
    files: tuple[FileReceipt, ...] = ()
    notes: tuple[Note, ...] = ()
    respondents: dict[str, int] | None = None
    repeated: int = 0
    stated: dict[str, int] | None = None
    new_codes: dict[str, tuple[str, ...]] | None = None
    error: str | None = None

    @property
    def disagreeing(self) -> dict[str, tuple[int, int]]:
        """Agency → (records used, interviews stated), where they differ."""
        return {
            a: (self.respondents.get(a, 0), n)
            for a, n in (self.stated or {}).items()
            if self.respondents.get(a, 0) != n
        }

    @property
    def sound(self) -> bool:
        """Whether the files can be read, their lines add up and the numbers agree."""
        return self.error is None and all(f.balanced for f in self.files) and not self.disagreeing

    def as_dict(self) -> dict:
        return {
            "source": self.source,
            "year": self.year,
            "error": self.error,
            "files": [receipt.as_dict() for receipt in self.files],
            "notes": [
                {"kind": n.kind, "file": n.file, "column": n.column, "n": n.n, "ko": n.ko, "en": n.en}
                for n in self.notes
            ],
            "respondents": self.respondents,
            "repeated": self.repeated,
            "stated": self.stated,
            "agrees": None if self.stated is None else not self.disagreeing,
            "new_codes": None if self.new_codes is None else {c: list(codes) for c, codes in self.new_codes.items()},
        }

    def lines(self, lang: str = "en") -> list[str]:
        """The receipt as lines of text."""
        out = [f"{self.source} {self.year}"]
        if self.error:
            return [*out, f"  {self.error}"]
        for receipt in self.files:
            out += [f"  {line}" for line in receipt_lines(receipt, lang)]
        out += [
            f"  note: {note.file}{', ' + note.column if note.column else ''}: {note.text(lang)}" for note in self.notes
        ]
        if self.repeated:
            out.append(f"  respondents met again (left out): {self.repeated}")
        out.append("  respondents used: " + ", ".join(f"{a} {n}" for a, n in self.respondents.items()))
        if self.stated is not None:
            differing = ", ".join(f"{a}: {n} read, {said} stated" for a, (n, said) in self.disagreeing.items())
            out.append(f"  against the fieldwork log: {differing or 'agrees'}")
        if self.new_codes:
            out.append(
                "  codes new in this wave: " + "; ".join(f"{c}: {', '.join(v)}" for c, v in self.new_codes.items())
            )
        return out


def intake_receipts(
    study: Study | str | Path,
    *,
    data: str | Path | None = None,
    agencies: Sequence[str] | None = None,
    years: Sequence[int] | None = None,
) -> list[WaveReceipt]:
    """Receipts of every source of answers and wave, in the order of the study. A wave that cannot be read says why."""
    study = load_study(study)
    chosen = [study.agency(a).id for a in agencies] if agencies else None
    wanted = [int(y) for y in years if study.wave(y)] if years else list(study.years)
    found = []
    for source, declared in study.sources.items():
        if not declared.is_survey or source not in study.codebooks:
            continue
        before: CodedWave | None = None
        for year in study.years:
            if not declared.paths(year):
                continue
            try:
                wave = imported_wave(study, source, year, data=data) or wave_of(study, source, year, data=data)
            except InputError as error:
                before = None
                if year in wanted:
                    found.append(WaveReceipt(source, year, error=str(error)))
                continue
            if year in wanted:
                found.append(_receipt(study, source, year, wave, before, chosen, data))
            before = wave
    return found


def _receipt(
    study: Study, source: str, year: int, wave: CodedWave, before: CodedWave | None, chosen, data
) -> WaveReceipt:
    used = ~wave.later & ~discards(wave, study.sources[source])
    counts = wave.frame["agency"][used].value_counts(sort=False)
    respondents = {a.id: int(counts.get(a.id, 0)) for a in study.agencies if chosen is None or a.id in chosen}
    respondents = {a: n for a, n in respondents.items() if n or chosen}
    new = None if before is None else _new_codes(before, wave)
    stated = _stated(study, source, year, respondents, data)
    return WaveReceipt(source, year, wave.receipts, wave.notes, respondents, int(np.sum(wave.later)), stated, new)


def _new_codes(before: CodedWave, wave: CodedWave) -> dict[str, tuple[str, ...]]:
    """Undeclared codes of columns that both waves have; a column without codes before was not asked then."""
    old, new = before.codes or {}, {}
    for name, codes in (wave.codes or {}).items():
        column = wave.codebook.columns[name]
        scale = wave.codebook.scales.get(column.scale) if column.scale else None
        declared = {written(code) for code in before.codebook.columns[name].labels}
        held = lambda code, scale=scale: (
            scale is not None and not isinstance(n := code_of(code), str) and scale.holds(n)
        )
        if old.get(name):
            new[name] = tuple(c for c in codes if c not in old[name] and c not in declared and not held(c))
    return {c: codes for c, codes in new.items() if codes}


def _stated(study: Study, source: str, year: int, respondents, data) -> dict[str, int] | None:
    """Complete interviews of the log of contacts, agency by agency; None without a log of this source."""
    if "fieldwork" not in study.extensions:
        return None
    from csi_lib.chapters.fieldwork.compute import read_log
    from csi_lib.evaluation.systems import system_file

    file = system_file(study, "fieldwork")
    if file.of != source:
        return None
    stated = {}
    for agency in respondents:
        if study.source(file.source).covers(agency, year):
            try:
                stated[agency] = len(read_log(study, file, agency, year, data=data).complete)
            except InputError:
                continue  # what is wrong with the log is said by `csi check`
    return stated or None


def write_intake(study: Study, out: Path, data: str | Path | None) -> None:
    """``intake.json`` of a round: the receipts of all its waves."""
    text = json.dumps(
        [r.as_dict() for r in intake_receipts(study, data=data)], ensure_ascii=False, indent=1, default=int
    )
    part = out / f".intake.json.{os.getpid()}"
    part.write_text(text, encoding="utf-8")
    part.replace(out / "intake.json")
