"""The bundled example, one agency and year, made as a user makes it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess

import nbformat
import numpy as np
import pandas as pd
import pytest

import csi_lib
from csi_lib.run.pipeline import run_study
from csi_lib.run.verification import html_findings, text_findings, verify_reports

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    result = run_study("example", out=folder, agencies=["hanbit-fmc"], years=[2024], renderer="embedded", jobs=1)
    assert not result.failed, [(o.problem, o.cell, o.detail) for o in result.failed]
    return folder


@pytest.fixture(scope="module")
def report(out):
    return out / "hanbit-fmc" / "2024"


def test_the_folder_is_complete_and_nothing_half_made_is_left(out, report):
    names = {p.name for p in report.iterdir()}
    assert {
        "report.html",
        "report.pdf",
        "results.parquet",
        "manifest.json",
        "report.ipynb",
        "_quarto.yml",
        "figures",
        "notebooks",
    } <= names
    assert (out / "index.html").exists()
    assert not list(out.glob(".staging*"))
    assert not [n for n in names if n.startswith(".context")]


def test_every_number_in_html_is_what_its_row_says(out, report):
    assert verify_reports(out) == []
    page, results = (report / "report.html").read_text(encoding="utf-8"), pd.read_parquet(report / "results.parquet")
    assert len(re.findall("data-r=", page)) > 500
    # the check itself must be able to fail
    wrong = re.sub(r'(data-r="[0-9a-f]{12}"[^>]*>)(\d+\.\d)', lambda m: m[1] + str(float(m[2]) + 7.7), page, count=1)
    assert len(html_findings(wrong, results)) == 1


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
def test_every_number_in_the_pdf_is_a_row(report):
    text = subprocess.run(
        ["pdftotext", "-layout", str(report / "report.pdf"), "-"], capture_output=True, text=True, check=True
    ).stdout
    results = pd.read_parquet(report / "results.parquet")
    # the date of the source document is the one exception on these pages
    assert set(text_findings(text, results)) <= {"2005.3"}
    assert text_findings("지수는 12345.6점이다", results)  # the check itself must be able to fail


def test_rows_are_unique_typed_and_identify_themselves(report):
    from csi_lib.survey.estimates import RESULT_COLUMNS, row_ids

    results = pd.read_parquet(report / "results.parquet")
    assert list(results.columns) == RESULT_COLUMNS
    assert results["row_id"].is_unique
    assert list(results["row_id"]) == row_ids(results)
    assert set(results["release"]) == {"public"}
    shown = results[results["chapter"].notna()]
    assert {
        "sheet",
        "conclusion",
        "summary",
        "outline",
        "measurement",
        "overall",
        "dimensions",
        "groups",
        "portfolio",
        "trend",
        "appendix",
    } <= set(shown["chapter"])


def test_identifiers_and_contacts_are_in_no_file(report):
    study = csi_lib.load_study("example")
    from csi_lib.simulate.survey import stand_in

    raw = next(p for p in sorted(stand_in(study).rglob("customers_2024*")))
    frame = pd.read_csv(raw, encoding="utf-8-sig", dtype=str)
    contacts = set(frame["연락처"].dropna().astype(str)) | set(frame["성명"].dropna().astype(str))
    contacts = {c for c in contacts if len(c) >= 3}
    assert len(contacts) > 100
    text = "".join(
        p.read_text(encoding="utf-8", errors="ignore")
        for p in report.rglob("*")
        if p.suffix in (".html", ".ipynb", ".json", ".yml")
    )
    results = pd.read_parquet(report / "results.parquet").astype("string").fillna("")
    text += " ".join(results.to_numpy().ravel())
    assert not [c for c in contacts if c in text]


def test_nothing_raw_reaches_the_reader(report):
    page = (report / "report.html").read_text(encoding="utf-8")
    body = re.sub(r"<(script|style)[\s\S]*?</\1>|<[^>]+>", " ", page)
    for raw in (
        "resp_kind",
        "customer_type",
        "chapter.show",
        "import csi_lib",
        "DataFrame",
        "nan",
        "NaN",
        "None",
        "{",
        "Traceback",
    ):
        assert raw not in body, raw


def test_the_joined_notebook_carries_no_parameters_or_outputs_of_others(report):
    node = nbformat.read(report / "report.ipynb", as_version=4)
    text = json.dumps(node, ensure_ascii=False)
    assert "injected-parameters" not in text
    assert "papermill" not in text
    assert "text/html" not in {
        m for c in node.cells if c.cell_type == "code" for o in c.outputs for m in o.get("data", {})
    }


def test_by_hand_gives_the_same_rows_as_the_batch(report, monkeypatch):
    monkeypatch.delenv("CSI_CONTEXT", raising=False)
    chapter = csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="ko", release="public")
    live = chapter.estimates.frame.set_index("row_id")
    batch = pd.read_parquet(report / "results.parquet").set_index("row_id")
    assert set(live.index) <= set(batch.index)
    same = batch.loc[live.index]
    for column in ("estimate", "se", "ci_low", "ci_high", "n"):
        np.testing.assert_allclose(same[column].to_numpy(float), live[column].to_numpy(float), rtol=1e-12, atol=1e-12)


def test_a_second_run_has_nothing_to_do(out):
    result = run_study("example", out=out, agencies=["hanbit-fmc"], years=[2024], renderer="embedded")
    assert not result.outcomes
    assert [(j.agency, j.year) for j in result.skipped] == [("hanbit-fmc", 2024)]


def test_what_changed_is_said(out):
    planned = run_study(
        "example", out=out, agencies=["hanbit-fmc"], years=[2024], renderer="embedded", formats=["html"], dry_run=True
    ).planned
    assert planned[0].reasons == ("formats",)


def test_the_true_index_lies_in_the_interval(report):
    """The simulated population is known; its index by the same model is the truth the sample estimates."""
    from csi_lib.models.study_models import study_models

    study = csi_lib.load_study("example")
    population = csi_lib.simulate_population(study, "hanbit-fmc", 2024)
    model = study_models(study)[0]
    truth = model.evaluate(population).one(measure="csi", statistic="index", by1=None)["estimate"]
    results = pd.read_parquet(report / "results.parquet")
    row = results[
        (results["measure"] == "csi")
        & (results["statistic"] == "index")
        & results["by1"].isna()
        & (results["year"] == 2024)
    ].iloc[0]
    # four standard errors: a test must not fail by chance, and must fail when estimate or standard error is wrong
    assert abs(row["estimate"] - truth) < 4 * row["se"]
    assert 0.3 < row["se"] < 2


def test_equal_inputs_give_equal_pdf_bytes(out, report, tmp_path):
    from csi_lib.report.render import render

    copy = tmp_path / "a" / "b"
    shutil.copytree(report, copy)
    shutil.copytree(out / "_theme", tmp_path / "_theme")
    (copy / "report.pdf").unlink()
    render(copy, formats=("pdf",), renderer="embedded")
    assert (copy / "report.pdf").read_bytes() == (report / "report.pdf").read_bytes()


def test_private_files_are_private(out):
    from csi_lib.study.location import cache_folder

    private = cache_folder(csi_lib.load_study("example").path)
    assert private.stat().st_mode & 0o777 == 0o700
    kept = list((private / "estimates").glob("*.kept"))
    assert kept
    assert all(place.stat().st_mode & 0o777 == 0o600 for place in kept)
    assert not [
        p for p in out.rglob("*.kept") if ".run" not in p.parts
    ]  # the run's own memory lies in a private folder
    assert (out / ".run").stat().st_mode & 0o777 == 0o700
    assert os.access(out / "index.html", os.R_OK)


def test_the_report_is_half_the_book_and_no_page_but_a_last_one_is_half_empty(report, tmp_path):
    """46 pages were printed before; the last line of ink on a page is measured on its picture."""
    program = shutil.which("pdftoppm")
    if program is None:
        pytest.skip("pdftoppm is not installed")
    subprocess.run(
        [program, "-r", "30", "-gray", "-png", report / "report.pdf", tmp_path / "p"], check=True, capture_output=True
    )
    from matplotlib.image import imread

    pages = [imread(path) for path in sorted(tmp_path.glob("p-*.png"))]
    assert len(pages) <= 30
    filled = []
    for page in pages:
        body = page[int(len(page) * 0.07) : int(len(page) * 0.92)]
        ink = np.flatnonzero((body < 0.9).any(axis=1))
        filled.append(ink.max() / len(body) if len(ink) else 0.0)
    assert sum(share < 0.45 for share in filled[:-1]) <= 1
    assert min(filled) > 0.2


def test_its_prose_passes_the_gate(report):
    from html import unescape

    from csi_lib.prose.gate import prose_faults

    page = (report / "report.html").read_text(encoding="utf-8")
    body = re.sub(r'<div class="(table|figure)-notes">.*?</div>', "", page.partition("<main")[2], flags=re.DOTALL)
    paragraphs = re.findall(r"<p>(.*?)</p>", body, re.DOTALL)
    text = "\n".join(unescape(re.sub(r"<[^>]+>", "", p)).replace("\n", " ") for p in paragraphs)
    assert len(text) > 3000
    assert prose_faults(text, "ko") == []
