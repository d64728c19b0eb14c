"""A graded round: its units, their grades, how sure these are, and the sentences that say so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.chapters.grade.rules import NEW, NO_SCORE, SMALL_GROUP, boundary_ties
from csi_lib.chapters.grade.settings import GradingFile, grade_units, unit_probabilities
from csi_lib.chapters.round.section import type_label
from csi_lib.errors import InputError
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import Sentence, join_words

#: the group of units that have none
_ALL = ""


@dataclass(frozen=True)
class GradeSheet:
    """A graded round.

    frame : ``unit label group size score se n grade reason other likely tied consulted`` and the scores of the parts, best
        group and score first; ``other`` is the probability of another grade, ``likely`` the grades whose probability is at
        least that of `GradingFile.alike`, ``tied`` whether the grade hangs on a tie at a boundary.
    chances : unit × grade, the probability of each grade.
    """

    file: GradingFile
    year: int
    frame: pd.DataFrame
    chances: pd.DataFrame

    @property
    def scale(self) -> tuple[str, ...]:
        return self.file.scale

    @property
    def groups(self) -> list[str]:
        return list(dict.fromkeys(self.frame["group"]))

    @property
    def unit_of_score(self) -> str:
        return "proportion" if self.file.rule == "attainment" else "points"


def grade_sheet(chapter, year: int | None = None) -> GradeSheet:
    """All units of the round of `year` (default the chapter's), graded as ``grades.yml`` says."""
    file, year = chapter.system("grades"), year or chapter.year
    table = _table(chapter, file, year)
    new = _newcomers(chapter, file, table, year)
    evaluated = table.assign(score=table["score"].where(~table["unit"].isin(new)))
    grades = grade_units(evaluated, file)
    chances = unit_probabilities(evaluated, file, seed=year)
    about = table.drop_duplicates("unit").set_index("unit").reindex(grades.frame["unit"])
    ties = boundary_ties(grades, file.ratio, digits=file.digits) if file.rule == "relative" else pd.Series(dtype=bool)
    frame = grades.frame.drop(columns="group").assign(
        reason=[NEW if u in new else r for u, r in zip(grades.frame["unit"], grades.frame["reason"], strict=True)],
        tied=ties.reindex(grades.frame["unit"], fill_value=False).to_numpy(bool),
        **{c: about[c].to_numpy(float) for c in ("consulted", *file.parts) if c in about},
        label=about["label"].to_numpy(),
        group=about["group"].fillna(_ALL).to_numpy(),
        size=about["size"].to_numpy(),
        se=np.nan if file.rule == "attainment" else about["se"].to_numpy(float),
        n=table.groupby("unit")["n"].sum(min_count=1).reindex(grades.frame["unit"]).to_numpy(float),
        other=chances["other"].reindex(grades.frame["unit"]).to_numpy(float),
        likely=[
            _likely(row, file.alike) for row in chances.reindex(grades.frame["unit"])[list(file.scale)].to_numpy(float)
        ],
    )
    place = {g: i for i, g in enumerate([*file.groups, *chapter.study.types])}
    order = frame["group"].map(lambda g: place.get(g, len(place)))
    frame = frame.assign(_order=order).sort_values(["_order", "score"], ascending=[True, False], kind="stable")
    return GradeSheet(file, year, frame.drop(columns="_order").reset_index(drop=True), chances)


def _newcomers(chapter, file: GradingFile, table: pd.DataFrame, year: int) -> set[str]:
    """Units that were not in last year's round, where the rule leaves them ungraded; none in the first round there is."""
    if file.newcomers == "graded" or year - 1 not in chapter.study.years:
        return set()
    return set(table["unit"]) - set(_table(chapter, file, year - 1)["unit"])


def has_year_before(chapter) -> bool:
    """Whether the study holds the round of the year before, without which nobody is two years running in a class."""
    return chapter.year - 1 in chapter.study.years


def _table(chapter, file: GradingFile, year: int) -> pd.DataFrame:
    """Units (or units × businesses) with ``label``."""
    if file.source is not None:
        table = chapter.records(file.source, file.unit_fields, columns=file.columns, year=year, everyone=True)
        name = table["name_en"].fillna(table["name"]) if chapter.lang == "en" else table["name"]
        return table.assign(label=name.fillna(table["unit"]))
    rows = _business_rows(chapter, file, year) if file.rule == "attainment" else _agency_rows(chapter, year)
    ids = rows["unit"]
    return rows.assign(
        label=[chapter.labels.agency(a) for a in ids],
        group=[chapter.study.agency(a).type or _ALL for a in ids],
        size=[chapter.study.agency(a).size for a in ids],
    )


def _agency_rows(chapter, year: int) -> pd.DataFrame:
    wave = chapter.wave_of(year)
    index = wave[(wave["measure"] == chapter.model.file.index) & (wave["model"] == chapter.model.name)]
    index = index[index["statistic"] == "index"]
    rows = pd.DataFrame({"unit": index["agency"], "score": index["estimate"], "se": index["se"], "n": index["n"]})
    # a body whose report failed belongs to the round all the same: it stands there without a score
    in_round = [a.id for a in chapter.study.agencies if a.took_part(year) and a.type in set(wave["type"])]
    return rows.merge(pd.DataFrame({"unit": [u for u in in_round if u not in set(rows["unit"])]}), how="outer")


def _business_rows(chapter, file: GradingFile, year: int) -> pd.DataFrame:
    """The index of every agency by business, with last year's as the target."""
    keys = {
        "measure": chapter.model.file.index,
        "model": chapter.model.name,
        "statistic": "index",
        "by1": file.business,
    }
    parts = []
    for agency in chapter.study.agencies:
        if not agency.took_part(year):
            continue
        now = _frame_of(chapter, agency.id, year, keys)
        if now is None:  # its report failed: it belongs to the round, without a score
            parts.append(pd.DataFrame({"unit": [agency.id], "business": [_ALL], "score": np.nan, "target": np.nan}))
            continue
        before = None
        if year - 1 in chapter.study.years and agency.took_part(year - 1):
            before = _frame_of(chapter, agency.id, year - 1, keys, as_of=year)
        last = lambda name, before=before, now=now: (
            np.nan if before is None else before[name].reindex(now.index).to_numpy(float)
        )
        parts.append(
            pd.DataFrame({"unit": agency.id, "business": now.index, "score": now["estimate"].to_numpy(float),
                          "se": now["se"].to_numpy(float), "n": now["n"].to_numpy(float), "target": last("estimate"),
                          "target_se": last("se")})
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _frame_of(chapter, agency: str, year: int, keys: dict, *, as_of: int | None = None) -> pd.DataFrame | None:
    try:
        return chapter.estimates_of(agency, year, as_of=as_of).select(**keys).frame.set_index("group1")
    except InputError:
        return None


def _likely(chances: np.ndarray, least: float) -> tuple[int, ...]:
    return tuple(np.flatnonzero(np.nan_to_num(chances) >= least).tolist())


# ---------------------------------------------------------------------- words
def grade_label(chapter, file: GradingFile, grade: str) -> str:
    return file.labels[grade].text(chapter.lang) if grade in file.labels else grade


def group_label(chapter, file: GradingFile, group: str) -> str:
    if group == _ALL:
        return chapter.text(ko="전체", en="All units")
    return file.groups[group].text(chapter.lang) if group in file.groups else type_label(chapter, group)


def size_label(chapter, file: GradingFile, size: str) -> str:
    known = file.sizes.get(size) or chapter.study.sizes.get(size)
    return known.text(chapter.lang) if known is not None else str(size)


def reason_label(chapter, reason: str | None) -> str:
    words = {
        NO_SCORE: chapter.text(ko="점수 없음", en="no score"),
        SMALL_GROUP: chapter.text(ko="소규모 군", en="small group"),
        NEW: chapter.text(ko="새로 조사한 기관", en="new in the round"),
    }
    return words.get(reason, reason or "")


def rule_sentence(chapter, sheet: GradeSheet) -> Sentence:
    """How the grades were given, with its limits."""
    file = sheet.file
    name = lambda g: grade_label(chapter, file, g)
    if file.rule == "relative":
        return chapter.sentence(
            ko="등급은 기능군 안에서 점수 순위에 따라 {grades}의 비율({ratio})로 매겼다. 몫의 소수점 이하는 나머지가 큰 등급부터 채우고, "
            "경계에서 점수가 같으면 모두 나은 등급을 받는다. 점수가 있는 기관이 {minimum}곳에 못 미치는 군은 등급을 매기지 않는다.",
            en="Grades go by rank within the functional group, {grades} in the ratio {ratio}. Fractions of a unit go to the grade "
            "with the largest remainder; equal scores across a boundary all take the better grade. Groups with fewer than "
            "{minimum} scored units are not graded.",
            grades=join_words([name(g) for g in file.scale], chapter.lang, between="·"),
            ratio=":".join(f"{v:g}" for v in file.ratio.values()),
            minimum=file.minimum_group,
        )
    limits = file.cuts if file.rule == "absolute" else file.shares
    rows = chapter.record(
        [
            {"measure": "grade", "statistic": "limit", "by1": "grade", "group1": g, "estimate": limit, "unit": sheet.unit_of_score}
            for g, limit in list(limits.items())[:-1]
        ]
    )  # fmt: skip
    parts = [
        chapter.sentence(ko="{grade} {limit} 이상", en="{grade} from {limit}", grade=name(r["group1"]),
                         limit=Number.from_row(r, digits=0 if float(r["estimate"] * 100).is_integer() else None))
        for r in rows.to_dict("records")
    ]  # fmt: skip
    limits = join_words(parts, chapter.lang, between=", ")
    if file.rule == "absolute":
        return chapter.sentence(
            ko="등급은 점수의 절대 기준으로 매겼다: {limits}, 그 밖은 {last}.",
            en="Grades go by fixed limits of the score: {limits}, and {last} below.",
            limits=limits,
            last=name(file.scale[-1]),
        )
    return chapter.sentence(
        ko="등급은 평가한 사업 가운데 점수가 목표 이상인 사업의 비율로 매겼다: {limits}, 그 밖은 {last}.",
        en="Grades go by the share of a unit's evaluated businesses that reached their target: {limits}, and {last} below.",
        limits=limits,
        last=name(file.scale[-1]),
    )


def counts_sentence(chapter, sheet: GradeSheet) -> Sentence:
    """How many units were graded, how many not, and how many grades another survey would be expected to change."""
    frame = sheet.frame
    left = int(frame["grade"].isna().sum())
    known = frame["other"].notna()
    rows = [
        ("units", len(frame), "number"),
        ("graded", len(frame) - left, "number"),
        ("ungraded", left, "number"),
        ("expected changes", frame["other"].sum() if known.any() else np.nan, "number"),
        ("share changed", frame["other"].mean() if known.any() else np.nan, "proportion"),
    ]
    recorded = chapter.record(
        [{"measure": "grades", "statistic": s, "estimate": v, "unit": u, "n": len(frame)} for s, v, u in rows],
        counts="units",
    )
    units, graded, ungraded, changes, share = (Number.from_row(r) for r in recorded.to_dict("records"))
    first = chapter.sentence(
        ko="평가 대상 {units}곳 가운데 {graded}곳에 등급을 매겼고 {ungraded}곳은 등급이 없다.",
        en="Of {units} units {graded} were graded and {ungraded} were not.",
        units=units, graded=graded, ungraded=ungraded,
    )  # fmt: skip
    if frame["tied"].any():
        tied = chapter.record([{"measure": "grades", "statistic": "count", "by1": "state", "group1": "tied",
                                "estimate": int(frame["tied"].sum()), "unit": "number", "n": len(frame)}], counts="units")  # fmt: skip
        first = first + chapter.sentence(
            ko="등급의 경계에 동점이 걸려 {n}곳은 동점 처리 규칙에 등급이 달려 있다(등급표에 ‘=’로 표시).",
            en="A boundary runs through equal scores: the grade of {n} units hangs on the rule for ties (marked = in the grade sheet).",
            n=Number.from_row(tied.iloc[0]),
        )  # fmt: skip
    if not known.any():
        return first
    return first + chapter.sentence(
        ko="표본오차만으로도 조사를 다시 하면 약 {changes}곳({share})의 등급이 달라질 것으로 기대된다.",
        en="By sampling error alone, another survey would be expected to change the grade of about {changes} units ({share}).",
        changes=changes, share=share,
    )  # fmt: skip
