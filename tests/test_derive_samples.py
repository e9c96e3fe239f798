"""Means over independent samples of symbolic size: estimators, biases, variances."""

import pytest

from ottools.derive import (
    ClaimError,
    E,
    Equal,
    Less,
    Space,
    Table,
    Values,
    check,
    densities,
    exp,
    function,
    index,
    kernel,
    log,
    mutants,
    named,
    natural,
    samples,
    score,
    tex,
    text,
    total,
)
from ottools.derive.vocabulary import LINE

X = Space("X")
p, q = densities("p q", on=X)
x, y, z = (X.point(name) for name in "xyz")
xs, ys = X.sample("x"), X.sample("y")
k, f = kernel("k", X), function("f", X)
c = function("c", (X, X))
i, j, l = index("i j l")
w = samples("w")
m, n = natural("m n", least=2)
SAME, PAIR = E(x, p)[k(x, x)], E(x, p)[E(y, p)[k(x, y)]]
V = total((i, m), (j, m))[k(xs[i], xs[j])] / m**2
U = total((i, m), (j, m), distinct=True)[k(xs[i], xs[j])] / (m * (m - 1))
MEAN = total((i, m))[f(xs[i])] / m
VARIANCE = E(x, p)[f(x) ** 2] - E(x, p)[f(x)] ** 2
SPREAD = total((i, m))[(f(xs[i]) - MEAN) ** 2]
ROWS = E(x, p)[E(y, p)[k(x, y)] ** 2]
SQUARES = E(x, p)[E(y, p)[k(x, y) ** 2]]
mean = E(xs, p, m)

TRUE = {
    "the bias of a V-statistic": (mean[V], PAIR + (SAME - PAIR) / m),
    "a U-statistic has none": (mean[U], PAIR),
    "two samples": (
        mean[E(ys, q, n)[total((i, m), (j, n))[k(xs[i], ys[j])] / (m * n)]],
        E(x, p)[E(y, q)[k(x, y)]],
    ),
    "the variance of a mean": (mean[MEAN**2] - mean[MEAN] ** 2, VARIANCE / m),
    "the empirical variance": (mean[SPREAD / (m - 1)], VARIANCE),
    "Hoeffding's variance": (
        mean[U**2] - PAIR**2,
        4 * (m - 2) / (m * (m - 1)) * (ROWS - PAIR**2)
        + 2 / (m * (m - 1)) * (SQUARES - PAIR**2),
    ),
    "a single point": (mean[f(xs[i])], E(x, p)[f(x)]),
    "nothing of the sample": (mean[E(x, q)[f(x)]], E(x, q)[f(x)]),
    "a free sum beside": (mean[total((l, n))[f(xs[i])]], n * E(x, p)[f(x)]),
    "an index of its own": (
        mean[total((l, n), (i, m))[l * f(xs[i])]],
        m * total((l, n))[l] * E(x, p)[f(x)],
    ),
    "no symmetry": (
        mean[total((i, m), (j, m), distinct=True)[c(xs[i], xs[j])]],
        m * (m - 1) * E(x, p)[E(y, p)[c(y, x)]],
    ),
    "a function of a function": (
        mean[total((i, m))[log(1 + f(xs[i]) ** 2) * exp(f(xs[i]))]],
        m * E(x, p)[log(1 + f(x) ** 2) * exp(f(x))],
    ),
    "a point of the sample and a free one": (
        mean[total((i, m))[k(xs[i], z)]],
        m * E(x, p)[k(x, z)],
    ),
    "a named function": (
        mean[total((i, m))[named("g", x, f(x) ** 2)(xs[i])]],
        m * E(x, p)[f(x) ** 2],
    ),
    "weights beside the sample": (
        mean[total((i, m))[w[i] * f(xs[i])]],
        total((i, m))[w[i]] * E(x, p)[f(x)],
    ),
    "within another mean": (
        E(z, q)[mean[total((i, m))[k(xs[i], z)]]],
        m * E(z, q)[E(x, p)[k(x, z)]],
    ),
}


@pytest.mark.parametrize("name", TRUE)
def test_means_over_a_sample_are_proved(name):
    left, right = TRUE[name]
    assert check(Equal(left, right)).status == "proved"


@pytest.mark.parametrize("name", TRUE)
def test_a_changed_coefficient_is_refuted(name):
    left, right = TRUE[name]
    assert check(Equal(left, right + E(x, q)[f(x) ** 2] / m)).status == "refuted"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (mean[V], PAIR),
        (mean[U], SAME),
        (mean[U], E(x, q)[E(y, p)[k(x, y)]]),
        (mean[MEAN**2], E(x, p)[f(x)] ** 2),
        (mean[SPREAD / m], VARIANCE),
        (mean[U**2] - PAIR**2, 4 * (ROWS - PAIR**2) / m),
    ],
)
def test_usual_mistakes_are_refuted(left, right):
    assert check(Equal(left, right)).status == "refuted"


def test_every_slip_in_the_unbiasedness_of_u_is_refuted():
    result = score(Equal(mean[U], PAIR))
    assert result.made >= 8
    assert result.killed + result.equivalent == result.made
    assert "count the diagonal" in {
        wrong.slip for wrong in mutants(Equal(mean[U], PAIR))
    }


def test_a_finite_instance_is_certified():
    A = Space("A", "finite", 3)
    law, g = Table("p", A, (1, 2, 3)), Values("g", A, (1, -1, 2))
    a, sample = A.point("a"), A.sample("a")
    twice = E(sample, law, 2)[total((i, 2))[g(sample[i])] ** 2]
    once, square = E(a, law)[g(a)], E(a, law)[g(a) ** 2]
    assert check(Equal(twice, 2 * square + 2 * once**2)).status == "certified"
    assert check(Equal(twice, 2 * square)).status == "refuted"


def test_means_under_a_table_are_counted_or_only_tested():
    A = Space("A", "finite", 3)
    law, g = Table("p", A, (1, 2, 3)), Values("g", A, (1, -1, 2))
    a, sample, h = A.point("a"), A.sample("a"), function("h", A)
    free_size = E(sample, law, m)[total((i, m))[g(sample[i])]]
    assert check(Equal(free_size, m * E(a, law)[g(a)])).status == "tested"
    free_values = E(sample, law, 2)[total((i, 2))[h(sample[i])]]
    assert check(Equal(free_values, 2 * E(a, law)[h(a)])).status == "tested"
    with pytest.raises(ClaimError, match=r"3\^12 samples are too many"):
        check(Equal(E(sample, law, 12)[total((i, 12))[g(sample[i])]], 0))


def test_points_of_a_sample_may_stand_outside_of_a_mean():
    both = total((i, m), (j, m), distinct=True)[k(xs[i], xs[j])]
    whole = total((i, m), (j, m))[k(xs[i], xs[j])]
    diagonal = total((i, m))[k(xs[i], xs[i])]
    assert check(Equal(both, whole - diagonal)).status == "proved"
    assert check(Equal(both, whole)).status == "refuted"


def test_it_is_set_as_in_a_book():
    assert tex(mean[U]).startswith(
        r"\mathbb{E}_{x_{1},\dots,x_{m}\sim p}\left[\frac{\sum_{i\ne j}^{m} k"
    )
    assert text(mean[U]) == "E_{x[1..m]~p}[(Σ_{i≠j..m} k(x[i], x[j]))/(m (m - 1))]"


PART = total((i, m - 1))[f(xs[i])]
SEVEN = total((i, m))[f(xs[i])] ** 7


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (mean[PART], (m - 1) * E(x, p)[f(x)]),
        (
            mean[total((i, m))[f(xs[i]) * f(xs[1])]],
            E(x, p)[f(x) ** 2] + (m - 1) * E(x, p)[f(x)] ** 2,
        ),
        (
            mean[total((i, m), (j, m))[w[i] * k(xs[i], xs[j])]],
            total((i, m))[w[i]] * (SAME + (m - 1) * PAIR),
        ),
        (mean[SEVEN], E(ys, p, m)[total((j, m))[f(ys[j])] ** 7]),
    ],
)
def test_what_is_not_summed_over_the_whole_sample_is_only_tested(left, right):
    assert check(Equal(left, right)).status == "tested"


REFUSED = {
    "a point that is not there": (
        lambda: check(Equal(mean[total((i, m + 1))[f(xs[i])]], 0)),
        "the sample has . points, and point . was asked for",
    ),
    "no function": (
        lambda: check(Equal(mean[total((i, m))[(p / q)(xs[i])]], m)),
        "not callable|use a function",
    ),
    "a bare point": (lambda: check(Equal(mean[xs[i]], 0)), "no numerical meaning"),
    "points of the line": (lambda: LINE.sample("u"), "a finite or an abstract space"),
    "no size": (lambda: E(xs, p)[V], "needs its size"),
    "three distinct indices": (
        lambda: total((i, m), (j, m), (l, m), distinct=True)[1],
        "two indices of one range",
    ),
    "distinct indices of two ranges": (
        lambda: total((i, m), (j, n), distinct=True)[1],
        "two indices of one range",
    ),
    "no natural number": (lambda: natural("r", least=0), "least is an integer ≥ 1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_in_a_sentence(name):
    make, says = REFUSED[name]
    with pytest.raises((ClaimError, TypeError), match=says):
        make()


def test_numbers_from_two_on_are_drawn_from_two_on():
    assert check(Less(1, m)).status == "proved"
    assert check(Less(2, m)).status == "refuted"
