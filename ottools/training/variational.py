"""Variational autoencoders with Gaussian laws: the bound in two parts, its ascent."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ottools.latent import Bound
from ottools.measures import points
from ottools.models import mlp

LOG_2PI = float(np.log(2 * np.pi))


class GaussianVAE(nn.Module):
    """Two networks and one number: q(z|x), the mean of p(x|z), the noise around it.

    `encoder` maps x (n, d) to the k means and k log-variances of q(z|x) side by side,
    `decoder` maps z (n, k) to the mean of x; exp(log_noise) is the variance of every
    coordinate of x around it, learned like the weights.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, noise: float = 0.1):
        super().__init__()
        if not noise > 0:
            raise ValueError(f"noise must be > 0; got {noise!r}.")
        self.encoder, self.decoder = encoder, decoder
        self.log_noise = nn.Parameter(torch.tensor(float(np.log(noise))))

    @property
    def noise(self) -> float:
        """The variance of the pixels around the mean that the decoder returns."""
        return float(self.log_noise.detach().exp())

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance (n, k) of q(z|x)."""
        return self.encoder(x).chunk(2, dim=1)

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """Return log p(x|z) for x (..., d) and z (..., k)."""
        square = (x - self.decoder(z)).square()
        log_p = -(LOG_2PI + self.log_noise + square / self.log_noise.exp()) / 2
        return log_p.sum(dim=-1)


def gaussian_vae(
    sizes: Sequence[int], rng: np.random.Generator, *, noise: float = 0.1
) -> GaussianVAE:
    """Return a VAE sizes[0] -> ... -> sizes[-1] -> ... -> sizes[0].

    Inner layers are hyperbolic tangents, the decoder ends in a logistic function; the
    last layer of the encoder has 2 sizes[-1] outputs. Weights are drawn as in `mlp`,
    which raises ValueError when a size is < 1.

    Examples
    --------
    >>> vae = gaussian_vae((64, 32, 2), np.random.default_rng(0))
    >>> mean, log_variance = vae.posterior(torch.zeros(5, 64))
    >>> mean.shape, vae.decoder(mean).shape
    (torch.Size([5, 2]), torch.Size([5, 64]))
    """
    encoder = mlp((*sizes[:-1], 2 * sizes[-1]), rng)
    decoder = mlp(sizes[::-1], rng)
    return GaussianVAE(encoder, nn.Sequential(*decoder, nn.Sigmoid()), noise)


def reparameterise(mean: Tensor, log_variance: Tensor, e: Tensor) -> Tensor:
    """Return z = mean + sigma e with sigma, not sigma^2, in front of the noise e.

    Examples
    --------
    >>> reparameterise(torch.zeros(1), torch.log(torch.tensor([4.0])), torch.ones(1))
    tensor([2.])
    """
    return mean + torch.exp(log_variance / 2) * e


def kl_terms(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return KL(N(m, v) || N(0, 1)) = (m^2 + v - 1 - log v)/2, entry by entry.

    Examples
    --------
    >>> kl_terms(torch.ones(1), torch.log(torch.tensor([4.0])))
    tensor([1.3069])
    """
    return (mean.square() + log_variance.exp() - 1 - log_variance) / 2


@dataclass(frozen=True)
class VaeConfig:
    """Settings of Adam on reconstruction - beta KL, `draws` of z for each point.

    The rate falls to 0 along a cosine. With `fixed_noise` the variance around the
    decoder's mean stays as it is.
    """

    steps: int = 1500
    lr: float = 5e-3
    batch: int = 256
    beta: float = 1.0
    draws: int = 1
    fixed_noise: bool = False

    def __post_init__(self):
        """Reject settings under which nothing would be trained."""
        if min(self.steps, self.batch, self.draws) < 1:
            counts = self.steps, self.batch, self.draws
            raise ValueError(f"steps, batch and draws must be >= 1; got {counts}.")
        if not self.lr > 0 or not self.beta >= 0:
            raise ValueError(
                f"lr must be > 0 and beta >= 0; got {self.lr}, {self.beta}."
            )


@dataclass(frozen=True)
class VaeFit:
    """A trained VAE and the two parts of the bound (steps,) on the batch of each step.

    The bound is `reconstruction` - `divergence`, whatever beta was.
    """

    vae: GaussianVAE
    reconstruction: np.ndarray
    divergence: np.ndarray


def fit_vae(
    vae: GaussianVAE, data, config: VaeConfig, rng: np.random.Generator
) -> VaeFit:
    """Train a copy of a VAE by ascending E_q[log p(x|z)] - beta KL(q || N(0, I)).

    The expectation is replaced by `draws` reparameterised draws, the divergence is
    exact (Kingma and Welling 2014, section 3; beta as in Higgins et al. 2017). Batches
    and noise come from `rng`; the network passed in stays as it is.

    Raises ValueError when the data (n, d) are empty or not finite.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> vae = gaussian_vae((3, 4, 1), rng)
    >>> x = rng.uniform(size=(50, 3))
    >>> fit_vae(vae, x, VaeConfig(steps=5), rng).divergence.shape
    (5,)
    """
    x, net = _rows(data), copy.deepcopy(vae)
    net.log_noise.requires_grad_(not config.fixed_noise)
    weights = [p for p in net.parameters() if p.requires_grad]
    adam = torch.optim.Adam(weights, lr=config.lr)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(adam, config.steps)
    parts = np.empty((config.steps, 2))
    for step in range(config.steps):
        batch = x
        if config.batch < len(x):
            batch = x[torch.from_numpy(rng.integers(len(x), size=config.batch))]
        reconstruction, divergence = _bound(net, batch, config.draws, rng)
        adam.zero_grad()
        (config.beta * divergence - reconstruction).backward()
        adam.step()
        cosine.step()
        parts[step] = reconstruction.item(), divergence.item()
    return VaeFit(net, *parts.T)


def _bound(net: GaussianVAE, x: Tensor, draws: int, rng) -> tuple[Tensor, Tensor]:
    """Return the means over a batch of log p(x|z), z ~ q, and of the divergence."""
    mean, log_variance = net.posterior(x)
    z = reparameterise(mean, log_variance, _normal((draws, *mean.shape), rng, x))
    divergence = kl_terms(mean, log_variance).sum(dim=1).mean()
    return net.log_likelihood(x, z).mean(), divergence


def _rows(data) -> Tensor:
    return torch.from_numpy(points(data, "data")).to(torch.get_default_dtype())


def _normal(shape, rng: np.random.Generator, like: Tensor) -> Tensor:
    return torch.from_numpy(rng.normal(size=shape)).to(like)


def vae_bound(vae: GaussianVAE, data, draws: int, rng: np.random.Generator) -> Bound:
    """Return the bound of every point of `data` (n, d), from `draws` values of z.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> bound = vae_bound(gaussian_vae((3, 4, 2), rng), np.zeros((5, 3)), 10, rng)
    >>> bound.reconstruction.shape, bound.divergence.shape
    ((5,), (5, 2))
    """
    x = _rows(data)
    with torch.no_grad():
        mean, log_variance = vae.posterior(x)
        z = reparameterise(mean, log_variance, _normal((draws, *mean.shape), rng, x))
        reconstruction = vae.log_likelihood(x, z).mean(dim=0)
        parts = reconstruction, kl_terms(mean, log_variance)
    return Bound(*(part.numpy().astype(float) for part in parts))


def vae_encode(vae: GaussianVAE, data) -> tuple[np.ndarray, np.ndarray]:
    """Return means and variances (n, k) of q(z|x) for the points of `data` (n, d).

    Examples
    --------
    >>> vae = gaussian_vae((3, 4, 2), np.random.default_rng(0))
    >>> vae_encode(vae, np.zeros((5, 3)))[1].shape
    (5, 2)
    """
    x = _rows(data)
    with torch.no_grad():
        mean, log_variance = vae.posterior(x)
    return mean.numpy().astype(float), log_variance.exp().numpy().astype(float)


def vae_log_weights(
    vae: GaussianVAE, data, draws: int, rng: np.random.Generator, *, spread: float = 1.0
) -> np.ndarray:
    """Return log p(x, z) - log q(z|x) (n, draws) for z ~ q(z|x), point by point.

    The mean of exp over the draws estimates p(x) without bias. `spread` multiplies the
    standard deviations of q, to cover a posterior with wider tails.

    Raises ValueError unless draws >= 1 and spread > 0.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> vae_log_weights(gaussian_vae((3, 4, 2), rng), np.zeros((5, 3)), 7, rng).shape
    (5, 7)
    """
    if draws < 1 or not spread > 0:
        raise ValueError(
            f"draws must be >= 1 and spread > 0; got {draws!r}, {spread!r}."
        )
    x = _rows(data)
    with torch.no_grad():
        mean, log_variance = vae.posterior(x)
        e = _normal((draws, *mean.shape), rng, x)
        log_variance = log_variance + 2 * float(np.log(spread))
        z = reparameterise(mean, log_variance, e)
        # log N(z; 0, 1) - log N(z; m, v): the constants cancel.
        ratio = (e.square() + log_variance - z.square()).sum(dim=2) / 2
        log_w = vae.log_likelihood(x, z) + ratio
    return log_w.T.numpy().astype(float)
