"""The Bures distance, that is W_2 between Gaussians."""

from __future__ import annotations

import numpy as np

from ottools.bures.factors import aligned, symmetric, times_power, unit_factor
from ottools.measures import real

# A difference of traces below this part of their sum is computed another way.
CANCELLED = 1e-2


def bures_distance(A, B):
    """Return W_2 of N(0, A) and N(0, B), shapes (..., d, d) broadcast to (...).

    The square is tr A + tr B - 2 tr (A^{1/2} B A^{1/2})^{1/2}, the last trace being the
    sum of the singular values of X^T Y, A = X X^T, B = Y Y^T. Where that cancels, it is
    computed as the least |X U - Y|_F^2 over orthogonal U (Bhatia, Jain and Lim 2019,
    Theorem 1): there nothing cancels, and no U makes it too small. So the relative
    error is near rounding for covariances well away from singular ones, however close
    to each other. For all others it is near sqrt(10 d EPS) (tr A + tr B)^{1/2}, since
    eigenvalues up to 10 d EPS times the largest count as 0; and no method does much
    better, the last digit of a singular A being worth sqrt(EPS) of its size.

    Raises
    ------
    ValueError
        When A or B is no covariance or the shapes do not fit.

    Examples
    --------
    >>> A, B = [[1.0, 0.0], [0.0, 4.0]], [[9.0, 0.0], [0.0, 4.0]]
    >>> round(float(bures_distance(A, B)), 12)
    2.0
    """
    A, B = pair(A, B)
    (X, k), (Y, m) = unit_factor(A, "A"), unit_factor(B, "B")
    top = np.maximum(k, m)
    X, Y = times_power(X, k - top), times_power(Y, m - top)
    size = _squares(X) + _squares(Y)
    values = np.linalg.svd(np.swapaxes(X, -1, -2) @ Y, compute_uv=False)
    square = size - 2 * values.sum(axis=-1)
    close = square < CANCELLED * size
    if close.any():
        square = np.where(close, _squares(aligned(X, Y) - Y), square)
    return np.ldexp(np.sqrt(square), top)


def _squares(X) -> np.ndarray:
    return np.einsum("...ij,...ij->...", X, X)


def gaussian_w2(m0, A, m1, B):
    """Return W_2 of N(m0, A) and N(m1, B): (|m0 - m1|^2 + d^2)^{1/2}, d = Bures.

    d is `bures_distance(A, B)`; shapes m0, m1 (..., d) and A, B (..., d, d) broadcast
    to (...). With means and covariances of features of images this is the square root
    of their FID (Dowson and Landau 1982; Heusel et al. 2017).

    Raises
    ------
    ValueError
        As `bures_distance`, or when a mean is not finite or does not fit.

    Examples
    --------
    >>> round(float(gaussian_w2([3.0], [[1.0]], [0.0], [[25.0]])), 12)
    5.0
    """
    A, B = pair(A, B)
    m0, m1 = real(m0, "m0"), real(m1, "m1")
    axes = [m0.shape[:-1], A.shape[:-2], m1.shape[:-1], B.shape[:-2]]
    same_d = m0.shape[-1:] == m1.shape[-1:] == A.shape[-1:]
    if not (same_d and _broadcast(*axes)):
        raise ValueError(
            f"m0, m1 must have shape (..., {A.shape[-1]}) and leading axes that "
            f"broadcast with A, B; got {m0.shape} and {m1.shape}."
        )
    return np.hypot(np.hypot.reduce(m0 - m1, axis=-1), bures_distance(A, B))


def pair(A, B) -> tuple[np.ndarray, np.ndarray]:
    """Return A, B (..., d, d) symmetric, finite and of shapes that broadcast.

    Raises ValueError otherwise.

    Examples
    --------
    >>> [M.shape for M in pair([[1.0]], [[[2.0]], [[3.0]]])]
    [(1, 1), (2, 1, 1)]
    """
    A, B = symmetric(A, "A"), symmetric(B, "B")
    if A.shape != B.shape and not (
        A.shape[-1] == B.shape[-1] and _broadcast(A.shape[:-2], B.shape[:-2])
    ):
        raise ValueError(
            f"A and B must have one dimension d and leading axes that broadcast; got "
            f"{A.shape} and {B.shape}."
        )
    return A, B


def _broadcast(*shapes) -> bool:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True
