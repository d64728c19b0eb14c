"""Checklist of the evaluation: PLAN–DO–SEE and the nine principles, with evidence."""

from __future__ import annotations

from typing import Literal

import pandas as pd
from pydantic import Field, model_validator

from csi_lib.study.base import Label, Part

STAGES = {
    "plan": Label(ko="계획(PLAN)", en="PLAN"),
    "do": Label(ko="실행(DO)", en="DO"),
    "see": Label(ko="활용(SEE)", en="SEE"),
}
#: nine principles of the handbook, in our words
PRINCIPLES = {
    "improvement": Label(ko="개선 목표", en="Aimed at improvement"),
    "performance": Label(ko="성과 중점", en="Focused on performance"),
    "users": Label(ko="수요자 관점", en="From the user's point of view"),
    "resources": Label(ko="평가 안배", en="Resources follow performance"),
    "self_evaluation": Label(ko="자체평가와 연계", en="Linked to self-evaluation"),
    "fairness": Label(ko="공정한 평가", en="Fair"),
    "published": Label(ko="평가기준 공표", en="Criteria published beforehand"),
    "value": Label(ko="돈의 가치", en="Value for money"),
    "training": Label(ko="평가자 교육", en="Evaluators trained"),
}


class Check(Part):
    """One line: a ``stage`` or a ``principle``, what is asked, whether it is met, and a link to the evidence."""

    ask: Label
    stage: Literal["plan", "do", "see"] | None = None
    principle: (
        Literal[
            "improvement",
            "performance",
            "users",
            "resources",
            "self_evaluation",
            "fairness",
            "published",
            "value",
            "training",
        ]
        | None
    ) = None
    state: Literal["met", "partly", "not_met", "not_applicable"]
    evidence: str | None = Field(default=None, pattern=r"^(https?://|[\w./-]+$)")
    note: Label | None = None

    @model_validator(mode="after")
    def _one(self):
        if (self.stage is None) == (self.principle is None):
            raise ValueError("a line belongs to a 'stage' or to a 'principle'")
        if self.state == "met" and self.evidence is None:
            raise ValueError("what is met has evidence: a link or a file")
        return self


class ChecklistFile(Part):
    """``checklist.yml``."""

    checks: tuple[Check, ...] = Field(min_length=1)


def checklist_summary(file: ChecklistFile) -> pd.DataFrame:
    """``part key met partly not_met not_applicable``: every stage and principle, those without a line too (all 0)."""
    rows = []
    for part, keys in (("stage", STAGES), ("principle", PRINCIPLES)):
        for key in keys:
            states = [c.state for c in file.checks if getattr(c, part) == key]
            rows.append(
                {
                    "part": part,
                    "key": key,
                    **{s: states.count(s) for s in ("met", "partly", "not_met", "not_applicable")},
                }
            )
    return pd.DataFrame(rows)
