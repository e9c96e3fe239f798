"""Jensen's inequality for logarithms, of which Gibbs' is a case.

Its premises are proved here, exactly: that the weight is positive and has mass one, and
that the mean of what stands under the logarithms is what it should be.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from .integrands import bound_values, integrands, laws_among
from .logs import Logs
from .lower import Bracket
from .normal import depends, is_zero, normal
from .signs import sign

JENSEN = "Jensen: a mean of logarithms is at most the logarithm of the mean"


@dataclass(frozen=True)
class MeanOfLogs:
    """∫ u Σ a_i log b_i + Σ c_i log b_i + rest, with a weight u of mass one."""

    weight: object
    powers: dict
    rest: object


def jensen(diff, scope, strict):
    """Prove k log F − E log w^k + r ≥ 0, where F = E w and r ≥ 0.

    Gibbs' inequality is the case of F = 1: then E_p log(q/p) ≤ log ∫ q = 0.
    """
    if strict or not diff.has(Bracket):
        return None
    outer = [t for t in sp.Add.make_args(diff) if _of_integral(t)]
    k, logarithm = (
        sp.Add(*outer).as_coeff_Mul() if outer else (sp.Integer(1), sp.log(1))
    )
    inside = logarithm.args[0] if outer else sp.Integer(1)
    if outer and not (k.is_Rational and k > 0 and isinstance(logarithm, sp.log)):
        return None
    for c, phi, points in integrands(diff - sp.Add(*outer), scope):
        mean = _mean_of_logs(c, phi, points, scope)
        if not mean:
            continue
        ratio = sp.Mul(*(b ** (-a / k) for b, a in mean.powers.items()))
        average = _settled(Bracket(mean.weight * ratio, sp.Tuple(*points)), scope)
        factor = sp.cancel(sp.together(inside / average)) if average != 0 else sp.nan
        if is_zero(inside - average, scope):
            factor = sp.Integer(1)
        room = k * sp.log(factor) + _settled(mean.rest, scope)
        if room.is_number and (sp.simplify(room) == 0 or room.is_positive):
            return JENSEN
    return None


def _settled(expr, scope):
    """Integrate twice: a density may be left alone after the first time."""
    return normal(normal(expr, scope), scope)


def _of_integral(term) -> bool:
    return any(e.has(Bracket) for e in term.atoms(sp.log))


def _mean_of_logs(c, phi, points, scope):
    """Read c + ∫ φ as a mean of logarithms under one positive law, or return None."""
    logs = Logs(scope, closed=True)
    c, phi = logs.split(c), logs.split(phi)
    marks = sorted((s for s in (c + phi).free_symbols if s in scope.logs), key=str)
    marks = marks or [sp.Dummy()]
    if not phi.is_polynomial(*marks) or not c.is_polynomial(*marks):
        return None
    inner, outer = sp.Poly(phi, *marks), sp.Poly(c, *marks)
    slopes = {s: inner.coeff_monomial(s) for s in marks}
    plain = inner.coeff_monomial(1)
    laws = laws_among(bound_values(plain, points, scope), points, scope)
    found = [a for a in slopes.values() if a != 0] or laws
    if not found or max(inner.total_degree(), outer.total_degree()) > 1:
        return None
    weight = found[0]
    mass = _settled(Bracket(weight, sp.Tuple(*points)), scope)
    powers = {s: mass * sp.cancel(a / weight) for s, a in slopes.items()}
    powers = {s: a + outer.coeff_monomial(s) for s, a in powers.items()}
    positive = mass.is_Rational and sign(weight / mass, scope.domains) == 1
    known = all(a.is_Rational for a in powers.values())
    bases = {scope.logs.get(s, sp.E): a for s, a in powers.items()}
    if not (positive and known and all(sign(b, scope.domains) == 1 for b in bases)):
        return None
    plain = sp.cancel(plain / weight)
    moving = [s for s in plain.free_symbols if depends(s, points, scope)]
    constant = plain.as_independent(*moving, as_Add=True)[0] if moving else plain
    bases[sp.exp(plain - constant)] = mass
    return MeanOfLogs(weight / mass, bases, mass * constant + outer.coeff_monomial(1))
