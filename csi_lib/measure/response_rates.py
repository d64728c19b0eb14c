"""Outcome rates of fieldwork by the AAPOR Standard Definitions: response, cooperation, refusal, contact.

Source: The American Association for Public Opinion Research (2023), Standard Definitions: Final Dispositions of Case Codes
and Outcome Rates for Surveys, 10th edition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from csi_lib.errors import InputError, nearest
from csi_lib.measure.shown import Result

#: groups of final dispositions: complete interview, partial, refusal and break-off, non-contact, other eligible,
#: unknown whether there is a household or person, unknown whether eligible, not eligible
OUTCOMES = ("I", "P", "R", "NC", "O", "UH", "UO", "NE")


@dataclass(frozen=True, repr=False)
class OutcomeRates(Result):
    """Rates of one set of cases.

    Attributes
    ----------
    frame : ``rate estimate numerator denominator``; rates RR1–RR6, COOP1–COOP4, REF1–REF3, CON1–CON3, proportions 0–1, NaN
        where the denominator is zero.
    counts : cases by outcome group; n : all cases, ``NE`` included.
    e : assumed share of eligible cases among those of unknown eligibility; e_rule : ``given`` or ``proportional``.
    """

    SUMMARY = ("n", "e", "e_rule")
    TABLE = "frame"

    frame: pd.DataFrame
    counts: dict[str, int]
    n: int
    e: float
    e_rule: str

    def __getitem__(self, rate: str) -> float:
        return float(self.frame.set_index("rate").loc[rate, "estimate"])


def outcome_rates(counts: Mapping[str, float], *, e: float | None = None) -> OutcomeRates:
    """AAPOR rates from the number of cases in each group of final dispositions.

    Parameters
    ----------
    counts : cases by group: I complete, P partial, R refusal and break-off, NC non-contact, O other, UH unknown household,
        UO unknown other, NE not eligible. Absent groups are zero.
    e : share of the unknown cases (UH + UO) that are eligible. None: as among the cases whose eligibility is known,
        (I + P + R + NC + O) / (I + P + R + NC + O + NE) (the proportional allocation method), 1 without known cases.

    Notes
    -----
    Formulas, with A = I + P + R + NC + O and U = UH + UO::

        RR1 = I/(A + U)       RR2 = (I + P)/(A + U)      RR3 = I/(A + eU)   RR4 = (I + P)/(A + eU)
        RR5 = I/A             RR6 = (I + P)/A
        COOP1 = I/(I+P+R+O)   COOP2 = (I+P)/(I+P+R+O)    COOP3 = I/(I+P+R)  COOP4 = (I+P)/(I+P+R)
        REF1 = R/(A + U)      REF2 = R/(A + eU)          REF3 = R/A
        CON1 = (I+P+R+O)/(A + U)   CON2 = (I+P+R+O)/(A + eU)   CON3 = (I+P+R+O)/A

    Raises
    ------
    InputError for an unknown group, a negative count, or `e` outside 0–1.

    Examples
    --------
    >>> round(outcome_rates({"I": 300, "R": 200, "NC": 100, "UH": 100}, e=0.5)["RR3"], 4)
    0.4615
    """
    for group, count in counts.items():
        if group not in OUTCOMES:
            near = nearest(str(group), OUTCOMES)
            raise InputError("unknown outcome of a case", found=repr(group), expected=", ".join(OUTCOMES),
                             action=f"Did you mean {near!r}?" if near else None)  # fmt: skip
        if not count >= 0:
            raise InputError("a number of cases is zero or more", where=group, found=repr(count))
    if e is not None and not 0 <= e <= 1:
        raise InputError("the share of eligible cases lies between 0 and 1", where="e", found=repr(e))
    i, p, r, nc, o, uh, uo, ne = (float(counts.get(g, 0)) for g in OUTCOMES)
    known, unknown = i + p + r + nc + o, uh + uo
    share = e if e is not None else known / (known + ne) if known + ne else 1.0
    reached, everybody, likely = i + p + r + o, known + unknown, known + share * unknown
    rates = {
        "RR1": (i, everybody), "RR2": (i + p, everybody), "RR3": (i, likely), "RR4": (i + p, likely),
        "RR5": (i, known), "RR6": (i + p, known),
        "COOP1": (i, reached), "COOP2": (i + p, reached), "COOP3": (i, i + p + r), "COOP4": (i + p, i + p + r),
        "REF1": (r, everybody), "REF2": (r, likely), "REF3": (r, known),
        "CON1": (reached, everybody), "CON2": (reached, likely), "CON3": (reached, known),
    }  # fmt: skip
    frame = pd.DataFrame(
        [(name, a / b if b else float("nan"), a, b) for name, (a, b) in rates.items()],
        columns=["rate", "estimate", "numerator", "denominator"],
    )
    whole = {g: int(counts.get(g, 0)) for g in OUTCOMES}
    return OutcomeRates(frame, whole, sum(whole.values()), float(share), "given" if e is not None else "proportional")
