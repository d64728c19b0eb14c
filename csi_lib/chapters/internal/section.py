"""Internal customers: importance picks and the weights they give, elements and perceived part, departments."""

from __future__ import annotations

import pandas as pd

from csi_lib.chapters.measurement.section import diagram, weight_rows
from csi_lib.errors import InputError
from csi_lib.evaluation.portfolio import quadrants
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import Sentence
from csi_lib.survey.description import shares
from csi_lib.survey.disclosure import Rules, decide
from csi_lib.tables.table import Column, Row, Table


def pick_nodes(staff) -> list:
    """Nodes of the model whose weights come from importance picks that this wave asked for."""
    frame = staff.survey.frame
    columns = lambda node: [staff.model.binding.get(c, c) for c in node.weights.picks or ()]
    return [
        node
        for node in staff.model.file.order
        if node.weights.rule == "importance_picks" and any(c in frame and frame[c].notna().any() for c in columns(node))
    ]


def pick_rows(staff) -> pd.DataFrame:
    """Share of employees who picked each part, beside the weight it has: one row per part, masked.

    Columns of the results rows of the share, and ``node node_label part part_label weight_row chance`` (chance: 1/n, what
    picking at random would give). Where so few picked a part that their number may not be shown, neither may the weight be,
    because the weight is (share + 1/n)/2 and would tell it: the node's shares and weights are withheld together.
    """
    rules = Rules.of(staff.study, staff.survey.source)
    out = []
    for node in pick_nodes(staff):
        columns = [staff.model.binding.get(c, c) for c in node.weights.picks]
        counted = _chosen(staff, columns, node, rules)
        weights = weight_rows(staff).set_index("measure")
        hidden = bool(counted["suppressed"].any()) and staff.release == "public"
        for line in counted.to_dict("records"):
            weight = weights.loc[f"{node.id}>{line['part']}"].to_dict()
            if hidden:
                weight.update(estimate=None, suppressed=True)
            out.append({**line, "chance": 1 / len(node.parts), "weight_row": weight})
    if not out:
        return pd.DataFrame()
    frame = pd.DataFrame(out)
    chance = staff.record(
        [
            {"measure": f"chance:{node}", "statistic": "share", "estimate": value, "unit": "proportion", "n": n}
            for node, value, n in frame.groupby("node", sort=False)
            .agg(v=("chance", "first"), n=("n", "max"))
            .itertuples()
        ],
        source=staff.survey.source,
    ).set_index("measure")
    frame["chance_row"] = [chance.loc[f"chance:{n}"].to_dict() for n in frame["node"]]
    return frame


def _chosen(staff, columns: list[str], node, rules: Rules) -> pd.DataFrame:
    """Recorded, masked shares of people who chose each part in any of the columns."""
    survey, labels = staff.survey, staff.labels
    part_label = lambda part: labels.measure(staff.model.binding.get(part, part))
    found = shares(survey, [c for c in columns if c in survey.frame])
    found = decide(found, [], rules)
    if len(columns) > 1:  # a part may be chosen first or second: shares of people add up over the columns
        frame = found.frame.assign(part=[m.split(":", 1)[1] for m in found.frame["measure"]])
        parts = list(dict.fromkeys(frame["part"]))
        matrix = (frame["part"].to_numpy()[:, None] == pd.Series(parts).to_numpy()[None, :]).astype(float)
        keys = frame.drop_duplicates("part").drop(columns="part").assign(df=None, n=frame["n"].max())
        keys["suppressed"] = bool(frame["suppressed"].any())
        found = found.combine(matrix, keys)
    frame = found.frame
    frame["part"] = [m.split(":", 1)[1] for m in frame["measure"]]
    order = {p: k for k, p in enumerate(node.parts)}
    codes = {str(k): v for k, v in (node.weights.codes or {}).items()}
    frame["part"] = [codes.get(p, p) for p in frame["part"]]
    frame = frame[frame["part"].isin(order)].sort_values("part", key=lambda s: s.map(order)).reset_index(drop=True)
    frame["measure"] = [f"pick:{node.id}:{p}" for p in frame["part"]]
    if staff.release == "public" and frame["suppressed"].any():
        # shares add up to one, so one hidden part hides the others of its list
        frame["suppressed"] = True
        blank = ["estimate", "se", "df", "ci_low", "ci_high", "p_value", "deff", "n", "n_weighted", "n_effective"]
        frame[blank] = float("nan")
    keep = ["measure", "statistic", "estimate", "se", "df", "ci_low", "ci_high", "n", "unit", "suppressed", "part"]
    rows = staff.record(frame[keep], source=survey.source)
    return rows.assign(
        node=node.id, node_label=labels.measure(node.id), part_label=[part_label(p) for p in rows["part"]]
    )


def pick_table(staff, rows: pd.DataFrame, *, name: str, caption: str) -> Table:
    """From picks to weights: the share that picked a part, what chance would give, and the weight between the two."""
    t = staff.text
    columns = (
        Column("part", t(ko="항목", en="Item"), "left", "stub"),
        Column("share", t(ko="선택 비율", en="Picked by")),
        Column("chance", t(ko="무작위율", en="By chance")),
        Column("weight", t(ko="가중치", en="Weight")),
        Column("n", t(ko="응답자 수", en="n"), "right", "base"),
    )
    body = [
        Row(
            (
                r["part_label"],
                Number.from_row(r),
                Number.from_row(r["chance_row"]),
                Number.from_row(r["weight_row"]),
                Number.from_row(r, "n"),
            ),
            group=r["node_label"],
        )
        for r in rows.to_dict("records")
    ]
    note = t(
        ko="가중치 = (선택 비율 + 무작위율)/2를 합이 1이 되도록 나눈 값. 무작위율은 1/항목 수이다.",
        en="Weight = (share that picked it + chance)/2, divided so that weights add to 1. Chance is 1/number of items.",
    )
    return Table(name, caption, columns, tuple(body), (note,), staff.lang)


def structure(staff, picks: pd.DataFrame):
    """Nodes and edges of the index's tree, or None where a weight may not be shown."""
    if len(picks) and picks["suppressed"].any() and staff.release == "public":
        return None
    nodes, edges = diagram(staff)
    return None if edges["weight"].isna().any() or nodes["estimate"].isna().all() else (nodes, edges)


def headline_nodes(staff) -> list[str]:
    """The index, its element and perceived parts, and the dimensions, in that order."""
    model = staff.model
    index = model.file.index
    parts = list(model.node(index).children or ())
    elements = f"{index}_elements"
    dimensions = list(model.node(elements).children or ()) if elements in parts else []
    return [index, *parts, *dimensions]


def elements_portfolio(staff) -> pd.DataFrame | None:
    """Items of the elements by satisfaction and effect on the index; None with fewer than two.

    The perceived item is left out: half of the index by definition, it would move the crosshair beyond all others.
    """
    dimensions = [staff.model.node(n) for n in headline_nodes(staff) if staff.model.node(n).items]
    perceived = staff.overall_item
    items = [staff.model.binding.get(i, i) for n in dimensions for i in n.items]
    rows = staff.rows(statistic="mean", by1=None, measure=[i for i in items if i != perceived])
    try:
        return quadrants(rows, staff.gains())
    except InputError:
        return None


def withheld(staff, variable: str) -> int:
    """How many groups of a variable are withheld in this release."""
    rows = staff.rows(measure=staff.model.file.index, model=staff.model.name, statistic="index", by1=variable)
    return int((rows["suppressed"] & rows["estimate"].isna()).sum())


def withheld_sentence(staff, variable: str) -> Sentence | None:
    """How many groups of a variable are withheld, and why; None where none is."""
    hidden = withheld(staff, variable)
    if not hidden:
        return None
    return staff.sentence(
        ko="{label:은/는} {hidden}개 집단의 점수를 싣지 않았다(응답자 보호 기준: {base}명).",
        en="{label}: {hidden} groups are withheld (fewest answers shown: {base}).",
        label=staff.labels.variable(variable), hidden=str(hidden), base=str(staff.study.privacy.individuals),
    )  # fmt: skip
