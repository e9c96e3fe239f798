"""Gaussians under W_2: exact pairs, POT, 50 digits, invariances, certificates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ottools import bures
from ottools.bures import factors
from ottools.convergence import ConvergenceError
from tests.references import gaussians

EPS = np.finfo(float).eps
SEED, DIM = st.integers(0, 2**32 - 1), st.integers(1, 6)
FLAGS = st.tuples(*[st.booleans()] * 5)
# Powers of 4 from 1e-300 to 1e150, so that the scaled problem has the same digits.
SCALES = st.sampled_from([4.0**-498, 4.0**-100, 1.0, 4.0**120, 4.0**249])


def many(count: int):
    return settings(max_examples=count, deadline=None, derandomize=True)


def size2(A, B):
    """Return the square of the scale to which rounding is relative."""
    return np.trace(A) + np.trace(B)


@many(500)
@given(SEED, DIM, st.integers(1, 6), st.integers(1, 6), SCALES)
def test_pairs_with_exact_answers(seed, d, rank_A, rank_T, scale):
    A, T, B, square = gaussians.related(np.random.default_rng(seed), d, rank_A, rank_T)
    found = bures.bures_distance(A, B)
    assert abs(found**2 - square) <= 40 * d * EPS * size2(A, B)
    assert bures.bures_distance(A * scale, B * scale) == pytest.approx(
        found * np.sqrt(scale), rel=1e-12, abs=0
    )
    assert bures.map_residual(T, A, B) == 0
    found = bures.optimal_map(A * scale, B * scale)
    assert bures.map_residual(found, A, B) <= 1e-8 * max(np.trace(B), 1)
    np.testing.assert_array_equal(found, found.T)
    assert np.linalg.eigvalsh(found)[0] >= -1e-12 * np.trace(found)
    # On the range of A the map is unique.
    assert np.abs((found - T) @ A).max() <= 1e-6 * max(np.trace(T @ A), 1)


@many(500)
@given(SEED, DIM, FLAGS, SCALES)
def test_against_the_definition(seed, d, flags, scale):
    rng = np.random.default_rng(seed)
    A, B = gaussians.mixture_of_features(rng, d, *flags)
    rounding = 40 * d * EPS * size2(A, B)
    square = bures.bures_distance(A, B) ** 2
    regular = not any(flags[i] for i in (0, 2, 3))
    loss = rounding if regular else np.sqrt(rounding * size2(A, B))
    assert abs(square - gaussians.plain(A, B)) <= 4 * loss
    assert abs(square - bures.bures_distance(B, A) ** 2) <= rounding
    Q, _ = np.linalg.qr(rng.normal(size=(d, d)))
    turned = [(M + M.T) / 2 for M in (Q @ A @ Q.T, Q @ B @ Q.T)]
    assert abs(square - bures.bures_distance(*turned) ** 2) <= 2 * rounding
    scaled = bures.bures_distance(A * scale, B * scale) / np.sqrt(scale)
    assert abs(square - scaled**2) <= rounding
    assert bures.bures_distance(A, A) <= np.sqrt(rounding)


@many(300)
@given(SEED, DIM, FLAGS, st.just(0) | st.floats(0.01, 1), SCALES)
def test_geodesics_have_constant_speed(seed, d, flags, t, scale):
    rng = np.random.default_rng(seed)
    A, B = gaussians.mixture_of_features(rng, d, *flags)
    whole = bures.bures_distance(A, B)
    S = bures.geodesic(A * scale, B * scale, [0.0, t, 1.0]) / scale
    trace = max(np.trace(A), np.trace(B))
    np.testing.assert_allclose(S[[0, 2]], [A, B], atol=40 * EPS * trace)
    rounding = 40 * d * EPS * size2(A, B)
    for end, share in ((A, t), (B, 1 - t)):
        step = bures.bures_distance(end, S[1])
        assert abs(step**2 - (share * whole) ** 2) <= rounding


@many(200)
@given(SEED, DIM, st.floats(-8, 0), SCALES)
def test_close_covariances_lose_no_digits(seed, d, log_gap, scale):
    A = gaussians.random_covariance(np.random.default_rng(seed), d)
    gap = 10**log_gap
    B = A * (1 + gap) ** 2
    # (1 + gap)^2 is rounded: that alone is EPS/gap of the answer.
    rel = 200 * d * EPS / gap
    exact = gap * np.sqrt(np.trace(A) * scale)
    assert bures.bures_distance(A * scale, B * scale) == pytest.approx(exact, rel=rel)


@many(200)
@given(SEED, st.integers(1, 5), FLAGS)
def test_triangle_and_translation(seed, d, flags):
    rng = np.random.default_rng(seed)
    A, B = gaussians.mixture_of_features(rng, d, *flags)
    C = gaussians.random_covariance(rng, d)
    a, b, c, shift = rng.normal(size=(4, d))
    w2 = bures.gaussian_w2
    slack = np.sqrt(40 * d * EPS * (size2(A, B) + np.trace(C)))
    assert w2(a, A, c, C) <= w2(a, A, b, B) + w2(b, B, c, C) + slack
    moved = w2(a + shift, A, b + shift, B)
    assert moved == pytest.approx(w2(a, A, b, B), rel=1e-9)
    assert w2(a, A, b, B) ** 2 == pytest.approx(
        np.sum((a - b) ** 2) + bures.bures_distance(A, B) ** 2, rel=1e-12
    )


@many(60)
@given(SEED, st.integers(1, 3), FLAGS)
def test_fifty_digits(seed, d, flags):
    rng = np.random.default_rng(seed)
    A, B = gaussians.mixture_of_features(rng, d, *flags)
    found, exact = bures.bures_distance(A, B), gaussians.bures(A, B)
    assert abs(found**2 - exact**2) <= 40 * d * EPS * size2(A, B)


def test_closed_forms():
    assert bures.gaussian_w2([0], [[1]], [1], [[4]]) ** 2 == pytest.approx(2, abs=1e-14)
    l, m = np.array([1.0, 2, 0, 5]), np.array([3.0, 0, 0, 5])
    commuting = np.sum((np.sqrt(l) - np.sqrt(m)) ** 2)
    found = bures.bures_distance(np.diag(l), np.diag(m))
    assert found**2 == pytest.approx(commuting, rel=1e-14)
    A = np.array([[2.0, 0.8], [0.8, 1.0]])
    assert bures.gaussian_w2([1, 2], A, [4, 6], A) == pytest.approx(5, rel=1e-15)
    B = np.diag([1.0, 4.0])
    assert bures.bures_distance(A, B) ** 2 == pytest.approx(1.468611, abs=5e-7)
    assert bures.bures_distance(A, B) == pytest.approx(
        bures.bures_distance(B, A), abs=1e-15
    )
    trace = np.trace(A @ B) + 2 * np.sqrt(np.linalg.det(A @ B))
    assert bures.bures_distance(A, B) ** 2 == pytest.approx(8 - 2 * np.sqrt(trace))


@pytest.mark.parametrize("scale", [2.0**1020, 2.0**-1070])
def test_to_the_ends_of_the_floats(scale):
    # Sums of 40 squares of these factors are no floats any more, or have no digits.
    A, B = scale * np.eye(40), 4 * scale * np.eye(40)
    root = np.sqrt(40) * np.sqrt(scale)
    assert bures.bures_distance(A, B) == pytest.approx(root, rel=1e-14, abs=0)
    np.testing.assert_allclose(bures.optimal_map(A, B), 2 * np.eye(40), atol=1e-14)
    np.testing.assert_array_equal(bures.geodesic(A, B, [0, 1]), [A, B])
    found = bures.barycentre([A, B], [0.5, 0.5])
    rtol = 1e-14 if scale > 1 else 0.1  # subnormal numbers have few digits
    np.testing.assert_allclose(found.covariance / 9, (A + B) / 20, rtol=rtol)


def test_map_of_systems_in_two_forms(rng):
    A, B = (gaussians.random_covariance(rng, 5) for _ in range(2))
    lam, V = np.linalg.eigh(A)
    R, Ri = (V * np.sqrt(lam)) @ V.T, (V / np.sqrt(lam)) @ V.T
    mu, U = np.linalg.eigh(R @ B @ R)
    T = Ri @ (U * np.sqrt(mu)) @ U.T @ Ri
    np.testing.assert_allclose(bures.optimal_map(A, B), T, atol=1e-11)
    there_and_back = bures.optimal_map(B, A) @ bures.optimal_map(A, B)
    np.testing.assert_allclose(there_and_back, np.eye(5), atol=1e-11)
    for t in (0.0, 0.3, 1.0):
        M = (1 - t) * np.eye(5) + t * T
        np.testing.assert_allclose(bures.geodesic(A, B, t), M @ A @ M, atol=1e-12)
    distance = np.sqrt(np.trace((np.eye(5) - T) @ A @ (np.eye(5) - T)))
    assert bures.bures_distance(A, B) == pytest.approx(distance, rel=1e-11)


def test_pot(rng):
    A, B = (gaussians.random_covariance(rng, 8) for _ in range(2))
    a, b = rng.normal(size=(2, 8))
    expected = ot.gaussian.bures_wasserstein_distance(a, b, A, B)
    assert bures.gaussian_w2(a, A, b, B) == pytest.approx(expected, rel=1e-10)
    T, _ = ot.gaussian.bures_wasserstein_mapping(a, b, A, B)
    np.testing.assert_allclose(bures.optimal_map(A, B), T, atol=1e-10)
    covs = np.stack([A, B, np.eye(8)])
    _, S = ot.gaussian.bures_wasserstein_barycenter(np.zeros((3, 8)), covs, eps=1e-12)
    np.testing.assert_allclose(bures.barycentre(covs).covariance, S, atol=1e-8)


def test_samples_approach_the_distance(rng):
    A, B = np.diag([1.0, 4.0]), np.array([[2.0, 0.8], [0.8, 1.0]])
    x, y = (rng.multivariate_normal([0, 0], M, size=400) for M in (A, B))
    sampled = ot.emd2([], [], ot.dist(x, y))
    # The empirical value is biased upward; 0.25 is its size at n = 400.
    assert sampled == pytest.approx(bures.bures_distance(A, B) ** 2, abs=0.25)


def test_leading_axes(rng):
    A = np.stack([gaussians.random_covariance(rng, 3) for _ in range(4)])
    B = np.stack([gaussians.random_covariance(rng, 3, rank=2) for _ in range(2)])
    table = bures.bures_distance(A[:, None], B)
    maps, back = bures.optimal_map(A[:, None], B), bures.map_residual
    halves = bures.geodesic(A[:, None], B, 0.5)
    assert table.shape == (4, 2)
    assert halves.shape == maps.shape == (4, 2, 3, 3)
    assert bures.geodesic(A[0], B[0], [[0.0, 0.5]]).shape == (1, 2, 3, 3)
    assert np.all(back(maps, A[:, None], B) < 1e-12)
    for i in range(4):
        for j in range(2):
            one = bures.bures_distance(A[i], B[j])
            assert table[i, j] == pytest.approx(one, rel=1e-13)
            np.testing.assert_allclose(
                halves[i, j], bures.geodesic(A[i], B[j], 0.5), atol=1e-14
            )
    means = rng.normal(size=(4, 1, 3))
    w2 = bures.gaussian_w2(means, A[:, None], np.zeros(3), B)
    square = np.sum(means**2, axis=-1) + table**2
    np.testing.assert_allclose(w2, np.sqrt(square), rtol=1e-14)


def test_gradient_by_central_differences(rng):
    A, B = (gaussians.random_covariance(rng, 4, condition=5) for _ in range(2))
    D = gaussians.random_covariance(rng, 4)
    D[0, 0] -= 2
    h = 1e-5
    ends = [bures.bures_distance(A + s * h * D, B) ** 2 for s in (1, -1)]
    slope = np.sum(bures.distance_gradient(A, B) * D)
    assert (ends[0] - ends[1]) / (2 * h) == pytest.approx(slope, rel=1e-7)


def test_certificate_of_a_map_grows_with_its_fault(rng):
    A, B = (gaussians.random_covariance(rng, 3) for _ in range(2))
    T = bures.optimal_map(A, B)
    bump = np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])
    faults = [bures.map_residual(T + h * bump, A, B) for h in (0, 1e-6, 1e-3)]
    assert faults[0] < 1e-14 < 1e-8 < faults[1] < faults[2] / 500
    # A rotation in between keeps T A T^T = B; asymmetry alone gives it away.
    lam, V = np.linalg.eigh(A)
    R, Ri = (V * np.sqrt(lam)) @ V.T, (V / np.sqrt(lam)) @ V.T
    Q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turned = T @ R @ Q @ Ri
    np.testing.assert_allclose(turned @ A @ turned.T, B, atol=1e-13)
    assert bures.map_residual(turned, A, B) > 0.1


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e150])
def test_maps_that_do_not_exist(scale):
    A, B = np.diag([1.0, 0.0]) * scale, np.diag([1.0, 1.0]) * scale
    with pytest.raises(ValueError, match="orthogonal to the range of A"):
        bures.optimal_map(A, B)
    with pytest.raises(ValueError, match="orthogonal to the range of A"):
        bures.optimal_map(A, np.diag([0.0, 1.0]))
    np.testing.assert_allclose(bures.optimal_map(B, A), A / scale, atol=1e-15)
    # The range of B need not lie in that of A: a line goes onto a tilted line.
    v = np.array([3.0, 4.0])
    T = bures.optimal_map(A, np.outer(v, v) * scale)
    np.testing.assert_allclose(T, np.outer(v, v) / 3, atol=1e-13)
    np.testing.assert_array_equal(bures.optimal_map(A, 0 * A), 0 * A)


@many(150)
@given(SEED, st.integers(1, 5), st.integers(1, 5), st.booleans(), st.booleans(), SCALES)
def test_barycentres(seed, d, count, low, zero_weight, scale):
    rng = np.random.default_rng(seed)
    ranks = [1 + int(rng.integers(d)) if low and i else d for i in range(count)]
    covs = np.stack([gaussians.random_covariance(rng, d, r) for r in ranks])
    w = rng.dirichlet(np.ones(count))
    if zero_weight:
        covs, w = np.append(covs, 7 * covs[:1], axis=0), np.append(w, 0.0)
    found = bures.barycentre(covs * scale, w, tol=1e-8, max_iter=5000)
    size = np.sqrt(w @ np.trace(covs, axis1=1, axis2=2))
    assert found.residual <= 1.01e-8 * size * np.sqrt(scale)
    assert found.gap <= 1e-4 * size**2 * scale
    S = found.covariance / scale
    value = sum(
        wi * bures.bures_distance(S, A) ** 2 for wi, A in zip(w, covs, strict=True)
    )
    assert found.value / scale == pytest.approx(value, abs=1e-13)
    for _ in range(3):
        other = (S + 0.1 * gaussians.random_covariance(rng, d)) / rng.uniform(0.9, 1.2)
        rival = bures.certify_barycentre(other, covs, w)
        assert rival.value >= (found.value - found.gap) / scale - 1e-13
        assert rival.value - rival.gap <= found.value / scale + 1e-13


@many(150)
@given(SEED, st.integers(1, 5), st.integers(1, 4), SCALES)
def test_barycentres_of_commuting_covariances(seed, d, count, scale):
    rng = np.random.default_rng(seed)
    Q, _ = np.linalg.qr(rng.normal(size=(d, d)))
    lam = rng.integers(0, 4, size=(count, d)).astype(float)
    w = rng.dirichlet(np.ones(count))
    covs = (Q * lam[:, None]) @ Q.T
    covs = (covs + np.swapaxes(covs, 1, 2)) / 2 * scale
    found = bures.barycentre(covs, w)
    exact = (Q * (w @ np.sqrt(lam)) ** 2) @ Q.T
    np.testing.assert_allclose(found.covariance / scale, exact, atol=1e-7)
    assert found.iterations <= 40


def test_barycentre_of_two_is_the_middle_of_their_geodesic(rng):
    A, B = (gaussians.random_covariance(rng, 4) for _ in range(2))
    found = bures.barycentre([A, B], [0.75, 0.25], tol=1e-12)
    middle = bures.geodesic(A, B, 0.25)
    np.testing.assert_allclose(found.covariance, middle, atol=1e-10)
    whole = bures.bures_distance(A, B) ** 2
    assert found.value == pytest.approx(0.75 * 0.25 * whole, rel=1e-10)
    assert 0 <= found.gap < 1e-9


def test_certificate_of_a_barycentre_grows_with_its_fault(rng):
    covs = np.stack([gaussians.random_covariance(rng, 3) for _ in range(4)])
    found = bures.barycentre(covs, tol=1e-13)
    again = bures.certify_barycentre(found.covariance, covs)
    assert replace(again, iterations=found.iterations).residual == found.residual
    faults = []
    for h in (1e-6, 1e-4, 1e-2):
        bad = replace(found, covariance=found.covariance + h * np.diag([1.0, 0, 0]))
        faults.append(bures.certify_barycentre(bad.covariance, covs))
    residuals = [f.residual for f in faults]
    assert (
        found.residual < 1e-12 < residuals[0] < residuals[1] / 50 < residuals[2] / 2e3
    )
    for fault in faults:
        assert 0 <= fault.value - found.value <= fault.gap + 1e-14
        assert fault.gap > 10 * found.gap
    far = bures.certify_barycentre(np.eye(3) * 1e200, covs * 1e-200)
    assert far.value == pytest.approx(3e200, rel=1e-12)
    assert far.gap >= far.value * (1 - 1e-12)
    blind = bures.certify_barycentre(np.diag([1.0, 1.0, 0.0]), covs)
    assert blind.gap == np.inf


def test_residual_is_half_the_gradient(rng):
    covs = np.stack([gaussians.random_covariance(rng, 3) for _ in range(4)])
    S = gaussians.random_covariance(rng, 3)
    M = np.mean([bures.optimal_map(S, A) for A in covs], axis=0)
    I = np.eye(3)
    expected = np.sqrt(np.trace((I - M) @ S @ (I - M)))
    assert bures.certify_barycentre(S, covs).residual == pytest.approx(expected)


def test_weightless_covariances_do_not_count():
    line = np.diag([1.0, 0.0])
    found = bures.barycentre([line, np.eye(2)], [1.0, 0.0])
    np.testing.assert_allclose(found.covariance, line, atol=1e-15)
    assert found.gap == pytest.approx(0, abs=1e-14)


def test_barycentre_of_nothing_but_points():
    found = bures.barycentre(np.zeros((2, 3, 3)))
    assert (found.value, found.residual, found.gap) == (0, 0, 0)
    assert not found.covariance.any()


def test_no_convergence_carries_the_last_iterate(rng):
    covs = np.stack([gaussians.random_covariance(rng, 3) for _ in range(4)])
    with pytest.raises(ConvergenceError, match="raise max_iter or tol") as caught:
        bures.barycentre(covs, tol=1e-12, max_iter=2)
    last = caught.value.last
    assert last.iterations == 2
    assert last.residual == bures.certify_barycentre(last.covariance, covs).residual


def test_factors_and_checks(rng):
    for rank in (1, 3):
        A = gaussians.random_covariance(rng, 3, rank)
        X = bures.factor(A * 1e-280)
        np.testing.assert_allclose(X @ X.T, A * 1e-280, atol=1e-295)
    np.testing.assert_array_equal(bures.covariance(A), A)
    noisy = A + 1e-16 * np.array([[0, 1, 0], [0, 0, 0], [0, 0, 0]])
    np.testing.assert_allclose(bures.covariance(noisy), A, atol=1e-16)


I2 = np.eye(2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bures.covariance([1.0]), r"A must have shape \(..., d, d\)"),
        (lambda: bures.covariance(np.ones((2, 3))), r"got \(2, 3\)"),
        (lambda: bures.covariance(np.ones((0, 0))), r"got \(0, 0\)"),
        (lambda: bures.covariance(1j * I2), "A must be real"),
        (lambda: bures.covariance([[np.nan]], "S"), "S must be finite"),
        (lambda: bures.covariance([["a"]]), "A must hold real numbers"),
        (lambda: bures.covariance([[1, 0.5], [0.25, 1]]), "differ by 0.25"),
        (lambda: bures.factor(-I2, "B"), "B must be positive semi-.* is -1 times"),
        (lambda: bures.covariance([[1, 2], [2, 1]]), "eigenvalue is -0.333 times"),
        (lambda: bures.bures_distance(I2, -I2), "B must be positive semi-definite"),
        (lambda: bures.bures_distance(I2, [[1.0]]), "A and B must have one dimension"),
        (
            lambda: bures.geodesic([I2, I2], [I2, I2, I2], 0),
            r"got \(2, 2, 2\) and \(3, 2, 2\)",
        ),
        (lambda: bures.gaussian_w2([0], I2, [0, 0], I2), r"got \(1,\) and \(2,\)"),
        (lambda: bures.gaussian_w2(0, I2, [0, 0], I2), r"got \(\) and \(2,\)"),
        (
            lambda: bures.gaussian_w2([[0, 0]] * 2, [I2] * 3, [0, 0], I2),
            "m0, m1 must have shape",
        ),
        (lambda: bures.geodesic(I2, I2, 1.5), r"t must lie in \[0, 1\]; got 1.5"),
        (lambda: bures.geodesic(I2, I2, np.nan), "t must be finite"),
        (lambda: bures.map_residual([[1.0]], I2, I2), "T must have shape"),
        (lambda: bures.barycentre(I2), r"covs must have shape \(k, d, d\)"),
        (lambda: bures.barycentre([I2], [0.5]), "weights must sum to 1"),
        (lambda: bures.barycentre([I2], tol=0), "tol must be finite and > 0"),
        (lambda: bures.barycentre([I2], tol=[1, 1]), "tol must be one number"),
        (lambda: bures.map_residual(1e200 * I2, I2, I2), "T A T\\^T is within 1.8e308"),
        (lambda: bures.barycentre([I2], max_iter=0), "max_iter must be a whole"),
        (lambda: bures.barycentre([I2], max_iter=1.5), "max_iter must be a whole"),
        (lambda: bures.certify_barycentre([[1]], [I2]), r"S must have shape \(2, 2\)"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("power", [-1074, -1022, -401, -400, -399, 0, 398, 399, 1023])
def test_units_at_the_ends_of_the_ordinary_range(power):
    """Ordinary alone or beside a matrix that is not: each has its own unit."""
    A = np.ldexp([[1.0, -0.5], [-0.5, 0.25]], power)
    for matrices in (A, np.stack([A, np.zeros((2, 2)), np.eye(2)])):
        unit, k = factors.unit_scale(matrices)
        assert k.shape == matrices.shape[:-2]
        np.testing.assert_array_equal(factors.times_power(unit, 2 * k), matrices)
        top = np.abs(unit).max(axis=(-2, -1))
        assert np.all((top == 0) | ((top >= 2.0**-400) & (top < 2.0**400)))
        assert np.all((k == 0) | (np.abs(matrices).max(axis=(-2, -1)) != 1))
    assert (int(factors.unit_scale(A)[1]) == 0) == (-400 <= power < 399)
