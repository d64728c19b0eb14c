"""A whole run whose study is full of hostile words: they are text in every document and on every page of the site."""

from __future__ import annotations

import html
import re
import subprocess

import pytest
from ruamel.yaml import YAML

from csi_lib.run.pipeline import run_study

pytestmark = pytest.mark.slow

#: a script, a formula, Typst, a pipe, mathematics, right-to-left, an emoji
WORDS = "<script>alert(1)</script> =cmd()|#typst $x$ *a* @fig-x עברית 😀"
SHORT = "=1+1|<b>#x"


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    import csi_lib

    folder = csi_lib.new_study(tmp_path_factory.mktemp("hostile") / "study")
    yaml = YAML()

    def change(name, edit):
        content = yaml.load((folder / name).read_text(encoding="utf-8"))
        edit(content)
        with (folder / name).open("w", encoding="utf-8") as file:
            yaml.dump(content, file)

    def study(content):
        for key in ("title", "commissioned_by", "contractor"):
            content[key] = {"ko": WORDS, "en": WORDS}
        content["report"]["publish"] = True
        content["report"]["commissioned"] = {"to": {"ko": WORDS, "en": WORDS}}

    def agencies(content):
        for agency in content["agencies"]:
            agency["name"] = {"ko": WORDS, "en": WORDS}
        for kind in content.get("types", {}):
            content["types"][kind] = {"ko": SHORT, "en": SHORT}

    def codebook(content):
        for column in content["columns"].values():
            if column.get("role") in ("item", "group") and "label" in column:
                column["label"] = {"ko": f"{SHORT} {column['label']['ko']}", "en": f"{SHORT} {column['label']['ko']}"}

    for name, edit in (("study.yml", study), ("agencies.yml", agencies), ("codebook.yml", codebook)):
        change(name, edit)
    loaded = csi_lib.load_study(folder)
    agency = loaded.agencies[0].id
    result = run_study(
        folder, out=folder / "out", agencies=[agency], years=[max(loaded.years)], renderer="embedded", jobs=1
    )
    assert not result.failed, [(o.problem, o.cell, o.detail) for o in result.failed]
    return folder / "out", folder / "out" / agency / str(max(loaded.years))


def words_of(page):
    body = re.sub(r"<(script|style)\b[\s\S]*?</\1>", " ", page)
    return html.unescape(re.sub(r"<[^>]+>", "", body))


def test_the_page_shows_them_and_runs_nothing(out, visit):
    page = (out[1] / "report.html").read_text(encoding="utf-8")
    assert page.count("<script>") == 1  # ours
    assert "<b>#x" not in page
    text = words_of(page)
    assert text.count("<script>alert(1)</script> =cmd()|#typst $x$ *a* @fig-x") >= 4
    assert text.count(SHORT) > 20
    opened = visit(out[1] / "report.html")
    assert opened.problems == []
    assert opened.locator("main b").count() == 0


def test_the_pdf_shows_them(out, pdf_text):
    text = re.sub(r"\s+", " ", pdf_text(out[1] / "report.pdf"))
    assert text.count("=cmd()|#typst") >= 3
    assert text.count(SHORT) > 10


def test_the_site_shows_them(out, visit):
    pages = [out[0] / "index.html", *sorted((out[0] / "site").glob("*.html"))]
    for path in pages:
        page = path.read_text(encoding="utf-8")
        assert "<script>alert" not in page, path
        assert "<b>" not in page, path
        assert visit(path).problems == []
    assert WORDS.split("😀")[0] in words_of(pages[0].read_text(encoding="utf-8"))


def test_the_workbench_checks_its_own_work(out):
    from csi_lib.run.verification import verify_reports

    assert verify_reports(out[0]) == []


@pytest.fixture(scope="module")
def pdf_text():
    return lambda path: (
        subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
    )
