"""Logarithms of positive quantities, split into independent ones."""

from __future__ import annotations

import sympy as sp

from . import vocabulary as v
from .extremes import Extreme
from .lower import Lower, Scope
from .ordered import ClaimError
from .signs import sign


class Logs:
    """Splits logarithms into symbols L(base), one for each coprime base."""

    def __init__(self, scope: Scope, closed: bool = False):
        self.scope, self.closed = scope, closed

    def symbol(self, base):
        """Return the symbol that stands for log(base)."""
        sym = sp.Symbol(f"log({base})", real=True)
        self.scope.logs[sym] = base
        return sym

    def split(self, expr):
        """Replace every logarithm by a combination of independent ones."""
        return expr.replace(sp.log, lambda a: self.of(a))

    def veil(self, expr):
        """Put a symbol for each non-polynomial factor, such as |p − q| or √p."""

        def opaque(e):
            root = isinstance(e, sp.Pow) and not e.exp.is_integer and e.base != sp.E
            return (isinstance(e, sp.Abs | sp.exp | Extreme) or root) and e.free_symbols

        def hide(e):
            factor = sp.Integer(1)
            if isinstance(e, sp.Abs):
                factor, e = self.absolute(e.args[0])
            elif isinstance(e, sp.exp):
                constant, rest = sp.expand(e.exp).as_coeff_Add()
                factor, e = sp.exp(constant), sp.exp(rest)
            sym = sp.Symbol(f"<{e}>", real=True)
            self.scope.veils[sym] = e
            return factor * sym

        return expr.replace(opaque, hide)

    def absolute(self, u):
        """Write |u| as a positive factor times |a primitive polynomial|."""
        factor, rest = sp.Integer(1), sp.Integer(1)
        for f, k in (
            (f, k)
            for part, k in zip(
                sp.fraction(sp.cancel(sp.together(u))), (1, -1), strict=True
            )
            for f in sp.Mul.make_args(sp.factor(part))
        ):
            s = sign(f, self.scope.domains)
            if s:
                factor *= (s * f) ** k
            else:
                rest *= f**k
        return factor, sp.Abs(rest)

    def back(self, expr):
        """Undo `split` and `veil`; behind |√p − √q| stand veiled roots."""
        expr = expr.xreplace({s: sp.log(b) for s, b in self.scope.logs.items()})
        return expr.xreplace(self.scope.veils).xreplace(self.scope.veils)

    def of(self, arg):
        """Return log(arg) as a combination of independent logarithms."""
        parts, parity = [], sp.Integer(1)
        for f, k, settled in self._factors(arg, sp.Integer(1), False):
            s = 1 if f.is_positive else sign(f, self.scope.domains)
            parts.append((k, f if s == 1 else -f))
            parity *= sp.nan if s is None else 1 if settled else sp.Integer(s) ** k
        if parity != 1:
            return self.symbol(sp.factor(arg))
        return sp.Add(*(k * self._one(f) for k, f in parts))

    def _factors(self, arg, power, settled):
        """Yield (base, exponent, settled) of the factors of arg, coprime and primitive.

        The factors of a positive base under any exponent are settled: whatever their
        signs, together they are positive.
        """
        if arg.is_Mul:
            for a in arg.args:
                yield from self._factors(a, power, settled)
        elif (
            arg.is_Pow
            and not isinstance(arg, sp.exp)
            and (arg.exp.is_Integer or sign(arg.base, self.scope.domains) == 1)
        ):
            settled = settled or not arg.exp.is_Integer
            yield from self._factors(arg.base, power * arg.exp, settled)
        elif arg.is_Add:
            yield from self._of_sum(arg, power, settled)
        else:
            yield arg, power, settled

    def _of_sum(self, arg, power, settled):
        """Yield the same for a sum: the factors of its numerator and denominator."""
        n, m = sp.fraction(sp.cancel(sp.together(arg)))
        if m != 1:
            yield from self._factors(m, -power, settled)
        c, factors = sp.factor_list(n)
        if c != 1:
            yield from self._factors(c, power, settled)
        for f, k in factors:
            if f.is_Add:
                yield f, power * k, settled
            else:
                yield from self._factors(f, power * k, settled)

    def _one(self, f):
        """Return log of one irreducible positive factor."""
        if f == 1:
            return sp.Integer(0)
        if f.is_Rational:
            primes = sp.factorrat(f)
            return sp.Add(*(k * self.symbol(sp.Integer(p)) for p, k in primes.items()))
        if isinstance(f, sp.exp):
            return f.exp
        value = self.scope.values.get(f)
        normal = value and isinstance(value.fn, v.Normal | v.NormalProduct)
        if normal and not self.closed:
            return self.split(log_normal(value, self.scope))
        return self.symbol(f)


def log_normal(value, scope):
    """Return log of a normal density at its point: a quadratic."""
    lower = Lower(scope)
    args = [lower(a) for a in value.fn.args if not isinstance(a, v.Samples)]
    if isinstance(value.fn, v.Normal):
        m, s2 = args
        if sign(s2, scope.domains) != 1:
            raise ClaimError(f"{value.fn}: a variance is positive; {s2} may not be.")
        return -sp.log(2 * sp.pi * s2) / 2 - (value.points[0] - m) ** 2 / (2 * s2)
    m, s2, dim = value.fn.args
    i = sp.Symbol("i", integer=True, positive=True)
    coordinate = sp.Indexed(coordinates(value), i)
    mi, vi = (lower(f[v.Index("i")]) for f in (m, s2))
    body = -sp.log(2 * sp.pi * vi) / 2 - (coordinate - mi) ** 2 / (2 * vi)
    return sp.Sum(body, (i, 1, lower(dim)))


def coordinates(value):
    """Return the coordinates of a point of R^d, as an indexed family."""
    return sp.IndexedBase(f"coordinate of {value.points[0]}", real=True)
