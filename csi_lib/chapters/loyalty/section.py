"""Complaints, loyalty and trust: the tables and sentences of the chapter."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from csi_lib.chapters.loyalty.compute import OUTCOMES, PROMOTERS, LoyaltyFile, correlations, loyalty_estimates
from csi_lib.evaluation.systems import system_file
from csi_lib.findings.families import judged
from csi_lib.prose.numbers import Interval, Number
from csi_lib.prose.sentences import Sentence
from csi_lib.survey.estimates import Estimates
from csi_lib.tables.table import Column, Row, Table

_WORDS = {
    "ko": {
        "handled": "처리에 만족", "none": "불만이 없던 사람", "well": "불만이 잘 처리된 사람", "badly": "불만 처리에 만족하지 않은 사람",
        "promoter": "추천(9~10)", "passive": "중립(7~8)", "detractor": "비추천(0~6)", "complaint": "불만 경험",
        "yes": "있음", "no": "없음",
    },
    "en": {
        "handled": "Satisfied with the handling", "none": "No complaint", "well": "Complaint handled well",
        "badly": "Not satisfied with the handling", "promoter": "Promoters (9-10)", "passive": "Passives (7-8)",
        "detractor": "Detractors (0-6)", "complaint": "Complaint", "yes": "Yes", "no": "No",
    },
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Loyalty:
    """Estimates of the chapter, of this wave, the last one, and the tested changes; all masked."""

    file: LoyaltyFile
    estimates: Estimates
    previous: Estimates | None
    changes: Estimates | None


def open_loyalty(chapter) -> Loyalty:
    file: LoyaltyFile = system_file(chapter.study, "loyalty")
    by = [b for b in chapter.banners if b not in {s.column for s in file.chain}]
    count = lambda survey, by: loyalty_estimates(chapter.study, survey, file, by, surveys=chapter.surveys).masked(
        chapter.release
    )
    now = count(chapter.survey, by)
    previous = changes = None
    if chapter.previous_year is not None:
        before = chapter.survey_of(chapter.previous_year)
        if all(s.column in before.frame and before.frame[s.column].notna().any() for s in file.chain[:1]):
            previous = count(before, by)
            changes = chapter.judged_changes(
                Estimates.concat([now, previous]).contrast({"year": chapter.year}, {"year": chapter.previous_year})
            )
    for part in (now, previous, changes):
        if part is not None:
            chapter.record(part)
    return Loyalty(file, now, previous, changes)


def labels(chapter, loyalty: Loyalty) -> dict[str, str]:
    words = dict(_WORDS[chapter.lang])
    words |= {f"stage:{k}": s.label.text(chapter.lang) for k, s in enumerate(loyalty.file.chain)}
    return words | {o: chapter.labels.measure(o) for o in loyalty.file.outcomes}


def rows(chapter, estimates: Estimates | None, **keys) -> pd.DataFrame:
    """Results rows with these keys and their labels; empty without estimates."""
    if estimates is None:
        return pd.DataFrame()
    return chapter.labels.attach(estimates.frame.iloc[estimates.positions(**keys)].reset_index(drop=True))


def chain_rows(chapter, loyalty: Loyalty) -> pd.DataFrame:
    """The stages of the chain for everybody, and how many complaints were handled well."""
    measures = [*(f"stage:{k}" for k in range(len(loyalty.file.chain))), "handled"]
    found = rows(chapter, loyalty.estimates, measure=measures, by1=None)
    return found.set_index("measure").reindex([m for m in measures if m in set(found["measure"])]).reset_index()


def chain_sentence(chapter, loyalty: Loyalty) -> list[Sentence]:
    """The complaint rate, its change, and the share of complaints handled well."""
    found = chain_rows(chapter, loyalty)
    named = labels(chapter, loyalty)
    first = found.iloc[0]
    out = [
        chapter.sentence(
            ko="‘{label}’이라고 답한 비율은 {rate}(95% 신뢰구간 {interval})이다.",
            en="‘{label}’ was answered by {rate} (95% interval {interval}).",
            label=named[first["measure"]],
            rate=first,
            interval=Interval.from_row(first),
        )
    ]
    change = rows(chapter, loyalty.changes, measure=first["measure"], by1=None)
    if len(change):
        out.append(_change(chapter, change.iloc[0], chapter.text(ko="이 비율", en="This rate")))
    handled = found[found["measure"] == "handled"]
    if not len(handled) or not handled["n"].iloc[0] > 0:
        if first["estimate"] == 0:
            out.append(
                chapter.sentence(
                    ko="불만을 겪은 응답자가 없어 처리 만족은 물을 수 없었다. 신뢰구간의 위 끝은 그래도 있을 수 있는 불만율이다.",
                    en="Nobody complained, so handling could not be asked about; the upper end of the interval is the rate "
                    "that is still possible.",
                )
            )
        return out
    row = handled.iloc[0]
    out.append(
        chapter.sentence(
            ko="불만의 처리를 평가한 사람 가운데 {share}({interval})가 처리에 만족했다.",
            en="Of those who rated the handling of their complaint, {share} ({interval}) were satisfied with it.",
            share=row,
            interval=Interval.from_row(row),
        )
    )
    return out


def _change(chapter, change, subject: str) -> Sentence:
    from csi_lib.prose.change import describe

    versus = chapter.text(ko=f"{chapter.previous_year}년", en=str(chapter.previous_year))
    return describe(change, chapter.lang, subject=subject, versus=versus)


def chain_table(chapter, loyalty: Loyalty, *, name: str, caption: str) -> Table:
    """Each stage with its base, rate and Wilson interval, the last wave's rate and the tested change."""
    t, named = chapter.text, labels(chapter, loyalty)
    columns = [
        Column("stage", t(ko="단계", en="Stage"), "left", "stub"),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
        Column("rate", t(ko="비율", en="Rate")),
        Column("ci", t(ko="95% 신뢰구간", en="95% interval")),
    ]
    with_last = loyalty.previous is not None
    if with_last:
        columns += [
            Column("before", t(ko="지난 조사", en="Last wave")),
            Column("change", t(ko="증감", en="Change")),
            Column("p", t(ko="유의확률", en="p")),
        ]
    body = []
    for row in chain_rows(chapter, loyalty).to_dict("records"):
        cells = [named[row["measure"]], Number.from_row(row, "n"), Number.from_row(row), Interval.from_row(row)]
        if with_last:
            one = lambda e, m=row["measure"]: next(iter(rows(chapter, e, measure=m, by1=None).to_dict("records")), None)
            before, change = one(loyalty.previous), one(loyalty.changes)
            cells += [
                Number.from_row(before) if before else Number(None, "proportion"),
                Number.from_row(change, signed=True) if change else Number(None, "pp"),
                Number.from_row(change, "p_value") if change else Number(None, "p_value"),
            ]
        body.append(Row(tuple(cells)))
    note = t(
        ko="각 단계의 비율은 앞 단계에 해당하는 사람 가운데의 비율이며, 구간은 유효 사례수에 따른 윌슨 구간이다.",
        en="Each rate is among those of the stage before; intervals are Wilson's on the effective number of cases.",
    )
    return Table(name, caption, tuple(columns), tuple(body), (note,), chapter.lang)


def rates_by_group(chapter, loyalty: Loyalty) -> pd.DataFrame:
    """The complaint rate by every banner variable."""
    found = rows(chapter, loyalty.estimates, measure="stage:0")
    return found[found["by1"].notna()].reset_index(drop=True)


def comparison_table(chapter, loyalty: Loyalty, *, name: str, caption: str) -> Table | None:
    """Every outcome of those who complained beside those who did not, and by what became of the complaint."""
    split = rows(chapter, loyalty.estimates, by1="recovery", statistic="mean")
    # where too few complaints were rated to be shown apart, complainers are shown together
    apart = len(split) and "none" in set(split["group1"]) and split["group1"].nunique() > 1
    by = "recovery" if apart and split["estimate"].notna().all() else "complaint"
    split = split if by == "recovery" else rows(chapter, loyalty.estimates, by1="complaint", statistic="mean")
    if not len(split):
        return None
    t, named = chapter.text, labels(chapter, loyalty)
    order = [g for g in (OUTCOMES if by == "recovery" else ("no", "yes")) if g in set(split["group1"])]
    heads = {"yes": t(ko="불만 있음", en="Complained"), "no": t(ko="불만 없음", en="No complaint")} | {
        g: named[g] for g in OUTCOMES
    }
    tested = {}
    pairs = [("well", "none"), ("badly", "none")] if by == "recovery" else [("yes", "no")]
    pairs = [(a, b) for a, b in pairs if a in order and b in order]
    for a, b in pairs:
        gap = loyalty.estimates.contrast({"by1": by, "group1": a}, {"by1": by, "group1": b})
        frame = gap.frame[gap.frame["statistic"] == "difference"].reset_index(drop=True)
        frame = chapter.record(judged(frame))
        tested[a, b] = {r["measure"]: r for r in frame.to_dict("records")}
    columns = (
        Column("group", t(ko="구분", en="Group"), "left", "stub"),
        Column("score", t(ko="점수", en="Score")),
        Column("ci", t(ko="95% 신뢰구간", en="95% interval")),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
        Column("gap", t(ko="‘{}’과의 차이", en="Difference from ‘{}’").format(heads[pairs[0][1]]) if pairs else t(ko="차이", en="Difference")),
        Column("p", t(ko="유의확률", en="p")),
        Column("said", t(ko="판정", en="Verdict"), "left", "text"),
    )  # fmt: skip
    body = []
    for outcome in loyalty.file.outcomes:
        mine = {r["group1"]: r for r in split[split["measure"] == outcome].to_dict("records")}
        for g in (g for g in order if g in mine):
            gap = next((tested[a, b].get(outcome) for a, b in pairs if a == g), None)
            said = chapter.verdict(gap) if gap else None
            body.append(
                Row((heads[g], Number.from_row(mine[g]), Interval.from_row(mine[g]), Number.from_row(mine[g], "n"),
                     Number.from_row(gap, signed=True) if gap else None, Number.from_row(gap, "p_value") if gap else None,
                     f"{said.mark} {said.word(chapter.lang, kind='comparison')}" if said else ""), group=named[outcome])
            )  # fmt: skip
    if not body:
        return None
    note = t(
        ko=f"불만이 잘 처리된 사람: 처리 만족도가 {loyalty.file.handled:g} 이상. 유의확률은 모든 항목을 함께 검정한 값이다(Holm).",
        en=f"Handled well: satisfaction with the handling of {loyalty.file.handled:g} or more. p-values are adjusted for all measures (Holm).",
    )
    return Table(name, caption, columns, tuple(body), (note,), chapter.lang)


def recovery_rows(chapter, loyalty: Loyalty, outcome: str) -> pd.DataFrame:
    """One outcome by what became of the complaint, for the figure."""
    found = rows(chapter, loyalty.estimates, by1="recovery", statistic="mean", measure=outcome)
    order = {g: i for i, g in enumerate(OUTCOMES)}
    return found.sort_values("group1", key=lambda s: s.map(order)).reset_index(drop=True)


def promoter_rows(chapter, loyalty: Loyalty) -> pd.DataFrame:
    found = rows(chapter, loyalty.estimates, measure=list(PROMOTERS), by1=None)
    found = found[found["estimate"].notna()]
    return found.assign(item=loyalty.file.recommend).reset_index(drop=True)


def nps_rows(chapter, loyalty: Loyalty, *, by: list[str] | None = None) -> pd.DataFrame:
    """The net promoter score in total (by=None), or by these banner variables."""
    if loyalty.file.recommend is None:
        return pd.DataFrame()
    found = chapter.rows(measure=f"{loyalty.file.recommend}:nps", statistic="index", by1=by)
    return found[found["estimate"].notna() | found["suppressed"]].reset_index(drop=True)


def nps_sentence(chapter, loyalty: Loyalty) -> list[Sentence | None]:
    found = nps_rows(chapter, loyalty)
    if not len(found):
        return []
    row = found.iloc[0]
    return [
        chapter.sentence(
            ko="순추천지수(NPS)는 {nps}(95% 신뢰구간 {interval})이다.",
            en="The net promoter score is {nps} (95% interval {interval}).",
            nps=row,
            interval=chapter.interval(row),
        ),
        chapter.change_sentence(row, subject=chapter.text(ko="순추천지수", en="The net promoter score")),
    ]


def correlation_table(chapter, loyalty: Loyalty, *, name: str, caption: str) -> Table | None:
    """Pearson, Spearman and partial correlations of complaint, satisfaction, trust and loyalty."""
    found = correlations(chapter.survey, loyalty.file)
    if not len(found):
        return None
    t, named = chapter.text, labels(chapter, loyalty)
    kinds = {"pearson": t(ko="피어슨", en="Pearson"), "spearman": t(ko="스피어만", en="Spearman"),
             "partial": t(ko="편상관", en="Partial")}  # fmt: skip
    records = [
        {"measure": f"{r['a']}~{r['b']}", "statistic": kind, "estimate": r[kind], "ci_low": r[f"{kind}_low"],
         "ci_high": r[f"{kind}_high"], "unit": "correlation", "n": r["n"]}
        for r in found.to_dict("records") for kind in kinds
    ]  # fmt: skip
    recorded = chapter.record(records).to_dict("records")
    interval = t(ko="95% 신뢰구간", en="95% interval")
    columns = (
        Column("pair", t(ko="짝", en="Pair"), "left", "stub"),
        Column("pearson", kinds["pearson"]),
        Column("pearson_ci", interval),
        Column("spearman", kinds["spearman"]),
        Column("partial", kinds["partial"]),
        Column("partial_ci", interval),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
    )
    body = []
    for i, r in enumerate(found.to_dict("records")):
        pearson, spearman, partial = recorded[3 * i : 3 * i + 3]
        pair = f"{named[r['a']]} – {named[r['b']]}"
        cells = (Number.from_row(pearson), Interval.from_row(pearson), Number.from_row(spearman),
                 Number.from_row(partial), Interval.from_row(partial))  # fmt: skip
        body.append(Row((pair, *cells, Number.from_row(pearson, "n"))))
    note = t(
        ko="불만 경험은 있음 1, 없음 0. 편상관은 나머지 항목을 모두 고정한 값이다. 상관은 원인을 말하지 않는다.",
        en="Complaint is 1 for yes and 0 for no. Partial: all other columns held fixed. Correlation does not say what causes what.",
    )
    return Table(name, caption, columns, tuple(body), (note,), chapter.lang)


def correlation_cells(chapter, loyalty: Loyalty) -> pd.DataFrame | None:
    """Pearson correlations as the lower half of a matrix, for the heat table (recorded by `correlation_table`)."""
    found = correlations(chapter.survey, loyalty.file)
    if not len(found):
        return None
    named = labels(chapter, loyalty)
    records = [
        {"measure": r["a"], "by1": "with", "group1": r["b"], "statistic": "correlation", "estimate": r["pearson"],
         "ci_low": r["pearson_low"], "ci_high": r["pearson_high"], "unit": "correlation", "n": r["n"]}
        for r in found.to_dict("records")
    ]  # fmt: skip
    frame = chapter.record(records)
    frame["measure_label"] = frame["measure"].map(named)
    frame["group1_label"] = frame["group1"].map(named)
    return frame
