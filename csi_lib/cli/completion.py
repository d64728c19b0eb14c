"""What the shell offers while a command is typed: studies, agencies, years."""

from __future__ import annotations

from pathlib import Path


def studies(incomplete: str) -> list[str]:
    """Studies of this folder and of ``params/``, then the bundled ones."""
    from csi_lib.study.location import bundled_studies

    here = [
        p.parent.as_posix() for pattern in ("*/study.yml", "params/*/study.yml") for p in sorted(Path().glob(pattern))
    ]
    names = [n.removeprefix("params/") for n in here]
    return [n for n in dict.fromkeys([*names, *bundled_studies()]) if n.startswith(incomplete)]


def agencies(ctx, incomplete: str) -> list[tuple[str, str]]:
    """Agency ids with their names, once the study stands on the line."""
    study = _study(ctx)
    return (
        []
        if study is None
        else [(a.id, a.name.text(study.report.language)) for a in study.agencies if a.id.startswith(incomplete)]
    )


def years(ctx, incomplete: str) -> list[str]:
    """Years of the study."""
    study = _study(ctx)
    return [] if study is None else [str(y) for y in study.years if str(y).startswith(incomplete)]


def _study(ctx):
    from csi_lib.errors import InputError
    from csi_lib.study.study import load_study

    try:
        return load_study(ctx.params["study"])
    except (InputError, KeyError, TypeError):  # nothing to offer, and nothing to say between two keystrokes
        return None
