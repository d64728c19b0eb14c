"""A run needs no network and tries to reach none: it is made where there is none, and every attempt is written down."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from csi_lib.run.verification import verify_reports
from tests.run.conftest import ROOT
from tests.run.small_round import small_round

pytestmark = pytest.mark.slow
#: in every process of the run: what leaves the machine, or asks for a name, is noted
WATCH = """
import os, socket
def _note(what, place):
    with open(os.environ["CSI_ATTEMPTS"], "a") as file:
        file.write(f"{what} {place}\\n")
class _Socket(socket.socket):
    def connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _note("connect", address)
        return super().connect(address)
    def connect_ex(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _note("connect_ex", address)
        return super().connect_ex(address)
    def sendto(self, data, *more):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _note("sendto", more)
        return super().sendto(data, *more)
socket.socket = _Socket
_names = socket.getaddrinfo
def _asked(host, *more, **others):
    _note("getaddrinfo", host)
    return _names(host, *more, **others)
socket.getaddrinfo = _asked
"""


def alone() -> list[str] | None:
    """The command that runs another in an empty network namespace; None where that is not permitted."""
    for command in (["unshare", "-n"], ["unshare", "-r", "-n"]):
        try:
            if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
                return command
        except OSError:
            return None
    return None


def test_a_round_is_made_without_a_network_and_without_an_attempt(tmp_path):
    command = alone()
    if command is None:
        pytest.skip("an empty network namespace is not permitted here")
    site, attempts = tmp_path / "site", tmp_path / "attempts"
    site.mkdir()
    attempts.touch()
    (site / "sitecustomize.py").write_text(WATCH)
    environment = {**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{ROOT}", "CSI_ATTEMPTS": str(attempts)}
    probe = "import socket; s = socket.socket(); s.settimeout(1); s.connect_ex(('192.0.2.1', 80))"
    subprocess.run([*command, sys.executable, "-c", probe], env=environment, check=True)
    assert "192.0.2.1" in attempts.read_text(), "an attempt would be seen"
    attempts.write_text("")
    study = small_round(tmp_path / "study", agencies=1)
    code = "from csi_lib.cli import main; main()"
    done = subprocess.run([*command, sys.executable, "-c", code, "run", study, "--out", tmp_path / "out", "--agency", "a001", "--formats", "html,pdf",
                           "--jobs", "1"], env=environment, capture_output=True, text=True, timeout=300, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert attempts.read_text() == ""
    assert verify_reports(tmp_path / "out") == []
    page = (tmp_path / "out" / "a001" / "2024" / "report.html").read_text(encoding="utf-8")
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\'' in page
