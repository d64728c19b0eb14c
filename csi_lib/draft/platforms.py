"""Questionnaires of Qualtrics (.qsf), LimeSurvey (.lss) and ODK/KoBo (XLSForm)."""

from __future__ import annotations

import json
import re
from pathlib import Path

from csi_lib.draft.questionnaire import Asked, plain_text
from csi_lib.draft.sheet import Grid
from csi_lib.errors import InputError


def read_qsf(path: Path) -> list[Asked]:
    """The questions of a Qualtrics survey file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        elements = content["SurveyElements"]
    except (ValueError, KeyError, TypeError):
        raise InputError(
            "this is not a Qualtrics survey file", where=str(path), expected="the export of a survey"
        ) from None
    out = []
    for element in elements:
        if element.get("Element") != "SQ" or not isinstance(element.get("Payload"), dict):
            continue
        said = element["Payload"]
        kind, selector = said.get("QuestionType", ""), said.get("Selector", "")
        name = said.get("DataExportTag") or element.get("PrimaryAttribute", "")
        choices, answers = _displays(said.get("Choices")), _displays(said.get("Answers"))
        recode = {str(k): str(v) for k, v in (said.get("RecodeValues") or {}).items()}
        coded = lambda found, recode=recode: {recode.get(code, code): label for code, label in found.items()}
        text = plain_text(said.get("QuestionText"))
        if kind == "Matrix":
            out.append(Asked(name, text, "item", coded(answers), choices))
        elif kind == "MC" and selector in ("MAVR", "MAHR", "MACOL", "MSB"):
            out.append(Asked(name, text, "multiple", coded(choices), {**choices, **coded(choices)}))
        elif kind == "MC":
            kinds = "rating" if selector == "NPS" else "single"
            out.append(Asked(name, text, kinds, coded(choices)))
        elif kind == "RO":
            out.append(Asked(name, text, "rank", {}, choices))
        elif kind == "TE":
            out.append(Asked(name, text, "text"))
        elif kind in ("Slider", "CS"):
            out.append(Asked(name, text, "number", {}, choices))
        elif kind not in ("DB", "Timing", "Captcha"):
            out.append(Asked(name, text))
    return out


def _displays(choices) -> dict[str, str]:
    if isinstance(choices, list):
        choices = {str(k): v for k, v in enumerate(choices, 1)}
    return {str(k): plain_text(v.get("Display")) for k, v in (choices or {}).items() if isinstance(v, dict)}


#: LimeSurvey's question types -> kind; arrays have items as parts
_LIME = {
    **dict.fromkeys("L!OYGI", "single"), **dict.fromkeys("FABCEH", "item"), "5": "rating", **dict.fromkeys("MP", "multiple"),
    "R": "rank", **dict.fromkeys("STUQ", "text"), **dict.fromkeys("NK", "number"), "D": "date",
}  # fmt: skip
#: types whose answers are not written in the file
_FIXED = {
    "Y": {"Y": "Yes", "N": "No"}, "G": {"F": "Female", "M": "Male"}, "C": {"Y": "Yes", "U": "Uncertain", "N": "No"},
    "E": {"I": "Increase", "S": "Same", "D": "Decrease"},
}  # fmt: skip


def read_lss(path: Path) -> list[Asked]:
    """The questions of a LimeSurvey structure file, of versions that keep texts in the tables themselves or apart."""
    from lxml import etree

    try:
        root = etree.fromstring(path.read_bytes(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        raise InputError("this is not a LimeSurvey structure file", where=str(path)) from None
    table = lambda name: [{c.tag: (c.text or "") for c in row} for row in root.findall(f"./{name}/rows/row")]
    texts = {}
    for row in table("question_l10ns"):
        texts.setdefault(row.get("qid"), row.get("question", ""))
    answers_apart = {}
    for row in table("answer_l10ns"):
        answers_apart.setdefault(row.get("aid"), row.get("answer", ""))
    groups = {
        row.get("gid"): row.get("group_name", "")
        for row in [*table("group_l10ns"), *table("groups")]
        if row.get("group_name")
    }
    answers: dict[str, dict[str, str]] = {}
    for row in sorted(table("answers"), key=lambda r: int(r.get("sortorder") or 0)):
        label = row.get("answer") or answers_apart.get(row.get("aid"), "")
        answers.setdefault(row["qid"], {}).setdefault(row["code"], plain_text(label))
    parts: dict[str, dict[str, str]] = {}
    for row in [*table("subquestions"), *(r for r in table("questions") if r.get("parent_qid") not in ("0", "", None))]:
        label = row.get("question") or texts.get(row.get("qid"), "")
        parts.setdefault(row.get("parent_qid"), {}).setdefault(row.get("title", ""), plain_text(label))
    out = []
    for row in table("questions"):
        if row.get("parent_qid") not in ("0", "", None):
            continue
        kind, qid = row.get("type", ""), row.get("qid")
        if kind == "X":
            continue
        text = plain_text(row.get("question") or texts.get(qid, ""))
        labels = answers.get(qid, _FIXED.get(kind, {}))
        relevance = row.get("relevance", "")
        out.append(Asked(row.get("title", ""), text, _LIME.get(kind, ""), labels, parts.get(qid, {}),
                         "" if relevance in ("1", "") else relevance, plain_text(groups.get(row.get("gid"), ""))))  # fmt: skip
    return out


_ODK = {
    "integer": "number", "decimal": "number", "range": "number", "text": "text", "date": "date", "phonenumber": "contact",
    "email": "contact", "geopoint": "contact", "geotrace": "contact", "geoshape": "contact", "deviceid": "contact",
    "username": "contact", "subscriberid": "contact", "simserial": "contact", "image": "contact", "audio": "contact",
    "video": "contact", "file": "contact", "start": "quasi", "end": "quasi", "today": "quasi", "datetime": "quasi",
    "time": "quasi", "calculate": "quasi", "hidden": "quasi", "barcode": "id",
}  # fmt: skip


def is_xlsform(grids: list[Grid]) -> bool:
    names = {grid.sheet.casefold() for grid in grids}
    return {"survey", "choices"} <= names or ("survey" in names and "type" in map(str.casefold, grids[0].rows[0]))


def read_xlsform(grids: list[Grid]) -> list[Asked]:
    """The questions of an XLSForm: select_one, select_multiple, rank and the rest, with their choices and conditions."""
    sheets = {grid.sheet.casefold(): _records(grid) for grid in grids}
    choices: dict[str, dict[str, str]] = {}
    for row in sheets.get("choices", ()):
        listed = row.get("list_name") or row.get("list name", "")
        if row.get("name"):
            choices.setdefault(listed, {})[row["name"]] = plain_text(_label(row)) or row["name"]
    out, group = [], []
    for row in sheets["survey"]:
        kind, _, listed = row.get("type", "").strip().partition(" ")
        listed = listed.split()[0] if listed.split() else ""
        if kind in ("begin_group", "begin") or row.get("type", "").startswith("begin group"):
            group.append(plain_text(_label(row)))
            continue
        if kind in ("end_group", "end_repeat") or row.get("type", "").startswith(("end group", "end repeat")):
            group = group[:-1]
            continue
        if not row.get("name") or kind in ("note", "begin_repeat", "audit"):
            continue
        text, labels = plain_text(_label(row)), choices.get(listed, {})
        section = next((g for g in reversed(group) if g), "")
        relevant = row.get("relevant", "")
        if kind in ("select_multiple", "rank"):
            name = "multiple" if kind == "select_multiple" else "rank"
            out.append(Asked(row["name"], text, name, labels, labels, relevant, section))
        elif kind in ("select_one", "select_one_from_file"):
            out.append(Asked(row["name"], text, "single", labels, {}, relevant, section))
        else:
            out.append(Asked(row["name"], text, _ODK.get(kind, ""), {}, {}, relevant, section))
    return out


def _records(grid: Grid) -> list[dict[str, str]]:
    head = [h.strip() for h in grid.rows[0]]
    return [dict(zip(head, row, strict=False)) for row in grid.rows[1:] if any(row)]


def _label(row: dict[str, str]) -> str:
    """``label``, or that of the first language: ``label::Español (es)``."""
    return row.get("label") or next((v for k, v in row.items() if re.match(r"label::?", k) and v), "")
