"""Optimal transport on the line: sort, then merge the two quantile functions."""

from __future__ import annotations

from math import prod

import numpy as np

from ottools.kantorovich.order import along_rows, ascending, ordered
from ottools.measures import probability, real

BLOCK = 1 << 15  # numbers sorted at once: all that is made of them fits the cache
LEVELS = 1 << 14  # of one sample merged at once, for the same reason
# Between these a mean of p-th powers has not suffered from under- or overflow, and in
# its root, of relative error |log mean| EPS, the rounding of 1/p does not show.
SMALL, LARGE = 1e-30, 1e30
UNITS = 2**61  # in a mass of 1: sums of these whole numbers are exact and fast


def wasserstein_1d(x, y, a=None, b=None, *, p: float = 1.0):
    """Return W_p of weighted point sets on the line, by merging their quantiles.

    W_p^p is the integral over u in (0,1) of |F^-1(u) - G^-1(u)|^p; both quantile
    functions are constant between the merged jumps (Villani 2003, Theorem 2.18). For
    p = 1 this equals the integral of |F - G|.

    Parameters
    ----------
    x, y : array_like, shape (..., n), (..., m), one problem a row; rows broadcast
    a, b : array_like, shape (n,), (m,) or one row a problem; equal weights if None
    p : float >= 1

    Returns
    -------
    float, or ndarray (...) when there are rows

    Raises
    ------
    ValueError
        When the shapes do not fit, a weight is improper, p < 1, or a distance is no
        float.

    Examples
    --------
    >>> wasserstein_1d([0.0, 1.0], [5.0, 6.0])
    5.0
    >>> wasserstein_1d([[0.0, 1.0], [0.0, 3.0]], [0.0, 1.0])
    array([0., 1.])
    """
    p = exponent(p)
    (x, a), (y, b) = _rows(x, a, "x", "a"), _rows(y, b, "y", "b")
    try:
        _common_rows(x, y)
    except ValueError as error:
        raise ValueError(
            f"x and y must have rows that broadcast; got {x.shape} and {y.shape}."
        ) from error
    distance = rowwise(x, y, a, b, p)
    return distance if distance.ndim else float(distance)


def rowwise(x, y, a, b, p) -> np.ndarray:
    """Return W_p row by row (...) of checked points; weights fit them or are None.

    Raises ValueError when a distance is no float.

    Examples
    --------
    >>> rowwise(np.array([[0.0, 2.0]]), np.array([[1.0]]), None, None, 1.0)
    array([1.])
    """
    rows = _common_rows(x, y)
    size = (x.shape[-1] + y.shape[-1]) * prod(rows[1:])
    step = max(1, BLOCK // size)
    if not rows or rows[0] <= step:
        return _at_once(x, y, a, b, p)
    blocks = (slice(k, k + step) for k in range(0, rows[0], step))
    parts = [
        _at_once(*(_block(z, k, len(rows)) for z in (x, y, a, b)), p) for k in blocks
    ]
    return np.concatenate(parts)


def _block(z, rows, axes: int):
    """Return some of the rows of an array that has them, or all it has to share."""
    return z if z is None or z.ndim <= axes or len(z) == 1 else z[rows]


def _common_rows(x, y) -> tuple[int, ...]:
    """Return the leading axes to which both broadcast, at no cost if there are none."""
    if x.ndim == y.ndim == 1:
        return ()
    return np.broadcast_shapes(x.shape[:-1], y.shape[:-1])


def _at_once(x, y, a, b, p) -> np.ndarray:
    if a is None and b is None and x.shape[-1] == y.shape[-1]:
        return _mean_power(ordered(x), ordered(y), None, p)
    rows = _common_rows(x, y)
    if p == 1 and not rows and not (a is None and b is None):
        area = _area(x, y, a, b)
        if area < np.inf:
            return area
    (x, u), (y, v) = _quantiles(x, a), _quantiles(y, b)
    if not rows and len(x) > LEVELS:
        mean = _mean_in_parts(x, u, y, v, p)
        if SMALL < mean < LARGE:
            return mean ** (1 / p)
    i, j, mass = staircase(u, v)
    return _mean_power(_take(x, i, rows), _take(y, j, rows), mass, p)


@np.errstate(over="ignore", invalid="ignore")  # such means are not used
def _mean_in_parts(x, u, y, v, p) -> float:
    """Return W_p^p as a sum over intervals of levels, each short enough to be fast."""
    ends = np.array([0.0, *u[LEVELS - 1 :: LEVELS], 1.0])
    first = v.searchsorted(ends[:-1], "right")  # what equals an end is no level within
    last = np.maximum(v.searchsorted(ends[1:]), first)
    total = 0.0
    for k in range(len(first)):
        over, under = slice(k * LEVELS, (k + 1) * LEVELS), slice(first[k], last[k])
        x_k, y_k = x[over], y[under.start : under.stop + 1]
        i, j, mass = staircase(u[over][: len(x_k) - 1], v[under], ends[k : k + 2])
        total += _mean(_power(np.abs(x_k.take(i) - y_k.take(j)), p), mass)
    return total


@np.errstate(over="ignore", invalid="ignore")  # such an area is not used
def _area(x, y, a, b):
    """Return W_1 as the area between the two distribution functions."""
    order, z = ascending(np.concatenate([x, y]))
    steps = np.concatenate([_multiples(a, len(x)), -_multiples(b, len(y))])
    gap = steps.astype(np.int64).take(order).cumsum()
    gap[gap == gap[-1]] = 0  # the rounding of the sums, which far points would magnify
    return np.vecdot(np.abs(gap[:-1]), z[1:] - z[:-1]) / UNITS


def _multiples(a, n: int) -> np.ndarray:
    return np.full(n, UNITS / n) if a is None else a * (UNITS / a.sum())


def staircase(u, v, ends=(0.0, 1.0)) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return cells (i, j) and masses (..., n+m-1) of the north-west corner rule.

    u (..., n-1) and v (..., m-1) are the cumulative weights without the last, 1. From
    cell (0, 0), the next step is down, i + 1, where the next of the merged levels
    belongs to u, and to the right, j + 1, where it belongs to v. Of a part of the rule
    u and v are the levels between two ends.

    Raises ValueError when the rows do not broadcast.

    Examples
    --------
    >>> i, j, mass = staircase(np.array([0.5]), np.array([0.25]))
    >>> i, j, mass
    (array([0, 0, 1]), array([0, 1, 1]), array([0.25, 0.25, 0.5 ]))
    """
    rows = _common_rows(u, v)
    n, m = u.shape[-1] + 1, v.shape[-1] + 1
    levels = np.empty((*rows, n + m))
    levels[..., 1:n], levels[..., n:-1] = u, v
    levels[..., 0], levels[..., -1] = ends
    # Floats >= 0 are in the order of their bits. One bit more tells v from u, and the
    # keys carry it through the sort, which merges two runs: linear.
    keys = levels.view(np.int64)
    keys <<= 1
    keys[..., n:] |= 1
    keys.sort(axis=-1, kind="stable")
    j = (keys[..., :-1] & 1).cumsum(axis=-1)
    keys >>= 1
    return np.arange(n + m - 1) - j, j, levels[..., 1:] - levels[..., :-1]


def exponent(p) -> float:
    """Return p as a float if it is one finite number >= 1.

    Raises ValueError otherwise.

    Examples
    --------
    >>> exponent(2)
    2.0
    """
    array = np.asarray(p)
    if array.dtype.kind not in "iuf" or array.ndim or not 1 <= array.item() < np.inf:
        raise ValueError(f"p must be finite and >= 1; got {p!r}.")
    return float(array)


def cumulated(a) -> np.ndarray:
    """Return the sums a_0, a_0 + a_1, ... (..., n-1) without the last, scaled to it.

    Examples
    --------
    >>> cumulated(np.array([0.25, 0.25, 0.5]))
    array([0.25, 0.5 ])
    """
    sums = a.cumsum(axis=-1)
    return sums[..., :-1] / sums[..., -1:]


def ticks(n: int) -> np.ndarray:
    """Return 1/n, ..., (n-1)/n, rounded once each, so that equal fractions are equal.

    Examples
    --------
    >>> ticks(4)
    array([0.25, 0.5 , 0.75])
    """
    return np.arange(1, n) / n


def _rows(x, a, name: str, weight: str):
    x = real(x, name)
    if x.ndim == 0 or 0 in x.shape:
        raise ValueError(
            f"{name} must be finite, shape (..., n), n >= 1; got {x.shape}."
        )
    if a is None:
        return x, None
    a = probability(a, weight)
    if x.shape == a.shape:
        return x, a
    try:
        shape = np.broadcast_shapes(x.shape, a.shape)
    except ValueError:
        shape = ()
    if not shape or a.shape[-1] != x.shape[-1]:
        raise ValueError(f"{weight} must match {name} {x.shape}; got {a.shape}.")
    return np.broadcast_to(x, shape), np.broadcast_to(a, shape)


def _quantiles(x, a):
    """Return the sorted points and the levels at which the quantile function jumps."""
    if a is None:
        return ordered(x), ticks(x.shape[-1])
    order, x = ascending(x)
    return x, cumulated(along_rows(a, order))


def _take(x, i, rows):
    if i.ndim == 1:
        return x.take(i, axis=-1)
    x, i = (np.broadcast_to(z, (*rows, z.shape[-1])) for z in (x, i))
    return along_rows(x, i)


@np.errstate(over="ignore", invalid="ignore")  # such means are not used
def _mean_power(x, y, mass, p):
    """Return (sum mass |x - y|^p)^(1/p) along rows; a mass of None is equal masses."""
    distance = x - y
    np.abs(distance, out=distance)
    mean = _mean(_power(distance, p), mass)
    if ((mean > SMALL) & (mean < LARGE)).all():
        return mean if p == 1 else mean ** (1 / p)
    return _scaled_mean_power(distance, mass, p)


def _scaled_mean_power(distance, mass, p):
    """Return the same in units of the largest distance."""
    if mass is not None:
        distance = np.where(mass > 0, distance, 0)  # no mass, no say in the scale
    top = distance.max(axis=-1)
    if not np.all(np.isfinite(top)):
        raise ValueError("x and y must lie within 1.8e308 of each other; rescale them.")
    # A power of 2 rounds nothing, but its ratios reach 2, and 2^p overflows.
    unit = np.ldexp(1.0, np.frexp(top)[1] - 1) if p <= 2 else np.where(top > 0, top, 1)
    ratio = np.divide(distance, unit[..., None], out=distance)
    return unit * _mean(_power(ratio, p), mass) ** (1 / p)


def _power(values, p):
    return values if p == 1 else values**p


def _mean(values, mass):
    if mass is None:
        return values.sum(axis=-1) / values.shape[-1]
    return np.vecdot(values, mass)
