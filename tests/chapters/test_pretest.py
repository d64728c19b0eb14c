"""Item analysis of a pre-test: statistics by hand, planted bad items found, hostile answers."""

import numpy as np
import pandas as pd
import pytest

from csi_lib import load_study, read_survey
from csi_lib.chapters.pretest.compute import PretestFile, Rules, item_analysis, reliability
from csi_lib.errors import InputError
from csi_lib.evaluation.systems import system_file
from csi_lib.share import shared_path

SCALE = (1, 5)


def analyse(columns, blocks=None, rules=None):
    frame = pd.DataFrame(columns, dtype=float)
    blocks = blocks or {"b": list(frame)}
    return item_analysis(frame, dict.fromkeys(frame, SCALE), blocks, rules).set_index("item")


def test_statistics_by_hand():
    found = analyse({"a": [1, 2, 3, 4, 5, None], "b": [1, 2, 3, 4, 5, 5], "c": [5, 4, 3, 2, 1, 3]})
    assert found.loc["a", "missing"] == pytest.approx(1 / 6)
    assert found.loc["a", "mean"] == 50
    assert found.loc["a", "sd"] == pytest.approx(np.std([0, 25, 50, 75, 100], ddof=1))
    assert (found.loc["b", "lowest"], found.loc["b", "highest"]) == (pytest.approx(1 / 6), pytest.approx(2 / 6))
    # listwise: a is 1 … 5 and b + c is constant there, so a does not correlate with the rest
    assert "discrimination" in found.loc["c", "flags"]


def test_corrected_item_total_is_the_correlation_with_the_rest():
    rng = np.random.default_rng(4)
    g = rng.normal(size=200)
    frame = pd.DataFrame({k: np.clip(np.rint(3 + g + rng.normal(size=200)), 1, 5) for k in "abc"})
    found = analyse(frame)
    points = 25 * (frame - 1)
    assert found.loc["a", "discrimination"] == pytest.approx(points["a"].corr(points["b"] + points["c"]), rel=1e-9)


def test_planted_bad_items_and_no_others_are_flagged():
    study = load_study(shared_path("params", "public-corp"))
    file = system_file(study, "pretest")
    survey = read_survey(study, "raon-corp", 2024, source="pretest")
    scales = {i: (survey.codebook.scale(i).low, survey.codebook.scale(i).high) for i in survey.codebook.items}
    blocks = {k: list(b.items) for k, b in file.blocks.items()}
    found = item_analysis(survey.frame, scales, blocks, file.rules).set_index("item")
    assert (
        set(found.index[found["flags"] != ""]) == {"resp_greeting", "work_system", "fac_signs"} == set(file.decisions)
    )
    assert "missing" in found.loc["work_system", "flags"]
    assert "extreme" in found.loc["resp_greeting", "flags"]
    dropped = {i for i, d in file.decisions.items() if d.verdict == "dropped"}
    alphas = reliability(survey.frame, scales, blocks, dropped).set_index("block")
    assert (alphas.loc[["response", "work"], "alpha_kept"] > alphas.loc[["response", "work"], "alpha"]).all()
    assert alphas.loc["facilities", "alpha_kept"] == alphas.loc["facilities", "alpha"]


def test_the_same_answer_from_everybody():
    found = analyse({"a": [5] * 20, "b": [5] * 20})
    assert list(found["flags"]) == ["extreme,spread", "extreme,spread"]
    assert found["discrimination"].isna().all()
    assert found["difference"].isna().all()


def test_a_block_of_one_item_and_a_single_answer():
    found = analyse({"a": [3, 4, 5, 2]})
    assert np.isnan(found.loc["a", "discrimination"])
    assert found.loc["a", "flags"] == ""
    one = analyse({"a": [3, None, None], "b": [2, 3, 4]}, rules=Rules(missing=0.5))
    assert np.isnan(one.loc["a", "sd"])
    assert one.loc["a", "flags"].startswith("missing")


def test_bad_input_in_words():
    frame = pd.DataFrame({"a": [1.0, 2], "b": [np.nan, np.nan]})
    with pytest.raises(InputError, match="no answers to an item"):
        item_analysis(frame, {"x": SCALE}, {"b": ["x"]})
    with pytest.raises(InputError, match="nobody answered"):
        item_analysis(frame, {"b": SCALE}, {"b": ["b"]})
    with pytest.raises(ValueError, match="which is in no block"):
        PretestFile.model_validate({"blocks": {"b": {"label": "b", "items": ["a"]}},
                                    "decisions": {"z": {"verdict": "dropped", "reason": "r"}}})  # fmt: skip
