"""One small study and one finished run of it, made once for a file of tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def csi(*arguments, cwd=None, timeout=400, **environment):
    """Run the command line as a user would; returns the finished process."""
    import os

    command = [sys.executable, "-c", "from csi_lib.cli import main; main()", *map(str, arguments)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        command, cwd=cwd or ROOT, env=env, capture_output=True, text=True, timeout=timeout, check=False
    )


@pytest.fixture(scope="module")
def small_study(tmp_path_factory):
    """A new study as `csi new` makes it, cut to one agency and year for speed."""
    import csi_lib

    return Path(csi_lib.new_study(tmp_path_factory.mktemp("study") / "my-study"))
