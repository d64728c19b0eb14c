"""One finished report for all tests of this folder, by the embedded engine."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import sample

from csi_lib.report.render import render, render_document


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The sample report: `(folder, Rendered)`."""
    job = sample.make_job(tmp_path_factory.mktemp("out"))
    return job, render(job, renderer="embedded")


@pytest.fixture
def document(tmp_path):
    """`document(markdown)` renders a .qmd and returns (text of <main>, whole page, PDF path, Rendered)."""

    def make(markdown: str, *, formats=("html", "pdf"), front: str = "title: 시험\nlang: ko"):
        path = tmp_path / "doc.qmd"
        path.write_text(f"---\n{front}\n---\n\n{markdown}\n", encoding="utf-8")
        made = render_document(path, formats=formats, renderer="embedded")
        page = made.paths["html"].read_text(encoding="utf-8") if "html" in formats else ""
        main = re.search(r"<main.*?</main>", page, re.DOTALL)
        return (main[0] if main else ""), page, made.paths.get("pdf"), made

    return make


@pytest.fixture(scope="session")
def pdf_text():
    """`pdf_text(path)`: the words of a PDF as pdftotext reads them."""
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext (poppler-utils) is not here")
    return lambda path: (
        subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
    )
