"""Vertices of two polytopes: plans between weights, doubly stochastic matrices."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from ottools.kantorovich.line import cumulated, staircase
from ottools.measures import MASS_TOLERANCE, real, weights


def north_west_corner(a, b) -> np.ndarray:
    """Return the plan (n, m) that fills from the upper left: a vertex, seldom optimal.

    At most n+m-1 entries are positive, on a staircase. a (n,), b (m,). On the line,
    with points in increasing order, it is the monotone plan, which is optimal for
    |x - y|^p, p >= 1 (Peyre and Cuturi 2019, Section 3.4.2).

    Raises ValueError on improper weights.

    Examples
    --------
    >>> north_west_corner([0.5, 0.5], [0.25, 0.75])
    array([[0.25, 0.25],
           [0.  , 0.5 ]])
    """
    a, b = real(a, "a"), real(b, "b")
    a, b = weights(a, a.size, "a"), weights(b, b.size, "b")
    i, j, mass = staircase(cumulated(a), cumulated(b))
    plan = np.zeros((len(a), len(b)))
    plan[i, j] = mass
    return plan


@dataclass(frozen=True)
class Birkhoff:
    """Weights w (k,), permutations s (k, n): P is the sum of w_k times matrix s_k.

    Row i of the k-th matrix has its 1 in column permutations[k, i]. `error` is the
    largest entry of |P - sum|; for exact input the weights are Fractions and it is 0.
    """

    weights: np.ndarray
    permutations: np.ndarray
    error: float


def birkhoff(P) -> Birkhoff:
    """Return a doubly stochastic P (n, n) as a mixture of permutation matrices.

    Birkhoff 1946, von Neumann 1953: take a permutation inside the support of what is
    left (Hall's theorem grants one), subtract as much of it as possible, repeat. At
    most (n-1)^2 + 1 permutations are needed (Marcus and Ree 1959). Exact, in Fractions,
    when all entries are integers or Fractions.

    Raises ValueError when P is not square, has a negative entry, or a row or column
    that does not sum to 1 (within 1e-9, or exactly).

    Examples
    --------
    >>> parts = birkhoff([[0.25, 0.75], [0.75, 0.25]])
    >>> parts.weights, parts.permutations.tolist()
    (array([0.25, 0.75]), [[0, 1], [1, 0]])
    """
    R, slack = _doubly_stochastic(P)
    rows, masses, permutations = np.arange(len(R)), [], []
    left = R.copy()
    while True:
        graph = csr_array((left > slack).astype(np.int8))
        columns = maximum_bipartite_matching(graph, perm_type="column")
        if columns.min() < 0:
            break
        masses.append(left[rows, columns].min())
        permutations.append(columns)
        left[rows, columns] -= masses[-1]
    shares = np.array(masses) / sum(masses)
    mixture = np.zeros_like(R)
    for share, columns in zip(shares, permutations, strict=True):
        mixture[rows, columns] += share
    return Birkhoff(shares, np.array(permutations), float(abs(R - mixture).max()))


def _doubly_stochastic(P):
    """Return P as floats or Fractions, and below what an entry counts as 0."""
    raw = np.asarray(P, dtype=object)
    if raw.ndim != 2 or raw.shape[0] != raw.shape[1] or not raw.size:
        raise ValueError(f"P must have shape (n, n), n >= 1; got {raw.shape}.")
    exact = all(isinstance(entry, numbers.Rational) for entry in raw.flat)
    R = np.vectorize(Fraction, otypes=[object])(raw) if exact else real(P, "P")
    tolerance, slack = (0, 0) if exact else (MASS_TOLERANCE, 1e-14)
    if R.min() < 0:
        raise ValueError(f"P must be >= 0; its minimum is {R.min()}.")
    sums = np.concatenate([R.sum(axis=0), R.sum(axis=1)])
    worst = sums[np.argmax(abs(sums - 1))]
    if abs(worst - 1) > tolerance:
        raise ValueError(f"P must have rows and columns that sum to 1; got {worst}.")
    return R, slack
