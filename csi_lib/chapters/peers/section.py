"""Comparison with other bodies: of the same type, of other types, with its conditions."""

from __future__ import annotations

import pandas as pd

from csi_lib.chapters.peers.compute import PeersFile, check_columns, covariate, standardised
from csi_lib.evaluation.standing import MIN_PEERS, Rank
from csi_lib.evaluation.systems import system_file
from csi_lib.findings.families import judged
from csi_lib.prose.numbers import Interval, Number
from csi_lib.prose.sentences import Sentence
from csi_lib.survey.estimates import Estimates
from csi_lib.tables.table import Column, Row, Table


def peer_rows(chapter, measure: str) -> pd.DataFrame:
    """One index of every body of the agency's type, for the strip and the order; the agency's own row among them."""
    wave = chapter.wave
    rows = wave[(wave["measure"] == measure) & (wave["statistic"] == "index") & (wave["model"] == chapter.model.name)]
    rows = rows[rows["type"] == chapter.type] if chapter.type is not None else rows
    rows = rows.sort_values("estimate", ascending=False, na_position="last").reset_index(drop=True)
    return rows.assign(agency_label=[chapter.labels.agency(a) for a in rows["agency"]])


def dimension_table(chapter, *, name: str, caption: str, others: bool = False) -> Table | None:
    """Every dimension beside the mean of the other bodies of the type (`others`: of other types), with the test.

    p-values are adjusted for all dimensions together (Holm). None where fewer than three others can be shown.
    """
    t = chapter.text
    found = [(m, chapter.peers(m, others=others)) for m in chapter.top_nodes]
    found = [(m, e) for m, e in found if len(e)]
    if not found:
        return None
    gaps = pd.concat([e.frame.iloc[[1]] for _, e in found], ignore_index=True)
    whole = gaps["measure"] == chapter.model.file.index  # the index is asked about by itself, its parts together
    gaps = chapter.record(judged(gaps, whole)).to_dict("records")
    columns = (
        Column("measure", t(ko="구분", en="Measure"), "left", "stub"),
        Column("own", chapter.name),
        Column("mean", t(ko="다른 유형 평균", en="Mean of other types") if others else t(ko="같은 유형 평균", en="Mean of its type")),
        Column("bodies", t(ko="기관 수", en="Bodies"), "right", "text"),
        Column("gap", t(ko="차이", en="Difference")),
        Column("ci", t(ko="95% 신뢰구간", en="95% interval")),
        Column("p", t(ko="유의확률", en="p")),
        Column("said", t(ko="판정", en="Verdict"), "left", "text"),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
    )  # fmt: skip
    body = []
    for (measure, peers), gap in zip(found, gaps, strict=True):
        own, mean, said = chapter.index(measure), peers.frame.iloc[0], chapter.verdict(gap)
        cells = (chapter.labels.measure(measure), Number.from_row(own), Number.from_row(mean), mean["value_text"],
                 Number.from_row(gap, signed=True), Interval.from_row(gap), Number.from_row(gap, "p_value"),
                 f"{said.mark} {said.word(chapter.lang, kind='comparison')}", Number.from_row(own, "n"))  # fmt: skip
        body.append(Row(cells))
    note = t(
        ko="평균은 이 기관을 뺀 다른 기관들의 단순 평균이고, 유의확률은 모든 차원을 함께 검정한 값이다(Holm).",
        en="Means are plain means of the other bodies, without this one; p-values are adjusted for all dimensions together (Holm).",
    )
    return Table(name, caption, columns, tuple(body), (note,), chapter.lang)


def percentile_sentence(chapter, measure: str) -> Sentence | None:
    """What share of the other bodies of the type lies below; None with fewer than three others."""
    found: Rank | None = chapter.rank(measure)
    if found is None or found.of - 1 < MIN_PEERS:
        return None
    below = (found.of - found.rank - (found.ties - 1) + (found.ties - 1) / 2) / (found.of - 1)
    row = chapter.record(
        [{"measure": measure, "model": chapter.model.name, "statistic": "percentile", "estimate": below,
          "unit": "proportion", "n": found.of}], counts="agencies"
    ).iloc[0]  # fmt: skip
    return chapter.sentence(
        ko="같은 유형의 다른 기관 가운데 {share}가 이 기관보다 낮다.",
        en="{share} of the other bodies of its type score below it.",
        share=row,
    )


# ---------------------------------------------------------------------- conditions of the comparison
def conditions(chapter) -> PeersFile:
    file: PeersFile = system_file(chapter.study, "peers")
    check_columns(file, list(chapter.study.report.groups or chapter.study.codebook("customers").groups))
    return file


def _bodies(chapter) -> list:
    return [a for a in chapter.study.agencies if a.took_part(chapter.year) and a.id not in chapter.wave.attrs["failed"]]


def comparability_table(chapter, *, name: str, caption: str) -> Table:
    """Of every body (or, in an agency's report, of this one and the means of the others): sample, population, covariates."""
    t, file = chapter.text, conditions(chapter)
    records = []
    for body in _bodies(chapter):
        estimates = chapter.estimates_of(body.id, chapter.year)
        index = estimates.frame.iloc[estimates.positions(measure=chapter.model.file.index, statistic="index", by1=None)]
        n = float(index["n"].iloc[0]) if len(index) else float("nan")
        keys = {"agency": body.id, "model": chapter.model.name, "n": n}
        if body.population and n == n:
            records.append({**keys, "measure": "sampling_ratio", "statistic": "share", "estimate": n / body.population,
                            "unit": "proportion"})  # fmt: skip
        for one in file.covariates:
            row = covariate(estimates, one).frame
            if len(row):
                records.append({**row.iloc[0].to_dict(), "agency": body.id})
    frame = pd.DataFrame(records)
    frame = chapter.record(frame.drop(columns=[c for c in ("row_id",) if c in frame]))
    measures = ["sampling_ratio", *(f"covariate:{c.column}" for c in file.covariates)]
    heads = {"sampling_ratio": t(ko="표본/모집단", en="Sample / population")}
    heads |= {f"covariate:{c.column}": c.label.text(chapter.lang) for c in file.covariates}
    anonymous = chapter.agency != "_overall" and chapter.study.report.peers != "named"
    shown = [b for b in _bodies(chapter) if not anonymous or b.id == chapter.agency]
    lookup = {(r["agency"], r["measure"]): r for r in frame.to_dict("records")}
    columns = (
        Column("body", t(ko="기관", en="Body"), "left", "stub"),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
        *(Column(m, heads[m]) for m in measures),
    )
    body_rows = []
    for b in shown:
        found = [lookup.get((b.id, m)) for m in measures]
        n = next((Number.from_row(r, "n") for r in found if r), Number(None, "count"))
        cells = [Number.from_row(r) if r else Number(None, "proportion") for r in found]
        body_rows.append(Row((chapter.labels.agency(b.id), n, *cells)))
    if anonymous:
        body_rows += _mean_rows(chapter, frame, measures)
    note = t(
        ko="조건이 다른 기관의 점수를 견줄 때에는 이 차이를 함께 보아야 한다.",
        en="These differences must be kept in mind when scores of bodies with other conditions are compared.",
    )
    return Table(name, caption, columns, tuple(body_rows), (note,), chapter.lang)


def _mean_rows(chapter, frame: pd.DataFrame, measures: list[str]) -> list[Row]:
    """Means of the other bodies, of the same type and of other types, where there are at least three."""
    t, types = chapter.text, {a.id: a.type for a in chapter.study.agencies}
    rest = frame[frame["agency"] != chapter.agency]
    same = rest["agency"].map(types) == chapter.type
    out = []
    for label, part, what in (
        (t(ko="같은 유형의 다른 기관 평균", en="Mean of the others of its type"), rest[same], "peers"),
        (t(ko="다른 유형 기관 평균", en="Mean of other types"), rest[~same], "other types"),
    ):
        if part["agency"].nunique() < MIN_PEERS:
            continue
        records = [
            {"measure": m, "statistic": "mean", "versus": what, "estimate": v["estimate"].mean(), "unit": "proportion",
             "n": v["n"].sum(), "model": chapter.model.name}
            for m, v in part.groupby("measure", sort=False)
        ]  # fmt: skip
        found = {r["measure"]: r for r in chapter.record(records).to_dict("records")}
        n = next(iter(found.values()))
        cells = [Number.from_row(found[m]) if m in found else Number(None, "proportion") for m in measures]
        out.append(Row((label, Number.from_row(n, "n"), *cells)))
    return out


def standardised_rows(chapter) -> Estimates | None:
    """The index of every body as if all had the same mix of customers; None where ``peers.yml`` does not ask for it."""
    file = conditions(chapter)
    if file.standardise is None:
        return None
    wave = {b.id: chapter.estimates_of(b.id, chapter.year) for b in _bodies(chapter)}
    found = standardised(wave, chapter.model.file.index, file.standardise, model=chapter.model.name)
    if not len(found):
        return None
    chapter.record(found)
    return found


def standardised_table(chapter, *, name: str, caption: str) -> Table | None:
    """Index as measured and with the same mix of customers, of every body with both."""
    found = standardised_rows(chapter)
    if found is None:
        return None
    t, file = chapter.text, conditions(chapter)
    plain = chapter.wave[(chapter.wave["measure"] == chapter.model.file.index) & (chapter.wave["statistic"] == "index")
                         & (chapter.wave["model"] == chapter.model.name)]  # fmt: skip
    plain = {r["agency"]: r for r in plain.to_dict("records")}
    columns = (
        Column("body", t(ko="기관", en="Body"), "left", "stub"),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
        Column("plain", t(ko="지수", en="Index")),
        Column("same", t(ko="구성을 맞춘 지수", en="With the same mix")),
        Column("ci", t(ko="95% 신뢰구간", en="95% interval")),
    )
    rows = sorted(found.frame.to_dict("records"), key=lambda r: -r["estimate"])
    body = tuple(
        Row((chapter.labels.agency(r["agency"]), Number.from_row(r, "n"), Number.from_row(plain[r["agency"]]),
             Number.from_row(r), Interval.from_row(r)))
        for r in rows if r["agency"] in plain
    )  # fmt: skip
    note = t(
        ko="구성을 맞춘 지수는 모든 기관의 {} 구성이 기관 평균과 같다고 보고 다시 계산한 값이다.",
        en="The second index is computed as if every body had the mean mix of bodies by {}.",
    ).format(chapter.labels.variable(file.standardise))
    return Table(name, caption, columns, body, (note,), chapter.lang)
