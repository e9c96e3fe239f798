"""Many convex polygons at once: cut each by lines, measure each exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Corners closer to a line than this (relative to the unit square) count as lying on it,
# so that four cells that meet in a point, as on a grid, cut no slivers off each other.
SNAP = 1e-15


@dataclass(frozen=True)
class Polygons:
    """Hold n convex polygons, their M corners one polygon after the other.

    Corners run counter-clockwise; `side[k]` names the line that carries the edge from
    corner k to the next one of its polygon. An empty polygon has `count` 0.

    Shapes: corner (M, 2), side (M,), count (n,) with sum M.

    Examples
    --------
    >>> triangle = Polygons(np.eye(3)[:, :2], np.arange(3), np.array([3, 0]))
    >>> triangle.owner.tolist(), triangle.following.tolist()
    ([0, 0, 0], [1, 2, 0])
    """

    corner: np.ndarray
    side: np.ndarray
    count: np.ndarray

    @property
    def owner(self) -> np.ndarray:
        """Return the polygon (M,) to which each corner belongs."""
        return np.repeat(np.arange(len(self.count)), self.count)

    @property
    def following(self) -> np.ndarray:
        """Return the index (M,) of the corner after each corner."""
        after = np.arange(len(self.side)) + 1
        ends = np.cumsum(self.count)
        filled = self.count > 0
        after[ends[filled] - 1] = (ends - self.count)[filled]
        return after

    def split(self, corner: np.ndarray) -> list[np.ndarray]:
        """Return corners (M, 2), these or in other coordinates, polygon by polygon."""
        return np.split(corner, np.cumsum(self.count)[:-1])


def cut_squares(normals, offsets, names):
    """Return n squares [-1/2, 1/2]^2, square i cut to <x, normal_ij> <= offset_ij.

    The square's own sides are named -1 to -4. Line after line (Sutherland & Hodgman
    1974, for convex polygons): the corners beyond the line form one run, which two
    corners on the line replace. A normal 0 with offset inf cuts nothing.

    Shapes: normals (n, m, 2), offsets (n, m), names (n, m) give corners
    (n, m + 4, 2) and sides (n, m + 4), of which the first count (n,) are valid.

    Examples
    --------
    >>> lines = np.array([[[1.0, 0.0]]]), np.array([[0.25]]), np.array([[7]])
    >>> corner, side, count = cut_squares(*lines)
    >>> corner[0, :4, 0].tolist(), side[0, :4].tolist(), count.tolist()
    ([-0.5, -0.5, 0.25, 0.25], [-4, -1, 7, -3], [4])
    """
    n, m = offsets.shape
    corner, side = np.zeros((n, m + 4, 2)), np.zeros((n, m + 4), dtype=int)
    corner[:, :4] = [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]
    side[:, :4] = [-1, -2, -3, -4]
    count = np.full(n, 4)
    for normal, offset, name in zip(
        normals.swapaxes(0, 1), offsets.T, names.T, strict=True
    ):
        width = count.max() + 1
        depth = np.einsum("nkd,nd->nk", corner[:, :width], normal) - offset[:, None]
        used = np.arange(width) < count[:, None]
        beyond = used & (depth > SNAP)
        all_beyond = beyond.sum(axis=1) == count
        count[all_beyond] = 0
        hit = np.flatnonzero(beyond.any(axis=1) & ~all_beyond)
        if len(hit):
            depth = np.where(used, depth, np.inf)[hit]
            old = corner[hit, :width], side[hit, :width], count[hit]
            new = _replaced(*old, depth, name[hit])
            corner[hit, :width], side[hit, :width], count[hit] = new
    return corner, side, count


def _replaced(corner, side, count, depth, name):
    """Return corners, sides and counts with the run beyond the line replaced."""
    k, each, size = np.arange(side.shape[1]), np.arange(len(side)), count[:, None]
    # Walk round from the deepest corner, which stays: what is cut is then one run
    # first..last, whatever rounding does to corners next to the line.
    turn = (depth.argmin(axis=1)[:, None] + k) % size
    beyond = (np.take_along_axis(depth, turn, axis=1) > SNAP) & (k < size)
    first = beyond.argmax(axis=1)
    last = len(k) - 1 - beyond[:, ::-1].argmax(axis=1)
    kept = count - (last - first + 1)
    before, cut_first, cut_last, after = (
        turn[each, i % count] for i in (first - 1, first, last, last + 1)
    )
    # New order: the kept corners from last + 1 on, then where the boundary crosses the
    # line on its way out and on its way back.
    order = np.take_along_axis(turn, (last[:, None] + 1 + k) % size, axis=1)
    new_corner = np.take_along_axis(corner, order[..., None], axis=1)
    new_side = np.take_along_axis(side, order, axis=1)
    new_corner[each, kept] = _crossing(corner, depth, before, cut_first)
    new_corner[each, kept + 1] = _crossing(corner, depth, after, cut_last)
    new_side[each, kept] = name
    new_side[each, kept + 1] = side[each, cut_last]
    return new_corner, new_side, kept + 2


def _crossing(corner, depth, inside, outside):
    """Return where the segment between two corners meets the line."""
    each = np.arange(len(corner))
    a, b = depth[each, inside], depth[each, outside]
    a = np.where(a < -SNAP, a, 0.0)
    start, end = corner[each, inside], corner[each, outside]
    return start + (a / (a - b))[:, None] * (end - start)


def moments(shapes: Polygons, corner: np.ndarray):
    """Return area, centroid and second moments about the centroid of each polygon.

    A polygon is a fan of triangles (0, a, b) seen from its corner 0, with integrals
    c/2 of 1, c (a + b)/6 of x and c (aa' + bb' + (a + b)(a + b)')/24 of xx', where
    c = a x b: exact, and free of cancellation far from the origin. A polygon without
    area has centroid 0. `corner` are the corners, perhaps in other coordinates.

    Shapes: corner (M, 2) gives (n,), (n, 2), (n, 2, 2).

    Examples
    --------
    >>> square = np.array([[3.0, 3.0], [4.0, 3.0], [4.0, 4.0], [3.0, 4.0]])
    >>> shapes = Polygons(square, np.arange(4), np.array([4]))
    >>> area, centroid, second = moments(shapes, square)
    >>> float(area[0]), centroid[0].tolist(), round(float(second[0, 0, 0]), 6)
    (1.0, [3.5, 3.5], 0.083333)
    """
    owner, n = shapes.owner, len(shapes.count)
    total = lambda values: np.bincount(owner, values, n)
    base = (np.cumsum(shapes.count) - shapes.count)[owner]
    a = corner - corner[base]
    b = a[shapes.following]
    c = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    area = np.maximum(total(c) / 2, 0)
    first = np.column_stack([total(c * s) for s in (a + b).T]) / 6
    mean = first / np.where(area > 0, area, np.inf)[:, None]
    second = np.empty((n, 2, 2))
    for i, j in np.ndindex(2, 2):
        products = sum(u[:, i] * u[:, j] for u in (a, b, a + b))
        second[:, i, j] = total(c * products) / 24 - first[:, i] * mean[:, j]
    start = np.zeros((n, 2))
    start[owner] = corner[base]
    return area, np.where(area[:, None] > 0, start + mean, 0.0), second
