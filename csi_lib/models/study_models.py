"""The index models of a study: bundled ones bound to its columns, and its own."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import Field

from csi_lib.errors import InputError, nearest
from csi_lib.models.external import external_tables
from csi_lib.models.index import BUNDLED, IndexModel, as_input_error, bundled_models, read_model
from csi_lib.models.spec import ModelFile, Sectors, Weights
from csi_lib.study.base import PROSE, Part
from csi_lib.study.consistency import labels_below
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


def study_models(study, source: str = "customers", *, year: int | None = None) -> list[IndexModel]:
    """The models that score `source`, in the order of ``study.yml``; [] when none are named.

    `year` takes the edition that scored this wave (``years.<year>.formula_edition``); without it, and for models that are
    not named there, the model's current edition.
    """
    return [study_model(study, name, source=source, year=year) for name in study.models.get(source, ())]


def editions_of(study, year: int) -> dict[str, str]:
    """Model → the edition that scored a wave, of every model whose edition the study names."""
    return dict(study.years[year].formula_edition)


def study_model(study, name: str, *, source: str | None = None, year: int | None = None) -> IndexModel:
    """One model of a study by the name ``study.yml`` uses."""
    path = Path(study.path) / "model.yml"
    file, declared = _declared(str(path), _stamp(path))
    own = {m.name: k for k, m in enumerate(declared.own)}
    if name in own:
        place = ("own", own[name])
        parsed = declared.own[own[name]]
        model = IndexModel(parsed, external=external_tables(parsed, path.parent))
    else:
        use, place = declared.models.get(name, Use(use=name)), ("models", name)
        parsed, folder = _base(study, name, use, file, [*own, *declared.models])
        try:
            changed = parsed.changed(
                name=name, items=use.items, weights=use.weights, drop=use.drop, sectors=use.sectors
            )
            model = IndexModel(changed, external=external_tables(changed, folder)).bound(use.bind)
        except ValueError as error:
            raise _placed(file, as_input_error(error, f"model {name}"), place) from None
    if source in study.codebooks:
        _check_columns(model, study.codebooks[source], file, place, path.parent)
    edition = editions_of(study, year).get(name) if year is not None else None
    if edition is None:
        return model
    try:
        return model.edition(edition)
    except InputError as error:
        where = f"{Path(study.path) / 'study.yml'}: years > {year} > formula_edition > {name}"
        raise InputError(error.problem, where=where, expected=error.expected, action=error.action) from None


def untranslated(study, source: str) -> list[InputError]:
    """Labels of the models of `source` that lack a language of the study, each with its place in ``model.yml``."""
    path = Path(study.path) / "model.yml"
    file, _ = _declared(str(path), _stamp(path))
    faults = []
    for model in study_models(study, source):
        for place, label in labels_below(model.file):
            for lang in (
                lang for lang in study.languages if lang in PROSE and not getattr(label, lang) and not label.given
            ):
                problem = f"a label of the model {model.name} has no text in {lang!r}"
                fault = InputError(problem, where=f"model {model.name}", found=repr(str(label)), action="Add it.")
                faults.append(_placed(file, fault, _written_at(file, model, place)))
    return faults


def _written_at(file: YamlFile | None, model: IndexModel, path: tuple) -> tuple:
    """The place in ``model.yml`` of what stands at `path` in a model; nodes are found by their id."""
    own = (file.data.get("own") or []) if file is not None else []
    at = next((k for k, m in enumerate(own) if m.get("name") == model.name), None)
    if at is None:
        return ("models", model.name)
    if path[0] not in ("nodes", "side"):
        return ("own", at, *path)
    name = getattr(model.file, path[0])[path[1]].id
    for part in ("nodes", "side"):
        for k, node in enumerate(own[at].get(part) or []):
            if isinstance(node, dict) and node.get("id") == name:
                return ("own", at, part, k, *path[2:])
    return ("own", at)


def _stamp(path: Path):
    return (path.stat().st_mtime_ns, path.stat().st_size) if path.exists() else None


@lru_cache(maxsize=16)
def _declared(path: str, stamp) -> tuple[YamlFile | None, ModelsFile]:
    """``model.yml``, read again only when it has changed."""
    if stamp is None:
        return None, ModelsFile()
    file = YamlFile(Path(path))
    return file, file.validate(ModelsFile)


def _base(study, name: str, use: Use, file, others) -> tuple[ModelFile, Path]:
    """The declaration that a use starts from: a bundled model or a YAML file in the study folder."""
    own = Path(study.path) / use.use
    if use.use.endswith((".yml", ".yaml")) and own.exists():
        return read_model(own), own.parent
    if use.use in bundled_models():
        return read_model(BUNDLED / f"{use.use}.yml"), BUNDLED
    known = [*bundled_models(), *others]
    close = nearest(use.use, known)
    error = InputError(
        f"the study scores with {use.use!r}, which is neither a bundled model nor declared in model.yml",
        where=str(Path(study.path) / "study.yml") + ": models",
        expected=", ".join(dict.fromkeys(known)),
        action=f"Did you mean {close}?" if close else "Declare it under own: in model.yml",
    )
    raise _placed(file, error, ("models", name)) if file is not None and use.use != name else error


def _placed(file: YamlFile | None, error: InputError, place) -> InputError:
    if file is None:
        return error
    return file.error(error.problem, *place, found=error.found, expected=error.expected, action=error.action)


def _check_columns(model: IndexModel, codebook, file, place, folder: Path) -> None:
    """Every item of the model is a column of the codebook; the first that is not is named with the nearest spelling."""
    for item in model.file.items:
        column = model.binding.get(item, item)
        if item == "*" or column in codebook.columns:
            continue
        near = nearest(column, codebook.columns)
        error = InputError(
            f"model {model.name} reads the item {item!r}, and the codebook has no column {column!r}",
            where=f"{folder / 'study.yml'}: models",
            found=column,
            action=f"Did you mean {near!r}?"
            if near
            else f"Bind it in model.yml: bind: {{{item}: <column>}}, or drop its node",
        )
        raise _placed(file, error, place)
