"""Farkas' alternative, subdeterminants and the table of an exact certificate."""

from dataclasses import replace
from fractions import Fraction
from itertools import permutations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from ottools.derive import check
from ottools.kantorovich import (
    constraint_matrix,
    exact_certificate,
    farkas,
    minors,
)

seeds = st.integers(0, 10**9)


def many(examples):
    return settings(max_examples=examples, deadline=None, derandomize=True)


def draw(seed):
    """A small system with integers, some rows repeated and some entries 0."""
    rng = np.random.default_rng(seed)
    m, n = (int(k) for k in rng.integers(1, 6, 2))
    A = rng.integers(-3, 4, (m, n)) * rng.integers(0, 2, (m, n))
    if m > 1 and rng.random() < 0.4:
        A[-1] = A[0]
    b = rng.integers(-4, 5, m)
    if rng.random() < 0.5:
        b = A @ rng.integers(0, 4, n)
    return A.tolist(), b.tolist()


@many(400)
@given(seeds)
def test_one_of_the_two_exists_exactly(seed):
    A, b = draw(seed)
    found = farkas(A, b)
    assert (found.x is None) != (found.y is None)
    rows = np.array(A, dtype=object)
    if found.y is None:
        assert list(rows @ np.array(found.x)) == b
        assert min(found.x) >= 0
    else:
        assert max(rows.T @ np.array(found.y)) <= 0
        assert sum(u * v for u, v in zip(b, found.y, strict=True)) > 0


@many(60)
@given(seeds)
def test_highs_agrees(seed):
    A, b = draw(seed)
    floats = linprog(np.zeros(len(A[0])), A_eq=A, b_eq=b, method="highs")
    assert (floats.status == 0) == (farkas(A, b).y is None)


@many(40)
@given(seeds)
def test_the_claims_are_certified_and_notice_damage(seed):
    found = farkas(*draw(seed))
    assert {check(c).status for c in found.claims()} == {"certified"}
    if found.y is not None:
        spoilt = replace(found, y=tuple(-v for v in found.y))
        assert "refuted" in {check(c).status for c in spoilt.claims()}
    elif any(any(row) for row in found.A):
        k = next(i for row in found.A for i, v in enumerate(row) if v)
        moved = tuple(v + (i == k) for i, v in enumerate(found.x))
        spoilt = replace(found, x=moved)
        assert "refuted" in {check(c).status for c in spoilt.claims()}


def test_integers_of_numpy_do_not_overflow():
    # In the arithmetic of 64 bits the pivots would go round and round.
    big = 2**62
    A, b = [[big, big], [big, -big]], [big, big]
    assert farkas(np.array(A), np.array(b)) == farkas(A, b)
    assert farkas(A, b).x == (1, 0)
    A = [[2**40, 1], [3, 2**40]]
    assert minors(np.array(A)) == minors(A)


def test_a_negative_solution_is_refuted():
    found = replace(farkas([[1, 1]], [1]), x=(Fraction(2), Fraction(-1)))
    assert [check(c).status for c in found.claims()] == ["certified", "refuted"]


def test_a_witness_that_is_a_little_wrong_is_refuted():
    found = replace(farkas([[1], [1]], [1, 2]), y=(Fraction(-1, 2), Fraction(3, 4)))
    assert [check(c).status for c in found.claims()] == ["refuted", "certified"]


def test_unequal_masses_have_a_witness():
    A = constraint_matrix(2, 2).toarray().astype(int).tolist()
    found = farkas(A, [1, 0, "1/2", "1/4"])
    assert found.x is None
    assert found.y[0] + found.y[2] <= 0


def test_what_is_improper_is_named():
    with pytest.raises(ValueError, match="A must have rows of one length"):
        farkas([[1], [1, 2]], [1, 1])
    with pytest.raises(ValueError, match="b must have shape"):
        farkas([[1]], [1, 2])
    with pytest.raises(ValueError, match="A must hold ints, fractions"):
        farkas([["one"]], [1])
    with pytest.raises(ValueError, match="A must hold integers"):
        minors([["1/2"]])
    with pytest.raises(ValueError, match=r"at most 1000000 minors; got \d+"):
        minors(np.ones((20, 20)).tolist())


def leibniz(M):
    total = 0
    for s in permutations(range(len(M))):
        sign = (-1) ** sum(a > b for i, a in enumerate(s) for b in s[i:])
        total += sign * int(np.prod([M[i][k] for i, k in enumerate(s)]))
    return total


@many(40)
@given(seeds)
def test_minors_from_the_definition(seed):
    rng = np.random.default_rng(seed)
    m, n = (int(k) for k in rng.integers(1, 4, 2))
    A = rng.integers(-2, 3, (m, n))
    found = minors(A.tolist())
    assert found.rank == np.linalg.matrix_rank(A)
    assert sum(found.counts.values()) == comb(m + n, n) - 1
    if m == n:
        assert leibniz(A.tolist()) in found.counts


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 3), (2, 2), (2, 3), (3, 3)])
def test_the_matrix_of_transport_is_totally_unimodular(n, m):
    found = minors(constraint_matrix(n, m).toarray().astype(int).tolist())
    assert found.totally_unimodular
    assert found.rank == n + m - 1


def test_an_odd_cycle_is_not():
    assert not minors([[1, 1, 0], [0, 1, 1], [1, 0, 1]]).totally_unimodular


def test_the_table_shows_mass_or_slack():
    t = exact_certificate([[0, 3], [3, 0]], ["1/2", "1/2"], ["1/2", "1/2"])
    rows = t.table().splitlines()
    assert rows[0].split() == ["1", "2", "|", "a", "f"]
    assert len({line.find("|") for line in rows}) == 1
    shown = [line.split("|")[0].split()[1:] for line in rows[1:3]]
    for i, j in np.ndindex(2, 2):
        slack = t.C[i][j] - t.f[i] - t.g[j]
        mass = t.plan[i][j]
        assert shown[i][j] == (str(mass) if mass else f"[{slack}]")
    assert rows[-2].split() == ["b", "1/2", "1/2", "|"]
    assert rows[-1].split() == ["g", *map(str, t.g), "|"]
