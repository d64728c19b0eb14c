"""Zones of a score: 위험, 보통, 양호, and how sure the zone is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scipy.special import ndtr, stdtr

from csi_lib.findings.finding import ZONES
from csi_lib.prose.numbers import absent


@dataclass(frozen=True)
class Zone:
    """Attributes: ``name`` (danger, fair, good); ``chances`` zone → probability, None where the error is not known."""

    name: str
    chances: Mapping[str, float] | None

    @property
    def chance(self) -> float | None:
        return None if self.chances is None else self.chances[self.name]


def zone_of(row: Mapping, cuts: tuple[float, float]) -> Zone | None:
    r"""The zone of a score and the probability of each; None without an estimate.

    Parameters
    ----------
    row : results row in points, with ``estimate se df``.
    cuts : (low, high): danger below low, good from high.

    The probability of a zone is the part of the t distribution around the estimate that lies in it:
    :math:`P(\text{danger}) = F_{df}((low - \hat\theta)/se)`. A score without a standard error has no probabilities.

    Examples
    --------
    >>> from csi_lib.findings.zones import zone_of
    >>> found = zone_of({"estimate": 44.1, "se": 3.0, "df": 100.0}, (50, 70))
    >>> found.name, round(found.chance, 3)
    ('danger', 0.974)
    """
    if absent(row.get("estimate")):
        return None
    value, (low, high) = float(row["estimate"]), cuts
    name = ZONES[int(value >= low) + int(value >= high)]
    se, df = row.get("se"), row.get("df")
    if absent(se) or not se > 0:
        return Zone(name, None)
    below = lambda cut: float(
        ndtr((cut - value) / se) if absent(df) else stdtr(max(float(df), 1.0), (cut - value) / se)
    )
    first, last = below(low), 1 - below(high)
    return Zone(name, {"danger": first, "fair": max(0.0, 1 - first - last), "good": last})
