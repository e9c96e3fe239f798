"""Inequalities between scalars: exact signs, case by case, or one variable."""

from __future__ import annotations

import sympy as sp

from .logs import Logs
from .lower import Bracket
from .signs import nonnegative, sign, weakly_positive

POSITIVE = ((sp.Integer(0), sp.oo), (sp.Integer(0), sp.Integer(1)))


def by_cases(diff, scope, strict):
    """Decide an expression in scalars: exact signs, cases, or one variable."""
    if diff.has(Bracket):
        return None
    logs = Logs(scope)
    flat = without_roots(sp.expand(logs.back(logs.split(diff))), scope)
    if certain_sign(flat, scope.domains, strict):
        return "exact sign of a rational function"
    symbols = sorted(flat.free_symbols, key=str)
    if len(symbols) == 2:
        flat, symbols = _ratio(flat, symbols, scope)
    if len(symbols) == 1:
        t = symbols[0]
        shape = nonnegative(flat, t, scope.domains.get(t, (-sp.oo, sp.oo)))
        if shape and (shape.positive or not strict):
            return f"one variable: {shape.reason}"
    return None


def by_functionals(diff, scope, strict):
    """Decide what holds for any values of the integrals that are in a formula."""
    brackets = sorted(diff.atoms(Bracket), key=str)
    swap = {}
    for k, b in enumerate(brackets):
        positive = sign(without_roots(b.integrand, scope), scope.domains) == 1
        interval = POSITIVE[0] if positive else (-sp.oo, sp.oo)
        swap[b] = scope.symbol(f"integral {k}", interval)
    reason = by_cases(diff.xreplace(swap), scope, strict) if brackets else None
    return reason and f"whatever the integrals are: {reason}"


def without_roots(expr, scope):
    """Put s² for every positive scalar s under a square root."""
    roots = [e for e in expr.atoms(sp.Pow) if e.exp.is_Rational and e.exp.q == 2]
    swap = {
        s: s**2
        for e in roots
        for s in e.base.free_symbols
        if scope.domains.get(s) in POSITIVE
    }
    return sp.expand(expr.subs(swap, simultaneous=True)) if swap else expr


def certain_sign(expr, domains, strict) -> bool:
    """Whether expr ≥ 0 (> 0) is certain, by cases where absolute values stand."""
    if any(e.free_symbols for e in expr.atoms(sp.log)):
        return False
    expr = expr.replace(sp.Abs, lambda u: _absolute(u, domains))
    split = _cases(expr, domains)
    if split:
        return all(certain_sign(e, dom, strict) for e, dom in split)
    if strict:
        return sign(expr, domains) == 1
    return sign(expr, domains) == 1 or weakly_positive(expr, domains)


def _absolute(u, domains):
    """Return |u| as a product in which factors of known sign stand outside."""
    factors = [(f, sign(f, domains)) for f in sp.Mul.make_args(sp.factor(u))]
    return sp.Mul(*(s * f if s else sp.Abs(f) for f, s in factors))


def _cases(expr, domains):
    """Split |a − b| for positive a, b into a = b + s and b = a + s, s ≥ 0."""
    for e in sorted(expr.atoms(sp.Abs), key=str):
        symbols = sorted(e.free_symbols, key=str)
        if len(symbols) != 2 or any(domains.get(s) not in POSITIVE for s in symbols):
            continue
        a, b = symbols
        if sp.expand(e.args[0] - (a - b)) == 0 or sp.expand(e.args[0] + a - b) == 0:
            s = sp.Dummy("s", positive=True)
            inner = {**domains, **dict.fromkeys((a, b, s), POSITIVE[0])}
            return [
                (expr.subs(e, s).subs(a, b + s), inner),
                (expr.subs(e, s).subs(b, a + s), inner),
            ]
    return None


def _ratio(expr, symbols, scope):
    """Reduce an expression homogeneous of degree 0 or 1 to the ratio of two scalars."""
    a, b = symbols
    if any(scope.domains.get(s) != (0, sp.oo) for s in symbols):
        return expr, symbols
    t = scope.symbol("t@ratio", (sp.Integer(0), sp.oo))
    logs = Logs(scope)
    for power in (1, 0):
        g = sp.expand(logs.split(expr.subs(a, t * b)) / b**power)
        g = sp.simplify(logs.back(g))
        if b not in g.free_symbols:
            return g, [t]
    return expr, symbols
