"""Divergences of densities on the line: quadrature, Gaussians, Gaussian fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, root

from ottools.divergences.discrete import cross_entropy, entropy, l2
from ottools.measures import gaussian_logpdf, positive, probability, quadrature


def on_line(
    functional: Callable,
    p: Callable,
    q: Callable,
    breaks: Sequence[float],
    panels: int = 64,
):
    """Return an f-divergence of two densities on the line, by Gauss-Legendre panels.

    `functional` is one of kl, js, tv, hellinger, chi2 or f_divergence with a name; each
    sums terms of degree one in (p_i, q_i), so the weights w_i p(x_i), w_i q(x_i) of the
    quadrature nodes may stand in for them.

    Raises
    ------
    ValueError
        When a density has not all its mass between the first and last of `breaks`, or
        when `functional` (entropy, cross_entropy, l2) depends on the grid.

    Examples
    --------
    >>> from ottools.divergences import js
    >>> p = lambda x: np.exp(gaussian_logpdf(x))
    >>> round(float(on_line(js, p, lambda x: p(x - 1), (-9, 10))), 6)
    0.111421
    """
    if functional in (entropy, cross_entropy, l2):
        raise ValueError(
            "functional must be an f-divergence (kl, js, tv, hellinger, chi2); "
            f"got {functional.__name__}, whose value depends on the grid."
        )
    x, w = quadrature(breaks, panels)
    return functional(w * p(x), w * q(x))


def gaussian_entropy(scale):
    """Return the entropy of N(m, scale^2), log(scale sqrt(2 pi e)).

    Raises ValueError when a scale is not > 0.

    Examples
    --------
    >>> round(float(gaussian_entropy(1.0)), 6)
    1.418939
    """
    return np.log(positive(scale, "scale")) + 0.5 * np.log(2 * np.pi * np.e)


def gaussian_kl(mean_p, scale_p, mean_q, scale_q):
    """Return KL(N(m_p, s_p^2) || N(m_q, s_q^2)), the arguments broadcast.

    log(s_q/s_p) + (s_p^2 + (m_p - m_q)^2)/(2 s_q^2) - 1/2; sum over the coordinates
    for diagonal Gaussians. Raises ValueError when a scale is not > 0.

    Examples
    --------
    >>> float(gaussian_kl(0.0, 1.0, 1.0, 1.0))
    0.5
    """
    a, b = positive(scale_p, "scale_p"), positive(scale_q, "scale_q")
    gap = np.asarray(mean_p, dtype=float) - mean_q
    return np.log(b / a) + (a**2 + gap**2) / (2 * b**2) - 0.5


@dataclass(frozen=True)
class GaussianFit:
    """A Gaussian N(mean, scale^2) at which a KL divergence is stationary.

    `value` is the divergence there, `gradient_norm` the length of its gradient in
    (mean, log scale).
    """

    mean: float
    scale: float
    value: float
    gradient_norm: float


def fit_forward(log_target: Callable, breaks: Sequence[float]) -> GaussianFit:
    """Minimise KL(target || N(m, s^2)) over m and s: take the target's moments.

    This is maximum likelihood with unlimited data. `log_target` maps x (k,) to the
    log-density (k,); its mass must lie between the first and last of `breaks`.

    Raises ValueError when the target has not mass 1 between the breaks.

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
    z = (x - mean) / scale
    gradient = [-(weights @ z) / scale, weights @ (1 - z**2)]
    gap = np.where(weights > 0, log_p - gaussian_logpdf(x, mean, scale), 0.0)
    value = float(weights @ gap)
    return GaussianFit(mean, scale, value, float(np.linalg.norm(gradient)))


def fit_reverse(log_target: Callable, start: tuple[float, float]) -> GaussianFit:
    """Find a stationary point of KL(N(m, s^2) || target) from start = (m, s).

    With x = m + s z, z ~ N(0, 1) and r = log N(x; m, s^2) - log target(x), the gradient
    in (m, log s) is (E[z r]/s, E[(z^2 - 1) r]). Several stationary points may exist;
    the answer depends on the start. `log_target` maps x (k,) to the log-density (k,).

    Raises ValueError when start[1] is not > 0, RuntimeError when the gradient does not
    vanish at the end.

    Examples
    --------
    >>> fit = fit_reverse(lambda x: gaussian_logpdf(x, 1.0, 2.0), (0.0, 1.0))
    >>> round(fit.mean, 6), round(fit.scale, 6)
    (1.0, 2.0)
    """
    positive(start[1], "start[1]")
    z, w = quadrature((-9.0, 9.0), panels=36)
    w = w * np.exp(gaussian_logpdf(z))

    def objective(theta):
        scale = np.exp(theta[1])
        x = theta[0] + scale * z
        r = gaussian_logpdf(x, theta[0], scale) - log_target(x)
        return w @ r, np.array([w @ (z * r) / scale, w @ ((z**2 - 1) * r)])

    begin = np.array([start[0], np.log(start[1])], dtype=float)
    rough = minimize(objective, begin, jac=True, method="BFGS", options={"gtol": 1e-6})
    found = root(lambda theta: objective(theta)[1], rough.x, tol=1e-13).x
    value, gradient = objective(found)
    norm = float(np.linalg.norm(gradient))
    if norm > 1e-7:
        raise RuntimeError(
            f"reverse fit from {start} stopped at m={found[0]:.6g}, "
            f"s={np.exp(found[1]):.6g} with gradient {norm:.2e}: try another start."
        )
    return GaussianFit(float(found[0]), float(np.exp(found[1])), float(value), norm)
