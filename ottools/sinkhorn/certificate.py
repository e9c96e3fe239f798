"""What potentials prove about themselves, over all entries of their plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import rel_entr, xlogy

from .kernels import scaled


@dataclass(frozen=True)
class Certificate:
    """Lower bound on the optimum, L1 error of both marginals, and the duality gap."""

    value: float
    marginal_error: float
    gap: float


def certify(kernel, a, b, f, g, eps: float) -> Certificate:
    """Return the certificate of any potentials f (n,), g (m,) for weights a, b.

    With P = a b exp((f + g - C)/eps), weak duality bounds the optimum from below by
    <a, f> + <b, g> - eps (sum P - 1), whatever f and g are. From above it is bounded by
    the cost of a feasible plan: P rounded as in Altschuler, Weed and Rigollet (2017,
    Algorithm 2), first its columns, then its rows, then a rank-one matrix for the rest.
    """
    base, h = scaled(kernel, g, eps)
    rate, v = np.exp(np.clip((f - base) / eps, -700, 700)), np.exp(h)
    s, w = kernel.fold(b * v, lambda _, rows: (a * rate)[rows])
    r, c = a * rate * s, b * v * w
    error = np.abs(r - a).sum() + np.abs(c - b).sum()
    value = a @ f + b @ g - eps * (r - a).sum()
    y = v * np.minimum(1, 1 / np.maximum(v * w, 1e-300))
    s, w = kernel.fold(b * y, lambda s, rows: a[rows] * np.minimum(rate[rows], 1 / s))
    upper = _rounded(kernel, a, b, (np.minimum(rate, 1 / s), y, s, w), eps)
    return Certificate(float(value), float(error), max(float(upper - value), 0.0))


def _rounded(kernel, a, b, folded, eps: float) -> float:
    """Bound the entropic cost of Q + R, where Q = diag(a x) K diag(b y) is too light.

    R is the rank-one matrix of the missing marginals. KL is convex, so with the missing
    mass t the entropy of Q + R is at most that of the mixture of Q/(1-t) and R/t; and
    log(Q/ab) = log x + (f + g - C)/eps + log y needs no pass over the entries.
    """
    x, y, s, w = folded
    r, c = a * x * s, b * y * w
    with_cost = r @ (kernel.f + eps * np.log(x)) + c @ (kernel.g + eps * np.log(y))
    left_r, left_c = np.maximum(a - r, 0), np.maximum(b - c, 0)
    t = max(left_r.sum(), left_c.sum(), 1e-300)
    entropy = rel_entr(left_r, a).sum() + rel_entr(left_c, b).sum() - 2 * xlogy(t, t)
    entropy -= xlogy(1 - t, 1 - t)
    return with_cost + kernel.cost.pairing(left_r, left_c) / t + eps * entropy
