"""The survey step by step with its check points (figure), and whether the log and the data tell the same counts."""

from __future__ import annotations

import pandas as pd

from csi_lib.chapters.fieldwork.compute import FieldworkFile, Log, control, rates
from csi_lib.chapters.outline.section import population_of
from csi_lib.figures.figure import Figure
from csi_lib.figures.flow import Step, flow_chart
from csi_lib.prose.numbers import Number
from csi_lib.survey.sampling_plan import read_plan
from csi_lib.tables.table import Column, Row, Table


def counts(chapter, file: FieldworkFile, log: Log) -> pd.DataFrame | None:
    """``what log data`` of one wave, each thing counted once: interviews delivered, discarded, kept.

    Interviews of the log are complete ones, and partial ones where only so the data have as many rows. None where the
    report is about another source.
    """
    if file.of != chapter.survey.source:
        return None
    quality = chapter.survey.quality.counts
    thrown = int(quality.get("discarded", 0))
    delivered = int(chapter.survey.n) + thrown
    of = lambda groups: log.frame[log.frame["group"].isin(groups)]
    done = of(["I", "P"]) if len(of(["I"])) != delivered and len(of(["I", "P"])) == delivered else of(["I"])
    rejected = done["action"].isin([file.discarded, file.reinterviewed])
    lines = [("delivered", len(done), delivered), ("discarded", int(rejected.sum()), thrown),
             ("kept", int((~rejected).sum()), int(chapter.survey.n))]  # fmt: skip
    return pd.DataFrame(lines, columns=["what", "log", "data"])


def agreement_table(chapter, file: FieldworkFile, found: pd.DataFrame) -> Table:
    """Interviews delivered, discarded and kept, by the log and by the data."""
    t = chapter.text
    names = {
        "delivered": t(ko="완료한 면접", en="Interviews delivered"),
        "discarded": t(ko="폐기하거나 다시 조사한 면접", en="Discarded or done again"),
        "kept": t(ko="분석한 면접", en="Interviews analysed"),
    }
    rows = chapter.record(
        [
            {"measure": f"count:{r['what']}", "statistic": "count", "versus": side, "estimate": r[side], "unit": "cases",
             "n": found["log"].iloc[0]}
            for r in found.to_dict("records")
            for side in ("log", "data")
        ],
        source=file.source,
    ).to_dict("records")  # fmt: skip
    columns = (
        Column("what", t(ko="구분", en="Count"), "left", "stub"),
        Column("log", t(ko="접촉 기록", en="Log of contacts")),
        Column("data", t(ko="조사 자료", en="Data")),
    )
    body = [
        Row((names[w], *(Number.from_row(r) for r in rows[2 * k : 2 * k + 2]))) for k, w in enumerate(found["what"])
    ]
    caption = t(ko="접촉 기록과 자료의 면접 수", en="Interviews by the log and by the data")
    return Table("counts", caption, columns, tuple(body), lang=chapter.lang, exempt="counts themselves")


def agreement_sentence(chapter, found: pd.DataFrame):
    """That log and data agree, or which counts do not and what to ask."""
    apart = found[found["log"] != found["data"]]["what"].tolist()
    if not apart:
        return chapter.sentence(
            ko="접촉 기록과 자료의 면접 수가 모두 일치한다.", en="Log and data agree in every count."
        )
    names = {"delivered": ("완료한 면접", "interviews delivered"), "discarded": ("폐기한 면접", "interviews discarded"),
             "kept": ("분석한 면접", "interviews analysed")}  # fmt: skip
    which = [names[w][chapter.lang == "en"] for w in apart]
    return chapter.sentence(
        ko="**접촉 기록과 자료가 다르다**: {which}. 조사기관에 확인해야 하며, 보고서의 점수는 자료를 따른다.",
        en="**Log and data do not agree**: {which}. The contractor has to be asked; the scores of this report follow the data.",
        which=which,
    )


def ending(chapter, log: Log):
    """What is said where the log ends before the planned day and nobody said that fieldwork goes on; None elsewhere."""
    if log.interim or log.ends is None or log.last >= log.ends:
        return None
    return chapter.sentence(
        ko="접촉 기록은 계획한 마감일 {ends}보다 이른 {last}에 끝난다.",
        en="The log ends on {last}, before the planned last day {ends}.", ends=str(log.ends), last=str(log.last),
    )  # fmt: skip


def survey_flow(chapter, file: FieldworkFile, log: Log) -> Figure:
    """Population → sample → pre-test → fieldwork → verification → data, with the check point and finding of each step."""
    t, study, steps, rows = chapter.text, chapter.study, [], []
    names = {
        "population": t(ko="모집단", en="Population"),
        "planned": t(ko="계획한 면접", en="Interviews planned"),
        "done": t(ko="완료한 면접(폐기 제외)", en="Interviews done (not discarded)"),
        "dropped": t(ko="사전조사에서 뺀 문항", en="Items dropped in the pre-test"),
        "cases": t(ko="접촉한 사례", en="Cases"),
        "response": t(ko="추정 응답률(RR3)", en="Response rate (RR3)"),
        "verified": t(ko="검증률", en="Share verified"),
        "required": t(ko="검증 기준", en="Share required"),
        "delivered": t(ko="받은 면접", en="Interviews received"),
        "discarded": t(ko="폐기한 면접", en="Interviews discarded"),
        "analysed": t(ko="분석한 면접", en="Interviews analysed"),
    }

    def number(measure: str, value: float, unit: str, n: float) -> str:
        row = chapter.record([{"measure": f"flow:{measure}", "statistic": "share" if unit == "proportion" else "count",
                               "estimate": value, "unit": unit, "n": n}], source=file.source).iloc[0]  # fmt: skip
        rows.append({**row, "measure_label": names[measure]})
        return Number.from_row(row).text(chapter.lang)

    population = population_of(chapter)
    if population:
        steps.append(Step(t(ko="고객 정의와 명부", en="Customers and frame"), t(ko="모집단의 크기", en="Size of the population"),
                          number("population", population, "count", population)))  # fmt: skip
    plan = read_plan(study)
    if plan is not None:
        from csi_lib.chapters.fieldwork.section import _planned

        planned = sum(_planned(chapter, plan).values())
        if planned:
            done = len(log.complete)
            steps.append(Step(t(ko="표본 설계", en="Sample design"), t(ko="계획한 면접과 완료한 면접", en="Interviews planned and done"),
                              f"{number('planned', planned, 'count', planned)} → {number('done', done, 'count', planned)}",
                              done >= planned))  # fmt: skip
    if "pretest" in study.extensions:
        dropped = sum(d.verdict == "dropped" for d in chapter.system("pretest").decisions.values())
        steps.append(Step(t(ko="사전조사", en="Pre-test"), t(ko="뺀 문항", en="Items dropped"),
                          number("dropped", dropped, "number", len(log.frame))))  # fmt: skip
    found = rates(log, file)
    response = float(found.frame.set_index("rate").loc["RR3", "estimate"])
    steps.append(Step(t(ko="실사", en="Fieldwork"), t(ko="접촉한 사례와 추정 응답률(RR3)", en="Cases and response rate (RR3)"),
                      f"{number('cases', len(log.frame), 'cases', len(log.frame))} · {number('response', response, 'proportion', found.n)}"))  # fmt: skip
    checked = control(log, file).set_index("what")
    share, goal = checked.loc["verified", "share"], file.verification.overall
    if share == share:
        base = int(checked.loc["verified", "base"])
        steps.append(Step(t(ko="검증", en="Verification"), t(ko="검증률과 기준", en="Share verified and required"),
                          f"{number('verified', share, 'proportion', base)} / {number('required', goal, 'proportion', base)}",
                          bool(share >= goal)))  # fmt: skip
    agreed = counts(chapter, file, log)
    if agreed is not None:
        n = agreed.set_index("what")["data"]
        steps.append(Step(t(ko="자료 점검", en="Data received"), t(ko="받은 면접과 폐기한 면접, 기록과의 일치", en="Received, discarded, agreement with the log"),
                          f"{number('delivered', n['delivered'], 'count', n['delivered'])} − {number('discarded', n['discarded'], 'count', n['delivered'])}",
                          bool((agreed["log"] == agreed["data"]).all())))  # fmt: skip
    steps.append(Step(t(ko="분석과 보고", en="Analysis and report"), t(ko="분석한 면접", en="Interviews analysed"),
                      number("analysed", chapter.survey.n, "count", chapter.survey.n)))  # fmt: skip
    return flow_chart(steps, pd.DataFrame(rows), lang=chapter.lang, name="flow",
                      caption=t(ko="조사의 흐름과 점검 지점", en="The survey step by step, with its check points"))  # fmt: skip
