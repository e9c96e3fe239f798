from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import floyd_warshall

from ottools.convergence import ConvergenceError
from ottools.costs import euclidean, is_metric, squared_euclidean
from ottools.kantorovich import (
    assignment,
    birkhoff,
    graph_certificate,
    kantorovich_rubinstein,
    lipschitz_potential,
    north_west_corner,
    rubinstein,
    solve_lp,
    solve_network,
    wasserstein_1d,
    wasserstein_graph,
)
from ottools.kantorovich.graph import shortened
from tests.references import transport as slow

features, weightings = st.sampled_from(slow.PLACES), st.sampled_from(slow.WEIGHTS)


def many(examples):
    return settings(max_examples=examples, deadline=None, derandomize=True)


def space(seed, feature, weighting, largest=8):
    rng = np.random.default_rng(seed)
    n = rng.integers(1, largest + 1)
    x = slow.places(rng, n, 2, feature)
    a, b = (slow.weights(rng, n, weighting) for _ in range(2))
    return euclidean(x, x), a, b, rng


# One potential instead of two


@many(300)
@given(slow.seeds, features, weightings, st.sampled_from([1, 0.25, 2, 3.5]))
def test_duality_on_a_metric_space(seed, feature, weighting, K):
    D, a, b, _ = space(seed, feature, weighting)
    r, best = kantorovich_rubinstein(D, a, b, K=K), solve_lp(D, a, b)
    slack = slow.bound(best, D) + slow.rounding(D)
    assert abs(r.value - K * best.value) <= K * slack
    assert r.excess <= slow.rounding(K * D)
    assert abs(r.gap) <= slow.rounding(K * D)
    assert r.marginal_error <= 1e-14
    far = np.greater(D, 1e-3 * D.max())
    rise = np.abs(r.u[:, None] - r.u)
    assert np.all(rise[far] <= K * D[far] * (1 + 1e-9))
    assert r.value == pytest.approx((a - b) @ r.u)


@many(400)
@given(slow.seeds, features, weightings)
def test_any_feasible_pair_gives_a_potential_as_good(seed, feature, weighting):
    """The argument of the chapter: f <= u <= -g, and u is 1-Lipschitz."""
    D, a, b, rng = space(seed, feature, weighting)
    g = rng.normal(size=len(D)) * D.max()
    f = (D - g).min(axis=1) - rng.random(len(D)) * D.max()
    u = lipschitz_potential(D, f, g)
    slack = slow.rounding(D, f, g)
    assert np.all(u[:, None] - u <= D + slack)
    assert np.all(u >= f - slack)
    assert np.all(u <= -g + slack)
    assert (a - b) @ u >= a @ f + b @ g - slack


def test_minus_f_alone_would_not_do():
    D = np.array([[0.0, 1], [1, 0]])
    f, g = np.array([0.0, -5.0]), np.array([0.0, 1.0])
    assert np.all(f[:, None] + g <= D)
    assert abs(f[0] - f[1]) > D[0, 1]
    assert lipschitz_potential(D, f, g).tolist() == [0, -1]


def test_six_points_on_a_line(rng):
    """Linear programme, one potential, network simplex, and the formula with F - G."""
    x = np.sort(rng.random(6))
    a, b = rng.dirichlet(np.ones(6)), rng.dirichlet(np.ones(6))
    D = euclidean(x, x)
    expected = slow.area(x, x, a, b)
    r = kantorovich_rubinstein(D, a, b)
    for value in (
        r.value,
        solve_lp(D, a, b).value,
        solve_network(D, a, b).value,
        wasserstein_1d(x, x, a, b),
    ):
        assert value == pytest.approx(expected, abs=1e-14)
    assert kantorovich_rubinstein(D, a, b, K=2).value == pytest.approx(2 * expected)
    assert r.lipschitz == pytest.approx(1)


@pytest.mark.parametrize("m", [2, 3, 11, 51])
def test_squared_costs_degenerate(m):
    """With g = -f and squared costs the dual is 1/(m-1), not the true cost 1."""
    x = np.linspace(0, 1, m)
    C = squared_euclidean(x, x)
    i, j = np.triu_indices(m, 1)
    start, end = np.eye(m)[0], np.eye(m)[-1]
    t = wasserstein_graph(np.c_[i, j], C[i, j], start, end)
    assert t.value == pytest.approx(1 / (m - 1))
    assert solve_network(C, start, end).value == pytest.approx(1)
    if m > 2:
        with pytest.raises(ValueError, match="D must be a metric; from 0 to"):
            kantorovich_rubinstein(C, start, end)


@many(100)
@given(slow.seeds, st.floats(1e-6, 1.0))
def test_a_damaged_potential_is_shown_up(seed, h):
    D, a, b, rng = space(seed, "random", "random")
    if len(D) == 1:
        return
    r = kantorovich_rubinstein(D, a, b)
    k = rng.integers(len(D))
    bent = rubinstein(D, (a, b), r.plan, r.u + h * np.eye(len(D))[k])
    assert bent.value == pytest.approx(r.value + h * (a - b)[k])
    assert bent.gap == pytest.approx(r.gap - h * (a - b)[k])
    rise = np.abs(bent.u[:, None] - bent.u)
    assert bent.excess == pytest.approx(max(0, (rise - D).max()))
    steep = rubinstein(D, (a, b), r.plan, (1 + h) * r.u)
    assert steep.lipschitz == pytest.approx((1 + h) * r.lipschitz)
    assert rubinstein(D, (a, b), np.eye(len(D)), r.u).marginal_error > 0.1


def test_one_place_two_names():
    D = np.array([[0.0, 0, 1], [0, 0, 1], [1, 1, 0]])
    r = kantorovich_rubinstein(D, [1, 0, 0], [0, 0.5, 0.5])
    assert (r.value, r.lipschitz, r.excess) == (0.5, 1.0, 0.0)
    torn = rubinstein(D, ([1, 0, 0], [0, 0.5, 0.5]), r.plan, [1, 0, 0])
    assert (torn.lipschitz, torn.excess) == (np.inf, 1.0)


# Along the edges of a graph


def tree(rng, n):
    parents = [int(rng.integers(v)) for v in range(1, n)]
    lengths = rng.random(n - 1) + 1e-3
    return parents, lengths, np.array([[v + 1, p] for v, p in enumerate(parents)])


@many(250)
@given(slow.seeds, weightings, st.sampled_from([1e-12, 1.0, 1e12]))
def test_trees_in_closed_form(seed, weighting, size):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 10))
    parents, lengths, edges = tree(rng, n)
    a, b = (slow.weights(rng, n, weighting) for _ in range(2))
    t = wasserstein_graph(edges, size * lengths, a, b)
    expected = size * slow.tree_distance(parents, lengths, a, b)
    assert t.value == pytest.approx(expected, rel=1e-9, abs=1e-12 * size)
    assert t.divergence_error <= 1e-9
    assert t.infeasibility <= 1e-14 * size * n
    assert abs(t.gap) <= 1e-9 * size * n


@many(250)
@given(slow.seeds, weightings)
def test_flows_agree_with_plans(seed, weighting):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 9))
    _, lengths, edges = tree(rng, n)
    more = rng.integers(n, size=(2 * n, 2))  # loops and parallel edges among them
    edges, lengths = np.r_[edges, more], np.r_[lengths, rng.random(2 * n) + 1e-3]
    a, b = (slow.weights(rng, n, weighting) for _ in range(2))
    t = wasserstein_graph(edges, lengths, a, b)
    W = np.full((n, n), np.inf)
    for (i, j), length in zip(edges, lengths, strict=True):
        W[i, j] = W[j, i] = min(W[i, j], length)
    D = floyd_warshall(W, directed=False)
    np.fill_diagonal(D, 0)
    assert is_metric(D)
    best = solve_network(D, a, b)
    assert t.value == pytest.approx(best.value, abs=1e-9)
    assert abs(t.gap) <= 1e-9
    assert np.all(np.abs(t.u[:, None] - t.u) <= D + 1e-13)
    again = graph_certificate(edges, lengths, (a, b), t.flow, t.u)
    assert (again.value, again.gap) == (t.value, t.gap)
    moved = graph_certificate(edges, lengths, (a, b), t.flow, t.u + np.eye(n)[0])
    assert moved.gap == pytest.approx(t.gap - (a - b)[0])
    extra = t.flow + np.eye(len(edges))[0]
    leaking = graph_certificate(edges, lengths, (a, b), extra, t.u)
    assert leaking.divergence_error == pytest.approx(2, abs=1e-8)
    assert leaking.gap > t.gap - 1e-9 or leaking.value < t.value


def test_a_potential_too_steep_is_shown_up():
    args = [[0, 1]], [2.0], ([1, 0], [0, 1])
    assert graph_certificate(*args, [1], [2, 0]).infeasibility == 0
    assert graph_certificate(*args, [1], [2.5, 0]).infeasibility == 0.5
    assert graph_certificate(*args, [1], [0, 2.5]).infeasibility == 0.5


@many(100)
@given(slow.seeds)
def test_shortened_potentials(seed):
    """min_k u_k + (distance from k), the largest 1-Lipschitz potential below u."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 10))
    _, lengths, edges = tree(rng, n)
    u = 3 * rng.normal(size=n)
    W = np.full((n, n), np.inf)
    W[edges[:, 0], edges[:, 1]] = lengths
    D = floyd_warshall(W, directed=False)
    np.fill_diagonal(D, 0)
    assert shortened(edges, lengths, u) == pytest.approx((u + D).min(axis=1), abs=1e-13)


def test_parts_keep_their_mass():
    t = wasserstein_graph([[0, 1], [2, 3]], [1, 2], [0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5])
    assert t.value == pytest.approx(1.5)
    with pytest.raises(ValueError, match="of vertex 0 they differ by 0.5"):
        wasserstein_graph([[0, 1], [2, 3]], [1, 2], [1, 0, 0, 0], [0.5, 0, 0.5, 0])


def test_giving_up_on_a_graph(rng):
    i, j = np.triu_indices(30, 1)
    a, b = rng.dirichlet(np.ones(30)), rng.dirichlet(np.ones(30))
    with pytest.raises(ConvergenceError, match="raise max_iter") as caught:
        wasserstein_graph(np.c_[i, j], rng.random(len(i)) + 1, a, b, max_iter=1)
    assert caught.value.last.divergence_error == pytest.approx(np.abs(a - b).sum())


# Vertices


@many(300)
@given(slow.seeds, weightings)
def test_corner_is_a_vertex(seed, weighting):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 8, 2)
    a, b = slow.weights(rng, n, weighting), slow.weights(rng, m, weighting)
    P = north_west_corner(a, b)
    assert P.min() >= 0
    assert (P > 0).sum() <= n + m - 1
    assert P.sum(axis=1) == pytest.approx(a, abs=1e-15)
    assert P.sum(axis=0) == pytest.approx(b, abs=1e-15)
    assert np.cumsum(np.cumsum(P, 0), 1)[:-1, :-1] == pytest.approx(
        np.minimum.outer(np.cumsum(a)[:-1], np.cumsum(b)[:-1]), abs=1e-14
    )


@many(200)
@given(slow.seeds, st.integers(1, 6), st.booleans())
def test_birkhoff_puts_it_together_again(seed, n, exact):
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 20, rng.integers(1, 12))
    mixed = sum(
        int(k) * np.eye(n, dtype=int)[rng.permutation(n)].astype(object) for k in counts
    )
    P = mixed * Fraction(1, int(counts.sum()))
    parts = birkhoff(P if exact else P.astype(float))
    assert len(parts.weights) <= (n - 1) ** 2 + 1
    assert all(sorted(s) == list(range(n)) for s in parts.permutations.tolist())
    again = sum(
        w * np.eye(n, dtype=int)[s]
        for w, s in zip(parts.weights, parts.permutations, strict=True)
    )
    if exact:
        assert np.array_equal(again, P)
        assert parts.error == 0
        assert sum(parts.weights) == 1
        assert all(isinstance(w, Fraction) for w in parts.weights)
    else:
        assert np.abs(again - P.astype(float)).max() == pytest.approx(parts.error)
        assert parts.error < 1e-13
        assert parts.weights.sum() == pytest.approx(1)


def test_birkhoff_of_many_sinkhorn_sweeps(rng):
    P = rng.random((8, 8))
    for _ in range(500):
        P /= P.sum(axis=1, keepdims=True)
        P /= P.sum(axis=0)
    parts = birkhoff(P)
    assert parts.error < 1e-12
    assert len(parts.weights) <= 50


def test_the_best_permutation_is_as_cheap_as_any_mixture(rng):
    C, P = rng.random((5, 5)), np.full((5, 5), 0.2)
    parts = birkhoff(P)
    costs = [C[np.arange(5), s].mean() for s in parts.permutations]
    assert parts.weights @ costs == pytest.approx((C * P).sum() / 5)
    assert assignment(C).value <= min(costs) + 1e-15


TWO, EVEN = [[0, 1], [1, 0]], [0.5, 0.5]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: kantorovich_rubinstein([[0, 1, 3], [1, 0, 1], [3, 1, 0]]),
            "from 0 to 2 is 3, but through 1 it is 1 \\+ 1",
        ),
        (lambda: kantorovich_rubinstein([[0, 1], [2, 0]]), "asymmetry up to 1"),
        (lambda: kantorovich_rubinstein([[1, 1], [1, 0]]), "got diagonal up to 1"),
        (lambda: kantorovich_rubinstein([[0, -1], [-1, 0]]), "minimum -1"),
        (lambda: kantorovich_rubinstein([[0, 1]]), r"D must have shape \(n, n\)"),
        (lambda: kantorovich_rubinstein(TWO, K=0), "K must be finite and > 0"),
        (lambda: kantorovich_rubinstein(TWO, K=[1, 2]), "K must be one number"),
        (lambda: kantorovich_rubinstein(TWO, [1, 1]), "a must sum to 1"),
        (lambda: rubinstein(TWO, (EVEN, EVEN), [[1]], [0, 0]), "plan must have shape"),
        (lambda: rubinstein(TWO, (EVEN, EVEN), TWO, [0]), "f must have shape"),
        (
            lambda: rubinstein([[0, 1e307], [1e307, 0]], (None, None), TWO, EVEN, K=99),
            "C must be finite",
        ),
        (lambda: lipschitz_potential(TWO, [0], [0, 0]), "f and g must have shape"),
        (lambda: lipschitz_potential(TWO, [2, 0], [0, 0]), r"at \(0, 0\) they exceed"),
        (
            lambda: wasserstein_graph([[0, 1]], [0], EVEN, EVEN),
            "lengths must be finite and > 0",
        ),
        (
            lambda: rubinstein([[1, 1], [1, 1]], (EVEN, EVEN), TWO, EVEN),
            "D must be a metric",
        ),
        (lambda: rubinstein(TWO, None, TWO, EVEN), r"weights must be a pair \(a, b\)"),
        (lambda: rubinstein(TWO, (EVEN,), TWO, EVEN), r"weights must be a pair"),
        (lambda: rubinstein(TWO, (EVEN, EVEN), TWO, EVEN, K=-1), "K must be finite"),
        (lambda: graph_certificate([[0, 1]], [1], 5, [1], EVEN), "got 5"),
        (
            lambda: graph_certificate([[0, 1]], [4], (EVEN, EVEN), [1e308], EVEN),
            "sums within 1.8e308",
        ),
        (
            lambda: wasserstein_graph([[0, 1], [0, 1]], [4e307] * 2, EVEN, EVEN),
            "lengths must add up to at most 5e\\+307",
        ),
        (
            lambda: wasserstein_graph([[0, 1]], [1], EVEN, EVEN, max_iter=10**30),
            "max_iter must be at most 1000000000",
        ),
        (lambda: wasserstein_graph([[0, 2]], [1], EVEN, EVEN), "vertices 0 ... 1"),
        (lambda: wasserstein_graph([[0, 0.5]], [1], EVEN, EVEN), "vertices 0 ... 1"),
        (lambda: wasserstein_graph([[0, -1]], [1], EVEN, EVEN), "vertices 0 ... 1"),
        (lambda: wasserstein_graph(np.ones((0, 2)), [], EVEN, EVEN), "1 or more pairs"),
        (lambda: wasserstein_graph([0, 1], [1], EVEN, EVEN), "must have shapes"),
        (lambda: wasserstein_graph([[0, 1]], [1, 2], EVEN, EVEN), "must have shapes"),
        (lambda: wasserstein_graph([[0, 1]], [1], EVEN, [1]), "b must have shape"),
        (
            lambda: graph_certificate([[0, 1]], [1], (EVEN, EVEN), [1, 2], EVEN),
            "flow and u must have shapes",
        ),
        (lambda: birkhoff([[0.5, 0.5]]), r"P must have shape \(n, n\)"),
        (lambda: birkhoff([]), r"P must have shape \(n, n\)"),
        (lambda: birkhoff([[0.5, 0.5], [0.4, 0.6]]), "P must have rows and columns"),
        (lambda: birkhoff([[2, -1], [-1, 2]]), "P must be >= 0; its minimum is -1"),
        (lambda: birkhoff([["a"]]), "P must hold real numbers"),
        (lambda: birkhoff([[1 + 10**400]]), "P must have rows and columns"),
        (lambda: north_west_corner([0.5], [1]), "a must sum to 1"),
        (lambda: north_west_corner([1j], [1]), "a must be real"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
