"""How many people each group of a wave has, whatever they answered."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from csi_lib.study.reading import small_bases


def group_sizes(survey, estimates: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """One row per group: its respondents as a results row (``variable:group``, count).

    A base of some measure is not taken for it: who left a question out is a respondent all the same. A group is withheld
    where every number of it in `estimates` (masked results rows) is.
    """
    rows = estimates[estimates["by1"].isin(list(by)) & estimates["by2"].isna()]
    hidden = rows.groupby(["by1", "group1"], sort=False)["suppressed"].all().reset_index()
    sizes = {v: survey.frame[v].astype("string").value_counts() for v in by}
    n = [int(sizes[v].get(str(g), 0)) for v, g in zip(hidden["by1"], hidden["group1"], strict=True)]
    return pd.DataFrame(
        {
            "measure": hidden["by1"].astype(str) + ":" + hidden["group1"].astype(str),
            "statistic": "count",
            "estimate": n,
            "n": n,
            "unit": "count",
            "suppressed": hidden["suppressed"].astype(bool),
            "flag": small_bases(pd.Series(n)),
        }
    )
