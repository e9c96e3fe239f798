"""Entropic transport of points for the squared distance, without storing n x m."""

from __future__ import annotations

from reprlib import repr as brief

import numpy as np

from ottools.measures import points, weights

from .costs import SquaredDistance
from .kernels import HeldKernel, StreamedKernel
from .result import EntropicTransport
from .solver import checked, solve

HELD = 1 << 22  # entries up to which the kernel is held: 32 MB


def sinkhorn_points(x, y, a=None, b=None, *, eps, tol=1e-6) -> EntropicTransport:
    """Return the entropic transport between points for the cost |x_i - y_j|^2.

    As `sinkhorn`, but no array of n m numbers is made when that would be more than 32
    MB: then the kernel is computed in blocks whenever it is multiplied, and memory
    grows with n + m.

    Parameters
    ----------
    x, y : array_like (n, d), (m, d); arrays (n,), (m,) are points on the line
    a, b : array_like (n,), (m,), weights on the simplex; equal if None
    eps, tol : float > 0, as for `sinkhorn`

    Raises
    ------
    ValueError
        When an argument is improper, or when eps is so small against the distances
        that float64 cannot reach tol.
    ConvergenceError
        When the marginals stay further than tol from a and b.

    Examples
    --------
    >>> answer = sinkhorn_points([0.0, 1.0], [0.0, 1.0], eps=1.0)
    >>> round(answer.value, 6)
    0.379885
    """
    return transport(x, y, a, b, (eps, tol), by_size)


def by_size(cost, work) -> StreamedKernel:
    """Return the kernel held as a matrix, or streamed if it is large."""
    n, m = cost.shape
    return (HeldKernel if n * m <= HELD else StreamedKernel)(cost, work)


def transport(x, y, a, b, asked, Kernel) -> EntropicTransport:
    """Return the transport of points, with (eps, tol) asked, by this kernel."""
    x, y = points(x, "x"), points(y, "y")
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            f"x and y must have one dimension; got {x.shape[1]} and {y.shape[1]}."
        )
    a, b = weights(a, len(x), "a"), weights(b, len(y), "b")
    cost = squared_distance(x, y)
    return solve(cost, a, b, checked(cost, *asked), Kernel)


def squared_distance(x: np.ndarray, y: np.ndarray) -> SquaredDistance:
    """Return the cost of points whose squared distances are floats."""
    with np.errstate(over="ignore", invalid="ignore"):
        cost = SquaredDistance(x, y)
    if not np.isfinite(cost.largest):
        raise ValueError("x and y must have finite squared distances; they overflow.")
    return cost


def point_gradients(answer: EntropicTransport) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of the value with respect to x (n, d) and y (m, d).

    By the envelope theorem the plan is held fixed: grad_i = sum_j P_ij 2 (x_i - y_j),
    and likewise for y (Feydy et al. 2019, section 3.2). The gradients with respect to
    the weights are f and g, up to a constant each; that with respect to C is the plan.

    Raises
    ------
    ValueError
        When the answer is not one of `sinkhorn_points`.

    Examples
    --------
    >>> answer = sinkhorn_points([0.0], [1.0, 3.0], eps=1.0)
    >>> point_gradients(answer)[0]
    array([[-4.]])
    """
    cost = getattr(answer, "cost", None)
    if not isinstance(cost, SquaredDistance):
        raise ValueError(
            "answer must come from sinkhorn_points, where the cost is made of points; "
            f"got {brief(answer)}."
        )
    at_x, at_y = np.empty_like(cost.x), np.zeros_like(cost.y)
    columns = np.zeros(len(cost.y))
    for rows, P in answer.blocks():
        x = cost.x[rows]
        at_x[rows] = 2 * (P.sum(axis=1)[:, None] * x - P @ cost.y)
        at_y -= 2 * (P.T @ x)
        columns += P.sum(axis=0)
    return at_x, at_y + 2 * columns[:, None] * cost.y
