"""The normal form behind every `proved`.

Logarithms of positive quantities are split into logarithms of coprime factors, which
are independent of each other over the rational functions; densities integrate to their
mass, normal densities to their moments, joint densities to their marginals. Two
functionals are equal when nothing is left of their difference.
"""

from __future__ import annotations

from math import lcm

import sympy as sp

from . import vocabulary as v
from .gauss import by_exponents, gaussians, written_out
from .logs import Logs, coordinates
from .lower import Bracket, Lower, Scope
from .points import as_one_integral, in_order, without_inner
from .sums import exps_to_symbols, join_sums


def normal(expr, scope: Scope):
    """Integrate out what can be integrated; return SymPy without needless brackets."""
    logs = Logs(scope)
    expr = gaussians(flatten(expr), scope)
    brackets = sorted(expr.atoms(Bracket), key=str)
    if not brackets:
        return expr
    marks = [sp.Dummy(f"B{i}") for i in range(len(brackets))]
    flat = expr.xreplace(dict(zip(brackets, marks, strict=True)))
    try:
        poly = sp.Poly(flat, *marks)
        linear = poly.total_degree() <= 1
    except sp.PolynomialError:
        linear = False
    if not linear:
        swap = {b: _integrate({b.points: b.integrand}, scope, logs) for b in brackets}
        return expr.xreplace(swap)
    groups, rest = {}, sp.Integer(0)
    for powers, c in poly.terms():
        if not any(powers):
            rest += c
            continue
        b = brackets[powers.index(1)]
        groups[b.points] = groups.get(b.points, 0) + c * b.integrand
    return logs.back(rest) + _integrate(groups, scope, logs)


def flatten(expr):
    """Merge nested brackets: ∫ f ∫ g dy dx = ∫∫ f g dy dx."""

    def merge(b):
        inner = sorted(b.integrand.atoms(Bracket), key=str)
        if not inner:
            return b
        marks = [sp.Dummy() for _ in inner]
        flat = b.integrand.xreplace(dict(zip(inner, marks, strict=True)))
        try:
            poly = sp.Poly(flat, *marks)
        except sp.PolynomialError:
            return b
        if poly.total_degree() > 1:
            return b
        out = sp.Integer(0)
        for powers, c in poly.terms():
            if any(powers):
                k = inner[powers.index(1)]
                out += Bracket(c * k.integrand, sp.Tuple(*b.points, *k.points))
            else:
                out += Bracket(c, sp.Tuple(*b.points))
        return out

    before = None
    while before != expr:
        before = expr
        expr = expr.replace(lambda e: isinstance(e, Bracket), merge)
    return expr


def _integrate(groups, scope, logs):
    """Integrate {points: integrand}; what cannot be done stays as brackets."""
    from .pieces import has_pieces, integrate_pieces

    total, left = sp.Integer(0), {}
    for points, phi in groups.items():
        if has_pieces(phi, scope):
            total += integrate_pieces(phi, points, scope, logs)
            continue
        phi = phi.subs(radicals(phi, scope, points))
        for c, marks in _log_terms(logs.veil(logs.split(phi)), scope, points):
            for powers, factor, rest in _monomials(c, scope, points):
                done = _reduce(points, powers, rest * marks, scope)
                plain = done[0].xreplace({r: scope.veils[r] for r in scope.radicals})
                (c_, m_), names = in_order((plain, marks), done[1], scope)
                left[names, m_] = left.get((names, m_), 0) + factor * c_
    for (points, marks), c in left.items():
        c = c.subs(radicals(c, scope, points))
        c = sp.cancel(sp.together(c)) if points else c
        if c == 0:
            continue
        total += _pull(c, marks, points, scope, logs)
    return total


def radicals(phi, scope, points) -> dict:
    """Return {p: r^n} for the values p whose roots stand in an integrand.

    With r for the n-th root of p, what is made of p and its roots has one form.
    """
    orders = {}
    for e in phi.atoms(sp.Pow):
        p, n = e.base, e.exp
        if p in scope.values and n.is_Rational and p.is_positive:
            orders[p] = lcm(orders.get(p, 1), n.q)
    out = {}
    for p, n in orders.items():
        if n > 1 and depends(p, points, scope):
            r = sp.Symbol(f"<{sp.root(p, n)}>", positive=True)
            scope.veils[r], scope.radicals[r] = sp.root(p, n), (p, n)
            out[p] = r**n
    return out


def _pull(c, marks, points, scope, logs):
    """Write what is left over as scalar times bracket."""
    if not points:
        return logs.back(c * marks)
    inside = set(_pointwise(c * marks, scope, points))
    out = sp.Integer(0)
    for term in sp.Add.make_args(sp.expand(c)):
        k, f = (term * marks).as_independent(*inside, as_Add=False)
        out += logs.back(k) * Bracket(logs.back(f), sp.Tuple(*points))
    return out


def _pointwise(expr, scope, points):
    """Symbols of expr that vary with the bound points."""
    for s in expr.free_symbols:
        if depends(s, points, scope):
            yield s


def depends(s, points, scope) -> bool:
    """Whether a symbol varies with some bound points."""
    if s in points:
        return True
    if s in scope.values:
        return bool(set(scope.values[s].points) & set(points))
    behind = scope.logs.get(s, scope.veils.get(s))
    if behind is not None:
        return any(depends(f, points, scope) for f in behind.free_symbols)
    return False


def _log_terms(expr, scope, points):
    """Split an expression into (coefficient, monomial in logarithms) pairs."""
    marks = sorted(
        (s for s in expr.free_symbols if s in scope.logs and depends(s, points, scope)),
        key=str,
    )
    if not marks:
        return [(expr, sp.Integer(1))]
    try:
        poly = sp.Poly(sp.expand(expr, deep=False), *marks)
    except sp.PolynomialError:
        return [(expr, sp.Integer(1))]
    return [
        (c, sp.Mul(*(m**k for m, k in zip(marks, powers, strict=True))))
        for powers, c in poly.terms()
    ]


def _monomials(c, scope, points):
    """Yield ({symbol: power}, scalar, rest) over the monomials of a coefficient."""
    c = sp.cancel(sp.together(c)) if not c.has(sp.Sum) else sp.expand(c)
    n, m = sp.fraction(c)
    gens = sorted((s for s in c.free_symbols if depends(s, points, scope)), key=str)
    low = [g for g in gens if m.has(g)]
    if not gens or n.has(sp.Sum):
        for term in sp.Add.make_args(sp.expand(n)):
            k, rest = term.as_independent(sp.Sum, *gens, as_Add=False)
            yield (
                _powers(rest, gens),
                k,
                sp.Mul(*(f for f in sp.Mul.make_args(rest) if f.has(sp.Sum))) / m,
            )
        return
    for powers, k in sp.Poly(n, *gens).terms():
        have = {g: e for g, e in zip(gens, powers, strict=True) if e}
        yield have, (k if low else k / m), (1 / m if low else sp.Integer(1))


def _powers(rest, gens):
    have = rest.as_powers_dict()
    return {g: have[g] for g in gens if have.get(g, 0)}


def _reduce(points, powers, rest, scope):
    """Integrate out points whose only factor is a density; return (value, points)."""
    points, powers, factor = list(points), _whole(powers, scope), sp.Integer(1)
    changed = True
    while changed and points:
        changed = False
        for y in list(points):
            mine = {s: k for s, k in powers.items() if depends(s, [y], scope)}
            fixed = any(depends(s, [y], scope) for s in rest.free_symbols)
            value = _mass(y, mine, scope, None if fixed else rest)
            if value is None:
                continue
            for s in mine:
                del powers[s]
            gain, marginal, rest_out = value
            factor *= gain
            if marginal is not None:
                powers[marginal] = powers.get(marginal, 0) + 1
            if rest_out is not None:
                rest = rest_out
            points.remove(y)
            changed = True
    inner = sp.Mul(*(s**k for s, k in powers.items()))
    logs_only = sp.Mul(
        *(
            f
            for f in sp.Mul.make_args(rest)
            if not (f in scope.logs or (f.is_Pow and f.base in scope.logs))
        )
    )
    return factor * inner * logs_only, tuple(points)


def _whole(powers, scope) -> dict:
    """Write r^n as p again, where r is the n-th root of p."""
    out = {}
    for s, k in powers.items():
        p, n = scope.radicals.get(s, (s, 1))
        whole, left = (k // n, k % n) if n > 1 else (k, 0)
        for base, power in ((p, whole), (s, left)):
            if power:
                out[base] = out.get(base, 0) + power
    return out


def _mass(y, mine, scope, rest):
    """Integrate the factors that depend on y: (factor, marginal, new rest)."""
    ones = [s for s in mine if s in scope.values]
    degree = mine.get(y, 0)
    strange = set(mine) - set(ones) - {y}
    if rest is None or strange or len(ones) > 1 or any(mine[s] != 1 for s in ones):
        return None
    if not ones:
        size = scope.spaces[y].size if y in scope.spaces else None
        ok = size is not None and not degree
        return (Lower(scope)(size), None, None) if ok else None
    (s,) = ones
    value = scope.values[s]
    if isinstance(value.fn, v.Joint) and not degree:
        (x,) = (p for p in value.points if p != y)
        space = value.fn.spaces[value.points.index(x)]
        return sp.Integer(1), scope.value(value.fn.on(space), (x,)), None
    if isinstance(value.fn, v.Normal):
        return moment(value.fn, degree, scope), None, None
    if isinstance(value.fn, v.NormalProduct) and not degree:
        return sp.Integer(1), None, product_moments(rest, value, scope)
    if value.fn.mass is None or degree or value.points != (y,):
        return None
    return sp.Integer(value.fn.mass), None, None


def moment(fn, k, scope):
    """E x^k under N(m, s²): μ_k = m μ_{k−1} + (k−1) s² μ_{k−2}."""
    m, s2 = (Lower(scope)(a) for a in fn.args)
    low, high = sp.Integer(0), sp.Integer(1)
    for j in range(1, k + 1):
        low, high = high, sp.expand(m * high + (j - 1) * s2 * low)
    return high


def product_moments(rest, value, scope):
    """Replace the coordinates under a product of normal densities by their moments."""
    base = coordinates(value)

    def means(total):
        i = total.limits[0][0]
        m, s2, _ = value.fn.args
        mi, vi = (Lower(scope)(f[v.Index(i.name)]) for f in (m, s2))
        x = sp.Indexed(base, i)
        poly = sp.Poly(sp.expand(total.function), x)
        table = {0: sp.Integer(1), 1: mi, 2: mi**2 + vi}
        body = sp.Add(*(c * table[k] for (k,), c in poly.terms()))
        return sp.Sum(body, *total.limits)

    return rest.replace(lambda e: isinstance(e, sp.Sum), means)


def is_zero(expr, scope: Scope) -> bool:
    """Whether the difference of two sides vanishes identically; False: not decided."""
    expr = normal(without_inner(expr, scope), scope)
    if expr.has(Bracket):
        expr = normal(as_one_integral(expr, scope), scope)
    if expr == 0:
        return True
    if expr.has(sp.oo, sp.zoo, sp.nan):
        return False
    logs = Logs(scope)
    expr = join_sums(logs.split(expr))
    if expr.has(sp.Sum):
        return sp.simplify(expr) == 0
    expr = written_out(expr, scope)
    parts = by_exponents(expr).values() if expr.has(sp.exp) else ()
    if parts and all(sp.cancel(sp.together(c)) == 0 for c in parts):
        return True
    expr = exps_to_symbols(sp.expand(expr))
    if expr == 0 or sp.cancel(sp.together(expr)) == 0:
        return True
    small = expr.count_ops() < 120 and not expr.has(Bracket)
    return small and sp.simplify(logs.back(expr)) == 0
