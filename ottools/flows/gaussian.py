"""Gaussians under gradient flow in closed form: the oracles of the other modules.

The energy is F(r) = (stiffness/2) E|x|^2 + integral of r log r. Stiffness 1 gives, up
to a constant, KL(r || N(0, I)) and the Ornstein-Uhlenbeck flow; 0 the heat flow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ottools.bures import covariance
from ottools.measures import positive, real, scalar, together


@dataclass(frozen=True)
class Gaussian:
    """Means and standard deviations of independent normal coordinates, shape (...)."""

    mean: np.ndarray
    std: np.ndarray


def gaussian_jko(mean, std, tau, *, stiffness: float = 1.0) -> Gaussian:
    """Return the minimiser of F(r) + W_2(r, N(mean, std^2))^2/(2 tau).

    It is normal with mean m/(1 + k tau) and s the root of (1 + k tau) s - s_0 = tau/s,
    k the stiffness (Jordan, Kinderlehrer and Otto 1998; by the formula for W_2).
    Coordinates are independent; shapes broadcast, and std may be 0.

    Raises
    ------
    ValueError
        When std or stiffness is < 0, tau <= 0, a number is not finite or would not be,
        or shapes do not broadcast.

    Examples
    --------
    >>> step = gaussian_jko(2.0, 0.5, 0.1)
    >>> round(float(step.mean), 6), round(float(step.std), 6)
    (1.818182, 0.604847)
    """
    m, s, k = real(mean, "mean"), _nonnegative(std, "std"), _stiffness(stiffness)
    tau = positive(tau, "tau")
    together(mean=m, std=s, tau=tau)
    with np.errstate(over="ignore", invalid="ignore"):  # reported by _known
        grow = 1 + k * tau
        root = np.hypot(s, 2 * np.sqrt(tau) * np.sqrt(grow))
        return _known(m / grow, s / grow / 2 + root / grow / 2)


def gaussian_jko_covariance(A, tau, *, stiffness: float = 1.0) -> np.ndarray:
    """Return the covariance (d, d) of the JKO step from N(0, A).

    It has the axes of A, and `gaussian_jko` moves the standard deviation along each.

    Raises ValueError as `gaussian_jko`, or when A is no covariance.

    Examples
    --------
    >>> gaussian_jko_covariance([[0.25]], 0.1).round(6)
    array([[0.365839]])
    """
    lam, V = np.linalg.eigh(covariance(A))
    tau = scalar(tau, "tau")
    std = gaussian_jko(
        np.zeros_like(lam), np.sqrt(np.maximum(lam, 0)), tau, stiffness=stiffness
    ).std
    return (V * std[..., None, :] ** 2) @ np.swapaxes(V, -1, -2)


def ornstein_uhlenbeck(mean, std, t, *, stiffness: float = 1.0) -> Gaussian:
    """Return the gradient flow of F from N(mean, std^2) at times t >= 0.

    Mean m e^{-k t}, variance s^2 e^{-2 k t} + (1 - e^{-2 k t})/k, for k = 0 s^2 + 2 t:
    the law of dx = -k x dt + sqrt(2) dW. Shapes broadcast.

    Raises
    ------
    ValueError
        When std, stiffness or t is < 0, a number is not finite or would not be, or
        shapes do not broadcast.

    Examples
    --------
    >>> flow = ornstein_uhlenbeck(1.0, 0.0, 0.5)
    >>> round(float(flow.mean), 6), round(float(flow.std) ** 2, 6)
    (0.606531, 0.632121)
    """
    m, s, k = real(mean, "mean"), _nonnegative(std, "std"), _stiffness(stiffness)
    t = _nonnegative(t, "t")
    together(mean=m, std=s, t=t)
    with np.errstate(over="ignore"):  # an infinite time but leaves no trace of m, s
        decay = np.exp(-k * t)
        fresh = 2 * t if k == 0 else -np.expm1(-2 * k * t) / k
        return _known(m * decay, np.hypot(s * decay, np.sqrt(fresh)))


def free_energy(mean, std, *, stiffness: float = 1.0):
    """Return F of N(mean, std^2) on the line: k (m^2 + s^2)/2 - log(2 pi e s^2)/2.

    Shapes broadcast; inf where std = 0, and beyond the floats.

    Raises ValueError as `gaussian_jko`.

    Examples
    --------
    >>> round(float(free_energy(0.0, 1.0)), 6)  # KL 0 less log(2 pi)/2
    -0.918939
    """
    m, s, k = real(mean, "mean"), _nonnegative(std, "std"), _stiffness(stiffness)
    together(mean=m, std=s)
    # log 0: a point has infinite energy.
    with np.errstate(divide="ignore", over="ignore"):
        entropy = -np.log(s) - np.log(2 * np.pi * np.e) / 2
        return k * np.hypot(m, s) ** 2 / 2 + entropy


def _known(mean, std) -> Gaussian:
    if not np.all(np.isfinite(std)):
        raise ValueError("The standard deviation must be within 1.8e308; rescale.")
    return Gaussian(mean, std)


def _nonnegative(value, name: str) -> np.ndarray:
    x = real(value, name)
    if np.any(x < 0):
        raise ValueError(f"{name} must be >= 0; its minimum is {x.min()}.")
    return x


def _stiffness(value) -> float:
    k = _nonnegative(value, "stiffness")
    if k.ndim:
        raise ValueError(f"stiffness must be one number; got shape {k.shape}.")
    return float(k)
