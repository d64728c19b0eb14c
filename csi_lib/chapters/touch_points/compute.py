"""Touch points: which channel whom reaches, how satisfied people are with it, and which to improve first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pydantic import field_validator

from csi_lib.errors import InputError
from csi_lib.evaluation.systems import unknown_names
from csi_lib.study.base import Code, Label, Part, written
from csi_lib.survey.estimates import Estimates


class TouchPointsFile(Part):
    """``touch_points.yml``.

    ``channel`` : column of the main channel; ``by``: column of the customer types; ``satisfaction``: the item that rates it,
    or one item per channel code; ``target``: points below which a channel has room (None: the mean over all channels);
    ``actions``: what is to be done about a channel.
    """

    channel: str
    by: str
    satisfaction: str | dict[str, str]
    target: float | None = None
    actions: dict[str, Label] = {}

    @field_validator("satisfaction", "actions", mode="before")
    @classmethod
    def _text_keys(cls, value):
        return {written(k): v for k, v in value.items()} if isinstance(value, dict) else value

    @field_validator("target")
    @classmethod
    def _on_scale(cls, value):
        if value is not None and not 0 <= value <= 100:
            raise ValueError("the target is in points, 0 to 100")
        return value

    def item(self, code: Code) -> str | None:
        """The item that rates a channel; None where none does."""
        return self.satisfaction.get(written(code)) if isinstance(self.satisfaction, dict) else self.satisfaction

    def consistent_with(self, study):
        book = study.codebook("customers")
        yield from unknown_names([(self.channel, "channel"), (self.by, "by")], book.groups)
        rated = self.satisfaction if isinstance(self.satisfaction, dict) else {"": self.satisfaction}
        yield from unknown_names([(item, "satisfaction") for item in rated.values()], book.items)
        if self.channel in book.groups:
            codes = [written(c) for c in book.columns[self.channel].labels]
            wanted = [(c, "satisfaction") for c in rated if c] + [(c, "actions") for c in self.actions]
            yield from unknown_names(wanted, codes)


def priorities(shares: Estimates, scores: Estimates, *, target: float | None = None) -> Estimates:
    r"""What the satisfaction of all contacts would gain if a channel reached the target.

    :math:`g_c = p_c \cdot (T - s_c)`, with the share of use p, satisfaction s and target T (None: :math:`\sum_c p_c s_c`,
    the mean of all contacts). Positive: room; negative: above the target.

    shares, scores : one row per channel, in the same order, of one survey (shares of use as proportions).

    Returns
    -------
    Estimates in points, one row per channel (keys of `scores`, statistic ``gain``); the standard error is that of the
    product, from the joint influence of share and score:
    :math:`dg_c = (T - s_c)\,dp_c - p_c\,ds_c \;(+\; p_c\,dT)`.
    """
    k = len(scores)
    if len(shares) != k:
        raise InputError(f"{len(shares)} shares of use for {k} satisfaction scores")
    p, s = shares.frame["estimate"].to_numpy(float), scores.frame["estimate"].to_numpy(float)
    live = np.isfinite(p) & np.isfinite(s)
    mean = float((p[live] * s[live]).sum() / p[live].sum()) if live.any() else np.nan
    goal = mean if target is None else float(target)
    both = Estimates.concat([shares, scores])
    matrix = np.zeros((2 * k, k))
    for c in range(k):
        if not live[c]:
            continue
        matrix[c, c] = goal - s[c]
        matrix[k + c, c] = -p[c]
        if target is None:
            for j in np.flatnonzero(live):
                matrix[j, c] += p[c] * (s[j] - mean) / p[live].sum()
                matrix[k + j, c] += p[c] * p[j] / p[live].sum()
    frame = scores.frame.assign(
        measure=scores.frame["measure"], statistic="gain", versus="target", unit="points", scale_low=-100.0, scale_high=100.0,
        df=np.nan, deff=np.nan, n_effective=np.nan, value_text=None,
        suppressed=scores.frame["suppressed"].to_numpy(bool) | shares.frame["suppressed"].to_numpy(bool),
    )  # fmt: skip
    out = both.combine(matrix, frame, estimate=np.where(live, p * (goal - s), np.nan))
    blank = [c for c in ("estimate", "se", "ci_low", "ci_high", "p_value") if c in out.frame]
    out.frame.loc[~live, blank] = np.nan
    return out


def possible_bases(percentages: Sequence[float], *, digits: int = 1, most: int = 200) -> list[int]:
    """Bases n for which every printed percentage is k/n rounded: how few people a table of shares may rest on.

    The smallest ones come first; a true n below `most` is among them.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.possible_bases([33.3, 66.7], most=9)
    [3, 6, 9]
    """
    printed = np.asarray(percentages, float)
    if printed.size == 0 or ((printed < 0) | (printed > 100)).any():
        raise InputError("percentages lie between 0 and 100", found=str(list(percentages))[:60])
    half = 0.5 * 10.0**-digits + 1e-9
    out = []
    for n in range(1, most + 1):
        k = np.rint(printed * n / 100)
        if (np.abs(100 * k / n - printed) <= half).all():
            out.append(n)
    return out


def ranking(gains: pd.DataFrame) -> pd.DataFrame:
    """Channels with the most to gain first; those above the target last, and those without a number not at all."""
    live = gains[gains["estimate"].notna()]
    return live.sort_values("estimate", ascending=False, kind="stable").reset_index(drop=True)
