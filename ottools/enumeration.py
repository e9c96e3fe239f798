"""Exact means over all samples of a finite space, each with its probability."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

__all__ = ["mean_over_samples"]


def mean_over_samples(statistic: Callable, p: Sequence, q: Sequence, m: int, n: int):
    """Return the mean of statistic(x, y) over samples x of p^m and y of q^n.

    sum_x sum_y p(x_1)...p(x_m) q(y_1)...q(y_n) statistic(x, y), where x and y are
    tuples of indices 0..r-1 of points. Weights that are fractions give an exact answer;
    samples of probability 0 are left out, so that the cost is the number of the others.

    Parameters
    ----------
    p, q : sequences of length r, weights that sum to 1 (ints, Fractions, SymPy numbers)
    m, n : sample sizes >= 1

    Raises
    ------
    ValueError
        When p and q differ in length or are no weights, or a size is < 1.

    Examples
    --------
    >>> from fractions import Fraction
    >>> coin = (Fraction(1, 2), Fraction(1, 2))
    >>> mean_over_samples(lambda x, y: x[0] * y[0] + x[1], coin, coin, 2, 1)
    Fraction(3, 4)
    """
    if len(p) != len(q) or any(min(w) < 0 or sum(w) != 1 for w in (p, q) if len(w)):
        raise ValueError(
            f"p and q must be weights of one length with sum 1; got {p} and {q}."
        )
    if not len(p) or min(m, n) < 1:
        raise ValueError(f"p must not be empty and m, n be >= 1; got {m} and {n}.")
    from_p, from_q = _samples(p, m), _samples(q, n)
    return sum(a * b * statistic(x, y) for x, a in from_p for y, b in from_q)


def _samples(weights, size: int) -> list:
    """Return all samples of positive probability, each with its probability."""
    support = [k for k, w in enumerate(weights) if w != 0]
    found = []
    for sample in product(support, repeat=size):
        chance = 1
        for k in sample:
            chance = chance * weights[k]
        found.append((sample, chance))
    return found
