"""A study on one's own table: Survey.from_frame and IndexModel.evaluate, and what objects say of themselves."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import csi_lib
from csi_lib import IndexModel, InputError, Survey, SurveyDesign

OWN = Path(__file__).parents[1] / "oracles" / "own"
BOOK = {
    "missing": [9],
    "scales": {"five": {"low": 1, "high": 5, "labels": dict(enumerate(["very bad", "bad", "so so", "good", "very good"], 1))}},
    "columns": {
        "kind": {"role": "item", "label": "Kind", "scale": "five", "names": ["Q 1"]},
        "waiting": {"role": "item", "label": "I had to wait", "scale": "five", "reverse": True},
        "sex": {"role": "group", "label": "Sex", "labels": {1: "man", 2: "woman"}},
    },
}  # fmt: skip


@pytest.fixture
def frame():
    random = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "Q 1": random.integers(1, 6, 60),
            "waiting": random.integers(1, 6, 60),
            "sex": random.integers(1, 3, 60),
            "w": random.uniform(1, 2, 60),
        }
    )


def test_a_table_meets_its_codebook(frame):
    survey = Survey.from_frame(frame, BOOK, weights="w")
    assert survey.frame["kind"].tolist() == frame["Q 1"].tolist()
    assert survey.frame["waiting"].tolist() == (6 - frame["waiting"]).tolist()
    wanted = SurveyDesign(frame, weights="w").mean("Q 1", by="sex")
    assert survey.design.mean("kind", by="sex")["se"].tolist() == pytest.approx(wanted["se"].tolist())
    rows = csi_lib.describe(survey, ["sex"], items=["kind"]).frame
    assert set(rows["group1"].dropna()) == {"1", "2"}


def test_any_kind_of_table(frame):
    polars = pytest.importorskip("polars")
    words = frame.assign(**{"Q 1": pd.Categorical(frame["Q 1"].map(BOOK["scales"]["five"]["labels"]))})
    for other in (polars.from_pandas(frame), frame.astype({"Q 1": "Int64"}), frame.astype({"Q 1": "float32"}), words):
        survey = Survey.from_frame(other, BOOK)
        assert survey.frame["kind"].tolist() == frame["Q 1"].tolist()


def test_what_the_codebook_does_not_declare_is_refused_without_quoting_it(frame):
    for wrong, words in (
        (
            frame.assign(sex=np.where(frame.index == 7, 3, frame["sex"])),
            "sex: .*does not declare.*1 rows, the first in row 7",
        ),
        (frame.drop(columns="waiting"), "lacks a column.*|waiting"),
        (frame.rename(columns={"Q 1": "kindd"}), "Did you mean 'kindd'"),
    ):
        with pytest.raises(InputError, match=words):
            Survey.from_frame(wrong, BOOK)
    assert Survey.from_frame(frame.assign(**{"Q 1": 9}).assign(x=1), BOOK).frame["kind"].isna().all()
    with pytest.raises(InputError, match="nothing says"):
        Survey.from_frame(frame)


def test_a_model_on_a_plain_table_is_the_model_on_the_survey(frame):
    model = IndexModel.load("top2")
    data = pd.read_csv(OWN / "ordinal.csv")
    items = [f"q{j}" for j in range(1, 7)]
    survey = Survey.from_frame(data, scale=(1, 5), items=items, groups=["office"], weights="w")
    model = model.fitted(survey)
    wanted = model.evaluate(survey, ["office"]).frame
    for plain in (data, data.astype(dict.fromkeys(items, "Int64"))):
        found = model.evaluate(plain, ["office"], scale=(1, 5), weights="w").frame
        pd.testing.assert_series_equal(found["estimate"], wanted["estimate"])
        pd.testing.assert_series_equal(found["se"], wanted["se"])
    share = SurveyDesign(data.assign(top=(data[items] >= 4).mean(axis=1)), weights="w").mean("top")["estimate"].iloc[0]
    total = wanted[(wanted["statistic"] == "index") & wanted["by1"].isna()]["estimate"]
    assert np.isclose(total, 100 * share).any()
    with pytest.raises(InputError, match="nothing says"):
        model.evaluate(data)
    with pytest.raises(InputError, match="own codebook"):
        model.evaluate(survey, scale=(1, 5))


def test_objects_say_in_a_line_what_they_are(frame):
    survey = Survey.from_frame(frame, BOOK, weights="w")
    rows = csi_lib.describe(survey, ["sex"], items=["kind"])
    for thing, words in (
        (survey, "60 respondents, 2 items, 1 groups"),
        (SurveyDesign(frame, weights="w", strata="sex"), "60 respondents, weights sum to .*2 strata"),
        (SurveyDesign(frame).subset(frame["sex"] == 1), "a domain of"),
        (SurveyDesign(frame, weights="w").replicates("JK1"), "ReplicateDesign 60 respondents"),
        (rows, "rows of"),
        (IndexModel.load("top2"), "IndexModel top2"),
    ):
        line = repr(thing)
        assert len(line) < 200
        assert "\n" not in line

        assert re.search(words, line), line
    assert "<table" in rows._repr_html_()
    assert "<i>" not in csi_lib.describe(Survey.from_frame(frame, BOOK), items=["kind"])._repr_html_()
