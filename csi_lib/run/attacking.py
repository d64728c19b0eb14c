"""`csi attack`: what a reader can compute of hidden groups from everything that a round publishes.

Everything published is taken together: the estimates and statistics tables of all bodies and waves as the public release
masks them (whatever format prints them, it prints these), and the rows of the reports already made, in all languages. Each
hidden figure is then bounded by `csi_lib.survey.attack`, once as a reader who knows nothing else would, once as one who knows
how many people are in each combination of groups. A figure is *pinned* when the interval is narrower than the study's
protection (`privacy: protection`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.models.round import Round
from csi_lib.models.scoring import tabulate
from csi_lib.models.study_models import study_models
from csi_lib.study.study import Study, load_study
from csi_lib.survey.attack import Interval, Secrets, Told
from csi_lib.survey.disclosure import Rules
from csi_lib.survey.results import key_texts

_KEY = ["measure", "statistic", "model", "by1", "group1", "by2", "group2"]
#: statistics that are a mean of something over people
_MEANS = ("mean", "index", "share")


@dataclass(frozen=True)
class Pinned:
    """A hidden figure that what is published bounds more narrowly than the study allows.

    knowing : what the reader must know beside the publications: ``nothing`` or ``crossing``.
    counts : whether the study supposes such a reader (`privacy: protection: crossing`; of employees always).
    what : ``size`` (how many people) or ``value`` (their mean or share); low, high : the bounds, in the unit of `scale`.
    """

    agency: str
    year: int
    source: str
    measure: str
    statistic: str
    group: str
    what: str
    knowing: str
    low: float
    high: float
    scale: float
    counts: bool

    def __str__(self) -> str:
        place = f"{self.agency} {self.year}, {self.source}: {self.measure} ({self.statistic}) of {self.group}"
        known = (
            "what is published"
            if self.knowing == "nothing"
            else "what is published and the sizes of all combinations of groups"
        )
        if self.what == "told":
            return f"{place} is hidden in one place and shown in another"
        if self.what == "size":
            return f"{place}: {known} leave {self.low:g} to {self.high:g} people"
        return f"{place}: {known} leave {self.low:.3g} to {self.high:.3g} on a scale of width {self.scale:g}"


@dataclass(frozen=True)
class AttackReport:
    """The outcome: pinned figures, how many hidden ones were attacked, of how many the equations were not understood, and
    whose data cannot be used."""

    pinned: tuple[Pinned, ...]
    attacked: int
    unread: int
    failed: tuple[str, ...] = ()

    @property
    def leaks(self) -> tuple[Pinned, ...]:
        """Those that a reader as the study supposes him can compute; the others need a knowledge that he is not taken to have."""
        return tuple(p for p in self.pinned if p.counts)

    @property
    def summary(self) -> str:
        """One line of figures."""
        lost = f", {self.unread} not understood as equations" if self.unread else ""
        more = len(self.pinned) - len(self.leaks)
        beyond = f"; {more} more only by somebody who knows the sizes of all combinations of groups" if more else ""
        return f"{self.attacked} hidden figures attacked{lost}: {len(self.leaks)} can be computed{beyond}"


def attack(
    study: str | Path | Study,
    *,
    out: str | Path | None = None,
    data: str | Path | None = None,
    agencies: Sequence[str] | None = None,
    years: Sequence[int] | None = None,
    tell=None,
) -> AttackReport:
    """Attack the public release of `study` with its own publications.

    Parameters
    ----------
    out : output folder of `csi run`; the rows of its reports are used too, where there are any.
    data : folder of the respondent files, where they are not in the study's.
    agencies, years : only these.
    tell : hears what is being attacked.

    Returns
    -------
    AttackReport; `pinned` holds what is bounded more narrowly than `privacy: protection`.

    Notes
    -----
    Figures of groups that overlap (topics of comments, several answers) and of nodes whose answers are not those of the
    people counted are not understood as equations, and counted in `unread`.
    """
    study = load_study(study)
    published = _published(out)
    pinned, failed, attacked, unread = [], [], 0, 0
    for source, declared in study.sources.items():
        if not declared.is_survey:
            continue
        round_ = Round(study, data=data, source=source)
        for year in years or study.years:
            bodies = [a.id for a in study.agencies if round_.took_part(a.id, year)]
            for family in _families(study, bodies):
                if agencies and not set(agencies) & set(family):
                    continue
                if tell:
                    tell(f"{source}, {', '.join(family)} {year}")
                try:
                    found, many, lost = _Family(study, round_, year, family, published).attacked()
                except InputError as error:  # its reports fail as well, and publish nothing
                    failed.append(f"{source}, {', '.join(family)} {year}: {error}")
                    continue
                pinned += found
                attacked += many
                unread += lost
    return AttackReport(tuple(pinned), attacked, unread, tuple(failed))


def _published(out) -> pd.DataFrame | None:
    """Rows of the public reports under `out`; None without any."""
    files = (
        [] if out is None else sorted(p for p in Path(out).glob("*/*/results.parquet") if p.parts[-3] != "restricted")
    )
    return pd.concat([pd.read_parquet(p) for p in files], ignore_index=True) if files else None


def _families(study: Study, bodies: Iterable[str]) -> list[tuple[str, ...]]:
    """Bodies whose figures contain one another, attacked together; every other one alone."""
    out: dict[str, list[str]] = {}
    for body in bodies:
        out.setdefault(study.family(body) or body, []).append(body)
    return [tuple(v) for v in out.values()]


class _Cells:
    """Combinations of bodies and groups into which people fall; masks of who is meant by a row.

    code : of each respondent, the number of his cell.
    """

    def __init__(self, cells: pd.DataFrame, whole, code=None):
        self.code, self._whole = code, whole
        self._columns = {c: cells[c].to_numpy(object) for c in cells}
        self._count, self._masks = len(cells), {}

    def __len__(self) -> int:
        return self._count

    def holds(self, row) -> bool:
        return all(not row[by] or row[by] in self._columns for by in ("by1", "by2"))

    def mask(self, row) -> np.ndarray:
        key = (row["agency"], row["by1"], row["group1"], row["by2"], row["group2"])
        if key not in self._masks:
            out = np.isin(self._columns["agency"].astype(str), list(self._whole[row["agency"]]))
            for by, group in ((key[1], key[2]), (key[3], key[4])):
                if by:
                    out &= self._columns[by] == group
            self._masks[key] = out
        return self._masks[key]


class _Family:
    """One wave of bodies that are reported together."""

    def __init__(self, study: Study, round_: Round, year: int, bodies: Sequence[str], published):
        self.study, self.round, self.year, self.bodies = study, round_, year, bodies
        self.protection = study.privacy.protection
        self.crossing = Rules.of(study, round_.source).crossing
        top = study.family(bodies[0])
        self.survey = round_.survey(top if top in bodies else bodies[0], year)
        self.whole = {b: study.members(b) for b in bodies}
        self._grids: dict[tuple[str, str], _Cells] = {}
        self.frame, self.told_elsewhere = self._everything(published)

    # ------------------------------------------------------------------ what is published
    def _everything(self, published) -> tuple[pd.DataFrame, list[Pinned]]:
        """All rows about groups and wholes, one for each key; and those that are hidden here and shown there."""
        parts = []
        for body in self.bodies:
            survey = self.round.survey(body, self.year)
            parts.append(self.round.estimates(body, self.year).masked("public").frame)
            parts.append(tabulate(self.study, survey, surveys=self.round.survey).masked("public").frame)
        if published is not None:
            same = lambda name, value: (published[name] == value).fillna(False).to_numpy(bool)
            own = published["agency"].isin(self.bodies).to_numpy(bool)
            parts.append(published[own & same("year", self.year) & same("source", self.round.source)])
        frame = pd.concat(parts, ignore_index=True)
        groups = set(self.survey.codebook.of_role("group", "single")) & set(self.survey.frame)
        frame = frame[frame["versus"].isna() & (frame["by1"].isna() | frame["by1"].isin(groups))]
        frame = frame[(frame["by2"].isna() | frame["by2"].isin(groups)) & frame["statistic"].isin(_MEANS)]
        names = ["agency", *_KEY]
        for name in names:
            frame[name] = key_texts(frame, [name])[0]
        by_key = frame.groupby(names, sort=False)
        both = by_key["suppressed"].transform("nunique") > 1
        told = [self._pinned(r, "told", "nothing", Interval(np.nan, np.nan)) for r in
                frame[both].drop_duplicates(names).to_dict("records")]  # fmt: skip
        return frame.sort_values("suppressed", kind="stable").drop_duplicates(names).reset_index(drop=True), told

    # ------------------------------------------------------------------ people
    @cached_property
    def _people(self) -> pd.DataFrame:
        """Respondents of the family: body, groups (as text, empty for none) and weight."""
        frame = self.survey.frame
        variables = [v for v in self.survey.codebook.of_role("group", "single") if v in frame]
        out = {v: frame[v].astype("string").fillna("").to_numpy(object) for v in variables}
        weights = self.survey.design.weights
        weight = np.ones(len(frame)) if weights is None else np.asarray(weights, float)
        return pd.DataFrame({"agency": frame["agency"].astype(str).to_numpy(object), **out, "weight": weight})

    def attacked(self) -> tuple[list[Pinned], int, int]:
        """Everything pinned here, how many hidden figures were attacked, and how many were not understood."""
        pinned, many, lost = list(self.told_elsewhere), 0, 0
        for _, rows in self.frame.groupby(["measure", "statistic", "model"], sort=False):
            if rows["suppressed"].any():
                found, attacked, unread = self._measure(rows)
                pinned += found
                many += attacked
                lost += unread
        return pinned, many, lost

    def _measure(self, rows: pd.DataFrame) -> tuple[list[Pinned], int, int]:
        hidden = rows[rows["suppressed"] & (rows["by1"] != "")]
        hidden = hidden[~self._true_of_everybody(rows, hidden)]
        if self._overlapping(rows):
            return [], 0, len(hidden)
        pinned, lost, tables = [], 0, {}
        for row in hidden.to_dict("records"):
            found, understood = [], False
            for knowing in ("nothing", "crossing"):
                bounds = self._bounds(tables, rows, row, knowing)
                understood |= bool(bounds)
                for what, interval in bounds.items():
                    if self._too_narrow(row, what, interval):
                        found.append(self._pinned(row, what, knowing, interval))
            lost += not understood
            seen = {p.what: p for p in reversed(found)}  # knowing nothing is told before knowing the crossing
            pinned += seen.values()
        return pinned, len(hidden) - lost, lost

    def _true_of_everybody(self, rows: pd.DataFrame, hidden: pd.DataFrame) -> np.ndarray:
        """Where the whole body is at an end of the scale every group is: that is said of the body, and no group's secret."""
        whole = rows[(rows["by1"] == "") & ~rows["suppressed"]]
        at_end = whole[(whole["estimate"] <= whole["scale_low"]) | (whole["estimate"] >= whole["scale_high"])]
        return hidden["agency"].isin(set(at_end["agency"])).to_numpy(bool)

    def _overlapping(self, rows: pd.DataFrame) -> bool:
        """An index of sectors combined by importance is no mean over people, except in each sector."""
        models = study_models(self.study, self.round.source, year=self.year)
        mixed = {(m.name, m.file.index) for m in models if m.file.sectors}
        return (rows["model"].iloc[0], rows["measure"].iloc[0]) in mixed

    # ------------------------------------------------------------------ one figure
    def _bounds(self, tables: dict, rows: pd.DataFrame, row: dict, knowing: str) -> dict[str, Interval]:
        """What this reader can say of a hidden figure; empty where the published figures do not add up as people would."""
        by = None if knowing == "crossing" else (row["by1"], row["by2"])
        if by not in tables:
            tables[by] = self._crossed(rows) if by is None else self._margins(rows, by)
        cells, values, people = tables[by]
        target = cells.mask(row)
        out = {}
        if (value := values.mean(target)) is not None:
            out["value"] = value
        if people is not None and (size := people.size(target)) is not None:
            out["size"] = size
        return out

    def _crossed(self, rows: pd.DataFrame) -> tuple[_Cells, Secrets, None]:
        """What is told to a reader who knows how many people are in each combination that occurs."""
        weights = self._people["weight"].to_numpy() * self._answered(rows["measure"].iloc[0])
        sizes = np.bincount(self._combinations.code, weights, minlength=len(self._combinations))
        return self._combinations, self._secrets(self._combinations, rows, sizes), None

    def _margins(self, rows: pd.DataFrame, by: tuple[str, str]) -> tuple[_Cells, Secrets, Secrets]:
        """What is told to everybody about groups of one variable or two: by weight and by number of people."""
        if by not in self._grids:
            variables = [v for v in by if v]
            levels = [sorted({m for b in self.bodies for m in self.whole[b]})]
            for v in variables:
                known = {
                    *self.frame.loc[self.frame["by1"] == v, "group1"],
                    *self.frame.loc[self.frame["by2"] == v, "group2"],
                }
                missing = bool((self._people[v] == "").any())
                levels.append([*sorted(known), *([""] if missing else [])])
            grid = pd.MultiIndex.from_product(levels, names=["agency", *variables]).to_frame(index=False)
            self._grids[by] = _Cells(grid, self.whole)
        cells = self._grids[by]
        return cells, self._secrets(cells, rows), self._secrets(cells, rows, counted=True)

    def _secrets(self, cells: _Cells, rows: pd.DataFrame, crossing=None, *, counted: bool = False) -> Secrets:
        told, there, ratio = [], [], []
        for r in rows.to_dict("records"):
            if not cells.holds(r):
                continue
            mask = cells.mask(r)
            if r["suppressed"]:
                there.append(mask)
            elif counted:
                told.append(Told(mask, r["n"]))
            else:
                told.append(Told(mask, r["n_weighted"], r["estimate"]))
                ratio += [r["n_weighted"] / r["n"]] if r["n"] > 0 else []
        low, high = float(rows["scale_low"].iloc[0]), float(rows["scale_high"].iloc[0])
        least = 1.0 if counted else min(ratio, default=1.0) / 2
        return Secrets(len(cells), told, low, high, crossing, whole=counted, least=least, there=there)

    @cached_property
    def _combinations(self) -> _Cells:
        """The cells that occur among the people, over all variables of which figures are shown."""
        variables = sorted({*self.frame["by1"], *self.frame["by2"]} - {""})
        people = self._people[["agency", *variables]]
        cells = people.drop_duplicates().reset_index(drop=True)
        code = people.merge(cells.reset_index(), how="left", on=["agency", *variables])["index"].to_numpy(int)
        return _Cells(cells, self.whole, code)

    def _answered(self, measure: str) -> np.ndarray:
        """Who is counted in a measure: those who answered the item; of an index and of shares of groups everybody."""
        stem = measure.split(":", 1)[0]
        frame = self.survey.frame
        return frame[stem].notna().to_numpy(dtype=bool) if stem in frame else np.ones(len(frame), bool)

    def _too_narrow(self, row, what: str, interval: Interval) -> bool:
        if what == "size":
            return interval.width < self.protection.people
        return interval.width < self.protection.values * float(row["scale_high"] - row["scale_low"])

    def _pinned(self, row, what: str, knowing: str, interval: Interval) -> Pinned:
        groups = [f"{by} {g}" for by, g in ((row["by1"], row["group1"]), (row["by2"], row["group2"])) if by]
        return Pinned(row["agency"], self.year, self.round.source, row["measure"], row["statistic"], " × ".join(groups) or "all",
                      what, knowing, interval.low, interval.high, float(row["scale_high"] - row["scale_low"]),
                      knowing != "crossing" or self.crossing)  # fmt: skip
