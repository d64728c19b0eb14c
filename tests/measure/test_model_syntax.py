"""The language of measurement models."""

from math import isnan

import numpy as np
import pandas as pd
import pytest

import csi_lib
from csi_lib import InputError
from csi_lib.measure.cfa_model import build
from csi_lib.measure.model_syntax import read_model

COLUMNS = [f"x{k}" for k in range(1, 7)]


def terms(text):
    return [(t.left, t.operator, t.right) for t in read_model(text).terms]


def test_text_and_mapping_are_the_same_model():
    text = "F =~ x1 + x2\n   + x3   # goes on\n\n! a comment\nG =~ x4 +\nx5 + x6; F ~~ G"
    assert terms(text)[:6] == terms({"F": ["x1", "x2", "x3"], "G": ["x4", "x5", "x6"]})
    assert terms(text)[6] == ("F", "~~", "G")
    assert read_model(text).blocks == {"F": ["x1", "x2", "x3"], "G": ["x4", "x5", "x6"]}
    assert read_model(text).terms[5].line == 5


def test_modifiers():
    found = read_model("F =~ NA*x1 + 0.5*x2 + a*x3 + start(0.8)*x4 + c(1, NA)*x5 + c(b, b)*x6\nx1 ~ 1").terms
    assert isnan(found[0].fixed[0])
    assert found[1].fixed == (0.5,)
    assert found[2].labels == ("a",)
    assert found[3].start == 0.8
    assert found[4].fixed[0] == 1.0
    assert isnan(found[4].fixed[1])
    assert found[5].labels == ("b", "b")
    assert (found[6].left, found[6].operator, found[6].right) == ("x1", "~", "1")


def test_names_may_be_korean_and_dotted():
    assert read_model("서비스.품질 =~ 친절_1 + 신속.2").blocks == {"서비스.품질": ["친절_1", "신속.2"]}


def test_defaults_of_the_parameter_table():
    """Loadings 6 - 2 markers, residuals 6, variances 2, covariance 1."""
    model = build(read_model("F =~ x1 + x2 + x3\nG =~ x4 + x5 + x6"), COLUMNS)
    assert model.n_free == 13
    assert build(read_model("F =~ x1 + x2 + x3\nG =~ x4 + x5 + x6"), COLUMNS, means=True).n_free == 19
    labelled = build(read_model("F =~ x1 + a*x2 + a*x3\nG =~ x4 + a*x5 + x6"), COLUMNS)
    assert labelled.n_free == 11
    grouped = build(read_model("F =~ x1 + x2 + x3"), COLUMNS, groups=2, means=True, equal=["loadings", "intercepts"])
    # loadings 2, intercepts 3, residuals 6, variances 2, factor mean of the second group 1
    assert grouped.n_free == 14


def test_values_of_groups():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 6)), columns=COLUMNS)
    frame += np.random.default_rng(1).normal(size=(80, 1)) * [1.0, 0.5, 0.8, 0.8, 0, 0]
    text = "F =~ x1 + c(0.5, NA)*x2 + x3 + x4"
    loadings = csi_lib.cfa(frame.assign(g=np.arange(80) % 2), text, group="g").loadings
    mine = loadings[loadings.item == "x2"].set_index("group")
    assert mine.estimate[0] == 0.5
    assert mine.se[0] == 0
    assert mine.se[1] > 0


@pytest.mark.parametrize(
    ("text", "problem", "where"),
    [
        ("F =~ x1 + x2\nx3 + x4", "no operator", "model, line 2"),
        ("F =~ x1 + x2\n\nF := a*b", "operator ':=' is not supported", "model, line 3"),
        ("F =~ x1 ++ x2", "a name is missing", "model, line 1"),
        ("F =~ x1 +", "a name is missing", "model, line 1"),
        ("F =~ x1 =~ x2", "two operators", "model, line 1"),
        ("F =~ x1 + 2 + x3", "'2' stands where a name is expected", "model, line 1"),
        ("F =~ x1 + x2 + x1", "written twice", "model, line 1"),
        ("F =~ x1 + x2\nx1 ~~ x2\nx2 ~~ x1", "written twice", "model, line 3"),
        ("F =~ F + x2", "measured by itself", "model, line 1"),
        ("F =~ start(big)*x1 + x2", "'big' is not a number", "model, line 1"),
        ("F =~ (x1 + x2", "not a name", "model, line 1"),
        ("x1 ~~ x2", "defines no factor", "model"),
        ("", "defines no factor", "model"),
        ("F =~ G\nG =~ F", "no factor is measured by an item", "model"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text, problem, where):
    with pytest.raises(InputError, match=problem.replace("(", r"\(")) as caught:
        read_model(text)
    assert caught.value.where == where


@pytest.mark.parametrize(
    ("model", "problem", "hint"),
    [
        ("F =~ x1 + x2 + xx3", "'xx3', which is neither an item nor a factor", "Did you mean 'x3'?"),
        ("F =~ x1 + x2 + x3\nx1 ~~ x4", "'x4' belongs to no factor", "=~"),
        ("F =~ x1 + x2 + x3\nF ~ x4", "regresses on, or explains, an item", "factor of its own"),
        ("x1 =~ x2 + x3 + x4", "'x1' is a factor of the model and a column", "Rename"),
        ({"F": "x1"}, "has no list of items", ""),
        ({"F": []}, "has no list of items", ""),
        (5, "neither text nor a mapping", ""),
    ],
)
def test_models_that_do_not_fit_the_data(model, problem, hint):
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 6)), columns=COLUMNS)
    with pytest.raises(InputError, match=problem) as caught:
        csi_lib.cfa(frame, model)
    assert hint in str(caught.value)


def test_wrong_number_of_values_per_group():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(90, 6)), columns=COLUMNS)
    with pytest.raises(InputError, match="gives 2 values") as caught:
        csi_lib.cfa(frame.assign(g=np.arange(90) % 3), "F =~ x1 + c(1, 2)*x2 + x3", group="g")
    assert "3 groups" in str(caught.value)
