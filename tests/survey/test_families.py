"""A parent's figures and its children's: nothing small follows from their differences, whoever computes them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from csi_lib.survey.disclosure import Rules
from csi_lib.survey.families import TOTAL, family_hidden

MEMBERS = {"p": ("p", "a", "b", "c"), "a": ("a",), "b": ("b",), "c": ("c",)}
PARTS = {"p": ("a", "b", "c")}
RULES = Rules(min_base=5)


def family(rng):
    n = int(rng.integers(60, 240))
    skew = lambda k: rng.choice(k, size=n, p=(w := rng.dirichlet(np.full(k, 0.6))) / w.sum()).astype(str)
    own = rng.choice([0.0, 0.02, 0.25])
    rest = rng.dirichlet([4, 3, 1]) * (1 - own)
    agency = rng.choice(["p", "a", "b", "c"], size=n, p=[own, *rest])
    item = np.where(rng.random(n) < 0.75, 5.0, np.nan)
    item[(agency == "c") & (rng.random(n) < 0.7)] = np.nan
    return pd.DataFrame({"agency": agency, "x": skew(3), "y": skew(4), "q": item})


def masks(frame):
    inside = {TOTAL: np.ones(len(frame), bool)}
    for v in ("x", "y"):
        inside |= {((v,), (g,)): (frame[v] == g).to_numpy() for g in sorted(frame[v].unique())}
    return {k: frame["agency"].isin(m).to_numpy() for k, m in MEMBERS.items()}, inside


def recoverable(columns, aim):
    if not columns:
        return False
    matrix = np.column_stack(columns).astype(float)
    share, *_ = np.linalg.lstsq(matrix, aim.astype(float), rcond=None)
    return np.abs(matrix @ share - aim).max() < 1e-8


@pytest.mark.parametrize("seed", range(60))
def test_no_small_group_of_any_body_follows_from_the_family(seed):
    frame = family(np.random.default_rng(seed))
    hidden = family_hidden(frame, MEMBERS, PARTS, ["x", "y"], ["q"], RULES)
    own, inside = masks(frame)
    hides = lambda name, key: TOTAL in hidden[name].groups or key in hidden[name].groups
    shown = [own[name] & at for name in own for key, at in inside.items() if not hides(name, key)]
    for name in own:
        for key, at in inside.items():
            aim = own[name] & at
            if 0 < aim.sum() < 5:
                assert hides(name, key)
                assert not recoverable(shown, aim), (name, key)
    for at in inside.values():
        aim = (frame["agency"] == "p").to_numpy() & at
        if 0 < aim.sum() < 5:
            assert not recoverable(shown, aim), "those who answered for the parent itself"


@pytest.mark.parametrize("seed", range(60))
def test_no_small_base_of_an_item_follows_by_a_difference(seed):
    """Per item: the parent less all children shown is of nobody or of at least the minimum."""
    frame = family(np.random.default_rng(seed))
    hidden = family_hidden(frame, MEMBERS, PARTS, ["x", "y"], ["q"], RULES)
    own, inside = masks(frame)
    valid = frame["q"].notna().to_numpy()
    for key, at in inside.items():
        hides = lambda name, k=key: (
            TOTAL in hidden[name].groups or k in hidden[name].groups or ("q", *k) in hidden[name].items
        )
        if hides("p"):
            continue
        unseen = valid & at & own["p"]
        for name in ("a", "b", "c"):
            if not hides(name):
                unseen &= ~own[name]
        assert unseen.sum() == 0 or unseen.sum() >= 5 or all(hides(n) or not (own[n] & at & valid).any() for n in "abc")


def test_a_hidden_child_hides_another_where_the_parent_is_nothing_but_its_children():
    frame = pd.DataFrame({"agency": ["a"] * 40 + ["b"] * 30 + ["c"] * 3, "x": "1"})
    hidden = family_hidden(frame, MEMBERS, PARTS, ["x"], [], RULES)
    assert TOTAL in hidden["c"].groups
    assert TOTAL in hidden["b"].groups  # the smallest other; with it the parent gives nobody away
    assert TOTAL not in hidden["a"].groups
    assert TOTAL not in hidden["p"].groups


def test_those_of_the_parent_itself_are_a_group_like_any_other():
    frame = pd.DataFrame({"agency": ["a"] * 40 + ["b"] * 30 + ["p"] * 3, "x": "1"})
    hidden = family_hidden(frame, MEMBERS, PARTS, ["x"], [], RULES)
    assert TOTAL in hidden["b"].groups
    enough = pd.DataFrame({"agency": ["a"] * 40 + ["b"] * 30 + ["p"] * 20, "x": "1"})
    assert family_hidden(enough, MEMBERS, PARTS, ["x"], [], RULES)["b"].groups == frozenset()


# ---------------------------------------------------------------------- through a study
@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The bundled round with a child body of very few firms, reported together with its parent."""
    import shutil

    from csi_lib.share import shared_path
    from csi_lib.study.study import load_study

    folder = tmp_path_factory.mktemp("family") / "round"
    shutil.copytree(shared_path("params", "round"), folder, ignore=shutil.ignore_patterns(".csi"))
    text = (folder / "study.yml").read_text(encoding="utf-8")
    text = text.replace("saem-youth: {1: 2200, 2: 200}", "saem-youth: {1: 90, 2: 3}")
    (folder / "study.yml").write_text(text, encoding="utf-8")
    return load_study(folder)


def test_a_consolidated_parent_reports_on_the_answers_of_its_children(study):
    from csi_lib.survey.reading import read_survey

    parent, child = (read_survey(study, a, 2024) for a in ("on-welfare", "saem-youth"))
    agencies = parent.frame["agency"].value_counts()
    assert set(agencies.index) == {"on-welfare", "saem-youth"}
    assert agencies["saem-youth"] == child.n
    assert study.family("saem-youth") == study.family("on-welfare") == "on-welfare"
    assert study.family("bada-port") is None


def test_what_parent_and_child_publish_gives_no_small_group_away(study):
    from csi_lib.models.round import Round

    round_ = Round(study)
    shown = {a: round_.estimates(a, 2024).masked("public").frame for a in ("on-welfare", "saem-youth")}
    full = {a: round_.estimates(a, 2024).frame for a in shown}

    def bases(frame):
        rows = frame[frame["statistic"].isin(["mean", "index"])]
        names = (rows[c].astype("string").fillna("").tolist() for c in ("measure", "statistic", "by1", "group1"))
        return pd.Series(rows["n"].to_numpy(float), index=list(zip(*names, strict=True)))

    tables, truth = ({a: bases(f) for a, f in frames.items()} for frames in (shown, full))
    assert 0 < truth["saem-youth"][truth["saem-youth"] > 0].min() < 5
    for at, parent in tables["on-welfare"].items():
        child = tables["saem-youth"].get(at, 0)
        if parent == parent and child == child:
            left = parent - child  # those of the parent itself
            assert left == 0 or left >= 5, at
    small = truth["saem-youth"][(truth["saem-youth"] > 0) & (truth["saem-youth"] < 5)].index
    assert tables["saem-youth"].loc[small].isna().all()
    # and within the child: the total less what is shown of a variable is of nobody or of enough people
    for by in ("customer_type", "channel", "age"):
        total = tables["saem-youth"].get(("overall", "mean", "", ""), np.nan)
        groups = tables["saem-youth"][[k for k in tables["saem-youth"].index if k[0] == "overall" and k[2] == by]]
        if total == total and groups.notna().any():
            left = total - groups.sum()
            assert left < 1 or left >= 5


def test_a_childs_new_data_make_its_parents_report_again(study):
    from csi_lib.run.digests import DataDigests

    digests = DataDigests(study, None, {})
    assert digests.of("customers", "on-welfare", 2024) == digests.of("customers", "saem-youth", 2024)
    assert digests.of("customers", "bada-port", 2024) != digests.of("customers", "gil-road", 2024)
