"""Decrease eps in stages, and drop the entries that no longer matter."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .kernels import PrunedKernel, rows_of
from .newton import ReducedDual, ascend

START, FACTOR = 0.1, 3.0  # first eps over the mean of C - min C, and its divisor
CARE = 1e-2, 1e-4, 1e-7  # accuracy of the stages; the next when one was not enough
LIGHT, COARSE = 1e-15, 1e-3  # weights and accuracies down to which float32 will do
STEEP = 5e4  # costs over eps up to which float32 rounds exponents by < 3e-3
WORTHWHILE = 400**2  # entries from which on pruning pays
SPARSE = 0.05  # share of entries above 1e-10 below which it pays
MARGIN = np.exp(-48.0), np.exp(-80.0)  # entries kept at first, and later


@dataclass(frozen=True)
class Task:
    """Weights a (n,), b (m,), all > 0, eps, and how well they are to be met."""

    a: np.ndarray
    b: np.ndarray
    eps: float
    tol: float
    max_iter: int

    def dual(self, kernel, eps: float, dtype: type) -> ReducedDual:
        """Return the reduced dual at some eps."""
        return ReducedDual(kernel, self.a, self.b, eps, dtype)


def maximise(kernel, task: Task) -> np.ndarray:
    """Return g whose plan has the marginals a, b within tol in L1, or the last g.

    Groups of points lighter than the accuracy of the stages may be left behind, from
    where there is no way in floats at a small eps: then the stages are gone through
    again, more accurately and from where all costs are alike; at last with all entries.
    """
    cost = kernel.cost
    first = START * (cost.pairing(task.a, task.b) - cost.least)
    for accuracy in (*CARE[:-1], min(CARE[-1], task.tol)):
        g, error = descend(kernel, task, stages(task.eps, first), accuracy)
        first = 2 * cost.largest
        if error <= task.tol or kernel.work.iterations >= task.max_iter:
            break
    return g


def descend(kernel, task: Task, steps, accuracy: float) -> tuple[np.ndarray, float]:
    """Return g and its marginal error after stages of decreasing eps.

    A stage starts on the line through the last two (eps-scaling: Cominetti and San
    Martin 1994). Early stages work in float32; once few entries matter, only these are
    kept (Schmitzer 2019).
    """
    exact = min(task.a.min(), task.b.min()) < LIGHT or accuracy < COARSE
    spread = kernel.cost.largest - kernel.cost.least
    g, now, known = np.zeros(len(task.b)), kernel, []
    for eps, following in pairwise(steps):
        dtype = np.float64 if exact or spread > STEEP * eps else np.float32
        g, _ = ascend(task.dual(now, eps, dtype), g, accuracy, task.max_iter)
        if accuracy > CARE[-1]:
            now = narrowed(now, g, eps)
        known = [*known[-1:], (eps, g)]
        (before, old), (eps, g) = known[0], known[-1]
        if len(known) > 1:
            g = g + (following - eps) / (eps - before) * (g - old)
    return finish(kernel, now, task, g)


def stages(eps: float, first: float) -> np.ndarray:
    """Return the decreasing values of eps from about `first` on, which end at eps."""
    first = max(eps, first)
    count = int(np.ceil(np.log(first / eps) / np.log(FACTOR) - 1e-9))
    return np.geomspace(first, eps, count + 1)


def finish(kernel, now, task: Task, g: np.ndarray) -> tuple[np.ndarray, float]:
    """Return g and its marginal error over all entries, at the last eps.

    What the entries kept say is verified on the whole kernel in float64, newly made at
    the answer; if it does not hold, more entries are kept, and then all.
    """
    whole = task.dual(kernel, task.eps, np.float64)
    for left in (2, 1, 0):
        dual = task.dual(now, task.eps, np.float64)
        g, error = ascend(dual, g, 0.9 * task.tol, task.max_iter)
        error = error if now is kernel else whole.start(g).error
        if error <= task.tol:
            break
        now = kernel if now is kernel or left == 1 else pruned(kernel, MARGIN[1])
    return g, error


def narrowed(kernel, g: np.ndarray, eps: float):
    """Return a kernel on fewer entries when it pays, else the same."""
    if isinstance(kernel, PrunedKernel):
        kernel.absorb(g, eps)
        return kernel.pruned(MARGIN[1])
    n, m = kernel.shape
    if n * m < WORTHWHILE or kernel.density(1e-10) > SPARSE:
        return kernel
    if kernel.density(MARGIN[0]) * n * m > kernel.room:
        return kernel
    return pruned(kernel, MARGIN[0])


def pruned(kernel, level: float):
    """Return the kernel on its entries above `level`; itself if a column would go."""
    n, m = kernel.shape
    C = kernel.large(np.ones(m), np.full(n, level))
    if len(np.unique(C.indices)) < m:
        return kernel
    C.data = kernel.cost.entries(rows_of(C), C.indices)
    return PrunedKernel(C, kernel.work)
