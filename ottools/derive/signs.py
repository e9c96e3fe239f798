"""Exact signs and one-variable inequalities.

`sign` decides the sign of an expression when every symbol ranges over an open
interval: the interval is mapped to (0, ∞), and a polynomial in positive symbols whose
coefficients share a sign has that sign; one variable is left to Sturm's theorem.
`nonnegative` proves g ≥ 0 on an interval by convexity, monotonicity or concavity.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import lcm

import mpmath
import sympy as sp

from .charts import between, chart

DEPTH = 3


def _to_positive(expr, domains):
    """Map every interval symbol to (0, ∞); return the new expression."""
    swap = {}
    for s in sorted(expr.free_symbols, key=str):
        lo, hi = domains.get(s, (-sp.oo, sp.oo))
        u = sp.Dummy(s.name, positive=True)
        if lo == -sp.oo and hi == sp.oo:
            continue
        if lo == -sp.oo:
            swap[s] = hi - u
        elif hi == sp.oo:
            swap[s] = lo + u if lo != 0 else u
        else:
            swap[s] = (lo + hi * u) / (1 + u)
    return expr.subs(swap, simultaneous=True) if swap else expr


def _poly_sign(f):
    """Sign of a polynomial whose positive symbols are free, or None."""
    f = sp.sympify(f)
    if f.is_number:
        return (
            0 if f.is_zero else (1 if f.is_positive else -1 if f.is_negative else None)
        )
    gens = sorted(f.free_symbols, key=str)
    try:
        poly = sp.Poly(f, *gens)
    except sp.PolynomialError:
        return 1 if f.is_positive else -1 if f.is_negative else None
    signs = set()
    for powers, c in poly.terms():
        odd = any(
            k % 2 and not g.is_positive for g, k in zip(gens, powers, strict=True)
        )
        s = None if odd else (1 if c.is_positive else -1 if c.is_negative else None)
        signs.add(s)
    if len(signs) == 1 and None not in signs:
        (s,) = signs
        only_reals = all(
            any(k for g, k in zip(gens, p, strict=True) if not g.is_positive)
            for p, _ in poly.terms()
        )
        return None if only_reals else s
    sturm = len(gens) == 1 and gens[0].is_positive and poly.domain in (sp.ZZ, sp.QQ)
    if sturm and poly.count_roots(0, None) == int(poly.eval(0) == 0):
        return 1 if poly.eval(1) > 0 else -1
    return None


def sign(expr, domains) -> int | None:
    """Return 1, −1 or 0 if the sign is the same on the whole domain, else None."""
    expr = sp.sympify(expr)
    if expr.is_number:
        return _poly_sign(expr)
    out = 1
    for s, k in _factor_signs(expr, domains):
        if s is None:
            return None
        out *= s**k
    return out


def within(value, interval, domains) -> bool:
    """Whether a value certainly lies in an open interval."""
    lo, hi = interval
    above = lo == -sp.oo or sign(value - lo, domains) == 1
    return above and (hi == sp.oo or sign(hi - value, domains) == 1)


def weakly_positive(expr, domains) -> bool:
    """Whether expr ≥ 0 is certain (even powers of a factor of unknown sign count)."""
    out = 1
    for s, k in _factor_signs(sp.sympify(expr), domains):
        if s is None and k % 2:
            return False
        out *= 1 if s is None else s**k
    return out >= 0


def _factor_signs(expr, domains):
    """Yield (sign or None, multiplicity) for each factor of a fraction."""
    f = sp.cancel(sp.together(_to_positive(expr, domains)))
    try:
        parts = [sp.factor_list(part) for part in sp.fraction(f)]
    except sp.PolynomialError:
        parts = [(f, [])]
    for c, factors in parts:
        yield _poly_sign(c), 1
        yield from ((_poly_sign(g), k) for g, k in factors)


@dataclass(frozen=True)
class Shape:
    """Why g ≥ 0 holds, and where it vanishes (None: nowhere known)."""

    reason: str
    zero: object = None
    strict: bool = False

    @property
    def positive(self) -> bool:
        """Whether g > 0: a strict minimum, such as a convex one, may still be 0."""
        return self.strict and self.zero is None


def nonnegative(g, t, interval, depth: int = DEPTH) -> Shape | None:
    """Prove g ≥ 0 on the open interval, or return None.

    Five ways: sign of a rational function; convex with an exact stationary point;
    monotone from a boundary value ≥ 0; concave with both boundary limits ≥ 0; a chart
    of signs. Before, the roots of t are removed, and |t − c| makes two pieces.
    """
    n = _radical(g, t) if interval[0] >= 0 else 1
    if n > 1:
        return _without_radical(g, t, n, interval)
    if g.has(sp.Abs, sp.sign, sp.DiracDelta):
        return _piecewise(g, t, interval, depth)
    if not _plausible(g, t, interval):
        return None
    return _by_shape(g, t, interval, depth) or _by_chart(g, t, interval, depth)


def _radical(g, t) -> int:
    """Return the least common denominator of the powers of t."""
    return lcm(1, *(e.exp.q for e in g.atoms(sp.Pow) if e.base == t and _broken(e)))


def _broken(e) -> bool:
    return e.exp.is_Rational and not e.exp.is_Integer


def _without_radical(g, t, n, interval) -> Shape | None:
    """Put t = s^n, so that no root of t is left."""
    s = sp.Dummy("s", positive=True)
    ends = tuple(e if e.is_infinite else sp.root(e, n) for e in interval)
    flat = sp.expand(g.subs(t, s**n))
    shape = _by_chart(flat, s, ends, DEPTH) or nonnegative(flat, s, ends)
    if shape and shape.zero is not None:
        return replace(shape, zero=shape.zero**n)
    return shape


def _by_chart(g, t, interval, depth) -> Shape | None:
    """Use the signs of g between its zeros; only where nothing simpler helps."""
    found = chart(g, t, interval) if depth == DEPTH and g.has(sp.log) else None
    if not found or min(found.signs) < 0:
        return None
    zero = found.zeros[0] if len(found.zeros) == 1 else None
    strict = len(found.zeros) < 2 and 0 not in found.signs
    return Shape("its sign between its zeros", zero, strict)


def _by_shape(g, t, interval, depth) -> Shape | None:
    """Prove g ≥ 0 by its sign, its curvature or its slope."""
    domains = {t: interval}
    g = _strip(sp.simplify(sp.expand_log(g)), domains)
    if not g.has(sp.log, sp.exp):
        if weakly_positive(g, domains):
            return _of_fraction(g, t, interval)
        return None
    if depth == 0:
        return None
    slope, bend = sp.diff(g, t), sp.together(sp.diff(g, t, 2))
    curved = nonnegative(bend, t, interval, depth - 1) if bend != 0 else None
    if curved:
        found = _convex(g, slope, t, interval, curved.strict)
        if found:
            return found
    return _monotone(g, slope, t, interval, depth) or _concave(
        g, bend, t, interval, depth
    )


def _of_fraction(g, t, interval) -> Shape:
    """Say where a rational function that is ≥ 0 vanishes."""
    reason = "sign of a rational function"
    if sign(g, {t: interval}) == 1:
        return Shape(reason, strict=True)
    top = sp.fraction(sp.cancel(sp.together(g)))[0]
    if top.has(t) and sp.Poly(top, t).domain in (sp.ZZ, sp.QQ):
        zeros = {c for c in sp.real_roots(top, t) if _inside(c, interval)}
        if len(zeros) == 1:
            return Shape(reason, zeros.pop(), True)
    return Shape(reason)


def _piecewise(g, t, interval, depth) -> Shape | None:
    """Prove g ≥ 0 on the pieces between the points where |a − b| bends."""
    bends = sorted(g.atoms(sp.Abs), key=str)
    inside = [a.args[0] for a in bends]
    exact = all(
        f.is_polynomial(t) and sp.Poly(f, t).domain in (sp.ZZ, sp.QQ) for f in inside
    )
    if not bends or not exact or g.has(sp.sign, sp.DiracDelta):
        return None
    centres = {c for f in inside for c in sp.real_roots(f, t) if _inside(c, interval)}
    if not centres or not all(c.is_Rational for c in centres):
        return None
    cuts = [interval[0], *sorted(centres), interval[1]]
    pieces = []
    for part in zip(cuts, cuts[1:], strict=False):
        middle = between(*part)
        flat = g.xreplace(
            {
                a: a.subs(t, middle) / a.args[0].subs(t, middle) * a.args[0]
                for a in bends
            }
        )
        pieces.append(nonnegative(flat, t, part, depth))
        if not pieces[-1]:
            return None
    low = [c for c in cuts[1:-1] if sp.simplify(g.subs(t, c)) == 0]
    zeros = low + [p.zero for p in pieces if p.zero is not None]
    place = "on both sides of" if len(centres) == 1 else "on the pieces between"
    reason = f"{place} {', '.join(map(str, cuts[1:-1]))}: "
    return Shape(
        reason + "; ".join(p.reason for p in pieces),
        zeros[0] if len(zeros) == 1 else None,
        all(p.strict for p in pieces) and len(zeros) < 2,
    )


def _plausible(g, t, interval) -> bool:
    """Whether g ≥ 0 at two dozen points: a filter that saves hopeless proofs."""
    f = sp.lambdify(t, g, "mpmath")
    back = _to_positive(t, {t: interval})
    ladder = [sp.Rational(10) ** k for k in range(-6, 7)]
    steps = [*ladder, *(3 * s for s in ladder)]
    if interval == (-sp.oo, sp.oo):
        places = [sign * s for s in steps for sign in (1, -1)]
    else:
        places = [back.subs(back.free_symbols.pop(), s) for s in steps]
    with mpmath.workdps(40):
        for x in places:
            try:
                value = f(mpmath.mpf(x.p) / x.q)
            except (ZeroDivisionError, OverflowError, ValueError, TypeError):
                continue
            if isinstance(value, mpmath.mpf) and value < -(mpmath.mpf(10) ** -25):
                return False
    return True


def _strip(g, domains):
    """Drop factors that are positive on the interval."""
    out = sp.Integer(1)
    for f in sp.Mul.make_args(sp.factor(g)):
        rational = not f.has(sp.log, sp.exp)
        scale = rational and f.free_symbols and sign(f, domains) == 1
        if not (scale or isinstance(f, sp.exp)):
            out *= f
    return out


def _inside(c, interval):
    lo, hi = interval
    return (lo == -sp.oo or c > lo) and (hi == sp.oo or c < hi)


def _convex(g, slope, t, interval, strict):
    """Use g'' ≥ 0 and g'(c) = 0 with g(c) ≥ 0."""
    for c in _stationary(slope, t, interval):
        if abs(sp.N(slope.subs(t, c), 30)) > sp.Rational(1, 10**20):
            continue
        low = sp.simplify(g.subs(t, c))
        if sp.simplify(slope.subs(t, c)) == 0 and (low == 0 or low.is_positive):
            return Shape(
                f"convex with minimum {low} at {c}",
                c if low == 0 else None,
                strict or low != 0,
            )
    return None


def _stationary(slope, t, interval):
    """Guess exact zeros of a monotone slope: a root found numerically, recognised."""
    lo, hi = (float(e) if e.is_finite else None for e in interval)
    f = sp.lambdify(t, slope, "mpmath")
    starts = [
        s
        for s in (1, 0.5, 2, -1, 0.1, 10)
        if (lo is None or s > lo) and (hi is None or s < hi)
    ]
    for start in starts:
        try:
            with mpmath.workdps(30):
                root = mpmath.mpf(mpmath.findroot(f, start, maxsteps=60))
        except (ValueError, ZeroDivisionError, TypeError, OverflowError):
            continue
        for c in _recognised(root):
            if _inside(c, interval):
                yield c
        return


def _recognised(root):
    """Yield the small rationals and exponentials that agree with a number."""
    value = sp.Rational(str(mpmath.nstr(root, 25)))
    yield value.limit_denominator(1000)
    if root > 0:
        yield sp.exp(
            sp.Rational(str(mpmath.nstr(mpmath.log(root), 25))).limit_denominator(100)
        )


def _monotone(g, slope, t, interval, depth):
    """Use that g' has one sign and g ≥ 0 at the end from which it rises."""
    for end, direction in ((interval[0], 1), (interval[1], -1)):
        value = sp.limit(g, t, end, "+" if direction == 1 else "-")
        if value.is_number and (value == 0 or value.is_positive):
            rise = nonnegative(direction * slope, t, interval, depth - 1)
            if rise:
                word = "increasing from" if direction == 1 else "decreasing to"
                return Shape(f"{word} the limit {value}", strict=rise.strict)
    return None


def _concave(g, bend, t, interval, depth):
    """Use g'' ≤ 0 and both boundary limits ≥ 0."""
    if bend == 0 or not nonnegative(-bend, t, interval, depth - 1):
        return None
    lo, hi = (sp.limit(g, t, e, s) for e, s in zip(interval, "+-", strict=True))
    if all(e.is_number and (e == 0 or e.is_positive) for e in (lo, hi)):
        return Shape(f"concave with boundary limits {lo} and {hi}", strict=True)
    return None
