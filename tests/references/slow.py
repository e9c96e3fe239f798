"""Definition-level, slow, readable references."""

from __future__ import annotations

import itertools
import math

import mpmath


def entropy(p):
    return -sum(w * math.log(w) for w in p if w > 0)


def kl(p, q):
    total = 0.0
    for a, b in zip(p, q, strict=True):
        if a > 0:
            total += a * math.log(a / b) if b > 0 else math.inf
    return total


def js(p, q):
    m = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    return kl(p, m) / 2 + kl(q, m) / 2


def tv(p, q):
    """Largest gap |p(A) - q(A)| over all events A."""
    n = len(p)
    events = itertools.product((0, 1), repeat=n)
    return max(
        abs(sum(e * (a - b) for e, a, b in zip(E, p, q, strict=True))) for E in events
    )


def gaussian_js(shift):
    """JS of N(0,1) and N(shift,1) by mpmath quadrature."""
    p = lambda x: mpmath.npdf(x, 0, 1)
    q = lambda x: mpmath.npdf(x, shift, 1)
    m = lambda x: (p(x) + q(x)) / 2
    f = lambda x: (p(x) * mpmath.log(p(x) / m(x)) + q(x) * mpmath.log(q(x) / m(x))) / 2
    return float(mpmath.quad(f, [-9, 0, shift, 9 + shift]))


def mmd2_v(x, y, bandwidth):
    k = lambda a, b: math.exp(-(math.dist(a, b) ** 2) / (2 * bandwidth**2))
    mean = lambda u, v: sum(k(a, b) for a in u for b in v) / (len(u) * len(v))
    return mean(x, x) + mean(y, y) - 2 * mean(x, y)


def wasserstein_permutations(x, y, p):
    """W_p of equally many, equally heavy points: the best of all matchings."""
    costs = (
        sum(abs(a - b) ** p for a, b in zip(x, order, strict=True)) / len(x)
        for order in itertools.permutations(y)
    )
    return min(costs) ** (1 / p)
