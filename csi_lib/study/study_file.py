"""``study.yml`` as it is written: what a study declares, each value checked by itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from csi_lib.study.base import PROSE, Label, LanguageCode, Part, PlacedError, Several
from csi_lib.study.migration import SCHEMA_VERSION
from csi_lib.study.options import Comparisons, Privacy, Report, Thresholds
from csi_lib.study.simulation import Simulation
from csi_lib.study.source import Source


class Wave(Part):
    """One year of the study: the period printed in results, and which edition of a model scored it."""

    period: str | None = None
    formula_edition: dict[str, str] = {}

    @field_validator("period", mode="before")
    @classmethod
    def _as_text(cls, value):
        return None if value is None else str(value)

    @field_validator("formula_edition", mode="before")
    @classmethod
    def _editions_as_text(cls, value):
        return {k: str(v) for k, v in value.items()} if isinstance(value, dict) else value


class StudyFile(Part):
    """``study.yml``."""

    schema_version: int = Field(
        SCHEMA_VERSION,
        ge=1,
        le=SCHEMA_VERSION,
        description="the version of study files that this one was written for; `csi migrate` brings older ones up to date",
        examples=[SCHEMA_VERSION],
    )
    title: Label
    subtitle: Label | None = None
    commissioned_by: Label | None = None
    contractor: Label | None = None
    period: Label | None = None
    languages: Several[LanguageCode] = ("ko",)
    years: dict[int, Wave] = Field(min_length=1)
    sources: dict[str, Source] = Field(min_length=1)
    models: dict[str, Several[str]] = {}
    headline: Literal["index", "items", "top2"] | None = Field(
        None,
        description="what the report begins with: the index, the mean of each item, or the share of its two best answers; "
        "without it the index where a model is named, else top2",
        examples=["top2"],
    )
    importance: Literal["rated", "picked", "derived"] | None = Field(
        None,
        description="what the portfolio's importance is: rated by respondents, picked by them, or derived from overall satisfaction; "
        "without it estimated weights of the index model, else derived where overall satisfaction was asked",
        examples=["derived"],
    )
    report: Report = Report()
    privacy: Privacy = Privacy()
    thresholds: Thresholds = Thresholds()
    comparisons: Comparisons = Comparisons()
    absent: dict[str, dict[int, Several[str]]] = Field(
        {},
        description="agency → year → nodes of the index model that this agency did not have in that wave",
        examples=[{"north": {2024: ["counter"]}}],
    )
    simulate: Simulation | None = None
    #: parameters of later parts (registers, targets, incentive tables …), checked where they are used
    extensions: dict[str, object] = {}

    @model_validator(mode="before")
    @classmethod
    def _models_of_the_one_source(cls, data):
        """``models: [five-level]`` or ``models: five-level`` where there is one source to score."""
        if isinstance(data, dict) and isinstance(data.get("models"), (str, list, tuple)):
            sources = data.get("sources")
            if isinstance(sources, dict) and len(sources) == 1:
                return {**data, "models": {next(iter(sources)): data["models"]}}
            raise PlacedError("models are named for a source", "models", expected="{customers: [five-level]}")
        return data

    @field_validator("years", mode="before")
    @classmethod
    def _waves(cls, value):
        if isinstance(value, (list, tuple)):
            value = {year: {} for year in value}
        if isinstance(value, dict):
            value = {year: {} if wave is None else wave for year, wave in value.items()}
        return value

    @field_validator("years")
    @classmethod
    def _in_order(cls, value):
        for year in value:
            if not 1900 <= year <= 2200:
                raise ValueError(f"{year} is not a year")
        return dict(sorted(value.items()))

    @model_validator(mode="after")
    def _language_known(self):
        if self.report.language in PROSE and self.report.language not in self.prose:
            raise ValueError(f"the report's language {self.report.language!r} is not among the study's languages")
        return self

    @property
    def prose(self) -> tuple[str, ...]:
        """Languages its reports can be written in: those of its labels, or any where the labels are in neither."""
        return tuple(lang for lang in self.languages if lang in PROSE) or PROSE

    @property
    def leads_with(self) -> str:
        """``index``, ``items`` or ``top2``: what the report begins with."""
        return self.headline or ("index" if self.models.get("customers") else "top2")
