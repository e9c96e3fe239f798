"""The sliced Wasserstein distance: the mean over directions of the one on a line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ottools.kantorovich.line import BLOCK, exponent, rowwise
from ottools.measures import generator, points, real, weights, whole


@dataclass(frozen=True)
class SlicedWasserstein:
    """A Monte-Carlo estimate of the sliced distance, and how far to trust it.

    `value` is the root of the mean of W_p^p over the directions, `distances` (L,) are
    the W_p themselves, `standard_error` that of `value` for independent directions.
    """

    value: float
    standard_error: float
    distances: np.ndarray


def random_directions(count: int, dimension: int, *, rng) -> np.ndarray:
    """Return independent unit vectors (count, dimension), uniform on the sphere.

    Normal vectors divided by their length. Raises ValueError when a number is not
    whole or < 1, or `rng` is no generator.

    Examples
    --------
    >>> u = random_directions(3, 2, rng=np.random.default_rng(0))
    >>> u.shape, np.linalg.norm(u, axis=1).round(12)
    ((3, 2), array([1., 1., 1.]))
    """
    shape = whole(count, "count"), whole(dimension, "dimension")
    normal = generator(rng).standard_normal(shape)
    return normal / np.linalg.norm(normal, axis=1, keepdims=True)


def sliced_wasserstein(
    x, y, a=None, b=None, *, directions, p: float = 2.0
) -> SlicedWasserstein:
    """Return the sliced distance (mean over u of W_p(<u,x>, <u,y>)^p)^(1/p).

    Rabin et al. 2012; Bonneel et al. 2015, eq. 9. x (n,d), y (m,d), weights a (n,),
    b (m,), equal if None; `directions` (L,d), L >= 2, are scaled to length 1.

    The standard error of the mean is that of L independent terms; for its root it is
    divided by the slope p value^(p-1).

    Raises ValueError on improper points or weights, p < 1, fewer than 2 directions, a
    direction of length 0, or dimensions that differ.

    Examples
    --------
    >>> s = sliced_wasserstein([[0, 0]], [[3, 4]], directions=[[1, 0], [0, 1]])
    >>> round(s.value**2, 12), s.distances
    (12.5, array([3., 4.]))
    """
    p = exponent(p)
    x, y, u = points(x, "x"), points(y, "y"), _units(directions)
    if not x.shape[1] == y.shape[1] == u.shape[1]:
        raise ValueError(
            "x, y and directions must have one dimension; got "
            f"{x.shape[1]}, {y.shape[1]} and {u.shape[1]}."
        )
    a, b = (None if w is None else real(w, k) for w, k in ((a, "a"), (b, "b")))
    a = None if a is None else weights(a, len(x), "a")
    b = None if b is None else weights(b, len(y), "b")
    distances = _distances(x, y, a, b, u, p)
    return SlicedWasserstein(*_mean(distances, p), distances)


def _distances(x, y, a, b, u, p):
    rows = max(1, BLOCK // (len(x) + len(y)))
    found = np.empty(len(u))
    with np.errstate(over="ignore", invalid="ignore"):  # rowwise reports it
        x, y = ((z - x[0]).T for z in (x, y))
    for start in range(0, len(u), rows):
        some = u[start : start + rows]
        with np.errstate(over="ignore", invalid="ignore"):  # rowwise reports it
            X, Y = some @ x, some @ y
        A, B = (
            None if w is None else np.broadcast_to(w, Z.shape)
            for w, Z in ((a, X), (b, Y))
        )
        found[start : start + rows] = rowwise(X, Y, A, B, p)
    return found


def _mean(distances, p):
    """Return the root of the mean p-th power and its standard error."""
    top = float(distances.max())
    if top == 0:
        return 0.0, 0.0
    powers = (distances / top) ** p
    mean = powers.mean()
    error = powers.std(ddof=1) / np.sqrt(len(powers))
    value = top * mean ** (1 / p)
    return float(value), float(value * error / (p * mean))


def _units(directions):
    u = points(directions, "directions")
    largest = np.abs(u).max(axis=1, keepdims=True)
    if len(u) < 2 or not largest.all():
        raise ValueError(
            "directions must be 2 or more vectors of length > 0; got "
            f"{len(u)}, their least largest entry {largest.min():g}."
        )
    u = u / largest  # squares now neither overflow nor vanish
    return u / np.linalg.norm(u, axis=1, keepdims=True)
