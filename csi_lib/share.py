"""Finding the notebooks, report template, fonts and bundled studies that come with the package.

One rule for all of them: the study's own folder first (its file overrides ours), then the copies
inside the installed wheel (``csi_lib/_share``), then the checkout this file lies in.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_ROOTS = (_PACKAGE / "_share", _PACKAGE.parent)


def shared_path(*parts: str, study: Path | None = None) -> Path:
    """The first existing ``<root>/parts…``; e.g. ``shared_path("reports", "fonts")``.

    Raises FileNotFoundError naming every place that was searched.
    """
    tried = [root.joinpath(*parts) for root in ((Path(study),) if study else ()) + _ROOTS]
    for candidate in tried:
        if candidate.exists():
            return candidate
    raise FileNotFoundError(f"{'/'.join(parts)} is in none of: {', '.join(map(str, tried))}")
