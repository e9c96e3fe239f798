"""Probability weights on finite sets, and densities on the line."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from reprlib import repr as brief

import numpy as np
from scipy.special import logsumexp

MASS_TOLERANCE = 1e-9
# More steps, nodes or draws than this do not end, or fit no memory.
MOST = 10**9


def probability(values, name: str = "p") -> np.ndarray:
    """Return `values` as float weights (..., n) that are non-negative and sum to 1.

    Raises
    ------
    ValueError
        When a weight is negative or not finite, or when the weights along the last
        axis do not sum to 1 within 1e-9.

    Examples
    --------
    >>> probability([0.25, 0.75])
    array([0.25, 0.75])
    """
    p = _floats(values, name)
    if p.ndim == 0 or p.size == 0:
        raise ValueError(f"{name} must be a non-empty array (..., n); got {values!r}.")
    mass = _mass(p)
    excess = abs(mass - 1)
    # The mass is finite only if all weights are; a minimum is nan if one is.
    if p.min() >= 0 and (excess.max() if mass.ndim else excess) <= MASS_TOLERANCE:
        return p
    if not (p.min() >= 0 and _finite(p)):
        raise ValueError(f"{name} must be finite and >= 0; its minimum is {p.min()}.")
    worst = mass.flat[np.argmax(excess)]
    raise ValueError(f"{name} must sum to 1 along its last axis; got {worst:.12g}.")


@np.errstate(over="ignore", invalid="ignore")
def _mass(p) -> np.ndarray:
    return p.sum(axis=-1)


def positive(value, name: str):
    """Return `value` as a float array if all its entries are finite and > 0.

    Raises
    ------
    ValueError
        When an entry is zero, negative or not finite.

    Examples
    --------
    >>> float(positive(2, "scale"))
    2.0
    """
    array = _floats(value, name)
    if not ((array > 0).all() and _finite(array)):
        raise ValueError(f"{name} must be finite and > 0; got {value!r}.")
    return array


def points(values, name: str = "x") -> np.ndarray:
    """Return `values` as n >= 1 finite points (n, d); an array (n,) lies on the line.

    Raises
    ------
    ValueError
        When there is no point, no coordinate, a third axis, or an entry that is not a
        finite real number.

    Examples
    --------
    >>> points([1, 2]).shape, points([[1, 2]]).shape
    ((2, 1), (1, 2))
    """
    x = real(values, name)
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"{name} must have shape (n, d), n, d >= 1; got {x.shape}.")
    return x


def real(values, name: str) -> np.ndarray:
    """Return `values` as an array of finite floats of any shape.

    Raises
    ------
    ValueError
        When an entry is no real number, is not finite, or is too large for a float.

    Examples
    --------
    >>> real([1, 2], "x")
    array([1., 2.])
    """
    x = _floats(values, name)
    if not _finite(x):
        bad = np.argwhere(~np.isfinite(np.atleast_1d(x)))[0].tolist()
        raise ValueError(
            f"{name} must be finite; got {brief(values)} (first at {bad})."
        )
    return x


def _finite(x) -> bool:
    """Tell whether all entries are finite, as they are if the sum of squares is."""
    flat = x.ravel("K")
    return bool(np.vdot(flat, flat) < np.inf or np.isfinite(flat).all())


def _floats(values, name: str) -> np.ndarray:
    """Return real numbers as floats; what is too large for one, or nan, stays so."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise ValueError(f"{name} must hold numbers at all places; some are masked.")
    try:
        raw = np.asarray(values)
        text = raw.dtype.kind == "O" and any(
            isinstance(v, str | bytes) for v in raw.flat
        )
        if raw.dtype.kind not in "biufcO" or text:
            raise TypeError("not a kind of number")
        x = raw if raw.dtype.kind == "c" else _narrowed(raw)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f"{name} must hold real numbers; got {brief(values)}."
        ) from error
    if x.dtype.kind == "c":
        raise ValueError(f"{name} must be real; got complex numbers.")
    return x


def _narrowed(raw) -> np.ndarray:
    """Return a copy as floats; only what is wider than these can overflow."""
    if raw.dtype.char == "d":
        return raw.astype(float)
    with np.errstate(over="ignore"):
        return raw.astype(float)


def weights(values, count: int, name: str = "a") -> np.ndarray:
    """Return `count` probability weights, scaled to sum to 1 in floats; equal if None.

    Raises
    ------
    ValueError
        As `probability`, or when there are not `count` of them.

    Examples
    --------
    >>> weights(None, 2), weights([0.25, 0.75], 2)
    (array([0.5, 0.5]), array([0.25, 0.75]))
    """
    if values is None:
        return np.full(count, 1 / count)
    a = probability(values, name)
    if a.shape != (count,):
        raise ValueError(f"{name} must have shape ({count},); got {a.shape}.")
    return a / a.sum()


def whole(value, name: str) -> int:
    """Return `value` if it is a whole number from 1 to 10^9.

    Raises ValueError when it is not.

    Examples
    --------
    >>> whole(3, "count")
    3
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be a whole number >= 1; got {brief(value)}.")
    if value > MOST:
        bits = int(value).bit_length()
        raise ValueError(f"{name} must be at most {MOST}; got one of {bits} bits.")
    return int(value)


def scalar(value, name: str) -> float:
    """Return `value` as a float if it is one finite number > 0.

    Raises ValueError when it is not.

    Examples
    --------
    >>> scalar(2, "eps")
    2.0
    """
    number = positive(real(value, name), name)
    if number.ndim:
        raise ValueError(f"{name} must be one number; got shape {number.shape}.")
    return float(number)


def together(**arrays) -> None:
    """Raise ValueError, naming them all, unless the arrays broadcast.

    Examples
    --------
    >>> together(x=np.zeros((3, 1)), y=np.zeros(2))
    """
    shapes = {name: np.shape(array) for name, array in arrays.items()}
    try:
        np.broadcast_shapes(*shapes.values())
    except ValueError as error:
        raise ValueError(
            f"{', '.join(shapes)} must have shapes that broadcast; got "
            f"{', '.join(map(str, shapes.values()))}."
        ) from error


def extended(values, name: str) -> np.ndarray:
    """Return `values` as an array of floats or infinities, of any shape.

    Raises ValueError when an entry is nan or no real number.

    Examples
    --------
    >>> extended([1, -np.inf], "x")
    array([  1., -inf])
    """
    x = _floats(values, name)
    if np.any(np.isnan(x)):
        raise ValueError(f"{name} must hold real numbers or infinities; got nan.")
    return x


def generator(rng) -> np.random.Generator:
    """Return `rng` if it is a random generator of numpy.

    Raises ValueError when it is not.

    Examples
    --------
    >>> generator(np.random.default_rng(0)).normal() > 0
    True
    """
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng must be a numpy.random.Generator; got {brief(rng)}.")
    return rng


def quadrature(breaks: Sequence[float], panels: int = 64, order: int = 16):
    """Return Gauss-Legendre nodes and weights on an interval cut at `breaks`.

    The integral of h is the sum of w_i h(x_i). Each gap between neighbouring breaks
    holds `panels` panels of `order` nodes; put a break wherever h jumps.

    Returns
    -------
    nodes, weights : ndarray (m,), (m,)

    Raises
    ------
    ValueError
        When fewer than two breaks are given, when they do not increase or are not
        finite, or when panels or order is no whole number >= 1.

    Examples
    --------
    >>> x, w = quadrature((0.0, 1.0), panels=1, order=3)
    >>> round(float(w @ x**5), 12)
    0.166666666667
    """
    panels, order = whole(panels, "panels"), whole(order, "order")
    cuts = real(breaks, "breaks")
    if cuts.ndim != 1 or len(cuts) < 2 or np.any(cuts[:-1] >= cuts[1:]):
        raise ValueError(f"breaks must be at least two increasing numbers; got {cuts}.")
    if np.abs(cuts).max() > np.finfo(float).max / 4:
        raise ValueError(f"breaks must lie within 4.4e307 of 0; got {cuts}.")
    pieces = [
        np.linspace(a, b, panels + 1)[:-1]
        for a, b in zip(cuts[:-1], cuts[1:], strict=True)
    ]
    edges = np.append(np.concatenate(pieces), cuts[-1])
    z, u = np.polynomial.legendre.leggauss(order)
    half = np.diff(edges)[:, None] / 2
    middle = (edges[:-1, None] + edges[1:, None]) / 2
    return (middle + half * z).ravel(), (half * u).ravel()


def gaussian_logpdf(x, mean=0.0, scale=1.0):
    """Return log N(x; mean, scale^2) = -(x-mean)^2/(2 scale^2) - log(scale sqrt(2 pi)).

    Arguments broadcast against each other; where x is infinite or the value below the
    range of floats the result is -inf.

    Raises
    ------
    ValueError
        When a scale is not > 0, a mean is not finite, x is nan or shapes do not fit.

    Examples
    --------
    >>> round(float(gaussian_logpdf(0.0)), 6)
    -0.918939
    """
    s, x, mean = positive(scale, "scale"), extended(x, "x"), real(mean, "mean")
    together(x=x, mean=mean, scale=s)
    with np.errstate(over="ignore"):
        z = (x - mean) / s
        return -0.5 * z**2 - np.log(s) - 0.5 * np.log(2 * np.pi)


def mixture_logpdf(x, weights, means, scales):
    """Return log sum_k w_k N(x; m_k, s_k^2), the log-density of a Gaussian mixture.

    Shapes: x (...), the other three (k,); the result has the shape of x.

    Raises
    ------
    ValueError
        When the weights are no probability weights, the three shapes differ, a scale is
        not > 0, a mean is not finite or x is nan.

    Examples
    --------
    >>> round(float(mixture_logpdf(0.0, [0.5, 0.5], [-4, 4], [1, 1])), 6)
    -8.918939
    """
    w, m = probability(weights, "weights"), real(means, "means")
    s = positive(scales, "scales")
    if not w.shape == m.shape == s.shape == (w.size,):
        raise ValueError(
            "weights, means and scales must have one shape (k,); got "
            f"{w.shape}, {m.shape} and {s.shape}."
        )
    parts = gaussian_logpdf(_floats(x, "x")[..., None], m, s)
    with np.errstate(divide="ignore"):
        return logsumexp(parts + np.log(w), axis=-1)
