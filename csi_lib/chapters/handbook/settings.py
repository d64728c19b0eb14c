"""``handbook.yml``: what the handbook says beyond the study's other files. Everything in it is optional."""

from __future__ import annotations

from pydantic import Field as Setting
from pydantic import field_validator

from csi_lib.study.base import Label, Part, written

_L = Label


class Role(Part):
    """Who does what, and when."""

    who: Label
    does: Label
    when: Label | None = None


class Facets(Part):
    """A touch point from its three sides: the person who serves, the organisation behind, the environment around."""

    person: Label | None = None
    organisation: Label | None = None
    environment: Label | None = None


class Condition(Part):
    """A condition of success, what blocks it, and what to watch."""

    condition: Label
    blocker: Label
    care: Label


class Step(Part):
    """One step of a procedure, with the point at which it is checked."""

    step: Label
    check: Label | None = None


#: five steps of running a service desk, in our words; a body writes its own
STEPS = (
    Step(step=_L(ko="업무 전에 시스템과 설비를 점검한다", en="Check systems and equipment before the day begins"), check=_L(ko="점검 기록", en="Record of the check")),
    Step(step=_L(ko="담당자에게 절차와 응대를 교육한다", en="Train staff in procedure and service"), check=_L(ko="교육 이수", en="Training attended")),
    Step(step=_L(ko="요청을 접수하고 필요한 것을 기록한다", en="Take the request and note what is needed"), check=_L(ko="접수 번호", en="Case number")),
    Step(step=_L(ko="정확한 답을 주거나 맡을 부서로 잇는다", en="Give the right answer, or pass it to who can"), check=_L(ko="첫 회신 시각", en="Time of the first reply")),
    Step(step=_L(ko="처리 뒤에 의견을 듣고 후속 조치를 한다", en="Ask afterwards, and follow up"), check=_L(ko="해피콜과 조치 기록", en="Happy-call and what was done")),
)  # fmt: skip
CONDITIONS = (
    Condition(condition=_L(ko="설비와 시스템이 갖추어져 있다", en="Equipment and systems are up to date"), blocker=_L(ko="예산이 모자란다", en="The budget is short"), care=_L(ko="단계별 예산 계획", en="Plan the budget by stages")),
    Condition(condition=_L(ko="담당자가 교육을 받았다", en="Staff are trained"), blocker=_L(ko="교육이 한 번에 그친다", en="Training happens once only"), care=_L(ko="해마다 되풀이하는 교육", en="Repeat it every year")),
    Condition(condition=_L(ko="고객의 의견이 업무에 반영된다", en="What customers say changes the work"), blocker=_L(ko="의견이 담당자에게 닿지 않는다", en="It does not reach who could act"), care=_L(ko="의견마다 과제와 기한을 정한다", en="A task and a date for each")),
    Condition(condition=_L(ko="처리 기준이 정해져 있다", en="Standards of handling are fixed"), blocker=_L(ko="기준을 아는 사람이 적다", en="Few know them"), care=_L(ko="기준을 공개하고 지켰는지 잰다", en="Publish them and measure whether they are kept")),
)  # fmt: skip


class HandbookFile(Part):
    """``handbook.yml``. ``touch_points``: channel code → its three sides; ``steps`` and ``conditions`` default to ours [D]."""

    title: Label = _L(ko="고객만족 업무편람", en="Handbook of customer satisfaction")
    purpose: tuple[Label, ...] = ()
    roles: tuple[Role, ...] = ()
    touch_points: dict[str, Facets] = {}
    survey: tuple[Step, ...] = ()
    evaluation: tuple[Label, ...] = ()
    feedback: tuple[Label, ...] = ()
    steps: tuple[Step, ...] = Setting(
        default=STEPS, description="steps of serving a customer, each with its check point"
    )
    conditions: tuple[Condition, ...] = Setting(
        default=CONDITIONS, description="conditions of success, what blocks them, what to watch"
    )

    @field_validator("touch_points", mode="before")
    @classmethod
    def _text_keys(cls, value):
        return {written(k): v for k, v in value.items()} if isinstance(value, dict) else value
