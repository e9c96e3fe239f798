r"""Typesetting: the author's order is kept, and the brackets say what is meant.

A strict reader of the LaTeX and of the plain text turns both back into numbers. It
knows the rules of the page and no more: juxtaposition multiplies, a superscript belongs
to the one sign before it, a logarithm takes the atom, fraction or bracket after it. A
formula that such a reader misunderstands is set wrongly, whatever the tree says.
"""

from __future__ import annotations

import math
import random
import re
from fractions import Fraction

import pytest

from ottools.derive import (
    JS,
    KL,
    LINE,
    Abs,
    Alias,
    AtMost,
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
    Normal,
    NormalProduct,
    Rational,
    Space,
    Stationary,
    Tends,
    Uniform,
    d,
    densities,
    exp,
    function,
    index,
    joint,
    log,
    log2,
    named,
    natural,
    oo,
    pi,
    positive,
    real,
    samples,
    sqrt,
    tex,
    text,
    total,
    unit,
    vary,
)

X, Y, A = Space("X"), Space("Y"), Space("A", "finite")
x, y, w = X.point("x"), Y.point("y"), A.point("w")
p, q = densities("p_r p_g", on=X)
f = densities("f", on=A)
pxy = joint("p", X, Y)
a, b, c = positive("a b c")
z, m = real("z m")
t = unit("t")
i, j = index("i j")
N, M = natural("N M")
xs, ys = samples("x y")
D = named("D^*", x, p(x) / (p(x) + q(x)))
free_D = function("D", X, (0, 1))

# ---------------------------------------------------------------- exact forms

SHOWN = [
    (KL(p, q) + H(p) - 1, r"\mathrm{KL}(p_{r}\,\|\,p_{g}) + H(p_{r}) - 1"),
    (H(p) - 1 + KL(p, q), r"H(p_{r}) - 1 + \mathrm{KL}(p_{r}\,\|\,p_{g})"),
    (
        E(x, q)[log(1 - D(x))],
        r"\mathbb{E}_{x\sim p_{g}}\left[\log\left(1 - D^{*}(x)\right)\right]",
    ),
    (2 * JS(p, q) - log(4), r"2\,\mathrm{JS}(p_{r}, p_{g}) - \log 4"),
    (log(p(x) / q(x)), r"\log \frac{p_{r}(x)}{p_{g}(x)}"),
    (
        p(x) * log(p(x) / q(x)),
        r"p_{r}(x)\,\log \frac{p_{r}(x)}{p_{g}(x)}",
    ),
    (-Int(w)[f(w) * log(f(w))], r"-\sum_{w} f(w)\,\log f(w)"),
    (Int(x)[p(x) + q(x)], r"\int \left(p_{r}(x) + p_{g}(x)\right)\,\mathrm{d}x"),
    (
        total((i, N), (j, M))[xs[i] - ys[j]],
        r"\sum_{i=1}^{N} \sum_{j=1}^{M} \left(x_{i} - y_{j}\right)",
    ),
    (KL(p, (p + q) / 2), r"\mathrm{KL}(p_{r}\,\|\,\tfrac{p_{r} + p_{g}}{2})"),
    (CrossEntropy(p, q), r"H(p_{r}, p_{g})"),
    (ConditionalEntropy(pxy, y, x), r"H(Y\mid X)"),
    (KL(p, q) / 2, r"\tfrac{1}{2}\,\mathrm{KL}(p_{r}\,\|\,p_{g})"),
    (a - KL(p, q) / 2, r"a - \tfrac{1}{2}\,\mathrm{KL}(p_{r}\,\|\,p_{g})"),
    (log(a) ** 2, r"\left(\log a\right)^{2}"),
    (log(a**2), r"\log\left(a^{2}\right)"),
    (log(a) * b, r"\left(\log a\right)\,b"),
    (b * log(a), r"b\,\log a"),
    ((a / b) ** 2, r"\left(\frac{a}{b}\right)^{2}"),
    (a - (b - c), r"a - \left(b - c\right)"),
    (-(a + b), r"-\left(a + b\right)"),
    (-2 * a, r"-2\,a"),
    (exp(-(z**2)), r"\exp\left(-z^{2}\right)"),
    (Normal(m, a**2)(LINE.point("u")), r"\mathcal{N}(u; m, a^{2})"),
    (Uniform(0, a), r"\mathcal{U}[0, a]"),
    (Alias("V(D^*)", a + b), r"V(D^*)"),
    (real("x^*") ** 2, r"{x^{*}}^{2}"),
    (positive("sigma_max"), r"\sigma_{\mathrm{max}}"),
    (pi * a, r"\pi\,a"),
    (vary(KL(p, q), q), r"\frac{\mathrm{d}}{\mathrm{d}\theta}\,\mathrm{KL}("),
    (log2(a), r"\log_2 a"),
    (Min(a, b), r"\min\left(a, b\right)"),
    (Mean(Normal(m, 1)), r"\mathrm{mean}(\mathcal{N}(m, 1))"),
    (NormalProduct(xs, ys, N), r"\mathcal{N}(x, \mathrm{diag}\,y)"),
    (
        KL(p, (p + q) / 2).unfold(),
        r"\mathbb{E}_{x\sim p_{r}}\left["
        r"\log \frac{p_{r}(x)}{\frac{p_{r}(x) + p_{g}(x)}{2}}\right]",
    ),
    (
        KL(p, 2 * q - p / a).unfold(),
        r"\mathbb{E}_{x\sim p_{r}}\left[\log \frac{p_{r}(x)}"
        r"{2\,p_{g}(x) - \frac{p_{r}(x)}{a}}\right]",
    ),
    (KL(pxy, pxy).unfold(), r"\int \int p(x, y)\,\log \frac{p(x, y)}{p(x, y)}\,"),
]


@pytest.mark.parametrize(("formula", "shown"), SHOWN, ids=[s for _, s in SHOWN])
def test_it_is_set_as_a_textbook_would(formula, shown):
    assert tex(formula).startswith(shown)


WRITTEN = [
    (H(p) - 1 + KL(p, q), "H(p_r) - 1 + KL(p_r‖p_g)"),
    (b + a, "b + a"),
    (b * a - 1, "b a - 1"),
    (E(x, p)[log(D(x))], "E_{x~p_r}[log D^*(x)]"),
    (a * Rational(-1, 2), "a (-1/2)"),
    (total((i, N))[xs[i] + 1], "Σ_{i=1..N} (x[i] + 1)"),
    ((a + b) * c, "(a + b) c"),
    (sqrt(JS(p, q)), "√(JS(p_r, p_g))"),
    (Tends(a * log(a), 0, a, 0), "lim_{a→0+} a log a = 0"),
    (AtMost(JS(p, q), log(2)), "JS(p_r, p_g) ≤ log 2"),
    (Equivalent(KL(p, q), Equal(p, q)), "KL(p_r‖p_g) = 0 ⟺ p_r = p_g"),
]


@pytest.mark.parametrize(("formula", "shown"), WRITTEN, ids=[s for _, s in WRITTEN])
def test_it_is_written_as_text(formula, shown):
    have = formula.text() if hasattr(formula, "rebuild") else text(formula)
    assert have == shown


CASES = (Less(1, 2), Less(2, 3))
SENTENCES = {
    r"k! \ge k": ("k! ", r"\ge", " k"),
    r"k! \le k^k": ("k! ", r"\le", " k^k"),
    r"\text{all is well}": ("", "", r"\text{all is well}"),
}


@pytest.mark.parametrize(("said", "parts"), SENTENCES.items(), ids=SENTENCES.keys())
def test_a_sentence_about_cases_is_cut_at_its_relation(said, parts):
    assert Every((said, "in words"), CASES).parts() == parts


# ---------------------------------------------------------------- a strict reader

TOKEN = re.compile(
    r"\\(?:left|right)[()|\[\]]|\\[a-zA-Z]+|\\,|[A-Za-z]\w*|\d+|[-+*/^_(){}|√]|\S"
)


class Reader:
    """Read a formula of scalars and compute it; complain about what is ambiguous."""

    opening, closing = ("(", "{", r"\left("), (")", "}", r"\right)")

    def __init__(self, source, values):
        self.tokens = [t for t in TOKEN.findall(source) if t != r"\,"]
        self.values = values

    def read(self):
        out = self.sum()
        assert not self.tokens, self.tokens
        return out

    @property
    def next(self):
        return self.tokens[0] if self.tokens else ""

    def take(self, *wanted):
        token = self.tokens.pop(0)
        assert not wanted or token in wanted, (token, wanted, self.tokens)
        return token

    def sum(self):
        out = self.signed()
        while self.next in ("+", "-"):
            out = out + self.product() if self.take() == "+" else out - self.product()
        return out

    def signed(self):
        if self.next == "-":
            self.take()
            return -self.product()
        return self.product()

    def product(self):
        out = self.power()
        while self.next and self.next not in ("+", "-", r"\right|", *self.closing):
            if self.next == "|" and self.bars:
                break
            if self.next in (r"\cdot", "*"):
                self.take()
            if self.next == "/":
                self.take()
                out = out / self.power()
            else:
                out = out * self.power()
        return out

    bars = 0

    def group(self):
        self.take(*self.opening)
        bars, self.bars = self.bars, 0
        out = self.sum()
        self.bars = bars
        self.take(*self.closing)
        return out

    def power(self):
        single = self.next not in (r"\frac", r"\tfrac", r"\log", "log")
        out = self.atom()
        if self.next == "^":
            assert single, "a superscript after a fraction or a logarithm"
            self.take()
            n = self.group() if self.next in self.opening else self.atom()
            assert self.next != "^", "a double superscript"
            out = out**n
        return out

    def atom(self):
        token = self.next
        if token in self.opening:
            return self.group()
        self.take()
        if token in (r"\frac", r"\tfrac"):
            return self.group() / self.group()
        if token in (r"\log", "log"):
            assert self.next not in (r"\log", "log", r"\left|"), "a bare argument"
            return math.log(self.atom())
        if token in (r"\exp", "exp"):
            return math.exp(self.group())
        if token in (r"\sqrt", "√"):
            return math.sqrt(self.group())
        if token in (r"\left|", "|"):
            self.bars += token == "|"
            out = abs(self.sum())
            self.take(r"\right|", "|")
            self.bars -= token == "|"
            return out
        if token.isdigit():
            return float(token)
        return self.values[token]


VALUES = {"a": 1.7, "b": 0.6, "c": 2.3}
LEAVES = [(a, 1.7), (b, 0.6), (c, 2.3), (2, 2.0), (Rational(1, 2), 0.5), (3, 3.0)]


RULES = [
    (lambda *_: True, lambda u, v: u + v, lambda u, v: u + v),
    (lambda *_: True, lambda u, v: u - v, lambda u, v: u - v),
    (lambda *_: True, lambda u, v: u * v, lambda u, v: u * v),
    (lambda _, v: abs(v) > 1e-3, lambda u, v: u / v, lambda u, v: u / v),
    (lambda *_: True, lambda u, _: -u, lambda u, _: -u),
    (lambda u, _: 1e-3 < abs(u) < 50, lambda u, _: u**2, lambda u, _: u**2),
    (lambda u, _: u > 1e-3, lambda u, _: log(u), lambda u, _: math.log(u)),
    (lambda u, _: u > 1e-3, lambda u, _: sqrt(u), lambda u, _: math.sqrt(u)),
    (lambda u, _: abs(u) < 5, lambda u, _: exp(u), lambda u, _: math.exp(u)),
    (lambda *_: True, lambda u, _: Abs(u), lambda u, _: abs(u)),
]


def grow(rng, depth):
    """Draw a formula of scalars and its value."""
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(LEAVES[:3] if rng.random() < 0.7 else LEAVES)
    (u, u_), (v, v_) = grow(rng, depth - 1), grow(rng, depth - 1)
    admits, build, compute = rng.choice(RULES)
    plain = not hasattr(u, "unfold") and not hasattr(u, "_sympystr")
    if plain or not admits(u_, v_):
        return a - u, 1.7 - u_
    return build(u, v), compute(u_, v_)


@pytest.mark.no_cover
@pytest.mark.parametrize("form", [tex, text], ids=["LaTeX", "text"])
def test_a_strict_reader_understands_it(form):
    rng = random.Random("typeset")
    for _ in range(1500):
        formula, value = grow(rng, rng.choice((2, 3, 4)))
        if not hasattr(formula, "args") or not math.isfinite(value):
            continue
        shown = form(formula)
        try:
            read = Reader(shown, VALUES).read()
        except (AssertionError, KeyError, IndexError) as fault:
            pytest.fail(f"{shown}: {fault!r}")
        assert math.isclose(read, value, rel_tol=1e-9, abs_tol=1e-9), shown


WRONG = (r"\frac{a}{b}^{2}", r"a^{2}^{2}", r"\log \log a", r"\log a^{2}", "a - -b")


@pytest.mark.parametrize("wrong", WRONG)
def test_the_reader_is_strict(wrong):
    with pytest.raises((AssertionError, KeyError)):
        Reader(wrong, VALUES).read()


# ---------------------------------------------------------------- well-formed LaTeX

EVERYTHING = [
    *(formula for formula, _ in SHOWN),
    Max(a, b),
    d(log(1 - t), t),
    vary(E(x, q)[log(1 - D(x))], q, D),
    E(x, p)[log(free_D(x))] + E(x, q)[log(1 - free_D(x))],
    Int(x)[Abs(p(x) - q(x))] / 2,
    total((i, N))[exp(-((xs[i] - ys[j]) ** 2) / (2 * a**2))] / N,
    H(pxy) - H(pxy.on(X)),
    log(pxy.given(y, x)),
    (a / (b / c)) ** Fraction(1, 2),
    1 / (1 + exp(-z)),
    Equal(a, b),
    AtMost(KL(p, q), oo),
    Maximiser(a * log(t) + b * log(1 - t), a / (a + b), t),
    Maximiser(E(x, p)[log(free_D(x))], D, free_D),
    Stationary(t**2, Rational(1, 2), t),
    Tends(t * log(t), 0, t, 0),
    Tends(1 / a, 0, a, oo),
    Equivalent(KL(p, q), Equal(p, q)),
]


def latex_of(thing):
    return thing.tex() if hasattr(thing, "rebuild") else tex(thing)


@pytest.mark.parametrize("thing", EVERYTHING, ids=str)
def test_latex_is_well_formed(thing):
    source = latex_of(thing)
    depth = 0
    for sign in re.sub(r"\\[{}|]", "", source):
        depth += (sign == "{") - (sign == "}")
        assert depth >= 0, source
    assert depth == 0, source
    stack = []
    for move, delimiter in re.findall(r"\\(left|right)(\\?.)", source):
        if move == "left":
            stack.append(delimiter)
        else:
            opened = stack.pop()
            assert {"(": ")", "[": "]", "|": "|"}[opened] == delimiter, source
    assert not stack, source
    assert not re.search(r"\^\{[^{}]*\}\^", source), "a double superscript"
    assert not re.search(r"\\frac(?!\{)", source)
    assert not re.search(r"[‖√Σ∫≤≥θχ]", source), "a sign of the plain text"


@pytest.mark.parametrize("thing", EVERYTHING, ids=str)
def test_text_has_no_latex(thing):
    shown = thing.text() if hasattr(thing, "rebuild") else text(thing)
    assert "\\" not in shown
    assert shown.count("(") == shown.count(")")


def test_different_formulas_look_different():
    rng = random.Random("looks")
    seen = {}
    for _ in range(800):
        formula, value = grow(rng, 3)
        if not hasattr(formula, "args"):
            continue
        other = seen.setdefault(text(formula), value)
        assert math.isclose(other, value, rel_tol=1e-9, abs_tol=1e-9), text(formula)
