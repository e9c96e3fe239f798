"""Sums with symbolic ranges and exponentials, brought to one form."""

from __future__ import annotations

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
    """Collect sums over the same range under one sign; pull out constants."""
    expr = sp.expand(expr)
    groups, rest = {}, sp.Integer(0)
    for term in sp.Add.make_args(expr):
        k, s = term.as_independent(sp.Sum, as_Add=False)
        if not isinstance(s, sp.Sum):
            rest += term
            continue
        names = {
            lim[0]: sp.Symbol(f"i{n}", integer=True, positive=True)
            for n, lim in enumerate(s.limits)
        }
        limits = tuple(sp.Tuple(names[a], lo, hi) for a, lo, hi in s.limits)
        groups[limits] = groups.get(limits, 0) + k * s.function.xreplace(names)
    out = rest
    for limits, body in groups.items():
        for part in sp.Add.make_args(sp.expand(body)):
            free = [lim for lim in limits if not part.has(lim[0])]
            bound = [lim for lim in limits if part.has(lim[0])]
            weight = sp.Mul(*(hi - lo + 1 for _, lo, hi in free))
            out += weight * (sp.Sum(part, *bound) if bound else part)
    return _settle(out)


def _settle(expr):
    """Drop sums whose joined summand vanishes."""
    groups, rest = {}, sp.Integer(0)
    for term in sp.Add.make_args(sp.expand(expr)):
        k, s = term.as_independent(sp.Sum, as_Add=False)
        if isinstance(s, sp.Sum):
            groups[s.limits] = groups.get(s.limits, 0) + k * s.function
        else:
            rest += term
    for limits, body in groups.items():
        flat = exps_to_symbols(sp.expand(body))
        if sp.cancel(sp.together(flat)) != 0:
            rest += sp.Sum(body, *limits)
    return rest
