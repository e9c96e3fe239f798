"""Products of integrals, integrals within integrals, and the names of bound points."""

import pytest
import sympy as sp

from ottools.derive import (
    Abs,
    AtLeast,
    E,
    Equal,
    Less,
    Normal,
    Space,
    check,
    densities,
    exp,
    function,
    log,
    real,
)
from ottools.derive.lower import Bracket
from ottools.derive.normal import flatten
from ottools.derive.vocabulary import LINE

X, W = Space("X"), Space("W")
x, y, z = (X.point(name) for name in ("x", "y", "z"))
w = W.point("w")
p, q = densities("p q", on=X)
r = densities("r", on=W)
f, g = function("f", X), function("g", X)
k, phi = function("k", (X, X)), function("phi", (X, W))
a, m = LINE.point("a"), real("m")


def kernel(u, v):
    return E(w, r)[phi(u, w) * phi(v, w)]


def feature(law):
    return E(x, law)[phi(x, w)]


MEAN, SQUARE = E(x, p)[f(x)], E(x, p)[f(x) ** 2]
DISTANCE = E(w, r)[(feature(p) - feature(q)) ** 2]
ROW = E(y, p)[k(x, y)]
EQUALITIES = {
    "a square of a mean": (MEAN**2, E(x, p)[E(y, p)[f(x) * f(y)]]),
    "three means": (
        MEAN * E(x, q)[g(x)] * E(x, p)[g(x)],
        E(x, p)[E(y, q)[E(z, p)[f(x) * g(y) * g(z)]]],
    ),
    "a variance": (E(x, p)[(f(x) - MEAN) ** 2], SQUARE - MEAN**2),
    "half the mean square of differences": (
        E(x, p)[E(y, p)[(f(x) - f(y)) ** 2]],
        2 * (SQUARE - MEAN**2),
    ),
    "the order of two integrals": (
        E(x, p)[E(y, q)[k(x, y)]],
        E(y, q)[E(x, p)[k(x, y)]],
    ),
    "names under one law": (E(x, p)[E(y, p)[k(x, y)]], E(x, p)[E(y, p)[k(y, x)]]),
    "a square within": (E(x, p)[ROW**2], E(x, p)[ROW * ROW]),
    "mean embeddings": (
        DISTANCE,
        E(x, p)[E(y, p)[kernel(x, y)]]
        + E(x, q)[E(y, q)[kernel(x, y)]]
        - 2 * E(x, p)[E(y, q)[kernel(x, y)]],
    ),
    "logarithms go along": (
        E(x, p)[E(y, q)[log(1 + f(x) ** 2) * Abs(f(y))]],
        E(y, p)[log(1 + f(y) ** 2)] * E(z, q)[Abs(f(z))],
    ),
    "normal laws": (
        E(a, Normal(m, 2))[a] * E(a, Normal(3, 1))[a**2],
        10 * E(a, Normal(0, 1))[a + m],
    ),
}


@pytest.mark.parametrize("name", EQUALITIES)
def test_products_and_orders_of_integrals(name):
    left, right = EQUALITIES[name]
    verdict = check(Equal(left, right))
    assert (verdict.status, "normal form" in verdict.method) == ("proved", True)


@pytest.mark.parametrize("name", EQUALITIES)
def test_a_changed_term_is_refuted(name):
    left, right = EQUALITIES[name]
    assert check(Equal(left, right + E(x, q)[f(x) ** 2])).status == "refuted"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (MEAN**2, SQUARE),
        (E(x, p)[ROW**2], E(x, p)[ROW] ** 2),
        (E(x, p)[E(y, q)[k(x, y)]], E(x, q)[E(y, p)[k(x, y)]]),
        (E(x, p)[k(x, x)], E(x, p)[E(y, p)[k(x, y)]]),
        (E(x, p)[(f(x) - MEAN) ** 2], SQUARE + MEAN**2),
    ],
)
def test_bound_points_are_not_mixed_up(left, right):
    assert check(Equal(left, right)).status == "refuted"


SQUARES = {
    "of a difference of means": DISTANCE,
    "of differences": E(x, p)[E(y, q)[(f(x) - f(y)) ** 2]],
    "beside a number": E(x, p)[E(y, q)[(f(x) - f(y)) ** 2]] + 1,
}


@pytest.mark.parametrize("name", SQUARES)
def test_an_integral_of_squares_is_not_negative(name):
    verdict = check(AtLeast(SQUARES[name], 0))
    assert verdict.status == "proved"
    assert verdict.method == "exact sign of the integrand as it stands"


@pytest.mark.parametrize(
    "claim",
    [
        AtLeast(E(x, p)[ROW], 0),
        AtLeast(DISTANCE, E(x, p)[f(x)]),
        AtLeast(-DISTANCE, 0),
        AtLeast(E(x, p)[E(y, q)[(f(x) - f(y)) ** 2] + f(x)], 0),
    ],
)
def test_a_false_sign_is_refuted(claim):
    assert check(claim).status == "refuted"


def test_a_square_that_may_vanish_is_not_called_positive():
    # False where f is constant.
    assert check(Less(0, SQUARES["of differences"])).status != "proved"
    assert check(Less(0, E(x, p)[E(y, q)[exp(f(x) + f(y))]])).status == "proved"


def test_more_points_than_can_be_put_in_order_are_left():
    cube, swapped = E(x, p)[E(y, q)[k(x, y)]] ** 3, E(y, q)[E(x, p)[k(x, y)]] ** 3
    assert check(Equal(cube, swapped)).status == "proved"
    assert check(Equal(E(x, p)[ROW] ** 6, E(x, p)[ROW] ** 5)).status == "refuted"


def test_six_points_are_merged_and_left_in_their_order():
    nested = E(x, p)[ROW * E(x, p)[ROW] ** 2]
    assert check(Equal(nested, E(x, p)[ROW] ** 3)).status in ("proved", "tested")
    assert check(Equal(nested, E(x, p)[ROW] ** 2)).status == "refuted"


def test_brackets_are_flattened_where_they_stand_once():
    a, b = sp.symbols("a b")
    inner = Bracket(a, sp.Tuple(b))
    assert flatten(Bracket(1 + inner, sp.Tuple(a))) == Bracket(
        sp.Integer(1), sp.Tuple(a)
    ) + Bracket(a, sp.Tuple(a, b))
    twice = Bracket(inner**2, sp.Tuple(a))
    assert flatten(twice) == twice
