"""The command line: one thin file per verb; errors in words on stderr, exit code 2 for wrong input."""

from __future__ import annotations

import functools
import importlib
import os
import sys

#: verb -> what it does, in the order of `csi --help`; each lives in csi_lib/cli/<verb>.py as `command`
VERBS = (
    "new",
    "check",
    "migrate",
    "intake",
    "codebook",
    "plan",
    "import",
    "run",
    "render",
    "status",
    "verify",
    "attack",
    "review",
    "purge",
    "trace",
    "diff",
    "models",
    "words",
    "audit",
    "letters",
    "handbook",
    "deliver",
    "simulate",
    "serve",
    "lab",
    "doctor",
)


def app():
    """The typer application; verbs are imported here, and import what they need when they are called."""
    import typer

    from csi_lib.cli.guide import SUMMARIES_KO, epilog
    from csi_lib.cli.speech import told

    def version(asked: bool) -> None:
        if asked:
            from csi_lib import __version__

            typer.echo(f"csi {__version__}")
            raise typer.Exit

    cli = typer.Typer(
        name="csi",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # rich takes "[default: …]" for markup and prints nothing
    )

    def common(
        version: bool = typer.Option(
            False, "--version", callback=version, is_eager=True, help="say which version this is"
        ),
        debug: bool = typer.Option(
            False, "--debug", help="show tracebacks, and messages of errors in chapters, which may quote answers"
        ),
    ) -> None:
        """Satisfaction studies of public agencies: from a respondent file to published reports."""

    common.__doc__ = told("공공기관 고객만족도 조사: 응답 자료에서 결과보고서까지.", common.__doc__)
    cli.callback()(common)
    for verb in VERBS:
        module = importlib.import_module(f"csi_lib.cli.{verb}_" if verb == "import" else f"csi_lib.cli.{verb}")
        summary = {"short_help": SUMMARIES_KO[verb]} if told("ko", "en") == "ko" and verb in SUMMARIES_KO else {}
        cli.command(verb, epilog=epilog(verb), **summary)(_exiting(module.command))
    return cli


def _exiting(command):
    """What a verb returns is the exit code."""

    @functools.wraps(command)
    def run(*args, **kwargs):
        try:
            code = command(*args, **kwargs)
        except KeyboardInterrupt:  # before typer, which would only say that something was aborted
            print("csi: stopped; what is finished is kept, the same command goes on with the rest", file=sys.stderr)
            code = 130
        sys.exit(code or 0)

    return run


def main(arguments: list[str] | None = None) -> None:
    """Entry point of ``csi``. Exit codes: 0 done; 1 a job failed or a check found something; 2 wrong input."""
    from csi_lib.errors import InputError
    from csi_lib.run.lean_imports import lean_imports

    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in arguments
    if debug:
        arguments.remove("--debug")
        os.environ["CSI_DEBUG"] = "1"
    try:
        with lean_imports():
            app()(args=arguments)
    except InputError as error:
        if debug:
            raise
        print(f"csi: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except Exception as error:
        if debug:
            raise
        print(
            f"csi: {type(error).__name__}: {error}\nThis is a fault of ours; run again with --debug and report what it prints.",
            file=sys.stderr,
        )
        sys.exit(1)
