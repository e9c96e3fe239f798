"""Branches that few claims reach."""

from ottools.derive import (
    LINE,
    AtLeast,
    E,
    Equal,
    Every,
    Exercise,
    Normal,
    Rational,
    check,
    exp,
    identity,
    mutants,
    natural,
    orthonormal,
    pi,
    prove,
    real,
    sqrt,
)

u = LINE.point("u")


def test_the_density_of_a_law_at_a_free_point():
    bell = exp(-(u**2) / 2) / sqrt(2 * pi)
    assert check(Equal(Normal(0, 1)(u), bell)).status == "proved"
    assert check(Equal(Normal(0, 1)(u), 2 * bell)).status == "refuted"


def test_a_small_gap_between_quadratures_is_looked_at_again():
    almost = 1 + Rational(1, 10**10)
    assert check(Equal(E(u, Normal(0, 1))[u**2], almost)).status == "refuted"


def test_a_list_with_a_case_that_nothing_decides_is_not_certified():
    root = sqrt(Rational(2))
    closer = Equal(root, root + Rational(1, 10**45))
    assert check(Every(("cases", "cases"), (closer,))).status == "undecided"


def test_the_sign_of_one_number():
    verdict = check(AtLeast(exp(Rational(1)), 2))
    assert (verdict.status, verdict.method) == (
        "certified",
        "the sign of one exact number",
    )


def test_the_sign_of_a_number_that_may_be_zero_is_not_settled():
    tiny = Rational(1, 10**45)
    assert prove.at_least(sqrt(Rational(2)), sqrt(Rational(2)) + tiny) is None
    assert check(AtLeast(0, 1)).status == "refuted"


def test_a_claim_that_takes_no_constants_has_few_mutants():
    k, d = natural("k d")
    rows = orthonormal("U", k, d)
    assert 0 < len(mutants(Equal(rows @ rows.T, identity(k)))) < 4


def test_an_exercise_says_what_it_found():
    x = real("x")
    exercise = Exercise("ex-edge", lambda answer: Equal(answer, x + x), 2 * x, {x: "?"})
    assert repr(exercise).startswith("exercise ex-edge: answer proved")
