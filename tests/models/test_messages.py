"""A wrong model or answers that a model cannot use: what the user is told."""

import json

import numpy as np
import pytest

from csi_lib.errors import InputError
from csi_lib.models.index import IndexModel
from tests.models.populations import Answered, likert

MODEL = """\
name: mine
label: {ko: 지수, en: Index}
formula_edition: "1"
source: test
index: top
nodes:
  - id: top
    label: {ko: 지수, en: Index}
    children: [speed, kindness]
    weights: {rule: fixed, values: {speed: 1, kindness: 2}}
  - {id: speed, label: {ko: 신속, en: Speed}, items: [q1, q2]}
  - {id: kindness, label: {ko: 친절, en: Kindness}, items: [q3, q4]}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("children: [speed, kindness]", "children: [speed, kindnes]", 9, ["kindnes is not declared", "Did you mean 'kindness'?"]),
        ("{speed: 1, kindness: 2}", "{spead: 1, kindness: 2}", 10, ["spead, which is not a part", "Did you mean 'speed'?"]),
        ("{speed: 1, kindness: 2}", "{speed: 1}", 10, ["no weight is given for kindness"]),
        ("{speed: 1, kindness: 2}", "{speed: 0, kindness: 0}", 10, ["the weights sum to 0"]),
        ("rule: fixed", "rule: fixd", 10, ["this value is not known", "Did you mean 'fixed'?"]),
        ("items: [q1, q2]", "itmes: [q1, q2]", 11, ["this key is not known here", "Did you mean 'items'?"]),
        ("id: kindness", "id: speed", 12, ["node speed is declared twice"]),
        ("index: top", "index: tip", 5, ["tip is not one of the nodes", "Did you mean 'top'?"]),
        ("items: [q1, q2]}", "items: [q1, q2], weights: {rule: pls}}", 1, ["node speed has the rule pls but stands in no path"]),
        ("items: [q1, q2]}", "items: [q1, q2], weights: {rule: external}}", 11, ["rule external needs `file`"]),
        ('source: test\n', 'source: test\neditions: {"0": {weights: {tpo: {rule: equal}}}}\n', 5, ["there is no node tpo", "'top'"]),
        ("items: [q3, q4]}", "children: [top]}", 6, ["circle"]),
        ("{speed: 1, kindness: 2}", "{speed: 0.5, kindness: 0.6}", 10, ["node top", "shares and sum to 1.1, not 1"]),
        ("{speed: 1, kindness: 2}", "{speed: 1, kindness: .nan}", 10, ["a finite number"]),
        ("{speed: 1, kindness: 2}", "{speed: 1, kindness: -2}", 10, ["not be negative"]),
        ("items: [q1, q2]", "items: [q1, q1]", 11, ["node speed: q1 stands twice"]),
        ("source: test\n", "source: test\nmix: {element: 0.5, overall: speed}\n", 5, ["already a part of top"]),
        ("source: test\n", "source: test\nmix: {element: 0.5, overall: 0.6}\n", 5, ["sum to 1.1, not 1"]),
        ("source: test\n", "source: test\nmix: {element: 0.5, overall: 0.5}\n", 5, ["must name the node that was asked"]),
        ("source: test\n", "source: test\nscale: {low: 5, high: 1}\n", 5, ["low end must lie below"]),
        ("source: test\n", "source: test\nresponse: {kind: levels, levels: [0, 60, 50]}\n", 5, ["must ascend within 0–100"]),
        ("source: test\n", 'source: test\neditions: {"1": {weights: {top: {rule: equal}}}}\n', 5, ["own formula_edition"]),
        ("source: test\n", 'source: test\neditions: {"0": {weights: {top: {rule: fixed, values: {speed: 1}}}}}\n', 5,
         ["edition 0: no weight is given for kindness"]),
        ("source: test\n", "source: test\nsectors: {by: g, shares: {sale: 1}, criteria: {sales: {1: 2, 2: 3}}}\n", 5,
         ["do not agree on sale", "Did you mean 'sales'?"]),
        ("source: test\n", "source: test\nsectors: {by: g, criteria: {sales: {1: -2, 2: 3}}}\n", 5, ["criterion sales"]),
        ("index: top\n", "side: [spede]\n", 5, ["side: there is no node spede", "Did you mean 'speed'?"]),
    ],
)  # fmt: skip
def test_a_wrong_element_is_named_with_its_line(old, new, line, words, tmp_path):
    path = tmp_path / "model.yml"
    assert old in MODEL
    path.write_text(MODEL.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        IndexModel.load(path)
    message = str(caught.value)
    assert f"{path}:{line}" in message, message
    for word in words:
        assert word in message, message


SHORT = """\
name: short
formula_edition: "1"
source: test
scale: {low: 1, high: 5}
nodes:
  - {id: whole, label: {ko: 전체, en: Whole}, children: [speed, kindness], weights: {rule: fixed, values: {speed: .4, kindness: .6}}}
  - {id: speed, label: {ko: 신속, en: Speed}, items: [q1, q2], combine: mean}
  - {id: kindness, label: {ko: 친절, en: Kindness}, items: [q3], combine: mean}
  - {id: asked, label: {ko: 전반, en: Overall}, items: [q4], role: overall}
side: [asked]
mix: {element: .7, overall: .3}
"""


def test_what_follows_from_the_rest_may_be_left_out(model_file, errors_of):
    answers = frame()
    found = model_file(SHORT).evaluate(Answered(answers, high=5))
    q = (answers.mean() - 1) * 25
    want = 0.7 * (0.4 * (q["q1"] + q["q2"]) / 2 + 0.6 * q["q3"]) + 0.3 * q["q4"]
    assert found.one(measure="whole", statistic="index")["estimate"] == pytest.approx(want, rel=1e-12)
    assert model_file(SHORT).file.label.en == "Whole"
    with_two_roots = SHORT.replace("side: [asked]", "").replace("mix: {element: .7, overall: .3}", "")
    assert "which node is the index" in errors_of(lambda: model_file(with_two_roots))


def test_answers_on_another_scale_than_declared(model_file, errors_of):
    message = errors_of(lambda: model_file(SHORT).evaluate(Answered(frame(), high=7)))
    assert "declared for answers from 1 to 5" in message
    assert "q1 is answered from 1 to 7" in message
    five = model_file(SHORT + "response: {kind: levels, levels: [0, 50, 100]}\n")
    assert "3 levels but q1 has 5" in errors_of(lambda: five.evaluate(Answered(frame(), high=5)))
    all_of_them = model_file(SHORT + "response: {kind: top_box, top: 5}\n")
    assert "the 5 highest of 5 answers to q1 are all" in errors_of(
        lambda: all_of_them.evaluate(Answered(frame(), high=5))
    )


def test_shares_stay_shares_when_a_part_is_dropped(model_file):
    file = model_file(SHORT).file.changed(drop=["speed"])
    assert next(n for n in file.nodes if n.id == "whole_elements").weights.values == {"kindness": pytest.approx(1)}


def test_a_group_that_the_survey_has_not(model_file, errors_of):
    survey = Answered(frame().assign(sex=np.tile([1, 2], 30)), high=5)
    model = model_file(MODEL)
    assert set(model.evaluate(survey, by="sex").frame["by1"].dropna()) == {"sex"}
    message = errors_of(lambda: model.evaluate(survey, by=["sexx"]))
    assert "found 'sexx'" in message
    assert "Did you mean 'sex'?" in message


def test_unknown_names(errors_of, tmp_path):
    assert "Did you mean kcsi?" in errors_of(lambda: IndexModel.load("kcsy"))
    assert "has no edition '40-40-2'" in errors_of(lambda: IndexModel.load("kcsi@40-40-2"))
    model = IndexModel.load("local-corporation")
    assert "Did you mean env_safe?" in errors_of(lambda: model.bound({"env_saf": "q1"}))


def frame(n=60):
    return likert(["q1", "q2", "q3", "q4"], n, points=5)


def test_an_item_missing_in_one_year(model_file, errors_of):
    model, answers = model_file(MODEL), frame()
    gone = answers.assign(q4=np.nan)
    survey = Answered(gone, high=5, year=2023, asked=["q1", "q2", "q3"])
    message = errors_of(lambda: model.evaluate(survey))
    assert "needs the item 'q4'" in message
    assert "survey of 2023" in message
    assert "absent: drop" in message
    dropped = model_file(MODEL + "absent: drop\n").evaluate(survey)
    row = dropped.one(measure="top", statistic="index")
    assert row["value_text"] == "without q4"
    means = (gone.mean() - 1) * 25
    assert row["estimate"] == pytest.approx((means[["q1", "q2"]].mean() + 2 * means["q3"]) / 3)
    assert "has no answers to 'q4'" in errors_of(lambda: model.evaluate(Answered(answers.drop(columns="q4"), high=5)))


def picks(on_undefined=""):
    return MODEL.replace(
        "{rule: fixed, values: {speed: 1, kindness: 2}}", f"{{rule: importance_picks, picks: [p]{on_undefined}}}"
    )


def test_importance_picks_that_sum_to_zero(model_file, errors_of):
    answers = frame().assign(p=None)
    message = errors_of(lambda: model_file(picks()).evaluate(Answered(answers, high=5)))
    assert "nobody picked an important part of top" in message
    assert "on_undefined: equal" in message
    other = answers.assign(p="weather")
    message = errors_of(lambda: model_file(picks()).evaluate(Answered(other, high=5)))
    assert "name none of its parts" in message
    assert "weather" in message
    equal = model_file(picks(", on_undefined: equal")).evaluate(Answered(answers, high=5))
    assert equal.one(measure="top>speed", statistic="weight")["estimate"] == pytest.approx(0.5)


def test_picks_written_as_codes(model_file):
    answers = frame(100).assign(p=np.repeat([1.0, 2.0, np.nan], [60, 20, 20]))
    found = model_file(picks(", codes: {1: speed, 2: kindness}")).evaluate(Answered(answers, high=5))
    weight = found.one(measure="top>speed", statistic="weight")
    share = 60 / 80
    assert weight["estimate"] == pytest.approx((share + 0.5) / 2)
    # Taylor: share among the 80 who picked, on the design of 100; the weight moves by half of it
    assert weight["se"] == pytest.approx(0.5 * np.sqrt(100 / 99 * share * (1 - share) / 80), rel=1e-9)


CORRELATED = MODEL.replace("{rule: fixed, values: {speed: 1, kindness: 2}}", "{rule: correlation, with: q4, EXTRA}")


def test_negative_correlation_weights(model_file, errors_of):
    answers = frame(200).assign(q1=lambda f: 6 - f["q4"], q2=lambda f: 6 - f["q4"])
    survey = Answered(answers, high=5)
    message = errors_of(lambda: model_file(CORRELATED.replace(", EXTRA", "")).evaluate(survey))
    assert "a weight of top is negative" in message
    assert "reverse-coded" in message
    found = model_file(CORRELATED.replace("EXTRA", "floor_negative: true")).evaluate(survey)
    weights = found.select(statistic="weight").frame.set_index("measure")["estimate"]
    assert weights[["top>speed", "top>kindness"]].tolist() == [0.0, 1.0]


def test_no_variation(model_file, errors_of):
    survey = Answered(frame().assign(q4=3.0), high=5)
    message = errors_of(lambda: model_file(CORRELATED.replace(", EXTRA", "")).evaluate(survey))
    assert "does not vary" in message
    found = model_file(CORRELATED.replace("EXTRA", "on_undefined: equal")).evaluate(survey)
    assert found.one(measure="top>speed", statistic="weight")["estimate"] == pytest.approx(0.5)
    constant = Answered(frame().assign(q1=4.0, q2=4.0, q3=4.0, q4=4.0), high=5)
    row = model_file(MODEL).evaluate(constant).one(measure="top", statistic="index")
    assert (row["estimate"], row["se"]) == (pytest.approx(75), 0)


def test_external_weights_that_do_not_fit(tmp_path, errors_of):
    path = tmp_path / "model.yml"
    path.write_text(MODEL.replace("{rule: fixed, values: {speed: 1, kindness: 2}}", "{rule: external, file: w.csv}"))
    assert "does not exist" in errors_of(lambda: IndexModel.load(path))
    for text, words in (
        ("part,wieght\nspeed,1\n", "expected weight for 'weight' (did you mean 'wieght'?)"),
        ("part,weight\nspead,1\n", "'spead' is not a part of top"),
        ("part,weight\nspeed,much\n", "a weight is a number"),
        ("part,weight,agncy\nspeed,1,a\n", "Did you mean 'agency'?"),
    ):
        (tmp_path / "w.csv").write_text(text)
        assert words in errors_of(lambda: IndexModel.load(path))
    (tmp_path / "w.csv").write_text("part,weight\nspeed,1\n")
    model = IndexModel.load(path)
    assert "no weight of kindness in top for agency a in 2024" in errors_of(
        lambda: model.evaluate(Answered(frame(), high=5))
    )


def test_weights_of_one_model_are_estimated_in_one_place(errors_of, tmp_path):
    path = tmp_path / "model.yml"
    text = CORRELATED.replace("EXTRA", "at: pooled").replace(
        "items: [q1, q2]}", "items: [q1, q2], weights: {rule: correlation}}"
    )
    path.write_text(text, encoding="utf-8")
    assert "weights are estimated at agency-year and pooled" in errors_of(lambda: IndexModel.load(path))


def test_schema_of_model_yml_knows_what_the_reader_knows():
    from csi_lib.study.schema import json_schema

    schema = json.dumps(json_schema("model"))
    for word in ("editions", "importance_picks", "base_year", "floor_negative", "bonus", "absent", "scheme"):
        assert word in schema
