"""The coded wave of a source and year, from the files in which it lies."""

from __future__ import annotations

from pathlib import Path

from csi_lib.intake.wave import CodedWave, coded_wave
from csi_lib.study.study import Study
from csi_lib.survey.files import find_files, wave_key


def wave_of(
    study: Study, source: str, year: int, *, data: str | Path | None = None, agency: str | None = None
) -> CodedWave:
    """The coded rows of `source` in `year`; `agency` matters only where the source has one file per agency."""
    files, simulated = find_files(study, source, year, data=data, agency=agency)
    return coded_wave(study, source, year, files, simulated, wave_key(study, source, year, files))
