"""Optimal maps and geodesics between centred Gaussians."""

from __future__ import annotations

import numpy as np

from ottools.bures.distance import pair
from ottools.bures.factors import EPS, aligned, times_power, unit_factor
from ottools.measures import real


def optimal_map(A, B) -> np.ndarray:
    """Return the symmetric positive semi-definite T (..., d, d) with T A T = B.

    T = B^{1/2} (B^{1/2} A B^{1/2})^{-1/2} B^{1/2}, and x -> T x is the optimal map from
    N(0, A) to N(0, B) (Knott and Smith 1984; Peyre and Cuturi 2019, eq. 2.40). With
    the pseudo-inverse the formula holds for singular covariances as well, whenever
    such a T exists: when no direction in the range of B is orthogonal to the range of
    A, that is, rank (A^{1/2} B^{1/2}) = rank B. On the range of A it is then unique.
    Ranks are numerical: eigenvalues up to 10 d EPS times the largest count as 0.

    Raises
    ------
    ValueError
        When A or B is no covariance, the shapes do not fit or there is no such T.

    Examples
    --------
    >>> optimal_map([[1.0, 0.0], [0.0, 4.0]], [[9.0, 0.0], [0.0, 1.0]]).round(12)
    array([[3. , 0. ],
           [0. , 0.5]])
    """
    A, B = pair(A, B)
    (X, k), (Y, m) = unit_factor(A, "A"), unit_factor(B, "B")
    Z, seen = half_map(X, Y)
    if not np.all(seen):
        raise ValueError(
            "No symmetric T >= 0 has T A T = B: a direction in the range of B is "
            "orthogonal to the range of A (eigenvalues at rounding count as 0)."
        )
    T = Z @ np.swapaxes(Z, -1, -2)
    return times_power(T / 2 + np.swapaxes(T, -1, -2) / 2, m - k)


def half_map(X, Y) -> tuple[np.ndarray, np.ndarray]:
    """Return Z (..., d, d) and whether Z Z^T X X^T Z Z^T = Y Y^T can hold.

    X^T Y = P S Q^T gives Z = Y Q S^{-1/2}, on the directions in which S is not 0. They
    must be as many as the rank of Y. Both factors as `unit_factor` gives them.

    Examples
    --------
    >>> half_map(np.array([[2.0]]), np.array([[8.0]]))
    (array([[2.]]), np.True_)
    """
    rank = (Y != 0).any(axis=-2).sum(axis=-1)
    _, s, Qt = np.linalg.svd(np.swapaxes(X, -1, -2) @ Y)
    size = np.linalg.norm(X, axis=(-2, -1)) * np.linalg.norm(Y, axis=(-2, -1))
    kept = np.arange(X.shape[-1]) < rank[..., None]
    seen = s > X.shape[-1] * EPS * size[..., None]
    used = kept & seen
    root = np.where(used, 1 / np.sqrt(np.where(used, s, 1)), 0)
    return Y @ np.swapaxes(Qt, -1, -2) * root[..., None, :], np.all(seen >= kept, -1)


def map_residual(T, A, B) -> np.ndarray:
    """Return |T A T^T - B|_F + |T - T^T|_F |A|_F^{1/2} |B|_F^{1/2}, shape (...).

    The certificate of `optimal_map`: a positive semi-definite T is optimal from
    N(0, A) to N(0, B) iff both terms vanish (Brenier 1991). Shapes (..., d, d).

    Raises
    ------
    ValueError
        When A or B is no covariance, T is not finite, T A T^T has an entry that is no
        float, or the shapes do not fit.

    Examples
    --------
    >>> float(map_residual([[2.0]], [[1.0]], [[4.0]]))
    0.0
    """
    A, B = pair(A, B)
    T = real(T, "T")
    if T.shape[-2:] != A.shape[-2:]:
        raise ValueError(f"T must have shape (..., d, d) as A; got {T.shape}.")
    mirrored = np.swapaxes(T, -1, -2)
    with np.errstate(over="ignore", invalid="ignore"):  # reported below
        skew = frobenius(T - mirrored) * np.sqrt(frobenius(A)) * np.sqrt(frobenius(B))
        residual = frobenius(T @ A @ mirrored - B) + skew
    if not np.all(np.isfinite(residual)):
        raise ValueError("T must be such that T A T^T is within 1.8e308; rescale.")
    return residual


def frobenius(M) -> np.ndarray:
    """Return |M|_F over the last two axes, without overflow of the squares.

    Examples
    --------
    >>> float(frobenius(np.array([[0.0, 2e200]])))
    2e+200
    """
    top = np.abs(M).max(axis=(-2, -1))
    safe = np.where(top > 0, top, 1)
    return top * np.linalg.norm(M / safe[..., None, None], axis=(-2, -1))


def geodesic(A, B, t) -> np.ndarray:
    """Return the covariance at time t on the W_2 geodesic from A (t = 0) to B (t = 1).

    S_t = ((1-t) I + t T) A ((1-t) I + t T) (McCann 1997, Example 1.7), computed as
    F F^T with F = (1-t) X U + t Y, X U the factor of A closest to that of B: this
    needs no T and gives a geodesic also where A is singular. Shapes: t (...), A and B
    (..., d, d); the result has the axes of t, then those of A and B.

    Raises
    ------
    ValueError
        When A or B is no covariance, the shapes do not fit or t is not in [0, 1].

    Examples
    --------
    >>> geodesic([[1.0]], [[9.0]], [0.0, 0.5, 1.0]).round(12).ravel().tolist()
    [1.0, 4.0, 9.0]
    """
    A, B = pair(A, B)
    t = real(t, "t")
    if np.any((t < 0) | (t > 1)):
        raise ValueError(f"t must lie in [0, 1]; got {t.min()} to {t.max()}.")
    (X, k), (Y, m) = unit_factor(A, "A"), unit_factor(B, "B")
    top = np.maximum(k, m)
    XU, Y = times_power(aligned(X, Y), k - top), times_power(Y, m - top)
    t = t.reshape(t.shape + (1,) * XU.ndim)
    F = (1 - t) * XU + t * Y
    return times_power(F @ np.swapaxes(F, -1, -2), 2 * top)


def distance_gradient(A, B) -> np.ndarray:
    """Return I - T, the gradient in A of bures_distance(A, B)^2, shape (..., d, d).

    T is the optimal map from A to B: the dual potential of the distance is the mean of
    x^T (I - T) x, which is linear in A.

    Raises ValueError as `optimal_map` does.

    Examples
    --------
    >>> distance_gradient([[1.0]], [[4.0]])
    array([[-1.]])
    """
    T = optimal_map(A, B)
    return np.eye(T.shape[-1]) - T
