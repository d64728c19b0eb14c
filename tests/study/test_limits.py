"""A study may come from anybody: pipes, devices, bombs and paths that lead out are refused in words, at once."""

from __future__ import annotations

import os
import random
import re
import shutil
import zipfile

import pytest

import csi_lib
from csi_lib.errors import InputError
from csi_lib.study import limits
from csi_lib.study.limits import archive_fits, inside, plain_file
from csi_lib.study.location import resolve_study
from csi_lib.study.yaml_file import YamlFile


@pytest.fixture
def study(tmp_path):
    shutil.copytree(resolve_study("example"), tmp_path / "mine", ignore=shutil.ignore_patterns(".csi"))
    return tmp_path / "mine"


def pipe(path):
    os.mkfifo(path)


def device(path):
    os.symlink("/dev/zero", path)


def folder(path):
    path.mkdir()


def bomb(path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    path.write_text("\n".join(lines) + "\n")


def deep(path):
    path.write_text("a: " + "[" * 5000 + "]" * 5000)


def itself(path):
    path.write_text("a: &a\n  b: *a\n")


def large(path):
    with path.open("wb") as file:
        file.truncate(limits.TEXT + 1)


@pytest.mark.parametrize("harm", [pipe, device, folder, bomb, deep, itself, large])
def test_a_yaml_file_that_is_none_is_refused(study, harm):
    path = study / "codebook.yml"
    path.unlink()
    harm(path)
    with pytest.raises(InputError, match=r"codebook\.yml"):
        csi_lib.load_study(study)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "../other.yml", "link.yml"])
def test_a_study_names_no_file_outside_its_folder(study, name):
    os.symlink("/etc/passwd", study / "link.yml")
    (study.parent / "other.yml").write_text((study / "codebook.yml").read_text(encoding="utf-8"), encoding="utf-8")
    file = study / "study.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"codebook: \S+", f"codebook: {name}", text, count=1), encoding="utf-8")
    assert name in file.read_text(encoding="utf-8")
    with pytest.raises(InputError, match="lie in the study's folder") as caught:
        csi_lib.load_study(study)
    assert "root:" not in str(caught.value)
    with pytest.raises(InputError):
        inside(study, name, where="here")
    assert inside(study, "sub/codebook.yml", where="here") == study / "sub" / "codebook.yml"


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(3_000_000))
    archive_fits(path, path.read_bytes())
    with pytest.raises(InputError, match="unpacked"):
        archive_fits(path, path.read_bytes(), most=2_000_000)
    assert plain_file(path) == path.stat().st_size


def test_mutated_yaml_ends_in_words_or_a_study(study):
    """The short version of `nox -s fuzz`: every change of a valid file is a study or an InputError."""
    rng = random.Random(7)
    original = {n: (study / n).read_bytes() for n in ("study.yml", "codebook.yml", "agencies.yml")}
    pieces = [b"&a", b"*a", b"!!python/object:os.system", b"!!binary x", b": ", b"\n  - ", b"[", b"}", b"\x00", b"\xff", b"1e999", b"~",
              b"<<: ", b"%YAML 9.9\n", b"---\n", b"0x", b"2024-13-45", b"\xed\xa0\x80", b"'", b"|\n", b"? "]  # fmt: skip
    for _ in range(40):
        name = rng.choice(list(original))
        data = bytearray(original[name])
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(data))
            data[at : at + rng.randint(0, 3)] = rng.choice(pieces)
        (study / name).write_bytes(data)
        try:
            YamlFile(study / name)
        except InputError as error:
            place = str(study / name)
            assert str(error).startswith(place)  # noqa: PT017
        (study / name).write_bytes(original[name])
