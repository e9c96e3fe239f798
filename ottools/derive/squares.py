"""Cauchy and Schwarz's inequality, in two forms.

(∫ f)² ≤ ∫ g ∫ h where f² ≤ g h and g, h ≥ 0; and, h being a density w, for as many
integrals at once as a positive quadratic form needs: Q(∫ f) ≤ ∫ Q(f)/w.
"""

from __future__ import annotations

import sympy as sp

from .integrands import by_ratio, laws_among, maximum, mixtures, pointwise
from .lower import Bracket
from .normal import normal
from .scalars import certain_sign, without_roots

PRODUCT = "Cauchy–Schwarz: (∫ f)² ≤ ∫ g ∫ h, as f² ≤ g h"
DENSITY = "Cauchy–Schwarz: (∫ f)² ≤ ∫ f²/w for a density w"


def by_product(big, small, scope):
    """Prove K ∫ g ∫ h ≥ k (∫ f)² from K g h ≥ k f² and g, h ≥ 0."""
    upper, lower = _factors(big), _factors(small)
    if not upper or not lower or len(upper[1]) != 2 or len(lower[1]) != 2:
        return None
    (g, h), (f, same) = upper[1], lower[1]
    if f != same or len({b.points for b in (f, g, h)}) > 1:
        return None
    gap = upper[0] * g.integrand * h.integrand - lower[0] * f.integrand**2
    premises = (gap, g.integrand, h.integrand, upper[0], lower[0])
    return PRODUCT if all(_not_negative(e, scope) for e in premises) else None


def _factors(expr):
    """Return (scalar, list of integrals) of a product of integrals, or None."""
    scalar, found = sp.Integer(1), []
    for factor in sp.Mul.make_args(expr):
        base, k = factor.as_base_exp()
        if (
            isinstance(base, Bracket)
            and k in (1, 2)
            and not base.integrand.has(Bracket)
        ):
            found += [base] * int(k)
        elif factor.has(Bracket):
            return None
        else:
            scalar *= factor
    return scalar, found


def _not_negative(expr, scope) -> bool:
    flat = without_roots(sp.expand(expr), scope)
    return flat == 0 or certain_sign(flat, scope.domains, False)


def by_square(diff, scope, strict):
    """Prove L − Q(∫ f) ≥ 0 from L − ∫ Q(f)/w ≥ 0, where Q ≥ 0 and w is a density."""
    brackets = sorted(diff.atoms(Bracket), key=str)
    marks = [sp.Dummy() for _ in brackets]
    flat = diff.xreplace(dict(zip(brackets, marks, strict=True)))
    points = {b.points for b in brackets}
    if strict or len(points) != 1 or not flat.is_polynomial(*marks):
        return None
    poly = sp.Poly(flat, *marks)
    form = -sp.hessian(poly.as_expr(), marks) / 2
    if poly.total_degree() != 2 or not _semidefinite(form):
        return None
    (bound,) = points
    inside = sp.Matrix([b.integrand for b in brackets])
    square = sp.expand((inside.T * form * inside)[0])
    linear = poly.coeff_monomial(1) + sp.Add(
        *(poly.coeff_monomial(m) * b for m, b in zip(marks, brackets, strict=True))
    )
    values = sorted((s for s in inside.free_symbols if s in scope.values), key=str)
    for w in mixtures(laws_among(values, bound, scope)):
        lifted = normal(linear - Bracket(square / w, sp.Tuple(*bound)), scope)
        ways = (maximum, by_ratio, pointwise) if lifted != 0 else ()
        reasons = [way(lifted, scope, False) for way in ways]
        if lifted == 0 or any(reasons):
            return "; ".join([DENSITY, *filter(None, reasons)][:2])
    return None


def _semidefinite(form) -> bool:
    rational = all(e.is_Rational for e in form)
    return rational and bool(form.is_positive_semidefinite)
