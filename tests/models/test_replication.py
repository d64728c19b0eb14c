"""Linearised standard errors of indices agree with replication, which estimates every weight again."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.models.index import IndexModel
from csi_lib.study.study import load_study
from csi_lib.survey.reading import read_survey
from tests.models.populations import Answered, likert


def clustered(model, n=300, *, seed=2, **more) -> Answered:
    """300 answers of 60 offices in 3 strata, unequal weights."""
    rng = np.random.default_rng(seed)
    columns = [*model.file.items, *(node.asked for node in model.file.nodes if node.asked)]
    frame = likert(dict.fromkeys(columns), n, seed=seed)
    office = np.repeat(np.arange(n // 5), 5)
    frame = np.clip(frame + np.round(rng.normal(0, 0.7, n // 5))[office, None], 1, 7)
    for node in model.file.nodes:
        for column in node.weights.picks or ():
            frame[column] = rng.choice(np.array(node.parts, dtype=object), n)
    frame = frame.assign(stratum=office % 3, office=office, group=rng.choice(["a", "b"], n), **more)
    return Answered(frame, weights=rng.uniform(0.5, 2, n), strata="stratum", clusters="office")


@pytest.mark.parametrize("name", ["iudc-external", "iudc-internal", "acsi", "kcsi", "pcsi"])
def test_jackknife_agrees_with_linearisation(name):
    model = IndexModel.load(name)
    survey = clustered(model)
    linear, again = model.evaluate(survey, ["group"]).frame, model.replicated(survey, ["group"], kind="JKn").frame
    linear = linear[linear["statistic"].isin(["index", "weight"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(linear[["measure", "group1"]], again[["measure", "group1"]])
    np.testing.assert_allclose(again["estimate"], linear["estimate"])
    index = (linear["statistic"] == "index").to_numpy()
    np.testing.assert_allclose(again["se"][index], linear["se"][index], rtol=0.06)
    moving = ~index & (linear["se"].to_numpy() > 1e-12)
    np.testing.assert_allclose(again["se"][moving], linear["se"][moving], rtol=0.15)
    assert again["df"].tolist() == linear["df"].tolist()


def test_a_mean_by_jackknife_is_the_textbook_error():
    """One index of one item, simple random sampling: the jackknife gives s/√n exactly."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"overall": rng.integers(1, 8, 80).astype(float)})
    for name in ("resp_sat", "work_sat", "fac_sat", "acc_sat", "pro_sat", "reuse"):
        frame[name] = frame["overall"]
    row = IndexModel.load("kcsi").replicated(Answered(frame), kind="JK1").one(measure="kcsi_overall")
    top = 100.0 * (frame["overall"] > 5)
    assert row["se"] == pytest.approx(top.std(ddof=1) / np.sqrt(80), rel=1e-9)


def test_replicates_of_one_sample_covary():
    model = IndexModel.load("iudc-external")
    survey = clustered(model)
    both = model.replicated(survey, ["group"], kind="JKn"), model.evaluate(survey, ["group"])
    a, b = (
        e.contrast({"by1": "group", "group1": "a"}, {"by1": "group", "group1": "b"}).one(measure="csi") for e in both
    )
    assert a["estimate"] == pytest.approx(b["estimate"])
    assert a["se"] == pytest.approx(b["se"], rel=0.06)


def test_a_bootstrap_repeats_itself():
    model = IndexModel.load("pcsi")
    survey = clustered(model)
    once, twice = (
        model.replicated(survey, kind="rao-wu", replicates=200, seed=4).one(measure="pcsi") for _ in range(2)
    )
    assert once["se"] == twice["se"]
    assert once["se"] == pytest.approx(model.evaluate(survey).one(measure="pcsi")["se"], rel=0.2)


def test_estimated_sampling_weights_are_estimated_again():
    """The example weights its sample by raking: every replicate rakes again, and so does the linearised error."""
    study = load_study("example")
    survey, model = read_survey(study, "hanbit-fmc", 2024), IndexModel.load("local-corporation")
    linear = model.evaluate(survey).one(measure="lc")
    again = model.replicated(survey, kind="JKn").one(measure="lc")
    assert again["se"] == pytest.approx(linear["se"], rel=0.05)


def test_lost_replicates_are_said():
    """A correlation that needs one respondent is lost without him."""
    frame = likert([f"q{k}" for k in range(6)], 12, seed=3)
    frame[["q0", "q1"]] = 4.0
    frame.loc[0, ["q0", "q1"]] = 7.0
    model = IndexModel.load("acsi")
    names = dict(zip(model.file.items, frame.columns.repeat(3)[: len(model.file.items)], strict=True))
    wide = pd.DataFrame({item: frame[column] for item, column in names.items()})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MeasureWarning)
        with pytest.raises(InputError):
            model.replicated(Answered(wide), kind="JK1")
