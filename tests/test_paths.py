"""Gaussian paths: declared rates, conversions, mixtures, the flow between laws."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq
from scipy.special import logsumexp

from ottools import bures, measures, paths
from ottools.paths import PATHS, VIEWS
from tests.references import gaussians

SEED, NAME = st.integers(0, 2**32 - 1), st.sampled_from(sorted(PATHS))
TIME = st.floats(0.02, 0.98)


def many(count: int):
    return settings(max_examples=count, deadline=None, derandomize=True)


def random_mixture(rng, k, d, *, full=True, points=False):
    m = 2 * rng.normal(size=(k, d))
    if points:
        C = np.zeros(k)
    elif full:
        C = [
            gaussians.random_covariance(rng, d, 1 + int(rng.integers(d)))
            for _ in range(k)
        ]
    else:
        C = rng.uniform(0.1, 2, size=k)
    return paths.gaussian_mixture(rng.dirichlet(np.ones(k)), m, C)


@pytest.mark.parametrize("name", PATHS)
def test_declared_rates_are_the_derivatives(name):
    path = PATHS[name]
    for t in (0.1, 0.45, 0.9):
        near = [path.at(t + h) for h in (-1e-5, 1e-5)]
        now = path.at(t)
        for value, rate in (("alpha", "alpha_rate"), ("variance", "variance_rate")):
            slope = (getattr(near[1], value) - getattr(near[0], value)) / 2e-5
            assert getattr(now, rate) == pytest.approx(slope, abs=1e-9)
    assert path.at(0.0)[::2] == (1, 0)


@pytest.mark.parametrize("name", PATHS)
def test_paths_as_they_are_defined(name):
    t = np.array([0.0, 0.25, 0.5, 1.0])
    sigma, alpha = {
        "ornstein_uhlenbeck": (np.sqrt(1 - np.exp(-2 * t)), np.exp(-t)),
        "heat": (np.sqrt(2 * t), 1 + 0 * t),
        "variance_exploding": (t, 1 + 0 * t),
        "straight": (t, 1 - t),
        "trigonometric": (np.sin(np.pi * t / 2), np.cos(np.pi * t / 2)),
    }[name]
    rates = PATHS[name].at(t)
    np.testing.assert_allclose(rates.alpha, alpha, atol=1e-15)
    np.testing.assert_allclose(rates.variance, sigma**2, atol=1e-15)


def test_noise_of_a_short_time_keeps_its_digits():
    assert PATHS["ornstein_uhlenbeck"].at(1e-18).variance == 2e-18
    assert PATHS["heat"].at(1e300).variance == 2e300


@many(300)
@given(SEED, NAME, TIME, st.sampled_from(sorted(VIEWS)), st.sampled_from(sorted(VIEWS)))
def test_every_conversion_has_its_inverse(seed, name, t, source, target):
    rng = np.random.default_rng(seed)
    x, value = rng.normal(size=(2, 4, 3))
    there = paths.convert(PATHS[name], t, x, value, source, target)
    back = paths.convert(PATHS[name], t, x, there, target, source)
    np.testing.assert_allclose(back, value, atol=1e-9 * (1 + np.abs(there).max()))


@many(200)
@given(SEED, NAME, TIME, st.integers(1, 3), st.integers(1, 3), st.booleans())
def test_conversions_agree_with_the_exact_fields(seed, name, t, k, d, points):
    rng = np.random.default_rng(seed)
    path, data = PATHS[name], random_mixture(rng, k, d, points=points)
    x = 2 * rng.normal(size=(5, d))
    a, _, V, _ = path.at(t)
    later = paths.mixture_at(data, path, t)
    fields = {
        "score": paths.score(later, x),
        "denoiser": paths.denoiser(data, path, t, x),
        "velocity": paths.velocity(data, path, t, x),
    }
    fields["noise"] = -np.sqrt(V) * fields["score"]
    size = 1 + np.abs(fields["score"]).max()
    for source, value in fields.items():
        for target, expected in fields.items():
            found = paths.convert(path, t, x, value, source, target)
            np.testing.assert_allclose(found, expected, atol=1e-8 * size)
    np.testing.assert_allclose(later.means, a * data.means)
    np.testing.assert_allclose(
        later.covariances, a**2 * data.covariances + V * np.eye(d), atol=1e-12
    )


@many(100)
@given(SEED, NAME, st.floats(0.1, 0.9), st.integers(1, 3), st.integers(1, 3))
def test_continuity_equation(seed, name, t, k, d):
    rng = np.random.default_rng(seed)
    path, data = PATHS[name], random_mixture(rng, k, d, full=False)
    x, h = rng.normal(size=(1, d)), 1e-5

    def log_density(time, place):
        return paths.logpdf(paths.mixture_at(data, path, time), place)[0]

    rate = (log_density(t + h, x) - log_density(t - h, x)) / (2 * h)
    transport, divergence = 0.0, 0.0
    for i in range(d):
        e = h * np.eye(d)[i]
        slope = (log_density(t, x + e) - log_density(t, x - e)) / (2 * h)
        field = [paths.velocity(data, path, t, x + s * e)[0, i] for s in (-1, 0, 1)]
        transport += field[1] * slope
        divergence += (field[2] - field[0]) / (2 * h)
        assert paths.score(paths.mixture_at(data, path, t), x)[0, i] == pytest.approx(
            slope, abs=1e-6 * (1 + abs(slope))
        )
    size = 1 + abs(rate) + abs(transport) + abs(divergence)
    assert abs(rate + transport + divergence) < 1e-5 * size


@many(100)
@given(SEED, st.integers(1, 4), st.integers(1, 3), st.booleans())
def test_density_against_scipy(seed, k, d, full):
    rng = np.random.default_rng(seed)
    m, w = rng.normal(size=(k, d)), rng.dirichlet(np.ones(k))
    C = np.stack([gaussians.random_covariance(rng, d, condition=50) for _ in range(k)])
    if not full:
        C = rng.uniform(0.1, 2, size=k)[:, None, None] * np.eye(d)
    given_as = C if full else C[:, 0, 0]
    mixture = paths.gaussian_mixture(w, m, given_as)
    x = 3 * rng.normal(size=(6, d))
    normal = stats.multivariate_normal
    logs = [np.log(w[i]) + normal.logpdf(x, m[i], C[i]) for i in range(k)]
    expected = logsumexp(logs, axis=0)
    np.testing.assert_allclose(paths.logpdf(mixture, x), expected, rtol=1e-9)
    np.testing.assert_allclose(mixture.covariances, C, atol=1e-13)


def test_density_on_the_line_is_that_of_measures():
    x = np.linspace(-40, 40, 9)
    mixture = paths.gaussian_mixture([0.25, 0.75, 0.0], [-4, 4, 9], [1.0, 4.0, 0.0])
    expected = measures.mixture_logpdf(x, [0.25, 0.75], [-4, 4], [1, 2])
    np.testing.assert_allclose(paths.logpdf(mixture, x), expected, rtol=1e-14)
    assert mixture.weights.tolist() == [0.25, 0.75]


def test_denoiser_is_the_posterior_mean():
    path, t, x = PATHS["ornstein_uhlenbeck"], 0.3, 0.7
    data = paths.gaussian_mixture([0.3, 0.7], [-1.0, 2.0], [0.25, 1.0])
    a, _, V, _ = path.at(t)

    def joint(x0):
        prior = np.exp(paths.logpdf(data, [x0])[0])
        return prior * np.exp(-((x - a * x0) ** 2) / (2 * V))

    ends = {"limit": 200, "epsabs": 1e-13, "points": [-1, 1, 2]}
    mass, _ = quad(joint, -12, 12, **ends)
    mean, _ = quad(lambda x0: x0 * joint(x0), -12, 12, **ends)
    found = paths.denoiser(data, path, t, [x])
    assert found[0, 0] == pytest.approx(mean / mass, rel=1e-9)


def test_two_points_give_a_hyperbolic_tangent():
    # x_0 = +-1 with noise: E[x_0 | x] = tanh(x/sigma^2).
    data = paths.gaussian_mixture(None, [-1.0, 1.0], [0.0, 0.0])
    x = np.array([-1.0, 0.0, 0.3, 2.0])
    found = paths.denoiser(data, PATHS["variance_exploding"], 0.5, x)
    np.testing.assert_allclose(found[:, 0], np.tanh(x / 0.25), atol=1e-15)


def test_fifty_digits_far_out():
    mixture = paths.gaussian_mixture([0.25, 0.75], [-1.0, 1.0], [0.5, 2.0])
    with mpmath.workdps(50):
        for x in (-30.0, 0.1, 60.0):
            parts = [
                w * mpmath.npdf(x, m, mpmath.sqrt(v))
                for w, m, v in ((0.25, -1, 0.5), (0.75, 1, 2))
            ]
            slopes = [-(x + 1) / mpmath.mpf(0.5), -(x - 1) / mpmath.mpf(2)]
            exact = sum(p * s for p, s in zip(parts, slopes, strict=True)) / sum(parts)
            found = paths.score(mixture, [x])[0, 0]
            assert found == pytest.approx(float(exact), rel=1e-13)


@pytest.mark.parametrize("name", ["ornstein_uhlenbeck", "straight", "trigonometric"])
def test_flow_on_the_line_is_the_quantile_map(name):
    path = PATHS[name]
    w, m, s = np.array([0.3, 0.7]), np.array([-1.0, 2.0]), np.array([0.5, 1.0])
    data = paths.gaussian_mixture(w, m, s**2)

    def quantile(u):
        return brentq(lambda x: w @ stats.norm.cdf(x, m, s) - u, -20, 20, xtol=1e-14)

    start = [quantile(u) for u in (0.1, 0.3, 0.6, 0.9)]
    end = min(path.end, 18.0)
    flow = solve_ivp(
        lambda t, x: paths.velocity(data, path, min(t, end), x)[:, 0],
        (0, end),
        start,
        method="DOP853",
        rtol=1e-11,
        atol=1e-12,
    )
    expected = [-1.281552, -0.524401, 0.253347, 1.281552]
    np.testing.assert_allclose(flow.y[:, -1], expected, atol=1e-6)


def test_flow_of_gaussian_data_is_the_optimal_map(rng):
    S = gaussians.random_covariance(rng, 3, condition=10)
    data = paths.gaussian_mixture([1.0], np.zeros((1, 3)), S[None])
    start = rng.normal(size=(4, 3))
    flow = solve_ivp(
        lambda t, x: paths.velocity(
            data, PATHS["ornstein_uhlenbeck"], t, x.reshape(4, 3)
        ).ravel(),
        (0, 20),
        start.ravel(),
        method="DOP853",
        rtol=1e-10,
        atol=1e-11,
    )
    expected = start @ bures.optimal_map(S, np.eye(3))
    np.testing.assert_allclose(flow.y[:, -1].reshape(4, 3), expected, atol=1e-7)


@pytest.mark.parametrize("name", PATHS)
def test_sde_moves_the_moments_of_the_path(name):
    # dx = f x dt + g dW: mean' = f mean, variance' = 2 f variance + g^2.
    t = np.array([0.2, 0.6])
    a, da, V, dV = PATHS[name].at(t)
    f, g2 = paths.sde(PATHS[name], t)
    np.testing.assert_allclose(f * a, da, atol=1e-14)
    np.testing.assert_allclose(2 * f * V + g2, dV, atol=1e-14)
    assert np.all(g2 > 0)
    known = {"ornstein_uhlenbeck": (-1, 2), "heat": (0, 2)}.get(name, (f, g2))
    np.testing.assert_allclose([f, g2], np.broadcast_arrays(*known, t)[:2], atol=1e-14)


def test_samples_have_the_moments_of_the_law(rng):
    C = np.array([[[2.0, 0.8], [0.8, 1.0]], [[1.0, 0.0], [0.0, 0.0]]])
    w, m = np.array([0.4, 0.6]), np.array([[1.0, 2.0], [-1.0, 0.0]])
    data, n = paths.gaussian_mixture(w, m, C), 20000
    path, t = PATHS["ornstein_uhlenbeck"], 0.4
    x0 = paths.sample(data, n, rng=rng)
    xt, noise = paths.noised(path, t, x0, rng=rng)
    law = paths.mixture_at(data, path, t)
    for x, mixture in ((x0, data), (xt, law)):
        mean = mixture.weights @ mixture.means
        second = np.einsum("k,ki,kj->ij", mixture.weights, mixture.means, mixture.means)
        second += np.tensordot(mixture.weights, mixture.covariances, 1)
        products = np.einsum("ni,nj->nij", x, x)
        for found, exact in ((x, mean), (products, second)):
            error = found.std(axis=0) / np.sqrt(n)
            assert np.all(np.abs(found.mean(axis=0) - exact) < 4.5 * error)
    a, _, V, _ = path.at(t)
    np.testing.assert_allclose(xt, a * x0 + np.sqrt(V) * noise, rtol=1e-14)
    times = rng.uniform(size=(n, 1))
    assert paths.noised(path, times, x0, rng=rng)[0].shape == (n, 2)


RNG = np.random.default_rng(0)
OU, LINE = PATHS["ornstein_uhlenbeck"], PATHS["straight"]
ONE = paths.gaussian_mixture([1.0], [0.0], [1.0])
POINT = paths.gaussian_mixture([1.0], [0.0], [0.0])


def turn(t, source, target="denoiser"):
    return paths.convert(LINE, t, 1.0, 1.0, source, target)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: OU.at(-0.1), r"t must lie in \[0, inf\]; got -0.1"),
        (lambda: LINE.at([0.5, 1.5]), r"t must lie in \[0, 1\]; got 0.5 to 1.5"),
        (lambda: OU.at(np.nan), "t must be finite"),
        (lambda: turn(0.5, "speed"), "A view is one of .*; got 'speed'"),
        (lambda: turn(0.5, "score", "drift"), "A view is one of .*; got 'drift'"),
        (lambda: turn(1.0, "score"), "score does not determine the field at t = 1.0"),
        (lambda: turn(0.0, "denoiser"), "denoiser does not determine the field"),
        (lambda: turn(0.0, "noise"), "noise does not determine the field"),
        (lambda: turn(0.0, "velocity"), "velocity does not determine the field"),
        (lambda: paths.sde(LINE, 1.0), "alpha must not be 0"),
        (lambda: paths.noised(OU, [1, 2], [1.0, 2, 3], rng=RNG), "got \\(2,\\)"),
        (lambda: paths.noised(OU, 1, [np.inf], rng=RNG), "x0 must be finite"),
        (lambda: paths.mixture_at(ONE, OU, [1.0]), "t must be one number"),
        (lambda: paths.velocity(ONE, OU, [1.0], [0.0]), "t must be one number"),
        (lambda: paths.gaussian_mixture([0.5], [0.0], [1.0]), "weights must sum to 1"),
        (lambda: paths.gaussian_mixture(None, [0.0], [-1.0]), "covariances must be >="),
        (lambda: paths.gaussian_mixture(None, [0.0], 1.0), r"got \(\)"),
        (lambda: paths.gaussian_mixture(None, [0.0], [[[-1.0]]]), "positive semi-def"),
        (
            lambda: paths.gaussian_mixture(None, [[0.0, 0]], [[[1, 2], [3, 4]]]),
            "covariances must be symmetric",
        ),
        (lambda: paths.logpdf(POINT, [0.0]), "A component is singular"),
        (lambda: paths.score(POINT, [0.0]), "A component is singular"),
        (lambda: paths.velocity(POINT, OU, 0.0, [0.0]), "A component is singular"),
        (lambda: paths.logpdf(ONE, [[0.0, 1.0]]), "x must have 1 coordinates; got 2"),
        (lambda: paths.logpdf(ONE, [1e200]), "x lies too far out"),
        (lambda: paths.sample(ONE, 2, rng=0), "rng must be a numpy.random.Generator"),
        (lambda: paths.noised(OU, 1, [1.0], rng=None), "rng must be a numpy"),
        (lambda: turn(0.5, ["score"]), "A view is one of"),
        (
            lambda: paths.convert(LINE, 0.5, 1.7e308, 1.0, "score", "denoiser"),
            "the denoiser exceeds 1.8e308",
        ),
        (
            lambda: paths.convert(LINE, [0.5, 1], [1, 2, 3], 1.0, "score", "noise"),
            "t, x, value must have shapes that broadcast",
        ),
        (lambda: paths.velocity(ONE, OU, 1.0, [1.7e308]), "x lies too far out"),
        (lambda: paths.sample(ONE, 10**400, rng=RNG), "n must be at most 1000000000"),
        (lambda: paths.sample(ONE, 0, rng=None), "n must be a whole number"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
