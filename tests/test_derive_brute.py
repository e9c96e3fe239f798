"""Five hundred random claims against an evaluator that shares nothing with the engine.

The formulas are drawn together with a meaning: a plain Python function of finite mass
functions and numbers. What `check` calls proved must then hold, in floats, in many
random worlds that reach far outside those in which the engine itself looks; what it
calls refuted must not be an identity by construction.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from fractions import Fraction

import pytest

from ottools.derive import (
    JS,
    KL,
    TV,
    Abs,
    AtLeast,
    AtMost,
    Chi2,
    CrossEntropy,
    E,
    Equal,
    H,
    Less,
    Max,
    Min,
    Space,
    check,
    densities,
    exp,
    log,
    positive,
    real,
    sqrt,
    unit,
)
from ottools.derive.ordered import ClaimError

X = Space("X")
x = X.point("x")
P, Q = densities("p q", on=X)
A, B = positive("a b")
Z = real("z")
U = unit("u")
CLAIMS, WORLDS = 500, 60
# An equation that fails, fails nearly everywhere, so not even `tested` may be wrong; an
# inequality may fail so far out that only a proof speaks for it.
SURE = dict.fromkeys((AtMost, AtLeast, Less), ("proved", "certified"))
SURE[Equal] = ("proved", "certified", "tested")


@dataclass(frozen=True)
class Pair:
    """A formula and what it means, as a function of a world."""

    formula: object
    value: object


def kl(p, q):
    return sum(w * s * math.log(s / t) for w, s, t in zip(*p, q[1], strict=True))


def mean(p, f):
    return sum(w * s * f(k) for k, (w, s) in enumerate(zip(*p, strict=True)))


def mixed(p, q):
    return p[0], [(s + t) / 2 for s, t in zip(p[1], q[1], strict=True)]


def js(p, q):
    return (kl(p, mixed(p, q)) + kl(q, mixed(p, q))) / 2


def halves(p, q):
    return sum(w * abs(s - t) for w, s, t in zip(*p, q[1], strict=True)) / 2


def chi2(p, q):
    return sum(w * (s - t) ** 2 / t for w, s, t in zip(*p, q[1], strict=True))


def entropy(p):
    return -sum(w * s * math.log(s) for w, s in zip(*p, strict=True))


def cross(p, q):
    return -sum(w * s * math.log(t) for w, s, t in zip(*p, q[1], strict=True))


def world(rng):
    """Draw two mass functions on cells of random width, and four numbers."""
    n = rng.randint(2, 5)
    width = [10 ** rng.uniform(-1, 1) for _ in range(n)]

    def density():
        raw = [10 ** rng.uniform(-3, 3) for _ in range(n)]
        total = sum(r * w for r, w in zip(raw, width, strict=True))
        return width, [r / total for r in raw]

    p = density()
    q = p if rng.random() < 0.1 else density()
    return {
        "p": p,
        "q": q,
        "a": 10 ** rng.uniform(-4, 4),
        "b": 10 ** rng.uniform(-4, 4),
        "z": rng.choice((-1, 1)) * 10 ** rng.uniform(-2, 2.5),
        "u": rng.choice((rng.random(), 1e-6, 1 - 1e-6)),
    }


NUMBERS = [
    Pair(A, lambda w: w["a"]),
    Pair(B, lambda w: w["b"]),
    Pair(Z, lambda w: w["z"]),
    Pair(U, lambda w: w["u"]),
    Pair(Z**2, lambda w: w["z"] ** 2),
    Pair(A + B, lambda w: w["a"] + w["b"]),
    Pair(A * B, lambda w: w["a"] * w["b"]),
    Pair(A / B, lambda w: w["a"] / w["b"]),
    Pair(Abs(Z), lambda w: abs(w["z"])),
    Pair(Max(A, B), lambda w: max(w["a"], w["b"])),
    Pair(Min(A, Z), lambda w: min(w["a"], w["z"])),
    Pair(log(A), lambda w: math.log(w["a"])),
    Pair(log(A * B), lambda w: math.log(w["a"] * w["b"])),
    Pair(log(A + B), lambda w: math.log(w["a"] + w["b"])),
    Pair(log(U), lambda w: math.log(w["u"])),
    Pair(log(1 - U), lambda w: math.log(1 - w["u"])),
    Pair(log(Z**2), lambda w: 2 * math.log(abs(w["z"]))),
    Pair(sqrt(A), lambda w: math.sqrt(w["a"])),
    Pair(sqrt(Z**2), lambda w: abs(w["z"])),
    Pair(sqrt(A * B), lambda w: math.sqrt(w["a"] * w["b"])),
    Pair(exp(U), lambda w: math.exp(w["u"])),
    Pair(exp(Z), lambda w: math.exp(w["z"])),
]
FUNCTIONALS = [
    Pair(KL(P, Q), lambda w: kl(w["p"], w["q"])),
    Pair(KL(Q, P), lambda w: kl(w["q"], w["p"])),
    Pair(JS(P, Q), lambda w: js(w["p"], w["q"])),
    Pair(KL(P, (P + Q) / 2), lambda w: kl(w["p"], mixed(w["p"], w["q"]))),
    Pair(KL((P + Q) / 2, Q), lambda w: kl(mixed(w["p"], w["q"]), w["q"])),
    Pair(TV(P, Q), lambda w: halves(w["p"], w["q"])),
    Pair(Chi2(P, Q), lambda w: chi2(w["p"], w["q"])),
    Pair(H(P), lambda w: entropy(w["p"])),
    Pair(H(Q), lambda w: entropy(w["q"])),
    Pair(CrossEntropy(P, Q), lambda w: cross(w["p"], w["q"])),
    Pair(
        E(x, P)[log(P(x) / (P(x) + Q(x)))],
        lambda w: kl(w["p"], mixed(w["p"], w["q"])) - math.log(2),
    ),
    Pair(
        E(x, P)[Q(x) / P(x)],
        lambda _: 1,
    ),
    Pair(
        E(x, Q)[P(x) / Q(x) - 1],
        lambda _: 0,
    ),
    Pair(
        E(x, Q)[P(x) ** 2 / Q(x) ** 2],
        lambda w: 1 + chi2(w["p"], w["q"]),
    ),
    Pair(
        E(x, P)[(P(x) - Q(x)) / (P(x) + Q(x))],
        lambda w: mean(
            w["p"],
            lambda k: (w["p"][1][k] - w["q"][1][k]) / (w["p"][1][k] + w["q"][1][k]),
        ),
    ),
    Pair(sqrt(JS(P, Q)), lambda w: math.sqrt(max(0, js(w["p"], w["q"])))),
]


def scaled(rng, pair):
    """Multiply by a small number, or square."""
    k = rng.choice((1, 1, 1, 1, -1, 2, 3, Fraction(1, 2), "square"))
    if k == 1:
        return pair
    if k == "square":
        return Pair(pair.formula**2, lambda w: pair.value(w) ** 2)
    return Pair(k * pair.formula, lambda w: k * pair.value(w))


def term(rng, pool):
    """Draw a term: one formula, a product or a quotient of two."""
    one = scaled(rng, rng.choice(pool))
    if rng.random() < 0.8:
        return one
    two = rng.choice(pool)
    if rng.random() < 0.5:
        return Pair(one.formula * two.formula, lambda w: one.value(w) * two.value(w))
    return Pair(one.formula / two.formula, lambda w: one.value(w) / two.value(w))


def side(rng, pool):
    """Draw a sum of up to three terms and a constant."""
    out = term(rng, pool)
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        more, before = term(rng, pool), out
        out = Pair(
            before.formula + more.formula,
            lambda w, m=more, o=before: o.value(w) + m.value(w),
        )
    shift = rng.choice((None, None, 0, 1, -1, 100, -100, Fraction(1, 2)))
    if shift is None:
        return out
    total = out
    return Pair(total.formula + shift, lambda w: total.value(w) + float(shift))


ALIKE = [
    (JS(P, Q), JS(Q, P)),
    (KL(P, Q), CrossEntropy(P, Q) - H(P)),
    (log(A * B), log(A) + log(B)),
    (log(A / B), log(A) - log(B)),
    (Z**2, Abs(Z) ** 2),
    (sqrt(Z**2), Abs(Z)),
    (2 * Max(A, B), A + B + Abs(A - B)),
    (Chi2(P, Q), E(x, Q)[P(x) ** 2 / Q(x) ** 2] - 1),
    (exp(Z), exp(Z / 2) ** 2),
    ((A + B) ** 2, A**2 + 2 * A * B + B**2),
]


def draw(rng):
    """Draw a claim and its meaning; a third are built to be true or nearly so."""
    pool = rng.choice((NUMBERS, FUNCTIONALS, NUMBERS[:4] + FUNCTIONALS))
    relation = rng.choice((Equal, Equal, AtMost, AtLeast, Less))
    left = side(rng, pool)
    if relation is Equal and rng.random() < 0.5:
        old, new = rng.choice(ALIKE)
        k = rng.choice((1, 2, -1))
        truth = k == 1
        return Equal(left.formula + old, left.formula + k * new), truth
    right = side(rng, pool)
    return relation(left.formula, right.formula), (left, right)


HOLDS = {
    Equal: lambda a, b, slack: abs(a - b) <= slack,
    AtMost: lambda a, b, slack: a <= b + slack,
    AtLeast: lambda a, b, slack: a >= b - slack,
    # A strict inequality between floats is no stronger than a weak one.
    Less: lambda a, b, slack: a < b + slack,
}


def counterexample(claim, sides, rng):
    """Look for a world in which the claim plainly fails."""
    left, right = sides
    for _ in range(WORLDS):
        w = world(rng)
        try:
            a, b = left.value(w), right.value(w)
        except (OverflowError, ZeroDivisionError):
            continue
        if not HOLDS[type(claim)](a, b, 1e-5 * max(1, abs(a), abs(b))):
            return w, a, b
    return None


@pytest.mark.no_cover
@pytest.mark.parametrize("block", range(25))
def test_nothing_proved_is_false(block):
    rng = random.Random(f"random claims {block}")
    for _ in range(CLAIMS // 25):
        claim, meaning = draw(rng)
        try:
            status = check(claim).status
        except ClaimError:
            continue
        if meaning is True:
            assert status != "refuted", claim
        elif meaning is False:
            assert status not in ("proved", "certified", "tested"), claim
        elif status in SURE[type(claim)]:
            found = counterexample(claim, meaning, rng)
            assert not found, (str(claim), status, found)


def test_the_evaluator_itself():
    """Two known worlds, so that the judge is judged."""
    p, q = ([1, 1], [0.5, 0.5]), ([1, 1], [0.25, 0.75])
    assert math.isclose(kl(p, q), 0.5 * math.log(2) + 0.5 * math.log(2 / 3))
    assert math.isclose(js(p, q), js(q, p))
    assert math.isclose(chi2(p, q), 0.25 + 0.0625 / 0.75)
    assert math.isclose(entropy(p), math.log(2))
