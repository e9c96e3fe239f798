"""The Gibbs kernel K_ij = exp((f_i + g_j - C_ij)/eps): held, streamed, or pruned.

An algorithm asks a kernel for three things: take up potentials (`absorb`), multiply
there and back (`fold`), and list the large entries (`large`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

BLOCK = 1 << 16  # entries in a block of rows, whose exp shall stay in the cache
PANEL = 1 << 20  # entries in a block of rows that is multiplied there and back
FLOOR = {np.float32: -120.0, np.float64: -1000.0}  # powers of 2, above denormals
ROOM = 200  # entries per point that may be kept of a kernel that is not stored
BEARS = {np.float32: 20.0, np.float64: 100.0}  # |log of a scaling| a kernel bears
NOTHING = 1e-14  # share of a row that counts as nothing
Between = Callable[[np.ndarray, slice], np.ndarray]


@dataclass
class Work:
    """Counts of what an answer costs, which do not depend on the machine."""

    exp_passes: int = 0
    products: int = 0
    newton_steps: int = 0
    iterations: int = 0


class StreamedKernel:
    """The kernel of all pairs, computed anew whenever it is multiplied.

    Rows are scaled so that their largest entry is 1: `absorb` takes g and chooses
    f_i = -max_j (g_j - C_ij). So nothing overflows and no row vanishes.
    """

    passes = 1  # of exp in a fold

    def __init__(self, cost, work: Work):
        self.cost, self.work, self.shape = cost, work, cost.shape
        n, m = cost.shape
        self.blocks = self.panels = row_blocks(n, m, BLOCK)
        step = self.blocks[0].stop
        self.block = np.empty((step, m))
        self.held = self.eps = None
        self.room = ROOM * (n + m)

    def absorb(self, g: np.ndarray, eps: float, dtype: type = np.float64) -> np.ndarray:
        """Take up g and return f; free when the kernel is there already."""
        if self.held != (key := (g.tobytes(), eps, dtype)):
            self.held, self.g, self.eps, self.dtype = key, g, eps, dtype
            least = self.cost.least  # without it, slacks are as small as they can be
            self.slacks, self.f = self.cost.slacks(g + least), np.empty(self.shape[0])
            self.rate = dtype(np.log2(np.e) / eps)  # exp2 is faster than exp
            lowest = self.cost.least - self.cost.largest + g.min() - g.max()
            self.floor = np.full(self.shape[1], FLOOR[dtype], dtype)
            self.deep = lowest * self.rate < FLOOR[dtype]
            self.work.exp_passes += 1
            self._take_up()
        return self.f

    def _take_up(self) -> None:
        for rows in self.blocks:
            self._exponentials(rows, self._part(self.block, rows))

    def _part(self, store: np.ndarray, rows: slice) -> np.ndarray:
        """Return as many rows of a store, seen with the dtype of the kernel."""
        seen = store.ravel().view(self.dtype)[: store.size]
        return seen.reshape(store.shape)[: rows.stop - rows.start]

    def _exponentials(self, rows: slice, out: np.ndarray) -> np.ndarray:
        slack = self.slacks(rows, out)
        top = slack.max(axis=1, keepdims=True)
        np.subtract(self.cost.least, top[:, 0], out=self.f[rows], dtype=float)
        out -= top
        out *= self.rate
        if self.deep:
            np.maximum(out, self.floor, out=out)
        return np.exp2(out, out=out)

    def _rows(self, rows: slice) -> np.ndarray:
        return self._exponentials(rows, self._part(self.block, rows))

    # Products of finite float32 have raised this flag now and then (OpenBLAS, shape
    # (10, 5)) though their result was right; a nan would fail the certificate.
    @np.errstate(invalid="ignore")
    def fold(self, y: np.ndarray, between: Between) -> tuple[np.ndarray, np.ndarray]:
        """Return s = K y and K^T z with z = between(s), in one pass over K."""
        s, w = np.empty(self.shape[0]), np.zeros(self.shape[1])
        y = y.astype(self.dtype, copy=False)
        for rows in self.panels:
            K = self._rows(rows)
            s[rows] = K @ y
            w += between(s[rows], rows).astype(self.dtype, copy=False) @ K
        self.work.products += 2
        self.work.exp_passes += self.passes
        return s, w

    def large(self, y: np.ndarray, level: np.ndarray) -> sp.csr_array:
        """Return the entries of K for which K_ij y_j > level_i."""
        found, y = [], y.astype(self.dtype)
        for rows in self.blocks:
            K = self._rows(rows)
            above = K * y > level[rows, None]
            at = np.flatnonzero(above)
            found.append((K.ravel()[at], at % len(y), above.sum(axis=1)))
        data, j, many = (np.concatenate(part) for part in zip(*found, strict=True))
        parts = data.astype(float), j, np.concatenate([[0], np.cumsum(many)])
        return sp.csr_array(parts, shape=self.shape)

    def level(self, y: np.ndarray, scale: np.ndarray, count: int) -> float:
        """Return the level that scale_i K_ij y_j passes `count` times a row or less.

        It is estimated from some of the rows.
        """
        parts = [K * y * scale[rows, None] for rows, K in self._sample()]
        many = sum(len(part) for part in parts)
        return top(np.concatenate([part.ravel() for part in parts]), count * many)

    def density(self, level: float) -> float:
        """Return the share of entries above `level`, from some of the rows."""
        return float(np.mean([np.mean(level < K) for _, K in self._sample()]))

    def _sample(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield some rows of K: about an eighth of the blocks."""
        for rows in self.blocks[:: max(1, len(self.blocks) // 8)]:
            yield rows, self._rows(rows)


class HeldKernel(StreamedKernel):
    """The kernel of all pairs as a stored matrix: an exp pass once, then products."""

    passes = 0

    def __init__(self, cost, work: Work):
        super().__init__(cost, work)
        self.store = np.empty(cost.shape)
        self.panels = row_blocks(*cost.shape, PANEL)
        self.room = self.store.size

    def _take_up(self) -> None:
        n = self.shape[0]
        self.K = self._part(self.store, slice(0, n))
        for rows in self.blocks:
            self._exponentials(rows, self.K[rows])

    def _rows(self, rows: slice) -> np.ndarray:
        return self.K[rows]

    def _sample(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield at least every eighth row of K, or 64 of many."""
        rows = slice(None, None, max(8, self.shape[0] // 64))
        yield rows, self.K[rows]


class PrunedKernel:
    """The kernel on a support (n, m) that holds all entries that matter."""

    def __init__(self, cost: sp.csr_array, work: Work):
        self.cost, self.work, self.shape = cost, work, cost.shape
        self.rows = rows_of(cost)
        self.K = cost.copy()
        self.transposed = self.K.T  # shares the entries

    def absorb(self, g: np.ndarray, eps: float, dtype: type = np.float64) -> np.ndarray:
        """Take up g and return f_i = -max_j (g_j - C_ij) over the support."""
        del dtype  # there are few entries: float64 always
        slack = g[self.cost.indices] - self.cost.data
        f = -np.maximum.reduceat(slack, self.cost.indptr[:-1])
        np.maximum((slack + f[self.rows]) / eps, -700, out=self.K.data)
        np.exp(self.K.data, out=self.K.data)
        return f

    def fold(self, y: np.ndarray, between: Between) -> tuple[np.ndarray, np.ndarray]:
        """Return s = K y and K^T z with z = between(s)."""
        s = self.K @ y
        return s, self.transposed @ between(s, slice(None))

    def large(self, y: np.ndarray, level: np.ndarray) -> sp.csr_array:
        """Return the entries of K for which K_ij y_j > level_i."""
        return select(self.K, self.K.data * y[self.K.indices] > level[self.rows])

    def level(self, y: np.ndarray, scale: np.ndarray, count: int) -> float:
        """Return the level that scale_i K_ij y_j passes `count` times a row or less."""
        P = self.K.data * y[self.K.indices] * scale[self.rows]
        return top(P, count * self.shape[0])

    def pruned(self, level: float) -> PrunedKernel:
        """Return the kernel on the entries of K above `level`."""
        return PrunedKernel(select(self.cost, self.K.data > level), self.work)


def scaled(kernel, g: np.ndarray, eps: float) -> tuple[np.ndarray, np.ndarray]:
    """Return f and h such that exp((f_i + g_j - C_ij)/eps) = K_ij exp(h_j).

    K is the kernel of some other g in float64 if there is such, and if that is near;
    else the kernel takes up g.
    """
    if kernel.eps == eps and kernel.dtype is np.float64:
        h = (g - kernel.g) / eps
        if np.abs(h).max() <= BEARS[np.float64]:
            return kernel.f, h
    return kernel.absorb(g, eps), np.zeros(len(g))


def top(values: np.ndarray, count: int) -> float:
    """Return the level above which there are at most `count` of the values."""
    values = values[values > NOTHING]
    if count >= len(values):
        return NOTHING
    return float(np.partition(values, len(values) - count - 1)[-count - 1])


def rows_of(A: sp.csr_array) -> np.ndarray:
    """Return the row of every stored entry."""
    return np.repeat(np.arange(A.shape[0]), np.diff(A.indptr))


def row_blocks(n: int, m: int, size: int) -> list[slice]:
    """Return slices of the rows of (n, m) with at most `size` entries, or one row."""
    step = min(n, max(1, size // m))
    return [slice(i, min(i + step, n)) for i in range(0, n, step)]


def select(A: sp.csr_array, keep: np.ndarray) -> sp.csr_array:
    """Return the stored entries that `keep` marks."""
    before = np.concatenate([[0], np.cumsum(keep)])
    parts = A.data[keep], A.indices[keep], before[A.indptr]
    return sp.csr_array(parts, shape=A.shape)
