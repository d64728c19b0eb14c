"""What a machine needs to make reports, and whether it is there."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from importlib import metadata

import csi_lib
from csi_lib.extras import advice
from csi_lib.office.libraries import NEEDED
from csi_lib.report.render import available_renderers, choose_renderer
from csi_lib.share import shared_path

_NEEDED = ("pandas", "scipy", "statsmodels", "seaborn", "pingouin", "papermill", "ipykernel", "pyreadstat", "pyarrow")


def examine() -> dict[str, tuple[bool, str]]:
    """name → (fine?, in words)."""
    out: dict[str, tuple[bool, str]] = {}
    out["python"] = (sys.version_info >= (3, 11), f"{sys.version.split()[0]} ({sys.executable})")
    out["csi_lib"] = (True, csi_lib.__version__)
    missing = [p for p in _NEEDED if importlib.util.find_spec(p) is None]
    versions = ", ".join(f"{p} {metadata.version(p)}" for p in _NEEDED if p not in missing)
    out["packages"] = (not missing, f"missing: {', '.join(missing)}" if missing else versions)
    for part in ("notebooks", "reports", "params"):
        try:
            out[part] = (True, str(shared_path(part)))
        except FileNotFoundError as error:
            out[part] = (False, str(error))
    fonts = sorted(p.name for p in shared_path("reports", "fonts").glob("*.otf"))
    out["fonts"] = (bool(fonts), ", ".join(fonts) or "no Korean font was found")
    for renderer in available_renderers():
        words = ", ".join(f"{k} {v}" for k, v in renderer.versions.items())
        # Quarto is optional: its absence is worth knowing and no fault
        out[f"renderer {renderer.name}"] = (
            renderer.usable or renderer.name == "quarto",
            f"{words} {renderer.why}".strip(),
        )
    try:
        chosen, (quarto, _) = choose_renderer("auto"), available_renderers()
        why = "Quarto 1.9 or later was found" if chosen.name == "quarto" else f"Quarto cannot be used: {quarto.why}"
        out["reports will be set by"] = (True, f"{chosen.name}, because {why}")
    except Exception as error:
        out["reports will be set by"] = (False, str(error))
    lab = importlib.util.find_spec("jupyterlab") is not None
    out["jupyterlab"] = (
        True,
        metadata.version("jupyterlab") if lab else f"not installed, which csi lab needs. {advice('lab')}",
    )
    absent = {f"{package} ({name}; extra {extra})" for name, (module, package, extra) in NEEDED.items()
              if importlib.util.find_spec(module) is None}  # fmt: skip
    out["office files"] = (True, f"not installed: {', '.join(sorted(absent))}" if absent else "docx, hwpx, xlsx, pptx")
    out["fork"] = (True, "warm kernels" if hasattr(os, "fork") else "ordinary kernels (no fork on this system)")
    free = shutil.disk_usage(os.getcwd()).free / 1e9
    out["disk"] = (free > 1, f"{free:.1f} GB free here")
    return out
