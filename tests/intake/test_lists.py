"""Tables of a study's own (agencies, targets, outside weights) are read by the reader of all files: encodings, sheets, faults."""

import pandas as pd
import pytest

from csi_lib.errors import InputError
from csi_lib.models.external import external_tables
from csi_lib.models.spec import ModelFile
from csi_lib.study.agency import read_agencies
from csi_lib.study.weighting import target_table

AGENCIES = "id,name_ko,name_en,type,years,구분\na-1,하나공사,One Corp,x,2023;2024,본사\nb-2,둘공단,Two Corp,x,,지사\n"
TARGETS = 'variable,category,target\nsex,1,4900\nsex,2,"5,100"\n'
WEIGHTS = "part,weight,agency\na,0.25,\nb,0.75,\n"
MODEL = ModelFile.model_validate(
    {"name": "m", "label": "M", "formula_edition": "1", "source": "s", "index": "i",
     "nodes": [{"id": "i", "label": "I", "items": ["a", "b"], "weights": {"rule": "external", "file": "w.csv"}}]}
)  # fmt: skip


def agencies(folder):
    return [(a.id, a.name.ko, a.years, dict(a.attributes)) for a in read_agencies(folder).agencies]


def targets(folder):
    return [(r.variable, r.category, r.target) for r in target_table("t.csv", folder).itertuples()]


def weights(folder):
    return external_tables(MODEL, folder)["i"][["part", "weight"]].to_dict("list")


KINDS = {"agencies.csv": (AGENCIES, agencies), "t.csv": (TARGETS, targets), "w.csv": (WEIGHTS, weights)}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("encode", [
    lambda t: t.encode("utf-8-sig"), lambda t: t.encode("cp949"), lambda t: t.replace("\n", "\r\n").encode(),
    lambda t: t.replace("\n", "\r").encode(), lambda t: t.replace("\n", "\n,,\n", 1).encode("utf-16"),
    lambda t: t.replace(",", ";").replace("2023;2024", '"2023;2024"').replace('"5;100"', "5100").encode(),
    lambda t: (t + ",,\n").encode(), lambda t: t.replace("part,", " Part ,").replace("id,", "ID,").replace("variable", "Variable ").encode(),
], ids=["bom", "cp949", "crlf", "cr", "utf-16", "semicolons", "blank row", "spelling"])  # fmt: skip
def test_a_table_is_the_same_however_it_is_written(name, encode, tmp_path):
    text, read = KINDS[name]
    plain, other = tmp_path / "plain", tmp_path / "other"
    plain.mkdir()
    other.mkdir()
    (plain / name).write_text(text, encoding="utf-8")
    (other / name).write_bytes(encode(text))
    assert read(other) == read(plain)


@pytest.mark.parametrize(("name", "text", "words"), [
    ("agencies.csv", AGENCIES.replace("id,", "ident,"), "id"), ("agencies.csv", AGENCIES + "합계,2,,,,\n", "no record|cannot be used"),
    ("agencies.csv", AGENCIES.replace("id,", "id,ID,"), "fewer fields|two columns|cannot"),
    ("t.csv", TARGETS.replace("4900", "4,9"), "number"), ("t.csv", TARGETS.replace("target", "goal"), "target"),
    ("t.csv", TARGETS.replace("target", "target,note").replace("4900", "4900,x").replace('"5,100"', "5100,x"), "not known"),
    ("w.csv", WEIGHTS.replace("0.25", "-1"), "zero or more"), ("w.csv", WEIGHTS.replace("a,", "z,"), "not a part"),
    ("w.csv", "", "empty"), ("agencies.csv", "", "empty"), ("t.csv", "", "empty"),
    ("w.csv", WEIGHTS.replace("0.25", "0_25"), "zero or more"),
])  # fmt: skip
def test_faults_are_worded_with_file_and_line(name, text, words, tmp_path):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words) as caught:
        KINDS[name][1](tmp_path)
    assert name in str(caught.value)


def test_agencies_in_a_list_of_two_lines_keep_their_line_in_messages(tmp_path):
    (tmp_path / "agencies.csv").write_text("id,name_ko\n\n\na-1,하나\na-1,둘\n", encoding="utf-8")
    with pytest.raises(InputError, match="twice") as caught:
        read_agencies(tmp_path)
    assert "agencies.csv:5" in str(caught.value)


def test_targets_of_a_year_and_an_agency(tmp_path):
    (tmp_path / "t.csv").write_text(
        "agency,year,variable,category,target\n,2024,sex,1,10\na-1,,sex,1,20\n", encoding="utf-8"
    )
    table = target_table("t.csv", tmp_path)
    assert table["year"].tolist() == [2024, None]
    assert table["agency"].tolist() == [None, "a-1"]
    assert pd.api.types.is_float_dtype(table["target"])
