"""csi models: the index models and dated presets, with formula, source and what is inferred."""

from __future__ import annotations

from typing import Annotated

import typer

from csi_lib.cli import options as o

_STATUS = {"P": "published", "C": "recomputed from published figures", "I": "inferred", "D": "our default"}


def command(
    name: Annotated[
        str | None, typer.Argument(help="one model or preset in detail; name@edition for another edition of a model")
    ] = None,
    as_json: o.Json = False,
) -> int:
    """List the index models and the dated presets with formula, source, and which parts are inferred or default."""
    from csi_lib.evaluation.presets import presets
    from csi_lib.models.index import IndexModel, bundled_models

    shown = [p for p in presets().values() if name in (None, p.preset)]
    models = [IndexModel.load(n) for n in ([] if name and shown else [name] if name else bundled_models())]
    if as_json:
        o.print_json([m.file.model_dump(mode="json", by_alias=True, exclude_none=True) for m in models]
                     + [p.model_dump(mode="json", exclude_none=True) for p in shown])  # fmt: skip
        return 0
    for model in models:
        _say_model(model, detail=name is not None)
    if shown and name is None:
        typer.echo("\nDated presets (`preset: NAME` in the file of the system):")
    for preset in shown:
        _say_preset(preset, detail=name is not None)
    return 0


def _say_model(model, *, detail: bool) -> None:
    file = model.file
    typer.echo(f"{file.name} — {file.label.text('en')} (edition {file.formula_edition})")
    if file.formula:
        typer.echo(f"  {file.formula.text('en')}")
    typer.echo(f"  source: {file.source.text('en')}")
    for edition in model.editions[1:]:
        other = model.edition(edition).file
        formula = other.formula.text("en") if other.formula and other.formula != file.formula else "other weights"
        typer.echo(f"  edition {edition}: {formula} ({file.name}@{edition})")
    soft = [(f"{n.id}", n.status) for n in file.nodes if n.status in ("I", "D", "C")]
    soft += [(f"weights of {n.id}", n.weights.status) for n in file.nodes if n.weights.status in ("I", "D", "C")]
    soft += [(a.text.text("en"), a.status) for a in file.assumptions]
    for what, status in soft:
        typer.echo(f"  {_STATUS[status]}: {what}")
    if detail:
        for row in model.weights.itertuples(index=False):
            weight = "estimated" if row.weight != row.weight else f"{row.weight:.3f}"
            typer.echo(f"    {row.parent} ← {row.child}: {weight} ({row.rule})")


def _say_preset(preset, *, detail: bool) -> None:
    years = preset.edition if preset.until == preset.edition else f"{preset.edition}–{preset.until or ''}"
    typer.echo(f"{preset.preset} — {preset.label.text('en')} ({preset.system}.yml, {years})")
    typer.echo(f"  {preset.formula.text('en')}")
    typer.echo(f"  source: {preset.source.text('en')}")
    typer.echo(f"  official form: {preset.output.text('en')}")
    by_status: dict[str, list[str]] = {}
    for setting, status in preset.status.items():
        by_status.setdefault(status, []).append(setting)
    for status, settings in by_status.items():
        typer.echo(f"  {_STATUS[status]}: {', '.join(settings)}")
    for assumption in preset.assumptions:
        typer.echo(f"  {_STATUS[assumption.status]}: {assumption.text.text('en')}")
    if detail:
        for setting, value in preset.settings.items():
            typer.echo(f"    {setting}: {value} ({preset.status[setting]})")
