"""Proofs: what turns a claim that survived the attack into a proved one."""

from __future__ import annotations

import sympy as sp

from . import vocabulary as v
from .logs import Logs
from .lower import Bracket, Lower, Scope
from .normal import is_zero, normal
from .ordered import wrap
from .signs import nonnegative, sign, weakly_positive

NORMAL_FORM = "normal form: independent logarithms, masses and moments"


def leaves(*formulas):
    """All leaves of some formulas, the bodies of named functions included."""
    for f in formulas:
        for n in sp.preorder_traversal(wrap(f)):
            if isinstance(n, v.Named):
                yield from leaves(n.key[2])
            else:
                yield n


def is_closed(*formulas) -> bool:
    """Whether no free symbol and no abstract function occurs."""
    bound = {
        n.args[1]
        for n in leaves(*formulas)
        if isinstance(n, v.Expect | v.Integral | v.Sum)
    }
    for n in leaves(*formulas):
        if isinstance(n, v.Var | v.Fn | v.Samples):
            return False
        if isinstance(n, v.Point | v.Index) and n not in bound:
            return False
    return True


def lowered(lhs, rhs):
    """Return the difference of two formulas in SymPy, and its scope."""
    scope = Scope()
    lower = Lower(scope)
    return lower(wrap(lhs)) - lower(wrap(rhs)), scope


def equal(lhs, rhs):
    """Prove an identity by the normal form of the difference."""
    scope = Scope()
    lower = Lower(scope)
    a, b = lower(wrap(lhs)), lower(wrap(rhs))
    if a == b:
        return NORMAL_FORM
    if sp.oo in (a, b, -a, -b):
        a, b = normal(a, scope), normal(b, scope)
        return "both sides are infinite" if a == b else None
    return NORMAL_FORM if is_zero(a - b, scope) else None


def at_least(big, small, strict=False):
    """Prove big ≥ small (big > small)."""
    diff, scope = lowered(big, small)
    diff = normal(diff, scope)
    if diff == 0:
        return None if strict else NORMAL_FORM
    for way in (_closed, _scalar, _maximum, _pointwise, _two_densities):
        found = way(diff, scope, strict)
        if found:
            return found
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
    """Decide an expression in scalars: exact signs, or one variable."""
    if diff.has(Bracket):
        return None
    logs = Logs(scope)
    flat = sp.expand(logs.back(logs.split(diff)))
    if sign(flat, scope.domains) == 1 or (
        not strict and weakly_positive(flat, scope.domains)
    ):
        return "exact sign of a rational function"
    symbols = sorted(flat.free_symbols, key=str)
    if len(symbols) == 1:
        t = symbols[0]
        shape = nonnegative(flat, t, scope.domains.get(t, (-sp.oo, sp.oo)))
        if shape and (not strict or (shape.strict and shape.zero is None)):
            return f"one variable: {shape.reason}"
    return None


def _one_integrand(diff, scope):
    """Write diff as c + ∫ φ over one point; return (c, φ, point) or None."""
    brackets = sorted(diff.atoms(Bracket), key=str)
    if not brackets:
        return None
    marks = [sp.Dummy() for _ in brackets]
    try:
        poly = sp.Poly(diff.xreplace(dict(zip(brackets, marks, strict=True))), *marks)
    except sp.PolynomialError:
        return None
    points = {b.points for b in brackets}
    if poly.total_degree() != 1 or len(points) != 1 or len(next(iter(points))) != 1:
        return None
    c, phi = sp.Integer(0), sp.Integer(0)
    for powers, k in poly.terms():
        if any(powers):
            phi += k * brackets[powers.index(1)].integrand
        else:
            c += k
    return c, phi, next(iter(points))[0]


def _pointwise(diff, scope, strict):
    """Find an integrand that is ≥ 0 whatever the value of its one function."""
    found = _one_integrand(diff, scope) if diff.has(Bracket) else None
    if not found or found[0] != 0 or strict:
        return None
    phi = found[1]
    values = [s for s in phi.free_symbols if s in scope.values]
    if len(values) == 1 and phi.free_symbols == set(values):
        (s,) = values
        shape = nonnegative(phi, s, scope.domains[s])
        if shape:
            return f"integrand ≥ 0: {shape.reason}"
    return None


def two_densities(diff, scope):
    """Reduce c + ∫ φ(p, q) with φ homogeneous to one function of t = p/q.

    Returns (g, t, name of p, name of q) with diff = ∫ q g(p/q), or None.
    """
    found = _one_integrand(diff, scope)
    if not found:
        return None
    c, phi, _ = found
    atoms = sorted(
        (
            s
            for s in phi.free_symbols
            if s in scope.values and scope.values[s].fn.mass == 1
        ),
        key=str,
    )
    if len([s for s in phi.free_symbols if s in scope.values]) != len(atoms):
        return None
    t = scope.symbol("t@ratio", (sp.Integer(0), sp.oo))
    if len(atoms) == 2:
        p, q = atoms
        g = phi.subs(p, t * q) / q
    elif len(atoms) == 1:
        (p,), q = atoms, None
        space = scope.values[p].fn.space
        if space.size is None:
            return None
        n = Lower(scope)(space.size)
        g = n * phi.subs(p, t / n)
    else:
        return None
    logs = Logs(scope)
    g = sp.simplify(logs.back(sp.expand(logs.split(sp.expand(g + c)))))
    return g, t, p, q


def _two_densities(diff, scope, strict):
    shape = tangent(diff, scope)
    if shape and not (strict and not shape[0].strict):
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
        lifted = sp.simplify(sp.expand_log(g + lam * (t - 1), force=True))
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
    c, phi, point = found
    for s, value in sorted(scope.values.items(), key=str):
        if value.fn.mass is None and phi.has(s) and c == 0:
            bend = sp.together(sp.diff(phi, s, 2))
            if sign(bend, scope.domains) != 1:
                continue
            for root in sp.solve(sp.diff(phi, s), s):
                if is_zero(phi.subs(s, root), scope):
                    return (
                        f"integrand convex in {value.fn.name} with minimum 0 at {root}"
                    )
    return None
