"""The permutation test, the median heuristic and random Fourier features."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ottools import mmd
from ottools.mmd.bandwidth import select
from tests import nasty
from tests.references import mmd as slow

KINDS = st.sampled_from(nasty.CLOUDS)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(nasty.SEEDS, KINDS, st.sampled_from(sorted(mmd.KERNELS)))
def test_null_is_the_statistic_after_relabelling(seed, kind, kernel):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(2, 7, size=2)
    x, y = nasty.cloud(rng, n, 2, kind), nasty.cloud(rng, m, 2, "plain")
    x = np.concatenate([x, x[:1]])
    n = len(x)
    found = mmd.permutation_test(
        x, y, 1.0, permutations=20, rng=np.random.default_rng(seed), kernel=kernel
    )
    close = 1e-9 * max(1, np.abs(x).max() ** 2 * (kernel in ("linear", "energy")))
    direct = mmd.mmd2_unbiased(x, y, 1.0, kernel=kernel)
    assert found.statistic == pytest.approx(direct, abs=close)
    z, labels = np.concatenate([x, y]), np.repeat([1.0, 0.0], [n, m])
    shuffled = np.random.default_rng(seed).permuted(np.tile(labels, (20, 1)), axis=1)
    again = [
        mmd.mmd2_unbiased(z[row == 1], z[row == 0], 1.0, kernel=kernel)
        for row in shuffled
    ]
    np.testing.assert_allclose(found.null, again, atol=close)
    extreme = (found.null >= found.statistic - close).sum()
    assert found.p_value == (1 + extreme) / 21


def test_level_is_exact(rng):
    # Of continuous data the rank of the statistic is uniform on its 20 places.
    ranks = [
        mmd.permutation_test(
            *rng.normal(size=(2, 6)), 1.0, permutations=19, rng=rng
        ).p_value
        for _ in range(4000)
    ]
    for level in (0.05, 0.1, 0.5):
        share = np.mean(np.array(ranks) <= level + 1e-12)
        error = np.sqrt(level * (1 - level) / 4000)
        assert abs(share - level) < 3.5 * error


def test_ties_are_counted(rng):
    # Every split of equal points is alike; swapped halves give the same statistic.
    found = mmd.permutation_test([1.0] * 3, [1.0] * 4, 1.0, permutations=50, rng=rng)
    assert (found.statistic, found.p_value) == (0, 1)
    x, y = np.array([0.0, 0.1]), np.array([5.0, 5.1])
    found = mmd.permutation_test(x, y, 1.0, permutations=3000, rng=rng)
    # Two of the six splits put 0, 0.1 together.
    assert found.p_value == pytest.approx(1 / 3, abs=4 * np.sqrt(2 / 9 / 3000))


def test_null_is_the_uniform_law_on_splits(rng):
    z = np.array([0.0, 0.4, 1.5, 3.0, 3.2])
    splits = [
        mmd.mmd2_unbiased(z[list(s)], np.delete(z, s), 1.0)
        for s in itertools.combinations(range(5), 2)
    ]
    found = mmd.permutation_test(z[:2], z[2:], 1.0, permutations=5000, rng=rng)
    counts = [np.isclose(found.null, s, atol=1e-9).sum() for s in splits]
    assert sum(counts) == 5000
    # chi^2 with 9 degrees of freedom: 27.9 is passed once in a thousand.
    assert sum((c - 500) ** 2 / 500 for c in counts) < 27.9


@pytest.mark.parametrize(("d", "power"), [(1, 0.92), (10, 0.75), (100, 0.25)])
def test_power_falls_with_the_dimension(d, power):
    # Unit shift of one coordinate, 34 points each: a t-test has power 0.98 in d = 1.
    rng, trials, n = np.random.default_rng(d), 60, 34
    shift = np.zeros(d)
    shift[0] = 1
    wins = 0
    for _ in range(trials):
        x, y = rng.normal(size=(n, d)), rng.normal(size=(n, d)) + shift
        s = mmd.median_heuristic(x, y)
        wins += mmd.permutation_test(x, y, s, permutations=99, rng=rng).p_value <= 0.05
    error = np.sqrt(power * (1 - power) / trials)
    assert abs(wins / trials - power) < 3 * error


@settings(max_examples=250, deadline=None, derandomize=True)
@given(nasty.SEEDS, KINDS, st.integers(-250, 250))
def test_median_against_the_definition(seed, kind, exponent):
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 4))
    x, y = (nasty.cloud(rng, int(rng.integers(1, 9)), d, kind) for _ in range(2))
    scale = 10.0**exponent
    z = np.concatenate([x, y])
    if (z == z[0]).all():
        with pytest.raises(ValueError, match="two different points; all are equal"):
            mmd.median_heuristic(x, y)
        return
    found = mmd.median_heuristic(scale * x, scale * y)
    assert found == pytest.approx(scale * slow.median(x, y), rel=1e-10)
    assert found == pytest.approx(mmd.median_heuristic(scale * y, scale * x), rel=1e-10)


def test_median_over_many_tiles(rng):
    x, y = rng.normal(size=(400, 2)), rng.normal(1, 1, size=(301, 2))
    x[:150] = x[0]
    z = np.concatenate([x, y])
    squares = ((z[:, None] - z[None]) ** 2).sum(-1)[np.triu_indices(701, 1)]
    squares = np.sort(squares[squares > 0])
    expected = np.sqrt(squares[(len(squares) - 1) // 2] / 2)
    found = mmd.median_heuristic(x, y)
    assert found == pytest.approx(expected, rel=1e-12)
    # Half of the kernel lies above exp(-1), half below.
    kernel = mmd.gaussian_kernel(z, z, found)[np.triu_indices(701, 1)]
    assert np.median(kernel[kernel < 1]) == pytest.approx(np.exp(-1), rel=1e-3)


def test_median_of_extreme_points():
    assert mmd.median_heuristic([-1e308], [1e308]) == pytest.approx(2**0.5 * 1e308)
    with pytest.raises(OverflowError, match=r"exceeds 1\.8e308: rescale"):
        mmd.median_heuristic([-1.7e308], [1.7e308])
    assert mmd.median_heuristic([0.0], [5e-324]) > 0


@given(st.lists(st.floats(5e-324, 1e308), min_size=1, max_size=30))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_selection(values):
    array = np.array(values)
    for rank in (0, len(values) // 2, len(values) - 1):
        found = select(lambda: iter(np.array_split(array, 3)), rank)
        assert found == np.sort(array)[rank]


def test_features_are_unbiased_with_the_stated_variance(rng):
    x, s, count = np.array([[0.0, 0.0], [0.6, -0.3], [2.0, 1.0]]), 0.9, 4
    kernel = mmd.gaussian_kernel(x, x, s)
    draws = np.stack(
        [
            (F := mmd.random_fourier_features(x, s, count, rng)) @ F.T
            for _ in range(8000)
        ]
    )
    variance = (1 - kernel**2) ** 2 / (2 * count)
    error = np.sqrt(variance / len(draws))
    assert np.all(np.abs(draws.mean(0) - kernel) <= 4.5 * error + 1e-12)
    np.testing.assert_allclose(draws.var(axis=0), variance, rtol=0.08, atol=1e-12)
    np.testing.assert_allclose(np.diagonal(draws, axis1=1, axis2=2), 1, atol=1e-12)


def test_features_for_several_bandwidths(rng):
    x, s, count = np.array([[0.0], [0.7]]), (0.3, 2.0), 5
    kernel = mmd.gaussian_kernel(x, x, s)[0, 1]
    draws = []
    for _ in range(8000):
        F = mmd.random_fourier_features(x, s, count, rng)
        draws.append(F[0] @ F[1])
    assert np.mean(draws) == pytest.approx(kernel, abs=4.5 * np.sqrt(1 / count / 8000))
    assert np.var(draws) <= 1 / count


def test_features_converge_like_one_over_the_root(rng):
    x, y = rng.normal(size=(30, 3)), rng.normal(0.5, 1, size=(20, 3))
    truth, counts = mmd.mmd2_biased(x, y, 1.5), np.array([50, 200, 800, 3200])
    errors = []
    for count in counts:
        misses = []
        for _ in range(100):
            F = mmd.random_fourier_features(np.vstack([x, y]), 1.5, int(count), rng)
            misses.append(mmd.mmd2_features(F[:30], F[30:]) - truth)
        errors.append(np.sqrt(np.mean(np.square(misses))))
    slope = np.polyfit(np.log(counts), np.log(errors), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.1)


def test_mmd_of_features(rng):
    F, G = rng.normal(size=(5, 3)), rng.normal(size=(4, 3))
    a, b = rng.dirichlet(np.ones(5)), rng.dirichlet(np.ones(4))
    found = mmd.mmd2_features(F, G, a, b)
    linear = mmd.mmd2_biased(F, G, 1.0, a, b, kernel="linear")
    assert found == pytest.approx(linear, rel=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda _: mmd.median_heuristic([1.0], [1.0]), "all are equal"),
        (lambda _: mmd.median_heuristic([[1.0, 2.0]], [1.0]), "got 2 and 1"),
        (
            lambda r: mmd.permutation_test([1.0], [1.0, 2.0], 1.0, rng=r),
            "2 or more points",
        ),
        (
            lambda r: mmd.permutation_test([1, 2], [1, 2], 1.0, permutations=0, rng=r),
            "permutations must be a whole number >= 1; got 0",
        ),
        (
            lambda r: mmd.permutation_test([1, 2], [1, 2], 1, permutations=2.5, rng=r),
            "permutations must be a whole number",
        ),
        (
            lambda _: mmd.permutation_test([1, 2], [1, 2], 1.0, rng=0),
            "rng must be a numpy.random.Generator; got 0",
        ),
        (lambda r: mmd.random_fourier_features([1.0], 1.0, True, r), "count must be"),
        (lambda _: mmd.random_fourier_features([1.0], 1.0, 2, None), "rng must be"),
        (lambda r: mmd.random_fourier_features([1.0], -1.0, 2, r), "bandwidth must"),
        (lambda _: mmd.mmd2_features([[1.0]], [[1.0, 2.0]]), "got 1 and 2"),
    ],
)
def test_errors(call, message, rng):
    with pytest.raises(ValueError, match=message):
        call(rng)
