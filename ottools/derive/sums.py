"""Sums with symbolic ranges and exponentials, brought to one form.

A product of sums is a sum over more indices, and the names of bound indices do not
matter. So an expression is written as numbers plus sums of monomials: one for every
list of ranges, the indices named so that equal sums look equal.
"""

from __future__ import annotations

from itertools import groupby, permutations, product
from math import lcm

import sympy as sp


def exps_to_symbols(expr):
    """Write exp(k·u) as a power of one symbol for each monomial u."""
    found = {}
    for e in expr.atoms(sp.exp):
        for term in sp.Add.make_args(sp.expand(e.exp)):
            k, u = term.as_coeff_Mul()
            found.setdefault(u, []).append(k)
    swap = {}
    for n, (u, ks) in enumerate(sorted(found.items(), key=lambda it: str(it[0]))):
        den = (
            lcm(*(int(sp.Rational(k).q) for k in ks))
            if all(k.is_Rational for k in ks)
            else 1
        )
        swap[u] = (sp.Symbol(f"exp{n}", positive=True), den)

    def one(e):
        out = sp.Integer(1)
        for term in sp.Add.make_args(sp.expand(e.exp)):
            k, u = term.as_coeff_Mul()
            base, den = swap[u]
            out *= base ** (k * den)
        return out

    return expr.replace(lambda e: isinstance(e, sp.exp), one)


def join_sums(expr):
    """Write expr as one multiple sum per list of ranges, and drop those that vanish."""
    found = {}
    for limits, term in monomials(expr):
        key, body = _renamed(limits, term)
        found[key] = found.get(key, 0) + body
    out = found.pop((), sp.Integer(0))
    for limits, body in found.items():
        flat = exps_to_symbols(sp.expand(body))
        if sp.cancel(sp.together(flat)) != 0:
            out += sp.Sum(body, *limits)
    return out


def monomials(expr, limits=()):
    """Yield (limits, term) with expr = sum of the sums of term, bound indices fresh."""
    for term in sp.Add.make_args(sp.expand(expr)):
        body, more = sp.Integer(1), ()
        for factor in sp.Mul.make_args(term):
            base, k = factor.as_base_exp()
            if _is_free_sum(base) and k.is_Integer and k > 0:
                for _ in range(k):
                    inner, own = _fresh(base)
                    body, more = body * inner, more + own
            else:
                body *= factor
        if more:
            yield from monomials(body, limits + more)
        else:
            yield _without_deltas(limits, term)


def _is_free_sum(e) -> bool:
    """Whether e is a sum whose ranges do not depend on its indices."""
    if not isinstance(e, sp.Sum):
        return False
    bound = {lim[0] for lim in e.limits}
    return not any(
        bound & (lo.free_symbols | hi.free_symbols) for _, lo, hi in e.limits
    )


def _fresh(e):
    """Return the summand and the limits of a sum under new names."""
    new = {i: sp.Dummy(integer=True, positive=True) for i, _, _ in e.limits}
    return e.function.xreplace(new), tuple((new[i], lo, hi) for i, lo, hi in e.limits)


def _without_deltas(limits, term):
    """Let delta_ij replace i by j, where both are summed over the same range."""
    for delta in sorted(term.atoms(sp.KroneckerDelta), key=str):
        ranges = {lim[0]: lim[1:] for lim in limits}
        i, j = delta.args
        if i in ranges and ranges.get(i) == ranges.get(j):
            term = term.xreplace({delta: sp.Integer(1)}).xreplace({i: j})
            limits = tuple(lim for lim in limits if lim[0] != i)
    return limits, term


def _renamed(limits, term):
    """Return limits and summand with indices named by their places.

    Of all the names that respect the ranges those are chosen whose term comes first
    in alphabetical order. An index that does not occur counts its range.
    """
    here = term.free_symbols
    weight = sp.Mul(*(hi - lo + 1 for i, lo, hi in limits if i not in here))
    used = sorted((lim for lim in limits if lim[0] in here), key=_range)
    if not used:
        return (), weight * term
    names = [sp.Symbol(f"#{k}", integer=True, positive=True) for k in range(len(used))]
    groups = [[i for i, *_ in g] for _, g in groupby(used, key=_range)]
    orders = product(*(permutations(g) for g in groups))
    swaps = (dict(zip(sum(o, ()), names, strict=True)) for o in orders)
    best = min((term.xreplace(s) for s in swaps), key=str)
    key = ((name, *lim[1:]) for name, lim in zip(names, used, strict=True))
    return tuple(sp.Tuple(*lim) for lim in key), weight * best


def _range(limit) -> str:
    return str(limit[1:])
