"""Optimal transport on the line: sort, then merge the two quantile functions."""

from __future__ import annotations

from math import prod

import numpy as np

from ottools.measures import probability, real

BLOCK = 1 << 17  # numbers sorted at once: they stay in the cache


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
        np.broadcast_shapes(x.shape[:-1], y.shape[:-1])
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
    rows = np.broadcast_shapes(x.shape[:-1], y.shape[:-1])
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


def _at_once(x, y, a, b, p) -> np.ndarray:
    if a is None and b is None and x.shape[-1] == y.shape[-1]:
        return _mean_power(np.sort(x), np.sort(y), np.array(1 / x.shape[-1]), p)
    rows = np.broadcast_shapes(x.shape[:-1], y.shape[:-1])
    (x, u), (y, v) = _quantiles(x, a), _quantiles(y, b)
    i, j, mass = staircase(u, v)
    return _mean_power(_take(x, i, rows), _take(y, j, rows), mass, p)


def staircase(u, v) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return cells (i, j) and masses (..., n+m-1) of the north-west corner rule.

    u (..., n-1) and v (..., m-1) are the cumulative weights without the last, 1. From
    cell (0, 0), the next step is down, i + 1, where the next of the merged levels
    belongs to u, and to the right, j + 1, where it belongs to v.

    Raises ValueError when the rows do not broadcast.

    Examples
    --------
    >>> i, j, mass = staircase(np.array([0.5]), np.array([0.25]))
    >>> i, j, mass
    (array([0, 0, 1]), array([0, 1, 1]), array([0.25, 0.25, 0.5 ]))
    """
    rows = np.broadcast_shapes(u.shape[:-1], v.shape[:-1])
    n, m = u.shape[-1] + 1, v.shape[-1] + 1
    levels = np.empty((*rows, n + m))
    levels[..., 0], levels[..., 1:n], levels[..., n:-1] = 0, u, v
    levels[..., -1] = 1
    order = np.argsort(levels, axis=-1, kind="stable")  # merges two runs: linear
    levels = _along_rows(levels, order)
    i = np.cumsum(order[..., :-1] < n, axis=-1)
    i -= 1
    return i, np.arange(n + m - 1) - i, levels[..., 1:] - levels[..., :-1]


def exponent(p) -> float:
    """Return p as a float if it is one finite number >= 1.

    Raises ValueError otherwise.

    Examples
    --------
    >>> exponent(2)
    2.0
    """
    array = np.asarray(p)
    if array.dtype.kind not in "iuf" or array.ndim or not 1 <= array < np.inf:
        raise ValueError(f"p must be finite and >= 1; got {p!r}.")
    return float(array)


def cumulated(a) -> np.ndarray:
    """Return the sums a_0, a_0 + a_1, ... (..., n-1) without the last, scaled to it.

    Examples
    --------
    >>> cumulated(np.array([0.25, 0.25, 0.5]))
    array([0.25, 0.5 ])
    """
    sums = np.cumsum(a, axis=-1)
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
    a = probability(real(a, weight), weight)
    try:
        shape = np.broadcast_shapes(x.shape, a.shape)
    except ValueError:
        shape = ()
    if not shape or a.shape[-1] != x.shape[-1]:
        raise ValueError(f"{weight} must match {name} {x.shape}; got {a.shape}.")
    if x.shape == a.shape:
        return x, a
    return np.broadcast_to(x, shape), np.broadcast_to(a, shape)


def _quantiles(x, a):
    """Return the sorted points and the levels at which the quantile function jumps."""
    if a is None:
        return np.sort(x), ticks(x.shape[-1])
    order = np.argsort(x, axis=-1)
    return _along_rows(x, order), cumulated(_along_rows(a, order))


def _take(x, i, rows):
    if i.ndim == 1:
        return x[..., i]
    x, i = (np.broadcast_to(z, (*rows, z.shape[-1])) for z in (x, i))
    return _along_rows(x, i)


def _along_rows(x, i):
    return x[i] if x.ndim == 1 else np.take_along_axis(x, i, axis=-1)


def _mean_power(x, y, mass, p):
    """Return (sum mass |x - y|^p)^(1/p) along rows, scaled against over- and underflow.

    A `mass` without axis stands for equal masses.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # reported below
        distance = np.abs(x - y)
        if mass.ndim:
            distance *= mass > 0  # a point without mass has no say in the scale
    top = distance.max(axis=-1)
    if not np.all(np.isfinite(top)):
        raise ValueError("x and y must lie within 1.8e308 of each other; rescale them.")
    # A power of 2 rounds nothing, but its ratios reach 2, and 2^p overflows.
    unit = np.ldexp(1.0, np.frexp(top)[1] - 1) if p <= 2 else np.where(top > 0, top, 1)
    ratio = np.divide(distance, unit[..., None], out=distance)
    power = ratio if p == 1 else ratio**p
    mean = np.einsum("...k,...k->...", power, mass) if mass.ndim else power.mean(-1)
    return unit * mean ** (1 / p)
