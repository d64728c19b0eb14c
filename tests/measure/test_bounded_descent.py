"""The bounded search against problems with known solutions and SciPy's later version."""

import numpy as np
import pytest
from scipy.optimize import minimize, rosen, rosen_der

from csi_lib.measure.bounded_descent import descend


def test_a_quadratic_with_an_active_bound_has_its_kuhn_tucker_point():
    """Minimum of (x − 3)² + (y − .5)² + xy on the unit square: x = 1, y = 0."""

    def f(p):
        x, y = p
        return (x - 3) ** 2 + (y - 0.5) ** 2 + x * y, np.array([2 * (x - 3) + y, 2 * (y - 0.5) + x])

    found = descend(f, np.array([0.2, 0.9]), 0, 1, tolerance=0, steps=200)
    np.testing.assert_allclose(found.x, [1, 0], atol=1e-8)


@pytest.mark.parametrize("high", [5.0, 1.0, 0.8])
@pytest.mark.parametrize("size", [2, 6])
def test_rosenbrocks_valley_inside_and_against_its_bounds(size, high):
    start = np.full(size, 0.3)
    found = descend(lambda x: (rosen(x), rosen_der(x)), start, -2, high, tolerance=0, steps=2000)
    expected = minimize(
        rosen, start, jac=rosen_der, method="L-BFGS-B", bounds=[(-2, high)] * size, options={"ftol": 1e-15}
    )
    assert found.value == pytest.approx(expected.fun, abs=1e-7)
    assert found.x.max() <= high
    if high > 1:
        np.testing.assert_allclose(found.x, 1, atol=1e-4)


def test_random_convex_problems_satisfy_the_optimality_conditions():
    rng = np.random.default_rng(0)
    for _ in range(30):
        root = rng.normal(size=(8, 8))
        matrix, centre = root @ root.T + 0.1 * np.eye(8), rng.normal(size=8)
        f = lambda x, m=matrix, c=centre: (0.5 * (x - c) @ m @ (x - c), m @ (x - c))
        found = descend(f, np.zeros(8), -0.5, 0.5, tolerance=0, steps=2000)
        x, g = found.x, found.gradient
        inside = (x > -0.5) & (x < 0.5)
        assert np.abs(g[inside]).max(initial=0) < 1e-4
        assert (g[x == 0.5] < 1e-6).all()
        assert (g[x == -0.5] > -1e-6).all()
