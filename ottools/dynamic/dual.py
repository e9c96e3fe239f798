"""The linear side of dynamic transport: paths that keep mass, and their multipliers."""

from __future__ import annotations

from reprlib import repr as brief

import numpy as np
from scipy.fft import dct, dctn, dst, idct, idctn, idst

from ottools.dynamic.grid import (
    StaggeredGrid,
    bounded,
    from_centres,
    kinetic,
    on_cells,
    to_centres,
)


class Multipliers:
    """Project centred fields onto those that mass-keeping paths cannot tell from 0.

    Let U run over the staggered fields (rho, m) with zero values at the ends of time
    and at the walls and with d rho/dt + div m = 0, and let V be U averaged to the
    centres. A centred field W = (W_0, ..., W_d) is orthogonal to all such V exactly
    when its averages to the faces are the differences of some phi on the cells. Between
    sines along the own axis of W_a and cosines along all others that reads
    cos(th/2) W_a = -(2/h_a) sin(th/2) phi, th = pi k/n: a division for each frequency.
    The last sine averages to 0 and is free.

    Examples
    --------
    >>> space = Multipliers(StaggeredGrid((3,), 2))
    >>> W = space.project([np.ones((2, 3)), np.zeros((2, 3))])
    >>> W[0].round(12).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """

    def __init__(self, grid: StaggeredGrid):
        sizes = (grid.steps, *grid.shape)
        widths = (1 / grid.steps, *grid.spacing)
        self.tangents = []
        for a, (n, h) in enumerate(zip(sizes, widths, strict=True)):
            tangent = 2 * np.tan(np.pi * np.arange(n) / (2 * n)) / h
            self.tangents.append(np.expand_dims(tangent, _others(len(sizes), a)))
        self.total = sum(t**2 for t in self.tangents)
        self.total.flat[0] = 1.0

    def project(self, fields):
        """Return the closest field of multipliers to d + 1 fields (steps, ...)."""
        hats, phi = self._frequencies(fields)
        found = []
        for a, (hat, tangent) in enumerate(zip(hats, self.tangents, strict=True)):
            new = np.roll(-tangent * phi, -1, axis=a)
            last = (*[slice(None)] * a, -1)
            new[last] = hat[last]
            found.append(_sines(new, a, idst, idct))
        return found

    def potential(self, fields):
        """Return phi (steps, ...), with mean 0, of the projection of the fields."""
        return idctn(self._frequencies(fields)[1], norm="ortho")

    def _frequencies(self, fields):
        hats = [_sines(w, a, dst, dct) for a, w in enumerate(fields)]
        phi = 0.0
        for a, (hat, tangent) in enumerate(zip(hats, self.tangents, strict=True)):
            # Sine k stands at k - 1; tangent 0 takes the free last one to 0.
            phi = phi - tangent * np.roll(hat, 1, axis=a)
        return hats, phi / self.total


def _others(count: int, axis: int) -> list[int]:
    return [b for b in range(count) if b != axis]


def _sines(w, axis: int, sine, cosine):
    """Return w in sines along one axis and cosines along the others (or back)."""
    w = sine(w, axis=axis, norm="ortho")
    for b in _others(w.ndim, axis):
        w = cosine(w, axis=b, norm="ortho")
    return w


def flux(grid: StaggeredGrid, rho):
    """Return momenta -grad psi that carry rho (steps + 1, ...) from node to node.

    Each step of time is a Poisson problem with closed walls, solved by cosines.

    Examples
    --------
    >>> grid = StaggeredGrid((2,), 1, 2.0)
    >>> flux(grid, np.array([[1.0, 0.0], [0.0, 1.0]]))[0].round(12).tolist()
    [[1.0]]
    """
    axes = tuple(range(1, rho.ndim))
    total = np.zeros(grid.shape)
    for a, (n, h) in enumerate(zip(grid.shape, grid.spacing, strict=True)):
        symbol = (2 * np.sin(np.pi * np.arange(n) / (2 * n)) / h) ** 2
        total += np.expand_dims(symbol, _others(len(grid.shape), a))
    total.flat[0] = np.inf  # psi is free up to a constant in each step
    change = -np.diff(rho, axis=0) * grid.steps
    psi = idctn(dctn(change, axes=axes, norm="ortho") / total, axes=axes, norm="ortho")
    return tuple(-np.diff(psi, axis=a + 1) / h for a, h in enumerate(grid.spacing))


def centred_path(grid: StaggeredGrid, rho):
    """Return rho (steps + 1, ...), given at nodes, and its flux at the centres.

    Examples
    --------
    >>> grid = StaggeredGrid((2,), 1, 2.0)
    >>> [v.tolist() for v in centred_path(grid, np.array([[1.0, 0.0], [1.0, 0.0]]))]
    [[[1.0, 0.0]], [[0.0, 0.0]]]
    """
    return [to_centres(rho, 0), *on_cells(flux(grid, rho))]


def straight(grid: StaggeredGrid, rho0, rho1):
    """Return the mixtures (1 - t) rho0 + t rho1 at the nodes of time.

    Examples
    --------
    >>> straight(StaggeredGrid((1,), 2), np.array([0.0]), np.array([1.0])).tolist()
    [[0.0], [0.5], [1.0]]
    """
    t = np.linspace(0, 1, grid.steps + 1).reshape(-1, *[1] * rho0.ndim)
    return (1 - t) * rho0 + t * rho1


def lowered(fields):
    """Return multipliers with W_0 lowered, per step of time, to W_0 + |W|^2/2 <= 0.

    What is taken off, the largest excess in space, depends on time alone: it is the
    derivative of a function of time, so the fields stay multipliers.

    Examples
    --------
    >>> lowered([np.array([[0.0, 1.0]]), np.array([[2.0, 0.0]])])[0].tolist()
    [[-2.0, -1.0]]
    """
    excess = fields[0] + sum(w * w for w in fields[1:]) / 2
    worst = excess.max(axis=tuple(range(1, excess.ndim)), keepdims=True)
    return [fields[0] - worst, *fields[1:]]


def dual_bound(dual, rho0, rho1, *, length=1.0) -> float:
    """Return a lower bound on the action of every path from rho0 to rho1 on the grid.

    For fields (W_0, W) at the centres, the derivatives (d phi/dt, grad phi) of a phi
    in the sense of the grid with W_0 + |W|^2/2 <= 0, every path has |m|^2 / (2 rho) >=
    W_0 rho + <W, m> pointwise, and the sum of the right side is the same for all paths
    that keep mass (Benamou & Brenier 2000). Any fields may be given: they are first
    projected onto such derivatives and lowered.

    Shapes: d + 1 fields (steps, ...), rho0 and rho1 with this shape.

    Raises
    ------
    ValueError
        When the shapes do not fit or numbers are not finite or exceed 1e100.

    Examples
    --------
    >>> rho0, rho1 = [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]
    >>> unit = np.ones((4, 3))
    >>> round(dual_bound([-2 * unit, 2 * unit], rho0, rho1, length=3.0), 6) <= 4.0
    True
    """
    rho0, rho1 = bounded(rho0, "rho0"), bounded(rho1, "rho1")
    if not np.iterable(dual):
        raise ValueError(f"dual must be d + 1 arrays; got {brief(dual)}.")
    fields = [bounded(w, "dual") for w in dual]
    shapes = {w.shape[1:] for w in fields} | {rho0.shape, rho1.shape}
    if len(fields) != rho0.ndim + 1 or len(shapes) > 1 or len({*map(len, fields)}) > 1:
        raise ValueError(
            "dual must be d + 1 arrays (steps, *shape of rho0 and rho1); got shapes "
            f"{[w.shape for w in fields]}, {rho0.shape}, {rho1.shape}."
        )
    grid = StaggeredGrid(rho0.shape, len(fields[0]), length)
    return bound(grid, fields, centred_path(grid, straight(grid, rho0, rho1)))


def bound(grid: StaggeredGrid, fields, path) -> float:
    """Return the lower bound of any fields, given one centred path that keeps mass.

    Examples
    --------
    >>> grid = StaggeredGrid((2,), 2)
    >>> bound(grid, [np.zeros((2, 2))] * 2, [np.ones((2, 2))] * 2)
    0.0
    """
    side, unit = unit_box(grid)
    scaled = [fields[0] / side**2, *(w / side for w in fields[1:])]
    W = lowered(Multipliers(unit).project(scaled))
    path = [path[0], *(m / side for m in path[1:])]
    pairing = sum((w * v).sum() for w, v in zip(W, path, strict=True))
    return float(2 * side**2 * pairing * grid.cell / grid.steps)


def unit_box(grid: StaggeredGrid) -> tuple[float, StaggeredGrid]:
    """Return the longest side of the box, and the grid in units of it.

    Examples
    --------
    >>> unit_box(StaggeredGrid((4, 4), 2, (2.0, 1.0)))[1].length
    (1.0, 0.5)
    """
    side = float(grid.lengths.max())
    lengths = tuple((grid.lengths / side).tolist())
    return side, StaggeredGrid(grid.shape, grid.steps, lengths)


def mixed(grid: StaggeredGrid, centred, rho0):
    """Return the cheapest mixture of a mass-keeping path with its own heat flow.

    The path is given at the centres, with densities that may be slightly negative. At
    inner nodes of time rho becomes (1 - s) rho + s times rho smoothed by a Gaussian of
    a quarter of the box, which is positive everywhere, and the flux of the change is
    added; s is the best of a list. Returns rho at the middles, momenta on inner faces.

    Examples
    --------
    >>> grid = StaggeredGrid((2,), 2)
    >>> mixed(grid, [np.ones((2, 2)), np.zeros((2, 2))], np.ones(2))[0].tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    nodes = from_centres(centred[0], 0, rho0)
    change = _smoothed(nodes) - nodes
    change[[0, -1]] = 0
    extra = flux(grid, change)
    turn = [to_centres(change, 0), *on_cells(extra)]
    shares = np.append(0.0, 10.0 ** np.arange(-12, 0.1, 0.25))
    costs = [
        kinetic([v + s * w for v, w in zip(centred, turn, strict=True)]) for s in shares
    ]
    s = shares[np.argmin(costs)]
    faces = []
    for a, (m, e) in enumerate(zip(centred[1:], extra, strict=True), 1):
        inner = (*[slice(None)] * a, slice(1, -1))
        faces.append(from_centres(m, a)[inner] + s * e)
    return centred[0] + s * turn[0], tuple(faces)


def _smoothed(rho):
    """Return rho (k, ...) smoothed by heat flow to a quarter of the box."""
    axes = tuple(range(1, rho.ndim))
    hat = dctn(rho, axes=axes, norm="ortho")
    for a in axes:
        decay = np.exp(-((np.pi * np.arange(rho.shape[a]) / 4) ** 2) / 2)
        hat *= np.expand_dims(decay, _others(rho.ndim, a))
    return idctn(hat, axes=axes, norm="ortho")
