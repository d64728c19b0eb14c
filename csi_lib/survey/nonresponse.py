"""Weighting for non-response: respondents stand for those of their class who did not answer."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.survey.margins import Margin, category_name
from csi_lib.survey.sample import listed
from csi_lib.survey.stages import label_codes, pair_codes
from csi_lib.survey.weighting import Weighting, margin_rows, report_of, starting

#: a class whose factor is so many times the average one is warned of
HEAVY = 3.0


def adjust_nonresponse(
    data, classes, responded=None, *, sampled: Mapping | None = None, weights=None, minimum: int = 10
) -> Weighting:
    """Respondents take over the weight of the non-respondents of their class.

    Parameters
    ----------
    data : all sampled units with `responded`; the respondents alone with `sampled`.
    classes : column, or list of columns whose cross makes the response classes.
    responded : true/false column or array; factor = Σ weights sampled / Σ weights answered.
    sampled : {class, or tuple of classes: number approached}; factor = approached / answered, which needs the
        weights to be equal within a class or the answering to be unrelated to them.
    minimum : fewest respondents a class may have.

    Returns
    -------
    Weighting whose weights are 0 for non-respondents; the report's margins are the classes (sampled weight
    or number before and after), its other figures those of the respondents.

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> sampled = pd.DataFrame({"area": ["a"] * 40 + ["b"] * 40, "answered": [True] * 30 + [False] * 10 + [True] * 20 + [False] * 20})
    >>> result = csi_lib.adjust_nonresponse(sampled, "area", "answered")
    >>> sampled.assign(w=result.weights).groupby("area")["w"].max().round(3).to_dict()
    {'a': 1.333, 'b': 2.0}
    """
    if (responded is None) == (sampled is None):
        raise InputError("give either responded (all sampled units) or sampled (numbers approached)", where="responded")
    sample, start = starting(data, weights)
    names = listed(classes)
    code, labels = label_codes(sample.column(names[0], "classes"), names[0])
    labels = [category_name((label,)) for label in labels.tolist()]
    for name in names[1:]:
        second, more = label_codes(sample.column(name, "classes"), name)
        code, i, j = pair_codes(code, second, len(more))
        labels = [f"{labels[a]} × {category_name((more.tolist()[b],))}" for a, b in zip(i, j)]
    answered = np.ones(sample.n, bool) if responded is None else np.asarray(sample.given(responded, "responded"), bool)
    size, unit = len(labels), start if sampled is None else np.ones(sample.n)
    wanted = np.bincount(code, unit, size) if sampled is None else _approached(sampled, labels, code, names)
    held = np.bincount(code, unit * answered, size)
    count = np.bincount(code, answered, size)
    if (count < minimum).any():
        small = [f"{labels[i]} ({int(count[i])})" for i in np.flatnonzero(count < minimum)[:5]]
        raise InputError(
            "a response class has too few respondents",
            where=", ".join(names),
            found=", ".join(small),
            expected=f"{minimum} or more",
            action="Merge it with a class that answers alike, or lower minimum=.",
        )
    each = wanted / held
    if (relative := each / (wanted.sum() / held.sum())).max() > HEAVY:
        k = int(relative.argmax())
        warnings.warn(
            f"in class {labels[k]} one respondent stands for {each[k]:.1f} approached, {relative[k]:.1f} times as many as "
            "on average; merge classes",
            MeasureWarning,
            stacklevel=2,
        )
    factor = each[code] * answered
    final = start * factor
    margin = Margin(" × ".join(names), code, labels, wanted)
    report = report_of("non-response classes", start[answered], final[answered], 1, 0,
                     margin_rows([margin], [], unit * answered, unit * factor))  # fmt: skip
    return Weighting(final, start, report)


def _approached(sampled: Mapping, labels: list[str], code, names) -> np.ndarray:
    """Numbers approached in the order of `labels`; a class without one, or with more answers than people, is refused."""
    given = {category_name(k if isinstance(k, tuple) else (k,)): float(v) for k, v in sampled.items()}
    where = ", ".join(names)
    if lacking := [label for label in labels if label not in given]:
        raise InputError("a response class has no number approached", where=where, found=", ".join(lacking[:5]),
                         expected=", ".join(list(given)[:8]), action="Add the class, or recode the column.")  # fmt: skip
    if empty := [label for label, number in given.items() if number > 0 and label not in labels]:
        raise InputError("nobody of a response class answered", where=where, found=", ".join(empty[:5]),
                         action="Merge it with a class that answers alike.")  # fmt: skip
    wanted, count = np.array([given[label] for label in labels]), np.bincount(code, minlength=len(labels))
    if (wanted < count).any():
        k = int((wanted < count).argmax())
        raise InputError("more people answered than were approached", where=where,
                         found=f"{labels[k]}: {int(count[k])} answers of {wanted[k]:g}",
                         action="Correct the number approached.")  # fmt: skip
    return wanted
