"""Interpolation along transport, actions of paths, and Benamou-Brenier."""

from __future__ import annotations

import dataclasses

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ottools import dynamic
from ottools.convergence import ConvergenceError
from ottools.dynamic import (
    Histogram,
    StaggeredGrid,
    action,
    benamou_brenier,
    continuity_residual,
    displacement_interpolation,
    dual_bound,
    histogram_distance,
    interpolate_histograms,
)
from ottools.dynamic.benamou import proximal
from ottools.dynamic.dual import Multipliers, centred_path, straight
from ottools.dynamic.grid import from_centres, to_centres
from ottools.kantorovich import wasserstein_1d
from tests.references import paths

seeds = st.integers(0, 2**32 - 1)


def bell(x, mean, scale):
    return np.exp(-(((x - mean) / scale) ** 2) / 2) / (scale * np.sqrt(2 * np.pi))


def shares(rng, n, kind):
    w = rng.random(n) + 1e-3
    some = rng.random(n) < 0.5
    w = {"plain": w, "zero": np.where(some, 0, w), "tiny": np.where(some, 1e-300, w)}[
        kind
    ]
    w[0] = max(w[0], 0.3)
    return w / w.sum()


KINDS = st.sampled_from(["plain", "zero", "tiny"])


# Interpolation of points


@settings(max_examples=150, deadline=None, derandomize=True)
@given(seeds, KINDS, st.sampled_from([1e-150, 1.0, 1e60]))
def test_points_move_at_constant_speed(seed, kind, size):
    rng = np.random.default_rng(seed)
    n, m, d = rng.integers(1, 7, 3)
    x, y = rng.normal(size=(n, d)), rng.normal(size=(m, d))
    x = x[rng.integers(0, n, n)]
    a, b = shares(rng, n, kind), shares(rng, m, kind)
    P = ot.emd(a, b, ot.dist(x, y))
    P /= P.sum()
    s, t = np.sort(rng.random(2))
    z, v = displacement_interpolation(P, size * x, size * y, s)
    w, u = displacement_interpolation(P, size * x, size * y, t)
    whole = (P * ot.dist(x, y)).sum()
    between = ot.emd2(v, u, ot.dist(z / size, w / size))
    assert between == pytest.approx((t - s) ** 2 * whole, abs=1e-12)
    assert len(v) == np.count_nonzero(P)
    assert v.sum() == pytest.approx(1)
    mean = (1 - t) * (P.sum(axis=1) @ x) + t * (P.sum(axis=0) @ y)
    assert u @ w == pytest.approx(size * mean, abs=1e-13 * size)


def test_an_assignment_is_a_plan(rng):
    x, y = rng.normal(size=(5, 2)), rng.normal(size=(5, 2))
    order = rng.permutation(5)
    P = np.zeros((5, 5))
    P[np.arange(5), order] = 0.2
    z, w = displacement_interpolation(order, x, y, 0.3)
    u, v = displacement_interpolation(P, x, y, 0.3)
    assert z == pytest.approx(u)
    assert w == pytest.approx(v)
    assert z == pytest.approx(0.7 * x + 0.3 * y[order])


def test_a_crossing_plan_is_no_geodesic():
    # Exchanging two points is not optimal: halfway they would meet.
    x = np.array([0.0, 1.0])
    z, w = displacement_interpolation([1, 0], x, x, 0.5)
    assert z.ravel().tolist() == [0.5, 0.5]
    assert ot.emd2(np.full(2, 0.5), w, ot.dist(x[:, None], z)) == pytest.approx(0.25)


# Histograms


def histogram(rng, kind):
    n = int(rng.integers(1, 8))
    edges = np.cumsum(rng.random(n + 1) + 0.05) * 10.0 ** rng.integers(-2, 3)
    return Histogram(edges - edges.mean(), shares(rng, n, kind))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(seeds, KINDS)
def test_histograms_move_at_constant_speed(seed, kind):
    rng = np.random.default_rng(seed)
    mu, nu = histogram(rng, kind), histogram(rng, kind)
    whole = histogram_distance(mu, nu)
    size = np.ptp(np.concatenate([mu.edges, nu.edges]))
    s, t = np.sort(rng.random(2))
    at_s, at_t = (interpolate_histograms(mu, nu, u) for u in (s, t))
    between = histogram_distance(at_s, at_t)
    assert between == pytest.approx((t - s) * whole, abs=1e-7 * size)
    assert between**2 == pytest.approx(((t - s) * whole) ** 2, abs=1e-12 * size**2)
    ends = [(0, mu), (1, nu)]
    for u, other in ends:
        apart = histogram_distance(interpolate_histograms(mu, nu, u), other)
        assert apart == pytest.approx(0, abs=1e-7 * size)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds, KINDS)
def test_histogram_distance_by_many_points(seed, kind):
    rng = np.random.default_rng(seed)
    mu, nu = histogram(rng, kind), histogram(rng, kind)
    count = 400
    cut = lambda h: (
        (
            h.edges[:-1, None]
            + np.diff(h.edges)[:, None] * (np.arange(count) + 0.5) / count
        ),
        np.repeat(h.masses / count, count),
    )
    (x, a), (y, b) = cut(mu), cut(nu)
    found = wasserstein_1d(x.ravel(), y.ravel(), a, b, p=2)
    # Each piece is within its width / count of its points.
    error = max(np.diff(mu.edges).max(), np.diff(nu.edges).max()) / count
    assert histogram_distance(mu, nu) == pytest.approx(found, abs=error)
    assert histogram_distance(mu, mu) == 0
    assert histogram_distance(nu, mu) == pytest.approx(histogram_distance(mu, nu))


def test_histograms_in_closed_form():
    mu, nu = Histogram([0, 2], [1.0]), Histogram([5, 6, 9, 10], [0.5, 0, 0.5])
    # Quantiles 2u against 5 + 2u and 8 + 2u.
    assert histogram_distance(mu, nu) ** 2 == pytest.approx((25 + 64) / 2)
    half = interpolate_histograms(mu, nu, 0.5)
    assert half.edges == pytest.approx([2.5, 3.5, 5, 6])
    assert half.masses == pytest.approx([0.5, 0, 0.5])
    assert half.density == pytest.approx([0.5, 0, 0.5])
    coarse = half.rebinned([0, 3, 5.5, 9])
    assert coarse.masses == pytest.approx([0.25, 0.5, 0.25])


def test_gaussians_interpolate_to_gaussians():
    edges = np.linspace(-12, 20, 1601)
    cells = (edges[1:] + edges[:-1]) / 2
    mu, nu = (
        Histogram(edges, w / w.sum()) for w in (bell(cells, 0, 1), bell(cells, 3, 2))
    )
    assert histogram_distance(mu, nu) ** 2 == pytest.approx(10, rel=1e-3)
    half = interpolate_histograms(mu, nu, 0.5).rebinned(edges)
    assert half.density == pytest.approx(bell(cells, 1.5, 1.5), abs=1e-3)


# Paths


def test_grid():
    grid = StaggeredGrid((4, 2), 3, (8.0, 1.0))
    assert grid.spacing.tolist() == [2.0, 0.5]
    assert grid.cell == 1.0
    assert grid.times == pytest.approx([0, 1 / 6, 1 / 2, 5 / 6, 1])
    rho, (m1, m2) = grid.sample(
        lambda t, x, y: 1 + t * x * y, lambda t, x, y: (t + x, t * y)
    )
    assert [rho.shape, m1.shape, m2.shape] == [(5, 4, 2), (3, 3, 2), (3, 4, 1)]
    assert rho[2, 3, 1] == 1 + 0.5 * 7 * 0.75
    assert m1[1, 2, 0] == (1 + 0.5 * 6 * 0.25) * 6.5
    assert m2[0, 1, 0] == pytest.approx((1 + 3 * 0.5 / 6) * 0.5 / 6)


def anchor(kind, n):
    """The path N(3t^2, (1+t)^2), or the geodesic N(3t, (1+t)^2), on n cells."""
    mean, speed = {
        "detour": (lambda t: 3 * t**2, lambda t: 6 * t),
        "geodesic": (lambda t: 3 * t, lambda _: 3),
    }[kind]
    density = lambda t, x: bell(x - 9, mean(t), 1 + t)
    velocity = lambda t, x: (speed(t) + (x - 9 - mean(t)) / (1 + t),)
    return StaggeredGrid((n,), n // 4, 26.0).sample(density, velocity)


@pytest.mark.parametrize(("kind", "value"), [("detour", 13), ("geodesic", 10)])
def test_action_of_two_paths_between_gaussians(kind, value):
    found = [anchor(kind, n) for n in (96, 192, 384)]
    errors = [abs(action(*path, length=26.0) - value) for path in found]
    residuals = [continuity_residual(*path, length=26.0) for path in found]
    assert errors[-1] < 1e-3
    for now, after in zip(errors[:-1], errors[1:], strict=True):
        assert after < now / 3.5 or after < 1e-4
    # First order, from the half steps at both ends.
    for now, after in zip(residuals[:-1], residuals[1:], strict=True):
        assert now / after == pytest.approx(2, rel=0.1)


def test_without_the_continuity_equation_the_action_is_nothing():
    rho, (m,) = anchor("geodesic", 96)
    assert action(rho, (0 * m,), length=26.0) == 0
    assert continuity_residual(rho, (0 * m,), length=26.0) > 0.3


def test_action_and_balance_cell_by_cell(rng):
    n, steps, length = 6, 4, 3.0
    m = 0.05 * rng.normal(size=(steps, n - 1))
    rho0 = rng.random(n) + 1
    total, nodes = paths.action(rho0, m, length / n)
    rho = np.vstack([nodes[:1], to_centres(np.array(nodes), 0), nodes[-1:]])
    assert action(rho, (m,), length=length) == pytest.approx(total)
    assert continuity_residual(rho, (m,), length=length) < 1e-13
    other = m.copy()
    other[1, 2] += 0.01
    off = continuity_residual(rho, (other,), length=length)
    assert off == pytest.approx(0.005 / (length / n))


def test_action_in_two_dimensions(rng):
    rho0, rho1 = rng.random((2, 5)) + 0.5
    grid = StaggeredGrid((5,), 3, 2.0)
    centred = centred_path(grid, straight(grid, rho0, rho1 * rho0.sum() / rho1.sum()))
    m = from_centres(centred[1], 1)[:, 1:-1]
    rho = np.vstack([rho0[None], centred[0], rho1[None] * rho0.sum() / rho1.sum()])
    one = action(rho, (m,), length=2.0)
    still = np.zeros((3, 5, 2))
    wide = np.repeat(rho[:, :, None], 3, axis=2)
    two = action(wide, (np.repeat(m[:, :, None], 3, axis=2), still), length=(2.0, 7.0))
    assert two == pytest.approx(7 * one)
    turned = action(
        wide.swapaxes(1, 2),
        (still.swapaxes(1, 2), np.repeat(m[:, None, :], 3, axis=1)),
        length=(7.0, 2.0),
    )
    assert turned == pytest.approx(two)


def test_momentum_without_density_costs_infinitely_much():
    rho = np.array([[1.0, 0, 0], [1.0, 0, 0], [1.0, 0, 0]])
    assert action(rho, (np.array([[0.0, 0.0]]),)) == 0
    assert action(rho, (np.array([[1.0, 0.0]]),)) == np.inf
    rho[1, 1] = 1e-320
    assert action(rho, (np.array([[1.0, 0.0]]),)) == np.inf


# The proximal map and the multipliers


@settings(max_examples=100, deadline=None, derandomize=True)
@given(seeds)
def test_proximal_map_by_its_optimality(seed):
    rng = np.random.default_rng(seed)
    size, step = 10.0 ** rng.uniform(-6, 6), 10.0 ** rng.uniform(-3, 3)
    V = [size * v for v in rng.normal(size=(3, 50))]
    V[1][:5] = V[2][:5] = 0
    rho, *m = proximal(V, step)
    assert (rho >= 0).all()
    assert all((w[rho == 0] == 0).all() for w in m)
    # W = (V - prox)/step is a subgradient: W_0 + |W|^2/2 <= 0, with equality where
    # rho > 0, and there W = m / rho.
    W = [(v - p) / step for v, p in zip(V, [rho, *m], strict=True)]
    excess = W[0] + (W[1] ** 2 + W[2] ** 2) / 2
    scale = (size / step) * (1 + size / step)
    assert excess.max() <= 1e-9 * scale
    assert np.abs(excess[rho > 0]).max(initial=0) <= 1e-9 * scale
    for w, p in zip(W[1:], m, strict=True):
        assert w * rho == pytest.approx(p, abs=1e-9 * size * (1 + size / step))


@pytest.mark.parametrize("shape", [(5,), (4, 3), (1,), (1, 6)])
def test_multipliers_are_orthogonal_to_paths(rng, shape):
    grid = StaggeredGrid(shape, 4, tuple(rng.random(len(shape)) + 0.5))
    space = Multipliers(grid)
    fields = list(rng.normal(size=(len(shape) + 1, 4, *shape)))
    W = space.project(fields)
    assert np.stack(space.project(W)) == pytest.approx(np.stack(W))
    # Averages of W to the faces are the differences of the potential.
    phi = space.potential(W)
    widths = (0.25, *grid.spacing)
    for a, (w, h) in enumerate(zip(W, widths, strict=True)):
        assert to_centres(w, a) == pytest.approx(np.diff(phi, axis=a) / h, abs=1e-10)
    # The pairing is the same for all paths with the same ends.
    nodes = rng.random((5, *shape))
    nodes /= nodes.sum(axis=tuple(range(1, nodes.ndim)), keepdims=True)
    pair = lambda path: sum((w * v).sum() for w, v in zip(W, path, strict=True))
    direct = straight(grid, nodes[0], nodes[-1])
    paired = pair(centred_path(grid, nodes))
    assert paired == pytest.approx(pair(centred_path(grid, direct)))
    # What is taken off is orthogonal to what is kept.
    rest = [v - w for v, w in zip(fields, W, strict=True)]
    assert pair(rest) == pytest.approx(0, abs=1e-10)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds)
def test_weak_duality_for_any_fields_and_any_path(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(int(n) for n in rng.integers(1, 6, rng.integers(1, 3)))
    steps, length = int(rng.integers(2, 6)), tuple(rng.random(len(shape)) * 3 + 0.1)
    grid = StaggeredGrid(shape, steps, length)
    nodes = rng.random((steps + 1, *shape)) + 1e-3
    nodes /= nodes.sum(axis=tuple(range(1, nodes.ndim)), keepdims=True)
    rho, *m = centred_path(grid, nodes)
    total = sum((v**2 / rho).sum() for v in m) * grid.cell / steps
    size = 10.0 ** rng.uniform(-2, 1)
    fields = size * rng.normal(size=(len(shape) + 1, steps, *shape))
    bound = dual_bound(fields, nodes[0], nodes[-1], length=length)
    assert bound <= total + 1e-12 * (1 + abs(bound))


# Benamou-Brenier


def certified(found, **changes):
    """The gap, recomputed in public from what an answer (or a changed one) says."""
    r = dataclasses.replace(found, **changes)
    cost = action(r.rho, r.momentum, length=r.length)
    return cost - dual_bound(r.dual, r.rho[0], r.rho[-1], length=r.length)


def test_nothing_to_move():
    found = benamou_brenier([1.0, 0.0, 2.0], [1.0, 0.0, 2.0])
    assert (found.action, found.gap, found.iterations) == (0, 0, 0)
    assert found.rho.shape == (34, 3)
    assert benamou_brenier([2.0], [2.0]).action == 0
    assert benamou_brenier([[2.0]], [[2.0]]).momentum[1].shape == (32, 1, 0)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(seeds)
def test_least_action_of_small_problems(seed):
    rng = np.random.default_rng(seed)
    n, steps, length = (
        int(rng.integers(2, 5)),
        int(rng.integers(2, 4)),
        rng.random() + 1,
    )
    rho0, rho1 = rng.random((2, n)) + 0.5
    rho1 *= rho0.sum() / rho1.sum()
    found = benamou_brenier(rho0, rho1, steps=steps, length=length, tol=1e-4)
    least = paths.least_action(rho0, rho1, steps, length / n)
    size = 1e-4 * (least + length**2 * 1e-4 * rho0.sum())
    assert found.action - found.gap <= least + size
    assert least <= found.action + size
    assert found.gap <= 2 * size + 1e-4 * found.action


def gaussians(n, length=20.0):
    x = (np.arange(n) + 0.5) * length / n - 7
    rho0, rho1 = bell(x, 0, 1), bell(x, 3, 2)
    return tuple(r * n / length / r.sum() for r in (rho0, rho1))


def test_two_gaussians_with_order():
    # N(0, 1) to N(3, 4): W_2^2 = 9 + 1.
    errors = []
    for n in (8, 16, 32):
        found = benamou_brenier(*gaussians(n), steps=n // 2, length=20.0, tol=2e-3)
        assert found.gap <= 2e-3 * found.action
        assert found.continuity_residual < 1e-12
        low, high = found.action - found.gap - 10, found.action - 10
        errors.append(max(abs(low), abs(high)))
    # Twice as many cells and steps: less than a quarter of the error.
    assert errors[1] < errors[0] / 4
    assert errors[2] < errors[1] / 2 + 0.02
    assert errors[2] < 0.03
    # The path is the geodesic: N(1.5, 1.5^2) halfway; velocities are grad phi.
    x = (np.arange(32) + 0.5) * 20 / 32 - 7
    halfway = (found.rho[8] + found.rho[9]) / 2
    assert halfway == pytest.approx(bell(x, 1.5, 1.5), abs=0.02)
    dense = halfway > 0.05
    expected = 3 + (x - 1.5) / 1.5
    assert found.dual[1][8][dense] == pytest.approx(expected[dense], abs=0.25)
    assert np.diff(found.potential[8])[14:18] == pytest.approx(
        (expected * 20 / 32)[14:18], abs=0.3
    )


def test_boxes_with_empty_space_between():
    n = 64
    x = (np.arange(n) + 0.5) / n
    rho0 = (np.abs(x - 0.2) < 0.1).astype(float)
    rho1 = (np.abs(x - 0.5) < 0.05) + (np.abs(x - 0.85) < 0.1).astype(float)
    rho0, rho1 = (r / r.mean() for r in (rho0, rho1))
    edges = np.linspace(0, 1, n + 1)
    exact = histogram_distance(Histogram(edges, rho0 / n), Histogram(edges, rho1 / n))
    found = benamou_brenier(rho0, rho1, steps=16)
    assert found.gap <= 0.01 * found.action
    assert found.action == pytest.approx(exact**2, rel=0.02)
    assert found.rho.min() >= 0
    assert found.rho[0].tolist() == rho0.tolist()
    assert found.rho[-1] == pytest.approx(rho1)
    assert found.rho.mean(axis=1) == pytest.approx(np.ones(18))


def test_two_dimensions_and_one():
    x = (np.arange(10) + 0.5) / 10
    rho0, rho1 = bell(x, 0.3, 0.15), bell(x, 0.7, 0.15)
    one = benamou_brenier(rho0, rho1, steps=6)
    wide = [np.repeat(r[:, None], 4, axis=1) for r in (rho0, rho1)]
    two = benamou_brenier(*wide, steps=6, length=(1.0, 0.5))
    # Both intervals hold the least action, that of the plane is half the other.
    assert 0.5 * (one.action - one.gap) <= two.action
    assert two.action - two.gap <= 0.5 * one.action
    assert np.abs(two.momentum[1]).max() < 1e-12
    turned = benamou_brenier(*(w.T for w in wide), steps=6, length=(0.5, 1.0))
    assert turned.action == pytest.approx(two.action)
    assert two.continuity_residual < 1e-11


def test_two_bumps_turn_a_quarter():
    x = (np.arange(12) + 0.5) / 12
    bump = lambda u, v: bell(x, u, 0.1)[:, None] * bell(x, v, 0.1)
    rho0 = bump(0.25, 0.25) + bump(0.75, 0.75)
    rho1 = rho0[:, ::-1]
    found = benamou_brenier(rho0, rho1, steps=8)
    centres = np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1).reshape(-1, 2)
    a, b = (r.ravel() / r.sum() for r in (rho0, rho1))
    static = ot.emd2(a, b, ot.dist(centres, centres)) * rho0.mean()
    assert found.action == pytest.approx(static, rel=0.1)
    assert found.gap <= 0.01 * found.action


@pytest.mark.parametrize(
    ("strips", "cost"), [(1, 1.0833), (4, 1.0052), (16, 1.0003), (64, 1.00002)]
)
def test_maps_of_strips_come_as_near_as_one_likes(strips, cost):
    # From {0} x [0,1] to halves of it at distance 1 on either side: a map sends the
    # lower half of each strip left and the upper half right, stretched to the strip.
    # No map costs 1, the plan that splits every point does.
    uniform, away = Histogram([0, 1], [1.0]), 0.0
    for lower in (1.0, 0.0):
        masses = np.tile([lower, 1 - lower], strips) / strips
        half = Histogram(np.arange(2 * strips + 1) / (2 * strips), masses)
        away += histogram_distance(half, uniform) ** 2 / 2
    assert 1 + away == pytest.approx(1 + 1 / (12 * strips**2), abs=1e-12)
    assert 1 + away == pytest.approx(cost, abs=5e-5 if strips < 64 else 5e-6)


def test_scaling_mass_length_and_time_reversal():
    rho0, rho1 = gaussians(16)
    base = benamou_brenier(rho0, rho1, steps=4, length=20.0)
    for mass, length in [(1e-100, 1e-60), (7.0, 1e60), (1.0, 1.0)]:
        other = benamou_brenier(mass * rho0, mass * rho1, steps=4, length=length)
        factor = mass * (length / 20) ** 3
        assert other.action == pytest.approx(factor * base.action)
        assert other.gap == pytest.approx(factor * base.gap)
        ratio = other.potential / (length / 20) ** 2
        assert ratio == pytest.approx(base.potential, abs=1e-6)
    back = benamou_brenier(rho1, rho0, steps=4, length=20.0)
    assert back.action - back.gap <= base.action
    assert base.action - base.gap <= back.action


def test_certificate_is_honest(rng):
    found = benamou_brenier(*gaussians(16), steps=4, length=20.0)
    assert certified(found) == pytest.approx(found.gap, abs=1e-10)
    least = found.action - found.gap
    # Another dual: its bound is lower, never above the least action.
    gaps = []
    for size in (0.1, 0.3, 1.0):
        dual = [w + size * rng.normal(size=w.shape) for w in found.dual]
        gaps.append(certified(found, dual=dual))
        assert found.action - gaps[-1] <= found.action
    assert found.gap < gaps[0] < gaps[1] < gaps[2]
    # Another path with the same ends costs more than the bound.
    grid = StaggeredGrid((16,), 4, 20.0)
    nodes = straight(grid, found.rho[0], found.rho[-1])
    centred = centred_path(grid, nodes)
    rho = np.vstack([nodes[:1], centred[0], nodes[-1:]])
    m = from_centres(centred[1], 1)[:, 1:-1]
    assert certified(found, rho=rho, momentum=(m,)) > 2
    # A broken balance shows in the residual, by as much as it is broken.
    m = found.momentum[0] * 1.01
    off = continuity_residual(found.rho, (m,), length=20.0)
    assert off > 1e6 * found.continuity_residual
    assert least < 11


def test_not_converging_carries_the_last_iterate():
    rho0, rho1 = gaussians(16)
    with pytest.raises(ConvergenceError, match="raise max_iter or tol") as caught:
        benamou_brenier(rho0, rho1, steps=4, length=20.0, tol=1e-9, max_iter=30)
    last = caught.value.last
    assert last.iterations == 30
    assert 0 < last.gap < np.inf
    assert last.continuity_residual < 1e-12
    assert certified(last) == pytest.approx(last.gap)


# Errors

STILL = (np.ones((3, 2)), (np.zeros((1, 1)),))
BAD = [
    (lambda: displacement_interpolation([0], [0.0], [1.0], 1.5), "t must be a number"),
    (lambda: displacement_interpolation([0], [0.0], [1.0], [0, 1]), "t must be"),
    (lambda: displacement_interpolation([0], [0.0], [1.0], np.nan), "t must be finite"),
    (lambda: displacement_interpolation([0], [0.0], [[1, 2]], 0), "as many coord"),
    (lambda: displacement_interpolation([1], [0.0], [1.0], 0), "integers from 0 to 0"),
    (lambda: displacement_interpolation([-1], [0.0], [1.0], 0), "P, an assignment"),
    (lambda: displacement_interpolation([0.0], [0.0], [1.0], 0), "P, an assignment"),
    (lambda: displacement_interpolation([0, 0], [0.0], [1.0], 0), "must hold 1 int"),
    (lambda: displacement_interpolation([[0.5]], [0.0], [1.0], 0), "P must sum to 1"),
    (lambda: displacement_interpolation([[-1, 2]], [0.0], [0, 1], 0), "P must be fin"),
    (lambda: displacement_interpolation([[1, 0]], [0.0], [1.0], 0), "P must have"),
    (lambda: Histogram([0, 0], [1.0]), "edges must be two or more, increasing"),
    (lambda: Histogram([0], []), "edges must be two or more"),
    (lambda: Histogram([0, 1], [0.5]), "masses must sum to 1"),
    (lambda: Histogram([0, 1], [0.5, 0.5]), r"masses must have shape \(1,\)"),
    (lambda: Histogram([0, 1], [1.0]).rebinned([0, 0.5]), "masses must sum to 1"),
    (lambda: interpolate_histograms(*[Histogram([0, 1], [1.0])] * 2, 2), "t must be"),
    (lambda: StaggeredGrid((0,), 1), "shape must be a whole number >= 1; got 0"),
    (lambda: StaggeredGrid((2, 2, 2), 1), "shape must be a tuple of one or two"),
    (lambda: StaggeredGrid(2, 1), "shape must be a tuple of one or two"),
    (lambda: StaggeredGrid((2,), 1.5), "steps must be a whole number >= 1; got 1.5"),
    (lambda: StaggeredGrid((2,), 1, 1e80), "length must lie between 1e-70 and 1e70"),
    (lambda: StaggeredGrid((2,), 1, 1e-80), "length must lie between 1e-70 and 1e70"),
    (lambda: Histogram([0, 1], [1.0]).rebinned(0.5), "edges must be two or more"),
    (lambda: displacement_interpolation([[1], []], [0], [1], 0), "P must hold real"),
    (lambda: action(1e300 * STILL[0], STILL[1]), "rho must be at most 1e100"),
    (lambda: dual_bound(3.0, [1, 1], [1, 1]), r"dual must be d \+ 1 arrays; got 3.0"),
    (lambda: dual_bound([[[1e101]]] * 2, [1], [1]), "dual must be at most 1e100"),
    (lambda: StaggeredGrid((2,), 1, 0.0), "length must be finite and > 0"),
    (lambda: StaggeredGrid((2,), 1, (1.0, 2.0)), "length must be one number or 1"),
    (lambda: action(np.ones((2, 2)), (np.zeros((1, 1)),)), "rho must have shape"),
    (lambda: action(-STILL[0], STILL[1]), "rho must be >= 0"),
    (lambda: action(np.full((3, 2), np.nan), STILL[1]), "rho must be finite"),
    (lambda: action(STILL[0], np.zeros((1, 1))), "momentum must be a tuple of 1"),
    (lambda: action(STILL[0], STILL[1] * 2), "momentum must be a tuple of 1"),
    (lambda: action(STILL[0], ([[0.0, 0.0]],)), r"momentum\[0\] must have shape"),
    (lambda: continuity_residual(np.ones(3), STILL[1]), "rho must have shape"),
    (lambda: continuity_residual(*STILL, length=-1), "length must be finite and > 0"),
    (lambda: dual_bound([np.zeros((2, 2))], [1, 1], [1, 1]), "dual must be d"),
    (lambda: dual_bound(np.zeros((2, 2, 3)), [1, 1], [1, 1]), "dual must be d"),
    (lambda: dual_bound(np.zeros((2, 2, 2)), [1, 1], [1, 1, 1]), "dual must be d"),
    (lambda: dual_bound(np.full((2, 2, 2), np.inf), [1, 1], [1, 1]), "dual must be"),
    (lambda: benamou_brenier([1, 2], [1, 1]), "equal masses"),
    (lambda: benamou_brenier([1, 2], [1, 2, 0]), "one shape"),
    (lambda: benamou_brenier([], []), "one shape"),
    (lambda: benamou_brenier(1.0, 1.0), "one shape"),
    (lambda: benamou_brenier([-1, 2], [1, 0]), "rho0 and rho1 must be >= 0"),
    (lambda: benamou_brenier([0, 0], [0, 0]), "have mass"),
    (lambda: benamou_brenier([1j, 0], [1, 0]), "rho0 must be real"),
    (lambda: benamou_brenier([1, 0], [0, 1], steps=1), "steps must be >= 2"),
    (lambda: benamou_brenier([1, 0], [0, 1], steps=2.0), "steps must be a whole"),
    (lambda: benamou_brenier([1, 0], [0, 1], length=0), "length must be finite"),
    (lambda: benamou_brenier([1, 0], [0, 1], tol=0), "tol must be finite and > 0"),
    (lambda: benamou_brenier([1, 0], [0, 1], tol=[1, 2]), "tol must be one number"),
    (lambda: benamou_brenier([1, 0], [0, 1], max_iter=0), "max_iter must be"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_every_public_name_is_there():
    assert all(hasattr(dynamic, name) for name in dynamic.__all__)
