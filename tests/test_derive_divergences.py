"""Inequalities between divergences: one of generators, integrated."""

from __future__ import annotations

import pytest
import sympy as sp

from ottools.derive import (
    JS,
    KL,
    TV,
    Abs,
    AtLeast,
    AtMost,
    Chi2,
    E,
    Equal,
    Equivalent,
    Int,
    Less,
    Maximiser,
    Min,
    Rational,
    Space,
    check,
    densities,
    exp,
    function,
    integrands,
    log,
    mutants,
    named,
    natural,
    oo,
    positive,
    real,
    score,
    sqrt,
)
from ottools.derive.claims import proof_of

X, A = Space("X"), Space("A", "finite", natural("n"))
x, i = X.point("x"), A.point("i")
p, q, r = densities("p q r", on=X)
P, Q, R = p(x), q(x), r(x)
a, b = densities("a b", on=A)
c = positive("c")
W, T = function("W", X, (0, oo)), function("T", X)
H2, BC = Int(x)[(sqrt(P) - sqrt(Q)) ** 2], Int(x)[sqrt(P * Q)]
H2_finite = Int(i)[(sqrt(a(i)) - sqrt(b(i))) ** 2]
triangular = Int(x)[3 * (P - Q) ** 2 / (2 * P + 4 * Q)]
two = Rational(1, 2)

PROVED = {
    "H² by the affinity": Equal(H2, 2 - 2 * BC),
    "H² as an f-divergence": Equal(E(x, q)[(sqrt(P / Q) - 1) ** 2], H2),
    "sums of roots": Equal(Int(x)[(sqrt(P) + sqrt(Q)) ** 2], 4 - H2),
    "a difference of squares": Equal(
        TV(p, q), Int(x)[Abs(sqrt(P) - sqrt(Q)) * (sqrt(P) + sqrt(Q))] / 2
    ),
    "cube roots": Equal(Int(x)[(P ** Rational(1, 3)) ** 3 + sqrt(Q) ** 4 / Q], 2),
    "fourth roots": Equal(Int(x)[(P**2 * Q**2) ** Rational(1, 4)], BC),
    "TV by the overlap": Equal(TV(p, q), 1 - Int(x)[Min(P, Q)]),
    "H² ≤ 2 TV": AtMost(H2, 2 * TV(p, q)),
    "H² ≤ 2 TV for mass functions": AtMost(H2_finite, 2 * TV(a, b)),
    "H² ≤ KL": AtMost(H2, KL(p, q)),
    "H² ≤ KL for mass functions": AtMost(H2_finite, KL(a, b)),
    "H² ≤ 2": AtMost(H2, 2),
    "BC ≤ 1": AtMost(BC, 1),
    "JS ≤ log 2 TV": AtMost(JS(p, q), log(2) * TV(p, q)),
    "JS ≤ H²/2": AtMost(JS(p, q), H2 / 2),
    "JS ≥ log 2 H²/2": AtLeast(JS(p, q), log(2) / 2 * H2),
    "KL ≥ triangular": AtLeast(KL(p, q), triangular),
    "triangular, every tangent": AtLeast(triangular, 4 * c * TV(p, q) - 2 * c**2),
    "means, every ratio": AtMost(2 * TV(p, q), c / 2 * H2 + (4 - H2) / (2 * c)),
    "log χ², every tangent": AtMost(KL(p, q), (1 + Chi2(p, q)) / c - 1 + log(c)),
    "log BC, every tangent": AtLeast(KL(p, q), 2 - 2 * BC / c - 2 * log(c)),
    "TV is a distance": AtMost(TV(p, q), TV(p, r) + TV(r, q)),
    "a bound for KL": AtLeast(KL(p, q), E(x, p)[1 + log(W(x))] - E(x, q)[W(x)]),
    "for reverse KL": AtLeast(KL(q, p), E(x, p)[-W(x)] + E(x, q)[1 + log(W(x))]),
    "for H²": AtLeast(H2, 2 - E(x, p)[W(x)] - E(x, q)[1 / W(x)]),
    "its optimum": Maximiser(
        E(x, p)[1 + log(W(x))] - E(x, q)[W(x)], named("W^*", x, P / Q), W
    ),
}
f, g, w = function("f", X), function("g", X), function("w", X, (0, 1))
mean_f = E(x, p)[f(x)]
PROVED |= {
    "Pinsker": AtMost(2 * TV(p, q) ** 2, KL(p, q)),
    "Pinsker for mass functions": AtMost(2 * TV(a, b) ** 2, KL(a, b)),
    "Le Cam": AtMost(TV(p, q) ** 2, H2 * (1 - H2 / 4)),
    "Le Cam, weaker": AtMost(TV(p, q) ** 2, H2),
    "weaker, but how": AtMost(H2 * (1 - H2 / 4), H2),
    "TV² below χ²": AtMost(4 * TV(p, q) ** 2, Chi2(p, q)),
    "TV² below JS": AtMost(TV(p, q) ** 2 / 2, JS(p, q)),
    "the square of the affinity": AtMost(BC**2, 1),
    "a variance": AtMost(mean_f**2, E(x, p)[f(x) ** 2]),
    "a mean of a difference": AtMost(
        (mean_f - E(x, p)[g(x)]) ** 2, E(x, p)[(f(x) - g(x)) ** 2]
    ),
    "two squares at once": AtMost(
        mean_f**2 + E(x, p)[g(x)] ** 2, E(x, p)[f(x) ** 2 + g(x) ** 2]
    ),
    "Cauchy and Schwarz": AtMost(
        Int(x)[f(x) * g(x)] ** 2, Int(x)[f(x) ** 2] * Int(x)[g(x) ** 2]
    ),
    "with roots": AtMost(
        Int(x)[Abs(sqrt(P) - sqrt(Q)) * (sqrt(P) + sqrt(Q))] ** 2,
        H2 * Int(x)[(sqrt(P) + sqrt(Q)) ** 2],
    ),
    "a weight": AtMost(
        Int(x)[Abs(P - Q)] ** 2,
        Int(x)[(P - Q) ** 2 / (2 * P + 4 * Q)] * Int(x)[2 * P + 4 * Q],
    ),
    "log χ² below χ²": AtMost(log(1 + Chi2(p, q)), Chi2(p, q)),
    "a test of size one half": AtMost(
        (E(x, p)[w(x)] - E(x, q)[w(x)]) / 2, TV(p, q) / 2
    ),
}
ZEROS = {
    "TV": TV(p, q),
    "H²": H2,
    "χ²": Chi2(p, q),
    "KL to the middle": KL((p + q) / 2, q),
    "JS": JS(p, q),
}
FALSE = {
    "H² ≤ TV": AtMost(H2, TV(p, q)),
    "H² ≥ 2 TV": AtLeast(H2, 2 * TV(p, q)),
    "H² ≤ KL/2": AtMost(2 * H2, KL(p, q)),
    "H² ≤ 1": AtMost(H2_finite, 1),
    "JS ≤ log 2 TV/2": AtMost(JS(p, q), log(2) * TV(p, q) / 2),
    "JS ≤ H²/3": AtMost(JS(p, q), H2 / 3),
    "JS ≥ H²/2": AtLeast(JS(p, q), H2 / 2),
    "KL ≥ 4/3 triangular": AtLeast(KL(p, q), 4 * triangular / 3),
    "triangular, a wrong square": AtLeast(triangular, 4 * c * TV(p, q) - c**2),
    "means, a wrong ratio": AtMost(2 * TV(p, q), c / 2 * H2 + (4 - H2) / (4 * c)),
    "log χ² without log": AtMost(KL(p, q), (1 + Chi2(p, q)) / c - 1),
    "roots of a sum": Equal(Int(x)[sqrt(P + Q)], 2),
    "H² without the 2": Equal(H2, 1 - BC),
    "a bound for KL without its 1": AtLeast(
        KL(p, q), E(x, p)[2 + log(W(x))] - E(x, q)[W(x)]
    ),
    "for H², from a wrong constant": AtLeast(H2, 3 - E(x, p)[W(x)] - E(x, q)[1 / W(x)]),
    "the optimum inverted": Maximiser(
        E(x, p)[1 + log(W(x))] - E(x, q)[W(x)], named("W^*", x, Q / P), W
    ),
    "Pinsker with 21/10": AtMost(Rational(21, 10) * TV(p, q) ** 2, KL(p, q)),
    "Pinsker without a square": AtMost(TV(p, q), KL(p, q)),
    "Le Cam with 1/3": AtMost(TV(p, q) ** 2, H2 * (1 - H2 / 3)),
    "5 TV² below χ²": AtMost(5 * TV(p, q) ** 2, Chi2(p, q)),
    "TV² below JS without its half": AtMost(TV(p, q) ** 2, JS(p, q)),
    "a variance, turned over": AtLeast(mean_f**2, E(x, p)[f(x) ** 2]),
    "twice the square of a mean": AtMost(2 * mean_f**2, E(x, p)[f(x) ** 2]),
    "a mean under another law": AtMost(mean_f**2, E(x, q)[f(x) ** 2]),
    "no law at all": AtMost(Int(x)[f(x)] ** 2, Int(x)[f(x) ** 2]),
    "half of Cauchy and Schwarz": AtMost(
        Int(x)[f(x) * g(x)] ** 2, Int(x)[f(x) ** 2] * Int(x)[g(x) ** 2] / 2
    ),
    "with a wrong factor": AtMost(
        Int(x)[f(x) * g(x)] ** 2, Int(x)[f(x) ** 2] * Int(x)[f(x) * g(x)]
    ),
    "an indefinite form": AtMost(
        mean_f**2 - E(x, p)[g(x)] ** 2, E(x, p)[f(x) ** 2 - g(x) ** 2]
    ),
    "a strict bound": Less(H2, 2 * TV(p, q)),
    "a middle that hides q": Equivalent(TV((p + q) / 2, (p + q) / 2), Equal(p, q)),
}
# True, and reached by no lemma: they may be proved one day, and never be refuted.
BEYOND = {
    "a scalar beside": AtMost(
        Int(x)[f(x) * g(x)] ** 2 + 1, Int(x)[f(x) ** 2] * Int(x)[g(x) ** 2] + 1
    ),
    "an integral inside": AtMost(
        Int(x)[f(x) * E(x, q)[g(x)]] ** 2,
        Int(x)[f(x) ** 2] * Int(x)[E(x, q)[g(x)] ** 2],
    ),
    "χ² and a mean": AtMost(
        (mean_f - E(x, q)[f(x)]) ** 2, Chi2(p, q) * E(x, q)[f(x) ** 2]
    ),
    "a root of a functional": AtMost(sqrt(JS(p, q)), 1),
    "an exponential of a mean": AtMost(exp(mean_f), E(x, p)[exp(f(x))]),
}


@pytest.mark.parametrize("what", BEYOND.values(), ids=BEYOND.keys())
def test_what_no_lemma_reaches_is_not_refuted(what):
    assert check(what).status in ("tested", "proved")


@pytest.mark.parametrize("what", PROVED.values(), ids=PROVED.keys())
def test_it_is_proved(what):
    verdict = check(what)
    assert verdict.status == "proved", verdict


@pytest.mark.parametrize("what", ZEROS.values(), ids=ZEROS.keys())
def test_it_vanishes_for_equal_laws_only(what):
    assert check(Equivalent(what, Equal(p, q))).status == "proved"


@pytest.mark.parametrize("what", FALSE.values(), ids=FALSE.keys())
def test_a_false_variant_is_refuted(what):
    verdict = check(what)
    assert verdict.status == "refuted", verdict


SLIPS = (
    Equal(H2, 2 - 2 * BC),
    AtMost(H2, 2 * TV(p, q)),
    AtLeast(KL(p, q), triangular),
)


@pytest.mark.parametrize("what", SLIPS, ids=str)
def test_slips_are_refuted(what):
    result = score(what)
    assert result.survivors == (), result
    assert len(mutants(what)) >= 6


def test_what_no_lemma_proves():
    z = real("z")
    assert proof_of(AtLeast(KL(p, q), z * TV(p, q))) is None
    assert proof_of(AtMost(2 * mean_f**2, E(x, p)[f(x) ** 2])) is None
    means = Int(x)[f(x)] * Int(x)[g(x)]
    assert proof_of(AtMost(means, Int(x)[f(x) ** 2] * Int(x)[g(x) ** 2])) is None
    root = E(x, p)[sqrt(log(1 + W(x)))]
    assert proof_of(AtMost(root, log(E(x, p)[W(x)]) + 5)) is None


def test_a_chord_that_has_no_value_is_no_obstacle():
    t = sp.Symbol("t", positive=True)
    assert integrands._liftable(sp.log(t - 2), t)
    assert not integrands._liftable(-((t - 1) ** 2), t)


def test_an_optimum_outside_its_domain_is_no_minimum():
    """W + 1/W + 2 is convex for W > 0 and vanishes with its slope at W = −1 only."""
    squared = AtLeast(E(x, p)[W(x) + 1 / W(x) + 2], 0)
    assert "minimum 0 at -1" not in check(squared).method
    assert check(AtLeast(E(x, p)[W(x) + 1 / W(x) - 3], 0)).status == "refuted"
