from dataclasses import replace

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from ottools.convergence import ConvergenceError
from ottools.costs import euclidean, squared_euclidean
from ottools.kantorovich import (
    Transport,
    assignment,
    certificate,
    constraint_matrix,
    north_west_corner,
    solve_lp,
    solve_network,
    transport_1d,
)
from tests.references import transport as slow

SOLVERS = (solve_lp, solve_network)


def many(examples):
    return settings(max_examples=examples, deadline=None, derandomize=True)


def draw(seed, feature, weighting, largest):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, largest + 1, 2)
    C = slow.costs(rng, (n, m), feature)
    return C, slow.weights(rng, n, weighting), slow.weights(rng, m, weighting)


def recomputed(t, C, a, b):
    return certificate(C, a, b, t.plan, t.f, t.g)


def assert_optimal(t, C, a, b):
    """The certificate is that of the answer, and as good as rounding allows."""
    n, m = C.shape
    again = recomputed(t, C, a, b)
    figures = ("value", "marginal_error", "infeasibility", "gap", "slackness")
    assert [getattr(again, k) for k in figures] == [getattr(t, k) for k in figures]
    assert t.plan.min() >= 0
    assert (t.plan > 0).sum() <= n + m - 1
    assert t.marginal_error <= 1e-9
    assert t.infeasibility <= slow.rounding(C, t.f, t.g)
    assert abs(t.gap) <= 1e-9 * np.ptp(C) + slow.rounding(C, t.f, t.g)
    assert t.slackness <= 1e-9 * np.ptp(C) + slow.rounding(C, t.f, t.g)


@many(450)
@given(slow.seeds, st.sampled_from(slow.COSTS), st.sampled_from(slow.WEIGHTS))
def test_simplex_and_network_agree(seed, feature, weighting):
    C, a, b = draw(seed, feature, weighting, 7)
    first, second = solve_lp(C, a, b), solve_network(C, a, b)
    for t in (first, second):
        assert_optimal(t, C, a, b)
    slack = slow.bound(first, C) + slow.bound(second, C) + slow.rounding(C)
    assert abs(first.value - second.value) <= slack


@many(400)
@given(slow.seeds, st.sampled_from(slow.COSTS), st.sampled_from(slow.WEIGHTS))
def test_no_vertex_is_cheaper(seed, feature, weighting):
    C, a, b = draw(seed, feature, weighting, 3)
    t = solve_network(C, a, b)
    assert_optimal(t, C, a, b)
    best = slow.best_vertex(C.tolist(), a.tolist(), b.tolist())
    # Rounding makes some degenerate vertices look infeasible, never cheaper.
    assert best >= t.value - slow.bound(t, C) - slow.rounding(C)
    if weighting == "random":
        assert best <= t.value + slow.bound(t, C) + slow.rounding(C)


@many(1000)
@given(slow.seeds, st.sampled_from(slow.COSTS), st.integers(1, 5))
def test_no_permutation_is_cheaper(seed, feature, n):
    C = slow.costs(np.random.default_rng(seed), (n, n), feature)
    equal = np.full(n, 1 / n)
    one, two = assignment(C), solve_network(C)
    best = slow.best_permutation(C)
    for t in (one, two):
        assert_optimal(t, C, equal, equal)
        assert abs(t.value - best) <= slow.bound(t, C) + slow.rounding(C)
    assert sorted(one.map) == list(range(n))
    assert np.array_equal(one.plan > 0, np.eye(n)[one.map] > 0)


@many(1200)
@given(
    slow.seeds,
    st.sampled_from(slow.PLACES),
    st.sampled_from(slow.WEIGHTS),
    st.sampled_from([1, 1.5, 2, 3]),
)
def test_the_line_agrees(seed, feature, weighting, p):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 8, 2)
    x, y = slow.places(rng, n, 1, feature), slow.places(rng, m, 1, feature)
    a, b = slow.weights(rng, n, weighting), slow.weights(rng, m, weighting)
    C = euclidean(x, y) ** p
    one, two = transport_1d(x[:, 0], y[:, 0], a, b, p=p), solve_network(C, a, b)
    assert_optimal(two, C, a, b)
    slack = slow.bound(one, C) + slow.bound(two, C) + slow.rounding(C)
    assert abs(one.value - two.value) <= slack


@many(200)
@given(slow.seeds, st.sampled_from(slow.WEIGHTS))
def test_symmetry_and_shifts(seed, weighting):
    C, a, b = draw(seed, "random", weighting, 6)
    t, turned = solve_network(C, a, b), solve_network(C.T, b, a)
    assert turned.value == pytest.approx(t.value, abs=1e-12)
    u, v = np.arange(len(a)), -2.0 * np.arange(len(b))
    moved = solve_network(3 * C + u[:, None] + v, a, b)
    assert moved.value == pytest.approx(3 * t.value + a @ u + b @ v, abs=1e-11)


def test_potentials_reach_the_points_without_weight(rng):
    x, y = rng.normal(size=(9, 2)), rng.normal(size=(8, 2))
    C, a, b = squared_euclidean(x, y), slow.weights(rng, 9, "zeros"), np.eye(8)[2]
    for solve in SOLVERS:
        t = solve(C, a, b)
        slack = C - t.f[:, None] - t.g
        assert slack.min() >= -1e-14
        # No potential could be larger anywhere.
        assert np.abs(slack.min(axis=1)).max() <= 1e-14


def test_against_pot(rng):
    C, a, b = (
        rng.random((40, 30)),
        rng.dirichlet(np.ones(40)),
        rng.dirichlet(np.ones(30)),
    )
    expected = ot.emd2(a, b, C)
    for solve in SOLVERS:
        assert solve(C, a, b).value == pytest.approx(expected, abs=1e-13)
    assert solve_network(C).value == pytest.approx(ot.emd2([], [], C), abs=1e-13)


def test_constraints_have_rank_one_less_than_rows():
    for n, m in [(1, 1), (1, 4), (3, 3), (4, 7)]:
        A = constraint_matrix(n, m).toarray()
        assert A.shape == (n + m, n * m)
        assert np.linalg.matrix_rank(A) == n + m - 1
        P = np.arange(n * m).reshape(n, m)
        assert np.array_equal(A @ P.ravel(), np.r_[P.sum(axis=1), P.sum(axis=0)])


def test_constraints_are_totally_unimodular(rng):
    A = constraint_matrix(4, 5).toarray()
    for size in range(1, 9):
        for _ in range(100):
            rows = rng.choice(9, size, replace=False)
            columns = rng.choice(20, size, replace=False)
            minor = np.linalg.det(A[np.ix_(rows, columns)])
            assert min(abs(minor - k) for k in (-1, 0, 1)) < 1e-9


def test_a_dual_programme_of_its_own(rng):
    """max <a,f> + <b,g> under A^T (f, g) <= C, solved as it stands."""
    C, a, b = rng.random((8, 11)), rng.dirichlet(np.ones(8)), rng.dirichlet(np.ones(11))
    A = constraint_matrix(8, 11)
    dual = linprog(-np.r_[a, b], A_ub=A.T, b_ub=C.ravel(), bounds=(None, None))
    t = solve_lp(C, a, b)
    assert t.value == pytest.approx(-dual.fun, abs=1e-12)
    assert abs(t.gap) < 1e-14
    assert t.slackness < 1e-14
    assert (t.plan > 0).sum() == 18  # n + m - 1


def test_forty_points_get_one_partner_each(rng):
    x, y = rng.normal(size=(40, 2)), rng.normal(size=(40, 2))
    C = euclidean(x, y)
    hungarian, vertex = assignment(C), solve_network(C)
    assert (vertex.plan > 0).sum() == 40
    assert np.array_equal(hungarian.map, vertex.map)
    assert hungarian.value == pytest.approx(vertex.value, abs=1e-14)


def test_the_cheapest_pairs_of_two_squares():
    corners = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]])
    t = assignment(squared_euclidean(corners, corners + [0.1, 0]))
    assert t.map.tolist() == [0, 1, 2, 3]
    assert t.value == pytest.approx(0.01, abs=1e-15)


def test_two_by_two_doubles_with_the_costs():
    C, a, b = np.array([[0.0, 1], [1, 0]]), [0.75, 0.25], [0.25, 0.75]
    assert solve_network(C, a, b).value == 0.5
    assert solve_network(2 * C, a, b).value == 1.0


@pytest.mark.parametrize("solve", SOLVERS)
def test_one_atom_to_two_has_no_map(solve):
    t = solve([[1, 1]], [1], [0.5, 0.5])
    assert t.value == 1
    with pytest.raises(ValueError, match="row 0 goes to 2 columns"):
        t.map  # noqa: B018
    with pytest.raises(ValueError, match="C must be square for a one-to-one map"):
        assignment([[1, 1]])


def test_map_skips_rows_without_weight():
    assert solve_network(np.eye(2), [1, 0], [0, 1]).map.tolist() == [1, -1]


@pytest.mark.parametrize("size", [1e-300, 1e-150, 1e150, 1e300])
def test_costs_of_every_size(rng, size):
    C = rng.random((5, 5))
    for solve in (*SOLVERS, assignment):
        t, scaled = solve(C), solve(size * C)
        assert scaled.value / size == pytest.approx(t.value, rel=1e-13)
        assert scaled.infeasibility / size <= 1e-15
        assert abs(scaled.gap) / size <= 1e-13


def test_integers_of_any_kind():
    small = np.array([[100, -100], [-100, 100]], np.int8)
    assert solve_network(small).value == -100
    assert solve_lp([[10**20, 1], [1, 10**20]]).value == 1
    assert assignment([[2**70, 0], [0, 2**70]]).map.tolist() == [1, 0]


# Honesty: the certificate grows by what was done to a right answer.


@many(300)
@given(slow.seeds, st.floats(1e-6, 1.0))
def test_perturbed_answers_are_shown_up(seed, h):
    C, a, b = draw(seed, "random", "random", 6)
    t = solve_network(C, a, b)
    P, f, g = t.plan, t.f, t.g
    i, j = np.unravel_index(P.argmax(), P.shape)
    more, spot = P.copy(), np.zeros_like(P)
    spot[i, j] = h
    more += spot
    assert certificate(C, a, b, more, f, g).marginal_error == pytest.approx(2 * h)
    less = P - spot * (1 + P[i, j] / h)
    assert certificate(C, a, b, less, f, g).marginal_error >= 4 * h - 1e-12
    lifted = certificate(C, a, b, P, f + h, g)
    assert lifted.infeasibility == pytest.approx(h)
    assert lifted.gap == pytest.approx(t.gap - h)
    lowered = certificate(C, a, b, P, f, g - h)
    assert lowered.infeasibility == 0
    assert lowered.gap == pytest.approx(h)
    assert lowered.slackness == pytest.approx(h)
    wasteful = certificate(C, a, b, np.outer(a, b), f, g)
    assert wasteful.gap == pytest.approx(a @ C @ b - t.value, abs=1e-12)
    assert wasteful.marginal_error < 1e-14


@many(200)
@given(slow.seeds, st.sampled_from(slow.WEIGHTS))
def test_figures_by_their_definitions(seed, weighting):
    """For any arrays at all: negative plans, wrong masses, infeasible potentials."""
    C, a, b = draw(seed, "random", weighting, 5)
    rng = np.random.default_rng(seed)
    P, f, g = rng.normal(size=C.shape), rng.normal(size=len(a)), rng.normal(size=len(b))
    t = certificate(C, a, b, P, f, g)
    cells = list(np.ndindex(*C.shape))
    assert t.value == pytest.approx(sum(P[c] * C[c] for c in cells))
    assert t.gap == pytest.approx(t.value - a @ f - b @ g, abs=1e-13)
    violations = [f[i] + g[j] - C[i, j] for i, j in cells]
    assert t.infeasibility == pytest.approx(max(0, *violations), abs=1e-14)
    slackness = sum(abs(P[i, j] * (C[i, j] - f[i] - g[j])) for i, j in cells)
    assert t.slackness == pytest.approx(slackness)
    rows = sum(abs(sum(row) - w) for row, w in zip(P, a, strict=True))
    columns = sum(abs(sum(row) - w) for row, w in zip(P.T, b, strict=True))
    negative = -2 * sum(min(P[c], 0) for c in cells)
    assert t.marginal_error == pytest.approx(rows + columns + negative)


@pytest.mark.parametrize("solve", [*SOLVERS, assignment])
@pytest.mark.parametrize("size", [1e-4, 1e-8, 1e-11])
def test_small_differences_between_large_costs(solve, size, rng):
    """Absolute tolerances of 1e-10 would let any plan pass."""
    u, v, R = rng.random(12), rng.random(12), rng.random((12, 12))
    C = u[:, None] + v + size * R
    assert abs(solve(C).gap) <= 1e-15
    cheapest = solve(R)
    if size >= 1e-8:
        assert np.array_equal(solve(C).plan > 0, cheapest.plan > 0)


@many(200)
@given(slow.seeds, st.sampled_from(slow.COSTS), st.sampled_from(slow.WEIGHTS))
def test_any_feasible_pair_bounds_the_optimum(seed, feature, weighting):
    """Weak duality, as the certificate states it, for random plans and potentials."""
    C, a, b = draw(seed, feature, weighting, 6)
    rng = np.random.default_rng(seed)
    best = solve_network(C, a, b)
    f, g = rng.normal(size=len(a)), rng.normal(size=len(b))
    t = certificate(C, a, b, north_west_corner(a, b), f, g)
    slack = slow.bound(best, C) + slow.rounding(C, f, g)
    assert t.value >= best.value - slack - t.marginal_error * np.abs(C).max()
    assert t.value - t.gap - t.infeasibility <= best.value + slack


def test_the_result_is_frozen():
    t = solve_network([[0, 1], [1, 0]])
    assert isinstance(replace(t, value=3.0), Transport)
    with pytest.raises(AttributeError):
        t.value = 3


@pytest.mark.parametrize("solve", SOLVERS)
def test_giving_up(solve, rng):
    C = rng.random((30, 30))
    with pytest.raises(ConvergenceError, match="raise max_iter") as caught:
        solve(C, max_iter=1)
    last = caught.value.last
    assert last == pytest.approx(last)
    t = certificate(C, None, None, last.plan, last.f, last.g)
    assert (t.gap, t.marginal_error) == (last.gap, last.marginal_error)
    assert max(t.gap, t.marginal_error) > 1e-3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: solve_lp([[1, np.nan]]), "C must be finite"),
        (lambda: solve_lp([[1, 2]], [0.5]), "a must sum to 1"),
        (lambda: solve_lp([[1, 2]], [1], [1, 0, 0]), r"b must have shape \(2,\)"),
        (lambda: solve_network([[1, 2]], None, [2, -1]), "b must be finite and >= 0"),
        (lambda: solve_network([[1, 2]], None, [1j, 0]), "b must be real"),
        (lambda: solve_network([[1, 2]], [10**400]), "a must hold real numbers"),
        (lambda: solve_network([[1]], max_iter=0), "max_iter must be a whole number"),
        (lambda: solve_lp([[1]], max_iter=2.5), "max_iter must be a whole number"),
        (lambda: constraint_matrix(0, 2), "n must be a whole number >= 1; got 0"),
        (lambda: constraint_matrix(2, "3"), "m must be a whole number >= 1; got '3'"),
        (lambda: assignment(np.eye(2), [0.4, 0.6]), "a and b must be equal weights"),
        (lambda: assignment(np.eye(2), None, [1, 0]), "a and b must be equal weights"),
        (lambda: certificate([[1]], None, None, [1], [0], [0]), "plan must have shape"),
        (lambda: certificate([[1]], None, None, [[1]], 0, [0]), "f must have shape"),
        (lambda: certificate([[1]], None, None, [[1]], [0], 0), "g must have shape"),
        (
            lambda: certificate([[1e308]], None, None, [[1]], [-1e308], [0]),
            "must have products within",
        ),
        (
            lambda: certificate([[2]], None, None, [[1e308]], [0], [0]),
            "must have products within",
        ),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
