"""Three arithmetics for one evaluation: exact, multiprecision, and quick floats."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import sympy as sp
from mpmath import mp


class Exact:
    """The arithmetic of SymPy, for counterexamples that are shown exactly."""

    log, exp, sqrt = staticmethod(sp.log), staticmethod(sp.exp), staticmethod(sp.sqrt)
    pi, inf = sp.pi, sp.oo

    @staticmethod
    def number(x):
        """Convert a Fraction or SymPy number."""
        return sp.Rational(x.numerator, x.denominator) if isinstance(x, Fraction) else x


class Floating:
    """The arithmetic of mpmath at the current precision."""

    log, exp, sqrt = mpmath.log, mpmath.exp, mpmath.sqrt
    log, exp, sqrt = staticmethod(log), staticmethod(exp), staticmethod(sqrt)
    pi, inf = mp.pi, mp.inf

    @staticmethod
    def number(x):
        """Convert a Fraction or SymPy number; floating numbers pass."""
        if isinstance(x, Fraction):
            return mp.mpf(x.numerator) / x.denominator
        if isinstance(x, sp.Basic):
            if x in (sp.oo, -sp.oo):
                return mp.inf if x == sp.oo else -mp.inf
            if x.is_Rational:
                return mp.mpf(x.p) / x.q
            return mp.mpmathify(x.evalf(mp.dps + 5))
        return x if isinstance(x, mp.mpf | mp.mpc) else mp.mpf(x)

    @staticmethod
    def reach() -> float:
        """Return how many standard deviations hold all but the last digit."""
        return math.sqrt(2 * mp.dps * math.log(10)) + 1

    @staticmethod
    def quad(f, a, b):
        """Integrate a smooth function over a panel."""
        return mp.quad(f, [a, b])

    @staticmethod
    def diff(f, x):
        """Differentiate numerically at full precision."""
        return mp.diff(f, x)


def _legendre(n: int):
    """Return nodes and weights of the Gauss–Legendre rule by Newton's method."""
    nodes = []
    for k in range(n):
        x = math.cos(math.pi * (k + 0.75) / (n + 0.5))
        for _ in range(8):
            p, low = 1.0, 0.0
            for m in range(1, n + 1):
                p, low = ((2 * m - 1) * x * p - (m - 1) * low) / m, p
            slope = n * (x * p - low) / (x * x - 1)
            x -= p / slope
        nodes.append((x, 2 / ((1 - x * x) * slope * slope)))
    return nodes


class Quick:
    """Floats: enough to refute a mutant, never to support a claim."""

    log, exp, sqrt = (
        staticmethod(math.log),
        staticmethod(math.exp),
        staticmethod(math.sqrt),
    )
    pi, inf = math.pi, math.inf
    rule = _legendre(24)

    @staticmethod
    def number(x):
        """Convert anything to a float."""
        return float(x)

    @staticmethod
    def reach() -> float:
        """Return how many standard deviations hold all but the last digit."""
        return 9.0

    @classmethod
    def quad(cls, f, a, b):
        """Integrate by a fixed Gauss–Legendre rule."""
        mid, half = (a + b) / 2, (b - a) / 2
        return half * sum(w * f(mid + half * x) for x, w in cls.rule)

    @staticmethod
    def diff(f, x):
        """Differentiate by a central difference."""
        h = 1e-5 * max(1.0, abs(x))
        return (f(x + h) - f(x - h)) / (2 * h)
