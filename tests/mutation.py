"""Do the tests fail when the code is wrong? Small faults are put into chosen modules, one at a time, and the tests run.

``nox -s mutation`` (or ``python tests/mutation.py --minutes 10 --seed 1``) draws faults at random from the modules below
until the time is up, runs the tests named beside the module in a copy of the project, and lists the faults that no test
noticed. The exit code is 1 when less than the goal is noticed.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GOAL = 0.9
#: module → tests that must notice a fault in it
TARGETS = {
    "csi_lib/measure/alpha.py": ["tests/measure/test_alpha.py", "tests/measure/test_own_reference.py"],
    "csi_lib/measure/kappa.py": ["tests/measure/test_agreement.py", "tests/measure/test_own_reference.py"],
    "csi_lib/measure/krippendorff.py": ["tests/measure/test_agreement.py", "tests/measure/test_own_reference.py"],
    "csi_lib/measure/fit_indices.py": ["tests/measure/test_own_reference.py"],
    "csi_lib/measure/frames.py": ["tests/measure/test_frames.py"],
    "csi_lib/measure/scale.py": ["tests/measure/test_scale.py"],
    "csi_lib/survey/estimation.py": [
        "tests/survey/design/test_own_reference.py",
        "tests/survey/design/test_empty_groups.py",
    ],
    "csi_lib/survey/proportions.py": [
        "tests/survey/design/test_own_reference.py",
        "tests/survey/design/test_empty_groups.py",
    ],
    "csi_lib/survey/disclosure.py": ["tests/survey/test_disclosure.py", "tests/survey/test_families.py"],
    "csi_lib/models/scoring.py": ["tests/models", "tests/chapters/test_forgotten_rules.py"],
    "csi_lib/evaluation/standing.py": ["tests/chapters/test_standing.py", "tests/chapters/test_forgotten_rules.py"],
    "csi_lib/evaluation/portfolio.py": ["tests/chapters/test_standing.py", "tests/chapters/test_forgotten_rules.py"],
    "csi_lib/chapters/happy_call/compute.py": [
        "tests/chapters/test_office_registers.py",
        "tests/chapters/test_forgotten_rules.py",
    ],
    "csi_lib/chapters/feedback/compute.py": [
        "tests/chapters/test_feedback.py",
        "tests/chapters/test_forgotten_rules.py",
    ],
}
_COMPARE = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
_ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
_LOGIC = {ast.And: ast.Or, ast.Or: ast.And}


def faults(source: str) -> Iterator[tuple[int, str, str]]:
    """(line, what was changed, the changed source) for every fault that can be put into a module."""
    count = sum(1 for node in ast.walk(ast.parse(source)) if _change(node, dry=True))
    for place in range(count):
        tree, seen = ast.parse(source), -1
        for node in ast.walk(tree):
            if not _change(node, dry=True):
                continue
            seen += 1
            if seen == place:
                before = ast.unparse(node)
                _change(node)
                yield node.lineno, f"{before}  →  {ast.unparse(node)}", ast.unparse(tree)
                break


def _change(node: ast.AST, *, dry: bool = False) -> bool:
    """Put one fault into a node, if it takes one."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARE:
        if not dry:
            node.ops[0] = _COMPARE[type(node.ops[0])]()
        return True
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC and not _is_text(node):
        if not dry:
            node.op = _ARITHMETIC[type(node.op)]()
        return True
    if isinstance(node, ast.BoolOp):
        if not dry:
            node.op = _LOGIC[type(node.op)]()
        return True
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
        if not dry:
            node.op = ast.UAdd()
        return True
    return False


def _is_text(node: ast.BinOp) -> bool:
    return any(isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
               for side in (node.left, node.right))  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--module", action="append", help="only these modules (a part of the path)")
    chosen = parser.parse_args(arguments)
    modules = [m for m in TARGETS if not chosen.module or any(part in m for part in chosen.module)]
    pool = [(m, *fault) for m in modules for fault in faults((ROOT / m).read_text(encoding="utf-8"))]
    random.Random(chosen.seed).shuffle(pool)
    ends, noticed, missed = time.monotonic() + 60 * chosen.minutes, 0, []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        skip = shutil.ignore_patterns(".git", ".venv", ".nox", "out", "__pycache__", ".csi", ".pytest_cache")
        shutil.copytree(ROOT, copy, ignore=skip)
        if (ROOT.parent / "shared").exists():
            (Path(folder) / "shared").symlink_to((ROOT.parent / "shared").resolve())
        sound: set[str] = set()
        for module, line, what, changed in pool:
            if time.monotonic() > ends:
                break
            if module not in sound and _run(copy, TARGETS[module]):
                print(f"the tests of {module} fail without any fault")
                return 2
            sound.add(module)
            target = copy / module
            kept = target.read_text(encoding="utf-8")
            target.write_text(changed, encoding="utf-8")
            told = _run(copy, TARGETS[module])
            target.write_text(kept, encoding="utf-8")
            noticed += told
            if not told:
                missed.append(f"{module}:{line}: {what[:110]}")
                print("not noticed:", missed[-1], flush=True)
    tried = noticed + len(missed)
    print(f"{noticed} of {tried} faults were noticed, of {len(pool)} that can be made")
    return int(tried > 0 and noticed / tried < GOAL)


def _run(project: Path, tests: list[str]) -> bool:
    """Whether the tests fail; a run that never ends has noticed too."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider", *tests]
    env = {**os.environ, "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=project, env=env, capture_output=True, timeout=600, check=False)
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


if __name__ == "__main__":
    sys.exit(main())
