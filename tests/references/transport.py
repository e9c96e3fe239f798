"""Transport problems with nasty features, and slow references for their answers."""

from __future__ import annotations

import itertools
import math

import mpmath
import numpy as np
from hypothesis import strategies as st

seeds = st.integers(0, 2**32 - 1)
WEIGHTS = ("equal", "random", "zeros", "tiny", "one", "coarse")
COSTS = ("random", "huge", "small", "negative", "ties", "constant", "shifted", "far")
PLACES = ("random", "duplicates", "collinear", "far", "huge", "small", "same")


def rounding(*arrays) -> float:
    """What a few operations on these numbers may round to."""
    return 1e-13 * max(float(np.abs(a).max()) for a in arrays)


def weights(rng, n, feature):
    """Weights with a feature; they sum to 1."""
    a = rng.dirichlet(np.ones(n))
    if feature == "equal":
        return np.full(n, 1 / n)
    if feature == "zeros":
        a[rng.random(n) < 0.5] = 0
    if feature == "tiny":
        a[rng.random(n) < 0.5] = 1e-300
    if feature == "one":
        a[:] = 0
    if feature == "coarse":  # marginals with many equal partial sums
        a = rng.integers(0, 3, n) / 1.0
    if a.sum() < 1e-200:
        a[rng.integers(n)] = 1
    return a / a.sum()


def costs(rng, shape, feature):
    """Costs with a feature."""
    C = rng.normal(size=shape)
    if feature == "ties":
        return np.round(C)
    if feature == "constant":
        return np.ones(shape)
    change = {
        "huge": lambda C: 1e12 * C,
        "small": lambda C: 1e-12 * C,
        "negative": lambda C: -np.abs(C) - 1,
        "shifted": lambda C: C + 1e6 * rng.normal(size=(shape[0], 1)),
        "far": lambda C: np.exp(20 * C),
    }
    return change.get(feature, lambda C: C)(C)


def places(rng, n, d, feature):
    """Points with a feature, (n, d)."""
    x = rng.normal(size=(n, d))
    if feature == "duplicates":
        return np.round(x)
    if feature == "collinear":
        return x[:, :1] * np.arange(1, d + 1)
    if feature == "same":
        return np.ones((n, d))
    change = {"far": lambda x: 1e8 + x, "huge": lambda x: 1e12 * x}
    return change.get(feature, lambda x: 1e-12 * x if feature == "small" else x)(x)


def bound(t, C) -> float:
    """How far the value of a certified answer can be from the optimum."""
    return abs(t.gap) + t.infeasibility + t.marginal_error * np.abs(C).max()


def best_permutation(C) -> float:
    """Mean cost of the cheapest of all one-to-one maps."""
    n = len(C)
    return min(
        sum(C[i, k] for i, k in enumerate(s)) / n
        for s in itertools.permutations(range(n))
    )


def best_vertex(C, a, b) -> float:
    """Cost of the cheapest basic feasible plan, over all sets of n+m-1 cells."""
    n, m = len(C), len(C[0])
    cells = list(itertools.product(range(n), range(m)))
    best = math.inf
    for basis in itertools.combinations(cells, n + m - 1):
        flow = leaf_by_leaf(basis, [*a], [*b])
        if flow is not None and min(flow.values()) >= 0:
            best = min(best, sum(C[i][j] * w for (i, j), w in flow.items()))
    return best


def leaf_by_leaf(cells, a, b):
    """The flow on cells that form a tree, or None when they do not."""
    cells, flow = set(cells), {}
    while cells:
        for i, j in sorted(cells):
            alone_in_row = sum(c[0] == i for c in cells) == 1
            if alone_in_row or sum(c[1] == j for c in cells) == 1:
                flow[i, j] = mass = a[i] if alone_in_row else b[j]
                a[i], b[j] = a[i] - mass, b[j] - mass
                cells.remove((i, j))
                break
        else:
            return None
    return flow


def area(x, y, a, b) -> float:
    """The integral of |F - G|, interval by interval."""
    places = sorted({*x, *y})
    total = 0.0
    for left, right in itertools.pairwise(places):
        F = math.fsum(w for u, w in zip(x, a, strict=True) if u <= left)
        G = math.fsum(w for u, w in zip(y, b, strict=True) if u <= left)
        total += abs(F - G) * (right - left)
    return total


def soft_minimum(C, f, eps, a):
    """The soft c-transform at 60 digits."""
    with mpmath.workdps(60):
        number = mpmath.mpf
        return [
            float(
                -number(eps)
                * mpmath.log(
                    mpmath.fsum(
                        number(a[i])
                        * mpmath.exp((number(f[i]) - number(C[i][j])) / number(eps))
                        for i in range(len(f))
                    )
                )
            )
            for j in range(len(C[0]))
        ]


def distance(x, y):
    """The Euclidean distance of two points at 60 digits."""
    with mpmath.workdps(60):
        squares = (
            (mpmath.mpf(float(s)) - mpmath.mpf(float(t))) ** 2
            for s, t in zip(x, y, strict=True)
        )
        return mpmath.sqrt(mpmath.fsum(squares))


def tree_distance(parents, lengths, a, b) -> float:
    """W_1 on a tree: the sum over edges of length times |mass beyond the edge|.

    Vertex v > 0 hangs on parents[v - 1] < v by an edge of lengths[v - 1].
    """
    beyond = [s - t for s, t in zip(a, b, strict=True)]
    total = 0.0
    for v in range(len(parents), 0, -1):
        total += lengths[v - 1] * abs(beyond[v])
        beyond[parents[v - 1]] += beyond[v]
    return total
