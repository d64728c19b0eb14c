"""How coefficients are usually read: published conventions, not laws."""

from __future__ import annotations

import math

#: (from, word), the highest first
RELIABILITY = ((0.9, "excellent"), (0.8, "good"), (0.7, "acceptable"), (0.6, "questionable"), (0.5, "poor"),
               (-math.inf, "unacceptable"))  # George and Mallery (2003)  # fmt: skip
ADEQUACY = ((0.9, "marvelous"), (0.8, "meritorious"), (0.7, "middling"), (0.6, "mediocre"), (0.5, "miserable"),
            (-math.inf, "unacceptable"))  # Kaiser (1974)  # fmt: skip
AGREEMENT = ((0.81, "almost perfect"), (0.61, "substantial"), (0.41, "moderate"), (0.21, "fair"), (0.0, "slight"),
             (-math.inf, "poor"))  # Landis and Koch (1977)  # fmt: skip
INTRACLASS = ((0.9, "excellent"), (0.75, "good"), (0.5, "moderate"), (-math.inf, "poor"))  # Koo and Li (2016)
CODING = ((0.8, "reliable"), (0.667, "for tentative conclusions"), (-math.inf, "not reliable"))  # Krippendorff (2004)


def read(value: float | None, ladder) -> str:
    """The word of the highest step that `value` reaches; empty for no value."""
    if value is None or math.isnan(value):
        return ""
    return next(word for step, word in ladder if value >= step)
