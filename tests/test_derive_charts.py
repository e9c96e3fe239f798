"""Sign charts of one variable: right where they speak, silent where they cannot."""

from __future__ import annotations

import random

import mpmath
import pytest
import sympy as sp

from ottools.derive import charts
from ottools.derive.charts import Unclear, between, chart
from ottools.derive.signs import nonnegative

OO, ZERO, ONE = sp.oo, sp.Integer(0), sp.Integer(1)
v = sp.Symbol("v", positive=True)
u = sp.Symbol("u", real=True)
log = sp.log
HALF, UNIT, LINE = (ZERO, OO), (ZERO, ONE), (-OO, OO)
js = v**2 * log(2 * v**2 / (1 + v**2)) + log(2 / (1 + v**2))

CHARTS = {
    "a tangent": (log(v) - v + 1, v, HALF, [1], (-1, -1)),
    "entropy": (v * log(v) - v + 1, v, HALF, [1], (1, 1)),
    "a crossing": (log(v) - 2, v, HALF, [mpmath.exp(2)], (-1, 1)),
    "far out": (log(v) - 30, v, HALF, [mpmath.exp(30)], (-1, 1)),
    "falling": (3 - log(v), v, HALF, [mpmath.exp(3)], (1, -1)),
    "on an interval": (-v * log(v) - (1 - v) * log(1 - v), v, UNIT, [], (1,)),
    "two zeros": (
        log(v) + 1 / v - 1 - (v - 1) ** 2 / 10,
        v,
        HALF,
        [1, 3.162165940],
        (1, 1, -1),
    ),
    "below the square of Hellinger": (
        js / 2 - log(2) / 2 * (v - 1) ** 2,
        v,
        HALF,
        [1],
        (1, 1),
    ),
    "but not below more": (js / 2 - log(2) * (v - 1) ** 2, v, HALF, None, None),
    "the real line": (log(1 + u**2) - u**2, u, LINE, [0], (-1, -1)),
    "a line with two ends": (
        log(1 + u**2) - 1,
        u,
        LINE,
        [-1.3108324944, 1.3108324944],
        (1, -1, 1),
    ),
    "left of a point": (log(1 + u**2) - log(2), u, (-OO, ZERO), [-1], (1, -1)),
    "a denominator": (
        log(v) / (1 + v) + 1,
        v,
        HALF,
        [mpmath.lambertw(mpmath.e**-1).real],
        (-1, 1),
    ),
    "a constant in front": (log(3) * v - log(v) - log(3), v, HALF, None, None),
}


@pytest.mark.parametrize(
    ("f", "t", "on", "zeros", "signs"), CHARTS.values(), ids=CHARTS.keys()
)
def test_a_chart_agrees_with_numbers(f, t, on, zeros, signs):
    found = chart(f, t, on)
    assert found is not None
    if zeros is not None:
        assert len(found.zeros) == len(zeros)
        assert all(
            abs(sp.N(a, 30) - b) < 1e-8 * max(1, abs(b))
            for a, b in zip(found.zeros, zeros, strict=True)
        )
        assert found.signs == signs
    check_numerically(found, f, t, on)


def check_numerically(found, f, t, on):
    value = sp.lambdify(t, f, "mpmath")
    places = sorted(
        x
        for k in range(1, 60)
        for x in (mpmath.mpf(k) / 60, mpmath.mpf(60) / k, -mpmath.mpf(60) / k)
        if on[0] < x < on[1]
    )
    with mpmath.workdps(40):
        cuts = [mpmath.mpmathify(sp.N(z, 40)) for z in found.zeros]
        for x in places:
            y = value(x)
            if all(abs(x - c) > 1e-12 for c in cuts) and abs(y) > 1e-30:
                assert mpmath.sign(y) == found.signs[sum(c < x for c in cuts)], x


@pytest.mark.parametrize("seed", range(4))
def test_random_charts_agree_with_numbers(seed):
    rng = random.Random(seed)
    for _ in range(2):
        a, b, c, d = (
            sp.Rational(rng.randint(-6, 6), rng.randint(1, 4)) for _ in "abcd"
        )
        f = (
            (a * v + b) * log(v)
            + c * log(1 + v)
            + d * (v - 1) / (1 + v)
            + rng.randint(-1, 1)
        )
        found = chart(f, v, HALF)
        if found:
            check_numerically(found, sp.expand(f), v, HALF)


SILENT = {
    "a product of logarithms": (log(v) * log(1 + v), v, HALF),
    "an exponential": (sp.exp(v) - log(v), v, HALF),
    "an exponential beside it": (log(1 + sp.exp(v)) + v, v, HALF),
    "a pole inside": (1 / (v - 1) + log(v), v, HALF),
    "a pole in front": (log(v) / (v - 1), v, HALF),
    "no logarithm": (v - 1, v, HALF),
    "a constant": (log(2 * v) - log(v) - log(3), v, HALF),
    "a zero that is no fraction": ((log(v) - 1) + (1 - v / sp.E), v, HALF),
}


@pytest.mark.parametrize(("f", "t", "on"), SILENT.values(), ids=SILENT.keys())
def test_a_chart_is_not_guessed(f, t, on):
    assert chart(f, t, on) is None


def test_close_roots_are_not_told_apart():
    poly = (v - log(2)) * (v - log(2) - sp.Rational(1, 10**14))
    with pytest.raises(Unclear):
        charts._roots(sp.expand(poly), v, HALF)


def test_a_limit_that_the_numbers_deny_is_not_believed(monkeypatch):
    monkeypatch.setattr(charts.sp, "limit", lambda *_: sp.Integer(-1))
    assert chart(log(1 + v), v, HALF) is None
    monkeypatch.setattr(charts.sp, "limit", lambda *_: sp.nan)
    assert chart(log(1 + v), v, HALF) is None


def test_signs_that_no_monotone_function_has_are_not_believed(monkeypatch):
    ends = {"+": 1, "-": -1}
    monkeypatch.setattr(charts, "_at_end", lambda *a: ends[a[3]])
    assert chart(log(1 + v), v, HALF) is None
    with pytest.raises(Unclear):
        charts._crossing(1 + v, v, ZERO, OO)


def test_a_constant_in_disguise():
    same = log(v**2 + 2 * v + 1) - 2 * log(1 + v)
    assert chart(same + log(2), v, HALF) == charts.Chart((), (1,))
    assert chart(same, v, HALF) == charts.Chart((), (0,))
    assert not nonnegative(same, v, HALF).positive


def test_a_fraction_between():
    assert between(-OO, OO) == 0
    assert between(-OO, ONE) == 0
    assert between(ONE, OO) == 2
    assert between(ZERO, ONE) == sp.Rational(1, 2)


def test_roots_of_the_variable_are_removed():
    shape = nonnegative(1 + v - 2 * sp.sqrt(v), v, HALF)
    assert shape.zero == 1
    assert shape.strict
    third = nonnegative(2 + v - 3 * v ** sp.Rational(1, 3), v, HALF)
    assert third.zero == 1
    assert nonnegative(1 + v - sp.Rational(21, 10) * sp.sqrt(v), v, HALF) is None
    assert nonnegative(1 + v - sp.sqrt(v), v, HALF).positive
    assert nonnegative(sp.sqrt(u) + 1, u, LINE) is None


def test_pieces_between_bends():
    two = nonnegative(sp.Abs(v - 1) + sp.Abs(v - 2) - 1, v, HALF)
    assert not two.strict
    assert (
        nonnegative(sp.Abs(v - 1) + sp.Abs(v - 2) - sp.Rational(11, 10), v, HALF)
        is None
    )
    one = nonnegative(sp.Abs(v**2 - 1) / 2, v, HALF)
    assert one.zero == 1
    assert one.strict
    both = nonnegative(sp.Abs(v**2 - 3 * v + 2), v, HALF)
    assert both.zero is None
    assert not both.strict
    inner = nonnegative(sp.Abs(v - 1) * (v - 2) ** 2 + 1, v, HALF)
    assert inner.positive
    assert nonnegative(sp.Abs(v - sp.pi), v, HALF) is None


def test_where_a_square_vanishes():
    assert nonnegative((v - 2) ** 2, v, HALF).zero == 2
    assert nonnegative((v - 2) ** 2 * (v - 3) ** 2, v, HALF).zero is None
    assert nonnegative((v - sp.pi) ** 2, v, HALF).zero is None
