"""Standards a record is held to: answered by the third ring, done within seven days. One rule for calls and charters."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pydantic import Field as Setting
from pydantic import model_validator

from csi_lib.errors import InputError
from csi_lib.evaluation.clustered import clustered_means
from csi_lib.study.base import Label, Part


class Standard(Part):
    """``column`` of a record must be ``at_most`` and/or ``at_least`` so much; ``target`` is the promised share (0–1)."""

    label: Label
    column: str
    at_most: float | None = None
    at_least: float | None = None
    target: float | None = Setting(default=None, ge=0, le=1)

    @model_validator(mode="after")
    def _some_limit(self):
        if self.at_most is None and self.at_least is None:
            raise ValueError("a standard needs 'at_most' or 'at_least'")
        if self.at_most is not None and self.at_least is not None and self.at_least > self.at_most:
            raise ValueError("'at_least' lies above 'at_most': nothing could comply")
        return self

    def kept(self, values: pd.Series) -> pd.Series:
        """1 where the standard is kept, 0 where not, null where the record does not say."""
        good = pd.Series(1.0, index=values.index)
        if self.at_most is not None:
            good = good.where(values <= self.at_most, 0.0)
        if self.at_least is not None:
            good = good.where(values >= self.at_least, 0.0)
        return good.where(values.notna())


def compliance(
    frame: pd.DataFrame, standards: dict[str, Standard], *, by: str | None = None, clusters: str | None = None,
    all_of: str | None = None, ci: float | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Share of records that keep each standard, with Wilson intervals (see `clustered_means`).

    by : column of groups (their rows come first, then, without group, everybody); all_of : name of a further row for
    keeping all standards at once, over records that say something about each. Returns ``standard`` + the columns of
    `clustered_means` + ``target``.
    """
    if missing := sorted({s.column for s in standards.values()} - set(frame.columns)):
        raise InputError("a standard looks at a column the records do not have", found=", ".join(missing),
                         expected=", ".join(map(str, frame.columns)))  # fmt: skip
    kept = pd.DataFrame({name: s.kept(frame[s.column]) for name, s in standards.items()}, index=frame.index)
    if all_of is not None:
        kept[all_of] = kept.min(axis=1).where(kept.notna().all(axis=1))
    whole = frame.drop(columns=[c for c in kept.columns if c in frame.columns]).join(kept)
    parts = []
    for name in kept.columns:
        for groups in [by, None] if by else [None]:
            part = clustered_means(whole, name, groups, clusters=clusters, share=True, ci=ci)
            target = standards[name].target if name in standards else None
            parts.append(part.assign(standard=name, target=np.nan if target is None else target))
    out = pd.concat(parts, ignore_index=True)
    if by and by not in out:
        out[by] = None
    return out
