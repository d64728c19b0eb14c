"""What changed in a round since the last: every body's tested change, and the spread of scores by type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from csi_lib.chapters.claims import claim, languages
from csi_lib.chapters.round.section import agency_rows, means, type_label
from csi_lib.errors import InputError
from csi_lib.evaluation.standing import independent
from csi_lib.findings.finding import Finding, direction_of
from csi_lib.prose.numbers import Interval, Number
from csi_lib.prose.sentences import Sentence
from csi_lib.survey.estimates import Estimates
from csi_lib.tables.table import Column, Row, Table

_QUANTILES = {"minimum": 0.0, "lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75, "maximum": 1.0}


def agency_changes(chapter) -> pd.DataFrame | None:
    """Every body's change of the index since the round's last wave, judged as in the body's own report; None without one.

    Columns of results plus ``now``, ``before`` (results rows) and ``agency_label``. The last wave is scored under this
    wave's formula; bodies new this year have no row, and are named by `newcomers`.
    """
    frame = node_changes(chapter)
    if frame is None:
        return None
    own = frame[frame["measure"] == chapter.model.file.index].reset_index(drop=True)
    return own if len(own) else None


def node_changes(chapter) -> pd.DataFrame | None:
    """The same of the index and of every node below it."""
    year = chapter.previous_year
    if year is None:
        return None
    held = chapter.__dict__.setdefault("_node_changes", {})
    if chapter.lang in held:
        return held[chapter.lang]
    pairs = _headlines(chapter, year) if _same_formula(chapter, year) else _restated(chapter, year)
    found = []
    for now, before in pairs:
        change = Estimates.concat([now, before]).contrast({"year": chapter.year}, {"year": year})
        rows = chapter.judged_changes(change).frame
        sides = [{r["measure"]: r for r in part.frame.to_dict("records")} for part in (now, before)]
        found += [(r, *(side.get(r["measure"]) for side in sides)) for r in rows.to_dict("records")]
    if found:
        frame = chapter.record(pd.DataFrame([c for c, _, _ in found]))
        frame["now"], frame["before"] = [n for _, n, _ in found], [b for _, _, b in found]
        frame["agency_label"] = [chapter.labels.agency(a) for a in frame["agency"]]
    held[chapter.lang] = frame if found else None
    return held[chapter.lang]


def _index(chapter) -> dict:
    nodes = [n.id for n in chapter.model.file.order]
    return {"measure": nodes, "model": chapter.model.name, "statistic": "index"}


def _same_formula(chapter, year: int) -> bool:
    """Whether one edition scored both waves and every body's weights are its own, so that the waves are independent."""
    editions = set()
    for wave in (chapter.wave, chapter.wave_of(year)):
        keys = _index(chapter)
        rows = wave[(wave["measure"].isin(keys["measure"])) & (wave["model"] == keys["model"])]
        editions |= set(rows["formula_edition"].astype(str))
    return len(editions) == 1 and chapter.model.at not in ("pooled", "base-year")


def _headlines(chapter, year: int) -> Iterator[tuple[Estimates, Estimates]]:
    """The index of every body in both waves from the headline rows alone: of hundreds of bodies they are at hand."""
    both = []
    for wave in (chapter.wave, chapter.wave_of(year)):
        keys = _index(chapter)
        rows = wave[
            (wave["measure"].isin(keys["measure"])) & (wave["model"] == keys["model"]) & (wave["statistic"] == "index")
        ]
        both.append(dict(iter(rows.groupby("agency", sort=False))))
    for agency, now in both[0].items():
        if agency in both[1]:
            yield tuple(independent(part.drop(columns="type")) for part in (now, both[1][agency]))


def _restated(chapter, year: int) -> Iterator[tuple[Estimates, Estimates]]:
    """The same with the last wave scored under this wave's formula, and with weights that both waves may share."""
    for agency in chapter.study.agencies:
        if not (agency.took_part(chapter.year) and agency.took_part(year)):
            continue
        try:
            now = chapter.estimates_of(agency.id, chapter.year).select(by1=None, **_index(chapter))
            before = chapter.estimates_of(agency.id, year, as_of=chapter.year).select(by1=None, **_index(chapter))
        except InputError:  # one body's bad file does not stop the others; it is named as failed elsewhere
            continue
        if len(now) and len(before):
            yield now, before


def newcomers(chapter) -> list[str]:
    """Bodies of this wave that took no part in the last one."""
    year = chapter.previous_year
    here = (a for a in chapter.study.agencies if a.took_part(chapter.year))
    return [] if year is None else [chapter.labels.agency(a.id) for a in here if not a.took_part(year)]


def merged(chapter) -> list[Sentence]:
    """Which bodies came out of a merger, so that earlier waves hold the answers of all that went into them."""
    return [
        chapter.sentence(
            ko="{name:은/는} 여러 기관이 합쳐진 곳이며, 합쳐지기 전의 응답도 이 기관의 것으로 셈하였다.",
            en="{name} came out of a merger; answers given before it count as its own.",
            name=chapter.labels.agency(a.id),
        )
        for a in chapter.study.agencies
        if a.merged_from and a.took_part(chapter.year)
    ]


def change_sentences(chapter, changes: pd.DataFrame | None) -> list[Sentence]:
    """How many bodies rose, fell or stayed, and who is new."""
    if changes is None:
        return [chapter.sentence(ko="견줄 지난 조사가 없다.", en="There is no earlier wave to compare with.")]
    said = [chapter.verdict(r).direction for r in changes.to_dict("records")]
    records = [
        {"measure": "round", "statistic": f"agencies_{k}", "estimate": float(said.count(k)), "unit": "number",
         "n": len(said)}
        for k in ("up", "down", "none")
    ]  # fmt: skip
    up, down, none = chapter.record(records, counts="agencies").to_dict("records")
    out = [
        chapter.sentence(
            ko="지난 조사보다 유의하게 오른 기관은 {up}곳, 내린 기관은 {down}곳, 유의한 차이가 없는 기관은 {none}곳이다.",
            en="Since the last wave {up} bodies rose significantly, {down} fell, and {none} did not change significantly.",
            up=up,
            down=down,
            none=none,
        )
    ]
    if len(said) > 1:
        level = chapter.reading.significance
        out.append(
            chapter.sentence(
                ko="기관마다 따로 검정하였으므로, 달라진 기관이 하나도 없어도 {of}곳 가운데 {chance}곳쯤은 우연히 유의하게 나온다.",
                en="Each body is tested by itself: of {of} without any change, about {chance} would come out as significant by chance.",
                of=len(said), chance=f"{level * len(said):.1f}",
            )
        )  # fmt: skip
    new = newcomers(chapter)
    if new:
        out.append(
            chapter.sentence(
                ko="{names:은/는} 올해 처음 조사하여 증감이 없다.",
                en="New this year, and so without a change: {names}.",
                names=new,
            )
        )
    return out + merged(chapter)


def change_table(chapter, changes: pd.DataFrame, *, name: str, caption: str) -> Table:
    """Every body's index in both waves with the change, its interval and the verdict; the largest rise first."""
    t = chapter.text
    year = lambda y: f"{y}년" if chapter.lang == "ko" else str(y)
    columns = (
        Column("agency", t(ko="기관", en="Body"), "left", "stub"),
        Column("before", year(chapter.previous_year)),
        Column("now", year(chapter.year)),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
        Column("change", t(ko="증감", en="Change")),
        Column("ci", t(ko="95% 신뢰구간", en="95% interval")),
        Column("p", t(ko="유의확률", en="p")),
        Column("said", t(ko="판정", en="Verdict"), "left", "text"),
    )
    body = []
    for row in changes.sort_values("estimate", ascending=False, na_position="last").to_dict("records"):
        said = chapter.verdict(row)
        cells = (row["agency_label"], Number.from_row(row["before"]), Number.from_row(row["now"]),
                 Number.from_row(row["now"], "n"), Number.from_row(row, signed=True), Interval.from_row(row),
                 Number.from_row(row, "p_value"), f"{said.mark} {said.word(chapter.lang)}")  # fmt: skip
        body.append(Row(cells))
    scored = t(
        ko="지난 조사는 올해의 산식으로 다시 계산한 값이다.", en="The last wave is scored under this year's formula."
    )
    judged_as = t(
        ko="판정은 기관마다 따로 검정한 것으로, 기관별 보고서와 같다.",
        en="Verdicts are those of each body's own report.",
    )
    note = f"{scored} {judged_as}"
    return Table(name, caption, columns, tuple(body), (note,), chapter.lang)


def distribution_table(chapter, *, name: str, caption: str) -> Table | None:
    """Minimum, quartiles and maximum of the bodies' index, of all and of every type with at least four."""
    rows = agency_rows(chapter)
    rows = rows[rows["estimate"].notna()]
    kinds = [None, *dict.fromkeys(k for k in rows["type"] if isinstance(k, str))]
    kinds = kinds if len(kinds) > 2 else [None]
    t, body = chapter.text, []
    for kind in kinds:
        part = rows if kind is None else rows[rows["type"] == kind]
        if len(part) < 4:
            continue
        values = np.quantile(part["estimate"].to_numpy(float), list(_QUANTILES.values()))
        records = [
            {"measure": chapter.model.file.index, "model": chapter.model.name, "statistic": what, "estimate": value,
             "by1": None if kind is None else "type", "group1": kind, "unit": "points", "n": part["n"].sum()}
            for what, value in zip(_QUANTILES, values, strict=True)
        ]  # fmt: skip
        spread = {
            **records[0], "statistic": "sd_bodies", "estimate": float(part["estimate"].std(ddof=1)),
        }  # fmt: skip
        found = chapter.record([*records, spread]).to_dict("records")
        label = t(ko="전체 기관", en="All bodies") if kind is None else type_label(chapter, kind)
        body.append(Row((label, str(len(part)), Number.from_row(found[0], "n"), *map(Number.from_row, found))))
    if not body:
        return None
    columns = (
        Column("type", t(ko="유형", en="Type"), "left", "stub"),
        Column("bodies", t(ko="기관 수", en="Bodies"), "right", "text"),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
        Column("minimum", t(ko="최저", en="Lowest")),
        Column("q1", t(ko="하위 25%", en="Lower quartile")),
        Column("median", t(ko="중앙값", en="Median")),
        Column("q3", t(ko="상위 25%", en="Upper quartile")),
        Column("maximum", t(ko="최고", en="Highest")),
        Column("sd", t(ko="표준편차", en="SD")),
    )
    note = t(ko="점수가 흩어진 정도에는 표본오차도 들어 있다.", en="The spread of scores contains sampling error too.")
    return Table(name, caption, columns, tuple(body), (note,), chapter.lang)


def matrix(chapter, *, name: str, caption: str) -> Table | None:
    """Body × measure × change on one page: every score with ▲ or ▼ where its change is significant; None without scores."""
    t, nodes = chapter.text, chapter.top_nodes
    wave = chapter.wave
    wave = wave[wave["measure"].isin(nodes) & (wave["statistic"] == "index") & (wave["model"] == chapter.model.name)]
    if not len(wave):
        return None
    changes = node_changes(chapter)
    moved = (
        {} if changes is None else {(r["agency"], r["measure"]): chapter.verdict(r) for r in changes.to_dict("records")}
    )
    rows = {(r["agency"], r["measure"]): r for r in wave.to_dict("records")}
    columns = (
        Column("agency", t(ko="기관", en="Body"), "left", "stub"),
        *(Column(f"m{k}", chapter.labels.measure(m)) for k, m in enumerate(nodes)),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
    )
    body = []
    for agency in agency_rows(chapter)["agency"]:
        cells: list = [chapter.labels.agency(agency)]
        for measure in nodes:
            row, said = rows.get((agency, measure)), moved.get((agency, measure))
            number = Number.from_row(row) if row else Number(None, "points")
            cells.append(replace(number, mark=said.mark if said is not None and said.significant else ""))
        body.append(Row((*cells, Number.from_row(rows[agency, nodes[0]], "n"))))
    note = t(ko="▲ ▼ 지난 조사보다 유의하게 오름·내림. 기관마다 따로 검정하였고 기관별 보고서의 판정과 같다.",
             en="▲ ▼ significantly higher or lower than in the last wave; tested body by body, as in each body's own report.")  # fmt: skip
    return Table(name, caption, columns, tuple(body), (note,), chapter.lang)


def round_findings(chapter) -> list[Finding]:
    """Zone and change of every body's index, as findings of the overall report."""
    low = chapter.gauge_zones[0]
    out = []
    for row in agency_rows(chapter).to_dict("records"):
        if row["estimate"] == row["estimate"] and row["estimate"] < low:
            label = lambda c, a=row["agency"]: c.labels.agency(a)
            out.append(
                claim(
                    chapter, "round-conclusion", f"{row['agency']}:{row['measure']}", "risk", ko="{label:은/는} {score:으로/로} ‘위험’ 구간이다: 시급하다.",
                    en="{label} is at {score}, in the zone ‘at risk’: urgent.", fields={"label": label, "score": row}, rows=[row],
                    direction="worse", zone="danger", size=float(row["estimate"]), unit="points", severity=6,
                )
            )  # fmt: skip
    changes = agency_changes(chapter)
    for row in () if changes is None else changes.to_dict("records"):
        says, own = {}, None
        for other in languages(chapter):
            versus = {"ko": f"{chapter.previous_year}년", "en": str(chapter.previous_year)}[other.lang]
            body, index = other.labels.agency(row["agency"]), other.labels.measure(row["measure"])
            subject = {"ko": f"{body}의 {index}", "en": f"{index} of {body}"}[other.lang]
            told = other.change_told(row, subject=subject, versus=versus)
            says[other.lang], own = told.text, told if other.lang == chapter.lang else own
        p = row["p_value"]
        out.append(Finding(
            chapter.agency, chapter.year, "round-conclusion", f"{row['agency']}:{row['measure']}", "change", direction_of(row),
            float(row["estimate"]), "points", None if pd.isna(p) else float(p), severity=5, versus=str(chapter.previous_year),
            rows=(str(row["row_id"]),), says=says, sentence=own,
        ))  # fmt: skip
    return out


def weakest(chapter) -> list[Sentence]:
    """The dimension that is lowest on average over the bodies, and what to do with it; nothing with fewer than two dimensions."""
    frame = means(chapter, chapter.top_nodes[1:])
    frame = frame[frame["group1"].isna() & frame["estimate"].notna()] if len(frame) else frame
    if len(frame) < 2:
        return []
    low = frame.sort_values("estimate").iloc[0]
    return [
        chapter.sentence(
            ko="기관 평균이 가장 낮은 차원은 {name}({score})이다. 여러 기관이 함께 배울 사례를 찾고, 기관마다 무엇을 먼저 고칠지는 기관별 보고서의 제언을 따른다.",
            en="The dimension lowest on average is {name} ({score}). Look for examples that bodies can learn from together; what each mends first stands in its own report.",
            name=low["measure_label"], score=low,
        )
    ]  # fmt: skip
