"""Content validity: what experts say about the items before anybody answers them."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.measure.inputs import read_items, refuse_infinite
from csi_lib.measure.shown import Result


@dataclass(frozen=True, repr=False)
class ContentValidityIndex(Result):
    """Relevance of items to experts; see :func:`content_validity_index`.

    ``items``: frame ``item experts relevant i_cvi chance kappa``; ``s_cvi_average`` and
    ``s_cvi_universal`` of the scale.
    """

    SUMMARY = ("s_cvi_average", "s_cvi_universal", "experts")
    TABLE = "items"

    items: pd.DataFrame
    s_cvi_average: float
    s_cvi_universal: float
    experts: int

    def verdict(self) -> str:
        return "content valid" if self.s_cvi_average >= 0.9 else "below .90"


@dataclass(frozen=True, repr=False)
class ContentValidityRatio(Result):
    """Lawshe's ratios; see :func:`content_validity_ratio`.

    ``items``: frame ``item experts essential cvr critical keep``; ``cvi`` is the mean ratio of the
    items kept (None if none is).
    """

    SUMMARY = ("cvi", "experts", "level")
    TABLE = "items"

    items: pd.DataFrame
    cvi: float | None
    experts: int
    level: float

    def verdict(self) -> str:
        return f"{int(self.items['keep'].sum())} of {len(self.items)} items kept"


def content_validity_index(ratings, *, relevant: float = 3) -> ContentValidityIndex:
    r"""Content validity index of items (I-CVI) and of the scale (S-CVI).

    I-CVI is the share of experts who rate the item `relevant` or higher; S-CVI/Ave is their mean
    and S-CVI/UA the share of items on which all experts agree. ``kappa`` corrects I-CVI for chance:
    :math:`(\text{I-CVI} - p_c)/(1 - p_c)` with :math:`p_c = \binom{N}{A} 0.5^N`, A of N experts
    finding it relevant.

    Parameters
    ----------
    ratings : experts × items, usually 1 (not relevant) to 4 (highly relevant). An expert who did
        not rate an item is left out for that item.
    relevant : lowest rating that counts as relevant.

    Notes
    -----
    Usual readings: I-CVI ≥ .78 with six or more experts, 1 with up to five; S-CVI/Ave ≥ .90.

    References
    ----------
    Lynn (1986), Nursing Research 35, 382–385; Polit, Beck and Owen (2007), Research in Nursing and
    Health 30, 459–467.

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> experts = pd.DataFrame({"q1": [4, 4, 3, 4, 4], "q2": [2, 3, 1, 2, 4]})
    >>> csi_lib.content_validity_index(experts).items[["item", "i_cvi", "kappa"]].round(2)
      item  i_cvi  kappa
    0   q1    1.0   1.00
    1   q2    0.4   0.13
    """
    names, experts, agreeing = _votes(ratings, relevant)
    share = agreeing / experts
    chance = np.array([comb(int(n), int(a)) * 0.5 ** int(n) for n, a in zip(experts, agreeing)])
    # one expert who finds it relevant: chance .5; 1 − chance is never 0 for whole numbers
    frame = pd.DataFrame(
        {
            "item": names,
            "experts": experts,
            "relevant": agreeing,
            "i_cvi": share,
            "chance": chance,
            "kappa": (share - chance) / (1 - chance),
        }
    )
    return ContentValidityIndex(
        items=frame,
        s_cvi_average=float(share.mean()),
        s_cvi_universal=float((agreeing == experts).mean()),
        experts=int(experts.max()),
    )


def content_validity_ratio(ratings, *, essential: float = 1, level: float = 0.05) -> ContentValidityRatio:
    r"""Lawshe's content validity ratio, :math:`(n_e - N/2)/(N/2)`, from −1 to 1.

    n_e of N experts call the item essential. ``critical`` is the smallest ratio whose one-sided
    exact binomial probability under chance (one half) is at most `level`; ``keep`` says which items
    reach it (no item can with fewer than five experts at level .05).

    Parameters
    ----------
    ratings : experts × items; a rating of `essential` or more counts as essential (True/False, or
        1/0, with the default). Missing as in :func:`content_validity_index`.

    References
    ----------
    Lawshe (1975), Personnel Psychology 28, 563–575; Ayre and Scally (2014), Measurement and
    Evaluation in Counseling and Development 47, 79–86 (exact critical values).

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> essential = pd.DataFrame({"q1": [1, 1, 1, 1, 1], "q2": [1, 0, 1, 0, 0]})
    >>> csi_lib.content_validity_ratio(essential).items[["item", "cvr", "keep"]]
      item  cvr   keep
    0   q1  1.0   True
    1   q2 -0.2  False
    """
    names, experts, agreeing = _votes(ratings, essential)
    ratio = 2 * agreeing / experts - 1
    critical = np.array([_critical_ratio(int(n), level) for n in experts])
    keep = ratio >= critical - 1e-12
    frame = pd.DataFrame(
        {
            "item": names,
            "experts": experts,
            "essential": agreeing,
            "cvr": ratio,
            "critical": critical,
            "keep": keep,
        }
    )
    return ContentValidityRatio(frame, float(ratio[keep].mean()) if keep.any() else None, int(experts.max()), level)


def _critical_ratio(n: int, level: float) -> float:
    """Smallest significant ratio among n experts; infinite when even all of them are too few."""
    tail, needed = 0.0, n + 1
    while needed > 0 and tail + comb(n, needed - 1) * 0.5**n <= level:
        needed -= 1
        tail += comb(n, needed) * 0.5**n
    return 2 * needed / n - 1 if needed <= n else float("inf")


def _votes(ratings, threshold: float) -> tuple[list, np.ndarray, np.ndarray]:
    table = read_items(ratings, at_least=1, fewest=1, where="ratings")
    refuse_infinite(table.values, table.names, "ratings")
    experts = (~np.isnan(table.values)).sum(axis=0)
    unrated = [repr(name) for name, n in zip(table.names, experts) if n == 0]
    if unrated:
        raise InputError(f"no expert rated {', '.join(unrated[:5])}", where="ratings")
    with np.errstate(invalid="ignore"):
        return list(table.names), experts, (table.values >= threshold).sum(axis=0)
