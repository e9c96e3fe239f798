"""Flows at definition level: energies and attention by loops."""

from __future__ import annotations

import math

import numpy as np


def line_energy(q, potential=None, interaction=None, internal=None):
    """mean V + (1/2) mean W + mean h over spacings, written out."""
    n, total = len(q), 0.0
    for i in range(n):
        if potential:
            total += potential(q[i]) / n
        for j in range(n):
            if interaction:
                total += interaction(q[i] - q[j]) / (2 * n * n)
    for i in range(n - 1):
        if internal:
            total += internal(n * (q[i + 1] - q[i])) / (n - 1)
    return total


def attention(x, beta):
    """One layer: softmax over all tokens, then the tangent part."""
    out = []
    for u in x:
        scores = [math.exp(beta * float(u @ w)) for w in x]
        mean = sum(s * w for s, w in zip(scores, x, strict=True)) / sum(scores)
        out.append(mean - float(mean @ u) * u)
    return np.array(out)


def barenblatt_quantiles(n, t):
    """Quantiles of the self-similar solution of dr/dt = (r^2)'' of mass 1 at time t.

    Vazquez 2007, Section 1.1: r = 3 (1 - (x/R)^2)/(4 R) on [-R, R], R = (9 t)^(1/3).
    """
    levels = (np.arange(n) + 0.5) / n
    # (2 + 3 y - y^3)/4 = u has the root y = 2 sin(arcsin(2 u - 1)/3).
    return (9 * t) ** (1 / 3) * 2 * np.sin(np.arcsin(2 * levels - 1) / 3)
