"""What is published tells nobody where it was made: absolute paths, moments and random ids taken out.

So that equal inputs give equal bytes on every machine, and a delivery does not name its maker's folders.
"""

from __future__ import annotations

import copy
import json
import os
import sys
from pathlib import Path

import csi_lib


def published_notebook(node, study: str, staging: Path):
    """A copy of an executed notebook as it is published: its parameters name the study, not its folder."""
    node = copy.deepcopy(node)
    node.metadata.pop("papermill", None)
    places = _places(Path(study), staging)
    for number, cell in enumerate(node.cells):
        cell["id"] = f"cell-{number}"
        for name in ("papermill", "execution"):
            cell.metadata.pop(name, None)
        if "injected-parameters" in cell.metadata.get("tags", ()):
            cell.source = cell.source.replace(json.dumps(study), json.dumps(Path(study).name))
        for output in cell.get("outputs", ()):
            if output["output_type"] == "stream":
                output["text"] = _without(output["text"], places)
            elif output["output_type"] == "error":
                output["traceback"] = [_without(line, places) for line in output["traceback"]]
            else:
                data = output.get("data", {})
                if isinstance(data.get("text/plain"), str):
                    data["text/plain"] = _without(data["text/plain"], places)
    return node


def without_places(value, study: Path, out: Path):
    """Texts inside `value` (lists and mappings of plain values) without folders of this machine."""
    return _walked(value, _places(Path(study), Path(out)))


def _walked(value, places):
    if isinstance(value, str):
        return _without(value, places)
    if isinstance(value, dict):
        return {k: _walked(v, places) for k, v in value.items()}
    return [_walked(v, places) for v in value] if isinstance(value, list | tuple) else value


def _places(study: Path, out: Path) -> list[tuple[str, str]]:
    """Folder and what stands for it, the longest first."""
    named = {
        str(out): "<out>",
        str(study): "<study>",
        str(Path(csi_lib.__file__).resolve().parents[1]): "<csi>",
        sys.prefix: "<python>",
        sys.base_prefix: "<python>",
        os.path.expanduser("~"): "~",
    }
    return sorted(((p, name) for p, name in named.items() if len(p) > 1), key=lambda pair: -len(pair[0]))


def _without(text: str, places: list[tuple[str, str]]) -> str:
    for place, name in places:
        text = text.replace(place, name)
    return text


__all__ = ["published_notebook", "without_places"]
