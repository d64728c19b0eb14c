"""The example's statistics book, made once, and other programs to open what we write."""

from __future__ import annotations

import shutil
import subprocess

import pytest

import csi_lib
from csi_lib.models.round import Round
from csi_lib.office.statistics_book import statistics_book


@pytest.fixture(scope="session")
def example():
    return csi_lib.load_study("example")


@pytest.fixture(scope="session")
def round_(example):
    """The example's evaluation, in memory."""
    return Round(example)


@pytest.fixture(scope="session")
def book(round_):
    return statistics_book(round_, "hanbit-fmc", 2024, lang="ko", release="public")


@pytest.fixture(scope="session")
def libreoffice(tmp_path_factory):
    """`convert(path, "pdf")`: what LibreOffice makes of a file; skips where it is not installed."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        pytest.skip("LibreOffice is not installed")
    profile, out = tmp_path_factory.mktemp("lo"), tmp_path_factory.mktemp("converted")

    def convert(path, to):
        target = out / path.parent.name
        command = [
            program,
            "--headless",
            f"-env:UserInstallation=file://{profile}",
            "--convert-to",
            to,
            "--outdir",
            target,
            path,
        ]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300, check=False)
        made = target / f"{path.stem}.{to.split(':')[0]}"
        assert made.exists(), f"LibreOffice does not open {path.name}: {done.stderr[-300:]}"
        return made

    return convert
