"""Squared MMD: values against the definition, closed forms, invariances, limits."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits

from ottools import mmd
from ottools.mmd import pairs
from tests import nasty
from tests.references import mmd as slow

TOL = 1e-10
EPS = np.finfo(float).eps
BANDWIDTHS = st.sampled_from([1.0, 0.3, 7.0, 1e4, (0.5, 1.0, 2.0), (0.1, 30.0)])
NAMES = st.sampled_from(sorted(mmd.KERNELS))
CLOUD = st.sampled_from(nasty.CLOUDS)


def problem(seed, kinds, least=1):
    """Draw two samples of the given kinds in a common dimension, with weights."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 5))
    n, m = rng.integers(least, 9, size=2)
    x, y = (nasty.cloud(rng, k, d, kind) for k, kind in zip((n, m), kinds, strict=True))
    a, b = (nasty.weights(rng, len(z), rng.choice(nasty.WEIGHTS)) for z in (x, y))
    return rng, x, y, a, b


def rounding(x, y, bandwidth, kernel):
    """Bound the rounding of a sum, from that of the points and of their distances.

    A coordinate of r bandwidths has an error of r eps, a squared distance by a product
    (up to 100 bandwidths) of r^2 eps; the terms of unbounded kernels are of size r^2.
    """
    points = np.concatenate([x, y])
    reach = float(max(np.ptp(points), 1e-3 * np.abs(points).max()) / np.min(bandwidth))
    size = reach if kernel in ("linear", "energy") else min(reach, 100.0)
    return 2e-14 * (1 + reach + size**2)


@settings(max_examples=450, deadline=None, derandomize=True)
@given(nasty.SEEDS, CLOUD, CLOUD, BANDWIDTHS, NAMES)
def test_v_statistic_against_the_definition(seed, one, two, bandwidth, kernel):
    _, x, y, a, b = problem(seed, (one, two))
    found = mmd.mmd2_biased(x, y, bandwidth, a, b, kernel=kernel)
    expected = slow.biased(x, y, np.atleast_1d(bandwidth), a, b, kernel)
    assert found == pytest.approx(expected, abs=rounding(x, y, bandwidth, kernel))
    assert found >= 0


@settings(max_examples=250, deadline=None, derandomize=True)
@given(nasty.SEEDS, CLOUD, CLOUD, BANDWIDTHS, NAMES)
def test_u_statistic_against_the_definition(seed, one, two, bandwidth, kernel):
    _, x, y, _, _ = problem(seed, (one, two), least=2)
    if min(len(x), len(y)) < 2:
        x, y = np.repeat(x, 2, axis=0), np.repeat(y, 2, axis=0)
    found = mmd.mmd2_unbiased(x, y, bandwidth, kernel=kernel)
    expected = slow.unbiased(x, y, np.atleast_1d(bandwidth), kernel)
    assert found == pytest.approx(expected, abs=rounding(x, y, bandwidth, kernel))


@settings(max_examples=250, deadline=None, derandomize=True)
@given(nasty.SEEDS, CLOUD, CLOUD, BANDWIDTHS, NAMES)
def test_invariances(seed, one, two, bandwidth, kernel):
    rng, x, y, a, b = problem(seed, (one, two))
    value = mmd.mmd2_biased(x, y, bandwidth, a, b, kernel=kernel)
    close = lambda v: pytest.approx(v, abs=4 * rounding(x, y, bandwidth, kernel))
    statistic = lambda x, y, s, a, b: mmd.mmd2_biased(x, y, s, a, b, kernel=kernel)
    assert statistic(y, x, bandwidth, b, a) == close(value)
    assert statistic(x + 3, y + 3, bandwidth, a, b) == close(value)
    scale = 2.0 ** rng.integers(-300, 300)
    assert statistic(scale * x, scale * y, scale * np.array(bandwidth), a, b) == close(
        value
    )
    order = rng.permutation(len(x))
    assert statistic(x[order], y, bandwidth, a[order], b) == close(value)
    turn = np.linalg.qr(rng.normal(size=(x.shape[1],) * 2))[0]
    assert statistic(x @ turn, y @ turn, bandwidth, a, b) == close(value)
    # A point of weight 0 changes nothing, nor does a point in two halves.
    more = np.concatenate([x, 1 + x[:1]])
    assert statistic(more, y, bandwidth, np.append(a, 0), b) == close(value)
    twice = np.concatenate([x, x])
    assert statistic(twice, y, bandwidth, np.tile(a, 2) / 2, b) == close(value)
    assert statistic(x, x, bandwidth, a, a) == close(0)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(nasty.SEEDS, CLOUD, BANDWIDTHS, NAMES, st.sampled_from([1, 2, 3, 5]))
def test_small_tiles_change_nothing(seed, kind, bandwidth, kernel, size):
    rng, x, y, a, b = problem(seed, (kind, "plain"), least=2)
    x = np.concatenate([x, x[:1] + 1])
    a = rng.dirichlet(np.ones(len(x)))
    call = lambda: (
        mmd.mmd2_biased(x, y, bandwidth, a, b, kernel=kernel),
        mmd.mmd2_unbiased(x, y, bandwidth, kernel=kernel),
        *mmd.mmd2_gradient(x, y, bandwidth, a, b, kernel=kernel).gradient.ravel(),
        *mmd.mmd2_unbiased_gradient(x, y, bandwidth, kernel=kernel).gradient.ravel(),
        *mmd.witness(x, x, y, bandwidth, kernel=kernel),
        mmd.permutation_test(
            x, y, bandwidth, permutations=3, rng=np.random.default_rng(1), kernel=kernel
        ).null.sum(),
    )
    whole = call()
    before, pairs.TILE = pairs.TILE, size
    try:
        parts = call()
    finally:
        pairs.TILE = before
    scale = rounding(x, y, bandwidth, kernel) * (1 + 1 / np.min(bandwidth))
    np.testing.assert_allclose(parts, whole, rtol=1e-9, atol=10 * scale)


def test_many_tiles_against_one_dense_array(rng):
    x, y = rng.normal(size=(600, 3)), rng.normal(0.5, 1, size=(300, 3))
    for s in (0.4, 2.0):
        xx, yy, xy = (mmd.gaussian_kernel(u, v, s) for u, v in ((x, x), (y, y), (x, y)))
        dense = xx.mean() + yy.mean() - 2 * xy.mean()
        assert mmd.mmd2_biased(x, y, s) == pytest.approx(dense, abs=1e-13)
        found = mmd.witness(y, x, y, s)
        np.testing.assert_allclose(found, xy.mean(0) - yy.mean(0), atol=1e-13)


def test_memory_does_not_grow_with_the_number_of_pairs(rng):
    x, y = rng.normal(size=(3000, 2)), rng.normal(size=(3000, 2))
    for s in (1.0, 1e-3):  # by products and by differences
        tracemalloc.start()
        mmd.mmd2_gradient(x, y, (s, 2 * s))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8e6  # the array of all pairs would take 72e6


def test_a_point_is_at_distance_zero_of_itself(rng):
    x = rng.normal(size=(300, 7))
    x *= 99 / np.linalg.norm(x, axis=1).max()
    rule, (x,), _ = pairs.prepare("gaussian", 1.0, x=x - x.mean(axis=0))
    assert rule.by_product
    by_product = rule.squares(rule.left(x), rule.right(x))
    # By a product alone it is not, though the product errs by rounding only.
    assert 0 < np.abs(np.diagonal(by_product)).max() < 1e-10
    np.testing.assert_allclose(by_product, cdist(x, x, "sqeuclidean"), atol=1e-10)
    for i, j, t in pairs.within(rule, x):
        assert i != j or np.all(np.diagonal(t) == 0)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(nasty.SEEDS, st.integers(-9, 5), NAMES, st.sampled_from([1, 2, 3]))
def test_drop_and_slope_at_the_price_of_one(seed, exponent, kernel, count):
    """From squares of 1e-18, of which expm1 keeps the digits, to those of floor 0."""
    rng = np.random.default_rng(seed)
    rule, _, _ = pairs.prepare(kernel, np.exp(rng.normal(size=count)), x=[0.0])
    t = 10.0**exponent * rng.exponential(size=(3, 4)) ** 2
    t[0, 0] = rng.choice([0, t[0, 0]])
    drop, slope = rule.both(t)
    rounding = EPS if t.max() * max(rule.ratios) > 1 else 0
    np.testing.assert_allclose(drop, rule.drop(t), rtol=1e-13, atol=rounding)
    np.testing.assert_allclose(slope, rule.slope(t), rtol=1e-13, atol=0)


def test_gaussian_kernel(rng):
    x, y = rng.normal(size=(4, 2)), rng.normal(size=(3, 2))
    found = mmd.gaussian_kernel(x, y, [0.5, 2.0])
    expected = [[slow.kernel(u, v, (0.5, 2.0)) for v in y] for u in x]
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    assert mmd.gaussian_kernel([0.0], [30.0], 1.0)[0, 0] == pytest.approx(
        np.exp(-450), rel=1e-13
    )


def test_bias_of_the_v_statistic_on_a_fair_coin():
    outcomes = [(a, b) for a in (0.0, 1.0) for b in (0.0, 1.0)]
    law = [(x, y) for x in outcomes for y in outcomes]
    biased = np.mean([mmd.mmd2_biased(x, y, 1.0) for x, y in law])
    assert biased == pytest.approx(0.196735, abs=1e-6)
    unbiased = np.mean([mmd.mmd2_unbiased(x, y, 1.0) for x, y in law])
    assert unbiased == pytest.approx(0, abs=TOL)


@pytest.mark.parametrize(("n", "m"), [(2, 2), (2, 3), (3, 2)])
def test_bias_by_the_formula(n, m):
    # (1 - E k(x,x'))/n + (1 - E k(y,y'))/m, over all samples from three points.
    places, s = np.array([0.0, 1.0, 3.0]), 0.8
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.2, 0.7])
    kernel = mmd.gaussian_kernel(places, places, s)
    truth = (p - q) @ kernel @ (p - q)
    mean_v = mean_u = 0.0
    for i in np.ndindex(*(3,) * n):
        for j in np.ndindex(*(3,) * m):
            chance = p[list(i)].prod() * q[list(j)].prod()
            mean_v += chance * mmd.mmd2_biased(places[list(i)], places[list(j)], s)
            mean_u += chance * mmd.mmd2_unbiased(places[list(i)], places[list(j)], s)
    bias = (1 - p @ kernel @ p) / n + (1 - q @ kernel @ q) / m
    assert mean_v == pytest.approx(truth + bias, abs=1e-14)
    assert mean_u == pytest.approx(truth, abs=1e-14)


@pytest.mark.parametrize(
    ("law", "value"), [((1.0, 1.0), 0.177268), ((0.0, 2.0), 0.094187)]
)
def test_gaussians(law, value, rng):
    assert mmd.mmd2_gaussians(0.0, 1.0, *law, 1.0) == pytest.approx(value, abs=1e-6)
    x, y = rng.normal(size=1000), rng.normal(*law, size=1000)
    # Standard error of the U-statistic here is about 0.012.
    assert mmd.mmd2_unbiased(x, y, 1.0) == pytest.approx(value, abs=0.05)


def test_gaussians_against_quadrature():
    z, w = np.polynomial.hermite_e.hermegauss(60)
    w = w / w.sum()
    for bandwidth in (1.0, (0.7, 2.5)):
        found = mmd.mmd2_gaussians(0.3, 0.5, -0.4, 0.8, bandwidth)
        x, y = 0.3 + 0.5 * z, -0.4 + 0.8 * z
        expected = mmd.mmd2_biased(x, y, bandwidth, w, w)
        assert found == pytest.approx(expected, abs=1e-12)
    # In two dimensions the mean kernels multiply.
    grid = np.stack(np.meshgrid(z, z), axis=-1).reshape(-1, 2)
    plane = np.outer(w, w).ravel()
    keep = plane > 1e-18
    grid, plane = grid[keep], plane[keep] / plane[keep].sum()
    found = mmd.mmd2_gaussians([0.0, 1.0], 0.5, [0.5, 0.5], 0.8, 1.3)
    x, y = [0.0, 1.0] + 0.5 * grid, [0.5, 0.5] + 0.8 * grid
    expected = mmd.mmd2_biased(x, y, 1.3, plane, plane)
    assert found == pytest.approx(expected, abs=1e-11)


def test_gaussians_at_the_ends():
    x, y = [0.0, 0.0], [3.0, 4.0]
    assert mmd.mmd2_gaussians(x, 0, y, 0, 2.0) == pytest.approx(
        mmd.mmd2_biased([x], [y], 2.0), abs=TOL
    )
    assert mmd.mmd2_gaussians(0, 1e-200, 1e200, 1e-200, 1e-180) == 2
    assert mmd.mmd2_gaussians(0, 1e250, 1, 1e250, 1e-180) == 0
    assert mmd.mmd2_gaussians(0, 1.7e308, 0, 0, 1) == 1
    assert 0 <= mmd.mmd2_segments(1.0, 5e-324) < 1e-300
    assert mmd.mmd2_segments(1.0, 1e-120) == pytest.approx(1e-120 * np.sqrt(8 * np.pi))
    # A small gap keeps its digits: 2 c gap^2/(2 v), c = 3^(-1/2), v = 3.
    assert mmd.mmd2_gaussians(0, 1, 1e-9, 1, 1) == pytest.approx(
        1e-18 * 3**-1.5, rel=1e-12
    )


def test_parallel_segments():
    theta = np.array([0, 0.01, 0.5, 1])
    expected = [0, 9.243e-5, 0.21722, 0.72737]
    np.testing.assert_allclose(mmd.mmd2_segments(theta, 1.0), expected, rtol=3e-4)
    u = (np.arange(200) + 0.5) / 200
    x, y = np.c_[0 * u, u], np.c_[0 * u + 0.5, u]
    for s in (0.4, (0.4, 1.5)):
        assert mmd.mmd2_biased(x, y, s) == pytest.approx(
            float(mmd.mmd2_segments(0.5, s)), rel=1e-4
        )


@pytest.mark.parametrize("s", [1e-200, 1e-3, 1e8, 1e300])
def test_segments_at_the_ends(s):
    # Narrow: I -> s sqrt(2 pi). Wide: I -> 1.
    inside = mmd.mmd2_segments(10 * s, s) / (-2 * np.expm1(-50))
    assert inside == pytest.approx(
        s * np.sqrt(2 * np.pi) * (1 - s * np.sqrt(2 / np.pi)) if s < 1 else 1, rel=1e-12
    )


def test_points_on_the_line():
    # S-31 of any textbook: the kernel sees how far apart two points are, up to 2.
    assert mmd.mmd2_biased([0.0], [1.0], 1.0) == pytest.approx(0.786939, abs=1e-6)
    assert mmd.mmd2_biased([0.0], [5.0], 1.0) == pytest.approx(2, abs=1e-5)


def test_a_wide_kernel_sees_the_means(rng):
    x, y = rng.normal(size=(20, 2)), rng.normal(1, 1, size=(30, 2))
    gap = ((x.mean(0) - y.mean(0)) ** 2).sum()
    # s^2 MMD^2 -> |gap|^2: at s = 1e8 the values are of size 1e-16, all digits there.
    assert 1e16 * mmd.mmd2_biased(x, y, 1e8) == pytest.approx(gap, rel=1e-9)
    assert mmd.mmd2_biased(x, y, 3.0, kernel="linear") == pytest.approx(gap / 9)


def test_what_the_linear_kernel_misses():
    x, y = [-1.0, 1.0], [-2.0, 2.0]
    assert mmd.mmd2_biased(x, y, 1.0, kernel="linear") == pytest.approx(0, abs=1e-15)
    for name, kernel in mmd.KERNELS.items():
        seen = mmd.mmd2_biased(x, y, 1.0, kernel=name) > 1e-3
        assert seen == kernel.characteristic


def test_energy_kernel_is_the_energy_distance(rng):
    x, y = rng.normal(size=15), rng.normal(1, 2, size=11)
    a, b = rng.dirichlet(np.ones(15)), rng.dirichlet(np.ones(11))
    found = mmd.mmd2_biased(x, y, 1.0, a, b, kernel="energy")
    assert found == pytest.approx(stats.energy_distance(x, y, a, b) ** 2, rel=1e-12)


def test_kernel_density_estimates_in_l2(rng):
    # int (KDE_x - KDE_y)^2 at width h is (4 pi h^2)^(-1/2) MMD^2 at bandwidth sqrt 2 h.
    x, y, h = rng.normal(size=12), rng.normal(1, 1, size=9), 0.4
    grid = np.linspace(-9, 9, 20001)
    kde = lambda z: stats.norm.pdf(grid[:, None], z, h).mean(axis=1)
    direct = np.trapezoid((kde(x) - kde(y)) ** 2, grid)
    found = mmd.mmd2_biased(x, y, np.sqrt(2) * h) / np.sqrt(4 * np.pi * h**2)
    assert found == pytest.approx(direct, rel=1e-10)


@pytest.mark.parametrize("name", mmd.KERNELS)
def test_slopes_belong_to_drops(name):
    kernel = mmd.KERNELS[name]
    t = np.array([0.01, 0.3, 1.0, 7.0, 40.0])
    h = 1e-5 * t
    slope = (kernel.drop(t + h) - kernel.drop(t - h)) / (2 * h)
    np.testing.assert_allclose(kernel.slope(t), slope, rtol=1e-6, atol=1e-11)
    ends = np.array([0.0, 1e300])
    phi = [slow.KERNELS[name](r) - slow.KERNELS[name](0) for r in (0.0, 1e150)]
    np.testing.assert_allclose(kernel.drop(ends), phi, rtol=1e-12)
    assert np.all(np.isfinite(kernel.slope(ends)))
    at_zero = kernel.slope(ends[:1])[0]
    assert at_zero == (-0.5 if kernel.smooth else 0)


def test_witness(rng):
    x, y = rng.normal(size=(9, 2)), rng.normal(1, 1, size=(6, 2))
    for kernel in mmd.KERNELS:
        f = lambda z, kernel=kernel: mmd.witness(z, x, y, 0.8, kernel=kernel)
        gap = f(x).mean() - f(y).mean()
        assert gap == pytest.approx(mmd.mmd2_biased(x, y, 0.8, kernel=kernel), abs=TOL)
    z = rng.normal(size=(5, 2))
    k = mmd.gaussian_kernel
    direct = k(z, x, 0.8).mean(axis=1) - k(z, y, 0.8).mean(axis=1)
    np.testing.assert_allclose(mmd.witness(z, x, y, 0.8), direct, atol=1e-14)
    np.testing.assert_allclose(
        mmd.witness(z, y, x, 0.8), -mmd.witness(z, x, y, 0.8), atol=1e-14
    )


def test_digits():
    data = load_digits()
    images = data.data / 16
    three, eight = images[data.target == 3], images[data.target == 8]
    s = mmd.median_heuristic(three, eight)
    assert mmd.mmd2_unbiased(three, eight, s) == pytest.approx(0.2982, abs=5e-5)
    halves = mmd.mmd2_unbiased(three[::2], three[1::2], s)
    assert halves == pytest.approx(-0.0048, abs=5e-5)


def test_far_and_huge_points():
    assert mmd.mmd2_biased([0.0, 1e149], [1e149, -1e149], 1.0) == 0.5
    assert mmd.mmd2_biased([1e300], [1e300], 1e200) == 0
    shifted = mmd.mmd2_biased([1e9], [1e9 + 1], 1.0)
    assert shifted == pytest.approx(0.786939, abs=1e-6)
    clusters = np.array([0.0, 1e6, 1e6 + 1])
    found = mmd.mmd2_biased(clusters[:2], clusters[[0, 2]], 1.0)
    assert found == pytest.approx(0.786938680574733 / 4, rel=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: mmd.mmd2_biased([0.0], [1.0], 0.0),
            "bandwidth must be finite and > 0",
        ),
        (lambda: mmd.mmd2_biased([0.0], [1.0], "wide"), "bandwidth must hold real"),
        (lambda: mmd.mmd2_biased([0.0], [1.0], []), "sequence of them"),
        (lambda: mmd.mmd2_biased([0.0], [1.0], [[1.0]]), "sequence of them"),
        (lambda: mmd.mmd2_biased([[0.0, 1.0]], [1.0], 1.0), "got 2 and 1"),
        (lambda: mmd.mmd2_biased([], [1.0], 1.0), "x must have shape"),
        (lambda: mmd.mmd2_biased([np.nan], [1.0], 1.0), "x must be finite"),
        (lambda: mmd.mmd2_biased([0.0], [1.0], 1.0, [2.0]), "a must sum to 1"),
        (lambda: mmd.mmd2_biased([0.0], [1.0], 1.0, None, [1, 0]), "b must have shape"),
        (lambda: mmd.mmd2_biased([0.0], [1e151], 1.0), "y must lie within 1e150 band"),
        (
            lambda: mmd.mmd2_biased([0.0], [1.0], 1.0, kernel="box"),
            "kernel must be one of gaussian, laplace",
        ),
        (
            lambda: mmd.mmd2_biased([0.0], [1.0], 1.0, kernel=[]),
            "kernel must be one of",
        ),
        (lambda: mmd.mmd2_unbiased([0.0], [1.0], 1.0), "2 or more points"),
        (lambda: mmd.witness([[0.0, 1.0]], [0.0], [1.0], 1.0), "got 2 and 1 and 1"),
        (lambda: mmd.mmd2_gaussians(0, -1, 0, 1, 1), "scales must be >= 0"),
        (lambda: mmd.mmd2_gaussians(0, [1, 1], 0, 1, 1), "scales must be >= 0"),
        (lambda: mmd.mmd2_gaussians([0], 1, [0, 1], 1, 1), "one shape"),
        (lambda: mmd.mmd2_gaussians([], 1, [], 1, 1), "one shape"),
        (lambda: mmd.mmd2_gaussians([[0]], 1, [[1]], 1, 1), "one shape"),
        (lambda: mmd.mmd2_segments(np.inf, 1), "theta must be finite"),
        (lambda: mmd.mmd2_features([1e200], [0]), "must have means within 1e154"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
