"""What is distributed: everything a report needs is in the wheel, and all files that name the version agree."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import csi_lib

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_every_file_that_names_the_version_names_this_one():
    recipe = YAML(typ="safe").load((ROOT / "packaging" / "recipe.yaml").read_text(encoding="utf-8"))
    container = (ROOT / "packaging" / "Containerfile").read_text(encoding="utf-8")
    assert PROJECT["version"] == csi_lib.__version__ == recipe["context"]["version"]
    assert set(re.findall(r"csi-workbench:([\d.]+)", container)) == {csi_lib.__version__}
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest[1] == csi_lib.__version__


def test_the_recipe_needs_what_the_project_needs():
    recipe = YAML(typ="safe").load((ROOT / "packaging" / "recipe.yaml").read_text(encoding="utf-8"))
    other = {"matplotlib": "matplotlib-base", "seaborn": "seaborn-base", "jupyter-client": "jupyter_client",
             "brotli": "brotli-python", "pypandoc-binary": "pypandoc", "typst": "typst-py"}  # fmt: skip
    named = {line.split()[0]: line.partition(" ")[2] for line in recipe["requirements"]["run"]}
    for line in PROJECT["dependencies"]:
        name, bound = re.match(r"([\w.-]+)(.*)", line).groups()
        assert other.get(name, name) in named, line
        if name != "typst":  # its Python binding has numbers of its own there
            assert named[other.get(name, name)] == bound, line
    assert set(named) - {
        other.get(re.match(r"[\w.-]+", d)[0], re.match(r"[\w.-]+", d)[0]) for d in PROJECT["dependencies"]
    } == {"python", "pandoc"}


@pytest.mark.slow
def test_the_wheel_holds_what_a_study_needs_and_speaks_outside_the_checkout(tmp_path):
    """``nox -s dist`` installs wheel and sdist and makes a report of each."""
    wheel = pytest.importorskip("hatchling.builders.wheel")
    made = next(iter(wheel.WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])))
    with zipfile.ZipFile(made) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "site")
    shared = {f"csi_lib/_share/{p.relative_to(ROOT).as_posix()}" for top in ("notebooks", "reports/_extensions", "reports/fonts")
              for p in (ROOT / top).rglob("*") if p.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(p.parts)}  # fmt: skip
    assert shared <= names
    assert not [n for n in names if "/.csi/" in n or "__pycache__" in n or n.startswith("tests/")]
    code = (
        "import csi_lib, sys; from csi_lib.cli import main; assert 'site' in csi_lib.__file__; "
        "study = csi_lib.load_study('example'); assert 'site' in str(study.path); csi_lib.new_study('mine'); main(['codebook', 'mine'])"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "kindness" in done.stdout
