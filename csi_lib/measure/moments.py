"""Means, covariances and correlations of a table of answers, in one pass over it.

The table is read in blocks that fit in the processor's cache, centred on a typical answer of
each item (so that large offsets cost no digits). A complete block is multiplied with itself; a
block with gaps under pairwise deletion also needs where its answers are given. Both fill the same
sums, so complete data, listwise and pairwise deletion, weighted or not, share every formula below.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from csi_lib.errors import InputError
from csi_lib.measure.inputs import Items, Missing, nobody_complete, read_option, refuse_infinite

#: numbers in one block: large enough for the matrix product, small enough for the cache
_BLOCK = 200_000

#: multiplications in one product up to which OpenBLAS keeps to one thread
_UNSHARED = 262_144


@dataclass(frozen=True)
class Moments:
    """First and second moments of k items.

    ``n`` respondents were used: the complete ones (listwise), or those who answered at least
    one item (pairwise). ``n_items`` counts the valid answers of each item, ``n_pairs`` of each
    pair. ``n_effective`` is Kish's (Σw)²/Σw², equal to n without weights. With pairwise deletion
    each covariance and each correlation uses the respondents who answered both items, as R's
    ``cov`` and ``cor`` with ``use = "pairwise"``. ``score_correlation`` is that of each item with
    the mean of the answers its respondents gave.
    """

    names: tuple
    n: int
    n_effective: float
    n_items: np.ndarray
    n_pairs: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    correlation: np.ndarray
    score_correlation: np.ndarray

    @property
    def sd(self) -> np.ndarray:
        return np.sqrt(np.diag(self.covariance))


def moments(items: Items, missing: Missing = "listwise", *, where: str = "items") -> Moments:
    """Moments of `items`.

    With weights w the covariance is Σw(x − x̄)(y − ȳ)/Σw · n/(n − 1), as R's
    ``survey::svyvar``; without weights that is the ordinary n − 1 covariance. Items without
    variance have NaN correlations: the caller decides what that means.

    Raises
    ------
    InputError
        For infinite answers, an item without any answer, no complete respondent (listwise) and
        a pair of items answered together by fewer than two respondents (pairwise).
    """
    read_option(missing, ("listwise", "pairwise"), where="missing")
    k, answers = items.k, items.values.T
    shift = _typical_answers(items.values)[:, None]
    count, mass = np.zeros((k, k)), np.zeros((k, k))  # pairs answered, and their weight
    first, square, cross = np.zeros((k, k)), np.zeros((k, k)), np.zeros((k, k))
    score = np.zeros((3, k))  # of a respondent's mean answer t: Σxt, Σt, Σt² where x is answered
    n, weight_sum, weight_square = 0, 0.0, 0.0

    rows = max(_BLOCK // k, 64)
    buffer = np.empty_like(answers[:, :rows])  # in the table's own memory order
    ones, offset = np.ones(k), shift[:, 0] - shift.mean()
    with np.errstate(over="ignore", invalid="ignore"):  # infinite answers are refused in words
        for start in range(0, items.n, rows):
            block = answers[:, start : start + rows]
            block = np.subtract(block, shift, out=buffer[:, : block.shape[1]])
            weight = None if items.weights is None else items.weights[start : start + rows]
            present = None
            total = ones @ block
            if not np.isfinite(total).all():
                refuse_infinite(block.T, items.names, where, first_row=start)
                answered = ~np.isnan(total)
                if missing == "pairwise":
                    present = ~np.isnan(block)
                    answered = present.any(axis=0)
                    present = present[:, answered].astype(float)
                block = block[:, answered]
                weight = None if weight is None else weight[answered]
            m = block.shape[1]
            n += m
            mass_here = float(m) if weight is None else weight.sum()
            weight_sum += mass_here
            weight_square += float(m) if weight is None else weight @ weight
            if present is None:
                count += m
                mass += mass_here
                loaded = block if weight is None else block * weight
                product = loaded @ block.T
                sums = loaded @ np.ones(m)
                first += sums[:, None]
                square += np.diag(product)[:, None]
                cross += product
                score[0] += product.sum(axis=1) / k
                score[1:] += np.array([[sums.sum() / k], [product.sum() / k**2]])
            else:
                block[np.isnan(block)] = 0.0
                t = (ones @ block + offset @ present) / (ones @ present)
                loaded = block if weight is None else block * weight
                heavy = present if weight is None else present * weight
                left = np.concatenate([loaded, loaded * block, heavy])
                sums = _products(left, np.concatenate([present, [t, t**2]]))
                x, x2, given = np.split(sums, 3)
                cross += loaded @ block.T
                first += x[:, :k]
                square += x2[:, :k]
                mass += given[:, :k]
                count += given[:, :k] if weight is None else _products(present, present)
                score += np.stack([x[:, k], given[:, k], given[:, k + 1]])

    _refuse_unanswered(items, count, n, missing, where)
    with np.errstate(all="ignore"):
        product = cross - first * first.T / mass
        scatter = square - first**2 / mass
        correlation = product / np.sqrt(scatter * scatter.T)
        own, spread = np.diag(mass), np.diag(scatter)
        with_score = (score[0] - np.diag(first) * score[1] / own) / np.sqrt(spread * (score[2] - score[1] ** 2 / own))
    correlation = np.clip(correlation, -1.0, 1.0)
    np.fill_diagonal(correlation, np.where(np.diag(scatter) > 0, 1.0, np.nan))
    if not np.isfinite(product).all():
        raise InputError(
            "the answers are too large to square", where=where, expected="numbers below about 1e150 in size"
        )
    return Moments(
        names=items.names,
        n=n,
        n_effective=weight_sum**2 / weight_square,
        n_items=np.diag(count).astype(int),
        n_pairs=count.astype(int),
        mean=shift[:, 0] + np.diag(first) / np.diag(mass),
        covariance=product / mass * (count / (count - 1)),
        correlation=correlation,
        score_correlation=np.where(spread > 0, np.clip(with_score, -1.0, 1.0), np.nan),
    )


def _products(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """left @ right.T, in pieces too small for BLAS to share out among threads.

    Threads wait for each other after every product; where other programs hold a processor, that
    wait costs ten times the product.
    """
    piece = max(64, _UNSHARED // (len(left) * len(right)))
    short = -left.shape[1] % piece  # columns of zeros that fill the last piece
    left, right = (np.pad(a, ((0, 0), (0, short))).reshape(len(a), -1, piece) for a in (left, right))
    return np.matmul(left.transpose(1, 0, 2), right.transpose(1, 2, 0)).sum(axis=0)


def _typical_answers(values: np.ndarray) -> np.ndarray:
    """The median of about a hundred answers of each item.

    An answer somebody gave, not a mean: a constant item then becomes exactly zero.
    """
    sample = np.sort(values[:: max(1, len(values) // 101)], axis=0)  # NaN goes last
    valid = len(sample) - np.isnan(sample).sum(axis=0)
    typical = sample[np.maximum(valid - 1, 0) // 2, np.arange(sample.shape[1])]
    for column in np.flatnonzero(~np.isfinite(typical)):
        answered = values[np.isfinite(values[:, column]), column]
        typical[column] = answered[0] if len(answered) else 0.0
    return typical


def _refuse_unanswered(items: Items, count: np.ndarray, n: int, missing: str, where: str) -> None:
    if n < 2 and missing == "listwise":
        unanswered = [name for name, x in zip(items.names, items.values.T) if np.isnan(x).all()]
        if unanswered:
            raise InputError(
                f"nobody answered {', '.join(map(repr, unanswered[:5]))}",
                where=where,
                action="Leave these items out",
            )
        if n == 0:
            raise nobody_complete(where)
        raise InputError(
            "only one respondent answered every item",
            where=where,
            expected="at least two complete respondents",
            action="Use missing='pairwise', or leave out the items that few people answered",
        )
    few = np.argwhere(count < 2)
    if len(few):
        i, j = few[0]
        who = repr(items.names[i]) if i == j else f"{items.names[i]!r} and {items.names[j]!r} together"
        raise InputError(
            f"fewer than two respondents answered {who}",
            where=where,
            found=int(count[i, j]),
            action="Leave one of these items out",
        )
