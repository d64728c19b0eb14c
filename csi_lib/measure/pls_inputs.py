"""From what the user writes to a checked `Layout`; every refusal names the block or item and the way out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

import numpy as np

from csi_lib.errors import InputError, nearest
from csi_lib.measure.pls_algorithm import MODES, SCHEMES, Layout
from csi_lib.measure.pls_statistics import IndexScale, keys, variance_inflation
from csi_lib.measure.pls_syntax import read_path_model
from csi_lib.measure.rows import Rows, correlations, warn

#: answer scales that may be read off the data when none is given
COMMON_SCALES = {(1, 4), (1, 5), (1, 6), (1, 7), (1, 10), (0, 4), (0, 5), (0, 6), (0, 10), (0, 100), (1, 100)}


def read_layout(measurement, structure, *, scheme: str, scaled: bool, modes, consistent) -> Layout:
    measurement, pairs, modes = read_path_model(measurement, structure, modes)
    blocks = _read_measurement(measurement)
    names = list(blocks)
    if scheme not in SCHEMES:
        raise InputError(
            "unknown inner weighting scheme",
            where="scheme",
            found=repr(scheme),
            expected=" or ".join(map(repr, SCHEMES)),
        )
    arrows = _read_structure(pairs, names)
    corrected = _read_consistent(consistent, names)
    mode_of = _read_modes(modes, names)
    if corrected.any() and not scaled:
        raise InputError(
            "consistent PLS is defined for standardised items",
            where="scaled",
            found="False",
            action="Leave scaled=True.",
        )
    wrong = [b for b, c, m in zip(names, corrected, mode_of, strict=True) if c and m != "A" and len(blocks[b]) > 1]
    if wrong and consistent is not True:
        raise InputError(
            "only a block estimated by mode A can be corrected for unreliability",
            where="consistent",
            found=", ".join(wrong),
            action="Leave the block out of `consistent`, or use mode A.",
        )
    corrected &= np.array([m == "A" and len(blocks[b]) > 1 for b, m in zip(names, mode_of, strict=True)])
    items = [item for block in names for item in blocks[block]]
    distinct = list(dict.fromkeys(items))
    return Layout(
        blocks=tuple(names),
        items=tuple(items),
        column=np.array([distinct.index(item) for item in items]),
        block_of=np.repeat(np.arange(len(names)), [len(blocks[b]) for b in names]),
        arrows=arrows,
        modes=mode_of,
        scheme=scheme,
        scaled=bool(scaled),
        consistent=corrected,
    )


def _read_measurement(measurement) -> dict[str, list]:
    if not isinstance(measurement, Mapping) or not measurement:
        raise InputError(
            "the measurement model must name the items of each block",
            where="measurement",
            found=type(measurement).__name__,
            expected="{'Satisfaction': ['q1', 'q2'], …} or 'Satisfaction =~ q1 + q2'",
        )
    blocks = {}
    for block, items in measurement.items():
        items = [items] if isinstance(items, str) else list(items)
        if not items:
            raise InputError("block without items", where=f"measurement[{block!r}]", action="Give it items or drop it.")
        twice = sorted({str(i) for i in items if items.count(i) > 1})
        if twice:
            raise InputError("item named twice in one block", where=f"measurement[{block!r}]", found=", ".join(twice))
        blocks[block] = items
    return blocks


def _read_structure(structure, names: Sequence[str]) -> np.ndarray:
    arrows = list(structure)
    if not arrows or any(len(pair) != 2 for pair in arrows):
        raise InputError(
            "the structure must list pairs (source, target)",
            where="structure",
            found=f"{arrows[:2]}",
            expected="[('Quality', 'Satisfaction'), …], {'Satisfaction': ['Quality', …]} or 'Satisfaction ~ Quality'",
        )
    for block in (name for pair in arrows for name in pair):
        if block not in names:
            guess = nearest(block, names)
            raise InputError(
                "the structure names a block that has no items",
                where="structure",
                found=repr(block),
                action=f"Did you mean {guess!r}?" if guess else f"The blocks are {', '.join(names)}.",
            )
    twice = {pair for pair in arrows if arrows.count(pair) > 1}
    if twice:
        raise InputError("the same path is listed twice", where="structure", found=" -> ".join(sorted(twice)[0]))
    feeds: dict[str, set] = {name: set() for name in names}
    for source, target in arrows:
        feeds[target].add(source)
    try:
        TopologicalSorter(feeds).prepare()
    except CycleError as error:
        raise InputError(
            "the paths run in a circle",
            where="structure",
            found=" -> ".join(error.args[1]),
            action="A path model is recursive: remove one of these paths.",
        ) from None
    linked = {name for pair in arrows for name in pair}
    alone = [name for name in names if name not in linked]
    if alone:
        raise InputError(
            "block without any path: its weights cannot be estimated",
            where="structure",
            found=", ".join(alone),
            action="Connect it, or take it out of the measurement model.",
        )
    place = {name: i for i, name in enumerate(names)}
    return np.array([(place[s], place[t]) for s, t in arrows])


def _read_modes(modes, names: Sequence[str]) -> tuple[str, ...]:
    if modes is None or isinstance(modes, str):
        chosen = dict.fromkeys(names, modes or "A")
    elif isinstance(modes, Mapping):
        unknown = [b for b in modes if b not in names]
        if unknown:
            raise InputError("mode given for an unknown block", where="modes", found=", ".join(map(str, unknown)))
        chosen = {name: modes.get(name, "A") for name in names}
    else:
        modes = list(modes)
        if len(modes) != len(names):
            raise InputError(
                "there must be one mode per block", where="modes", found=len(modes), expected=str(len(names))
            )
        chosen = dict(zip(names, modes, strict=True))
    bad = sorted({str(m) for m in chosen.values() if m not in MODES})
    if bad:
        raise InputError("unknown mode", where="modes", found=", ".join(bad), expected="'A', 'B' or 'unit'")
    return tuple(chosen.values())


def _read_consistent(consistent, names: Sequence[str]) -> np.ndarray:
    if isinstance(consistent, bool | np.bool_):
        return np.full(len(names), bool(consistent))
    wanted = [consistent] if isinstance(consistent, str) else list(consistent)
    unknown = [b for b in wanted if b not in names]
    if unknown:
        raise InputError("unknown block", where="consistent", found=", ".join(map(str, unknown)))
    return np.array([name in wanted for name in names])


def check_data(rows: Rows, layout: Layout) -> None:
    """Refuse data on which the model has no unique answer; warn where the answer is shaky."""
    most = max(len(layout.sources(t)) for t in layout.targets)
    if rows.n <= most + 1:
        raise InputError(
            "fewer rows than a regression of the model needs",
            where="items",
            found=f"{rows.n} rows",
            expected=f"more than {most + 1}",
        )
    if rows.n <= layout.k:
        warn(
            f"{rows.n} rows for {layout.k} items: loadings and paths of so few rows are not stable; "
            "report the bootstrap intervals."
        )
    S = correlations(rows.moments()[1])[0][layout.column[:, None], layout.column]
    for j, block in enumerate(layout.blocks):
        at = layout.positions(j)
        if len(at) == 1:
            continue
        R = S[at[:, None], at]
        if layout.modes[j] == "B":
            if np.linalg.eigvalsh(R)[0] < 1e-10:
                raise InputError(
                    "mode B regresses on these items, and they determine each other exactly",
                    where=f"measurement[{block!r}]",
                    found=", ".join(_tied(R, at, layout)),
                    action="Drop an item, or estimate the block by mode A.",
                )
        else:
            same = np.argwhere(np.triu(np.abs(R) > 1 - 1e-12, 1))
            if len(same):
                a, b = (layout.items[at[i]] for i in same[0])
                warn(f"items {a} and {b} of block {block} correlate perfectly: they carry one answer, counted twice.")


def _tied(R: np.ndarray, at: np.ndarray, layout: Layout) -> list[str]:
    """Items that take part in the linear dependence: those in its null vector."""
    vector = np.linalg.eigh(R)[1][:, 0]
    return [layout.items[p] for p, v in zip(at, vector, strict=True) if abs(v) > 1e-6]


def check_blocks(correlation: np.ndarray, layout: Layout) -> None:
    """The predictors of each block must not determine each other."""
    for target in layout.targets:
        sources = layout.sources(target)
        if not np.isfinite(variance_inflation(correlation[sources[:, None], sources])).all():
            raise InputError(
                "the blocks that explain it determine each other exactly",
                where=f"block {layout.blocks[target]!r}",
                found=", ".join(layout.blocks[s] for s in sources),
                action="Take one of these paths out.",
            )


def read_scale(scale, rows: Rows, layout: Layout, form: str) -> IndexScale:
    """Ends of the answer scale per position, from the user, else read off the answers when they are plain.

    Read off means: whole numbers whose overall extremes are a common scale such as 1–5, 1–10 or 0–10.
    """
    if form not in ("ecsi", "plspm"):
        raise InputError(
            "unknown form of index weights",
            where="index_form",
            found=repr(form),
            expected="'ecsi' or 'plspm'",
        )
    if scale is None:
        values = rows.values if rows.observed is None else rows.values[rows.observed.astype(bool)]
        low, high = float(values.min()), float(values.max())
        whole = np.abs(values - np.round(values)).max() < 1e-9
        if not whole or (round(low), round(high)) not in COMMON_SCALES:
            raise InputError(
                "the ends of the answer scale cannot be read off the answers",
                where="scale",
                found=f"{low:g} to {high:g}",
                action="Give scale=(low, high), for example scale=(1, 10).",
            )
        scale = (round(low), round(high))
    if isinstance(scale, Mapping):
        ends = []
        for j, item in zip(layout.block_of, layout.items, strict=True):
            if item not in scale and layout.blocks[j] not in scale:
                raise InputError(
                    "no answer scale for an item",
                    where="scale",
                    found=repr(item),
                    action="Name it or its block in `scale`.",
                )
            ends.append(scale.get(item, scale.get(layout.blocks[j])))
    else:
        ends = [scale] * layout.k
    if not all(isinstance(e, Iterable) and len(tuple(e)) == 2 and e[0] < e[1] for e in ends):
        raise InputError("an answer scale is a pair (low, high) with low below high", where="scale", found=repr(scale))
    low, high = np.array(ends, dtype=float).T
    values = rows.values[:, layout.column]
    if rows.observed is not None:  # an imputed mean is no answer
        values = np.where(rows.observed[:, layout.column] > 0, values, low)
    outside = ((values < low - 1e-9) | (values > high + 1e-9)).any(axis=0)
    if outside.any():
        p = int(np.argmax(outside))
        warn(
            f"item {layout.items[p]} has answers from {values[:, p].min():g} to {values[:, p].max():g}, "
            f"outside the scale {low[p]:g} to {high[p]:g}: the index is not bounded by 0 and 100. Declare "
            "missing-value codes, or give the right scale."
        )
    return IndexScale(low, high, form)


def check_consistent(values: dict[str, np.ndarray], layout: Layout) -> None:
    """A correction for unreliability can overshoot: say where, and hand on no NaN."""
    if not layout.consistent.any():
        return
    rho = values["reliability"].reshape(1, -1, layout.J)[0, 1]
    bad = [b for b, r, c in zip(layout.blocks, rho, layout.consistent, strict=True) if c and not r > 0]
    if bad:
        raise InputError(
            "ρ_A is not positive, so the block cannot be corrected for unreliability",
            where="consistent",
            found=", ".join(bad),
            action="Leave it out of `consistent`, or drop items that do not belong.",
        )
    if not np.isfinite(values["paths"]).all():
        raise InputError(
            "the corrected correlations of the blocks are not positive definite",
            where="consistent",
            action="Two blocks are not distinct (see `htmt` of the uncorrected model): merge them.",
        )
    over = np.abs(values["correlations"][0]) > 1
    high = np.abs(values["loadings"][0]) > 1
    if over.any() or high.any() or (rho > 1).any():
        what = []
        if over.any():
            what.append("correlation of " + " and ".join(keys(layout)["correlations"][int(np.argmax(over))]))
        if high.any():
            what.append("loading of " + str(layout.items[int(np.argmax(high))]))
        if (rho > 1).any():
            what.append("ρ_A of " + layout.blocks[int(np.argmax(rho))])
        warn(
            f"consistent PLS left its bounds: {', '.join(what)} above 1 (a Heywood case). Do not report "
            "these paths; the blocks may not be distinct."
        )
