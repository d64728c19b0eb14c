"""Studies on disk: lookup, agencies, years, jobs, labels, and what ships with the package."""

import json

import jsonschema
import pytest

from csi_lib import InputError, bundled_studies, json_schema, load_study, new_study, resolve_study
from csi_lib.share import shared_path
from csi_lib.study.base import CodeByYear, Label, written
from csi_lib.study.codebook import Column
from csi_lib.study.yaml_file import YamlFile


@pytest.fixture(scope="module")
def example():
    return load_study(shared_path("params", "example"))


@pytest.mark.parametrize("name", ["example", "sfo-airport", "ecsi-mobile"])
def test_bundled_study_has_every_label_in_every_language(name):
    study = load_study(shared_path("params", name))
    assert study.id == name
    assert study.untranslated() == []


@pytest.mark.parametrize("name", ["example", "sfo-airport", "ecsi-mobile"])
@pytest.mark.parametrize("file", ["study", "agencies", "codebook"])
def test_bundled_files_satisfy_the_exported_schema(name, file):
    data = YamlFile(shared_path("params", name, f"{file}.yml")).data
    # JSON knows text keys only
    jsonschema.validate(json.loads(json.dumps(data)), json_schema(file))


def test_schema_refuses_what_the_model_refuses():
    data = {"agencies": [{"id": "No Good", "name": "이름"}]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, json_schema("agencies"))


@pytest.mark.parametrize("file", ["study", "agencies", "codebook"])
def test_schema_beside_the_bundled_studies_is_current(file):
    stored = json.loads(shared_path("params", "schema", f"{file}.json").read_text(encoding="utf-8"))
    assert stored == json_schema(file), "run csi_lib.write_schemas('params/schema')"


def test_years_are_ordered_and_carry_their_period(example):
    assert list(example.years) == [2023, 2024]
    assert example.years[2024].period == "2024"
    assert example.years[2024].formula_edition == {"iudc-external": "2004"}


def test_unknown_agency_year_source_suggest_the_near_spelling(example):
    with pytest.raises(InputError, match="Did you mean 'hanbit-fmc'"):
        example.agency("hanbit-fcm")
    with pytest.raises(InputError, match="Did you mean 2024"):
        example.wave(2042)
    with pytest.raises(InputError, match="Did you mean 'customers'"):
        example.source("customer")
    with pytest.raises(InputError, match="Did you mean 'overall'"):
        example.codebook().column("overal")


@pytest.mark.parametrize("id", ["../x", "a/b", "'; --", "x" * 200])
def test_odd_agency_ids_asked_for_are_refused_in_words(example, id):
    with pytest.raises(InputError, match="no such agency") as caught:
        example.agency(id)
    assert len(str(caught.value)) < 500


def test_jobs_are_agencies_by_years(example):
    jobs = example.jobs()
    assert len(jobs) == 6
    assert [(j.agency, j.year) for j in jobs[:2]] == [("hanbit-fmc", 2023), ("hanbit-fmc", 2024)]
    assert {(j.lang, j.release) for j in jobs} == {("ko", "public")}
    one = example.jobs("saesol-udc", "2024", lang="en", release="restricted")
    assert [(j.agency, j.year, j.lang, j.release) for j in one] == [("saesol-udc", 2024, "en", "restricted")]
    assert len(example.jobs(["saesol-udc", "saesol-udc"], [2024, 2024])) == 1


def test_jobs_refuse_what_the_study_has_not(example):
    for bad in ({"agencies": ["nobody"]}, {"years": [2020]}, {"lang": "fr"}, {"release": "secret"}):
        with pytest.raises(InputError):
            example.jobs(**bad)


def test_agency_has_jobs_only_in_years_it_took_part(tmp_path):
    folder = new_study(tmp_path / "s")
    path = folder / "agencies.yml"
    path.write_text(path.read_text(encoding="utf-8") + "    years: [2024]\n", encoding="utf-8")
    jobs = load_study(folder).jobs()
    assert [(j.agency, j.year) for j in jobs if j.agency == "second-agency"] == [("second-agency", 2024)]


def test_studies_and_their_parts_never_change(example):
    with pytest.raises(ValueError):
        example.title = None
    with pytest.raises(ValueError):
        example.agencies[0].id = "other"


def test_lookup_by_path_environment_params_and_bundle(tmp_path, monkeypatch):
    own = new_study(tmp_path / "params" / "own")
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    monkeypatch.delenv("CSI_STUDY", raising=False)
    assert resolve_study("own") == own.resolve()
    assert resolve_study(own) == own.resolve()
    assert resolve_study("example") == shared_path("params", "example").resolve()
    monkeypatch.setenv("CSI_STUDY", str(own))
    assert resolve_study() == own.resolve()
    with pytest.raises(InputError, match="Did you mean 'sfo-airport'"):
        resolve_study("sfo-airprot")
    assert {"example", "sfo-airport", "ecsi-mobile"} <= set(bundled_studies())


def test_agencies_from_csv(tmp_path):
    folder = new_study(tmp_path / "s")
    (folder / "agencies.yml").unlink()
    (folder / "agencies.csv").write_text(
        "id,name_ko,name_en,type,population,merged_from,floors\n"
        "first-agency,첫째,First,office,1200,old-a;old-b,3\nsecond-agency,둘째,Second,office,,,\n",
        encoding="cp949",
    )
    first, second = load_study(folder).agencies
    assert (first.name.ko, first.name.en, first.population) == ("첫째", "First", 1200)
    assert first.merged_from == ("old-a", "old-b")
    assert first.attributes == {"floors": "3"}
    assert second.population is None


def test_fault_in_agencies_csv_names_its_line(tmp_path):
    folder = new_study(tmp_path / "s")
    (folder / "agencies.yml").unlink()
    (folder / "agencies.csv").write_text("id,name_ko\nfirst-agency,첫째\nBad Id,둘째\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"agencies\.csv:3"):
        load_study(folder)


@pytest.mark.parametrize(
    ("given", "ko", "en"),
    [("친절성", "친절성", None), ("Kindness", None, "Kindness"), ("1~5", "1~5", "1~5"), (5, "5", "5")],
)
def test_plain_label_stands_for_the_language_it_is_written_in(given, ko, en):
    label = Label.model_validate(given)
    assert (label.ko, label.en) == (ko, en)


def test_label_without_the_language_asked_for_is_an_error():
    with pytest.raises(InputError, match="'en'"):
        Label(ko="친절성").text("en")


def test_untranslated_labels_are_listed(tmp_path):
    folder = new_study(tmp_path / "s")
    path = folder / "codebook.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("{ko: 직원의 친절성, en: Kindness of staff}", "직원의 친절성"), encoding="utf-8")
    (error,) = load_study(folder).untranslated()
    line = next(i for i, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if "직원의" in text)
    assert f"codebook.yml:{line}: columns > kindness > label" in str(error)
    assert "'en'" in str(error)


@pytest.mark.parametrize(
    ("a", "b"), [(3, "3"), (3.0, " 3 "), ("3.0", 3), ("Blank", " Blank "), (18.5, "18.5"), (-1, "-1.0")]
)
def test_one_code_written_in_several_ways_is_one_code(a, b):
    assert written(a) == written(b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("01", 1),
        ("1e2", 100),
        ("1_0", 10),
        ("A", "a"),
        ("20240501123456700", "20240501123456701"),
        ("+1", 1),
        ("1.", 1),
    ],
)
def test_what_is_written_otherwise_is_another_code(a, b):
    assert written(a) != written(b)
    assert written(a) == a


def test_settings_by_year():
    column = Column(
        name="x",
        role="measure",
        missing={"default": [9], 2016: [0, "Blank"]},
        names={"default": "X", 2013: None},
    )
    assert column.missing_in(2017) == (9,)
    assert column.missing_in(2016) == (0, "Blank")
    assert column.names_in(2014) == ("X",)
    assert [column.available_in(y) for y in (2013, 2014)] == [False, True]
    assert CodeByYear.model_validate(3).get(1999) == 3


def test_new_study_refuses_a_folder_in_use(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="not empty"):
        new_study(tmp_path)


def test_a_study_is_read_once_until_a_file_changes(tmp_path):
    folder = new_study(tmp_path / "s")
    first = load_study(folder)
    assert load_study(folder) is first
    path = folder / "study.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("years: [2023, 2024]", "years: [2024]"), encoding="utf-8")
    assert list(load_study(folder).years) == [2024]


@pytest.mark.parametrize("given", [["five-level"], "five-level"])
def test_models_of_the_only_source_need_not_name_it(given):
    from csi_lib.study.study import StudyFile

    source = {
        "kind": "respondents",
        "path": "a.csv",
        "codebook": "c.yml",
        "agency": {"constant": "a"},
        "year": {"constant": 2024},
    }
    data = {"title": "t", "years": [2024], "sources": {"customers": source}, "models": given}
    assert StudyFile.model_validate(data).models == {"customers": ("five-level",)}
    data["sources"] = {"customers": source, "staff": source}
    with pytest.raises(ValueError, match="models are named for a source"):
        StudyFile.model_validate(data)
