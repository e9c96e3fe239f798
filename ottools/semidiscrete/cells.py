"""Laguerre cells: the parts of a rectangle that an optimal map sends to each site."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.spatial import KDTree

from ottools.measures import points, real
from ottools.semidiscrete.diagram import laplacian, power_cells, shared_edges
from ottools.semidiscrete.polygons import moments

UNIT_SQUARE = ((0.0, 1.0), (0.0, 1.0))
LARGEST = 1e50


@dataclass(frozen=True)
class LaguerreCells:
    """Hold the cells {x in the box : |x - y_j|^2 - g_j is least}, measured exactly.

    Of coinciding sites the one with the largest potential, the first of equals, has
    the cell.

    Attributes
    ----------
    sites, g : ndarray (n, 2), (n,), sites and potentials
    box : ndarray (2, 2), ((left, right), (bottom, top))
    polygons : tuple of n ndarrays (k, 2), the corners of each cell counter-clockwise
    areas : ndarray (n,)
    centroids : ndarray (n, 2), the site itself where the cell has no area
    second_moments : ndarray (n, 2, 2), the integrals of (x - c)(x - c)' over the cell
        with centroid c
    edges, lengths : ndarray (m, 2), (m,), the pairs i < j of cells that touch, and
        along what length

    Examples
    --------
    >>> cells = laguerre_cells([[0.2, 0.5], [0.8, 0.5]], [0.0, 0.12])
    >>> cells.masses.round(12).tolist(), cells.lengths.tolist()
    ([0.4, 0.6], [1.0])
    """

    sites: np.ndarray
    g: np.ndarray
    box: np.ndarray
    polygons: tuple[np.ndarray, ...]
    areas: np.ndarray
    centroids: np.ndarray
    second_moments: np.ndarray
    edges: np.ndarray
    lengths: np.ndarray

    @property
    def masses(self) -> np.ndarray:
        """Return the uniform probability (n,) of each cell."""
        return self.areas / np.diff(self.box).prod()

    @property
    def costs(self) -> np.ndarray:
        """Return the integrals (n,) of |x - y_j|^2 over cell j, uniform probability.

        Each is |c - y_j|^2 mass + trace of the second moments (Steiner), exactly.
        """
        spread = np.trace(self.second_moments, axis1=1, axis2=2)
        away = ((self.centroids - self.sites) ** 2).sum(axis=1)
        return self.masses * away + spread / np.diff(self.box).prod()

    def jacobian(self) -> csr_matrix:
        """Return the derivatives (n, n) of the masses with respect to the potentials.

        d m_i / d g_j = -length_ij / (2 |y_i - y_j| area of the box) for i != j, and
        rows sum to 0 (Kitagawa, Merigot & Thibert 2019, Theorem 1.3).
        """
        apart = np.hypot(
            *(self.sites[self.edges[:, 0]] - self.sites[self.edges[:, 1]]).T
        )
        rates = self.lengths / (2 * apart * np.diff(self.box).prod())
        return laplacian(self.edges, rates, len(self.sites))


@dataclass(frozen=True)
class Frame:
    """Carry a box to the square [-1/2, 1/2]^2, potentials to heights, and back.

    With x = c + D z, z in the square, and y = o + r, o the middle of the sites,
    |x - y|^2 - g = (a term without y) - 2 S (<z, p> - k), where p = D r / S and
    k = (|r|^2 / 2 - <c - o, r> - g / 2) / S; S makes the longest p have length 1.

    Examples
    --------
    >>> frame = Frame.of(np.array([[0.0, 0.5], [1.0, 0.5]]), np.array(UNIT_SQUARE))
    >>> frame.slopes.tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """

    slopes: np.ndarray
    offsets: np.ndarray
    scale: float
    origin: np.ndarray
    box: np.ndarray

    @classmethod
    def of(cls, sites: np.ndarray, box: np.ndarray) -> Frame:
        """Return the frame of sites (n, 2) and a box (2, 2)."""
        origin = (sites.max(axis=0) + sites.min(axis=0)) / 2
        slopes = np.diff(box)[:, 0] * (sites - origin)
        scale = float(np.hypot(*slopes.T).max()) or 1.0
        return cls.around(sites, box, origin, scale)

    @classmethod
    def around(cls, sites, box, origin, scale: float) -> Frame:
        """Return the frame of sites (n, 2) with the origin and the scale of another."""
        r = sites - origin
        slopes = np.diff(box)[:, 0] * r / scale
        offsets = (r**2).sum(axis=1) / 2 - r @ (box.mean(axis=1) - origin)
        return cls(slopes, offsets, scale, origin, box)

    def heights(self, potentials: np.ndarray) -> np.ndarray:
        """Return the heights (n,) of potentials (n,), with minimum 0."""
        k = self.offsets - potentials / 2
        # A height that overflows belongs to a cell that is empty in any case.
        with np.errstate(over="ignore"):
            return (k - k.min()) / self.scale

    def potentials(self, heights: np.ndarray) -> np.ndarray:
        """Return the potentials (n,) of heights (n,)."""
        return 2 * (self.offsets - self.scale * heights)


def laguerre_cells(sites, potentials, *, box=UNIT_SQUARE) -> LaguerreCells:
    """Return the Laguerre cells {x : |x - y_j|^2 - g_j <= |x - y_k|^2 - g_k for all k}.

    Zero potentials give the Voronoi cells; adding a constant changes nothing.

    Parameters
    ----------
    sites : array_like, shape (n, 2), anywhere in the plane
    potentials : array_like, shape (n,)
    box : ((left, right), (bottom, top))

    Raises
    ------
    ValueError
        On improper shapes, numbers that are not finite or exceed 1e50 (potentials:
        1e100), and a box without area.

    Notes
    -----
    The cells come from the lower hull of lifted points (Aurenhammer 1987) and are cut
    one by one, so each is a convex polygon; a boundary is placed within about
    1e-16 s / d of the box, for sites d apart among sites spread over s.

    Examples
    --------
    >>> laguerre_cells([[0.25, 0.5], [0.75, 0.5]], [0, 0]).areas.tolist()
    [0.5, 0.5]
    """
    sites, box = checked_sites(sites), checked_box(box)
    potentials = real(potentials, "potentials")
    if potentials.shape != (len(sites),):
        raise ValueError(
            f"potentials must have shape ({len(sites)},); got {potentials.shape}."
        )
    if np.abs(potentials).max() > LARGEST**2:
        raise ValueError(
            f"potentials must be at most 1e100; got {np.abs(potentials).max()}."
        )
    return measured_cells(sites, potentials, box)


def measured_cells(sites, potentials, box) -> LaguerreCells:
    """Return the Laguerre cells of checked arguments.

    Examples
    --------
    >>> y, box = np.array([[3.0, 0.0]]), np.array(UNIT_SQUARE)
    >>> measured_cells(y, np.zeros(1), box).centroids.tolist()
    [[0.5, 0.5]]
    """
    first = representatives(sites, potentials)
    frame = Frame.of(sites[first], box)
    shapes = power_cells(frame.slopes, frame.heights(potentials[first]))
    corner = box.mean(axis=1) + np.diff(box)[:, 0] * shapes.corner
    area, centroid, second = moments(shapes, corner)
    edges, lengths = shared_edges(shapes, corner)
    n = len(sites)
    areas, centroids, second_moments = np.zeros(n), sites.copy(), np.zeros((n, 2, 2))
    filled = area > 0
    areas[first], second_moments[first] = area, second
    centroids[first[filled]] = centroid[filled]
    polygons = [np.empty((0, 2))] * n
    for j, polygon in zip(first, shapes.split(corner), strict=True):
        polygons[j] = polygon
    return LaguerreCells(
        sites=sites,
        g=potentials,
        box=box,
        polygons=tuple(polygons),
        areas=areas,
        centroids=centroids,
        second_moments=second_moments,
        edges=np.sort(first[edges], axis=1),
        lengths=lengths,
    )


def representatives(sites: np.ndarray, potentials: np.ndarray) -> np.ndarray:
    """Return for each place the index of its site with the largest potential.

    Examples
    --------
    >>> y = np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    >>> representatives(y, np.array([0.0, 0.0, 2.0])).tolist()
    [1, 2]
    """
    order = np.lexsort((-potentials, sites[:, 1], sites[:, 0]))
    new = np.any(np.diff(sites[order], axis=0) != 0, axis=1)
    return order[np.append(True, new)]


def assign(x, sites, potentials) -> np.ndarray:
    """Return for each point x_i the index of the site with the least |x - y_j|^2 - g_j.

    This is the optimal map for the measure of the cells. The search is one for nearest
    neighbours of (x, 0) among (y_j, sqrt(max g - g_j)), a dimension up; on a boundary
    any of the cells that meet there is returned.

    Shapes: x (m, 2), sites (n, 2), potentials (n,) give (m,).

    Raises
    ------
    ValueError
        On improper shapes and numbers.

    Examples
    --------
    >>> assign([[0.3, 0.0], [0.5, 0.0]], [[0.2, 0.0], [0.8, 0.0]], [0.0, 0.12]).tolist()
    [0, 1]
    """
    x, sites = checked_sites(x, "x"), checked_sites(sites)
    g = real(potentials, "potentials")
    if g.shape != (len(sites),):
        raise ValueError(f"potentials must have shape ({len(sites)},); got {g.shape}.")
    tree = KDTree(np.column_stack([sites, np.sqrt(g.max() - g)]))
    return tree.query(np.column_stack([x, np.zeros(len(x))]))[1]


def checked_sites(values, name: str = "sites") -> np.ndarray:
    """Return points (n, 2) of the plane whose coordinates are at most 1e50.

    Raises ValueError when they are not.

    Examples
    --------
    >>> checked_sites([[0, 1]])
    array([[0., 1.]])
    """
    y = points(values, name)
    if y.shape[1] != 2 or np.abs(y).max() > LARGEST:
        raise ValueError(
            f"{name} must have shape (n, 2) and coordinates up to 1e50; "
            f"got {y.shape}, up to {np.abs(y).max():.3g}."
        )
    return y


def checked_box(values) -> np.ndarray:
    """Return a rectangle ((left, right), (bottom, top)) with sides of 1e-50 to 1e50.

    Raises ValueError when it is none.

    Examples
    --------
    >>> checked_box(UNIT_SQUARE).shape
    (2, 2)
    """
    box = real(values, "box")
    fits = box.shape == (2, 2) and np.abs(box).max() <= LARGEST
    if not fits or np.diff(box).min() < 1 / LARGEST:
        raise ValueError(
            "box must be ((left, right), (bottom, top)), increasing, within 1e50; "
            f"got {box.tolist()}."
        )
    return box
