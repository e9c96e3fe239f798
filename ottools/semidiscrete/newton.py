"""Semi-discrete transport of a uniform density in the plane, by damped Newton."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse.linalg import splu

from ottools.convergence import ConvergenceError
from ottools.measures import scalar, weights, whole
from ottools.semidiscrete.cells import (
    UNIT_SQUARE,
    Frame,
    LaguerreCells,
    checked_box,
    checked_sites,
    laguerre_cells,
    measured_cells,
)
from ottools.semidiscrete.diagram import laplacian, power_cells, shared_edges
from ottools.semidiscrete.polygons import moments

# Below a step of 2^-19 the error is one of rounding.
MAX_HALVINGS = 20


@dataclass(frozen=True)
class SemiDiscrete:
    """Hold a transport of the uniform density on a box to weighted sites.

    Its dual value is sum_j b_j g_j + mean over the box of min_j (|x - y_j|^2 - g_j).

    Attributes
    ----------
    sites, b, g : ndarray (n, 2), (n,), (n,), sites with their weights and potentials
    cells : LaguerreCells of the potentials
    value : float, the cost of a plan with exactly the right marginals: every x goes to
        the site of its cell, but the excess of a cell is spread over sites in deficit
    marginal_error : float, the sum over the sites of |mass of the cell - weight|,
        coinciding sites taken together
    gap : float, value minus dual value: W_2^2 lies in [value - gap, value]
    iterations : int, Newton steps

    Examples
    --------
    >>> solution = solve_semidiscrete([[0.2, 0.5], [0.9, 0.5]], [0.3, 0.7])
    >>> round(solution.value - 1 / 12, 7), round(float(np.diff(solution.g)[0]), 7)
    (0.0753333, 0.35)
    """

    sites: np.ndarray
    b: np.ndarray
    g: np.ndarray
    cells: LaguerreCells
    value: float
    marginal_error: float
    gap: float
    iterations: int


def solve_semidiscrete(
    sites, b=None, *, box=UNIT_SQUARE, tol: float = 1e-9, max_iter: int = 100
) -> SemiDiscrete:
    """Return the optimal transport of the uniform density to the sites, cost |x - y|^2.

    The dual is concave with gradient b - masses of the cells and a sparse Hessian; the
    Newton step is halved until no cell is lost and the error shrinks (Kitagawa,
    Merigot & Thibert 2019, Algorithm 1). The first cells come from a separable convex
    function, so none is empty wherever the sites lie.

    Parameters
    ----------
    sites : array_like, shape (n, 2), anywhere in the plane, repetitions allowed
    b : array_like, shape (n,), weights on the simplex, zeros allowed; equal if None
    box : ((left, right), (bottom, top))
    tol : largest admissible marginal error; the last step, which is quadratic, mostly
        leaves far less
    max_iter : largest number of Newton steps

    Returns
    -------
    SemiDiscrete
        Potentials have mean 0 under b; a site without weight has the largest potential
        that leaves its cell without area.

    Raises
    ------
    ValueError
        As `laguerre_cells`, on improper weights, tol <= 0 or max_iter < 1.
    ConvergenceError
        When the marginal error stays above tol: after max_iter steps, or because sites
        nearly coincide or lie so far away that floats do not place the cells that well.

    Examples
    --------
    >>> solution = solve_semidiscrete([[0.1, 0.1], [0.2, 0.9], [0.6, 0.5]])
    >>> solution.cells.areas.round(9).tolist()
    [0.333333333, 0.333333333, 0.333333333]
    """
    sites, box = checked_sites(sites), checked_box(box)
    b = weights(b, len(sites), "b")
    tol, max_iter = scalar(tol, "tol"), whole(max_iter, "max_iter")
    places, group = np.unique(sites + 0.0, axis=0, return_inverse=True)
    share = np.bincount(group, b)
    # What weighs less than the error allows cannot be told from nothing: its cell has
    # a side below 1e-6 of the box.
    heavy = share > min(tol, 1e-10) / (4 * len(b))
    frame = Frame.of(places[heavy], box)
    goal = share[heavy] / share[heavy].sum()
    heights, iterations = _newton(frame.slopes, goal, tol / 4, max_iter)
    g = np.empty(len(places))
    g[heavy] = frame.potentials(heights)
    others = Frame.around(places[~heavy], box, frame.origin, frame.scale)
    g[~heavy] = others.potentials(_extended(frame.slopes, heights, others.slopes))
    g = g[group]
    found = _certified(sites, b, g - b @ g, box, iterations)
    if found.marginal_error > tol:
        raise ConvergenceError(
            f"marginal error {found.marginal_error:.3g} > tol = {tol:.3g} after "
            f"{iterations} steps; raise max_iter or tol, or merge sites that nearly "
            "coincide.",
            found,
        )
    return found


def certify_potentials(sites, potentials, b=None, *, box=UNIT_SQUARE) -> SemiDiscrete:
    """Return cells, cost, marginal error and duality gap of any potentials.

    Shapes and errors as `laguerre_cells` and `solve_semidiscrete`; iterations is 0.

    Examples
    --------
    >>> voronoi = certify_potentials([[0.25, 0.5], [0.75, 0.5]], [0, 0], [0.4, 0.6])
    >>> round(voronoi.marginal_error, 9), voronoi.gap > 0
    (0.2, True)
    """
    cells = laguerre_cells(sites, potentials, box=box)
    b = weights(b, len(cells.sites), "b")
    return _certified(cells.sites, b, cells.g, cells.box, 0)


def _certified(sites, b, g, box, iterations: int) -> SemiDiscrete:
    """Return the result of these potentials with its certificate."""
    cells = measured_cells(sites, g, box)
    places, group = np.unique(sites + 0.0, axis=0, return_inverse=True)
    wrong = np.bincount(group, cells.masses) - np.bincount(group, b)
    rerouted = _rerouting(cells, places, group, wrong)
    return SemiDiscrete(
        sites=sites,
        b=b,
        g=g,
        cells=cells,
        value=float(cells.costs.sum() + rerouted),
        marginal_error=float(np.abs(wrong).sum()),
        gap=float(rerouted + (cells.masses - b) @ g),
        iterations=iterations,
    )


def _rerouting(cells: LaguerreCells, places, group, wrong) -> float:
    """Return what it costs to spread the excess of cells over places with a deficit.

    Every cell gives the same share of its mass everywhere; what is given is coupled
    independently with what is missing. With means c and d and masses adding to e,
    the mean square distance is the two variances plus |c - d|^2.
    """
    excess, deficit = np.maximum(wrong, 0)[group], np.maximum(-wrong, 0)
    mass = deficit.sum()
    masses = cells.masses
    share = np.divide(excess, masses, out=np.zeros_like(masses), where=masses > 0)
    given = share * masses
    if min(given.sum(), mass) <= 0:
        return 0.0
    c, d = given @ cells.centroids / given.sum(), deficit @ places / mass
    inner = share @ (cells.costs - masses * _square(cells.centroids - cells.sites))
    outer = given @ _square(cells.centroids - c)
    spread = deficit @ _square(places - d) + mass * _square(c - d)
    return float(inner + outer + spread - share @ cells.costs)


def _square(vectors):
    return (vectors**2).sum(axis=-1)


def _newton(slopes, goal, tol: float, max_iter: int):
    """Return heights whose cells have the masses `goal` within tol, and the steps made.

    The last heights are returned too when max_iter is spent or no step is accepted.
    """
    heights = _start(slopes, goal)
    masses, hessian = _evaluated(slopes, heights)
    floor = min(masses.min(), goal.min()) / 2
    steps, moving = 0, floor > 0
    while moving and _error(masses, goal) > tol and steps < max_iter:
        direction = _solved(hessian, masses - goal)
        moving = False
        # Algorithm 1, line 3: the largest 2^-l that keeps masses and shrinks the error.
        for size in 0.5 ** np.arange(MAX_HALVINGS):
            tried = heights + size * direction
            m, hessian_there = _evaluated(slopes, tried)
            left = _error(m, goal)
            shrinks = left <= (1 - size / 2) * _error(masses, goal)
            if left <= tol or (m.min() >= floor and shrinks):
                heights, masses, hessian, moving = tried, m, hessian_there, True
                steps += 1
                break
    return heights, steps


def _error(masses, goal) -> float:
    return np.abs(masses - goal).sum()


def _evaluated(slopes, heights):
    """Return masses (n,) and their negative derivatives (n, n) by the heights."""
    shapes = power_cells(slopes, heights)
    masses = moments(shapes, shapes.corner)[0]
    pairs, lengths = shared_edges(shapes, shapes.corner)
    apart = np.hypot(*(slopes[pairs[:, 0]] - slopes[pairs[:, 1]]).T)
    return masses, laplacian(pairs, lengths / apart, len(slopes))


def _solved(hessian, right):
    """Return the solution, 0 at the last site, of a Laplacian system."""
    options = {"SymmetricMode": True}
    core = hessian[:-1, :-1].tocsc()
    factor = splu(core, "MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)
    return np.append(factor.solve(right[:-1]), 0.0)


def _start(slopes, goal):
    """Return heights k = u_1(p_1) + u_2(p_2), u_i convex, without an empty cell.

    u_i' carries the i-th coordinates increasingly to (-1/2, 1/2): to the middle of the
    mass (half weights, half numbers) at each. So (u_1'(p_1), u_2'(p_2)) lies in
    the inside of the cell of p.
    """
    heights = np.zeros(len(goal))
    for p in slopes.T:
        value, place = np.unique(p, return_inverse=True)
        mass = np.bincount(place, goal + 1 / len(goal)) / 2
        level = np.cumsum(mass) - mass / 2 - 0.5
        rise = np.diff(value) * (level[1:] + level[:-1]) / 2
        heights += np.append(0, np.cumsum(rise))[place]
    return heights


def _extended(slopes, heights, others) -> np.ndarray:
    """Return max over the square of <x, p> - u(x) for other slopes p (m, 2).

    This is the least height (largest potential) with a cell without area. The function
    of x is concave and affine on each cell of u: its maximum is at a corner.
    """
    shapes = power_cells(slopes, heights)
    x, i = shapes.corner, shapes.owner
    u = (x * slopes[i]).sum(axis=1) - heights[i]
    parts = np.array_split(others, 1 + len(others) * len(x) // 10**7)
    return np.concatenate([(p @ x.T - u).max(axis=1) for p in parts])
