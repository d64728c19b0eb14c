"""Labels are moved as little as possible and do not overlap."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from csi_lib.figures.spread import name_some, overlap, place_labels, spread

PLACES = st.lists(st.floats(0, 100), min_size=1, max_size=12)


@given(PLACES, st.floats(0.1, 8))
def test_spread_keeps_order_gap_and_frame(wanted, gap):
    got = np.array(spread(wanted, gap, 0, 100))
    order = np.argsort(wanted, kind="stable")
    steps = np.diff(got[order])
    assert (steps >= min(gap, 100 / max(1, len(wanted) - 1)) - 1e-6).all()
    assert got.min() >= -1e-6
    assert got.max() <= 100 + 1e-6


@pytest.mark.parametrize("wanted", [[10, 11, 12, 50, 51], [1, 2, 3, 4, 5], [97, 98, 99, 99.5], [50, 50, 50]])
def test_spread_is_the_least_squares_solution(wanted):
    """Against a general optimiser."""
    gap = 5.0
    limits = [{"type": "ineq", "fun": lambda x, i=i: x[i + 1] - x[i] - gap} for i in range(len(wanted) - 1)]
    limits += [{"type": "ineq", "fun": lambda x: x[0]}, {"type": "ineq", "fun": lambda x: 100 - x[-1]}]
    best = minimize(lambda x: ((x - wanted) ** 2).sum(), np.arange(len(wanted)) * gap, constraints=limits, tol=1e-12)
    assert spread(wanted, gap, 0, 100) == pytest.approx(best.x, abs=1e-4)


@given(st.lists(st.tuples(st.floats(5, 95), st.floats(5, 95)), min_size=1, max_size=8))
def test_placed_labels_do_not_touch(spots):
    sizes = [(12.0, 4.0)] * len(spots)
    corners = place_labels(spots, sizes, frame=(0, 0, 100, 100))
    if corners is None:
        return
    boxes = [(x, y, x + 12, y + 4) for x, y in corners]
    assert not any(overlap(a, b) for a, b in itertools.combinations(boxes, 2))
    assert all(b[0] >= 0 and b[1] >= 0 and b[2] <= 100 and b[3] <= 100 for b in boxes)


def test_crowded_labels_give_up():
    assert place_labels([(50, 50)] * 12, [(30, 10)] * 12, frame=(0, 0, 100, 100)) is None


def test_names_without_room_are_left_out_and_the_first_in_order_is_named():
    sizes = [(30.0, 4.0)] * 12
    spots = [(10.0 + 2 * i, 50.0) for i in range(12)]
    got = name_some(spots, sizes, order=[7, *(i for i in range(12) if i != 7)], frame=(0, 0, 100, 100))
    assert got[7] is not None
    assert any(corner is None for corner in got)
    boxes = [(x, y, x + 30, y + 4) for x, y in filter(None, got)]
    assert not any(overlap(a, b) for a, b in itertools.combinations(boxes, 2))
