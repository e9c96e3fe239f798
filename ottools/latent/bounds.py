"""Lower bounds of the log-likelihood: one draw of the latent variable, or several."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from ottools.latent.model import LOG_2PI, LinearGaussian, fitting
from ottools.measures import points, positive, real


def kl_to_standard(mean, variance) -> np.ndarray:
    """Return KL(N(m, v) || N(0, 1)) = (m^2 + v - 1 - log v)/2, entry by entry.

    Raises ValueError unless all variances are positive.

    Examples
    --------
    >>> kl_to_standard([0.0, 1.0], [1.0, 4.0]).round(4)
    array([0.    , 1.3069])
    """
    m, v = real(mean, "mean"), positive(variance, "variance")
    # v - 1 - log v near v = 1 without cancellation: with u = v - 1, u - log(1 + u).
    return (m**2 + (v - 1) - np.log1p(v - 1)) / 2


@dataclass(frozen=True)
class Bound:
    """An evidence lower bound in its two parts, point by point.

    `reconstruction` (n,) is E_q[log p(x | z)], `divergence` (n, k) the part of
    KL(q || prior) of each latent dimension.
    """

    reconstruction: np.ndarray
    divergence: np.ndarray

    @property
    def value(self) -> np.ndarray:
        """The bound (n,): reconstruction minus divergence."""
        return self.reconstruction - self.divergence.sum(axis=1)


def elbo(model: LinearGaussian, x, means, variances) -> Bound:
    """Return the bound of points x (n, d) with encoder N(means, diag(variances)).

    Shapes: means (n, k), variances (n, k) or (k,). No sampling: the squares under the
    expectation have the means (x - mean - W^T m)^2 + W^T v.

    Raises ValueError when the shapes do not fit or a variance is not positive.

    Examples
    --------
    >>> from ottools.latent import linear_gaussian
    >>> model = linear_gaussian([0.0], [[1.0]], 1.0)
    >>> elbo(model, [[1.0]], [[0.5]], [0.5]).value.round(6)
    array([-1.515512])
    >>> elbo(model, [[1.0]], [[0.5]], [1.0]).value.round(6)
    array([-1.668939])
    """
    x, m = fitting(model, x), points(means, "means")
    v = positive(variances, "variances")
    if m.shape != (len(x), len(model.weights)) or v.shape not in (m.shape, m.shape[1:]):
        raise ValueError(
            f"means (n, k) and variances (n, k) or (k,) must fit n = {len(x)}, "
            f"k = {len(model.weights)}; got {m.shape} and {v.shape}."
        )
    v = np.broadcast_to(v, m.shape)
    square = (x - model.mean - m @ model.weights) ** 2 + v @ model.weights**2
    log_noise = LOG_2PI + np.log(model.noise)
    reconstruction = -(log_noise + square / model.noise).sum(axis=1) / 2
    return Bound(reconstruction, kl_to_standard(m, v))


def importance_bound(log_weights, k: int) -> np.ndarray:
    """Return the mean of log((w_1 + ... + w_k)/k) over groups of k weights.

    `log_weights` (..., n) holds logarithms of independent weights whose mean is p(x);
    the result (...) estimates the bound L_k of log p(x) (Burda et al. 2016, Eq. 8): the
    ELBO for k = 1, and rising with k. Weights beyond the last full group are left out.

    Raises ValueError unless 1 <= k <= n.

    Examples
    --------
    >>> importance_bound(np.log([1.0, 3.0, 2.0, 2.0]), 2).round(6)
    np.float64(0.693147)
    """
    log_w = real(log_weights, "log_weights")
    if log_w.ndim == 0 or log_w.size == 0:
        raise ValueError(f"log_weights must have shape (..., n); got {log_w.shape}.")
    n = log_w.shape[-1]
    if not isinstance(k, int | np.integer) or not 1 <= k <= n:
        raise ValueError(f"k must be an integer in 1..n = {n}; got {k!r}.")
    groups = log_w[..., : n - n % k].reshape(*log_w.shape[:-1], n // k, k)
    return (logsumexp(groups, axis=-1) - np.log(k)).mean(axis=-1)
