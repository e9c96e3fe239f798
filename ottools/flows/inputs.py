"""Checks of the arguments that steps in time have."""

from __future__ import annotations

from ottools.measures import generator, scalar
from ottools.measures import whole as any_whole

__all__ = ["generator", "scalar", "whole"]

# More steps than this do not end.
MOST = 10**9


def whole(value, name: str) -> int:
    """Return `value` if it is a whole number from 1 to 10^9.

    Raises ValueError when it is not.

    Examples
    --------
    >>> whole(3, "steps")
    3
    """
    count = any_whole(value, name)
    if count > MOST:
        raise ValueError(
            f"{name} must be at most {MOST}; got one of {count.bit_length()} bits."
        )
    return count
