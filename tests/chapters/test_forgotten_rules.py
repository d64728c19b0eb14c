"""Rules whose loss no other test noticed: signs, intervals, bounds and who may see what."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

import csi_lib
from csi_lib.chapters.feedback.compute import Incentives, incentive_budget, incentive_table
from csi_lib.chapters.grade import own_grade
from csi_lib.chapters.happy_call.compute import Composite, compare
from csi_lib.chapters.portfolio.drivers import agreement_sentence
from csi_lib.errors import InputError
from csi_lib.evaluation.portfolio import effective_weights
from csi_lib.evaluation.standing import ranks
from csi_lib.models import scoring
from csi_lib.survey.results import results_frame


def test_a_rise_of_a_happy_call_is_positive():
    now, before = (Composite(value, "mean", 3, 1, 5) for value in (4.2, 3.9))
    assert compare(now, before) == pytest.approx(0.3)
    assert compare(before, now) == pytest.approx(-0.3)
    assert compare(now.rescaled(), before.rescaled()) == pytest.approx(7.5)


@pytest.mark.parametrize("budget", [400.0, 4_000_000_000.0])
def test_what_is_left_of_a_budget_is_negative_when_it_is_exceeded(budget):
    incentives = Incentives.model_validate(
        {
            "rate": 1.0,
            "grades": {"S": {"award": 100.0}, "A": {"award": 50.0}},
            "ranks": {"clerk": {"label": {"ko": "주임", "en": "Clerk"}, "base": 1000.0, "spread": 0.2}},
            "staff": {"S": {"clerk": 2}, "A": {"clerk": 3}},
            "budget": budget,
        }
    )
    found = incentive_budget(incentives, {"S": 1, "A": 2})
    spent = float(incentive_table(incentives)["total"].sum()) + 100 + 2 * 50
    assert found["awards"] == 200
    assert found["total"] == pytest.approx(spent)
    assert found["left"] == pytest.approx(budget - spent)
    assert (found["left"] < 0) == (spent > budget)


def test_rank_bounds_hold_for_all_pairs_at_once():
    """Six agencies: a gap that one pair alone would show, and fifteen pairs together do not."""
    k, df = 6, 200
    one, all_pairs = student.ppf(0.975, 2 * df), student.ppf(1 - 0.05 / (k * (k - 1)), 2 * df)
    for gap, certain in (((one + all_pairs) / 2, False), (all_pairs + 0.05, True)):
        scores = 70 - gap * np.sqrt(2) * np.arange(k)
        rows = [
            {"study": "s", "agency": f"a{i}", "year": 2024, "measure": "csi", "statistic": "index", "estimate": v, "se": 1.0,
             "df": df, "n": 400, "unit": "points"}
            for i, v in enumerate(scores)
        ]  # fmt: skip
        found = ranks(results_frame(rows).assign(type="t"), "csi")
        assert (found["a0"].high == 1) is certain
        assert (found["a5"].low == 6) is certain


def test_the_agreement_of_drivers_is_kendalls_w():
    random = np.random.default_rng(3)
    wide = pd.DataFrame(random.permutation(15).reshape(5, 3) / 15, index=list("abcde"), columns=["x", "y", "z"])
    rows = wide.rename_axis("measure").reset_index().melt("measure", var_name="statistic", value_name="estimate")
    rows = rows.assign(ci_low=np.nan, ci_high=np.nan, n=100)
    kept = []

    def record(given):
        kept.extend(given)
        return pd.DataFrame(given)

    chapter = SimpleNamespace(
        record=record, model=SimpleNamespace(name="m"), sentence=lambda **fields: fields,
        labels=SimpleNamespace(measure=str), text=lambda ko, en: en,
    )  # fmt: skip
    agreement_sentence(chapter, rows)
    assert kept[0]["estimate"] == pytest.approx(csi_lib.kendall_w(wide).w)


def test_a_difference_with_a_hidden_side_is_hidden():
    survey = csi_lib.Survey.from_frame(csi_lib.example_answers(), scale=(1, 5), items=["q1"], groups=["office"])
    estimates = csi_lib.describe(survey, ["office"])
    sides = (
        {"by1": "office", "group1": "north", "statistic": "mean"},
        {"by1": "office", "group1": "south", "statistic": "mean"},
    )
    assert not estimates.contrast(*sides).frame["suppressed"].any()
    for side in sides:
        frame = estimates.frame.copy()
        hidden = estimates.positions(**side)
        frame.loc[hidden, "suppressed"] = True
        found = csi_lib.Estimates(frame, estimates.influence).contrast(*sides).frame
        assert len(found) == 1
        assert found["suppressed"].all()


def test_a_small_group_of_a_sister_body_is_hidden(monkeypatch):
    """What the whole and its parts give away together is hidden in the frame of each body."""
    asked = {}

    def hidden(frame, members, parts, banners, items, rules):
        asked.update(members=members)
        return {body: SimpleNamespace(rows=lambda f: (f["measure"] == "b").to_numpy()) for body in members}

    monkeypatch.setattr(scoring, "family_hidden", hidden)
    monkeypatch.setattr(scoring, "banners", lambda study, survey: [])
    monkeypatch.setattr(scoring.Rules, "of", classmethod(lambda cls, *given: None))
    took_part = SimpleNamespace(took_part=lambda year: True)
    study = SimpleNamespace(
        family=lambda agency: "whole" if agency in ("whole", "part") else None, agency=lambda name: took_part,
        members=lambda name: ("whole", "part") if name == "whole" else (name,), pieces=lambda name: (),
    )  # fmt: skip
    book = SimpleNamespace(items=("q1",))
    survey = lambda agency: SimpleNamespace(agency=agency, year=2024, source="c", frame=pd.DataFrame(), codebook=book)
    for agency, expected in (
        ("part", [False, True]),
        ("whole", [False, True]),
        ("alone", [False, False]),
        (None, [False, False]),
    ):
        frame = pd.DataFrame({"measure": ["a", "b"], "suppressed": [False, False]})
        scoring.hide_family(study, survey(agency), frame, lambda a, y: survey(a))
        assert frame["suppressed"].tolist() == expected, agency
    assert set(asked["members"]) == {"whole", "part"}


def test_figures_of_others_need_the_chapter_to_say_so():
    chapter = csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en")
    other = next(a.id for a in chapter.study.agencies if a.id != "hanbit-fmc")
    chapter._peers = "all"
    assert len(chapter.estimates_of(other, 2024).frame)
    for peers in ("type", "none"):
        chapter._peers = peers
        with pytest.raises(InputError, match="does not say so"):
            chapter.estimates_of(other, 2024)
        with pytest.raises(InputError, match="does not say so"):
            chapter.wave_of(2023)
    with pytest.raises(InputError, match="does not say so"):
        chapter.wave_of(2024)


def test_the_interval_of_a_graded_score_is_two_sided_and_of_its_own_error(monkeypatch):
    kept = []

    def record(given):
        kept.extend(given)
        raise StopIteration  # the numbers are what matters here

    own = {"unit": "a", "grade": "A", "score": 80.0, "se": 2.0, "n": 300, "other": 0.1}
    sheet = SimpleNamespace(frame=pd.DataFrame([own]), file=None, unit_of_score="points", scale=("S", "A"))
    chapter = SimpleNamespace(agency="a", record=record, text=lambda ko, en: en)
    with pytest.raises(StopIteration):
        own_grade.chances_table(chapter, sheet)
    assert [kept[0]["ci_low"], kept[0]["ci_high"]] == pytest.approx([80 - 2 * 1.959964, 80 + 2 * 1.959964], abs=1e-5)


def test_the_error_of_a_gain_follows_from_those_of_the_weights_on_its_way():
    """gain = Π w: its variance is g'Vg with g = ∂gain/∂w, here by finite differences on the weights' own covariance."""
    chapter = csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en")
    estimates, model = chapter.estimates, chapter.model
    rows = estimates.frame
    at = [i for i, (s, m) in enumerate(zip(rows["statistic"], rows["model"])) if s == "weight" and m == model.name]
    place = {rows["measure"].iloc[i]: k for k, i in enumerate(at)}
    parent = {child: node.id for node in model.file.nodes for child in node.parts}
    weights = rows["estimate"].to_numpy(float)[at]
    covariance = np.asarray(estimates.covariance(at))
    gains = effective_weights(estimates, model).frame.set_index("measure")

    def gain(w, item):
        value = 1.0
        while item != model.file.index:
            value *= w[place[f"{parent[item]}>{item}"]]
            item = parent[item]
        return value

    names = {model.binding.get(i, i): i for i in parent if i not in {n.id for n in model.file.nodes}}
    shown = [name for name in gains.index if gains.loc[name, "se"] > 0][:6]
    assert shown
    for name in shown:
        steps = 1e-6 * np.eye(len(at))
        slope = np.array([(gain(weights + s, names[name]) - gain(weights - s, names[name])) / 2e-6 for s in steps])
        assert gains.loc[name, "estimate"] == pytest.approx(gain(weights, names[name]))
        assert gains.loc[name, "se"] == pytest.approx(np.sqrt(slope @ covariance @ slope), rel=1e-4)
