"""Squared MMD of two samples: V- and U-statistic, witness, and the kernel itself."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from ottools.measures import weights
from ottools.mmd.pairs import Rule, between, prepare, within


def gaussian_kernel(x, y, bandwidth) -> np.ndarray:
    """Return K_ij = exp(-|x_i - y_j|^2/(2 bandwidth^2)), x (n,d), y (m,d) give (n,m).

    Arrays (n,) are taken as points on the line; of several bandwidths the mean of the
    Gaussians is meant. Raises ValueError when the dimensions differ or a bandwidth is
    not > 0.

    Examples
    --------
    >>> gaussian_kernel([0.0], [0.0, 2.0], 1.0).round(6)
    array([[1.      , 0.135335]])
    """
    rule, (x, y), _ = prepare("gaussian", bandwidth, x=x, y=y)
    t = cdist(x, y, "sqeuclidean")
    return sum(np.exp(-0.5 * ratio * t) for ratio in rule.ratios) / len(rule.ratios)


def mmd2_biased(x, y, bandwidth, a=None, b=None, *, kernel: str = "gaussian") -> float:
    """Return the V-statistic: squared MMD between two weighted samples, >= 0.

    sum a_i a_j k(x_i, x_j) + sum b_i b_j k(y_i, y_j) - 2 sum a_i b_j k(x_i, y_j), the
    diagonals included (Gretton et al. 2012, eq. 5). No (n,m) array is made.

    Parameters
    ----------
    x, y : array_like, shape (n,d), (m,d), or (n,), (m,) on the line
    bandwidth : float > 0, or a sequence of them: k is then the mean of their kernels
    a, b : array_like, shape (n,), (m,), weights on the simplex; equal if None
    kernel : a name in KERNELS

    Raises
    ------
    ValueError
        When the kernel is unknown, a bandwidth is not > 0, the dimensions differ, a
        weight is improper, or a point lies beyond 1e150 bandwidths.

    Examples
    --------
    >>> round(mmd2_biased([0.0], [1.0], 1.0), 6)
    0.786939
    """
    rule, (x, y), _ = prepare(kernel, bandwidth, x=x, y=y)
    a, b = weights(a, len(x), "a"), weights(b, len(y), "b")
    xx, yy, xy = _sums(rule, x, y, a, b)
    return max(0.0, xx + yy - 2 * xy)


def mmd2_unbiased(x, y, bandwidth, *, kernel: str = "gaussian") -> float:
    """Return the U-statistic: unbiased for the squared MMD, possibly negative.

    As the V-statistic, without the diagonals of K_xx and K_yy (Gretton et al. 2012,
    eq. 3). Shapes x (n,d), y (m,d).

    Raises ValueError when a sample has fewer than two points, else as `mmd2_biased`
    does.

    Examples
    --------
    >>> round(mmd2_unbiased([0.0, 1.0], [0.0, 1.0], 1.0), 6)
    -0.393469
    """
    rule, (x, y), _ = prepare(kernel, bandwidth, x=x, y=y)
    n, m = two_or_more(x, y)
    xx, yy, xy = _sums(rule, x, y, weights(None, n), weights(None, m))
    return xx * n / (n - 1) + yy * m / (m - 1) - 2 * xy


def witness(where, x, y, bandwidth, *, kernel: str = "gaussian") -> np.ndarray:
    """Return f(z) = mean_i k(x_i, z) - mean_j k(y_j, z) at the points `where`.

    Of all functions in the unit ball of the kernel's space, f/|f| has the largest gap
    of means; the gap of means of f itself is the V-statistic (Gretton et al. 2012,
    Section 2.3). Shapes where (k,d), x (n,d), y (m,d) give (k,).

    Raises ValueError as `mmd2_biased` does.

    Examples
    --------
    >>> witness([-1.0, 0.0, 1.0], [-1.0], [1.0], 1.0).round(6)
    array([ 0.864665,  0.      , -0.864665])
    """
    rule, (z, x, y), _ = prepare(kernel, bandwidth, where=where, x=x, y=y)
    value = np.zeros(len(z))
    for i, _, t in between(rule, z, x):
        value[i] += rule.drop(t).sum(axis=1) / len(x)
    for i, _, t in between(rule, z, y):
        value[i] -= rule.drop(t).sum(axis=1) / len(y)
    return value


def two_or_more(x, y) -> tuple[int, int]:
    """Return the two numbers of points.

    Raises ValueError when one is below 2, for then a U-statistic has no pair.

    Examples
    --------
    >>> two_or_more([1, 2], [1, 2, 3])
    (2, 3)
    """
    n, m = len(x), len(y)
    if min(n, m) < 2:
        raise ValueError(f"x and y must have 2 or more points each; got {n} and {m}.")
    return n, m


def _sums(rule: Rule, x, y, a, b) -> tuple[float, float, float]:
    """Return the three weighted sums of phi - phi(0)."""
    xy = sum(float(a[i] @ rule.drop(t) @ b[j]) for i, j, t in between(rule, x, y))
    return inside(rule, x, a), inside(rule, y, b), xy


def inside(rule: Rule, x, a) -> float:
    """Return sum_ij a_i a_j (phi_ij - phi(0)), each pair of tiles seen once.

    Examples
    --------
    >>> rule, (x,), unit = prepare("linear", 1.0, x=[0.0, 2.0])
    >>> inside(rule, x, np.array([0.5, 0.5]))
    -1.0
    """
    return sum(
        (1 if i == j else 2) * float(a[i] @ rule.drop(t) @ a[j])
        for i, j, t in within(rule, x)
    )
