"""csi attack: what a reader can compute of hidden groups from everything that is published."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from csi_lib.cli import options as o


def command(
    study: o.Study,
    out: o.Out = None,
    data: o.Data = None,
    agency: Annotated[
        list[str] | None, typer.Option(help="only this agency and those it is reported with (repeat)")
    ] = None,
    year: o.Year = None,
    as_json: o.Json = False,
) -> int:
    """Attack the public edition of STUDY with everything it publishes. Exit code 1 when a hidden figure can be computed."""
    from csi_lib.run.attacking import attack
    from csi_lib.run.pipeline import default_out
    from csi_lib.study.study import load_study

    shown = sys.stderr.isatty() and not as_json
    tell = (lambda words: print(f"\r\x1b[K{words}", end="", file=sys.stderr, flush=True)) if shown else None
    found = load_study(study)
    place = out or default_out(found)
    made = attack(
        found, out=place if place.is_dir() else None, data=data, agencies=agency or None, years=year or None, tell=tell
    )
    if shown:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    if as_json:
        o.print_json({"attacked": made.attacked, "unread": made.unread, "failed": made.failed, "leaks": [p.__dict__ for p in made.leaks],
                      "pinned": [p.__dict__ for p in made.pinned]})  # fmt: skip
    else:
        for pinned in made.pinned:
            typer.echo(f"{'leak' if pinned.counts else 'note'}: {pinned}")
        for words in made.failed:
            typer.echo(f"not attacked: {words}", err=True)
        typer.echo(made.summary)
    return 1 if made.leaks else 0
