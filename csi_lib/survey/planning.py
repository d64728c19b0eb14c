"""Planning a survey: how many to ask, how to spread them over cells, what error to expect.

Source: Cochran (1977), Sampling Techniques, ch. 4 and 5; Bankier (1988) for power allocation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from csi_lib.errors import InputError
from csi_lib.measure.shown import Result

METHODS = ("proportional", "neyman", "power", "equal")


@dataclass(frozen=True, repr=False)
class SampleSize(Result):
    """Numbers needed, unrounded (`n0 n_fpc n_deff`) and to be acted on (`n`, `invitations`).

    n0 : for an infinite population; n_fpc : with the finite population; n_deff : × design effect.
    n : completed interviews; invitations : n / expected response; both rounded up, at most the population.
    """

    SUMMARY = ("n", "invitations", "n0", "n_fpc", "n_deff", "margin", "ci", "population")

    n0: float
    n_fpc: float
    n_deff: float
    n: int
    invitations: int
    margin: float
    ci: float
    population: float | None


def sample_size(
    *,
    margin: float,
    proportion: float = 0.5,
    sd: float | None = None,
    ci: float = 0.95,
    population: float | None = None,
    deff: float = 1.0,
    response: float = 1.0,
) -> SampleSize:
    """Interviews needed for an error margin at confidence `ci`.

    n0 = z² p(1 − p)/e² for a proportion, z² s²/e² for a mean (when `sd` is given);
    n_fpc = n0/(1 + (n0 − 1)/N), for a mean n0/(1 + n0/N); n_deff = deff · n_fpc.

    Parameters
    ----------
    margin : half-width e of the interval: a share (.05 = 5 %p), or points when `sd` is given.
    proportion : expected share; .5 is the most demanding.
    population : N; None = infinite.
    deff : expected design effect (clustering, unequal weights).
    response : share of those approached who answer.

    Notes
    -----
    Source: Cochran (1977), eq. 4.2 and 4.4.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.sample_size(margin=0.05, population=3000).n
    341
    """
    _check(margin=margin, ci=ci, deff=deff, response=response, population=population)
    z = special.ndtri(0.5 + ci / 2)
    if sd is None:
        if not 0 < proportion < 1:
            raise InputError("the expected share lies between 0 and 1", where="proportion", found=proportion)
        if margin >= 1:
            raise InputError("the error margin of a share is itself a share", where="margin", found=f"{margin:g}",
                             action="Write .05 for 5 %p; for the margin of a mean, give sd.")  # fmt: skip
        n0 = z**2 * proportion * (1 - proportion) / margin**2
        n_fpc = n0 if population is None else n0 / (1 + (n0 - 1) / population)
    else:
        if not sd > 0:
            raise InputError("the standard deviation must be above 0", where="sd", found=sd)
        n0 = z**2 * sd**2 / margin**2
        n_fpc = n0 if population is None else n0 / (1 + n0 / population)
    n_deff = n_fpc * deff
    n = _up(n_deff)
    invitations = _up(n_deff / response)
    if population is not None:
        n, invitations = min(n, _up(population)), min(invitations, _up(population))
    return SampleSize(float(n0), float(n_fpc), float(n_deff), n, invitations, margin, ci, population)


def margin_of_error(n, *, proportion: float = 0.5, sd: float | None = None, ci: float = 0.95,
                    population=None, deff=1.0):  # fmt: skip
    """Half-width of the interval for `n` interviews (a number or an array): z √(s²/n · (N − n)/(N − 1) ·
    deff).

    With `sd` for a mean (fpc 1 − n/N), else for a share `proportion`. 410 interviews give ±4.84 %p.

    Examples
    --------
    >>> import csi_lib
    >>> round(csi_lib.margin_of_error(400), 4)
    0.049
    """
    z = special.ndtri(0.5 + ci / 2)
    n = np.asarray(n, dtype=float)
    if not (n > 0).all():
        raise InputError("an error margin needs interviews", where="n", found=f"{n.min():g}", expected="1 or more")
    variance = (proportion * (1 - proportion) if sd is None else np.asarray(sd, dtype=float) ** 2) / n
    if population is not None:
        size = np.asarray(population, dtype=float)
        if (n > size).any():
            raise InputError("the sample is larger than the population", where="n", action="Correct one of them.")
        if sd is None:
            variance = variance * (size - n) / np.maximum(size - 1, 1)
        else:
            variance = variance * (1 - n / size)
    result = z * np.sqrt(variance * deff)
    return float(result) if result.ndim == 0 else result


@dataclass(frozen=True, repr=False)
class Allocation(Result):
    """A sample spread over strata.

    `table` : ``stratum population sd n_exact n fraction margin`` (expected error of the cell's mean or
    share), one row per stratum; `n` interviews in all, `cost`, and `margin`, the expected error of the whole.
    """

    SUMMARY = ("method", "n", "cost", "margin")
    TABLE = "table"

    method: str
    table: pd.DataFrame
    n: int
    cost: float
    margin: float

    def check(self, achieved: Mapping) -> pd.DataFrame:
        """Fieldwork against plan: ``stratum n achieved missing done``."""
        frame = self.table[["stratum", "n"]].copy()
        unknown = [str(k) for k in achieved if k not in set(frame["stratum"])]
        if unknown:
            raise InputError("fieldwork reports a stratum that is not planned", where="achieved",
                             found=", ".join(unknown[:5]))  # fmt: skip
        frame["achieved"] = [int(achieved.get(s, 0)) for s in frame["stratum"]]
        frame["missing"] = np.maximum(frame["n"] - frame["achieved"], 0)
        frame["done"] = frame["missing"] == 0
        return frame


def allocate(
    population: Mapping,
    n: int | None = None,
    *,
    method: str = "proportional",
    sd: Mapping | float | None = None,
    power: float = 0.5,
    minimum: int = 0,
    budget: float | None = None,
    cost: Mapping | float = 1.0,
    ci: float = 0.95,
    deff: float = 1.0,
) -> Allocation:
    """Spread `n` interviews (or a `budget`) over strata.

    Parameters
    ----------
    population : {stratum: size N_h}.
    method : ``proportional`` n_h ∝ N_h; ``neyman`` ∝ N_h S_h/√c_h (smallest variance of the total for its
        cost); ``power`` ∝ N_h^power (power 0 = equal, 1 = proportional); ``equal``.
    sd : S_h per stratum or one for all; None = that of a share of one half, and margins are for shares.
    minimum : fewest interviews in a stratum (all of it where it is smaller). No stratum gets more than N_h.
    budget, cost : money instead of `n`, cost of one interview per stratum.

    Notes
    -----
    The parts are rounded by largest remainders and sum to `n` (a budget is not exceeded).
    R: ``PracTools::strAlloc``.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.allocate({"city": 6000, "county": 2000}, 400).table[["stratum", "n"]]
      stratum    n
    0    city  300
    1  county  100
    """
    if method not in METHODS:
        raise InputError("unknown allocation", where="method", found=repr(method), expected=", ".join(METHODS))
    if (n is None) == (budget is None):
        raise InputError("give either n or budget", where="allocate")
    population = dict(population)
    names = list(population)
    size = np.array([float(population[k]) for k in names])
    if not (size > 0).all():
        raise InputError("every stratum needs a population above 0", where="population",
                         found=", ".join(str(k) for k, v in zip(names, size) if not v > 0)[:80])  # fmt: skip
    spread = _per_stratum(names, sd if sd is not None else 0.5, "sd")
    price = _per_stratum(names, cost, "cost")
    _check(ci=ci, deff=deff)
    claim = {
        "proportional": size, "neyman": size * spread / np.sqrt(price), "power": size**power,
        "equal": np.ones(len(size)),
    }[method]  # fmt: skip
    least = np.minimum(float(minimum), size)
    unit = price if budget is not None else np.ones(len(size))
    amount = float(budget if budget is not None else n)
    if (least * unit).sum() > amount:
        raise InputError(
            "the minimum per stratum needs more than there is",
            where="minimum",
            found=f"{(least * unit).sum():g} needed of {amount:g}",
            action="Lower the minimum or raise the total.",
        )
    if n is not None and n > size.sum():
        raise InputError("more interviews than people", where="n", found=n, expected=f"at most {size.sum():g}")
    exact = _within(claim, unit, amount, least, size)
    whole = _rounded(exact, unit, amount, least, size)
    table = pd.DataFrame({"stratum": names, "population": size, "sd": spread, "n_exact": exact, "n": whole})
    table["fraction"] = whole / size
    z = special.ndtri(0.5 + ci / 2)
    with np.errstate(divide="ignore"):
        variance = np.where(whole > 0, spread**2 * deff * (1 - whole / size) / np.maximum(whole, 1), np.inf)
    table["margin"] = z * np.sqrt(variance)
    total = float(z * np.sqrt(((size / size.sum()) ** 2 * variance).sum()))
    return Allocation(method, table, int(whole.sum()), float((whole * price).sum()), total)


def _within(claim, unit, amount, least, most) -> np.ndarray:
    """x ∝ claim with Σ unit·x = amount and least ≤ x ≤ most: x = clip(k·claim), k by bisection."""
    if (most * unit).sum() <= amount:
        return most.copy()

    def spent(k):
        return (np.clip(k * claim, least, most) * unit).sum()

    low, high = 0.0, 1.0
    while spent(high) < amount:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if spent(middle) < amount else (low, middle)
    exact = np.clip(high * claim, least, most)
    free = (exact > least) & (exact < most)
    if free.any():  # what bisection leaves over
        exact[free] *= 1 + (amount - (exact * unit).sum()) / (exact[free] * unit[free]).sum()
    return exact


def _rounded(exact, unit, amount, least, most) -> np.ndarray:
    """Whole numbers by largest remainders, never beyond the amount, the minimum or the population."""
    whole = np.maximum(np.floor(exact + 1e-9), np.ceil(least - 1e-9)).astype(np.int64)
    left = amount - (whole * unit).sum()
    for i in np.argsort(-(exact - whole), kind="stable"):
        if unit[i] <= left + 1e-9 and whole[i] + 1 <= most[i] + 1e-9 and exact[i] - whole[i] > 1e-9:
            whole[i] += 1
            left -= unit[i]
    return whole


def _per_stratum(names, value, where: str) -> np.ndarray:
    if isinstance(value, Mapping):
        missing = [str(k) for k in names if k not in value]
        if missing:
            raise InputError("a stratum has no value", where=where, found=", ".join(missing[:5]))
        result = np.array([float(value[k]) for k in names])
    else:
        result = np.full(len(names), float(value))
    if not (np.isfinite(result) & (result > 0)).all():
        raise InputError("values must be above 0", where=where, action="Correct the strata at 0 or below.")
    return result


def _check(*, margin=None, ci=None, deff=None, response=None, population=None) -> None:
    if margin is not None and not margin > 0:
        raise InputError("the error margin must be above 0", where="margin", found=margin)
    if ci is not None and not 0 < ci < 1:
        raise InputError("the confidence level must lie between 0 and 1", where="ci", found=ci)
    if deff is not None and not deff > 0:
        raise InputError("the design effect must be above 0", where="deff", found=deff)
    if response is not None and not 0 < response <= 1:
        raise InputError("the expected response is a share above 0, at most 1", where="response", found=response)
    if population is not None and not population >= 1:
        raise InputError("the population must be 1 or more", where="population", found=population)


def _up(value: float) -> int:
    """Rounded up, but not for the last bit of a computed whole number."""
    return math.ceil(value - 1e-9)
