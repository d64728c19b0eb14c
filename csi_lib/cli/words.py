"""csi words: the texts of the chapters, to be translated into a further language."""

from __future__ import annotations

from typing import Annotated

import typer

from csi_lib.cli import options as o


def command(
    lang: Annotated[str, typer.Argument(help="two letters of the language, such as vi", metavar="LANG")],
    chapter: Annotated[str | None, typer.Option(help="only the texts of this room")] = None,
    study: Annotated[
        str | None, typer.Option(help="study in whose words/ the files lie [default: this package]")
    ] = None,
    count: Annotated[bool, typer.Option("--count", help="only tell how much is translated")] = False,
    as_json: o.Json = False,
) -> int:
    """Write the files in which LANG is translated, keeping what is, and tell how much of each room is translated."""
    from csi_lib.study.study import load_study
    from csi_lib.words.writing import coverage, write_catalogue

    folder = load_study(study).path if study else None
    made = (
        [(None, c) for c in coverage(lang, folder)] if count else write_catalogue(lang, chapter=chapter, study=folder)
    )
    done, every = sum(c.done for _, c in made), sum(c.all for _, c in made)
    if as_json:
        o.print_json({"done": done, "all": every, "rooms": [c.__dict__ for _, c in made]})
        return 0
    for path, one in made:
        gone = f", {one.gone} no longer said" if one.gone else ""
        typer.echo(f"{one.done:5d} of {one.all:5d}  {path or one.room}{gone}")
    typer.echo(f"{done:5d} of {every:5d} texts in {lang}")
    return 0
