"""Sorting by digits, and what rests on it where there are many points."""

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from ottools.kantorovich import order as module
from ottools.kantorovich import transport_1d, wasserstein_1d
from ottools.kantorovich.order import along_rows, ascending

SEEDS = st.integers(0, 2**32 - 1)
TINY, HUGE = 5e-324, np.finfo(float).max


# What a sort by digits finds easy, hard, or impossible.
FEATURES = {
    "normal": lambda x: x,
    "ties": lambda x: np.rint(2 * x),
    "signed zeros": lambda x: np.rint(x / 3),
    "constant": lambda x: np.full(x.shape, x.flat[0]),
    "subnormal": lambda x: TINY * np.rint(100 * x),
    "far outlier": lambda x: np.where(x == x.max(axis=-1, keepdims=True), 1e300, x),
    "two clusters": lambda x: np.copysign(1e10, x) + 1e-3 * x,
    "no range": lambda x: np.copysign(HUGE, x) * np.rint(np.minimum(np.abs(x), 1)),
    "falling": lambda x: -np.sort(x),
}
KINDS = st.sampled_from([*FEATURES])


def spread(rng, shape, feature):
    return FEATURES[feature](rng.normal(size=shape))


def same_bits(found, expected):
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))


def check_order(x):
    before = x.copy()
    order, z = ascending(x)
    same_bits(x, before)
    same_bits(z, np.take_along_axis(x, order, axis=-1))
    np.testing.assert_array_equal(z, np.sort(x))
    every = np.broadcast_to(np.arange(x.shape[-1]), x.shape)
    np.testing.assert_array_equal(np.sort(order), every)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(SEEDS, KINDS, st.booleans())
def test_few_points_by_digits(seed, feature, rows):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MANY", 1)
        check_order(spread(rng, (2, 3, n) if rows else n, feature))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(SEEDS, KINDS, st.booleans(), st.sampled_from([1, 10]))
def test_few_points_by_two_digits_and_in_parts(seed, feature, rows, crowd):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    with pytest.MonkeyPatch.context() as patch:
        for name, size in (("MANY", 1), ("MORE", 1), ("CROWD", crowd)):
            patch.setattr(module, name, size)
        check_order(spread(rng, (2, 3, n) if rows else n, feature))


@pytest.mark.parametrize("feature", FEATURES)
def test_more_points_than_fit_the_cache(feature, rng):
    check_order(spread(rng, module.CROWD + 1, feature))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(SEEDS, KINDS, st.booleans())
def test_many_points(seed, feature, rows):
    rng = np.random.default_rng(seed)
    n = module.MANY + int(rng.integers(-1, 3000))
    check_order(spread(rng, (3, n) if rows else n, feature))


@pytest.mark.parametrize("shape", [3000, (2, 3000)])
def test_digits_alone_sort_points_that_differ_in_them(shape, rng):
    x = rng.permuted(np.broadcast_to(np.arange(3000) / 7, shape), axis=-1)
    order = module._by_digits(x, np.zeros_like(x[..., :1]), (2**32 - 1) * 7 / 2999)
    np.testing.assert_array_equal(along_rows(x, order), np.sort(x))


def test_points_that_share_their_digits():
    """Neighbours in the last 32 of 53 bits: digits alone leave them as they came."""
    x = np.concatenate([[0.0], 1 + np.arange(3000)[::-1] / 2**50, [2.0]])
    digits = module._by_digits(x, 0.0, (2**32 - 1) / 2)
    assert np.array_equal(digits, np.arange(3002))
    check_order(x)


def test_rows_are_taken_one_by_one(rng):
    x, i = rng.normal(size=(2, 5)), rng.integers(5, size=(2, 3))
    assert along_rows(x, i).tolist() == [[x[k, j] for j in i[k]] for k in range(2)]
    assert along_rows(x[0], i[0]).tolist() == [x[0, j] for j in i[0]]


# Distances


def problem(seed, feature, n):
    rng = np.random.default_rng(seed)
    m = n + int(rng.integers(-n // 2, n // 2))
    a, b = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))
    if rng.integers(2):
        a = a * (rng.random(n) < 0.5)
        a = a / a.sum() if a.sum() else np.full(n, 1 / n)
    return spread(rng, n, feature), spread(rng, m, feature) + 1, a, b


@settings(max_examples=40, deadline=None, derandomize=True)
@given(SEEDS, st.sampled_from(["normal", "ties", "signed zeros", "two clusters"]))
def test_distances_of_many_points(seed, feature):
    x, y, a, b = problem(seed, feature, 3000)
    size = max(np.abs(x).max(), np.abs(y).max())
    for u, v in ((a, b), (a, None), (None, b), (None, None)):
        found = wasserstein_1d(x, y, u, v)
        expected = wasserstein_distance(x, y, u, v)
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-13 * size)
        square = ot.emd2_1d(x, y, u, v, metric="sqeuclidean")
        found = wasserstein_1d(x, y, u, v, p=2)
        assert found**2 == pytest.approx(square, rel=1e-10, abs=1e-13 * size**2)
        plan = transport_1d(x, y, u, v, p=2)
        assert plan.value == pytest.approx(found**2, rel=1e-10, abs=1e-13 * size**2)
        assert plan.marginal_error <= 1e-12


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    SEEDS,
    st.sampled_from([*FEATURES]),
    st.integers(-1070, 1020),
    st.sampled_from([1, 1.5, 2, 7]),
)
def test_distance_in_any_unit(seed, feature, exponent, p):
    """The unit is a power of 2, down to subnormal distances and up to the largest."""
    x, y, a, b = problem(seed, feature, 20)
    x, y = (z / max(1.0, np.abs([*x, *y]).max()) for z in (x, y))
    plain = wasserstein_1d(x, y, a, b, p=p)
    scaled = wasserstein_1d(np.ldexp(x, exponent), np.ldexp(y, exponent), a, b, p=p)
    rounding = 4 * TINY + np.ldexp(1e-15, exponent)
    assert scaled == pytest.approx(np.ldexp(plain, exponent), rel=1e-12, abs=rounding)
    for u, v in ((a, a), (None, None)):
        assert wasserstein_1d(x, x, u, v, p=p) == 0


@pytest.mark.parametrize("p", [1, 1.5, 2, 3, 7.1])
def test_roots_of_very_large_and_small_means(p):
    """The rounding of 1/p times the logarithm of the mean would show here."""
    for exponent in range(-1020, 1020, 7):
        found = wasserstein_1d([0.0], [2.0**exponent], p=p)
        assert found == pytest.approx(2.0**exponent, rel=1e-14)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(SEEDS, KINDS, st.sampled_from([1, 2, 5]), st.sampled_from([1.5, 2, 3]))
def test_levels_in_parts(seed, feature, levels, p):
    x, y, a, b = problem(seed, feature, 12)
    x, y = (z / max(1.0, np.abs([*x, *y]).max()) for z in (x, y))
    ties = np.random.default_rng(seed).integers(0, 3, len(x)) + (x == x[0])
    for u, v in ((a, b), (a, None), (None, b), (ties / ties.sum(), None)):
        whole = wasserstein_1d(x, y, u, v, p=p)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ottools.kantorovich.line.LEVELS", levels)
            parts = wasserstein_1d(x, y, u, v, p=p)
            assert wasserstein_1d(x, x, u, u, p=p) == 0
        assert parts == pytest.approx(whole, rel=1e-13, abs=1e-300)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("n", [5, 50, 500])
def test_far_points_without_mass_have_no_say(n, p, rng):
    """Not even in the last digits of the mass of all others."""
    (x, y), (a, b) = rng.normal(size=(2, n)), rng.dirichlet(np.ones(n), size=2)
    near = wasserstein_1d(x, y, a, b, p=p)
    for far in (-1e150, 1e150):
        found = wasserstein_1d([*x, far], y, [*a, 0], b, p=p)
        assert found == pytest.approx(near, rel=1e-12)


def test_nothing_between_signed_zeros():
    a, b = [0.3, 0.7], [0.1, 0.2, 0.7]
    for p in (1, 2):
        assert wasserstein_1d([0.0, -0.0], [-0.0, 0.0, -0.0], a, b, p=p) == 0


@pytest.mark.parametrize("p", [1, 2])
def test_points_wider_apart_than_any_float(p):
    """Only matched points must be a float apart."""
    x, a = np.array([-1e308, 1e308]), np.array([0.25, 0.75])
    assert wasserstein_1d(x, x, a, a, p=p) == 0
    assert wasserstein_1d(x, [0.0], a, p=p) == pytest.approx(1e308, rel=1e-15)
    with pytest.raises(ValueError, match="within 1.8e308 of each other"):
        wasserstein_1d(x, x, a, a[::-1], p=p)
