"""Options that several verbs share, spelled the same everywhere."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from csi_lib.cli import completion

Study = Annotated[
    str, typer.Argument(help="folder or name of the study", metavar="STUDY", autocompletion=completion.studies)
]
Out = Annotated[Path | None, typer.Option(help="output folder [default: out/STUDY]")]
Data = Annotated[Path | None, typer.Option(help="folder of the respondent files, where they are not in the study")]
Agency = Annotated[
    list[str] | None,
    typer.Option(
        help="agency id, or _overall for the report on all of them; may be given several times",
        autocompletion=completion.agencies,
    ),
]
Year = Annotated[
    list[int] | None, typer.Option(help="year; may be given several times", autocompletion=completion.years)
]
Lang = Annotated[str | None, typer.Option(help="ko, en, or a language with a catalogue (csi words)")]
Json = Annotated[bool, typer.Option("--json", help="machine-readable output")]


def print_json(value) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=1, default=str)
    sys.stdout.write("\n")
