"""Estimates: a tidy frame of numbers, and what is needed to compare any of them.

Every row knows its *influence*: the linearised values ``z`` (weights included) of the units of the
sample it came from, so that ``estimate − truth ≈ Σ z``. Variances, covariances and the standard error
of every difference come from this one matrix (see `csi_lib.survey.influence`); nothing else in the project
computes a difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import stdtr, stdtrit

from csi_lib.errors import InputError
from csi_lib.measure.shown import Result, html_table
from csi_lib.study.reading import confidence as level_of
from csi_lib.survey import comparisons
from csi_lib.survey.influence import Influence, cross_variance, influence_of, joined
from csi_lib.survey.results import KEYS, RESULT_COLUMNS, VALUES, key_texts, results_frame, row_ids

__all__ = ["KEYS", "RESULT_COLUMNS", "VALUES", "Estimates", "Influence", "influence_of", "results_frame",
           "row_ids", "t_interval", "t_p_value"]  # fmt: skip


#: what a notebook shows of the results columns
_SHOWN = ("measure", "statistic", "by1", "group1", "by2", "group2", "versus", "estimate", "se", "ci_low", "ci_high",
          "p_value", "n", "unit", "flag")  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class Estimates(Result):
    """Results rows with their joint sampling distribution.

    Attributes
    ----------
    frame : results columns (`RESULT_COLUMNS`), one row per number; positions index everything else.
    influence : linearised values, one `Influence` per sample.

    Examples
    --------
    >>> import csi_lib
    >>> survey = csi_lib.read_survey("example", "hanbit-fmc", 2024)
    >>> estimates = csi_lib.describe(survey, items=survey.codebook.items[:1])
    >>> estimates.frame[["measure", "statistic"]].head(2)
              measure statistic
    0       resp_kind      mean
    1  resp_kind:top2     share
    """

    TABLE: ClassVar[str | None] = "frame"

    frame: pd.DataFrame
    influence: tuple[Influence, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        measures = self.frame["measure"].nunique() if "measure" in self.frame else 0
        return f"<Estimates {len(self)} rows of {measures} measures, {len(self.influence)} samples>"

    def _table(self) -> pd.DataFrame:
        """The columns that say something, suppressed numbers left out as everywhere."""
        shown = self.frame[[c for c in _SHOWN if c in self.frame and self.frame[c].notna().any()]].copy()
        if "suppressed" in self.frame:
            numbers = [c for c in ("estimate", "se", "ci_low", "ci_high", "n") if c in shown]
            shown.loc[self.frame["suppressed"].to_numpy(bool), numbers] = np.nan
        return shown

    def _repr_html_(self) -> str:
        return f'<div class="csi-result"><p>{escape(repr(self))}</p>{html_table(self._table())}</div>'

    # ------------------------------------------------------------------ choosing
    def positions(self, **keys) -> np.ndarray:
        """Positions of the rows whose columns equal the given values; None means null, a list any of."""
        keep = np.ones(len(self.frame), dtype=bool)
        for name, value in keys.items():
            if name not in self.frame.columns:
                raise InputError(f"estimates have no column {name!r}", expected=", ".join(RESULT_COLUMNS))
            column = self.frame[name]
            if value is None:
                keep &= column.isna().to_numpy()
            elif isinstance(value, (list, tuple, set, np.ndarray, pd.Index)):
                keep &= column.isin(list(value)).to_numpy(dtype=bool)
            else:
                keep &= (column == value).fillna(False).to_numpy(dtype=bool)
        return np.flatnonzero(keep)

    def take(self, positions: Sequence[int]) -> Estimates:
        """These rows, in this order, with their influence."""
        positions = np.asarray(positions, dtype=int)
        return self._mapped(_selection(positions, len(self)), self.frame.iloc[positions].reset_index(drop=True))

    def select(self, **keys) -> Estimates:
        """Rows whose columns equal the given values, e.g. ``select(statistic="index", by1=None)``."""
        return self.take(self.positions(**keys))

    def one(self, **keys) -> pd.Series:
        """The single row with these keys; anything else is an error that says how many there are."""
        found = self.positions(**keys)
        if len(found) != 1:
            shown = ", ".join(f"{k}={v!r}" for k, v in keys.items())
            raise InputError(f"{len(found)} estimates match {shown}", expected="exactly one")
        return self.frame.iloc[found[0]]

    @classmethod
    def concat(cls, parts: Iterable[Estimates]) -> Estimates:
        """All rows of all parts; rows of one sample stay comparable across parts."""
        parts = [p for p in parts if len(p)]
        if not parts:
            return cls(results_frame())
        offset, samples = 0, {}
        for part in parts:
            for piece in part.influence:
                samples.setdefault(piece.sample, []).append(replace(piece, rows=piece.rows + offset))
            offset += len(part)
        pieces = tuple(joined(same) for same in samples.values())
        return cls(pd.concat([p.frame for p in parts], ignore_index=True), pieces)

    # ------------------------------------------------------------------ joint distribution
    def _mapped(self, matrix: sparse.spmatrix, frame: pd.DataFrame) -> Estimates:
        """Rows that are linear combinations (rows × new rows) of these."""
        pieces = []
        matrix = sparse.csr_matrix(matrix)
        for piece in self.influence:
            part = matrix[piece.rows]
            used = np.unique(part.indices)
            if len(used):
                pieces.append(piece.mapped(part[:, used], used))
        return Estimates(frame, tuple(pieces))

    def _chosen(self, keys: Mapping | Sequence[int] | None) -> np.ndarray:
        if keys is None:
            return np.arange(len(self))
        return self.positions(**keys) if isinstance(keys, Mapping) else np.asarray(keys, dtype=int)

    def covariance(self, keys: Mapping | Sequence[int] | None = None) -> np.ndarray:
        """Covariance matrix of the rows chosen by `keys` (a mapping as in `select`, positions, or all)."""
        positions = self._chosen(keys)
        self._refuse_blind()
        select = _selection(positions, len(self)).tocsr()
        total = np.zeros((len(positions), len(positions)))
        linked = []
        for piece in self.influence:
            values = piece.mapped(select[piece.rows], positions).values()
            total += values.T @ values
            if piece.labels is not None:
                linked.append((piece.labels, values))
        for i, (names, a) in enumerate(linked):
            for others, b in linked[i + 1 :]:
                _, ia, ib = np.intersect1d(names, others, return_indices=True)
                if len(ia):
                    cross = a[ia].T @ b[ib]
                    total += cross + cross.T
        return total

    def _refuse_blind(self) -> None:
        if not self.influence and self.frame["estimate"].notna().any():  # what is withheld has lost its influence
            raise InputError(
                "these estimates carry no influence, so nothing can be said about their differences",
                action="Compute them from the survey (open_chapter, IndexModel.evaluate) instead of from a table",
            )

    def variances(self) -> np.ndarray:
        """Diagonal of the covariance of all rows, in bounded memory."""
        total = np.zeros(len(self))
        for piece in self.influence:
            np.add.at(total, piece.rows, piece.variance())
        linked = [p for p in self.influence if p.labels is not None]
        for i, a in enumerate(linked):
            for b in linked[i + 1 :]:
                total += cross_variance(a, b, len(self))
        return np.maximum(total, 0.0)

    def degrees_of_freedom(self, positions: Sequence[int] | None = None) -> np.ndarray:
        """Design df of a row from one sample; Satterthwaite's for a row that mixes independent samples."""
        numerator, denominator = np.zeros(len(self)), np.zeros(len(self))
        single = np.full(len(self), np.nan)
        touched = np.zeros(len(self), dtype=int)
        for piece in self.influence:
            variance = np.zeros(len(self))
            variance[piece.rows] = piece.variance()
            live = variance > 0
            touched += live & (piece.df > 0)
            numerator += variance
            if piece.df > 0:
                denominator += variance**2 / piece.df
                single[live] = piece.df
        with np.errstate(divide="ignore", invalid="ignore"):
            mixed = numerator**2 / denominator
        out = np.where(touched > 1, mixed, single)
        return out if positions is None else out[np.asarray(positions, dtype=int)]

    # ------------------------------------------------------------------ differences
    def combine(self, matrix, frame: pd.DataFrame, *, estimate=None) -> Estimates:
        """Linear combinations: `matrix` is rows × new rows, `frame` their keys; se, df, interval and p follow.

        `estimate` overrides the value where the combination is the gradient of something not linear.
        """
        matrix = sparse.csr_matrix(matrix)
        self._refuse_blind()
        value = matrix.T @ np.nan_to_num(self.frame["estimate"].to_numpy(float)) if estimate is None else estimate
        holes = abs(matrix).T @ self.frame["estimate"].isna().to_numpy(float)
        mapped = self._mapped(matrix, results_frame(frame))
        out = mapped.frame
        out["estimate"] = np.where(holes != 0, np.nan, value)
        out["se"] = np.where(holes != 0, np.nan, np.sqrt(mapped.variances()))
        frame_df = out["df"].to_numpy(float)
        out["df"] = np.where(np.isnan(frame_df), mapped.degrees_of_freedom(), frame_df)
        out["p_value"] = t_p_value(out["estimate"], out["se"], out["df"])
        out["ci_low"], out["ci_high"] = t_interval(out["estimate"], out["se"], out["df"])
        return Estimates(out, mapped.influence)

    def contrast(self, a: Mapping, b: Mapping, *, versus: str | None = None) -> Estimates:
        """a − b for every pair of rows that agree in all other keys, with se, interval and test.

        Parameters
        ----------
        a, b : column values that choose the two sides, e.g. ``{"year": 2024}, {"year": 2023}``.
        versus : what the result's ``versus`` says after the compared statistic; default is b in words:
            ``index:year=2023``.

        Returns
        -------
        Estimates with statistic ``difference``, the keys of a, unit points or pp. A pair of which one side is
        missing gives no row. Covariances between the two sides are those of the design: the same people,
        parts of a whole and estimated weights need no special case. R: ``survey::svycontrast``.

        Raises
        ------
        InputError when a wave was scored by another edition of the formula than the one it is compared with.
        """
        i, j = self._pairs(a, b)
        if not len(i):
            return Estimates(results_frame())
        matrix = _selection(i, len(self)) - _selection(j, len(self))
        frame = self.frame.iloc[i].reset_index(drop=True)
        counts = np.minimum(frame["n"].to_numpy(float), self.frame["n"].to_numpy(float)[j])
        suppressed = self.frame["suppressed"].to_numpy(bool)
        frame = frame.assign(
            versus=frame["statistic"] + ":" + (versus or _in_words(a, b)),
            statistic="difference", df=np.nan, deff=np.nan, n=counts,
            unit=frame["unit"].replace({"proportion": "pp"}), suppressed=suppressed[i] | suppressed[j],
        )  # fmt: skip
        return self.combine(matrix, frame)

    def _pairs(self, a: Mapping, b: Mapping) -> tuple[np.ndarray, np.ndarray]:
        """Positions of the rows that agree in all keys but those named; of several editions, the common one."""
        left, right = self.positions(**a), self.positions(**b)
        rest = [k for k in KEYS if k not in {*a, *b, "period", "formula_edition"}]
        used = np.unique(np.r_[left, right])
        texts = dict(zip(used, zip(*key_texts(self.frame.iloc[used], rest), strict=True), strict=True))
        edition = dict(zip(used, key_texts(self.frame.iloc[used], ["formula_edition"])[0], strict=True))
        if "formula_edition" in a and "formula_edition" in b:  # the effect of the formula itself is asked for
            edition = dict.fromkeys(edition, "")
        other: dict[tuple, dict[str, int]] = {}
        for k in right:
            other.setdefault(texts[k], {})[edition[k]] = k
        pairs, alone = [], {}
        for k in left:
            found = other.get(texts[k])
            if found is None:
                continue
            match = found.get(edition[k], found.get("") if edition[k] else next(iter(found.values())))
            if match is not None:
                pairs.append((k, match))
            alone.setdefault(texts[k], []).append(None if match is not None else (k, next(iter(found.values()))))
        for tried in alone.values():
            if all(pair is not None for pair in tried):
                self._refuse_editions(*tried[0])
        i, j = np.array(pairs, dtype=int).reshape(-1, 2).T
        return i, j

    def _refuse_editions(self, i: int, j: int):
        one, two = self.frame.iloc[i], self.frame.iloc[j]
        raise InputError(
            f"{one['measure']} was scored by edition {one['formula_edition']} of {one['model']} in one wave and by "
            f"edition {two['formula_edition']} in the other: their difference would mix a change of the formula with "
            "a change of opinion",
            action="Restate the older wave under the newer edition (IndexModel.restate) and compare those",
        )

    # ------------------------------------------------------------------ many at once
    def letters(self, keys: Mapping | Sequence[int] | None = None, *, level: float = 0.05, adjust: str = "holm",
                letters: Sequence[str] | None = None) -> list[str]:  # fmt: skip
        """Significance letters of the rows chosen: each names the rows that it significantly exceeds.

        The rows are compared pair by pair under their joint covariance, so overlapping groups, the same people
        asked twice and estimated weights need no special case; options as `comparisons.significance_letters`.
        A row without a standard error takes no part and gets none.
        """
        positions = self._chosen(keys)
        live = self._comparable(positions)
        names = [comparisons.column_letter(i) for i in range(len(positions))] if letters is None else list(letters)
        out = [""] * len(positions)
        found = comparisons.significance_letters(
            self.frame["estimate"].to_numpy(float)[positions[live]], self.covariance(positions[live]), self._least_df(positions[live]),
            level=level, adjust=adjust, letters=[names[k] for k in live],
        )  # fmt: skip
        for k, text in zip(live, found, strict=True):
            out[k] = text
        return out

    def ranks(self, keys: Mapping | Sequence[int] | None = None, *, ci: float | None = None,
              adjust: str = "simultaneous") -> pd.DataFrame:  # fmt: skip
        """Ranks (1 = highest) of the rows chosen with intervals that hold for all of them at once.

        Returns the rows' positions as index and ``rank low high``; rows without a standard error are left out.
        See `comparisons.rank_intervals`.
        """
        positions = self._chosen(keys)
        positions = positions[self._comparable(positions)]
        found = comparisons.rank_intervals(self.frame["estimate"].to_numpy(float)[positions], self.covariance(positions),
                                           self._least_df(positions), ci=level_of(ci), adjust=adjust)  # fmt: skip
        return pd.DataFrame({"rank": found.rank, "low": found.low, "high": found.high}, index=positions)

    def _comparable(self, positions) -> np.ndarray:
        se = self.frame["se"].to_numpy(float)[positions]
        live = np.flatnonzero(np.isfinite(se))
        if len(live) < 2:
            raise InputError("a comparison needs two estimates with a standard error", found=f"{len(live)}")
        return live

    def _least_df(self, positions) -> float:
        df = self.frame["df"].to_numpy(float)[positions]
        return float(np.nanmin(df)) if np.isfinite(df).any() else np.inf

    # ------------------------------------------------------------------ disclosure
    def masked(self, release: str) -> Estimates:
        """The same rows as a reader of `release` may see them: in ``public``, a suppressed row keeps its keys
        and loses estimate, se, interval and n. ``restricted`` keeps all. The decision itself is the column
        ``suppressed``, made study-wide by `csi_lib.survey.disclosure`."""
        if release not in ("public", "restricted"):
            raise InputError("unknown release", found=repr(release), expected="public or restricted")
        frame = self.frame.assign(release=release)
        hidden = frame["suppressed"].to_numpy(bool) & (release == "public")
        blank = ["estimate", "se", "df", "ci_low", "ci_high", "p_value", "deff", "n", "n_weighted", "n_effective"]
        frame.loc[hidden, blank] = np.nan
        frame.loc[hidden, "value_text"] = None
        frame["row_id"] = pd.array(row_ids(frame), dtype="string[python]")
        if not hidden.any():
            return Estimates(frame, self.influence)
        keep = np.flatnonzero(~hidden)
        pieces = []
        for piece in self.influence:
            visible = np.isin(piece.rows, keep)
            loading = None if piece.loading is None else piece.loading[:, visible]
            pieces.append(replace(piece, z=piece.z[:, visible], rows=piece.rows[visible], loading=loading))
        return Estimates(frame, tuple(pieces))


def _in_words(a: Mapping, b: Mapping) -> str:
    """What b is, where it differs from a: ``year=2023``; a null group is the ``total``."""
    differing = {k: v for k, v in b.items() if a.get(k) != v}
    if differing.get("group1", "") is None:
        return "total"
    return ",".join(f"{k}={v}" for k, v in differing.items())


def _selection(positions: np.ndarray, count: int) -> sparse.csc_matrix:
    """count × len(positions) matrix whose column k picks row positions[k]."""
    ones = np.ones(len(positions))
    return sparse.csc_matrix((ones, (positions, np.arange(len(positions)))), shape=(count, len(positions)))


def t_interval(estimate, se, df, confidence: float | None = None):
    """estimate ± t(df)·se at the confidence in force; df ≤ 0 gives no interval."""
    estimate, se, df = (np.asarray(v, dtype=float) for v in (estimate, se, df))
    with np.errstate(invalid="ignore"):
        half = stdtrit(np.where(df > 0, df, np.nan), 0.5 + level_of(confidence) / 2) * se
    return estimate - half, estimate + half


def t_p_value(estimate, se, df):
    """Two-sided p of estimate/se on t(df); undefined where se is 0 or df ≤ 0."""
    estimate, se, df = (np.asarray(v, dtype=float) for v in (estimate, se, df))
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.abs(estimate) / np.where(se > 0, se, np.nan)
        return 2 * stdtr(np.where(df > 0, df, np.nan), -t)
