"""Files of the shapes in which survey platforms export answers, made from one small survey with a known truth."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

#: answers from bad to good, by language
SCALE = {
    "en": ["Very dissatisfied", "Dissatisfied", "Neutral", "Satisfied", "Very satisfied"],
    "es": ["Muy insatisfecho", "Insatisfecho", "Ni satisfecho ni insatisfecho", "Satisfecho", "Muy satisfecho"],
    "ko": ["매우 불만족", "불만족", "보통", "만족", "매우 만족"],
}
ITEMS = {
    "en": ["Parks", "Police", "Streets", "Library"],
    "es": ["Parques", "Policía", "Calles", "Biblioteca"],
    "ko": ["공원", "치안", "도로", "도서관"],
}
STEM = {
    "en": "How satisfied are you with",
    "es": "¿Qué tan satisfecho está usted con",
    "ko": "다음에 얼마나 만족하십니까?",
}
MEDIA = {
    "en": ["Newspaper", "Website", "Word of mouth"],
    "es": ["Periódico", "Sitio web", "Conocidos"],
    "ko": ["신문", "누리집", "지인"],
}
DISTRICT = {"en": ["North", "South", "East"], "es": ["Norte", "Sur", "Este"], "ko": ["북구", "남구", "동구"]}


READ = {
    "en": "Where do you read about the city?",
    "es": "¿Dónde se informa usted sobre la ciudad?",
    "ko": "시정 소식을 어디에서 보십니까?",
}
LIVE = {"en": "Where do you live?", "es": "¿En qué zona de la ciudad vive usted?", "ko": "거주 지역"}
SAY = {"en": "Any comment?", "es": "¿Tiene algún comentario?", "ko": "의견을 적어 주세요"}


class World:
    """Respondents with ratings that go together, media ticked, a district, an e-mail, a comment."""

    def __init__(self, n: int = 240, seed: int = 7, lang: str = "en"):
        rng = np.random.default_rng(seed)
        self.n, self.lang, self.rng = n, lang, rng
        general = rng.standard_normal(n)
        self.ratings = np.clip(np.rint(3.3 + 0.8 * general[:, None] + 0.8 * rng.standard_normal((n, 4))), 1, 5).astype(
            int
        )
        self.silent = rng.random((n, 4)) < 0.06
        self.media = rng.random((n, 3)) < [0.3, 0.5, 0.2]
        self.district = rng.integers(0, 3, n)
        self.emails = [f"person{k}@example.org" for k in range(n)]
        self.comments = [
            f"The {w} near my house needs more care, number {k}" if k % 4 == 0 else ""
            for k, w in enumerate(["park", "street"] * (n // 2))
        ]

    def mean(self, item: int) -> float:
        """Mean of an item on 1–5 over those who answered."""
        return float(self.ratings[~self.silent[:, item], item].mean())

    def rating(self, row: int, item: int, *, text: bool) -> str:
        if self.silent[row, item]:
            return ""
        code = int(self.ratings[row, item])
        return SCALE[self.lang][code - 1] if text else str(code)

    def items(self):
        return ITEMS[self.lang]


def _write(path: Path, rows) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        csv.writer(out).writerows(rows)
    return path


def qualtrics(folder: Path, world: World, *, text: bool) -> list[Path]:
    """Three header rows, and the questionnaire as .qsf."""
    items, media = world.items(), MEDIA[world.lang]
    names = ["StartDate", "EndDate", "Status", "IPAddress", "Progress", "ResponseId", "RecipientEmail", *(f"Q1_{k}" for k in (1, 2, 3, 4)),
             *(f"Q2_{k}" for k in (1, 2, 3)), "Q3", "Q4"]  # fmt: skip
    texts = ["Start Date", "End Date", "Response Type", "IP Address", "Progress", "Response ID", "Recipient Email",
             *(f"{STEM[world.lang]} - {i}" for i in items), *(f"Where do you read about the city? - Selected Choice - {m}" for m in media),
             "Where do you live?", "Anything else?"]  # fmt: skip
    imports = [json.dumps({"ImportId": n}) for n in names]
    rows = [names, texts, imports]
    for r in range(world.n):
        rows.append([f"2024-05-{1 + r % 28:02d} 10:00:00", f"2024-05-{1 + r % 28:02d} 10:09:00", "IP Address", f"10.0.{r // 250}.{r % 250}", "100",
                     f"R_{r:014d}a", world.emails[r], *(world.rating(r, k, text=text) for k in range(4)),
                     *((media[k] if text else "1") if world.media[r, k] else "" for k in range(3)),
                     DISTRICT[world.lang][world.district[r]] if text else str(world.district[r] + 1), world.comments[r]])  # fmt: skip
    questions = [
        ("Q1", {"QuestionText": f"<b>{STEM[world.lang]}</b>", "QuestionType": "Matrix", "Selector": "Likert",
                "Choices": {str(k + 1): {"Display": i} for k, i in enumerate(items)},
                "Answers": {str(k + 1): {"Display": s} for k, s in enumerate(SCALE[world.lang])}}),
        ("Q2", {"QuestionText": "Where do you read about the city?", "QuestionType": "MC", "Selector": "MAVR",
                "Choices": {str(k + 1): {"Display": m} for k, m in enumerate(media)}}),
        ("Q3", {"QuestionText": "Where do you live?", "QuestionType": "MC", "Selector": "SAVR",
                "Choices": {str(k + 1): {"Display": d} for k, d in enumerate(DISTRICT[world.lang])}}),
        ("Q4", {"QuestionText": "Anything else?", "QuestionType": "TE", "Selector": "ML"}),
    ]  # fmt: skip
    elements = [
        {"Element": "SQ", "PrimaryAttribute": f"QID{k}", "Payload": {"DataExportTag": tag, **said}}
        for k, (tag, said) in enumerate(questions, 1)
    ]
    qsf = folder / "city.qsf"
    qsf.write_text(json.dumps({"SurveyEntry": {"SurveyName": "City"}, "SurveyElements": elements}), encoding="utf-8")
    return [_write(folder / "City+survey_May+2024.csv", rows), qsf]


def surveymonkey(folder: Path, world: World) -> list[Path]:
    """Two header rows: the question, below it the answers or "Response"."""
    items, media = world.items(), MEDIA[world.lang]
    first = ["Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address", "First Name", "Last Name",
             STEM[world.lang], "", "", "", "Where do you read about the city?", "", "", "Where do you live?", "Anything else?"]  # fmt: skip
    second = ["", "", "", "", "", "", "", "", *items, *media, "Response", "Open-Ended Response"]
    rows = [first, second]
    for r in range(world.n):
        rows.append([f"1180{r:06d}", "4412", "05/02/2024 10:00:01", "05/02/2024 10:09:01", f"10.1.{r // 250}.{r % 250}", world.emails[r], f"Ann{r}", f"Lee{r}",
                     *(world.rating(r, k, text=True) for k in range(4)), *(media[k] if world.media[r, k] else "" for k in range(3)),
                     DISTRICT[world.lang][world.district[r]], world.comments[r]])  # fmt: skip
    return [_write(folder / "Responses 2024.csv", rows)]


def google_forms(folder: Path, world: World) -> list[Path]:
    """One header row of whole questions, a grid as "question [row]", ticked answers in one cell."""
    items, media = world.items(), MEDIA[world.lang]
    rows = [
        [
            "Timestamp",
            "Email Address",
            *(f"{STEM[world.lang]} [{i}]" for i in items),
            READ[world.lang],
            LIVE[world.lang],
            SAY[world.lang],
        ]
    ]
    for r in range(world.n):
        rows.append([f"5/2/2024 10:{r % 60:02d}:00", world.emails[r], *(world.rating(r, k, text=True) for k in range(4)),
                     ", ".join(m for k, m in enumerate(media) if world.media[r, k]), DISTRICT[world.lang][world.district[r]], world.comments[r]])  # fmt: skip
    return [_write(folder / "City survey 2024 (Responses).csv", rows)]


def naver_form(folder: Path, world: World) -> list[Path]:
    """A workbook with a title above the header, answers in Korean words, several in a cell, a telephone number."""
    from openpyxl import Workbook

    items, media = ITEMS["ko"], MEDIA["ko"]
    book = Workbook()
    sheet = book.active
    sheet.append(["시민 만족도 조사 응답 결과"])
    sheet.append(
        [
            "번호",
            "참여일시",
            *(f"{i}에 얼마나 만족하십니까?" for i in items),
            "시정 소식을 어디에서 보십니까? (복수 응답)",
            "거주 지역",
            "휴대폰 번호",
            "바라는 점을 적어 주세요",
        ]
    )
    for r in range(world.n):
        sheet.append([r + 1, f"2024.05.{1 + r % 28:02d} 10:00", *(world.rating(r, k, text=True) for k in range(4)),
                      "\n".join(m for k, m in enumerate(media) if world.media[r, k]), DISTRICT["ko"][world.district[r]],
                      f"010-{r:04d}-{9999 - r:04d}", "공원에 의자를 더 놓아 주세요 " + str(r) if r % 3 == 0 else ""])  # fmt: skip
    path = folder / "시민조사_2024.xlsx"
    book.save(path)
    return [path]


def limesurvey(folder: Path, world: World) -> list[Path]:
    """Codes as answers, Y for a ticked answer, and the structure as .lss with texts in tables apart."""
    items, media = world.items(), MEDIA[world.lang]
    names = [
        "id",
        "submitdate",
        "lastpage",
        "startlanguage",
        "seed",
        *(f"Q1[SQ00{k}]" for k in (1, 2, 3, 4)),
        *(f"Q2[SQ00{k}]" for k in (1, 2, 3)),
        "Q3",
        "Q4",
    ]
    rows = [names]
    for r in range(world.n):
        rows.append([str(r + 1), f"2024-05-{1 + r % 28:02d} 10:00:00", "3", "en", str(100000 + 37 * r),
                     *(f"A{world.ratings[r, k]}" if not world.silent[r, k] else "" for k in range(4)),
                     *("Y" if world.media[r, k] else "" for k in range(3)), f"D{world.district[r] + 1}", world.comments[r]])  # fmt: skip
    row = lambda **f: "<row>" + "".join(f"<{k}><![CDATA[{v}]]></{k}>" for k, v in f.items()) + "</row>"
    questions = [
        ("1", "Q1", "F", STEM[world.lang]),
        ("2", "Q2", "M", "Where do you read about the city?"),
        ("3", "Q3", "L", "Where do you live?"),
        ("4", "Q4", "T", "Anything else?"),
    ]
    subs = [("1", f"SQ00{k + 1}", i) for k, i in enumerate(items)] + [
        ("2", f"SQ00{k + 1}", m) for k, m in enumerate(media)
    ]
    answers = [("1", f"A{k + 1}", s) for k, s in enumerate(SCALE[world.lang])] + [
        ("3", f"D{k + 1}", d) for k, d in enumerate(DISTRICT[world.lang])
    ]
    xml = "<?xml version='1.0' encoding='UTF-8'?><document><questions><rows>"
    xml += "".join(row(qid=q, parent_qid="0", gid="1", type=t, title=n, relevance="1") for q, n, t, _ in questions)
    xml += "</rows></questions><subquestions><rows>" + "".join(
        row(qid=str(10 + k), parent_qid=p, title=n) for k, (p, n, _) in enumerate(subs)
    )
    xml += "</rows></subquestions><question_l10ns><rows>" + "".join(
        row(qid=q, question=f"<p>{x}</p>", language="en") for q, _, _, x in questions
    )
    xml += (
        "".join(row(qid=str(10 + k), question=x, language="en") for k, (_, _, x) in enumerate(subs))
        + "</rows></question_l10ns><answers><rows>"
    )
    xml += (
        "".join(row(aid=str(k), qid=q, code=c, sortorder=str(k)) for k, (q, c, _) in enumerate(answers))
        + "</rows></answers><answer_l10ns><rows>"
    )
    xml += (
        "".join(row(aid=str(k), answer=x, language="en") for k, (_, _, x) in enumerate(answers))
        + "</rows></answer_l10ns></document>"
    )
    lss = folder / "limesurvey_survey_1.lss"
    lss.write_text(xml, encoding="utf-8")
    return [_write(folder / "results-survey1-2024.csv", rows), lss]


def kobo(folder: Path, world: World) -> list[Path]:
    """Values of an XLSForm: select_multiple as columns of 0 and 1 beside one cell, groups before a slash, a condition."""
    from openpyxl import Workbook

    items, media = world.items(), MEDIA[world.lang]
    form = Workbook()
    survey = form.active
    survey.title = "survey"
    survey.append(["type", "name", "label::English (en)", "relevant"])
    survey.append(["start", "start", "", ""])
    survey.append(["begin_group", "sat", "Satisfaction", ""])
    for k, item in enumerate(items, 1):
        survey.append(["select_one scale", f"s{k}", f"{STEM[world.lang]}: {item}", ""])
    survey.append(["end_group", "", "", ""])
    survey.append(["select_multiple media", "media", "Where do you read about the city?", ""])
    survey.append(["select_one district", "district", "Where do you live?", ""])
    survey.append(["text", "why", "Why North?", "${district} = 'd1'"])
    survey.append(["phonenumber", "call", "May we call you?", ""])
    choices = form.create_sheet("choices")
    choices.append(["list_name", "name", "label::English (en)"])
    for k, s in enumerate(SCALE[world.lang], 1):
        choices.append(["scale", str(k), s])
    for k, m in enumerate(media, 1):
        choices.append(["media", f"m_{k}", m])
    for k, d in enumerate(DISTRICT[world.lang], 1):
        choices.append(["district", f"d{k}", d])
    path = folder / "form.xlsx"
    form.save(path)
    names = [
        "start",
        *(f"sat/s{k}" for k in (1, 2, 3, 4)),
        "media",
        *(f"media/m_{k}" for k in (1, 2, 3)),
        "district",
        "why",
        "call",
        "_id",
        "_uuid",
        "_submission_time",
    ]
    rows = [names]
    for r in range(world.n):
        rows.append([f"2024-05-{1 + r % 28:02d}T10:00:00.000+02:00", *(world.rating(r, k, text=False) for k in range(4)),
                     " ".join(f"m_{k + 1}" for k in range(3) if world.media[r, k]), *(str(int(world.media[r, k])) if world.media[r].any() else "" for k in range(3)),
                     f"d{world.district[r] + 1}", world.comments[r] if world.district[r] == 0 else "", f"+34 600 {r:03d} {r:03d}", str(5000 + r),
                     f"{r:08x}-0000-4000-8000-{r:012x}", f"2024-05-{1 + r % 28:02d}T10:05:00"])  # fmt: skip
    return [_write(folder / "answers_2024.csv", rows), path]


def spss(folder: Path, world: World) -> list[Path]:
    """Codes with labels, low codes good, 9 user-missing, a weight."""
    import pandas as pd
    import pyreadstat

    frame = pd.DataFrame(
        {f"Q1_{k + 1}": np.where(world.silent[:, k], 9.0, 6.0 - world.ratings[:, k]) for k in range(4)}
    )
    for k in range(3):
        frame[f"Q2_{k + 1}"] = world.media[:, k].astype(float)
    frame["district"] = world.district + 1.0
    frame["wt"] = np.round(world.rng.uniform(0.5, 1.5, world.n), 4)
    frame["respid"] = np.arange(1.0, world.n + 1)
    labels = {f"Q1_{k + 1}": f"Q1. {STEM['en']}: {i}" for k, i in enumerate(ITEMS["en"])} | {
        f"Q2_{k + 1}": f"Q2. Read about the city: {m}" for k, m in enumerate(MEDIA["en"])
    }
    labels |= {"district": "District of residence", "wt": "Weight", "respid": "Respondent number"}
    scale = {float(k): s for k, s in enumerate(reversed(SCALE["en"]), 1)} | {9.0: "Don't know"}
    values = {f"Q1_{k + 1}": scale for k in range(4)} | {
        f"Q2_{k + 1}": {0.0: "Not selected", 1.0: "Selected"} for k in range(3)
    }
    values["district"] = {float(k): d for k, d in enumerate(DISTRICT["en"], 1)}
    path = folder / "city2024.sav"
    pyreadstat.write_sav(
        frame,
        str(path),
        column_labels=labels,
        variable_value_labels=values,
        missing_ranges={f"Q1_{k + 1}": [9.0] for k in range(4)},
    )
    return [path]


def triple_s(folder: Path, world: World) -> list[Path]:
    """A definition of version 2.0 beside fixed columns: single, multiple as bits, quantity, character."""
    variables = []
    for k, item in enumerate(ITEMS["en"]):
        values = (
            "".join(f'<value code="{c}">{s}</value>' for c, s in enumerate(SCALE["en"], 1))
            + '<value code="9">Don&apos;t know</value>'
        )
        variables.append(
            f'<variable ident="{k + 1}" type="single"><name>Q1_{k + 1}</name><label>{STEM["en"]}: {item}</label><position start="{k + 1}"/><values>{values}</values></variable>'
        )
    bits = "".join(f'<value code="{c}">{m}</value>' for c, m in enumerate(MEDIA["en"], 1))
    variables.append(
        f'<variable ident="5" type="multiple"><name>Q2</name><label>Read about the city</label><position start="5" finish="7"/><values>{bits}</values></variable>'
    )
    district = "".join(f'<value code="{c}">{d}</value>' for c, d in enumerate(DISTRICT["en"], 1))
    variables.append(
        f'<variable ident="6" type="single"><name>Q3</name><label>District of residence</label><position start="8"/><values>{district}</values></variable>'
    )
    variables.append(
        '<variable ident="7" type="quantity" use="weight"><name>W</name><label>Weight</label><position start="9" finish="14"/><values><range from="0.00" to="9.99"/></values></variable>'
    )
    variables.append(
        '<variable ident="8" type="character" use="serial"><name>Serial</name><label>Serial number</label><position start="15" finish="20"/><size>6</size></variable>'
    )
    definition = folder / "city2024.sss"
    definition.write_text(
        f'<?xml version="1.0"?><sss version="2.0"><date>2024-05-30</date><survey><title>City</title><record ident="A">{"".join(variables)}</record></survey></sss>',
        encoding="utf-8",
    )
    lines = []
    for r in range(world.n):
        ratings = "".join("9" if world.silent[r, k] else str(world.ratings[r, k]) for k in range(4))
        lines.append(
            f"{ratings}{''.join(str(int(b)) for b in world.media[r])}{world.district[r] + 1}{0.5 + (r % 100) / 100:6.2f}{r + 1:6d}"
        )
    data = folder / "city2024.asc"
    data.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [definition, data]
