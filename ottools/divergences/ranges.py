"""How far an f-divergence can be from total variation: both ends of its range.

Write v for the total variation. Merging all places with p > q into one and the others
into a second keeps v and raises no f-divergence, so the least value at given v is
attained by two laws on two places. The greatest is attained by laws that share the mass
1 - v and put the rest where the other has none.
"""

from __future__ import annotations

import numpy as np

from ottools.divergences.generators import generator
from ottools.measures import real

GOLDEN = (np.sqrt(5) - 1) / 2
STEPS = 80  # GOLDEN^80 is 2e-17


def ceiling(name: str) -> float:
    """Return the greatest value of an f-divergence, f(0) + lim f(t)/t; it may be inf.

    D_f(p || q) <= ceiling TV(p, q), with equality when p/q takes no values but 0, 1 and
    infinity (Vajda 1972). Raises ValueError when `name` is not in GENERATORS.

    Examples
    --------
    >>> ceiling("tv"), ceiling("squared_hellinger"), ceiling("kl")
    (1.0, 2.0, inf)
    """
    entry = generator(name)
    return float(entry.perspective(0.0, 1.0)) + entry.slope


def lower_edge(name: str, tv):
    """Return the least D_f(p || q) over all laws with total variation v in [0, 1].

    It is the least divergence of two coins with chances a + v and a of heads, which is
    convex in a in [0, 1 - v] (Gilardoni 2010), so that a golden section finds it, to an
    absolute error of a few 1e-16. `tv` holds v; the result has its shape.

    Raises
    ------
    ValueError
        When `name` is not in GENERATORS or a v lies outside of [0, 1].

    Examples
    --------
    >>> lower_edge("kl", [0.1, 0.5]).round(6).tolist()
    [0.020045, 0.532298]
    """
    perspective = generator(name).perspective
    v = real(tv, "tv")
    if np.any((v < 0) | (v > 1)):
        raise ValueError(f"tv must lie between 0 and 1; got {tv!r}.")

    room = 1 - v

    def coins(a):
        return perspective(a + v, a) + perspective(room - a, room - a + v)

    low, high = np.zeros_like(v), room
    for _ in range(STEPS):
        left = high - GOLDEN * (high - low)
        right = low + GOLDEN * (high - low)
        keep = coins(left) <= coins(right)
        low, high = np.where(keep, low, left), np.where(keep, right, high)
    return np.maximum(coins((low + high) / 2), 0.0)
