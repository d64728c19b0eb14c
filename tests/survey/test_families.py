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
