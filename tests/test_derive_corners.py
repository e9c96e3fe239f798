"""Corners: what is infinite, complex, undefined, opaque or out of reach.

Every case names the verdict that is right there, and where it matters the way in which
it was reached. What the prover cannot do stands here too: it must say so.

These cases, and not the many claims of other files (marked `no_cover`), are meant to
reach every branch of the checker: what is touched by chance is not tested.
"""

from __future__ import annotations

import copy
import pickle
import re
from fractions import Fraction

import pytest
import sympy as sp
from patience import patience  # noqa: F401

from ottools.derive import (
    EULER,
    JS,
    KL,
    LINE,
    TV,
    Abs,
    AtLeast,
    AtMost,
    Chi2,
    Claim,
    ClaimError,
    ConditionalEntropy,
    CrossEntropy,
    E,
    Equal,
    Equivalent,
    Every,
    H,
    Int,
    Less,
    Max,
    Maximiser,
    Mean,
    Min,
    Minimiser,
    Normal,
    NormalProduct,
    Space,
    Stationary,
    Table,
    Tends,
    Uniform,
    Values,
    check,
    claim,
    d,
    densities,
    exp,
    function,
    index,
    joint,
    log,
    log2,
    mapping,
    named,
    natural,
    oo,
    pi,
    positive,
    prove,
    push,
    real,
    samples,
    sqrt,
    total,
    unit,
    vary,
)
from ottools.derive.claims import NO_PROOF

pytestmark = pytest.mark.usefixtures("patience")

X, Y, Z = Space("X"), Space("Y"), Space("Z")
A, B = Space("A", "finite", 3), Space("B", "finite")
S = Space("S", "line")
x, x_, y, z_ = X.point("x"), X.point("x'"), Y.point("y"), Z.point("z")
u, v, s_, al, be = (
    LINE.point("u"),
    LINE.point("v"),
    S.point("s"),
    A.point("a"),
    B.point("b"),
)
p, q, r = densities("p q r", on=X)
latent, latent_ = densities("p_z q_z", on=Z)
pxy, qxy = joint("p", X, Y), joint("q", X, Y)
plane = joint("p", LINE, S)
f, g = function("f", X), function("g", Z)
D, h = function("D", X, (0, 1)), function("h", X, (0, oo))
step, steps = function("f", LINE), densities("l", on=LINE)
G = mapping("G", on=Z, to=X)
generated = push(G, latent, "p_g")
best = named("D^*", x, p(x) / (p(x) + q(x)))
thirds, free_thirds = Table("P", A, (1, 2, 1)), densities("r", on=A)

a, b, c = positive("a b c")
m, z, w = real("m z w")
t, s = unit("t s")
n, N = natural("n N")
i, j, k = index("i j k")
xs, ys = samples("x y")
ps = samples("s", positive=True)
mean, other = NormalProduct(xs, ps, N), NormalProduct(ys, ps, N)
rd = NormalProduct.space.point("x")
apart, apart_ = (
    KL(Uniform(0, 1), Uniform(2, 3)),
    KL(Uniform(0, 1), Uniform(4, 5)),
)


def ids(cases):
    return {"argvalues": cases.values(), "ids": cases.keys()}


# What is proved, and how ----------------------------------------------------------

PROVED = {
    "a push-forward changes variables": (
        Equal(E(z_, latent)[f(G(z_))], E(x, generated)[f(x)]),
        "normal form",
    ),
    "a mean over the latent space stays there if its point stands alone": (
        Equal(E(z_, latent)[f(G(z_)) * g(z_)], E(z_, latent)[g(z_) * f(G(z_))]),
        "normal form",
    ),
    "a sum without the member has derivative 0": (
        Equal(d(total((i, N))[ys[i]], xs[k]), 0),
        "normal form",
    ),
    "a delta fixes only its own index": (
        Equal(d(total((i, N), (j, n))[xs[i] * ys[j]], xs[k]), total((j, n))[ys[j]]),
        "normal form",
    ),
    "bound indices reach the laws in a sum": (
        Equal(
            total((i, N))[KL(Normal(xs[i], 1), Normal(0, 1))],
            total((i, N))[xs[i] ** 2 / 2],
        ),
        "normal form",
    ),
    "conditioning on one of two": (
        AtMost(ConditionalEntropy(pxy, y, x), H(pxy.on(Y))),
        r"∫ q g\(p/q\)",
    ),
    "conditioning on the line": (
        AtMost(ConditionalEntropy(plane, s_, u), H(plane.on(S))),
        r"∫ q g\(p/q\)",
    ),
    "entropy of two": (
        AtMost(H(pxy), H(pxy.on(X)) + H(pxy.on(Y))),
        r"∫ q g\(p/q\)",
    ),
    "joint laws": (
        AtLeast(KL(pxy, qxy), 0),
        r"∫ q g\(p/q\).*minimum 0 at 1",
    ),
    "joint laws by entropies": (
        Equal(KL(pxy, qxy), CrossEntropy(pxy, qxy) - H(pxy)),
        "normal form",
    ),
    "joint laws and their middle": (AtMost(JS(pxy, qxy), log(2)), r"∫ q g\(p/q\)"),
    "variation of joint laws": (
        Equal(TV(pxy, qxy), Int(x, y)[Abs(qxy(x, y) - pxy(x, y))] / 2),
        "normal form",
    ),
    "joint laws below χ²": (AtMost(KL(pxy, qxy), Chi2(pxy, qxy)), r"∫ q g\(p/q\)"),
    "two normal laws": (
        AtLeast(KL(Normal(m, 1), Normal(w, b)), 0),
        r"∫ q g\(p/q\).*minimum 0 at 1",
    ),
    "entropy on three points": (AtMost(H(free_thirds), log(3)), r"∫ q g\(p/q\)"),
    "modulus of a difference, by cases": (
        AtMost(Abs(a - b), Abs(a - c) + Abs(c - b)),
        "exact sign of a rational function",
    ),
    "strictly, by cases": (
        Less(a - b, Abs(a - b) + 1),
        "exact sign of a rational function",
    ),
    "modulus of no difference": (
        AtLeast(Abs(a - 2 * b), a - 2 * b),
        "on both sides of 2",
    ),
    "minimum below the mean": (
        AtMost(Min(a, b), (a + b) / 2),
        "exact sign of a rational function",
    ),
    "two scalars by their ratio": (
        AtLeast(a * log(a / b), a - b),
        "one variable: convex with minimum 0 at 1",
    ),
    "strictly, by their ratio": (
        Less(a - b, a * log(a / b) + b / 100),
        "minimum 1/100 at 1",
    ),
    "sides that are alike": (
        AtLeast(CrossEntropy(p, q) - H(p), KL(p, q)),
        "normal form",
    ),
    "an integrand of one function, strictly": (
        Less(0, Int(x)[h(x) - log(h(x))]),
        "integrand ≥ 0: convex with minimum 1 at 1",
    ),
    "an integrand that is no convex function": (
        AtLeast(Int(x)[(f(x) ** 2 - 1) ** 2], 0),
        "exact sign of the integrand",
    ),
    "a slope that vanishes": (
        Stationary(a * log(t) + b * log(1 - t), a / (a + b), t),
        "derivative at the point; normal form",
    ),
    "divergence 0 for equal laws only": (
        Equivalent(KL(p, q), Equal(p, q)),
        "g ≥ 0 with its only zero at 1",
    ),
    "the slope of the integrand is no polynomial": (
        AtLeast(Int(x)[exp(f(x)) - 1 - f(x)], 0),
        "integrand ≥ 0: convex with minimum 0 at 0",
    ),
    "the best function is another function": (
        Maximiser(E(x, p)[log(D(x))] + E(x, q)[log(1 - D(x))], best, D),
        "convex in D with minimum 0",
    ),
    "the best function is a constant": (
        Minimiser(E(x, p)[(f(x) - a) ** 2], a, f),
        "convex in f with minimum 0 at a",
    ),
    "an exponential of a functional": (AtLeast(exp(H(p)), 0), "whatever the integrals"),
    "a slope that is infinite at 0": (AtMost(TV(p, q), 1 + KL(q, p)), r"∫ q g\(p/q\)"),
    "Hellinger": (
        AtLeast(KL(p, q), 2 - 2 * Int(x)[sqrt(p(x) * q(x))]),
        r"∫ q g\(p/q\)",
    ),
    "a logarithm with a zero factor in its mean": (
        Equal(E(x, p)[(1 + log(D(x))) / log(D(x))], 1 + E(x, p)[1 / log(D(x))]),
        "normal form",
    ),
    "the logarithm of an integral": (Equal(log(Int(x)[p(x)]), 0), "normal form"),
    "the logarithm of two negative factors": (
        Equal(log((t - 2) * (t - 3)), log(2 - t) + log(3 - t)),
        "normal form",
    ),
    "the logarithm of a likelihood": (
        Equal(
            log(D(x) ** t * (1 - D(x)) ** (1 - t)),
            t * log(D(x)) + (1 - t) * log(1 - D(x)),
        ),
        "normal form",
    ),
    "the logarithm of an exponential": (
        Equal(log(a * exp(z)), log(a) + z),
        "normal form",
    ),
    "bits": (Equal(log2(a), log(a) / log(2)), "normal form"),
    "a sum of integers": (Equal(total((i, N))[i], N * (N + 1) / 2), "normal form"),
    "fractions that cancel under a sum": (
        Equal(
            total((i, N))[1 / (1 + ps[i]) - 1 / (1 + ps[i]) ** 2],
            total((i, N))[ps[i] / (1 + ps[i]) ** 2],
        ),
        "normal form",
    ),
    "exponentials of half and third": (
        Equal(
            total((i, N))[exp(xs[i] / 2) * exp(xs[i] / 3)],
            total((j, N))[exp(5 * xs[j] / 6)],
        ),
        "normal form",
    ),
    "entropy of a product of normals": (
        Equal(H(mean), total((i, N))[log(2 * pi * EULER * ps[i]) / 2]),
        "normal form",
    ),
    "cross-entropy of products of normals": (
        Equal(CrossEntropy(mean, other) - H(mean), KL(mean, other)),
        "normal form",
    ),
    "ends that are equal and look different": (
        Equal(JS(Uniform(0, (1 - t) * (1 + t)), Uniform(0, 1 - t**2)), 0),
        "normal form",
    ),
    "a root written as a power": (claim("a^(1/2) = sqrt(a)", a=a), "normal form"),
    "a mean of the values of a line": (
        Equal(Int(u)[u * steps(u)], Mean(steps)),
        "normal form",
    ),
    "an uneven function of a normal law": (
        Equal(E(u, Normal(0, 1))[step(u) + u], E(u, Normal(0, 1))[step(u)]),
        "normal form",
    ),
    "a table beside a free density, an identity": (
        Equal(KL(thirds, free_thirds) + H(thirds), CrossEntropy(thirds, free_thirds)),
        "normal form",
    ),
    "a mean in a logarithm": (
        Equal(E(x, p)[log(E(x_, q)[f(x_) ** 2])], log(E(x, q)[f(x) ** 2])),
        "normal form",
    ),
    "a mean in a square": (
        Equal(E(x, p)[E(x_, q)[f(x_)] ** 2], E(x, q)[f(x)] ** 2),
        "normal form",
    ),
    "a mean inside a mean": (
        Equal(E(x, p)[f(x) + E(x_, q)[f(x_)]], E(x, p)[f(x)] + E(x, q)[f(x)]),
        "normal form",
    ),
    "joint laws are further apart than their parts": (
        AtLeast(KL(pxy, qxy), KL(pxy.on(X), qxy.on(X))),
        "Jensen",
    ),
}


@pytest.mark.parametrize(("what", "how"), **ids(PROVED))
def test_it_is_proved_so(what, how):
    verdict = check(what)
    assert verdict.status == "proved", verdict
    assert re.search(how, verdict.method), verdict


CERTIFIED = {
    "the number of points": Equal(Int(al)[1], 3),
    "a named function of a table": Equal(
        E(al, thirds)[named("g", al, 2 * thirds(al))(al)], Fraction(3, 4)
    ),
    "a named table": Equal(Int(be)[named("g", be, Table("Q", B, (1, 1))(be))(be)], 1),
    "exact values": Equal(E(al, thirds)[Values("f", A, (1, 2, 3))(al)], 2),
    "two tables": Equal(KL(thirds, Table("Q", A, (1, 1, 2))), log(2) / 4),
    "a normal and a uniform law": AtLeast(KL(Uniform(0, 1), Normal(0, 1)), 0),
    "a list of cases": Every(("k < k + 1", "k < k + 1"), (Less(1, 2), Less(2, 3))),
}


@pytest.mark.parametrize("what", **ids(CERTIFIED))
def test_a_finite_instance_is_certified(what):
    assert check(what).status == "certified"


LOSS = 1 / (1 + u**2)
BY_PARTS = E(u, Normal(m, 1))[(u - m) * LOSS]


def test_the_derivative_of_a_mean_in_the_mean_of_its_law():
    slope = d(E(u, Normal(m, 1))[LOSS], m)
    assert Equal(slope, BY_PARTS).proof()
    assert not Equal(slope, E(u, Normal(m, 1))[u * LOSS]).proof()


def test_a_law_without_the_variable_has_derivative_0():
    fixed = E(u, Normal(w, 1))[LOSS]
    assert Equal(d(fixed * E(u, Normal(m, 1))[LOSS], m), fixed * BY_PARTS).proof()
    assert Equal(d(a * fixed, a), fixed).proof()


def test_a_delta_of_two_free_indices_is_no_one():
    slope = d(total((i, N))[xs[j] * ys[i]], xs[k])
    assert not Equal(slope, total((i, N))[ys[i]]).proof()
    assert Equal(d(total((i, N))[xs[k] * ys[i]], xs[k]), total((i, N))[ys[i]]).proof()


@pytest.mark.parametrize("fault", NO_PROOF)
def test_what_sympy_cannot_do_is_no_proof(monkeypatch, fault):
    def fail(*_):
        raise fault

    monkeypatch.setattr(prove, "is_zero", fail)
    assert check(Equal((a + b) ** 2, a**2 + 2 * a * b + b**2)).status == "tested"


# What is false -----------------------------------------------------------------------

REFUTED = {
    "the other point stands alone": Equal(
        E(z_, latent)[f(G(z_)) * g(z_)], E(x, generated)[f(x)]
    ),
    "another latent law": Equal(
        E(x, push(G, latent_))[f(x)], E(x, push(G, latent))[f(x)]
    ),
    "one member for the sum": Equal(
        total((i, N))[KL(Normal(xs[i], 1), Normal(0, 1))], N * xs[1] ** 2 / 2
    ),
    "infinite is not at most": AtMost(apart, 5),
    "infinite is above": AtLeast(5, apart),
    "infinite is not below infinite": Less(apart, oo),
    "another number of points": Equal(Int(al)[1], 4),
    "a constant that is not the best": Minimiser(E(x, p)[(f(x) - a) ** 2], 0, f),
    "an optimum that is not real": Maximiser(-((w - 1) ** 2), sqrt(z), w),
    "a maximum of what is not real": AtLeast(Max(log(z), 1), 1),
    "a minimum of what is not real": AtMost(Min(1, log(z)), 1),
    "a constant forgotten in an inner integral": Equal(
        Int(x)[p(x) * f(x) + E(x_, q)[f(x_)]], E(x, p)[f(x)] + E(x, q)[f(x)]
    ),
    "a sum of integers off by one": Equal(total((i, N))[i], N * (N + 2) / 2),
    "a table for another": Equal(KL(thirds, free_thirds), KL(free_thirds, thirds)),
}


@pytest.mark.parametrize("what", **ids(REFUTED))
def test_it_is_refuted(what):
    verdict = check(what)
    assert verdict.status == "refuted", verdict


def test_the_later_worlds_are_looked_at_when_no_proof_is_found():
    """The first three worlds of a claim about laws agree; the next ones do not."""
    verdict = check(AtMost(KL(Normal(m, 1), Normal(0, 1)), 12))
    assert verdict.status == "refuted"
    assert verdict.counterexample.number >= 3


# What is neither ---------------------------------------------------------------------

UNDECIDED = {
    "no value anywhere": Equal(apart - apart, 0),
    "infinite on both sides": Equal(apart + 1, apart_),
    "half of the worlds have no value": Maximiser(log(z) - z, 1, z),
    "an integral under a maximum": Maximiser(
        -(E(x, p)[(f(x) - z) ** 2]), E(x, p)[f(x)], z
    ),
    "an integral that is not done under a minimum": Minimiser(
        E(x, p)[log(1 + z**2 * D(x))], 0, z
    ),
    "an optimum that is off by too little": Maximiser(
        -((t - Fraction(1, 2)) ** 2), Fraction(1, 2) + Fraction(1, 10**60), t
    ),
    "a flat maximum": Maximiser(-(z**4), 0, z),
    "an integral under a limit": Tends(a * E(x, p)[log(1 + a * D(x))], 0, a, 0),
    "no zero at all, by too little": Equivalent(
        KL(p, q) + Fraction(1, 10**60), Equal(p, q)
    ),
    "a zero that is not strict": Equivalent(KL(p, q) ** 2, Equal(p, q)),
    "entropies of growing intervals": Equal(total((i, 3))[H(Uniform(0, i))], log(6)),
}


@pytest.mark.parametrize("what", **ids(UNDECIDED))
def test_it_stays_undecided(what):
    verdict = check(what)
    assert verdict.status == "undecided", verdict


# The numbers agree; an identity would have to be proved in another way.
TESTED = {
    "a table beside a free density": AtLeast(KL(free_thirds, thirds), 0),
    "the logarithm of a factor of unknown sign": Equal(
        log(z**2 * (2 - t)), log(z**2) + log(2 - t)
    ),
    "one over a logarithm": AtMost(E(x, p)[1 / log(D(x))], 0),
    "a convex integrand whose minimum is above 0": AtLeast(
        Int(x)[f(x) ** 2 - 2 * f(x) + 2], 0
    ),
    "a root of a functional": AtMost(sqrt(JS(p, q)), 1),
    # False: the integral is 0 if h is 1/7 everywhere.
    "an integrand with one zero, strictly": Less(
        0, Int(x)[7 * h(x) - 1 - log(7 * h(x))]
    ),
    "what a processor loses": AtMost(
        KL(push(G, latent), push(G, latent_)), KL(latent, latent_)
    ),
}


@pytest.mark.parametrize("what", **ids(TESTED))
def test_it_is_tested_and_not_called_proved(what):
    verdict = check(what)
    assert verdict.status == "tested", verdict
    assert verdict.points >= 20


# What cannot be read -----------------------------------------------------------------

REFUSED = {
    "a function of another package": (
        lambda: check(Equal(sp.Function("F")(1), 0)),
        r"no numerical meaning is known for F\(1\)",
    ),
    "a variance that may be negative": (
        lambda: check(Equal(H(Normal(0, a - b)), 1)),
        "a variance is positive; 0.0 and",
    ),
    "a variance whose sign is not settled": (
        lambda: check(
            Equal(H(Normal(0, exp(z) - z)), log(2 * pi * EULER * (exp(z) - z)) / 2)
        ),
        r"a variance is positive; -z \+ exp\(z\) may not be",
    ),
    "a mean that is not real": (
        lambda: check(Equal(E(u, Normal(log(z), 1))[u], log(z))),
        r"N\(log z, 1\): parameters are real",
    ),
    "an end that is not real": (
        lambda: check(Equal(E(u, Uniform(0, 1 + sqrt(-a)))[u], 1)),
        r"U\[0, 1 \+ √\(-a\)\]: parameters are real",
    ),
    "ends whose order is not settled": (
        lambda: check(AtLeast(JS(Uniform(0, a), Uniform(0, b)), 0)),
        "the order of the end points",
    ),
    "an end that is a point": (lambda: Uniform(0, u), "parameter is a point"),
    "two uniform integrals": (
        lambda: check(
            Equal(E(u, Uniform(0, 1))[E(v, Uniform(0, 1))[u * v]], Fraction(1, 4))
        ),
        "integrated in one variable",
    ),
    "an integral over the whole line": (
        lambda: check(Equal(Int(u)[exp(-(u**2))], sqrt(pi))),
        "needs a function of its point",
    ),
    "a map of the line beside a law": (
        lambda: check(
            AtLeast(E(u, Normal(0, 1))[f(mapping("F", on=LINE, to=X)(u)) ** 2], 0)
        ),
        "F: maps from or to the line",
    ),
    "a product of laws at a point": (
        lambda: check(Equal(E(rd, mean)[log(mean(rd))], 0)),
        "no numerical meaning is known for a value of N",
    ),
    "a distance of products of laws": (
        lambda: check(AtMost(TV(mean, other), 1)),
        "no numerical meaning is known for a value of N",
    ),
    "a mixture of products of laws": (
        lambda: check(AtLeast(KL(mean, (mean + other) / 2), 0)),
        "no numerical meaning is known for a value of N",
    ),
    "a derivative where the density jumps": (
        lambda: check(Equal(d(E(u, Uniform(0, a))[log(1 + f(x) ** 2)], a), 0)),
        r"the derivative of U\[0, a\] in a is no function",
    ),
    "an undeclared symbol behind a zero": (
        lambda: check(Equal(0 * a * sp.Symbol("w"), 0)),
        "undeclared symbol w",
    ),
    "a bare family behind a zero": (lambda: check(Equal(0 * a * xs, 0)), "x needs an"),
    "a bare density behind a zero": (lambda: check(Equal(0 * a * p, 0)), "p needs a"),
    "a bare name behind a zero": (
        lambda: check(Equal(0 * a * named("g", x, a), 0)),
        "g needs a point",
    ),
    "a bare table behind a zero": (
        lambda: check(Equal(0 * a * thirds, 0)),
        "P needs a point",
    ),
    "a bare law behind a zero": (
        lambda: check(Equal(0 * a * Normal(0, 1), 0)),
        r"N\(0, 1\) needs a point",
    ),
    "a large power": (
        lambda: check(Equal(exp(1) ** 500, EULER**500)),
        r"the power exp\(1\)\^500 is too large",
    ),
    "a denominator that is 0 after all": (
        lambda: check(Equal(*[1 / (sqrt(7) ** 2 - 7)] * 2)),
        "denominator 0",
    ),
    "a sum of too many terms": (
        lambda: check(Equal(total((i, 10**9))[xs[i]], 1)),
        "1000000000 terms is too long",
    ),
    "one name with two ranges": (
        lambda: check(AtMost(D(x) - function("D", X, (0, 2))(x), 1)),
        "declared twice with different domains",
    ),
    "tables of different length": (
        lambda: check(Equal(KL(Table("Q", B, (1, 1)), Table("R", B, (1, 2, 3))), 0)),
        "two tables on B differ in length",
    ),
    "a size below one": (lambda: Space("A", "finite", -1), "not -1"),
    "a broken size": (lambda: Space("A", "finite", Fraction(1, 2)), "not 1/2"),
    "a function without values": (lambda: Values("f", A, ()), "at least one value"),
    "one space twice": (lambda: joint("p", X, X), "both are X"),
    "no mixture": (lambda: KL(p, exp(q)), r"exp\(q\) is no density"),
    "a law that varies": (
        lambda: vary(KL(p, q), Normal(0, 1)),
        r"only an abstract density can vary, not N\(0, 1\)",
    ),
    "a pushed law beside its map": (
        lambda: vary(E(z_, latent)[log(D(G(z_)))], generated),
        "the map behind it does not",
    ),
    "two arguments of a logarithm": (
        lambda: type(log(a))(a, b),
        "Log takes 1 arguments",
    ),
}


@pytest.mark.parametrize(("make", "says"), **ids(REFUSED))
def test_it_is_refused_in_a_sentence(make, says):
    with pytest.raises(ClaimError, match=says):
        make()


def test_a_relation_without_a_meaning_cannot_be_made():
    with pytest.raises(TypeError, match="abstract"):
        Claim(a, b)


def test_stationary_where_the_point_is_not_real():
    assert check(Stationary(-((w - 1) ** 2), sqrt(z), w)).status == "refuted"


# The objects themselves --------------------------------------------------------------


@pytest.mark.parametrize(
    "formula", [KL(p, q) + a, E(al, thirds)[thirds(al)], f(G(z_)), xs[i] ** 2], ids=str
)
def test_a_formula_survives_copying_and_travelling(formula):
    assert copy.deepcopy(formula) == formula
    assert pickle.loads(pickle.dumps(formula)) == formula


def test_a_number_may_stand_left_of_every_operator():
    assert str(2**a) == "2^a"
    assert str(+a) == "a"
    assert str(1 - a) == "1 - a"
    assert str(1 / a) == "1/a"


def test_sympy_and_notebooks_get_the_same_latex():
    assert sp.latex(b + a) == "b + a"
    assert (b + a)._repr_latex_() == r"$\displaystyle b + a$"


def test_the_points_of_a_line_may_hold_two_laws_at_once():
    """Beside a normal law, a joint density of two lines is read at their points."""
    from ottools.derive.attack import Evaluate

    both = AtMost(H(plane), H(plane.on(LINE)) + H(plane.on(S)) + a * Mean(steps))
    world = both.world(both.seed, 0)
    assert world.located
    table, value = world.table(plane), Evaluate(world)
    weights = {
        (k, m): val * world.cells(LINE)[k][1] * world.cells(S)[m][1]
        for (k, m), val in table.items()
    }
    assert sum(weights.values()) == 1
    wanted = -sum(w * sp.log(table[key]) for key, w in weights.items())
    assert abs(value(H(plane)) - wanted) < 1e-12
    assert abs(value(Chi2(plane, plane))) < 1e-12
