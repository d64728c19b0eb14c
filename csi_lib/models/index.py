"""Named index models: load a declaration, bind it to a survey's columns, evaluate it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, nearest
from csi_lib.models.engine import Answers
from csi_lib.models.external import external_tables, resolved
from csi_lib.models.spec import ModelFile, Node, Sectors
from csi_lib.models.valuation import read_answers, value_into
from csi_lib.study.yaml_file import YamlFile
from csi_lib.survey.assembly import Assembly, unit_labels
from csi_lib.survey.description import asked_for, groupings
from csi_lib.survey.estimates import Estimates
from csi_lib.survey.reading import Survey

BUNDLED = Path(__file__).parent / "bundled"


@dataclass(frozen=True, eq=False, repr=False)
class IndexModel:
    """An index model, ready to evaluate.

    Attributes
    ----------
    file : the declaration (`ModelFile`).
    binding : model item → survey column, where they differ.
    external : node → table of weights read from a file.
    declared : the declaration with all its editions, where `file` is one of the others; None: `file` itself.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> model = csi_lib.IndexModel.load("top2")
    >>> survey = csi_lib.Survey.from_frame(answers, scale=(1, 5), items=["q1", "q2", "q3"])
    >>> rows = model.fitted(survey).evaluate(survey).frame
    >>> rows.loc[rows["statistic"] == "index", ["measure", "estimate", "n"]].round(1)
      measure  estimate      n
    0    top2      50.6  300.0
    """

    file: ModelFile
    binding: Mapping[str, str] = field(default_factory=dict)
    external: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    declared: ModelFile | None = None

    def __repr__(self) -> str:
        nodes = len(self.file.nodes)
        bound = f", {len(self.binding)} items bound" if self.binding else ""
        return f"<IndexModel {self.file.name}: {nodes} nodes, {len(self.file.items)} items{bound}>"

    # ------------------------------------------------------------------ loading
    @classmethod
    def load(cls, name_or_path: str | Path) -> IndexModel:
        """A bundled model by name (`csi models` lists them) or a YAML file by path; ``name@edition`` another edition."""
        name_or_path, _, edition = str(name_or_path).partition("@")
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
        file = read_model(path)
        model = cls(file, external=external_tables(file, path.parent))
        return model.edition(edition) if edition else model

    def bound(self, binding: Mapping[str, str], *, sectors: Sectors | None = None) -> IndexModel:
        """The same model reading other columns: ``{model item: survey column}``."""
        known = [*self.file.items, *self.file.extra_columns]
        odd = set(binding) - set(known)
        if odd:
            first = sorted(odd)[0]
            raise InputError(
                f"model {self.file.name} has no item {first!r} to bind",
                expected=", ".join(known),
                action=_did_you_mean(first, known),
            )
        here = lambda file: file.model_copy(update={"sectors": sectors}) if sectors and file else file
        return replace(self, file=here(self.file), declared=here(self.declared), binding={**self.binding, **binding})

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
        return read_answers(self.file, self.binding, survey)

    def evaluate(
        self,
        survey,
        by: Sequence[str | tuple[str, ...]] = (),
        *,
        agency: str | None = None,
        weights_survey=None,
        **plain,
    ) -> Estimates:
        """All nodes, side constructs and weights of the model on one survey.

        Parameters
        ----------
        survey : Survey of one agency and wave (or of all agencies, ``by=["agency"]``: all indices in one pass), or a plain
            table (pandas, polars, Arrow) together with ``codebook=``, or with ``scale=(low, high)``; ``weights=``, ``strata=``
            … as in `Survey.from_frame`.
        by : banner variables, a tuple for two crossed; the total always comes first, a variable that this wave did not
            ask is left out. Weights are those of the whole survey.
        agency : id for sector criteria that differ by agency; default the survey's.
        weights_survey : the pooled or base-year survey on which weights with ``at: pooled`` or ``base-year``
            are estimated; its sampling error is carried along. Default: this survey.

        Returns
        -------
        Estimates with statistics ``index`` (measure = node), ``weight`` (measure = ``parent>part``, normalised),
        ``importance`` (measure = ``sector``) for the sectors' f, and for gap models ``difference`` of every item.

        Notes
        -----
        Missing answers: the node's weights are applied to the parts' means over valid answers, renormalised over
        the parts that a group has. Standard errors are Taylor-linearised through means and weights.
        """
        survey = self._survey(survey, by, plain)
        build = Assembly(survey, unit_labels(survey) if self.linked(weights_survey, survey) else None)
        self.into(build, groupings(survey, asked_for(survey, by)), agency=agency, weights_survey=weights_survey)
        return build.build(source=survey.source, agency=survey.agency, year=survey.year)

    def _survey(self, data, by, plain: dict):
        """A plain table as a survey of the model's items and the banner variables."""
        if hasattr(data, "codebook") and not isinstance(data, pd.DataFrame):
            if plain:
                raise InputError("a survey has its own codebook and design", where=", ".join(plain))
            return data
        if "codebook" not in plain and "items" not in plain and "*" not in self.file.items:
            plain["items"] = [self.binding.get(item, item) for item in self.file.items]
        if "codebook" not in plain:
            plain.setdefault(
                "groups", list(dict.fromkeys(c for one in by for c in ([one] if isinstance(one, str) else one)))
            )
        return Survey.from_frame(data, **plain)

    def into(self, build: Assembly, groups, *, agency: str | None = None, weights_survey=None) -> None:
        """Add the rows of `evaluate` for these groupings to an assembly."""
        survey = build.survey
        model = self.fitted(survey) if self.file.open_ended else self
        if model.external:
            model = replace(model, file=resolved(model.file, model.external, agency or survey.agency, survey.year))
        value_into(build, model, groups, agency=agency, weights_survey=weights_survey)

    def replicated(self, survey, by: Sequence[str | tuple[str, ...]] = (), **options) -> Estimates:
        """`evaluate` with standard errors by replication: see `csi_lib.models.replication.replicated`.

        Options: ``kind= replicates= seed= agency=``.
        """
        from csi_lib.models.replication import replicated

        return replicated(self, survey, by, **options)

    @property
    def at(self) -> str:
        """Whose answers estimate the weights: ``agency-year``, ``pooled`` or ``base-year``."""
        return next((n.weights.at for n in self.file.nodes if n.weights.estimated), "agency-year")

    def linked(self, weights_survey, survey) -> bool:
        """The same people are in two surveys under two names (an agency, and all agencies pooled)."""
        return weights_survey is not None and weights_survey.agency != survey.agency

    # ------------------------------------------------------------------ editions
    @property
    def editions(self) -> list[str]:
        """The current edition, then the others in the order of the file."""
        file = self.declared or self.file
        return [file.formula_edition, *file.editions]

    def edition(self, name: str) -> IndexModel:
        """The same model as its edition `name` has it; from any edition every other can be reached."""
        declared = self.declared or self.file
        try:
            file = declared.edition(str(name))
        except ValueError as error:
            raise as_input_error(error, f"model {self.name}, edition {name}") from None
        return replace(self, file=file, declared=None if file is declared else declared)

    def restate(self, survey, edition: str, by: Sequence[str | tuple[str, ...]] = (), **options) -> Estimates:
        """`survey` scored again under another edition: comparable with the waves that this edition scored.

        The rows carry that edition, so `Estimates.contrast` pairs them with rows of the same edition; beside the rows as
        published they also show what the change of formula alone did (contrast by ``formula_edition``: same people).
        Options as `evaluate`.
        """
        return self.edition(edition).evaluate(survey, by, **options)

    # ------------------------------------------------------------------ describing
    def node(self, name: str) -> Node:
        for node in [*self.file.nodes, *self.file.side]:
            if node.id == name:
                return node
        raise InputError(f"model {self.name} has no node {name!r}", expected=", ".join(n.id for n in self.file.nodes))

    def label(self, name: str, lang: str) -> str:
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


def as_input_error(error: ValueError, where: str) -> InputError:
    """What a check of a declaration found, in words."""
    if isinstance(error, InputError):
        return error
    first = error.errors()[0].get("ctx", {}).get("error", error) if hasattr(error, "errors") else error
    return InputError(
        str(first), where=where, expected=getattr(first, "expected", None), action=getattr(first, "action", None)
    )
