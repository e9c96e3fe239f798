"""The f-divergences as a table of generators and one function over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy

from ottools.divergences.discrete import pair


@dataclass(frozen=True)
class Generator:
    """One f-divergence D(p || q) = sum_i q_i f(p_i/q_i), with f convex and f(1) = 0.

    `derivative` is f'; `conjugate` is f*(y) = sup over t >= 0 of t y - f(t); `slope`
    is the limit of f(t)/t, the price of mass where q has none.
    """

    f: Callable
    derivative: Callable
    conjugate: Callable
    slope: float


def _half(t):
    return (1 + t) / 2


GENERATORS: dict[str, Generator] = {
    "kl": Generator(
        lambda t: xlogy(t, t),
        lambda t: np.log(t) + 1,
        lambda y: np.exp(y - 1),
        np.inf,
    ),
    "reverse_kl": Generator(
        lambda t: -np.log(t),
        lambda t: -1 / t,
        lambda y: np.where(y < 0, -1 - np.log(np.where(y < 0, -y, 1)), np.inf),
        0.0,
    ),
    "js": Generator(
        lambda t: xlogy(t, t) / 2 - _half(t) * np.log(_half(t)),
        lambda t: np.log(t / _half(t)) / 2,
        lambda y: np.where(
            y < np.log(2) / 2,
            -np.log(np.where(y < np.log(2) / 2, 2 - np.exp(2 * y), 1)) / 2,
            np.inf,
        ),
        np.log(2) / 2,
    ),
    "tv": Generator(
        lambda t: np.abs(t - 1) / 2,
        lambda t: np.sign(t - 1) / 2,
        lambda y: np.where(y <= 0.5, np.maximum(y, -0.5), np.inf),
        0.5,
    ),
    "chi2": Generator(
        lambda t: (t - 1) ** 2,
        lambda t: 2 * (t - 1),
        lambda y: np.where(y > -2, y + y**2 / 4, -1.0),
        np.inf,
    ),
    "squared_hellinger": Generator(
        lambda t: (np.sqrt(t) - 1) ** 2,
        lambda t: 1 - 1 / np.sqrt(t),
        lambda y: np.where(y < 1, y / np.where(y < 1, 1 - y, 1), np.inf),
        1.0,
    ),
    # KL(p || q) - 2 JS(p, q) = 2 KL((p+q)/2 || q): the -log D loss, frozen D.
    "non_saturating": Generator(
        lambda t: 2 * xlogy(_half(t), _half(t)),
        lambda t: np.log(_half(t)) + 1,
        lambda y: np.where(
            y > 1 - np.log(2), 2 * np.exp(y - 1) - y, np.log(2) + 0.0 * y
        ),
        np.inf,
    ),
}


def f_divergence(name: str, p, q):
    """Return sum_i q_i f(p_i/q_i), plus slope * p_i where q_i = 0 (Csiszar 1963).

    Shapes (..., n), (..., n) give (...).

    Raises
    ------
    ValueError
        When `name` is not in GENERATORS, or on improper weights.

    Examples
    --------
    >>> float(f_divergence("tv", [1.0, 0.0], [0.5, 0.5]))
    0.5
    """
    if name not in GENERATORS:
        raise ValueError(f"name must be one of {', '.join(GENERATORS)}; got {name!r}.")
    p, q = pair(p, q)
    generator, inside = GENERATORS[name], q > 0
    with np.errstate(divide="ignore"):
        value = q * generator.f(np.where(inside, p / np.where(inside, q, 1), 1))
    outside = np.where(p > 0, generator.slope, 0.0) * np.where(p > 0, p, 1)
    return np.where(inside, value, outside).sum(axis=-1)
