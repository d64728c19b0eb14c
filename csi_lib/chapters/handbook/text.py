"""The handbook as one Markdown document, from the same files as the reports: what a body declares and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from csi_lib.chapters.checklist.compute import PRINCIPLES, STAGES
from csi_lib.chapters.handbook.settings import HandbookFile
from csi_lib.errors import InputError
from csi_lib.evaluation.systems import system_file
from csi_lib.prose.escape import escape_markdown as e
from csi_lib.study.base import Label, written


def handbook_text(study, *, lang: str | None = None) -> str:
    """The handbook of a study in one language, as Markdown with front matter.

    Parts whose file the study does not declare are left out; a handbook without a single part is an InputError.
    """
    return Handbook(study, lang or study.report.language).text()


class Handbook:
    """Its parts in the order in which somebody new to the office needs them."""

    def __init__(self, study, lang: str):
        if lang not in study.languages:
            raise InputError(
                "the study has no texts in this language",
                where="csi handbook",
                found=repr(lang),
                expected=", ".join(study.languages),
            )
        self.study, self.lang = study, lang
        self.file = self._system("handbook") or HandbookFile()

    def text(self) -> str:
        parts = [
            self._purpose(), self._roles(), self._customers(), self._touch_points(), self._charter(), self._steps(), self._survey(),
            self._evaluation(), self._feedback(), self._checklist(), self._conditions(),
        ]  # fmt: skip
        body = "\n\n".join(filter(None, parts))
        title = self.file.title.text(self.lang)
        front = {
            "title": title,
            "subtitle": self.study.title.text(self.lang),
            "lang": self.lang,
            "toc": "true",
            "number-sections": "true",
        }
        return "---\n" + "".join(f"{key}: {_quoted(value)}\n" for key, value in front.items()) + "---\n\n" + body + "\n"

    # ------------------------------------------------------------------ parts
    def _purpose(self) -> str:
        lines = [e(self._l(p)) for p in self.file.purpose] or [
            self._t(
                "이 편람은 누구를 고객으로 보고 무엇을 약속하며, 만족도를 어떻게 조사하고 평가하여 업무에 되돌리는지를 정한다. 보고서와 같은 설정에서 만들어지므로 둘은 어긋나지 않는다.",
                "This handbook says whom we regard as customers, what we promise them, how satisfaction is asked, evaluated and fed back into the work. It is made from the same settings as the reports, so the two never differ.",
            )
        ]
        return self._section("목적", "Purpose", "\n\n".join(lines))

    def _roles(self) -> str:
        rows = [[self._l(r.who), self._l(r.does), self._l(r.when)] for r in self.file.roles]
        return self._table_section("역할", "Roles", (("누가", "Who"), ("무엇을", "Does"), ("언제", "When")), rows)

    def _customers(self) -> str:
        file = self._system("customer_definition")
        if file is None:
            return ""
        rows = []
        for kind in file.types.values():
            asked = self._l(kind.list) if kind.not_surveyed is None else self._l(kind.not_surveyed)
            rows.append([self._l(file.groups[kind.group]), self._l(kind.label), self._l(kind.definition), asked])
        return self._table_section(
            "고객의 정의",
            "Who our customers are",
            (("구분", "Group"), ("고객 유형", "Type"), ("정의", "Definition"), ("조사 명부", "List it is drawn from")),
            rows,
        )

    def _touch_points(self) -> str:
        file = self._system("touch_points")
        if file is None:
            return ""
        labels = self.study.codebook("customers").columns[file.channel].labels
        rows = []
        for code, label in labels.items():
            sides = self.file.touch_points.get(written(code))
            cells = [
                "–" if sides is None else self._l(getattr(sides, s)) for s in ("person", "organisation", "environment")
            ]
            action = file.actions.get(written(code))
            rows.append([self._l(label), *cells, self._l(action)])
        heads = (
            ("접점", "Touch point"),
            ("사람", "Person"),
            ("조직", "Organisation"),
            ("환경", "Environment"),
            ("개선 방향", "What is done"),
        )
        return self._table_section("고객 접점", "Touch points", heads, rows)

    def _charter(self) -> str:
        file = self._system("charter")
        if file is None:
            return ""
        rows = []
        for standard in file.standards.values():
            promise = "–" if standard.target is None else f"{100 * standard.target:g}%"
            rows.append([self._l(standard.label), _limits(standard, self.lang), promise])
        table = self._table(
            (("서비스 이행기준", "Standard"), ("기준", "Limit"), ("약속한 비율", "Promised share")), rows
        )
        channels = ", ".join(e(self._l(c)) for c in file.channels.values())
        return self._section(
            "서비스 이행기준",
            "Service standards",
            f"{table}\n\n{self._t('의견을 받는 창구', 'Where to be heard')}: {channels}",
        )

    def _steps(self) -> str:
        rows = [[f"{i}", self._l(s.step), self._l(s.check)] for i, s in enumerate(self.file.steps, 1)]
        return self._table_section(
            "응대 절차",
            "Serving a customer",
            (("단계", "Step"), ("할 일", "What is done"), ("확인", "Check point")),
            rows,
        )

    def _survey(self) -> str:
        """The flow of the survey with its check points, filled from what the study declares."""
        if self.file.survey:
            rows = [[f"{i}", self._l(s.step), self._l(s.check)] for i, s in enumerate(self.file.survey, 1)]
        else:
            rows = [[f"{i}", *step] for i, step in enumerate(self._flow(), 1)]
        return self._table_section(
            "조사 절차", "The survey", (("단계", "Step"), ("할 일", "What is done"), ("확인", "Check point")), rows
        )

    def _flow(self) -> Iterable[tuple[str, str]]:
        study, t = self.study, self._t
        source = study.sources.get("customers")
        design = source.design.in_year(max(study.years)) if source is not None else {}
        definition, fieldwork = self._system("customer_definition"), self._system("fieldwork")
        if definition is not None:
            yield (
                t("고객을 정의하고 모집단 명부를 만든다", "Define the customers and make the lists"),
                t(
                    f"유형 {len(definition.types)}개, 명부의 기준일",
                    f"{len(definition.types)} types; date of each list",
                ),
            )
        strata = design.get("strata")
        yield (
            t("표본을 배분하고 뽑는다", "Allocate and draw the sample"),
            t("층화", "Stratified") if strata else t("표본수와 오차", "Sample size and error"),
        )
        if "pretest" in study.extensions:
            yield (
                t("사전조사로 문항을 점검한다", "Pre-test the questionnaire"),
                t("문항 변별도, 무응답, 소요 시간", "Discrimination, no answer, length"),
            )
        items = len(study.codebook("customers").items) if "customers" in study.codebooks else 0
        yield (
            t(f"설문지를 확정한다(척도 문항 {items}개)", f"Fix the questionnaire ({items} rated items)"),
            t("코드북과 일치", "Agrees with the codebook"),
        )
        if fieldwork is not None:
            v = fieldwork.verification
            yield (
                t("실사하고 검증한다", "Fieldwork and verification"),
                t(
                    f"검증 {100 * v.overall:g}%(조사기관 {100 * v.contractor:g}%), 응답 시간, 조사원별 점검",
                    f"{100 * v.overall:g} % verified ({100 * v.contractor:g} % by the contractor), length, interviewers",
                ),
            )
        else:
            yield t("실사한다", "Fieldwork"), t("응답률", "Response rate")
        yield (
            t("자료를 받아 점검한다", "Receive and check the data"),
            t("접수증의 줄과 열, 무응답 부호", "Lines and columns of the receipt, no-answer codes"),
        )
        if source is not None and (design.get("weights") or source.weighting is not None):
            yield t("가중한다", "Weight"), t("수렴과 가중값의 범위", "Convergence and range of weights")
        yield (
            t("분석하고 보고서를 낸다", "Analyse and report"),
            t(
                f"사례수 {study.privacy.min_base}명 미만은 싣지 않음",
                f"Nothing on bases under {study.privacy.min_base}",
            ),
        )

    def _evaluation(self) -> str:
        lines = [e(self._l(line)) for line in self.file.evaluation]
        grades, management, appraisal = (self._system(n) for n in ("grades", "management", "appraisal"))
        tables = []
        if grades is not None:
            lines.append(
                self._t(
                    f"등급은 {_RULES[grades.rule]['ko']} 방식으로 정하며 다른 등급이 될 확률을 함께 밝힌다.",
                    f"Grades are given by the {_RULES[grades.rule]['en']} rule, with the chance of another.",
                )
            )
        if management is not None:
            rows = [[self._l(i.label), _SCORING[i.scoring][self.lang]] for i in management.indicators.values()]
            tables.append(self._table((("부서 지표", "Indicator of a department"), ("평점", "Scored by")), rows))
        if appraisal is not None:
            edition = appraisal.edition(max(self.study.years))
            rows = [["\u2003" * depth + self._l(m.label), f"{m.allotted:g}"] for _, depth, _, m in edition.rows()]
            tables.append(self._table((("평가 지표", "Indicator"), ("배점", "Points")), rows))
            lines.append(
                self._t(
                    f"가점은 {edition.bonus_cap:g}점, 감점은 {edition.penalty_cap:g}점까지 인정한다.",
                    f"Bonus counts up to {edition.bonus_cap:g}, penalty up to {edition.penalty_cap:g} points.",
                )
            )
        body = "\n\n".join(["\n\n".join(lines), *tables]).strip()
        return self._section("평가", "Evaluation", body) if body else ""

    def _feedback(self) -> str:
        lines = [f"{i}. {e(self._l(line))}" for i, line in enumerate(self.file.feedback, 1)]
        if not lines and self._system("feedback") is None:
            return ""
        lines = lines or [f"{i}. {line}" for i, line in enumerate(self._default_feedback(), 1)]
        return self._section("환류", "Feedback", "\n".join(lines))

    def _default_feedback(self) -> Sequence[str]:
        t = self._t
        return (
            t("결과에서 고칠 것을 골라 개선과제로 올린다.", "What has to be mended becomes a task in the register."),
            t("과제마다 부서, 담당과 기한을 정한다.", "Every task has a department, an owner and a date."),
            t(
                "다음 조사에서 그 부서와 문항의 변화를 검정한다.",
                "The next survey tests the change at that department and item.",
            ),
            t("들은 것과 한 것을 고객에게 알린다.", "Customers are told what was heard and what was done."),
        )

    def _checklist(self) -> str:
        file = self._system("checklist")
        if file is None:
            return ""
        known = {**STAGES, **PRINCIPLES}
        rows = [[self._l(known[c.stage or c.principle]), self._l(c.ask), "☐"] for c in file.checks]
        return self._table_section(
            "점검표", "Checklist", (("단계·원칙", "Stage or principle"), ("물음", "Question"), ("확인", "Done")), rows
        )

    def _conditions(self) -> str:
        rows = [[self._l(c.condition), self._l(c.blocker), self._l(c.care)] for c in self.file.conditions]
        return self._table_section(
            "성공의 조건과 막히는 곳",
            "Conditions and blockers",
            (("조건", "Condition"), ("막히는 곳", "Blocker"), ("유의할 점", "What to watch")),
            rows,
        )

    # ------------------------------------------------------------------ pieces
    def _system(self, name: str):
        return system_file(self.study, name) if name in self.study.extensions else None

    def _t(self, ko: str, en: str) -> str:
        return ko if self.lang == "ko" else en

    def _l(self, label: Label | None) -> str:
        return "–" if label is None else label.text(self.lang)

    def _section(self, ko: str, en: str, body: str) -> str:
        return f"# {self._t(ko, en)}\n\n{body}"

    def _table_section(self, ko: str, en: str, heads, rows) -> str:
        return self._section(ko, en, self._table(heads, rows)) if rows else ""

    def _table(self, heads: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> str:
        """A pipe table whose columns are as wide as what stands in them."""
        cells = [[self._t(*head) for head in heads], *([_cell(c) for c in row] for row in rows)]
        width = [max(3, min(40, max(len(row[k]) for row in cells))) for k in range(len(heads))]
        line = lambda row: "| " + " | ".join(row) + " |"
        return "\n".join(
            [line(cells[0]), "|" + "|".join("-" * w for w in width) + "|", *(line(row) for row in cells[1:])]
        )


_RULES = {
    "absolute": {"ko": "절대평가", "en": "absolute"},
    "relative": {"ko": "상대평가", "en": "relative"},
    "attainment": {"ko": "목표 달성", "en": "attainment"},
}
_SCORING = {
    "score": {"ko": "점수 그대로", "en": "the score itself"},
    "attainment": {"ko": "목표 대비 달성률", "en": "attainment of the target"},
    "targets": {"ko": "최저·최고목표 사이", "en": "between the lowest and the highest target"},
    "growth": {"ko": "증가율", "en": "growth"},
}


def _limits(standard, lang: str) -> str:
    said = []
    if standard.at_most is not None:
        said.append(f"{standard.at_most:g} 이하" if lang == "ko" else f"at most {standard.at_most:g}")
    if standard.at_least is not None:
        said.append(f"{standard.at_least:g} 이상" if lang == "ko" else f"at least {standard.at_least:g}")
    return ", ".join(said)


def _cell(text: str) -> str:
    lead = len(text) - len(text.lstrip("\u2003"))
    return "&emsp;" * lead + e(text.lstrip("\u2003"))


def _quoted(value: str) -> str:
    if value in ("true", "false"):
        return value
    return "'" + value.replace("'", "''").replace("\n", " ") + "'"
