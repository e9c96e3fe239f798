"""The Gaussian next to a law on the line, in either order of the KL divergence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, root

from ottools.convergence import ConvergenceError
from ottools.measures import gaussian_logpdf, positive, probability, quadrature, real

STATIONARY = 1e-7
FAR = 1e50


@dataclass(frozen=True)
class GaussianFit:
    """A Gaussian N(mean, scale^2) at which a KL divergence is stationary.

    `value` is the divergence there, `gradient_norm` the length of its gradient in
    (mean/scale, log scale), so that it does not depend on the unit of length.
    """

    mean: float
    scale: float
    value: float
    gradient_norm: float


def fit_forward(log_target: Callable, breaks: Sequence[float]) -> GaussianFit:
    """Minimise KL(target || N(m, s^2)) over m and s: take the target's moments.

    This is maximum likelihood with unlimited data. `log_target` maps x (k,) to the
    log-density (k,); its mass must lie between the first and last of `breaks`.

    Raises ValueError when the target has not mass 1 between the breaks, or all of it at
    one node of the quadrature.

    Examples
    --------
    >>> fit = fit_forward(lambda x: gaussian_logpdf(x, 1.0, 2.0), (-30, 32))
    >>> round(fit.mean, 9), round(fit.scale, 9)
    (1.0, 2.0)
    """
    x, w = quadrature(breaks, panels=200)
    log_p = log_target(x)
    weights = probability(w * np.exp(log_p), "target mass between the breaks")
    mean = float(weights @ x)
    scale = float(np.sqrt(weights @ (x - mean) ** 2))
    if scale == 0:
        raise ValueError(
            "breaks must be closer: the target has no width on their grid."
        )
    z = (x - mean) / scale
    gradient = [-(weights @ z), weights @ (1 - z**2)]
    gap = np.where(weights > 0, log_p - gaussian_logpdf(x, mean, scale), 0.0)
    value = float(weights @ gap)
    return GaussianFit(mean, scale, value, float(np.linalg.norm(gradient)))


def fit_reverse(log_target: Callable, start: tuple[float, float]) -> GaussianFit:
    """Find a stationary point of KL(N(m, s^2) || target) from start = (m, s).

    With x = m + s z, z ~ N(0, 1) and r = log N(x; m, s^2) - log target(x), the gradient
    in (m/s, log s) is (E[z r], E[(z^2 - 1) r]). Several stationary points may exist;
    the answer depends on the start. `log_target` maps x (k,) to the log-density (k,).

    Raises
    ------
    ValueError
        When start is no pair (m, s) with s > 0 and both within 1e50, or log_target is
        not finite where the Gaussian lives: the divergence is infinite then.
    ConvergenceError
        When the gradient does not vanish at the end; `last` is the fit there.

    Examples
    --------
    >>> fit = fit_reverse(lambda x: gaussian_logpdf(x, 1.0, 2.0), (0.0, 1.0))
    >>> round(fit.mean, 6), round(fit.scale, 6)
    (1.0, 2.0)
    """
    begin = real(start, "start")
    if begin.shape != (2,):
        raise ValueError(f"start must be a pair (m, s); got {start!r}.")
    positive(begin[1], "start[1]")
    if np.abs(begin).max() > FAR or begin[1] < 1 / FAR:
        raise ValueError(f"start must lie between 1e-50 and 1e50; got {start!r}.")

    def place(theta):
        # Growing by more than e^100 is no way to a minimum, but a line search may try.
        growth = np.exp(np.clip(theta[1], -100, 100))
        return begin[0] + begin[1] * theta[0], begin[1] * growth

    def objective(theta):
        mean, scale = place(theta)
        value, gradient = _reverse_kl(log_target, mean, scale)
        return value, gradient * [begin[1] / scale, 1]

    with np.errstate(over="ignore", invalid="ignore"):  # of steps that go astray
        rough = minimize(
            objective, np.zeros(2), jac=True, method="BFGS", options={"gtol": 1e-6}
        )
        found = place(root(lambda theta: objective(theta)[1], rough.x, tol=1e-13).x)
    value, gradient = _reverse_kl(log_target, *found)
    norm = float(np.linalg.norm(gradient))
    fit = GaussianFit(float(found[0]), float(found[1]), value, norm)
    if norm > STATIONARY:
        raise ConvergenceError(
            f"reverse fit from {start} stopped at m={fit.mean:.6g}, s={fit.scale:.6g} "
            f"with gradient {norm:.2e}: try another start.",
            fit,
        )
    return fit


def _reverse_kl(log_target: Callable, mean, scale) -> tuple[float, np.ndarray]:
    """Return KL(N(mean, scale^2) || target) and its gradient in (m/s, log s)."""
    z, w = quadrature((-9.0, 9.0), panels=36)
    w = w * np.exp(gaussian_logpdf(z))
    log_p = np.asarray(log_target(mean + scale * z), dtype=float)
    if log_p.shape != z.shape or not np.all(np.isfinite(log_p)):
        raise ValueError(
            "log_target must give a finite log-density (k,) for x (k,); it does not "
            f"near N({mean:.6g}, {scale:.6g}^2)."
        )
    r = gaussian_logpdf(z) - np.log(scale) - log_p
    return float(w @ r), np.array([w @ (z * r), w @ ((z**2 - 1) * r)])
