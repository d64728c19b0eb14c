"""Groups that the tables of the public edition hide, hidden in its data too.

A file of answers that names the members of a group of three says what its tables withhold. So all hidden groups of a
variable become one value there, "withheld"; since at least two are hidden, with the minimum base together
(`csi_lib.survey.disclosure`), the file then says no more than the shown rows and the total do.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from csi_lib.models.round import Round
from csi_lib.models.scoring import banners
from csi_lib.survey.description import groupings
from csi_lib.survey.disclosure import Rules, complement, suppressed_groups
from csi_lib.survey.reading import Survey

#: group variable → its groups (as text) that a public reader may not see
Withheld = Mapping[str, frozenset[str]]


def withheld_groups(round_: Round, survey: Survey) -> dict[str, frozenset[str]]:
    """The groups of every group variable of `survey` that the public edition hides.

    The report's banner variables as decided for its tables, with the body's family; other group variables by the
    minimum base and its complement.
    """
    rules, out = Rules.of(round_.study, survey.source), {}
    shown = banners(round_.study, survey)
    if survey.source == round_.source:
        frame = round_.estimates(survey.agency, survey.year).frame
        single = frame[frame["by1"].notna() & frame["by2"].isna()]
        decided = single.groupby(["by1", "group1"], observed=True)["suppressed"].all()
        hidden = [(by, group) for (by, group), gone in decided.items() if gone]
    else:
        decided = suppressed_groups(groupings(survey, shown)[1:], rules)
        hidden = [(by[0], group[0]) for (by, group), gone in decided.items() if gone]
    for by, group in hidden:
        out[by] = out.get(by, frozenset()) | {str(group)}
    for name in (g for g in survey.codebook.groups if g in survey.frame and g not in shown):
        sizes = survey.frame[name].astype("string").value_counts().sort_index()
        n = sizes.to_numpy(float)
        gone = complement(n, n < rules.min_base, rules.min_base)
        if gone.any():
            out[name] = frozenset(sizes.index[gone])
    return out


def members(survey: Survey, withheld: Withheld, name: str) -> np.ndarray:
    """Whose group of the variable `name` is withheld."""
    groups = withheld.get(name, frozenset())
    return survey.frame[name].astype("string").isin(list(groups)).fillna(False).to_numpy(bool)


def blurred_weights(survey: Survey, withheld: Withheld, weights: pd.Series) -> pd.Series:
    """`weights`, averaged over the withheld of a variable where they would tell its hidden groups apart.

    A weight made from strata or margins is another name of the group. The sum over the withheld stays, and so do all
    figures of the variable's shown groups.
    """
    out = weights.reset_index(drop=True).astype(float)
    for name in withheld:
        rows, groups = members(survey, withheld, name), survey.frame[name].astype("string").to_numpy()
        values = out.round(6).to_numpy()
        own = [set(values[rows & (groups == g)]) for g in withheld[name]]
        apart = any(mine - set().union(*(o for o in own if o is not mine)) for mine in own)
        if apart:
            out[rows] = out[rows].mean()
    return out
