"""Duality on a finite metric space: one 1-Lipschitz potential instead of two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ottools.costs import ROUNDING, is_metric, worst_triangle
from ottools.kantorovich.linear import solve_network
from ottools.kantorovich.transport import both, certificate, problem
from ottools.measures import real, scalar


@dataclass(frozen=True)
class Rubinstein:
    """A potential u (n,), what it proves, and the plan that shows it is best.

    `value` is <a - b, u>. `lipschitz` is the Lipschitz constant of u, `excess` the
    largest u_i - u_j - K D_ij (0 when all hold), `gap` is K <D, P> - value for the
    `plan` P, `marginal_error` that of the plan.
    """

    u: np.ndarray
    plan: np.ndarray
    value: float
    lipschitz: float
    excess: float
    gap: float
    marginal_error: float


def lipschitz_potential(D, f, g) -> np.ndarray:
    """Return one 1-Lipschitz u (n,), on a metric as good as a feasible pair f, g.

    u_i = min_j D_ij - g_j. Being a minimum of 1-Lipschitz functions, u is one. It is
    >= f_i since f_i + g_j <= D_ij, and <= -g_i since D_ii = 0; so <a - b, u> is at
    least <a, f> + <b, g> for all weights (Villani 2003, Theorem 1.14). That g <= -f
    alone would not do: -f need not be feasible with f. D (n,n), f (n,), g (n,).

    Raises ValueError when D is no metric or when some f_i + g_j exceeds D_ij.

    Examples
    --------
    >>> lipschitz_potential([[0, 1], [1, 0]], [0.5, -9.0], [-0.5, 0.5])
    array([ 0.5, -0.5])
    """
    D = metric(D)
    f, g = real(f, "f"), real(g, "g")
    if not f.shape == g.shape == (len(D),):
        raise ValueError(
            f"f and g must have shape ({len(D)},); got {f.shape} and {g.shape}."
        )
    with np.errstate(over="ignore"):  # an infinite excess is reported
        excess = f[:, None] + g - D
    i, j = np.unravel_index(excess.argmax(), D.shape)
    if excess[i, j] > ROUNDING * max(np.abs(D).max(), np.abs(f).max(), np.abs(g).max()):
        raise ValueError(
            f"f and g must have f_i + g_j <= D_ij; at ({i}, {j}) they exceed it by "
            f"{excess[i, j]:.6g}."
        )
    return (D - g).min(axis=1)


def kantorovich_rubinstein(D, a=None, b=None, *, K: float = 1.0) -> Rubinstein:
    """Return the K-Lipschitz u with the largest <a - b, u>, which is K W_1(a, b).

    Villani 2003, Theorem 1.14, on the metric space with distances D (n,n); a (n,),
    b (n,), equal if None, K > 0. The plan comes from `solve_network`.

    Raises ValueError when D is no metric (naming the triangle that fails), on improper
    weights, or when K is not > 0.

    Examples
    --------
    >>> r = kantorovich_rubinstein([[0, 2], [2, 0]], [1, 0], [0, 1], K=3)
    >>> r.value, r.lipschitz, r.gap
    (6.0, 3.0, 0.0)
    """
    slope, D = scalar(K, "K"), metric(D)
    best = solve_network(D, a, b)
    u = lipschitz_potential(D, best.f, best.g)
    return rubinstein(D, (a, b), best.plan, slope * u, K=slope)


def rubinstein(D, weights, plan, u, *, K: float = 1.0) -> Rubinstein:
    """Return a potential and a plan with their certificate, whoever computed them.

    D (n,n), `weights` the pair (a, b), plan (n,n), u (n,). The Lipschitz constant is
    infinite when u differs at two points of distance 0.

    Raises ValueError on improper input, also when D is no metric or K is not > 0.

    Examples
    --------
    >>> rubinstein([[0, 2], [2, 0]], ([1, 0], [0, 1]), [[0, 1], [0, 0]], [1, 0]).gap
    1.0
    """
    D, a, b = problem(metric(D), *both(weights))
    u, slope = real(u, "u"), scalar(K, "K")
    with np.errstate(over="ignore"):  # certificate reports it
        steep = slope * D
    seen = certificate(steep, a, b, plan, u, -u)
    return Rubinstein(
        u,
        seen.plan,
        float((a - b) @ u),
        _steepness(D, u),
        seen.infeasibility,
        seen.gap,
        seen.marginal_error,
    )


def _steepness(D, u) -> float:
    """Return the Lipschitz constant of u."""
    rise, apart = np.abs(u[:, None] - u), D > 0
    if rise[~apart].max() > 0:
        return np.inf
    with np.errstate(over="ignore"):  # then the constant is beyond all floats
        return float(np.divide(rise, D, out=np.zeros_like(D), where=apart).max())


def metric(D) -> np.ndarray:
    """Return D (n, n) as floats if it holds the distances of a metric space.

    Distinct points at distance 0 are admitted.

    Raises ValueError otherwise, naming the entry or the triangle that fails.

    Examples
    --------
    >>> metric([[0, 1], [1, 0]])
    array([[0., 1.],
           [1., 0.]])
    """
    if is_metric(D):
        return real(D, "D")
    D = real(D, "D")
    i, j, k = worst_triangle(D)
    if np.abs(D.diagonal()).max() > 0 or D.min() < 0 or np.any(D != D.T):
        raise ValueError(
            "D must be a metric: 0 on the diagonal, symmetric, >= 0; got diagonal up "
            f"to {np.abs(D.diagonal()).max():.6g}, asymmetry up to "
            f"{np.abs(D - D.T).max():.6g}, minimum {D.min():.6g}."
        )
    raise ValueError(
        f"D must be a metric; from {i} to {k} is {D[i, k]:.6g}, but through {j} "
        f"it is {D[i, j]:.6g} + {D[j, k]:.6g}."
    )
