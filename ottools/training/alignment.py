"""One cloud moved onto another by an affine map that minimises the squared MMD."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.spatial import cKDTree

from ottools.convergence import ConvergenceError
from ottools.measures import points, positive, whole
from ottools.mmd import mmd2_gradient


@dataclass(frozen=True)
class Alignment:
    """The map y -> y M' + b: `matrix` (d,d), `offset` (d,), and the squared MMD.

    `before` and `after` are the V-statistics without and with the map, `slope` is the
    largest derivative that is left.
    """

    matrix: np.ndarray
    offset: np.ndarray
    before: float
    after: float
    slope: float

    def __call__(self, y) -> np.ndarray:
        """Return the mapped points."""
        return np.asarray(y, dtype=float) @ self.matrix.T + self.offset


def align(
    moving, fixed, bandwidth, *, tol: float = 1e-5, max_iter: int = 500
) -> Alignment:
    """Find the affine map of `moving` (m,d) with the least squared MMD to `fixed`.

    The descent (L-BFGS) starts at the identity and stops where every derivative is
    below `tol`. A minimum may be local, and the map knows no labels.

    Raises ValueError as `mmd2_biased` does and when tol or max_iter is not positive,
    ConvergenceError when `max_iter` steps do not reach `tol`.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [3.0]])
    >>> found = align(2 * x + 1, x, 1.0)
    >>> found.matrix.round(3).tolist(), found.offset.round(3).tolist()
    ([[0.5]], [-0.5])
    """
    y, x = points(moving, "moving"), points(fixed, "fixed")
    tol, max_iter = float(positive(tol, "tol")), whole(max_iter, "max_iter")
    d = y.shape[1]

    def loss(flat):
        matrix, offset = flat[: d * d].reshape(d, d), flat[d * d :]
        found = mmd2_gradient(y @ matrix.T + offset, x, bandwidth)
        slopes = found.gradient.T @ y
        return found.value, np.concatenate([slopes.ravel(), found.gradient.sum(axis=0)])

    start = np.concatenate([np.eye(d).ravel(), np.zeros(d)])
    stop = {"gtol": tol, "ftol": 0.0, "maxiter": max_iter, "maxfun": 4 * max_iter}
    done = minimize(loss, start, jac=True, method="L-BFGS-B", options=stop)
    after, slopes = loss(done.x)
    slope = float(np.abs(slopes).max())
    matrix, offset = done.x[: d * d].reshape(d, d), done.x[d * d :]
    found = Alignment(matrix, offset, loss(start)[0], after, slope)
    if slope > tol:
        raise ConvergenceError(
            f"align: a derivative of {slope:.1e} is left after {done.nit} steps; "
            "raise max_iter or tol.",
            found,
        )
    return found


def neighbour_entropy(points_, labels, neighbours: int = 15) -> float:
    """Return how well labels (n,) mix among nearest neighbours: 0 not at all, 1 wholly.

    The mean over the points (n,d) of the entropy of the labels of their nearest
    neighbours, over the entropy of all labels: about 1 when neighbourhoods are as mixed
    as the whole (the batch entropy of Haghverdi et al. 2018).

    Raises ValueError when the sizes differ, only one label occurs or there are no more
    points than neighbours.

    Examples
    --------
    >>> neighbour_entropy([0.0, 0.1, 9.0, 9.1], [0, 0, 1, 1], 1)
    0.0
    """
    z, k = points(points_, "points_"), whole(neighbours, "neighbours")
    names, codes = np.unique(np.asarray(labels), return_inverse=True)
    if codes.shape != (len(z),) or len(names) < 2 or len(z) <= k:
        raise ValueError(
            "labels must be as many as points, of 2 or more kinds, and neighbours "
            f"fewer; got {codes.shape}, {len(names)}, {k} for {len(z)} points."
        )
    near = cKDTree(z).query(z, k + 1)[1][:, 1:]
    shares = np.stack([(codes[near] == c).mean(axis=1) for c in range(len(names))], 1)
    whole_share = np.bincount(codes) / len(codes)
    return float(_entropy(shares).mean() / _entropy(whole_share))


def _entropy(shares):
    return -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=-1)
