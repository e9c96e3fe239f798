"""Means over all samples: by hand, against binomial moments, in exact numbers."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import comb

import numpy as np
import pytest

from ottools.enumeration import mean_over_samples
from ottools.mmd import mmd2_unbiased

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)


def test_the_mean_of_a_sum_is_the_sum_of_means():
    p, q = (HALF, HALF, 0), (THIRD, THIRD, THIRD)
    got = mean_over_samples(lambda x, y: sum(x) - 3 * sum(y), p, q, 2, 3)
    assert got == 2 * HALF - 9 * 1


@pytest.mark.parametrize("size", [1, 2, 5])
def test_counts_are_binomial(size):
    coin, sure = (Fraction(3, 4), Fraction(1, 4)), (0, 1)
    for ones in range(size + 1):
        got = mean_over_samples(lambda x, _, k=ones: sum(x) == k, coin, sure, size, 1)
        expected = comb(size, ones) * coin[1] ** ones * coin[0] ** (size - ones)
        assert got == expected


def test_impossible_samples_are_never_looked_at():
    seen = []
    mean_over_samples(lambda x, y: seen.append((x, y)) or 0, (0, 1, 0), (1, 0, 0), 2, 2)
    assert seen == [((1, 1), (0, 0))]


def test_the_two_samples_keep_their_laws():
    left, right = (1, 0), (0, 1)
    assert mean_over_samples(lambda x, _: x[0], left, right, 1, 1) == 0
    assert mean_over_samples(lambda _, y: y[0], left, right, 1, 1) == 1


def test_the_u_statistic_is_unbiased():
    p, q = (0.5, 0.25, 0.25), (0.2, 0.2, 0.6)
    got = mean_over_samples(lambda x, y: mmd2_unbiased(x, y, 1.0), p, q, 2, 3)
    gap = np.subtract(p, q)
    table = np.exp(-(np.subtract.outer(range(3), range(3)) ** 2) / 2)
    assert got == pytest.approx(gap @ table @ gap, abs=1e-14)


def test_order_does_not_matter_for_independent_draws():
    p = (THIRD, 2 * THIRD)
    for a, b in product(range(2), range(2)):
        got = mean_over_samples(lambda x, _, w=(a, b): x == w, p, p, 2, 1)
        assert got == p[a] * p[b]


@pytest.mark.parametrize(
    ("p", "q", "m", "n", "what"),
    [
        ((1,), (HALF, HALF), 1, 1, "weights of one length"),
        ((HALF, HALF), (2, -1), 1, 1, "weights of one length"),
        ((HALF, THIRD), (HALF, HALF), 1, 1, "with sum 1"),
        ((), (), 1, 1, "not be empty"),
        ((1,), (1,), 0, 1, "m, n be >= 1"),
        ((1,), (1,), 1, 0, "m, n be >= 1"),
    ],
)
def test_what_are_no_samples_is_refused(p, q, m, n, what):
    with pytest.raises(ValueError, match=what):
        mean_over_samples(lambda *_: 0, p, q, m, n)
