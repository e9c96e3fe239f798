"""A generator trained against a discriminator, and discriminators trained anew."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from ottools.objectives import (
    discriminator_loss,
    non_saturating_loss,
    saturating_loss,
)

Sampler = Callable[[int, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class GanConfig:
    """Settings of alternating Adam steps.

    Before the first step the discriminator alone is trained for `warmup` steps; the
    generators of the steps in `snapshots` are kept.
    """

    steps: int = 2000
    batch: int = 128
    latent_dim: int = 2
    lr_generator: float = 1e-3
    lr_discriminator: float = 1e-3
    betas: tuple[float, float] = (0.5, 0.999)
    discriminator_steps: int = 1
    warmup: int = 0
    snapshots: tuple[int, ...] = ()

    def __post_init__(self):
        """Reject settings under which nothing would be trained."""
        counts = (self.steps, self.batch, self.latent_dim, self.discriminator_steps)
        if min(counts) < 1 or self.warmup < 0:
            raise ValueError(
                "steps, batch, latent_dim, discriminator_steps must be >= 1, "
                f"warmup >= 0; got {counts} and {self.warmup}."
            )
        if min(self.lr_generator, self.lr_discriminator) <= 0:
            raise ValueError(
                "learning rates must be > 0; "
                f"got {self.lr_generator} and {self.lr_discriminator}."
            )
        if any(not 0 <= step <= self.steps for step in self.snapshots):
            raise ValueError(
                f"snapshots must lie in 0..{self.steps}; got {self.snapshots}."
            )


@dataclass(frozen=True)
class TrainResult:
    """A trained pair, its two losses (steps,) and generators kept on the way."""

    generator: nn.Module
    discriminator: nn.Module
    generator_loss: np.ndarray
    discriminator_loss: np.ndarray
    snapshots: dict[int, nn.Module] = field(default_factory=dict)


def _tensor(array) -> Tensor:
    return torch.as_tensor(np.asarray(array), dtype=torch.get_default_dtype())


def _latent(n: int, dim: int, rng: np.random.Generator) -> Tensor:
    return _tensor(rng.normal(size=(n, dim)))


def generate(generator: nn.Module, n: int, latent_dim: int, rng) -> np.ndarray:
    """Return n samples (n, d) of the generator fed with standard Gaussian noise.

    Examples
    --------
    >>> generate(nn.Identity(), 3, 2, np.random.default_rng(0)).shape
    (3, 2)
    """
    with torch.no_grad():
        return generator(_latent(n, latent_dim, rng)).numpy()


def train_gan(
    data: Sampler,
    generator: nn.Module,
    discriminator: nn.Module,
    loss: Callable[[Tensor], Tensor],
    config: GanConfig,
    rng: np.random.Generator,
) -> TrainResult:
    """Train copies of both networks by alternating steps (Goodfellow et al., Alg. 1).

    The discriminator minimises `discriminator_loss`, the generator `loss` of the logits
    of its samples (`saturating_loss` or `non_saturating_loss`). The networks passed in
    stay as they are; all randomness comes from `rng`.

    Parameters
    ----------
    data : callable (n, rng) -> ndarray (n, d)
    generator, discriminator : modules (n, latent_dim) -> (n, d) -> (n, 1) logits

    Examples
    --------
    >>> from ottools.datasets import ring
    >>> from ottools.models import mlp
    >>> rng = np.random.default_rng(0)
    >>> nets = mlp((2, 8, 2), rng), mlp((2, 8, 1), rng)
    >>> r = train_gan(ring, *nets, saturating_loss, GanConfig(steps=3), rng)
    >>> r.generator_loss.shape
    (3,)
    """
    g, d = copy.deepcopy(generator), copy.deepcopy(discriminator)
    adam_g = torch.optim.Adam(
        g.parameters(), lr=config.lr_generator, betas=config.betas
    )
    adam_d = torch.optim.Adam(
        d.parameters(), lr=config.lr_discriminator, betas=config.betas
    )
    losses, kept = np.empty((config.steps, 2)), {}
    for step in range(config.steps):
        if step in config.snapshots:
            kept[step] = copy.deepcopy(g)
        for _ in range(config.discriminator_steps + (step == 0) * config.warmup):
            loss_d = _discriminator_batch(data, g, d, config, rng)
            losses[step, 1] = _descend(adam_d, loss_d)
        fake = g(_latent(config.batch, config.latent_dim, rng))
        losses[step, 0] = _descend(adam_g, loss(d(fake)))
    if config.steps in config.snapshots:
        kept[config.steps] = copy.deepcopy(g)
    return TrainResult(g, d, losses[:, 0], losses[:, 1], kept)


def _discriminator_batch(data: Sampler, g, d, config: GanConfig, rng) -> Tensor:
    real = _tensor(data(config.batch, rng))
    with torch.no_grad():
        fake = g(_latent(config.batch, config.latent_dim, rng))
    return discriminator_loss(d(real), d(fake))


def _descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> float:
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


@dataclass(frozen=True)
class RetrainResult:
    """Losses and generator-gradient norms (k,) at `steps` of a discriminator's life."""

    steps: np.ndarray
    discriminator_loss: np.ndarray
    saturating_loss: np.ndarray
    non_saturating_loss: np.ndarray
    saturating_gradient: np.ndarray
    non_saturating_gradient: np.ndarray


def gradient_norm(loss: Tensor, module: nn.Module) -> float:
    """Return the Euclidean norm of d loss / d parameters of `module`.

    Examples
    --------
    >>> line = nn.Linear(1, 1)
    >>> gradient_norm(line(torch.tensor([[0.0]])).sum(), line)
    1.0
    """
    parts = torch.autograd.grad(loss, list(module.parameters()), retain_graph=True)
    return float(torch.sqrt(sum((part.double() ** 2).sum() for part in parts)))


def retrain_discriminator(
    data: Sampler,
    generator: nn.Module,
    discriminator: nn.Module,
    config: GanConfig,
    log_at: Iterable[int],
    rng: np.random.Generator,
) -> RetrainResult:
    """Freeze the generator, train a copy of a fresh discriminator, log at given steps.

    At each step in `log_at` (0 = before training) both generator losses and the norms
    of their gradients in the generator's parameters are taken on one and the same batch
    of 1024 (Arjovsky and Bottou 2017, Figures 2 and 3). Only batch, latent_dim,
    lr_discriminator and betas of `config` are used.

    Raises ValueError when `log_at` is empty or holds a negative step.

    Examples
    --------
    >>> from ottools.datasets import ring
    >>> from ottools.models import mlp
    >>> rng = np.random.default_rng(0)
    >>> nets = mlp((2, 8, 2), rng), mlp((2, 8, 1), rng)
    >>> retrain_discriminator(ring, *nets, GanConfig(), (0, 5), rng).steps
    array([0, 5])
    """
    wanted = np.unique(np.fromiter(log_at, dtype=int))
    if len(wanted) == 0 or wanted[0] < 0:
        raise ValueError(f"log_at must hold steps >= 0; got {wanted.tolist()}.")
    g, d = copy.deepcopy(generator), copy.deepcopy(discriminator)
    adam = torch.optim.Adam(
        d.parameters(), lr=config.lr_discriminator, betas=config.betas
    )
    noise = _latent(1024, config.latent_dim, rng)
    rows = []
    for step in range(wanted[-1] + 1):
        loss = _discriminator_batch(data, g, d, config, rng)
        if step in wanted:
            rows.append((loss.item(), *_generator_view(g, d, noise)))
        _descend(adam, loss)
    return RetrainResult(wanted, *np.array(rows).T)


def _generator_view(g: nn.Module, d: nn.Module, noise: Tensor) -> tuple[float, ...]:
    logits = d(g(noise))
    pair = saturating_loss(logits), non_saturating_loss(logits)
    return (*(v.item() for v in pair), *(gradient_norm(v, g) for v in pair))
