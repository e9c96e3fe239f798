"""Linear-Gaussian latent variables: likelihood, bounds, factor analysis, linear VAE."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm
from sklearn.decomposition import FactorAnalysis as ScikitFactors

from ottools import latent
from ottools import linear_models as lm
from ottools.convergence import ConvergenceError
from ottools.datasets import digits
from ottools.latent.factors import _slope
from ottools.latent.linear_vae import _bound_and_slope

TOY = latent.linear_gaussian([0.0], [[1.0]], 1.0)


def drawn(seed: int, flags: int) -> tuple[latent.LinearGaussian, np.ndarray]:
    """Draw a model and points; flags: dead, unequal noise, far, tiny, one point."""
    rng = np.random.default_rng(seed)
    k, d = int(rng.integers(1, 5)), int(rng.integers(1, 7))
    W = rng.normal(size=(k, d)) * (0 if flags & 1 else 1)
    noise = rng.uniform(1e-3, 2, d) if flags & 2 else 0.7
    scale = 1e-5 if flags & 8 else 1.0
    x = rng.normal(size=(1 if flags & 16 else 9, d)) + (50 if flags & 4 else 0)
    model = latent.linear_gaussian(
        scale * rng.normal(size=d), scale * W, scale**2 * np.asarray(noise)
    )
    return model, scale * x


models = given(st.integers(0, 10**6), st.integers(0, 31))
often = settings(max_examples=150, deadline=None, derandomize=True)


@often
@models
def test_the_log_density_is_that_of_the_marginal_gaussian(seed, flags):
    model, x = drawn(seed, flags)
    slow = multivariate_normal(model.mean, model.covariance, allow_singular=False)
    assert np.allclose(model.log_density(x), slow.logpdf(x), rtol=1e-7, atol=1e-7)


@often
@models
def test_the_posterior_is_gaussian_conditioning(seed, flags):
    model, x = drawn(seed, flags)
    cross = np.linalg.solve(model.covariance, model.weights.T)
    got = model.posterior(x)
    assert np.allclose(got.mean, (x - model.mean) @ cross, rtol=1e-6, atol=1e-7)
    k = len(model.weights)
    assert np.allclose(got.covariance, np.eye(k) - model.weights @ cross, atol=1e-7)


@often
@models
def test_the_bound_is_the_likelihood_less_the_divergence_from_the_posterior(
    seed, flags
):
    model, x = drawn(seed, flags)
    rng = np.random.default_rng(seed + 1)
    m, v = rng.normal(size=(2, len(x), len(model.weights)))
    v = np.exp(v)
    bound, post = latent.elbo(model, x, m, v), model.posterior(x)
    precision = np.linalg.inv(post.covariance)
    gap = m - post.mean
    slow = (
        (v * np.diag(precision)).sum(1)
        - v.shape[1]
        - np.log(v).sum(1)
        + np.linalg.slogdet(post.covariance)[1]
        + np.einsum("ni,ij,nj->n", gap, precision, gap)
    ) / 2
    right = model.log_density(x) - slow
    assert np.allclose(bound.value, right, rtol=1e-6, atol=1e-6)
    assert np.all(bound.divergence >= 0)


def test_the_toy_has_the_known_values():
    assert abs(TOY.log_density([[1.0]])[0] + 1.515512) < 1e-6
    assert abs(np.exp(TOY.log_density([[0.0]])[0]) - 0.2820948) < 1e-7
    tight = latent.elbo(TOY, [[1.0]], [[0.5]], [0.5]).value[0]
    wide = latent.elbo(TOY, [[1.0]], [[0.5]], [1.0]).value[0]
    assert abs(tight + 1.515512) < 1e-6
    assert abs(tight - wide - (1 - np.log(2)) / 2) < 1e-12


def test_the_divergence_by_quadrature():
    z = np.linspace(-30, 30, 200001)
    for m, v in ((0.0, 1.0), (1.0, 4.0), (-2.0, 0.01)):
        q = norm.pdf(z, m, v**0.5)
        slow = (norm.logpdf(z, m, v**0.5) - norm.logpdf(z)) @ q * (z[1] - z[0])
        assert abs(latent.kl_to_standard(m, v) - slow) < 1e-9
    near = 1 + np.array([0.0, 1e-9, -1e-9])
    assert np.all(latent.kl_to_standard(0.0, near) >= 0)


def test_equal_noise_is_probabilistic_pca():
    x = digits().images
    fit = lm.ppca(x, 2)
    model = latent.linear_gaussian(fit.mean, fit.weights, fit.noise)
    assert abs(model.log_density(x).mean() - fit.log_likelihood) < 1e-9
    assert abs(fit.log_likelihood - 0.0057067) < 1e-7
    post = model.posterior(x)
    variances = np.diag(post.covariance)
    assert np.allclose(post.covariance, np.diag(variances))
    bound = latent.elbo(model, x, post.mean, variances)
    assert np.allclose(bound.value, model.log_density(x), atol=1e-9)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_the_ascent_of_a_linear_vae_ends_at_ppca(k):
    rng = np.random.default_rng(k)
    x = rng.normal(size=(400, 7)) @ rng.normal(size=(7, 7)) * [10, 1, 1, 1, 1, 1, 0.1]
    fit, best, axes = latent.linear_vae(x, k, rng), lm.ppca(x, k), lm.pca(x, k)
    assert abs(fit.bounds[-1] - best.log_likelihood) < 1e-8
    assert abs(fit.log_likelihoods[-1] - best.log_likelihood) < 1e-8
    assert np.all(fit.bounds <= fit.log_likelihoods + 1e-9)
    assert np.all(fit.log_likelihoods <= best.log_likelihood + 1e-9)
    assert np.all(np.diff(fit.bounds) >= -1e-9)
    rows = fit.model.weights / np.linalg.norm(fit.model.weights, axis=1)[:, None]
    cosines = np.abs(rows @ axes.components.T)
    assert np.allclose(np.sort(cosines.max(axis=1)), 1, atol=1e-4)
    means = (x - fit.model.mean) @ fit.encoder.T
    slow = latent.elbo(fit.model, x, means, fit.variances).value.mean()
    assert abs(slow - fit.bounds[-1]) < 1e-8
    assert np.allclose(fit.path[-1], fit.model.weights)


def test_the_gradient_of_the_profile_bound():
    rng = np.random.default_rng(0)
    C = np.cov(rng.normal(size=(4, 30)))
    theta, way = rng.normal(size=(2, 9))
    slope = _bound_and_slope(C, theta)[1] @ way
    h = 1e-6
    up, down = (_bound_and_slope(C, theta + s * h * way)[0] for s in (1, -1))
    assert abs((up - down) / (2 * h) - slope) < 1e-7 * (1 + abs(slope))


def test_a_linear_vae_does_not_depend_on_the_unit():
    x = np.random.default_rng(3).normal(size=(200, 4)) * [3, 2, 1, 1]
    a, b = (latent.linear_vae(u * x, 2, np.random.default_rng(4)) for u in (1, 1e-6))
    assert np.allclose(a.model.weights, 1e6 * b.model.weights, atol=1e-6)
    assert abs(a.bounds[-1] - b.bounds[-1] - 4 * np.log(1e-6)) < 1e-6


@pytest.mark.parametrize("k", [1, 2, 3])
def test_factor_analysis_agrees_with_scikit_learn(k):
    rng = np.random.default_rng(k)
    x = rng.normal(size=(600, k)) @ rng.normal(size=(k, 8))
    x = x + rng.normal(size=(600, 8)) * rng.uniform(0.3, 2, 8)
    fit = latent.factor_analysis(x, k)
    other = ScikitFactors(k, tol=1e-8, max_iter=20000, svd_method="lapack").fit(x)
    assert abs(fit.log_likelihood - other.score(x)) < 1e-5
    assert np.allclose(fit.model.noise, other.noise_variance_, rtol=2e-2)
    assert fit.log_likelihood >= other.score(x) - 1e-9
    assert np.allclose(np.diag(fit.model.covariance), x.var(axis=0), rtol=1e-4)


def test_factor_analysis_is_blind_to_units_and_ppca_is_not():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(500, 2)) @ rng.normal(size=(2, 5)) + rng.normal(size=(500, 5))
    unit = np.array([1, 10, 0.1, 3, 1])
    one, two = latent.factor_analysis(x, 2), latent.factor_analysis(unit * x, 2)
    assert abs(one.log_likelihood - two.log_likelihood - np.log(unit).sum()) < 1e-6
    ppca = lm.ppca(x, 2).log_likelihood - lm.ppca(unit * x, 2).log_likelihood
    assert abs(ppca - np.log(unit).sum()) > 0.1
    assert one.log_likelihood > lm.ppca(x, 2).log_likelihood


def test_the_slope_certifies_a_factor_model():
    rng = np.random.default_rng(8)
    x = rng.normal(size=(500, 1)) * [1.0, 2.0, 3.0] + rng.normal(size=(500, 3))
    fit = latent.factor_analysis(x, 1)
    _, C = lm.covariance(x)
    unit = np.sqrt(np.diag(C))
    R, W = C / unit / unit[:, None], fit.model.weights / unit
    noise = fit.model.noise / unit**2
    assert abs(_slope(R, W, noise) - fit.slope) < 1e-12
    assert _slope(R, 1.01 * W, noise) > 1e-4
    assert _slope(R, W, 1.01 * noise) > 1e-4

    def value(noise):
        model = dataclasses.replace(fit.model, noise=noise)
        return model.log_density(x).mean()

    for factor in (0.9, 1.1):
        for i in range(3):
            bent = fit.model.noise.copy()
            bent[i] *= factor
            assert value(bent) < fit.log_likelihood


def test_bounds_of_several_draws_rise_to_the_likelihood():
    rng = np.random.default_rng(0)
    x = np.array([1.0])
    z = norm.rvs(0.2, 1.0, size=(240_000, 1), random_state=rng)
    log_w = TOY.log_weights(x, z, norm.logpdf(z[:, 0], 0.2, 1.0))
    known = TOY.log_density([x])[0]
    values = [latent.importance_bound(log_w, k) for k in (1, 2, 5, 50)]
    assert np.all(np.diff(values) > 0)
    assert values[-1] < known
    exact = latent.elbo(TOY, [x], [[0.2]], [1.0]).value[0]
    assert abs(values[0] - exact) < 4 * log_w.std() / np.sqrt(len(log_w))
    assert abs(np.exp(log_w).mean() / np.exp(known) - 1) < 0.01


def test_importance_bounds_by_their_definition():
    log_w = np.log(np.arange(1.0, 15.0)).reshape(2, 7)
    slow = [
        np.mean([np.log(np.exp(r[i : i + 3]).mean()) for i in (0, 3)]) for r in log_w
    ]
    assert np.allclose(latent.importance_bound(log_w, 3), slow)
    assert np.allclose(latent.importance_bound(log_w, 1), log_w.mean(axis=1))


@often
@models
def test_the_cost_of_prior_sampling(seed, flags):
    model, x = drawn(seed, flags & ~4)
    cost = model.log_prior_cost(x)
    assert np.all(cost >= -1e-9)
    half = multivariate_normal(
        model.mean, model.weights.T @ model.weights + np.diag(model.noise / 2)
    )
    slow = half.logpdf(x) - np.log(4 * np.pi * model.noise).sum() / 2
    assert np.allclose(cost, slow - 2 * model.log_density(x), rtol=1e-6, atol=1e-6)


def test_the_cost_of_prior_sampling_by_sampling():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(400_000, 1))
    w = np.exp(TOY.log_weights([1.0], z, latent.standard_log_density(z)))
    relative = (w**2).mean() / w.mean() ** 2
    assert abs(np.log(relative) - TOY.log_prior_cost([[1.0]])[0]) < 0.01
    closed = np.log(2 / np.sqrt(3)) + 1 / 6
    assert abs(TOY.log_prior_cost([[1.0]])[0] - closed) < 1e-12


def test_samples_have_the_covariance_of_the_model():
    model, _ = drawn(5, 2)
    x = model.sample(200_000, np.random.default_rng(0))
    size = np.abs(model.covariance).max()
    assert np.abs(np.cov(x.T, bias=True) - model.covariance).max() < 0.03 * size


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: latent.linear_gaussian([0.0], [[1.0, 2.0]], 1.0), "must fit"),
        (lambda: latent.linear_gaussian([0.0], [[1.0]], [1.0, 2.0]), "must fit"),
        (lambda: latent.linear_gaussian([0.0], [[1.0]], 0.0), "noise must be"),
        (lambda: TOY.log_density([[1.0, 2.0]]), "x must have shape"),
        (lambda: latent.kl_to_standard(0.0, 0.0), "variance must be"),
        (lambda: latent.elbo(TOY, [[1.0]], [[0.0, 0.0]], [1.0]), "must fit n = 1"),
        (lambda: latent.elbo(TOY, [[1.0]], [[0.0]], [1.0, 1.0]), "must fit n = 1"),
        (lambda: latent.importance_bound(np.zeros(3), 4), "k must be"),
        (lambda: latent.importance_bound(np.zeros(3), 1.5), "k must be"),
        (lambda: latent.importance_bound(0.0, 1), "log_weights must have shape"),
        (lambda: latent.importance_bound(np.zeros((2, 0)), 1), "must have shape"),
        (lambda: latent.factor_analysis(np.eye(3), 3), "k must be"),
        (lambda: latent.factor_analysis(np.eye(3), 1.0), "k must be"),
        (lambda: latent.factor_analysis([[1.0, 2], [1, 3]], 1), "0 does not"),
        (lambda: latent.factor_analysis([[1.0, 2], [2, 4]], 1), "singular"),
        (lambda: latent.linear_vae(np.eye(3), 3, None), "k must be"),
        (lambda: latent.linear_vae(np.eye(3), 1.0, None), "k must be"),
        (lambda: latent.linear_vae(np.ones((3, 2)), 1, None), "not all the same"),
    ],
)
def test_bad_input_is_refused(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_not_converging_raises_and_carries_the_last_iterate():
    x = np.random.default_rng(0).normal(size=(50, 4))
    with pytest.raises(ConvergenceError, match="raise max_iter") as caught:
        latent.factor_analysis(x, 2, max_iter=2)
    assert caught.value.last.slope > 1e-6
    with pytest.raises(ConvergenceError, match="raise max_iter") as caught:
        latent.linear_vae(x, 2, np.random.default_rng(1), max_iter=2)
    assert caught.value.last.slope > 1e-6
    assert len(caught.value.last.bounds) == 3
