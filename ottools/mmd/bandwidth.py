"""The median heuristic: a bandwidth of the size of the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.spatial.distance import cdist

from ottools.measures import points
from ottools.mmd.pairs import spans

# A chunk of 256^2 distances is as long as the table of counts that it adds to.
ROWS = 256


def median_heuristic(x, y) -> float:
    """Return the bandwidth s with 2 s^2 = the median squared distance of two points.

    The pairs are those i < j of the pooled sample, pairs at distance 0 left out; of an
    even number the lower of the two middle ones counts. So exp(-1) is the median of the
    kernel: the convention of Gretton et al. 2012, Section 8, in their code. Others take
    s itself as the median, which is sqrt 2 times as large. Shapes x (n,d), y (m,d).

    Exact at any size without an array of all pairs: the median is read off digit by
    digit in five passes.

    Raises ValueError when the dimensions differ or all points are equal, OverflowError
    when the bandwidth exceeds 1.8e308.

    Examples
    --------
    >>> round(median_heuristic([0.0, 0.0], [2.0]), 6)
    1.414214
    """
    x, y = points(x, "x"), points(y, "y")
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            f"x and y must have one dimension; got {x.shape[1]} and {y.shape[1]}."
        )
    z = np.concatenate([x, y])
    # A power of two and a unit keep differences and squares within range.
    exponent = int(np.frexp(np.abs(z).max())[1])
    z = np.ldexp(z, -exponent)
    z = z - z[0]
    unit = float(np.abs(z).max())
    if unit == 0:
        raise ValueError("x and y must hold two different points; all are equal.")
    z = z / unit
    count = sum(len(chunk) for chunk in _positive_squares(z))
    median = select(lambda: _positive_squares(z), (count - 1) // 2)
    with np.errstate(over="ignore"):
        bandwidth = float(np.ldexp(unit * np.sqrt(median / 2), exponent))
    if bandwidth == np.inf:
        raise OverflowError("the median heuristic exceeds 1.8e308: rescale the points.")
    return bandwidth


def _positive_squares(z) -> Iterator[np.ndarray]:
    """Yield the squared distances > 0 of all pairs i < j, one tile at a time."""
    cuts = spans(len(z), ROWS)
    for k, i in enumerate(cuts):
        for j in cuts[k:]:
            t = cdist(z[i], z[j], "sqeuclidean")
            t = t[np.triu_indices(len(t), 1)] if i == j else t.ravel()
            yield t[t > 0]


def select(chunks: Callable[[], Iterator[np.ndarray]], rank: int) -> float:
    """Return the value of this rank (from 0) among positive floats given in chunks.

    Positive floats are ordered as their bits are, so the answer is found 16 bits at a
    time, from the top: count the values by their next digit among those that share the
    digits found so far. Each call of `chunks` starts one pass over the values.

    Examples
    --------
    >>> values = [np.array([3.0, 1.0]), np.array([2.0])]
    >>> select(lambda: iter(values), 1)
    2.0
    """
    prefix = 0
    for shift in (48, 32, 16, 0):
        counts = np.zeros(1 << 16, dtype=np.int64)
        for chunk in chunks():
            bits = chunk.view(np.int64) >> shift
            mine = bits[bits >> 16 == prefix] & 0xFFFF
            counts += np.bincount(mine, minlength=1 << 16)
        below = np.cumsum(counts)
        digit = int(np.searchsorted(below, rank, side="right"))
        rank -= int(below[digit] - counts[digit])
        prefix = prefix << 16 | digit
    return float(np.int64(prefix).view(np.float64))
