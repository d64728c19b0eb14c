"""Lines of the library by room: all, docstrings, words (Korean and English texts), and what is left. Run: python tests/lines.py"""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "csi_lib"


def counted(path: Path) -> tuple[int, int, int]:
    """(all lines, lines of docstrings, lines that hold words for readers of reports)."""
    text = path.read_text(encoding="utf-8")
    documented, worded = set(), set()
    for node in ast.walk(ast.parse(text)):
        span = lambda n: set(range(n.lineno, n.end_lineno + 1))
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            documented |= span(body[0])
        if isinstance(node, ast.Dict) and {"ko", "en"} <= {k.value for k in node.keys if isinstance(k, ast.Constant)}:
            worded |= span(node)
        if isinstance(node, ast.Call):
            worded |= {line for k in node.keywords if k.arg in ("ko", "en") for line in span(k.value)}
    return text.count("\n"), len(documented), len(worded - documented)


def main() -> None:
    rooms: dict[str, Counter] = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).parts
        room = rooms.setdefault(parts[0] if len(parts) > 1 else "(top)", Counter())
        room.update(dict(zip(("all", "documented", "worded"), counted(path), strict=True)))
    rooms["together"] = sum(rooms.values(), Counter())
    print("| room | lines | docstrings | words | rest |\n|---|---:|---:|---:|---:|")
    for name, n in sorted(rooms.items(), key=lambda item: item[1]["all"]):
        print(f"| {name} | {n['all']:,} | {n['documented']:,} | {n['worded']:,} | "
              f"{n['all'] - n['documented'] - n['worded']:,} |")  # fmt: skip


if __name__ == "__main__":
    main()
