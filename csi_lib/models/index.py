"""Named index models: load a declaration, bind it to a survey's columns, evaluate it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, nearest
from csi_lib.models.engine import (
    Answers,
    EstimatedWeights,
    combine_sectors,
    estimate_weights,
    evaluate_nodes,
    worth,
)
from csi_lib.models.spec import ModelFile, Node, Sectors
from csi_lib.study.yaml_file import YamlFile
from csi_lib.survey.assembly import Assembly, Grouping
from csi_lib.survey.description import groupings
from csi_lib.survey.estimates import Estimates

BUNDLED = Path(__file__).parent / "bundled"


@dataclass(frozen=True, eq=False)
class IndexModel:
    """An index model, ready to evaluate.

    Attributes
    ----------
    file : the declaration (`ModelFile`).
    binding : model item → survey column, where they differ.
    """

    file: ModelFile
    binding: Mapping[str, str] = field(default_factory=dict)

    # ------------------------------------------------------------------ loading
    @classmethod
    def load(cls, name_or_path: str | Path) -> IndexModel:
        """A bundled model by name (`csi models` lists them) or a YAML file by path."""
        path = Path(name_or_path)
        if not (path.suffix in (".yml", ".yaml") or path.exists()):
            known = bundled_models()
            if str(name_or_path) not in known:
                raise InputError(
                    f"no index model is called {name_or_path!r}",
                    expected=", ".join(known),
                    action=_did_you_mean(str(name_or_path), known),
                )
            path = BUNDLED / f"{name_or_path}.yml"
        return cls(read_model(path))

    def bound(self, binding: Mapping[str, str], *, sectors: Sectors | None = None) -> IndexModel:
        """The same model reading other columns: ``{model item: survey column}``."""
        odd = set(binding) - set(self.file.items)
        if odd:
            first = sorted(odd)[0]
            raise InputError(
                f"model {self.file.name} has no item {first!r} to bind",
                expected=", ".join(self.file.items),
                action=_did_you_mean(first, self.file.items),
            )
        file = self.file.model_copy(update={"sectors": sectors}) if sectors else self.file
        return replace(self, file=file, binding={**self.binding, **binding})

    @property
    def name(self) -> str:
        return self.file.name

    # ------------------------------------------------------------------ weights
    @property
    def weights(self) -> pd.DataFrame:
        """One row per edge: ``parent child weight rule status``; weight is NaN until a survey estimates it."""
        rows = []
        for node in self.file.order:
            rule = "equal" if node.combine == "mean" else node.weights.rule
            values = node.weights.values or {}
            total = sum(values.values()) or 1.0
            for part in node.parts:
                weight = 1 / len(node.parts) if rule == "equal" else values.get(part, np.nan) / total
                rows.append((node.id, part, weight, rule, node.weights.status or node.status))
        return pd.DataFrame(rows, columns=["parent", "child", "weight", "rule", "status"])

    @property
    def dimension_weights(self) -> dict[str, float]:
        """Weights of the index node's own parts, in order, e.g. environment .10, process .20, …"""
        own = self.weights[self.weights["parent"] == self.file.index]
        return dict(zip(own["child"], own["weight"], strict=True))

    def fitted(self, survey) -> IndexModel:
        """The model with ``items: ["*"]`` replaced by every item whose scale its response fits.

        For `levels` these are the items with as many answers as levels; otherwise the items on the most common scale.
        """
        scales = {i: survey.codebook.scale(i) for i in survey.codebook.items if i in survey.frame}
        sizes = {i: s.points for i, s in scales.items() if s.points}
        want = (
            len(self.file.response.levels)
            if self.file.response.levels
            else max(sizes.values(), key=list(sizes.values()).count, default=0)
        )
        items = [i for i, size in sizes.items() if size == want and survey.frame[i].notna().any()]
        if not items:
            raise InputError(
                f"no item of the survey has the {want} answers that model {self.name} needs",
                found=", ".join(f"{i}: {s}" for i, s in list(sizes.items())[:6]),
            )
        nodes = [n.model_copy(update={"items": items}) if n.items == ["*"] else n for n in self.file.nodes]
        return replace(self, file=self.file.model_copy(update={"nodes": nodes}))

    # ------------------------------------------------------------------ evaluating
    def answers(self, survey) -> Answers:
        """Answers on 0–100 and weights, as the engine reads them."""
        frame, columns = survey.frame, [self.binding.get(i, i) for i in self.file.items]
        absent = [(i, c) for i, c in zip(self.file.items, columns, strict=True) if c not in frame]
        if absent:
            item, column = absent[0]
            raise InputError(
                f"model {self.name} needs the item {item!r}, and the survey has no column {column!r}",
                where=f"model {self.name}",
                expected=", ".join(i for i, _ in absent),
                action=_did_you_mean(column, list(frame.columns))
                or "Bind the item in the study's model.yml, or take the model out",
            )
        matrix = np.empty((len(frame), len(columns)))
        for k, column in enumerate(columns):
            scale = survey.codebook.scale(column)
            matrix[:, k] = worth(
                frame[column].to_numpy(float), float(scale.low), float(scale.high), self.file.response, item=column
            )
        picks = {c for n in self.file.nodes for c in (n.weights.picks or ())}
        back = {column: item for item, column in self.binding.items()}
        chosen = {c: frame[self.binding.get(c, c)].astype("string").replace(back).to_numpy(dtype=object) for c in picks}
        return Answers(
            {i: k for k, i in enumerate(self.file.items)}, matrix, np.asarray(survey.design.weights, float), chosen
        )

    def evaluate(
        self, survey, by: Sequence[str | tuple[str, ...]] = (), *, agency: str | None = None, weights_survey=None
    ) -> Estimates:
        """All nodes, side constructs and weights of the model on one survey.

        Parameters
        ----------
        survey : Survey of one agency and wave.
        by : banner variables; the total always comes first. Weights are those of the whole survey.
        agency : id for sector criteria that differ by agency; default the survey's.
        weights_survey : the pooled or base-year survey on which weights with ``at: pooled`` or ``base-year``
            are estimated; its sampling error is carried along. Default: this survey.

        Returns
        -------
        Estimates with statistics ``index`` (measure = node), ``weight`` (measure = ``parent>part``, normalised) and
        ``importance`` (measure = ``sector``) for the sectors' f.

        Notes
        -----
        Missing answers: the node's weights are applied to the parts' means over valid answers, renormalised over
        the parts that a group has. Standard errors are Taylor-linearised through means and weights.
        """
        if self.file.open_ended:
            model = self.fitted(survey)
            return model.evaluate(survey, by, agency=agency, weights_survey=weights_survey)
        answers = self.answers(survey)
        elsewhere = weights_survey is not None and weights_survey is not survey
        base_answers = self.answers(weights_survey) if elsewhere else answers
        weights = estimate_weights(self.file, base_answers)
        other = {"survey": weights_survey} if elsewhere else {}
        build = Assembly(survey)
        unit = {
            "unit": self.file.unit,
            "scale_low": 0.0,
            "scale_high": 100.0,
            "model": self.name,
            "formula_edition": self.file.formula_edition,
        }
        if self.file.minus_scale:
            unit |= {"scale_low": -100.0}
        sectors = self._sectors(survey, agency or survey.agency)
        for grouping in groupings(survey, by):
            nodes = evaluate_nodes(self.file, answers, weights, grouping.codes, len(grouping))
            if sectors:
                nodes[self.file.index] = self._by_sector(answers, weights, grouping, *sectors)
            for name, part in nodes.items():
                build.add(
                    grouping,
                    part.value,
                    part.own,
                    part.base,
                    measure=name,
                    statistic="index",
                    extra={"z": weights.z, "loading": part.by_weight, **other},
                    **unit,
                )
        self._add_weights(build, answers, weights, elsewhere, other)
        if sectors:
            self._add_importance(build, *sectors)
        return build.build(source=survey.source, agency=survey.agency, year=survey.year)

    def _by_sector(self, answers, weights: EstimatedWeights, grouping: Grouping, codes, names, importance):
        joint = np.where((grouping.codes >= 0) & (codes >= 0), grouping.codes * len(names) + codes, -1)
        part = evaluate_nodes(self.file, answers, weights, joint, len(grouping) * len(names))[self.file.index]
        return combine_sectors(part, grouping.codes, codes, len(grouping), importance)

    def _sectors(self, survey, agency):
        """Sector code of each respondent, sector names and importance f (normalised); None without sectors."""
        spec = self.file.sectors
        if spec is None or spec.by not in survey.frame or survey.frame[spec.by].isna().all():
            return None
        grouping = Grouping.of(survey.frame, spec.by)
        names = [g[0] for g in grouping.groups]
        criteria = (spec.agencies or {}).get(str(agency)) or spec.criteria
        return grouping.codes, names, sector_importance(criteria, names, spec.shares)

    def _add_weights(self, build: Assembly, answers, weights: EstimatedWeights, elsewhere: bool, other):
        value, z = weights.normalised()
        total, n = Grouping.total(len(answers.weights)), len(answers.weights)
        for e, (parent, part) in enumerate(weights.edges):
            estimated = weights.rules[e] in ("correlation", "importance_picks")
            own = z[:, e] if not elsewhere else np.zeros(n)
            extra = {"z": z[:, [e]], "loading": np.ones((1, 1)), **other} if elsewhere and estimated else None
            build.add(
                total,
                value[[e]],
                own,
                answers.weights > 0,
                extra=extra,
                measure=f"{parent}>{part}",
                statistic="weight",
                unit="weight",
                scale_low=0.0,
                scale_high=1.0,
                model=self.name,
                formula_edition=self.file.formula_edition,
                value_text=weights.rules[e],
            )

    def _add_importance(self, build: Assembly, codes, names, importance):
        spec = self.file.sectors
        for k, name in enumerate(names):
            at = Grouping((spec.by,), np.where(codes == k, 0, -1), ((name,),))
            build.add(
                at,
                importance[[k]],
                np.zeros(len(codes)),
                codes == k,
                measure="sector",
                statistic="importance",
                unit="weight",
                scale_low=0.0,
                scale_high=1.0,
                model=self.name,
                formula_edition=self.file.formula_edition,
            )

    # ------------------------------------------------------------------ describing
    def node(self, name: str) -> Node:
        for node in [*self.file.nodes, *self.file.side]:
            if node.id == name:
                return node
        raise InputError(f"model {self.name} has no node {name!r}", expected=", ".join(n.id for n in self.file.nodes))

    def label(self, name: str, lang: str) -> str:
        if name == f"{self.file.index}_elements":
            return {"ko": "요소만족도", "en": "Element satisfaction"}[lang]
        return self.node(name).label.text(lang)

    def diagram(self, estimates: Estimates | None = None) -> pd.DataFrame:
        """The tree as rows ``parent child weight value kind`` for `csi_lib.figures.path_diagram`."""
        frame = self.weights.rename(columns={"weight": "weight"})
        if estimates is not None:
            rows = estimates.frame[(estimates.frame["model"] == self.name) & estimates.frame["by1"].isna()]
            weight = rows[rows["statistic"] == "weight"].set_index("measure")["estimate"]
            value = rows[rows["statistic"] == "index"].set_index("measure")["estimate"]
            frame["weight"] = [
                weight.get(f"{p}>{c}", w) for p, c, w in frame[["parent", "child", "weight"]].itertuples(index=False)
            ]
            frame["value"] = [value.get(c, np.nan) for c in frame["child"]]
        nodes = {n.id for n in self.file.nodes}
        frame["kind"] = ["node" if c in nodes else "item" for c in frame["child"]]
        return frame


def sector_importance(
    criteria: Mapping[str, Mapping[str, float]] | None, names: Sequence[str], shares: Mapping[str, float] | None = None
) -> np.ndarray:
    """f_k = Σ_c a_c·x_kc / Σ_k x_kc, normalised to 1 over the sectors; equal when no criteria are declared.

    Source: seed study s20, importance = f(sales, headcount, social contribution); a = 1/3 each by default.
    """
    if not criteria:
        return np.full(len(names), 1 / len(names))
    a = {c: (shares or {}).get(c, 1.0 if not shares else 0.0) for c in criteria}
    out = np.zeros(len(names))
    for criterion, amounts in criteria.items():
        missing = [n for n in names if n not in amounts]
        if missing:
            raise InputError(
                f"sector criterion {criterion} has no amount for {missing[0]}",
                expected=", ".join(names),
                found=", ".join(amounts),
                action="Give an amount for every sector in the data (0 is allowed)",
            )
        x = np.array([float(amounts[n]) for n in names])
        if (x < 0).any() or x.sum() <= 0:
            raise InputError(
                f"sector criterion {criterion} must be positive in sum and nowhere negative", found=str(dict(amounts))
            )
        out += a[criterion] * x / x.sum()
    if out.sum() <= 0:
        raise InputError("the criteria's shares sum to 0", found=str(shares))
    return out / out.sum()


def read_model(path: Path) -> ModelFile:
    """The declaration in a YAML file, read again only when the file has changed."""
    stat = Path(path).stat() if Path(path).exists() else None
    return _read_model(str(path), (stat.st_mtime_ns, stat.st_size) if stat else None)


@lru_cache(maxsize=64)
def _read_model(path: str, _stamp) -> ModelFile:
    return YamlFile(Path(path)).validate(ModelFile)


def bundled_models() -> list[str]:
    """Names of the models that come with the package."""
    return sorted(p.stem for p in BUNDLED.glob("*.yml"))


def _did_you_mean(word: str, known: Sequence[str]) -> str | None:
    close = nearest(word, known)
    return f"Did you mean {close}?" if close else None
