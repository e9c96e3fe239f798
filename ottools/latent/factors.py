"""Factor analysis: as probabilistic PCA, but every coordinate has its own noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from ottools.convergence import ConvergenceError
from ottools.latent.model import LinearGaussian
from ottools.linear_models import covariance
from ottools.measures import points


@dataclass(frozen=True)
class FactorAnalysis:
    """The factor model that fits a cloud best, with its certificate.

    `log_likelihood` is the mean log-density of the cloud, `slope` the largest entry of
    its gradient in the weights and in the logarithms of the noise, where every
    coordinate is measured in its own standard deviation.
    """

    model: LinearGaussian
    log_likelihood: float
    slope: float


def factor_analysis(
    x, k: int, *, tol: float = 1e-6, max_iter: int = 5000
) -> FactorAnalysis:
    """Fit x = mean + W^T z + e with a noise variance for every coordinate.

    For given noise the best W is that of probabilistic PCA in units in which the noise
    is one; what remains, a function of the logarithms of the noise, is ascended by
    L-BFGS (Joereskog 1967). A noise that wants to vanish (a Heywood case) is held at
    1e-11 of the variance of its coordinate.

    Raises ValueError unless 1 <= k < d, every coordinate varies and the covariance of
    the coordinates, each in its own unit, has full rank (otherwise the likelihood may
    have no maximum), ConvergenceError with the last iterate when max_iter steps do not
    suffice.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(500, 1)) * [1.0, 2.0, 3.0] + rng.normal(size=(500, 3))
    >>> factor_analysis(x, 1).model.noise.round(1)
    array([1.1, 0.9, 1. ])
    """
    x = points(x)
    mean, C = covariance(x)
    if not isinstance(k, int | np.integer) or not 1 <= k < len(C):
        raise ValueError(f"k must be an integer in 1..d-1 = {len(C) - 1}; got {k!r}.")
    unit = np.sqrt(np.diag(C))
    if not unit.min() > 0:
        raise ValueError(f"every coordinate of x must vary; {unit.argmin()} does not.")
    R = C / unit / unit[:, None]
    if not np.linalg.eigvalsh(R)[0] > 1e-12:
        raise ValueError("x must not lie in a subspace; its correlations are singular.")
    loss = lambda theta: _profile(R, np.exp(theta), k)
    options = {"gtol": tol / 2, "ftol": 0.0, "maxiter": max_iter, "maxcor": 30}
    start, bounds = np.full(len(R), np.log(0.5)), [(-25.0, 1.0)] * len(R)
    done = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options
    )
    fit = _fitted(x, mean, unit, R, np.exp(done.x), k)
    if not fit.slope <= tol:
        raise ConvergenceError(
            f"the slope is {fit.slope:.1e} after {done.nit} steps; "
            "raise max_iter or tol.",
            fit,
        )
    return fit


def _profile(R, noise, k) -> tuple[float, np.ndarray]:
    """Return the loss of the noise with the best W, and its slope in log noise.

    By the envelope theorem W may be held fixed in the slope.
    """
    W = _weights_given_noise(R, noise, k)
    S = W.T @ W + np.diag(noise)
    value = np.linalg.slogdet(S)[1] + np.trace(np.linalg.solve(S, R))
    return value / 2, -noise * np.diag(_gradient(R, W, noise)) / 2


def _weights_given_noise(R, noise, k) -> np.ndarray:
    """Return the best W (k, d): PPCA with noise 1 of R / sqrt(noise noise^T)."""
    root = np.sqrt(noise)
    values, vectors = np.linalg.eigh(R / root / root[:, None])
    stretch = np.sqrt(np.maximum(values[::-1][:k] - 1, 0.0))
    return stretch[:, None] * vectors.T[::-1][:k] * root


def _gradient(R, W, noise) -> np.ndarray:
    """Return S^-1 (R - S) S^-1 for S = W^T W + diag(noise): twice d value / d S."""
    S = W.T @ W + np.diag(noise)
    inverse = np.linalg.inv(S)
    return inverse @ (R - S) @ inverse


def _slope(R, W, noise) -> float:
    """Return the largest entry of the gradient of the mean log-density."""
    G = _gradient(R, W, noise)
    return float(max(np.abs(W @ G).max(), np.abs(noise * np.diag(G)).max() / 2))


def _fitted(x, mean, unit, R, noise, k) -> FactorAnalysis:
    W = _weights_given_noise(R, noise, k)
    model = LinearGaussian(mean, unit * W, unit**2 * noise)
    value = float(model.log_density(x).mean())
    return FactorAnalysis(model, value, _slope(R, W, noise))
