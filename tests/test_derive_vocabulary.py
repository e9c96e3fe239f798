"""Bad input is refused at once, in a sentence that names what is wrong."""

from __future__ import annotations

import contextlib
from fractions import Fraction

import pytest
import sympy as sp
from patience import patience  # noqa: F401

from ottools.derive import (
    JS,
    KL,
    LINE,
    TV,
    Alias,
    AtLeast,
    AtMost,
    Chi2,
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
    Normal,
    Space,
    Table,
    Tends,
    Uniform,
    between,
    check,
    claim,
    d,
    densities,
    exp,
    formula,
    function,
    index,
    joint,
    log,
    natural,
    oo,
    pi,
    positive,
    real,
    samples,
    sqrt,
    text,
    total,
    unit,
)

pytestmark = pytest.mark.usefixtures("patience")

X, Y, A = Space("X"), Space("Y"), Space("A", "finite", 3)
x, x_, y = X.point("x"), X.point("x'"), Y.point("y")
p, q = densities("p q", on=X)
r = densities("r", on=Y)
pxy = joint("p", X, Y)
a, b = positive("a b")
z = real("z")
t = unit("t")
n = natural("n")
i = index("i")
xs = samples("x")
u = LINE.point("u")

REFUSED = {
    "float": (lambda: Equal(a, 0.5), "0.5 is not exact"),
    "float inside": (lambda: Equal(a * (sp.pi * 0.5), 1), "float|exact"),
    "float in a range": (lambda: function("D", X, (0, 0.5)), "float|exact"),
    "float in an operator": (lambda: a + 0.1, "0.1 is not exact"),
    "float weight": (lambda: Table("P", A, (0.5, 0.5, 0)), "exact"),
    "truth value": (lambda: Equal(True, a), "True is not exact"),
    "string": (lambda: Equal("a", 1), "'a' of type str"),
    "list": (lambda: Equal([1], 1), "of type list"),
    "undeclared": (lambda: check(Equal(sp.Symbol("w") + a, a)), "undeclared.* w"),
    "undeclared in text": (lambda: claim("KL(p, v) = 0", p=p), "undeclared symbol v"),
    "two spaces": (lambda: KL(p, r), "live on X, Y"),
    "mean on another space": (lambda: E(y, p)[1], "density on Y is wanted.* on X"),
    "value on another space": (lambda: p(y), "p lives on X .*evaluated on Y"),
    "joint turned round": (lambda: pxy(y, x), "p lives on X, Y .*evaluated on Y, X"),
    "value at a number": (lambda: p(a), "p lives on X"),
    "marginal elsewhere": (lambda: pxy.on(A), "p is no density on A"),
    "too few densities": (lambda: KL(p), "KL takes 2 densities, 1 came"),
    "no density": (lambda: H(a), "no space|density"),
    "bare density": (lambda: check(Equal(p, q)), "p.* point|p\\(x\\)"),
    "bare family": (lambda: check(Equal(xs, 1)), "index"),
    "kind of space": (lambda: Space("X", "discrete"), "kind of space X"),
    "negative weight": (lambda: Table("P", A, (1, -1)), "weights of P"),
    "no weights": (lambda: Table("P", A, ()), "weights of P"),
    "empty interval": (lambda: between("t", 1, 0), "1.*0|interval"),
    "no name": (lambda: real(""), "at least one name"),
    "two ranges": (lambda: check(Equal(real("a"), positive("a"))), "a .*twice"),
    "relation of a formula": (lambda: bool(a), "neither true nor false"),
    "no relation": (lambda: check(KL(p, q)), "not KL"),
    "equivalence": (lambda: Equivalent(KL(p, q), Equal(a, b)), "two densities"),
    "cases": (lambda: Every(("", ""), ()), "non-empty"),
    "open case": (lambda: Every(("", ""), (Less(a, 1),)), "without free symbols"),
    "limit outside": (lambda: check(Tends(t, 5, t, 5)), "5|outside"),
    "derivative in a density": (
        lambda: check(Equal(d(KL(p, q), p), 0)),
        "deriv|symbol",
    ),
    "derivative in a number": (lambda: check(Equal(d(a, 1), 0)), "deriv|symbol"),
    "derivative in a sum": (lambda: check(Equal(d(a**2, a + b), 0)), "deriv|symbol"),
    "negative variance": (
        lambda: check(Equal(H(Normal(0, z)), 1)),
        "variance|positive",
    ),
    "reversed interval": (
        lambda: check(Equal(H(Uniform(1, 0)), 0)),
        "U\\[1, 0\\]|interval",
    ),
    "parameter is a point": (
        lambda: E(u, Normal(0, 1))[KL(Normal(u, 1), Normal(0, 1))],
        "N\\(u, 1\\)",
    ),
    "unknown relation": (lambda: claim("a ~ b", a=a, b=b), "cannot read|relation"),
    "not equal": (lambda: claim("a != b", a=a, b=b), "cannot read|relation"),
    "two relations": (lambda: claim("a <= b <= z", a=a, b=b, z=z), "one relation"),
    "no right side": (lambda: claim("a =", a=a), "cannot read"),
    "half a bracket": (lambda: claim("log(a = 1", a=a), "cannot read"),
    "attribute": (lambda: claim("a.args = 1", a=a), "attributes"),
    "float in text": (lambda: claim("a = 0.5", a=a), "0.5 is not exact"),
    "string in text": (lambda: claim("a = 'b'", a=a), "b"),
    "arity in text": (lambda: claim("log(a, b) = 1", a=a, b=b), "log"),
    "function in text": (lambda: claim("(lambda: 1) = 1"), "lambda|function|read"),
    "tower of powers": (lambda: check(claim("10^10^10 = a", a=a)), "large|power"),
    "not a number": (lambda: check(Equal(sp.nan, 1)), "nan"),
}
READABLE = {
    "bounds of a sum": lambda: check(
        Equal(total((i, 3))[xs[i]], xs[1] + xs[2] + xs[3])
    ),
    "geometric mixture": lambda: check(AtLeast(KL(p, sqrt(p * q)), 0)),
    "three in a maximum": lambda: check(AtLeast(Max(a, b, z), a)),
    "irrational bound": lambda: check(Less(between("s", 0, pi), 4)),
    "moment generating": lambda: check(
        Equal(E(u, Normal(z, a**2))[exp(u)], exp(z + a**2 / 2))
    ),
    "infinite side": lambda: check(Equal(KL(Uniform(0, 1), Uniform(2, 3)), oo)),
    "many points": lambda: check(
        AtLeast(H(Table("P", Space("B", "finite"), range(1, 300))), 0)
    ),
    "ratio with a logarithm": lambda: check(AtLeast(log(a) / (a - 1), 0)),
    "mixture against a polynomial": lambda: check(
        AtMost(2 * KL(p, (p + q) / 2), 2 * Chi2(p, q) + 100)
    ),
    "long sum": lambda: check(AtLeast(sum((a**k for k in range(40)), 0 * a), 0)),
    "powers of powers": lambda: check(Equal((a**9) ** 9 * b**81, (a * b) ** 81)),
    "deep logarithm": lambda: check(AtMost(log(1 + log(1 + log(1 + a))), a)),
    "ratio of functionals": lambda: check(
        Less(
            3 * JS(p, q) - E(x, p)[q(x) / p(x)] * KL(p, (p + q) / 2),
            2 * E(x, p)[q(x) / p(x)] - 1,
        )
    ),
    "modulus against logarithm": lambda: check(AtMost(JS(p, q), log(2) * TV(p, q))),
    "mean inside a mean": lambda: check(
        Equal(
            E(u, densities("p", on=LINE))[(u - Mean(densities("p", on=LINE))) ** 2], 1
        )
    ),
    "exponential of a pole": lambda: check(Less(0, exp(1 / (z - 2)) + log(1 + a))),
    "mixture of normals": lambda: check(
        AtLeast(H((Normal(0, 1) + Normal(1, 1)) / 2), 0)
    ),
    "table against density": lambda: check(
        AtLeast(KL(densities("r", on=A), Table("P", A, (1, 2, 1))), 0)
    ),
    "no optimum": lambda: check(Maximiser(log(t), t, t)),
    "alias of itself": lambda: check(Equal(Alias("V", a), a)),
    "huge sum": lambda: check(Equal(total((i, 10**9))[xs[i]], 1)),
}


@pytest.mark.parametrize(("make", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_read_is_refused(make, says):
    with pytest.raises(ClaimError, match=says):
        make()


@pytest.mark.no_cover
@pytest.mark.parametrize("make", READABLE.values(), ids=READABLE.keys())
def test_odd_claims_get_an_answer_in_time(make):
    with contextlib.suppress(ClaimError):
        assert make().status


def test_author_s_order_is_kept_in_the_tree():
    assert text(b + a - 1) == "b + a - 1"
    assert text(b * a) == "b a"


def test_leaves_are_equal_by_declaration():
    assert real("x") == real("x")
    assert real("x") != positive("x")
    assert X.point("x") != Y.point("x")


@pytest.mark.parametrize("kind", [KL, JS, TV, CrossEntropy])
def test_functionals_refuse_other_spaces(kind):
    with pytest.raises(ClaimError, match="one space"):
        kind(p, r)


def test_marginals_know_their_spaces():
    assert pxy.on(X).space == X
    assert ConditionalEntropy(pxy, y, x).free_symbols


def test_fractions_and_integers_are_exact():
    assert Equal(a, Fraction(1, 3)).rhs == sp.Rational(1, 3)
    assert formula("1/3") == sp.Rational(1, 3)


def test_weights_are_normalised():
    table = Table("P", A, (1, 2, 1))
    assert table.weights == (Fraction(1, 4), Fraction(1, 2), Fraction(1, 4))


def test_swapped_points_of_an_integral():
    both = Int(x, y)[pxy(x, y)]
    assert check(Equal(both, 1)).status == "proved"
    assert check(Equal(Int(y, x)[pxy(x, y)], both)).status == "proved"
    assert check(Equal(E(x, p)[q(x_)], E(x, p)[q(x)])).status == "refuted"
