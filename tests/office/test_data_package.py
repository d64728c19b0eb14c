"""The .sav as pyreadstat, R's haven and PSPP read it; codebook, questionnaire and quality record; no personal data."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from csi_lib.errors import InputError
from csi_lib.models.round import Round
from csi_lib.office.codebook_tables import alone, codebook_tables, quality_tables, questionnaire_tables
from csi_lib.office.data_file import data_file, write_sav
from csi_lib.office.withheld import withheld_groups
from csi_lib.survey.reading import answer_status, read_survey


@pytest.fixture(scope="module")
def survey(example):
    return read_survey(example, "hanbit-fmc", 2024)


@pytest.fixture(scope="module")
def status(example):
    return answer_status(example, "hanbit-fmc", 2024)


@pytest.fixture(scope="module")
def data(survey, status):
    return data_file(survey, status, lang="ko", place="한빛시 시설관리공단")


@pytest.fixture(scope="module")
def sav(data, tmp_path_factory):
    return write_sav(data, tmp_path_factory.mktemp("sav") / "data.sav", title="시험 조사 2024")


def test_pyreadstat_reads_back_every_answer_label_and_missing_code(sav, survey, data):
    found, meta = pyreadstat.read_sav(str(sav))
    kept, declared = pyreadstat.read_sav(str(sav), user_missing=True)
    assert len(found) == survey.n
    for item in survey.codebook.items:
        if not survey.frame[item].notna().any():
            continue
        theirs, ours = np.sort(found[item].dropna()), np.sort(survey.frame[item].dropna())
        np.testing.assert_array_equal(theirs, ours)
        column, scale = survey.codebook.columns[item], survey.codebook.scale(item)
        assert meta.column_names_to_labels[item].startswith(column.label.ko)
        labels = meta.variable_value_labels[item]
        assert labels[99.0] == "응답 없음"
        for code, label in scale.labels.items():
            assert labels[float(code)] == label.ko
        assert declared.missing_ranges[item] == [{"lo": 99.0, "hi": 99.0}]
        assert meta.variable_measure[item] == "ordinal"
    assert (kept["resp_kind"] == 99).sum() + kept["resp_kind"].isna().sum() == survey.frame["resp_kind"].isna().sum()
    assert (kept["resp_kind"] == 99).sum() > 0
    groups = found["customer_type"].value_counts().to_dict()
    assert groups == {float(k): v for k, v in survey.frame["customer_type"].value_counts().items()}


def test_the_weights_are_those_of_the_report_and_give_its_means(sav, survey, data, book):
    found, _ = pyreadstat.read_sav(str(sav))
    np.testing.assert_allclose(np.sort(found[data.weight]), np.sort(survey.design.weights), rtol=1e-12)
    valid = found["resp_kind"].notna()
    mean = np.average(100 * (found.loc[valid, "resp_kind"] - 1) / 6, weights=found.loc[valid, data.weight])
    row = book.rows[
        (book.rows["measure"] == "resp_kind") & (book.rows["statistic"] == "mean") & book.rows["by1"].isna()
    ]
    assert mean == pytest.approx(row["estimate"].iloc[0], abs=1e-9)


def test_pspp_sees_the_weight_variable_and_the_user_missing_values(sav, data, tmp_path):
    if shutil.which("pspp") is None:
        pytest.skip("PSPP is not installed")
    syntax = tmp_path / "x.sps"
    syntax.write_text(f"GET FILE='{sav}'.\nSHOW WEIGHT.\nFREQUENCIES resp_kind.\n", encoding="utf-8")
    out = subprocess.run(["pspp", str(syntax)], capture_output=True, text=True, check=True, timeout=60).stdout
    assert f"WEIGHT is {data.weight}" in out
    assert "응답 없음" in out
    assert "error" not in out.lower()


def test_r_haven_reads_it_with_nothing_lost(sav, survey):
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    code = f'''x <- haven::read_sav("{sav}", user_na = TRUE); k <- x$resp_kind
        cat(dim(x), attr(k, "na_values"), length(attr(k, "labels")), sum(k == 99, na.rm = TRUE), attr(k, "label"), sep = "\\n")'''
    done = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, timeout=120, check=False)
    if "there is no package" in done.stderr:
        pytest.skip("R has no haven")
    rows, columns, missing, labels, gaps, label = done.stdout.split("\n")[:6]
    found, meta = pyreadstat.read_sav(str(sav), user_missing=True)
    assert (int(rows), int(columns)) == found.shape
    assert (float(missing), int(labels), int(gaps)) == (99, 8, int((found["resp_kind"] == 99).sum()))
    assert label == meta.column_names_to_labels["resp_kind"]


def test_nothing_that_points_to_a_person_is_in_it(data, survey, example):
    roles = {survey.codebook.columns[n].role for n in data.names if n in survey.codebook.columns}
    assert roles == {"item", "group", "weight", "design", "measure"}
    assert {"respondent", "person", "phone", "interviewer", "interviewed", "opinion"} <= set(data.left_out)


def test_the_order_of_the_rows_says_nothing(survey, status, data):
    rng = np.random.default_rng(0)
    order = rng.permutation(survey.n)
    other = data_file(replace(survey, frame=survey.frame.iloc[order].reset_index(drop=True), weighting={}),
                      status.iloc[order].reset_index(drop=True), lang="ko")  # fmt: skip
    pd.testing.assert_frame_equal(other.frame, data.frame)


def test_equal_data_give_equal_files(data, tmp_path):
    one, two = (write_sav(data, tmp_path / f"{k}.sav", title="x").read_bytes() for k in "ab")
    assert one == two


def test_long_and_awkward_labels_fit_spss(data, tmp_path):
    long = "가나다라마바사" * 50
    bent = replace(data, labels={**data.labels, "resp_kind": data.labels["resp_kind"]}, codes={**data.codes})
    from csi_lib.office.data_file import _bytes, _names

    assert len(_bytes(long, 255).encode()) <= 255
    assert _bytes("짧다", 255) == "짧다"
    names = _names(["all", "1st", "q 1", "q-1", "Q_1", "가" * 60, "a" * 80, "a" * 81])
    assert len({n.casefold() for n in names.values()}) == len(names)
    assert all(n[0].isalpha() and len(n.encode()) <= 64 for n in names.values())
    assert names["all"] != "all"
    too_many = replace(bent, missing={**data.missing, "resp_kind": [96.0, 97.0, 98.0, 99.0]})
    with pytest.raises(InputError, match="three"):
        write_sav(too_many, tmp_path / "x.sav", title="x")


def test_group_codes_that_are_texts_are_numbered(survey, status):
    frame = survey.frame.copy()
    frame["region"] = frame["region"].cat.rename_categories(lambda c: f"r{c}")
    labels = {f"r{c}": label for c, label in survey.codebook.columns["region"].labels.items()}
    column = survey.codebook.columns["region"].model_copy(update={"labels": labels})
    book = survey.codebook.model_copy(update={"columns": {**survey.codebook.columns, "region": column}})
    found = data_file(replace(survey, frame=frame, codebook=book, weighting={}), status, lang="ko")
    assert set(found.frame["region"].dropna()) <= {1.0, 2.0, 3.0, 99.0}
    assert found.codes["region"][1.0] == survey.codebook.columns["region"].labels[1].ko


# ---------------------------------------------------------------------- codebook, questionnaire, quality
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_codebook_lists_every_variable_and_what_was_left_out(data, survey, status, lang):
    here = data_file(survey, status, lang=lang)
    tables = {t.name: t for t in codebook_tables(here, survey, lang=lang)}
    assert [r.cells[0] for r in tables["variables"].rows] == [here.names[n] for n in here.names]
    listed = {(r.cells[0], r.cells[1]): r.cells[2] for r in tables["values"].rows}
    assert listed["sex", "1"] == survey.codebook.code_labels("sex", lang)[1]
    assert {r.cells[0] for r in tables["left-out"].rows} == set(here.left_out)


def test_the_questionnaire_has_every_question_of_the_wave(survey):
    (table,) = questionnaire_tables(survey, lang="ko")
    asked = [
        n for n in survey.codebook.of_role("item", "group", "text") if survey.codebook.columns[n].available_in(2024)
    ]
    assert [r.cells[1] for r in table.rows] == asked
    kind = next(r for r in table.rows if r.cells[1] == "resp_kind")
    assert kind.cells[2] == "직원은 친절하고 예의 바르게 응대한다"
    assert kind.cells[3].startswith("1 전혀 그렇지 않다 / 2 그렇지 않다")


def test_the_quality_record_says_what_reading_found(survey):
    tables = {t.name: t for t in quality_tables(survey.quality, survey, lang="ko")}
    counts = {r.cells[0]: r.cells[1].value for r in tables["quality"].rows}
    assert counts["읽은 응답"] == survey.quality.counts["read"]
    assert counts["제외한 응답(중복 응답자 번호)"] == survey.quality.counts["dropped"]
    assert len(tables["checks"].rows) == len(survey.quality.frame)
    assert all(r.cells[0].isdigit() for r in tables["interviewers"].rows)  # numbered, not named


def test_respondents_alone_in_their_groups_are_counted(survey):
    groups = [g for g in survey.codebook.groups if survey.frame[g].notna().any()]
    sizes = survey.frame[groups].astype("string").fillna("").value_counts()
    assert alone(survey) == (sizes == 1).sum()


# ---------------------------------------------------------------------- disclosure
def test_the_public_file_does_not_say_what_the_tables_hide(example, status, tmp_path):
    """The attacker looks a hidden group up in the data, or its stratum, its size in the population, or its weight."""
    whole = read_survey(example, "hanbit-fmc", 2024)
    keep, rng = np.ones(whole.n, bool), np.random.default_rng(5)
    for column, code, few in (("channel", 4, 3), ("customer_type", 3, 4)):
        own = np.flatnonzero(whole.frame[column].astype("string") == str(code))
        keep[own] = False
        keep[rng.choice(own, few, replace=False)] = True
    part = replace(whole, frame=whole.frame[keep].reset_index(drop=True), weighting={})
    round_ = Round(example)
    known = round_.survey
    round_.survey = lambda agency, year: part if (agency, year) == ("hanbit-fmc", 2024) else known(agency, year)
    hidden = withheld_groups(round_, part)
    assert {"4"} < hidden["channel"]  # and at least one more, or the total would tell
    assert {"3"} < hidden["customer_type"]
    lines = status[keep].reset_index(drop=True)
    data = data_file(part, lines, lang="ko", withheld=hidden)
    found, meta = pyreadstat.read_sav(str(write_sav(data, tmp_path / "d.sav", title="x")), user_missing=True)
    for name, groups in hidden.items():
        blind = found[name].isin(
            [c for c, label in meta.variable_value_labels[name].items() if label.startswith("비공개")]
        )
        assert blind.sum() == part.frame[name].astype("string").isin(list(groups)).sum() >= 5
        assert not {str(int(c)) for c in found.loc[~blind, name].dropna()} & groups
        assert found.loc[blind, ["customers_in_stratum", "weight"]].isna().all().all()
        assert min(r["lo"] for r in meta.missing_ranges[name]) < 0  # no analysis takes it for a group
    # raked to customer types, so the weight was another name of the type
    typed = found["customer_type"] < 0
    assert found.loc[typed, data.weight].nunique() == 1
    assert found[data.weight].sum() == pytest.approx(np.sum(part.design.weights))
    plain = data_file(part, lines, lang="ko")  # the restricted delivery: as it was
    assert plain.frame["channel"].eq(4).sum() == 3
    np.testing.assert_allclose(np.sort(plain.frame[plain.weight]), np.sort(part.design.weights))
