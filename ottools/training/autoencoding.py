"""Autoencoders: the two losses, training with or without noise, greedy stacks."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ottools.models import Autoencoder, autoencoder

Loss = Callable[[Tensor, Tensor], Tensor]


def squared_error(output: Tensor, target: Tensor) -> Tensor:
    """Return the mean over the batch of the summed squared differences.

    Examples
    --------
    >>> squared_error(torch.zeros(2, 3), torch.ones(2, 3)).item()
    3.0
    """
    return (output - target).square().sum() / len(target)


def cross_entropy(output: Tensor, target: Tensor) -> Tensor:
    """Return the mean over the batch of -sum x log y + (1 - x) log(1 - y).

    Output y and target x have values in [0, 1]. PyTorch bounds the logarithms by -100.

    Examples
    --------
    >>> half, x = torch.full((1, 1), 0.3), torch.full((1, 1), 0.3)
    >>> round(cross_entropy(half, x).item(), 4)
    0.6109
    """
    total = nn.functional.binary_cross_entropy(output, target, reduction="sum")
    return total / len(target)


@dataclass(frozen=True)
class FitConfig:
    """Settings of Adam: steps, rate (falling to 0 along a cosine), batch (0 = all).

    With `noise` > 0 the inputs are x + noise times fresh standard Gaussians, the
    targets stay clean.
    """

    steps: int = 1000
    lr: float = 1e-2
    batch: int = 0
    noise: float = 0.0

    def __post_init__(self):
        """Reject settings under which nothing would be trained."""
        if self.steps < 1 or self.batch < 0:
            raise ValueError(
                f"steps must be >= 1 and batch >= 0; got {self.steps}, {self.batch}."
            )
        if not self.lr > 0 or not self.noise >= 0:
            raise ValueError(
                f"lr must be > 0 and noise >= 0; got {self.lr}, {self.noise}."
            )


@dataclass(frozen=True)
class FitResult:
    """A trained network and the loss (steps,) on the batch of each step."""

    network: nn.Module
    losses: np.ndarray


def fit_autoencoder(
    network: nn.Module,
    data,
    config: FitConfig,
    rng: np.random.Generator,
    *,
    loss: Loss = squared_error,
) -> FitResult:
    """Train a copy of the network to return its input; with noise, the clean one.

    `data` (n, ...) has the shape that the network takes; batches and noise come from
    `rng`, and the network passed in stays as it is. Raises ValueError when the data are
    empty or not finite.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> net = autoencoder((3, 2), rng)
    >>> r = fit_autoencoder(net, rng.uniform(size=(20, 3)), FitConfig(steps=50), rng)
    >>> bool(r.losses[-1] < r.losses[0])
    True
    """
    x = _finite(data)
    net = copy.deepcopy(network)
    adam = torch.optim.Adam(net.parameters(), lr=config.lr)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(adam, config.steps)
    losses = np.empty(config.steps)
    for step in range(config.steps):
        target = x
        if 0 < config.batch < len(x):
            target = x[torch.from_numpy(rng.integers(len(x), size=config.batch))]
        adam.zero_grad()
        value = loss(net(_noisy(target, config.noise, rng)), target)
        value.backward()
        adam.step()
        cosine.step()
        losses[step] = value.item()
    return FitResult(net, losses)


def _finite(data) -> Tensor:
    x = torch.as_tensor(np.asarray(data), dtype=torch.get_default_dtype())
    if x.ndim < 2 or len(x) == 0 or not torch.isfinite(x).all():
        raise ValueError(f"data (n, ...) must be finite, n >= 1; got {tuple(x.shape)}.")
    return x


def _noisy(x: Tensor, noise: float, rng: np.random.Generator) -> Tensor:
    if noise == 0:
        return x
    return x + noise * torch.from_numpy(rng.normal(size=tuple(x.shape))).to(x)


def apply(network: nn.Module, data) -> np.ndarray:
    """Return what a network makes of an array (n, ...), as an array of floats.

    Examples
    --------
    >>> apply(nn.Identity(), [[0.5, 1.0]])
    array([[0.5, 1. ]])
    """
    with torch.no_grad():
        return network(_finite(data)).numpy().astype(float)


@dataclass(frozen=True)
class StackResult:
    """A deep autoencoder put together from shallow ones.

    `losses` (layers,) are the final losses of the shallow ones, each on the codes of
    the one before.
    """

    network: Autoencoder
    losses: np.ndarray


def pretrain_stack(
    sizes: Sequence[int],
    data,
    config: FitConfig,
    rng: np.random.Generator,
    *,
    activation: type[nn.Module] = nn.Sigmoid,
) -> StackResult:
    """Train sizes[0] -> ... -> sizes[-1] greedily, layer by layer, and unroll it.

    Each layer is the encoder of an autoencoder with one hidden layer, whose output
    layer is put aside; its codes are the data of the next. Finally the encoders are
    chained and the decoders chained in the opposite order (Hinton and Salakhutdinov
    2006; Bengio et al. 2007). `activation` follows every layer, outputs included.

    Raises ValueError when the data are empty or not finite.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.uniform(size=(20, 4))
    >>> stack = pretrain_stack((4, 3, 2), x, FitConfig(steps=5), rng)
    >>> stack.losses.shape, stack.network(torch.zeros(1, 4)).shape
    ((2,), torch.Size([1, 4]))
    """
    codes, shallow, losses = _finite(data), [], []
    for pair in zip(sizes[:-1], sizes[1:], strict=True):
        net = autoencoder(pair, rng, code=activation, output=activation)
        fit = fit_autoencoder(net, codes, config, rng)
        shallow.append(fit.network)
        losses.append(fit.losses[-1])
        with torch.no_grad():
            codes = fit.network.encoder(codes)
    encoder = nn.Sequential(*(part for net in shallow for part in net.encoder))
    decoder = nn.Sequential(*(part for net in shallow[::-1] for part in net.decoder))
    return StackResult(Autoencoder(encoder, decoder), np.array(losses))
