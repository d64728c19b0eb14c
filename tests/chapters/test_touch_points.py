"""Touch points: room to gain with its error, bases behind published percentages, cells that stay hidden."""

import shutil

import numpy as np
import pytest
import yaml

from csi_lib import load_study, read_survey, simulate_population
from csi_lib.chapters.touch_points.compute import TouchPointsFile, possible_bases, priorities, ranking
from csi_lib.errors import InputError
from csi_lib.evaluation.systems import system_file
from csi_lib.models.scoring import crossed
from csi_lib.share import shared_path


@pytest.fixture(scope="module")
def corp():
    return load_study(shared_path("params", "public-corp"))


def parts(corp, survey, target):
    found = crossed(corp, survey, [("channel",)], shares=["channel"], items=["contact_sat"])
    codes = ["1", "2", "3", "4"]
    share = found.take([found.positions(measure=f"channel:{c}", by1=None)[0] for c in codes])
    score = found.take(
        [found.positions(measure="contact_sat", statistic="mean", by1="channel", group1=c)[0] for c in codes]
    )
    return priorities(share, score, target=target), share.frame, score.frame


@pytest.mark.parametrize("target", [75.0, None])
def test_gain_is_share_times_shortfall(corp, target):
    survey = read_survey(corp, "raon-corp", 2024)
    gains, share, score = parts(corp, survey, target)
    p, s = share["estimate"].to_numpy(), score["estimate"].to_numpy()
    goal = target if target is not None else (p * s).sum()
    np.testing.assert_allclose(gains.frame["estimate"], p * (goal - s), rtol=1e-12)
    if target is None:
        assert gains.frame["estimate"].sum() == pytest.approx(0, abs=1e-9)


def test_gain_error_against_a_bootstrap(corp):
    """Standard errors of the gains against resampled respondents within strata."""
    survey = read_survey(corp, "raon-corp", 2024)
    frame = survey.frame[["customer_type", "channel", "contact_sat", "weight"]].reset_index(drop=True)
    gains = parts(corp, survey, 75.0)[0].frame
    rng, draws = np.random.default_rng(11), []
    rows = [g.index.to_numpy() for _, g in frame.groupby("customer_type", observed=True)]
    x = 100 * (frame["contact_sat"].to_numpy() - 1) / 6
    w, code = frame["weight"].to_numpy(), frame["channel"].astype(int).to_numpy()
    for _ in range(600):
        at = np.concatenate([rng.choice(r, len(r)) for r in rows])
        wa, ca, xa = w[at], code[at], x[at]
        there = np.isfinite(xa)
        draws.append(
            [
                wa[ca == c].sum() / wa.sum() * (75 - np.average(xa[(ca == c) & there], weights=wa[(ca == c) & there]))
                for c in (1, 2, 3, 4)
            ]
        )
    np.testing.assert_allclose(gains["se"], np.std(draws, axis=0), rtol=0.15)


def test_simulated_truth_is_recovered(corp):
    """Shares and scores of the whole population lie within 4 standard errors of the survey's."""
    population = simulate_population(corp, "raon-corp", 2024).frame
    _, share, score = parts(corp, read_survey(corp, "raon-corp", 2024), 75.0)
    true_share = population["channel"].value_counts(normalize=True)
    true_score = population.groupby("channel", observed=True)["contact_sat"].mean().sub(1).mul(100 / 6)
    for k, c in enumerate((1, 2, 3, 4)):
        assert abs(share["estimate"][k] - true_share[c]) < 4 * share["se"][k]
        assert abs(score["estimate"][k] - true_score[c]) < 4.5 * score["se"][k] + 1
    assert true_score.idxmin() == 1
    assert true_score.idxmax() == 3


def test_a_channel_nobody_uses_has_no_gain(corp):
    survey = read_survey(corp, "raon-corp", 2024)
    gains = parts(corp, survey, 75.0)[0].frame.copy()
    gains.loc[0, "estimate"] = np.nan
    assert list(ranking(gains)["group1"]) == list(
        gains[gains["estimate"].notna()].sort_values("estimate", ascending=False)["group1"]
    )


@pytest.mark.parametrize(
    ("printed", "smallest"), [([46.8, 19.0, 11.4, 16.5], 79), ([55.0, 17.5], 40), ([70.0, 10.0], 10)]
)
def test_published_percentages_rest_on_few_people(printed, smallest):
    """The 2004 touch-point table: home buyers' column fits no base below 79, the shops' none below 40."""
    assert possible_bases(printed)[0] == smallest


def test_true_base_is_always_possible():
    rng = np.random.default_rng(2)
    for _ in range(50):
        n = int(rng.integers(5, 150))
        counts = rng.multinomial(n, [0.4, 0.3, 0.2, 0.1])
        assert n in possible_bases([round(100 * c / n, 1) for c in counts])
    with pytest.raises(InputError, match="between 0 and 100"):
        possible_bases([106.6])


def test_margins_stay_shown_and_hidden_cells_cannot_be_computed(corp):
    """What the one-way tables show is unchanged by the cross table, and no hidden small cell is a combination of what is shown."""
    survey = read_survey(corp, "dure-housing", 2024)
    found = crossed(corp, survey, [("customer_type", "channel")], shares=["channel"], items=["contact_sat"])
    rows = found.frame[found.frame["measure"] == "contact_sat"]
    cells = rows[rows["by2"].notna()]
    assert cells["suppressed"].any()
    assert not rows[rows["by2"].isna() & (rows["n"] >= 5)]["suppressed"].any()
    answered = survey.frame[survey.frame["contact_sat"].notna()]
    kinds, ways = sorted(answered["customer_type"].unique()), sorted(answered["channel"].dropna().unique())
    place = {(str(a), str(b)): k for k, (a, b) in enumerate((a, b) for a in kinds for b in ways)}
    size = {
        key: int(
            ((answered["customer_type"].astype(str) == key[0]) & (answered["channel"].astype(str) == key[1])).sum()
        )
        for key in place
    }
    unknown = [key for key in place if size[key]]
    at = {key: k for k, key in enumerate(unknown)}
    known = []
    for a in map(str, kinds):
        known.append([float(key[0] == a) for key in unknown])
    for b in map(str, ways):
        known.append([float(key[1] == b) for key in unknown])
    for r in cells[~cells["suppressed"]].itertuples():
        known.append([float(key == (r.group1, r.group2)) for key in unknown])
    matrix = np.array(known).T
    for r in cells[cells["suppressed"] & (cells["n"] < 5)].itertuples():
        aim = np.zeros(len(unknown))
        aim[at[r.group1, r.group2]] = 1
        solved = np.linalg.lstsq(matrix, aim, rcond=None)[0]
        assert np.abs(matrix @ solved - aim).max() > 1e-6


@pytest.mark.parametrize(("change", "words"), [({"channel": "chanel"}, "Did you mean 'channel'"), ({"satisfaction": "contact"}, "satisfaction"),
                                               ({"actions": {9: "x"}}, "actions")])  # fmt: skip
def test_names_the_study_does_not_have(corp, change, words, tmp_path):
    shutil.copytree(corp.path, tmp_path / "corp", ignore=shutil.ignore_patterns(".csi"))
    text = (corp.path / "touch_points.yml").read_text(encoding="utf-8")
    data = {**yaml.safe_load(text), **change}
    (tmp_path / "corp" / "touch_points.yml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    with pytest.raises(InputError, match=words):
        system_file(load_study(tmp_path / "corp"), "touch_points")


def test_items_by_channel():
    file = TouchPointsFile.model_validate({"channel": "c", "by": "t", "satisfaction": {1: "web", 2: "phone"}})
    assert (file.item(1), file.item("2"), file.item(3)) == ("web", "phone", None)
