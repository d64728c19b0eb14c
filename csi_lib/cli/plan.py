"""csi plan: how many to ask, in which cells, with what error."""

from __future__ import annotations

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
    as_json: o.Json = False,
) -> int:
    """Sample size and allocation: for the agencies of STUDY by its plan.yml, or for the numbers given."""
    if study is None:
        return _one(margin, population, proportion, sd, confidence, deff, response, as_json)
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
    plans = [plan_agency(plan, a.id) for a in chosen]
    if as_json:
        o.print_json([{"agency": p.agency, "n": p.allocation.n, "margin": p.allocation.margin,
                       "cells": p.table.to_dict("records")} for p in plans])  # fmt: skip
        return 0
    for p in plans:
        typer.echo(f"{p.agency}: {p.allocation.n} interviews, expected error ±{100 * p.allocation.margin:.1f} %p")
        for row in p.table.to_dict("records"):
            typer.echo(
                f"  {p.by} {row['cell']}: {row['n']} of {row['population']:,.0f} "
                f"(approach {row['approach']}), ±{100 * row['margin']:.1f} %p"
            )
    return 0


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
