"""Exact signs: no decision may contradict the numbers."""

from __future__ import annotations

import contextlib
import random

import mpmath
import pytest
import sympy as sp
from patience import patience  # noqa: F401

from ottools.derive.signs import _recognised, nonnegative, sign, weakly_positive

pytestmark = pytest.mark.usefixtures("patience")

OO = sp.oo
P, Q = sp.symbols("P Q", positive=True)
R, S = sp.symbols("R S", real=True)
T = sp.Symbol("T", positive=True)
DOMAINS = {P: (0, OO), Q: (0, OO), R: (-OO, OO), S: (-OO, OO), T: (0, 1)}
DOMAINS = {s: tuple(map(sp.sympify, d)) for s, d in DOMAINS.items()}
SEVENTH = sp.Rational(1, 7)

SIGNS = [
    (P + Q, 1),
    (-P - Q**2, -1),
    (P - Q, None),
    (R**2 + 1, 1),
    (R**2, None),
    ((R - S) ** 2 + P, None),
    (R**2 - 2 * R * S + S**2, None),
    (1 - T, 1),
    (T - 2, -1),
    (T * (1 - T), 1),
    (T - sp.Rational(1, 2), None),
    (P**2 - P + 1, 1),
    (P**2 - 2 * P + 1, None),
    (-1 / (P + T), -1),
    (1 / R, None),
    (1 / (R - SEVENTH) ** 2, None),
    (sp.Integer(0), 0),
    (sp.sqrt(2) - 1, 1),
    (P / Q - Q / P, None),
    ((1 + P) * (1 + T) / (2 - T), 1),
    (P**R, 1),
    (-(P**R), -1),
    (P**R - 1, None),
]


@pytest.mark.parametrize(("expr", "want"), SIGNS, ids=[str(e) for e, _ in SIGNS])
def test_known_signs(expr, want):
    assert sign(expr, DOMAINS) in ((want,) if want is not None else (None, want))


def test_an_even_power_of_unknown_sign_is_weakly_positive():
    assert weakly_positive((P - Q) ** 2 * T, DOMAINS)
    assert weakly_positive(P**R, DOMAINS)
    assert weakly_positive(P - P, DOMAINS)
    assert not weakly_positive((P - Q) ** 3, DOMAINS)
    assert not weakly_positive(-((P - Q) ** 2), DOMAINS)
    assert not weakly_positive(P**R - 1, DOMAINS)


def test_roots_are_recognised_as_small_fractions_and_exponentials():
    third, half_power = mpmath.mpf(-1) / 3, mpmath.exp(mpmath.mpf("0.5"))
    assert list(_recognised(third)) == [-sp.Rational(1, 3)]
    assert sp.exp(sp.Rational(1, 2)) in list(_recognised(half_power))


def point(rng, s):
    """Draw a number of the domain, at times far out or close to an end."""
    lo, hi = DOMAINS[s]
    if hi == 1:
        return rng.choice((rng.random(), 1e-9, 1 - 1e-9))
    size = 10 ** rng.uniform(-6, 6)
    return size if lo == 0 else rng.choice((-1, 1)) * size


def polynomial(rng):
    symbols = rng.sample([P, Q, R, T], rng.choice((1, 2)))
    out = sp.Integer(rng.randint(-2, 3))
    for _ in range(rng.randint(1, 4)):
        term = sp.Integer(rng.choice((-2, -1, 1, 1, 2, 3)))
        for s in symbols:
            term *= s ** rng.randint(0, 3)
        out += term
    return out


@pytest.mark.no_cover
@pytest.mark.parametrize("block", range(5))
def test_random_signs_agree_with_numbers(block):
    rng = random.Random(f"signs {block}")
    decided = 0
    for _ in range(20):
        expr = (
            polynomial(rng) / polynomial(rng).subs(R, 1) if block else polynomial(rng)
        )
        if expr.has(sp.zoo, sp.nan):
            continue
        found, weak = sign(expr, DOMAINS), weakly_positive(expr, DOMAINS)
        decided += found is not None
        f = sp.lambdify(list(DOMAINS), expr, "mpmath")
        for _ in range(12):
            with mpmath.workdps(60):
                try:
                    value = f(*(mpmath.mpf(point(rng, s)) for s in DOMAINS))
                except ZeroDivisionError:
                    continue
            if found is not None:
                assert mpmath.sign(value) == found, (expr, found, value)
            if weak:
                assert value >= 0, (expr, value)
    assert decided >= 3


u = sp.Symbol("u", real=True)
v = sp.Symbol("v", positive=True)
LINE, HALF_LINE, UNIT = (-OO, OO), (sp.Integer(0), OO), (sp.Integer(0), sp.Integer(1))
HOLDS = [
    (v - 1 - sp.log(v), v, HALF_LINE),
    (v * sp.log(v) - v + 1, v, HALF_LINE),
    (sp.log(2) + v * sp.log(v) + (1 - v) * sp.log(1 - v), v, UNIT),
    (sp.log(1 + v), v, HALF_LINE),
    (v - sp.log(1 + v), v, HALF_LINE),
    (sp.log(1 + sp.exp(u)) - u, u, LINE),
    (v**2 / 2 - v + sp.log(1 + v), v, HALF_LINE),
    ((v - 1) ** 2 - v * sp.log(v) + v - 1, v, HALF_LINE),
    (sp.Abs(v - 1) + v - 1 - sp.log(v), v, HALF_LINE),
    (sp.exp(u + 2) - u - 3, u, LINE),
    (-v * sp.log(v) - (1 - v) * sp.log(1 - v), v, UNIT),
]
FAILS = [
    (sp.log((u - SEVENTH) ** 2) + 50, u, LINE),
    (sp.log((v - SEVENTH) ** 2) + 50, v, HALF_LINE),
    (50 + sp.log(v), v, HALF_LINE),
    (50 - sp.log(v), v, HALF_LINE),
    (1 / (v - SEVENTH) + sp.log(1 + v) + 50, v, HALF_LINE),
    (sp.log(1 + v) - 1 / (v - SEVENTH) ** 2 + 50, v, HALF_LINE),
    (50 + sp.log(sp.Abs(u - SEVENTH)), u, LINE),
    (sp.exp(u) - 1 - u - u**2 / 2, u, LINE),
    (1000 - sp.exp(u), u, LINE),
    (v - 1 - 2 * sp.log(v), v, HALF_LINE),
    (sp.log(v) ** 2 - sp.Rational(1, 10**6), v, HALF_LINE),
    (sp.exp(-v) + sp.log(v) + 40, v, HALF_LINE),
    (sp.log(1 + 1 / (v - SEVENTH) ** 2) - sp.Rational(1, 10**9), v, HALF_LINE),
]


@pytest.mark.parametrize(("g", "t", "on"), HOLDS, ids=[str(h[0]) for h in HOLDS])
def test_inequalities_of_one_variable(g, t, on):
    shape = nonnegative(g, t, on)
    assert shape is not None
    f = sp.lambdify(t, g, "mpmath")
    with mpmath.workdps(30):
        lowest = min(f(mpmath.mpf(k) / 997) for k in range(1, 997))
        assert lowest > -(mpmath.mpf(10) ** -20)
        if shape.zero is not None:
            assert abs(g.subs(t, shape.zero).evalf(30)) < 1e-25


def test_what_is_out_of_reach_is_not_decided():
    """All hold: the search is not deep, knows no pole and no irrational bend."""
    assert nonnegative(sp.exp(2 * u) + sp.exp(-u) - 1, u, LINE) is None
    assert nonnegative(1 / (v - 1) ** 2 + sp.log(1 + v), v, HALF_LINE) is None
    assert nonnegative(v - sp.log(1 + v), v, HALF_LINE, depth=0) is None
    assert nonnegative(sp.Abs(u**2 - 2) + 2 - u**2, u, LINE) is None


def test_a_strict_minimum_of_zero_is_not_positive():
    touching = nonnegative(v - 1 - sp.log(v), v, HALF_LINE)
    assert touching.strict
    assert touching.zero == 1
    assert not touching.positive
    above = nonnegative(v - sp.log(v), v, HALF_LINE)
    assert above.positive
    assert above.zero is None


@pytest.mark.parametrize(("g", "t", "on"), FAILS, ids=[str(f[0]) for f in FAILS])
def test_no_false_inequality_of_one_variable(g, t, on):
    with contextlib.suppress(NotImplementedError, ValueError, TypeError):
        assert nonnegative(g, t, on) is None
