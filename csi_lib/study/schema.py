"""JSON Schema of the study's files, so that an editor completes and checks them."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

from pydantic import BaseModel

from csi_lib.study.agency import AgencyFile
from csi_lib.study.codebook import Codebook
from csi_lib.study.descriptions import describe, keys_page
from csi_lib.study.study import StudyFile

#: name under ``extensions`` of study.yml -> module and class that read its file; they belong to later layers and are
#: named here so that this one need not import them
SYSTEMS: dict[str, str] = {
    "departments": "csi_lib.evaluation.departments:DepartmentsFile",
    "office": "csi_lib.simulate.office:OfficeFile",
    **import_module("csi_lib.chapters").declared_settings(),
}

#: file of a study -> the model it must satisfy
FILES: dict[str, type[BaseModel] | str] = {
    "study": StudyFile,
    "agencies": AgencyFile,
    "codebook": Codebook,
    "model": "csi_lib.models.study_models:ModelsFile",
    "plan": "csi_lib.survey.sampling_plan:PlanFile",
    **SYSTEMS,
}


def json_schema(file: str) -> dict:
    """The JSON Schema of a study's file (``study``, ``agencies``, ``codebook``, ``model``, ``plan``, ``kindness`` …: the
    names of `FILES`), with the shorthands YAML may use.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.json_schema("codebook")["type"]
    'object'
    """
    model = FILES[file]
    if isinstance(model, str):
        module, name = model.split(":")
        model = getattr(import_module(module), name)
    schema = model.model_json_schema(by_alias=True)
    for name, part in schema.get("$defs", {}).items():
        if name == "Label":
            schema["$defs"][name] = _either(part, {"type": ["string", "number"]})
        elif name.endswith("ByYear"):
            schema["$defs"][name] = _by_year(part)
        elif name == "Wave":
            editions = part["properties"]["formula_edition"]
            editions["additionalProperties"] = {"type": ["string", "number"]}
            part["properties"]["period"] = {"type": ["string", "number", "null"]}
        elif name == "Locator":
            schema["$defs"][name] = _either(part, {"type": "string"})
    _allow_single_values(schema)
    if file == "study":
        years = schema["properties"]["years"]
        schema["properties"]["years"] = _either(years, {"type": "array", "items": {"type": "integer"}})
        years["additionalProperties"] = _either(years["additionalProperties"], {"type": "null"})
    if file == "model":
        properties = schema["$defs"]["ModelFile"]["properties"]
        properties["side"]["items"] = _either(properties["side"]["items"], {"type": "string"})
        schema["$defs"]["Mix"]["properties"]["overall"]["type"] = ["string", "number"]
    if file == "codebook":
        schema["$defs"]["Column"]["properties"].pop("name", None)
    describe(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"{file}.yml", **schema}


def write_schemas(folder: Path) -> list[Path]:
    """Write ``<file>.json`` for every file of a study; returns the paths.

    Examples
    --------
    >>> import csi_lib
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     written = csi_lib.write_schemas(Path(folder))
    >>> "codebook.json" in [path.name for path in written]
    True
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for file in FILES:
        path = folder / f"{file}.json"
        path.write_text(json.dumps(json_schema(file), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        written.append(path)
    return written


def keys_guide() -> str:
    """The guide page of every key of study.yml, codebook.yml and agencies.yml."""
    return keys_page({file: json_schema(file) for file in ("study", "codebook", "agencies")})


def _either(*parts: dict) -> dict:
    return {"anyOf": list(parts)}


def _by_year(part: dict) -> dict:
    """A value, or the value by year: ``{default: …, 2016: …}``."""
    value = part["properties"]["default"]
    value = {key: item for key, item in value.items() if key not in ("default", "title")}
    yearly = {
        "type": "object",
        "properties": {"default": value},
        "patternProperties": {r"^(19|20|21)\d\d$": value},
        "additionalProperties": False,
    }
    return _either(value, yearly)


def _allow_single_values(node) -> None:
    """Lists of plain values may be written without brackets when they hold one."""
    if isinstance(node, dict):
        for value in node.values():
            _allow_single_values(value)
        items = node.get("items")
        if node.get("type") == "array" and isinstance(items, dict) and "prefixItems" not in node:
            plain = items.get("type") in ("string", "number", "integer") or "enum" in items or "anyOf" in items
            if plain and "$ref" not in items:
                array = dict(node)
                node.clear()
                node.update(_either(array, items))
    elif isinstance(node, list):
        for value in node:
            _allow_single_values(value)
