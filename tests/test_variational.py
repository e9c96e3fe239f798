"""Variational autoencoders: the two parts, their gradients, training, weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from ottools import latent
from ottools import linear_models as lm
from ottools.training import (
    GaussianVAE,
    VaeConfig,
    fit_vae,
    gaussian_vae,
    kl_terms,
    reparameterise,
    vae_bound,
    vae_encode,
    vae_log_weights,
)


def linear(W, s, A, v) -> GaussianVAE:
    """The VAE of a linear-Gaussian model with an encoder of its own."""
    k, d = W.shape
    encoder, decoder = nn.Linear(d, 2 * k), nn.Linear(k, d)
    with torch.no_grad():
        encoder.weight.copy_(torch.from_numpy(np.vstack([A, np.zeros((k, d))])))
        encoder.bias.copy_(torch.from_numpy(np.append(np.zeros(k), np.log(v))))
        decoder.weight.copy_(torch.from_numpy(W.T))
        decoder.bias.zero_()
    return GaussianVAE(encoder, decoder, s).double()


@pytest.fixture
def toy():
    rng = np.random.default_rng(0)
    W, A = rng.normal(size=(2, 2, 4))
    v, s = np.array([0.3, 1.5]), 0.4
    model = latent.linear_gaussian(np.zeros(4), W, s)
    x = model.sample(6, rng)
    return linear(W, s, A, v), model, x, x @ A.T, v


def test_the_variance_of_the_draws_is_the_variance_of_the_encoder():
    e = torch.from_numpy(np.random.default_rng(0).normal(size=10**6))
    z = reparameterise(torch.tensor(1.0), torch.log(torch.tensor(4.0)), e)
    assert abs(z.var().item() - 4) < 0.03
    assert abs(z.mean().item() - 1) < 0.01


def test_the_divergence_is_the_closed_form():
    rng = np.random.default_rng(1)
    m, log_v = rng.normal(size=(2, 5))
    got = kl_terms(torch.from_numpy(m), torch.from_numpy(log_v)).numpy()
    assert np.allclose(got, latent.kl_to_standard(m, np.exp(log_v)))


def test_the_bound_agrees_with_the_exact_one(toy):
    vae, model, x, means, v = toy
    bound = vae_bound(vae.float(), x, 40_000, np.random.default_rng(2))
    exact = latent.elbo(model, x, means, v)
    assert np.allclose(bound.divergence, exact.divergence, atol=1e-4)
    assert np.abs(bound.reconstruction / exact.reconstruction - 1).max() < 0.02


def test_the_weights_estimate_the_density(toy):
    vae, model, x, _, _ = toy
    post = model.posterior(x)
    means, v = post.mean, np.diag(post.covariance)
    A = np.linalg.lstsq(x, means, rcond=None)[0].T
    good = linear(model.weights, float(model.noise[0]), A, v)
    rng = np.random.default_rng(3)
    log_w = vae_log_weights(good.float(), x, 20_000, rng, spread=1.5)
    assert log_w.shape == (6, 20_000)
    estimate = latent.importance_bound(log_w, 20_000)
    assert np.abs(estimate - model.log_density(x)).max() < 0.05
    assert vae is not good


def test_the_gradient_of_a_reparameterised_draw(toy):
    vae, _, x, _, _ = toy
    x = torch.from_numpy(x)
    e = torch.from_numpy(np.random.default_rng(4).normal(size=(6, 2)))

    def value():
        mean, log_variance = vae.posterior(x)
        z = reparameterise(mean, log_variance, e)
        return (vae.log_likelihood(x, z) - kl_terms(mean, log_variance).sum(1)).mean()

    value().backward()
    with torch.no_grad():
        for parameter in vae.parameters():
            flat, slope = parameter.view(-1), parameter.grad.view(-1)
            flat[0] += 1e-6
            up = value()
            flat[0] -= 2e-6
            down = value()
            flat[0] += 1e-6
            assert abs((up - down) / 2e-6 - slope[0]) < 1e-6 * (1 + abs(slope[0]))


def test_training_reaches_the_likelihood_of_ppca():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(500, 1)) * [[3.0, 1.0, 0.0]] + 0.5 * rng.normal(size=(500, 3))
    x = x - x.mean(axis=0)
    start = GaussianVAE(nn.Linear(3, 2), nn.Linear(1, 3), 1.0)
    fit = fit_vae(start, x, VaeConfig(steps=600, lr=3e-2, batch=500, draws=4), rng)
    reached = vae_bound(fit.vae, x, 500, rng).value.mean()
    best = lm.ppca(x, 1).log_likelihood
    assert best - 0.02 < reached < best + 0.01
    assert abs(fit.vae.noise / lm.ppca(x, 1).noise - 1) < 0.1


def test_a_large_beta_empties_the_code():
    rng = np.random.default_rng(6)
    x = rng.uniform(size=(200, 5))
    start = gaussian_vae((5, 8, 2), rng)
    run = lambda beta: fit_vae(
        start, x, VaeConfig(300, 1e-2, beta=beta, fixed_noise=True), rng
    )
    tight, free = run(100.0), run(0.01)
    assert tight.divergence[-1] < 0.01 < 1 < free.divergence[-1]
    assert free.reconstruction[-1] > tight.reconstruction[-1]
    assert tight.vae.noise == free.vae.noise == start.noise


def test_the_network_given_stays_and_the_generator_decides():
    rng = np.random.default_rng(7)
    start, x = gaussian_vae((4, 3, 1), rng), rng.uniform(size=(30, 4))
    before = [p.clone() for p in start.parameters()]
    state = torch.random.get_rng_state()
    config = VaeConfig(steps=4, batch=8)
    runs = [fit_vae(start, x, config, np.random.default_rng(s)) for s in (1, 1, 2)]
    pairs = zip(before, start.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert torch.equal(state, torch.random.get_rng_state())
    assert np.array_equal(runs[0].reconstruction, runs[1].reconstruction)
    assert not np.array_equal(runs[0].reconstruction, runs[2].reconstruction)
    mean, variance = vae_encode(runs[0].vae, x)
    assert mean.shape == variance.shape == (30, 1)
    assert variance.min() > 0


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: VaeConfig(steps=0), "steps, batch and draws"),
        (lambda: VaeConfig(lr=0.0), "lr must be > 0"),
        (lambda: VaeConfig(beta=-1.0), "beta >= 0"),
        (lambda: GaussianVAE(nn.Identity(), nn.Identity(), 0.0), "noise must be > 0"),
        (lambda: vae_log_weights(None, [[1.0]], 0, None), "draws must be >= 1"),
        (lambda: vae_log_weights(None, [[1.0]], 1, None, spread=0.0), "spread > 0"),
        (lambda: vae_encode(None, [[np.nan]]), "data must be finite"),
    ],
)
def test_bad_input_is_refused(call, match):
    with pytest.raises(ValueError, match=match):
        call()
