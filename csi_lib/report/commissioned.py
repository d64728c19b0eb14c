"""What surrounds the chapters of a commissioned report: title page, letter of submission, research team, questionnaire, imprint.

The parts and their order are those of commissioned research in Korea: 표지, 제출문, 연구진, 요약, 차례 · 표 차례 · 그림 차례,
본문, 부록, 설문지, 판권. Contents and lists are placed by the format; a study declares the rest in a few lines (``report: {commissioned: …}``).
"""

from __future__ import annotations

from collections.abc import Sequence

import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook

from csi_lib.prose.escape import escape_markdown
from csi_lib.study.reading import reading
from csi_lib.study.study import OVERALL

_CIRCLED = "⓪①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
#: room for an answer in words
_BLANK = f"({chr(0x3000) * 24})"
_WORDS = {
    "ko": {
        "overall": "총괄보고서",
        "restricted": "내부용 · 대외비",
        "submission": "제출문",
        "dear": "{to} 귀하",
        "letter": "이 보고서를 「{title}」의 {edition}로 제출합니다.",
        "team": "연구진",
        "client": "발주기관 담당",
        "role": "구분",
        "name": "성명",
        "affiliation": "소속·직위",
        "questionnaire": "설문지",
        "item": "문항",
        "lead": "다음은 {period} 조사에 쓴 문항입니다. 해당하는 번호 하나를 고르도록 하였습니다.",
        "background": "응답자 특성",
        "open": "자유 응답",
        "imprint": "판권",
        "published": "발행일",
        "publisher": "발행처",
        "contractor": "수행기관",
        "address": "주소",
        "contact": "연락처",
        "isbn": "ISBN",
        "registration": "발간등록번호",
    },
    "en": {
        "overall": "Overall report",
        "restricted": "Restricted edition",
        "submission": "Letter of submission",
        "dear": "To {to}",
        "letter": "We submit this document as the {edition} of “{title}”.",
        "team": "Research team",
        "client": "For the commissioner",
        "role": "Role",
        "name": "Name",
        "affiliation": "Affiliation",
        "questionnaire": "Questionnaire",
        "item": "Item",
        "lead": "The items of the {period} survey. Respondents chose one number for each.",
        "background": "About the respondent",
        "open": "In the respondent’s own words",
        "imprint": "Imprint",
        "published": "Published",
        "publisher": "Publisher",
        "contractor": "Conducted by",
        "address": "Address",
        "contact": "Contact",
        "isbn": "ISBN",
        "registration": "Registration number",
    },
}


def _words(lang: str) -> dict[str, str]:
    return {k: reading().worded(v) for k, v in _WORDS[lang].items()}


def front_matter(study, job) -> dict[str, object]:
    """Title page: what the report is, about whom, for whom and by whom; all of it data, so escaped."""
    lang, say, t = job.lang, lambda label: escape_markdown(label.text(job.lang)), _words(job.lang)
    overall = job.agency == OVERALL
    front: dict[str, object] = {"title": say(study.title), "subtitle": edition(study.period_of(job.year), lang)}
    if study.subtitle is not None:
        front["subtitle"] = f"{say(study.subtitle)} · {front['subtitle']}"
    front["agency"] = t["overall"] if overall else escape_markdown(study.agency(job.agency).name.text(lang))
    for name, label in (("commissioned-by", study.commissioned_by), ("contractor", study.contractor)):
        if label is not None:
            front[name] = say(label)
    given = study.report.commissioned
    date = given.dates.get(job.year) if given is not None else None
    front["date"] = study.period_of(job.year) if date is None else say(date)
    if given is not None and job.year in given.registration:
        front["registration"] = f"{t['registration']} {escape_markdown(given.registration[job.year])}"
    if job.release == "restricted":
        front["release"] = t["restricted"]
    front["pagetitle"] = f"{front['agency']} {study.period_of(job.year)} – {front['title']}"
    if overall:
        front["csi-design"] = "overall"
    if study.report.appendix == "short":
        front["csi-flow"] = True
    return front


_EDITION = {"ko": "{period} 결과보고서", "en": "Report {period}"}


def edition(period: str, lang: str) -> str:
    if lang == "en":
        return reading().worded(_EDITION["en"]).format(period=period)
    return f"{period}년 결과보고서" if period.isdigit() else f"{period} 결과보고서"


def with_parts(
    study, job, chapters: Sequence[tuple[str, nbformat.NotebookNode]]
) -> list[tuple[str, nbformat.NotebookNode]]:
    """`chapters` between the parts of a commissioned report; as they are where the study declares none."""
    given = study.report.commissioned
    if given is None:
        return list(chapters)
    before = [("submission", _submission(study, job, given)), ("team", _team(study, job, given))]
    after = [
        ("questionnaire", _questionnaire(study, job) if given.questionnaire else ""),
        ("imprint", _imprint(study, job, given)),
    ]
    made = lambda parts: [
        (f"part-{name}", new_notebook(cells=[new_markdown_cell(text)])) for name, text in parts if text
    ]
    return [*made(before), *chapters, *made(after)]


def _submission(study, job, given) -> str:
    lang, t, esc = job.lang, _words(job.lang), escape_markdown
    to = given.to or study.commissioned_by
    by = given.by or study.contractor
    if to is None or by is None:
        return ""
    what = edition(study.period_of(job.year), lang)
    title = esc(study.title.text(lang))
    letter = esc(given.letter.text(lang)) if given.letter is not None else t["letter"].format(title=title, edition=what)
    addressed = esc(to.text(lang))
    if given.to is None or not addressed.endswith(("귀하", "귀중")):
        addressed = t["dear"].format(to=addressed)
    date = given.dates.get(job.year)
    lines = [f"[{addressed}]{{.addressee}}", letter]
    if date is not None:
        lines.append(f"[{esc(date.text(lang))}]{{.dated}}")
    lines.append(f"[{esc(by.text(lang))}]{{.submitter}}")
    body = "\n\n".join(lines)
    return f"# {t['submission']} {{.unnumbered .front .letter}}\n\n::: {{.submission}}\n{body}\n:::\n"


def _team(study, job, given) -> str:
    lang, t = job.lang, _words(job.lang)
    parts = []
    for members, title in ((given.team, ""), (given.client_team, t["client"])):
        if not members:
            continue
        rows = [
            [m.role.text(lang), m.name.text(lang), m.affiliation.text(lang) if m.affiliation is not None else ""]
            for m in members
        ]
        heads = [t["role"], t["name"], t["affiliation"]]
        parts.append((f"**{title}**\n\n" if title else "") + _table(heads, rows))
    return f"# {t['team']} {{.unnumbered .front .letter}}\n\n" + "\n\n".join(parts) + "\n" if parts else ""


def _questionnaire(study, job) -> str:
    """The items as they were asked: one grid per scale, then groups and open questions, numbered through."""
    lang, t, esc = job.lang, _words(job.lang), escape_markdown
    book = study.codebook("customers") if "customers" in study.codebooks else None
    if book is None:
        return ""
    asked = [name for name, column in book.columns.items() if column.available_in(job.year)]
    number, parts = 0, []
    scales: dict[str, list[str]] = {}
    for name in asked:
        if book.columns[name].role == "item":
            scales.setdefault(book.columns[name].scale, []).append(name)
    for scale, items in scales.items():
        points = _points(book.scales[scale], lang)
        rows = []
        for name in items:
            number += 1
            column = book.columns[name]
            rows.append([f"{number}. {(column.question or column.label).text(lang)}", *(mark for mark, _ in points)])
        parts.append(_table([t["item"], *(label for _, label in points)], rows, center=True))
    for role, title in (("group", t["background"]), ("text", t["open"])):
        lines = []
        for name in asked:
            column = book.columns[name]
            if column.role != role or not (column.question or column.label):
                continue
            number += 1
            choices = [label.text(lang) for label in column.labels.values()]
            marked = " ".join(
                f"{_CIRCLED[i] if i < len(_CIRCLED) else f'({i})'}\u00a0{esc(c)}" for i, c in enumerate(choices, 1)
            )
            question = f"{number}\\. {esc((column.question or column.label).text(lang))}"
            lines.append(f"{question}\\\n{marked or _BLANK}")
        if lines:
            parts.append(f"## {title} {{.unnumbered .unlisted}}\n\n" + "\n\n".join(lines))
    period = study.period_of(job.year)
    lead = t["lead"].format(period=f"{period}년" if lang == "ko" and period.isdigit() else period)
    return f"# {t['questionnaire']} {{.unnumbered}}\n\n{lead}\n\n" + "\n\n".join(parts) + "\n" if parts else ""


def _points(scale, lang: str) -> list[tuple[str, str]]:
    """(number to be ringed, what stands above it) for every point of a scale."""
    labels = {str(k): v.text(lang) for k, v in scale.labels.items()}
    if scale.continuous or scale.points is None or scale.points > 12:
        return [
            (
                f"{scale.low:g} – {scale.high:g}",
                " – ".join(labels.get(f"{x:g}", f"{x:g}") for x in (scale.low, scale.high)),
            )
        ]
    values = range(round(scale.low), round(scale.high) + 1)
    return [(_CIRCLED[v] if 0 <= v < len(_CIRCLED) else str(v), labels.get(str(v), str(v))) for v in values]


def _imprint(study, job, given) -> str:
    lang, t, esc = job.lang, _words(job.lang), escape_markdown
    imprint, rows = given.imprint, []
    date = given.dates.get(job.year)
    lines = (
        ("registration", given.registration.get(job.year)),
        ("published", date.text(lang) if date is not None else study.period_of(job.year)),
        ("publisher", imprint.publisher or study.commissioned_by),
        ("contractor", study.contractor),
        ("address", imprint.address),
        ("contact", imprint.contact),
        ("isbn", imprint.isbn),
    )
    for key, value in lines:
        if value is not None:
            rows.append(f"[{t[key]}]{{.what}} {esc(value if isinstance(value, str) else value.text(lang))}")
    title = f"**{esc(study.title.text(lang))}** {edition(study.period_of(job.year), lang)}"
    notice = f"\n\n{esc(imprint.notice.text(lang))}" if imprint.notice is not None else ""
    body = f"{title}\n\n" + "\\\n".join(rows) + notice
    return f"# {t['imprint']} {{.unnumbered .unlisted .imprint}}\n\n::: {{.colophon}}\n{body}\n:::\n"


def _table(heads: list[str], rows: list[list[str]], *, center: bool = False) -> str:
    line = lambda cells: "| " + " | ".join(escape_markdown(c) for c in cells) + " |"
    rule = "|:--|" + ("|".join([":-:" if center else ":--"] * (len(heads) - 1))) + "|"
    return "\n".join([line(heads), rule, *map(line, rows)])
