"""Entropic transport from its definition: slow, in logarithms, or with many digits."""

from __future__ import annotations

import mpmath
import numpy as np
from scipy.special import rel_entr


def soft_transform(C, g, b, eps):
    """f_i = -eps log sum_j b_j exp((g_j - C_ij)/eps)."""
    z = (g - C) / eps
    top = z.max(axis=1)
    return -eps * (top + np.log(np.exp(z - top[:, None]) @ b))


def log_sinkhorn(C, a, b, eps, tol=1e-13, sweeps=100_000):
    """Potentials by alternating soft c-transforms until the columns fit within tol."""
    f, g = np.zeros(len(a)), np.zeros(len(b))
    for _ in range(sweeps):
        f = soft_transform(C, g, b, eps)
        new = soft_transform(C.T, f, a, eps)
        moved = np.abs(b * np.expm1((g - new) / eps)).sum()
        g = new
        if moved <= tol:
            return f, g
    raise AssertionError("the reference has not converged")


def plan(C, a, b, f, g, eps):
    """P_ij = a_i b_j exp((f_i + g_j - C_ij)/eps), 0 where a weight is 0."""
    with np.errstate(divide="ignore"):
        logs = np.log(a)[:, None] + np.log(b)[None, :]
    return np.exp((f[:, None] + g[None, :] - C) / eps + logs)


def marginal_error(P, a, b):
    return np.abs(P.sum(axis=1) - a).sum() + np.abs(P.sum(axis=0) - b).sum()


def primal(P, C, a, b, eps):
    """<C, P> + eps (KL(P | a b) - sum P + 1)."""
    product = np.outer(a, b)
    return (C * P).sum() + eps * (rel_entr(P, product).sum() - P.sum() + 1)


def dual(C, a, b, f, g, eps):
    """<a, f> + <b, g> - eps (sum P - 1)."""
    return a @ f + b @ g - eps * (plan(C, a, b, f, g, eps).sum() - 1)


def rounded(P, a, b):
    """A feasible plan near P: Altschuler, Weed, Rigollet (2017), columns first."""
    P = P * np.minimum(1, b / P.sum(axis=0))
    P = P * np.minimum(1, a / P.sum(axis=1))[:, None]
    # what rounding makes negative here is nothing
    r, c = np.maximum(a - P.sum(axis=1), 0), np.maximum(b - P.sum(axis=0), 0)
    return P + np.outer(r, c) / r.sum(), r.sum()


def exact_value(C, a, b, eps, sweeps=400, digits=40):
    """The optimum with many digits, for a few points with weights > 0."""
    with mpmath.workdps(digits):
        n, m = len(a), len(b)
        K = [
            [mpmath.exp(-mpmath.mpf(C[i][j]) / eps) for j in range(m)] for i in range(n)
        ]
        u, v = [mpmath.mpf(1)] * n, [mpmath.mpf(1)] * m
        for _ in range(sweeps):
            u = [1 / sum(K[i][j] * b[j] * v[j] for j in range(m)) for i in range(n)]
            v = [1 / sum(K[i][j] * a[i] * u[i] for i in range(n)) for j in range(m)]
        value = sum(a[i] * mpmath.log(u[i]) for i in range(n))
        return float(eps * (value + sum(b[j] * mpmath.log(v[j]) for j in range(m))))


def gaussian_covariance(s, t, eps):
    """Covariance of the plan between N(0, s^2) and N(0, t^2), cost (x-y)^2.

    Janati, Muzellec, Peyre and Cuturi (2020), Theorem 1, in one dimension.
    """
    return (-eps + np.sqrt(eps**2 + 16 * s**2 * t**2)) / 4


def self_transport(x, a, eps, tol=1e-12, sweeps=100_000):
    """OT(a, a) for the squared distance: p = (p + its soft transform)/2."""
    C, p = squares(x, x), np.zeros(len(a))
    for _ in range(sweeps):
        new = soft_transform(C, p, a, eps)
        if np.abs(new - p).max() <= tol:
            return 2 * a @ p
        p = (p + new) / 2
    raise AssertionError("the reference has not converged")


def squares(x, y):
    return ((x[:, None, :] - y[None, :, :]) ** 2).sum(axis=2)


def divergence(x, y, a, b, eps):
    """OT(a, b) - OT(a, a)/2 - OT(b, b)/2 for the squared distance."""
    f, g = log_sinkhorn(squares(x, y), a, b, eps, tol=1e-11)
    return a @ f + b @ g - (self_transport(x, a, eps) + self_transport(y, b, eps)) / 2
