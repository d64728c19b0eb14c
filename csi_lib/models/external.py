"""Weights that come from outside the survey: a CSV file beside the model.

Columns ``part, weight``, and where they differ ``agency`` and ``year`` (an empty cell holds for all). The weights of one
node are read from one file; they are normalised to 1 like any others.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from csi_lib.errors import InputError, nearest
from csi_lib.intake.lists import read_list
from csi_lib.models.spec import ModelFile, Node
from csi_lib.study.base import number_in


def external_tables(file: ModelFile, folder: Path) -> dict[str, pd.DataFrame]:
    """Node → its table, for every node whose weights are read from a file in `folder`; checked."""
    return {n.id: _read(n, Path(folder) / n.weights.file) for n in file.nodes if n.weights.file}


def _read(node: Node, path: Path) -> pd.DataFrame:
    if not path.exists():
        raise InputError(f"the weights of {node.id} are to be read from a file that does not exist", where=str(path))
    rows, lines = read_list(path, ("part", "weight"), ("agency", "year"), what="table of weights")
    table = pd.DataFrame(
        rows, columns=["part", "weight", *(c for c in ("agency", "year") if any(c in row for row in rows))]
    )
    for k, (part, text) in enumerate(zip(table["part"], table["weight"], strict=True)):
        where = f"{path}:{lines[k]}"
        if part not in node.parts:
            near = nearest(part, node.parts)
            raise InputError(f"{part!r} is not a part of {node.id}", where=where, expected=", ".join(node.parts),
                             action=f"Did you mean {near!r}?" if near else None)  # fmt: skip
        weight = number_in(text)
        if weight is None or weight < 0:
            raise InputError("a weight is a number of zero or more", where=where, found=repr(text))
    table["weight"] = table["weight"].astype(float)
    for name in ("agency", "year"):
        table[name] = table[name].str.strip() if name in table else ""
    table.attrs["path"] = str(path)
    return table


def resolved(file: ModelFile, tables: Mapping[str, pd.DataFrame], agency, year) -> ModelFile:
    """The model with the external weights of one agency and wave filled in; the most specific row counts."""
    if not tables:
        return file
    nodes = [_filled(n, tables[n.id], str(agency), str(year)) if n.id in tables else n for n in file.nodes]
    return file.model_copy(update={"nodes": nodes})


def _filled(node: Node, table: pd.DataFrame, agency: str, year: str) -> Node:
    fits = table["agency"].isin(["", agency]) & table["year"].isin(["", year])
    rows = table[fits].assign(special=(table["agency"] != "").astype(int) * 2 + (table["year"] != ""))
    values = rows.sort_values("special", kind="stable").groupby("part")["weight"].last().to_dict()
    lacking = [p for p in node.parts if p not in values]
    if lacking or sum(values.values()) <= 0:
        raise InputError(
            f"no weight of {lacking[0]} in {node.id} for agency {agency} in {year}"
            if lacking
            else "the weights sum to 0",
            where=table.attrs["path"],
            action="Add a row; leave agency and year empty where they do not matter",
        )
    return node.model_copy(update={"weights": node.weights.model_copy(update={"values": values})})
