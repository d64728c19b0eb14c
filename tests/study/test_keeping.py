"""The private cache: packed, sealed, never executed; what was altered is made again."""

from __future__ import annotations

import contextlib
import os
import pickle
import re
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import csi_lib
from csi_lib.study import keeping
from csi_lib.study.keeping import intact, keep, kept, made_folder
from csi_lib.study.packing import Unpackable, pack, unpack


@pytest.fixture(autouse=True)
def own_secret(tmp_path, monkeypatch):
    """Each test has a user of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    keeping._secret.cache_clear()
    yield
    keeping._secret.cache_clear()


def back(value):
    return unpack(bytearray(pack(value)))


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -1, 2**70, 1.5, float("inf"), "가 \ud800 \0", b"\x00\xff", [], (), {}, {1: "a", "1": 2, None: (3, [4])},
     {"a", "b"}, frozenset({1}), Path("/a/b"), [(1, 2.5, "x"), {"k": [None]}]],
)  # fmt: skip
def test_plain_values_come_back_as_they_were(value):
    again = back(value)
    assert again == value
    assert type(again) is type(value) or isinstance(value, Path)


@pytest.mark.parametrize(
    "array",
    [np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3)), np.zeros((0, 3)), np.array([True, False]),
     np.array(["가", "나다"]), np.array([1, 2], "datetime64[D]"), np.array(3.5), np.array([1, "a", None], object),
     np.arange(20)[::3], np.array([np.nan, -0.0, np.inf], "float32")],
)  # fmt: skip
def test_arrays_come_back_bit_by_bit(array):
    again = back(array)
    assert (again.dtype, again.shape) == (array.dtype, array.shape)
    assert again.tolist() == array.tolist() or np.array_equal(again, array, equal_nan=True)
    assert (
        array.dtype.hasobject or np.signbit(again).tolist() == np.signbit(array).tolist()
        if array.dtype.kind == "f"
        else True
    )
    if again.size and not array.dtype.hasobject and again.ndim:
        again[...] = again  # can be written


def test_frames_come_back_with_their_types_index_and_attributes():
    frame = pd.DataFrame(
        {
            "number": [1.5, np.nan, 3.0],
            "count": pd.array([1, None, 3], dtype="Int64"),
            "yes": pd.array([True, None, False], dtype="boolean"),
            "word": pd.array(["가", None, ""], dtype="str"),
            "text": pd.array(["a", None, "a"], dtype="string"),
            "group": pd.Categorical(["b", None, "a"], categories=["b", "a", "unused"], ordered=True),
            "code": pd.Categorical([1, 2, 1]),
            "day": pd.to_datetime(["2024-01-01", None, "2024-03-01"]),
            "mixed": pd.Series([1, "a", (2, None)], dtype=object),
        },
        index=pd.Index(["x", "y", "z"], name="id"),
    )
    frame.attrs["failed"] = {"agency": "why"}
    again = back(frame)
    pd.testing.assert_frame_equal(again, frame, check_exact=True)
    assert again.attrs == frame.attrs
    twice = pd.concat([frame[["word"]], frame[["word"]]], axis=1)
    pd.testing.assert_frame_equal(back(twice), twice)
    many = frame.set_index(["word", "count"])
    pd.testing.assert_frame_equal(back(many), many)
    assert (back(sparse.csc_matrix(np.eye(3))) != sparse.csc_matrix(np.eye(3))).nnz == 0


def test_a_study_comes_back_whole():
    study = csi_lib.load_study("example")
    again = back(study)
    assert again == study
    assert again.codebook("customers").items == study.codebook("customers").items
    assert list(again.years) == list(study.years)
    assert back(MappingProxyType({"a": 1})) == {"a": 1}


class Planted:
    ran = False

    def __reduce__(self):
        return (setattr, (Planted, "ran", True))


def test_foreign_classes_are_neither_written_nor_made():
    with pytest.raises(Unpackable):
        pack(Planted())
    for name in ("os:system", "csi_lib.study.packing:os", "csi_lib.study.keeping:Path", "subprocess:Popen"):
        data = pack([1]).replace(b'{"!":"list","v":[1]}', b'{"!":"record","c":"%s","k":[],"v":[]}' % name.encode())
        size = data.index(b"}") + 1
        with pytest.raises(Unpackable):
            unpack(size.to_bytes(8, "little") + data[8:size])


def test_damaged_bytes_are_no_value_and_no_fault():
    data = pack({"a": np.arange(100.0), "b": ["x"] * 50})
    rng = np.random.default_rng(1)
    for _ in range(300):
        bad = bytearray(data)
        bad[rng.integers(len(bad))] ^= int(rng.integers(1, 256))
        for some in (bad, bad[: rng.integers(len(bad))]):
            with contextlib.suppress(Unpackable):
                unpack(some)


def test_only_what_was_written_here_under_this_name_is_read(tmp_path):
    place = tmp_path / "a.kept"
    keep(place, ("key", 1), {"x": np.arange(3)})
    key, value = kept(place)
    assert key == ("key", 1) and value["x"].tolist() == [0, 1, 2]  # noqa: PT018
    assert place.stat().st_mode & 0o777 == 0o600
    whole = place.read_bytes()
    for at in range(0, len(whole), 7):
        bad = bytearray(whole)
        bad[at] ^= 1
        place.write_bytes(bad)
        assert kept(place) is None or 43 <= at < 64, at  # what fills up the head says nothing
    (tmp_path / "b.kept").write_bytes(whole)
    assert kept(tmp_path / "b.kept") is None, "another file under this name"
    for nothing in (b"", b"csi kept 1\n", pickle.dumps(Planted()), os.urandom(500)):
        place.write_bytes(nothing)
        assert kept(place) is None
    assert not Planted.ran
    assert kept(tmp_path / "absent.kept") is None
    assert kept(tmp_path) is None


def test_a_cache_that_came_with_a_folder_is_not_believed(tmp_path, monkeypatch):
    keep(tmp_path / "a.kept", 1, "theirs")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another user"))
    keeping._secret.cache_clear()
    assert kept(tmp_path / "a.kept") is None
    keep(tmp_path / "a.kept", 1, "ours")
    keeping._secret.cache_clear()
    assert kept(tmp_path / "a.kept") == (1, "ours")
    assert (tmp_path / "another user" / "csi" / "seal.key").stat().st_mode & 0o777 == 0o600


def test_a_made_folder_is_made_again_when_a_file_of_it_changed(tmp_path):
    made = []

    def make(fresh):
        made.append(fresh)
        (fresh / "data").mkdir()
        (fresh / "data" / "a.csv").write_text("1,2\n")

    (tmp_path / "kind-old").mkdir()
    folder = tmp_path / "kind-new"
    for _ in range(2):
        assert made_folder(folder, make) == folder
    assert len(made) == 1
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(("kind", ".kind"))) == ["kind-new"]
    file = folder / "data" / "a.csv"
    stat = file.stat()
    file.write_text("1,9\n")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # as long, and as old
    assert not intact(folder)
    made_folder(folder, make)
    assert (len(made), file.read_text()) == (2, "1,2\n")
    file.unlink()
    made_folder(folder, make)
    assert len(made) == 3


def test_nothing_in_the_library_reads_pickles():
    root = Path(csi_lib.__file__).parent
    uses = re.compile(r"^\s*(?:import|from)\s+(?:pickle|cPickle|dill|joblib|shelve|marshal|cloudpickle)\b|read_pickle|to_pickle|"
                      r"allow_pickle\s*=\s*True", re.MULTILINE)  # fmt: skip
    assert [str(p) for p in root.rglob("*.py") if uses.search(p.read_text(encoding="utf-8"))] == []
