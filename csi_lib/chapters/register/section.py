"""Praise and complaints: counts by department, apologies, what is deducted from the second-half score, what comes back."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.chapters.department_score.compute import combined_scores
from csi_lib.chapters.kindness import section as kindness
from csi_lib.chapters.office import (
    count_row,
    hidden_departments,
    in_order,
    recorded,
    tiny_note,
    unmarked,
    without_tiny,
)
from csi_lib.chapters.register.compute import (
    REGISTER,
    apologies,
    carried,
    check_kinds,
    commendations,
    deductions,
    register_counts,
    repeat_cases,
)
from csi_lib.evaluation.clustered import clustered_means
from csi_lib.prose.numbers import Interval, Number
from csi_lib.prose.rounding import round_half_up
from csi_lib.tables.table import Column, Row, Table

STATES = {
    "ko": {"in_time": "기한 안", "late": "기한 뒤", "open": "기한 전(미실시)", "overdue": "기한 지남(미실시)"},
    "en": {"in_time": "In time", "late": "Late", "open": "Not due yet", "overdue": "Overdue"},
}


def cases(chapter, *, everybody: bool = False) -> pd.DataFrame:
    """The register of the year, checked; `everybody` keeps tiny departments (restricted release)."""
    file = chapter.system("register")
    frame = check_kinds(chapter.records(file.source, REGISTER, columns=file.columns), file)
    return frame if everybody else without_tiny(chapter, frame).reset_index(drop=True)


def year_end(chapter) -> pd.Timestamp:
    """The day on which apologies are looked at: the last of the report's year."""
    return pd.Timestamp(chapter.year, 12, 31)


def _own(chapter) -> dict:
    return {"source": chapter.system("register").source, "model": "register"}


def counts(chapter, register: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Rows by department and for all: ``praises``, ``complaints``, ``repeats`` (counts).

    In the public edition a department with too few cases is withheld, and another one where the total would tell.
    """
    file = chapter.system("register")
    frame = in_order(chapter, register_counts(register, file))
    frame["department"] = frame["department"].where(frame["department"].notna(), None)
    back = repeat_cases(register, file)
    again = (
        back.groupby("department")["times"].agg(lambda t: int((t - 1).sum())) if len(back) else pd.Series(dtype=float)
    )
    frame["repeats"] = [again.sum() if d is None else again.get(d, 0) for d in frame["department"]]
    hidden = hidden_departments(chapter, frame.assign(n=frame["cases"]))
    out = {}
    for what in ("praises", "complaints", "repeats"):
        rows = [count_row(r[what], base=r["cases"], measure=what, by1=None if r["department"] is None else "department", group1=r["department"])
                for r in frame.to_dict("records")]  # fmt: skip
        out[what] = recorded(chapter, rows, hidden=hidden, **_own(chapter))
    return out


def apology_rows(chapter, register: pd.DataFrame):
    """(share of due apologies made in time, counts by state) or None without complaints; no share of a handful in public."""
    file = chapter.system("register")
    list_ = apologies(register, file, asof=year_end(chapter))
    if not len(list_):
        return None
    due = list_[list_["state"] != "open"].assign(kept=lambda f: (f["state"] == "in_time").astype(float))
    share = None
    if len(due) >= (chapter.study.privacy.min_base if chapter.release == "public" else 1):
        share = recorded(chapter, clustered_means(due, "kept", share=True).assign(measure="apology_in_time", statistic="share", unit="proportion"),
                         **_own(chapter)).iloc[0]  # fmt: skip
    rows = [count_row((list_["state"] == s).sum(), base=len(list_), measure=f"apology_{s}") for s in STATES["ko"]]
    names = {f"apology_{s}": label for s, label in STATES[chapter.lang].items()}
    return share, recorded(chapter, rows, names=names, **_own(chapter))


def sentences(chapter, register: pd.DataFrame, rows, apology) -> list:
    """The register in four sentences."""
    file = chapter.system("register")
    total = {k: v[v["by1"].isna()].iloc[0] for k, v in rows.items()}
    out = [chapter.sentence(ko="칭찬은 {praises}, 불만은 {complaints}이다.", en="There were {praises:bare} praises and {complaints:bare} complaints.",
                            praises=total["praises"], complaints=total["complaints"])]  # fmt: skip
    if total["repeats"]["estimate"] > 0:
        out.append(chapter.sentence(ko="불만 가운데 {n}은 이미 나온 일이 다시 제기된 것이다.",
                                    en="{n:bare} of the complaints came back: the matter had been raised before.", n=total["repeats"]))  # fmt: skip
    if apology is not None and apology[0] is not None:
        out.append(chapter.sentence(
            ko="사과 전화는 접수 뒤 {days}일 안에 하며, 기한이 된 {n:bare}건 가운데 {share:이/가} 기한을 지켰다(95% 신뢰구간 {ci}).",
            en="An apology call is due within {days} days; of {n:bare} that were due, {share} were in time (95% interval {ci}).",
            days=file.apology_days, n=Number.from_row(apology[0], "n"), share=apology[0], ci=Interval.from_row(apology[0])))  # fmt: skip
        overdue = apology[1][apology[1]["measure"] == "apology_overdue"].iloc[0]
        if overdue["estimate"] > 0:
            out.append(
                chapter.sentence(
                    ko="연말까지 하지 않은 사과 전화는 {n}이다.",
                    en="{n:bare} were still not made at the end of the year.",
                    n=overdue,
                )
            )
    people = commendations(register, file)
    row = recorded(
        chapter, [count_row(len(people), base=len(register), measure="commended", unit="count")], **_own(chapter)
    ).iloc[0]
    out.append(chapter.sentence(ko="한 해 {k}번 이상 칭찬받아 표창 대상이 된 직원은 {n}이다.",
                                en="{n:bare} members of staff were praised {k} times or more and are candidates for commendation.", k=file.praises, n=row))  # fmt: skip
    return out


def second_half(chapter) -> pd.DataFrame | None:
    """Second-half kindness score of each department (``department estimate se df n``): one channel's, or the mean of all.

    None where the study has no kindness sheets of that half.
    """
    if "kindness" not in chapter.study.extensions:
        return None
    found = kindness.sheets(chapter)
    if found is None:
        return None
    wanted, period = chapter.system("register").channel, f"{chapter.year}-H2"
    channels = [wanted] if wanted else [*found.file.schemes]
    parts = {c: clustered_means(found.of(c, period), "score", "department", clusters="person") for c in channels}
    parts = {c: f for c, f in parts.items() if len(f)}
    return combined_scores(parts, dict.fromkeys(parts, 1), missing="reweight") if parts else None


def department_table(chapter, register: pd.DataFrame, rows, *, name: str, caption: str) -> Table:
    """Praises, complaints, deduction and what is left of the second-half score, by department."""
    text, file = chapter.text, chapter.system("register")
    taken = deductions(register, file)
    scores = second_half(chapter)
    withheld = set(rows["praises"].loc[rows["praises"]["suppressed"].fillna(False).astype(bool), "group1"])
    final = {}
    if scores is not None:
        frame = carried(scores, taken)
        hidden = hidden_departments(chapter, frame)
        keys = {"by1": "department", "unit": "points", **_own(chapter)}
        base = frame.assign(group1=frame["department"])
        score = recorded(chapter, base.assign(measure="second_half", statistic="mean"), hidden=hidden, **keys)
        ends = base.assign(
            measure="second_half",
            statistic="after_deduction",
            estimate=base["final"],
            se=np.nan,
            ci_low=np.nan,
            ci_high=np.nan,
            df=np.nan,
        )
        # what is left of a score tells its deduction, and so the complaints
        told = hidden | frame["department"].isin(withheld).to_numpy()
        after = recorded(chapter, ends, hidden=told, **keys)
        printed = [float(round_half_up(v, 1)) for v in frame["final"].fillna(-1)]
        place = recorded(chapter, ends.assign(statistic="rank", unit="rank", estimate=[1 + sum(o > p for o in printed) for p in printed]),
                         hidden=told, **_own(chapter), by1="department")  # fmt: skip
        final = {d: tuple(unmarked(Number.from_row(r)) for r in own) for d, *own in zip(
            frame["department"], score.to_dict("records"), after.to_dict("records"), place.to_dict("records"), strict=True)}  # fmt: skip
    points = taken.set_index("department")["deduction"]
    columns = [
        Column("row", text(ko="부서", en="Department"), "left", "stub"), Column("praises", text(ko="칭찬", en="Praises")),
        Column("complaints", text(ko="불만", en="Complaints")), Column("repeats", text(ko="재발", en="Came back")),
        Column("deduction", text(ko="감점", en="Deduction")),
        *([Column("score", text(ko="하반기 친절도", en="Second-half score")), Column("final", text(ko="감점 뒤", en="After deduction")),
           Column("rank", text(ko="순위", en="Rank"))] if final else []),
        Column("n", text(ko="접수", en="Cases"), "right", "base"),
    ]  # fmt: skip
    body, units = [], set(rows["praises"]["group1"].dropna())
    for k, row in enumerate(rows["praises"].to_dict("records")):
        total = pd.isna(row["group1"])
        group = None if total else row["group1"]
        own = {
            "measure": "deduction",
            "statistic": "deduction",
            "unit": "points",
            "n": row["n"],
            "by1": row["by1"],
            "group1": group,
        }
        cut = float(points.sum() if total else points.get(group, 0.0))
        cut = recorded(chapter, [{**own, "estimate": cut}], hidden=[group in withheld], **_own(chapter)).iloc[0]
        empty = (Number(None, "points"), Number(None, "points"), Number(None, "rank"))
        cells = [text(ko="전체", en="All") if total else row["group1_label"], Number.from_row(row),
                 *(Number.from_row(rows[w].iloc[k]) for w in ("complaints", "repeats")), Number.from_row(cut),
                 *(final.get(group, empty) if final else ()), Number.from_row(row, "n")]  # fmt: skip
        body.append(Row(tuple(cells), None, "total" if total else "data"))
    quiet = [d for d in final if d not in units]
    notes = [chapter.sentence(ko="불만 한 건에 {each}점, 많아야 {most}점을 하반기 점수에서 뺀다.",
                              en="Each complaint costs {each} points of the second-half score, {most} at most.", each=f"{file.deduction:g}", most=f"{file.most:g}")]  # fmt: skip
    if quiet:
        notes.append(chapter.sentence(ko="{names:은/는} 접수된 일이 없어 점수가 그대로이다.", en="{names}: no case, score unchanged.",
                                      names=[chapter.labels.group("department", d) for d in quiet]))  # fmt: skip
    return Table(name, caption, tuple(columns), tuple(body), tuple(filter(None, [*notes, tiny_note(chapter)])), chapter.lang)  # fmt: skip


# ------------------------------------------------------------------ restricted lists
def commendation_table(chapter, *, name: str, caption: str) -> Table | None:
    """Candidates for commendation; None outside the restricted release or when there is nobody."""
    if chapter.release != "restricted":
        return None
    found = commendations(cases(chapter, everybody=True), chapter.system("register"))
    if not len(found):
        return None
    text = chapter.text
    columns = (Column("person", text(ko="직원", en="Person"), "left", "stub"), Column("department", text(ko="부서", en="Department"), "left", "text"),
               Column("praises", text(ko="칭찬", en="Praises"), "right", "base"), Column("complaints", text(ko="불만", en="Complaints"), "right", "base"))  # fmt: skip
    body = [
        Row((r["person"], chapter.labels.group("department", r["department"]), *_person_counts(chapter, r)))
        for r in found.to_dict("records")
    ]
    return Table(name, caption, columns, tuple(body), lang=chapter.lang)


def _person_counts(chapter, row) -> list[Number]:
    out = []
    for what in ("praises", "complaints"):
        count = recorded(
            chapter, [count_row(row[what], measure=what, by1="person", group1=row["person"])], **_own(chapter)
        ).iloc[0]
        out.append(Number.from_row(count))
    return out


def apology_table(chapter, *, name: str, caption: str) -> Table | None:
    """Apologies late, open or overdue, by case; restricted release only."""
    if chapter.release != "restricted":
        return None
    found = apologies(cases(chapter, everybody=True), chapter.system("register"), asof=year_end(chapter))
    found = found[found["state"] != "in_time"]
    if not len(found):
        return None
    text = chapter.text
    heads = {"case": text(ko="접수 번호", en="Case"), "department": text(ko="부서", en="Department"), "date": text(ko="접수일", en="Received"),
             "due": text(ko="기한", en="Due"), "state": text(ko="상태", en="State")}  # fmt: skip
    columns = tuple(Column(k, h, "left", "stub" if k == "case" else "text") for k, h in heads.items())
    body = [
        Row((str(r["case"]), chapter.labels.group("department", r["department"]), f"{r['date']:%Y-%m-%d}", f"{r['due']:%Y-%m-%d}", STATES[chapter.lang][r["state"]]))
        for r in found.to_dict("records")
    ]  # fmt: skip
    return Table(name, caption, columns, tuple(body), lang=chapter.lang, exempt="a list of cases")


def repeat_table(chapter, *, name: str, caption: str) -> Table | None:
    """Matters that came back; restricted release only."""
    if chapter.release != "restricted":
        return None
    found = repeat_cases(cases(chapter, everybody=True), chapter.system("register"))
    if not len(found):
        return None
    text = chapter.text
    columns = (Column("matter", text(ko="사안", en="Matter"), "left", "stub"), Column("department", text(ko="부서", en="Department"), "left", "text"),
               Column("first", text(ko="처음", en="First"), "left", "text"), Column("last", text(ko="마지막", en="Last"), "left", "text"),
               Column("times", text(ko="횟수", en="Times"), "right", "base"))  # fmt: skip
    body = []
    for r in found.to_dict("records"):
        times = recorded(
            chapter, [count_row(r["times"], measure="times", by1="matter", group1=r["matter"])], **_own(chapter)
        ).iloc[0]
        body.append(
            Row(
                (
                    str(r["matter"]),
                    chapter.labels.group("department", r["department"]),
                    f"{r['first']:%Y-%m-%d}",
                    f"{r['last']:%Y-%m-%d}",
                    Number.from_row(times),
                )
            )
        )
    return Table(name, caption, columns, tuple(body), lang=chapter.lang)
