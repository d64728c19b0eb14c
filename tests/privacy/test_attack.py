"""The attacker: intervals as a textbook and plain enumeration have them, and the gate held against him."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from csi_lib.survey.assembly import Grouping
from csi_lib.survey.attack import Secrets, Told
from csi_lib.survey.disclosure import Rules, suppressed_groups
from csi_lib.survey.protection import withheld_answers


def table(shape, row_totals, column_totals, shown=(), **more) -> tuple[Secrets, object]:
    """A two-way table of counts of which the margins and the cells `shown` are told."""
    cells = list(product(range(shape[0]), range(shape[1])))
    mask = lambda test: np.array([test(i, j) for i, j in cells])
    told = [Told(mask(lambda i, j, r=r: i == r), n) for r, n in enumerate(row_totals)]
    told += [Told(mask(lambda i, j, c=c: j == c), n) for c, n in enumerate(column_totals)]
    told += [Told(mask(lambda i, j, at=at: (i, j) == at), n) for at, n in shown]
    return Secrets(len(cells), told, whole=True, **more), lambda i, j: mask(lambda a, b: (a, b) == (i, j))


def test_the_textbook_table_of_four_withheld_cells():
    # Hundepool et al., Handbook on Statistical Disclosure Control, section on feasibility intervals: margins 7, 3 and 9, 1
    secrets, cell = table((2, 2), (7, 3), (9, 1))
    found = {at: secrets.size(cell(*at)) for at in product(range(2), range(2))}
    assert {at: (i.low, i.high) for at, i in found.items()} == {
        (0, 0): (6, 7),
        (0, 1): (0, 1),
        (1, 0): (2, 3),
        (1, 1): (0, 1),
    }


def test_a_single_withheld_cell_of_a_line_is_its_difference():
    secrets, cell = table((3, 3), (30, 40, 50), (45, 35, 40), [((0, 0), 10), ((0, 1), 12), ((1, 0), 15), ((1, 1), 13)])
    assert secrets.size(cell(0, 2)).low == secrets.size(cell(0, 2)).high == 8
    assert secrets.size(cell(2, 0)).low == secrets.size(cell(2, 0)).high == 20


def test_the_figures_of_a_table_that_contradict_each_other_are_not_bounded():
    secrets, cell = table((2, 2), (7, 3), (9, 5))
    assert secrets.size(cell(0, 0)) is None


@pytest.mark.parametrize("seed", range(12))
def test_sizes_are_those_that_enumeration_finds(seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 4, (3, 3))
    shown = [((i, j), counts[i, j]) for i, j in product(range(3), range(3)) if rng.random() < 0.35]
    secrets, cell = table((3, 3), counts.sum(1), counts.sum(0), shown)
    fits = []
    for inner in product(range(10), repeat=4):  # the upper left block and the margins give the rest
        x = np.zeros((3, 3), int)
        x[:2, :2] = np.reshape(inner, (2, 2))
        x[:2, 2] = counts.sum(1)[:2] - x[:2, :2].sum(1)
        x[2] = counts.sum(0) - x[:2].sum(0)
        if (x >= 0).all() and all(x[at] == n for at, n in shown):
            fits.append(x)
    for i, j in product(range(3), range(3)):
        values = [x[i, j] for x in fits]
        found = secrets.size(cell(i, j))
        assert (found.low, found.high) == pytest.approx((min(values), max(values)), abs=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_means_are_those_that_enumeration_finds(seed):
    """Three groups of known size, answers of 0, 50 or 100, the total and one group shown: every way to answer is tried."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 4, 3)
    answers = [rng.integers(0, 3, n) * 50.0 for n in sizes]
    total, first = sum(a.sum() for a in answers), answers[0].sum()
    one = lambda k: np.arange(3) == k
    told = [Told(np.ones(3, bool), sizes.sum(), total / sizes.sum()), Told(one(0), sizes[0], first / sizes[0])]
    secrets = Secrets(3, told, 0, 100, sizes.astype(float), whole=True, step=50.0)
    ways = [w for w in product(range(2 * sizes[1] + 1), range(2 * sizes[2] + 1)) if 50 * sum(w) + first == total]
    for k in (1, 2):
        values = [50 * w[k - 1] / sizes[k] for w in ways]
        found = secrets.mean(one(k))
        assert (found.low, found.high) == pytest.approx((min(values), max(values)), abs=1e-4)


def test_a_mean_of_unknown_size_is_bounded_as_a_ratio():
    """Of 10 people with mean 90 six are shown with mean 100: the four others have 75 together, two hidden groups share them."""
    mask = lambda *k: np.isin(np.arange(3), k)
    secrets = Secrets(3, (Told(mask(0, 1, 2), 10, 90.0), Told(mask(0), 6, 100.0)), there=(mask(1), mask(2)))
    found = secrets.mean(mask(1))
    # one person with 0 and three with 100, or the other way round
    assert (found.low, found.high) == pytest.approx((0.0, 100.0), abs=1e-3)
    alone = Secrets(2, (Told(np.array([True, True]), 10, 90.0), Told(np.array([True, False]), 6, 100.0)))
    assert alone.mean(np.array([False, True])).low == pytest.approx(75, abs=1e-3)
    assert alone.mean(np.array([False, True])).width < 1e-3


def test_sectors_combined_by_importance_are_an_equation_too():
    """Two sectors, both totals told: by number of people and by importance; the hidden one is solved."""
    sizes, scores, importance = np.array([40.0, 3.0]), np.array([60.0, 66.8]), np.array([0.3, 0.7])
    both = np.ones(2, bool)
    told = (Told(both, 43, float(sizes @ scores / 43)), Told(both, mean=float(importance @ scores), factors=importance))
    assert Secrets(2, told, crossing=sizes).mean(np.array([False, True])).low == pytest.approx(66.8, abs=1e-3)
    alone = Secrets(2, told[:1], crossing=sizes).mean(np.array([False, True]))
    assert alone.width > 30


# ---------------------------------------------------------------------- the gate against the attacker
def people(rng):
    n = int(rng.integers(40, 120))
    skew = lambda k: rng.choice(k, size=n, p=(w := rng.dirichlet(np.full(k, 0.6))) / w.sum()).astype(str)
    import pandas as pd

    frame = pd.DataFrame({"a": skew(4), "b": skew(3), "c": skew(5)})
    asked = rng.random(n) < rng.choice([0.3, 0.6, 1.0])
    answers = np.where(asked, rng.choice(7, size=n, p=rng.dirichlet(np.full(7, 0.7))), np.nan)
    return frame, [Grouping.of(frame, v) for v in "abc"], answers.astype(float)


def attacked(frame, groupings, x, hidden, code, *, crossing: bool, by=None):
    """Intervals of the share of an answer in every hidden group, from the total and all groups shown."""
    asked = np.isfinite(x)
    cells, of = np.unique(np.column_stack([g.codes[asked] for g in groupings]), axis=0, return_inverse=True)
    size, gave = np.bincount(of.ravel()), np.bincount(of.ravel(), x[asked] == code)
    masks = {(g.by, g.groups[k]): cells[:, v] == k for v, g in enumerate(groupings) for k in range(len(g))}
    told = [Told(np.ones(len(cells), bool), size.sum(), gave.sum() / size.sum())]
    told += [Told(m, size[m].sum(), gave[m].sum() / size[m].sum()) for key, m in masks.items()
             if key not in hidden and m.any() and by in (None, key[0])]  # fmt: skip
    secrets = Secrets(len(cells), told, 0, 1, size.astype(float) if crossing else None)
    return {key: (secrets.mean(masks[key]), size[masks[key]].sum()) for key in hidden
            if masks[key].any() and by in (None, key[0])}  # fmt: skip


def decided(groupings, x, rules):
    groups = suppressed_groups(groupings, rules)
    again = lambda inside, start: suppressed_groups(inside, rules, start=start)
    return withheld_answers(x, groupings, groups, rules, again)


@pytest.mark.parametrize("seed", range(25))
def test_nobody_without_other_knowledge_computes_a_withheld_share(seed):
    frame, groupings, x = people(np.random.default_rng(seed))
    hidden = decided(groupings, x, Rules(min_base=5)).shares
    found = x[np.isfinite(x)]
    for code in np.unique(found):
        if (found == code).all():
            continue
        for g in groupings:
            for key, (bounds, _) in attacked(frame, groupings, x, hidden, code, crossing=False, by=g.by).items():
                assert bounds.width > 0.02, (key, code)


@pytest.mark.parametrize("seed", range(25))
def test_small_groups_stay_open_to_a_reader_who_knows_the_crossing(seed):
    """Of data whose reader knows who is in them: no small group's share is fixed, unless what is left to hide is nothing."""
    frame, groupings, x = people(np.random.default_rng(seed))
    hidden = decided(groupings, x, Rules(min_base=5, declared_crossing=True)).shares
    found = x[np.isfinite(x)]
    for code in np.unique(found):
        if (found == code).all():
            continue
        for key, (bounds, n) in attacked(frame, groupings, x, hidden, code, crossing=True).items():
            assert n >= 5 or bounds.width > 1e-4, (key, code)


def test_an_item_that_all_groups_answered_well_withholds_nothing():
    frame, groupings, _ = people(np.random.default_rng(3))
    wide = [g for g in groupings if np.bincount(g.codes).min() >= 5]
    x = np.tile([1.0, 2.0, 3.0], len(frame))[: len(frame)]
    assert decided(wide, x, Rules(min_base=5)).shares == frozenset()
