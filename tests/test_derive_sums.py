"""Sums with symbolic ranges: one form for equalities, one sign for inequalities."""

import pytest
import sympy as sp

from ottools.derive import (
    AtLeast,
    Equal,
    Less,
    check,
    exp,
    index,
    log,
    natural,
    samples,
    total,
)
from ottools.derive.sums import join_sums

i, j, k = index("i j k")
N, M = natural("N M")
x, y, f, g, c = samples("x y f g c")
p, s = samples("p s", positive=True)
n_, m_ = (i, N), (j, M)


def gauss(a, b):
    return exp(-((a - b) ** 2 / 2))


ROWS, COLUMNS = total(m_)[p[i, j]], total(n_)[p[i, j]]
PLAN = total(n_, m_)[p[i, j] * c[i, j]]
DUAL = total(n_)[ROWS * f[i]] + total(m_)[COLUMNS * g[j]]
SUM_X = total(n_)[x[i]]

EQUALITIES = {
    "a square of a sum": (total(n_, (j, N))[x[i] * x[j]], SUM_X**2),
    "a cube of a sum": (total(n_, (j, N), (k, N))[x[i] * x[j] * x[k]], SUM_X**3),
    "differences": (
        total(n_, (j, N))[(x[i] - x[j]) ** 2],
        2 * N * total(n_)[x[i] ** 2] - 2 * SUM_X**2,
    ),
    "order of summation": (
        total(n_, m_)[gauss(x[i], y[j])],
        total(m_, n_)[gauss(x[i], y[j])],
    ),
    "antisymmetry": (total(n_, (j, N))[gauss(x[i], x[j]) * (x[i] - x[j])], 0),
    "factors from outside": (
        total(n_)[x[i] * total(m_)[p[i, j]]],
        total(n_, m_)[x[i] * p[i, j]],
    ),
    "duality gap": (PLAN - DUAL, total(n_, m_)[p[i, j] * (c[i, j] - f[i] - g[j])]),
    "fractions": (
        total(n_)[x[i] ** 2 / (1 + x[i] ** 2)],
        N - total(n_)[1 / (1 + x[i] ** 2)],
    ),
    "opaque logarithm of a sum": (
        total(n_)[x[i]] * log(total(m_)[s[j]]),
        total(n_)[x[i] * log(total(m_)[s[j]])],
    ),
}


@pytest.mark.parametrize("name", EQUALITIES)
def test_sums_are_brought_to_one_form(name):
    left, right = EQUALITIES[name]
    assert check(Equal(left, right)).status == "proved"


@pytest.mark.parametrize("name", EQUALITIES)
def test_an_extra_term_is_refuted(name):
    left, right = EQUALITIES[name]
    assert check(Equal(left, right + total(n_)[p[i, i]])).status == "refuted"


def test_other_names_and_other_ranges_are_told_apart():
    assert check(Equal(SUM_X, total((k, N))[x[k]])).status == "proved"
    assert check(Equal(SUM_X, total((k, M))[x[k]])).status == "refuted"
    transposed = total((i, N), (j, N))[c[i, j] * x[j]]
    assert check(Equal(total((i, N), (j, N))[c[i, j] * x[i]], transposed)).status == (
        "refuted"
    )


INEQUALITIES = {
    "slack": (total(n_, m_)[p[i, j] * (f[i] + g[j] + s[i, j])], DUAL),
    "Cauchy-Schwarz": (
        total(n_)[x[i] ** 2] * total(n_)[y[i] ** 2],
        total(n_)[x[i] * y[i]] ** 2,
    ),
    "a mean of squares": (total(n_)[x[i] ** 2], SUM_X**2 / N),
    "harmonic mean": (total(n_)[p[i]] * total(n_)[1 / p[i]], N**2),
    "weights": (
        total(n_)[p[i]] * total(n_)[p[i] * x[i] ** 2],
        total(n_)[p[i] * x[i]] ** 2,
    ),
    "squares as they stand": (total(n_, (j, N))[(x[i] - x[j]) ** 2], 0),
    "a number beside": (total(n_, m_)[p[i] * s[j]] + 1, 0),
}


@pytest.mark.parametrize("name", INEQUALITIES)
def test_one_sign_of_all_summands_proves_an_inequality(name):
    big, small = INEQUALITIES[name]
    verdict = check(AtLeast(big, small))
    assert verdict.status == "proved"
    assert "every summand has the sign" in verdict.method


@pytest.mark.parametrize("name", INEQUALITIES)
def test_the_reverse_is_refuted(name):
    big, small = INEQUALITIES[name]
    assert check(Less(big, small)).status == "refuted"


@pytest.mark.parametrize(
    "claim",
    [
        AtLeast(total(n_)[x[i] ** 2], SUM_X**2),
        AtLeast(
            total(n_)[x[i] ** 2] * total(n_)[y[i] ** 2],
            2 * total(n_)[x[i] * y[i]] ** 2,
        ),
        AtLeast(total(n_, m_)[x[i] * y[j]], 0),
        Less(SUM_X**2 / N, total(n_)[x[i] ** 2]),
        Less(0, total(n_, (j, N))[(x[i] - x[j]) ** 2]),
    ],
)
def test_false_inequalities_between_sums_are_refuted(claim):
    assert check(claim).status == "refuted"


def test_a_strict_sign_gives_a_strict_inequality():
    assert check(Less(0, total(n_, m_)[p[i] * s[j]])).status == "proved"
    assert check(Less(DUAL, INEQUALITIES["slack"][0])).status == "proved"


def test_what_may_be_an_empty_sum_or_has_no_sign_is_not_proved():
    empty = total((i, N - 1))[p[i]]
    assert check(Less(0, empty)).status == "refuted"
    assert check(AtLeast(empty, 0)).status == "tested"
    assert check(AtLeast(total(n_)[x[i] ** 4 - x[i] + 2], 0)).status == "tested"
    five = total(n_)[p[i]] ** 3 * (
        total(n_)[p[i]] * total(n_)[p[i] * x[i] ** 2] - total(n_)[p[i] * x[i]] ** 2
    )
    assert check(AtLeast(five, 0)).status == "tested"
    opaque = total(n_)[x[i]] / (1 + total(n_)[x[i] ** 2])
    assert check(AtLeast(opaque, -N)).status == "tested"
    assert check(AtLeast(total(n_)[log(1 + p[i])], 0)).status == "tested"


def test_a_delta_goes_with_one_of_two_indices_of_the_same_range():
    a, b = sp.symbols("a b", integer=True, positive=True)
    n, m = sp.symbols("n m", integer=True, positive=True)
    z = sp.IndexedBase("z", real=True)
    both = sp.Sum(sp.KroneckerDelta(a, b) * z[a] * z[b], (a, 1, n), (b, 1, n))
    assert join_sums(both - sp.Sum(z[a] ** 2, (a, 1, n))) == 0
    apart = sp.Sum(sp.KroneckerDelta(a, b) * z[a], (a, 1, n), (b, 1, m))
    assert join_sums(apart).has(sp.KroneckerDelta)
    triangle = sp.Sum(z[a] * z[b], (a, 1, b), (b, 1, n))
    assert join_sums(triangle).atoms(sp.Sum)


def test_a_function_of_a_sum_stays_as_it_is():
    square = SUM_X**2 + 1 / (1 + total(n_)[x[i] ** 2])
    assert check(AtLeast(square, 0)).status == "proved"
    assert check(Less(square, 1)).status == "refuted"
