"""Checks of the arguments that only the randomised methods have."""

from __future__ import annotations

from numbers import Integral

import numpy as np


def whole(value, name: str) -> int:
    """Return `value` if it is a whole number >= 1.

    Raises ValueError when it is not.

    Examples
    --------
    >>> whole(3, "count")
    3
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be a whole number >= 1; got {value!r}.")
    return int(value)


def generator(rng) -> np.random.Generator:
    """Return `rng` if it is a random generator of numpy.

    Raises ValueError when it is not.

    Examples
    --------
    >>> generator(np.random.default_rng(0)).normal() > 0
    True
    """
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng must be a numpy.random.Generator; got {rng!r}.")
    return rng
