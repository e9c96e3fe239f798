"""Numbers that are read exactly: rows and matrices of Fractions."""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from fractions import Fraction

Row = tuple[Fraction, ...]


def fraction(value, name: str) -> Fraction:
    """Return an int, Fraction, finite float or string such as "1/3" as a Fraction.

    Raises ValueError for anything else.

    Examples
    --------
    >>> fraction(0.5, "x"), fraction("2/6", "x")
    (Fraction(1, 2), Fraction(1, 3))
    """
    known = isinstance(value, str | numbers.Real)
    try:
        if known and isinstance(value, str):
            return Fraction(value)
        if known and isinstance(value, numbers.Rational):
            # Of NumPy's integers a Fraction would keep the type, which overflows.
            return Fraction(int(value.numerator), int(value.denominator))
        return Fraction(float(value)) if known else Fraction(None)
    except (ValueError, TypeError, OverflowError, ZeroDivisionError) as error:
        raise ValueError(
            f"{name} must hold ints, fractions, finite floats or strings such as "
            f"'1/3'; got {value!r}."
        ) from error


def inner(u, v) -> Fraction:
    """Return the sum of the products of two rows of Fractions of one length.

    Raises ValueError when the lengths differ.

    Examples
    --------
    >>> inner((Fraction(1, 2), Fraction(1, 3)), (Fraction(2), Fraction(3)))
    Fraction(2, 1)
    """
    return sum((s * t for s, t in zip(u, v, strict=True)), Fraction(0))


def matrix(values, name: str = "C") -> tuple[Row, ...]:
    """Return rows of one length as tuples of Fractions, read as in `fraction`.

    Raises ValueError on improper entries, an empty or a ragged matrix.

    Examples
    --------
    >>> matrix([[1, "1/2"]])
    ((Fraction(1, 1), Fraction(1, 2)),)
    """
    listed = _listed(values, name, "(n, m)")
    rows = tuple(
        tuple(fraction(c, name) for c in _listed(row, name, "(n, m)")) for row in listed
    )
    if len(set(map(len, rows))) != 1:
        raise ValueError(
            f"{name} must have rows of one length; got {sorted(set(map(len, rows)))}."
        )
    return rows


def entries(values, count: int, name: str) -> Row:
    """Return `count` numbers as a tuple of Fractions, read as in `fraction`.

    Raises ValueError on improper entries or another number of them.

    Examples
    --------
    >>> entries([1, "1/2"], 2, "b")
    (Fraction(1, 1), Fraction(1, 2))
    """
    found = tuple(fraction(w, name) for w in _listed(values, name, f"({count},)"))
    if len(found) != count:
        raise ValueError(f"{name} must have shape ({count},); got ({len(found)},).")
    return found


def _listed(values, name: str, shape: str) -> list:
    if isinstance(values, str) or not isinstance(values, Iterable) or not len(values):
        raise ValueError(f"{name} must have shape {shape}, not empty; got {values!r}.")
    return list(values)
