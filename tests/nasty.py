"""Weights and points with the features that break formulas, from a seed."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

SEEDS = st.integers(0, 2**32 - 1)
WEIGHTS = ("plain", "zeros", "tiny", "subnormal", "one", "equal", "near")
CLOUDS = ("plain", "duplicates", "line", "single", "shared", "far", "small")


def weights(rng, n: int, kind: str) -> np.ndarray:
    """Return n weights that sum to 1; `kind` is one of WEIGHTS."""
    p = rng.dirichlet(np.full(n, 0.7))
    if kind == "zeros":
        p[rng.random(n) < 0.4] = 0
    elif kind == "tiny":
        p *= 10.0 ** -rng.integers(0, 300, size=n)
    elif kind == "subnormal":
        p[rng.random(n) < 0.5] = 5e-324 * rng.integers(1, 9)
    elif kind == "one":
        p[:] = 0
    elif kind == "equal":
        p[:] = 1 / n
    elif kind == "near":
        p = 1 / n + 1e-9 * (p - p.mean())
    p[rng.integers(n)] += max(0.0, 1 - p.sum())
    return p


def two_weights(rng, kinds, n=None):
    """Return two weight vectors over the same 1 to 6 places."""
    n = n or int(rng.integers(1, 7))
    return [weights(rng, n, kind) for kind in kinds]


def cloud(rng, n: int, d: int, kind: str) -> np.ndarray:
    """Return n points (n,d); `kind` is one of CLOUDS, "shared" means small integers."""
    x = rng.normal(size=(n, d))
    if kind == "duplicates":
        x = x[rng.integers(max(1, n // 3), size=n)]
    elif kind == "line":
        x = x[:, :1] * np.ones(d)
    elif kind == "single":
        x = x[:1]
    elif kind == "shared":
        x = rng.integers(3, size=(n, d)).astype(float)
    elif kind == "far":
        x = x + 1e3 * rng.integers(3, size=(n, 1))
    elif kind == "small":
        x = 1e-6 * x
    return x
