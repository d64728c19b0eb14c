"""Dependencies point one way, and `import csi_lib` stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import csi_lib

PACKAGE = Path(csi_lib.__file__).parent
ORDER = [
    {"measure"}, {"study"}, {"intake"}, {"survey"}, {"models"}, {"prose"}, {"findings"}, {"tables", "figures"},
    {"evaluation", "voice", "audit", "draft", "words"}, {"simulate"}, {"chapters"}, {"report"}, {"office"}, {"run"}, {"serve"}, {"cli"},
]  # fmt: skip
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}
#: plain rules that everything may use
FREE = {"errors", "share"}


def imports_of(path: Path):
    """(line, first part below csi_lib) of every import of our own, wherever in the module it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("csi_lib."):
            yield node.lineno, node.module.split(".")[1]
        elif isinstance(node, ast.ImportFrom) and node.module == "csi_lib":
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name in RANK)
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, a.name.split(".")[1]) for a in node.names if a.name.startswith("csi_lib."))


def test_no_module_imports_from_a_later_layer():
    wrong = []
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).parts
        if len(parts) == 1 or parts[0] not in RANK:
            continue
        for line, target in imports_of(path):
            if target not in FREE and RANK.get(target, -1) > RANK[parts[0]]:
                wrong.append(f"{'/'.join(parts)}:{line} imports {target}")
    assert wrong == []


def test_measure_needs_only_the_scientific_stack():
    allowed = {"numpy", "pandas", "scipy", "statsmodels", "csi_lib", "__future__"}
    beside = {"frames.py": {"pyarrow"}, "plots.py": {"seaborn", "matplotlib"}}  # imported when asked for
    for path in (PACKAGE / "measure").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module]
            for name in names:
                top = name.split(".")[0]
                known = allowed | beside.get(path.name, set()) | set(sys.stdlib_module_names)
                assert top in known, f"{path.name} imports {name}"


def test_notebooks_never_import_the_batch():
    for path in (PACKAGE.parent / "notebooks").glob("*.ipynb"):
        assert "csi_lib.run" not in path.read_text(encoding="utf-8"), path.name


def test_importing_the_package_loads_nothing_heavy():
    code = "import csi_lib, sys; print([m for m in ('pandas', 'numpy', 'scipy', 'pydantic', 'matplotlib') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_every_public_name_resolves():
    for name in csi_lib.__all__:
        assert getattr(csi_lib, name) is not None
