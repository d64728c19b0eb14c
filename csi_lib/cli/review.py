"""csi review: what a person has to read before it is published."""

from __future__ import annotations

import getpass
import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from csi_lib.cli import options as o


def command(
    what: Annotated[str, typer.Argument(help="what to review: voice (comments)", metavar="WHAT")],
    study: o.Study,
    write: Annotated[
        Path | None, typer.Option(help="write the queue as CSV to fill in (column decision: accept, replace, withhold)")
    ] = None,
    read: Annotated[Path | None, typer.Option(help="take the decisions of a filled CSV")] = None,
    by: Annotated[str | None, typer.Option(help="who decides [default: the user's name]")] = None,
    data: o.Data = None,
    agency: o.Agency = None,
    year: o.Year = None,
    as_json: o.Json = False,
) -> int:
    """Review the comments of STUDY, the most doubtful first. Exit code 1 while some wait."""
    from csi_lib.errors import InputError
    from csi_lib.run.reviewing import waiting
    from csi_lib.study.study import load_study
    from csi_lib.voice.review import keep_decisions, read_decisions, read_queue, write_queue

    if what != "voice":
        raise InputError("nothing of this name is reviewed", found=repr(what), expected="voice")
    found = load_study(study)
    who = by or getpass.getuser()
    if read:
        keep_decisions(found.path, {**read_decisions(found.path), **read_queue(read, by=who)})
    left = waiting(found, data=data, agencies=agency or None, years=year or None)
    if left and not (write or read or as_json) and sys.stdin.isatty():
        made = _asked(left, who)
        keep_decisions(found.path, {**read_decisions(found.path), **made})
        left = [c for c in left if c.hash not in made]
    if write:
        typer.echo(str(write_queue(write, left)))
    if as_json:
        o.print_json({"waiting": len(left), "doubtful": sum(c.confidence >= 0.5 for c in left),
                      "decided": len(read_decisions(found.path))})  # fmt: skip
    else:
        doubtful = sum(c.confidence >= 0.5 for c in left)
        typer.echo(
            f"{len(left)} comments wait for a review, {doubtful} of them doubtful; {len(read_decisions(found.path))} decided"
        )
    return 1 if left else 0


def _asked(left, who: str) -> dict:
    """Decisions given at the keyboard, until the queue is empty or somebody has had enough."""
    from csi_lib.voice.review import Decision

    made, day = {}, str(date.today())
    for n, candidate in enumerate(left, 1):
        typer.echo(f"\n[{n}/{len(left)}] {candidate.because or 'nothing suspicious'}\n  {candidate.comment}")
        answer = typer.prompt("(a)ccept, (r)eplace, (w)ithhold, (s)kip, (q)uit", default="s").strip().lower()[:1]
        if answer == "q":
            break
        if answer == "r":
            made[candidate.hash] = Decision("replace", typer.prompt("replacement"), who, day)
        elif answer in ("a", "w"):
            made[candidate.hash] = Decision({"a": "accept", "w": "withhold"}[answer], "", who, day)
    return made
