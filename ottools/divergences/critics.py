"""KL from two samples: the best critic that is linear in given features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ottools.convergence import ConvergenceError
from ottools.measures import points, real, scalar, weights, whole

# Features up to here have products within the floats.
LARGEST = 1e100


@dataclass(frozen=True)
class LinearCritic:
    """T = features @ coefficients, the bound of KL it gives, and the gradient left."""

    coefficients: np.ndarray
    bound: float
    residual: float


def kl_bound(coefficients, at_p, at_q, a=None, b=None) -> float:
    """Return E_p[T] - E_q[exp(T - 1)] <= KL(p || q) for T = features @ coefficients.

    at_p (n,k), at_q (m,k) hold the features at points of p and q, a (n,) and b (m,)
    their weights (equal if None). The value is -inf when it is below the floats
    (Nguyen, Wainwright and Jordan 2010, Section II).

    Raises ValueError when the shapes do not fit, the weights are improper or a feature
    exceeds 1e100.

    Examples
    --------
    >>> round(kl_bound([1.0], [[1.0]], [[1.0]]), 6)
    0.0
    """
    at_p, at_q, a, b = _means(at_p, at_q, a, b)
    c = real(coefficients, "coefficients")
    if c.shape != at_p.shape[1:]:
        raise ValueError(
            f"coefficients must have shape {at_p.shape[1:]}; got {c.shape}."
        )
    return _gain(c, a @ at_p, at_q, b)


def fit_kl_critic(
    at_p, at_q, a=None, b=None, *, tol: float = 1e-9, max_iter: int = 200
) -> LinearCritic:
    """Return the critic, linear in the features, with the greatest bound of KL.

    The bound is concave in the coefficients and is maximised by damped Newton steps;
    `residual` is the norm of its gradient. Arguments as for `kl_bound`.

    Raises
    ------
    ValueError
        When the shapes do not fit, the weights are improper, tol or max_iter is, or a
        feature exceeds 1e100.
    ConvergenceError
        When the gradient stays above tol: some combination of features may separate
        the two samples, and then there is no best critic. `last` is the last iterate.

    Examples
    --------
    >>> one = [[1.0], [1.0]]
    >>> abs(fit_kl_critic(one, one).bound) < 1e-15
    True
    """
    at_p, at_q, a, b = _means(at_p, at_q, a, b)
    tol, max_iter = scalar(tol, "tol"), whole(max_iter, "max_iter")
    mean_p, c = a @ at_p, np.zeros(at_p.shape[1])
    value = _gain(c, mean_p, at_q, b)
    for _ in range(max_iter):
        tilted = b * np.exp(at_q @ c - 1)
        slope = mean_p - tilted @ at_q
        if np.linalg.norm(slope) <= tol:
            break
        bend = at_q.T @ (at_q * tilted[:, None])
        step = np.linalg.lstsq(bend, slope, rcond=None)[0]
        while (new := _gain(c + step, mean_p, at_q, b)) < value:
            step = step / 2
        c, value = c + step, new
    residual = float(np.linalg.norm(mean_p - (b * np.exp(at_q @ c - 1)) @ at_q))
    critic = LinearCritic(c, value, residual)
    if residual > tol:
        raise ConvergenceError(
            f"the gradient is {residual:.1e} > tol = {tol:.1e}: raise tol or max_iter, "
            "or use fewer features if they separate the samples.",
            last=critic,
        )
    return critic


def _means(at_p, at_q, a, b):
    at_p, at_q = points(at_p, "at_p"), points(at_q, "at_q")
    if at_p.shape[1] != at_q.shape[1]:
        raise ValueError(
            f"at_p and at_q must hold as many features; got {at_p.shape[1]} and "
            f"{at_q.shape[1]}."
        )
    for name, features in (("at_p", at_p), ("at_q", at_q)):
        if (top := np.abs(features).max()) > LARGEST:
            raise ValueError(f"{name} must be at most {LARGEST:g}; got {top:.3g}.")
    a, b = weights(a, len(at_p), "a"), weights(b, len(at_q), "b")
    # Without weight a point has no say, even if exp(T - 1) is infinite there.
    return at_p, at_q[b > 0], a, b[b > 0]


@np.errstate(over="ignore")
def _gain(c, mean_p, at_q, b) -> float:
    return float(mean_p @ c - b @ np.exp(at_q @ c - 1))
