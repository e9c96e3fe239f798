"""Independent draws of one law: their order does not matter, and log is concave.

E over z, z' of φ(z, z') is that of the mean of φ over all orders of the draws; where
that mean is ≥ 0 at every pair of points, so is the expectation.
"""

from __future__ import annotations

from itertools import permutations

import sympy as sp

from .lower import Bracket
from .points import rename
from .scalars import by_cases
from .signs import sign

MOST = 4
CONCAVE = "log is concave"


def by_symmetry(diff, scope, strict):
    """Prove c + Σ ∫ φ_k ≥ 0 over draws of one law from their mean over all orders."""
    found = None if strict else _one_function(diff, scope)
    if not found:
        return None
    psi, points = found
    orders = [dict(zip(points, p, strict=True)) for p in permutations(points)]
    mean = sp.Add(*(rename(psi, swap, scope) for swap in orders)) / len(orders)
    mean = sp.expand(mean)
    reason = by_concavity(mean, scope) or by_cases(mean, scope, False)
    return reason and f"independent draws in every order: {reason}"


def _one_function(diff, scope):
    """Return (ψ, points) with diff = E ψ over independent draws of one law, or None."""
    brackets = sorted(diff.atoms(Bracket), key=str)
    marks = [sp.Dummy() for _ in brackets]
    flat = diff.xreplace(dict(zip(brackets, marks, strict=True)))
    points = max((b.points for b in brackets), key=len, default=())
    inside = all({*b.points} <= {*points} for b in brackets)
    if not 2 <= len(points) <= MOST or not inside or not flat.is_polynomial(*marks):
        return None
    poly, laws = sp.Poly(flat, *marks), _laws(brackets, points, scope)
    if poly.total_degree() > 1 or not laws:
        return None
    psi = poly.coeff_monomial(1)
    for b, m in zip(brackets, marks, strict=True):
        own = sp.Mul(*(laws[y] for y in b.points))
        psi += poly.coeff_monomial(m) * sp.cancel(b.integrand / own)
    left = [s for s in psi.free_symbols if s in laws.values()]
    return None if left else (psi, points)


def _laws(brackets, points, scope):
    """Return {point: value of the law there} where all points have one law."""
    out = {}
    for s in sorted({s for b in brackets for s in b.integrand.free_symbols}, key=str):
        value = scope.values.get(s)
        if value and value.fn.mass == 1 and len(value.points) == 1:
            out.setdefault(value.points[0], s)
    if any(y not in out for y in points):
        return None
    laws = {y: out[y] for y in points}
    return laws if len({scope.values[s].fn for s in laws.values()}) == 1 else None


def by_concavity(expr, scope):
    """Prove k log F − Σ λ_i log G_i + r ≥ 0: Σ λ_i = k and k e^(r/k) F = Σ λ_i G_i."""
    number, terms = expr.as_independent(*expr.free_symbols, as_Add=True)
    found = [t.as_coeff_Mul() for t in sp.Add.make_args(terms)]
    logs = all(k.is_Rational and isinstance(e, sp.log) for k, e in found)
    if not logs or any(sign(e.args[0], scope.domains) != 1 for _, e in found):
        return None
    gains = [k for k, _ in found if k > 0]
    if len(gains) != 1 or sum(k for k, _ in found) != 0:
        return None
    lift = sp.simplify(sp.exp(number / gains[0]))
    balance = sp.Add(*(k * e.args[0] * (lift if k > 0 else 1) for k, e in found))
    return CONCAVE if sp.cancel(sp.together(balance)) == 0 else None
