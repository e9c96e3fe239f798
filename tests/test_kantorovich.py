import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import linprog

from ottools.kantorovich import random_directions, sliced_wasserstein, wasserstein_1d
from tests.references import slow
from tests.strategies import points, weights


@given(points(4), points(4), st.sampled_from([1, 2, 3.5]))
def test_best_matching(x, y, p):
    found = wasserstein_1d(x, y, p=p)
    assert found == pytest.approx(slow.wasserstein_permutations(x, y, p), abs=1e-6)
    assert found == pytest.approx(wasserstein_1d(y, x, p=p), abs=1e-9)


@given(points(5), points(3), weights(5), weights(3))
def test_area_between_distribution_functions(x, y, a, b):
    expected = stats.wasserstein_distance(x, y, a, b)
    assert wasserstein_1d(x, y, a, b) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("p", [1, 2])
def test_linear_programme(rng, p):
    x, y = rng.normal(size=5), rng.normal(size=4)
    a, b = rng.dirichlet(np.ones(5)), rng.dirichlet(np.ones(4))
    cost = np.abs(x[:, None] - y[None, :]) ** p
    rows = np.kron(np.eye(5), np.ones(4)), np.kron(np.ones(5), np.eye(4))
    plan = linprog(cost.ravel(), A_eq=np.vstack(rows), b_eq=np.r_[a, b])
    assert wasserstein_1d(x, y, a, b, p=p) == pytest.approx(plan.fun ** (1 / p))


def test_translation_and_scaling(rng):
    x = rng.normal(size=20)
    assert wasserstein_1d(x, x + 3, p=2) == pytest.approx(3)
    assert wasserstein_1d(x, x) == 0
    y = rng.normal(size=7)
    assert wasserstein_1d(4 * x, 4 * y) == pytest.approx(4 * wasserstein_1d(x, y))


@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_directions_of_any_length(size):
    # Their squares vanish or overflow.
    plain = sliced_wasserstein([[1, 2]], [[3, 5]], directions=[[3, 4], [0, 1]])
    other = sliced_wasserstein(
        [[1, 2]], [[3, 5]], directions=size * np.array([[3.0, 4.0], [0.0, 1.0]])
    )
    assert other.distances == pytest.approx(plain.distances, rel=1e-14)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wasserstein_1d([0.0], [1.0], p=0.5), "p must be finite and >= 1"),
        (lambda: wasserstein_1d([], [1.0]), "x must be finite"),
        (lambda: wasserstein_1d([0.0], [np.nan]), "y must be finite"),
        (lambda: wasserstein_1d([0.0], [1.0], [0.5]), "a must sum to 1"),
        (lambda: wasserstein_1d([0.0], [1.0], None, [0.5, 0.5]), "b must match y"),
        (lambda: random_directions(2, 2, rng=7), "rng must be a numpy.random.Gen"),
        (lambda: random_directions(10**12, 2, rng=None), "count must be at most"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
