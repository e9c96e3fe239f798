"""Checks of the arguments that steps in time have."""

from __future__ import annotations

from ottools.measures import positive
from ottools.mmd.inputs import generator, whole

__all__ = ["generator", "scalar", "whole"]


def scalar(value, name: str) -> float:
    """Return `value` if it is one finite number > 0.

    Raises ValueError when it is not.

    Examples
    --------
    >>> scalar(2, "tau")
    2.0
    """
    number = positive(value, name)
    if number.ndim:
        raise ValueError(f"{name} must be one number; got shape {number.shape}.")
    return float(number)
