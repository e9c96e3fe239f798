"""Conditional laws, Gibbs' inequality and Jensen's: what holds is proved, no more."""

from __future__ import annotations

import pytest

from ottools.derive import (
    JS,
    KL,
    AtLeast,
    AtMost,
    Chi2,
    ClaimError,
    CrossEntropy,
    E,
    Equal,
    Equivalent,
    H,
    Int,
    Rational,
    Space,
    check,
    densities,
    exp,
    function,
    joint,
    log,
    mutants,
    named,
    oo,
    positive,
    score,
    sqrt,
    tex,
    text,
)

X, Z = Space("X"), Space("Z")
x, z, z_ = X.point("x"), Z.point("z"), Z.point("z'")
p, q = joint("p", X, Z), joint("q", X, Z)
px, pz, qx, qz = p.on(X), p.on(Z), q.on(X), q.on(Z)
post, lik, encoder = p.given(z, x), p.given(x, z), q.given(z, x)
r = densities("r", on=Z)
w, g = function("w", Z, (0, oo)), function("g", Z)
a, b = positive("a b")
BC = Int(z)[sqrt(r(z) * pz(z))]
elbo = E(z, r)[log(p(x, z) / r(z))]
amortised = E(z, encoder)[log(p(x, z) / encoder)]

zs = Z.point("z''")
two_draws = E(z, r)[E(z_, r)[log((w(z) + w(z_)) / 2)]]
three_draws = E(z, r)[E(z_, r)[E(zs, r)[log((w(z) + w(z_) + w(zs)) / 3)]]]

PROVED = {
    "Gibbs for a conditional law": AtLeast(E(z, r)[log(r(z) / post)], 0),
    "the bound": AtMost(elbo, log(px(x))),
    "its gap": Equal(log(px(x)) - elbo, E(z, r)[log(r(z) / post)]),
    "with an encoder": AtMost(amortised, log(px(x))),
    "its gap is a divergence": Equal(log(px(x)) - amortised, KL(encoder, post)),
    "reconstruction and prior": Equal(
        amortised, E(z, encoder)[log(lik)] - KL(encoder, pz)
    ),
    "divergence of conditional laws": AtLeast(KL(encoder, post), 0),
    "from a marginal": AtLeast(KL(encoder, pz), 0),
    "by cross-entropy": Equal(KL(encoder, pz), CrossEntropy(encoder, pz) - H(encoder)),
    "names of points": Equal(JS(encoder, pz), JS(pz, q.given(z_, x))),
    "tight at the posterior": Equivalent(E(z, r)[log(r(z) / post)], Equal(r(z), post)),
    "and for an encoder": Equivalent(KL(encoder, post), Equal(encoder, post)),
    "the other order": Equivalent(KL(post, r), Equal(post, r)),
    "chain rule": Equal(KL(q, p) - KL(qx, px), E(x, qx)[KL(encoder, post)]),
    "marginals are closer": AtLeast(KL(q, p), KL(qx, px)),
    "the other ones, too": AtLeast(KL(q, p), KL(qz, pz)),
    "on average": AtLeast(E(x, qx)[KL(encoder, post)], 0),
    "under the data": AtMost(E(x, px)[amortised], -H(px)),
    "the mean divergence from the prior": AtLeast(
        E(x, qx)[KL(encoder, pz)], KL(qz, pz)
    ),
    "Jensen": AtMost(E(z, r)[log(w(z))], log(E(z, r)[w(z)])),
    "Jensen, doubled": AtMost(2 * E(z, r)[log(w(z))], log(E(z, r)[w(z) ** 2])),
    "Jensen for two factors": AtMost(
        E(z, r)[log(a * w(z))], log(a) + log(E(z, r)[w(z)])
    ),
    "Jensen for Bhattacharyya's coefficient": AtLeast(KL(r, pz), -2 * log(BC)),
    "Jensen for chi-squared": AtMost(KL(r, pz), log(1 + Chi2(r, pz))),
    "Jensen for an exponential": AtMost(E(z, r)[g(z)], log(E(z, r)[exp(g(z))])),
    "Donsker and Varadhan": AtLeast(
        KL(r, pz), E(z, r)[g(z)] - log(E(z, pz)[exp(g(z))])
    ),
    "a logarithm of a mean": AtMost(log(E(z, r)[exp(g(z))]), E(z, r)[exp(g(z) - 1)]),
    "with a constant": AtMost(E(z, r)[g(z) + 1], log(E(z, r)[exp(g(z) + 1)])),
    "two draws are better than one": AtLeast(two_draws, E(z, r)[log(w(z))]),
    "three than two": AtLeast(three_draws, two_draws),
    "but not good enough": AtMost(three_draws, log(E(z, r)[w(z)])),
    "a square of two draws": AtLeast(
        E(z, r)[E(z_, r)[(g(z) + g(z_)) ** 2 + g(z) * w(z)]], E(z, r)[g(z) * w(z)]
    ),
    "Jensen with room": AtMost(E(z, r)[log(w(z))] - 1, log(E(z, r)[w(z)])),
}
FALSE = {
    "the divergence turned over": AtLeast(E(z, r)[log(post / r(z))], 0),
    "another point": AtLeast(E(z, r)[log(r(z) / p.given(z_, x))], 0),
    "the wrong condition": AtLeast(E(z, r)[log(r(z) / lik)], 0),
    "the bound from above": AtLeast(elbo, log(px(x))),
    "an unnormalised law": AtLeast(E(z, r)[log(r(z) / p(x, z))], 0),
    "a bound below the bound": AtMost(elbo, log(px(x)) - Rational(1, 9)),
    "the other marginal": AtMost(elbo, log(pz(z_))),
    "a mean under the wrong law": AtMost(E(z, pz)[log(p(x, z) / r(z))], log(px(x))),
    "not at the prior": Equivalent(KL(encoder, post), Equal(encoder, pz)),
    "nor for any law": Equivalent(H(encoder), Equal(encoder, post)),
    "marginals apart": AtLeast(KL(qx, px), KL(q, p)),
    "swapped": AtLeast(KL(q, p), KL(px, qx)),
    "the mean divergence from the prior": AtMost(E(x, qx)[KL(encoder, pz)], KL(qz, pz)),
    "Jensen turned over": AtLeast(E(z, r)[log(w(z))], log(E(z, r)[w(z)])),
    "Jensen for a square": AtLeast(2 * log(E(z, r)[w(z)]), log(E(z, r)[w(z) ** 2])),
    "Jensen with a negative weight": AtMost(
        -E(z, r)[log(w(z))], -log(E(z, r)[w(z)]) - 1
    ),
    "Jensen without a law": AtMost(
        Int(z)[2 * r(z) * log(w(z))], log(Int(z)[2 * r(z) * w(z)])
    ),
    "a power too many": AtLeast(KL(r, pz), -3 * log(BC)),
    "a mean under another law": AtMost(E(z, r)[log(w(z))], log(E(z, pz)[w(z)])),
    "a number too small": AtMost(E(z, r)[log(w(z))] + 1, log(E(z, r)[w(z)])),
    "an exponential too many": AtLeast(
        KL(r, pz), E(z, r)[2 * g(z)] - log(E(z, pz)[exp(g(z))])
    ),
    "with a wrong constant": AtMost(E(z, r)[g(z) + 2], log(E(z, r)[exp(g(z) + 1)])),
    "exponentials turned over": AtLeast(E(z, r)[g(z)], log(E(z, r)[exp(g(z))])),
    "a logarithm below a smaller mean": AtMost(
        log(E(z, r)[exp(g(z))]), E(z, r)[exp(g(z) - 2)]
    ),
    "two draws no better than one": AtMost(two_draws, E(z, r)[log(w(z))]),
    "three draws no better than two": AtMost(three_draws, two_draws),
    "two draws without their half": AtLeast(
        two_draws - Rational(1, 9), E(z, r)[log(w(z))]
    ),
    "two draws of two laws": AtLeast(
        E(z, r)[E(z_, pz)[log((w(z) + w(z_)) / 2)]], E(z, r)[log(w(z))]
    ),
    "half of chi-squared": AtMost(KL(r, pz), log(1 + Chi2(r, pz) / 2)),
}


@pytest.mark.parametrize("what", PROVED.values(), ids=PROVED.keys())
def test_it_is_proved(what):
    verdict = check(what)
    assert verdict.status == "proved", verdict


@pytest.mark.parametrize("what", FALSE.values(), ids=FALSE.keys())
def test_a_false_variant_is_refuted(what):
    verdict = check(what)
    assert verdict.status == "refuted", verdict


OUT_OF_REACH = {
    "two weights": AtMost(
        E(z, r)[log(w(z))] / 2 + E(z, pz)[log(w(z))] / 2,
        log(E(z, r)[w(z)]) / 2 + log(E(z, pz)[w(z)]) / 2,
    ),
    "a square of a logarithm": AtMost(
        E(z, r)[log(w(z))] ** 2 - E(z, r)[log(w(z)) ** 2], 0
    ),
    "a factor in front": AtMost(
        a * E(z, r)[log(w(z))],
        a * log(E(z, r)[w(z)]),
    ),
    "a real number under the logarithm": AtMost(
        E(z, r)[log(g(z) ** 2)], log(E(z, r)[g(z) ** 2])
    ),
    "logarithms of two kinds": AtLeast(
        E(z, r)[E(z_, r)[log(1 + w(z) * w(z_)) + log(2 + w(z))]],
        E(z, r)[log(1 + w(z) * w(z))] - 10**9,
    ),
    "draws and a square": AtLeast(
        E(z, r)[E(z_, r)[exp(w(z) * w(z_))]] ** 2, E(z, r)[w(z)] ** 2
    ),
    "no logarithm": AtMost(E(z, r)[g(z)], sqrt(E(z, r)[g(z) ** 2])),
}


@pytest.mark.parametrize("what", OUT_OF_REACH.values(), ids=OUT_OF_REACH.keys())
def test_what_no_lemma_reaches_is_only_tested(what):
    assert check(what).status in ("tested", "proved")


def test_a_conditional_law_is_set_as_one():
    mean = E(z, encoder)[log(lik)]
    assert text(mean) == "E_{z~q(.|x)}[log p(x|z)]"
    assert r"z\sim q(\cdot\mid x)" in tex(mean)
    assert text(KL(encoder, post)) == "KL(q(z|x)‖p(z|x))"


def test_a_mixture_with_a_conditional_law():
    middle = (encoder + pz) / 2
    assert check(Equal(KL(middle, pz), KL(middle, pz))).status == "proved"
    assert check(AtLeast(KL(middle, pz), 0)).status == "proved"
    assert check(AtMost(KL(middle, pz), KL(encoder, pz) / 3)).status == "refuted"


def test_a_named_function_keeps_its_own_point():
    """Inside the body of f(x), the y of p(y | x) stays where it was."""
    f = named("f", x, post)
    assert check(Equal(f(x), p(x, z) / px(x))).status == "proved"
    assert check(Equal(E(x, qx)[f(x)], E(x, qx)[post])).status == "proved"
    assert check(Equal(f(x), p(x, z) / pz(z))).status == "refuted"


def test_laws_live_where_they_do():
    with pytest.raises(ClaimError, match="a density on X is wanted"):
        E(x, encoder)
    with pytest.raises(ClaimError, match="Equal of two densities"):
        Equivalent(KL(encoder, post), Equal(encoder, 1))
    with pytest.raises(ClaimError, match="a space or a tuple of spaces"):
        function("f", ())


def test_the_slips_of_the_bound_are_refuted():
    for claim in (AtMost(amortised, log(px(x))), AtLeast(KL(encoder, post), 0)):
        assert score(claim).survivors == (), score(claim)
    slips = {m.slip for m in mutants(Equal(amortised, log(px(x)) - KL(encoder, post)))}
    assert "swap the arguments" in slips


def test_functions_of_two_points():
    c = function("c", (X, Z), (0, oo))
    left = Int(x, z)[p(x, z) * (c(x, z) + g(z))]
    assert check(AtLeast(left, E(z, pz)[g(z)])).status == "proved"
    assert check(AtMost(left, E(z, pz)[g(z)])).status == "refuted"
