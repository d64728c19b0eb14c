"""Nodes that an agency does not have: a common core with business-specific dimensions, a sector that only some run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from csi_lib.errors import InputError, nearest
from csi_lib.models.index import IndexModel


def absent_nodes(study, model: IndexModel, survey) -> list[str]:
    """Nodes of `model` that this survey's agency and wave has not: those that the study declares (``absent:`` in study.yml)
    and, in a model with ``absent: drop``, those of which nobody answered an item.

    The whole round (no agency) lacks what nobody has.
    """
    declared = getattr(study, "absent", {}).get(survey.agency, {}).get(survey.year, ()) if survey.agency else ()
    known = [n.id for n in (*model.file.nodes, *model.file.side)]
    for name in declared:
        if name not in known and not any(name in _ids(m) for m in _others(study, survey)):
            near = nearest(name, known)
            raise InputError("absent names no node of the model", where=f"study.yml: absent > {survey.agency} > {survey.year}",
                             found=repr(name), expected=", ".join(known), action=f"Did you mean {near!r}?" if near else None)  # fmt: skip
    found = [n for n in declared if n in known]
    if model.file.absent == "drop" and not model.file.open_ended:
        found += [
            n.id for n in (*model.file.nodes, *model.file.side) if n.items and not _anybody(model, n.items, survey)
        ]
    return list(dict.fromkeys(_with_parents(model, found)))


def present(study, model: IndexModel, survey) -> IndexModel:
    """The model without the nodes that this agency and wave has not; the weights of the others are raised in proportion.

    InputError where nothing is left of the index.
    """
    return without(model, absent_nodes(study, model, survey))


def without(model: IndexModel, nodes: Iterable[str]) -> IndexModel:
    """The model without these nodes."""
    drop = list(nodes)
    if not drop:
        return model
    if model.file.index in drop:
        raise InputError(f"nothing is left of the index of model {model.name}", found=f"absent: {', '.join(drop)}",
                         action="Check the codebook's missing codes, or leave the agency out of this wave")  # fmt: skip
    cut = lambda file: None if file is None else file.changed(drop=[d for d in drop if d in _names(file)])
    return replace(model, file=cut(model.file), declared=None if model.declared is None else cut(model.declared))


def _with_parents(model: IndexModel, gone: list[str]) -> list[str]:
    """`gone`, and every node all of whose parts are."""
    gone = list(gone)
    for node in model.file.order:  # parts come before what they are parts of
        if node.children and node.id not in gone and all(c in gone for c in node.children):
            gone.append(node.id)
    return gone


def _anybody(model: IndexModel, items, survey) -> bool:
    columns = [model.binding.get(i, i) for i in items]
    return any(c in survey.frame and bool(np.isfinite(survey.frame[c].to_numpy(float)).any()) for c in columns)


def _others(study, survey) -> list[IndexModel]:
    from csi_lib.models.study_models import study_models

    return study_models(study, survey.source, year=survey.year)


def _ids(model: IndexModel) -> set[str]:
    return _names(model.file)


def _names(file) -> set[str]:
    return {n.id for n in (*file.nodes, *file.side)}
