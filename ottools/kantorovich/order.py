"""The order of points on the line, by their leading digits where there are many."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

# From here on a pass over 16 bits beats a sort by comparisons, then two passes do, and
# then they beat a sort of the values alone, without their order.
MANY, MORE = 800, 3000
# More points do not fit the cache, and are cut into parts that do.
CROWD, PARTS = 1 << 18, 64


def ascending(x) -> tuple[np.ndarray, np.ndarray]:
    """Return an order that sorts each row of x (..., n), and the rows in that order.

    Many points are sorted as multiples of (max - min)/2^32, the last 16 bits first
    (Knuth 1998, Section 5.2.5, Algorithm R), or of (max - min)/2^16 if this suffices.
    Points that share a multiple keep their places; where this leaves some out of order,
    the almost sorted rows are sorted by comparisons. Raises nothing: it trusts x to be
    finite, n >= 1.

    Examples
    --------
    >>> order, z = ascending(np.array([2.0, 0.0, 1.0]))
    >>> order, z
    (array([1, 2, 0]), array([0., 1., 2.]))
    """
    n = x.shape[-1]
    if n < MANY:
        return _compared(x)
    if x.ndim == 1:
        return _by_value(x) if n < CROWD else _in_parts(x)
    rows = [ascending(row) for row in x.reshape(-1, n)]
    order, z = (np.array(part).reshape(x.shape) for part in zip(*rows, strict=True))
    return order, z


def _by_value(x) -> tuple[np.ndarray, np.ndarray]:
    digits, count = (_by_digit, 2**16) if len(x) < MORE else (_by_digits, 2**32)
    scale = _scale(x, count)
    if scale is None:
        return _compared(x)
    order = digits(x, *scale)
    z = x.take(order)
    if (z[1:] >= z[:-1]).all():
        return order, z
    again, z = _compared(z, "stable")  # finds the runs that are sorted
    return order.take(again), z


def _in_parts(x) -> tuple[np.ndarray, np.ndarray]:
    """Cut the range of x (n,) into equal parts, and sort each of them."""
    scale = _scale(x, PARTS)
    if scale is None:
        return _compared(x)
    part = _multiples(x, *scale).astype(np.uint8)
    order = part.argsort(kind="stable")
    z = x.take(order)
    ends = [0, *np.bincount(part).cumsum()]
    for start, stop in pairwise(ends):
        if start < stop:
            inner, z[start:stop] = _by_value(z[start:stop])
            order[start:stop] = order[start:stop].take(inner)
    return order, z


def _scale(x, count: int):
    """Return min and (count - 1)/(max - min), or None when that is no rate."""
    low = x.min()
    with np.errstate(over="ignore", divide="ignore"):
        rate = (count - 1) / (x.max() - low)
    return (low, rate) if 0 < rate < np.inf else None


def ordered(x) -> np.ndarray:
    """Return the rows of x (..., n) in ascending order; as `ascending`, it trusts x.

    Examples
    --------
    >>> ordered(np.array([2.0, 0.0, 1.0]))
    array([0., 1., 2.])
    """
    return np.sort(x) if x.shape[-1] < MORE else ascending(x)[1]


def _compared(x, kind: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    order = x.argsort(axis=-1, kind=kind)
    return order, along_rows(x, order)


def _by_digits(x, low, rate) -> np.ndarray:
    digits = _multiples(x, low, rate).astype(np.uint32)
    first = digits.astype(np.uint16).argsort(axis=-1, kind="stable")
    rest = along_rows((digits >> 16).astype(np.uint16), first)
    return along_rows(first, rest.argsort(axis=-1, kind="stable"))


def _by_digit(x, low, rate) -> np.ndarray:
    return _multiples(x, low, rate).astype(np.uint16).argsort(kind="stable")


def _multiples(x, low, rate):
    scaled = x - low
    scaled *= rate
    return scaled


def along_rows(x, i) -> np.ndarray:
    """Return x_i, row by row where there are rows: x (..., n), i (..., k).

    Examples
    --------
    >>> along_rows(np.array([[5, 6], [7, 8]]), np.array([[1], [0]])).tolist()
    [[6], [7]]
    """
    return x.take(i) if x.ndim == 1 else np.take_along_axis(x, i, axis=-1)
