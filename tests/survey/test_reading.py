"""Answers arrive typed, on declared codes, the same from every file format."""

import pickle

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from csi_lib import load_study, read_survey
from csi_lib.intake import wave


def same(a, b):
    pd.testing.assert_frame_equal(a.frame, b.frame)


def test_codes_become_typed_columns(small):
    frame = read_survey(small.write(), year=2024).frame
    expected = "agency year period design_stratum weight kind slow sex comment"
    assert list(frame.columns) == expected.split()
    np.testing.assert_array_equal(frame["kind"], [5, 4, np.nan, 1, 3])
    # slow is reverse-coded: 1 + 5 − x
    np.testing.assert_array_equal(frame["slow"], [5, 4, 3, np.nan, 1])
    assert list(frame["sex"].cat.categories) == [1, 2]
    assert frame["sex"].tolist() == [2, 1, 2, 1, 1]
    assert frame["comment"].tolist()[2:] == ["보통", "쉼표, 있음", '따옴표 "안"']
    assert frame["comment"].isna().tolist() == [False, True, False, False, False]
    assert frame["period"].unique().tolist() == ["2024"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
def test_encodings_and_separators_are_found_out(small, encoding, sep):
    expected = read_survey(small.write(), year=2024)
    wave._MEMORY.clear()
    same(read_survey(small.write(encoding=encoding, sep=sep), year=2024), expected)


@pytest.mark.parametrize("suffix", ["xlsx", "parquet", "sav"])
def test_every_format_gives_the_same_frame(small, suffix):
    expected = read_survey(small.write(), year=2024)
    path = small.folder / f"answers_2024.{suffix}"
    if suffix == "xlsx":
        small.rows.to_excel(path, index=False, sheet_name="응답")
    elif suffix == "parquet":
        small.rows.to_parquet(path)
    else:
        pyreadstat.write_sav(small.rows, str(path))
    small.study = small.study.replace('"answers_{year}.csv"', f'"answers_{{year}}.{suffix}"')
    same(read_survey(small.write(), year=2024), expected)


def test_sav_user_missing_and_value_labels(small):
    rows = small.rows.drop(columns="전화").astype({"Q1": float})
    rows.loc[0, "Q1"] = 8  # user-missing in the file, though not in the codebook
    pyreadstat.write_sav(
        rows,
        str(small.folder / "answers_2024.sav"),
        missing_ranges={"Q1": [8]},
        variable_value_labels={"sex": {1: "남자", 2: "여자"}},
    )
    small.study = small.study.replace('"answers_{year}.csv"', '"answers_{year}.sav"')
    small.codebook = small.codebook.replace("    labels: {1: {ko: 남성, en: Male}, 2: {ko: 여성, en: Female}}\n", "")
    survey = read_survey(small.write(), year=2024)
    assert np.isnan(survey.frame["kind"].iloc[0])
    assert survey.codebook.code_labels("sex") == {1: "남자", 2: "여자"}


def test_sheet_is_chosen_by_name(small):
    with pd.ExcelWriter(small.folder / "answers_2024.xlsx") as book:
        pd.DataFrame({"x": [1]}).to_excel(book, sheet_name="표지", index=False)
        small.rows.to_excel(book, sheet_name="응답", index=False)
    small.study = small.study.replace('"answers_{year}.csv"', '"answers_{year}.xlsx"\n    sheet: 응답')
    assert len(read_survey(small.write(), year=2024).frame) == 5


def test_raw_names_match_without_case_blanks_and_asterisk(small):
    small.rows = small.rows.rename(columns={"Q1": " *q1 ", "Q2": "q2 "})
    assert read_survey(small.write(), year=2024).frame["kind"].iloc[0] == 5


def test_names_missing_codes_and_recoding_by_year(small):
    folder = small.write()
    small.codebook = small.codebook.replace("names: [Q1]", "names: {default: [Q1], 2024: [문1]}").replace(
        "missing: [9]", "missing: {default: [9], 2024: [Blank, 99]}"
    )
    small.codebook = small.codebook.replace(
        "    label: {ko: 성별, en: Sex}\n",
        "    label: {ko: 성별, en: Sex}\n    derive: {2024: {map: {M: 1, F: 2}}}\n",
    )
    small.write()
    rows = small.rows.rename(columns={"Q1": "문1"}).astype({"문1": object, "Q2": object})
    rows["문1"], rows["Q2"] = [5, 4, "BLANK", 1, 3], [1, 2, 3, 99, 5]
    rows["sex"] = ["F", "M", " f", "M", "M"]
    rows.to_csv(folder / "answers_2024.csv", index=False)
    study = load_study(folder)
    same(read_survey(study, year=2024).subset(), read_survey(study, year=2024))
    a, b = read_survey(study, year=2023).frame, read_survey(study, year=2024).frame
    own = ["year", "period", "design_stratum"]
    pd.testing.assert_frame_equal(a.drop(columns=own), b.drop(columns=own))


def test_ranges_and_other_columns_derive_a_group(small):
    small.rows["GATE"] = [1, 12, 20, 39, 40]
    small.codebook += """
  area:
    role: group
    label: {ko: 구역, en: Area}
    labels: {A: {ko: A구역, en: Area A}, B: {ko: B구역, en: Area B}}
    derive: {from: GATE, ranges: {A: [1, 12], B: [20, 39]}, otherwise: missing}
"""
    area = read_survey(small.write(), year=2024).frame["area"]
    assert area.tolist()[:4] == ["A", "A", "B", "B"]
    assert area.isna().tolist()[4]


def test_column_not_asked_in_a_year_is_missing_there_and_recorded(small):
    small.codebook = small.codebook.replace("names: [Q1]", "names: {default: [Q1], 2023: null}")
    folder = small.write()
    small.rows.drop(columns="Q1").to_csv(folder / "answers_2023.csv", index=False)
    survey = read_survey(folder)
    assert survey.frame.groupby("year")["kind"].count().to_dict() == {2023: 0, 2024: 4}
    record = survey.quality.frame.query("check == 'not_available'")
    assert record[["agency", "year", "column"]].values.tolist() == [
        ["north", 2023, "kind"],
        ["south", 2023, "kind"],
    ]


def test_one_file_with_all_years_and_agency_names(small):
    rows = pd.concat([small.rows.assign(해=2023), small.rows.iloc[:2].assign(해=2024)])
    rows["agency"] = rows["agency"].map({"north": "북부 공단", "south": "남부 공단"})
    rows.to_csv(small.folder / "all.csv", index=False)
    small.study = small.study.replace('path: "answers_{year}.csv"', "path: all.csv\n    year: 해").replace(
        "agency: agency", "agency: {column: agency, map: {북부 공단: north, 남부 공단: south}}"
    )
    study = load_study(small.write(years=()))
    assert len(read_survey(study, year=2023).frame) == 5
    assert read_survey(study, "north", 2024).frame["kind"].tolist() == [5, 4]


def test_one_file_per_agency(small):
    small.study = small.study.replace("answers_{year}", "{agency}_{year}").replace("agency: agency", "agency: agency")
    folder = small.write(years=())
    for agency, rows in small.rows.groupby("agency"):
        rows.to_csv(folder / f"{agency}_2024.csv", index=False)
    study = load_study(folder)
    assert len(read_survey(study, "south", 2024).frame) == 2
    assert len(read_survey(study, None, 2024).frame) == 5


def test_merged_agencies_count_for_their_successor(small):
    small.agencies = small.agencies.replace(
        "{id: south, name: {ko: 남부, en: South}}",
        "{id: all, name: {ko: 통합, en: All}, merged_from: [south]}",
    )
    small.agencies = small.agencies.replace("- {id: north", "- {id: north")
    assert len(read_survey(small.write(), "all", 2024).frame) == 2


def test_agency_and_year_select_rows(small):
    study = load_study(small.write())
    whole = read_survey(study)
    assert whole.frame.groupby(["agency", "year"]).size().to_dict() == {
        ("north", 2023): 3,
        ("north", 2024): 3,
        ("south", 2023): 2,
        ("south", 2024): 2,
    }
    one, part = read_survey(study, "north", 2024), whole.subset("north", 2024)
    columns = [c for c in one.frame if c != "design_stratum"]
    pd.testing.assert_frame_equal(one.frame[columns], part.frame[columns])
    assert one.quality.counts == part.quality.counts
    assert (one.agency, one.year, one.source) == ("north", 2024, "customers")


def test_a_file_is_parsed_once_for_all_agencies(small, monkeypatch):
    study = load_study(small.write())
    parsed = []
    read = wave.read_table
    monkeypatch.setattr(wave, "read_table", lambda *a, **k: parsed.append(a) or read(*a, **k))
    for agency in ("north", "south"):
        read_survey(study, agency, 2024)
    assert len(parsed) == 1
    rows = small.rows.assign(Q1=2)
    rows.to_csv(small.folder / "answers_2024.csv", index=False)
    assert read_survey(study, "north", 2024).frame["kind"].tolist() == [2, 2, 2]


def test_two_readings_share_no_memory(small):
    study = load_study(small.write())
    first = read_survey(study, year=2024).frame
    first.loc[:, "kind"] = 1.0
    assert read_survey(study, year=2024).frame["kind"].iloc[0] == 5


def test_survey_survives_pickling(small):
    survey = read_survey(small.write(), "north", 2024)
    again = pickle.loads(pickle.dumps(survey))
    same(survey, again)
    assert again.design_columns == survey.design_columns


def test_strata_and_clusters_of_agencies_and_years_are_their_own(small):
    small.rows["층"], small.rows["조"] = [1, 1, 2, 1, 2], ["a", "b", "a", "a", "a"]
    small.study = small.study.replace("{weights: weight}", "{weights: weight, strata: s, clusters: c}")
    small.codebook += "  s: {role: design, names: [층]}\n  c: {role: design, names: [조]}\n"
    survey = read_survey(small.write())
    assert dict(survey.design_columns) == {
        "weights": "weight",
        "strata": "design_stratum",
        "clusters": "design_cluster",
        "fpc": None,
        "lonely": "fail",
    }
    assert survey.frame["design_stratum"].nunique() == 8
    assert survey.frame["design_cluster"].nunique() == 10
    assert read_survey(small.folder, "north", 2023).frame["design_stratum"].tolist() == [
        "north/2023/1",
        "north/2023/1",
        "north/2023/2",
    ]


def test_year_without_weights(small):
    small.study = small.study.replace("weights: weight", "weights: {default: weight, 2023: null}")
    small.codebook = small.codebook.replace("{role: weight}", "{role: weight, names: {default: [weight], 2023: null}}")
    folder = small.write()
    small.rows.drop(columns="weight").to_csv(folder / "answers_2023.csv", index=False)
    assert read_survey(folder, year=2023).design_columns["weights"] is None
    both = read_survey(folder)
    assert both.design_columns["weights"] == "weight"
    assert both.frame.loc[both.frame["year"] == 2023, "weight"].tolist() == [1.0] * 5
    assert both.frame.loc[both.frame["year"] == 2024, "weight"].tolist() == [1, 2, 1.5, 1, 0.5]


def test_group_without_labels_takes_the_answers_as_labels(small):
    small.rows["동네"] = ["나동", "가동", "나동", "가동", ""]
    small.codebook += "  area: {role: group, label: {ko: 동네, en: Quarter}, names: [동네]}\n"
    survey = read_survey(small.write(), year=2024)
    assert survey.frame["area"].cat.categories.tolist() == ["가동", "나동"]
    assert survey.codebook.code_labels("area") == {"가동": "가동", "나동": "나동"}


@pytest.mark.parametrize("values", [[1, 2, 3, 4, 5], ["a", "b", "c", "d", "e"]])
def test_column_that_only_one_year_has_keeps_its_kind(small, values):
    small.rows["조사원"] = values
    small.codebook += "  who: {role: quasi, names: {default: [조사원], 2023: null}}\n"
    folder = small.write()
    one, both = read_survey(folder, year=2024).frame["who"], read_survey(folder).frame["who"]
    assert both.dtype == one.dtype
    assert both.iloc[5:].tolist() == values
    assert both.iloc[:5].isna().all()


def test_numbers_in_one_year_and_text_in_another_become_text(small):
    small.codebook += "  who: {role: quasi, names: [조사원]}\n"
    folder = small.write()
    for year, values in ((2023, [1, 2, 3, 4, 5]), (2024, list("abcde"))):
        small.rows.assign(조사원=values).to_csv(folder / f"answers_{year}.csv", index=False)
    assert read_survey(folder).frame["who"].tolist() == [*"12345", *"abcde"]


def test_strata_agree_with_the_design_module(small):
    """The survey's own design gives the weighted mean of its frame."""
    pytest.importorskip("csi_lib.survey.design")
    survey = read_survey(small.write(), "south", 2024)
    (row,) = survey.design.mean(["kind"])["estimate"]
    assert row == pytest.approx((1 * 1.0 + 3 * 0.5) / 1.5)
