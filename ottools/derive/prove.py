"""Proofs: what turns a claim that survived the attack into a proved one."""

from __future__ import annotations

import sympy as sp

from . import vocabulary as v
from .logs import Logs
from .lower import Bracket, Lower, Scope
from .matrices import MatrixSymbol, Norm2, shape
from .normal import flatten, is_zero, normal
from .ordered import wrap
from .signs import nonnegative, sign, weakly_positive
from .words import Words, collect

NORMAL_FORM = "normal form: independent logarithms, masses and moments"
WORDS = "normal form: words of matrices in which nothing cancels"


def leaves(*formulas):
    """Yield all nodes of some formulas, the bodies of named functions included."""
    for f in formulas:
        for n in sp.preorder_traversal(wrap(f)):
            if isinstance(n, v.Named):
                yield from leaves(n.key[2])
            else:
                yield n


def is_closed(*formulas) -> bool:
    """Whether the formulas speak of one finite instance: nothing is free in them."""
    return all(_closed_under(wrap(f), frozenset()) for f in formulas)


def _closed_under(e, bound) -> bool:
    """Whether nothing is free in a formula but the bound points and indices."""
    if isinstance(e, v.Var | v.Fn | v.Samples | v.Map | MatrixSymbol):
        return False
    if isinstance(e, v.Point | v.Index):
        return e in bound
    if isinstance(e, v.Named):
        return _closed_under(e.key[2], bound | {e.key[1]})
    if isinstance(e, v.Alias):
        return _closed_under(e.unfold(), bound)
    if isinstance(e, v.Expect | v.Integral | v.Sum):
        body, x, *rest = e.args
        if isinstance(x, v.Point) and not _countable(x.space, e):
            return False
        inside = _closed_under(body, bound | {x})
        return inside and all(_closed_under(a, bound) for a in rest)
    return all(_closed_under(a, bound) for a in e.args)


def _countable(space, e) -> bool:
    """Whether the points of a space are settled: by its size, a table, a law."""
    if getattr(space.size, "is_Integer", False):
        return True
    wanted = v.Table if space.kind == "finite" else v.Normal | v.Uniform
    return space.kind != "abstract" and any(isinstance(n, wanted) for n in leaves(e))


def lowered(lhs, rhs):
    """Return the difference of two formulas in SymPy, and its scope."""
    scope = Scope()
    lower = Lower(scope)
    return lower(wrap(lhs)) - lower(wrap(rhs)), scope


def equal(lhs, rhs):
    """Prove an identity by the normal form of the difference."""
    lhs, rhs = wrap(lhs), wrap(rhs)
    scope = Scope()
    lower = Lower(scope)
    words = Words(lower)
    words.learn(lhs, rhs)
    if shape(lhs) or shape(rhs):
        rest = collect([*words(lhs).items(), *words(-rhs).items()])
        return WORDS if all(is_zero(c, scope) for c in rest.values()) else None
    a, b = lower(lhs), lower(rhs)
    if a == b:
        return NORMAL_FORM
    if sp.oo in (a, b, -a, -b):
        a, b = normal(a, scope), normal(b, scope)
        return "both sides are infinite" if a == b else None
    return NORMAL_FORM if is_zero(a - b, scope) else None


def at_least(big, small, strict=False):
    """Prove big ≥ small (big > small)."""
    norms = sorted({n for f in (big, small) for n in wrap(f).atoms(Norm2)}, key=str)
    if norms:
        # What holds for all positive values holds at 0 by continuity, unless strict.
        veils = {
            n: v.real(f"norm{i}") ** 2 if strict else v.positive(f"norm{i}")
            for i, n in enumerate(norms)
        }
        if at_least(wrap(big).xreplace(veils), wrap(small).xreplace(veils), strict):
            return "squared norms are not negative"
    raw, scope = lowered(big, small)
    diff = normal(raw, scope)
    if diff == 0:
        return None if strict else NORMAL_FORM
    for way in (_closed, _scalar, _maximum, _two_densities, _pointwise):
        found = way(diff, scope, strict)
        if found:
            return found
    if any(isinstance(val.fn, v.Normal) for val in scope.values.values()):
        return _two_densities(flatten(raw), scope, strict)
    return None


def _closed(diff, scope, strict):
    """Decide a number: its sign at 60 digits, far from zero."""
    if diff.free_symbols or diff.has(Bracket, sp.Sum):
        return None
    value = sp.N(diff, 60)
    if value.is_real and (value > sp.Rational(1, 10**40)):
        return "the sign of one exact number"
    return None


def _scalar(diff, scope, strict):
    """Decide an expression in scalars: exact signs, cases, or one variable."""
    if diff.has(Bracket):
        return None
    logs = Logs(scope)
    flat = _without_roots(sp.expand(logs.back(logs.split(diff))), scope)
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


def _without_roots(expr, scope):
    """Put s² for every positive scalar s under a square root."""
    roots = [e for e in expr.atoms(sp.Pow) if e.exp.is_Rational and e.exp.q == 2]
    swap = {
        s: s**2
        for e in roots
        for s in e.base.free_symbols
        if scope.domains.get(s) == (0, sp.oo)
    }
    return sp.expand(expr.subs(swap, simultaneous=True)) if swap else expr


def certain_sign(expr, domains, strict) -> bool:
    """Whether expr ≥ 0 (> 0) is certain, by cases where absolute values stand."""
    if any(e.free_symbols for e in expr.atoms(sp.log)):
        return False
    split = _cases(expr, domains)
    if split:
        return all(certain_sign(e, dom, strict) for e, dom in split)
    if strict:
        return sign(expr, domains) == 1
    return sign(expr, domains) == 1 or weakly_positive(expr, domains)


def _cases(expr, domains):
    """Split |a − b| for positive a, b into a = b + s and b = a + s, s ≥ 0."""
    for e in sorted(expr.atoms(sp.Abs), key=str):
        symbols = sorted(e.free_symbols, key=str)
        if len(symbols) != 2 or any(domains.get(s) != (0, sp.oo) for s in symbols):
            continue
        a, b = symbols
        if sp.expand(e.args[0] - (a - b)) == 0 or sp.expand(e.args[0] + a - b) == 0:
            s = sp.Dummy("s", positive=True)
            inner = {**domains, s: (sp.Integer(0), sp.oo)}
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


def _one_integrand(diff, scope):
    """Write diff as c + ∫ φ over one set of points; return (c, φ, points) or None."""
    diff = _lift(diff, scope)
    brackets = sorted(diff.atoms(Bracket), key=str)
    if not brackets:
        return None
    marks = [sp.Dummy() for _ in brackets]
    try:
        poly = sp.Poly(diff.xreplace(dict(zip(brackets, marks, strict=True))), *marks)
    except sp.PolynomialError:
        return None
    points = {b.points for b in brackets}
    if poly.total_degree() != 1 or len(points) != 1:
        return None
    c, phi = sp.Integer(0), sp.Integer(0)
    for powers, k in poly.terms():
        if any(powers):
            phi += k * brackets[powers.index(1)].integrand
        else:
            c += k
    return c, phi, next(iter(points))


def _lift(diff, scope):
    """Write ∫ f(y) dy as ∫∫ f(y) p(x, y)/p(y) dx dy where a joint density stands."""
    whole = [b.points for b in diff.atoms(Bracket) if len(b.points) == 2]
    both = {
        s: val
        for s, val in scope.values.items()
        if isinstance(val.fn, v.Joint) and val.points in whole
    }
    if len(both) != 1:
        return diff
    ((joint, value),) = both.items()

    def lift(b):
        if len(b.points) != 1 or b.points[0] not in value.points:
            return b
        space = value.fn.spaces[value.points.index(b.points[0])]
        part = scope.value(value.fn.on(space), b.points)
        return Bracket(b.integrand * joint / part, sp.Tuple(*value.points))

    return diff.replace(lambda e: isinstance(e, Bracket), lift)


def _pointwise(diff, scope, strict):
    """Find an integrand that is ≥ 0 whatever the values of its functions."""
    found = _one_integrand(diff, scope) if diff.has(Bracket) else None
    if not found:
        return None
    c, phi, points = found
    values = sorted((s for s in phi.free_symbols if s in scope.values), key=str)
    laws = [
        s
        for s in values
        if scope.values[s].fn.mass == 1 and scope.values[s].points == points
    ]
    for spread in _spreads(c, laws):
        total = Logs(scope).back(sp.expand(phi + spread))
        if certain_sign(total, scope.domains, strict):
            return "exact sign of the integrand"
        if len(values) == 1 and total.free_symbols == set(values):
            shape = nonnegative(total, values[0], scope.domains[values[0]])
            if shape and (shape.positive or not strict):
                return f"integrand ≥ 0: {shape.reason}"
    return None


def _spreads(c, laws):
    """Yield integrands with integral c: c·p, and that plus multiples of p − q."""
    base = [sp.Integer(0)] if c == 0 else [c * s for s in laws]
    yield from base
    if len(laws) == 2:
        p, q = laws
        for lam in (sp.Rational(1, 2), -sp.Rational(1, 2), 1, -1):
            yield from (b + lam * (p - q) for b in base)


def two_densities(diff, scope):
    """Reduce c + ∫ φ(p, q) with φ homogeneous to one function of t = p/q.

    The second density may be a product of marginals, or uniform on a finite space.
    Returns (g, t, p, q) with diff = ∫ q g(p/q), or None.
    """
    found = _one_integrand(diff, scope)
    if not found:
        return None
    c, phi, points = found
    values = sorted((s for s in phi.free_symbols if s in scope.values), key=str)
    pair = _pair(values, points, scope)
    if not pair:
        return None
    p, q = pair
    t = scope.symbol("t@ratio", (sp.Integer(0), sp.oo))
    logs = Logs(scope, closed=True)
    g = sp.expand(logs.split(phi.subs(p, t * q) / q + c))
    return logs.back(g), t, p, q


def _pair(values, points, scope):
    """Return two densities of mass one on the same points: p and q."""
    whole = [s for s in values if set(scope.values[s].points) == set(points)]
    if any(getattr(scope.values[s].fn, "mass", None) != 1 for s in values):
        return None
    if len(whole) == len(values) == 2:
        return tuple(whole)
    if len(whole) == 1 and len(values) == 3:
        return whole[0], sp.Mul(*(s for s in values if s not in whole))
    if len(whole) == len(values) == 1:
        size = getattr(scope.values[values[0]].fn.space, "size", None)
        return (values[0], 1 / Lower(scope)(size)) if size is not None else None
    return None


def _two_densities(diff, scope, strict):
    shape = tangent(diff, scope)
    if shape and (shape[0].positive or not strict):
        return f"∫ q g(p/q) with g ≥ 0: {shape[0].reason}"
    return None


def tangent(diff, scope):
    """Find λ with g(t) + λ(t − 1) ≥ 0; the added term integrates to zero."""
    found = two_densities(diff, scope)
    if not found:
        return None
    g, t, p, q = found
    at_zero = sp.limit(g, t, 0, "+")
    tries = [-sp.diff(g, t).subs(t, 1), at_zero, sp.Integer(0)]
    for lam in tries:
        if not lam.is_finite:
            continue
        lifted = sp.expand(sp.expand_log(g + lam * (t - 1)))
        if lifted.free_symbols - {t}:
            continue
        shape = nonnegative(lifted, t, (sp.Integer(0), sp.oo))
        if shape:
            return shape, p, q
    return None


def _maximum(diff, scope, strict):
    """Find a functional convex in one free function, with a zero minimum."""
    found = _one_integrand(diff, scope) if diff.has(Bracket) else (0, diff, None)
    if not found or strict:
        return None
    c, phi, _ = found
    for s, value in sorted(scope.values.items(), key=str):
        if value.fn.mass is None and phi.has(s) and c == 0:
            bend = sp.together(sp.diff(phi, s, 2))
            if sign(bend, scope.domains) != 1:
                continue
            for root in _roots(sp.diff(phi, s), s):
                if is_zero(phi.subs(s, root), scope):
                    return (
                        f"integrand convex in {value.fn.name} with minimum 0 at {root}"
                    )
    return None


def _roots(slope, s):
    """Return the exact zeros of a slope whose numerator has degree at most two."""
    numerator = sp.fraction(sp.cancel(sp.together(slope)))[0]
    if not numerator.is_polynomial(s) or sp.degree(numerator, s) > 2:
        return []
    return list(sp.roots(numerator, s))
