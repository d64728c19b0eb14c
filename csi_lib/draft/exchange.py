"""The codebook as other programs read it: DDI-Codebook 2.5, and Triple-S 2.0 with or without the answers."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from csi_lib.errors import InputError
from csi_lib.study.codebook import SCALED
from csi_lib.study.study import Study
from csi_lib.survey.questions import given, questions
from csi_lib.survey.reading import Survey, read_survey

_DDI = "ddi:codebook:2_5"
#: roles that are never handed on
PRIVATE = ("id", "contact", "quasi", "text", "date")


def write_ddi(study: Study, path: Path, *, source: str = "customers", lang: str | None = None) -> Path:
    """DDI-Codebook: study, variables with questions, ranges, categories (missing ones marked), groups for sections and sets.

    Columns that point to a person are not named.
    """
    from lxml import etree

    book, lang = study.codebook(source), lang or study.report.language
    text = lambda label: "" if label is None else getattr(label, lang, None) or str(label)
    root = etree.Element(f"{{{_DDI}}}codeBook", nsmap={None: _DDI}, version="2.5")
    add = lambda parent, tag, content=None, **attributes: _add(parent, f"{{{_DDI}}}{tag}", content, attributes)
    described = add(root, "stdyDscr")
    citation = add(described, "citation")
    add(add(citation, "titlStmt"), "titl", text(study.title))
    if study.contractor is not None:
        add(add(citation, "prodStmt"), "producer", text(study.contractor))
    summary = add(add(described, "stdyInfo"), "sumDscr")
    for year in study.years:
        add(summary, "collDate", study.period_of(year), date=str(year), event="single")
    data = add(root, "dataDscr")
    shown = {n: c for n, c in book.columns.items() if c.role not in PRIVATE}
    for section in book.sections:
        members = [f"V_{n}" for n, c in shown.items() if c.section == section.id]
        if members:
            add(
                add(data, "varGrp", ID=f"G_{section.id}", type="section", var=" ".join(members)),
                "labl",
                text(section.label),
            )
    for key, said in book.sets.items():
        members = [f"V_{n}" for n, c in shown.items() if c.set == key]
        if members:
            add(
                add(data, "varGrp", ID=f"S_{key}", type="multipleResp", var=" ".join(members)), "labl", text(said.label)
            )
    for name, column in shown.items():
        scale = book.scales[column.scale] if column.role in SCALED else None
        variable = add(data, "var", ID=f"V_{name}", name=name, intrvl="discrete" if scale or column.labels else "contin",
                       **({"wgt": "wgt"} if column.role == "weight" else {}))  # fmt: skip
        add(variable, "labl", text(column.label) or name)
        if column.question is not None:
            add(add(variable, "qstn"), "qstnLit", text(column.question))
        if scale is not None:
            add(add(variable, "valrng"), "range", min=f"{scale.low:g}", max=f"{scale.high:g}")
        for code, label in (scale.labels if scale else column.labels).items():
            category = add(variable, "catgry")
            add(category, "catValu", str(code))
            add(category, "labl", text(label))
        for code in column.missing_in(max(study.years)):
            add(add(variable, "catgry", missing="Y"), "catValu", str(code))
        add(
            variable,
            "varFormat",
            type="numeric" if scale or column.role in ("weight", "measure", "number") else "character",
        )
    etree.ElementTree(root).write(str(path), encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return path


def write_triple_s(study: Study, path: Path, *, agency: str | None = None, year: int | None = None, source: str = "customers",
                   answers: bool = False, data: Path | None = None, lang: str | None = None) -> list[Path]:  # fmt: skip
    """Triple-S 2.0: the definition, and with ``answers`` one line per respondent of a wave beside it (.csv).

    Texts, identifiers and dates are left out; answers without a number are numbered in codebook order. Raises InputError
    where `answers` are wanted of a study whose data cannot be read.
    """
    from lxml import etree

    lang, year = lang or study.report.language, year or max(study.years)
    survey = read_survey(study, agency, year, source=source, data=data) if answers else None
    book = survey.codebook if survey is not None else study.codebook(source)
    text = lambda label: getattr(label, lang, None) or str(label)
    root = etree.Element("sss", version="2.0", options="standardnames")
    etree.SubElement(etree.SubElement(root, "survey"), "title").text = text(study.title)
    record = etree.SubElement(root[0], "record", ident="A", format="csv", skip="1")
    heads: list[str] = []
    cells: list[list[str]] = []
    for name, kind, label, values, column in _variables(study, book, survey, year, text):
        heads.append(name)
        variable = etree.SubElement(
            record,
            "variable",
            ident=str(len(heads)),
            type=kind,
            **({"use": "weight"} if kind == "quantity" and name in book.of_role("weight") else {}),
        )
        etree.SubElement(variable, "name").text = name
        etree.SubElement(variable, "label").text = label
        etree.SubElement(variable, "position", start=str(len(heads)))
        holder = etree.SubElement(variable, "values")
        if kind == "quantity":
            low, high = values
            etree.SubElement(holder, "range", **{"from": f"{low:.4f}", "to": f"{high:.4f}"})
        else:
            for code, said in values:
                etree.SubElement(holder, "value", code=str(code)).text = said
        cells.append(column)
    if not heads:
        raise InputError("this codebook has no variable to hand on", where=str(study.path))
    etree.ElementTree(root).write(str(path), encoding="UTF-8", xml_declaration=True, pretty_print=True)
    if survey is None:
        return [path]
    beside = path.with_suffix(".csv")
    with beside.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows(zip(*cells, strict=True))
    return [path, beside]


def _variables(study: Study, book, survey: Survey | None, year: int, text):
    """(name, type, label, values, cells) of every variable, in codebook order; a set stands where its first column does."""
    by_id = {q.id: q for q in questions(book, year)}
    frame, done = (None if survey is None else survey.frame), set()
    blank = lambda values: ["" if v != v else f"{v:g}" for v in values]
    for name, column in book.columns.items():
        if column.role in PRIVATE or not column.available_in(year):
            continue
        held = frame[name] if frame is not None and name in frame else None
        if column.role in SCALED:
            scale = book.scales[column.scale]
            values = [
                (c, text(scale.labels[c]) if c in scale.labels else str(c))
                for c in range(int(scale.low), int(scale.high) + 1)
            ]
            yield name, "single", text(column.label), values, [] if held is None else blank(held.to_numpy(float))
        elif column.role in ("weight", "measure", "number"):
            x = np.array([0.0, 1.0]) if held is None else held.to_numpy(float)
            known = x[np.isfinite(x)] if np.isfinite(x).any() else np.array([0.0, 1.0])
            label = text(column.label) if column.label else name
            yield name, "quantity", label, (known.min(), known.max()), [] if held is None else blank(x)
        elif column.role in ("single", "group"):
            codes = list(column.labels)
            own = all(isinstance(c, int) for c in codes)
            number = {str(c): (c if own else k) for k, c in enumerate(codes, 1)}
            values = [(number[str(c)], text(label)) for c, label in column.labels.items()]
            yield (
                name,
                "single",
                text(column.label),
                values,
                [] if held is None else ["" if v != v else str(number.get(str(v), "")) for v in held.astype(object)],
            )
        elif column.role in ("multiple", "rank"):
            question = by_id.get(column.set or name)
            if question is None or question.id in done:
                continue
            done.add(question.id)
            values = [(k, text(label)) for k, (_, label) in enumerate(question.options, 1)]
            cells = (
                [] if frame is None else ["".join(str(int(p > 0)) for p in row) for row in given(frame, question).place]
            )
            yield question.id, "multiple", text(question.label), values, cells


def _add(parent, tag, content, attributes):
    from lxml import etree

    node = etree.SubElement(parent, tag, **attributes)
    if content is not None:
        node.text = content
    return node
