"""One agency's delivery: reports, statistics tables, slides, data, codebook and quality record under their final names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from csi_lib.errors import InputError
from csi_lib.models.round import Round
from csi_lib.office.codebook_tables import codebook_tables, quality_tables, questionnaire_tables
from csi_lib.office.data_file import data_file, write_sav
from csi_lib.office.editions import write_editions
from csi_lib.office.libraries import EDITIONS
from csi_lib.office.statistics_book import statistics_book
from csi_lib.office.table_document import write_document
from csi_lib.office.withheld import withheld_groups
from csi_lib.office.xlsx import Sheet, Workbook, write_workbook
from csi_lib.report.chapter import OVERALL
from csi_lib.report.office_text import file_name
from csi_lib.report.render import FORMATS as DOCUMENTS
from csi_lib.report.render import render_document
from csi_lib.report.standalone import without_way
from csi_lib.survey.disclosure import Rules
from csi_lib.survey.reading import answer_status, read_survey
from csi_lib.tables.table import Table

#: what each kind of file is called in a file name
KINDS = {
    "ko": {"report": "결과보고서", "tables": "통계표", "briefing": "발표자료", "data": "원자료", "codebook": "코드북",
           "questionnaire": "설문지", "quality": "자료점검표", "results": "결과값", "readme": "납품안내", "overall": "총괄"},
    "en": {"report": "report", "tables": "statistics-tables", "briefing": "briefing", "data": "data",
           "codebook": "codebook", "questionnaire": "questionnaire", "quality": "quality-control",
           "results": "results", "readme": "README", "overall": "overall"},
}  # fmt: skip
_SHORT = {"xlsx": "tables", "pptx": "briefing"}


@dataclass(frozen=True)
class Delivered:
    """One file of a delivery: its `kind` (a key of `KINDS`) and where it lies for now."""

    kind: str
    path: Path

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


@dataclass(frozen=True)
class Wave:
    """What is delivered about: one agency and year in one language and release."""

    agency: str
    year: int
    lang: str
    release: str


def deliver_reports(
    wave: Wave, report: Path, folder: Path, round_: Round, *, names: Mapping[str, str], formats: Sequence[str],
    book: Sequence[str] = (),
) -> list[Delivered]:  # fmt: skip
    """The report of a finished job in `formats`, its slides and statistics tables, and the results behind them.

    Parameters
    ----------
    report : folder of the published job; nothing in it is changed. A format it lacks is rendered from its executed
        notebook, or laid out from the stored estimates when these still say what the report says.
    names : fields of file names (`file_fields`).
    book : formats of the statistics tables beside XLSX (html, pdf, docx, hwpx).
    """
    put = _Putter(round_.study, folder, names, wave.lang)
    results = pd.read_parquet(report / "results.parquet")
    wanted = [f for f in formats if wave.agency != OVERALL or f in DOCUMENTS]
    missing = [f for f in wanted if not (report / f"report.{f}").exists()]
    out = [put.copy(_SHORT.get(f, "report"), report / f"report.{f}") for f in wanted if f not in missing]
    scratch = folder / ".made"
    if documents := [f for f in missing if f in DOCUMENTS]:
        made = render_document(report / "report.ipynb", scratch, formats=documents, renderer="embedded")
        out += [put.move("report", path) for path in made.paths.values()]
    if editions := [f for f in missing if f in EDITIONS]:
        scratch.mkdir(parents=True, exist_ok=True)
        more = write_editions(scratch, round_, results, agency=wave.agency, year=wave.year, lang=wave.lang,
                              release=wave.release, formats=editions, findings=_findings(report))  # fmt: skip
        _refuse_other_numbers(more, round_, wave)
        results = more
        out += [put.move(_SHORT[f], scratch / f"report.{f}") for f in editions]
    if book and wave.agency != OVERALL:
        made = statistics_book(round_, wave.agency, wave.year, lang=wave.lang, release=wave.release)
        paths = write_document(made.parts, scratch, "tables", title=made.workbook.title,
                               lang=wave.lang, formats=book, about=_about(round_.study, wave, names))  # fmt: skip
        out += [put.move("tables", path) for path in paths.values()]
        more = made.rows[~made.rows["row_id"].isin(results["row_id"])]
        results = pd.concat([results, more[results.columns]], ignore_index=True)
    target = put.place("results", "parquet")
    results.to_parquet(target, index=False)
    out.append(Delivered("results", target))
    if scratch.exists():
        scratch.rmdir()
    return out


def _findings(report: Path) -> pd.DataFrame | None:
    """What the report decided, which its slides are made from too."""
    path = report / "findings.parquet"
    return pd.read_parquet(path) if path.exists() else None


def deliver_data(
    wave: Wave, folder: Path, round_: Round, *, names: Mapping[str, str], formats: Sequence[str]
) -> list[Delivered]:
    """Cleaned answers, codebook, questionnaire and quality record of every source of respondents that may leave.

    Answers of employees and other individuals leave in a restricted delivery only, and so do the groups that the
    tables of the public edition hide (`withheld_groups`). Codebook and questionnaire are made
    as spreadsheet and in those of `formats` that are documents to be edited (docx, hwpx).
    """
    study, lang = round_.study, wave.lang
    put, out = _Putter(study, folder, names, lang), []
    for source, settings in study.sources.items():
        if (
            settings.kind != "respondents"
            or source not in study.codebooks
            or not settings.paths(wave.year, wave.agency)
        ):
            continue
        if Rules.of(study, source).individuals and wave.release != "restricted":
            continue
        survey = read_survey(study, wave.agency, wave.year, source=source, data=round_.data)
        status = answer_status(study, wave.agency, wave.year, source=source, data=round_.data)
        extra = "" if source == round_.source else f"-{source}"
        withheld = withheld_groups(round_, survey) if wave.release == "public" else {}
        data = data_file(survey, status, lang=lang, place=names["agency"], withheld=withheld)
        title = f"{study.title.text(lang)} {study.period_of(wave.year)}"
        target = put.place("data", "sav", extra)
        out.append(Delivered("data", write_sav(data, target, title=title)))
        words = KINDS[lang]
        for kind, tables in (
            ("codebook", codebook_tables(data, survey, lang=lang)), ("questionnaire", questionnaire_tables(survey, lang=lang)),
            ("quality", quality_tables(survey.quality, survey, lang=lang)),
        ):  # fmt: skip
            if not tables:
                continue
            heading = words[kind].replace("-", " ").capitalize()
            head = f"{study.title.text(lang)} – {heading}"
            out.append(Delivered(kind, _workbook(tables, put.place(kind, "xlsx", extra), head, wave, names, study)))
            documents = [f for f in formats if f in ("docx", "hwpx")] if kind != "quality" else []
            if documents:
                paths = write_document([(heading, tables)], folder / ".made", kind, title=heading, lang=lang,
                                       formats=documents, about=_about(study, wave, names))  # fmt: skip
                out += [put.move(kind, path, extra) for path in paths.values()]
    if (folder / ".made").exists():
        (folder / ".made").rmdir()
    return out


def file_fields(study, wave: Wave) -> dict[str, str]:
    """What a template of file names may name: year (the period), agency, agency_id, lang."""
    if wave.agency == OVERALL:
        name = KINDS[wave.lang]["overall"]
    else:
        name = study.agency(wave.agency).name.text(wave.lang)
    return {"year": study.period_of(wave.year), "agency": name, "agency_id": wave.agency.strip("_"), "lang": wave.lang}


class _Putter:
    """Files under the names of the study's template; two of one name are an error."""

    def __init__(self, study, folder: Path, names: Mapping[str, str], lang: str):
        self.template, self.folder, self.names, self.lang = study.report.file_names, folder, names, lang
        folder.mkdir(parents=True, exist_ok=True)

    def place(self, kind: str, ext: str, extra: str = "") -> Path:
        name = file_name(self.template, {**self.names, "kind": KINDS[self.lang][kind] + extra, "ext": ext})
        if not name.endswith(f".{ext}"):
            raise InputError("the names of delivered files end in their kind", where="report.file_names",
                             found=self.template, expected="a template that ends in .{ext}")  # fmt: skip
        taken = {p.name.casefold() for p in self.folder.iterdir()}
        if name.casefold() in taken:
            raise InputError("two delivered files would have the same name", where="report.file_names", found=name,
                             action="Put {kind} into the template")  # fmt: skip
        return self.folder / name

    def copy(self, kind: str, source: Path) -> Delivered:
        target = self.place(kind, source.suffix[1:])
        if source.suffix == ".html":
            target.write_text(without_way(source.read_text(encoding="utf-8")), encoding="utf-8")
        else:
            target.write_bytes(source.read_bytes())
        return Delivered(kind, target)

    def move(self, kind: str, source: Path, extra: str = "") -> Delivered:
        target = self.place(kind, source.suffix[1:], extra)
        source.replace(target)
        return Delivered(kind, target)


def _workbook(tables: Sequence[Table], path: Path, title: str, wave: Wave, names, study) -> Path:
    about = f"{names['agency']} · {names['year']}"
    sheets = tuple(Sheet(str(t.caption), t, about) for t in tables)
    who = study.contractor.text(wave.lang) if study.contractor else ""
    return write_workbook(Workbook(title, sheets, (about,), wave.lang, who), path)


def _about(study, wave: Wave, names: Mapping[str, str]) -> dict[str, str]:
    said = {"subtitle": names["year"], "agency": names["agency"]}
    for key, label in (("commissioned-by", study.commissioned_by), ("contractor", study.contractor)):
        if label is not None:
            said[key] = label.text(wave.lang)
    return said


def _refuse_other_numbers(results: pd.DataFrame, round_: Round, wave: Wave) -> None:
    """The estimates that a file was just laid out from must be those of the published report."""
    now = round_.estimates(wave.agency, wave.year).masked(wave.release).frame
    both = results[["row_id", "estimate"]].merge(now[["row_id", "estimate"]], on="row_id", suffixes=("", "_now"))
    gap = (both["estimate"] - both["estimate_now"]).abs() > 1e-9
    if gap.any() or (both["estimate"].isna() != both["estimate_now"].isna()).any():
        raise InputError("the report was made from other data than there are now", where=f"{wave.agency} {wave.year}",
                         action="Run csi run, then deliver again")  # fmt: skip
