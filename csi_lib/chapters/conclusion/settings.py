"""What a contractor sets about recommendations: how many, how far, whose, and in which words."""

from __future__ import annotations

from string import Formatter

from pydantic import Field, field_validator

from csi_lib.study.base import Label, Part


class Wording(Part):
    """Templates of the recommendations; each may use the fields named, and none claims a cause."""

    task: Label = Field(
        Label(
            ko="‘{item}’: {now}에서 {target:으로/로} 높인다. 그때 지수는 {effect} 높게 셈해진다{interval}.",
            en="Raise ‘{item}’ from {now} to {target}. The index would then be computed {effect} higher{interval}.",
        ),
        description="a recommendation: {item} {now} {target} {effect} {interval}",
    )
    grade: Label = Field(
        Label(
            ko="{grade} 등급 이상일 확률은 {before}에서 {after}가 된다.",
            en="The chance of grade {grade} or better goes from {before} to {after}.",
        ),
        description="what becomes of the chance of the grade or a better one: {grade} {before} {after}",
    )
    owner: Label = Field(Label(ko="담당: {owner}.", en="Owner: {owner}."), description="who does it: {owner}")

    @field_validator("*")
    @classmethod
    def _fields_known(cls, label: Label, info):
        known = {
            "task": {"item", "now", "target", "effect", "interval"},
            "grade": {"grade", "before", "after"},
            "owner": {"owner"},
        }[info.field_name]
        for text in (label.ko, label.en):
            used = {name for _, name, _, _ in Formatter().parse(text or "") if name}
            if used != known and text:
                raise ValueError(f"this template uses {', '.join(f'{{{k}}}' for k in sorted(known))}")
        return label


class ConclusionFile(Part):
    """``conclusion.yml``: recommendations of the chapter 결론 및 제언."""

    most: int = Field(4, ge=1, le=8, description="recommendations at most")
    lift: float = Field(
        5, gt=0, le=50, description="points by which an item is to rise at most, where no target is given for it"
    )
    targets: dict[str, float] = Field({}, description="item → score to reach", examples=[{"acc_info": 65}])
    owners: dict[str, Label] = Field({}, description="item → who is in charge of it")
    wording: Wording = Wording()
    notes: tuple[Label, ...] = Field((), description="sentences of the contractor's own, at the end")
