"""csi deliver: one zip with reports, statistics tables, slides, data, codebook and checksums."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csi_lib.cli import options as o


def command(
    study: o.Study,
    out: o.Out = None,
    to: Annotated[Path | None, typer.Option(help="folder of the zip [default: OUT/deliveries]")] = None,
    data: o.Data = None,
    agency: o.Agency = None,
    year: o.Year = None,
    lang: o.Lang = None,
    release: Annotated[str | None, typer.Option(help="public or restricted")] = None,
    formats: Annotated[str | None, typer.Option(help="html,pdf,docx,hwpx,xlsx,pptx [default: all]")] = None,
    tables: Annotated[str | None, typer.Option(help="statistics tables also as html,pdf,docx,hwpx")] = None,
    no_data: Annotated[bool, typer.Option("--no-data", help="without answers, codebook and quality record")] = False,
    attacked: Annotated[
        bool,
        typer.Option("--attack", help="first try to compute what is hidden (csi attack); stop where that succeeds"),
    ] = False,
    as_json: o.Json = False,
) -> int:
    """Package the finished reports of STUDY for delivery."""
    from csi_lib.run.delivery import deliver
    from csi_lib.run.pipeline import default_out
    from csi_lib.study.study import load_study

    several = lambda text: [f.strip() for f in text.split(",") if f.strip()] if text else None
    found = load_study(study)
    made = deliver(found, out=out or default_out(study), to=to, data=data, agencies=agency or None, years=year or None, lang=lang,
                   release=release, formats=several(formats), book=several(tables) or (), with_data=not no_data, attacked=attacked)  # fmt: skip
    if as_json:
        o.print_json({"path": str(made.path), "sha256": made.digests})
    else:
        for name in made.digests:
            typer.echo(f"  {name}")
        typer.echo(str(made.path))
    return 0
