"""csi models: the index models, with formula, source and what is inferred."""

from __future__ import annotations

from typing import Annotated

import typer

from csi_lib.cli import options as o

_STATUS = {"P": "published", "C": "recomputed from published figures", "I": "inferred", "D": "our default"}


def command(
    name: Annotated[str | None, typer.Argument(help="one model in detail; name@edition for another edition")] = None,
    as_json: o.Json = False,
) -> int:
    """List the index models with formula, source, and which parts are inferred or default."""
    from csi_lib.models.index import IndexModel, bundled_models

    models = [IndexModel.load(n) for n in ([name] if name else bundled_models())]
    if as_json:
        o.print_json([m.file.model_dump(mode="json", by_alias=True, exclude_none=True) for m in models])
        return 0
    for model in models:
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
        if name:
            for row in model.weights.itertuples(index=False):
                weight = "estimated" if row.weight != row.weight else f"{row.weight:.3f}"
                typer.echo(f"    {row.parent} ← {row.child}: {weight} ({row.rule})")
    return 0
