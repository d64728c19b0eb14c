"""Imported data is the same data, without anything that names a person, and goes stale by itself."""

import pandas as pd
import pytest

from csi_lib import InputError, import_data, load_study, read_survey
from csi_lib.intake import wave
from csi_lib.survey import importing


def test_imported_rows_are_the_rows_read_from_the_file(small, monkeypatch):
    study = load_study(small.write())
    direct = {a: read_survey(study, a, 2024) for a in ("north", None)}
    written = import_data(study)
    assert written[["year", "agency", "n"]].values.tolist() == [
        [2023, "north", 3],
        [2023, "south", 2],
        [2024, "north", 3],
        [2024, "south", 2],
    ]
    wave._MEMORY.clear()

    def never(*_, **__):
        raise AssertionError("the source file was read although it is imported")

    monkeypatch.setattr(wave, "read_table", never)
    for agency, before in direct.items():
        after = read_survey(study, agency, 2024)
        pd.testing.assert_frame_equal(after.frame, before.frame)
        pd.testing.assert_frame_equal(after.quality.frame, before.quality.frame)
        assert after.quality.counts == before.quality.counts


def test_a_changed_source_file_or_codebook_is_read_again(small):
    study = load_study(small.write())
    import_data(study)
    small.rows.assign(Q1=2).to_csv(small.folder / "answers_2024.csv", index=False)
    assert read_survey(study, "north", 2024).frame["kind"].tolist() == [2, 2, 2]
    small.codebook = small.codebook.replace("reverse: true, ", "")
    small.write()
    import_data(study)
    assert read_survey(load_study(small.folder), year=2024).frame["slow"].iloc[0] == 1


def test_import_holds_no_identifier_or_contact_and_is_private(small):
    folder = small.write()
    import_data(folder)
    files = sorted((folder / ".csi" / "import" / "customers" / "2024").glob("*"))
    assert [f.name for f in files] == ["digests.kept", "north.parquet", "note.kept", "south.parquet"]
    for file in (files[1], files[3]):
        assert not {"respondent", "phone", "전화", "ID"} & set(pd.read_parquet(file))
    assert not any(b"010-1111" in file.read_bytes() for file in files)
    assert (folder / ".csi").stat().st_mode & 0o777 == 0o700


def test_rules_on_undeclared_answers_and_duplicates_hold_after_import(small):
    small.rows["Q1"], small.rows["ID"] = [7, 4, 3, 2, 3], [1, 1, 3, 4, 5]
    study = load_study(small.write())
    import_data(study)
    wave._MEMORY.clear()
    assert importing.imported_wave(study, "customers", 2024, agency="north") is not None
    with pytest.raises(InputError, match="row 2, kind: 7"):
        read_survey(study, "north", 2024)
    assert read_survey(study, "south", 2024).n == 2
