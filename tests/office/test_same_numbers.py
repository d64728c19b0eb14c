"""One run of the example in every format, its delivery, and the numbers read back from each file."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
import zipfile
from decimal import Decimal

import openpyxl
import pandas as pd
import pytest

from csi_lib.errors import InputError
from csi_lib.office.libraries import FORMATS
from csi_lib.prose.numbers import Number
from csi_lib.report.standalone import without_way
from csi_lib.run.delivery import deliver
from csi_lib.run.pipeline import run_study
from csi_lib.run.verification import html_findings, known_numbers, text_findings, verify_reports
from tests.office.reading import chart_values, docx_text, figures, hwpx_text, pdf_text, pptx_text

pytestmark = pytest.mark.slow
#: figures that are no results: the date of a source, the levels and thresholds of the reading rules
EXCEPTIONS = {"2005.3"}


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    result = run_study(
        "example", out=folder, agencies=["hanbit-fmc"], years=[2024], formats=FORMATS, renderer="embedded", jobs=1
    )
    assert not result.failed, [(o.problem, o.cell, o.detail) for o in result.failed]
    return folder


@pytest.fixture(scope="module")
def report(out):
    return out / "hanbit-fmc" / "2024"


@pytest.fixture(scope="module")
def results(report):
    return pd.read_parquet(report / "results.parquet")


@pytest.fixture(scope="module")
def known(results):
    """Every figure that a row may print as: computed once, because there are many."""
    return known_numbers(results)


@pytest.fixture(scope="module")
def delivered(out, tmp_path_factory):
    return deliver("example", out=out, agencies=["hanbit-fmc"], years=[2024], to=tmp_path_factory.mktemp("to"))


def test_every_format_is_published_and_verified(out, report):
    assert {f"report.{f}" for f in FORMATS} <= {p.name for p in report.iterdir()}
    files = json.loads((report / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert {f"report.{f}" for f in FORMATS} <= set(files)
    assert verify_reports(out) == []


def test_html_and_pdf_say_what_the_rows_say(report, results, known):
    assert html_findings((report / "report.html").read_text(encoding="utf-8"), results) == []
    assert set(text_findings(pdf_text(report / "report.pdf"), results, known=known)) <= EXCEPTIONS


@pytest.mark.parametrize("name", ["docx", "hwpx", "pptx"])
def test_every_figure_of_the_office_documents_is_a_results_row(report, results, known, name):
    text = {"docx": docx_text, "hwpx": hwpx_text, "pptx": pptx_text}[name](report / f"report.{name}")
    assert set(text_findings(text, results, known=known)) <= EXCEPTIONS
    assert text_findings("지수는 12345.6점이다", results, known=known)  # the check can fail


def test_docx_and_hwpx_hold_the_figures_of_the_pdf(report):
    """Not only no wrong figure: none is lost between the formats. Tables of figures' data are in none of the three."""
    counts = lambda text: pd.Series(figures(text)).value_counts()
    docx, hwpx = counts(docx_text(report / "report.docx")), counts(hwpx_text(report / "report.hwpx"))
    pd.testing.assert_series_equal(docx.sort_index(), hwpx.sort_index())
    body = counts(pdf_text(report / "report.pdf"))
    # the PDF draws its figures as text, so it has more of some; none of the others' may be missing in it
    for figure, count in docx.items():
        assert body.get(figure, 0) >= min(count, 1), figure


def test_every_number_of_the_workbook_is_a_results_row(report, known):
    checked = 0
    for sheet in openpyxl.load_workbook(report / "report.xlsx").worksheets[1:]:
        for cell in (c for row in sheet.iter_rows(min_row=6) for c in row if isinstance(c.value, (int, float))):
            digits = len(cell.number_format.split(".")[1].rstrip("%")) if "." in cell.number_format else 0
            shown = f"{abs(cell.value) * (100 if '%' in cell.number_format else 1):.{digits}f}"
            assert Decimal(shown) in known, (sheet.title, cell.coordinate, shown)
            checked += 1
    assert checked > 5000


def test_every_point_of_every_chart_is_a_results_row(report, known):
    values = chart_values(report / "report.pptx")
    for title, value, code in values:
        digits = len(code.split(".")[1].rstrip("%")) if "." in code else 0
        assert Decimal(f"{abs(value) * (100 if '%' in code else 1):.{digits}f}") in known, (title, value)
    assert len(values) > 80


def test_the_index_is_the_same_figure_everywhere(report, results):
    row = results[(results["measure"] == "csi") & (results["statistic"] == "index") & results["by1"].isna()
                  & (results["year"] == 2024) & results["versus"].isna()].iloc[0]  # fmt: skip
    figure = Number.from_row(row.to_dict()).digits_text()
    html = re.sub(r"<[^>]+>", "", (report / "report.html").read_text(encoding="utf-8"))
    texts = [
        html,
        pdf_text(report / "report.pdf"),
        docx_text(report / "report.docx"),
        hwpx_text(report / "report.hwpx"),
        pptx_text(report / "report.pptx"),
    ]
    for text in texts:
        assert figure in text
    assert float(figure) in [v for _, v, _ in chart_values(report / "report.pptx")]
    cells = [
        c.value for s in openpyxl.load_workbook(report / "report.xlsx").worksheets[1:] for r in s.iter_rows() for c in r
    ]
    assert float(figure) in cells


# ---------------------------------------------------------------------- slides
def test_the_slides_are_about_twenty_native_and_traceable(report, results):
    from pptx import Presentation

    deck = Presentation(str(report / "report.pptx"))
    assert 15 <= len(deck.slides) <= 26
    titles = [s.shapes.title.text for s in deck.slides]
    assert len(set(titles)) == len(titles)
    known, charts = set(results["row_id"]), 0
    for slide in list(deck.slides)[1:]:
        notes = slide.notes_slide.notes_text_frame.text
        assert "results.parquet" in notes
        ids = re.search(r"row_id\): (.*)", notes)
        if ids:
            assert set(ids[1].split(", ")) <= known
        for shape in slide.shapes:
            if shape.has_chart:
                charts += 1
                assert shape.chart.part.chart_workbook.xlsx_part is not None  # "Edit data" has something to edit
            if shape.has_chart or shape.has_table:
                assert shape._element.nvGraphicFramePr.cNvPr.get("descr")
                assert ids, slide.shapes.title.text
            assert shape.shape_type != 13  # no pictures of charts
    assert charts >= 10


def test_libreoffice_opens_the_slides_and_the_report(report, libreoffice):
    pages = pdf_text(libreoffice(report / "report.pptx", "pdf")).split("\f")
    from pptx import Presentation

    titles = [s.shapes.title.text for s in Presentation(str(report / "report.pptx")).slides]
    assert len(pages) - 1 == len(titles)
    for title, page in zip(titles, pages, strict=False):
        assert title.replace(" ", "")[:12] in re.sub(r"\s", "", page)
    assert len(pdf_text(libreoffice(report / "report.docx", "pdf")).split("\f")) > 15


# ---------------------------------------------------------------------- the delivery
def test_the_zip_is_complete_checked_and_named(delivered):
    name = "2024_한빛시 시설관리공단_납품.zip"
    assert delivered.path.name == name
    with zipfile.ZipFile(delivered.path) as archive:
        assert archive.testzip() is None
        members = archive.namelist()
        sums = dict(reversed(line.split("  ", 1)) for line in archive.read("SHA256SUMS").decode().splitlines())
        assert set(sums) == set(members) - {"SHA256SUMS"}
        for member, digest in sums.items():
            assert hashlib.sha256(archive.read(member)).hexdigest() == digest
        guide = archive.read("2024_한빛시 시설관리공단_납품안내.md").decode()
    for member in members:
        assert unicodedata.is_normalized("NFC", member)
        assert not re.search(r'[<>:"\\|?*\x00-\x1f]', member)
        assert member == "SHA256SUMS" or member.endswith("납품안내.md") or member in guide
    kinds = {m.split("_")[2] for m in members if "_" in m}
    assert {"결과보고서.hwpx", "결과보고서.docx", "결과보고서.pdf", "결과보고서.html", "통계표.xlsx", "발표자료.pptx", "원자료.sav",
            "코드북.xlsx", "코드북.hwpx", "코드북.docx", "설문지.xlsx", "설문지.hwpx", "자료점검표.xlsx", "결과값.parquet"} <= kinds  # fmt: skip


def test_the_delivery_holds_the_published_files(delivered, report):
    with zipfile.ZipFile(delivered.path) as archive:
        for kind, ext in (("결과보고서", "html"), ("결과보고서", "hwpx"), ("통계표", "xlsx"), ("발표자료", "pptx")):
            there = (report / f"report.{ext}").read_bytes()
            if ext == "html":  # the way back to the site is of no use in a zip
                there = without_way(there.decode()).encode()
            assert archive.read(f"2024_한빛시 시설관리공단_{kind}.{ext}") == there


def test_equal_deliveries_are_equal_to_the_byte(delivered, out, tmp_path):
    again = deliver("example", out=out, agencies=["hanbit-fmc"], years=[2024], to=tmp_path)
    assert again.path.read_bytes() == delivered.path.read_bytes()


def test_no_personal_data_in_any_file(delivered, example, tmp_path):
    """Names, numbers and free answers of the raw file are in no delivered file, nor the raw respondent numbers."""
    from csi_lib.simulate.survey import stand_in

    raw = pd.read_csv(next(iter(sorted(stand_in(example).rglob("customers_2024*")))), encoding="utf-8-sig", dtype=str)
    own = raw[raw["기관"] == "hanbit-fmc"]
    secrets = {
        s
        for column in ("성명", "연락처", "ID", "응답자번호")
        if column in own
        for s in own[column].dropna()
        if len(s) > 3
    }
    assert len(secrets) > 100
    with zipfile.ZipFile(delivered.path) as archive:
        archive.extractall(tmp_path)
    for path in sorted(tmp_path.rglob("*")):
        blobs = [path.read_bytes()]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as inner:
                blobs = [inner.read(n) for n in inner.namelist()]
        text = b"\n".join(blobs).decode("utf-8", errors="ignore")
        found = [s for s in secrets if s in text]
        assert not found, (path.name, found[:3])


def test_formats_that_the_report_lacks_are_made_from_it(out, delivered, tmp_path):
    """What an HTML-only round would deliver: the same numbers, from the executed notebook and the stored estimates."""
    import shutil

    bare = tmp_path / "out"
    shutil.copytree(
        out, bare, ignore=shutil.ignore_patterns("report.docx", "report.hwpx", "report.xlsx", "report.pptx")
    )
    made = deliver(
        "example",
        out=bare,
        agencies=["hanbit-fmc"],
        years=[2024],
        formats=["docx", "xlsx", "pptx"],
        to=tmp_path,
        with_data=False,
    )
    with zipfile.ZipFile(made.path) as one, zipfile.ZipFile(delivered.path) as other:
        for kind, ext in (("결과보고서", "docx"), ("통계표", "xlsx"), ("발표자료", "pptx")):
            name = f"2024_한빛시 시설관리공단_{kind}.{ext}"
            assert one.read(name) == other.read(name), ext


def test_wrong_requests_are_refused_in_words(out, tmp_path):
    with pytest.raises(InputError, match="no finished report"):
        deliver("example", out=tmp_path)
    with pytest.raises(InputError, match="no finished report"):
        deliver("example", out=out, agencies=["saesol-udc"], years=[2024])
    with pytest.raises(InputError, match="cannot be delivered"):
        deliver("example", out=out, formats=["odt"])
    manifest = out / "hanbit-fmc" / "2024" / "manifest.json"
    before = manifest.read_text(encoding="utf-8")
    try:
        told = json.loads(before)
        told["inputs"]["data"] = dict.fromkeys(told["inputs"]["data"], "other")
        manifest.write_text(json.dumps(told), encoding="utf-8")
        with pytest.raises(InputError, match="out of date"):
            deliver("example", out=out, agencies=["hanbit-fmc"], years=[2024], to=tmp_path)
    finally:
        manifest.write_text(before, encoding="utf-8")


def test_several_reports_go_into_folders_of_one_zip(out, report, tmp_path):
    """With the report on the whole round, which has its tables in its text and neither slides nor data."""
    import shutil

    both = tmp_path / "out"
    shutil.copytree(out, both)
    shutil.copytree(report, both / "_overall" / "2024")
    manifest = both / "_overall" / "2024" / "manifest.json"
    told = json.loads(manifest.read_text(encoding="utf-8"))
    told["inputs"]["data"] = {}
    manifest.write_text(json.dumps(told), encoding="utf-8")
    made = deliver("example", out=both, formats=["pdf", "pptx"], to=tmp_path, with_data=False)
    assert made.path.name == "2024_지방공기업 고객만족도 조사_납품.zip"
    with zipfile.ZipFile(made.path) as archive:
        names = archive.namelist()
    own, all_ = "2024_한빛시 시설관리공단", "2024_총괄"
    assert {f"{own}/{own}_결과보고서.pdf", f"{own}/{own}_발표자료.pptx", f"{all_}/{all_}_결과보고서.pdf"} <= set(names)
    assert not any(n.startswith(all_) and n.endswith((".pptx", ".xlsx", ".sav")) for n in names)
