"""The f-divergences as a table of generators and one function over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from reprlib import repr as brief

import numpy as np
from scipy.special import rel_entr, xlogy

from ottools.divergences.discrete import (
    chi_square,
    hellinger_gap,
    in_range,
    jensen_shannon,
    pair,
)

HALF_LOG_2 = np.log(2) / 2


@dataclass(frozen=True)
class Generator:
    """One f-divergence D(p || q) = sum_i q_i f(p_i/q_i), with f convex and f(1) = 0.

    `perspective` is q f(p/q), continued to q = 0 by its limit p `slope`: unlike the
    ratio it stays within range. `f`, `derivative` and `conjugate`, the supremum over
    t >= 0 of t y - f(t), take arrays and may be infinite at the ends of their domains;
    `slope` is the limit of f(t)/t, the price of mass where q has none and the end of
    the domain of the conjugate.
    """

    f: Callable
    derivative: Callable
    conjugate: Callable
    slope: float
    perspective: Callable


def _half(t):
    return (1 + t) / 2


@np.errstate(divide="ignore")
def _log(t):
    return np.log(t)


@np.errstate(divide="ignore")
def _inverse(t):
    return 1 / np.asarray(t, dtype=float)


@np.errstate(over="ignore")
def _exp(y):
    return np.exp(y)


@np.errstate(over="ignore")
def _square(y):
    return np.square(y)


def _below(y, end: float, inner: Callable, beyond: float = np.inf):
    """Return inner(y) where y < end, else `beyond`."""
    inside = np.asarray(y) < end
    return np.where(inside, inner(np.where(inside, y, end - 1)), beyond)


@np.errstate(over="ignore")
def _non_saturating_conjugate(y):
    v = np.maximum(y, 1 - np.log(2))
    return 2 * np.exp(v - 1) - v


def _js_conjugate(y):
    # 2 - exp(2 y) = -2 expm1(2 y - log 2): no digits are lost near the end.
    return -_log(-2 * np.expm1(2 * (y - HALF_LOG_2))) / 2


GENERATORS: dict[str, Generator] = {
    "kl": Generator(
        lambda t: xlogy(t, t),
        lambda t: _log(t) + 1,
        lambda y: _exp(y - 1),
        np.inf,
        rel_entr,
    ),
    "reverse_kl": Generator(
        lambda t: -_log(t),
        lambda t: -_inverse(t),
        lambda y: _below(y, 0.0, lambda v: -1 - _log(-v)),
        0.0,
        lambda p, q: rel_entr(q, p),
    ),
    "js": Generator(
        lambda t: xlogy(t, t) / 2 - _half(t) * np.log(_half(t)),
        lambda t: _log(t / _half(t)) / 2,
        lambda y: _below(y, HALF_LOG_2, _js_conjugate),
        HALF_LOG_2,
        jensen_shannon,
    ),
    "tv": Generator(
        lambda t: np.abs(t - 1) / 2,
        lambda t: np.sign(t - 1) / 2,
        lambda y: np.where(y <= 0.5, np.maximum(y, -0.5), np.inf),
        0.5,
        lambda p, q: np.abs(p - q) / 2,
    ),
    "chi2": Generator(
        lambda t: _square(t - 1),
        lambda t: 2 * (t - 1),
        lambda y: np.maximum(y, -2) + _square(np.maximum(y, -2) / 2),
        np.inf,
        chi_square,
    ),
    "squared_hellinger": Generator(
        lambda t: (np.sqrt(t) - 1) ** 2,
        lambda t: 1 - _inverse(np.sqrt(t)),
        lambda y: _below(y, 1.0, lambda v: 1 / (1 - v) - 1),
        1.0,
        lambda p, q: hellinger_gap(p, q) ** 2,
    ),
    # KL(p || q) - 2 JS(p, q) = 2 KL((p+q)/2 || q): the -log D loss, frozen D.
    "non_saturating": Generator(
        lambda t: 2 * xlogy(_half(t), _half(t)),
        lambda t: np.log(_half(t)) + 1,
        _non_saturating_conjugate,
        np.inf,
        lambda p, q: rel_entr(p + q, 2 * q),
    ),
}


def generator(name: str) -> Generator:
    """Return an entry of the table.

    Raises ValueError when the name is not in GENERATORS.

    Examples
    --------
    >>> generator("tv").slope
    0.5
    """
    if not (isinstance(name, str) and name in GENERATORS):
        raise ValueError(
            f"name must be one of {', '.join(GENERATORS)}; got {brief(name)}."
        )
    return GENERATORS[name]


def f_divergence(name: str, p, q):
    """Return sum_i q_i f(p_i/q_i), plus slope * p_i where q_i = 0 (Csiszar 1963).

    Shapes (..., n), (..., n) give (...).

    Raises
    ------
    ValueError
        When `name` is not in GENERATORS, or on improper weights.
    OverflowError
        When the value is finite but exceeds 1.8e308.

    Examples
    --------
    >>> float(f_divergence("tv", [1.0, 0.0], [0.5, 0.5]))
    0.5
    """
    terms = generator(name).perspective(*pair(p, q))
    with np.errstate(over="ignore"):
        value = in_range(terms.sum(axis=-1), np.isinf(terms).any(axis=-1), name)
    return np.maximum(value, 0.0)
