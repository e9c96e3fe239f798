"""Exact signs and one-variable inequalities.

`sign` decides the sign of an expression when every symbol ranges over an open
interval: the interval is mapped to (0, ∞), and a polynomial in positive symbols whose
coefficients share a sign has that sign; one variable is left to Sturm's theorem.
`nonnegative` proves g ≥ 0 on an interval by convexity, monotonicity or concavity.
"""

from __future__ import annotations

from dataclasses import dataclass

import mpmath
import sympy as sp


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


def nonnegative(g, t, interval, depth: int = 3) -> Shape | None:
    """Prove g ≥ 0 on the open interval, or return None.

    Four ways: sign of a rational function; convex with an exact stationary point;
    monotone from a boundary value ≥ 0; concave with both boundary limits ≥ 0.
    """
    domains = {t: interval}
    if g.has(sp.Abs, sp.sign, sp.DiracDelta):
        return _piecewise(g, t, interval, depth)
    if not _plausible(g, t, interval):
        return None
    g = _strip(sp.simplify(sp.expand_log(g)), domains)
    if not g.has(sp.log, sp.exp):
        if weakly_positive(g, domains):
            return Shape("sign of a rational function", strict=sign(g, domains) == 1)
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


def _piecewise(g, t, interval, depth) -> Shape | None:
    """Prove g ≥ 0 on both sides of the one point where |t − c| bends."""
    bends = {a for a in g.atoms(sp.Abs) if a.args[0].is_polynomial(t)}
    centres = {sp.solve(a.args[0], t)[0] for a in bends if sp.degree(a.args[0], t) == 1}
    inner = [c for c in centres if c.is_number and _inside(c, interval)]
    if len(bends) != 1 or len(inner) != 1 or g.has(sp.sign, sp.DiracDelta):
        return None
    ((bend,), (c,)) = bends, inner
    slope = sp.diff(bend.args[0], t)
    sides = []
    for sign_here, part in ((-1, (interval[0], c)), (1, (c, interval[1]))):
        flat = g.subs(bend, sign_here * sp.sign(slope) * bend.args[0])
        sides.append(nonnegative(flat, t, part, depth))
    if not all(sides):
        return None
    return Shape(f"on both sides of {c}: {sides[0].reason}; {sides[1].reason}")


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
