"""Autoencoders that are trained: losses, shapes, randomness, stacks, noise."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from ottools import linear_models as lm
from ottools.models import Autoencoder, autoencoder, convolutional_denoiser
from ottools.training import (
    FitConfig,
    apply,
    cross_entropy,
    fit_autoencoder,
    pretrain_stack,
    squared_error,
)


def planes(seed=0, n=200):
    """Points near a plane in [0, 1]^5."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2)) @ rng.normal(size=(2, 5)) + 0.1 * rng.normal(
        size=(n, 5)
    )
    return (x - x.min()) / (x.max() - x.min())


def ellipsoid():
    """Gaussian points in five dimensions, the last of them flat."""
    return np.random.default_rng(0).normal(size=(200, 5)) * [3.0, 2.0, 0.7, 0.4, 0.1]


def test_the_losses_by_their_definitions():
    rng = np.random.default_rng(1)
    y, x = rng.uniform(0.05, 0.95, (2, 7, 3))
    a, b = torch.tensor(y), torch.tensor(x)
    assert abs(squared_error(a, b).item() - lm.reconstruction_error(x, y)) < 1e-12
    direct = -(x * np.log(y) + (1 - x) * np.log(1 - y)).sum() / 7
    assert abs(cross_entropy(a, b).item() - direct) < 1e-12
    assert cross_entropy(b, b) < cross_entropy(a, b)


def test_a_perfect_reconstruction_still_costs_the_binary_entropy():
    x = torch.full((1, 1), 0.3, dtype=torch.float64)
    assert abs(cross_entropy(x, x).item() - 0.610864) < 1e-6
    assert cross_entropy(x.round(), x.round()).item() == 0.0


def test_a_linear_autoencoder_learns_the_plane_of_pca():
    x, rng = ellipsoid(), np.random.default_rng(2)
    net = autoencoder((5, 2), rng, output=nn.Identity)
    fit = fit_autoencoder(net, x, FitConfig(steps=500, lr=3e-2), rng)
    best = lm.pca(x, 2).error
    reached = lm.reconstruction_error(x, apply(fit.network, x))
    assert best * (1 - 1e-4) <= reached <= 1.01 * best


def test_a_curve_is_coded_by_one_number_where_pca_needs_two():
    angle = np.random.default_rng(3).uniform(-2, 2, 300)
    x = 0.5 + 0.4 * np.stack([np.cos(angle), np.sin(angle)], 1)
    rng = np.random.default_rng(4)
    net = autoencoder((2, 16, 1), rng)
    fit = fit_autoencoder(net, x, FitConfig(steps=600, lr=2e-2), rng)
    assert fit.losses[-1] < 0.3 * lm.pca(x, 1).error


def test_the_networks_given_stay_and_the_generator_decides():
    x = planes()
    net = autoencoder((5, 3, 2), np.random.default_rng(0))
    before = [p.clone() for p in net.parameters()]
    state = torch.random.get_rng_state()
    config = FitConfig(steps=5, batch=16, noise=0.1)
    runs = [
        fit_autoencoder(net, x, config, np.random.default_rng(s)) for s in (1, 1, 2)
    ]
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
    assert torch.equal(state, torch.random.get_rng_state())
    assert np.array_equal(runs[0].losses, runs[1].losses)
    assert not np.array_equal(runs[0].losses, runs[2].losses)


def test_a_batch_as_large_as_the_data_is_the_data():
    x, net = planes(), autoencoder((5, 2), np.random.default_rng(0))
    whole, same = (
        fit_autoencoder(net, x, FitConfig(4, batch=b), np.random.default_rng(1))
        for b in (0, 500)
    )
    assert np.array_equal(whole.losses, same.losses)


def test_trained_with_noise_it_is_the_wiener_filter():
    x = np.random.default_rng(5).normal(size=(4000, 2)) * [2.0, 0.5]
    x -= x.mean(axis=0)
    rng = np.random.default_rng(6)
    net = autoencoder((2, 2), rng, output=nn.Identity)
    fit = fit_autoencoder(net, x, FitConfig(600, 2e-2, batch=1000, noise=1.0), rng)
    learned = apply(fit.network, np.eye(2)) - apply(fit.network, np.zeros((1, 2)))
    assert np.abs(learned - lm.wiener(x, 1.0).matrix).max() < 0.05


def test_two_points_under_noise_are_told_apart_by_tanh():
    rng = np.random.default_rng(7)
    net = autoencoder((1, 16), rng, code=nn.Tanh, output=nn.Identity)
    x = np.repeat([[-1.0], [1.0]], 500, axis=0)
    fit = fit_autoencoder(net, x, FitConfig(600, 2e-2, noise=0.8), rng)
    y = np.linspace(-2, 2, 41)[:, None]
    assert np.abs(apply(fit.network, y) - np.tanh(y / 0.64)).max() < 0.1


def test_a_stack_is_unrolled_in_the_right_order():
    x, rng = planes(), np.random.default_rng(8)
    stack = pretrain_stack((5, 4, 3, 2), x, FitConfig(30, 2e-2), rng)
    kinds = [type(p).__name__ for p in stack.network.encoder]
    sizes = [p.out_features for p in stack.network.encoder if isinstance(p, nn.Linear)]
    back = [p.out_features for p in stack.network.decoder if isinstance(p, nn.Linear)]
    assert kinds == ["Linear", "Sigmoid"] * 3
    assert (sizes, back) == ([4, 3, 2], [3, 4, 5])
    assert stack.losses.shape == (3,)


def test_a_linear_stack_trained_greedily_comes_near_pca():
    # Near, not there: the codes of untied layers are principal up to a linear map that
    # need not be a rotation, so the next layer minimises in a distorted metric.
    x, rng = ellipsoid(), np.random.default_rng(9)
    config = FitConfig(500, 3e-2)
    stack = pretrain_stack((5, 3, 2), x, config, rng, activation=nn.Identity)
    best = [lm.pca(x, k).error for k in (3, 2)]
    assert abs(stack.losses[0] / best[0] - 1) < 0.02
    whole = lm.reconstruction_error(x, apply(stack.network, x))
    assert best[1] * (1 - 1e-4) <= whole <= 1.2 * best[1]


def test_transposed_convolution_is_the_adjoint_and_not_the_inverse():
    torch.manual_seed(0)
    kernel = torch.randn(3, 1, 3, 3, dtype=torch.float64)
    x = torch.randn(2, 1, 8, 8, dtype=torch.float64)
    y = torch.randn(2, 3, 4, 4, dtype=torch.float64)
    there = nn.functional.conv2d(x, kernel, stride=2, padding=1)
    options = {"stride": 2, "padding": 1, "output_padding": 1}
    back = nn.functional.conv_transpose2d(y, kernel, **options)
    assert abs((there * y).sum() - (x * back).sum()) < 1e-12
    again = nn.functional.conv_transpose2d(there, kernel, **options)
    assert (again - x).abs().max() > 1


def test_the_denoiser_lowers_the_noise():
    rng = np.random.default_rng(10)
    x = np.zeros((100, 1, 8, 8))
    x[:50, :, :4], x[50:, :, :, :4] = 1, 1
    net = convolutional_denoiser(rng, channels=(4, 8))
    fit = fit_autoencoder(net, x, FitConfig(200, 1e-2, noise=0.3), rng)
    assert fit.losses[-1] < 0.3 * 64 * 0.09


def test_an_autoencoder_is_its_halves():
    net = Autoencoder(nn.Linear(3, 2), nn.Linear(2, 3))
    x = torch.ones(4, 3)
    assert torch.equal(net(x), net.decoder(net.encoder(x)))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: FitConfig(steps=0), "steps must be >= 1"),
        (lambda: FitConfig(batch=-1), "batch >= 0"),
        (lambda: FitConfig(lr=0), "lr must be > 0"),
        (lambda: FitConfig(noise=-0.1), "noise >= 0"),
        (lambda: autoencoder((3,), np.random.default_rng(0)), "two or more numbers"),
        (
            lambda: convolutional_denoiser(np.random.default_rng(0), channels=(0, 1)),
            "two numbers >= 1",
        ),
        (
            lambda: convolutional_denoiser(np.random.default_rng(0), channels=(1,)),
            "two numbers >= 1",
        ),
    ],
)
def test_bad_settings_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize("bad", [[], [1.0], [[np.nan]]])
def test_bad_data_are_refused(bad):
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="data .* must be finite, n >= 1"):
        fit_autoencoder(autoencoder((1, 1), rng), bad, FitConfig(1), rng)
