"""The declaration of an index model: data, no code. One YAML file is one model.

A model is a tree of nodes. A leaf node combines survey items; any other node combines its children. How the
parts of a node are weighted is the node's `weights.rule`; what an answer is worth on 0–100 is the model's
`response`. Users add a model by writing such a file in their study.
"""

from __future__ import annotations

from math import isfinite
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from csi_lib.models import tree
from csi_lib.models.tree import unknown
from csi_lib.study.base import Label, Part, PlacedError


def _keys_as_text(value):
    return {str(k): v for k, v in value.items()} if isinstance(value, dict) else value


#: how a statement is known: published, computed from published figures, inferred, our default
Status = Literal["P", "C", "I", "D"]


class Weights(Part):
    """How the parts of one node are weighted; the weights are normalised to 1 over the parts available."""

    rule: Literal["equal", "fixed", "correlation", "importance_picks", "pls", "external"] = "equal"
    values: dict[str, float] | None = Field(None, description="fixed/external: weight of each item or child")
    file: str | None = Field(None, description="external: a CSV file beside the model with columns part, weight")
    target: str | None = Field(
        None,
        alias="with",
        description="correlation: the item every part is correlated with; default the node's `asked`, "
        "else the mean of the other parts",
    )
    at: Literal["agency-year", "pooled", "base-year"] = Field(
        "agency-year", description="whose answers estimate the weights: this survey's, all agencies', or a base year's"
    )
    base_year: int | None = Field(None, description="base-year: the wave; default the agency's first")
    floor_negative: bool = Field(
        False, description="correlation: a negative weight counts as 0 instead of being an error"
    )
    on_undefined: Literal["error", "equal"] = Field(
        "error",
        description="what to do when an item does not vary (correlation) or nobody was asked (importance_picks)",
    )
    picks: list[str] | None = Field(None, description="importance_picks: columns that hold the picked item or child")
    codes: dict[str, str] | None = Field(None, description="importance_picks: code in those columns → item or child")
    status: Status | None = None

    @field_validator("codes", mode="before")
    @classmethod
    def _codes_as_text(cls, value):
        return _keys_as_text(value)

    @property
    def estimated(self) -> bool:
        """The weights come from the answers and have a sampling error."""
        return self.rule in ("correlation", "importance_picks", "pls")

    @model_validator(mode="after")
    def _complete(self):
        if self.rule == "fixed" and not self.values:
            raise ValueError("rule fixed needs `values`, a weight for each part")
        if self.rule == "external" and not (self.values or self.file):
            raise ValueError("rule external needs `file`, a CSV file with columns part, weight (or `values`)")
        if self.file and self.rule != "external":
            raise ValueError(f"`file` belongs to rule external, and the rule here is {self.rule}")
        if self.values and not all(isfinite(v) for v in self.values.values()):
            raise ValueError("weights must be finite numbers")
        if self.values and any(v < 0 for v in self.values.values()):
            raise ValueError("weights must not be negative")
        if self.values and sum(self.values.values()) <= 0:
            raise ValueError("the weights sum to 0")
        if self.rule == "importance_picks" and not self.picks:
            raise ValueError("rule importance_picks needs `picks`, the columns that hold the picks")
        return self


class Bonus(Part):
    """Points on top of the index: the raw points of these items, added up per respondent or sheet, capped."""

    items: Annotated[list[str], Field(min_length=1)]
    max: Annotated[float, Field(gt=0)]
    status: Status = "P"


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
    bonus: Bonus | None = Field(None, description="points added on top, e.g. of a mystery-shopping sheet")
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
        if self.levels and not (self.levels[0] >= 0 and self.levels[-1] <= 100 and self.levels == sorted(self.levels)):
            raise ValueError("`levels` must ascend within 0–100: the worth of each category from lowest to highest")
        return self


class Ends(Part):
    """The ends of an answer scale."""

    low: float
    high: float

    @model_validator(mode="after")
    def _ascending(self):
        if not self.low < self.high:
            raise ValueError("the scale's low end must lie below its high end")
        return self

    @property
    def ends(self) -> tuple[float, float]:
        return self.low, self.high


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

    @model_validator(mode="after")
    def _fits(self):
        sets = [self.criteria or {}, *(self.agencies or {}).values()]
        for criterion, amounts in ((c, x) for given in sets for c, x in given.items()):
            if not all(isfinite(v) and v >= 0 for v in amounts.values()) or sum(amounts.values()) <= 0:
                raise ValueError(f"criterion {criterion}: the amounts must be positive in sum and nowhere negative")
        if self.shares is None:
            return self
        if any(v < 0 for v in self.shares.values()):
            raise ValueError("the criteria's shares must not be negative")
        tree.check_shares("the criteria's shares", self.shares, "shares")
        for given in (s for s in sets if s):
            for name in sorted(set(given) ^ set(self.shares)):
                raise unknown(f"the shares and the criteria do not agree on {name}", name,
                              set(given) if name in self.shares else self.shares, "shares")  # fmt: skip
        return self


class Mix(Part):
    """index = element · (weighted elements) + (1 − element) · (directly asked overall node)."""

    element: Annotated[float, Field(ge=0, le=1)]
    overall: str
    status: Status = "D"


class Assumption(Part):
    """A choice in the formula as a whole that its source does not print."""

    text: Label
    status: Status = "D"


def _citation(value):
    """A source named once is cited as it stands, in every language."""
    return {"ko": value, "en": value} if isinstance(value, str) else value


Citation = Annotated[Label, BeforeValidator(_citation)]


class Edition(Part):
    """What an older (or coming) edition of a model does differently; the rest is as in the model itself."""

    source: Citation | None = None
    formula: Label | None = None
    response: Response | None = None
    items: dict[str, list[str]] = Field(default_factory=dict, description="node → its items in this edition")
    weights: dict[str, Weights] = Field(default_factory=dict, description="node → its weights in this edition")
    drop: list[str] = Field(default_factory=list, description="nodes this edition does not have")


class ModelFile(Part):
    """One index model as written in YAML.

    ``mix`` is shorthand: after reading, the index is a node with the two parts ``<index>_elements`` and `overall`.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    label: Label | None = Field(None, description="default: the label of the index")
    formula_edition: str
    source: Citation
    formula: Label | None = None
    response: Response = Response()
    scale: Ends | None = Field(
        None,
        description="ends of the answers the items must have; default (and 0–100): each item's own, from the codebook",
    )
    index: str | None = Field(None, description="the node that is the index; default: the one that is no node's part")
    nodes: list[Node]
    side: list[Node] = Field(
        default_factory=list, description="constructs beside the index: expectation, trust, …; or ids of such nodes"
    )
    sectors: Sectors | None = None
    mix: Mix | None = None
    paths: list[tuple[str, str]] = Field(
        default_factory=list, description="path model: [source, target] pairs of nodes whose weights have the rule pls"
    )
    scheme: Literal["centroid", "factorial", "path"] = Field("centroid", description="path model: inner weights")
    absent: Literal["error", "drop"] = Field(
        "error", description="an item that was not asked in a wave: an error, or left out and named in the results"
    )
    editions: dict[str, Edition] = Field(default_factory=dict, description="other editions: name → what differs there")
    unit: Literal["points", "proportion"] = "points"
    assumptions: list[Assumption] = Field(default_factory=list, description="choices that the source does not print")

    @field_validator("editions", mode="before")
    @classmethod
    def _editions_as_text(cls, value):
        return _keys_as_text(value)

    @field_validator("formula_edition", mode="before")
    @classmethod
    def _edition_as_text(cls, value):
        return str(value) if isinstance(value, (int, float)) else value

    @model_validator(mode="before")
    @classmethod
    def _completed(cls, data):
        return tree.completed(data)

    @model_validator(mode="after")
    def _tree(self):
        tree.check(self)
        if self.mix:
            self._expand_mix()
        return self

    def placed(self):
        """Every node with its place in the file."""
        for part in ("nodes", "side"):
            for k, node in enumerate(getattr(self, part)):
                yield (part, k), node

    def _expand_mix(self):
        """The index becomes a node of two parts, so that nothing later knows of a mix."""
        name = f"{self.index}_elements"
        old = next(n for n in self.nodes if n.id == self.index)
        values = {name: self.mix.element, self.mix.overall: 1 - self.mix.element}
        top = Node(id=self.index, label=old.label, children=list(values), asked=old.asked, status=old.status,
                   weights=Weights(rule="fixed", values=values, status=self.mix.status))  # fmt: skip
        elements = old.model_copy(update={"id": name, "label": Label(ko="요소만족도", en="Element satisfaction")})
        moved = [n for n in self.side if n.id == self.mix.overall]
        nodes = [top, *(elements if n is old else n for n in self.nodes), *moved]
        self.__dict__.update(nodes=nodes, side=[n for n in self.side if n not in moved], mix=None)
        for edition in self.editions.values():
            if self.index in edition.weights:
                edition.weights[name] = edition.weights.pop(self.index)

    def edition(self, name: str) -> ModelFile:
        """The model as this edition has it."""
        if name == self.formula_edition:
            return self
        if name not in self.editions:
            raise unknown(f"model {self.name} has no edition {name!r}", name, [self.formula_edition, *self.editions])
        other = self.editions[name]
        told = {k: getattr(other, k) for k in ("source", "formula", "response") if getattr(other, k) is not None}
        file = self.changed(items=other.items, weights=other.weights, drop=other.drop)
        return file.model_copy(update={**told, "formula_edition": name})

    def changed(self, *, name=None, items=None, weights=None, drop=(), sectors=None) -> ModelFile:
        """The declaration with other items, weights or sectors of its nodes, checked again as a whole."""
        ids = {n.id for _, n in self.placed()}
        for what in (*(items or ()), *drop, *(weights or ())):
            if what not in ids:
                raise unknown(f"model {self.name} has no node {what!r}", what, ids)
        data = self.model_dump(by_alias=True)
        data["name"] = name or self.name
        for part in ("nodes", "side"):
            data[part] = [_changed_node(n, items or {}, weights or {}, drop) for n in data[part] if n["id"] not in drop]
        if sectors is not None:
            data["sectors"] = sectors.model_dump(by_alias=True)
        for edition in data["editions"].values():
            for field in ("items", "weights"):
                edition[field] = {k: v for k, v in edition[field].items() if k not in drop}
            edition["drop"] = [d for d in edition["drop"] if d not in drop]
        data["paths"] = [p for p in data["paths"] if not {*p} & {*drop}]
        return ModelFile.model_validate(data)

    @property
    def open_ended(self) -> bool:
        """Some node takes whatever items the survey has (``items: ["*"]``)."""
        return any(n.items == ["*"] for n in self.nodes)

    @property
    def minus_scale(self) -> bool:
        """Gap models run from −100 to 100."""
        return any(n.minus for n in self.nodes)

    @property
    def scale_high(self) -> float:
        """100, and what a bonus may add to it."""
        bonus = next((n.bonus for n in self.nodes if n.id == self.index), None)
        return 100.0 + (bonus.max if bonus else 0.0)

    @property
    def order(self) -> list[Node]:
        """Nodes with children before their parents."""
        by_id = {n.id: n for n in self.nodes}
        done: dict[str, Node] = {}

        def visit(node: Node, path: tuple[str, ...]):
            if node.id in path:
                raise PlacedError(f"nodes form a circle: {' → '.join((*path, node.id))}", "nodes")
            for child in node.children or ():
                visit(by_id[child], (*path, node.id))
            done.setdefault(node.id, node)

        for node in self.nodes:
            visit(node, ())
        return list(done.values())

    @property
    def extra_columns(self) -> list[str]:
        """Columns that are read as they stand: importance picks and bonus points."""
        picks = [c for n in self.nodes for c in n.weights.picks or ()]
        return list(dict.fromkeys([*picks, *(c for n in self.nodes if n.bonus for c in n.bonus.items)]))

    @property
    def items(self) -> list[str]:
        """Every item the model reads, in order of first use."""
        found: list[str] = []
        for node in [*self.order, *self.side]:
            for name in [*(node.items or ()), *(node.minus or ()), node.asked, node.weights.target]:
                if name and name not in found:
                    found.append(name)
        return found


def _changed_node(node: dict, items, weights, drop) -> dict:
    before = sum((node["weights"]["values"] or {}).values())
    if node["children"]:
        node["children"] = [c for c in node["children"] if c not in drop]
    if node["id"] in items:
        node["items"] = list(items[node["id"]])
    if node["id"] in weights:
        node["weights"] = weights[node["id"]].model_dump(by_alias=True)
    elif node["weights"]["values"]:
        kept = {*(node["items"] or ()), *(node["children"] or ())}
        left = {k: v for k, v in node["weights"]["values"].items() if k in kept}
        stretch = before / (sum(left.values()) or before)  # shares stay shares of 1 when a part is dropped
        node["weights"]["values"] = {k: v * stretch for k, v in left.items()}
    return node
