"""Choosing numbers: rows of a chapter's estimates by their keys, the same of the last wave, and the changes between them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import pandas as pd

from csi_lib.errors import InputError
from csi_lib.evaluation.portfolio import effective_weights
from csi_lib.prose.numbers import Interval, Number
from csi_lib.report.chapter_subject import ChapterSubject
from csi_lib.study.reading import under_reading
from csi_lib.study.study import OVERALL
from csi_lib.survey.contradictions import Contradiction, contradictions
from csi_lib.survey.estimates import Estimates

#: the keys that name a number whatever the wave
_IDENTITY = ["measure", "statistic", "model", "by1", "group1", "by2", "group2"]


def _identities(frame: pd.DataFrame) -> list[tuple]:
    return list(zip(*(frame[c].astype("string").fillna("").tolist() for c in _IDENTITY), strict=True))


class ChapterNumbers(ChapterSubject):
    """The numbers of one agency and wave, by what is asked of them."""

    def rows(self, estimates: Estimates | pd.DataFrame | None = None, **keys) -> pd.DataFrame:
        """Results rows with these keys, with label columns (``measure_label``, ``by1_label``, ``group1_label`` …)."""
        if estimates is None:
            estimates = self.estimates
        if isinstance(estimates, pd.DataFrame):
            estimates = Estimates(estimates)
        frame = estimates.frame.iloc[estimates.positions(**keys)].reset_index(drop=True)
        return self.labels.attach(frame)

    def row(self, estimates=None, **keys) -> pd.Series | None:
        """The one row with these keys; None when there is none."""
        frame = self.rows(estimates, **keys)
        if len(frame) > 1:
            raise InputError(f"{len(frame)} numbers match", found=str(keys), expected="one")
        return frame.iloc[0] if len(frame) else None

    def number(self, field: str = "estimate", *, estimates=None, digits=None, signed=False, **keys) -> Number:
        """One number of one row, ready for a sentence."""
        row = self.row(estimates, **keys)
        if row is None:
            raise InputError("no number with these keys", found=str(keys))
        return Number.from_row(row, field, digits=digits, signed=signed)

    def index(self, node: str | None = None, *, model: str | None = None) -> pd.Series | None:
        """The row of a node of an index model (default: the index itself) for the whole agency."""
        found = next((m for m in self.models if m.name == model), None) or self.model
        return self.row(measure=node or found.file.index, statistic="index", model=found.name, by1=None)

    def change(self, row: Mapping) -> pd.Series | None:
        """The change of a row's number since the last wave, or None where there is no last wave."""
        changes = self.change_rows(pd.DataFrame([row]))
        return None if changes is None else changes.iloc[0]

    def before(self, row: Mapping) -> pd.Series | None:
        """The same number in the last wave, or None."""
        found = self.previous_rows(pd.DataFrame([row]))
        return None if found is None else found.iloc[0]

    def previous_rows(self, rows: pd.DataFrame) -> pd.DataFrame | None:
        """The same numbers in the last wave, of those that exist there; None when there are none."""
        if self.previous is None:
            return None
        at = [p for p in self._locate(self.previous, rows) if p is not None]
        return self.labels.attach(self.previous.frame.iloc[at].reset_index(drop=True)) if at else None

    def _locate(self, estimates: Estimates, rows: pd.DataFrame) -> list[int | None]:
        """Position of each of `rows` among the estimates of a wave, None for those it does not have."""
        if id(estimates) not in self._places:
            places = dict(zip(_identities(estimates.frame), range(len(estimates)), strict=True))
            self._places[id(estimates)] = estimates, places
        places = self._places[id(estimates)][1]
        return [places.get(k) for k in _identities(rows)]

    @under_reading
    def change_rows(self, rows: pd.DataFrame) -> pd.DataFrame | None:
        """The tested changes of these numbers since the last wave; None when there are none."""
        if self.previous is None:
            return None
        # whole families are judged, whichever of their numbers is asked for: one of them once, all that is no group's at once
        parts = [self._family_changes(by) for by in dict.fromkeys(rows["by1"].astype("string").fillna(""))]
        places = {k: (n, p) for n, (_, known) in enumerate(parts) for k, p in known.items()}
        found = [places[k] for k in _identities(rows) if k in places]
        if not found:
            return None
        frame = pd.concat([parts[n][0].iloc[[p]] for n, p in found], ignore_index=True)
        return self.labels.attach(frame)

    def _family_changes(self, by: str) -> tuple[pd.DataFrame, dict[tuple, int]]:
        """Judged changes of all numbers of the whole ("") or of one variable's groups, and where each stands."""
        if by not in self._change_places:
            of_wave = lambda estimates: estimates.take(estimates.positions(by1=by or None))
            both = Estimates.concat([of_wave(self.estimates), of_wave(self.previous)])
            changes = self._register(
                self.judged_changes(both.contrast({"year": self.year}, {"year": self.previous_year}))
            )
            frame = changes.frame
            kinds = frame["versus"].astype("string").str.split(":").str[0]
            places = (
                dict(zip(_identities(frame.assign(statistic=kinds)), range(len(frame)), strict=True))
                if len(frame)
                else {}
            )
            self._change_places[by] = frame, places
        return self._change_places[by]

    def interval(self, row: Mapping) -> Interval:
        return Interval.from_row(row)

    def numbers(self, row: Mapping, *fields: str) -> list[Number]:
        """Several fields of one row, for a sentence."""
        return [Number.from_row(row, f) for f in fields]

    def values_of(self, variable: str) -> list[str]:
        """Measures of the shares of a categorical column, in codebook order, of the values that occur."""
        column = self.survey.frame[variable].astype("category").cat.remove_unused_categories()
        return [f"{variable}:{c}" for c in column.cat.categories]

    # ------------------------------------------------------------------ what would move the index, and what casts doubt on it
    def gains(self) -> pd.DataFrame:
        """What the index gains from one more point in each item (`evaluation.effective_weights`)."""
        return self.labels.attach(self.gain_estimates.frame)

    @cached_property
    def gain_estimates(self) -> Estimates:
        """`gains` with what they share with every other number of this wave; none of an item whose answers contradict
        something, so that it is nobody's priority."""
        with self.reading:
            gains = effective_weights(self.estimates, self.model)
            kept = [k for k, measure in enumerate(gains.frame["measure"]) if measure not in self.doubted]
            return self._register(gains if len(kept) == len(gains) else gains.take(kept))

    @cached_property
    def contradictions(self) -> tuple[Contradiction, ...]:
        """Where this wave's answers contradict the codebook, each other or last wave (`csi_lib.survey.contradictions`)."""
        if self.agency == OVERALL:
            return ()
        before = None if self.previous_year is None else self.survey_of(self.previous_year)
        return contradictions(self.survey, before, items=self.model_items if self.models else None)

    @property
    def doubted(self) -> frozenset[str]:
        """Columns that these cast doubt on."""
        return frozenset(i for c in self.contradictions for i in c.doubted)
