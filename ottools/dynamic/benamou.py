"""Benamou and Brenier's dynamic transport, by Douglas and Rachford's splitting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import ot

from ottools.convergence import ConvergenceError
from ottools.dynamic.dual import (
    Multipliers,
    bound,
    centred_path,
    lowered,
    mixed,
    straight,
    unit_box,
)
from ottools.dynamic.grid import StaggeredGrid, action, continuity_residual
from ottools.measures import real, scalar, whole

# Measured: with distances in units of 2.5 W_2 and densities in units of their mean this
# step needs the fewest iterations over bumps, boxes and plateaus in one and two
# dimensions; a factor 2 either way costs at most twice as many.
STEP, UNIT = 2.0, 2.5
RELAXATION = 1.8
CHECK_EVERY = 25


@dataclass(frozen=True)
class DynamicTransport:
    """Hold a path of densities that keeps mass, and a bound on what any path costs.

    Attributes
    ----------
    rho : ndarray (steps + 2, ...), densities on cells, at 0, at the middles of the
        steps of time, and at 1
    momentum : tuple of d ndarrays, on the inner faces at the middles
    dual : tuple of d + 1 ndarrays (steps, ...), W_0 = d phi/dt and W = grad phi in
        the sense of the grid, with W_0 + |W|^2/2 <= 0
    potential : ndarray (steps, ...), phi
    length : side of the box
    action : float, the integral of |m|^2 / rho: for mass 1 the estimate of W_2^2
    continuity_residual : float, the largest |d rho/dt + div m| on the grid
    gap : float, action minus the lower bound by `dual`: the least action of the paths
        on this grid lies in [action - gap, action]. The distance of that one from
        W_2^2 is an error of discretisation, which refining the grid shows
    iterations : int

    Examples
    --------
    >>> found = benamou_brenier([1.0, 1.0], [1.0, 1.0])
    >>> found.action, round(found.gap, 12), found.iterations
    (0.0, 0.0, 0)
    """

    rho: np.ndarray
    momentum: tuple[np.ndarray, ...]
    dual: tuple[np.ndarray, ...]
    potential: np.ndarray
    length: float | tuple[float, ...]
    action: float
    continuity_residual: float
    gap: float
    iterations: int


def benamou_brenier(
    rho0, rho1, *, steps: int = 32, length=1.0, tol: float = 1e-2, max_iter: int = 10000
) -> DynamicTransport:
    """Return the path from rho0 to rho1 of least action, the integral of |m|^2 / rho.

    Over all paths with d rho/dt + div m = 0 the least action is W_2^2, for mass 1
    (Benamou & Brenier 2000). On a staggered grid (Papadakis, Peyre & Oudet 2014), with
    V the fields at the centres, it is min J(V) over the plane of mass-keeping V. The
    splitting alternates the proximal map of J with the projection onto that plane.

    Parameters
    ----------
    rho0, rho1 : array_like, shape (n,) or (n1, n2), densities >= 0 of equal mass on the
        cells of the box, zeros allowed
    steps : steps of time, >= 2
    length : side of the box, one number or one for each axis
    tol : largest admissible gap, relative to the lower bound action - gap, or to
        mass (length / 100)^2 if that is larger
    max_iter : largest number of iterations

    Raises
    ------
    ValueError
        On negative densities, masses that differ by more than 1e-9, improper shapes,
        length <= 0, steps < 2, tol <= 0 or max_iter < 1.
    ConvergenceError
        When the gap is larger than tol after max_iter iterations.

    Examples
    --------
    >>> x = (np.arange(32) + 0.5) / 32
    >>> rho = np.exp(-((x - 0.35) ** 2) / 0.02)
    >>> found = benamou_brenier(rho / rho.mean(), rho[::-1] / rho.mean(), steps=8)
    >>> round(found.action, 2)
    0.09
    """
    rho0, rho1 = _densities(rho0, rho1)
    grid = StaggeredGrid(rho0.shape, whole(steps, "steps"), length)
    if steps < 2:
        raise ValueError(f"steps must be >= 2; got {steps}.")
    tol, max_iter = scalar(tol, "tol"), whole(max_iter, "max_iter")
    mean, mass = rho0.mean(), rho0.sum() * grid.cell
    # In units of the mean density and of UNIT W_2: m is then about rho / UNIT.
    unit = UNIT * _distance(grid, rho0 / rho0.sum(), rho1 / rho1.sum())
    small = StaggeredGrid(grid.shape, steps, tuple(grid.lengths / unit))
    least = mass * (grid.lengths.max() / 100) ** 2
    splitting = _Splitting(small, rho0 / mean, rho1 / mean)
    for iteration in range(max_iter + 1):
        if iteration % CHECK_EVERY == 0 or iteration == max_iter:
            rho, momentum, W = splitting.answer()
            found = _certified(
                (mean * rho, tuple(mean * unit * m for m in momentum)),
                (unit**2 * W[0], *(unit * w for w in W[1:])),
                length,
                iteration,
            )
            if found.gap <= tol * max(found.action - found.gap, least):
                return found
        splitting.advance()
    raise ConvergenceError(
        f"gap {found.gap:.3g} of action {found.action:.3g} after {max_iter} "
        "iterations; raise max_iter or tol.",
        found,
    )


class _Splitting:
    """The iteration z += RELAXATION (prox(2x - z) - x), x the projection of z."""

    def __init__(self, grid: StaggeredGrid, rho0, rho1):
        self.grid, self.rho0, self.rho1 = grid, rho0, rho1
        self.multipliers = Multipliers(grid)
        self.path = centred_path(grid, straight(grid, rho0, rho1))
        self.z = self.path

    def advance(self):
        """Make one step."""
        x, _ = self._projected()
        y = proximal([2 * u - v for u, v in zip(x, self.z, strict=True)], STEP)
        self.z = [
            w + RELAXATION * (v - u) for u, v, w in zip(x, y, self.z, strict=True)
        ]

    def answer(self):
        """Return densities (steps + 2, ...), momenta and multipliers."""
        x, normal = self._projected()
        rho, momentum = mixed(self.grid, x, self.rho0)
        rho = np.concatenate([self.rho0[None], rho, self.rho1[None]])
        return rho, momentum, lowered([-w / STEP for w in normal])

    def _projected(self):
        """Return x, the mass-keeping fields closest to z, and z - x."""
        away = [v - p for v, p in zip(self.z, self.path, strict=True)]
        normal = self.multipliers.project(away)
        return [v - w for v, w in zip(self.z, normal, strict=True)], normal


def proximal(fields, step: float):
    """Return the least of step |m|^2/(2 rho) + |(rho, m) - fields|^2 / 2, pointwise.

    With rho the largest root of (rho - r)(rho + step)^2 = step |w|^2 / 2, r and w the
    given ones, m = w rho / (rho + step); where that root is negative both are 0
    (Papadakis, Peyre & Oudet 2014, Proposition 1). Newton's method starts right of
    the root, where the cubic is increasing and convex, and so falls to it.

    Examples
    --------
    >>> rho, m = proximal([np.array([1.0, -1.0]), np.array([0.0, 1.0])], 1.0)
    >>> rho.tolist(), m.tolist()
    ([1.0, 0.0], [0.0, 0.0])
    """
    r, square = fields[0], sum(w * w for w in fields[1:])
    rho = np.maximum(r, 0) + np.cbrt(step * square / 2)
    fall = np.inf
    while np.max(fall) > 1e-12:
        near = rho + step
        value = (rho - r) * near**2 - step * square / 2
        new = np.maximum(rho - value / (near * (near + 2 * (rho - r))), 0)
        fall, rho = (rho - new) / near, new
    return [rho, *(w * rho / (rho + step) for w in fields[1:])]


def _certified(path, W, length, iterations: int) -> DynamicTransport:
    """Return the result of a path and multipliers with its certificate."""
    rho, momentum = path
    grid = StaggeredGrid(rho.shape[1:], len(W[0]), length)
    cost = action(rho, momentum, length=length)
    least = bound(grid, W, centred_path(grid, straight(grid, rho[0], rho[-1])))
    side, unit = unit_box(grid)
    phi = Multipliers(unit).potential([W[0] / side**2, *(w / side for w in W[1:])])
    return DynamicTransport(
        rho=rho,
        momentum=momentum,
        dual=W,
        potential=side**2 * phi,
        length=length,
        action=cost,
        continuity_residual=continuity_residual(rho, momentum, length=length),
        gap=cost - least,
        iterations=iterations,
    )


def _distance(grid: StaggeredGrid, a, b) -> float:
    """Return about W_2 of two weights on the cells, from at most 8 blocks an axis.

    It sets the units of the iteration only; at least a twentieth of the box.
    """
    side, centres = grid.lengths.max(), []
    for axis, n in enumerate(grid.shape):
        starts = np.unique(np.arange(8) * n // 8)
        a, b = (np.add.reduceat(w, starts, axis=axis) for w in (a, b))
        middles = (starts + np.append(starts[1:], n)) / 2
        centres.append(middles / n * grid.lengths[axis] / side)
    x = np.stack(np.meshgrid(*centres, indexing="ij"), axis=-1).reshape(a.size, -1)
    square = ot.emd2(a.ravel(), b.ravel(), ot.dist(x, x))
    return float(side * np.sqrt(max(square, 1 / 400)))


def _densities(rho0, rho1):
    """Return two checked densities of exactly equal mass."""
    rho0, rho1 = real(rho0, "rho0"), real(rho1, "rho1")
    if rho0.shape != rho1.shape or rho0.ndim not in (1, 2) or rho0.size == 0:
        raise ValueError(
            "rho0 and rho1 must have one shape (n,) or (n1, n2); "
            f"got {rho0.shape} and {rho1.shape}."
        )
    masses = rho0.sum(), rho1.sum()
    if min(rho0.min(), rho1.min()) < 0 or min(masses) <= 0:
        raise ValueError("rho0 and rho1 must be >= 0 and have mass.")
    if abs(masses[1] / masses[0] - 1) > 1e-9:
        raise ValueError(
            "rho0 and rho1 must have equal masses; their ratio is "
            f"{masses[1] / masses[0]:.12g}."
        )
    return rho0, rho1 * (masses[0] / masses[1])
