"""Claims under premises, least values, linear arithmetic: proved, refuted, shown."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
import sympy as sp
from mpmath import mp

from ottools.derive import (
    Abs,
    AtLeast,
    AtMost,
    ClaimError,
    E,
    Equal,
    Every,
    ForAll,
    Greatest,
    If,
    Int,
    Less,
    Max,
    Min,
    Rational,
    Space,
    between,
    check,
    densities,
    function,
    index,
    joint,
    log,
    mutants,
    named,
    natural,
    oo,
    positive,
    real,
    samples,
    score,
    sqrt,
    tex,
    text,
    unit,
)
from ottools.derive.claims import proof_of
from ottools.derive.linear import Fact, combination, follows, solution

r, s, t, u = real("r s t u")
a, b = positive("a b")
w = unit("w")
A, B, X = (Space(k, "finite", natural(n)) for k, n in zip("ABX", "nml", strict=True))
x, x_, y = A.point("x"), A.point("x'"), B.point("y")
c, f, g = function("c", (A, B)), function("f", A), function("g", B)
P = joint("P", A, B)
i, j, k = index("i j k")
fs, gs, cs = samples("f g c")
ps = samples("p", positive=True)
v, v_, v0 = X.point("v"), X.point("v'"), X.point("z")
dist, h = function("d", (X, X)), function("h", X)
weight = function("P", (X, X), (0, oo))


def least(body, point):
    from ottools.derive import Least

    return Least(point)[body]


fc = named("f^c", y, least(c(x, y) - f(x), x))
fcc = named("f^{cc}", x, least(c(x, y) - fc(y), y))
fccc = named("f^{ccc}", y, least(c(x, y) - fcc(x), x))
lower = named("u", v, least(dist(v, v0) - h(v0), v0))
feasible = ForAll((x, y), AtMost(f(x) + g(y), c(x, y)))
triangle = ForAll((v, v_, v0), AtMost(dist(v, v0), dist(v, v_) + dist(v_, v0)))
dual = E(x, P.on(A))[f(x)] + E(y, P.on(B))[g(y)]
primal = Int(x, y)[P(x, y) * c(x, y)]
p_, q_ = densities("p q", on=A)
e_, h_ = function("e", A), function("h", A)

PROVED = {
    "three premises": If(
        (AtMost(r, s - t), Equal(u, t), AtMost(s, 1)), AtMost(r + u, 1)
    ),
    "one premise": If(AtMost(r, s), AtMost(r - s, 0)),
    "a coefficient": If((AtMost(2 * r, s), AtMost(s, 4)), AtMost(r, 2)),
    "an equation": If((Equal(r, s + 1), Equal(s, t)), Equal(r - t, 1)),
    "a strict premise": If((AtMost(r, s), Less(s, t)), Less(r, t)),
    "room": If((AtMost(r, s), AtMost(s, t)), Less(r, t + 1)),
    "a declared sign": If(AtMost(r, s - a), Less(r, s)),
    "a declared interval": If(AtMost(r, s - w), Less(r, s)),
    "an upper end": If(AtMost(r, w), Less(r, 1)),
    "another interval": If(AtMost(r, between("q", 2, 3)), Less(r, 3)),
    "a square": If(AtMost(r + s**2, t), AtMost(r, t)),
    "a product as it stands": If(AtMost(a * r, a * s), AtMost(a * r - a * s, 1)),
    "a contradiction": If(
        (AtMost(r + s, 1), AtLeast(r, 2), AtLeast(s, 0)), AtMost(1, 0)
    ),
    "a contradiction, turned": If((AtMost(r, 1), AtLeast(r, 2)), AtLeast(0, 1)),
    "members of families": If(
        (AtMost(fs[i] + gs[j], cs[i, j]), AtMost(fs[k] + gs[j], cs[k, j])),
        AtMost(fs[i] + fs[k] + 2 * gs[j], cs[i, j] + cs[k, j]),
    ),
    "positive members": If(AtMost(fs[i] + ps[i], gs[i]), AtMost(fs[i], gs[i])),
    "functions at points": If(
        (
            AtMost(h(v), dist(v, v0)),
            Equal(h(v_), dist(v_, v0)),
            AtMost(dist(v, v0), dist(v, v_) + dist(v_, v0)),
        ),
        AtMost(h(v) - h(v_), dist(v, v_)),
    ),
    "moduli": If((AtMost(Abs(r - s), t), AtMost(Abs(s), t)), AtMost(Abs(r), 2 * t)),
    "for all points": If(triangle, AtMost(lower(v) - lower(v_), dist(v, v_))),
    "weak duality": If(feasible, AtMost(dual, primal)),
    "two laws": If(
        (ForAll(x, AtMost(f(x), h_(x))), ForAll(x, AtMost(h_(x), -e_(x)))),
        AtMost(E(x, p_)[f(x)] + E(x, q_)[e_(x)], E(x, p_)[h_(x)] - E(x, q_)[h_(x)]),
    ),
    "times a density": If(
        AtMost(e_(x), -f(x)),
        AtMost(p_(x) * f(x) + q_(x) * e_(x), (p_(x) - q_(x)) * f(x)),
    ),
    "under a positive function": If(
        ForAll((v, v_), AtMost(h(v) - h(v_), dist(v, v_))),
        AtMost(
            Int(v, v_)[weight(v, v_) * (h(v) - h(v_))],
            Int(v, v_)[weight(v, v_) * dist(v, v_)],
        ),
    ),
    "times an inverse": If(
        ForAll((v, v_), AtMost(h(v) - h(v_), a * dist(v, v_))),
        AtMost(h(v) / a - h(v_) / a, dist(v, v_)),
    ),
    "minimum below": AtMost(Min(r, s), s),
    "minimum of Lipschitz functions": AtMost(
        Abs(Min(r, s) - Min(t, u)), Max(Abs(r - t), Abs(s - u))
    ),
    "minimum is concave": AtMost(Min(r, s) + Min(t, u), Min(r + t, s + u)),
    "moduli of reals": AtMost(Abs(r - t), Abs(r - s) + Abs(s - t)),
    "c-transforms are feasible": AtMost(f(x_) + fc(y), c(x_, y)),
    "twice transformed": AtLeast(fcc(x), f(x)),
    "three times": Equal(fccc(y), fc(y)),
    "least and greatest": Equal(least(-f(x), x), -Greatest(x)[f(x)]),
    "least below greatest": AtMost(least(f(x), x), Greatest(x)[f(x)]),
    "weak duality of transforms": AtMost(
        E(x, P.on(A))[f(x)] + E(y, P.on(B))[fc(y)], primal
    ),
}
FALSE = {
    "a premise dropped": If((AtMost(r, s - t), Equal(u, t)), AtMost(r + u, 1)),
    "a premise turned": If((AtMost(s, r), AtMost(s, t)), AtMost(r, t)),
    "a wrong coefficient": If((AtMost(2 * r, s), AtMost(s, 4)), AtMost(r, 1)),
    "a strict conclusion": If((AtMost(r, s), AtMost(s, t)), Less(r, t)),
    "no contradiction": If(
        (AtMost(r + s, 1), AtLeast(r, 1), AtLeast(s, 0)), AtMost(1, 0)
    ),
    "no contradiction, turned": If((AtMost(r, 1), AtLeast(r, 1)), AtLeast(0, 1)),
    "other members": If(AtMost(fs[i], gs[i]), AtMost(fs[j], gs[j])),
    "other points": If(AtMost(f(x), 1), AtMost(f(x_), 1)),
    "an inequality of one point": If(
        AtMost(f(x) + g(y), c(x, y)), AtMost(dual, primal)
    ),
    "not feasible": If(
        ForAll((x, y), AtMost(f(x) - g(y), c(x, y))), AtMost(dual, primal)
    ),
    "duality turned": If(feasible, AtLeast(dual, primal)),
    "duality with room": If(feasible, AtMost(dual + Rational(1, 9), primal)),
    "no triangle": If(
        ForAll((v, v_), AtLeast(dist(v, v_), 0)),
        AtMost(lower(v) - lower(v_), dist(v, v_)),
    ),
    "half the distance": If(triangle, AtMost(lower(v) - lower(v_), dist(v, v_) / 2)),
    "moduli, too small": If(
        (AtMost(Abs(r - s), t), AtMost(Abs(s), t)), AtMost(Abs(r), t)
    ),
    "under a function of any sign": If(
        ForAll((v, v_), AtMost(h(v) - h(v_), dist(v, v_))),
        AtMost(
            Int(v, v_)[dist(v, v_) * (h(v) - h(v_))],
            Int(v, v_)[dist(v, v_) * dist(v, v_)],
        ),
    ),
    "two laws, exchanged": If(
        (ForAll(x, AtMost(f(x), h_(x))), ForAll(x, AtMost(h_(x), -e_(x)))),
        AtMost(E(x, q_)[f(x)] + E(x, p_)[e_(x)], E(x, p_)[h_(x)] - E(x, q_)[h_(x)]),
    ),
    "times a number of unknown sign": If(AtMost(s, t), AtMost(r * s, r * t)),
    "minimum above": AtMost(s, Min(r, s)),
    "minimum convex": AtLeast(Min(r, s) + Min(t, u), Min(r + t, s + u)),
    "c-transforms too large": AtMost(f(x_) + fc(y) + Rational(1, 7), c(x_, y)),
    "the other point": AtMost(f(x_) + fc(y), c(x, y)),
    "transformed back": Equal(fcc(x), f(x)),
    "greatest for least": AtMost(Greatest(x)[f(x)], least(f(x), x)),
    "transforms, turned": AtLeast(E(x, P.on(A))[f(x)] + E(y, P.on(B))[fc(y)], primal),
    "a strict minimum": Less(least(f(x), x), Greatest(x)[f(x)]),
}
# True, and no linear consequence; or no world is found in which the premises hold.
UNPROVED = {
    "a product of premises": If((AtLeast(r, 0), AtLeast(s, 0)), AtLeast(r * s, 0)),
    "a root": If(AtLeast(r, 1), AtLeast(sqrt(r), 1)),
    "an equation under the integral": If(
        ForAll((x, y), Equal(f(x) + g(y), c(x, y))), Equal(dual, primal)
    ),
    "a premise times a square": If(
        ForAll(x, AtMost(f(x), 1)),
        AtMost(E(x, p_)[f(x) ** 3], E(x, p_)[f(x) ** 2]),
    ),
    "no world": If((Less(r, s), Less(s, r)), AtMost(r, t)),
    "an irrational premise": If(Equal(log(a), 1), AtLeast(a, 1)),
    "too many moduli": AtMost(
        Abs(r + s + t), sum((Abs(r) + Abs(s) + Abs(t - k) for k in range(5)), Abs(t))
    ),
}


@pytest.mark.parametrize("what", PROVED.values(), ids=PROVED.keys())
def test_it_is_proved(what):
    verdict = check(what)
    assert verdict.status == "proved", verdict


@pytest.mark.parametrize("what", FALSE.values(), ids=FALSE.keys())
def test_a_false_variant_is_refuted(what):
    verdict = check(what)
    assert verdict.status == "refuted", verdict
    left, right = verdict.counterexample.reevaluate(40)
    assert what.fails(left, right, mp.mpf(10) ** -20)


@pytest.mark.parametrize("what", UNPROVED.values(), ids=UNPROVED.keys())
def test_what_does_not_follow_linearly_is_not_proved(what):
    assert check(what).status in ("tested", "undecided")


@pytest.mark.parametrize(
    "name", ["three premises", "weak duality", "twice transformed"]
)
def test_slips_are_refuted(name):
    result = score(PROVED[name])
    assert result.survivors == (), result


def test_premises_are_dropped_and_conclusions_turned():
    slips = {m.slip for m in mutants(PROVED["three premises"], 40)}
    assert {"drop a premise", "flip the relation"} <= slips
    assert "drop a premise" not in {m.slip for m in mutants(PROVED["one premise"], 40)}
    assert "flip the relation" not in {
        m.slip for m in mutants(PROVED["an equation"], 40)
    }
    ends = {m.slip for m in mutants(PROVED["least below greatest"], 40)}
    assert "take the other end" in ends


def test_how_it_follows_is_said():
    verdict = check(PROVED["an equation"])
    assert verdict.method == "linear arithmetic: 1·(a) + 1·(b)"
    assert "under the integral" in check(PROVED["weak duality"]).method
    assert check(PROVED["a strict premise"]).method.endswith("1·(a) + 1·(b)")
    assert check(PROVED["minimum below"]).method.startswith("linear arithmetic")


def test_premises_are_set_before_the_arrow():
    shown = PROVED["a coefficient"]
    assert text(2 * r) + " ≤ s, s ≤ 4 ⟹ r ≤ 2" == shown.text()
    assert shown.tex() == r"2\,r \le s,\; s \le 4 \implies r \le 2"
    assert PROVED["weak duality"].text().startswith("∀x,y: f(x) + g(y) ≤ c(x, y) ⟹")
    assert r"\forall x,y\colon f(x)" in PROVED["weak duality"].tex()
    assert text(fc.key[2]) == "min_{x}[c(x, y) - f(x)]"
    assert tex(Greatest(x)[f(x)]) == r"\max_{x}\left[f(x)\right]"


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: If((), AtMost(r, s)), "If takes premises and a conclusion"),
        (lambda: If((r,), AtMost(r, s)), "If takes premises and a conclusion"),
        (
            lambda: If(AtMost(r, s), Every(("a", "a"), (Equal(1, 1),))),
            "If takes premises and a conclusion",
        ),
        (lambda: ForAll((r,), AtMost(r, s)), "ForAll takes points"),
        (lambda: least(r, Space("Y").point("y")), "over a finite space; Y is abstract"),
    ],
)
def test_what_makes_no_sense_is_refused(build, message):
    with pytest.raises(ClaimError, match=message):
        build()


def test_one_point_needs_no_tuple():
    premise = ForAll(x, AtMost(f(x), 1))
    assert check(If(premise, AtMost(f(x_), 1))).status == "proved"
    assert check(If(premise, AtMost(E(x, P.on(A))[f(x)], 1))).status == "proved"


def test_a_least_value_where_the_function_is_not_real():
    assert check(Equal(least(sqrt(f(x)), x), sqrt(f(x_)))).status == "refuted"


def test_closed_claims_with_least_values_are_certified():
    from ottools.derive import Values

    four = Space("F", "finite")
    cost = Values("q", four, (3, 1, 2, 5))
    z = four.point("z")
    assert check(Equal(least(cost(z), z), 1)).status == "certified"
    assert check(Equal(Greatest(z)[cost(z)], 4)).status == "refuted"
    beside = AtMost(least(cost(z) + cost(four.point("z'")), z), 2)
    assert check(beside).status == "refuted"


def test_a_space_of_given_size_keeps_it():
    five = Space("F", "finite", 5)
    z, size = five.point("z"), Int(five.point("z"))[1]
    e = function("e", five)
    what = If(ForAll(z, AtLeast(e(z), 1)), AtLeast(Int(z)[e(z)], size))
    assert check(what).status in ("proved", "tested")
    assert check(If(ForAll(z, AtLeast(e(z), 1)), AtMost(size, 4))).status == "refuted"


# The arithmetic below ----------------------------------------------------------------

p, q = sp.symbols("p q", real=True)


def test_a_system_is_solved_exactly_or_not_at_all():
    rng = random.Random(1)
    solved = 0
    for _ in range(150):
        m, n = rng.randint(1, 4), rng.randint(1, 6)
        rows = [[Fraction(rng.randint(-3, 3)) for _ in range(n)] for _ in range(m)]
        point = [Fraction(rng.randint(0, 3)) for _ in range(n)]
        target = [sum(e * z for e, z in zip(row, point, strict=True)) for row in rows]
        gain = [Fraction(rng.randint(0, 1)) for _ in range(n)]
        found = solution(rows, target, gain)
        assert found is not None
        assert min(found) >= 0
        for row, value in zip(rows, target, strict=True):
            assert sum(e * z for e, z in zip(row, found, strict=True)) == value
        wrong = solution([*rows, [Fraction(0)] * n], [*target, Fraction(1)], gain)
        assert wrong is None
        solved += 1
    assert solved == 150


def test_a_combination_is_shown_with_its_signs():
    facts = [Fact(p - q, "(a)", equal=True), Fact(q, "(b)")]
    assert combination(p, facts, {}, False) == {"(a)": 1, "(b)": 1}
    assert combination(
        -p, [Fact(p + q, "(a)", equal=True), Fact(q, "(b)")], {}, False
    ) == {
        "(a)": -1,
        "(b)": 1,
    }
    assert combination(p, facts, {}, True) is None
    assert follows(Fact(p, equal=True), facts, {}) is None
    assert follows(Fact(p - q, equal=True), facts, {}) == {"(a)": 1}


def test_a_case_that_fails_is_no_proof():
    assert follows(Fact(sp.Abs(p) - 1), [], {}) is None


def test_the_facts_about_least_values_are_limited():
    points = [A.point(f"x{n}") for n in range(13)]
    parts = [function(f"f_{n}", A) for n in range(6)]
    low = sum((least(e(x), x) for e in parts), 0 * r)
    high = sum((e(z) for e in parts[:1] for z in points), 0 * r)
    assert proof_of(AtMost(low, high)) is None


def test_an_irrational_coefficient_is_part_of_the_atom():
    facts = [Fact(sp.sqrt(2) * p, "(a)")]
    assert follows(Fact(3 * sp.sqrt(2) * p), facts, {}) == {"(a)": 3}
    assert follows(Fact(p), facts, {}) is None


def test_premises_that_no_world_was_moved_into_show_nothing():
    # False, as x may be the root of 2; no exact number of a world is.
    number = real("x")
    claim = If((Equal(number**2, 2),), AtMost(1, 0))
    assert check(claim).status == "undecided"
