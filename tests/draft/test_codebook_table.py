"""The codebook printed, edited and put back, and handed on as Triple-S and DDI."""

from __future__ import annotations

import csv
import shutil

import pytest
from openpyxl import load_workbook

from csi_lib.cli import main
from csi_lib.draft.codebook_table import export_table, import_table, table_rows
from csi_lib.draft.exchange import write_ddi, write_triple_s
from csi_lib.draft.study import draft_study
from csi_lib.draft.triple_s import read_triple_s
from csi_lib.errors import InputError
from csi_lib.study.study import load_study
from csi_lib.survey.reading import read_survey

from . import platforms as p


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("codebook")
    world = p.World()
    (folder / "given").mkdir()
    draft_study(folder / "study", p.spss(folder / "given", world))
    return folder / "study", world


@pytest.fixture
def study(made, tmp_path):
    shutil.copytree(made[0], tmp_path / "study")
    return load_study(tmp_path / "study")


def edit(path, changes):
    with path.open(encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        row.update(changes.get(row["column"], {}))
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_an_untouched_table_changes_nothing(study, tmp_path):
    before = (study.path / "codebook.yml").read_text(encoding="utf-8")
    assert import_table(study, export_table(study, tmp_path / "t.xlsx")) == []
    assert (study.path / "codebook.yml").read_text(encoding="utf-8") == before


def test_edits_come_back_and_a_confirmed_guess_loses_its_mark(study, tmp_path):
    path = edit(export_table(study, tmp_path / "t.csv"), {
        "q1_1": {"label_en": "Parks and trails", "guess": ""},
        "district": {"answers_en": "1=North side; 2=South; 3=East"},
        "q1_2": {"missing": "9; 8"},
    })  # fmt: skip
    changes = import_table(study, path)
    assert any(c == "q1_1: confirmed" for c in changes)
    again = load_study(study.path).codebook()
    assert str(again.columns["q1_1"].label) == "Parks and trails"
    assert str(again.columns["district"].labels[1]) == "North side"
    assert again.columns["q1_2"].missing_in(2024) == (9, 8)
    rows = {r["column"]: r for r in table_rows(load_study(study.path))}
    assert rows["q1_1"]["guess"] == ""
    assert rows["q1_3"]["guess"].startswith("(")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"q1_1": {"column": "q1_7"}}, "no such column"),
        ({"q1_1": {"role": "itm"}}, "role"),
        ({"q1_1": {"section": "nowhere"}}, "section"),
        ({"district": {"role": "single"}}, "no codebook has a group of this name"),
    ],
)
def test_a_table_that_does_not_fit_leaves_the_codebook_as_it_was(study, tmp_path, changes, problem):
    before = (study.path / "codebook.yml").read_text(encoding="utf-8")
    with pytest.raises(InputError, match=problem):
        import_table(study, edit(export_table(study, tmp_path / "t.csv"), changes))
    assert (study.path / "codebook.yml").read_text(encoding="utf-8") == before
    assert not list(study.path.glob(".*trial*"))


def test_triple_s_comes_back_with_the_same_answers(study, made, tmp_path):
    world = made[1]
    write_triple_s(study, tmp_path / "out.sss", answers=True)
    sheet = read_triple_s(tmp_path / "out.sss")
    survey = read_survey(study)
    held = survey.frame["q1_1"]
    assert list(sheet.column("q1_1").values) == ["" if v != v else f"{v:g}" for v in held]
    ticked = [c for c in sheet.columns if c.kind == "multiple"]
    assert [c.option for c in ticked] == p.MEDIA["en"]
    assert [[v == "1" for v in c.values] for c in ticked] == world.media.T.tolist()
    assert sheet.column("respid") is None
    assert sheet.column("wt").kind == "weight"


def test_ddi_names_variables_groups_and_missing_codes(study, tmp_path):
    from lxml import etree

    root = etree.parse(str(write_ddi(study, tmp_path / "out.xml"))).getroot()
    ns = {"d": "ddi:codebook:2_5"}
    names = root.xpath("//d:var/@name", namespaces=ns)
    assert "q1_1" in names
    assert "respid" not in names
    assert root.xpath("//d:var[@name='q1_1']/d:catgry[@missing='Y']/d:catValu/text()", namespaces=ns) == ["9"]
    group = root.xpath("//d:varGrp[@type='multipleResp']/@var", namespaces=ns)[0]
    assert group.split() == ["V_q2_1", "V_q2_2", "V_q2_3"]
    for ident in root.xpath("//d:varGrp/@var", namespaces=ns):
        assert all(root.xpath(f"//d:var[@ID='{i}']", namespaces=ns) for i in ident.split())


def test_the_command_prints_exports_and_refuses(study, tmp_path, capsys):
    with pytest.raises(SystemExit) as done:
        main(["codebook", str(study.path), "--export", str(tmp_path / "c.xlsx")])
    assert done.value.code == 0
    assert load_workbook(tmp_path / "c.xlsx").active["A1"].value == "column"
    with pytest.raises(SystemExit) as done:
        main(["codebook", str(study.path), "--export", str(tmp_path / "c.doc")])
    assert done.value.code == 2
    with pytest.raises(SystemExit):
        main(["codebook", str(study.path)])
    assert "q1_1" in capsys.readouterr().out
