"""Rows of people in displays are found in every form a notebook shows them in, and what is made of them is let through."""

from __future__ import annotations

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from csi_lib.errors import NotPublic
from csi_lib.report.join import join_notebooks
from csi_lib.report.microdata import DisplayGuard, People
from csi_lib.study.codebook import Codebook

WORDS = [
    "parking was",
    "the staff at window three",
    "long queue before",
    "forms are hard to read and",
    "nobody told me",
]


def survey(seed=0, n=120):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "q1": rng.integers(1, 6, n).astype(float),
            "q2": rng.integers(1, 6, n).astype(float),
            "sex": pd.Categorical(rng.choice(["1", "2"], n)),
            "age": pd.Categorical(rng.choice(["20s", "30s", "40s"], n)),
            "opinion": [f"{WORDS[i % 5]} my case number {i} story" if i % 3 else None for i in range(n)],
        }
    )
    frame.loc[5, "q1"] = np.nan
    return frame


CODEBOOK = Codebook.model_validate(
    {
        "scales": {"five": {"low": 1, "high": 5, "labels": {1: "a", 2: "b", 3: "c", 4: "d", 5: "e"}}},
        "columns": {
            "q1": {"role": "item", "scale": "five", "label": "One"},
            "q2": {"role": "item", "scale": "five", "label": "Two"},
            "sex": {"role": "group", "label": "Sex", "labels": {1: "M", 2: "F"}},
            "age": {"role": "group", "label": "Age", "labels": {"20s": "a", "30s": "b", "40s": "c"}},
            "opinion": {"role": "text"},
        },
    }
)
FRAME = survey()
PEOPLE = People(FRAME, CODEBOOK)

LEAKS = {
    "head": FRAME.head(3),
    "one person": FRAME.head(1)[["q1", "sex", "age"]],
    "sample": FRAME.sample(8, random_state=1),
    "reset": FRAME.sample(8, random_state=1).reset_index(drop=True)[["q2", "age"]],
    "one column": FRAME["q1"].head(10),
    "opinions": FRAME["opinion"].dropna().head(2),
    "opinions as a list": FRAME["opinion"].dropna().head(2).tolist(),
    "answers as a list": FRAME["q2"].tolist(),
    "answers as an array": FRAME["q2"].to_numpy()[20:60],
    "a tuple of frames": (1, FRAME[["q1", "q2"]].head(5)),
    "query": FRAME.query("q1 == 1 and sex == '1'")[["q1", "q2", "sex"]],
}
FINE = {
    "group means": FRAME.groupby("sex", observed=True)[["q1", "q2"]].mean(),
    "group means without index": FRAME.groupby("sex", observed=True)[["q1", "q2"]].mean().reset_index(),
    "cross table": pd.crosstab(FRAME["sex"], FRAME["age"]),
    "sizes": FRAME.groupby(["sex", "age"], observed=True).size().reset_index(name="people"),
    "description": FRAME[["q1", "q2"]].describe(),
    "correlation": FRAME[["q1", "q2"]].corr(),
    "counts": FRAME["q1"].value_counts(),
    "a number": 3.2,
    "an interval": (0.71, np.array([0.64, 0.77])),
    "names": list(FRAME.columns),
    "years": [2019, 2020, 2021, 2022, 2023, 2024],
}
FORMS = {
    "plain": lambda x: str(x),
    "html": lambda x: x.to_html() if hasattr(x, "to_html") else str(x),
    "csv": lambda x: x.to_csv() if hasattr(x, "to_csv") else str(x),
    "bars": lambda x: (
        "\n".join(f"| {' | '.join(map(str, r))} |" for r in [x.columns, *x.to_numpy()])
        if isinstance(x, pd.DataFrame)
        else str(x)
    ),
}


@pytest.mark.parametrize("name", LEAKS)
def test_objects_that_hold_rows_of_people_are_found(name):
    assert PEOPLE.held_by(LEAKS[name])


@pytest.mark.parametrize("name", FINE)
def test_what_is_made_of_them_is_let_through(name):
    assert PEOPLE.held_by(FINE[name]) is None


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "name", ["head", "sample", "reset", "opinions", "opinions as a list", "answers as a list", "query"]
)
def test_texts_that_hold_rows_of_people_are_found(name, form):
    assert PEOPLE.found_in(FORMS[form](LEAKS[name]))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", FINE)
def test_texts_about_groups_are_let_through(name, form):
    assert PEOPLE.found_in(FORMS[form](FINE[name])) is None


@pytest.mark.parametrize("seed", range(1, 6))
def test_another_survey_of_the_same_questions_is_as_well_kept(seed):
    people = People(survey(seed), CODEBOOK)
    frame = survey(seed)
    assert people.found_in(str(frame[["q1", "q2", "sex", "age"]].iloc[10:20]))
    assert people.found_in(str(frame.groupby("age", observed=True)[["q1", "q2"]].mean())) is None


def test_a_point_for_each_person_is_found_in_a_drawing():
    from matplotlib.figure import Figure

    drawing = Figure()
    drawing.subplots().scatter(FRAME["q1"], FRAME["q2"])
    bars = Figure()
    bars.subplots().bar(["a", "b"], [1, 2])
    assert PEOPLE.held_by(drawing)
    assert PEOPLE.held_by(bars) is None


def outputs(*texts, stream=False):
    made = [
        new_output("stream", text=t) if stream else new_output("display_data", data={"text/plain": t}) for t in texts
    ]
    return new_notebook(cells=[new_code_cell("x", outputs=made)])


@pytest.mark.parametrize("stream", [False, True])
def test_the_join_refuses_a_notebook_that_somebody_has_edited(stream):
    node = outputs(str(FRAME.head(4)), stream=stream)
    with pytest.raises(NotPublic, match="chapter mine: output of cell 1"):
        join_notebooks([("mine", node)], lang="en", front={"title": "T"}, people=lambda: PEOPLE)
    assert isinstance(join_notebooks([("mine", node)], lang="en", front={"title": "T"}), nbformat.NotebookNode)


def test_the_message_quotes_nobody():
    with pytest.raises(NotPublic) as caught:
        join_notebooks([("mine", outputs(str(FRAME["opinion"].tolist())))], lang="en", front={}, people=lambda: PEOPLE)
    assert not any(w in str(caught.value) for w in WORDS)


def test_the_display_path_of_a_shell_is_guarded():
    from IPython.core.formatters import DisplayFormatter

    formatter = DisplayFormatter()
    guard = DisplayGuard(formatter, lambda: PEOPLE)
    assert "text/plain" in guard(FINE["group means"])[0]
    with pytest.raises(NotPublic, match="no rows of people"):
        guard(FRAME.head(2))
