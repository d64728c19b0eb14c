"""csi plan: how many to ask, in which cells, with what error; and whether fieldwork got them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csi_lib.cli import options as o


def command(
    study: Annotated[str | None, typer.Argument(help="study with a plan.yml; without it the options below")] = None,
    margin: Annotated[float, typer.Option(help="wanted error: a share (0.05), or points with --sd")] = 0.05,
    population: Annotated[float | None, typer.Option(help="customers in all [default: infinite]")] = None,
    proportion: Annotated[float, typer.Option(help="expected share")] = 0.5,
    sd: Annotated[float | None, typer.Option(help="standard deviation, to plan for a mean")] = None,
    confidence: Annotated[float, typer.Option()] = 0.95,
    deff: Annotated[float, typer.Option(help="expected design effect")] = 1.0,
    response: Annotated[float, typer.Option(help="expected response rate")] = 1.0,
    agency: o.Agency = None,
    check: Annotated[
        int | None, typer.Option(help="year: hold the answers of that wave against the plan; exit code 1 when short")
    ] = None,
    source: Annotated[str, typer.Option(help="source of the answers, with --check")] = "customers",
    data: o.Data = None,
    out: Annotated[
        Path | None, typer.Option(help="write the table to this CSV file, e.g. for the fieldwork team")
    ] = None,
    as_json: o.Json = False,
) -> int:
    """Sample size and allocation: for the agencies of STUDY by its plan.yml, or for the numbers given."""
    if study is None:
        return _one(margin, population, proportion, sd, confidence, deff, response, as_json)
    import pandas as pd

    from csi_lib.chapters.customers.compute import frame_population
    from csi_lib.errors import InputError
    from csi_lib.study.study import load_study
    from csi_lib.survey.sampling_plan import plan_agency, read_plan

    loaded = load_study(study)
    plan = read_plan(loaded)
    if plan is None:
        raise InputError(
            "the study has no plan.yml",
            where=str(loaded.path),
            action="Write one (by, frame, margin), or give --margin and --population without a study",
        )
    chosen = [loaded.agency(a) for a in agency] if agency else loaded.agencies
    if check is not None:
        chosen = [a for a in chosen if loaded.wave(check) and a.took_part(check)]
    year = max(loaded.years) if check is None else check
    plans = [plan_agency(plan, a.id, frame=frame_population(loaded, a.id, year, data=data)) for a in chosen]
    tables = [p.table if check is None else p.check(_achieved(loaded, plan, p, check, source, data)) for p in plans]
    table = pd.concat(tables, ignore_index=True)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(out, index=False, encoding="utf-8-sig")
    if as_json:
        o.print_json([{"agency": p.agency, "n": p.allocation.n, "cost": p.allocation.cost, "unit": p.unit,
                       "margin": p.allocation.margin, "cells": t.to_dict("records")} for p, t in zip(plans, tables)])  # fmt: skip
    else:
        _print(loaded, plans, tables, check)
    return 0 if check is None else int(not table["done"].all())


def _achieved(study, plan, own, year: int, source: str, data) -> dict[str, int]:
    """Interviews of a wave by cell."""
    from csi_lib.errors import InputError
    from csi_lib.survey.reading import read_survey

    frame = read_survey(study, own.agency, year, source=source, data=data).frame
    if plan.by not in frame or frame[plan.by].isna().all():
        raise InputError("the answers have no column of the plan's cells", where="plan.yml: by", found=plan.by)
    return {str(k): int(v) for k, v in frame[plan.by].astype("string").value_counts().items()}


def _print(study, plans, tables, check) -> None:
    from rich.console import Console
    from rich.table import Table

    book = next(iter(study.codebooks.values()), None)
    console = Console()
    console = console if console.width >= 100 else Console(width=100)
    for p, table in zip(plans, tables, strict=True):
        scale, unit = (100, "%p") if p.unit == "pp" else (1, "points")
        error = lambda value, scale=scale: f"±{scale * value:.1f}" if value < 1e6 else "–"
        shown = Table(title=f"{p.agency}: {p.allocation.n} interviews, expected error {error(p.allocation.margin)} {unit}",
                      title_justify="left")  # fmt: skip
        names = ["population", "planned", "approach", "fraction", f"error ({unit})"]
        if check is not None:
            names = ["population", "planned", "achieved", "missing", f"planned {unit}", f"now {unit}"]
        shown.add_column(p.by, no_wrap=True)
        for name in names:
            shown.add_column(name, justify="right", no_wrap=True)
        for r in table.to_dict("records"):
            cells = [f"{r['population']:,.0f}"]
            if check is None:
                cells += [str(r["n"]), str(r["approach"]), f"{r['fraction']:.1%}", error(r["margin"])]
            else:
                cells += [str(r["planned"]), str(r["achieved"]), str(r["missing"] or ""), error(r["margin_planned"]),
                          error(r["margin"])]  # fmt: skip
            shown.add_row(_label(book, p.by, r["cell"]), *cells)
        console.print(shown)
        if check is not None:
            short = table.loc[~table["done"], "cell"].tolist()
            console.print("reached in every cell" if not short else f"short in {', '.join(short)}", highlight=False)


def _label(book, by: str, code: str) -> str:
    column = book.columns.get(by) if book is not None else None
    labels = {str(k): v for k, v in column.labels.items()} if column is not None else {}
    return f"{code} {labels[code]}" if code in labels else code


def _one(margin, population, proportion, sd, confidence, deff, response, as_json) -> int:
    from csi_lib.survey.planning import sample_size

    found = sample_size(
        margin=margin, proportion=proportion, sd=sd, ci=confidence, population=population, deff=deff, response=response
    )
    if as_json:
        o.print_json(found.__dict__)
    else:
        typer.echo(f"{found.n} interviews; approach {found.invitations}")
    return 0
