"""The gate between what is computed and what a release shows: every number a chapter records passes here.

`disclosure.decide` decides about the estimates of a whole wave, whose groups it knows person by person. A chapter also
computes numbers of its own: from records of an office, from a cross table, from anything. The gate knows of these only what
their rows say, and that suffices for the plain rules: a number that rests on fewer people than the minimum base is
withheld, with as many of its neighbours as a total would need to give it back, and a share goes with its count.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from csi_lib.errors import NotPublic, nearest
from csi_lib.survey.disclosure import Rules, complement
from csi_lib.survey.results import key_texts

#: what the column n of recorded rows may count; only numbers of people are anybody's secret
COUNTED = ("people", "agencies", "departments", "tasks", "checks", "periods", "units")
#: everything that a public reader does not get of a withheld row
BLANK = ["estimate", "se", "df", "ci_low", "ci_high", "p_value", "deff", "n", "n_weighted", "n_effective"]
#: statistics of answers: these rest on the people who gave them, whatever a chapter says
_OF_ANSWERS = {"mean", "share", "index", "median", "quantile", "proportion"}
_UNITS_OF_ANSWERS = {"points", "proportion", "scale", "nps"}
_LIST = ["agency", "year", "period", "source", "model", "statistic", "versus"]


@dataclass(frozen=True)
class Gate:
    """What one release lets through.

    Attributes
    ----------
    study : Study; its `privacy` and the kinds of its sources set the minimum base.
    release : ``public`` or ``restricted``; the latter lets everything through.
    nodes : names of the nodes of the index models, whose values are answers as items are.
    withheld : (variable, group) of the groups that `disclosure.decide` hides in the report's own wave, `sample` (agency, year,
        source): whatever a chapter computes of them is hidden too, their size and their share among it.
    """

    study: object
    release: str
    nodes: Collection[str] = field(default=())
    withheld: Collection[tuple[str, str]] = field(default=())
    sample: tuple[str, int, str] | None = None

    @property
    def public(self) -> bool:
        return self.release == "public"

    def least(self, source: str | None) -> int:
        """Minimum base of a source; of records that are no declared source, the study's."""
        return self._least.get(source, self.study.privacy.min_base)

    @cached_property
    def _least(self) -> dict:
        return {name: Rules.of(self.study, name).min_base for name in self.study.sources}

    @cached_property
    def _answers(self) -> frozenset[str]:
        items = {i for book in self.study.codebooks.values() for i in book.items}
        return frozenset(items | set(self.nodes))

    @cached_property
    def _groups(self) -> frozenset[str]:
        return frozenset(g for book in self.study.codebooks.values() for g in book.groups)

    def admit(self, frame: pd.DataFrame, *, counts: str = "people") -> pd.DataFrame:
        """Results rows as this release may show them: withheld ones keep their keys and lose their values.

        counts : what n counts, one of `COUNTED`. Rows on agencies, tasks or months are no secret of a person's; means and
            shares of answers rest on people, and saying otherwise of them is refused.

        Raises
        ------
        NotPublic : `counts` is no word of `COUNTED`, or untrue of these rows; a mean or share of answers without n.
        """
        if counts not in COUNTED:
            near = nearest(counts, COUNTED)
            raise NotPublic("unknown word for what n counts", where="counts", found=repr(counts),
                            expected=", ".join(COUNTED), action=f"Did you mean {near!r}?" if near else None)  # fmt: skip
        if not self.public or not len(frame):
            return frame
        n = frame["n"].to_numpy(float)
        told = frame["suppressed"].to_numpy(bool)
        if counts == "people":
            self._refuse_baseless(frame, n, told)
            known = told | self._of_withheld(frame)
            hidden = known | self._hidden(frame, n, known)
        else:
            self._refuse_untrue(frame, counts)
            hidden = told
        return blanked(frame, hidden) if hidden.any() else frame

    # ------------------------------------------------------------------ rules
    def _of_withheld(self, frame: pd.DataFrame) -> np.ndarray:
        """Rows about a group of the report's own wave that is hidden there: by the group, or on its size."""
        out = np.zeros(len(frame), dtype=bool)
        if not self.withheld:
            return out
        agency, year, source = self.sample
        own = ((frame["agency"] == agency) & (frame["year"] == year) & (frame["source"] == source)).fillna(False)
        at = np.flatnonzero(own.to_numpy(bool))
        names = key_texts(frame.iloc[at], ["measure", "by1", "group1", "by2", "group2"])
        for i, measure, by1, group1, by2, group2 in zip(at, *names, strict=True):
            stem, _, category = measure.partition(":")
            about = {(by1, group1), (by2, group2), (stem, category)}
            out[i] = not about.isdisjoint(self.withheld)
        return out

    def _hidden(self, frame: pd.DataFrame, n: np.ndarray, told: np.ndarray) -> np.ndarray:
        sources = frame["source"].to_numpy(dtype=object, na_value="")
        least = np.array([self.least(s) for s in sources], dtype=float)
        few = (n > 0) & (n < least) & ~told
        counted = np.flatnonzero(self._few_behind_share(frame, n, least) & ~told)
        few[counted] = True
        if not few.any():
            return few
        out, sizes = few.copy(), n.copy()
        sizes[counted] = (n * frame["estimate"].to_numpy(float))[counted]
        for rows in self._lists(frame):
            if few[rows].any() and not told[rows].any():  # where the chapter has hidden some, it has seen to the rest
                base = np.nan_to_num(sizes[rows])
                out[rows] |= complement(base, few[rows], int(least[rows[0]]))
        return out

    def _few_behind_share(self, frame: pd.DataFrame, n: np.ndarray, least: np.ndarray) -> np.ndarray:
        """Shares of a group among everybody, where the share times the base is a few people: the group's size in disguise."""
        share = (frame["unit"] == "proportion").to_numpy(bool) & frame["by1"].isna().to_numpy()
        if not share.any():
            return share
        stem = frame["measure"].str.split(":", n=1).str[0].isin(self._groups).to_numpy(bool)
        with np.errstate(invalid="ignore"):
            count = n * frame["estimate"].to_numpy(float)
            return share & stem & (count > 1e-9) & (count < least - 0.5)

    def _lists(self, frame: pd.DataFrame):
        """Positions of rows that stand in one list under one total: by the groups of a variable, of either of two, or
        (``edu:1``, ``edu:2`` …) by the categories in the measure's name."""
        texts = dict(zip([*_LIST, "measure", "by1", "group1", "by2", "group2"],
                         key_texts(frame, [*_LIST, "measure", "by1", "group1", "by2", "group2"]), strict=True))  # fmt: skip
        keys: dict[tuple, list[int]] = {}
        for i in range(len(frame)):
            own = tuple(texts[k][i] for k in _LIST)
            at = {k: texts[k][i] for k in ("measure", "by1", "group1", "by2", "group2")}
            if at["group1"]:
                keys.setdefault(("1", own, at["measure"], at["by1"], at["by2"], at["group2"]), []).append(i)
            if at["group2"]:
                keys.setdefault(("2", own, at["measure"], at["by1"], at["by2"], at["group1"]), []).append(i)
            stem, _, category = at["measure"].partition(":")
            if category and stem in self._groups:
                keys.setdefault(("m", own, stem, at["by1"], at["group1"]), []).append(i)
        return [np.array(rows) for rows in keys.values() if len(rows) > 1]

    def _refuse_baseless(self, frame: pd.DataFrame, n: np.ndarray, told: np.ndarray) -> None:
        bare = np.isnan(n) & frame["estimate"].notna().to_numpy() & ~told & self._on_answers(frame)
        if bare.any():
            row = frame.iloc[int(np.flatnonzero(bare)[0])]
            raise NotPublic(
                "a number made of answers says on how many people it rests", where=f"{row['measure']} ({row['statistic']})",
                found="no n", action="Give the rows their n: how many people answered",
            )  # fmt: skip

    def _refuse_untrue(self, frame: pd.DataFrame, counts: str) -> None:
        wrong = self._on_answers(frame) & frame["group1"].notna().to_numpy()
        wrong &= frame["by1"].isin(self._groups).to_numpy(bool)
        if wrong.any():
            row = frame.iloc[int(np.flatnonzero(wrong)[0])]
            raise NotPublic(
                f"answers by {row['by1']} rest on people, not on {counts}", where=f"{row['measure']} ({row['statistic']})",
                action="Give n as the number of people and leave out counts=",
            )  # fmt: skip

    def _on_answers(self, frame: pd.DataFrame) -> np.ndarray:
        stem = frame["measure"].str.split(":", n=1).str[0].isin(self._answers).to_numpy(bool)
        return (
            stem
            & frame["statistic"].isin(_OF_ANSWERS).to_numpy(bool)
            & frame["unit"].isin(_UNITS_OF_ANSWERS).to_numpy(bool)
        )


def withheld_of(frame: pd.DataFrame) -> frozenset[tuple[str, str]]:
    """(variable, group) of which nothing is shown in the estimates of a wave (`disclosure.decide`)."""
    single = frame[frame["by1"].notna() & frame["by2"].isna()]
    if not single["suppressed"].any():
        return frozenset()
    gone = single.groupby(["by1", "group1"], observed=True)["suppressed"].all()
    return frozenset((str(by), str(group)) for by, group in gone.index[gone.to_numpy(bool)])


def blanked(frame: pd.DataFrame, hidden: np.ndarray) -> pd.DataFrame:
    """`frame` with the rows of the mask marked as suppressed and emptied of everything but their keys."""
    out = frame.copy()
    out["suppressed"] = hidden
    out.loc[hidden, [c for c in BLANK if c in out]] = np.nan
    out.loc[hidden, "value_text"] = None
    return out
