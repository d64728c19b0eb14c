"""Dependencies point one way, and `import csi_lib` stays light."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from functools import cache
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
    for node in ast.walk(tree_of(path)):
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


# ------------------------------------------------------------------ what is there is used, and small enough to read
#: reached by name from elsewhere: the entry point of papermill; what the documentation and the tests of finished reports call
OUTSIDE = {"run.papermill_engine", "prose.gate"}


def named(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def modules() -> dict[str, ast.Module]:
    return {
        named(p): ast.parse(p.read_text(encoding="utf-8")) for p in PACKAGE.rglob("*.py") if "_share" not in p.parts
    }


def named_in(tree: ast.AST, known, *, loaded: bool) -> set[str]:
    """Our modules that a tree imports; not only when it is `loaded`: also later, or by a text that names them."""
    found = set()
    for node in tree.body if loaded else ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("csi_lib"):
            found |= {f"{node.module}.{a.name}" for a in node.names} | {node.module}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("csi_lib."):
            found.add(node.value.split(":")[0])
    return {f.removeprefix("csi_lib.") for f in found} & set(known)


def test_no_modules_import_one_another_in_a_circle():
    trees = modules()
    graph = {name: named_in(tree, trees, loaded=True) for name, tree in trees.items()}
    left = dict(graph)
    while leaves := [name for name, needs in left.items() if not needs & set(left)]:
        for name in leaves:
            del left[name]
    assert sorted(left) == []


def test_every_module_is_reached_from_a_verb_a_notebook_or_a_public_name():
    trees = modules()
    todo = [n for n in trees if n.startswith("cli.") or n == ""] + list(OUTSIDE)
    todo += [n for n in trees if n.startswith("chapters.") and n.count(".") == 1]  # rooms, found by their folder
    for path in (PACKAGE.parent / "notebooks").glob("*.ipynb"):
        text = "\n".join("".join(c["source"]) for c in json.loads(path.read_text(encoding="utf-8"))["cells"]
                         if c["cell_type"] == "code")  # fmt: skip
        todo += named_in(ast.parse(text), trees, loaded=False)
    seen = set()
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += named_in(trees[name], trees, loaded=False)
    rooms = {n for n, tree in trees.items() if any(m.startswith(f"{n}.") for m in trees)}
    assert sorted(set(trees) - seen - rooms) == []


def test_modules_can_be_read_at_one_sitting():
    long = {
        str(p.relative_to(PACKAGE)) for p in PACKAGE.rglob("*.py") if p.read_text(encoding="utf-8").count("\n") > 400
    }
    assert long == set()
