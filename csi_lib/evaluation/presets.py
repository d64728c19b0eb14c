"""Dated presets: the settings of a system as a ministry or institute published them, with source and what is inferred.

A study's file begins with one by ``preset: pcsi-grades-2020`` and overrides what differs. Every setting of a preset says how
it is known: P published, C recomputed from published figures, I inferred, D our default. A preset is a YAML file in
``csi_lib/evaluation/bundled``; nothing in the code knows one by name.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field, model_validator

from csi_lib.errors import InputError, nearest
from csi_lib.models.spec import Status
from csi_lib.study.base import Label, Part
from csi_lib.study.yaml_file import YamlFile

BUNDLED = Path(__file__).parent / "bundled"


class FromPreset(Part):
    """A system's file that may begin with a preset; its own keys replace the preset's."""

    preset: str | None = Field(None, description="a dated preset to begin with (`csi models` lists them)")


class Assumption(Part):
    """A statement of a preset that no source prints."""

    status: Status
    text: Label


class Preset(Part):
    """Settings of one system as they were in force in some years.

    ``edition`` is the year (or period) whose publication it follows, ``until`` the last year in which it held, ``output``
    the form in which the official result appears. ``status`` says of every setting how it is known.
    """

    preset: str
    system: str
    edition: str
    until: str | None = None
    label: Label
    formula: Label
    source: Label
    output: Label
    settings: dict
    status: dict[str, Status]
    assumptions: tuple[Assumption, ...] = ()

    @model_validator(mode="after")
    def _all_known(self):
        if apart := sorted(set(self.settings) ^ set(self.status)):
            raise ValueError(f"settings and their status do not agree on {apart[0]!r}")
        return self


@cache
def presets() -> dict[str, Preset]:
    """Every bundled preset by its name.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.presets()["pcsi-grades-2020"].settings["shares"]
    {'excellent': 1.0, 'ordinary': 0.5, 'poor': 0.0}
    """
    found = [YamlFile(path).validate(Preset) for path in sorted(BUNDLED.glob("*.yml"))]
    return {p.preset: p for p in found}


def with_preset(file: YamlFile, name: str, model: type[Part]) -> Part:
    """The validated file of system `name`, laid over the preset that it names.

    Raises InputError for a preset that is not there or belongs to another system.
    """
    if not (issubclass(model, FromPreset) and isinstance(file.data, dict) and file.data.get("preset") is not None):
        return file.validate(model)
    wanted = file.data["preset"]
    own = [p.preset for p in presets().values() if p.system == name]
    if wanted not in own:
        near = nearest(str(wanted), own)
        raise InputError("there is no such preset for this file", where=file.where("preset"), found=repr(wanted),
                         expected=", ".join(own) or "none is bundled", action=f"Did you mean {near!r}?" if near else None)  # fmt: skip
    return file.validate(model, {**presets()[wanted].settings, **file.data})
