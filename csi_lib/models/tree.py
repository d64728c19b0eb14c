"""What a model's declaration may leave out, and the faults that only the whole of it shows, each named with its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from csi_lib.errors import nearest
from csi_lib.study.base import PlacedError

if TYPE_CHECKING:
    from csi_lib.models.spec import ModelFile, Node, Weights


# -- before the parts are read ---------------------------------------------------------------------------------
def completed(data: Any) -> Any:
    """A declaration as written, with what follows from the rest of it.

    ``index`` is the only node that is no part of another; ``label`` is that node's; ``side`` may name nodes; the
    `overall` of a mix may be the number 1 − element, where one construct has ``role: overall`` (or the id overall).
    """
    if not (isinstance(data, Mapping) and _all_nodes(data.get("nodes"))):
        return data
    data = dict(data)
    if _listed(data.get("side")):
        named = [s for s in data["side"] if isinstance(s, str)]
        moved = {n["id"]: n for n in data["nodes"] if n.get("id") in named}
        if odd := [s for s in named if s not in moved]:
            raise unknown(f"side: there is no node {odd[0]}", odd[0], _ids(data["nodes"]), "side")
        data["nodes"] = [n for n in data["nodes"] if n.get("id") not in moved]
        data["side"] = [moved.get(s, s) if isinstance(s, str) else s for s in data["side"]]
    if data.get("index") is None:
        parts = {c for n in data["nodes"] if _listed(n.get("children")) for c in n["children"]}
        roots = [n["id"] for n in data["nodes"] if n.get("id") and n["id"] not in parts]
        if len(roots) != 1:
            raise PlacedError("it must be said which node is the index", "nodes", expected="index: <node>",
                              action=f"Parts of no other node are {', '.join(map(str, roots)) or 'none'}")  # fmt: skip
        data["index"] = roots[0]
    if data.get("label") is None:
        own = next((n.get("label") for n in data["nodes"] if n.get("id") == data["index"]), None)
        data |= {"label": own} if own is not None else {}
    if isinstance(data.get("mix"), Mapping):
        data["mix"] = _mix(data)
    return data


def _mix(data: Mapping) -> dict:
    mix = dict(data["mix"])
    element, overall = mix.get("element"), mix.get("overall")
    if not (_number(element) and _number(overall)):
        return mix
    if abs(element + overall - 1) > 1e-9:
        raise PlacedError(f"the shares of the mix sum to {element + overall:g}, not 1", "mix", "overall")
    beside = [n for n in [*(data.get("side") or ()), *data["nodes"]] if isinstance(n, Mapping)]
    asked = [n for n in beside if n.get("role") == "overall"] or [n for n in beside if n.get("id") == "overall"]
    if len(asked) != 1:
        raise PlacedError("mix.overall must name the node that was asked directly", "mix", "overall",
                          expected=f"one of {', '.join(_ids(beside))}")  # fmt: skip
    return mix | {"overall": asked[0]["id"]}


def _all_nodes(nodes) -> bool:
    return _listed(nodes) and all(isinstance(n, Mapping) for n in nodes)


def _listed(value) -> bool:
    return isinstance(value, (list, tuple)) and len(value) > 0


def _number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _ids(nodes: Iterable[Mapping]) -> list[str]:
    return [str(n["id"]) for n in nodes if n.get("id")]


# -- when they are -----------------------------------------------------------------------------------------------
def check(model: ModelFile) -> None:
    """Raise PlacedError for the first fault of the tree, its weights, its mix, its paths or its editions."""
    placed = list(model.placed())
    nodes = {}
    for place, node in placed:
        if node.id in nodes:
            raise PlacedError(f"node {node.id} is declared twice", *place)
        nodes[node.id] = node
    known = [n.id for n in model.nodes]
    if model.index not in known:
        raise unknown(f"index: {model.index} is not one of the nodes", model.index, known, "index")
    parents = _parents(placed, known)
    for place, node in placed:
        for name in ("items", "children"):
            if twice := _repeated(getattr(node, name) or ()):
                raise PlacedError(f"node {node.id}: {twice} stands twice", *place, name)
        check_weights(f"node {node.id}", node, node.weights, node.parts, *place, "weights")
    model.order  # noqa: B018  raises on a cycle
    if model.mix:
        _check_mix(model, nodes, parents)
    levels = {n.weights.at for n in model.nodes if n.weights.estimated}
    if len(levels) > 1:
        raise PlacedError(
            f"weights are estimated at {' and '.join(sorted(levels))}: one model has one of these", "nodes"
        )
    _check_paths(model)
    _check_editions(model, nodes)


def _parents(placed, known) -> dict[str, str]:
    parents: dict[str, str] = {}
    for place, node in placed:
        for child in node.children or ():
            if child not in known:
                raise unknown(f"node {node.id}: child {child} is not declared", child, known, *place, "children")
            if child in parents:
                raise PlacedError(f"node {child} has two parents, {parents[child]} and {node.id}", *place, "children")
            parents[child] = node.id
    return parents


def check_weights(who: str, node: Node, weights: Weights, parts: list[str], *place) -> None:
    """The weights name every part and no other; shares sum to 1."""
    values = weights.values
    for odd in sorted(set(values or ()) - set(parts)):
        raise unknown(f"{who}: a weight is given for {odd}, which is not a part of {node.id}", odd, parts, *place,
                       "values", odd)  # fmt: skip
    if values is not None and (lacking := [p for p in parts if p not in values]):
        raise PlacedError(f"{who}: no weight is given for {', '.join(lacking)}", *place, "values")
    check_shares(f"{who}: the weights", values or {}, *place, "values")
    for code, part in (weights.codes or {}).items():
        if part not in parts:
            raise unknown(f"{who}: code {code} stands for {part}, which is not a part of {node.id}", part, parts,
                           *place, "codes", code)  # fmt: skip


def check_shares(what: str, values: Mapping[str, float], *place) -> None:
    """Weights written as shares of 1 must sum to 1, within the rounding of two decimals; points may sum to anything."""
    total = sum(values.values())
    shares = any(0 < v < 1 for v in values.values()) and all(v <= 1 for v in values.values())
    if shares and abs(total - 1) > 0.005 * len(values) + 1e-9:
        raise PlacedError(f"{what} are shares and sum to {total:.4g}, not 1", *place,
                          action="Correct them, or write points, e.g. 10, 15, 5")  # fmt: skip


def _check_mix(model: ModelFile, nodes, parents) -> None:
    name = model.mix.overall
    if name not in nodes:
        raise unknown(f"mix.overall: {name} is not a node", name, nodes, "mix", "overall")
    if name == model.index or name in parents:
        where = "the index itself" if name == model.index else f"already a part of {parents[name]}"
        raise PlacedError(f"mix.overall: {name} is {where}; it is the answer asked directly, beside the elements",
                          "mix", "overall")  # fmt: skip


def _check_paths(model: ModelFile) -> None:
    blocks = {n.id for n in model.nodes if n.weights.rule == "pls"}
    for k, pair in enumerate(model.paths):
        for end in pair:
            if end not in blocks:
                raise unknown(f"paths: {end} is not a node with weights: {{rule: pls}}", end, blocks, "paths", k)
    if loose := blocks - {end for pair in model.paths for end in pair}:
        raise PlacedError(f"node {sorted(loose)[0]} has the rule pls but stands in no path", "paths")
    left = list(model.paths)
    while first := [pair for pair in left if pair[0] not in {target for _, target in left}]:
        left = [pair for pair in left if pair not in first]
    if left:
        raise PlacedError(f"the paths run in a circle through {', '.join(sorted({a for a, _ in left}))}", "paths",
                          model.paths.index(left[0]))  # fmt: skip


def _check_editions(model: ModelFile, nodes) -> None:
    for name, edition in model.editions.items():
        place = ("editions", name)
        if name == model.formula_edition:
            raise PlacedError(f"edition {name} is the model's own formula_edition", *place, action="Rename one of them")
        for field in ("items", "weights", "drop"):
            for what in getattr(edition, field):
                if what not in nodes:
                    raise unknown(f"edition {name}: there is no node {what}", what, nodes, *place, field)
        for what, weights in edition.weights.items():
            node = nodes[what]
            parts = edition.items.get(what) or [p for p in node.parts if p not in edition.drop]
            check_weights(f"edition {name}", node, weights, parts, *place, "weights", what)


def _repeated(names) -> str | None:
    seen: set[str] = set()
    return next((n for n in names if n in seen or seen.add(n)), None)


def unknown(problem: str, word: str, known, *place) -> PlacedError:
    near = nearest(word, known)
    return PlacedError(problem, *place, expected=f"one of {', '.join(sorted(known))}",
                       action=f"Did you mean {near!r}?" if near else None)  # fmt: skip
