"""PCA, its autoencoder, probabilistic PCA and the Wiener filter in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from ottools import linear_models as lm
from ottools.convergence import ConvergenceError
from ottools.datasets import digits


def cloud(seed: int, flags: int) -> np.ndarray:
    """Draw points; the bits of flags make them flat, doubled, far off, tiny, single."""
    rng = np.random.default_rng(seed)
    n, d = (1 if flags & 16 else int(rng.integers(2, 12))), int(rng.integers(2, 7))
    x = rng.normal(size=(n, d)) * rng.uniform(0.1, 3, d)
    if flags & 1:
        x[:, -1] = x[:, 0]
    if flags & 2:
        x = np.vstack([x, x[:1]])
    if flags & 4:
        x = x + 1e3
    return x * 1e-6 if flags & 8 else x


clouds = given(st.integers(0, 10**6), st.integers(0, 31))
often = settings(max_examples=150, deadline=None, derandomize=True)


@pytest.mark.parametrize(
    ("k", "error"),
    [(1, 3.994420), (2, 3.355253), (8, 1.530448), (16, 0.706796), (32, 0.157909)],
)
def test_the_errors_on_the_digits_are_known(k, error):
    fit = lm.pca(digits().images, k)
    assert abs(fit.error - error) < 1e-6
    assert abs(fit.eigenvalues.sum() - 4.693276) < 1e-6


@often
@clouds
def test_pca_is_the_truncated_singular_value_decomposition(seed, flags):
    x = cloud(seed, flags)
    k = 1 + seed % x.shape[1]
    fit, centred = lm.pca(x, k), x - x.mean(axis=0)
    tail = np.linalg.svd(centred, compute_uv=False)[k:]
    size = (centred**2).sum() / len(x) + 1e-300
    slack = 1e-12 * (size + 1e-4 * (x**2).sum() / len(x))
    assert abs(fit.error - (tail**2).sum() / len(x)) <= slack
    shown = lm.reconstruction_error(x, fit.decode(fit.encode(x)))
    assert abs(shown - fit.error) <= slack
    assert np.allclose(fit.components @ fit.components.T, np.eye(k), atol=1e-12)


@often
@clouds
def test_no_plane_is_nearer(seed, flags):
    x = cloud(seed, flags)
    k = 1 + seed % x.shape[1]
    fit = lm.pca(x, k)
    rng = np.random.default_rng(seed)
    u = np.linalg.qr(rng.normal(size=(x.shape[1], k)))[0].T
    u = np.linalg.qr((fit.components + 0.3 * u).T)[0].T if seed % 2 else u
    other = fit.mean + (x - fit.mean) @ u.T @ u
    assert lm.reconstruction_error(x, other) >= fit.error * (1 - 1e-9) - 1e-12


def test_the_signs_of_the_components_are_fixed():
    rows = lm.pca(digits().images, 10).components
    assert np.all(rows.max(axis=1) == np.abs(rows).max(axis=1))


def test_the_greedy_stack_of_linear_layers_is_pca():
    x = digits().images
    first = lm.pca(x, 16)
    second = lm.pca(first.encode(x), 2)
    output = first.decode(second.decode(second.encode(first.encode(x))))
    assert abs(lm.reconstruction_error(x, output) - 3.355253) < 1e-6


@often
@clouds
def test_the_tied_error_is_what_it_says_and_has_its_gradient(seed, flags):
    x = cloud(seed, flags & 11)
    mean, C = lm.covariance(x)
    rng = np.random.default_rng(seed)
    W, V = rng.normal(size=(2, 2, x.shape[1]))
    J = lm.tied_error(C, W)
    direct = lm.reconstruction_error(x - mean, (x - mean) @ W.T @ W)
    assert abs(J - direct) <= 1e-11 * (direct + np.trace(C) + 1e-300)
    h = 1e-5
    slope = (lm.tied_error(C, W + h * V) - lm.tied_error(C, W - h * V)) / (2 * h)
    size = np.trace(C) * (1 + np.abs(W).max()) ** 3 + 1e-300
    assert abs(slope - np.sum(lm.tied_gradient(C, W) * V)) <= 1e-6 * size


def test_descent_finds_the_plane_but_not_the_axes():
    x = digits().images
    C, fit = lm.covariance(x)[1], lm.pca(x, 2)
    rng = np.random.default_rng(3)
    got = lm.tied_descent(C, 0.1 * rng.normal(size=(2, 64)))
    W = got.weights
    assert abs(got.errors[-1] - fit.error) < 1e-12
    assert got.slope <= 1e-9
    assert np.abs(W @ W.T - np.eye(2)).max() < 1e-9
    assert np.abs(W.T @ W - fit.components.T @ fit.components).max() < 1e-7
    assert np.all(np.diff(got.errors) < 1e-13)
    assert np.abs(np.abs(W @ fit.components.T) - np.eye(2)).max() > 0.1
    assert got.path.shape == (len(got.errors), 2, 64)
    again = lm.tied_descent(1e-8 * C, got.path[0])
    assert np.allclose(again.path[-1], W, atol=1e-7)


def test_a_descent_that_has_not_arrived_says_so():
    with pytest.raises(ConvergenceError, match="raise max_iter or lower lr") as caught:
        lm.tied_descent(np.eye(2), [[0.1, 0.2]], max_iter=3)
    assert len(caught.value.last.errors) == 4
    assert caught.value.last.slope > 1e-9


def test_ppca_on_the_digits_is_known():
    fit = lm.ppca(digits().images, 2)
    assert abs(fit.noise - 0.0541170) < 1e-7
    assert abs(fit.log_likelihood - 0.0057067) < 1e-7


@pytest.mark.parametrize("k", [1, 2, 3])
def test_ppca_is_the_best_gaussian_of_its_kind(k):
    rng = np.random.default_rng(k)
    x = rng.normal(size=(200, 4)) @ rng.normal(size=(4, 4)) + 3
    fit = lm.ppca(x, k)

    def value(weights, noise):
        law = multivariate_normal(fit.mean, weights.T @ weights + noise * np.eye(4))
        return law.logpdf(x).mean()

    assert abs(value(fit.weights, fit.noise) - fit.log_likelihood) < 1e-10
    for _ in range(20):
        near = fit.weights + 0.05 * rng.normal(size=fit.weights.shape)
        assert value(near, fit.noise * rng.uniform(0.8, 1.2)) < fit.log_likelihood


@pytest.mark.parametrize(
    ("sigma", "error"), [(0.3, 1.466110), (0.1, 0.350602), (0.5, 2.352135)]
)
def test_what_the_wiener_filter_leaves_is_known(sigma, error):
    assert abs(lm.wiener(digits().images, sigma).error - error) < 1e-6


@often
@clouds
def test_no_linear_denoiser_is_better(seed, flags):
    x = cloud(seed, flags & 23)
    sigma = float(np.random.default_rng(seed).uniform(0.05, 2))
    fit = lm.wiener(x, sigma)
    C, d = lm.covariance(x)[1], x.shape[1]

    def left(A):
        return np.trace((np.eye(d) - A) @ C @ (np.eye(d) - A).T) + sigma**2 * np.sum(
            A**2
        )

    slack = 1e-9 * (1 + np.trace(C))
    assert abs(left(fit.matrix) - fit.error) <= slack
    tries = np.random.default_rng(seed + 1).normal(size=(5, d, d))
    assert all(left(fit.matrix + 0.1 * t) >= fit.error - slack for t in tries)
    best = np.linalg.solve(C + sigma**2 * np.eye(d), C)
    assert np.allclose(fit.matrix, best, atol=1e-9)


def test_the_filter_removes_the_noise_that_it_promises():
    x, rng = digits().images, np.random.default_rng(5)
    fit = lm.wiener(x, 0.3)
    left = lm.reconstruction_error(x, fit(x + 0.3 * rng.normal(size=x.shape)))
    assert abs(left - fit.error) < 0.03


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: lm.pca(np.eye(3), 4), "k must be an integer in 1..d = 3; got 4"),
        (lambda: lm.pca(np.eye(3), 0), "k must be an integer"),
        (lambda: lm.pca(np.eye(3), 1.0), "k must be an integer"),
        (lambda: lm.pca([[np.nan, 1.0]], 1), "x must be finite"),
        (lambda: lm.ppca(np.eye(3), 3), "1..d - 1 = 2"),
        (lambda: lm.ppca([[0.0, 0.0], [1.0, 1.0]], 1), "vary in more than k = 1"),
        (lambda: lm.ppca([[1.0, 1.0], [1.0, 1.0]], 1), "vary in more than k = 1"),
        (lambda: lm.wiener(np.eye(3), 0.0), "sigma must be finite and > 0"),
        (lambda: lm.reconstruction_error(np.eye(3), np.eye(2)), "one shape"),
        (lambda: lm.tied_error(np.eye(3), np.eye(2)), "must fit"),
        (lambda: lm.tied_descent(np.eye(2), [[1.0, 0]], lr=0), "lr must be"),
        (lambda: lm.tied_descent(np.eye(2), [[1.0, 0]], tol=0), "tol must be"),
        (lambda: lm.tied_descent(np.eye(2), [[1.0, 0]], max_iter=0), "max_iter"),
        (lambda: lm.tied_descent(np.eye(2), [[1.0, 0]], max_iter=2.5), "max_iter"),
        (lambda: lm.tied_descent(np.zeros((2, 2)), [[1.0, 0]]), "largest eigenvalue"),
    ],
)
def test_bad_input_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
