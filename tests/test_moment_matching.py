"""Generators trained by the squared MMD: gradients, copies, learning, features."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from ottools import mmd
from ottools.datasets import modes_covered, ring, ring_centres
from ottools.mmd import mmd2_gradient, mmd2_unbiased_gradient
from ottools.models import mlp
from ottools.training import generate
from ottools.training.moment_matching import (
    MatchingConfig,
    squared_mmd,
    train_gmmn,
    train_mmd_gan,
)


def by_autograd(x, y, scales, unbiased):
    """Give the statistic as three averages that torch differentiates by itself."""

    def mean(a, b, skip):
        t = (a[:, None] - b[None]).square().sum(-1)
        k = sum(torch.exp(-t / (2 * s**2)) for s in scales) / len(scales)
        return (
            (k.sum() - k.diagonal().sum()) / (len(a) * (len(a) - 1))
            if skip
            else k.mean()
        )

    return mean(x, x, unbiased) + mean(y, y, unbiased) - 2 * mean(x, y, False)


@pytest.mark.parametrize("scales", [(1.0,), (0.3, 2.0)])
@pytest.mark.parametrize(
    ("rule", "unbiased"), [(mmd2_gradient, False), (mmd2_unbiased_gradient, True)]
)
def test_values_and_gradients_in_both_batches(rng, scales, rule, unbiased):
    x, y = (
        torch.tensor(rng.normal(size=s), requires_grad=True) for s in ((5, 3), (7, 3))
    )
    got, want = (
        squared_mmd(x, y, scales, rule=rule),
        by_autograd(x, y, scales, unbiased),
    )
    assert got.item() == pytest.approx(want.item(), abs=1e-12)
    for a, b in zip(
        torch.autograd.grad(3 * got, (x, y)),
        torch.autograd.grad(3 * want, (x, y)),
        strict=True,
    ):
        torch.testing.assert_close(a, b, atol=1e-12, rtol=0)


def test_only_the_gradient_that_is_asked_for(rng):
    x, y = torch.tensor(rng.normal(size=(4, 2))), torch.tensor(rng.normal(size=(4, 2)))
    y.requires_grad_()
    squared_mmd(x, y, 1.0).backward()
    assert x.grad is None
    assert y.grad is not None
    assert not squared_mmd(x, y.detach(), 1.0).requires_grad


def test_single_precision_stays_single(rng):
    x = torch.tensor(rng.normal(size=(4, 2)), dtype=torch.float32, requires_grad=True)
    loss = squared_mmd(x, torch.zeros(3, 2), 1.0)
    loss.backward()
    assert loss.dtype == x.grad.dtype == torch.float32


def test_errors_are_those_of_the_statistic():
    with pytest.raises(ValueError, match="bandwidth"):
        squared_mmd(torch.zeros(2, 1), torch.zeros(2, 1), 0.0)


def test_a_gmmn_learns_the_ring_and_leaves_its_start_alone():
    net = mlp((2, 32, 32, 2), np.random.default_rng(1))
    before = copy.deepcopy(net.state_dict())
    scales = (0.1, 0.3, 1.0, 3.0)
    plan = MatchingConfig(
        steps=200, batch=120, rate=1e-2, bandwidth=scales, snapshots=(0, 10, 200)
    )
    found = train_gmmn(ring, net, plan, np.random.default_rng(3))
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
    assert sorted(found.snapshots) == [0, 10, 200]
    assert all(
        torch.equal(v, before[k]) for k, v in found.snapshots[0].state_dict().items()
    )
    assert found.features is None
    assert found.losses[-20:].mean() < 0.1 * found.losses[0]
    points = generate(found.generator, 1000, 2, np.random.default_rng(5))
    assert modes_covered(points, ring_centres(), radius=0.5).covered == 8
    assert (
        mmd.mmd2_unbiased(points, ring(1000, np.random.default_rng(6)), scales) < 0.06
    )


def test_training_repeats_itself():
    net, plan = mlp((2, 8, 2), np.random.default_rng(1)), MatchingConfig(steps=5)
    runs = [
        train_gmmn(ring, net, plan, np.random.default_rng(3)).losses for _ in range(2)
    ]
    assert np.array_equal(*runs)


def test_the_rule_decides_the_loss():
    net, plan = mlp((2, 8, 2), np.random.default_rng(1)), MatchingConfig(steps=1)
    v, u = (
        train_gmmn(ring, net, plan, np.random.default_rng(3), rule=rule).losses[0]
        for rule in (mmd2_gradient, mmd2_unbiased_gradient)
    )
    assert 0 < v - u < 2 / 200


def test_features_climb_and_stay_in_their_box():
    nets = (
        mlp((2, 8, 2), np.random.default_rng(1)),
        mlp((2, 4), np.random.default_rng(2)),
    )
    before = copy.deepcopy(nets[1].state_dict())
    plan = MatchingConfig(steps=40, batch=100, clip=2.0, feature_rate=0.05)
    plan = MatchingConfig(**{**plan.__dict__, "snapshots": (0, 40), "rate": 1e-6})
    found = train_mmd_gan(ring, *nets, plan, np.random.default_rng(3))
    assert all(torch.equal(v, before[k]) for k, v in nets[1].state_dict().items())
    assert max(v.abs().max().item() for v in found.features.parameters()) < 2.0001
    assert sorted(found.snapshots) == [0, 40]
    assert found.losses[-1] > 1.5 * found.losses[0]


def test_features_that_cannot_move_leave_a_gmmn():
    class Still(nn.Module):
        def __init__(self):
            super().__init__()
            self.unused = nn.Parameter(torch.zeros(1))

        def forward(self, x):
            return x + 0 * self.unused

    net = mlp((2, 8, 2), np.random.default_rng(1))
    plan = MatchingConfig(steps=1, batch=50)
    moved = train_mmd_gan(ring, net, Still(), plan, np.random.default_rng(3))
    draws = np.random.default_rng(3)
    ring(50, draws), draws.normal(size=(50, 2))  # the batches of the features' step
    fixed = train_gmmn(ring, net, plan, draws)
    assert moved.losses[0] == pytest.approx(fixed.losses[0], rel=1e-6)
    for a, b in zip(
        moved.generator.parameters(), fixed.generator.parameters(), strict=True
    ):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"steps": 0}, "steps"),
        ({"batch": 0}, "batch"),
        ({"latent_dim": 0}, "latent_dim"),
        ({"feature_steps": 0}, "feature_steps"),
        ({"rate": 0.0}, "rates and clip"),
        ({"feature_rate": -1.0}, "rates and clip"),
        ({"clip": float("nan")}, "rates and clip"),
        ({"snapshots": (2000,)}, "snapshots"),
        ({"snapshots": (-1,)}, "snapshots"),
    ],
)
def test_settings_that_train_nothing_are_refused(change, what):
    with pytest.raises(ValueError, match=what):
        MatchingConfig(**change)
