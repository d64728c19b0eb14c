"""What stands in ``.csi`` is believed only as the import wrote it: changed rows are noticed and read again from the source."""

from __future__ import annotations

import os

import pandas as pd
import pytest

from csi_lib.intake import wave
from csi_lib.study.study import load_study
from csi_lib.survey import importing
from csi_lib.survey.importing import import_data
from csi_lib.survey.reading import read_survey


@pytest.fixture
def imported(small):
    study = load_study(small.write())
    import_data(study)
    wave._MEMORY.clear()
    return study, small.folder / ".csi" / "import" / "customers" / "2024"


def altered(file):
    rows = pd.read_parquet(file)
    rows["kind"] = 1.0
    rows.to_parquet(file, index=False)


def random_bytes(file):
    file.write_bytes(os.urandom(300))


def gone(file):
    file.unlink()


@pytest.mark.parametrize("harm", [altered, random_bytes, gone])
def test_a_changed_import_is_noticed_and_the_source_is_read(imported, harm):
    study, folder = imported
    before = read_survey(study, "north", 2024).frame
    harm(folder / "north.parquet")
    wave._MEMORY.clear()
    assert importing.imported_wave(study, "customers", 2024, agency="north") is None
    assert not (folder / "note.kept").exists(), "the next run imports again"
    pd.testing.assert_frame_equal(read_survey(study, "north", 2024).frame, before)
    import_data(study)
    assert importing.imported_wave(study, "customers", 2024, agency="north") is not None


@pytest.mark.parametrize("name", ["note.kept", "digests.kept"])
def test_a_changed_note_is_no_import(imported, name):
    study, folder = imported
    before = read_survey(study, "north", 2024).frame
    (folder / name).write_bytes(os.urandom(400))
    wave._MEMORY.clear()
    pd.testing.assert_frame_equal(read_survey(study, "north", 2024).frame, before)


def test_a_source_that_changed_with_its_old_date_and_size_is_read(small):
    study = load_study(small.write())
    import_data(study)
    source = small.folder / "answers_2024.csv"
    old, stat = source.read_text(), source.stat()
    first = read_survey(study, "north", 2024).frame["kind"].tolist()
    small.rows["Q1"] = small.rows["Q1"].iloc[::-1].to_numpy()
    small.rows.to_csv(source, index=False)
    assert source.stat().st_size == len(old.encode())
    os.utime(source, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    wave._MEMORY.clear()
    assert read_survey(study, "north", 2024).frame["kind"].tolist() != first
