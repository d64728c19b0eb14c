"""The index models of a study: bundled ones bound to its columns, and its own."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from csi_lib.errors import InputError, nearest
from csi_lib.models.index import BUNDLED, IndexModel, bundled_models, read_model
from csi_lib.models.spec import ModelFile, Sectors, Weights
from csi_lib.study.base import Part
from csi_lib.study.yaml_file import YamlFile


class Use(Part):
    """A bundled model as this study uses it."""

    use: str = Field(description="name of a bundled model, or a YAML file in the study folder")
    bind: dict[str, str] = Field(default_factory=dict, description="model item → column of the codebook")
    items: dict[str, list[str]] = Field(default_factory=dict, description="node → its items in this study")
    drop: list[str] = Field(default_factory=list, description="nodes this study does not measure")
    weights: dict[str, Weights] = Field(default_factory=dict, description="node → another weighting rule")
    sectors: Sectors | None = None


class ModelsFile(Part):
    """``model.yml`` of a study."""

    models: dict[str, Use] = Field(default_factory=dict, description="name in this study → bundled model and changes")
    own: list[ModelFile] = Field(default_factory=list, description="models declared here in full")


def study_models(study, source: str = "customers") -> list[IndexModel]:
    """The models that score `source`, in the order of ``study.yml``; [] when none are named."""
    return [study_model(study, name) for name in study.models.get(source, ())]


def study_model(study, name: str) -> IndexModel:
    """One model of a study by the name ``study.yml`` uses."""
    path = Path(study.path) / "model.yml"
    declared, file = ModelsFile(), None
    if path.exists():
        file = YamlFile(path)
        declared = file.validate(ModelsFile)
    own = {m.name: m for m in declared.own}
    if name in own:
        return IndexModel(own[name])
    use = declared.models.get(name, Use(use=name))
    if use.use not in bundled_models():
        known = [*bundled_models(), *own, *declared.models]
        close = nearest(name, known)
        raise InputError(
            f"the study scores with {name!r}, which is neither a bundled model nor declared in model.yml",
            where=str(path),
            expected=", ".join(known),
            action=f"Did you mean {close}?" if close else "Declare it under own: in model.yml",
        )
    model = read_model(BUNDLED / f"{use.use}.yml")
    try:
        return IndexModel(_changed(model, name, use)).bound(use.bind)
    except InputError as error:
        raise file.error(
            error.problem, "models", name, found=error.found, expected=error.expected, action=error.action
        ) from None


def _changed(model: ModelFile, name: str, use: Use) -> ModelFile:
    """The declaration with this study's nodes, items, weights and sectors, checked again as a whole."""
    ids = {n.id for n in [*model.nodes, *model.side]}
    for what in (*use.items, *use.drop, *use.weights):
        if what not in ids:
            raise InputError(f"model {use.use} has no node {what!r}", expected=", ".join(sorted(ids)))
    data = model.model_dump(by_alias=True)
    data["name"] = name
    for part in ("nodes", "side"):
        kept = []
        for node in data[part]:
            if node["id"] in use.drop:
                continue
            if node["children"]:
                node["children"] = [c for c in node["children"] if c not in use.drop]
            if node["id"] in use.items:
                node["items"] = use.items[node["id"]]
            if node["id"] in use.weights:
                node["weights"] = use.weights[node["id"]].model_dump(by_alias=True)
            elif node["weights"]["values"]:
                node["weights"]["values"] = {k: v for k, v in node["weights"]["values"].items() if k not in use.drop}
            kept.append(node)
        data[part] = kept
    if use.sectors:
        data["sectors"] = use.sectors.model_dump(by_alias=True)
    try:
        return ModelFile.model_validate(data)
    except ValueError as error:
        raise InputError(str(error).splitlines()[2].strip() if "\n" in str(error) else str(error)) from None
