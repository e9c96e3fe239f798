"""Costs C (n, m) between two point sets, and their transforms of potentials.

Distances are sums over coordinate differences, never |x|^2 + |y|^2 - 2<x, y>: that
form loses near-duplicates far from the origin and may turn negative.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from ottools.measures import points, positive, real, weights

ROUNDING = 1e-12
# Between these, the squares of a distance's coordinates neither under- nor overflow.
TINY, HUGE = 1e-140, 1e150
# Three distances of this size can be added.
LARGEST = 5e307


def squared_euclidean(x, y) -> np.ndarray:
    """Return C_ij = |x_i - y_j|^2, x (n,d), y (m,d) give (n,m).

    Arrays (n,) are points on the line. Raises ValueError when the points are improper,
    their dimensions differ, or a square is no float.

    Examples
    --------
    >>> squared_euclidean([0.0, 1.0], [3.0])
    array([[9.],
           [4.]])
    """
    x, y = _pair(x, y)
    return _finite(cdist(x, y, "sqeuclidean"), "|x - y|^2")


def euclidean(x, y) -> np.ndarray:
    """Return C_ij = |x_i - y_j|, x (n,d), y (m,d) give (n,m).

    Arrays (n,) are points on the line. Distances from 1e-300 to 1e300 are right to
    rounding. Raises ValueError when the points are improper, their dimensions differ,
    or a distance is no float.

    Examples
    --------
    >>> euclidean([[0.0, 0.0]], [[3.0, 4.0]])
    array([[5.]])
    """
    x, y = _pair(x, y)
    distance = cdist(x, y)
    # Where squares under- or overflow, add coordinate by coordinate with hypot.
    i, j = np.nonzero(~((distance > TINY) & (distance < HUGE)))
    repaired = np.zeros(len(i))
    with np.errstate(over="ignore"):  # _finite reports it
        for u, v in zip(x.T, y.T, strict=True):
            repaired = np.hypot(repaired, u[i] - v[j])
    distance[i, j] = repaired
    return _finite(distance, "|x - y|")


def power(x, y, p) -> np.ndarray:
    """Return C_ij = |x_i - y_j|^p for p > 0, x (n,d), y (m,d) give (n,m).

    Raises ValueError when the points are improper, their dimensions differ, p is not
    a finite number > 0, or a power is no float.

    Examples
    --------
    >>> power([0.0], [2.0], 3)
    array([[8.]])
    """
    exponent = positive(real(p, "p"), "p")
    if exponent.ndim:
        raise ValueError(f"p must be one number; got shape {exponent.shape}.")
    if exponent == 2:
        return squared_euclidean(x, y)
    with np.errstate(over="ignore"):  # _finite reports it
        return _finite(euclidean(x, y) ** float(exponent), f"|x - y|^{exponent:g}")


def cost_matrix(C) -> np.ndarray:
    """Return C as a float matrix (n, m) of finite numbers, n, m >= 1.

    Raises ValueError when it has another shape or an entry is no finite real number.

    Examples
    --------
    >>> cost_matrix([[0, 1]])
    array([[0., 1.]])
    """
    C = real(C, "C")
    if C.ndim != 2 or 0 in C.shape:
        raise ValueError(f"C must have shape (n, m), n, m >= 1; got {C.shape}.")
    return C


def c_transform(C, f) -> np.ndarray:
    """Return g_j = min_i C_ij - f_i, the largest g with f_i + g_j <= C_ij.

    C (n,m) and f (n,) give (m,); the transform of a g is that of the transposed cost
    (Peyre and Cuturi 2019, eq. 5.1). Raises ValueError on improper costs or potentials.

    Examples
    --------
    >>> c_transform([[0.0, 1.0], [1.0, 0.0]], [0.5, 0.0])
    array([-0.5,  0. ])
    """
    C = cost_matrix(C)
    return _above(C, _potential(f, len(C))).min(axis=0)


def soft_c_transform(C, f, eps, a=None) -> np.ndarray:
    """Return g_j = -eps log sum_i a_i exp((f_i - C_ij)/eps).

    The half-step of Sinkhorn's algorithm (Peyre and Cuturi 2019, eq. 4.43); as eps
    tends to 0 it tends to the c-transform over the points of positive weight, which it
    never falls below. C (n,m), f (n,), a (n,), equal if None, give (m,).

    Raises ValueError on improper costs, potentials or weights, or when eps is not > 0.

    Examples
    --------
    >>> soft_c_transform([[0.0], [1.0]], [0.0, 0.0], 0.1).round(6)
    array([0.06931])
    """
    C, width = cost_matrix(C), positive(real(eps, "eps"), "eps")
    if width.ndim:
        raise ValueError(f"eps must be one number; got shape {width.shape}.")
    f = _potential(f, len(C))
    a = weights(None if a is None else real(a, "a"), len(C))
    excess = _above(C[a > 0], f[a > 0])
    hard = excess.min(axis=0)
    # The excess over the minimum may be infinitely many eps: its exponential is 0.
    with np.errstate(over="ignore", under="ignore"):
        return hard - width * np.log(a[a > 0] @ np.exp(-(excess - hard) / width))


def worst_triangle(D) -> tuple[int, int, int]:
    """Return the (i, j, k) with the largest D_ik - D_ij - D_jk of a matrix (n, n).

    Raises ValueError when D is not a square matrix of finite numbers.

    Examples
    --------
    >>> worst_triangle([[0, 1, 4], [1, 0, 1], [4, 1, 0]])
    (0, 1, 2)
    """
    D = _square(D)
    through = [(D - D[:, [j]] - D[[j], :]).max() for j in range(len(D))]
    j = int(np.argmax(through))
    i, k = np.unravel_index(np.argmax(D - D[:, [j]] - D[[j], :]), D.shape)
    return int(i), j, int(k)


def triangle_defect(D) -> float:
    """Return the largest D_ik - D_ij - D_jk of a matrix (n, n): <= 0 in a metric space.

    Raises ValueError when D is not a square matrix of finite numbers.

    Examples
    --------
    >>> triangle_defect([[0, 1, 4], [1, 0, 1], [4, 1, 0]])
    2.0
    """
    D, (i, j, k) = _square(D), worst_triangle(D)
    return float(D[i, k] - D[i, j] - D[j, k])


def is_metric(D) -> bool:
    """Tell whether D (n, n) holds the distances of a metric space, up to rounding.

    Zero on the diagonal, symmetric, >= 0, and every triangle holds, each within 1e-12
    of the largest entry. Distinct points at distance 0 are admitted (duplicates).

    Raises ValueError when D is not a square matrix of finite numbers.

    Examples
    --------
    >>> is_metric([[0, 1], [1, 0]]), is_metric([[0, 1], [2, 0]])
    (True, False)
    """
    D = _square(D)
    slack = ROUNDING * np.abs(D).max()
    faults = np.abs(D.diagonal()).max(), np.abs(D - D.T).max(), -D.min()
    return bool(max(*faults, triangle_defect(D)) <= slack)


def _pair(x, y):
    x, y = points(x, "x"), points(y, "y")
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            f"x and y must have one dimension; got {x.shape[1]} and {y.shape[1]}."
        )
    return x, y


def _finite(C, what: str) -> np.ndarray:
    if not np.all(np.isfinite(C)):
        raise ValueError(f"{what} must be at most 1.8e308; rescale the points.")
    return C


def _potential(f, count: int) -> np.ndarray:
    f = real(f, "f")
    if f.shape != (count,):
        raise ValueError(f"f must have shape ({count},), a row of C; got {f.shape}.")
    return f


def _above(C, f) -> np.ndarray:
    with np.errstate(over="ignore"):  # _finite reports it
        return _finite(C - f[:, None], "|C - f|")


def _square(D) -> np.ndarray:
    D = real(D, "D")
    if D.ndim != 2 or D.shape[0] != D.shape[1] or not len(D):
        raise ValueError(f"D must have shape (n, n), n >= 1; got {D.shape}.")
    if np.abs(D).max() > LARGEST:
        raise ValueError(f"D must stay below {LARGEST:g}; got {np.abs(D).max():g}.")
    return D
