"""Project-wide checks that are no unit tests: notebooks stripped, environment.yml and schemas up to date."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
#: PyPI name -> conda-forge name, where they differ
CONDA = {
    "matplotlib": "matplotlib-base",
    "seaborn": "seaborn-base",
    "jupyter-client": "jupyter_client",
    "brotli": "brotli-python",
    "XlsxWriter": "xlsxwriter",
}
#: on conda-forge under another licence, split or not at all: these come by pip
BY_PIP = {"pypandoc-binary", "typst", "kiwipiepy", "python-hwpx"}
#: what users install; docs, bench and test are for those who work on the project
EXTRAS = ("lab", "voice", "office", "hwpx", "cluster", "serve", "sign")
#: in environment.yml only
CONDA_ONLY = {"python", "quarto", "pip"}
#: lines of a code cell, so that a notebook reads as a story
LONGEST_CELL = 15


def environment_problems() -> list[str]:
    """Every dependency, those of the extras included, stands in environment.yml with the same bound, and nothing else does."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {}
    extras = [line for name in EXTRAS for line in project["optional-dependencies"][name]]
    for line in [*project["dependencies"], *extras]:
        name, bound = re.match(r"([A-Za-z0-9._-]+)(.*)", line.split(";")[0].strip()).groups()
        wanted[name if name in BY_PIP else CONDA.get(name, name)] = bound
    listed = YAML(typ="safe").load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    lines = [x for x in listed if isinstance(x, str)] + [x for d in listed if isinstance(d, dict) for x in d["pip"]]
    found = dict(re.match(r"([A-Za-z0-9._-]+)(.*)", x).groups() for x in lines)
    problems = [f"environment.yml lacks {n}{b}" for n, b in wanted.items() if n not in found]
    problems += [f"environment.yml has {n}{found[n]}, pyproject {b}" for n, b in wanted.items() if found.get(n, b) != b]
    problems += [
        f"environment.yml has {n}, pyproject has not" for n in found if n not in wanted and n not in CONDA_ONLY
    ]
    return problems


def notebook_problems() -> list[str]:
    """Committed notebooks carry no outputs, no execution counts, and both languages of every narrative cell."""
    problems = []
    for path in sorted((ROOT / "notebooks").rglob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        if any(c.get("outputs") or c.get("execution_count") for c in cells):
            problems.append(f"{path.name} holds outputs")
        tags = [c["metadata"].get("tags", []) for c in cells if c["cell_type"] == "markdown"]
        if sum("lang-ko" in t for t in tags) != sum("lang-en" in t for t in tags):
            problems.append(f"{path.name}: its Korean and English cells do not pair")
        long = [c["id"] for c in cells if c["cell_type"] == "code" and "".join(c["source"]).count("\n") >= LONGEST_CELL]
        if long:  # what is longer belongs into the chapter's room, under a name
            problems.append(f"{path.name}: code cells of more than {LONGEST_CELL} lines: {', '.join(long)}")
    return problems


def schema_problems() -> list[str]:
    """params/schema holds what the models say now."""
    from csi_lib.study.schema import json_schema

    problems = []
    for path in sorted((ROOT / "params" / "schema").glob("*.json")):
        if json.loads(path.read_text(encoding="utf-8")) != json_schema(path.stem):
            problems.append(f"{path.name} is out of date: python -c 'import csi_lib; csi_lib.write_schemas()'")
    return problems


if __name__ == "__main__":
    found = environment_problems() + notebook_problems() + schema_problems()
    print("\n".join(found) or "project files agree")
    sys.exit(bool(found))
