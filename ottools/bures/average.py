"""Barycentres of centred Gaussians, with a certificate of global optimality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ottools.bures.factors import (
    aligned,
    spectrum,
    symmetric,
    times_power,
    unit_factor,
    unit_scale,
)
from ottools.bures.maps import half_map
from ottools.convergence import ConvergenceError
from ottools.measures import scalar, whole
from ottools.measures import weights as simplex


@dataclass(frozen=True)
class Barycentre:
    """A candidate S for the barycentre of covariances A_i with weights w_i.

    `covariance` is S (d, d) and `value` is sum_i w_i W_2(S, A_i)^2. `residual` is the
    W_2 norm of half the gradient of the value, tr((I-M) S (I-M))^{1/2} with the mean
    map M = sum_i w_i T_i; it has the unit of a standard deviation. `gap` bounds how far
    the value lies above the least possible; inf where S is singular and some A_i has a
    direction that S does not see, since then this S gives no dual bound.
    """

    covariance: np.ndarray
    value: float
    residual: float
    gap: float
    iterations: int


def barycentre(
    covs, weights=None, *, tol: float = 1e-9, max_iter: int = 1000
) -> Barycentre:
    """Return the S that minimises sum_i w_i W_2(N(0, S), N(0, A_i))^2.

    The fixed point of S <- M S M, M = sum_i w_i T_i (Alvarez-Esteban, del Barrio,
    Cuesta-Albertos and Matran 2016, Theorem 4.2), here in factors S = L L^T: L <- M L
    is the weighted mean of the factors of the A_i, each turned to be closest to L. It
    needs no inverse, so the A_i may be singular; one of them regular makes S unique.

    Parameters
    ----------
    covs : array_like, shape (k, d, d)
    weights : array_like, shape (k,), on the simplex; equal if None
    tol : bound on the residual, relative to (sum_i w_i tr A_i)^{1/2}
    max_iter : int >= 1

    Raises
    ------
    ValueError
        When a matrix is no covariance, the weights are improper, tol <= 0 or
        max_iter < 1.
    ConvergenceError
        When the residual is above its bound after max_iter steps.

    Examples
    --------
    >>> barycentre([[[1.0]], [[9.0]]]).covariance.round(12)
    array([[4.]])
    """
    X, w, k = _factors(covs, weights)
    bound = scalar(tol, "tol") * float(np.sqrt(w @ _squares(X)))
    max_iter = whole(max_iter, "max_iter")
    L, _ = unit_factor(_mean(X @ _mirrored(X), w), "covs")
    for step in range(1, max_iter + 1):
        moved = _mean(aligned(X, L), w)
        if np.linalg.norm(moved - L) <= bound:
            return _certified(L @ L.T, X, w, k, step)
        L = moved
    last = _certified(L @ L.T, X, w, k, max_iter)
    raise ConvergenceError(
        f"No convergence in {max_iter} steps: the residual is {last.residual:.3g}; "
        "raise max_iter or tol.",
        last=last,
    )


def certify_barycentre(S, covs, weights=None) -> Barycentre:
    """Return value, residual and gap of any candidate S (d, d), with 0 iterations.

    The gap comes from the dual problem: for T_i >= 0 with sum_i w_i T_i <= c I, no
    matrix has a value below sum_i w_i (tr A_i - c tr (S^{1/2} A_i S^{1/2})^{1/2}) when
    the T_i are the maps from S to A_i (Agueh and Carlier 2011, Section 2 and Theorem
    6.1). At the barycentre c = 1 and the bound is attained.

    Raises
    ------
    ValueError
        As `barycentre`, or when S is no covariance of the shape of the A_i.

    Examples
    --------
    >>> certify_barycentre([[4.0]], [[[1.0]], [[9.0]]]).gap
    0.0
    >>> round(certify_barycentre([[9.0]], [[[1.0]], [[9.0]]]).value, 12)
    2.0
    """
    X, w, k = _factors(covs, weights)
    S = symmetric(S, "S")
    if S.shape != X.shape[1:]:
        raise ValueError(f"S must have shape {X.shape[1:]}; got {S.shape}.")
    top = max(k, int(unit_scale(S)[1]))
    return _certified(times_power(S, -2 * top), times_power(X, k - top), w, top, 0)


def _certified(S, X, w, k: int, iterations: int) -> Barycentre:
    # S and the X_i X_i^T are covariances divided by 4^k.
    L, m = unit_factor(S, "S")
    L = times_power(L, m)
    Y = aligned(X, L)
    value = w @ _squares(Y - L)
    trace = w @ np.einsum("kij,ij->k", Y, L)  # sum_i w_i tr (S^1/2 A_i S^1/2)^1/2
    Z, seen = half_map(np.broadcast_to(L, X.shape), X)
    c = spectrum(_mean(Z @ _mirrored(Z), w), "S")[0][-1]
    gap = max(np.sum(L * L) + (c - 2) * trace, 0.0) if np.all(seen) else np.inf
    return Barycentre(
        covariance=times_power(S, 2 * k),
        value=float(np.ldexp(value, 2 * k)),
        residual=float(np.ldexp(np.linalg.norm(_mean(Y, w) - L), k)),
        gap=float(np.ldexp(gap, 2 * k)),
        iterations=iterations,
    )


def _factors(covs, weights) -> tuple[np.ndarray, np.ndarray, int]:
    A = symmetric(covs, "covs")
    if A.ndim != 3:
        raise ValueError(f"covs must have shape (k, d, d); got {A.shape}.")
    w = simplex(weights, len(A), "weights")
    A, w = A[w > 0], w[w > 0]
    X, k = unit_factor(A, "covs")
    top = k.max()
    return times_power(X, k - top), w, int(top)


def _mirrored(X) -> np.ndarray:
    return np.swapaxes(X, -1, -2)


def _mean(matrices, w) -> np.ndarray:
    return np.tensordot(w, matrices, axes=1)


def _squares(X) -> np.ndarray:
    return np.sum(X * X, axis=(-2, -1))
