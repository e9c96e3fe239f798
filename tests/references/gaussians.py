"""Gaussians at definition level: matrix roots at 50 digits, exact pairs."""

from __future__ import annotations

import mpmath
import numpy as np


def root(A, noise=1e-14):
    """A^{1/2} of a symmetric mpmath matrix, eigenvalues at float rounding set to 0."""
    lam, V = mpmath.eigsy(A)
    low = noise * max(lam)
    return V * mpmath.diag([mpmath.sqrt(x) if x > low else 0 for x in lam]) * V.T


def bures(A, B):
    """(tr A + tr B - 2 tr (A^{1/2} B A^{1/2})^{1/2})^{1/2} at 50 digits."""
    with mpmath.workdps(50):
        A, B = mpmath.matrix(A.tolist()), mpmath.matrix(B.tolist())
        R = root(A)
        S = root(B)
        C = root(R * S * S * R, noise=1e-40)
        square = sum(A[i, i] + B[i, i] - 2 * C[i, i] for i in range(A.rows))
        return float(mpmath.sqrt(max(square, 0)))


def plain(A, B):
    """The square of the same in floats: good to 1e-8 only where A or B is singular."""
    lam, V = np.linalg.eigh(A)
    R = (V * np.sqrt(np.maximum(lam, 0))) @ V.T
    cross = np.linalg.eigvalsh(R @ B @ R)
    return np.trace(A) + np.trace(B) - 2 * np.sqrt(np.maximum(cross, 0)).sum()


def related(rng, d, rank_A, rank_T):
    """Integer A >= 0, T >= 0, B = T A T, W_2^2 = tr (I-T) A (I-T): all exact."""
    L = rng.integers(-3, 4, size=(d, rank_A))
    K = rng.integers(-2, 3, size=(d, rank_T))
    A, T = L @ L.T, K @ K.T
    off = np.eye(d, dtype=int) - T
    return A.astype(float), T.astype(float), (T @ A @ T) * 1.0, np.trace(off @ A @ off)


def random_covariance(rng, d, rank=None, condition=100.0):
    """A covariance with eigenvalues from 1 to 1/condition; `rank` of them, rest 0."""
    rank = d if rank is None else rank
    Q, _ = np.linalg.qr(rng.normal(size=(d, d)))
    lam = np.zeros(d)
    lam[:rank] = np.geomspace(1, 1 / condition, rank)
    A = (Q * lam) @ Q.T
    return (A + A.T) / 2


def mixture_of_features(rng, d, *flags):
    """Two covariances made as the flags say: low rank, alike, commuting, zero, tiny."""
    low, alike, commuting, zero, far = flags
    rank = int(rng.integers(0, d)) if low else d
    A = random_covariance(rng, d, rank, 10 ** rng.uniform(0, 4))
    B = random_covariance(rng, d, None, 10 ** rng.uniform(0, 4))
    if commuting:
        _, V = np.linalg.eigh(A)
        B = (V * rng.integers(0, 3, size=d)) @ V.T
        B = (B + B.T) / 2
    if alike:
        B = A.copy()
    if zero:
        A = np.zeros((d, d))
    return (A, B * 1e-6) if far else (A, B)
