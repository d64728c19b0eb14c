"""Copies of chapters: one language in sight, nothing lost on the way back, and used when they are asked for."""

import json
import os
import re
import subprocess
import sys

import nbformat
import pytest

from csi_lib.errors import InputError
from csi_lib.run.lab import copy_chapters
from csi_lib.run.lab_copies import changed_copies, for_lab, for_reports, use_copy
from csi_lib.run.start_here import set_parameters
from csi_lib.share import shared_path
from csi_lib.study.study import load_study
from csi_lib.study.template import new_study

NOTEBOOKS = sorted(shared_path("notebooks").glob("*.ipynb"))
VALUES = {"study": "s", "agency": "a", "year": 2024, "lang": "ko", "release": "public"}


@pytest.fixture
def study(tmp_path):
    return load_study(new_study(tmp_path / "demo"))


def cells(node):
    return [(c.cell_type, c.source, tuple(c.metadata.get("tags", []))) for c in node.cells]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_there_and_back_every_cell_is_as_it_was(path, lang):
    node = nbformat.read(path, as_version=4)
    copy = for_lab(node, VALUES, lang)
    other = {"ko": "lang-en", "en": "lang-ko"}[lang]
    assert not any(other in c.metadata.get("tags", []) for c in copy.cells)
    assert not any(
        "{#" in re.sub("<!--.*?-->", "", c.source) for c in copy.cells if c.cell_type == "markdown"
    )  # no id is shown
    assert cells(for_reports(nbformat.reads(nbformat.writes(copy), as_version=4))) == cells(node)


def test_a_changed_copy_is_named_and_becomes_a_chapter_of_both_languages(study):
    folder = copy_chapters(study.path)
    assert changed_copies(study) == []
    path = folder / "40-overall.ipynb"
    node = nbformat.read(path, as_version=4)
    english = [
        c.source
        for c in nbformat.read(shared_path("notebooks") / path.name, as_version=4).cells
        if "lang-en" in c.metadata.get("tags", [])
    ]
    node.cells.append(nbformat.v4.new_code_cell("1 + 1", outputs=[nbformat.v4.new_output("stream", text="an answer")]))
    nbformat.write(node, path)
    assert changed_copies(study) == ["40-overall"]
    used = nbformat.read(use_copy(study, "overall"), as_version=4)
    assert used.cells[-1].source == "1 + 1"
    assert "an answer" not in json.dumps(used)
    assert str(study.path) not in json.dumps(used)
    assert [c.source for c in used.cells if "lang-en" in c.metadata.get("tags", [])] == english
    assert changed_copies(study) == []


def test_a_cell_of_the_other_language_survives_the_removal_of_its_neighbour(study):
    node = nbformat.read(shared_path("notebooks") / "40-overall.ipynb", as_version=4)
    copy = for_lab(node, VALUES, "ko")
    korean = next(i for i, c in enumerate(copy.cells) if "lang-ko" in c.metadata.get("tags", []))
    del copy.cells[korean]
    back = for_reports(copy)
    assert sum("lang-en" in c.metadata.get("tags", []) for c in back.cells) == sum(
        "lang-en" in c.metadata.get("tags", []) for c in node.cells
    )


def test_a_name_that_is_no_copy_is_refused_with_the_near_one(study):
    copy_chapters(study.path)
    with pytest.raises(InputError, match="no such copy") as caught:
        use_copy(study, "40-overal")
    assert "40-overall" in caught.value.action


def test_copies_stand_at_the_newest_wave_and_the_form_moves_them(study):
    folder = copy_chapters(study.path)
    text = (folder / "40-overall.ipynb").read_text(encoding="utf-8")
    assert f"year = {max(study.years)}" in text
    n = set_parameters(study.path, agency="second-agency", year=min(study.years))
    assert n == len(list(folder.glob("[0-9]*.ipynb")))
    assert "agency = 'second-agency'" in (folder / "40-overall.ipynb").read_text(encoding="utf-8")
    assert "agency = '_overall'" in (folder / "11-round-summary.ipynb").read_text(encoding="utf-8")
    assert changed_copies(study) == []  # parameters are no change of the chapter


def test_saved_outputs_never_reach_git(study):
    folder = copy_chapters(study.path)
    assert (folder / ".gitignore").read_text() == "*\n"
    assert "/lab/" in (study.path / ".gitignore").read_text()


def test_the_first_page_runs_in_both_languages(study):
    folder = copy_chapters(study.path)
    for lang in study.languages:
        node = nbformat.read(folder / f"start-here.{lang}.ipynb", as_version=4)
        code = "\n\n".join(c.source for c in node.cells if c.cell_type == "code") + "\nassert chapter.survey.n > 0\n"
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, cwd=folder, env={**os.environ}
        )
        assert done.returncode == 0, done.stderr


def test_an_error_in_a_notebook_is_a_few_lines_with_what_to_do():
    error = InputError(
        "no such agency", where="study 's'", found="x", expected="one of a, b", action="Did you mean 'a'?"
    )
    assert error.in_words() == ["study 's': no such agency", "found: x", "expected: one of a, b", "Did you mean 'a'?"]


def test_a_kernel_by_hand_shows_words_and_a_batch_keeps_its_traceback(study):
    opened = f"csi_lib.open_chapter({str(study.path)!r}, {{!r}}, 2024)"
    steps = ["import csi_lib", opened.format("first-agency"), opened.format("nobody")]
    code = "from IPython.core.interactiveshell import InteractiveShell\nshell = InteractiveShell.instance()\n"
    code += "".join(f"shell.run_cell({step!r})\n" for step in steps)
    shown, context = {}, study.path / "context.json"
    context.write_text("{}", encoding="utf-8")
    for by_hand in ("1", ""):  # a batch has a context and nobody at the keyboard
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code],
            capture_output=True,
            text=True,
            env={**os.environ, "CSI_LAB": by_hand, **({} if by_hand else {"CSI_CONTEXT": str(context)})},
        )
        shown[by_hand] = done.stdout + done.stderr
    assert "Traceback" not in shown["1"]
    assert "nobody" in shown["1"]
    assert len(shown["1"].strip().splitlines()) <= 8
    assert "Traceback" in shown[""]
