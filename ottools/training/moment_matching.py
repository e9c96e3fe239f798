"""Generators trained by the squared MMD, with a fixed kernel or with learned features.

No kernel is written here: values and gradients come from `ottools.mmd`, torch only
carries them through the networks.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from ottools.mmd import mmd2_gradient
from ottools.training.adversarial import Sampler


class _Statistic(torch.autograd.Function):
    """A squared MMD of two batches and its closed gradients in both."""

    @staticmethod
    def forward(ctx, x, y, bandwidth, rule):
        """Return the statistic; keep the gradients that will be asked for."""
        a, b = (t.detach().numpy().astype(float) for t in (x, y))
        wanted = ctx.needs_input_grad[:2]
        first = rule(a, b, bandwidth)
        second = rule(b, a, bandwidth).gradient if wanted[1] else None
        ctx.gradients = [
            None if g is None or not want else torch.from_numpy(g).to(t)
            for g, want, t in zip((first.gradient, second), wanted, (x, y), strict=True)
        ]
        return x.new_tensor(first.value)

    @staticmethod
    def backward(ctx, slope):
        """Scale the gradients by the slope of what follows."""
        return *(g if g is None else slope * g for g in ctx.gradients), None, None


def squared_mmd(x: Tensor, y: Tensor, bandwidth, *, rule=mmd2_gradient) -> Tensor:
    """Return the squared MMD of two batches (n,d), (m,d), differentiable in both.

    `rule` is `mmd2_gradient` (V-statistic) or `mmd2_unbiased_gradient` (U-statistic)
    of `ottools.mmd`, which also computes the gradients and raises the errors.

    Examples
    --------
    >>> x = torch.zeros(1, 1, requires_grad=True)
    >>> loss = squared_mmd(x, torch.ones(1, 1), 1.0)
    >>> loss.backward()
    >>> round(loss.item(), 6), round(x.grad.item(), 6)
    (0.786939, -1.213061)
    """
    return _Statistic.apply(x, y, bandwidth, rule)


@dataclass(frozen=True)
class MatchingConfig:
    """Settings of Adam steps on the squared MMD of two batches of equal size.

    `bandwidth` is one number or several, `rate` falls to 0 along a cosine. With learned
    features `feature_steps` ascents precede each descent, at the rate `feature_rate`,
    and every weight of the features is kept within [-clip, clip].
    """

    steps: int = 1000
    batch: int = 200
    latent_dim: int = 2
    rate: float = 5e-3
    bandwidth: float | tuple[float, ...] = 1.0
    snapshots: tuple[int, ...] = ()
    feature_steps: int = 1
    feature_rate: float = 5e-3
    clip: float = 0.1

    def __post_init__(self):
        """Reject settings under which nothing would be trained."""
        counts = (self.steps, self.batch, self.latent_dim, self.feature_steps)
        if min(counts) < 1:
            raise ValueError(
                f"steps, batch, latent_dim, feature_steps must be >= 1; got {counts}."
            )
        sizes = (self.rate, self.feature_rate, self.clip)
        if not all(size > 0 for size in sizes):
            raise ValueError(f"rates and clip must be > 0; got {sizes}.")
        if any(not 0 <= step <= self.steps for step in self.snapshots):
            raise ValueError(
                f"snapshots must lie in 0..{self.steps}; got {self.snapshots}."
            )


@dataclass(frozen=True)
class MatchingResult:
    """A trained generator, the loss (steps,) of each step, generators on the way.

    `features` is the trained feature map, or None where the kernel was fixed.
    """

    generator: nn.Module
    losses: np.ndarray
    snapshots: dict[int, nn.Module] = field(default_factory=dict)
    features: nn.Module | None = None


def train_gmmn(
    data: Sampler,
    generator: nn.Module,
    config: MatchingConfig,
    rng: np.random.Generator,
    *,
    rule=mmd2_gradient,
) -> MatchingResult:
    """Train a copy of the generator to match batches of data in a fixed kernel.

    The generative moment matching network of Li, Swersky and Zemel 2015: no
    discriminator, the loss is the squared MMD of N = M samples each. `data` is called
    with (n, rng); all randomness comes from `rng`.

    Raises ValueError as `squared_mmd` does.

    Examples
    --------
    >>> from ottools.datasets import ring
    >>> from ottools.models import mlp
    >>> rng = np.random.default_rng(0)
    >>> net, plan = mlp((2, 8, 2), rng), MatchingConfig(steps=20, batch=50)
    >>> train_gmmn(ring, net, plan, rng).losses.shape
    (20,)
    """
    net = copy.deepcopy(generator)
    turn = _Descent(net, config)
    kept = {0: copy.deepcopy(net)} if 0 in config.snapshots else {}
    losses = np.empty(config.steps)
    for step in range(config.steps):
        real, fake = _batches(data, net, config, rng)
        losses[step] = turn(squared_mmd(fake, real, config.bandwidth, rule=rule))
        if step + 1 in config.snapshots:
            kept[step + 1] = copy.deepcopy(net)
    return MatchingResult(net, losses, kept)


def train_mmd_gan(
    data: Sampler,
    generator: nn.Module,
    features: nn.Module,
    config: MatchingConfig,
    rng: np.random.Generator,
) -> MatchingResult:
    """Train a generator against learned features: the MMD-GAN of Li et al. 2017.

    The kernel is k(f(x), f(y)) with a network f that ascends the squared MMD of the
    batches while the generator descends it; clipped weights keep f bounded. Copies of
    both networks are trained; for features that do not learn this is `train_gmmn` on
    the features of the data.

    Raises ValueError as `squared_mmd` does.

    Examples
    --------
    >>> from ottools.datasets import ring
    >>> from ottools.models import mlp
    >>> rng = np.random.default_rng(0)
    >>> nets = mlp((2, 8, 2), rng), mlp((2, 8, 3), rng)
    >>> plan = MatchingConfig(steps=5, batch=50)
    >>> train_mmd_gan(ring, *nets, plan, rng).losses.shape
    (5,)
    """
    net, f = copy.deepcopy(generator), copy.deepcopy(features)
    turn = _Descent(net, config)
    ascent = torch.optim.Adam(f.parameters(), lr=config.feature_rate, betas=(0.5, 0.9))
    kept = {0: copy.deepcopy(net)} if 0 in config.snapshots else {}
    losses = np.empty(config.steps)
    for step in range(config.steps):
        for _ in range(config.feature_steps):
            real, fake = _batches(data, net, config, rng)
            ascent.zero_grad()
            (-squared_mmd(f(fake.detach()), f(real), config.bandwidth)).backward()
            ascent.step()
            _clip(f, config.clip)
        real, fake = _batches(data, net, config, rng)
        losses[step] = turn(squared_mmd(f(fake), f(real).detach(), config.bandwidth))
        if step + 1 in config.snapshots:
            kept[step + 1] = copy.deepcopy(net)
    return MatchingResult(net, losses, kept, f)


class _Descent:
    """Adam with a rate that falls along a cosine."""

    def __init__(self, net: nn.Module, config: MatchingConfig):
        self.adam = torch.optim.Adam(net.parameters(), lr=config.rate)
        self.cosine = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.adam, config.steps
        )

    def __call__(self, loss: Tensor) -> float:
        """Take one step down; return the loss before it."""
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        self.cosine.step()
        return loss.item()


def _batches(data, net, config: MatchingConfig, rng) -> tuple[Tensor, Tensor]:
    kind = torch.get_default_dtype()
    real = torch.as_tensor(np.asarray(data(config.batch, rng)), dtype=kind)
    noise = rng.normal(size=(config.batch, config.latent_dim))
    return real, net(torch.as_tensor(noise, dtype=kind))


def _clip(net: nn.Module, bound: float) -> None:
    with torch.no_grad():
        for weight in net.parameters():
            weight.clamp_(-bound, bound)
