"""The monotone plan on the line, its potentials, and a certificate for all pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ottools.costs import LARGEST
from ottools.kantorovich.line import cumulated, exponent, staircase, ticks
from ottools.measures import real, weights


@dataclass(frozen=True)
class LineTransport:
    """The monotone plan on the line: mass (n+m-1,) at cells (i, j), some of it 0.

    `value` is the cost W_p^p; f (n,) and g (m,) are potentials. The certificate is that
    of `Transport`, over all n m constraints.
    """

    i: np.ndarray
    j: np.ndarray
    mass: np.ndarray
    f: np.ndarray
    g: np.ndarray
    value: float
    marginal_error: float
    infeasibility: float
    gap: float
    slackness: float

    @property
    def plan(self) -> np.ndarray:
        """Return the plan as a matrix (n, m).

        Examples
        --------
        >>> transport_1d([0.0, 1.0], [3.0, 2.0]).plan
        array([[0. , 0.5],
               [0.5, 0. ]])
        """
        plan = np.zeros((len(self.f), len(self.g)))
        np.add.at(plan, (self.i, self.j), self.mass)
        return plan


def transport_1d(x, y, a=None, b=None, *, p: float = 2.0) -> LineTransport:
    """Return the monotone plan between weighted points on the line, with potentials.

    It is optimal for |x - y|^p, p >= 1, and has at most n+m-1 positive entries (Villani
    2003, Theorem 2.18). Along the staircase of its cells f_i + g_j = |x_i - y_j|^p, so
    each step yields the next potential; all other constraints follow since the cost is
    a Monge array (Hoffman 1963). x (n,), y (m,), weights a, b, equal if None.

    Needs O((n + m) log(n + m)) operations, the certificate included.

    Raises ValueError when shapes do not fit, a weight is improper, p < 1, or a cost is
    no float.

    Examples
    --------
    >>> t = transport_1d([0.0, 1.0], [2.0], [0.75, 0.25])
    >>> t.i.tolist(), t.j.tolist(), t.mass.tolist(), t.value
    ([0, 1], [0, 0], [0.75, 0.25], 3.25)
    """
    p = exponent(p)
    x, y = _line(x, "x"), _line(y, "y")
    with np.errstate(over="ignore"):  # reported here
        spread = max(x.max(), y.max()) - min(x.min(), y.min())
        if not spread**p <= LARGEST:
            raise ValueError(f"|x - y|^{p:g} must be at most {LARGEST:g}; rescale.")
    order, rank = np.argsort(x, kind="stable"), np.argsort(y, kind="stable")
    a, u = _levels(a, order, "a")
    b, v = _levels(b, rank, "b")
    i, j, mass = staircase(u, v)
    f, g = _along(x[order], y[rank], i, j, p)
    figures = _figures((x[order], y[rank], p), (a, b), (i, j, mass), (f, g))
    return LineTransport(
        order[i], rank[j], mass, _back(f, order), _back(g, rank), *figures
    )


def _along(x, y, i, j, p):
    """Return potentials that are tight along the staircase and feasible everywhere."""
    cost = np.abs(x[i] - y[j]) ** p
    step, down = np.diff(cost), np.diff(i) == 1
    g = np.append(0.0, np.cumsum(step[~down]))
    # The cumulative sums round; two c-transforms restore f_i + g_j <= C_ij.
    f = monge_transform(x, y, g, p)
    return f, monge_transform(y, x, f, p)


def _figures(problem, marginals, cells, potentials):
    """Return value, marginal error, infeasibility, gap, slackness of a sparse plan."""
    (x, y, p), (a, b), (i, j, mass), (f, g) = problem, marginals, cells, potentials
    cost = np.abs(x[i] - y[j]) ** p
    rows = np.bincount(i, mass, len(f)) - a
    columns = np.bincount(j, mass, len(g)) - b
    excess = cost - f[i] - g[j]
    mismatch = np.abs(rows).sum() + np.abs(columns).sum()
    infeasible = max(0.0, (f - monge_transform(x, y, g, p)).max())
    gap = mass @ excess + f @ rows + g @ columns
    slackness = mass @ np.abs(excess)
    return map(float, (mass @ cost, mismatch, infeasible, gap, slackness))


def monge_transform(x, y, g, p) -> np.ndarray:
    """Return f_i = min_j |x_i - y_j|^p - g_j in O((n + m) log n) for sorted x and y.

    The first minimiser moves right as i does, whatever g is, because the cost is a
    Monge array; so the minimisers of the rows between two known ones lie between theirs
    (Aggarwal et al. 1987). Rows are settled level by level, halving the stride.

    Raises nothing: it trusts its arguments, x (n,), y (m,), g (m,), p >= 1.

    Examples
    --------
    >>> monge_transform(np.array([0.0, 2.0]), np.array([1.0, 2.0]), np.zeros(2), 2)
    array([1., 0.])
    """
    n = len(x)
    f = np.empty(n)
    # best[1 + i] is the minimiser of row i, between a first and a last row of bounds.
    best = np.full(n + 2, len(y) - 1)
    best[0] = 0
    stride = 1 << n.bit_length() - 1
    while stride:
        rows = np.arange(stride, n + 1, 2 * stride)
        low, high = best[rows - stride], best[np.minimum(rows + stride, n + 1)]
        count = high - low + 1
        start = np.cumsum(count) - count
        column = np.arange(count.sum()) + np.repeat(low - start, count)
        value = np.abs(np.repeat(x[rows - 1], count) - y[column]) ** p - g[column]
        least = np.minimum.reduceat(value, start)
        hits = np.flatnonzero(value == np.repeat(least, count))
        best[rows] = column[hits[np.searchsorted(hits, start)]]
        f[rows - 1] = least
        stride //= 2
    return f


def _line(x, name: str) -> np.ndarray:
    x = real(x, name)
    if x.ndim != 1 or not len(x):
        raise ValueError(f"{name} must have shape (n,), n >= 1; got {x.shape}.")
    return x


def _levels(a, order, name: str):
    """Return the weights in sorted order and their cumulative sums."""
    n = len(order)
    if a is None:
        return np.full(n, 1 / n), ticks(n)
    a = weights(real(a, name), n, name)[order]
    return a, cumulated(a)


def _back(potential, order):
    original = np.empty_like(potential)
    original[order] = potential
    return original
