"""Paths of densities on a staggered grid: what they cost and whether mass is kept."""

from __future__ import annotations

from dataclasses import dataclass
from reprlib import repr as brief

import numpy as np

from ottools.measures import positive, real, whole

# Squares and volumes of boxes up to here are floats.
LARGEST = 1e70


@dataclass(frozen=True)
class StaggeredGrid:
    """Hold a box of cells in space and time, in one or two dimensions of space.

    Densities live on cells, momenta on the inner faces across their axis (nothing
    passes the walls): mass is balanced exactly, cell by cell. In time both live at the
    middles of `steps` equal steps of [0, 1], densities also at 0 and at 1. With nodes
    of time between the middles this is the staggered grid of Papadakis, Peyre & Oudet
    (2014, Section 3.1); densities at nodes, which may be negative, are not shown. The
    box is [0, length_1] x ..., one length for all axes or one each.

    Raises
    ------
    ValueError
        Unless the shape has one or two sizes >= 1, steps >= 1, and lengths lie between
        1e-70 and 1e70.

    Examples
    --------
    >>> grid = StaggeredGrid((4,), 2, 8.0)
    >>> grid.times.tolist(), grid.centres(0).tolist(), grid.faces(0).tolist()
    ([0.0, 0.25, 0.75, 1.0], [1.0, 3.0, 5.0, 7.0], [2.0, 4.0, 6.0])
    """

    shape: tuple[int, ...]
    steps: int
    length: float | tuple[float, ...] = 1.0

    def __post_init__(self):
        if not isinstance(self.shape, tuple) or len(self.shape) not in (1, 2):
            raise ValueError(
                "shape must be a tuple of one or two whole numbers >= 1; "
                f"got {brief(self.shape)}."
            )
        for name, n in [("steps", self.steps), *(("shape", n) for n in self.shape)]:
            whole(n, name)
        length = positive(real(self.length, "length"), "length")
        if length.shape not in ((), (len(self.shape),)):
            raise ValueError(
                f"length must be one number or {len(self.shape)}; got {self.length}."
            )
        if length.max() > LARGEST or length.min() < 1 / LARGEST:
            raise ValueError(
                f"length must lie between 1e-70 and 1e70; got {self.length}."
            )

    @property
    def lengths(self) -> np.ndarray:
        """Return the length (d,) of each side of the box."""
        return np.broadcast_to(np.asarray(self.length, float), (len(self.shape),))

    @property
    def spacing(self) -> np.ndarray:
        """Return the width (d,) of a cell along each axis."""
        return self.lengths / self.shape

    @property
    def cell(self) -> float:
        """Return the volume of a cell in space."""
        return float(self.spacing.prod())

    @property
    def times(self) -> np.ndarray:
        """Return 0, the middles of the steps, and 1, (steps + 2,)."""
        middles = (np.arange(self.steps) + 0.5) / self.steps
        return np.concatenate([[0.0], middles, [1.0]])

    def centres(self, axis: int) -> np.ndarray:
        """Return the middles (n,) of the cells along an axis."""
        return (np.arange(self.shape[axis]) + 0.5) * self.spacing[axis]

    def faces(self, axis: int) -> np.ndarray:
        """Return the places (n - 1,) of the inner faces across an axis."""
        return np.arange(1, self.shape[axis]) * self.spacing[axis]

    def sample(self, density, velocity):
        """Return rho and momentum of a given path, sampled where the grid wants them.

        `density(t, x)` or `density(t, x, y)` and `velocity(...)`, which returns d
        components, are called with arrays that broadcast to (time, space).

        Examples
        --------
        >>> rho, momentum = StaggeredGrid((4,), 2).sample(
        ...     lambda t, x: 1 + 0 * t * x, lambda t, x: (t * x,)
        ... )
        >>> rho.shape, momentum[0].shape
        ((4, 4), (2, 3))
        """
        axes = range(len(self.shape))
        full = (self.steps + 2, *self.shape)
        at = np.meshgrid(self.times, *map(self.centres, axes), indexing="ij")
        rho = np.broadcast_to(density(*at), full)
        momentum = []
        for a in axes:
            places = [self.faces(b) if a == b else self.centres(b) for b in axes]
            at = np.meshgrid(self.times[1:-1], *places, indexing="ij")
            momentum.append(density(*at) * velocity(*at)[a])
        return rho, tuple(momentum)


def continuity_residual(rho, momentum, *, length=1.0) -> float:
    """Return the largest |d rho/dt + div m| over all cells and times.

    Between neighbouring middles m is the mean of both (the trapezium rule); in the half
    steps next to 0 and 1 it is that of the one middle. Nothing passes the walls.

    Parameters
    ----------
    rho : array_like, shape (steps + 2, n) or (steps + 2, n1, n2), densities on cells at
        0, at the middles of the steps, and at 1
    momentum : tuple of d array_likes at the middles, on inner faces: shape (steps,
        n - 1), or (steps, n1 - 1, n2) and (steps, n1, n2 - 1)
    length : side of the box, one number or one for each axis

    Raises
    ------
    ValueError
        On shapes that do not fit, numbers that are not finite or exceed 1e100, and
        negative densities.

    Examples
    --------
    >>> rho = [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]
    >>> continuity_residual(rho, ([[0.75]],), length=2.0)
    0.25
    """
    grid, rho, momentum = checked_path(rho, momentum, length)
    total = np.diff(rho, axis=0)
    total /= np.diff(grid.times).reshape(-1, *[1] * len(grid.shape))
    for a, m in enumerate(momentum):
        m = closed(m, a + 1)
        held = to_centres(np.concatenate([m[:1], m, m[-1:]]), 0)
        total += np.diff(held, axis=a + 1) / grid.spacing[a]
    return float(np.abs(total).max())


def action(rho, momentum, *, length=1.0) -> float:
    """Return the integral over time and space of |m|^2 / rho.

    The middles of the steps count, with m averaged to the cells; 0/0 is 0, and momentum
    without density costs inf. For a path from rho0 to rho1 that keeps mass this is at
    least mass W_2^2, up to discretisation (Benamou & Brenier 2000); without the
    continuity equation it bounds nothing.

    Shapes and errors as `continuity_residual`.

    Examples
    --------
    >>> action([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]], ([[1.0]],), length=2.0)
    1.0
    """
    grid, rho, momentum = checked_path(rho, momentum, length)
    return 2 * kinetic([rho[1:-1], *on_cells(momentum)]) * grid.cell / grid.steps


def checked_path(rho, momentum, length):
    """Return the grid of a path, its density and its momentum, all checked.

    Raises ValueError as `continuity_residual`.

    Examples
    --------
    >>> checked_path(np.ones((3, 2)), ([[0.0]],), 1.0)[0].shape
    (2,)
    """
    rho = bounded(rho, "rho")
    if rho.ndim not in (2, 3) or len(rho) < 3 or rho.size == 0:
        raise ValueError(
            "rho must have shape (steps + 2, n) or (steps + 2, n1, n2), steps >= 1; "
            f"got {rho.shape}."
        )
    if rho.min() < 0:
        raise ValueError(f"rho must be >= 0; its minimum is {rho.min():.3g}.")
    grid = StaggeredGrid(rho.shape[1:], len(rho) - 2, length)
    if not isinstance(momentum, tuple | list) or len(momentum) != rho.ndim - 1:
        raise ValueError(f"momentum must be a tuple of {rho.ndim - 1} arrays.")
    momentum = tuple(bounded(m, "momentum") for m in momentum)
    for a, m in enumerate(momentum):
        inner = (grid.steps, *(n - (a == b) for b, n in enumerate(grid.shape)))
        if m.shape != inner:
            raise ValueError(f"momentum[{a}] must have shape {inner}; got {m.shape}.")
    return grid, rho, momentum


def bounded(values, name: str) -> np.ndarray:
    """Return `values` as floats, of any shape, that are at most 1e100.

    Raises ValueError when they are not.

    Examples
    --------
    >>> bounded([1, 2], "rho")
    array([1., 2.])
    """
    array = real(values, name)
    if (top := np.abs(array).max(initial=0)) > 1e100:
        raise ValueError(f"{name} must be at most 1e100; got {top:.3g}.")
    return array


def on_cells(momentum) -> list[np.ndarray]:
    """Return momenta on inner faces averaged to the cells, 0 at the walls.

    Examples
    --------
    >>> on_cells((np.array([[2.0, 4.0]]),))[0].tolist()
    [[1.0, 3.0, 2.0]]
    """
    return [to_centres(closed(m, a), a) for a, m in enumerate(momentum, 1)]


def closed(m, axis: int):
    """Return a momentum with its zeros at both walls of an axis.

    Examples
    --------
    >>> closed(np.array([[1.0, 2.0]]), 1).tolist()
    [[0.0, 1.0, 2.0, 0.0]]
    """
    return np.pad(m, [(int(b == axis),) * 2 for b in range(m.ndim)])


def to_centres(u, axis: int):
    """Return the means of neighbours along an axis.

    Examples
    --------
    >>> to_centres(np.array([0.0, 1.0, 3.0]), 0).tolist()
    [0.5, 2.0]
    """
    u = np.moveaxis(u, axis, 0)
    return np.moveaxis((u[:-1] + u[1:]) / 2, 0, axis)


def from_centres(v, axis: int, first=0.0):
    """Return the u whose neighbours' means are v and whose first value is given.

    Examples
    --------
    >>> from_centres(np.array([0.5, 2.0]), 0).tolist()
    [0.0, 1.0, 3.0]
    """
    v = np.moveaxis(v, axis, 0)
    sign = (-1.0) ** np.arange(len(v) + 1).reshape(-1, *[1] * (v.ndim - 1))
    start = np.broadcast_to(first, v[:1].shape)
    u = sign * np.cumsum(np.concatenate([start, -2 * sign[:-1] * v]), axis=0)
    return np.moveaxis(u, 0, axis)


def kinetic(centred) -> float:
    """Return the sum of |m|^2 / (2 rho) over centred fields (rho, m_1, ..., m_d).

    It is inf when some rho is negative, or is 0 where m is not.

    Examples
    --------
    >>> kinetic([np.array([2.0, 0.0]), np.array([2.0, 0.0])])
    1.0
    """
    rho, *m = centred
    moving = np.any([u != 0 for u in m], axis=0)
    if (rho < 0).any() or (moving & (rho == 0)).any():
        return np.inf
    rho, m = rho[moving], [u[moving] for u in m]
    # A density near the smallest float under some momentum: inf is then what is meant.
    with np.errstate(over="ignore"):
        return float(sum((u / rho * u).sum() for u in m) / 2)
