"""Estimates: a tidy frame of numbers, and what is needed to compare any of them.

Every row knows its *influence*: the linearised values ``z`` (weights included) of the units of the
sample it came from, so that ``estimate − truth ≈ Σ z``. Variances, covariances and the standard error
of every difference come from this one matrix; nothing else in the project computes a difference.

For one sample with strata h, ``m_h`` primary units and correction ``c_h = (1 − f_h)·m_h/(m_h − 1)``::

    cov(a, b) = Σ_h c_h · [ Σ_i z_hi,a · z_hi,b  −  (Σ_i z_hi,a)(Σ_i z_hi,b) / m_h ]

which is Taylor linearisation with-replacement between PSUs (R: ``survey::svymean`` and ``svycontrast``).
Replicates fit the same form (one 'unit' per replicate, no centring). Samples are independent unless they
carry the same unit labels (panels, or weights estimated on a pooled sample): matching labels are matched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import stdtr, stdtrit

from csi_lib.errors import InputError
from csi_lib.survey.variance import deviations

#: what identifies a number; ``row_id`` is a hash of these, so a number has one row wherever it is shown
KEYS = [
    "study", "agency", "year", "period", "source", "release", "model", "formula_edition",
    "measure", "statistic", "by1", "group1", "by2", "group2", "versus",
]  # fmt: skip
VALUES = [
    "estimate", "se", "df", "ci_low", "ci_high", "p_value", "deff", "n", "n_weighted", "n_effective",
    "unit", "scale_low", "scale_high", "value_text", "flag", "suppressed",
]  # fmt: skip
#: the columns of results.parquet, in order
RESULT_COLUMNS = ["row_id", *KEYS[:6], "chapter", "object_id", *KEYS[6:], *VALUES]
_TEXT = [*(k for k in KEYS if k != "year"), "chapter", "object_id", "row_id", "unit", "value_text", "flag"]

#: two-sided confidence of every interval in the project
CONFIDENCE = 0.95


def row_ids(frame: pd.DataFrame) -> list[str]:
    """Stable 12-digit hash of the identifying columns of each row."""
    # plain objects: iterating over Arrow arrays takes several times as long
    columns = [frame[k].astype("string").fillna("").to_numpy(object) for k in KEYS]
    return [
        hashlib.blake2s("\x1f".join(key).encode(), digest_size=6).hexdigest()
        for key in zip(*columns, strict=True)
    ]


def results_frame(rows: pd.DataFrame | Iterable[Mapping] = (), **constant) -> pd.DataFrame:
    """`rows` with exactly the results columns, typed; absent columns are null, `constant` fills columns."""
    frame = pd.DataFrame(rows).copy() if not isinstance(rows, pd.DataFrame) else rows.copy()
    for name, value in constant.items():
        frame[name] = value
    frame = frame.reindex(columns=RESULT_COLUMNS)
    for name in RESULT_COLUMNS:
        if name in _TEXT:
            frame[name] = frame[name].astype("string[python]")
        elif name == "suppressed":
            frame[name] = frame[name].astype("boolean").fillna(False).astype(bool)
        elif name == "year":
            frame[name] = frame[name].astype("Int64")
        else:
            frame[name] = frame[name].astype(float)
    frame["row_id"] = pd.array(row_ids(frame), dtype="string[python]")
    return frame


@dataclass(frozen=True, eq=False)
class Influence:
    """Linearised values of some rows of a frame on the primary units of one sample.

    ``sample`` names the sample (rows of the same sample covary), ``z`` is units × rows (sparse), ``rows`` the positions in the frame, ``stratum`` the code of each unit,
    ``factor`` c_h of each stratum, ``df`` the sample's degrees of freedom, ``labels`` what a unit is called
    in other samples (None: in none).
    """

    sample: object
    z: sparse.csc_matrix
    rows: np.ndarray
    stratum: np.ndarray
    factor: np.ndarray
    df: float
    labels: np.ndarray | None = None
    centred: bool = True

    def _root(self, columns) -> tuple[np.ndarray, np.ndarray]:
        """Scaled values and their stratum sums: cov = a'b − A'B."""
        z = self.z[:, columns].toarray()
        size = np.bincount(self.stratum, minlength=len(self.factor)).astype(float)
        z = z * np.sqrt(self.factor)[self.stratum][:, None]
        sums = np.zeros((len(self.factor), z.shape[1]))
        np.add.at(sums, self.stratum, z)
        return z, sums / np.sqrt(np.maximum(size, 1))[:, None]

    def covariance(self, columns) -> np.ndarray:
        z, sums = self._root(columns)
        return z.T @ z - (sums.T @ sums if self.centred else 0.0)

    def centred_values(self, columns) -> np.ndarray:
        z, sums = self._root(columns)
        size = np.bincount(self.stratum, minlength=len(self.factor)).astype(float)
        return z - (sums / np.sqrt(np.maximum(size, 1))[:, None])[self.stratum] if self.centred else z


def influence_of(design, z, rows, *, sample, labels=None) -> list[Influence]:
    """Respondent-level linearised values (respondents × rows) summed to the units of every stage of `design`.

    A stage with lonely units that the design adjusts or averages keeps its ready-made deviations instead.
    """
    z, rows, pieces = sparse.csc_matrix(z), np.asarray(rows), []
    for number, stage in enumerate(design.stages):
        if stage.lonely.any() and design.lonely in ("adjust", "average"):
            blocks = []
            for active, deviation in deviations([stage], z, design.lonely):
                wide = sparse.lil_matrix((len(deviation), z.shape[1]))
                wide[:, active] = deviation
                blocks.append(wide)
            values, scale, centred = sparse.vstack(blocks, format="csc"), np.ones(stage.strata), False
        else:
            n = len(stage.unit)
            member = sparse.csr_matrix((np.ones(n), (stage.unit, np.arange(n))), shape=(stage.units, n))
            values, scale, centred = sparse.csc_matrix(member @ z), stage.scale, True
        names = None
        if labels is not None and number == 0:
            names = np.empty(stage.units, dtype=object)
            names[stage.unit] = np.asarray(labels, dtype=object)
        pieces.append(Influence((*sample, number), values, rows, stage.stratum_of_unit, np.asarray(scale, float),
                                float(design.df) if number == 0 else np.nan, names, centred))  # fmt: skip
    return pieces


@dataclass(frozen=True, eq=False)
class Estimates:
    """Results rows with their joint sampling distribution.

    Attributes
    ----------
    frame : results columns (`RESULT_COLUMNS`), one row per number; positions index everything else.
    influence : linearised values, one `Influence` per sample.
    """

    frame: pd.DataFrame
    influence: tuple[Influence, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.frame)

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
        joined = [
            replace(same[0], z=sparse.hstack([p.z for p in same], format="csc"), rows=np.concatenate([p.rows for p in same]))
            for same in samples.values()
        ]
        return cls(pd.concat([p.frame for p in parts], ignore_index=True), tuple(joined))

    # ------------------------------------------------------------------ joint distribution
    def _columns(self, piece: Influence, positions: np.ndarray) -> sparse.csc_matrix:
        """z of `piece` for frame positions (zero where the piece does not touch a row)."""
        return sparse.csc_matrix(piece.z @ _selection(positions, len(self)).tocsr()[piece.rows])

    def _mapped(self, matrix: sparse.spmatrix, frame: pd.DataFrame) -> Estimates:
        """Rows that are linear combinations (rows × new rows) of these."""
        pieces = []
        matrix = sparse.csr_matrix(matrix)
        for piece in self.influence:
            part = matrix[piece.rows]
            used = np.unique(part.indices)
            if len(used):
                pieces.append(replace(piece, z=sparse.csc_matrix(piece.z @ part[:, used]), rows=used))
        return Estimates(frame, tuple(pieces))

    def covariance(self, keys: Mapping | Sequence[int] | None = None) -> np.ndarray:
        """Covariance matrix of the rows chosen by `keys` (a mapping as in `select`, positions, or all)."""
        if keys is None:
            positions = np.arange(len(self))
        elif isinstance(keys, Mapping):
            positions = self.positions(**keys)
        else:
            positions = np.asarray(keys, dtype=int)
        if not self.influence:
            raise InputError(
                "these estimates carry no influence, so nothing can be said about their differences",
                action="Compute them from the survey (open_chapter, IndexModel.evaluate) instead of from a table",
            )
        total = np.zeros((len(positions), len(positions)))
        linked = []
        for piece in self.influence:
            z = replace(piece, z=self._columns(piece, positions), rows=positions)
            total += z.covariance(slice(None))
            if piece.labels is not None:
                linked.append(z)
        for i, a in enumerate(linked):
            for b in linked[i + 1 :]:
                _, ia, ib = np.intersect1d(a.labels, b.labels, return_indices=True)
                if len(ia):
                    cross = a.centred_values(slice(None))[ia].T @ b.centred_values(slice(None))[ib]
                    total += cross + cross.T
        return total

    def degrees_of_freedom(self, positions: Sequence[int]) -> np.ndarray:
        """Design df of a row from one sample; Satterthwaite's for a row that mixes independent samples."""
        positions = np.asarray(positions, dtype=int)
        numerator, denominator = np.zeros(len(positions)), np.zeros(len(positions))
        single = np.full(len(positions), np.nan)
        touched = np.zeros(len(positions), dtype=int)
        for piece in self.influence:
            z = replace(piece, z=self._columns(piece, positions), rows=positions)
            variance = _variance(z)
            live = variance > 0
            touched += live & (piece.df > 0)
            numerator += variance
            if piece.df > 0:
                denominator += variance**2 / piece.df
                single[live] = piece.df
        with np.errstate(divide="ignore", invalid="ignore"):
            mixed = numerator**2 / denominator
        return np.where(touched > 1, mixed, single)

    # ------------------------------------------------------------------ differences
    def combine(self, matrix, frame: pd.DataFrame, *, estimate=None) -> Estimates:
        """Linear combinations: `matrix` is rows × new rows, `frame` their keys; se, df, interval and p follow.

        `estimate` overrides the value where the combination is the gradient of something not linear.
        """
        matrix = sparse.csr_matrix(matrix)
        value = matrix.T @ np.nan_to_num(self.frame["estimate"].to_numpy(float)) if estimate is None else estimate
        holes = matrix.T @ self.frame["estimate"].isna().to_numpy(float)
        mapped = self._mapped(matrix, results_frame(frame))
        positions = np.arange(len(mapped))
        labelled = [p for p in mapped.influence if p.labels is not None]
        if len(labelled) > 1:
            variance = np.array([mapped.covariance([i])[0, 0] for i in positions])
        else:
            variance = np.zeros(len(positions))
            for piece in mapped.influence:
                np.add.at(variance, piece.rows, _variance(piece))
        out = mapped.frame
        out["estimate"] = np.where(holes != 0, np.nan, value)
        out["se"] = np.where(holes != 0, np.nan, np.sqrt(np.maximum(variance, 0)))
        frame_df = out["df"].to_numpy(float)
        out["df"] = np.where(np.isnan(frame_df), mapped.degrees_of_freedom(positions), frame_df)
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
        left, right = self.positions(**a), self.positions(**b)
        rest = [k for k in KEYS if k not in {*a, *b, "period", "formula_edition"}]
        text = self.frame[rest].astype("string").fillna("")
        key = lambda rows: list(text.iloc[rows].itertuples(index=False, name=None))
        other = dict(zip(key(right), right, strict=True))
        pairs = [(i, other[k]) for i, k in zip(left, key(left), strict=True) if k in other]
        if not pairs:
            return Estimates(results_frame())
        i, j = np.array(pairs).T
        self._refuse_editions(i, j)
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

    def _refuse_editions(self, i, j):
        editions = self.frame["formula_edition"]
        one, two = editions.iloc[i].reset_index(drop=True), editions.iloc[j].reset_index(drop=True)
        clash = (one != two).fillna(False).to_numpy(bool)
        if clash.any():
            first = int(np.flatnonzero(clash)[0])
            row = self.frame.iloc[i[first]]
            raise InputError(
                f"{row['measure']} was scored by edition {one[first]} of {row['model']} in one wave and by "
                f"edition {two[first]} in the other: their difference would mix a change of the formula with "
                "a change of opinion",
                action="Restate the older wave under the newer edition (IndexModel.restate) and compare those",
            )

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
            pieces.append(replace(piece, z=piece.z[:, visible], rows=piece.rows[visible]))
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


def _variance(piece: Influence) -> np.ndarray:
    """Diagonal of the covariance without forming it (sparse throughout)."""
    factor = piece.factor[piece.stratum]
    squares = np.asarray(piece.z.multiply(piece.z).multiply(factor[:, None]).sum(axis=0)).ravel()
    if not piece.centred:
        return squares
    size = np.bincount(piece.stratum, minlength=len(piece.factor)).astype(float)
    to_stratum = sparse.csr_matrix(
        (np.ones(len(piece.stratum)), (piece.stratum, np.arange(len(piece.stratum)))),
        shape=(len(piece.factor), len(piece.stratum)),
    )
    sums = sparse.csc_matrix(to_stratum @ piece.z)
    scale = piece.factor / np.maximum(size, 1)
    return squares - np.asarray(sums.multiply(sums).multiply(scale[:, None]).sum(axis=0)).ravel()


def t_interval(estimate, se, df, confidence: float = CONFIDENCE):
    """estimate ± t(df)·se; df ≤ 0 gives no interval."""
    estimate, se, df = (np.asarray(v, dtype=float) for v in (estimate, se, df))
    with np.errstate(invalid="ignore"):
        half = stdtrit(np.where(df > 0, df, np.nan), 0.5 + confidence / 2) * se
    return estimate - half, estimate + half


def t_p_value(estimate, se, df):
    """Two-sided p of estimate/se on t(df); undefined where se is 0 or df ≤ 0."""
    estimate, se, df = (np.asarray(v, dtype=float) for v in (estimate, se, df))
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.abs(estimate) / np.where(se > 0, se, np.nan)
        return 2 * stdtr(np.where(df > 0, df, np.nan), -t)
