import tracemalloc
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ottools.sinkhorn import (
    point_gradients,
    points,
    sinkhorn,
    sinkhorn_divergence,
    sinkhorn_points,
)
from tests.references import entropic


@pytest.fixture
def streamed(monkeypatch):
    """Let no kernel be held, and blocks be small."""
    monkeypatch.setattr(points, "HELD", 0)
    monkeypatch.setattr("ottools.sinkhorn.kernels.BLOCK", 64)


def sample(rng, n, m, d=2):
    x, y = rng.normal(size=(n, d)), rng.normal(size=(m, d)) * 0.5 + 1
    return x, y, rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))


# Transport of points


@pytest.mark.parametrize("eps", [10.0, 0.3, 0.01])
def test_points_are_a_cost_matrix(rng, eps):
    x, y, a, b = sample(rng, 15, 20, 3)
    one = sinkhorn_points(x, y, a, b, eps=eps, tol=1e-11)
    other = sinkhorn(entropic.squares(x, y), a, b, eps=eps, tol=1e-11)
    assert one.value == pytest.approx(other.value, abs=1e-12)
    np.testing.assert_allclose(one.plan(), other.plan(), atol=1e-10)


@pytest.mark.usefixtures("streamed")
@pytest.mark.parametrize("eps", [10.0, 0.3, 0.01, 1e-4])
def test_streamed_points_are_a_cost_matrix(rng, eps):
    x, y, a, b = sample(rng, 15, 20)
    a[3] = 0
    a /= a.sum()
    one = sinkhorn_points(x, y, a, b, eps=eps, tol=1e-10)
    other = sinkhorn(entropic.squares(x, y), a, b, eps=eps, tol=1e-10)
    assert one.value == pytest.approx(other.value, abs=1e-11)
    np.testing.assert_allclose(one.plan(), other.plan(), atol=1e-8)
    assert one.exp_passes >= one.products / 2


@pytest.mark.usefixtures("streamed")
@pytest.mark.parametrize("room", [1, 200])
def test_a_streamed_kernel_is_pruned_when_there_is_room(rng, monkeypatch, room):
    monkeypatch.setattr("ottools.sinkhorn.kernels.ROOM", room)
    monkeypatch.setattr("ottools.sinkhorn.scaling.WORTHWHILE", 0)
    monkeypatch.setattr("ottools.sinkhorn.scaling.SPARSE", 1.0)
    x, y, a, b = sample(rng, 60, 50)
    one = sinkhorn_points(x, y, a, b, eps=1e-3)
    other = sinkhorn(entropic.squares(x, y), a, b, eps=1e-3)
    assert abs(one.value - other.value) <= one.gap + other.gap


def test_memory_does_not_grow_with_the_product(rng, monkeypatch):
    monkeypatch.setattr(points, "HELD", 0)
    peaks = []
    for n in (1000, 2000):
        x, y = rng.normal(size=(n, 2)), rng.normal(size=(n, 2))
        tracemalloc.start()
        answer = sinkhorn_points(x, y, eps=3.0, tol=1e-4)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert answer.marginal_error <= 1e-4
    assert max(peaks) < 4e6 < 8 * 1000**2
    assert peaks[1] < 1.5 * peaks[0]


def test_moving_all_points_together_changes_nothing(rng):
    x, y, a, b = sample(rng, 12, 9)
    one = sinkhorn_points(x, y, a, b, eps=0.2, tol=1e-11)
    turn, _ = np.linalg.qr(rng.normal(size=(2, 2)))
    other = sinkhorn_points(x @ turn + 100, y @ turn + 100, a, b, eps=0.2, tol=1e-11)
    assert other.value == pytest.approx(one.value, abs=1e-10)


@pytest.mark.parametrize("scale", [2.0**-400, 2.0**401])
def test_units_do_not_matter(rng, scale):
    x, y, a, b = sample(rng, 12, 9)
    one = sinkhorn_points(x, y, a, b, eps=0.2)
    other = sinkhorn_points(scale * x, scale * y, a, b, eps=0.2 * scale**2)
    assert other.value == pytest.approx(one.value * scale**2, rel=1e-9)


def test_a_shift_costs_its_square(rng):
    x, y, a, b = sample(rng, 10, 8)
    shift = np.array([1.0, -2.0])
    values = [
        sinkhorn_points(x + s * shift, y, a, b, eps=0.3, tol=1e-11).value
        for s in (0, 1)
    ]
    mean = 2 * shift @ (a @ x - b @ y) + shift @ shift
    assert values[1] - values[0] == pytest.approx(mean, abs=1e-10)


# Gradients


def directional(value, z, d, h):
    return (value(z + h * d) - value(z - h * d)) / (2 * h)


def slope(value, z, d, exact, steps=(1e-2, 5e-3)):
    """Order at which central differences approach the derivative: 2."""
    far, near = (abs(directional(value, z, d, h) - exact) for h in steps)
    return np.log2(far / near)


def test_gradients_of_transport(rng):
    x, y, a, b = sample(rng, 7, 6)
    solve = lambda x, y, a, b: sinkhorn_points(x, y, a, b, eps=0.5, tol=1e-13)
    answer = solve(x, y, a, b)
    at_x, at_y = point_gradients(answer)
    for z, gradient, value in (
        (x, at_x, lambda z: solve(z, y, a, b).value),
        (y, at_y, lambda z: solve(x, z, a, b).value),
        (a, answer.f, lambda z: solve(x, y, z, b).value),
        (b, answer.g, lambda z: solve(x, y, a, z).value),
    ):
        d = rng.normal(size=z.shape)
        if z.ndim == 1:
            d = z * (d - z @ d)
        exact = (gradient * d).sum()
        assert directional(value, z, d, 1e-4) == pytest.approx(exact, rel=1e-6)
        assert slope(value, z, d, exact) == pytest.approx(2, abs=0.1)


def test_gradient_with_respect_to_the_cost_is_the_plan(rng):
    C, d = rng.random((5, 6)), rng.normal(size=(5, 6))
    value = lambda C: sinkhorn(C, eps=0.2, tol=1e-13).value
    exact = (sinkhorn(C, eps=0.2, tol=1e-13).plan() * d).sum()
    assert directional(value, C, d, 1e-4) == pytest.approx(exact, rel=1e-6)
    assert slope(value, C, d, exact) == pytest.approx(2, abs=0.1)


@pytest.mark.usefixtures("streamed")
def test_gradients_do_not_need_the_plan_at_once(rng):
    x, y, a, b = sample(rng, 30, 20)
    answer = sinkhorn_points(x, y, a, b, eps=0.5)
    at_x, at_y = point_gradients(answer)
    P = answer.plan()
    difference = x[:, None, :] - y[None, :, :]
    np.testing.assert_allclose(at_x, 2 * np.einsum("ij,ijd->id", P, difference))
    np.testing.assert_allclose(at_y, -2 * np.einsum("ij,ijd->jd", P, difference))


# Divergence


def test_two_single_points():
    z = sinkhorn_divergence([[0.0, 1.0]], [[3.0, 5.0]], eps=0.7)
    assert z.value == pytest.approx(25)
    np.testing.assert_allclose(z.at_x, [[-6.0, -8.0]])
    np.testing.assert_allclose(z.at_y, [[6.0, 8.0]])


def test_gaussians(rng):
    del rng
    z = np.linspace(-7, 7, 281)
    a = np.exp(-(z**2) / 2)
    a /= a.sum()
    eps, s, t = 1.0, 1.0, 1.5
    found = sinkhorn_divergence(s * z, t * z + 1, a, a, eps=eps, tol=1e-10)

    def value(s, t):  # KL of the plan with covariance c: -log(1 - (c/st)^2)/2
        c = entropic.gaussian_covariance(s, t, eps)
        return s**2 + t**2 - 2 * c - eps * np.log(1 - (c / (s * t)) ** 2) / 2

    expected = 1 + value(s, t) - (value(s, s) + value(t, t)) / 2
    assert found.value == pytest.approx(expected, abs=1e-7)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    st.integers(0, 2**32),
    st.integers(1, 9),
    st.integers(1, 9),
    st.sampled_from([3.0, 1.0, 0.3]),
    st.sampled_from(["plain", "twins", "line", "same", "zero"]),
)
def test_slow_divergence(seed, n, m, ratio, kind):
    x, y, a, b = sample(np.random.default_rng(seed), n, m)
    if kind == "twins":
        x[n // 2 :] = x[0]
    if kind == "line":
        x[:, 1] = y[:, 1] = 0
    if kind == "same":
        y, b = x, a
    if kind == "zero":
        a[1:], b[:-1] = 0, 0
        a, b = a / a.sum(), b / b.sum()
    eps = ratio * (entropic.squares(x, y).mean() + 1e-3)
    z = sinkhorn_divergence(x, y, a, b, eps=eps, tol=1e-9)
    assert abs(z.value - entropic.divergence(x, y, a, b, eps)) <= z.gap + 1e-10
    assert z.value >= -z.gap - 1e-13
    if kind == "same":
        assert abs(z.value) <= z.gap + 1e-14


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.integers(0, 2**32),
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from([1e-1, 1e-2, 1e-3]),
)
def test_divergence_is_positive_and_symmetric(seed, n, m, eps):
    x, y, a, b = sample(np.random.default_rng(seed), n, m)
    one = sinkhorn_divergence(x, y, a, b, eps=eps)
    other = sinkhorn_divergence(y, x, b, a, eps=eps)
    assert one.value >= -one.gap - 1e-13
    assert abs(one.value - other.value) <= one.gap + other.gap + 1e-13


def test_the_gap_of_the_divergence_grows_with_what_is_left_undone(rng):
    x, y = rng.normal(size=(30, 2)), 0.5 * rng.normal(size=(20, 2)) + 1
    a, b = rng.dirichlet(np.ones(30)), rng.dirichlet(np.ones(20))
    best = sinkhorn_divergence(x, y, a, b, eps=0.1, tol=1e-11)
    rough = [
        sinkhorn_divergence(x, y, a, b, eps=0.1, tol=tol) for tol in (1e-1, 1e-3, 1e-6)
    ]
    for z in rough:
        assert abs(z.value - best.value) <= z.gap + best.gap
    assert rough[0].gap > 10 * rough[1].gap > 100 * rough[2].gap > 1000 * best.gap


def test_gradients_of_the_divergence(rng):
    x, y, a, b = sample(rng, 7, 6)
    solve = lambda x, y, a, b: sinkhorn_divergence(x, y, a, b, eps=0.5, tol=1e-13)
    z = solve(x, y, a, b)
    for where, gradient, value in (
        (x, z.at_x, lambda v: solve(v, y, a, b).value),
        (y, z.at_y, lambda v: solve(x, v, a, b).value),
        (a, z.at_a, lambda v: solve(x, y, v, b).value),
        (b, z.at_b, lambda v: solve(x, y, a, v).value),
    ):
        d = rng.normal(size=where.shape)
        if where.ndim == 1:
            d = where * (d - where @ d)
        exact = (gradient * d).sum()
        assert directional(value, where, d, 1e-4) == pytest.approx(exact, rel=1e-6)
        assert slope(value, where, d, exact) == pytest.approx(2, abs=0.1)


def test_the_divergence_is_stationary_at_equal_measures(rng):
    x, _, a, _ = sample(rng, 20, 1)
    z = sinkhorn_divergence(x, x, a, a, eps=1.0, tol=1e-12)
    np.testing.assert_allclose(z.at_x, 0, atol=1e-10)
    assert a @ np.abs(z.at_a - a @ z.at_a) < 1e-8


def test_descending_the_divergence_finds_the_target(rng):
    x, y = rng.normal(size=(15, 2)), rng.normal(size=(15, 2)) + 2
    for _ in range(60):
        z = sinkhorn_divergence(x, y, eps=0.3, tol=1e-8)
        x = x - 15 / 2 * z.at_x
    assert z.value < 1e-3


def test_results_are_frozen():
    z = sinkhorn_divergence([0.0], [1.0], eps=1.0)
    with pytest.raises(FrozenInstanceError):
        z.value = 0.0


@pytest.mark.parametrize("solve", [sinkhorn_points, sinkhorn_divergence])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0.0]], [[0.0, 1.0]]), "x and y must have one dimension; got 1 and 2"),
        (([], [1.0]), "x must have shape"),
        (([1e200], [0.0]), "x and y must have finite squared distances"),
        (([0.0], [np.nan]), "y must be finite"),
        (([0.0], [1.0], [0.5]), "a must sum to 1"),
        (([0.0], [1.0], None, [0.5, 0.5]), r"b must have shape \(1,\)"),
    ],
)
def test_errors(solve, arguments, message):
    with pytest.raises(ValueError, match=message):
        solve(*arguments, eps=1.0)


def test_eps_and_tol_are_checked():
    with pytest.raises(ValueError, match="eps must be finite and > 0"):
        sinkhorn_points([0.0], [1.0], eps=0)
    with pytest.raises(ValueError, match="tol must be finite and > 0"):
        sinkhorn_divergence([0.0], [1.0], eps=1, tol=-1)


def test_gradients_need_points():
    with pytest.raises(ValueError, match="answer must come from .*; got None"):
        point_gradients(None)
    with pytest.raises(ValueError, match="answer must come from sinkhorn_points"):
        point_gradients(sinkhorn([[0.0]], eps=1))
