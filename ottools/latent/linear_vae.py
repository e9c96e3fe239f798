"""The linear VAE: its bound in closed form, and the ascent that ends at PPCA."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from ottools.convergence import ConvergenceError
from ottools.latent.model import LOG_2PI, LinearGaussian, linear_gaussian
from ottools.linear_models import covariance

__all__ = ["LinearVae", "linear_vae"]


@dataclass(frozen=True)
class LinearVae:
    """A linear VAE after its ascent: p(x|z) = N(mean + W^T z, s I), q(z|x) Gaussian.

    `model` holds mean, W and s; q(z|x) has the mean `encoder` (x - mean), encoder
    (k, d), and the variances `variances` (k,). `bounds` and `log_likelihoods` (steps,)
    are the mean bound and the mean log-density of the data on the way, `path` (steps,
    k, d) the weights; `slope` is the largest entry of the gradient at the end.
    """

    model: LinearGaussian
    encoder: np.ndarray
    variances: np.ndarray
    bounds: np.ndarray
    log_likelihoods: np.ndarray
    path: np.ndarray
    slope: float


def linear_vae(
    x, k: int, rng: np.random.Generator, *, tol: float = 1e-5, max_iter: int = 5000
) -> LinearVae:
    """Maximise the mean bound of a linear VAE over decoder, encoder and noise.

    With C the covariance of the data the mean bound is
    -(d log 2 pi s + tr (I - W^T A) C (I - W^T A)^T / s + sum_j v_j |w_j|^2 / s
    + tr A C A^T + sum_j (v_j - 1 - log v_j)) / 2 (Lucas et al. 2019), so nothing is
    sampled. For every decoder (W, s) the best encoder is A = (W W^T + s I)^-1 W with
    v_j = s / (s + |w_j|^2); what remains, a function of W and log s, is ascended by
    BFGS from small random weights drawn from `rng`.

    Raises ValueError unless 1 <= k < d, ConvergenceError with the last iterate when the
    slope is not below tol after max_iter steps.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(500, 3)) * [3.0, 1.0, 1.0]
    >>> fit = linear_vae(x, 1, np.random.default_rng(1))
    >>> bool(abs(fit.bounds[-1] - fit.log_likelihoods[-1]) < 1e-9)
    True
    """
    mean, C = covariance(x)
    d = len(C)
    if not isinstance(k, int | np.integer) or not 1 <= k < d:
        raise ValueError(f"k must be an integer in 1..d-1 = {d - 1}; got {k!r}.")
    scale = np.trace(C) / d
    if not scale > 0:
        raise ValueError("x must hold points that are not all the same.")
    start = np.append(0.1 * rng.normal(size=k * d), 0.0)
    track = [start]

    def loss(theta):
        value, gradient = _bound_and_slope(C / scale, theta)
        return -value, -gradient

    # Floats may end the ascent before this goal, which is why it is not the tolerance.
    options = {"gtol": tol / 100, "maxiter": max_iter}
    done = minimize(
        loss,
        start,
        jac=True,
        method="BFGS",
        options=options,
        callback=lambda at: track.append(at.copy()),
    )
    fit = _result(mean, C, scale, track)
    if not fit.slope <= tol:
        raise ConvergenceError(
            f"the slope is {fit.slope:.1e} after {done.nit} steps; "
            "raise max_iter or tol.",
            fit,
        )
    return fit


def _encoder(W, s) -> tuple[np.ndarray, np.ndarray]:
    """Return the best encoder (k, d) and its variances (k,) for a decoder."""
    A = np.linalg.solve(W @ W.T + s * np.eye(len(W)), W)
    return A, s / (s + (W**2).sum(axis=1))


def _bound_and_slope(C, theta) -> tuple[float, np.ndarray]:
    """Return the bound with the best encoder, and its gradient in (W, log s).

    By the envelope theorem the encoder may be held fixed in the gradient.
    """
    d, s = len(C), np.exp(theta[-1])
    W = theta[:-1].reshape(-1, d)
    A, v = _encoder(W, s)
    AC = A @ C
    second = AC @ A.T + np.diag(v)
    lost = np.trace(C) - 2 * (W * AC).sum() + (W @ W.T * second).sum()
    inside = np.trace(second) - len(v) - np.log(v).sum()
    value = -(d * (LOG_2PI + theta[-1]) + lost / s + inside) / 2
    return value, np.append((AC - second @ W) / s, (lost / s - d) / 2)


def _result(mean, C, scale, track) -> LinearVae:
    """Bring the iterates, found in units with mean variance one, into those of x."""
    d, unit = len(C), np.sqrt(scale)
    shift = d * np.log(unit)
    bounds = [_bound_and_slope(C / scale, theta)[0] - shift for theta in track]
    path = np.array([unit * theta[:-1].reshape(-1, d) for theta in track])
    noises = scale * np.exp([theta[-1] for theta in track])
    values = [_mean_log_density(C, W, s) for W, s in zip(path, noises, strict=True)]
    model = linear_gaussian(mean, path[-1], noises[-1])
    slope = np.abs(_bound_and_slope(C / scale, track[-1])[1]).max()
    encoder, variances = _encoder(path[-1], noises[-1])
    curves = np.array(bounds), np.array(values), path
    return LinearVae(model, encoder, variances, *curves, float(slope))


def _mean_log_density(C, W, s) -> float:
    """Return -(d log 2 pi + log det S + tr S^-1 C)/2 for S = W^T W + s I."""
    S = W.T @ W + s * np.eye(len(C))
    inside = np.linalg.slogdet(S)[1] + np.trace(np.linalg.solve(S, C))
    return -(len(C) * LOG_2PI + inside) / 2
