import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ottools.costs import power
from ottools.kantorovich import (
    certificate,
    north_west_corner,
    random_directions,
    sliced_wasserstein,
    solve_network,
    transport_1d,
    wasserstein_1d,
)
from ottools.kantorovich.monotone import monge_transform
from tests.references import transport as slow

exponents = st.sampled_from([1, 1.5, 2, 4])
features, weightings = st.sampled_from(slow.PLACES), st.sampled_from(slow.WEIGHTS)
FIGURES = ("value", "marginal_error", "infeasibility", "gap", "slackness")


def many(examples):
    return settings(max_examples=examples, deadline=None, derandomize=True)


def draw(seed, feature, weighting, largest=9):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, largest + 1, 2)
    x, y = (slow.places(rng, k, 1, feature)[:, 0] for k in (n, m))
    return x, y, slow.weights(rng, n, weighting), slow.weights(rng, m, weighting)


# One problem


@many(400)
@given(slow.seeds, features, weightings)
def test_area_between_the_distribution_functions(seed, feature, weighting):
    x, y, a, b = draw(seed, feature, weighting)
    expected = slow.area(x, y, a, b)
    slack = slow.rounding(x - y[0], y - x[0])
    assert wasserstein_1d(x, y, a, b) == pytest.approx(expected, rel=1e-12, abs=slack)
    assert wasserstein_1d(y, x, b, a) == pytest.approx(expected, rel=1e-12, abs=slack)


@many(600)
@given(slow.seeds, features, weightings, exponents)
def test_monotone_plan_is_certified(seed, feature, weighting, p):
    x, y, a, b = draw(seed, feature, weighting)
    t = transport_1d(x, y, a, b, p=p)
    C = power(x, y, p)
    assert len(t.mass) == len(t.i) == len(t.j) == len(x) + len(y) - 1
    assert t.mass.min() >= 0
    # Each figure is that of the dense plan over all pairs.
    dense = certificate(C, a, b, t.plan, t.f, t.g)
    for name in FIGURES:
        found, expected = getattr(t, name), getattr(dense, name)
        slack = 1e-15 if name == "marginal_error" else slow.rounding(C, [1e-3])
        assert found == pytest.approx(expected, abs=slack)
    slack = slow.rounding(C)
    assert t.marginal_error <= 1e-14
    assert max(t.infeasibility, abs(t.gap), t.slackness) <= slack
    root = wasserstein_1d(x, y, a, b, p=p)
    assert root**p == pytest.approx(t.value, rel=1e-12, abs=slack)


@many(300)
@given(slow.seeds, exponents)
def test_certificate_of_a_damaged_plan(seed, p):
    """What `transport_1d` reports is no constant: potentials and masses matter."""
    x, y, a, b = draw(seed, "random", "random")
    t = transport_1d(x, y, a, b, p=p)
    C = power(x, y, p)
    corner = north_west_corner(a, b)
    dense = certificate(C, a, b, corner, t.f, t.g)
    assert dense.gap == pytest.approx((C * corner).sum() - t.value, abs=1e-12)
    assert dense.gap >= -1e-12
    order, rank = np.argsort(x), np.argsort(y)
    monotone = north_west_corner(a[order], b[rank])
    assert monotone == pytest.approx(t.plan[np.ix_(order, rank)], abs=1e-15)


@many(300)
@given(slow.seeds, features, exponents)
def test_transform_of_a_monge_array(seed, feature, p):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 40, 2)
    x, y = (np.sort(slow.places(rng, k, 1, feature)[:, 0]) for k in (n, m))
    C = power(x, y, p)
    g = rng.normal(size=m) * C.max() * rng.choice([0, 1e-3, 1])
    expected = (C - g).min(axis=1)
    found = monge_transform(x, y, g, p)
    assert found == pytest.approx(expected, abs=slow.rounding(C, g))


def test_large_plan_in_no_time(rng):
    x, y, b = (
        rng.normal(size=20000),
        rng.normal(size=15000),
        rng.dirichlet(np.ones(15000)),
    )
    t = transport_1d(x, y, None, b, p=2)
    assert t.value == pytest.approx(wasserstein_1d(x, y, None, b, p=2) ** 2, rel=1e-10)
    assert abs(t.gap) < 1e-10
    assert t.infeasibility < 1e-12
    assert t.marginal_error < 1e-11


@many(200)
@given(slow.seeds, features, exponents)
def test_moving_and_stretching(seed, feature, p):
    x, y, a, b = draw(seed, feature, "random")
    d = wasserstein_1d(x, y, a, b, p=p)
    size = max(np.abs(x).max(), np.abs(y).max())
    slack = 1e-13 * size
    assert wasserstein_1d(x + size, y + size, a, b, p=p) == pytest.approx(d, abs=slack)
    assert wasserstein_1d(-2 * x, -2 * y, a, b, p=p) == pytest.approx(2 * d, rel=1e-12)
    assert wasserstein_1d(x, x + size, a, a, p=p) == pytest.approx(size, rel=1e-12)
    assert wasserstein_1d(x, x, a, a, p=p) == 0


@many(200)
@given(slow.seeds, weightings)
def test_triangle_and_order_in_p(seed, weighting):
    x, y, a, b = draw(seed, "random", weighting)
    z = np.linspace(-1, 1, 5)
    direct = wasserstein_1d(x, y, a, b, p=2)
    around = wasserstein_1d(x, z, a, p=2) + wasserstein_1d(z, y, None, b, p=2)
    assert direct <= around + 1e-12
    assert wasserstein_1d(x, y, a, b, p=1) <= direct + 1e-12


@pytest.mark.parametrize("size", [1e-300, 1e-170, 1e170, 1e300])
@pytest.mark.parametrize("p", [1, 2, 3, 50, 2000])
def test_distances_of_every_size(size, p):
    x, y = np.array([0.0, 1.0, 4.0]), np.array([1.0, 3.0, 4.0])
    plain = wasserstein_1d(x, y, [0.5, 0.25, 0.25], p=p)
    scaled = wasserstein_1d(size * x, size * y, [0.5, 0.25, 0.25], p=p)
    assert scaled / size == pytest.approx(plain, rel=1e-13)
    assert 0.5 < plain <= 3


def test_points_without_mass_have_no_say():
    far = wasserstein_1d([0, 1e300], [1e-10], [1, 0], p=3)
    assert far == pytest.approx(1e-10, rel=1e-14)
    assert wasserstein_1d([0, 1e10], [1.0], [1 - 1e-300, 1e-300]) == 1


def test_equal_fractions_are_equal():
    x = np.array([0.0, 1e15, 2e15])
    assert wasserstein_1d(x, np.repeat(x, 7)) == 0
    assert wasserstein_1d(np.repeat(x, 3), np.repeat(x, 7), p=2) == 0


def test_small_integers_do_not_wrap_around():
    x, y = np.array([100], np.int8), np.array([-100], np.int8)
    assert wasserstein_1d(x, y, p=2) == 200
    assert transport_1d(x, y).value == 40000


def test_ot_of_powers_in_closed_form():
    """Between x and its square on [0, 1]: quantiles u and u^2, so W_1 = 1/6."""
    u = (np.arange(1000) + 0.5) / 1000
    assert wasserstein_1d(u, u**2) == pytest.approx(1 / 6, abs=1e-6)
    assert wasserstein_1d(u, u**2, p=2) ** 2 == pytest.approx(1 / 30, abs=1e-6)


def test_shift_and_reflection_cost_the_same_for_p_1_only():
    x = (np.arange(200) + 0.5) / 200
    shift, flip = x + 1, 2 - x
    assert np.abs(shift - x).mean() == pytest.approx(np.abs(flip - x).mean())
    assert wasserstein_1d(x, shift) == pytest.approx(1)
    assert transport_1d(x, flip, p=2).value == pytest.approx(1)
    assert ((flip - x) ** 2).mean() == pytest.approx(4 / 3, abs=1e-4)


# Many problems at once


@many(300)
@given(slow.seeds, features, weightings, exponents)
def test_rows_are_problems(seed, feature, weighting, p):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 7, 2)
    x = slow.places(rng, 6, n, feature).reshape(3, 2, n)
    y = slow.places(rng, 2, m, feature)
    a = np.array([slow.weights(rng, n, weighting) for _ in range(2)])
    b = slow.weights(rng, m, weighting)
    for u, v in ((None, None), (a, None), (None, b), (a, b)):
        found = wasserstein_1d(x, y, u, v, p=p)
        assert found.shape == (3, 2)
        for k, j in np.ndindex(3, 2):
            one = wasserstein_1d(x[k, j], y[j], None if u is None else u[j], v, p=p)
            slack = slow.rounding(x, y)
            assert found[k, j] == pytest.approx(one, rel=1e-13, abs=slack)


@pytest.mark.parametrize("block", [1, 100, 1 << 17])
@pytest.mark.parametrize("weighted", ["a", "b", "both", "neither"])
def test_rows_broadcast(weighted, block, rng, monkeypatch):
    monkeypatch.setattr("ottools.kantorovich.line.BLOCK", block)
    x, y = rng.normal(size=(4, 1, 5)), rng.normal(size=(3, 6))
    a = rng.dirichlet(np.ones(5)) if weighted in ("a", "both") else None
    b = rng.dirichlet(np.ones(6), size=3) if weighted in ("b", "both") else None
    found = wasserstein_1d(x, y, a, b, p=2)
    for i, j in np.ndindex(4, 3):
        one = wasserstein_1d(x[i, 0], y[j], a, None if b is None else b[j], p=2)
        assert found[i, j] == pytest.approx(one)
    turned = wasserstein_1d(y, x, b, a, p=2)
    assert turned == pytest.approx(found)
    shared = wasserstein_1d(x[0, 0], y[0], rng.dirichlet(np.ones(5), size=7), p=2)
    assert shared.shape == (7,)


# Slices


def test_slices_are_distances_on_the_line(rng):
    x, y = rng.normal(size=(7, 3)), 1e3 + rng.normal(size=(5, 3))
    a, b = rng.dirichlet(np.ones(7)), rng.dirichlet(np.ones(5))
    u = random_directions(11, 3, rng=rng)
    for v, w in ((a, b), (a, None), (None, None)):
        s = sliced_wasserstein(x, y, v, w, directions=3 * u, p=3)
        lines = [wasserstein_1d(x @ k, y @ k, v, w, p=3) for k in u]
        assert s.distances == pytest.approx(np.array(lines), rel=1e-12)
        mean = np.mean(np.power(lines, 3))
        assert s.value == pytest.approx(mean ** (1 / 3))
        error = np.std(np.power(lines, 3), ddof=1) / np.sqrt(11)
        assert s.standard_error == pytest.approx(error / (3 * s.value**2))


def test_slices_in_blocks(rng, monkeypatch):
    x, y, a = (
        rng.normal(size=(9, 2)),
        rng.normal(size=(9, 2)),
        rng.dirichlet(np.ones(9)),
    )
    u = random_directions(50, 2, rng=rng)
    whole = sliced_wasserstein(x, y, a, directions=u)
    monkeypatch.setattr("ottools.kantorovich.sliced.BLOCK", 100)
    parts = sliced_wasserstein(x, y, a, directions=u)
    assert parts.distances == pytest.approx(whole.distances, rel=1e-15)


@pytest.mark.parametrize("d", [2, 3, 8])
def test_slices_of_a_shift(d, rng):
    """Shift by v: <u,v>^2 has mean |v|^2/d over the sphere."""
    x, v = rng.normal(size=(20, d)), np.arange(1.0, d + 1)
    s = sliced_wasserstein(x, x + v, directions=random_directions(4000, d, rng=rng))
    expected = np.linalg.norm(v) / np.sqrt(d)
    assert abs(s.value - expected) < 4 * s.standard_error
    assert s.standard_error < 0.05 * expected


def test_standard_error_covers_the_truth_as_often_as_it_should(rng):
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 3)) + 1
    truth = sliced_wasserstein(x, y, directions=random_directions(40000, 3, rng=rng))
    misses = 0
    for _ in range(200):
        s = sliced_wasserstein(x, y, directions=random_directions(100, 3, rng=rng))
        misses += abs(s.value - truth.value) > 1.96 * s.standard_error
    assert 2 <= misses <= 22  # 10 expected


def test_slices_rate_of_convergence(rng):
    x, y = rng.normal(size=(10, 4)), rng.normal(size=(10, 4))
    few = sliced_wasserstein(x, y, directions=random_directions(100, 4, rng=rng))
    more = sliced_wasserstein(x, y, directions=random_directions(10000, 4, rng=rng))
    assert few.standard_error / more.standard_error == pytest.approx(10, rel=0.3)


@many(200)
@given(slow.seeds, features, weightings)
def test_slices_never_exceed_the_distance(seed, feature, weighting):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 6, 2)
    x, y = slow.places(rng, n, 2, feature), slow.places(rng, m, 2, feature)
    a, b = slow.weights(rng, n, weighting), slow.weights(rng, m, weighting)
    s = sliced_wasserstein(x, y, a, b, directions=random_directions(5, 2, rng=rng))
    full = solve_network(power(x, y, 2), a, b).value
    slack = slow.rounding(x - x[0], y - x[0])
    assert s.value <= np.sqrt(max(full, 0)) * (1 + 1e-9) + slack
    same = sliced_wasserstein(x, x, a, a, directions=random_directions(5, 2, rng=rng))
    assert (same.value, same.standard_error) == (0, 0)


def test_directions_are_uniform(rng):
    u = random_directions(40000, 3, rng=rng)
    assert np.linalg.norm(u, axis=1) == pytest.approx(np.ones(40000))
    assert np.abs(u.mean(axis=0)).max() < 4 / np.sqrt(3 * 40000)
    assert u.T @ u / 40000 == pytest.approx(np.eye(3) / 3, abs=0.01)


LINE, PLANE = np.ones((2, 1)), np.ones((2, 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wasserstein_1d([[0.0], [1.0]], np.ones((3, 1))), "rows that broadc"),
        (lambda: wasserstein_1d([0.0], [1.0], np.ones((2, 2)) / 2), "a must match x"),
        (lambda: wasserstein_1d(np.ones((3, 2)), [1], np.ones((2, 2)) / 2), "a must m"),
        (lambda: wasserstein_1d(3.0, [1.0]), "x must be finite, shape"),
        (lambda: wasserstein_1d([1e308], [-1e308]), "within 1.8e308 of each other"),
        (lambda: wasserstein_1d([1e308, 0], [-1e308], [1, 0]), "within 1.8e308 of"),
        (lambda: wasserstein_1d([0], [1], p=np.inf), "p must be finite and >= 1"),
        (lambda: wasserstein_1d([0], [1], p=[1, 2]), "p must be finite and >= 1"),
        (lambda: wasserstein_1d([0], [1], p="2"), "p must be finite and >= 1"),
        (lambda: wasserstein_1d([1j], [1]), "x must be real"),
        (lambda: wasserstein_1d([10**400], [1]), "x must hold real numbers"),
        (lambda: wasserstein_1d([0], [1], [1j]), "a must be real"),
        (lambda: transport_1d([[0.0]], [1]), r"x must have shape \(n,\)"),
        (lambda: transport_1d([0.0], []), r"y must have shape \(n,\)"),
        (lambda: transport_1d([0.0], [1], None, [2]), "b must sum to 1"),
        (lambda: transport_1d([1e200], [0]), r"\|x - y\|\^2 must be at most"),
        (lambda: transport_1d([1e308], [-1e308], p=1), r"\|x - y\|\^1 must be at"),
        (lambda: transport_1d([0], [0], p=0.9), "p must be finite and >= 1"),
        (lambda: sliced_wasserstein(LINE, LINE, directions=PLANE), "one dimension"),
        (lambda: sliced_wasserstein(LINE, PLANE, directions=PLANE), "one dimension"),
        (lambda: sliced_wasserstein(LINE, LINE, directions=[[1]]), "2 or more vectors"),
        (lambda: sliced_wasserstein(LINE, LINE, directions=[1, 0]), "of length > 0"),
        (lambda: sliced_wasserstein(LINE, LINE, [1], directions=LINE), "a must have"),
        (lambda: sliced_wasserstein([1e308], [-1e308], directions=LINE), "within 1.8"),
        (lambda: random_directions(0, 2, rng=None), "count must be a whole number"),
        (lambda: random_directions(2, 0.5, rng=None), "dimension must be a whole"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
