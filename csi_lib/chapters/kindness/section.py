"""Phone and visit kindness, the 333 rule and picking up for the absent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from csi_lib.chapters.kindness.compute import (
    item_shares,
    rater_agreement,
    restate,
    score_sheets,
    score_standing,
    sheet_fields,
)
from csi_lib.chapters.office import (
    board,
    hidden_departments,
    recorded,
    round_name,
    standing_rows,
    tiny_note,
    without_tiny,
)
from csi_lib.errors import InputError
from csi_lib.evaluation.clustered import clustered_means
from csi_lib.findings.families import judged
from csi_lib.prose.numbers import Interval, Number
from csi_lib.study.reading import confidence
from csi_lib.survey.comparisons import adjust_p
from csi_lib.tables.table import Table


@dataclass(frozen=True)
class Sheets:
    """All sheets up to the report's year, scored by the edition of their round (``scored``) and by that of the last round
    (``current``); ``left_out`` are channels whose earlier rounds cannot be restated, with the rounds concerned."""

    file: object
    scored: pd.DataFrame
    current: pd.DataFrame
    last: str
    left_out: dict[str, list[str]]

    def of(self, channel: str, period: str | None = None, *, year: int | None = None) -> pd.DataFrame:
        """Sheets of a channel under the current edition, of a round or a year."""
        frame = self.current[self.current["channel"] == channel]
        if period is not None:
            return frame[frame["period"] == period]
        return frame if year is None else frame[frame["period"].str[:4] == str(year)]


def sheets(chapter, *, everybody: bool = False) -> Sheets | None:
    """The sheets of this agency; None where nobody was rated this year. `everybody` keeps tiny departments (restricted)."""
    file = chapter.system("kindness")
    fields = sheet_fields(file)
    years = [y for y in chapter.study.years if y <= chapter.year and chapter.took_part(y)]
    parts = [chapter.records(file.source, fields, columns=file.columns, year=y) for y in years]
    frame = pd.concat(parts, ignore_index=True)
    frame = (frame if everybody else without_tiny(chapter, frame)).reset_index(drop=True)
    scored = score_sheets(frame, file.schemes)
    if not (scored["period"].str[:4] == str(chapter.year)).any():
        return None
    last = str(scored["period"].max())
    current, left_out = [], {}
    for channel, part in scored.groupby("channel", sort=False):
        scheme = file.schemes[channel]
        now = scheme.edition_of(last)
        for period, rows in part.groupby("period", sort=True):
            try:
                current.append(rows if scheme.edition_of(period) == now else restate(rows, scheme, to=now))
            except InputError:
                left_out.setdefault(channel, []).append(str(period))
    return Sheets(file, scored, pd.concat(current, ignore_index=True), last, left_out)


def channel_names(chapter, file) -> dict[str, str]:
    return {c: scheme.label.text(chapter.lang) for c, scheme in file.schemes.items()}


def _constant(found: Sheets, channel: str, edition: str) -> dict:
    return {"measure": channel, "model": "kindness", "formula_edition": edition, "source": found.file.source}


def overall(chapter, found: Sheets) -> pd.DataFrame:
    """Mean score of each channel this year under the current edition; people are the clusters."""
    rows = []
    for channel, scheme in found.file.schemes.items():
        part = found.of(channel, year=chapter.year)
        if len(part):
            mean = clustered_means(part, "score", clusters="person").iloc[0].to_dict()
            rows.append(
                {
                    **mean,
                    **_constant(found, channel, scheme.edition_of(found.last)),
                    "statistic": "mean",
                    "unit": "points",
                }
            )
    return recorded(chapter, rows, names=channel_names(chapter, found.file))


def rounds(chapter, found: Sheets, *, as_scored: bool = False) -> pd.DataFrame:
    """Mean score by channel and round: restated to the current edition, or `as_scored` at the time (channels that changed)."""
    frame, rows = found.current, []
    if as_scored:
        frame = found.scored[found.scored["channel"].isin(reformed(chapter, found))]
    for (channel, period, edition), part in frame.groupby(["channel", "period", "edition"], sort=False):
        mean = clustered_means(part, "score", clusters="person").iloc[0].to_dict()
        rows.append(
            {**mean, **_constant(found, channel, edition), "period": period, "statistic": "mean", "unit": "points"}
        )
    out = recorded(
        chapter, sorted(rows, key=lambda r: (r["measure"], r["period"])), names=channel_names(chapter, found.file)
    )
    return out.assign(round=[round_name(chapter, p) for p in out["period"]])


def reformed(chapter, found: Sheets) -> list[str]:
    """Channels whose scheme changed between the rounds of this study."""
    return [c for c, part in found.scored.groupby("channel", sort=False) if part["edition"].nunique() > 1]


def round_change(chapter, found: Sheets, channel: str):
    """This round against the one before, both under the current edition: the tested difference as a row, or None.

    The same people are met again, so the standard error is that of the difference within people where they are known.
    """
    known = sorted(found.of(channel)["period"].unique())
    if len(known) < 2:
        return None
    before, now = known[-2], known[-1]
    part = found.of(channel)
    row = _paired(part[part["period"] == now], part[part["period"] == before])
    if row is None:
        return None
    edition = found.file.schemes[channel].edition_of(found.last)
    keys = {
        **_constant(found, channel, edition),
        "period": now,
        "versus": before,
        "statistic": "difference",
        "unit": "points",
    }
    named = f"{channel_names(chapter, found.file)[channel]}({round_name(chapter, now)})"
    out = recorded(
        chapter, [{**row, **keys}], names={channel: named if chapter.lang == "ko" else named.replace("(", " (")}
    ).iloc[0]
    return out, round_name(chapter, before)


def round_changes(chapter, found: Sheets) -> dict[str, tuple]:
    """Channel → (tested difference from the round before, what that round is called), all channels judged together."""
    pairs = [(c, round_change(chapter, found, c)) for c in overall(chapter, found)["measure"]]
    pairs = [(c, pair) for c, pair in pairs if pair is not None]
    if not pairs:
        return {}
    frame = judged(pd.DataFrame([row for _, (row, _) in pairs]))
    chapter.record(frame.drop(columns=[c for c in frame if c.endswith("_label")]))
    return {c: (row, before) for (c, (_, before)), row in zip(pairs, frame.to_dict("records"), strict=True)}


def _paired(now: pd.DataFrame, before: pd.DataFrame) -> dict | None:
    """Difference of two rounds' means with people as the clusters of both (linearised: a person's two deviations add)."""
    now, before = now[now["score"].notna()], before[before["score"].notna()]
    if not len(now) or not len(before):
        return None
    gap = now["score"].mean() - before["score"].mean()
    z = pd.concat(
        [(now["score"] - now["score"].mean()) / len(now), -(before["score"] - before["score"].mean()) / len(before)]
    )
    who = pd.concat([now["person"], before["person"]])
    m = int(who.nunique()) + int(who.isna().sum())
    if m < 3:
        return None
    sums = z.groupby(who).sum().to_numpy()
    alone = z[who.isna()].to_numpy()
    se = float(np.sqrt(m / (m - 1) * (np.square(sums).sum() + np.square(alone).sum())))
    half = stdtrit(m - 1, 0.5 + confidence() / 2) * se
    return {"estimate": gap, "se": se, "df": m - 1.0, "ci_low": gap - half, "ci_high": gap + half, "n": len(now) + len(before),
            "p_value": float(2 * stdtr(m - 1, -abs(gap) / se)) if se > 0 else np.nan}  # fmt: skip


def departments(chapter, found: Sheets, channel: str):
    """(scores, ranks, people) of the departments this year; None with fewer than two."""
    part = found.of(channel, year=chapter.year)
    frame = score_standing(part, "department", digits=found.file.digits).frame
    if len(frame) < 2:
        return None
    hidden = hidden_departments(chapter, frame)
    edition = found.file.schemes[channel].edition_of(found.last)
    scores, ranks = standing_rows(chapter, frame, by="department", hidden=hidden, **_constant(found, channel, edition))
    people = frame.assign(
        estimate=frame["clusters"].astype(float),
        statistic="people",
        unit="count",
        by1="department",
        group1=frame["department"],
    )
    people = recorded(chapter, people[["estimate", "statistic", "unit", "by1", "group1", "n"]], hidden=hidden,
                      **_constant(found, channel, edition))  # fmt: skip
    return scores, ranks, people


def headline(chapter, found: Sheets, overall_rows: pd.DataFrame) -> list:
    """The score of each channel and how it moved since the round before."""
    out = []
    for row in overall_rows.to_dict("records"):
        out.append(chapter.sentence(ko="{label:은/는} {score}이다(95% 신뢰구간 {ci}, 평가표 {n:bare}장).",
                                    en="{label} is {score} (95% interval {ci}, {n:bare} sheets).", label=row["measure_label"], score=row,
                                    ci=Interval.from_row(row), n=Number.from_row(row, "n")))  # fmt: skip
    return out


def department_sentence(chapter, found: Sheets, channel: str) -> list:
    """Departments whose people score significantly above or below all others taken together (Holm over departments)."""
    part = found.of(channel, year=chapter.year)
    hidden = hidden_departments(chapter, score_standing(part, "department").frame)
    gaps = [
        (d, *_against_the_rest(part, d)) for d in score_standing(part, "department").frame.loc[~hidden, "department"]
    ]
    p = adjust_p([g[2] for g in gaps], method=chapter.reading.comparisons.control)
    above = [g[0] for g, q in zip(gaps, p, strict=True) if q < chapter.reading.significance and g[1] > 0]
    below = [g[0] for g, q in zip(gaps, p, strict=True) if q < chapter.reading.significance and g[1] < 0]
    label = lambda ids: [chapter.labels.group("department", d) for d in ids]
    out = []
    if above:
        out.append(chapter.sentence(ko="{names:은/는} 다른 부서를 합친 것보다 점수가 유의하게 높다.", en="Scores significantly above the other departments taken together: {names}.",
                                    names=label(above)))  # fmt: skip
    if below:
        out.append(chapter.sentence(ko="{names:은/는} 다른 부서를 합친 것보다 점수가 유의하게 낮다.", en="Scores significantly below the other departments taken together: {names}.",
                                    names=label(below)))  # fmt: skip
    rest = chapter.sentence(
        ko="나머지 부서의 앞뒤는 표본오차 때문에 말할 수 없다.", en="The order of the rest is within sampling error."
    )
    none = chapter.sentence(ko="부서 사이의 차이는 표본오차를 넘지 않아, 어느 부서가 앞서거나 뒤처진다고 말할 수 없다.",
                            en="Differences between departments do not exceed sampling error: none can be said to lead or to lag.")  # fmt: skip
    return [*out, rest] if out else [none]


def _against_the_rest(part: pd.DataFrame, department: str) -> tuple[float, float]:
    """Difference from all other departments together, and its p-value (Welch on people); p = 1 where it is unknown."""
    own, rest = (clustered_means(p, "score", clusters="person").iloc[0]
                 for p in (part[part["department"] == department], part[part["department"] != department]))  # fmt: skip
    gap, variance = own["estimate"] - rest["estimate"], own["se"] ** 2 + rest["se"] ** 2
    if not variance > 0:
        return float(gap), 1.0
    df = variance**2 / (own["se"] ** 4 / own["df"] + rest["se"] ** 4 / rest["df"])
    return float(gap), float(2 * stdtr(df, -abs(gap) / np.sqrt(variance)))


def edition_notes(chapter, found: Sheets) -> list:
    """What was done where the sheet changed between rounds."""
    out = []
    names = channel_names(chapter, found.file)
    for channel in reformed(chapter, found):
        edition = found.file.schemes[channel].edition_of(found.last)
        since = found.file.schemes[channel].editions[edition].since
        out.append(chapter.sentence(
            ko="{name}의 평가표는 {since}부터 배점이 바뀌었다({edition}판). 추이는 지난 회차의 같은 평가표를 올해 배점으로 다시 계산한 것이며, 당시에 발표한 점수와 다르다.",
            en="The points of the sheet for {name} changed in {since} (edition {edition}). The trend scores earlier sheets again by this year's points, and so differs from what was published then.",
            name=names[channel], since=round_name(chapter, since), edition=edition))  # fmt: skip
    for channel, periods in found.left_out.items():
        out.append(chapter.sentence(
            ko="{name}의 {periods:은/는} 평가 항목이 달라 다시 계산할 수 없으므로 비교하지 않는다.",
            en="{name}: {periods} asked other items, cannot be scored again and are not compared.",
            name=names[channel], periods=[round_name(chapter, p) for p in periods]))  # fmt: skip
    return out


def department_board(chapter, result, *, name: str, caption: str) -> Table:
    scores, ranks, people = result
    cells = [Number.from_row(r) for r in people.to_dict("records")]
    return board(chapter, scores, ranks, name=name, caption=caption, extra={chapter.text(ko="평가 직원", en="Staff rated"): cells},
                 heads={"n": chapter.text(ko="평가표", en="Sheets")}, notes=[tiny_note(chapter)])  # fmt: skip


def people(chapter, channel: str):
    """(scores, ranks, departments) of single people: restricted release only, None elsewhere.

    A person who moved is one person and stands under the last department.
    """
    if chapter.release != "restricted":
        return None
    found = sheets(chapter, everybody=True)
    part = found.of(channel, year=chapter.year)
    part = part[part["person"].notna()].sort_values("period", kind="stable")
    if part["person"].nunique() < 2:
        return None
    last, moved = part.groupby("person")["department"].last(), part.groupby("person")["department"].nunique() > 1
    frame = score_standing(part, "person", clusters=None, digits=found.file.digits).frame
    edition = found.file.schemes[channel].edition_of(found.last)
    scores, ranks = standing_rows(chapter, frame, by="person", **_constant(found, channel, edition))
    scores["group1_label"] = frame["person"].to_numpy()
    mark = chapter.text(ko=" (옮김)", en=" (moved)")
    where = [chapter.labels.group("department", last[p]) + (mark if moved[p] else "") for p in frame["person"]]
    return scores, ranks, where


def people_board(chapter, result, *, name: str, caption: str) -> Table:
    scores, ranks, where = result
    return board(chapter, scores, ranks, name=name, caption=caption, stub=chapter.text(ko="직원", en="Person"),
                  extra={chapter.text(ko="부서", en="Department"): where}, heads={"n": chapter.text(ko="평가표", en="Sheets")})  # fmt: skip


def items(chapter, found: Sheets, channel: str) -> pd.DataFrame:
    """Share of the points that each line of the sheet earned this year, in the order of the sheet."""
    scheme = found.file.schemes[channel]
    edition = scheme.edition_of(found.last)
    part = found.scored[(found.scored["channel"] == channel) & (found.scored["edition"] == edition)]
    part = part[part["period"].str[:4] == str(chapter.year)]
    shares = item_shares(part, scheme.editions[edition])
    rows, names = [], {}
    for item, declared in scheme.editions[edition].items.items():
        frame = part.assign(share=shares[item])
        mean = clustered_means(frame, "share", clusters="person").iloc[0].to_dict()
        code = f"{channel}:{item}"
        names[code] = declared.label.text(chapter.lang)
        rows.append({**mean, "measure": code, "statistic": "mean", "unit": "points"})
    constant = {k: v for k, v in _constant(found, channel, edition).items() if k != "measure"}
    return recorded(chapter, rows, names=names, **constant)


def agreement(chapter, found: Sheets):
    """(rows of ICC, α and κ by channel, or None; the sentences that say why a channel has none)."""
    why = {
        "one rater": chapter.text(ko="평가자가 한 명뿐이어서", en="there was one rater"),
        "few shared contacts": chapter.text(
            ko="둘 이상이 함께 평가한 응대가 너무 적어", en="too few contacts were scored by more than one rater"
        ),
        "all scores equal": chapter.text(ko="점수가 모두 같아", en="all scores are equal"),
    }
    rows, said, labels = [], [], channel_names(chapter, found.file)
    names = {"icc2": "ICC(2,1)", "icc1": "ICC(1,1)", "krippendorff": chapter.text(ko="크리펜도르프 α(등간)", en="Krippendorff's α (interval)"),
             "kappa": chapter.text(ko="가중 κ(이차)", en="Weighted κ (quadratic)")}  # fmt: skip
    for channel in found.file.schemes:
        result = rater_agreement(found.of(channel, year=chapter.year), ci_method="bootstrap")
        if result.reason:
            said.append(chapter.sentence(ko="{name:은/는} {why} 평가자 사이의 일치를 알 수 없다.", en="{name}: {why}, so agreement is unknown.",
                                         name=labels[channel], why=why[result.reason]))  # fmt: skip
            continue
        own = {"by1": "channel", "group1": channel, "n": result.contacts}
        limits = lambda r: {"ci_low": r.ci_low, "ci_high": r.ci_high}
        if result.icc is not None:
            rows.append({**own, **limits(result.icc), "measure": result.form.lower(), "estimate": result.icc["icc"]})
        rows.append({**own, **limits(result.alpha), "measure": "krippendorff", "estimate": result.alpha.alpha})
        if result.kappa is not None:
            rows.append({**own, **limits(result.kappa), "measure": "kappa", "estimate": result.kappa.kappa})
    if not rows:
        return None, said
    out = recorded(
        chapter,
        rows,
        names=names,
        source=found.file.source,
        model="kindness",
        statistic="agreement",
        unit="correlation",
    )
    out["group1_label"] = [labels[c] for c in out["group1"]]
    return out, said
