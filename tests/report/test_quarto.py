"""The job's folder as a Quarto project; the real Quarto where it is installed."""

import os
import re
import stat
import subprocess

import pytest
import sample
from ruamel.yaml import YAML

from csi_lib.errors import InputError
from csi_lib.report import quarto
from csi_lib.report.pandoc import pandoc_path
from csi_lib.report.render import available_renderers, choose_renderer, render
from csi_lib.report.standalone import without_unused_fonts
from csi_lib.share import shared_path

FAKE = """#!/bin/sh
if [ "$1" = --version ]; then echo {version}; exit 0; fi
echo "$@ $SOURCE_DATE_EPOCH" >> calls.txt
case "$4" in csi-html) to=html;; csi-typst) to=pdf;; esac
mkdir -p _quarto .quarto && echo made > _quarto/report.$to
if [ -f fail ]; then echo half > report.typ; echo "metadata" >&2; echo "ERROR: unknown variable: x" >&2; exit 1; fi
echo "WARN: something" >&2
echo "WARN: PDF standard validation requested but verapdf is not installed." >&2
echo "warning: unknown font family: x" >&2
"""


CAPTION = re.compile(r"<(?:fig)?caption\b[^>]*>(.*?)</(?:fig)?caption>", re.DOTALL)


@pytest.fixture
def fake(tmp_path, monkeypatch):
    def make(version="1.10.2"):
        path = tmp_path / version / "quarto"
        path.parent.mkdir(exist_ok=True)
        path.write_text(FAKE.format(version=version), encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("QUARTO_PATH", str(path.parent))
        return path

    return make


def test_project_renders_the_report_alone_and_aside(tmp_path):
    job = sample.make_job(tmp_path)
    project = YAML(typ="safe").load((job / "_quarto.yml").read_text(encoding="utf-8"))
    keep = "_extensions/csi/keep.lua"
    wanted = {"type": "default", "render": ["report.ipynb"], "output-dir": "_quarto"}
    assert project["project"] == {**wanted, "pre-render": keep, "post-render": keep}
    assert set(project["format"]) == {"csi-html", "csi-typst"}
    for css in project["format"]["csi-html"]["css"]:
        assert (job / css).is_file()
    assert len(list((job / project["format"]["csi-typst"]["font-paths"][0]).glob("Pretendard-*.otf"))) == 3
    extension = YAML(typ="safe").load((job / "_extensions" / "csi" / "_extension.yml").read_text(encoding="utf-8"))
    formats = extension["contributes"]["formats"]
    named = [f["path"] for f in formats["common"]["filters"]] + formats["typst"]["template-partials"]
    named += [formats["html"]["css"], formats["html"]["include-after-body"]]
    for name in named:
        assert (job / "_extensions" / "csi" / name).is_file(), name


def test_a_render_by_hand_gives_back_what_was_published(tmp_path):
    """The script Quarto runs before and after, as Quarto runs it: as a filter of nothing, by pandoc."""
    script = shared_path("reports", "_extensions", "csi", "keep.lua")

    def run(**environment):
        command = [pandoc_path(), "--from", "markdown", "--to", "plain", "--lua-filter", script]
        subprocess.run(command, cwd=tmp_path, env={**os.environ, **environment}, input=b"", check=True)

    page, paper = tmp_path / "report.html", tmp_path / "report.pdf"
    page.write_bytes(b"published\r\n\x00")
    run()
    page.write_bytes(b"Quarto's, and then the render dies")
    run()
    assert page.read_bytes() == b"published\r\n\x00"
    page.unlink()  # moved to _quarto/
    run(QUARTO_PROJECT_OUTPUT_FILES="_quarto/report.html")
    assert page.read_bytes() == b"published\r\n\x00"
    assert not paper.exists()
    assert list(tmp_path.iterdir()) == [page]


def test_quarto_is_called_and_its_outputs_are_moved(tmp_path, fake):
    fake()
    job = sample.make_job(tmp_path)
    made = render(job)
    assert made.engine == "quarto"
    assert made.versions == {"quarto": "1.10.2"}
    assert made.warnings == ("WARN: something", "warning: unknown font family: x")
    assert (job / "calls.txt").read_text().splitlines() == [
        "render report.ipynb --to csi-html 946684800",
        "render report.ipynb --to csi-typst 946684800",
    ]
    assert all(path.read_text() == "made\n" for path in made.paths.values())
    assert not (job / "_quarto").exists()
    before = sorted(job.rglob("*"))
    (job / "fail").touch()
    with pytest.raises(InputError, match=r"report\.ipynb: .*ERROR: unknown variable: x") as error:
        render(job)
    assert "metadata" not in str(error.value)
    (job / "fail").unlink()
    assert sorted(job.rglob("*")) == before


def test_a_page_keeps_the_slices_of_fonts_it_shows():
    face = '@font-face {{ font-family: "P"; font-weight: {}; src: url(data:x;base64,AA=); unicode-range: {}; }}\n'
    faces = [face.format(400, "U+AC00-AC0F"), face.format(400, "U+3042,U+B098"), face.format(600, "U+AC00")]
    page = "<style>" + "".join(faces) + "a { color: red; }</style><p>가</p><p>C</p>"
    slim = without_unused_fonts(page)
    assert slim == page.replace(faces[1], "").replace(faces[2], "")
    assert without_unused_fonts(page + "<b>가</b>나") == page + "<b>가</b>나"


def test_choice_of_renderer(fake, monkeypatch):
    fake("1.8.27")
    quartos, ours = available_renderers()
    assert not quartos.usable
    assert "1.9 or later" in quartos.why
    assert ours.usable
    assert choose_renderer("auto").name == "embedded"
    with pytest.raises(InputError, match="cannot be used"):
        choose_renderer("quarto")
    with pytest.raises(InputError, match="Did you mean embedded"):
        choose_renderer("embeded")
    monkeypatch.setenv("QUARTO_PATH", os.devnull)
    assert "does not lead to Quarto" in available_renderers()[0].why


@pytest.mark.slow
def test_the_real_quarto_gives_the_same_content(finished, tmp_path, pdf_text):
    if not quarto.quarto_path():
        pytest.skip("Quarto is not installed here")
    job = sample.make_job(tmp_path)
    made = render(job, renderer="quarto")
    page = made.paths["html"].read_text(encoding="utf-8")
    ours = finished[1].paths["html"].read_text(encoding="utf-8")
    rows = re.compile(r'data-r="(\w+)"')
    assert rows.findall(page) == rows.findall(ours)
    cover = page[page.index('id="title-block-header"') : page.index("</header>")]
    for part in (sample.FRONT["agency"], sample.FRONT["contractor"], sample.FRONT["date"]):
        assert part in cover
    words = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", c)).strip() for c in CAPTION.findall(page)]
    assert words == [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", c)).strip() for c in CAPTION.findall(ours)]
    assert not re.search(r'<(?:script|link|img)\b[^>]*(?:src|href)="(?!data:|#)', page)
    theirs, text = pdf_text(made.paths["pdf"]), pdf_text(finished[1].paths["pdf"])
    numbers = re.compile(r"\d+\.\d+")
    assert sorted(numbers.findall(theirs)) == sorted(numbers.findall(text))
    for part in ("제 출 문", "표 목차", "그림 1", "표 4"):
        assert part in theirs
    published = made.paths["html"].read_bytes(), made.paths["pdf"].read_bytes()
    subprocess.run([quarto.quarto_path(), "render", "--to", "csi-typst"], cwd=job, check=True, capture_output=True)
    assert (job / "_quarto" / "report.pdf").exists()
    assert (made.paths["html"].read_bytes(), made.paths["pdf"].read_bytes()) == published
