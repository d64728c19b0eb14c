"""Confirmatory factor analysis."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, MeasureWarning, nearest
from csi_lib.measure import cfa_data, cfa_fit
from csi_lib.measure.cfa_model import build, check_names
from csi_lib.measure.cfa_result import FactorAnalysis
from csi_lib.measure.frames import declared_order
from csi_lib.measure.model_syntax import MeasurementModel, read_model

_ESTIMATORS = {
    "ML": "likelihood",
    "MLR": "likelihood",
    "FIML": "likelihood",
    "WLSMV": "ordered",
    "DWLS": "ordered",
}


def cfa(
    items: pd.DataFrame | np.ndarray,
    model: str | Mapping[str, Sequence[str]] | MeasurementModel,
    *,
    estimator: str | None = None,
    missing: str | None = None,
    group=None,
    equal: Sequence[str] = (),
    partial: Sequence[str] = (),
    weights=None,
    std_lv: bool = False,
    means: bool | None = None,
    orthogonal: bool = False,
    ordered: Sequence[str] | bool | None = None,
    parameterization: str = "delta",
    likelihood: str = "normal",
    ci: float = 0.95,
) -> FactorAnalysis:
    r"""Confirmatory factor analysis: does each item measure the factor it is meant to measure?

    .. math:: \Sigma(\theta) = \Lambda \Psi \Lambda' + \Theta

    with loadings :math:`\Lambda` (items by factors), factor covariances :math:`\Psi` and residual covariances
    :math:`\Theta`. The estimates minimise :math:`F = \log|\Sigma| + \mathrm{tr}(S\Sigma^{-1}) - \log|S| - k`
    and :math:`\chi^2 = nF` (with missing values and for ordered items: see `estimator`).

    Parameters
    ----------
    items : DataFrame (rows, columns) or array (rows, k)
        Numeric answers or ordered categories, missing as NA, in pandas, polars or Arrow; columns are taken by
        name, those that the model does not name are ignored. Columns of an array are called x1, x2, ...
    model : str or mapping
        ``"trust =~ t1 + t2 + t3"`` or ``{"trust": ["t1", "t2", "t3"]}``; see `read_model` for the language.
    estimator : {"ML", "MLR", "FIML", "WLSMV", "DWLS"}, optional
        By default "WLSMV" if all items of the model are ordered categories (as in lavaan), else "ML".
        "ML": normal theory, expected information. "MLR": the same estimates, sandwich standard errors and
        Yuan-Bentler chi-square, for answers that are not normal. "FIML": "ML" with ``missing="fiml"``.
        "WLSMV": ordered answers through polychoric correlations, weighted by their variances, robust
        standard errors and scaled-and-shifted chi-square. "DWLS": the same without these corrections.
    missing : {"listwise", "fiml"}, optional
        "listwise" (default) drops rows with a missing answer in the model; "fiml" uses every row that has
        any answer, assuming them missing at random, with observed information. Ordered items: listwise.
    group : column name or values, optional
        Fit the model in each group at once; groups are in order of first appearance.
    equal : sequence of str
        What is equal over groups: loadings, intercepts, thresholds, residuals, residual_covariances,
        factor_variances, factor_covariances, factor_means, regressions.
    partial : sequence of str
        Exceptions from `equal`, written as in the model: ``"trust =~ t2"``, ``"t2 ~ 1"``.
    weights : column name or values, optional
        Sampling weights, scaled to sum to n; estimator "ML" then becomes "MLR", so that standard errors
        know about them.
    std_lv : bool
        Fix factor variances to 1 and free all loadings, instead of fixing each first loading to 1.
    means : bool, optional
        Model the means; by default only with several groups, missing values or ordered items.
    orthogonal : bool
        Uncorrelated factors.
    ordered : sequence of item names, or True for all
        Ordered items; implies "WLSMV" and is implied by it. All items of the model must be ordered. False takes
        ordered categories as numbers.
    parameterization : {"delta", "theta"}
        Ordered items: fix the latent responses' scale (delta) or their residual variance (theta) to 1.
    likelihood : {"normal", "wishart"}
        Divisor n and chi-square n F, or divisor n - 1 and chi-square (n - 1) F.
    ci : float
        Level of the intervals of parameters (that of RMSEA is always 90 %).

    Returns
    -------
    FactorAnalysis
        ``.loadings .variances .covariances .intercepts .thresholds .fit .residuals .factor_correlations
        .modification_indices .warnings``.

    Raises
    ------
    InputError
        Model text that cannot be read, unknown items, constant or perfectly correlated items, too few rows,
        a model that is not identified, or no convergence.

    Warns
    -----
    MeasureWarning
        Heywood cases (a negative variance, a correlation of factors of 1 or more); ordered categories that are
        taken as numbers because other items are no categories, or because of ``missing="fiml"``.

    Notes
    -----
    Conventions are lavaan 0.6-20's: standardised loadings by implied standard deviations with delta-method
    standard errors; RMSEA with n; SRMR by observed standard deviations; baseline of uncorrelated items.
    Negative residual variances are reported, not forced to 0.

    R: ``lavaan::cfa(model, data, estimator = "ML")``; ``missing = "fiml"``; ``ordered = TRUE`` for "WLSMV";
    ``group =``, ``group.equal =``, ``std.lv =``, ``sampling.weights =``, ``likelihood = "wishart"``.

    References
    ----------
    Joreskog (1969); Rosseel (2012), J. Stat. Softw. 48(2); Yuan & Bentler (2000); Muthen (1984);
    Asparouhov & Muthen (2010).


    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> fit = csi_lib.cfa(answers, "Kindness =~ q1 + q2 + q3\nFacilities =~ q4 + q5 + q6")
    >>> fit
    <FactorAnalysis estimator=ML, n=300, chisq=4.043, df=8, p_value=0.8532, cfi=1, tli=1.015, rmsea=0, ...
    >>> fit.to_apa()[["item", "B", "C.R.", "β"]]
      item     B   C.R.     β
    0   q1  1.00      –  .735
    1   q2  1.03  10.47  .769
    2   q3  1.03  10.21  .715
    3   q4  1.00      –  .702
    4   q5  0.92   8.97  .658
    5   q6  1.08   9.36  .766
    """
    parsed = read_model(model)
    frame = cfa_data.as_frame(items)
    name = default_estimator(frame, parsed, ordered, missing) if estimator is None else str(estimator).upper()
    if name not in _ESTIMATORS:
        close = nearest(name, _ESTIMATORS)
        raise InputError(
            f"'{estimator}' is not an estimator",
            where="estimator",
            expected=", ".join(_ESTIMATORS),
            action=f"Did you mean '{close}'?" if close else None,
        )
    missing = missing or ("fiml" if name == "FIML" else "listwise")
    for option, value, allowed in (
        ("missing", missing, ("listwise", "fiml")),
        ("likelihood", likelihood, ("normal", "wishart")),
        ("parameterization", parameterization, ("delta", "theta")),
    ):
        if value not in allowed:
            raise InputError(f"'{value}' is not known", where=option, expected=" or ".join(allowed))
    if not 0 < ci < 1:
        raise InputError(
            "the level of the intervals is not a probability",
            where="ci",
            found=ci,
            expected="a number between 0 and 1, e.g. 0.95",
        )
    equal, partial = ([x] if isinstance(x, str) else list(x) for x in (equal, partial))
    is_ordered = _ESTIMATORS[name] == "ordered" or (ordered is not None and ordered is not False)
    known = [c for c in frame.columns if not (isinstance(group, str) and c == group)]
    if is_ordered and name in ("MLR", "FIML"):
        raise InputError(
            f"the estimator '{name}' is not for ordered items",
            where="estimator",
            expected="WLSMV or DWLS",
            action="Leave out ordered=, or use estimator='WLSMV'.",
        )
    if is_ordered:
        from csi_lib.measure import cfa_wlsmv

        return cfa_wlsmv.fit(
            frame,
            parsed,
            known,
            estimator="WLSMV" if name == "ML" else name,
            ordered=ordered,
            missing=missing,
            group=group,
            weights=weights,
            equal=equal,
            partial=partial,
            std_lv=std_lv,
            orthogonal=orthogonal,
            parameterization=parameterization,
            ci=ci,
        )
    # names are checked against the data before the data are read, so that a misspelt item is named as such
    check_names(parsed, known)
    answers = cfa_data.read(frame, parsed.items, missing=missing, group=group, weights=weights)
    if means is None:
        means = len(answers.labels) > 1 or missing == "fiml"
    if not means and (missing == "fiml" or len(answers.labels) > 1):
        raise InputError(
            "the means cannot be left out here",
            where="means",
            expected="True with several groups or missing='fiml'",
        )
    if any(t.operator == "~" and t.right == "1" for t in parsed.terms):
        means = True
    table = build(
        parsed,
        known,
        groups=len(answers.labels),
        means=means,
        std_lv=std_lv,
        equal=equal,
        partial=partial,
        orthogonal=orthogonal,
    )
    robust = name == "MLR" or weights is not None
    if likelihood == "wishart" and (robust or missing == "fiml"):
        raise InputError(
            "the Wishart likelihood is for complete, unweighted data and estimator 'ML'",
            where="likelihood",
            action="Use likelihood='normal'.",
        )
    return cfa_fit.fit_likelihood(
        table, answers, estimator="MLR" if robust else "ML", missing=missing, likelihood=likelihood, ci=ci
    )


def default_estimator(frame: pd.DataFrame, model: MeasurementModel, ordered, missing: str | None) -> str:
    """WLSMV where every item is an ordered category, as in lavaan; where only some are, why not is said."""
    if ordered is not None:
        return "ML"
    known = [item for item in model.items if item in frame]
    categories = [item for item in known if declared_order(frame[item])]
    if not categories:
        return "ML"
    if len(categories) == len(known) and missing != "fiml":
        return "WLSMV"
    why = "missing='fiml' is for numbers" if len(categories) == len(known) else "not all items of the model are"
    warnings.warn(
        f"{', '.join(categories[:5])}: ordered categories taken as the numbers of their declared order, by ML, because "
        f"{why}. Ordered items are fitted by estimator='WLSMV' if all are ordered (ordered=True takes numbers too).",
        MeasureWarning,
        stacklevel=3,
    )
    return "ML"
