"""Phone and visit kindness: scoring sheets by a declared scheme, departments and people, ranks with ties and intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field as Setting
from pydantic import model_validator
from scipy.special import stdtrit

from csi_lib.errors import InputError
from csi_lib.evaluation.clustered import clustered_means
from csi_lib.evaluation.presets import FromPreset
from csi_lib.evaluation.records import Field
from csi_lib.evaluation.standing import ranks
from csi_lib.measure.icc import icc
from csi_lib.measure.kappa import cohen_kappa
from csi_lib.measure.krippendorff import krippendorff_alpha
from csi_lib.measure.shown import Result
from csi_lib.prose.rounding import round_half_up
from csi_lib.study.base import Amount, Digits, Label, Part
from csi_lib.study.reading import confidence
from csi_lib.study.references import SourceName


class SheetItem(Part):
    """One line of a sheet: at most ``points``; with ``levels`` the sheet holds a code (상, 중, 하) worth so many points."""

    label: Label
    points: float = Setting(gt=0)
    levels: dict[str, Amount] | None = Setting(default=None, min_length=1)

    @model_validator(mode="after")
    def _within(self):
        if self.levels and max(self.levels.values()) > self.points + 1e-9:
            raise ValueError(f"a level is worth more than the {self.points:g} points of the item")
        return self


class Edition(Part):
    """One edition of a scheme: items, a bonus of at most ``bonus`` points, deductions by event, from a round on."""

    since: str
    items: dict[str, SheetItem]
    bonus: float = Setting(default=0, ge=0)
    deductions: dict[str, Amount] = {}

    @property
    def total(self) -> float:
        """Points of a sheet without fault, bonus aside."""
        return sum(i.points for i in self.items.values())


class Scheme(Part):
    """A scoring scheme and its editions, first to last."""

    label: Label
    editions: dict[str, Edition] = Setting(min_length=1)
    calls: int | None = Setting(default=None, gt=0, description="sheets that the scheme wants of every office")
    excellent: float | None = Setting(default=None, gt=0, le=100, description="score from which an office is excellent")

    @model_validator(mode="after")
    def _in_order(self):
        starts = [e.since for e in self.editions.values()]
        if starts != sorted(starts) or len(set(starts)) != len(starts):
            raise ValueError("editions stand in the order of their 'since', each with its own")
        return self

    def edition_of(self, period: str) -> str:
        """The edition that holds in a round such as ``2024-H1``."""
        found = [name for name, e in self.editions.items() if e.since <= period]
        if not found:
            raise InputError("no edition of the scheme holds yet in this round", found=period,
                             expected=f"from {next(iter(self.editions.values())).since} on")  # fmt: skip
        return found[-1]


class KindnessFile(FromPreset):
    """``kindness.yml``: the sheets' source, the schemes by channel, decimals printed, points for a complaint."""

    source: SourceName = "sheets"
    columns: dict[str, str] = {}
    schemes: dict[str, Scheme]
    digits: Digits = 1


def sheet_fields(file: KindnessFile) -> tuple[Field, ...]:
    """Columns of a file of sheets: who was rated by whom, when, and one column per item, bonus and deduction."""
    names = {}
    for scheme in file.schemes.values():
        for edition in scheme.editions.values():
            names |= {i: "text" if item.levels else "number" for i, item in edition.items.items()}
            names |= dict.fromkeys(edition.deductions, "flag")
    return (
        Field("sheet"),
        Field("channel"),
        Field("period"),
        Field("department"),
        Field("person", blank=True, private="person"),
        Field("rater", private="person"),
        Field("contact", needed=False, private="person"),
        Field("bonus", "number", needed=False),
        *(Field(name, kind, needed=False) for name, kind in names.items()),
    )


def sheet_points(sheets: pd.DataFrame, edition: Edition, *, where: str = "sheets") -> pd.Series:
    """Points of each sheet: Σ items + min(bonus, limit) − Σ deductions, never below 0.

    A sheet with an item left blank has no score: points are not guessed. Raises InputError, with the sheet, for an item
    above its points or below 0, a level the scheme does not know, a negative bonus, and a bonus above the limit.
    """
    total = pd.Series(0.0, index=sheets.index)
    for name, item in edition.items.items():
        value = _item_points(sheets, name, item, where)
        bad = (value < 0) | (value > item.points + 1e-9)
        if bad.any():
            raise _fault(
                f"an item has more points than the scheme gives ({item.points:g})", sheets, bad, name, value, where
            )
        total = total + value
    if "bonus" in sheets:
        bonus = sheets["bonus"].fillna(0.0).astype(float)
        if ((bonus < 0) | (bonus > edition.bonus + 1e-9)).any():
            raise _fault(
                f"a bonus lies outside 0 to {edition.bonus:g}",
                sheets,
                (bonus < 0) | (bonus > edition.bonus + 1e-9),
                "bonus",
                bonus,
                where,
            )
        total = total + bonus
    for name, points in edition.deductions.items():
        if name in sheets:
            total = total - points * sheets[name].fillna(0.0).astype(float)
    return total.clip(lower=0)


def item_shares(sheets: pd.DataFrame, edition: Edition, *, where: str = "sheets") -> pd.DataFrame:
    """What each sheet earned of every item's points, on 0–100."""
    return pd.DataFrame({n: 100 * _item_points(sheets, n, i, where) / i.points for n, i in edition.items.items()})


def score_sheets(sheets: pd.DataFrame, schemes: Mapping[str, Scheme]) -> pd.DataFrame:
    """Every sheet under the edition of its own round: ``points``, ``score`` (0–100 of the scheme's total), ``edition``.

    The score may exceed 100 by the bonus.
    """
    out = sheets.assign(points=np.nan, score=np.nan, edition=None)
    for (channel, period), part in sheets.groupby(["channel", "period"], sort=False):
        if channel not in schemes:
            raise InputError("no scheme is declared for this channel", found=repr(channel), expected=", ".join(schemes))
        name = schemes[channel].edition_of(period)
        edition = schemes[channel].editions[name]
        points = sheet_points(part, edition, where=f"{channel}, {period}")
        out.loc[part.index, "points"] = points
        out.loc[part.index, "score"] = 100 * points / edition.total
        out.loc[part.index, "edition"] = name
    return out


def restate(sheets: pd.DataFrame, scheme: Scheme, *, to: str) -> pd.DataFrame:
    """All sheets of a channel scored under one edition, so that rounds can be compared.

    An item's points are taken in proportion: x · points(to) / points(own). Items asked only in one of the editions make
    a restatement impossible; the error names them.
    """
    target = scheme.editions[to]
    parts = []
    for period, part in sheets.groupby("period", sort=False):
        own = scheme.editions[scheme.edition_of(period)]
        if set(own.items) != set(target.items):
            raise InputError("these editions do not ask the same items", where=f"round {period}, edition {to}",
                             found=", ".join(sorted(set(own.items) ^ set(target.items))), action="Compare only rounds of one edition")  # fmt: skip
        moved = part.copy()
        for name, item in own.items.items():
            wanted = target.items[name]
            moved[name] = _item_points(part, name, item, period) * wanted.points / item.points
        plain = target.model_copy(
            update={"items": {n: i.model_copy(update={"levels": None}) for n, i in target.items.items()}}
        )
        moved["bonus"] = moved["bonus"].clip(upper=target.bonus) if "bonus" in moved else 0.0
        points = sheet_points(moved, plain, where=f"round {period}")
        parts.append(part.assign(points=points, score=100 * points / target.total, edition=to))
    return pd.concat(parts).loc[sheets.index]


@dataclass(frozen=True, repr=False)
class Standing(Result):
    """Scores with ranks.

    ``frame``: the groups' ``estimate se ci_low ci_high n clusters`` with ``rank`` (1 = best; equal printed scores share
    a rank), ``ties`` (how many share it), ``rank_low rank_high`` (simultaneous 95 % bounds).
    """

    TABLE: ClassVar[str | None] = "frame"

    frame: pd.DataFrame


def score_standing(
    scored: pd.DataFrame, by: str, *, clusters: str | None = "person", digits: int = 1, ci: float | None = None
) -> Standing:
    """Mean score of each department (`clusters` = person) or person (`clusters` = None), with ranks.

    Single people have few sheets each, so their error takes the spread within people from all of them together:
    SE = s/√n with s² = ΣΣ(x − x̄_i)²/(N − k), t with N − k degrees of freedom.

    Equal at the printed decimals is equal. A group whose error is unknown (one sheet, one person) can hold any rank: its
    bounds are 1 and the number of groups. Sheets without a score do not enter.
    """
    rows = clustered_means(scored, "score", by, clusters=clusters, ci=ci)
    rows = rows[rows["n"] > 0].reset_index(drop=True)
    if clusters is None:
        rows = _pooled(rows, scored, by, ci)
    return Standing(ranked(rows, by, digits=digits, ci=ci))


def ranked(rows: pd.DataFrame, by: str, *, digits: int = 1, ci: float | None = None) -> pd.DataFrame:
    """`rows` (``estimate se df`` of independent groups) with ``rank ties rank_low rank_high``, as in `Standing`."""
    printed = np.array([float(round_half_up(v, digits)) for v in rows["estimate"]])
    k = len(rows)
    rows = rows.assign(
        rank=[int((printed > p).sum()) + 1 for p in printed], ties=[int((printed == p).sum()) for p in printed]
    )
    known = (rows["se"] > 0).to_numpy() if k else np.zeros(0, bool)
    low, high = np.ones(k), np.full(k, float(k))
    if known.sum() > 1:
        part = rows[known]
        found = ranks(part.assign(agency=part[by], measure="score"), "score", confidence=ci)
        low[known] = [found[str(name)].low for name in part[by]]
        high[known] = [found[str(name)].high + int((~known).sum()) for name in part[by]]
    return rows.assign(rank_low=np.minimum(low, rows["rank"]), rank_high=np.maximum(high, rows["rank"]))


def _pooled(rows: pd.DataFrame, scored: pd.DataFrame, by: str, ci: float | None) -> pd.DataFrame:
    """The same means with the common spread within groups; as they are where no group has two sheets."""
    valid = scored[scored["score"].notna()]
    df = len(valid) - valid[by].nunique()
    within = valid["score"] - valid.groupby(by)["score"].transform("mean")
    if df < 1 or not (spread := float(np.sqrt(np.square(within).sum() / df))) > 0:
        return rows
    se = spread / np.sqrt(rows["n"])
    half = stdtrit(df, 0.5 + confidence(ci) / 2) * se
    return rows.assign(se=se, df=float(df), ci_low=rows["estimate"] - half, ci_high=rows["estimate"] + half)


@dataclass(frozen=True)
class RaterAgreement:
    """Agreement of raters about the same contacts; every figure None where `reason` says why it cannot be had.

    ``icc`` of one rater, absolute agreement (``form``: ICC2 where the same raters met all contacts, else ICC1), ``alpha``
    Krippendorff's (interval), ``kappa`` Cohen's quadratically weighted on the printed scores (two raters only); each with
    limits. ``contacts`` rated more than once, ``raters``.
    """

    contacts: int
    raters: int
    icc: pd.Series | None = None
    alpha: object | None = None
    kappa: object | None = None
    form: str | None = None
    reason: str | None = None


def rater_agreement(
    scored: pd.DataFrame,
    *,
    minimum: int = 5,
    ci_method: Literal["bootstrap"] | None = None,
    draws: int = 500,
    seed: int = 1,
) -> RaterAgreement:
    """Agreement on contacts that several raters scored (column ``contact`` names the contact).

    With one rater, or fewer than `minimum` shared contacts, there is nothing to say, and ``reason`` says so.
    """
    valid = scored[scored["contact"].notna() & scored["score"].notna()] if "contact" in scored else scored.iloc[:0]
    raters = scored["rater"].nunique()
    if raters < 2:
        return RaterAgreement(0, int(raters), reason="one rater")
    if valid.duplicated(["contact", "rater"]).any():
        twice = valid.loc[valid.duplicated(["contact", "rater"]), "contact"].iloc[0]
        raise InputError("a rater scored the same contact twice", found=f"contact {twice}")
    wide = valid.pivot(index="contact", columns="rater", values="score")
    wide = wide[wide.notna().sum(axis=1) > 1]
    wide = wide.loc[:, wide.notna().any()]
    if len(wide) < minimum:
        return RaterAgreement(len(wide), int(raters), reason="few shared contacts")
    if np.ptp(wide.to_numpy(float)[~wide.isna().to_numpy()]) == 0:
        return RaterAgreement(len(wide), int(raters), reason="all scores equal")
    complete, form = wide.dropna(), "ICC2"
    pairs = wide[wide.notna().sum(axis=1) == 2]
    kappa = coefficient = None
    if len(complete) >= minimum:
        coefficient = icc(complete)["ICC2"]
    elif len(pairs) >= minimum:  # raters differ from contact to contact
        values = pairs.to_numpy(float)
        coefficient, form = icc(pd.DataFrame(values[~np.isnan(values)].reshape(-1, 2)))["ICC1"], "ICC1"
    if wide.shape[1] == 2 and len(complete) >= minimum:
        a, b = (complete.iloc[:, i].map(lambda v: int(round_half_up(v, 0))) for i in (0, 1))
        # quadratic weights go by position, so scores nobody gave need their places too
        every = list(range(int(min(a.min(), b.min())), int(max(a.max(), b.max())) + 1))
        kappa = cohen_kappa(a, b, weighting="quadratic", categories=every)
    alpha = krippendorff_alpha(wide.to_numpy(float), level="interval", ci_method=ci_method, n_boot=draws, seed=seed)
    return RaterAgreement(
        len(wide), wide.shape[1], coefficient, alpha, kappa, form if coefficient is not None else None
    )


def _item_points(sheets: pd.DataFrame, name: str, item: SheetItem, where: str) -> pd.Series:
    if name not in sheets:
        raise InputError(
            "the sheets lack an item of the scheme",
            where=where,
            found=", ".join(map(str, sheets.columns)),
            expected=name,
        )
    column = sheets[name]
    if not item.levels:
        return column.astype(float)
    unknown = column.notna() & ~column.isin(list(item.levels))
    if unknown.any():
        raise _fault("a level the scheme does not know", sheets, unknown, name, column, where)
    return column.map(item.levels).astype(float)


def _fault(problem, sheets, bad, name, value, where) -> InputError:
    at = sheets.index[bad.to_numpy(bool)][0]
    sheet = sheets["sheet"].loc[at] if "sheet" in sheets else at
    return InputError(problem, where=f"{where}, sheet {sheet}, item {name!r}", found=str(value.loc[at]))
