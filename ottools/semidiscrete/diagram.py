"""Power diagrams of the unit square: the pieces of a maximum of affine functions."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, diags_array
from scipy.spatial import ConvexHull

from ottools.semidiscrete.polygons import Polygons, cut_squares


def power_cells(slopes: np.ndarray, heights: np.ndarray) -> Polygons:
    """Return the cells {x : <x, p_i> - k_i is the largest} of the square [-1/2, 1/2]^2.

    These are the pieces on which u(x) = max_i <x, p_i> - k_i is affine, and every
    power diagram has this form (Aurenhammer 1987). Cell i is the square cut by the
    lines between i and its neighbours; the slopes are distinct, of length at most 1.

    Shapes: slopes (n, 2), heights (n,), the latter possibly inf.

    Examples
    --------
    >>> cells = power_cells(np.array([[-1.0, 0.0], [1.0, 0.0]]), np.array([0.0, 0.5]))
    >>> cells.split(cells.corner)[1][:, 0].tolist()
    [0.5, 0.5, 0.25, 0.25]
    """
    heights = heights - heights.min()
    seen, pairs = neighbours(slopes, heights)
    i, j = pairs.T
    place = np.arange(len(i)) - np.searchsorted(i, i)
    degree = np.bincount(i, minlength=len(slopes))
    # Cells with about equally many neighbours, up to 4, 8, 16 ..., are cut together.
    grade = np.where(seen, np.ceil(np.log2(np.maximum(degree, 4))), -1)
    found = []
    for group in (np.flatnonzero(grade == g) for g in np.unique(grade[seen])):
        some = np.isin(i, group)
        i_, j_ = i[some], j[some]
        at = np.searchsorted(group, i_), place[some]
        size = len(group), degree[group].max()
        normals, names = np.zeros((*size, 2)), np.zeros(size, dtype=int)
        offsets = np.full(size, np.inf)
        normals[at], names[at] = slopes[j_] - slopes[i_], j_
        offsets[at] = heights[j_] - heights[i_]
        found.append((group, *cut_squares(normals, offsets, names)))
    return _joined(found, len(slopes))


def _joined(found, n: int) -> Polygons:
    """Return the polygons of all groups in the order of the sites.

    Corners that coincide with the next one are left out, and polygons without area.
    """
    owner, corner, side = [], [], []
    for group, corners, sides, count in found:
        k = np.arange(sides.shape[1])
        after = np.where(k + 1 < count[:, None], k + 1, 0)
        following = np.take_along_axis(corners, after[..., None], axis=1)
        used = (k < count[:, None]) & (corners != following).any(axis=2)
        used &= used.sum(axis=1)[:, None] >= 3
        owner.append(np.broadcast_to(group[:, None], used.shape)[used])
        corner.append(corners[used])
        side.append(sides[used])
    owner = np.concatenate(owner)
    order = np.argsort(owner, kind="stable")
    count = np.bincount(owner, minlength=n)
    return Polygons(np.concatenate(corner)[order], np.concatenate(side)[order], count)


def neighbours(slopes: np.ndarray, heights: np.ndarray):
    """Return which cells can be seen, and all ordered pairs that may share an edge.

    Site i is lifted to (p_i, k_i); the edges of the lower convex hull join the cells
    that touch (Aurenhammer 1987). Four points far above the sites and outside them all
    close the hull from above: it is then never flat, not even for one site or for
    sites on a line, and in the square they never have the largest affine function.

    Shapes: slopes (n, 2) of length <= 1, heights (n,) >= 0 with minimum 0, gives
    (n,) booleans and (m, 2) indices sorted by rows.

    Examples
    --------
    >>> p = np.array([[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    >>> neighbours(p, np.array([0.0, 1.0, 0.0]))[1].tolist()
    [[0, 2], [2, 0]]
    """
    # |<x, p_i - p_j>| <= sqrt(2) in the square: what lies higher than 2 is hidden.
    index = np.flatnonzero(heights <= 2)
    lifted = np.column_stack([slopes, heights])[index]
    roof = np.array([[-2, -2, 4], [-2, 2, 4], [2, -2, 4], [2, 2, 4]])
    triangles = ConvexHull(np.vstack([lifted, roof])).simplices
    corners = np.unique(triangles)
    seen = np.zeros(len(slopes), dtype=bool)
    seen[index[corners[corners < len(index)]]] = True
    i, j = triangles[:, [[0, 1, 0, 2, 1, 2], [1, 0, 2, 0, 2, 1]]].swapaxes(0, 1)
    sites = (i < len(index)) & (j < len(index))
    code = np.unique(i[sites].astype(np.int64) * len(index) + j[sites])
    return seen, np.column_stack([index[code // len(index)], index[code % len(index)]])


def shared_edges(shapes: Polygons, corner: np.ndarray):
    """Return the pairs i < j of cells with a common edge, and the edge's length.

    `corner` holds the corners of `shapes`, perhaps moved to other coordinates.

    Shapes: corner (M, 2) gives (m, 2) and (m,).

    Examples
    --------
    >>> cells = power_cells(np.array([[-1.0, 0.0], [1.0, 0.0]]), np.zeros(2))
    >>> pairs, lengths = shared_edges(cells, cells.corner)
    >>> pairs.tolist(), lengths.tolist()
    ([[0, 1]], [1.0])
    """
    owner = shapes.owner
    one = shapes.side > owner
    lengths = np.hypot(*(corner[shapes.following] - corner)[one].T)
    pairs = np.column_stack([owner[one], shapes.side[one]])
    return pairs, lengths


def laplacian(pairs: np.ndarray, rates: np.ndarray, n: int) -> csr_matrix:
    """Return the weighted graph Laplacian: -rate off the diagonal, rows summing to 0.

    Shapes: pairs (m, 2) with i < j, rates (m,), gives a sparse (n, n).

    Examples
    --------
    >>> laplacian(np.array([[0, 1]]), np.array([3.0]), 2).toarray().tolist()
    [[3.0, -3.0], [-3.0, 3.0]]
    """
    i, j = pairs.T
    both = (np.append(i, j), np.append(j, i))
    W = coo_matrix((np.append(rates, rates), both), shape=(n, n))
    return csr_matrix(diags_array(W.sum(axis=1).A1) - W)
