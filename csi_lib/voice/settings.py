"""``voice.yml``: how a study reads its open-ended answers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from csi_lib.study.base import Label, Part, Several
from csi_lib.study.references import ColumnName, MeasureName, SourceName


class Topic(Part):
    """What people write about. A comment is on the topic when it holds one of its words.

    ``words`` are dictionary forms in any language (``주차``, ``느리다``, ``주차 공간``, ``parking``); a trailing ``*``
    takes every word that begins so. ``dimension`` names a node of the report's model: the nouns in the labels and
    questions of that node's items count as words too, except those that several dimensions share.
    """

    label: Label | None = None
    dimension: MeasureName | None = None
    words: Several[str] = ()

    @model_validator(mode="after")
    def _has_words(self):
        if not (self.words or self.dimension):
            raise ValueError("a topic needs words, or a dimension whose items' words it takes")
        if self.label is None and self.dimension is None:
            raise ValueError("a topic without a dimension needs a label")
        return self


class Tone(Part):
    """When a comment counts as that of a satisfied or a dissatisfied person: by the person's own score, 0–100 [D]."""

    satisfied: float = 60
    dissatisfied: float = 40

    @model_validator(mode="after")
    def _ordered(self):
        if not 0 <= self.dissatisfied < self.satisfied <= 100:
            raise ValueError("a tone needs 0 <= dissatisfied < satisfied <= 100")
        return self


class Quotes(Part):
    """Which comments are quoted: at most ``each`` per topic and tone, of a length that can be read."""

    each: int = Field(default=2, ge=0)
    shortest: int = Field(default=8, ge=1)
    longest: int = Field(default=160, ge=10)


class VoiceFile(Part):
    """``voice.yml``.

    ``columns`` are the text columns of the codebook (all of role text where absent); ``score`` the item whose answers
    say how satisfied the writer is (the model's overall item where absent). ``analyser: auto`` takes kiwi where it is
    installed and the plain one elsewhere; ``kiwi`` insists. ``same`` gathers spellings under one word; ``ignore`` are
    words never counted;
    ``no_answer`` further ways of saying nothing; ``names`` a file of names to hide, one a line.
    ``listing`` says in which edition all comments are listed. With ``reviewed`` the public edition quotes and lists a comment only
    when a person has read it (``csi review voice``); what was withheld or replaced in a review is so anyhow.
    """

    source: SourceName = "customers"
    columns: Several[ColumnName] = ()
    score: ColumnName | None = None
    analyser: Literal["auto", "kiwi", "plain"] = "auto"
    topics: dict[str, Topic] = {}
    same: dict[str, Several[str]] = {}
    ignore: Several[str] = ()
    no_answer: Several[str] = ()
    names: str | None = None
    tone: Tone = Tone()
    quotes: Quotes = Quotes()
    words: int = Field(default=20, ge=1, le=60)
    listing: Literal["none", "restricted", "public"] = "restricted"
    most_listed: int = Field(default=400, ge=1)
    reviewed: bool = False
