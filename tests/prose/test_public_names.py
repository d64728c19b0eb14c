"""What users may rely on of prose, tables and figures resolves, and importing csi_lib stays light."""

import subprocess
import sys

import csi_lib


def test_public_names_resolve():
    for module, names in csi_lib._PUBLIC.items():
        if module.startswith(("csi_lib.prose", "csi_lib.tables", "csi_lib.figures")):
            for name in names:
                assert getattr(csi_lib, name).__module__ == module


def test_sentences_need_neither_pandas_nor_matplotlib():
    code = "import sys, csi_lib; csi_lib.say, csi_lib.josa; print({'pandas', 'matplotlib'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
