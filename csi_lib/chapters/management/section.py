"""Management evaluation: the scorecard of an agency's departments, its totals, and the results of past years."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.chapters.management.compute import TARGETS, ManagementFile, department_totals, scorecard
from csi_lib.errors import InputError
from csi_lib.evaluation.records import record_files
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import Sentence
from csi_lib.study.reading import half_width, small_bases

#: results of a card, with their unit (None: that of the indicator)
_PARTS = {"actual": None, "previous": None, "target": None, "growth": "proportion", "attainment": "proportion",
          "score": "points", "points": "points", "allotted": "points"}  # fmt: skip


def card_of(chapter) -> pd.DataFrame:
    """The scorecard of this agency and wave (`scorecard`), departments with too few people left out of a public edition.

    Blank results of indicators with a ``measure`` come from the survey. Columns ``row_<part>`` hold the results rows.
    """
    file = chapter.system("management")
    card = without_tiny(chapter, scored_card(chapter))
    if not len(card):
        return card
    order = list(file.indicators)
    card = card.sort_values("indicator", key=lambda i: i.map(order.index), kind="stable").reset_index(drop=True)
    for part, unit in _PARTS.items():
        rows = [
            {
                "measure": row["indicator"],
                "statistic": part,
                "by1": "department",
                "group1": row["department"],
                "source": file.source,
                "estimate": row[part],
                **_error(row, part),
                "unit": unit or file.indicators[row["indicator"]].unit,
                "n": row["n"],
                "flag": small_bases(row["n"]) if part == "actual" else None,
            }
            for row in card.to_dict("records")
        ]
        card[f"row_{part}"] = chapter.record(rows).to_dict("records")
    return card


def nothing_to_score(chapter) -> Sentence:
    """That the table of results has no row of this agency."""
    return chapter.sentence(
        ko="이 기관의 실적표에 {year}년의 행이 없어 득점을 매기지 않았다.",
        en="The table of results has no row of this agency for {year}, so nothing is scored.", year=chapter.year,
    )  # fmt: skip


def scored_card(chapter) -> pd.DataFrame:
    """The scorecard of all departments, those of a few people too: for computing, not for showing."""
    file = chapter.system("management")
    table = chapter.records(file.source, TARGETS, columns=file.columns)
    if not len(table):
        return table
    measures = {name: i.measure for name, i in file.indicators.items() if i.measure is not None}
    return scorecard(survey_results(chapter, table, measures, file.group), file)


def _error(row: dict, part: str) -> dict:
    """Error and interval of a part that rests on an estimate."""
    if part in ("actual", "previous"):
        se = row[f"{part}_se"]
        half = half_width() * se
        return {} if pd.isna(se) else {"se": se, "ci_low": row[part] - half, "ci_high": row[part] + half}
    if part in ("score", "points"):
        return {"ci_low": row[f"{part}_low"], "ci_high": row[f"{part}_high"]}
    return {}


def without_tiny(chapter, table: pd.DataFrame) -> pd.DataFrame:
    """`table` without departments so small that their result is a person's, in a public edition."""
    if chapter.release == "restricted" or "departments" not in chapter.study.extensions:
        return table
    tiny = chapter.system("departments").tiny(chapter.year)
    return table[~table["department"].isin(tiny)].reset_index(drop=True)


def left_out(chapter) -> Sentence | None:
    """That departments were left out for being small; None when none was."""
    if chapter.release == "restricted" or "departments" not in chapter.study.extensions:
        return None
    file = chapter.system("departments")
    if not file.tiny(chapter.year):
        return None
    return chapter.sentence(
        ko="직원이 {least}명보다 적은 부서는 그 결과가 곧 개인의 결과이므로 공개판에 싣지 않는다.",
        en="Departments with fewer than {least} people are left out of the public edition: their result would be a person's.",
        least=file.min_staff,
    )


def survey_results(chapter, table: pd.DataFrame, measures: dict[str, str], group: str, *, by: str = "department"):
    """Blank results of the indicators in `measures` (indicator → measure) filled from the survey's estimates by `group`, whose
    codes are the values of the column `by`: this wave's and the last one's, with their errors."""
    out = table.copy()
    for name, measure in measures.items():
        for column, year in (("actual", chapter.year), ("previous", chapter.previous_year)):
            blank = (out["indicator"] == name) & out[column].isna()
            found = _by_department(chapter, year, measure, group) if blank.any() else {}
            for at in out.index[blank]:
                row = found.get(out.at[at, by])
                if row is None:
                    continue
                out.at[at, column], out.at[at, f"{column}_se"] = row["estimate"], row["se"]
                if column == "actual":
                    out.at[at, "n"] = row["n"]
    return out


def _by_department(chapter, year: int | None, measure: str, group: str) -> dict[str, pd.Series]:
    """Department → its row of a measure in a wave; InputError where the survey has no such groups."""
    if year is None:
        return {}
    frame = chapter.rows(chapter.grouped(group, year), measure=measure, by1=group, statistic=["index", "mean"])
    frame = frame[frame["by2"].isna() & (frame["model"].isna() | (frame["model"] == chapter.model.name))]
    return {row["group1"]: row for row in frame.to_dict("records")}


def totals_of(chapter, card: pd.DataFrame) -> pd.DataFrame:
    """Results rows of the departments' totals, best first: statistic ``share of points``, with ``row_points``,
    ``row_allotted``, ``open`` and ``rank`` (equal shares share it)."""
    totals = department_totals(card)
    key = lambda row: {"measure": "total", "by1": "department", "group1": row["department"]}
    n = card.groupby("department")["n"].max().reindex(totals["department"]).fillna(0).to_numpy(float)
    base = [dict(row, n=m) for row, m in zip(totals.to_dict("records"), n, strict=True)]
    out = chapter.record(
        [
            {**key(r), "statistic": "share of points", "estimate": r["share"], "ci_low": r["share_low"],
             "ci_high": r["share_high"], "unit": "proportion", "n": r["n"], "flag": small_bases(r["n"])}
            for r in base
        ]
    )  # fmt: skip
    for part in ("points", "allotted"):
        rows = [{**key(r), "statistic": f"sum of {part}", "estimate": r[part], "unit": "points"} for r in base]
        out[f"row_{part}"] = chapter.record(rows).to_dict("records")
    ranks = totals["share"].rank(method="min", ascending=False)
    rows = [{**key(r), "statistic": "rank", "estimate": k, "unit": "rank"} for r, k in zip(base, ranks, strict=True)]
    out["row_rank"] = chapter.record(rows).to_dict("records")
    out["open"] = totals["open"].to_numpy()
    out["department_label"] = [department_label(chapter, d) for d in out["group1"]]
    return out


def shared_indicators(chapter, card: pd.DataFrame) -> list[str]:
    """Indicators that are not one department's own task, of those the card has."""
    declared, there = chapter.system("management").indicators, set(card["indicator"])
    return [i for i, indicator in declared.items() if indicator.kind != "own" and i in there]


def result_groups(chapter, table: pd.DataFrame) -> list[list[str]]:
    """Indicators of a table in groups that rest on the same result: those with the same measure, each other by itself."""
    declared, there = chapter.system("management").indicators, set(table["indicator"])
    groups: dict[str, list[str]] = {}
    for name, indicator in declared.items():
        if name in there:
            groups.setdefault(indicator.measure or f"indicator {name}", []).append(name)
    return list(groups.values())


def department_label(chapter, department: str) -> str:
    return chapter.labels.group("department", department)


def summary(chapter, totals: pd.DataFrame) -> Sentence:
    """Which department earned the largest and the smallest share of its points, and whether that is beyond sampling error."""
    shown = totals[totals["estimate"].notna()]
    if not len(shown):
        return chapter.sentence(ko="득점을 매길 수 있는 지표가 없다.", en="No indicator could be scored.")
    first, last = shown.iloc[0], shown.iloc[-1]
    if len(shown) == 1 or first["estimate"] == last["estimate"]:
        return chapter.sentence(
            ko="부서의 득점률은 {share}이다.",
            en="The departments earned {share} of their points.",
            share=Number.from_row(first),
        )
    out = chapter.sentence(
        ko="득점률이 가장 높은 부서는 {best_name}({best}), 가장 낮은 부서는 {worst_name}({worst})이다.",
        en="{best_name} earned the largest share of its points ({best}), {worst_name} the smallest ({worst}).",
        best_name=first["department_label"], best=Number.from_row(first),
        worst_name=last["department_label"], worst=Number.from_row(last),
    )  # fmt: skip
    if pd.notna(first["ci_low"]) and pd.notna(last["ci_high"]) and first["ci_low"] <= last["ci_high"]:
        out = out + chapter.sentence(
            ko="두 부서의 신뢰구간이 겹치므로 순위를 단정할 수 없다.",
            en="Their intervals overlap, so the order is not certain.",
        )
    return out


def history_of(chapter, file: ManagementFile) -> pd.DataFrame:
    """``department indicator year actual`` of the past years that have a file, the survey's results among them."""
    parts = []
    for year in range(chapter.year - file.target_setting.years + 1, chapter.year + 1):
        if not _there(chapter, file.source, year):
            continue
        table = chapter.records(file.source, TARGETS, columns=file.columns, year=year)
        if year in chapter.study.years and chapter.took_part(year):
            table = _filled(chapter, table, file, year)
        parts.append(table.assign(year=year)[["department", "indicator", "year", "actual"]])
    return pd.concat(parts, ignore_index=True)


def _filled(chapter, table: pd.DataFrame, file: ManagementFile, year: int) -> pd.DataFrame:
    for name, indicator in file.indicators.items():
        if indicator.measure is not None:
            found = _by_department(chapter, year, indicator.measure, file.group)
            wanted = (table["indicator"] == name) & table["actual"].isna()
            values = [found[d]["estimate"] if d in found else np.nan for d in table.loc[wanted, "department"]]
            table.loc[wanted, "actual"] = values
    return table


def _there(chapter, source: str, year: int) -> bool:
    try:
        return bool(record_files(chapter.study, source, year, agency=chapter.agency, data=chapter._round.data))
    except InputError:
        return False
