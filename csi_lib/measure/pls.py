"""PLS path models of satisfaction (ACSI, NCSI, ECSI): estimation and everything read from one fit.

The work is done on covariance matrices in `pls_algorithm` and `pls_statistics`; bootstrap, influence and
group comparison are in `pls_bootstrap`, what concerns quality in `pls_quality`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from csi_lib.errors import InputError
from csi_lib.measure import pls_bootstrap, pls_quality
from csi_lib.measure.pls_algorithm import Layout, Outer
from csi_lib.measure.pls_inputs import check_blocks, check_consistent, check_data, read_layout, read_scale
from csi_lib.measure.pls_statistics import IndexScale, keys, statistics, structural
from csi_lib.measure.resampling import check_level
from csi_lib.measure.rows import Rows, warn
from csi_lib.measure.shown import Result

#: key columns of each frame
KEY_COLUMNS = {
    "paths": ("source", "target"),
    "loadings": ("block", "item"),
    "weights": ("block", "item"),
    "r_squared": ("block",),
    "correlations": ("block", "other"),
    "indirect": ("source", "target"),
    "total": ("source", "target"),
    "reliability": ("block", "measure"),
    "htmt": ("block", "other"),
    "index": ("block",),
    "index_weights": ("block", "item"),
}


def tidy(name: str, layout: Layout, **columns) -> pd.DataFrame:
    """Frame of one kind of statistic: its key columns, then `columns`."""
    rows = keys(layout)[name]
    frame = {key: [row[i] for row in rows] for i, key in enumerate(KEY_COLUMNS[name])}
    return pd.DataFrame(frame | columns)


@dataclass(frozen=True, eq=False, repr=False)
class PLSPathModel(Result):
    """A fitted path model.

    Attributes
    ----------
    paths : `source target estimate`, standardised path coefficients.
    loadings, weights : `block item estimate`; weights make a block of unit variance from standardised items.
    r_squared : `block estimate adjusted aic bic` of every block that something points at.
    scores : n × blocks, mean 0 and variance 1 with divisor n (multiply by √((n−1)/n) for seminr's and
        semPLS's); index of the rows used.
    n, n_dropped : rows used, rows left out for missing values.
    iterations : of the outer estimation.

    `index`, `index_scores`, `index_weights`, `reliability`, `effects`, `correlations`, `htmt`,
    `cross_loadings`, `communalities`, `fornell_larcker`, `f_squared`, `vif`, `item_vif` and `fit` are
    computed when first read.
    """

    SUMMARY = ("n", "n_dropped", "iterations")
    TABLE = "paths"

    paths: pd.DataFrame
    loadings: pd.DataFrame
    weights: pd.DataFrame
    r_squared: pd.DataFrame
    scores: pd.DataFrame = field(repr=False)
    n: int
    n_dropped: int
    iterations: int
    layout: Layout = field(repr=False)
    rows: Rows = field(repr=False)
    values: dict[str, np.ndarray] = field(repr=False)
    outer: Outer = field(repr=False)
    scale: IndexScale | None = field(repr=False)
    control: dict = field(repr=False)

    def frame(self, name: str) -> pd.DataFrame:
        """The point estimates of one kind of statistic (a key of `KEY_COLUMNS`) as a tidy frame."""
        return tidy(name, self.layout, estimate=self.values[name][0])

    # ---- the index ----
    def _need_scale(self) -> None:
        if self.scale is None:
            read_scale(None, self.rows, self.layout, "ecsi")  # raises, and says why

    @cached_property
    def index_weights(self) -> pd.DataFrame:
        """`block item estimate`: weights of the items as given, summing to 1 within a block."""
        self._need_scale()
        frame = self.frame("index_weights")
        negative = frame.loc[frame["estimate"] < 0]
        if len(negative):
            warn(
                f"item {negative['item'].iloc[0]} of block {negative['block'].iloc[0]} has a negative "
                "weight: an index made with it is not bounded by 0 and 100. Reverse the item, or use mode "
                "A."
            )
        return frame

    @cached_property
    def index_scores(self) -> pd.DataFrame:
        """Index of every row used (n × blocks, 0–100)."""
        w = self.index_weights["estimate"].to_numpy()
        answers = self.rows.values[:, self.layout.column]
        points = 100 * (answers - self.scale.low) / (self.scale.high - self.scale.low)
        scores = np.add.reduceat(points * w, self.layout.start, axis=1)
        return pd.DataFrame(scores, self.rows.index, list(self.layout.blocks))

    @cached_property
    def index(self) -> pd.DataFrame:
        """`block estimate se ci_low ci_high sd n`: mean index 0–100 of each block.

        Σ w_i (x̄_i − low)/(high − low) · 100 / Σ w_i with unstandardised outer weights. The standard error is
        the influence function's, so it contains the estimation of the weights; rows count as independent (for
        strata and clusters give `influence("index")` to the survey design). t interval with n − 1 degrees of
        freedom.
        """
        scores = self.index_scores.to_numpy()
        w = self.rows.weights
        estimate = self.values["index"][0]
        sd = np.sqrt(w @ (scores - w @ scores / w.sum()) ** 2 / w.sum() * self.n / (self.n - 1))
        se = self.standard_errors("index")
        half = stdtrit(self.n - 1, 0.975) * se
        return tidy(
            "index",
            self.layout,
            estimate=estimate,
            se=se,
            ci_low=estimate - half,
            ci_high=estimate + half,
            sd=sd,
            n=self.n,
        )

    # ---- quality (see pls_quality for formulas) ----
    @cached_property
    def reliability(self) -> pd.DataFrame:
        """`block mode items alpha rho_a rho_c ave rho_dg eigenvalue_1 eigenvalue_2`."""
        return pls_quality.reliability_table(self)

    @cached_property
    def effects(self) -> pd.DataFrame:
        """`source target direct indirect total` for every pair joined by a directed way."""
        return pls_quality.effects_table(self)

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """Correlations of the blocks (square frame); corrected for unreliability where PLSc was asked for."""
        return pls_quality.square(self, "correlations", diagonal=1.0)

    @cached_property
    def htmt(self) -> pd.DataFrame:
        """`block other estimate`: heterotrait–monotrait ratio of every pair of blocks."""
        return self.frame("htmt")

    @cached_property
    def cross_loadings(self) -> pd.DataFrame:
        """`block item` and one column per block: correlation of every item with every block."""
        return pls_quality.cross_loadings(self)

    @cached_property
    def communalities(self) -> pd.DataFrame:
        """`block item communality redundancy`: squared loading, and that times the R² of the block."""
        return pls_quality.communalities(self)

    @cached_property
    def fornell_larcker(self) -> pd.DataFrame:
        """Square frame: √AVE on the diagonal, correlations of the blocks below it."""
        return pls_quality.fornell_larcker_table(self)

    @cached_property
    def f_squared(self) -> pd.DataFrame:
        """`source target estimate fixed_scores`: effect size of each path."""
        return pls_quality.f_squared(self)

    @cached_property
    def vif(self) -> pd.DataFrame:
        """`source target estimate`: variance inflation of each predictor block among those of its target."""
        return pls_quality.structural_vif(self)

    @cached_property
    def item_vif(self) -> pd.DataFrame:
        """`block item estimate`: variance inflation of each item among those of its block."""
        return pls_quality.item_vif(self)

    @cached_property
    def fit(self) -> pd.Series:
        """Average communality (blocks of two or more items), average R² and Tenenhaus' goodness of fit."""
        return pls_quality.goodness_of_fit(self)

    # ---- uncertainty (see pls_bootstrap) ----
    def bootstrap(
        self, n_boot: int = 1000, seed: int | None = 0, *, ci: float = 0.95, ci_method: str = "percentile"
    ) -> pls_bootstrap.PLSBootstrap:
        """Resample rows `n_boot` times: the same frames with `bias se ci_low ci_high`; see `pls_bootstrap`."""
        check_level(ci)
        return pls_bootstrap.bootstrap(self, n_boot, seed, ci=ci, ci_method=ci_method)

    def influence(self, of: str = "index") -> pd.DataFrame:
        """Linearised value of every row for one kind of statistic (n × m); see `pls_bootstrap`."""
        self._check_kind(of)
        values = pls_bootstrap.influence(self, [of])[of]
        return pd.DataFrame(values, self.rows.index, pls_bootstrap.column_names(self.layout, of))

    def standard_errors(self, of: str) -> np.ndarray:
        """Standard errors of one kind of statistic from its influence values, rows independent."""
        z = pls_bootstrap.influence(self, [of])[of] * self.rows.weights[:, None]
        return np.sqrt((z**2).sum(axis=0) * self.n / (self.n - 1)) / self.rows.weights.sum()

    def replicate(self, weights, of: str = "index") -> pd.DataFrame:
        """Re-estimate under replicate weights of a survey design (n × R): one row per replicate.

        `weights` are full replicate weights for the rows used, in their order (or a frame with their index).
        """
        self._check_kind(of)
        return pls_bootstrap.replicate(self, weights, of)

    def compare(self, groups, *, n_boot: int = 1000, seed: int | None = 0) -> pls_bootstrap.PLSComparison:
        """Permutation test of the differences between groups of rows; see `pls_bootstrap.compare`."""
        return pls_bootstrap.compare(self, groups, n_boot, seed)

    def _check_kind(self, of: str) -> None:
        if of not in KEY_COLUMNS:
            raise InputError("unknown kind of statistic", where="of", found=repr(of), expected=", ".join(KEY_COLUMNS))
        if of in ("index", "index_weights"):
            self._need_scale()


def pls_path_model(
    items,
    measurement,
    structure=None,
    *,
    scheme="centroid",
    scaled=True,
    modes=None,
    consistent=False,
    weights=None,
    missing="listwise",
    scale=None,
    index_form="ecsi",
    tolerance=1e-12,
    max_iterations=3000,
) -> PLSPathModel:
    """Estimate a path model of blocks of items by partial least squares.

    Each block is a weighted sum of its items with variance 1. Outer weights are iterated (Wold; Lohmöller
    1989): inner estimate Z_j = Σ e_ij Y_i over the neighbours i of block j, then w = cov(x, Z_j) (mode A) or
    w = S_jj⁻¹ cov(x, Z_j) (mode B). Paths are the regressions of each block on those that point at it. Every
    block is turned so that it correlates positively with the plain sum of its items.

    Parameters
    ----------
    items : a table (pandas, polars, Arrow), one row per respondent, one numeric column per item.
    measurement : dict, block → list of items, or text as in lavaan: ``"Quality =~ q1 + q2"``, ``"Value <~ v1 + v2"``
        for a formative block (mode B). An item may serve two blocks; a block may have one item.
    structure : paths between blocks, without a circle: pairs (source, target); a dict target → sources; text
        ``"Satisfaction ~ Quality + Value"`` (also in one text with the measurement); or as in seminr
        ``[{"from": ["Quality", "Value"], "to": "Satisfaction"}]``.
    scheme : inner weights e_ij: "centroid" the sign of the correlation, "factorial" the correlation, "path"
        the regression coefficient for predecessors and the correlation for successors.
    scaled : standardise the items first. Without it weights and iteration use covariances (plspm's
        ``scaled = FALSE``); loadings and paths stay correlations and standardised coefficients.
    modes : "A" (default), "B" or "unit" (equal weights) for all blocks, or a dict block → mode, or one mode
        per block.
    consistent : True, or the blocks (mode A) that are common factors: loadings, correlations, paths and R²
        are corrected for unreliability by ρ_A (PLSc, Dijkstra & Henseler 2015).
    weights : survey weights, array, Series or column name; means and covariances are weighted, weights are
        rescaled to sum to n.
    missing : "listwise" leaves out rows with a missing item; "mean" puts the (weighted) mean of the item
        there, re-computed in every resample.
    scale : ends (low, high) of the answer scale for the 0–100 index, for all items, or a dict by item or
        block. If None it is read off the answers when they are whole numbers whose extremes form a common
        scale (1–5, 1–10, 0–10 …); otherwise reading `.index` asks for it.
    index_form : "ecsi" weighs items by w/SD(x), as ACSI and ECSI do; "plspm" by the standardised w, as
        plspm::rescale does. They can differ by half an index point.
    tolerance, max_iterations : the iteration ends when no weight moves by more than `tolerance`.

    Returns
    -------
    PLSPathModel

    Raises
    ------
    InputError
        Unknown, constant, non-numeric or infinite items; unknown, unconnected or circular blocks; exactly
        dependent items in mode B or exactly dependent predictors; too few rows; no convergence.

    Warns
    -----
    MeasureWarning
        Fewer rows than items; perfectly correlated items; a consistent solution outside its bounds.

    Notes
    -----
    R: ``seminr::estimate_pls(data, mm, sm, inner_weights = path_factorial)``;
    ``plspm::plspm(Data, path_matrix, blocks, modes, scheme, scaled, tol = 1e-24)``;
    ``semPLS::sempls(model, data, wscheme = "centroid", tol = 1e-13)``. plspm's default tolerance leaves paths
    accurate to about 1e-7 only.

    References
    ----------
    Tenenhaus, Esposito Vinzi, Chatelin & Lauro (2005), Computational Statistics & Data Analysis 48, 159–205.
    Monecke & Leisch (2012), Journal of Statistical Software 48(3).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> t = np.random.default_rng(1).normal(size=(100, 1))
    >>> frame = pd.DataFrame(np.clip(np.round(6 + t + np.random.default_rng(2).normal(size=(100, 4))), 1, 10),
    ...                      columns=["q1", "q2", "s1", "s2"])
    >>> model = pls_path_model(frame, "Quality =~ q1 + q2; Satisfaction =~ s1 + s2; Satisfaction ~ Quality")
    >>> model.paths[["source", "target"]].values.tolist()
    [['Quality', 'Satisfaction']]
    """
    layout = read_layout(measurement, structure, scheme=scheme, scaled=scaled, modes=modes, consistent=consistent)
    distinct = list(dict.fromkeys(layout.items))
    rows = Rows.read(items, distinct, weights=weights, missing=missing)
    check_data(rows, layout)
    ends = _scale_or_later(scale, rows, layout, index_form)
    control = {"tolerance": tolerance, "max_iterations": max_iterations}
    values, outer = statistics(*rows.moments(), layout, ends, **control)
    check_blocks(outer.correlation[0], layout)
    if not outer.converged[0]:
        raise InputError(
            f"the weights did not settle in {max_iterations} iterations",
            where="pls_path_model",
            action="Try another scheme, look for a block that hardly correlates with its neighbours, or "
            "raise max_iterations.",
        )
    check_consistent(values, layout)
    return PLSPathModel(
        paths=tidy("paths", layout, estimate=values["paths"][0]),
        loadings=tidy("loadings", layout, estimate=values["loadings"][0]),
        weights=tidy("weights", layout, estimate=values["weights"][0]),
        r_squared=pls_quality.r_squared_table(
            values["r_squared"][0], structural(outer.correlation, layout)[1][0], layout, rows.n
        ),
        scores=_scores(rows, layout, outer),
        n=rows.n,
        n_dropped=rows.n_dropped,
        iterations=int(outer.iterations[0]),
        layout=layout,
        rows=rows,
        values=values,
        outer=outer,
        scale=ends,
        control=control,
    )


def _scale_or_later(scale, rows: Rows, layout: Layout, form: str) -> IndexScale | None:
    """A scale that cannot be read off the answers matters only to those who read the index."""
    if scale is not None or form not in ("ecsi", "plspm"):
        return read_scale(scale, rows, layout, form)
    try:
        return read_scale(None, rows, layout, form)
    except InputError:
        return None


def _scores(rows: Rows, layout: Layout, outer: Outer) -> pd.DataFrame:
    deviation = rows.centred - rows.weights @ rows.centred / rows.weights.sum()
    if rows.observed is not None:
        deviation = deviation * rows.observed
    x = deviation[:, layout.column]
    if layout.scaled:
        x = x / outer.sd[0]
    scores = np.add.reduceat(x * outer.weights[0], layout.start, axis=1)
    return pd.DataFrame(scores, rows.index, list(layout.blocks))
