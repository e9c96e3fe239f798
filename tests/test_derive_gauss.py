"""Exponentials under normal laws in closed form, and how they are attacked."""

from __future__ import annotations

import pytest

from ottools.derive import (
    KL,
    LINE,
    TV,
    Abs,
    AtMost,
    Chi2,
    ClaimError,
    E,
    Equal,
    Int,
    Max,
    Min,
    Normal,
    Rational,
    Tends,
    Uniform,
    between,
    check,
    exp,
    function,
    log,
    pi,
    positive,
    real,
    sqrt,
)
from ottools.derive.claims import proof_of

m, w, t = real("m w t")
a, b, s = positive("a b s")
u = between("u", 0, 1)
x, y = LINE.point("x"), LINE.point("y")
bell, moved = Normal(0, 1), Normal(m, 1)
f = function("f", LINE)


def kernel(p, q):
    return exp(-((p - q) ** 2) / (2 * s**2))


wide = sqrt(s**2 + a**2)
wider = s**2 + a**2 + b**2
HOLDS = {
    "a moment generating function": Equal(E(x, bell)[exp(t * x)], exp(t**2 / 2)),
    "its derivative": Equal(E(x, bell)[x * exp(t * x)], t * exp(t**2 / 2)),
    "its second": Equal(E(x, bell)[x**2 * exp(t * x)], (1 + t**2) * exp(t**2 / 2)),
    "its third": Equal(E(x, bell)[x**3 * exp(t * x)], (3 * t + t**3) * exp(t**2 / 2)),
    "a log-normal mean": Equal(E(x, Normal(m, a**2))[exp(x)], exp(m + a**2 / 2)),
    "a quadratic": Equal(E(x, bell)[exp(x**2 / 4)], sqrt(2)),
    "a kernel": Equal(
        E(x, Normal(m, a**2))[kernel(x, t)],
        s / wide * exp(-((m - t) ** 2) / (2 * (s**2 + a**2))),
    ),
    "a kernel of two": Equal(
        E(x, Normal(m, a**2))[E(y, Normal(w, b**2))[kernel(x, y)]],
        s / sqrt(wider) * exp(-((m - w) ** 2) / (2 * wider)),
    ),
    "an overlap": Equal(Int(x)[sqrt(bell(x) * moved(x))], exp(-(m**2) / 8)),
    "a square over a density": Equal(Int(x)[moved(x) ** 2 / bell(x)], exp(m**2)),
    "chi-squared": Equal(Chi2(moved, bell), exp(m**2) - 1),
    "a product": Equal(
        Int(x)[Normal(m, a**2)(x) * Normal(w, a**2)(x)],
        exp(-((m - w) ** 2) / (4 * a**2)) / (2 * a * sqrt(pi)),
    ),
    "values at a free point": Equal(
        moved(x) ** 2 / bell(x), exp(m**2) * Normal(2 * m, 1)(x)
    ),
    "no exponential": Equal(KL(moved, bell), m**2 / 2),
}
FALSE = {
    "a wrong exponent": Equal(E(x, bell)[exp(t * x)], exp(t**2 / 3)),
    "a wrong sign": Equal(E(x, bell)[x * exp(t * x)], -t * exp(t**2 / 2)),
    "a wrong width": Equal(
        E(x, Normal(m, a**2))[kernel(x, t)],
        s / wide * exp(-((m - t) ** 2) / (s**2 + a**2)),
    ),
    "a lost factor": Equal(
        E(x, Normal(m, a**2))[kernel(x, t)],
        exp(-((m - t) ** 2) / (2 * (s**2 + a**2))),
    ),
    "a wrong overlap": Equal(Int(x)[sqrt(bell(x) * moved(x))], exp(-(m**2) / 4)),
    "half of chi-squared": Equal(Chi2(moved, bell), exp(m**2 / 2) - 1),
    "another free point": Equal(moved(x), Normal(-m, 1)(x)),
}


@pytest.mark.parametrize("what", HOLDS.values(), ids=HOLDS.keys())
def test_the_closed_form_is_found(what):
    assert proof_of(what)


@pytest.mark.parametrize("what", FALSE.values(), ids=FALSE.keys())
def test_a_false_form_is_not(what):
    assert proof_of(what) is None


@pytest.mark.parametrize("name", ["a moment generating function", "a kernel of two"])
def test_it_survives_the_attack(name):
    assert check(HOLDS[name]).status == "proved"


@pytest.mark.parametrize("name", ["a wrong exponent", "a lost factor"])
def test_it_is_refuted(name):
    assert check(FALSE[name]).status == "refuted"


def test_an_integral_that_may_be_infinite_is_refused():
    with pytest.raises(ClaimError, match="not known to be finite"):
        proof_of(Equal(E(x, bell)[exp(x**2)], 1))
    with pytest.raises(ClaimError, match="not known to be finite"):
        proof_of(Equal(E(x, bell)[exp(x**3)], 1))


def test_what_is_not_gaussian_stays():
    assert proof_of(Equal(E(x, bell)[f(x) * exp(x)], E(x, bell)[exp(x) * f(x)]))
    assert proof_of(Equal(E(x, bell)[exp(x) / (1 + x**2)], 1)) is None
    assert proof_of(Equal(E(x, bell)[exp(f(x)) * exp(x)], 1)) is None


# The attack ---------------------------------------------------------------------------

KINKS = {
    "a modulus in the middle": Equal(E(x, Uniform(-a, a))[Abs(x)], a / 2),
    "a modulus off the middle": Equal(
        E(x, Uniform(0, 1))[Abs(x - u)], (u**2 + (1 - u) ** 2) / 2
    ),
    "a modulus beside": Equal(E(x, Uniform(-a, a))[Abs(x) * Abs(t)], a * Abs(t) / 2),
    "a maximum": Equal(E(x, Uniform(-1, 1))[Max(x, 0)], sqrt(1) / 4),
    "a minimum": Equal(Int(x)[Min(x, 0) * Uniform(-1, 1)(x)], -sqrt(1) / 4),
}


@pytest.mark.parametrize("what", KINKS.values(), ids=KINKS.keys())
def test_a_kink_is_no_counterexample(what):
    assert check(what).status in ("proved", "certified", "undecided")


def test_a_kink_between_given_laws_is_found_in_floats_only():
    what = Equal(TV(Uniform(0, 1), Uniform(0, 2)), Rational(1, 2))
    assert check(what).status == "certified"


def test_a_kink_hides_no_error():
    assert check(Equal(E(x, Uniform(-a, a))[Abs(x)], a / 3)).status == "refuted"


def test_quadrature_errors_are_no_counterexamples():
    """At m = 5 both sides are 7·10¹⁰, and agree to 22 digits only."""
    assert check(HOLDS["chi-squared"]).status == "proved"


def test_integrals_within_integrals_are_tried_quickly():
    mean = E(x, bell)[E(y, bell)[(x - y) ** 2]]
    assert check(Equal(mean, 2)).status == "certified"
    found = check(Equal(mean, 3))
    assert found.status == "refuted"
    assert "left 2.0" in str(found)


LIMITS = {
    "a cancellation": Tends(
        ((1 + s * b) * log(1 + s * b) - s * b) / s**2, b**2 / 2, s, 0
    ),
    "a second difference": Tends((exp(s) + exp(-s) - 2) / s**2, 1, s, 0),
}


@pytest.mark.parametrize("what", LIMITS.values(), ids=LIMITS.keys())
def test_cancellation_is_no_counterexample(what):
    assert check(what).status == "proved"


def test_a_limit_off_by_a_factor_is_refuted():
    off = Tends((exp(s) + exp(-s) - 2) / s**2, 2, s, 0)
    assert check(off).status == "refuted"


def test_an_infinite_gap_stands():
    apart = KL(Uniform(0, 1), Uniform(2, 3))
    assert check(AtMost(apart, 5)).status == "refuted"
