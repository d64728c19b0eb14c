"""Records drawn from the truth of ``office.yml``: who works where, and what each system would have written down."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.evaluation.standards import Standard
from csi_lib.evaluation.systems import system_file

_FAMILY = "강고권김남노류문박배백서손송신안양오유윤이임장전정조차최하한허홍"
_GIVEN = [
    "가은",
    "나래",
    "다온",
    "도담",
    "라온",
    "로운",
    "마루",
    "미르",
    "바름",
    "보람",
    "새벽",
    "서린",
    "슬기",
    "아람",
    "예슬",
    "우람",
    "은결",
    "이든",
    "자람",
    "재인",
    "찬별",
    "초롱",
    "하람",
    "한울",
]


def generator(*names) -> np.random.Generator:
    """A random generator that depends on the names alone."""
    return np.random.default_rng(
        int.from_bytes(hashlib.blake2s("/".join(map(str, names)).encode(), digest_size=8).digest())
    )


def around(rng, mean, sd, size=None) -> np.ndarray:
    """Beta draws on 0–1 with this mean; the spread is cut where the mean leaves no room for it. Exact in expectation."""
    mean = np.clip(np.asarray(mean, dtype=float), 1e-6, 1 - 1e-6)
    room = mean * (1 - mean)
    variance = np.minimum(np.square(sd), 0.6 * room)
    if np.ndim(sd) == 0 and sd == 0:
        return np.broadcast_to(mean, size if size is not None else mean.shape).copy()
    strength = room / variance - 1
    return rng.beta(mean * strength, (1 - mean) * strength, size)


class Office:
    """The people of a study's agencies and their records; every method is the same each time it is asked."""

    def __init__(self, study, file):
        self.study, self.file = study, file
        self._systems: dict[str, object] = {}
        self.departments = self.system("departments")
        for name, world in (("sheets", file.sheets), ("calls", file.calls), ("happy_call", file.happy_call)):
            self._known(name, getattr(world, "departments", {}) or {})

    def _known(self, name: str, wanted) -> None:
        unknown = sorted(set(wanted) - set(self.departments.departments))
        if unknown:
            raise InputError("office.yml names a department that departments.yml has not", where=f"office.yml: {name}",
                             found=", ".join(unknown), expected=", ".join(self.departments.departments))  # fmt: skip

    def sources(self) -> dict[str, Callable[[str, int], pd.DataFrame]]:
        """Source → maker of its records (agency, year → frame), of the declared systems."""
        made = {"kindness": ("sheets", self.sheets), "calls": ("calls", self.calls), "charter": ("cases", self.cases),
                "happy_call": ("happy_call", self.happy_call), "register": ("book", self.register)}  # fmt: skip
        out = {}
        for name, (part, records) in made.items():
            if name in self.study.extensions and getattr(self.file, part) is not None:
                out[self.system(name).source] = records
        if "before_after" in self.study.extensions:
            declared = self.system("before_after")
            if self.file.indicators is not None:
                out[declared.source] = self.indicators
            for pair in declared.pairs.values():
                if pair.source in self.file.pairs:
                    out[pair.source] = lambda agency, year, source=pair.source: self.pairs(source, agency, year)
        return out

    def system(self, name: str):
        if name not in self._systems:
            self._systems[name] = system_file(self.study, name)
        return self._systems[name]

    def rng(self, *names) -> np.random.Generator:
        return generator(self.file.seed, *names)

    # ------------------------------------------------------------------ people
    @cached_property
    def _spelling(self) -> dict[str, str]:
        """The name under which files write a department: as offices do, in words."""
        return {id: str(d.label) for id, d in self.departments.departments.items()}

    def people(self, agency: str, period: str) -> pd.DataFrame:
        """``person department``: the staff of an agency in a period; in each second half ``moved`` people have moved on."""
        rng = self.rng("people", agency)
        names = [f"{f}{g}" for f in _FAMILY for g in _GIVEN]
        staff = [(id, d.staff or 6) for id, d in self.departments.departments.items()]
        total = sum(n for _, n in staff)
        frame = pd.DataFrame({"person": rng.permutation(names)[:total], "department": np.repeat(*zip(*staff))})
        year = int(period[:4])
        if period.endswith("H2"):
            big = [id for id, n in staff if n >= 5 and self.departments.in_year(id, year) == id]
            for k in range(self.file.moved):
                place = self.rng("moved", agency, year, k).integers(len(big))
                at = frame.index[frame["department"] == big[place]][k]
                frame.loc[at, "department"] = big[(place + 1) % len(big)]
        return frame

    def person_quality(self, agency: str, period: str, channel: str) -> pd.DataFrame:
        """`people` with their true share of a sheet's points; where a person lies in the spread stays over the years."""
        out = self.people(agency, period)
        mean = np.array([self.expected(agency, d, period, channel) for d in out["department"]]) / 100
        place = self.rng("quality", agency).random(len(out))
        out["quality"] = [_quantile(m, self.file.sheets.person_sd / 100, p) for m, p in zip(mean, place, strict=True)]
        return out

    def expected(self, agency: str, department: str, period: str, channel: str) -> float:
        """The true mean score of a department's sheets on 0–100, bonus and deductions aside."""
        world = self.file.sheets
        mean = world.departments.get(department, world.level) + world.agencies.get(agency, 0)
        return float(np.clip(mean + world.rounds.get(period, 0) + world.channels.get(channel, 0), 1, 99))

    # ------------------------------------------------------------------ systems
    def sheets(self, agency: str, year: int) -> pd.DataFrame:
        """Sheets of both rounds: every person is contacted ``per_person`` times per channel, some contacts by two raters."""
        world, file = self.file.sheets, self.system("kindness")
        parts = []
        for period in (f"{year}-H1", f"{year}-H2"):
            for channel, scheme in file.schemes.items():
                edition = scheme.editions[scheme.edition_of(period)]
                rng = self.rng("sheets", agency, period, channel)
                people = self.person_quality(agency, period, channel)
                contacts = people.loc[people.index.repeat(world.per_person)].reset_index(drop=True)
                contacts["quality"] = around(rng, contacts["quality"], world.contact_sd / 100)
                contacts["contact"] = [f"{period}-{channel[0]}{k + 1:04d}" for k in range(len(contacts))]
                first = rng.integers(world.raters, size=len(contacts))
                both = contacts[rng.random(len(contacts)) < world.shared].index
                sheets = [contacts.assign(rater=first)]
                if world.raters > 1:
                    second = (first[both] + rng.integers(1, world.raters, size=len(both))) % world.raters
                    sheets.append(contacts.loc[both].assign(rater=second))
                frame = pd.concat(sheets, ignore_index=True)
                severity = world.severity * _cancelling(self.rng("raters"), world.raters) / 100
                quality = frame.pop("quality").to_numpy()
                # shifts shrink towards the ends of the scale, where they would not fit; they cancel out all the same
                room = quality * (1 - quality) / 0.16
                target = quality + room * severity[frame["rater"]]
                frame["rater"] = [f"평가원{'가나다라마바사아자차'[r % 10]}" for r in frame["rater"]]
                frame["department"] = frame["department"].map(self._spelling)
                weight = {n: i.points / edition.total for n, i in edition.items.items()}
                middle = sum(world.items.get(n, 0) * w for n, w in weight.items())
                for name, item in edition.items.items():
                    mean = target + room * (world.items.get(name, 0) - middle) / 100
                    frame[name] = _scored(rng, around(rng, mean, world.item_sd), item)
                frame["bonus"] = np.where(rng.random(len(frame)) < world.bonus, min(1.0, edition.bonus), 0.0)
                for name in edition.deductions:
                    frame[name] = (rng.random(len(frame)) < world.deduction).astype(int)
                parts.append(frame.assign(channel=channel, period=period))
        out = pd.concat(parts, ignore_index=True)
        out.insert(0, "sheet", [f"{agency}-{year}-{k + 1:05d}" for k in range(len(out))])
        return out

    def calls(self, agency: str, year: int) -> pd.DataFrame:
        """A call log; nobody answers the ``unanswered``, which have no figures."""
        world, rules = self.file.calls, self.system("calls").rules
        rng = self.rng("calls", agency, year)
        people = self.people(agency, f"{year}-H1")
        frame = people.loc[people.index.repeat(world.per_person)].reset_index(drop=True)
        # answered or not at random, so that the kept rules keep their chance
        silent = rng.random(len(frame)) < world.unanswered
        for name, rule in rules.items():
            chance = people["department"].map(
                lambda d, name=name: world.departments.get(d, {}).get(name, world.keep.get(name, 0.9))
            )
            own = around(rng, chance, world.person_sd)
            kept = rng.random(len(frame)) < np.repeat(own, world.per_person)
            frame[rule.column] = pd.Series(_complying(rng, rule, kept)).where(~silent)
        absent = rng.random(len(frame)) < world.absent
        chance = people["department"].map(lambda d: world.picked_up_departments.get(d, world.picked_up))
        picked = rng.random(len(frame)) < np.repeat(around(rng, chance, world.person_sd), world.per_person)
        frame["absent"], frame["picked_up"] = absent.astype(int), pd.Series(picked.astype(int)).where(absent)
        return frame.assign(department=frame["department"].map(self._spelling))

    def happy_call(self, agency: str, year: int) -> pd.DataFrame:
        """Cases by department and month with their outcome and answers."""
        world, file = self.file.happy_call, self.system("happy_call")
        rng = self.rng("happy", agency, year)
        people = self.people(agency, f"{year}-H1")
        own = people.groupby("department", sort=False)["person"].agg(list)
        empty = {(e.department, e.month) for e in world.empty}
        grid = [(d, f"{year}-{m:02d}") for d in own.index for m in range(1, 13) if (d, f"{year}-{m:02d}") not in empty]
        # small departments have fewer petitions
        counts = rng.poisson([world.cases * min(1.0, len(own[d]) / 8) for d, _ in grid])
        shifts = [world.departments.get(d, 0) + world.months.get(m, 0) for d, m in grid]
        department, month = (np.repeat([g[k] for g in grid], counts) for k in (0, 1))
        shift, n = np.repeat(shifts, counts), int(counts.sum())
        day = rng.integers(1, 29, n)
        out = pd.DataFrame(
            {"department": department, "month": [f"{m}-{d:02d}" for m, d in zip(month, day, strict=True)]}
        )
        out["outcome"] = rng.choice(list(world.outcomes), p=list(world.outcomes.values()), size=n)
        out["person"] = [own[d][int(k * len(own[d]))] for d, k in zip(department, rng.random(n), strict=True)]
        satisfied, silent = rng.random(n), rng.random(n) < world.unrated
        for name, item in file.items.items():
            steps = int(item.high - item.low)
            chance = [
                _quantile((world.items[name] + s - item.low) / steps, world.case_sd, p)
                for s, p in zip(shift, satisfied)
            ]
            answer = item.low + rng.binomial(steps, chance)
            answer = np.where(silent, item.unrated if item.unrated is not None else np.nan, answer)
            out[name] = np.where(out["outcome"] == file.reached, answer, np.nan)
        return out.assign(department=out["department"].map(self._spelling))

    def register(self, agency: str, year: int) -> pd.DataFrame:
        """Praise and complaints about people; a complaint may be about an earlier matter."""
        world, file = self.file.book, self.system("register")
        rng = self.rng("register", agency, year)
        people = self.people(agency, f"{year}-H1")
        rows, matters = [], []
        for person, department in people.itertuples(index=False):
            for _ in range(rng.poisson(world.praise)):
                rows.append({"kind": file.praise, "person": person, "department": department})
            for _ in range(rng.poisson(world.departments.get(department, world.complaint))):
                rows.append({"kind": file.complaint, "person": person, "department": department})
        out = pd.DataFrame(rows, columns=["kind", "person", "department"])
        day = np.sort(rng.integers(0, 365, len(out)))
        out = out.sample(frac=1, random_state=rng.integers(2**31)).reset_index(drop=True)
        out["date"] = pd.Timestamp(year, 1, 1) + pd.to_timedelta(day, unit="D")
        last: dict[str, list[str]] = {}
        for i, row in enumerate(out.itertuples(index=False)):
            earlier = last.setdefault(row.department, [])
            again = row.kind == file.complaint and earlier and rng.random() < world.repeat
            matters.append(str(rng.choice(earlier)) if again else f"{year}-{agency}-{i + 1:03d}")
            if row.kind == file.complaint and not again:
                earlier.append(matters[-1])
        out["matter"] = matters
        complaint = (out["kind"] == file.complaint).to_numpy()
        made = complaint & (rng.random(len(out)) < world.apology)
        days = pd.to_timedelta(rng.poisson(world.apology_days, len(out)), unit="D")
        out["apology"] = (out["date"] + days).where(made)
        names = self.rng("petitioners", agency, year).permutation(
            [f"{f}{g}" for f in _FAMILY for g in reversed(_GIVEN)]
        )
        out["petitioner"] = names[: len(out)]
        out["channel"] = rng.choice(["전화", "누리집", "엽서"], size=len(out))
        out["content"] = [
            f"{p} 주무관이 {'친절하게 안내해 주었습니다' if k == file.praise else '설명 없이 기다리게 했습니다'}. 연락처 010-0000-{i:04d}"
            for i, (p, k) in enumerate(zip(out["person"], out["kind"], strict=True))
        ]
        out.insert(0, "case", [f"{year}-{k + 1:04d}" for k in range(len(out))])
        for name in ("date", "apology"):
            out[name] = out[name].dt.strftime("%Y-%m-%d")
        return out.assign(department=out["department"].map(self._spelling))

    def indicators(self, agency: str, year: int) -> pd.DataFrame:
        """Twelve months of a series that runs through all years of the study."""
        world, file = self.file.indicators, self.system("before_after")
        months = pd.period_range(f"{min(self.study.years)}-01", f"{max(self.study.years)}-12", freq="M")
        t = np.arange(len(months))
        after = months >= pd.Period(file.change, "M")
        since = np.where(after, t - int((~after).sum()), 0)
        out = pd.DataFrame({"month": months.astype(str)})
        for column, mean in world.volume.items():
            out[column] = self.rng("volume", agency, column).poisson(mean, len(t))
        for name, series in world.measures.items():
            rng = self.rng("indicators", agency, name)
            shock = rng.normal(0, series.noise, len(t))
            error = np.zeros(len(t))
            for i in range(len(t)):
                error[i] = series.rho * error[i - 1] + shock[i] * np.sqrt(1 - series.rho**2) if i else shock[0]
            value = series.level + series.trend * t + series.season * np.sin(2 * np.pi * t / 12) + error
            value = value + series.jump * after + series.slope * since
            of = file.measures[name].of if name in file.measures else None
            out[name] = rng.binomial(out[of], np.clip(value, 0, 1)) if of else np.round(value, 2)
        return out[out["month"].str[:4] == str(year)].reset_index(drop=True)

    def pairs(self, source: str, agency: str, year: int) -> pd.DataFrame:
        """Units before and after; which of them were treated is drawn by lot."""
        world = self.file.pairs[source]
        rng = self.rng("pairs", source, agency, year)
        if world.departments:
            units = [self._spelling[d] for d in self.departments.existing(year)]
        else:
            stem = str(world.name) if world.name else source
            units = [f"{stem} {k + 1}" for k in range(world.units)]
        k = len(units)
        treated = rng.permutation(k) < round(world.treated * k)
        before = rng.normal(world.level, world.sd, k)
        after = before + world.drift + world.effect * treated + rng.normal(0, world.change_sd, k)
        return pd.DataFrame(
            {"unit": units, "before": before.round(2), "after": after.round(2), "treated": treated.astype(int)}
        )

    def cases(self, agency: str, year: int) -> pd.DataFrame:
        """Cases of the voice channels; those not handled have no days."""
        world, file = self.file.cases, self.system("charter")
        rng = self.rng("cases", agency, year)
        channel = rng.choice(list(world.channels), p=list(world.channels.values()), size=world.n)
        chance = np.array([world.handled.get(c, 0.95) for c in channel])
        done = rng.random(world.n) < chance
        out = pd.DataFrame({"channel": channel, file.handled: done.astype(int)})
        out["department"] = rng.choice([self._spelling[d] for d in self.departments.existing(year)], size=world.n)
        for name, rule in file.standards.items():
            kept = rng.random(world.n) < world.keep.get(name, 0.9)
            value = pd.Series(_complying(rng, rule, kept))
            out[rule.column] = value.where(done) if rule.column == "days" else value
        if "days" not in out:
            out["days"] = pd.Series(rng.integers(1, 10, world.n)).where(done)
        return out


def _scored(rng, share: np.ndarray, item) -> np.ndarray:
    """An item's points, or the level whose points come nearest: the lower or the upper by lot, so that the mean stays."""
    points = share * item.points
    if not item.levels:
        return points.round(1)
    worth = sorted(item.levels.items(), key=lambda level: level[1])
    names, values = [n for n, _ in worth], np.array([v for _, v in worth], dtype=float)
    at = np.clip(np.searchsorted(values, points, side="right") - 1, 0, len(values) - 2)
    up = rng.random(len(points)) < (points - values[at]) / (values[at + 1] - values[at])
    return np.array(names, dtype=object)[at + up]


def _complying(rng, rule: Standard, kept: np.ndarray) -> np.ndarray:
    """Whole numbers that keep a rule where `kept`, and break it elsewhere."""
    n = len(kept)
    if rule.at_most is not None:
        low = int(rule.at_least) if rule.at_least is not None else min(1, int(rule.at_most))
        good = rng.integers(low, int(rule.at_most) + 1, n)
        bad = int(rule.at_most) + 1 + rng.integers(0, max(2, int(rule.at_most)), n)
    else:
        good = int(rule.at_least) + rng.integers(0, max(2, int(rule.at_least)), n)
        bad = rng.integers(0, max(1, int(rule.at_least)), n)
    return np.where(kept, good, bad).astype(float)


def _cancelling(rng, k: int) -> np.ndarray:
    """k numbers with mean 0 and spread 1."""
    draw = rng.normal(size=k)
    draw = draw - draw.mean()
    return draw / draw.std() if k > 1 else np.zeros(1)


def _quantile(mean: float, sd: float, place: float) -> float:
    """The value around `mean` on 0–1 at this place (0–1) of a uniform spread, narrowed where it would not fit."""
    half = min(np.sqrt(3) * sd, mean, 1 - mean)
    return mean + half * (2 * place - 1)
