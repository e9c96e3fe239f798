"""The check of how many steps are to be taken."""

from __future__ import annotations

from ottools.measures import whole

# More steps than this do not end.
MOST = 10**9


def count(value, name: str) -> int:
    """Return `value` if it is a whole number from 1 to 10^9.

    Raises ValueError when it is not.

    Examples
    --------
    >>> count(3, "steps")
    3
    """
    number = whole(value, name)
    if number > MOST:
        bits = number.bit_length()
        raise ValueError(f"{name} must be at most {MOST}; got one of {bits} bits.")
    return number
