"""Checked covariances, and factors of them that no scale can overflow."""

from __future__ import annotations

import numpy as np

from ottools.measures import real

EPS = np.finfo(float).eps
# A sum of d products is wrong by d EPS. Up to 100 times that passes as rounding, and
# eigenvalues up to 10 times that, relative to the largest, carry no information.
ROUNDING, NOISE = 100 * EPS, 10 * EPS


def covariance(A, name: str = "A") -> np.ndarray:
    """Return `A` (..., d, d) as exactly symmetric floats if it is a covariance.

    Symmetric and positive semi-definite are meant within rounding: up to 100 d times
    the machine epsilon, relative to the largest entry and to the largest eigenvalue.

    Raises
    ------
    ValueError
        When `A` is not square, not finite, not symmetric (the message gives the largest
        difference of mirrored entries) or has a negative eigenvalue (likewise).

    Examples
    --------
    >>> covariance([[2, 1], [1, 2]])
    array([[2., 1.],
           [1., 2.]])
    """
    A = symmetric(A, name)
    unit_factor(A, name)
    return A


def factor(A, name: str = "A") -> np.ndarray:
    """Return X (..., d, d) with X X^T = A: Cholesky, or eigenvectors if singular.

    Raises ValueError as `covariance` does.

    Examples
    --------
    >>> factor([[4.0, 2.0], [2.0, 2.0]])
    array([[2., 0.],
           [1., 1.]])
    """
    X, k = unit_factor(symmetric(A, name), name)
    return times_power(X, k)


def symmetric(A, name: str) -> np.ndarray:
    """Return `A` (..., d, d) as exactly symmetric floats if it is so within rounding.

    Raises ValueError as `covariance` does, but knows nothing of eigenvalues.

    Examples
    --------
    >>> symmetric([[0, 1], [1, 0]], "A").tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    A = real(A, name)
    if A.ndim < 2 or A.shape[-1] != A.shape[-2] or 0 in A.shape:
        raise ValueError(
            f"{name} must have shape (..., d, d), none of them 0; got {A.shape}."
        )
    mirrored = np.swapaxes(A, -1, -2)
    if (mirrored == A).all():
        return A
    gap = np.abs(A / 2 - mirrored / 2).max(axis=(-2, -1))
    allowed = ROUNDING * A.shape[-1] * np.abs(A).max(axis=(-2, -1))
    if np.any(gap > allowed):
        worst = 2 * gap.flat[np.argmax(gap - allowed)]
        raise ValueError(
            f"{name} must be symmetric; mirrored entries differ by {worst:.3g}."
        )
    return np.where(mirrored == A, A, A / 2 + mirrored / 2)  # halves may vanish


def unit_scale(A) -> tuple[np.ndarray, np.ndarray]:
    """Return A/4^k and integers k (...): of ordinary size, so 0 for most A.

    Powers of two change no digit, and products and squares of the result neither
    overflow nor vanish: its largest entry lies between 2^-400 and 2^400, or is 0.

    Examples
    --------
    >>> B, k = unit_scale(np.array([[1e300]]))
    >>> float(B[0, 0]) * 4.0 ** int(k) == 1e300, 0.5 <= float(B[0, 0]) <= 2
    (True, True)
    """
    top = np.abs(A).max(axis=(-2, -1))
    if ((top > 2.0**-400) & (top < 2.0**399)).all():
        return A, np.zeros(top.shape, dtype=int)
    _, power = np.frexp(top)
    k = np.where(np.abs(power) < 400, 0, power // 2)
    return times_power(A, -2 * k), k


def times_power(A, k) -> np.ndarray:
    """Return 2^k A exactly, for integers k (...) and matrices (..., d, d).

    Examples
    --------
    >>> times_power(np.array([[3.0]]), np.array(2))
    array([[12.]])
    """
    if not np.count_nonzero(k):
        return A
    return np.ldexp(A, np.asarray(k)[..., None, None])


def unit_factor(A, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return X (..., d, d) and integers k (...) with A = 4^k X X^T, A symmetric.

    Cholesky if A is safely regular. Else eigenvectors, where eigenvalues up to 10 d EPS
    times the largest count as 0: the root of rounding noise, 1e-8, would be the largest
    error of all. So the rank of A is the number of columns of X that are not 0.

    Raises ValueError when an eigenvalue is negative beyond rounding.

    Examples
    --------
    >>> X, k = unit_factor(np.array([[4.0, 4.0], [4.0, 4.0]]), "A")
    >>> np.abs(X).round(12).tolist(), int(k)
    ([[0.0, 2.0], [0.0, 2.0]], 0)
    """
    unit, k = unit_scale(A)
    try:
        X = np.linalg.cholesky(unit)
    except np.linalg.LinAlgError:  # singular, or no covariance
        X = np.zeros_like(unit)
    pivots = np.diagonal(X, axis1=-2, axis2=-1)
    if (pivots > 1e-5 * pivots.max(axis=-1, keepdims=True)).all():
        return X, k
    lam, V = spectrum(unit, name)
    noise = lam <= NOISE * A.shape[-1] * lam[..., -1:]
    return V * np.sqrt(np.where(noise, 0, lam))[..., None, :], k


def spectrum(A, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return eigenvalues (..., d), ascending and >= 0, and eigenvectors in columns.

    Raises ValueError when an eigenvalue is negative beyond rounding.

    Examples
    --------
    >>> spectrum(np.diag([2.0, 0.0]), "A")[0].tolist()
    [0.0, 2.0]
    """
    lam, V = np.linalg.eigh(A)
    low, high = lam[..., 0], np.abs(lam).max(axis=-1)
    if np.any(low < -ROUNDING * A.shape[-1] * high):
        ratio = np.min(low / np.where(high > 0, high, 1))
        raise ValueError(
            f"{name} must be positive semi-definite; its smallest eigenvalue is "
            f"{ratio:.3g} times its largest in modulus."
        )
    return np.maximum(lam, 0), V


def aligned(X, Y) -> np.ndarray:
    """Return X U with the orthogonal U that brings it closest to Y in Frobenius norm.

    U = P Q^T from the singular vectors of X^T Y = P S Q^T (Schonemann 1966), so that
    (X U)^T Y is symmetric positive semi-definite. Shapes (..., d, d).

    Examples
    --------
    >>> aligned(np.diag([1.0, 2.0]), np.array([[0.0, 3.0], [3.0, 0.0]])).round(12) + 0.0
    array([[0., 1.],
           [2., 0.]])
    """
    P, _, Qt = np.linalg.svd(np.swapaxes(X, -1, -2) @ Y)
    return X @ P @ Qt
