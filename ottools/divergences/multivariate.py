"""Divergences of Gaussians in d dimensions with full covariances."""

from __future__ import annotations

import numpy as np

from ottools.bures import covariance
from ottools.divergences.discrete import in_range
from ottools.measures import real


def gaussian_kl_full(mean_p, cov_p, mean_q, cov_q) -> float:
    """Return KL(N(m_p, A) || N(m_q, B)) in nats, for covariances A, B (d,d).

    (tr(B^-1 A) - d - log det(B^-1 A) + |B^(-1/2) (m_p - m_q)|^2)/2; means have shape
    (d,). Singular covariances are admitted: the value is finite when both laws live on
    one affine subspace, where the formula then applies, and infinite otherwise. An
    eigenvalue of a correlation matrix counts as 0 below 100 d machine epsilons.

    Raises
    ------
    ValueError
        When the shapes do not fit or a matrix is no covariance.
    OverflowError
        When the value is finite but exceeds 1.8e308.

    Examples
    --------
    >>> A, B = [[2.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]
    >>> round(gaussian_kl_full([1.0, 0.0], A, [0.0, 0.0], B), 6)
    0.653426
    >>> gaussian_kl_full([0.0, 0.0], A, [0.0, 0.0], [[1.0, 0.0], [0.0, 0.0]])
    inf
    """
    A, B = covariance(cov_p, "cov_p"), covariance(cov_q, "cov_q")
    mean_p, mean_q = real(mean_p, "mean_p"), real(mean_q, "mean_q")
    d = len(A)
    if (
        A.shape != (d, d)
        or B.shape != (d, d)
        or not mean_p.shape == mean_q.shape == (d,)
    ):
        raise ValueError(
            "means and covariances must have shapes (d,) and (d, d); got "
            f"{mean_p.shape}, {A.shape}, {mean_q.shape}, {B.shape}."
        )
    live = np.diag(B) > 0
    if np.any(np.diag(A)[~live] > 0) or np.any((mean_p != mean_q)[~live]):
        return float("inf")
    if not live.any():
        return 0.0
    A, B = A[np.ix_(live, live)], B[np.ix_(live, live)]
    # Both laws scaled alike have the same divergence: B becomes a correlation matrix.
    unit = np.sqrt(np.diag(B))
    with np.errstate(over="ignore"):
        gap = 2 * ((mean_p / 2 - mean_q / 2)[live] / unit)
        A, B = A / unit / unit[:, None], B / unit / unit[:, None]
        size = np.abs(A).sum() + np.abs(gap).sum()
    in_range(size, False, "KL")
    return _relative_to_correlation(gap, A, B)


def _relative_to_correlation(gap, A, B) -> float:
    tolerance = 100 * len(A) * np.finfo(float).eps
    values, vectors = np.linalg.eigh(B)
    carrier = values > tolerance
    normal = vectors[:, ~carrier]
    if (
        np.abs(normal.T @ gap).sum() > tolerance * np.abs(gap).sum()
        or np.abs(normal.T @ A).sum() > tolerance * np.abs(A).sum()
    ):
        return float("inf")
    white = vectors[:, carrier] / np.sqrt(values[carrier])
    inner = white.T @ A @ white
    # det(B^-1 A) through A itself keeps the digits of variances of unlike size.
    full = bool(carrier.all())
    log_det = _log_det(A) - np.log(values).sum() if full else _log_det(inner)
    with np.errstate(over="ignore"):
        shift = ((white.T @ gap) ** 2).sum()
        value = 0.5 * (np.trace(inner) - len(inner) - log_det + shift)
    return max(0.0, float(in_range(value, log_det == -np.inf, "KL")))


def _log_det(A) -> float:
    """Return log det A from its correlation matrix, -inf if that is singular."""
    spread = np.sqrt(np.diag(A))
    if np.any(spread == 0):
        return -np.inf
    values = np.linalg.eigvalsh(A / spread / spread[:, None])
    if np.any(values <= 100 * len(A) * np.finfo(float).eps):
        return -np.inf
    return float(np.log(values).sum() + 2 * np.log(spread).sum())
