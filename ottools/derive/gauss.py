"""Integrals of exponentials of quadratics over the line, in closed form.

A product of normal densities, their powers and exp(quadratic) is completed to a square:
∫ x^k exp(−A x² + B x + C) dx = √(π/A) exp(B²/(4A) + C) E X^k, X ∼ N(B/2A, 1/2A).
"""

from __future__ import annotations

import sympy as sp

from . import vocabulary as v
from .lower import Bracket, Lower
from .ordered import ClaimError
from .signs import sign


def gaussians(expr, scope):
    """Integrate in closed form what is made of normal densities and exponentials."""
    line = any(space.kind == "line" for space in scope.spaces.values())
    if not line or not _laws(scope):
        return expr
    return expr.replace(lambda e: isinstance(e, Bracket), lambda b: _bracket(b, scope))


def _laws(scope) -> list:
    return [s for s, val in scope.values.items() if isinstance(val.fn, v.Normal)]


def _bracket(b, scope):
    """Integrate a bracket term by term; what cannot be done stays."""
    terms = sp.Add.make_args(sp.expand(b.integrand, deep=False, power_exp=False))
    return sp.Add(*(_term(t, b.points, scope) for t in terms))


def _term(term, points, scope):
    """Integrate one term over every point of the line that allows it."""
    for y in points:
        found = _over(term, y, scope) if scope.spaces[y].kind == "line" else None
        if found is not None:
            left = tuple(p for p in points if p != y)
            return _term(found, left, scope) if left else found
    return Bracket(term, sp.Tuple(*points))


def _over(term, y, scope):
    """Return the integral of a term over one point, None where it is out of reach."""
    rest, poly, square = sp.Integer(1), sp.Integer(1), sp.Integer(1)
    exponent, laws = sp.Integer(0), 0
    for factor in sp.Mul.make_args(term):
        base, k = (sp.E, 0) if isinstance(factor, sp.exp) else factor.as_base_exp()
        value = scope.values.get(base)
        mine = y in factor.free_symbols or value and y in value.points
        if not mine:
            rest *= factor
        elif isinstance(factor, sp.exp):
            exponent, laws = exponent + factor.exp, laws + 2
        elif value and isinstance(value.fn, v.Normal) and k.is_Rational:
            m, s2 = map(Lower(scope), value.fn.args)
            exponent -= k * (y - m) ** 2 / (2 * s2)
            square, laws = square * (2 * sp.pi * s2) ** -k, laws + (1 if k == 1 else 2)
        elif factor.is_polynomial(y):
            poly *= factor
        else:
            return None
    inner = [s for s, val in scope.values.items() if y in val.points]
    if laws < 2 or any(e.has(*inner) for e in (rest, poly, exponent)):
        return None
    return rest * _completed(sp.expand(exponent), square, sp.Poly(poly, y), scope)


def _completed(exponent, square, poly, scope):
    """Return √square ∫ poly exp(exponent) by completing the square."""
    (y,) = poly.gens
    parts = sp.Poly(exponent, y)
    a, b, c = (sp.cancel(parts.coeff_monomial(y**k)) for k in (2, 1, 0))
    if parts.degree() > 2 or sign(-a, scope.domains) != 1:
        raise ClaimError(
            f"the integral of exp({exponent}) over {y} is not known to be finite: "
            "declare domains in which the quadratic falls."
        )
    mean, variance = sp.cancel(-b / (2 * a)), sp.cancel(-1 / (2 * a))
    moments = [sp.Integer(1), mean]
    for k in range(2, poly.degree() + 1):
        moments.append(mean * moments[-1] + (k - 1) * variance * moments[-2])
    polynomial = sp.Add(*(w * moments[k] for (k,), w in poly.terms()))
    scale = sp.sqrt(sp.factor(sp.cancel(square * sp.pi / -a)))
    return scale * sp.exp(sp.cancel(c - b**2 / (4 * a))) * polynomial


def written_out(expr, scope):
    """Put the formula of a normal density for its value at a free point."""
    swap = {}
    for s in _laws(scope):
        value = scope.values[s]
        m, s2 = map(Lower(scope), value.fn.args)
        square = (value.points[0] - m) ** 2 / (2 * s2)
        swap[s] = sp.exp(-square) / sp.sqrt(2 * sp.pi * s2)
    return expr.xreplace(swap)


def by_exponents(expr) -> dict:
    """Return {exponent: coefficient} of a sum of multiples of exponentials."""
    out = {}
    for term in sp.Add.make_args(sp.expand(expr)):
        rest, exponent = sp.Integer(1), sp.Integer(0)
        for factor in sp.Mul.make_args(term):
            if isinstance(factor, sp.exp):
                exponent += factor.exp
            else:
                rest *= factor
        key = sp.cancel(sp.together(exponent))
        out[key] = out.get(key, 0) + rest
    return out
