"""The page on law and standards names features and tests that exist; what the workbench is made of is locked and licensed."""

from __future__ import annotations

import csv
import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "standards.md").read_text(encoding="utf-8")
ROWS = [
    line.strip("|").split("|")
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| requirement")
]


@pytest.fixture(scope="module")
def supply():
    spec = importlib.util.spec_from_file_location("supply", ROOT / "tests" / "supply.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip()[:40])
def test_every_requirement_has_a_feature_and_a_test_that_exist(row):
    requirement, feature, shown = (cell.strip() for cell in row)
    assert requirement
    named = re.findall(r"`([\w./-]+)(?:::(\w+))?`", shown)
    assert named
    for path, test in named:
        assert path.startswith("tests/"), path
        text = (ROOT / path).read_text(encoding="utf-8")
        assert not test or re.search(rf"^def {test}\(", text, re.MULTILINE), f"{path}::{test}"
    files = re.findall(r"`([\w./-]+/[\w./-]+|[\w-]+\.(?:yml|toml))`", feature)
    assert all((ROOT / f).is_file() for f in files), files
    sessions = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    assert all(f"def {s}(" in sessions for s in re.findall(r"`nox -s (\w+)`", feature))
    assert all((ROOT / "csi_lib" / "cli" / f"{v}.py").is_file() for v in re.findall(r"`csi (\w+)`", feature))


def test_there_is_a_line_for_every_standard():
    for name in ("개인정보 보호법", "KWCAG 2.2", "ISO 20252", "AAPOR", "RAP level 1", "RAP level 2", "RAP level 3"):
        assert any(name in row[0] for row in ROWS), name


def test_the_lock_holds_every_dependency_with_its_hash(supply):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(d for e in supply.EXTRAS for d in project["optional-dependencies"][e])]
    wanted = {supply.normal(re.match(r"[A-Za-z0-9._-]+", line)[0]) for line in lines}
    assert wanted <= set(supply.locked()), "nox -s supply makes the lock anew"
    blocks = re.split(r"\n(?=\S)", supply.LOCK.read_text(encoding="utf-8"))
    pinned = [b for b in blocks if re.match(r"[A-Za-z0-9._-]+==", b)]
    assert len(pinned) >= len(supply.locked())
    assert all("--hash=sha256:" in block for block in pinned)


#: licences under which a part may stand in a work under GPL-3.0-or-later
FREE = re.compile(
    "MIT|BSD|Apache|PSF|Python|MPL|Mozilla|ISC|LGPL|Lesser|GPL-?3|GPLv3|Zlib|HPND|Unlicense|CC0|OFL|Public Domain|ZPL|CNRI",
    re.IGNORECASE,
)


def test_no_licence_forbids_what_ours_permits(supply):
    with supply.LICENCES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 50
    odd = [(row["package"], row["licence"]) for row in rows if row["licence"] and not FREE.search(row["licence"])]
    assert odd == []


def test_an_unknown_package_is_not_called_clean(supply):
    code, words = supply.judged(
        0, "a Dependency not found on PyPI and could not be audited: a (1)\nNo known vulnerabilities found\n"
    )
    assert code == 0
    assert "skipped for 1 packages" in words
    assert supply.judged(1, "Found 1 known vulnerability in 1 package")[0] == 1
    code, words = supply.judged(1, "ConnectionError: no route")
    assert code == 0
    assert "skipped" in words
