"""The declaration of an index model: data, no code. One YAML file is one model.

A model is a tree of nodes. A leaf node combines survey items; any other node combines its children. How the
parts of a node are weighted is the node's `weights.rule`; what an answer is worth on 0–100 is the model's
`response`. Users add a model by writing such a file in their study.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from csi_lib.study.base import Label, Part

#: how a statement is known: published, computed from published figures, inferred, our default
Status = Literal["P", "C", "I", "D"]


class Weights(Part):
    """How the parts of one node are weighted; the weights are normalised to 1 over the parts available."""

    rule: Literal["equal", "fixed", "correlation", "importance_picks", "pls", "external"] = "equal"
    values: dict[str, float] | None = Field(None, description="fixed/external: weight of each item or child")
    target: str | None = Field(
        None,
        alias="with",
        description="correlation: the item every part is correlated with; default the node's `asked`, "
        "else the mean of the other parts",
    )
    at: Literal["agency-year", "pooled", "base-year"] = "agency-year"
    floor_negative: bool = Field(
        False, description="correlation: a negative weight counts as 0 instead of being an error"
    )
    on_undefined: Literal["error", "equal"] = Field(
        "error", description="correlation: what to do when an item does not vary, so that no correlation exists"
    )
    picks: list[str] | None = Field(None, description="importance_picks: columns that hold the picked item or child")
    status: Status | None = None

    @model_validator(mode="after")
    def _complete(self):
        if self.rule in ("fixed", "external") and not self.values:
            raise ValueError(f"rule {self.rule} needs `values`, a weight for each part")
        if self.values and any(v < 0 for v in self.values.values()):
            raise ValueError("weights must not be negative")
        if self.values and sum(self.values.values()) <= 0:
            raise ValueError("the weights sum to 0")
        if self.rule == "importance_picks" and not self.picks:
            raise ValueError("rule importance_picks needs `picks`, the columns that hold the picks")
        return self


class Node(Part):
    """One construct: a number on 0–100 for every group."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    label: Label
    items: list[str] | None = Field(None, description='survey items; ["*"] is every item whose scale fits the response')
    minus: list[str] | None = Field(None, description="expectation items of the same people, subtracted one by one")
    children: list[str] | None = None
    asked: str | None = Field(None, description="the item that asks for this construct directly")
    role: Literal["expectation", "complaints", "trust", "overall", "loyalty"] | None = Field(
        None, description="what a side construct is, for the ladder and loyalty pages"
    )
    combine: Literal["weighted", "mean"] = "weighted"
    weights: Weights = Weights()
    status: Status = "P"

    @model_validator(mode="after")
    def _one_kind(self):
        if bool(self.items) == bool(self.children):
            raise ValueError(f"node {self.id} needs either `items` or `children`, and not both")
        if self.minus and len(self.minus) != len(self.items or ()):
            raise ValueError(f"node {self.id} has {len(self.items or ())} items but {len(self.minus)} in `minus`")
        return self

    @property
    def parts(self) -> list[str]:
        return list(self.items or self.children or ())


class Response(Part):
    """What an answer is worth on 0–100: linear (default), top_box m, or one value per category."""

    kind: Literal["linear", "top_box", "levels"] = "linear"
    top: int | None = Field(None, ge=1, description="top_box: how many of the highest categories count as 100")
    levels: list[float] | None = Field(None, description="levels: worth of each category from lowest to highest")

    @model_validator(mode="after")
    def _complete(self):
        if self.kind == "top_box" and self.top is None:
            raise ValueError("response top_box needs `top`, e.g. top: 2")
        if self.kind == "levels" and not self.levels:
            raise ValueError("response levels needs `levels`, e.g. [0, 25, 50, 75, 100]")
        return self


def _keys_as_text(value):
    return {str(k): v for k, v in value.items()} if isinstance(value, dict) else value


#: sector code, as the data write it → amount
Amounts = Annotated[dict[str, float], BeforeValidator(_keys_as_text)]


class Sectors(Part):
    """The overall index as an importance-weighted mean over sectors (customer or service types).

    f_k = Σ_c a_c · x_kc / Σ_k x_kc over the criteria c with shares a_c.
    """

    by: str
    shares: dict[str, float] | None = Field(None, description="a_c of each criterion; default equal")
    criteria: dict[str, Amounts] | None = Field(None, description="criterion → sector → amount")
    agencies: dict[str, dict[str, Amounts]] | None = Field(
        None, description="agency → criterion → sector → amount, where they differ"
    )
    status: Status = "D"


class Mix(Part):
    """index = element · (weighted elements) + (1 − element) · (directly asked overall node)."""

    element: Annotated[float, Field(ge=0, le=1)]
    overall: str
    status: Status = "D"


class ModelFile(Part):
    """One index model as written in YAML."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    label: Label
    formula_edition: str
    source: str
    formula: Label | None = None
    response: Response = Response()
    index: str = Field(description="the node that is the index")
    nodes: list[Node]
    side: list[Node] = Field(default_factory=list, description="constructs beside the index: expectation, trust, …")
    sectors: Sectors | None = None
    mix: Mix | None = None
    paths: list[tuple[str, str]] = Field(
        default_factory=list, description="path model: [source, target] pairs of nodes whose weights have the rule pls"
    )
    unit: Literal["points", "proportion"] = "points"

    @model_validator(mode="after")
    def _tree(self):
        ids = [n.id for n in [*self.nodes, *self.side]]
        double = {i for i in ids if ids.count(i) > 1}
        if double:
            raise ValueError(f"node {sorted(double)[0]} is declared twice")
        known = {n.id for n in self.nodes}
        if self.index not in known:
            raise ValueError(f"index: {self.index} is not one of the nodes {', '.join(sorted(known))}")
        parents: dict[str, str] = {}
        for node in self.nodes:
            for child in node.children or ():
                if child not in known:
                    raise ValueError(f"node {node.id}: child {child} is not declared")
                if child in parents:
                    raise ValueError(f"node {child} has two parents, {parents[child]} and {node.id}")
                parents[child] = node.id
            if node.weights.values is not None:
                odd = set(node.weights.values) ^ set(node.parts)
                if odd:
                    raise ValueError(f"node {node.id}: weights and parts differ in {', '.join(sorted(odd))}")
        self.order  # noqa: B018  raises on a cycle
        blocks = {n.id for n in self.nodes if n.weights.rule == "pls"}
        for pair in self.paths:
            for end in pair:
                if end not in blocks:
                    raise ValueError(f"paths: {end} is not a node with weights: {{rule: pls}}")
        loose = blocks - {end for pair in self.paths for end in pair}
        if loose:
            raise ValueError(f"node {sorted(loose)[0]} has the rule pls but stands in no path")
        if self.mix and self.mix.overall not in ids:
            raise ValueError(f"mix.overall: {self.mix.overall} is not a node")
        return self

    @property
    def open_ended(self) -> bool:
        """Some node takes whatever items the survey has (``items: ["*"]``)."""
        return any(n.items == ["*"] for n in self.nodes)

    @property
    def minus_scale(self) -> bool:
        """Gap models run from −100 to 100."""
        return any(n.minus for n in self.nodes)

    @property
    def order(self) -> list[Node]:
        """Nodes with children before their parents."""
        by_id = {n.id: n for n in self.nodes}
        done: dict[str, Node] = {}

        def visit(node: Node, path: tuple[str, ...]):
            if node.id in path:
                raise ValueError(f"nodes form a circle: {' → '.join((*path, node.id))}")
            for child in node.children or ():
                visit(by_id[child], (*path, node.id))
            done.setdefault(node.id, node)

        for node in self.nodes:
            visit(node, ())
        return list(done.values())

    @property
    def items(self) -> list[str]:
        """Every survey column the model reads, in order of first use."""
        found: list[str] = []
        for node in [*self.order, *self.side]:
            for name in [*(node.items or ()), *(node.minus or ()), node.asked, node.weights.target]:
                if name and name not in found:
                    found.append(name)
        return found
