"""Rows of items, checked once, and their weighted moments under any set of row weights.

Everything that resamples (bootstrap, permutation, influence, replicate weights of a survey design) asks for
the same thing: means and covariances of the items when row i counts c_i times. `Rows.moments` answers for
many sets of counts in one matrix product, so that a resampled statistic costs no pass over the data of its
own.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, MeasureWarning, nearest
from csi_lib.measure.frames import as_frame, column_or_values, numbers, table_of_numbers

#: codes that data files often use for "no answer"
_CODES = {-8, -9, -98, -99, -998, -999, 98, 99, 998, 999, 9999}
#: doubles held at once by a batch of resamples (about 24 MB): larger batches wait for fresh memory
_BATCH_DOUBLES = 3_000_000


@dataclass(frozen=True)
class Rows:
    """Centred items with their row weights.

    `centred` is n × k, zero where a value is missing (`missing="mean"`); `observed` is then the n × k matrix
    of ones and zeros, else None. `weights` sums to n.
    """

    items: tuple[str, ...]
    index: pd.Index
    mean: np.ndarray
    centred: np.ndarray
    observed: np.ndarray | None
    weights: np.ndarray
    weighted: bool
    n_dropped: int

    @property
    def n(self) -> int:
        return len(self.centred)

    @property
    def values(self) -> np.ndarray:
        """n × k, a missing value replaced by the item's mean."""
        return self.centred + self.mean

    @classmethod
    def read(cls, frame, items: Sequence[str], *, weights=None, missing: str = "listwise", least: int = 3) -> Rows:
        """Check `items` of `frame` and centre them; every refusal says which item and what to do.

        Raises
        ------
        InputError
            Unknown, non-numeric, infinite or constant items; unusable weights; fewer than `least` rows left.
        """
        if missing not in ("listwise", "mean"):
            raise InputError(
                "unknown rule for missing values",
                where="missing",
                found=repr(missing),
                expected="'listwise' or 'mean'",
            )
        frame = as_frame(frame, prefix=None)
        items = tuple(items)
        values = _numbers(frame, items)
        weight = row_weights(weights, frame)
        here = ~np.isnan(values)
        keep = weight > 0
        keep &= here.all(axis=1) if missing == "listwise" else here.any(axis=1)
        n_dropped = int((weight > 0).sum() - keep.sum())
        if keep.sum() < least:
            hint = "Look for an item that few answered, or use missing='mean'." if n_dropped else None
            raise InputError(
                f"only {keep.sum()} usable rows, {n_dropped} left out for missing values",
                where="items",
                expected=f"at least {least}",
                action=hint,
            )
        values, here, weight = values[keep], here[keep], weight[keep]
        _warn_of_codes(values, items)
        weight = weight * (len(weight) / weight.sum())
        filled = np.where(here, values, 0.0)
        answers = weight @ here
        if not answers.all():
            gone = [str(item) for item, some in zip(items, answers, strict=True) if not some]
            raise InputError("item without any answer", where="items", found=", ".join(gone), action="Drop it.")
        mean = (weight @ filled) / answers
        centred = np.where(here, filled - mean, 0.0)
        spread = weight @ centred**2
        constant = spread <= len(weight) * (1e-12 * (1 + np.abs(mean))) ** 2
        if constant.any():
            raise InputError(
                "everybody gave the same answer to an item, so it correlates with nothing",
                where="items",
                found=", ".join(str(item) for item, flat in zip(items, constant, strict=True) if flat),
                action="Leave the item out.",
            )
        complete = here.all()
        return cls(
            items,
            frame.index[keep],
            mean,
            centred,
            None if complete else here.astype(float),
            weight,
            weights is not None,
            n_dropped,
        )

    def take(self, mask: np.ndarray) -> Rows:
        """The same rows where `mask` is true, not re-centred: moments do not depend on the origin."""
        weight = self.weights[mask]
        return Rows(
            self.items,
            self.index[mask],
            self.mean,
            self.centred[mask],
            None if self.observed is None else self.observed[mask],
            weight * (len(weight) / weight.sum()),
            self.weighted,
            0,
        )

    def moments(self, counts: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Means (B × k) and covariances (B × k × k) when row i counts `counts[b, i]` times.

        Counts multiply the row weights; the divisor is the sum of weights. With missing values the item mean
        of each batch member replaces them.
        """
        x, seen = self.centred, self.observed
        if counts is None and seen is None:  # one pass, no table of products: fit for a million rows
            shift = (self.weights @ x) / self.weights.sum()
            second = (x * self.weights[:, None]).T @ x / self.weights.sum()
            return (self.mean + shift)[None], (second - np.outer(shift, shift))[None]
        weight = self.weights[None] if counts is None else counts * self.weights
        total = weight.sum(axis=1)[:, None, None]
        first = weight @ x
        xx = _pair_sums(weight, x)
        if seen is None:
            shift = first / total[:, :, 0]
            return self.mean + shift, xx / total - shift[:, :, None] * shift[:, None, :]
        with np.errstate(invalid="ignore", divide="ignore"):  # an item nobody answered in a resample is NaN
            shift = first / (weight @ seen)
        xo = _pair_sums(weight, x, seen)
        oo = _pair_sums(weight, seen)
        covariance = (
            xx
            - shift[:, None, :] * xo
            - shift[:, :, None] * xo.transpose(0, 2, 1)
            + shift[:, :, None] * shift[:, None, :] * oo
        )
        return self.mean + shift, covariance / total

    def linearise(self, pairs, of_covariance: np.ndarray, of_mean: np.ndarray | None = None) -> np.ndarray:
        """Influence of each row (n × m) on statistics with known slopes in the moments.

        `of_covariance` (pairs × m) holds the derivatives by the covariances of `pairs` (two index arrays,
        each pair once), `of_mean` (k × m) those by the means. A statistic moves by Σ w_i z_i / Σ w_i when the
        row weights change to w; Σ w_i z_i = 0 at the weights used.
        """
        a, b = pairs
        mean, covariance = (m[0] for m in self.moments())
        deviation = self.centred - (mean - self.mean)
        of_mean = np.zeros((len(mean), of_covariance.shape[1])) if of_mean is None else of_mean.copy()
        pull = deviation
        if self.observed is not None:
            deviation = deviation * self.observed
            total = self.weights.sum()
            pull = deviation * total / (self.weights @ self.observed)
            # an imputed mean moves too, and with it the products of observed with imputed values
            drift = (self.observed * self.weights[:, None]).T @ deviation / total
            np.add.at(of_mean, a, -drift[a, b][:, None] * of_covariance)
            np.add.at(of_mean, b, -drift[b, a][:, None] * of_covariance)
        z = pull @ of_mean - covariance[a, b] @ of_covariance
        step = max(1, _BATCH_DOUBLES // len(a))
        for start in range(0, self.n, step):
            d = deviation[start : start + step]
            z[start : start + step] += (d[:, a] * d[:, b]) @ of_covariance
        return z

    def batches(self, n: int, width: int):
        """Sizes of batches of `n` resamples, each of n rows and `width` doubles, that fit the memory."""
        size = max(1, min(n, _BATCH_DOUBLES // max(self.n, width, 1)))
        return [min(size, n - start) for start in range(0, n, size)]


def _pair_sums(weight: np.ndarray, x: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
    """sum_i weight[b, i] · x[i, p] · y[i, q] for every b, p, q; symmetric (y = x) when y is None."""
    n, k = x.shape
    if y is None:
        a, b = np.triu_indices(k)
        y = x
    else:
        a, b = (m.ravel() for m in np.indices((k, k)))
    sums = np.zeros((len(weight), len(a)))
    step = max(1, _BATCH_DOUBLES // len(a))
    for start in range(0, n, step):
        part = slice(start, start + step)
        sums += weight[:, part] @ (x[part][:, a] * y[part][:, b])
    square = np.empty((len(weight), k, k))
    square[:, a, b] = sums
    if y is x:
        square[:, b, a] = sums
    return square


def correlations(covariance: np.ndarray) -> np.ndarray:
    """Covariances (… × k × k) to correlations, with an exact unit diagonal."""
    diagonal = np.einsum("...ii->...i", covariance)
    with np.errstate(invalid="ignore", divide="ignore"):
        sd = np.sqrt(diagonal)
        r = covariance / (sd[..., :, None] * sd[..., None, :])
    np.einsum("...ii->...i", r)[...] = 1.0
    return r


def warn(text: str) -> None:
    """One `MeasureWarning`, pointed at the caller's caller."""
    warnings.warn(text, MeasureWarning, stacklevel=4)


def _numbers(frame: pd.DataFrame, items: Sequence[str]) -> np.ndarray:
    unknown = [item for item in items if item not in frame.columns]
    if unknown:
        guess = nearest(unknown[0], frame.columns)
        raise InputError(
            "item is not a column of the data",
            where="items",
            found=", ".join(map(str, unknown)),
            action=f"Did you mean {guess!r}?" if guess else "Check the spelling of the columns.",
        )
    doubled = frame.columns[frame.columns.duplicated()].intersection(pd.Index(items))
    if len(doubled):
        raise InputError(
            "two columns of the data have the same name",
            where="items",
            found=", ".join(map(str, doubled)),
            action="Rename one of them.",
        )
    values = table_of_numbers(frame, items)
    infinite = np.isinf(values).any(axis=0)
    if infinite.any():
        raise InputError(
            "item holds an infinite value",
            where="items",
            found=", ".join(str(i) for i, bad in zip(items, infinite, strict=True) if bad),
            action="Declare it missing or correct it.",
        )
    return values


def _warn_of_codes(values: np.ndarray, items: tuple) -> None:
    """An extreme value that is a usual missing code and stands far off all other answers was not declared."""
    for extreme in (np.nanmin(values, axis=0), np.nanmax(values, axis=0)):
        for column, code in enumerate(extreme):
            if code in _CODES:
                rest = values[:, column]
                rest = rest[(rest != code) & ~np.isnan(rest)]
                if len(rest) and np.abs(rest - code).min() > max(np.ptp(rest), 1):
                    warn(
                        f"item {items[column]} holds {code:g} while all other answers lie from "
                        f"{rest.min():g} to {rest.max():g}: if it means 'no answer', declare it missing."
                    )


def row_weights(weights, frame: pd.DataFrame) -> np.ndarray:
    """Weights as an array in the frame's row order: None, a column name, a Series or an array."""
    if weights is None:
        return np.ones(len(frame))
    values = numbers(column_or_values(frame, weights, where="weights"), name="weights", where="weights")
    if not np.isfinite(values).all():
        raise InputError(
            "a weight is missing or infinite",
            where="weights",
            found=f"{int((~np.isfinite(values)).sum())} rows",
            action="Give every row a weight, 0 to leave it out.",
        )
    if (values < 0).any():
        raise InputError("a weight is negative", where="weights", found=f"{int((values < 0).sum())} rows")
    if not values.any():
        raise InputError("all weights are zero", where="weights")
    return values
