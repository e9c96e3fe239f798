"""Anderson acceleration of a fixed-point iteration."""

from __future__ import annotations

import numpy as np

MEMORY = 8  # differences that are kept
RIDGE = 1e-10  # relative, keeps the least squares solvable


class Acceleration:
    """Steps h -> h + r mixed such that the weighted residual r is least.

    On affine iterations it is GMRES: r is extrapolated to its least size within the
    span of the last differences (Anderson 1965; Walker and Ni 2011, Algorithm AA and
    equation 2.3), and h along with it.
    """

    def __init__(self, weights: np.ndarray):
        self.weights = weights
        self.turns, self.moves = np.zeros((2, MEMORY, len(weights)))
        self.gram = np.zeros((MEMORY, MEMORY))
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.count, self.last = 0, None

    def step(self, h: np.ndarray, r: np.ndarray) -> np.ndarray:
        """Return the next step from h, where the plain one is r."""
        if self.last is not None:
            self._remember(h, r)
        self.last = h, r
        if self.count == 0:
            return r
        k = min(self.count, MEMORY)
        gram = self.gram[:k, :k].copy()
        gram.flat[:: k + 1] += RIDGE * gram.diagonal() + 1e-300
        mix = np.linalg.solve(gram, self.turns[:k] @ (self.weights * r))
        return r - mix @ self.moves[:k]

    def _remember(self, h: np.ndarray, r: np.ndarray) -> None:
        i, turn = self.count % MEMORY, r - self.last[1]
        self.turns[i], self.moves[i] = turn, h - self.last[0] + turn
        self.gram[i] = self.gram[:, i] = self.turns @ (self.weights * turn)
        self.count += 1
