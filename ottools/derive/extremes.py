"""The least and the greatest value of a function on a finite space.

``Least(x)[c(x, y) - f(x)]`` is min over x. Two facts are all that is known of it: it is
the value at some point, and at most the value at every point.
"""

from __future__ import annotations

import sympy as sp

from .ordered import ClaimError, Node, wrap
from .symbols import Table

__all__ = ["Greatest", "GreatestValue", "Least", "LeastValue"]


class LeastValue(Node):
    """min over the points of a finite space; arguments (body, point)."""

    __slots__ = ()
    direction = 1


class GreatestValue(Node):
    """max over the points of a finite space; arguments (body, point)."""

    __slots__ = ()
    direction = -1


class _Over:
    def __init__(self, kind, point):
        if point.space.kind != "finite":
            raise ClaimError(
                f"a least value is taken over a finite space; {point.space.name} is "
                f"{point.space.kind}."
            )
        self.kind, self.point = kind, point

    def __getitem__(self, body):
        return self.kind(wrap(body), self.point)


def Least(point) -> _Over:
    """Write a least value: ``Least(x)[c(x, y) - f(x)]``."""
    return _Over(LeastValue, point)


def Greatest(point) -> _Over:
    """Write a greatest value: ``Greatest(x)[f(x) + g(y)]``."""
    return _Over(GreatestValue, point)


class Extreme(sp.Expr):
    """A least or greatest value in SymPy; arguments (body, point symbol, ±1)."""

    is_commutative = True
    is_extended_real = True

    @property
    def depth(self) -> int:
        """How many of them stand within each other here."""
        return 1 + depth(self.args[0])


def depth(expr) -> int:
    """Return how many least values stand within each other in an expression."""
    return max((e.depth for e in expr.atoms(Extreme)), default=0)


def lowered(lower, e, bound, here):
    """Lower a least value; its point is named by its depth, whatever it was called."""
    from .points import rename

    body, point = e.args
    sym, inner = lower.bind(point, bound)
    low = lower(body, inner, here)
    if (listed := _listed(low, sym, lower.scope)) is not None:
        return (sp.Min if e.direction == 1 else sp.Max)(*listed)
    name = lower.scope.symbol(f"{point.space.name}°{depth(low)}")
    lower.scope.spaces[name] = point.space
    body = rename(low, {sym: name}, lower.scope)
    return Extreme(body, name, sp.Integer(e.direction))


def _listed(low, sym, scope):
    """Return all values of a function made of tables, None where it is not."""
    here = (s for s in low.free_symbols if s in scope.values)
    tables = {s: scope.values[s].fn for s in here if sym in scope.values[s].points}
    if not tables or not all(isinstance(f, Table) for f in tables.values()):
        return None
    rows = zip(*(f.weights for f in tables.values()), strict=True)
    found = [low.xreplace(dict(zip(tables, row, strict=True))) for row in rows]
    return found if all(e.is_number for e in found) else None
