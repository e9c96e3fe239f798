"""The squared MMD and its gradient by their definitions, one pair at a time."""

from __future__ import annotations

import itertools
import math

import numpy as np

KERNELS = {
    "gaussian": lambda r: math.exp(-(r**2) / 2),
    "laplace": lambda r: math.exp(-r),
    "inverse_multiquadric": lambda r: 1 / math.sqrt(1 + r**2),
    "energy": lambda r: -r,
    "linear": lambda r: -(r**2) / 2,
}


def kernel(u, v, bandwidths, name="gaussian"):
    r = math.dist(u, v)
    return sum(KERNELS[name](r / s) for s in bandwidths) / len(bandwidths)


def biased(x, y, bandwidths, a, b, name="gaussian"):
    """Sum w_i w_j k(z_i, z_j) over the pooled points, w = (a, -b)."""
    z, w = [*x, *y], [*a, *(-t for t in b)]
    return math.fsum(
        s * t * kernel(u, v, bandwidths, name)
        for (u, s), (v, t) in itertools.product(zip(z, w, strict=True), repeat=2)
    )


def unbiased(x, y, bandwidths, name="gaussian"):
    n, m = len(x), len(y)
    inner = lambda z: math.fsum(
        kernel(u, v, bandwidths, name) for u, v in itertools.permutations(z, 2)
    )
    cross = math.fsum(
        kernel(u, v, bandwidths, name) for u, v in itertools.product(x, y)
    )
    return inner(x) / (n * (n - 1)) + inner(y) / (m * (m - 1)) - 2 * cross / (n * m)


def median(x, y):
    """Bandwidth with 2 s^2 = the lower median of the squared positive distances."""
    z = [*x, *y]
    squares = sorted(math.dist(u, v) ** 2 for u, v in itertools.combinations(z, 2))
    squares = [s for s in squares if s > 0]
    return math.sqrt(squares[(len(squares) - 1) // 2] / 2)


def directional(f, x, direction, step):
    """Central difference of f along a direction."""
    h = step * np.asarray(direction)
    return (f(x + h) - f(x - h)) / (2 * step)
