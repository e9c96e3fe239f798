"""Claims from text mean what they say, exactly."""

from __future__ import annotations

import pytest
import sympy as sp

from ottools.derive import (
    JS,
    KL,
    AtLeast,
    AtMost,
    CrossEntropy,
    E,
    Equal,
    H,
    Int,
    Less,
    Space,
    check,
    claim,
    densities,
    formula,
    index,
    log,
    natural,
    positive,
    samples,
    sqrt,
    text,
    total,
)

X = Space("X")
x = X.point("x")
p, q = densities("p q", on=X)
a, b = positive("a b")
i, n, xs = index("i"), natural("n"), samples("x")
NAMES = {"p": p, "q": q, "x": x, "a": a, "b": b}

READ = {
    "KL(p, q) = H(p, q) - H(p)": Equal(KL(p, q), CrossEntropy(p, q) - H(p)),
    "JS(p, q) <= log(2)": AtMost(JS(p, q), log(sp.Integer(2))),
    "JS(p, q) ≤ log(2)": AtMost(JS(p, q), log(sp.Integer(2))),
    "KL(p, q) >= 0": AtLeast(KL(p, q), 0),
    "KL(p, q) ≥ 0": AtLeast(KL(p, q), 0),
    "log(a) < a": Less(log(a), a),
    "a > log(a)": Less(log(a), a),
    "a^2 = a**2": Equal(a**2, a**2),
    "sqrt(a*b) <= (a + b)/2": AtMost(sqrt(a * b), (a + b) / 2),
    "E(x, p)[log(p(x)/q(x))] = KL(p, q)": Equal(E(x, p)[log(p(x) / q(x))], KL(p, q)),
    "Int(x)[p(x)] == 1": Equal(Int(x)[p(x)], 1),
    "a - b - 1/3 = -b + a - 1/3": Equal(
        a - b - sp.Rational(1, 3), -b + a - sp.Rational(1, 3)
    ),
}


@pytest.mark.parametrize(("words", "meant"), READ.items(), ids=READ.keys())
def test_text_and_objects_agree(words, meant):
    read = claim(words, **NAMES)
    assert type(read) is type(meant)
    assert (read.lhs, read.rhs) == (meant.lhs, meant.rhs)


@pytest.mark.parametrize("words", READ)
def test_what_stands_here_is_proved(words):
    assert check(claim(words, **NAMES)).status in ("proved", "certified")


@pytest.mark.parametrize(
    "words",
    ["KL(p, q) = KL(q, p)", "a + b <= a", "log(a*b) = log(a)*log(b)", "a^2 < a"],
)
def test_false_text_is_refuted(words):
    assert check(claim(words, **NAMES)).status == "refuted"


def test_order_is_kept():
    assert text(formula("b*a + a - 1", a=a, b=b)) == "b a + a - 1"


def test_numbers_are_exact():
    assert formula("1/3 + 1/3 + 1/3") == 1
    assert formula("2^10") == 1024


def test_sums_over_samples():
    words = "total((i, n))[xs[i] + 1] = total((i, n))[xs[i]] + n"
    read = claim(words, i=i, n=n, xs=xs)
    assert (read.lhs, read.rhs) == (
        total((i, n))[xs[i] + 1],
        total((i, n))[xs[i]] + n,
    )
    assert check(read).status == "proved"


def test_no_way_out_of_a_formula():
    """A formula is arithmetic: no builtins, no attributes, no imports."""
    for words in ("__import__('os') = 1", "open('x') = 1", "a.__class__ = 1"):
        with pytest.raises(ValueError, match=r"undeclared|attributes|cannot read"):
            claim(words, a=a)
