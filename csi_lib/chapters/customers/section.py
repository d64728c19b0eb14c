"""Who the customers are, how much each type counts, and how the sample was drawn and achieved."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.chapters.customers.compute import CustomerDefinitionFile, achieved, allocations, read_frame
from csi_lib.models.sectors import sector_importance
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import Sentence
from csi_lib.study.base import written
from csi_lib.study.reading import small_bases
from csi_lib.survey.planning import margin_of_error
from csi_lib.survey.sampling_plan import AgencyPlan, plan_agency, read_plan
from csi_lib.tables.table import Column, Row, Table

_METHODS = {
    "ko": {"proportional": "비례배분", "neyman": "최적(네이만)배분", "power": "제곱근(멱)배분", "equal": "균등배분"},
    "en": {"proportional": "Proportional", "neyman": "Optimal (Neyman)", "power": "Power", "equal": "Equal"},
}


def definition(chapter) -> CustomerDefinitionFile:
    return chapter.system("customer_definition")


def definition_table(chapter, file: CustomerDefinitionFile, *, name: str, caption: str) -> Table:
    """Types of customers by group: what each is, the list it is drawn from, and where it is asked."""
    t, lang = chapter.text, chapter.lang
    here = t(ko="이 조사", en="this survey")
    columns = (
        Column("type", t(ko="고객 유형", en="Type of customer"), "left", "stub"),
        Column("definition", t(ko="정의", en="Definition"), "left", "text"),
        Column("list", t(ko="명부", en="List"), "left", "text"),
        Column("asked", t(ko="조사", en="Asked in"), "left", "text"),
    )
    body = []
    for group, label in file.groups.items():
        for kind in (k for k in file.types.values() if k.group == group):
            if kind.not_surveyed is not None:
                asked = t(ko="제외: ", en="Not asked: ") + kind.not_surveyed.text(lang)
            else:
                asked = here if kind.code is not None else t(ko="직원 조사", en="employees' survey")
            listed = kind.list.text(lang) if kind.list else "–"
            body.append(Row((kind.label.text(lang), kind.definition.text(lang), listed, asked), group=label.text(lang)))
    return Table(name, caption, columns, tuple(body), lang=lang, exempt="definitions")


def codes(chapter, file: CustomerDefinitionFile) -> dict[str, str]:
    """Cell code → label, of the types asked in this survey."""
    return {written(k.code): k.label.text(chapter.lang) for k in file.types.values() if k.code is not None}


def importance_rows(chapter, file: CustomerDefinitionFile) -> pd.DataFrame | None:
    """f = Σ a·x/Σx per type, with the amounts behind it: recorded rows ``importance`` (statistic weight) and ``amount``.

    None where the model does not combine sectors by this column.
    """
    sectors = chapter.model.file.sectors
    if sectors is None or sectors.by != file.by:
        return None
    criteria = (sectors.agencies or {}).get(chapter.agency) or sectors.criteria
    if not criteria:
        return None
    asked = set(chapter.survey.frame[file.by].dropna().map(written))
    names = [c for c in codes(chapter, file) if c in asked]
    f = sector_importance(criteria, names, sectors.shares)
    n = chapter.survey.frame[file.by].map(written, na_action="ignore").value_counts()
    rows = []
    for k, name in enumerate(names):
        base = {"by1": file.by, "group1": name, "n": int(n.get(name, 0))}
        rows.append({"measure": "importance", "statistic": "weight", "estimate": f[k], "unit": "weight", **base})
        for criterion, amounts in criteria.items():
            rows.append(
                {
                    "measure": f"amount:{criterion}",
                    "statistic": "amount",
                    "estimate": amounts[name],
                    "unit": "number",
                    **base,
                }
            )
    return chapter.record(rows, model=chapter.model.name)


def importance_table(chapter, file, rows: pd.DataFrame, *, name: str, caption: str) -> Table:
    """Amounts of the criteria and the importance of each type."""
    t, label = chapter.text, codes(chapter, file)
    criteria = list(dict.fromkeys(m.split(":")[1] for m in rows["measure"] if m.startswith("amount:")))
    head = lambda c: file.criteria[c].label.text(chapter.lang) if c in file.criteria else c
    columns = (
        Column("type", t(ko="고객 유형", en="Type of customer"), "left", "stub"),
        *(Column(f"x.{c}", head(c)) for c in criteria),
        Column("f", t(ko="중요도", en="Importance")),
        Column("n", t(ko="응답자 수", en="Respondents"), "right", "base"),
    )
    found = {(r["group1"], r["measure"]): r for r in rows.to_dict("records")}
    body = []
    for code in dict.fromkeys(rows["group1"]):
        f = found[code, "importance"]
        amounts = [Number.from_row(found[code, f"amount:{c}"]) for c in criteria]
        body.append(Row((label[code], *amounts, Number.from_row(f), Number.from_row(f, "n"))))
    note = t(
        ko="중요도 = 기준마다 전체에서 차지하는 몫을 구하여 기준의 비중으로 평균한 값(합은 1).",
        en="Importance = the type's share of each criterion, averaged over the criteria by their weights (adds to 1).",
    )
    return Table(name, caption, columns, tuple(body), (note,), chapter.lang)


def frame_table(chapter, file, *, name: str, caption: str) -> tuple[Table, dict[str, float]] | None:
    """The sampling frame: listed, taken out, population; and the population by cell. None without a frame for the wave."""
    if file.frame is None or not chapter.surveyed(file.frame):
        return None
    frame = read_frame(chapter.study, file, chapter.agency, chapter.year, data=chapter.data)
    t, label = chapter.text, codes(chapter, file)
    frame = frame[frame["stratum"].isin(label)]
    what = ("listed", "duplicates", "unusable", "population")
    total = frame[list(what)].sum().to_dict() | {"stratum": None}
    rows = chapter.record(
        [
            {"measure": f"frame:{w}", "statistic": "count", "estimate": line[w], "unit": "count", "n": line["listed"],
             **({"by1": file.by, "group1": line["stratum"]} if line["stratum"] else {})}
            for line in [*frame.to_dict("records"), total]
            for w in what
        ],
        source=file.frame,
    )  # fmt: skip
    found = {(r["group1"] if isinstance(r["group1"], str) else None, r["measure"]): r for r in rows.to_dict("records")}
    columns = (
        Column("type", t(ko="고객 유형", en="Type of customer"), "left", "stub"),
        Column("listed", t(ko="명부", en="Listed"), "right", "base"),
        Column("duplicates", t(ko="중복", en="Twice"), "right"),
        Column("unusable", t(ko="연락 불가·비해당", en="Unusable")),
        Column("population", t(ko="모집단", en="Population")),
    )
    cell = lambda code, w: Number.from_row(found[code, f"frame:{w}"])
    body = [Row((label[s], *(cell(s, w) for w in what))) for s in frame["stratum"]]
    body.append(Row((t(ko="전체", en="Total"), *(cell(None, w) for w in what)), kind="total"))
    table = Table(name, caption, columns, tuple(body), lang=chapter.lang)
    return table, dict(zip(frame["stratum"], frame["population"], strict=True))


def sample_plan(chapter, population: dict[str, float] | None) -> AgencyPlan | None:
    """The plan of this agency; None without ``plan.yml`` or a population to plan for."""
    plan = read_plan(chapter.study)
    if plan is None or not (population or plan.frame.get(chapter.agency) or plan.frame.get("default")):
        return None
    return plan_agency(plan, chapter.agency, frame=population)


def spreads(chapter, file, planned: AgencyPlan) -> dict[str, float]:
    """Standard deviation of the overall answer (0–100) in each cell, as this survey found it; the common one where a cell
    has fewer than two answers."""
    item = chapter.overall_item or chapter.model_items[0]
    scale = chapter.survey.codebook.scale(item)
    points = 100 * (chapter.survey.frame[item] - scale.low) / (scale.high - scale.low)
    cell = chapter.survey.frame[file.by].map(written, na_action="ignore")
    own = points.groupby(cell.astype("str")).std(ddof=1)
    common = max(float(points.std(ddof=1)), 1.0)
    return {c: float(own.get(c, np.nan)) if own.get(c, 0.0) > 0 else common for c in planned.table["cell"]}


def allocation_table(chapter, file, planned: AgencyPlan, *, name: str, caption: str) -> Table:
    """The same number of interviews under each rule of allocation, with the error of the mean each would give."""
    t, label, plan = chapter.text, codes(chapter, file), read_plan(chapter.study)
    cells = planned.table
    ways = allocations(
        dict(zip(cells["cell"], cells["population"], strict=True)), int(cells["n"].sum()), spreads(chapter, file, planned),
        minimum=plan.minimum, power=plan.power, deff=plan.deff, ci=plan.confidence,
    )  # fmt: skip
    rows = []
    for method, way in ways.items():
        for line in way.table.to_dict("records"):
            rows.append({"measure": f"allocation:{method}", "statistic": "count", "by1": file.by, "group1": line["stratum"],
                         "estimate": line["n"], "unit": "count", "n": line["population"]})  # fmt: skip
        rows.append({"measure": f"allocation:{method}", "statistic": "sampling_error", "estimate": way.margin, "unit": "points",
                     "n": way.n})  # fmt: skip
    found = {
        (r["measure"].split(":")[1], r["group1"] if isinstance(r["group1"], str) else None): r
        for r in chapter.record(rows).to_dict("records")
    }
    columns = (
        Column("method", t(ko="배분 방법", en="Allocation"), "left", "stub"),
        *(Column(c, label.get(c, c)) for c in cells["cell"]),
        Column("n", t(ko="전체", en="All"), "right", "base"),
        Column("error", t(ko="평균의 오차 ±", en="Error of the mean ±")),
    )
    body = []
    for method in ways:
        whole = found[method, None]
        used = method == planned.allocation.method
        body.append(
            Row(
                (
                    _METHODS[chapter.lang][method] + (t(ko=" (채택)", en=" (used)") if used else ""),
                    *(Number.from_row(found[method, c]) for c in cells["cell"]),
                    Number.from_row(whole, "n"),
                    Number.from_row(whole),
                )
            )
        )
    note = t(
        ko="평균의 오차는 이 조사에서 관측한 유형별 표준편차로 계산한 95% 오차이다. 칸마다 최소 응답자 수를 두었다.",
        en="The error of the mean is computed from the standard deviations observed in this survey (95%). Every cell has a minimum.",
    )
    return Table(name, caption, columns, tuple(body), (note,), chapter.lang)


def achievement(chapter, file, planned: AgencyPlan) -> pd.DataFrame:
    """Recorded rows by cell and in total: population, planned, achieved, rate, error of a share, error of the index."""
    plan = read_plan(chapter.study)
    counts = chapter.survey.frame[file.by].map(written, na_action="ignore").value_counts().to_dict()
    cells = achieved(planned.allocation, counts, deff=plan.deff, ci=plan.confidence)
    index = chapter.rows(measure=chapter.model.file.index, model=chapter.model.name, statistic="index", by1=file.by)
    halves = {r["group1"]: (r["ci_high"] - r["ci_low"]) / 2 for r in index.to_dict("records")}
    hidden = {r["group1"] for r in index.to_dict("records") if r["suppressed"] and chapter.release == "public"}
    whole = chapter.index()
    size, got, want = cells["population"].sum(), int(cells["achieved"].sum()), int(cells["planned"].sum())
    w = np.asarray(chapter.survey.design.weights, float)
    kish = len(w) * (w**2).sum() / w.sum() ** 2
    lines = [
        *((r["cell"], r, halves.get(r["cell"], np.nan)) for r in cells.to_dict("records")),
        (None, {"population": size, "planned": want, "achieved": got, "share": got / want, "missing": max(want - got, 0),
                "margin": margin_of_error(got, population=size, deff=kish, ci=plan.confidence) if got else np.nan},
         (whole["ci_high"] - whole["ci_low"]) / 2),
    ]  # fmt: skip
    rows = []
    for cell, line, half in lines:
        keys = {"n": line["achieved"], **({"by1": file.by, "group1": cell} if cell else {})}
        for what, value, unit in (
            ("population", line["population"], "count"), ("planned", line["planned"], "count"),
            ("achieved", line["achieved"], "count"), ("rate", line["share"], "proportion"), ("margin", line["margin"], "pp"),
            ("half", half, "points"),
        ):  # fmt: skip
            secret = cell in hidden and what != "population" and what != "planned"
            rows.append({"measure": f"sample:{what}", "statistic": "count" if unit == "count" else what,
                         "estimate": np.nan if secret else value, "suppressed": secret, "unit": unit,
                         "flag": small_bases(line["achieved"]) if what not in ("population", "planned") else None,
                         **(keys | ({"n": np.nan} if secret else {}))})  # fmt: skip
    return chapter.record(rows)


def achievement_table(chapter, file, rows: pd.DataFrame, *, name: str, caption: str) -> Table:
    t, label = chapter.text, codes(chapter, file)
    columns = (
        Column("cell", t(ko="고객 유형", en="Type of customer"), "left", "stub"),
        Column("population", t(ko="모집단", en="Population")),
        Column("planned", t(ko="계획", en="Planned")),
        Column("achieved", t(ko="달성", en="Achieved"), "right", "base"),
        Column("rate", t(ko="달성률", en="Rate")),
        Column("margin", t(ko="비율의 오차 ±", en="Error of a share ±")),
        Column("half", t(ko="지수의 오차 ±", en="Error of the index ±")),
    )
    found = {}
    for r in rows.to_dict("records"):
        found.setdefault(r["group1"] if isinstance(r["group1"], str) else None, {})[r["measure"].split(":")[1]] = r
    cells = lambda by: tuple(Number.from_row(by[c.key]) for c in columns[1:])
    body = [Row((label.get(c, c), *cells(by))) for c, by in found.items() if c is not None]
    body.append(Row((t(ko="전체", en="Total"), *cells(found[None])), kind="total"))
    note = t(
        ko="비율의 오차는 50%를 추정할 때의 95% 오차이며 유한모집단을 반영하였다. 전체에는 가중치에 따른 설계효과도 반영하였다.",
        en="Error of a share: 95% error of an estimate of 50%, with the finite population; in total also with the design effect of the weights.",
    )
    return Table(name, caption, columns, tuple(body), (note,), chapter.lang)


def achievement_sentences(chapter, file: CustomerDefinitionFile, rows: pd.DataFrame) -> list[Sentence]:
    """How much of the plan was reached, with what error, and which types stayed below it."""
    whole = rows[rows["group1"].isna()].set_index("measure")
    said = chapter.sentence(
        ko="계획한 {planned} 가운데 {achieved}이 응답하여 달성률은 {rate}이며, 비율의 최대 오차는 ±{margin}, 지수의 오차는 ±{half}이다.",
        en="Of {planned} planned, {achieved} answered ({rate}); the largest error of a share is ±{margin} and that of the index ±{half}.",
        **{part: whole.loc[f"sample:{part}"] for part in ("planned", "achieved", "rate", "margin", "half")},
    )
    short = shortfalls(chapter, rows)
    if not short:
        return [said, chapter.sentence(ko="모든 유형이 계획을 채웠다.", en="Every type reached its plan.")]
    below = chapter.sentence(
        ko="{names:은/는} 계획에 미치지 못해 유형별 점수의 오차가 그만큼 크다.",
        en="{names} stayed below plan, so scores of these types are less exact.",
        names=[codes(chapter, file)[c] for c in short],
    )
    return [said, below]


def shortfalls(chapter, rows: pd.DataFrame) -> list[str]:
    """Codes of the cells that stayed below their plan."""
    by = rows[rows["group1"].notna()].pivot(index="group1", columns="measure", values="estimate")
    short = by[by["sample:achieved"] < by["sample:planned"]]
    return [c for c in dict.fromkeys(rows["group1"].dropna()) if c in short.index]
