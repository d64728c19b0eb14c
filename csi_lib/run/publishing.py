"""Putting a finished report under its name, in one step, whatever happens meanwhile."""

from __future__ import annotations

import ctypes
import os
import shutil
from pathlib import Path

from csi_lib.office.libraries import FORMATS
from csi_lib.report.standalone import one_folder_up
from csi_lib.run.order import Order
from csi_lib.run.root import seal_manifest


def publish(order: Order, staging: Path) -> None:
    """Put a finished folder under its name in one step, with the seal of who ran it; the old one is swapped out, then
    removed."""
    out = Path(order.out) / "restricted" if order.job.release == "restricted" else Path(order.out)
    seal_manifest(staging, order.folder.relative_to(out).as_posix())
    _swap(staging, order.folder, restricted=order.job.release == "restricted")
    _show_edition(order)


def _swap(staging: Path, final: Path, *, restricted: bool) -> None:
    final.parent.mkdir(parents=True, exist_ok=True)
    staging.chmod(0o700 if restricted else 0o755)
    if restricted:
        # an edition in another language lies one folder deeper
        depth = next((i for i, folder in enumerate(final.parents) if folder.name == "restricted"), 0)
        for folder in final.parents[: depth + 1]:
            folder.chmod(0o700)
    if not final.exists():
        staging.rename(final)
        return
    _carry_editions(staging, final)
    if _exchange(staging, final):
        return  # `staging` now holds the old report and is removed by the caller
    old = staging.with_name(f"{staging.name}.old")
    final.rename(old)
    staging.rename(final)
    shutil.rmtree(old, ignore_errors=True)


def _carry_editions(staging: Path, final: Path) -> None:
    """What other languages have published beside a report stays when the report is made anew."""
    for other in final.iterdir():
        if other.is_dir() and (other / "manifest.json").exists():
            shutil.copytree(other, staging / other.name, copy_function=os.link)
            for name in FORMATS:
                edition = final / f"report.{other.name}.{name}"
                if edition.exists():
                    os.link(edition, staging / edition.name)


def _show_edition(order: Order) -> None:
    """A second language's documents also stand beside the first's, as ``report.en.html``."""
    if order.job.lang == order.primary:
        return
    for name in order.formats:
        source, shown = order.folder / f"report.{name}", order.folder.parent / f"report.{order.job.lang}.{name}"
        if not source.exists():
            continue
        part = shown.with_name(f".{shown.name}")
        if name == "html":
            page = source.read_text(encoding="utf-8")
            part.write_text(one_folder_up(page, order.job.lang), encoding="utf-8")
        else:
            shutil.copyfile(source, part)
        part.replace(shown)


def way_back(order: Order) -> dict[str, str]:
    """Front matter of the links from a report to the site it stands in, and to the PDF beside it."""
    if order.job.release == "restricted":
        return {}  # not part of the site
    steps = len(order.folder.relative_to(order.out).parts)
    return {"csi-home": "../" * steps + "index.html"} | ({"csi-pdf": "report.pdf"} if "pdf" in order.formats else {})


def _exchange(one: Path, two: Path) -> bool:
    """Swap two folders atomically (Linux renameat2 with RENAME_EXCHANGE); False where that does not exist."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        at, exchange = -100, 2
        return libc.renameat2(at, os.fsencode(one), at, os.fsencode(two), exchange) == 0
    except (OSError, AttributeError):
        return False
