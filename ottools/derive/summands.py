"""Inequalities between sums: one sign for all summands.

With n terms, n Σ f_i = Σ_ij f_i, and Σ_ij h_ij = Σ_ij (h_ij + h_ji)/2. So an expression
in sums is one multiple sum whose summand is symmetric; if that summand has a sign, so
has the sum. This is how Lagrange proved the inequality of Cauchy and Schwarz.
"""

from __future__ import annotations

from itertools import groupby, permutations, product
from math import prod

import sympy as sp

from .lower import Bracket
from .signs import sign, weakly_positive
from .sums import join_sums

REASON = "every summand has the sign, once the indices are exchanged"
MOST = 4  # indices; beyond, the orders are too many


def by_summand(diff, scope, strict):
    """Return a reason why an expression in sums is ≥ 0 (> 0), or None."""
    if not diff.has(sp.Sum) or diff.has(Bracket, sp.log, sp.exp):
        return None
    if not all(_is_filled(r) for s in diff.atoms(sp.Sum) for r in s.limits):
        return None
    for expr in (diff, join_sums(diff)):
        summands = _as_they_stand(expr)
        if summands and all(_holds(f, scope, strict) for f in summands):
            return "every summand has the sign"
    whole = _symmetric(join_sums(diff))
    return REASON if whole is not None and _holds(whole, scope, strict) else None


def _is_filled(limit) -> bool:
    """Whether a range is 1 ... n with n at least 1."""
    _, lo, hi = limit
    return lo == 1 and (hi.is_Symbol or (hi.is_Integer and hi > 0))


def _as_they_stand(expr):
    """Return the summands and numbers of which expr is made up, coefficients within."""
    found = []
    for term in sp.Add.make_args(expr):
        k, s = term.as_independent(sp.Sum, as_Add=False)
        if s != 1 and not isinstance(s, sp.Sum):
            return None
        found.append(k * (s.function if s != 1 else 1))
    return found


def _symmetric(expr):
    """Return the symmetric summand of the one multiple sum that expr is, or None."""
    parts = [t.as_independent(sp.Sum, as_Add=False) for t in sp.Add.make_args(expr)]
    if not all(s == 1 or isinstance(s, sp.Sum) for _, s in parts):
        return None
    ranges = _union([lim[1:] for lim in s.limits] for _, s in parts if s != 1)
    if len(ranges) > MOST:
        return None
    names = [
        sp.Symbol(f"#{k}", integer=True, positive=True) for k in range(len(ranges))
    ]
    body = sum(k * _lifted(s, names, ranges) for k, s in parts)
    groups = groupby(zip(ranges, names, strict=True), key=lambda pair: pair[0])
    orders = list(product(*(permutations([i for _, i in g]) for _, g in groups)))
    swaps = (dict(zip(names, sum(o, ()), strict=True)) for o in orders)
    return sum(body.xreplace(s) for s in swaps) / len(orders)


def _union(lists):
    """Return ranges of which every list is a part, equal ones side by side."""
    most = {}
    for ranges in map(list, lists):
        for r in ranges:
            most[r] = max(most.get(r, 0), ranges.count(r))
    return [r for r in sorted(most, key=str) for _ in range(most[r])]


def _lifted(s, names, ranges):
    """Return the summand of s, a sum or 1, as one over all the ranges."""
    free, swap = list(zip(names, ranges, strict=True)), {}
    if s == 1:
        return 1 / prod(hi - lo + 1 for _, (lo, hi) in free)
    for i, *r in s.limits:
        place = next(p for p in free if tuple(p[1]) == tuple(r))
        free.remove(place)
        swap[i] = place[0]
    count = prod(hi - lo + 1 for _, (lo, hi) in free)
    return s.function.xreplace(swap) / count


def _holds(summand, scope, strict) -> bool:
    """Whether a summand is ≥ 0 (> 0) whatever the members of the families."""
    members = sorted(summand.atoms(sp.Indexed), key=str)
    domains = dict(scope.domains)
    swap = {x: sp.Dummy(f"x{k}", real=True) for k, x in enumerate(members)}
    for x, s in swap.items():
        domains[s] = (sp.Integer(0) if x.is_positive else -sp.oo, sp.oo)
    flat = summand.xreplace(swap)
    if flat.has(sp.Sum):
        return False
    return sign(flat, domains) == 1 or (not strict and weakly_positive(flat, domains))
