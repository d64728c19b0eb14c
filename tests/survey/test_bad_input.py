"""Every kind of bad input ends in words that say where and what to do."""

import pytest

from csi_lib import InputError, load_study, read_survey


def refused(small, *words, year=2024, agency=None, **options):
    with pytest.raises(InputError) as caught:
        read_survey(small.write(**options), agency, year)
    text = str(caught.value)
    for word in words:
        assert word in text, text
    return text


def test_missing_file_suggests_the_near_name(small):
    small.write(years=(2023,))
    refused(small, "does not exist", "answers_2024.csv", "answers_2023.csv", years=(2023,))


def test_missing_data_folder(small):
    with pytest.raises(InputError, match="data folder does not exist"):
        read_survey(small.write(), data=small.folder / "nowhere")


@pytest.mark.parametrize("text", ["", "agency,ID,weight,Q1,Q2,sex,comment\n"])
def test_empty_file(small, text):
    folder = small.write()
    (folder / "answers_2024.csv").write_text(text)
    with pytest.raises(InputError, match=r"empty|no rows"):
        read_survey(folder, year=2024)


def test_wrong_encoding_names_the_right_one(small):
    small.study = small.study.replace("    agency: agency", "    agency: agency\n    encoding: utf-8")
    refused(small, "encoding: cp949", encoding="cp949")


def test_unknown_encoding(small):
    small.study = small.study.replace("    agency: agency", "    agency: agency\n    encoding: utf-88")
    refused(small, "not known", "utf-88")


def test_spreadsheet_called_csv(small):
    folder = small.write()
    small.rows.to_excel(folder / "x.xlsx", index=False)
    (folder / "x.xlsx").rename(folder / "answers_2024.csv")
    with pytest.raises(InputError, match="spreadsheet"):
        read_survey(folder, year=2024)


@pytest.mark.parametrize("suffix", ["xlsx", "sav", "parquet"])
def test_broken_file(small, suffix):
    small.study = small.study.replace("{year}.csv", f"{{year}}.{suffix}")
    (small.folder / f"answers_2024.{suffix}").write_bytes(b"not what it says" * 20)
    refused(small, "not a readable", f"answers_2024.{suffix}")


def test_sheet_that_is_not_there(small):
    small.rows.to_excel(small.folder / "answers_2024.xlsx", index=False, sheet_name="응답")
    small.study = small.study.replace('{year}.csv"', '{year}.xlsx"\n    sheet: 답')
    refused(small, "no such sheet", "응답")


def test_row_longer_than_the_header(small):
    folder = small.write()
    with open(folder / "answers_2024.csv", "a", encoding="utf-8") as file:
        file.write("north,6,010,1,1,1,1,의견,더,더\n")
    with pytest.raises(InputError, match="more fields"):
        read_survey(folder, year=2024)


def test_missing_columns_are_named_together_with_the_near_spelling(small):
    small.rows = small.rows.rename(columns={"Q1": "Q11", "weight": "wieght"})
    refused(small, "2 column(s)", "Q1 for 'kind' (did you mean 'Q11'?)", "(did you mean 'wieght'?)", "2024: null")


def test_undeclared_answers_name_row_and_column(small):
    small.rows["Q1"] = [7, 4, 8, 2.5, 3]
    text = refused(small, "row 2, kind: 7", "row 4, kind: 8", "row 5, kind: 2.5", "1 to 5 in kind")
    assert "row 3" not in text


def test_undeclared_answers_of_another_agency_do_not_stop_this_one(small):
    small.rows["Q1"] = [7, 4, 3, 2, 3]
    refused(small, "kind: 7", agency="north")
    assert len(read_survey(small.write(), "south", 2024).frame) == 2


def test_an_undeclared_answer_is_named_once_with_its_count(small):
    small.rows = small.rows.loc[small.rows.index.repeat(6)].assign(ID=range(30), Q1=[*range(70, 90), *[77] * 10])
    text = refused(small, "kind: 77 in 11 rows (9, 22, 23", "and 10 more")
    assert text.count("kind:") == 10


def test_undeclared_text_is_not_repeated_in_the_message(small):
    small.rows = small.rows.astype({"sex": object})
    small.rows.loc[1, "sex"] = "홍길동"
    text = refused(small, "row 3, sex: text of 3 characters", "one of 1, 2 in sex")
    assert "홍길동" not in text


def test_undeclared_answers_may_count_as_missing_and_are_recorded(small):
    small.study = small.study.replace("agency: agency", "agency: agency\n    on_undeclared: missing")
    small.rows["Q1"] = [7, 4, 8, 2, 3]
    survey = read_survey(small.write(), year=2024)
    assert survey.frame["kind"].isna().tolist() == [True, False, True, False, False]
    record = survey.quality.frame.query("check == 'undeclared'")
    assert record[["agency", "column", "n", "base"]].values.tolist() == [["north", "kind", 2, 3]]
    assert survey.quality.counts["undeclared"] == 2


def test_item_that_nobody_answered(small):
    small.rows["Q1"] = 9
    refused(small, "nobody answered", "kind", "2024: null")


def test_item_that_one_agency_did_not_answer_is_recorded(small):
    small.rows["Q1"] = [9, 9, 9, 1, 3]
    survey = read_survey(small.write(), "north", 2024)
    assert survey.frame["kind"].isna().all()
    assert "no_answer" in survey.quality.frame["check"].tolist()


def test_one_respondent_is_read(small):
    small.rows = small.rows.iloc[[0]]
    survey = read_survey(small.write(), "north", 2024)
    assert survey.n == 1
    assert survey.quality.counts["kept"] == 1


def test_answers_without_variance_are_read(small):
    small.rows["Q1"] = 4
    assert read_survey(small.write(), year=2024).frame["kind"].tolist() == [4.0] * 5


def test_duplicate_ids(small):
    small.rows["ID"] = [1, 1, 2, 4, 1]  # the last is another agency's respondent 1
    text = refused(small, "more than once", "1 further record(s), rows 3", "drop-later")
    assert "010" not in text
    small.study = small.study.replace("agency: agency", "agency: agency\n    duplicates: drop-later")
    survey = read_survey(small.write(), year=2024)
    assert survey.frame["kind"].tolist()[0] == 5
    assert (survey.quality.counts["read"], survey.quality.counts["dropped"], survey.n) == (5, 1, 4)


@pytest.mark.parametrize(
    ("value", "word"),
    [(-1.0, "negative"), (float("nan"), "missing"), ("많음", "weight: text of 2"), ("inf", "weight:")],
)
def test_weights_that_cannot_be(small, value, word):
    small.rows = small.rows.astype({"weight": object})
    small.rows.loc[1, "weight"] = value
    text = refused(small, word, "weight")
    assert "3" in text


def test_weights_that_are_no_numbers_are_refused_even_where_answers_may_count_as_missing(small):
    small.study = small.study.replace("agency: agency", "agency: agency\n    on_undeclared: missing")
    small.rows = small.rows.astype({"weight": object})
    small.rows.loc[1, "weight"] = "많음"
    refused(small, "row 3, weight")


def test_weights_all_zero(small):
    small.rows["weight"] = 0.0
    refused(small, "all weights are zero")


def test_rows_of_an_agency_that_is_not_listed(small):
    small.rows.loc[2, "agency"] = "nroth"
    refused(small, "does not list", "row 4", "Did you mean 'north'?")
    small.rows.loc[2, "agency"] = None
    refused(small, "does not list", "row 4")


def test_rows_may_be_left_out_by_a_null_in_the_map(small):
    small.rows.loc[2, "agency"] = "시험"
    small.study = small.study.replace("agency: agency", "agency: {column: agency, map: {시험: null}}")
    assert len(read_survey(small.write(), year=2024).frame) == 4


@pytest.mark.parametrize("agency", ["nowhere", "../north", "no'rth", 'no"rth', "x" * 200, "north/.."])
def test_unknown_agency(small, agency):
    assert len(refused(small, "no such agency", agency=agency)) < 500


def test_agency_without_respondents(small):
    small.rows = small.rows.iloc[:3]
    refused(small, "no respondents", "'south'", "north", agency="south")


def test_year_that_the_study_has_not(small):
    refused(small, "no such year", "2023, 2024", year=2031)


def test_year_without_rows(small):
    small.rows.assign(해=2023).to_csv(small.folder / "all.csv", index=False)
    small.study = small.study.replace('path: "answers_{year}.csv"', "path: all.csv\n    year: 해")
    refused(small, "no rows of the year 2024")


def test_file_of_a_kind_that_cannot_be_read(small):
    small.study = small.study.replace("{year}.csv", "{year}.hwp")
    (small.folder / "answers_2024.hwp").write_text("x")
    refused(small, "cannot be read", ".hwp")


def test_missing_stratum(small):
    small.rows["층"] = [1, None, 2, 1, 2]
    small.study = small.study.replace("{weights: weight}", "{strata: s}")
    small.codebook += "  s: {role: design, names: [층]}\n"
    refused(small, "strata are missing", "1 row(s)")


def test_unknown_source(small):
    study = load_study(small.write())
    with pytest.raises(InputError, match="Did you mean 'customers'"):
        read_survey(study, source="customer")
