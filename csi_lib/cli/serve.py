"""csi serve: the workbench in a browser, for this machine's user only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    folder: Annotated[Path, typer.Argument(help="a study, or a folder of studies", metavar="STUDY|FOLDER")] = Path(),
    out: Annotated[Path | None, typer.Option(help="where reports are published, one folder per study")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one")] = 0,
    lang: Annotated[str, typer.Option(help="ko or en")] = "ko",
    no_browser: Annotated[bool, typer.Option("--no-browser", help="only print the address")] = False,
) -> int:
    """Open the workbench on FOLDER: receive files, mend the codebook, check, run, read, compare, deliver."""
    from csi_lib.serve.server import serve

    return serve(folder, out=out, port=port, lang=lang, browser=not no_browser)
