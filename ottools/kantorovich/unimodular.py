"""All square subdeterminants of a small integer matrix, exactly."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from math import comb

from ottools.kantorovich.rationals import matrix

MOST = 10**6


@dataclass(frozen=True)
class Minors:
    """How often each value occurs among the square subdeterminants, and the rank.

    `counts` maps a value to the number of subdeterminants that have it; `rank` is the
    largest size of one that is not 0.
    """

    counts: dict[int, int]
    rank: int

    @property
    def totally_unimodular(self) -> bool:
        """Tell whether all subdeterminants are -1, 0 or 1.

        Examples
        --------
        >>> minors([[1, 1], [-1, 1]]).totally_unimodular
        False
        """
        return set(self.counts) <= {-1, 0, 1}


def minors(A) -> Minors:
    """Return the values of all square subdeterminants of an integer matrix A (m, n).

    Laplace expansion along the first row, from the minors that are one smaller; there
    are binomial(m+n, n) - 1 in all. If they all are -1, 0 or 1, then A is totally
    unimodular, and a vertex of {x >= 0 : A x = b} has integer entries for every integer
    b (Hoffman and Kruskal 1956).

    Raises ValueError when A is no matrix of integers or has more than 10^6 minors.

    Examples
    --------
    >>> minors([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]])
    Minors(counts={-1: 15, 0: 25, 1: 29}, rank=3)
    """
    rows = matrix(A, "A")
    if any(entry.denominator != 1 for row in rows for entry in row):
        raise ValueError("A must hold integers; got a fraction.")
    m, n = len(rows), len(rows[0])
    if (count := comb(m + n, n) - 1) > MOST:
        raise ValueError(f"A must have at most {MOST} minors; got {count}.")
    known, counts, rank = {((), ()): 1}, Counter(), 0
    for size in range(1, min(m, n) + 1):
        found = {
            (I, J): _expanded(rows, I, J, known)
            for I in combinations(range(m), size)
            for J in combinations(range(n), size)
        }
        counts.update(found.values())
        rank = size if any(found.values()) else rank
        known = found
    return Minors({value: counts[value] for value in sorted(counts)}, rank)


def _expanded(rows, I, J, smaller) -> int:
    """Return the determinant on rows I and columns J, along the first of the rows."""
    first = rows[I[0]]
    return sum(
        (-1) ** k * int(first[j]) * smaller[I[1:], J[:k] + J[k + 1 :]]
        for k, j in enumerate(J)
        if first[j]
    )
