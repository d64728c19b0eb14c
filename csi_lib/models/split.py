"""Why an index changed: because scores did, or because re-estimated weights did."""

from __future__ import annotations

import numpy as np

from csi_lib.models.index import IndexModel
from csi_lib.survey.estimates import Estimates


def change_split(model: IndexModel, now, before, *, weights_now=None, weights_before=None) -> Estimates:
    """The change of the index between two surveys as score effect and weight effect (two-way average).

    With I(w, s) the index of the scores of one wave under the weights of another::

        scores  = ½ [I(w₁,s₁) − I(w₁,s₀) + I(w₀,s₁) − I(w₀,s₀)]
        weights = ½ [I(w₁,s₁) − I(w₀,s₁) + I(w₁,s₀) − I(w₀,s₀)]

    and the two add up to I(w₁,s₁) − I(w₀,s₀) exactly, sectors included.

    Parameters
    ----------
    now, before : Survey of the two waves.
    weights_now, weights_before : the surveys on which each wave's weights are estimated, where these are others (``at:``
        pooled).

    Returns
    -------
    Estimates with the statistics ``score_effect`` and ``weight_effect`` of the index, versus ``year=<before>``; standard
    errors contain the sampling of both waves' scores and weights.
    """
    waves = [(before, weights_before or before), (now, weights_now or now)]
    corners = [
        model.evaluate(scores, weights_survey=weights if weights is not scores else None).select(
            measure=model.file.index, statistic="index", by1=None
        )
        for scores, _ in waves
        for _, weights in waves
    ]  # I(w₀,s₀), I(w₁,s₀), I(w₀,s₁), I(w₁,s₁)
    together = Estimates.concat(corners)
    matrix = np.array([[-0.5, -0.5, 0.5, 0.5], [-0.5, 0.5, -0.5, 0.5]]).T
    frame = corners[3].frame.iloc[[0, 0]].reset_index(drop=True)
    frame = frame.assign(statistic=["score_effect", "weight_effect"], versus=f"year={before.year}", value_text=None)
    frame[["df", "deff", "n_effective"]] = np.nan
    return together.combine(matrix, frame)
