"""Files that would take the machine down are refused in words, and whatever is wrong with a file is said in one sentence."""

from __future__ import annotations

import datetime
import io
import os
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest

import csi_lib
from csi_lib.errors import InputError
from csi_lib.intake import bounds
from tests.bench.fuzz import Watch
from tests.bench.fuzz_inputs import Inputs
from tests.intake.trial import Trial


@pytest.fixture
def trial(tmp_path):
    return Trial(tmp_path, np.random.default_rng(3))


def refusal(trial) -> str:
    with pytest.raises(InputError) as caught:
        csi_lib.read_survey(trial.study(), year=2024)
    return str(caught.value)


def test_a_quote_in_every_line_costs_no_more_than_one(trial):
    """Each used to be followed for five hundred lines, again and again: hours for a file of this size."""
    lines = [",".join(trial.header), *(f'"r{i},1,3,3,3,1,x' for i in range(20_000))]
    trial.write("\n".join(lines) + "\n")
    assert len(csi_lib.read_survey(trial.study(), year=2024).frame) == 20_000


def test_a_header_is_read_as_a_whole_however_long(trial):
    for row in trial.rows:
        row[6] = "x"
    more = [f"a column of a long name {i:05d}" for i in range(4000)]
    trial.write("\n".join([",".join(trial.header + more), *(",".join(r + ["1"] * 4000) for r in trial.rows)]) + "\n")
    assert len(csi_lib.read_survey(trial.study(), year=2024).frame) == 40
    trial.write(
        "\n".join([",".join(trial.header + more * 10), *(",".join(r + ["1"] * 40_000) for r in trial.rows)]) + "\n"
    )
    assert "too many columns" in refusal(trial)


def test_a_line_that_never_ends(trial, monkeypatch):
    monkeypatch.setattr(bounds, "LINE", 10_000)
    trial.write(trial.text() + "r900,1,3,3,3,1," + "x" * 20_000 + "\n")
    assert "line 42: a line of this file is too long" in refusal(trial)


@pytest.mark.parametrize("make", [lambda p: os.mkfifo(p), lambda p: os.symlink("/dev/zero", p)])
@pytest.mark.parametrize("path", ["d.csv", "d.xlsx", "d.sav", "d.parquet"])
def test_a_pipe_or_device_is_none(trial, make, path):
    trial.path = path
    make(trial.folder / path)
    assert "a pipe or a device" in refusal(trial)


@pytest.mark.parametrize("place", ["XFD1048576", "XFD3", "A1048576"])
def test_a_cell_far_away_makes_no_table_of_billions(trial, place):
    trial.workbook(edit=lambda book, sheet: sheet.__setitem__(place, "x"))
    try:
        assert len(csi_lib.read_survey(trial.study(), year=2024).frame) == 40
    except InputError as error:
        assert "1048576" in str(error)  # noqa: PT017


def remade(path: Path, member: str, change) -> None:
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        members = {n: archive.read(n) for n in archive.namelist()}
    members[member] = change(members[member])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


SHEET = "xl/worksheets/sheet1.xml"
NOISE = random.Random(1).randbytes(3_000_000).hex().encode()  # six million letters that no archive packs small
LONG = b'<row r="90"><c r="G90" t="inlineStr"><is><t>' + NOISE + b"</t></is></c></row>"
HARMS = {
    "a cell of this workbook holds too much text": (SHEET, lambda x: x.replace(b"</sheetData>", LONG + b"</sheetData>")),
    "too large when it is unpacked": ("xl/styles.xml", lambda x: x.replace(b"</cellXfs>", b'<xf numFmtId="0"/>' * 1_200_000 + b"</cellXfs>")),
    "not a readable Excel file": (SHEET, lambda x: x.replace(b"</sheetData>", b"<row")),
}  # fmt: skip


@pytest.mark.parametrize("words", list(HARMS))
def test_a_workbook_that_is_a_bomb_or_broken(trial, words):
    trial.workbook()
    remade(trial.folder / "d.xlsx", *HARMS[words])
    said = refusal(trial)
    assert words in said
    assert said.count("\n") == 0


def test_entities_that_multiply_are_not_followed(trial):
    names = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    trial.workbook()
    bomb = f'<!DOCTYPE x [<!ENTITY a0 "aaaaaaaaaa">{names}]><worksheet'.encode()
    cell = b'<row r="90"><c r="G90" t="inlineStr"><is><t>&a9;</t></is></c></row></sheetData>'
    remade(
        trial.folder / "d.xlsx",
        SHEET,
        lambda x: x[x.index(b"<worksheet") :].replace(b"<worksheet", bomb, 1).replace(b"</sheetData>", cell),
    )
    assert "not a readable Excel file" in refusal(trial)


@pytest.mark.skipif(bounds.resource is None, reason="no limits on this system")
def test_memory_is_bounded_while_a_file_is_read_and_free_again_after(tmp_path, monkeypatch):
    monkeypatch.setattr(bounds, "_BASE", 2**26)
    monkeypatch.setattr(bounds, "available", lambda: 2**26)
    before = bounds.resource.getrlimit(bounds.resource.RLIMIT_AS)
    with pytest.raises(InputError, match="more memory"), bounds.reading(tmp_path / "d.sav", 10):
        bytearray(2**36)
    assert bounds.resource.getrlimit(bounds.resource.RLIMIT_AS) == before
    assert len(bytearray(2**29)) == 2**29  # no longer bounded


def test_our_own_faults_are_not_blamed_on_the_file(tmp_path):
    with pytest.raises(TypeError), bounds.reading(tmp_path / "d.sav"):
        bounds.refuse_long_lines(None, tmp_path)
    with pytest.raises(InputError, match="SPSS"), bounds.reading(tmp_path / "d.sav"):
        zipfile.ZipFile(io.BytesIO(b"nothing"))


@pytest.mark.parametrize("odd", [datetime.date(2024, 3, 5), datetime.time(9, 0), "secret words", True, 1e300])
def test_a_value_of_another_kind_in_an_item_is_refused_without_quoting_words(trial, odd):
    rows = trial.typed()
    rows[7][2] = odd
    trial.workbook(rows=rows)
    assert "secret" not in refusal(trial)


@pytest.fixture(scope="module")
def targets(tmp_path_factory):
    return {t.name: t for t in Inputs(tmp_path_factory.mktemp("fuzz") / "inputs").targets()}


def test_broken_inputs_of_every_kind_end_in_success_or_in_words(targets):
    """The short version of `nox -s fuzz`."""
    for target in targets.values():
        watch = Watch(target)
        for number in range(3 if "draft" in target.name else 8):
            rng = random.Random(f"short {target.name} {number}")
            watch.see(target.change(rng, rng.choice(target.seeds)))
        assert not watch.faults, list(watch.faults)
