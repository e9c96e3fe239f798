"""Inequalities between integrals, by inequalities between integrands.

c + ∫ φ ≥ 0 follows from φ ≥ 0 after functions of integral 0 or c were added to φ. Where
φ is made of two densities p and q and homogeneous, φ = q g(p/q), one variable is left.
"""

from __future__ import annotations

import mpmath
import sympy as sp

from . import vocabulary as v
from .logs import Logs
from .lower import Bracket, Lower
from .normal import is_zero
from .scalars import certain_sign, without_roots
from .signs import nonnegative, sign, within


def one_integrand(diff, scope):
    """Write diff as c + ∫ φ over one set of points; return (c, φ, points) or None."""
    return next(integrands(diff, scope), None)


def integrands(diff, scope):
    """Yield the ways to write diff as c + ∫ φ over one set of points."""
    for lifted in lifts(diff, scope):
        brackets = sorted(lifted.atoms(Bracket), key=str)
        marks = [sp.Dummy() for _ in brackets]
        flat = lifted.xreplace(dict(zip(brackets, marks, strict=True)))
        points = {b.points for b in brackets}
        if len(points) != 1 or not flat.is_polynomial(*marks):
            continue
        poly = sp.Poly(flat, *marks)
        if poly.total_degree() == 1:
            (bound,) = points
            slopes = [poly.coeff_monomial(m) for m in marks]
            phi = sp.Add(
                *(k * b.integrand for k, b in zip(slopes, brackets, strict=True))
            )
            yield poly.coeff_monomial(1), conditioned(phi, bound, scope), bound


def conditioned(phi, points, scope):
    """Write p(x, y) = p(y | x) p(x) where only y is bound: a density in y."""
    swap = {}
    for s, value in list(scope.values.items()):
        bound = [y for y in value.points if y in points]
        if not (isinstance(value.fn, v.Joint) and phi.has(s) and len(bound) == 1):
            continue
        (x,) = (y for y in value.points if y not in points)
        at = dict(zip(value.points, value.fn.spaces, strict=True))
        law = v.Density(f"{value.fn.name}(.|{x})", (at[bound[0]],), 0, sp.oo)
        swap[s] = scope.value(law, bound) * scope.value(value.fn.on(at[x]), (x,))
    return phi.xreplace(swap)


def as_it_stands(expr, scope, strict):
    """Find integrands that are ≥ 0 as they were written, such as squares."""
    if not expr.has(Bracket) or expr.has(sp.Sum, sp.Indexed):
        return None
    for term in sp.Add.make_args(expr):
        k, b = term.as_independent(Bracket, as_Add=False)
        if b != 1 and not isinstance(b, Bracket):
            return None
        phi = k if b == 1 else k * b.integrand
        inner = [a for a in phi.atoms(Bracket) if not _within(a, phi)]
        domains, swap = dict(scope.domains), {}
        for a in sorted(inner, key=str):
            swap[a] = sp.Dummy(real=True)
            low = 0 if as_it_stands(a, scope, strict) else -sp.oo
            domains[swap[a]] = (sp.sympify(low), sp.oo)
        if not certain_sign(phi.xreplace(swap), domains, strict):
            return None
    return "exact sign of the integrand as it stands"


def _within(bracket, expr) -> bool:
    """Whether a bracket stands inside another one of expr."""
    return any(b is not bracket and b.has(bracket) for b in expr.atoms(Bracket))


def bound_values(phi, points, scope) -> list:
    """Return the symbols of an integrand that are values of functions at its points."""
    found = [s for s in phi.free_symbols if s in scope.values]
    return sorted((s for s in found if {*scope.values[s].points} & {*points}), key=str)


def lifts(diff, scope):
    """Yield diff with ∫ f(y) dy as ∫∫ f(y) p(x, y)/p(y) dx dy, for each joint density.

    Where all integrals have the same points, diff itself is the only one.
    """
    whole = {b.points for b in diff.atoms(Bracket)}
    if len(whole) == 1:
        yield diff
        return
    for joint, value in sorted(scope.values.items(), key=str):
        if isinstance(value.fn, v.Joint) and value.points in whole:
            yield diff.replace(
                lambda e: isinstance(e, Bracket),
                lambda b, j=joint, val=value: _lifted(b, j, val, scope),
            )


def _lifted(b, joint, value, scope):
    """Return a bracket over one of the two points of a joint density over both."""
    if len(b.points) != 1 or b.points[0] not in value.points:
        return b
    space = value.fn.spaces[value.points.index(b.points[0])]
    part = scope.value(value.fn.on(space), b.points)
    return Bracket(b.integrand * joint / part, sp.Tuple(*value.points))


def pointwise(diff, scope, strict):
    """Find an integrand that is ≥ 0 whatever the values of its functions."""
    found = one_integrand(diff, scope) if diff.has(Bracket) else None
    if not found:
        return None
    c, phi, points = found
    values = bound_values(phi, points, scope)
    for spread in spreads(c, laws_among(values, points, scope)):
        total = Logs(scope).back(sp.expand(phi + spread))
        total = without_roots(total, scope)
        if certain_sign(total, scope.domains, strict):
            return "exact sign of the integrand"
        if len(values) == 1 and total.free_symbols == set(values):
            shape = nonnegative(total, values[0], scope.domains[values[0]])
            if shape and (shape.positive or not strict):
                return f"integrand ≥ 0: {shape.reason}"
    return None


def laws_among(values, points, scope) -> list:
    """Return the symbols that are values of densities on just these points."""
    return [
        s
        for s in values
        if scope.values[s].fn.mass == 1 and scope.values[s].points == points
    ]


def mixtures(laws) -> list:
    """Return some laws and, where there are two, mixtures of them."""
    if len(laws) != 2:
        return laws
    p, q = laws
    return [p, q, (p + q) / 2, (2 * p + q) / 3, (p + 2 * q) / 3]


def spreads(c, laws):
    """Yield integrands with integral c: c·p, and that plus multiples of p − q."""
    base = [sp.Integer(0)] if c == 0 else [c * s for s in laws]
    yield from base
    if len(laws) == 2:
        p, q = laws
        if c != 0:
            yield from (c * w for w in mixtures(laws)[2:])
        half = sp.Rational(1, 2)
        for lam in (half, -half, 1, -1, half / 2, -half / 2):
            yield from (b + lam * (p - q) for b in base)


def two_densities(diff, scope):
    """Reduce c + ∫ φ(p, q) with φ homogeneous to one function of t = p/q.

    The second density may be a product of marginals, or uniform on a finite space.
    Returns (g, t, p, q) with diff = ∫ q g(p/q), or None.
    """
    found = one_integrand(diff, scope)
    if not found:
        return None
    c, phi, points = found
    values = bound_values(phi, points, scope)
    both = pair(values, points, scope)
    if not both:
        return None
    p, q = both
    t = scope.symbol("t@ratio", (sp.Integer(0), sp.oo))
    logs = Logs(scope, closed=True)
    g = logs.split(phi.subs(p, t * q) / q + c)
    g = g.replace(sp.Abs, lambda u: sp.Mul(*logs.absolute(u)))
    return logs.back(_cancelled(sp.expand(g), q)), t, p, q


def _cancelled(g, q):
    """Cancel q in the terms of a sum, where it stands in their fractions only."""
    if not q.free_symbols & g.free_symbols:
        return g
    terms = [t.as_independent(sp.Abs, sp.Pow, sp.Symbol) for t in sp.Add.make_args(g)]
    return sp.expand(sp.Add(*(k * sp.cancel(sp.together(f)) for k, f in terms)))


def pair(values, points, scope):
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


def by_ratio(diff, scope, strict):
    """Reduce to one function of the ratio of two densities, and decide that."""
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
    if g.free_symbols == {t} and not _liftable(g, t):
        return None
    for lam in _slopes(g, t):
        lifted = sp.expand(sp.expand_log(g + lam * (t - 1)))
        if lifted.free_symbols - {t}:
            lifted = _without_scale(lifted, t, scope)
        if lifted.free_symbols - {t}:
            continue
        shape = nonnegative(lifted, t, (sp.Integer(0), sp.oo))
        if shape:
            return shape, p, q
    return None


def _liftable(g, t) -> bool:
    """Whether no chord of g over t = 1 lies below 0 there: a quick look at numbers."""
    f = sp.lambdify(t, g, "mpmath")
    try:
        with mpmath.workdps(30):
            low = [(1 - x, f(1 - x)) for x in map(mpmath.mpf, (0.999, 0.7, 0.3, 0.01))]
            high = [(x, f(1 + x)) for x in map(mpmath.mpf, (0.01, 0.5, 4, 1000))]
            chords = [(1 - a) * y + b * z for a, z in low for b, y in high]
            return all(c > -1e-20 for c in chords)
    except (TypeError, ValueError, ZeroDivisionError):
        return True


def _slopes(g, t):
    """Yield the multiples of t − 1 that may lift g above 0: tangents at 1 and 0."""
    yield -sp.diff(g, t).subs(t, 1)
    at_zero = sp.limit(g, t, 0, "+")
    if at_zero.is_finite:
        yield at_zero
    yield sp.Integer(0)
    constant = g.as_independent(t, as_Add=True)[0]
    if constant.free_symbols:
        yield constant


def _without_scale(g, t, scope):
    """Write a positive factor times a function of t·c^k, c > 0, as that function."""
    (*others, c) = sorted(g.free_symbols - {t}, key=str)
    if others or scope.domains.get(c) != (0, sp.oo):
        return g
    for k in (1, -1, 2, -2):
        scaled = sp.expand(sp.expand_log(g.subs(t, t * c**k)))
        for power in (0, k):
            new = sp.expand(scaled / c**power)
            if c not in new.free_symbols:
                return new
    return g


def maximum(diff, scope, strict):
    """Find a functional convex in one free function, with a zero minimum."""
    found = one_integrand(diff, scope) if diff.has(Bracket) else (0, diff, ())
    if not found or strict:
        return None
    c, phi, points = found
    laws = laws_among(bound_values(phi, points, scope), points, scope)
    for s, value in sorted(scope.values.items(), key=str):
        if value.fn.mass is not None or not phi.has(s):
            continue
        if sign(sp.together(sp.diff(phi, s, 2)), scope.domains) != 1:
            continue
        for root in roots(sp.diff(phi, s), s):
            if not within(root, scope.domains[s], scope.domains):
                continue
            if any(is_zero(phi.subs(s, root) + e, scope) for e in spreads(c, laws)):
                return f"integrand convex in {value.fn.name} with minimum 0 at {root}"
    return None


def roots(slope, s):
    """Return the exact zeros of a slope whose numerator has degree at most two."""
    numerator = sp.fraction(sp.cancel(sp.together(slope)))[0]
    if not numerator.is_polynomial(s) or sp.degree(numerator, s) > 2:
        return []
    return list(sp.roots(numerator, s))
