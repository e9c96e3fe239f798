"""Hypothesis strategies: weights on the simplex, zeros included."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st


def _normal(counts):
    return [Fraction(c, sum(counts)) for c in counts]


def exact_weights(size: int):
    """Weights as Fractions with sum exactly 1; some may be 0."""
    counts = st.lists(st.integers(0, 60), min_size=size, max_size=size)
    return counts.filter(any).map(_normal)


def weights(size: int):
    """Weights as floats; some may be 0."""
    return exact_weights(size).map(lambda p: np.array([float(w) for w in p]))


def pairs(low: int = 2, high: int = 6):
    """Two weight vectors over the same places."""
    return st.integers(low, high).flatmap(lambda n: st.tuples(weights(n), weights(n)))


def points(size: int):
    """Points on the line."""
    return st.lists(st.floats(-50, 50, allow_nan=False), min_size=size, max_size=size)
