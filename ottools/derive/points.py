"""Bound points: a product of integrals is one integral over more points.

The names of bound points do not matter. So a term is given the names X@0, X@1, ... in
the order, of all that are possible, that comes first in the alphabet.
"""

from __future__ import annotations

from itertools import groupby, permutations, product

import sympy as sp

from .lower import Bracket

MOST = 5  # points of one space; beyond, the orders are too many


def rename(expr, swap: dict, scope):
    """Put other point symbols into an expression, and into all that depends on them."""
    found = {}
    for s in expr.free_symbols:
        if s in swap:
            found[s] = swap[s]
        elif s in scope.values and set(scope.values[s].points) & set(swap):
            value = scope.values[s]
            points = tuple(swap.get(x, x) for x in value.points)
            found[s] = scope.value(value.fn, points)
        elif s in scope.logs:
            base = rename(scope.logs[s], swap, scope)
            found[s] = _known(scope.logs, f"log({base})", base)
        elif s in scope.veils:
            inner = rename(scope.veils[s], swap, scope)
            found[s] = _known(scope.veils, f"<{inner}>", inner)
    return expr.xreplace(found)


def _known(table: dict, name: str, behind):
    """Return the symbol of that name, and note what stands behind it."""
    sym = sp.Symbol(name, real=True)
    table[sym] = behind
    return sym


def another(point, taken, scope):
    """Return the first point symbol of the same space that is not taken."""
    space, k = scope.spaces[point], 0
    while (sym := scope.symbol(f"{space.name}@{k}")) in taken:
        k += 1
    scope.spaces[sym] = space
    return sym


def apart(brackets, taken, scope):
    """Return the product of brackets as one (integrand, points), all points different.

    `taken` are points of an outer integral, whose names are not free.
    """
    body, points = sp.Integer(1), []
    for b in brackets:
        swap, free = {}, points_in(b.integrand, scope) - set(b.points)
        for x in b.points:
            swap[x] = another(x, {*taken, *points, *free, *swap.values()}, scope)
        body *= rename(b.integrand, swap, scope)
        points += swap.values()
    return body, tuple(points)


def points_in(expr, scope) -> set:
    """Return the points on which an expression depends."""
    found = set()
    for s in expr.free_symbols:
        if s in scope.spaces:
            found.add(s)
        elif s in scope.values:
            found |= set(scope.values[s].points)
        elif s in scope.logs or s in scope.veils:
            found |= points_in(scope.logs.get(s, scope.veils.get(s)), scope)
    return found


def in_order(terms, points, scope):
    """Return a tuple of factors and their bound points under the first names."""
    fixed = points_in(sp.Add(*terms), scope) - set(points)
    points = sorted(points, key=lambda x: _space(x, scope))
    groups = [list(g) for _, g in groupby(points, key=lambda x: _space(x, scope))]
    names, taken = [], set(fixed)
    for x in points:
        names.append(another(x, taken, scope))
        taken.add(names[-1])
    if any(len(g) > MOST for g in groups):
        return terms, tuple(points)
    orders = product(*(permutations(g) for g in groups))
    swaps = [dict(zip(sum(o, ()), names, strict=True)) for o in orders]
    found = (tuple(rename(t, s, scope) for t in terms) for s in swaps)
    return min(found, key=str), tuple(names)


def _space(point, scope) -> str:
    return scope.spaces[point].name


def as_one_integral(expr, scope):
    """Write products of brackets as brackets with more points."""
    return _merged(expr, (), scope)


def without_inner(expr, scope):
    """Write brackets within brackets, and their products, as more points."""
    return expr.replace(lambda e: isinstance(e, Bracket), lambda b: _flat(b, scope))


def _flat(b, scope):
    """Write the brackets within a bracket as more points of it."""
    inner = _merged(b.integrand, b.points, scope)
    out = sp.Integer(0)
    for term in sp.Add.make_args(sp.expand(inner)):
        k, more = term.as_independent(Bracket, as_Add=False)
        points = more.points if isinstance(more, Bracket) else ()
        body = more.integrand if isinstance(more, Bracket) else more
        out += Bracket(k * body, sp.Tuple(*b.points, *points))
    return out


def _merged(expr, taken, scope):
    """Write a polynomial in brackets as a combination of single brackets."""
    brackets = sorted(expr.atoms(Bracket), key=str)
    brackets = [b for b in brackets if not any(o != b and o.has(b) for o in brackets)]
    marks = [sp.Dummy() for _ in brackets]
    flat = expr.xreplace(dict(zip(brackets, marks, strict=True)))
    try:
        poly = sp.Poly(flat, *marks) if marks else None
    except sp.PolynomialError:
        poly = None
    if poly is None or poly.total_degree() > MOST:
        return expr
    out = sp.Integer(0)
    for powers, c in poly.terms():
        chosen = [b for b, k in zip(brackets, powers, strict=True) for _ in range(k)]
        if not chosen:
            out += c
            continue
        body, points = apart(chosen, {*taken, *points_in(c, scope)}, scope)
        out += Bracket(c * body, sp.Tuple(*points))
    return out
