"""csi new: a study folder that runs at once, on simulated answers or drafted from the files of a survey."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csi_lib.cli.speech import told


def command(
    folder: Annotated[Path, typer.Argument(help="folder to make")],
    more: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE...]", help="further files after --from", show_default=False)
    ] = None,
    files: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            help="answers (.csv .xlsx .sav .parquet, Triple-S) and questionnaires (.qsf .lss XLSForm); several waves together",
        ),
    ] = None,
    year: Annotated[int | None, typer.Option(help="the wave, where neither name nor dates of a file say it")] = None,
    agency: Annotated[str | None, typer.Option(help="name of the one body the answers are about")] = None,
    title: Annotated[str | None, typer.Option(help="title of the study")] = None,
) -> int:
    """Make a new study in FOLDER, with comments: from the files of a survey, or with simulated answers to look at."""
    if not files and not more:
        from csi_lib.study.template import new_study

        made = new_study(folder)
        typer.echo(
            told(f"{made} 조사를 만들었습니다. csi run {folder} 명령으로 첫 보고서를 만듭니다.",
                 f"{made} is a study; csi run {folder} makes its first reports")
        )  # fmt: skip
        return 0
    from csi_lib.draft.study import draft_study

    made = draft_study(folder, [*(files or ()), *(more or ())], year=year, agency=agency, title=title)
    roles = ", ".join(f"{n} {role}" for role, n in made.roles.items())
    typer.echo(
        f"{made.folder}: {made.respondents} respondents, {', '.join(map(str, made.years))}, {sum(made.roles.values())} columns ({roles})"
    )
    for note in made.notes:
        typer.echo(f"note: {note}")
    typer.echo(
        told(f"추측 {made.guesses}곳에 `# guess`를 달았습니다. csi check {folder} 명령이 보여 주고, csi run {folder} 명령이 보고서를 만듭니다.",
             f"{made.guesses} guesses are marked `# guess` in its files; csi check {folder} lists them, csi run {folder} makes the report")
    )  # fmt: skip
    return 0
