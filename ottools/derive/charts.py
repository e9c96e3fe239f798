"""The sign chart of a function of one variable made of logarithms and fractions.

f = Σ A_i log P_i + R with polynomials A_i and rational P_i and R is differentiated
until no logarithm is left. The zeros of that rational function cut the interval into
pieces on which the last function with a logarithm is monotone: the signs at their ends
tell its own zeros, and so on back to f. Signs are read at 60 digits, far from zero, and
a zero that two pieces share is accepted only where it is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import mpmath
import sympy as sp
from mpmath import mp
from sympy.polys.polyerrors import BasePolynomialError

from .arithmetic import Floating

DIGITS = 60
FAR = sp.Rational(1, 10**30)


class Unclear(Exception):
    """A sign that cannot be read with certainty."""


@dataclass(frozen=True)
class Chart:
    """The zeros of a function in an open interval, and its signs between them."""

    zeros: tuple
    signs: tuple


def chart(f, t, interval) -> Chart | None:
    """Return the sign chart of f on an open interval, or None if it is out of reach."""
    f = sp.expand(sp.expand_log(f))
    logs = sorted((e for e in f.atoms(sp.log) if e.has(t)), key=str)
    if not logs:
        return None
    marks = [sp.Dummy() for _ in logs]
    flat = f.xreplace(dict(zip(logs, marks, strict=True)))
    try:
        return _chart(flat, logs, marks, t, interval)
    except (Unclear, BasePolynomialError, NotImplementedError):
        return None


def _chart(flat, logs, marks, t, interval):
    poly = sp.Poly(flat, *marks)
    slopes = [sp.cancel(poly.coeff_monomial(m)) for m in marks]
    inside = [sp.cancel(e.args[0]) for e in logs]
    rational = all(e.is_rational_function(t) for e in (*slopes, *inside))
    if poly.total_degree() > 1 or not rational:
        raise Unclear
    rest = poly.coeff_monomial(1)
    if not rest.is_rational_function(t):
        raise Unclear
    scale = sp.lcm_list([sp.fraction(a)[1] for a in slopes])
    slopes = [sp.cancel(a * scale) for a in slopes]
    terms = [a * sp.log(p) for a, p in zip(slopes, inside, strict=True)]
    chain = [sp.Add(*terms) + sp.cancel(rest * scale)]
    degree = max((sp.degree(a, t) for a in slopes), default=-1)
    for _ in range(int(degree) + 1):
        chain.append(_slope(chain[-1], t))
    found = _of_fraction(sp.cancel(sp.together(chain.pop())), t, interval)
    while chain:
        found = _integrated(chain.pop(), found, t, interval)
    side = _of_fraction(sp.sympify(scale), t, interval)
    if side.zeros:
        raise Unclear
    return Chart(found.zeros, tuple(s * side.signs[0] for s in found.signs))


def _slope(f, t):
    """Differentiate; keep the logarithms apart and the rest one fraction."""
    slope = sp.expand(sp.diff(f, t))
    rest, logs = slope.as_independent(sp.log, as_Add=True)
    constant = [a for a in sp.Add.make_args(logs) if not _under_log(a, t)]
    logs = sp.Add(*(a for a in sp.Add.make_args(logs) if _under_log(a, t)))
    groups = sp.collect(logs, list(logs.atoms(sp.log)))
    return groups + sp.cancel(sp.together(rest + sp.Add(*constant)))


def _under_log(term, t) -> bool:
    return any(e.has(t) for e in term.atoms(sp.log))


def _of_fraction(f, t, interval) -> Chart:
    """Return the chart of a rational function, whose poles must lie outside."""
    top, bottom = sp.fraction(sp.cancel(sp.together(f)))
    if _roots(bottom, t, interval):
        raise Unclear
    zeros = _roots(top, t, interval)
    return _read(lambda c: _value(f, t, c), zeros, interval)


def _roots(poly, t, interval) -> list:
    """Return the distinct zeros of a polynomial in an open interval, in order."""
    poly = sp.Poly(poly, t)
    if poly.degree() < 1:
        return []
    poly = sp.Poly(sp.sqf_part(poly.as_expr()), t) if poly.domain.is_Exact else poly
    lo, hi = interval
    if poly.domain in (sp.ZZ, sp.QQ):
        found = poly.real_roots(multiple=True)
        return [c for c in found if bool(c > lo) and bool(c < hi)]
    with mp.workdps(DIGITS + 20):
        raw = mpmath.polyroots(
            [mpmath.mpmathify(c.evalf(DIGITS + 20)) for c in poly.all_coeffs()],
            maxsteps=400,
            extraprec=400,
        )
        apart = all(
            abs(a - b) > mp.mpf(10) ** -12 for i, a in enumerate(raw) for b in raw[:i]
        )
        if not apart:
            raise Unclear
        real = sorted(mp.re(c) for c in raw if abs(mp.im(c)) < mp.mpf(10) ** -30)
    inner = [c for c in real if Floating.number(lo) < c < Floating.number(hi)]
    return [_exact(poly.as_expr(), t, c) for c in inner]


def _exact(f, t, c):
    """Return a small fraction that is exactly the zero near c, or c itself."""
    near = sp.Rational(str(mpmath.nstr(c, 30))).limit_denominator(1000)
    close = abs(mpmath.mpmathify(near.p) / near.q - c) < mp.mpf(10) ** -25
    if close and _vanishes(f.subs(t, near)):
        return near
    return sp.Float(c, DIGITS)


def _value(f, t, c):
    """Return the sign of f(c): 0 only where it vanishes exactly."""
    value = sp.N(f.subs(t, c), DIGITS)
    if value.is_real and abs(value) > FAR:
        return 1 if value > 0 else -1
    if not (c.is_Rational and _vanishes(f.subs(t, c))):
        raise Unclear
    return 0


def _vanishes(number) -> bool:
    """Whether a number made of logarithms is exactly 0."""
    return sp.simplify(sp.expand_log(number, force=True)) == 0


def _read(value, zeros, interval) -> Chart:
    """Return the chart with given zeros: one sign is read between each two."""
    lo, hi = interval
    ends = [lo, *zeros, hi]
    return Chart(
        tuple(zeros),
        tuple(value(between(a, b)) for a, b in zip(ends, ends[1:], strict=False)),
    )


def between(a, b):
    """Return a fraction between two numbers."""
    a, b = (e if e.is_infinite else sp.Rational(str(sp.N(e, 40))) for e in (a, b))
    if a.is_infinite and b.is_infinite:
        return sp.Integer(0)
    return b - 1 if a.is_infinite else a + 1 if b.is_infinite else (a + b) / 2


def _integrated(f, slope: Chart, t, interval) -> Chart:
    """Return the chart of f from that of its derivative: f is monotone in between."""
    ends = [interval[0], *slope.zeros, interval[1]]
    if slope.signs == (0,):
        return Chart((), (_value(f, t, between(*interval)),))
    inner = [_value(f, t, c) for c in slope.zeros]
    zeros, signs = [], []
    for k, direction in enumerate(slope.signs):
        first = inner[k - 1] if k else _at_end(f, t, ends[0], "+", direction)
        last = inner[k] if k < len(inner) else _at_end(f, t, ends[-1], "-", -direction)
        left, right = first or direction, last or -direction
        if k and first == 0:
            zeros.append(ends[k])
        if k == 0 or first == 0:
            signs.append(left)
        if right == -left == -direction:
            raise Unclear
        if right != left:
            zeros.append(_crossing(f, t, ends[k], ends[k + 1]))
            signs.append(right)
    return Chart(tuple(zeros), tuple(signs))


def _at_end(f, t, end, side, away):
    """Return the sign of f near an end; `away` is the sign of its way from 0."""
    limit = sp.limit(f, t, end, side)
    if not (limit.is_number and limit.is_extended_real):
        raise Unclear
    if limit.is_infinite:
        sign = 1 if limit > 0 else -1
    elif _vanishes(limit):
        sign = away
    else:
        sign = 1 if sp.N(limit, DIGITS) > 0 else -1
    out = 1 if side == "+" else -1
    small, large = sp.Rational(1, 10**20), sp.Integer(10) ** 20
    near = end + out * small if end.is_finite else -out * large
    seen = sp.N(f.subs(t, near), 150)
    if abs(seen) > sp.Rational(1, 10**100) and (seen > 0) != (sign > 0):
        raise Unclear
    return sign


def _crossing(f, t, a, b):
    """Return the zero of a monotone function between two numbers, by bisection."""
    value = sp.lambdify(t, f, "mpmath")
    with mp.workdps(DIGITS + 20):
        lo, hi = _inner(a, b, 1), _inner(b, a, 1)
        sign_lo, sign_hi = mp.sign(value(lo)), mp.sign(value(hi))
        for k in range(2, 80):
            if sign_lo * sign_hi < 0:
                break
            lo, hi = _inner(a, b, k), _inner(b, a, k)
            sign_lo, sign_hi = mp.sign(value(lo)), mp.sign(value(hi))
        else:
            raise Unclear
        while abs(hi - lo) > mp.mpf(10) ** -(DIGITS + 10) * max(1, abs(lo)):
            mid = (lo + hi) / 2
            lo, hi = (mid, hi) if mp.sign(value(mid)) == sign_lo else (lo, mid)
        return _exact(f, t, (lo + hi) / 2)


def _inner(a, b, k):
    """Return a point near a on the way to b: nearer, or farther out, as k grows."""
    a, b = map(Floating.number, (a, b))
    step = mp.mpf(2) ** (k if mp.isinf(a) else -k)
    if mp.isinf(a):
        return (mp.sign(a) * step) if mp.isinf(b) else b + mp.sign(a) * step
    return a + (mp.sign(b) * step if mp.isinf(b) else (b - a) * step)
