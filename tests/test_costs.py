import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from ottools import costs
from tests.references import transport as slow

many = settings(max_examples=300, deadline=None, derandomize=True)
EPSILONS = (1e-300, 1e-12, 0.1, 1.0, 1e6)


@many
@given(slow.seeds, st.sampled_from(slow.PLACES), st.integers(1, 4))
def test_distances_to_the_last_digits(seed, feature, d):
    rng = np.random.default_rng(seed)
    x, y = slow.places(rng, 3, d, feature), slow.places(rng, 4, d, feature)
    y[0] = x[0]
    exact = np.array([[float(slow.distance(u, v)) for v in y] for u in x])
    assert costs.euclidean(x, y) == pytest.approx(exact, rel=1e-14)
    assert costs.squared_euclidean(x, y) == pytest.approx(exact**2, rel=1e-14)
    assert costs.power(x, y, 2.5) == pytest.approx(exact**2.5, rel=1e-13)
    assert costs.power(x, y, 2) == pytest.approx(exact**2, rel=1e-14)
    assert costs.euclidean(x, y)[0, 0] == 0
    assert np.array_equal(costs.euclidean(y, x), costs.euclidean(x, y).T)


@pytest.mark.parametrize(
    "size", [1e-300, 1e-200, 1e-160, 1e-150, 1.0, 1e150, 1e200, 1e300]
)
def test_distances_of_every_size(size):
    x, y = np.array([[3.0, 0.0], [0.0, 0.0]]), np.array([[0.0, 4.0], [0.0, 0.0]])
    expected = [[5.0, 3.0], [4.0, 0.0]]
    found = costs.euclidean(size * x, size * y) / size
    assert found == pytest.approx(np.array(expected), rel=1e-14)
    assert costs.power(size * x, size * y, 0.5) == pytest.approx(
        np.sqrt(size) * np.sqrt(expected), rel=1e-14
    )


def test_near_duplicates_far_from_the_origin():
    x = np.array([[1e8, 1e8]])
    y = x + [[2.0**-20, 0]]
    assert costs.squared_euclidean(x, y)[0, 0] == 2.0**-40
    assert costs.euclidean(x, y)[0, 0] == 2.0**-20
    assert costs.power(x, y, 1)[0, 0] == 2.0**-20


def test_small_integers_do_not_wrap_around():
    x, y = np.array([100], np.int8), np.array([-100], np.int8)
    assert costs.squared_euclidean(x, y).item() == 40000
    assert costs.euclidean(x, y).item() == 200
    assert costs.power(np.array([3], np.uint8), np.array([5], np.uint8), 3) == 8
    assert costs.cost_matrix(np.array([[200]], np.uint8)).dtype == float


def test_rows_of_numbers_are_points_on_the_line():
    assert costs.euclidean([0, 1], [2, 4]).tolist() == [[2, 4], [1, 3]]
    assert costs.power([0, 1], [2, 4], 3).tolist() == [[8, 64], [1, 27]]


@many
@given(slow.seeds, st.sampled_from(slow.COSTS), st.integers(1, 5), st.integers(1, 5))
def test_c_transforms(seed, feature, n, m):
    rng = np.random.default_rng(seed)
    C = slow.costs(rng, (n, m), feature)
    f = rng.normal(size=n) * np.abs(C).max()
    g = costs.c_transform(C, f)
    assert g.tolist() == [min(C[i, j] - f[i] for i in range(n)) for j in range(m)]
    # The largest feasible g: each column has a constraint that holds with equality.
    slack = C - f[:, None] - g
    assert slack.min() >= -slow.rounding(C, f)
    assert np.abs(slack.min(axis=0)).max() <= slow.rounding(C, f)
    # Three transforms are one: f^ccc = f^c.
    back = costs.c_transform(C.T, g)
    assert np.all(back >= f - slow.rounding(C, f))
    assert costs.c_transform(C, back) == pytest.approx(g, abs=slow.rounding(C, f))


@many
@given(
    slow.seeds,
    st.sampled_from(slow.COSTS),
    st.sampled_from(slow.WEIGHTS),
    st.sampled_from(EPSILONS),
)
def test_soft_c_transform(seed, feature, weighting, eps):
    rng = np.random.default_rng(seed)
    C = slow.costs(rng, (4, 3), feature)
    f, a = rng.normal(size=4), slow.weights(rng, 4, weighting)
    found = costs.soft_c_transform(C, f, eps, a)
    expected = np.array(slow.soft_minimum(C, f, eps, a))
    assert found == pytest.approx(expected, abs=slow.rounding(C, f, [eps]))
    hard = costs.c_transform(C[a > 0], f[a > 0])
    assert np.all(found >= hard)
    assert np.all(found <= hard - eps * np.log(a[a > 0].min()) + slow.rounding(C, f))


def test_soft_c_transform_against_logsumexp(rng):
    C, f, a = rng.normal(size=(6, 4)), rng.normal(size=6), rng.dirichlet(np.ones(6))
    expected = -0.3 * logsumexp((f[:, None] - C) / 0.3, axis=0, b=a[:, None])
    assert costs.soft_c_transform(C, f, 0.3, a) == pytest.approx(expected, abs=1e-14)
    shifted = costs.soft_c_transform(C, f + 2, 0.3, a)
    assert shifted == pytest.approx(expected - 2, abs=1e-14)


def test_soft_tends_to_hard_at_the_rate_of_eps(rng):
    C, f = rng.normal(size=(5, 4)), rng.normal(size=5)
    hard = costs.c_transform(C, f)
    for eps in (1e-2, 1e-3, 1e-4):
        excess = costs.soft_c_transform(C, f, eps) - hard
        assert excess == pytest.approx(eps * np.log(5), rel=1e-4)


@many
@given(slow.seeds, st.sampled_from(slow.PLACES), st.integers(1, 6))
def test_points_make_a_metric(seed, feature, n):
    rng = np.random.default_rng(seed)
    x = slow.places(rng, n, 2, feature)
    D = costs.euclidean(x, x)
    assert costs.is_metric(D)
    every = [
        D[i, k] - D[i, j] - D[j, k]
        for i in range(n)
        for j in range(n)
        for k in range(n)
    ]
    assert costs.triangle_defect(D) == max(every)
    i, j, k = costs.worst_triangle(D)
    assert D[i, k] - D[i, j] - D[j, k] == max(every)


@pytest.mark.parametrize(
    "D",
    [
        [[0, 1, 4], [1, 0, 1], [4, 1, 0]],
        [[0, 1], [2, 0]],
        [[1, 1], [1, 0]],
        [[0, -1], [-1, 0]],
    ],
)
def test_what_is_no_metric(D):
    assert costs.is_metric(D) is False
    assert costs.is_metric(np.multiply(D, 1e-300)) is False
    assert costs.is_metric(np.multiply(D, 1e300)) is False


def test_squares_of_a_metric_are_none():
    D = cdist(np.arange(4.0)[:, None], np.arange(4.0)[:, None])
    assert costs.is_metric(D)
    assert not costs.is_metric(D**2)
    assert costs.triangle_defect(D**2) == 9 - 1 - 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: costs.euclidean([[0, 0]], [[0]]), "x and y must have one dimension"),
        (lambda: costs.euclidean([1e308], [-1e308]), r"\|x - y\| must be at most"),
        (lambda: costs.squared_euclidean([1e200], [0]), r"\|x - y\|\^2 must be at"),
        (lambda: costs.power([1e200], [0], 3), r"\|x - y\|\^3 must be at most"),
        (lambda: costs.power([1], [0], 0), "p must be finite and > 0"),
        (lambda: costs.power([1], [0], [1, 2]), "p must be one number"),
        (lambda: costs.euclidean([10**400], [0]), "x must hold real numbers"),
        (lambda: costs.euclidean([1j], [0]), "x must be real"),
        (lambda: costs.euclidean([0], [np.nan]), "y must be finite"),
        (lambda: costs.euclidean([], [0]), r"x must have shape \(n, d\)"),
        (lambda: costs.cost_matrix([1, 2]), r"C must have shape \(n, m\)"),
        (lambda: costs.cost_matrix(np.ones((0, 2))), r"C must have shape \(n, m\)"),
        (lambda: costs.cost_matrix([[10**400]]), "C must hold real numbers"),
        (lambda: costs.cost_matrix([["a"]]), "C must hold real numbers"),
        (lambda: costs.c_transform([[1, 2]], [1, 2]), r"f must have shape \(1,\)"),
        (lambda: costs.c_transform([[1e308]], [-1e308]), r"\|C - f\| must be at most"),
        (lambda: costs.soft_c_transform([[1]], [0], 0), "eps must be finite and > 0"),
        (lambda: costs.soft_c_transform([[1]], [0], [1, 1]), "eps must be one number"),
        (lambda: costs.soft_c_transform([[1]], [0], 1, [2]), "a must sum to 1"),
        (lambda: costs.soft_c_transform([[1]], [0], 1, [1j]), "a must be real"),
        (lambda: costs.is_metric([[1, 2]]), r"D must have shape \(n, n\)"),
        (lambda: costs.is_metric([[0, 1e308], [1e308, 0]]), "D must stay below"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
