"""Laguerre cells, semi-discrete transport in the plane and on the line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from ottools import semidiscrete
from ottools.convergence import ConvergenceError
from ottools.semidiscrete import (
    Gaussian,
    Uniform,
    assign,
    certify_potentials,
    certify_potentials_1d,
    laguerre_cells,
    semidiscrete_1d,
    solve_semidiscrete,
)
from tests.references import diagrams

BOX = ((-1.0, 2.0), (0.5, 1.0))
PLACES = [
    "plain", "repeated", "line", "nearly a line", "level", "grid", "circle",
    "outside", "far", "close", "closer", "two scales",
]  # fmt: skip
SHARES = ["plain", "zero", "1e-300", "small", "skew"]
seeds = st.integers(0, 2**32 - 1)


def sites_of(rng, kind, n):
    y = rng.random((n, 2))
    angle = 2 * np.pi * np.arange(n) / n
    side = int(np.ceil(np.sqrt(n)))
    table = {
        "plain": lambda: y,
        "repeated": lambda: y[rng.integers(0, max(1, n // 2), n)],
        "line": lambda: 0.5 + np.outer(rng.normal(size=n), rng.normal(size=2)),
        "level": lambda: y * [1, 0] + [0, 0.3],
        "grid": lambda: (np.argwhere(np.ones((side, side)))[:n] + 0.5) / side,
        "circle": lambda: 0.5 + 0.3 * np.column_stack([np.cos(angle), np.sin(angle)]),
        "outside": lambda: y + [3, -40],
        "far": lambda: y + 1e4,
        "close": lambda: 0.4 + 1e-9 * y,
        "closer": lambda: 1e-150 * y,
        "two scales": lambda: np.where(np.arange(n)[:, None] % 2, y, 0.3 + 1e-5 * y),
    }
    if kind == "nearly a line":
        return table["line"]() + 1e-13 * y
    return table[kind]()


def weights_of(rng, kind, n):
    b = rng.random(n) + 0.01
    some = rng.random(n) < 0.4
    b = {
        "plain": b,
        "zero": np.where(some, 0, b),
        "1e-300": np.where(some, 1e-300, b),
        "small": np.where(some, 10.0 ** rng.uniform(-14, -4, n), b),
        "skew": 10.0 ** rng.uniform(-6, 0, n),
    }[kind]
    b[0] = max(b[0], 0.5)
    return b / b.sum()


def dual(sites, g, b, box):
    """The dual value by another way: quadrature over every cell, split in triangles."""
    cells = laguerre_cells(sites, g, box=box)
    total = 0.0
    for y, potential, polygon in zip(cells.sites, cells.g, cells.polygons, strict=True):
        for p, q in zip(polygon[1:-1], polygon[2:], strict=True):
            corners = np.array([polygon[0], p, q])
            area = np.linalg.det(corners[1:] - corners[0]) / 2
            middles = (corners + np.roll(corners, 1, axis=0)) / 2
            # The mean over the middles of the sides is exact for quadratics.
            total += area * (((middles - y) ** 2).sum(axis=1).mean() - potential)
    (left, right), (low, high) = box
    return b @ g + total / ((right - left) * (high - low))


# Cells


@settings(max_examples=200, deadline=None, derandomize=True)
@given(seeds, st.sampled_from(["plain", "repeated", "grid", "line", "outside"]))
def test_cells_in_rational_arithmetic(seed, kind):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 9))
    # Dyadic numbers: floats hold them, and four cells often meet in a point.
    sites = np.round(sites_of(rng, kind, n) * 8) / 8
    g = np.round(rng.normal(size=n) * rng.choice([0, 4, 16])) / 64
    cells = laguerre_cells(sites, g, box=BOX)
    for j in range(n):
        polygon = diagrams.exact_cell(sites, g, j, BOX)
        area = float(diagrams.exact_area(polygon))
        assert cells.areas[j] == pytest.approx(area, abs=2e-15 * (1 + np.ptp(sites)))
    assert cells.areas.sum() == pytest.approx(1.5, abs=1e-13)
    for j, polygon in enumerate(cells.polygons):
        x = polygon.mean(axis=0) if len(polygon) else sites[j]
        if cells.areas[j] > 1e-9:
            assert assign([x], sites, g)[0] in np.flatnonzero(
                (sites == sites[j]).all(1)
            )


def test_cells_of_a_grid_are_squares_and_touch_along_sides():
    y = (np.argwhere(np.ones((30, 30))) + 0.5) / 30
    cells = laguerre_cells(y, np.zeros(900))
    assert cells.areas == pytest.approx(np.full(900, 1 / 900), abs=1e-15)
    assert len(cells.edges) == 2 * 29 * 30
    assert cells.lengths == pytest.approx(np.full(1740, 1 / 30))
    assert {len(p) for p in cells.polygons} == {4}
    assert cells.centroids == pytest.approx(y)
    moments = np.eye(2) / 12 / 30**4
    assert cells.second_moments == pytest.approx(np.tile(moments, (900, 1, 1)))
    assert (cells.edges[:, 0] < cells.edges[:, 1]).all()


def test_a_hub_with_many_neighbours():
    angle = 2 * np.pi * np.arange(300) / 300
    ring = 0.5 + 0.4 * np.column_stack([np.cos(angle), np.sin(angle)])
    cells = laguerre_cells(np.vstack([[[0.5, 0.5]], ring]), np.zeros(301))
    assert len(cells.polygons[0]) == 300
    # A regular polygon with 300 sides around a circle of radius 0.2.
    area = 300 * 0.2**2 * np.tan(np.pi / 300)
    assert cells.areas[0] == pytest.approx(area, rel=1e-12)
    assert cells.areas.sum() == pytest.approx(1, abs=1e-14)


def test_areas_moments_and_map_by_monte_carlo(rng):
    y, g = rng.random((20, 2)) * [3, 0.5] + [-1, 0.5], 0.02 * rng.normal(size=20)
    cells = laguerre_cells(y, g, box=BOX)
    count = 200_000
    x = np.column_stack([rng.uniform(*side, count) for side in BOX])
    j = assign(x, y, g)
    direct = (((x[:1000, None] - y) ** 2).sum(axis=2) - g).argmin(axis=1)
    assert (j[:1000] == direct).all()
    masses = np.bincount(j, minlength=20) / count
    deviation = np.sqrt(cells.masses * (1 - cells.masses) / count)
    assert (np.abs(masses - cells.masses) <= 4.5 * deviation + 1e-12).all()
    costs = ((x - y[j]) ** 2).sum(axis=1)
    error = costs.std() / np.sqrt(count)
    assert abs(costs.mean() - cells.costs.sum()) < 4.5 * error
    inside = x[j == 3]
    centred = inside - cells.centroids[3]
    assert np.abs(centred.mean(axis=0)).max() < 4.5 * centred.std() / len(inside) ** 0.5
    second = centred.T @ centred / count * 1.5
    assert second == pytest.approx(cells.second_moments[3], rel=0.05, abs=1e-6)


def test_jacobian_is_that_of_the_masses(rng):
    y, g, h = rng.random((9, 2)), 0.01 * rng.normal(size=9), 1e-6
    J = laguerre_cells(y, g).jacobian().toarray()
    masses = lambda g: laguerre_cells(y, g).masses
    by_steps = [(masses(g + h * e) - masses(g - h * e)) / (2 * h) for e in np.eye(9)]
    assert np.count_nonzero(J) > 20
    assert np.transpose(by_steps) == pytest.approx(J, abs=1e-8)
    assert np.abs(J - J.T).max() == 0
    assert np.linalg.eigvalsh(J).min() > -1e-12


def test_coinciding_sites_the_larger_potential_has_the_cell():
    y = [[0.2, 0.5], [0.2, 0.5], [0.8, 0.5], [0.8, 0.5]]
    cells = laguerre_cells(y, [0.0, 0.1, 0.1, 0.1])
    assert cells.areas.tolist() == pytest.approx([0, 0.5, 0.5, 0])
    assert [len(p) for p in cells.polygons] == [0, 4, 4, 0]
    assert cells.edges.tolist() == [[1, 2]]
    assert cells.centroids[[0, 3]].tolist() == [y[0], y[3]]


def test_hidden_and_overflowing_cells_are_empty():
    cells = laguerre_cells([[0, 0], [1e-300, 0], [5e-300, 0]], [0.0, 1.0, 0.0])
    assert cells.areas.tolist() == [0, 1, 0]
    assert np.isfinite(cells.centroids).all()
    zero = laguerre_cells([[0.0, 0.5], [-0.0, 0.5]], [0.0, 0.0])
    assert zero.areas.tolist() == [1, 0]


# Transport in the plane


def test_one_site_two_sites_and_the_anchor():
    one = solve_semidiscrete([[0.0, 0.0]])
    assert (one.value, one.iterations) == (pytest.approx(2 / 3), 0)
    assert one.g.tolist() == [0]
    two = solve_semidiscrete([[0.2, 0.5], [0.9, 0.5]], [0.3, 0.7], tol=1e-13)
    assert two.value == pytest.approx(0.07533333333333333 + 1 / 12, abs=1e-14)
    assert two.g[0] - two.g[1] == pytest.approx(-0.35, abs=1e-13)
    assert two.cells.centroids == pytest.approx(np.array([[0.15, 0.5], [0.65, 0.5]]))


def test_three_sites_by_symmetry():
    found = solve_semidiscrete([[0.0, 0.5], [1.0, 0.5], [0.5, 0.5]], tol=1e-12)
    assert found.cells.areas == pytest.approx(np.full(3, 1 / 3))
    assert found.g[0] == pytest.approx(found.g[1])
    assert found.g @ found.b == pytest.approx(0, abs=1e-15)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(seeds, st.sampled_from(PLACES), st.sampled_from(SHARES))
def test_transport_to_nasty_sites(seed, places, shares):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 20))
    sites, b = sites_of(rng, places, n), weights_of(rng, shares, n)
    found = solve_semidiscrete(sites, b)
    cells = found.cells
    assert found.marginal_error <= 1e-9
    # In places 1e4 away floats hold squared distances to about 1e-8.
    scale = 1e-15 * (1 + np.abs(sites).max() ** 2)
    assert -10 * scale <= found.gap <= 1e-9 * (1 + np.ptp(sites)) ** 2 + 10 * scale
    assert cells.areas.sum() == pytest.approx(1, abs=1e-10)
    _, group = np.unique(sites, axis=0, return_inverse=True)
    together = np.bincount(group, cells.masses - b)
    assert np.abs(together).sum() == pytest.approx(found.marginal_error, abs=1e-15)
    assert cells.areas[b == 0].max(initial=0) <= 1e-12
    value = found.value - found.gap
    assert dual(sites, found.g, b, cells.box) == pytest.approx(value, abs=10 * scale)
    for polygon in cells.polygons:
        assert (polygon >= 0).all()
        assert (polygon <= 1).all()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds, st.sampled_from(SHARES), st.integers(1, 6), st.integers(1, 6))
def test_products_of_problems_on_the_line(seed, shares, m, n):
    rng = np.random.default_rng(seed)
    y, z = rng.normal(size=m), rng.normal(size=n)
    b, c = weights_of(rng, shares, m), weights_of(rng, "plain", n)
    sites = np.array([[u, v] for u in y for v in z])
    one = semidiscrete_1d(y, b, density=Uniform(*BOX[0]))
    two = semidiscrete_1d(z, c, density=Uniform(*BOX[1]))
    found = solve_semidiscrete(sites, np.outer(b, c).ravel(), box=BOX)
    bound = found.gap + 1e-13 * (1 + np.ptp(sites)) ** 2
    assert abs(found.value - one.value - two.value) <= bound
    heavy = (b > 1e-6)[:, None] & (c > 0)
    g = (one.g[:, None] + two.g).ravel() - found.g
    assert np.ptp(g[heavy.ravel()]) <= 1e-4 * (1 + np.ptp(sites))


@pytest.mark.parametrize("shares", ["plain", "skew"])
def test_discrete_transport_from_a_fine_grid(rng, shares):
    sites, b = rng.normal(size=(12, 2)), weights_of(rng, shares, 12)
    found = np.sqrt(solve_semidiscrete(sites, b).value)
    for count in (10, 30):
        coarse = diagrams.grid_distance(sites, b, count)
        assert abs(found - coarse) <= 1 / (count * np.sqrt(6))


def test_translation_scaling_and_order(rng):
    sites, b = rng.random((15, 2)), rng.dirichlet(np.ones(15))
    base = solve_semidiscrete(sites, b)
    shift = np.array([3.0, -7.0])
    box = [[3.0, 4.0], [-7.0, -6.0]]
    # Moving box and sites together changes nothing; scaling scales the squares.
    moved = solve_semidiscrete(sites + shift, b, box=box)
    assert moved.value == pytest.approx(base.value, abs=1e-11)
    assert moved.g == pytest.approx(base.g, abs=1e-9)
    large = solve_semidiscrete(8 * sites, b, box=[[0, 8], [0, 8]])
    assert large.value == pytest.approx(64 * base.value)
    assert large.cells.areas == pytest.approx(64 * base.cells.areas, abs=1e-7)
    # Moving the sites alone keeps the cells and adds 2 <m, s> + |s|^2 to the cost.
    away = solve_semidiscrete(sites + shift, b)
    assert away.cells.areas == pytest.approx(base.cells.areas, abs=1e-9)
    m = b @ sites - 0.5
    expected = base.value + 2 * m @ shift + shift @ shift
    assert away.value == pytest.approx(expected, abs=1e-8)
    order = rng.permutation(15)
    turned = solve_semidiscrete(sites[order][:, ::-1], b[order])
    assert turned.g == pytest.approx(base.g[order], abs=1e-9)


def test_dual_gradient_is_weight_minus_mass(rng):
    sites, b, h = rng.random((7, 2)), rng.dirichlet(np.ones(7)), 1e-5
    g = 0.02 * rng.normal(size=7)
    at = lambda g: dual(sites, g, b, BOX)
    slopes = [(at(g + h * e) - at(g - h * e)) / (2 * h) for e in np.eye(7)]
    masses = laguerre_cells(sites, g, box=BOX).masses
    assert slopes == pytest.approx(b - masses, abs=1e-9)
    certified = certify_potentials(sites, g, b, box=BOX)
    assert certified.value - certified.gap == pytest.approx(at(g))


def test_newton_is_quadratic(rng):
    sites, errors = rng.normal(size=(20, 2)), []
    for steps in range(1, 12):
        try:
            solve_semidiscrete(sites, tol=1e-13, max_iter=steps)
            break
        except ConvergenceError as error:
            errors.append(error.last.marginal_error)
    small = [e for e in errors if e < 0.05]
    assert len(small) >= 3
    for now, after in zip(small[:-1], small[1:], strict=True):
        assert after < 20 * now**2 + 1e-12


def test_a_thousand_sites_in_a_few_steps(rng):
    found = solve_semidiscrete(rng.random((1000, 2)), rng.dirichlet(np.ones(1000)))
    assert found.iterations <= 15
    assert found.marginal_error <= 1e-9
    assert 0 <= found.gap <= 1e-10


def test_certificate_is_honest(rng):
    sites, b = rng.random((10, 2)), rng.dirichlet(np.ones(10))
    found = solve_semidiscrete(sites, b)
    exact = found.value
    gaps = []
    for size in (1e-4, 1e-3, 1e-2):
        g = found.g + size * rng.normal(size=10)
        worse = certify_potentials(sites, g, b)
        assert worse.value - worse.gap <= exact <= worse.value
        assert worse.gap > 0
        assert worse.marginal_error > found.marginal_error
        gaps.append(worse.gap)
    assert sorted(gaps) == gaps
    again = certify_potentials(sites, found.g, b)
    assert (again.value, again.gap) == (found.value, found.gap)
    assert again.marginal_error == found.marginal_error
    # Other weights with the same potentials: the error is that of the weights.
    other = certify_potentials(sites, found.g, np.roll(b, 1))
    assert other.marginal_error == pytest.approx(np.abs(b - np.roll(b, 1)).sum())


def test_all_weight_rerouted_gives_a_feasible_cost():
    # One cell has everything, half of it must go to the other site.
    found = certify_potentials([[0.0, 0.0], [1.0, 1.0]], [10.0, 0.0])
    assert found.marginal_error == pytest.approx(1)
    # Both halves of the square's mass are spread evenly: 2/3 each.
    assert found.value == pytest.approx(2 / 3)


def test_zero_weights_get_the_largest_potential():
    sites, b = [[0.2, 0.5], [0.9, 0.5], [0.5, 0.5], [0.4, 3.0]], [0.3, 0.7, 0, 0]
    found = solve_semidiscrete(sites, b)
    cells = found.cells
    assert cells.areas[2:].tolist() == pytest.approx([0, 0], abs=1e-15)
    for j in (2, 3):
        for size in (1e-5, 1e-4):
            g = found.g.copy()
            g[j] += size
            assert laguerre_cells(sites, g).areas[j] > 0


def test_not_converging_carries_the_last_iterate(rng):
    sites, b = rng.random((50, 2)), rng.dirichlet(np.ones(50))
    with pytest.raises(ConvergenceError, match="raise max_iter") as caught:
        solve_semidiscrete(sites, b, max_iter=1)
    last = caught.value.last
    assert last.iterations == 1
    assert 1e-9 < last.marginal_error < 2
    assert last.gap > 0
    # No step leads below the rounding.
    with pytest.raises(ConvergenceError, match="raise max_iter or tol") as caught:
        solve_semidiscrete(sites, b, tol=1e-18)
    assert caught.value.last.marginal_error < 1e-12
    # Sites that floats hardly tell apart, among others far away.
    close = np.vstack([sites, [[0.5, 0.5], [0.5, 0.5 + 2e-16], [0.5, 0.5 - 1e-16]]])
    with pytest.raises(ConvergenceError, match="merge sites"):
        solve_semidiscrete(close)


# The line


def test_line_anchor():
    found = semidiscrete_1d([0.9, 0.2], [0.7, 0.3])
    assert found.value == pytest.approx(0.0753333, abs=5e-8)
    assert found.value == pytest.approx(0.113 / 1.5)
    assert found.g[1] - found.g[0] == pytest.approx(-0.35)
    assert found.cells.tolist() == [[0.3, 1.0], [0.0, 0.3]]
    assert (found.marginal_error, found.gap) == (pytest.approx(0), pytest.approx(0))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(seeds, st.sampled_from(SHARES), st.booleans())
def test_line_by_its_certificate_and_by_plans(seed, shares, bell):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 12))
    y = np.round(rng.normal(size=n) * 3, int(rng.integers(0, 4)))
    b = weights_of(rng, shares, n)
    low, scale = rng.normal(), rng.uniform(0.1, 3)
    density = Gaussian(low, scale) if bell else Uniform(low, low + scale)
    found = semidiscrete_1d(y, b, density=density)
    size = 1e-14 * (1 + np.abs(y).max() + abs(low) + 10 * scale) ** 2
    assert found.marginal_error <= 1e-11
    assert abs(found.gap) <= 100 * size
    assert not np.isnan(found.g).any()
    assert np.isfinite(found.g[b > 0]).all()
    assert found.g[b > 0] @ b[b > 0] == pytest.approx(0, abs=size)
    # Transport to N equal quantile pieces, their middles: within their own distance.
    u = (np.arange(4000) + 0.5) / 4000
    x, share = density.quantile(u, 1 - u), np.sort(y)
    ends = np.cumsum(b[np.argsort(y, kind="stable")])
    image = share[np.minimum(np.searchsorted(ends, u), n - 1)]
    coarse = np.sqrt(((x - image) ** 2).mean())
    assert np.sqrt(found.value) == pytest.approx(
        coarse, abs=0.02 * (scale + 1 + np.ptp(y))
    )


@pytest.mark.parametrize("density", [Uniform(-1, 2), Gaussian(0.5, 2)])
def test_density_integrals_by_quadrature(density):
    pdf = {
        Uniform: lambda x: (-1 <= x <= 2) / 3,
        Gaussian: lambda x: stats.norm.pdf(x, 0.5, 2),
    }[type(density)]
    for left, right, y in [(-0.5, 0.25, 3.0), (0.0, 1.9, 0.2), (1.5, 2.0, -1.0)]:
        mass = integrate.quad(pdf, left, right)[0]
        cost = integrate.quad(lambda x, y=y: pdf(x) * (x - y) ** 2, left, right)[0]
        assert density.mass(left, right) == pytest.approx(mass)
        assert density.cost(left, right, y) == pytest.approx(cost)
    assert density.mass(-np.inf, np.inf) == pytest.approx(1)
    u = np.array([0.0, 1e-3, 0.5, 1 - 1e-3, 1.0])
    x = density.quantile(u, u[::-1])
    assert density.mass(-np.inf, x) == pytest.approx(u)
    assert density.mass(np.full(5, -np.inf), np.clip(x, -1, 2)).shape == (5,)


def test_both_tails_are_resolved():
    b = np.array([1e-300, 1.0, 1e-300])
    found = semidiscrete_1d([-1.0, 0.0, 1.0], b, density=Gaussian())
    assert found.cells[0, 1] == pytest.approx(-found.cells[2, 0])
    assert found.cells[0, 1] == pytest.approx(stats.norm.ppf(1e-300))
    assert found.value == pytest.approx(1)


def test_line_without_weight_at_the_ends():
    y, b = [-5.0, 1.0, 2.0, 2.0, 9.0], [0, 0.5, 0.25, 0.25, 0]
    bell = semidiscrete_1d(y, b, density=Gaussian())
    assert bell.g.tolist() == [-np.inf, -1.5, 1.5, 1.5, -np.inf]
    flat = semidiscrete_1d(y, b)
    assert flat.g.tolist() == pytest.approx([23, -1, 1, 1, 64])
    assert flat.marginal_error == pytest.approx(0)
    again = certify_potentials_1d(y, bell.g, b, density=Gaussian())
    assert (again.value, again.gap) == (bell.value, bell.gap)


def test_line_certificate_is_honest(rng):
    y, b = rng.normal(size=8), rng.dirichlet(np.ones(8))
    found = semidiscrete_1d(y, b, density=Gaussian())
    gaps = []
    for size in (1e-3, 1e-2, 1e-1, 1e1):
        g = found.g + size * rng.normal(size=8)
        worse = certify_potentials_1d(y, g, b, density=Gaussian())
        assert worse.value == found.value
        cuts = worse.cells[worse.cells[:, 0] < worse.cells[:, 1]]
        assert np.diff(cuts, axis=1).min() > 0
        gaps.append(worse.gap)
        x = rng.normal(size=200)
        of = ((x[:, None] - y) ** 2 - g).argmin(axis=1)
        assert (worse.cells[of, 0] <= x).all()
        assert (x <= worse.cells[of, 1]).all()
    assert sorted(gaps) == gaps
    assert gaps[0] > 0


def test_line_agrees_with_the_plane(rng):
    y, b = rng.normal(size=12), rng.dirichlet(np.ones(12))
    line = semidiscrete_1d(y, b)
    sites = np.column_stack([y, np.full(12, 0.25)])
    plane = solve_semidiscrete(sites, b, tol=1e-12)
    assert plane.value == pytest.approx(line.value + 1 / 12 + 0.25**2, abs=1e-12)
    assert plane.g == pytest.approx(line.g, abs=1e-10)
    left = [p[:, 0].min() for p in plane.cells.polygons]
    assert left == pytest.approx(line.cells[:, 0], abs=1e-11)


# Errors

TWO = [[0.0, 0.0], [1.0, 1.0]]
BAD = [
    (lambda: solve_semidiscrete([]), "sites must have shape"),
    (lambda: solve_semidiscrete([1.0, 2.0]), r"sites must have shape \(n, 2\)"),
    (lambda: solve_semidiscrete([[0, 0, 0]]), r"sites must have shape \(n, 2\)"),
    (lambda: solve_semidiscrete([[0, 1e60]]), "up to 1e50"),
    (lambda: solve_semidiscrete([[0, np.nan]]), "sites must be finite"),
    (lambda: solve_semidiscrete([[0, 1j]]), "sites must be real"),
    (lambda: solve_semidiscrete(TWO, [0.5, 0.4]), "b must sum to 1"),
    (lambda: solve_semidiscrete(TWO, [1.5, -0.5]), "b must be finite and >= 0"),
    (lambda: solve_semidiscrete(TWO, [1.0]), r"b must have shape \(2,\)"),
    (lambda: solve_semidiscrete(TWO, box=((0, 1), (1, 1))), "box must be"),
    (lambda: solve_semidiscrete(TWO, box=(0, 1, 0, 1)), "box must be"),
    (lambda: solve_semidiscrete(TWO, box=((0, 1e60), (0, 1))), "box must be"),
    (lambda: solve_semidiscrete(TWO, tol=0), "tol must be finite and > 0"),
    (lambda: solve_semidiscrete(TWO, tol=[1e-3, 1]), "tol must be one number"),
    (lambda: solve_semidiscrete(TWO, max_iter=0), "max_iter must be a whole"),
    (lambda: solve_semidiscrete(TWO, max_iter=2.5), "max_iter must be a whole"),
    (lambda: solve_semidiscrete(TWO, max_iter=True), "max_iter must be a whole"),
    (lambda: laguerre_cells(TWO, [0.0]), r"potentials must have shape \(2,\)"),
    (lambda: laguerre_cells(TWO, [0.0, 1e200]), "potentials must be at most"),
    (lambda: laguerre_cells(TWO, [0.0, np.inf]), "potentials must be finite"),
    (lambda: assign([[0, 0]], TWO, [0.0]), r"potentials must have shape \(2,\)"),
    (lambda: assign([0, 0], TWO, [0.0, 0.0]), "x must have shape"),
    (lambda: certify_potentials(TWO, [0, 0], [0.5, 0.6]), "b must sum to 1"),
    (lambda: semidiscrete_1d([]), "y must have shape"),
    (lambda: semidiscrete_1d([[0.0]]), "y must have shape"),
    (lambda: semidiscrete_1d([1e60]), "up to 1e50"),
    (lambda: semidiscrete_1d([0.0, 1.0], [0.5, 0.6]), "b must sum to 1"),
    (lambda: certify_potentials_1d([0.0, 1.0], [0.0]), r"g must have shape \(2,\)"),
    (lambda: certify_potentials_1d([0.0, 1.0], [0.0, -np.inf]), "g must be finite"),
    (lambda: certify_potentials_1d([0.0, 1.0], [0.0, 1e200]), "g must be at most"),
    (lambda: certify_potentials_1d([0.0, 1.0], ["a", 0.0]), "g must hold real numbers"),
    (lambda: Uniform(1, 1), "low must be below high"),
    (lambda: Uniform(0, np.inf), "low and high must be finite"),
    (lambda: Uniform([0], [1]), "low must be below high"),
    (lambda: Gaussian(0, 0), "scale must be finite and > 0"),
    (lambda: Gaussian([0], 1), "single numbers"),
    (lambda: Gaussian(np.nan, 1), "mean must be finite"),
]  # fmt: skip


def test_counts_of_numpy_are_counts():
    assert solve_semidiscrete(TWO, max_iter=np.int64(9)).marginal_error < 1e-9


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_every_public_name_is_there():
    assert all(hasattr(semidiscrete, name) for name in semidiscrete.__all__)
