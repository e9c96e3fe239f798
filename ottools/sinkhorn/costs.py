"""Costs that a kernel reads block of rows by block of rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .kernels import PANEL, row_blocks

Slacks = Callable[[slice, np.ndarray], np.ndarray]


class MatrixCost:
    """A cost C (n, m) that is stored."""

    def __init__(self, C: np.ndarray):
        self.C = C
        self.shape = C.shape
        self.least, greatest = float(C.min()), float(C.max())
        self.largest = max(-self.least, greatest)

    def slacks(self, g: np.ndarray) -> Slacks:
        """Return the function that writes g_j - C_ij for some rows into an array."""
        return lambda rows, out: np.subtract(
            g, self.C[rows], out=out, casting="same_kind"
        )

    def entries(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Return C_ij at paired indices."""
        return self.C[i, j]

    def pairing(self, p: np.ndarray, q: np.ndarray) -> float:
        """Return the sum of p_i C_ij q_j."""
        panels = row_blocks(*self.shape, PANEL)  # too small to wake threads for
        return float(sum(p[rows] @ (self.C[rows] @ q) for rows in panels))

    def take(self, i: np.ndarray, j: np.ndarray) -> MatrixCost:
        """Return the cost between these rows and these columns."""
        return MatrixCost(self.C[np.ix_(i, j)])

    def transposed(self) -> MatrixCost:
        """Return the cost of the way back."""
        return MatrixCost(np.ascontiguousarray(self.C.T))

    def scaled(self, factor: float) -> MatrixCost:
        """Return the cost in another unit."""
        return MatrixCost(self.C * factor)


class SquaredDistance:
    """The cost |x_i - y_j|^2 of points x (n, d), y (m, d), never stored."""

    def __init__(self, x: np.ndarray, y: np.ndarray):
        centre = (x.mean(axis=0) + y.mean(axis=0)) / 2
        self.x, self.y = x - centre, y - centre
        self.shape = len(x), len(y)
        self.xx, self.yy = (np.einsum("nd,nd->n", z, z) for z in (self.x, self.y))
        self.least = 0.0
        self.largest = float((self.xx.max() ** 0.5 + self.yy.max() ** 0.5) ** 2)

    def slacks(self, g: np.ndarray) -> Slacks:
        """Return the function that writes g_j - |x_i - y_j|^2 for some rows: a product.

        It is (2 x_i, |x_i|^2, 1) . (y_j, -1, g_j - |y_j|^2).
        """
        left = np.column_stack([2 * self.x, self.xx, np.ones(len(self.x))])
        right = np.vstack([self.y.T, -np.ones(len(g)), g - self.yy])
        return lambda rows, out: np.matmul(
            left[rows], right, out=out, casting="same_kind"
        )

    def entries(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Return |x_i - y_j|^2 at paired indices."""
        return ((self.x[i] - self.y[j]) ** 2).sum(axis=1)

    def pairing(self, p: np.ndarray, q: np.ndarray) -> float:
        """Return the sum of p_i |x_i - y_j|^2 q_j, by expanding the square."""
        cross = (p @ self.x) @ (q @ self.y)
        return float(p @ self.xx * q.sum() + p.sum() * (q @ self.yy) - 2 * cross)

    def take(self, i: np.ndarray, j: np.ndarray) -> SquaredDistance:
        """Return the cost between these rows and these columns."""
        return SquaredDistance(self.x[i], self.y[j])

    def transposed(self) -> SquaredDistance:
        """Return the cost of the way back."""
        return SquaredDistance(self.y, self.x)

    def scaled(self, factor: float) -> SquaredDistance:
        """Return the cost in another unit."""
        return SquaredDistance(self.x * factor**0.5, self.y * factor**0.5)
