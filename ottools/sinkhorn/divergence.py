"""The debiased Sinkhorn divergence of weighted points, with its gradients."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .points import point_gradients, sinkhorn_points
from .result import EntropicTransport


@dataclass(frozen=True)
class SinkhornDivergence:
    """The divergence S = OT(a, b) - OT(a, a)/2 - OT(b, b)/2 with its certificate.

    Attributes
    ----------
    value : float, from the three lower bounds
    gap : float, bound on |S - value|: the gap of the first and half the other two
    at_x, at_y : ndarray (n, d), (m, d), gradients with respect to the points
    at_a, at_b : ndarray (n,), (m,), gradients with respect to the weights, each up to
        a constant, which no change within the simplex sees
    across, within_x, within_y : EntropicTransport, the three problems
    """

    value: float
    gap: float
    at_x: np.ndarray = field(repr=False)
    at_y: np.ndarray = field(repr=False)
    at_a: np.ndarray = field(repr=False)
    at_b: np.ndarray = field(repr=False)
    across: EntropicTransport = field(repr=False)
    within_x: EntropicTransport = field(repr=False)
    within_y: EntropicTransport = field(repr=False)


def sinkhorn_divergence(x, y, a=None, b=None, *, eps, tol=1e-6) -> SinkhornDivergence:
    """Return the Sinkhorn divergence of weighted points for the cost |x_i - y_j|^2.

    S = OT(a, b) - OT(a, a)/2 - OT(b, b)/2 is >= 0, convex in a and in b, and 0 only for
    equal measures (Feydy et al. 2019, Theorem 1); OT is the value of
    `sinkhorn_points`. Gradients follow from the envelope theorem.

    Parameters
    ----------
    x, y : array_like (n, d), (m, d); arrays (n,), (m,) are points on the line
    a, b : array_like (n,), (m,), weights on the simplex; equal if None
    eps, tol : float > 0, as for `sinkhorn`

    Raises
    ------
    ValueError, ConvergenceError
        As `sinkhorn_points`.

    Examples
    --------
    >>> round(sinkhorn_divergence([0.0, 1.0], [3.0, 4.0], eps=1.0).value, 6)
    9.0
    """
    solve = lambda *z: sinkhorn_points(*z, eps=eps, tol=tol)
    return assembled(solve(x, y, a, b), solve(x, x, a, a), solve(y, y, b, b))


def assembled(across, within_x, within_y) -> SinkhornDivergence:
    """Return the divergence from its three problems."""
    (to_x, to_y), in_x, in_y = map(point_gradients, (across, within_x, within_y))
    return SinkhornDivergence(
        value=across.value - (within_x.value + within_y.value) / 2,
        gap=across.gap + (within_x.gap + within_y.gap) / 2,
        at_x=to_x - (in_x[0] + in_x[1]) / 2,
        at_y=to_y - (in_y[0] + in_y[1]) / 2,
        at_a=across.f - (within_x.f + within_x.g) / 2,
        at_b=across.g - (within_y.f + within_y.g) / 2,
        across=across,
        within_x=within_x,
        within_y=within_y,
    )
