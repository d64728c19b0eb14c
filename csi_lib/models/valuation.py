"""From a survey to the rows of an index model: answers read, weights estimated, every node valued in every group."""

from __future__ import annotations

import numpy as np

from csi_lib.errors import InputError, nearest
from csi_lib.models.engine import Answers, Part, combine_sectors, evaluate_nodes, worth
from csi_lib.models.sectors import sector_importance
from csi_lib.models.weighting import EstimatedWeights, estimate_weights
from csi_lib.survey.assembly import Assembly, Grouping


def read_answers(file, binding, survey) -> Answers:
    """Answers on 0–100 and weights, as the engine reads them."""
    frame = survey.frame
    matrix = np.full((len(frame), len(file.items)), np.nan, order="F")
    refuse_absent(file, binding, survey)
    for k, item in enumerate(file.items):
        column = binding.get(item, item)
        if column in frame:
            scale = survey.codebook.scale(column)
            if file.scale and file.scale.ends not in ((0, 100), (scale.low, scale.high)):
                raise InputError(
                    f"model {file.name} is declared for answers from {file.scale.low:g} to {file.scale.high:g}",
                    where=f"model {file.name}, item {item}",
                    found=f"{column} is answered from {scale.low:g} to {scale.high:g}",
                    action="Correct `scale` in the model or the scale in the codebook, or leave `scale` out",
                )
            x = frame[column].to_numpy(float)
            matrix[:, k] = worth(x, float(scale.low), float(scale.high), file.response, item=column)
    w = np.asarray(survey.design.weights, float)
    picked = {c for n in file.nodes for c in (n.weights.picks or ())}
    back = {column: item for item, column in binding.items()}
    columns = {c: _codes(frame, binding.get(c, c), back) for c in picked}
    names = {item: k for k, item in enumerate(file.items)}
    return Answers(names, matrix, w, columns, {n.id: _bonus(n.bonus, binding, frame) for n in file.nodes if n.bonus})


def _codes(frame, column: str, back) -> np.ndarray:
    """Picks as text, whole numbers without a point, no answer as None."""
    if column not in frame:
        return np.full(len(frame), None, dtype=object)
    values = frame[column].to_numpy(dtype=object, na_value=None)
    text = [None if v is None else str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in values]
    return np.array([None if t is None else back.get(t, t) for t in text], dtype=object)


def _bonus(bonus, binding, frame) -> np.ndarray:
    columns = [binding.get(i, i) for i in bonus.items]
    if absent := [c for c in columns if c not in frame]:
        raise InputError("the survey has no column for the bonus points", found=", ".join(absent))
    points = np.column_stack([frame[c].to_numpy(float) for c in columns])
    total = np.nansum(points, axis=1)
    return np.where(np.isfinite(points).any(axis=1), np.clip(total, 0.0, bonus.max), np.nan)


def not_asked(file, binding, survey) -> list[str]:
    """Items of the model that this wave did not ask."""
    frame, book = survey.frame, survey.codebook
    out = []
    for item in file.items:
        column = binding.get(item, item)
        if column not in frame:
            out.append(item)
        elif frame[column].isna().all():
            declared = getattr(book, "columns", {}).get(column)
            if declared is not None and not declared.available_in(survey.year):
                out.append(item)
    return out


def refuse_absent(file, binding, survey) -> None:
    """An item missing in one year changes what the index means, so the model must say that it may."""
    absent = not_asked(file, binding, survey)
    if not absent or file.absent == "drop":
        return
    item, column = absent[0], binding.get(absent[0], absent[0])
    near = None if column in survey.frame else nearest(column, survey.frame.columns)
    raise InputError(
        f"model {file.name} needs the item {item!r}, and the survey of {survey.year} has no answers to {column!r}",
        where=f"model {file.name}",
        found=f"not asked: {', '.join(absent)}",
        action=f"Did you mean {near!r}?" if near else
        "Bind the item in the study's model.yml, score the wave by an edition without it (years.<year>.formula_edition), "
        "or set absent: drop to leave it out of the waves that lack it",
    )  # fmt: skip


def value_into(build: Assembly, model, groups, *, agency=None, weights_survey=None) -> None:
    """Add the rows of `IndexModel.evaluate` for these groupings to an assembly."""
    survey, file = build.survey, model.file
    answers = read_answers(file, model.binding, survey)
    elsewhere = weights_survey is not None and weights_survey is not survey
    weights = estimate_weights(file, read_answers(file, model.binding, weights_survey) if elsewhere else answers)
    other = weights_survey if elsewhere else None
    keys = {"model": model.name, "formula_edition": file.formula_edition}
    scale = {"unit": file.unit, "scale_low": -100.0 if file.minus_scale else 0.0, "scale_high": file.scale_high}
    sectors = sectors_of(file, survey, agency or survey.agency)
    without = [p for node in file.nodes for p in node.items or () if not np.isfinite(answers[p]).any()]
    note = f"without {', '.join(without)}" if without else None
    for grouping in groups:
        nodes = evaluate_nodes(file, answers, weights, grouping.codes, len(grouping))
        if sectors:
            nodes[file.index] = by_sector(file, answers, weights, grouping, *sectors)
        parts = list(nodes.values())
        build.add_many(
            grouping,
            np.column_stack([p.value for p in parts]),
            np.column_stack([p.own for p in parts]),
            np.column_stack([p.base for p in parts]),
            extra={"z": weights.z, "loading": np.stack([p.by_weight for p in parts], axis=1), "survey": other},
            measure=list(nodes),
            statistic="index",
            value_text=[note if name == file.index else None for name in nodes],
            **keys,
            **scale,
        )
        _add_gaps(build, model, answers, grouping, keys)
    _add_weights(build, answers, weights, other, keys)
    if sectors:
        _add_importance(build, file.sectors.by, *sectors, keys)


def person_values(model, survey) -> np.ndarray:
    r"""What each respondent contributes to the index: :math:`y_i = I + u_i W / w_i`, u_i the linearised influence.

    The weighted mean of y is the index I exactly, whatever its formula; for a plain weighted mean y is the respondent's own
    score. Respondents of weight zero, and those without an answer that counts, have y = I.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> survey = csi_lib.Survey.from_frame(answers, scale=(1, 5), items=["q1", "q2", "q3"])
    >>> model = csi_lib.IndexModel.load("top2").fitted(survey)
    >>> csi_lib.person_values(model, survey)[:3].round(1)
    array([ 33.3, 100. , 100. ])
    """
    file = model.file
    answers = read_answers(file, model.binding, survey)
    weights = estimate_weights(file, answers)
    grouping = Grouping.total(len(answers.weights))
    sectors = sectors_of(file, survey, survey.agency)
    if sectors:
        part = by_sector(file, answers, weights, grouping, *sectors)
    else:
        part = evaluate_nodes(file, answers, weights, grouping.codes, 1)[file.index]
    influence = part.own + weights.z @ part.by_weight[0]
    w = answers.weights
    return part.value[0] + np.where(w > 0, influence * w.sum() / np.where(w > 0, w, 1.0), 0.0)


def by_sector(file, answers, weights: EstimatedWeights, grouping: Grouping, codes, names, importance) -> Part:
    joint = np.where((grouping.codes >= 0) & (codes >= 0), grouping.codes * len(names) + codes, -1)
    part = evaluate_nodes(file, answers, weights, joint, len(grouping) * len(names))[file.index]
    return combine_sectors(part, grouping.codes, codes, len(grouping), importance)


def sectors_of(file, survey, agency):
    """Sector code of each respondent, sector names and importance f (normalised); None without sectors."""
    spec = file.sectors
    if spec is None or spec.by not in survey.frame or survey.frame[spec.by].isna().all():
        return None
    grouping = Grouping.of(survey.frame, spec.by)
    names = [g[0] for g in grouping.groups]
    criteria = (spec.agencies or {}).get(str(agency)) or spec.criteria
    return grouping.codes, names, sector_importance(criteria, names, spec.shares)


def _add_gaps(build: Assembly, model, answers: Answers, grouping: Grouping, keys) -> None:
    """The gap of every item pair on the people who answered both: a difference with its standard error."""
    bind = lambda i: model.binding.get(i, i)
    for node in model.file.nodes:
        if not node.minus:
            continue
        weights = EstimatedWeights(
            [(node.id, i) for i in node.items], np.ones(len(node.items)), np.zeros((len(answers.weights), 0)), []
        )
        single = [
            node.model_copy(update={"id": f"g{k}", "items": [i], "minus": [e]})
            for k, (i, e) in enumerate(zip(node.items, node.minus, strict=True))
        ]
        gaps = model.file.model_copy(update={"nodes": [], "side": single})
        parts = list(evaluate_nodes(gaps, answers, weights, grouping.codes, len(grouping)).values())
        build.add_many(
            grouping,
            np.column_stack([p.value for p in parts]),
            np.column_stack([p.own for p in parts]),
            np.column_stack([p.base for p in parts]),
            measure=[bind(i) for i in node.items],
            statistic="difference",
            versus=[f"mean:measure={bind(e)}" for e in node.minus],
            unit="points",
            scale_low=-100.0,
            scale_high=100.0,
            **keys,
        )


def _add_weights(build: Assembly, answers, weights: EstimatedWeights, other, keys) -> None:
    value, z = weights.normalised()
    n, edges = len(answers.weights), len(weights.edges)
    total = Grouping.total(n)
    everybody = np.broadcast_to((answers.weights > 0)[:, None], (n, edges))
    loading = np.eye(edges)[None]
    build.add_many(
        total,
        value[None, :],
        np.zeros((n, edges)) if other is not None else z,
        everybody,
        extra={"z": z, "loading": loading, "survey": other} if other is not None else None,
        measure=[f"{parent}>{part}" for parent, part in weights.edges],
        statistic="weight",
        unit="weight",
        scale_low=0.0,
        scale_high=1.0,
        value_text=weights.rules,
        **keys,
    )


def _add_importance(build: Assembly, by: str, codes, names, importance, keys) -> None:
    for k, name in enumerate(names):
        at = Grouping((by,), np.where(codes == k, 0, -1), ((name,),))
        build.add(at, importance[[k]], np.zeros(len(codes)), codes == k, measure="sector", statistic="importance",
                  unit="weight", scale_low=0.0, scale_high=1.0, **keys)  # fmt: skip
