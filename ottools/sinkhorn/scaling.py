"""Decrease eps in stages, and drop the entries that no longer matter."""

from __future__ import annotations

import numpy as np

from .kernels import PrunedKernel, rows_of
from .newton import ReducedDual, ascend

PREDICT = 1.0
START, FACTOR, STAGE_TOL = 0.1, 3.0, 1e-2  # first eps by the mean cost; steps; accuracy
LIGHT = 1e-15  # float32 bears weights down to this
WORTHWHILE = 400**2  # entries from which on pruning pays
SPARSE = 0.05  # share of entries above 1e-10 below which it pays
MARGIN = np.exp(-48.0), np.exp(-80.0)  # entries kept at first, and later


def maximise(kernel, a, b, eps: float, tol: float, limit: int):
    """Return g whose plan has the marginals a, b within tol in L1, or the last g.

    eps is decreased geometrically (Cominetti and San Martin 1994). Early stages work in
    float32; once few entries matter, only these are kept (Schmitzer 2019). The
    whole kernel in float64 has the last word.
    """
    low = np.float32 if min(a.min(), b.min()) > LIGHT else np.float64
    mean = kernel.cost.pairing(a, b)
    g, now, slope = np.zeros(len(b)), kernel, 0.0
    steps = stages(eps, mean)
    for e, following in zip(steps[:-1], steps[1:], strict=True):
        last = g
        g = ascend(
            ReducedDual(now, a, b, e, low), g + PREDICT * slope, STAGE_TOL, limit
        )
        now = narrowed(now, g, e)
        if e < steps[0]:
            slope = (g - last) * (following - e) / (e - e_last)
        e_last = e
    g = g + PREDICT * slope
    for _ in range(3):
        if now is kernel:
            break
        g = ascend(ReducedDual(now, a, b, eps, low), g, tol / 2, limit)
        kernel.absorb(g, eps)
        if ReducedDual(kernel, a, b, eps, np.float64).start(g).error <= tol:
            break
        now = pruned(kernel, MARGIN[1])
    return ascend(ReducedDual(kernel, a, b, eps, np.float64), g, tol, limit)


def stages(eps: float, mean: float) -> np.ndarray:
    """Return the decreasing values of eps, which end at eps."""
    first = max(eps, START * mean)
    count = int(np.ceil(np.log(first / eps) / np.log(FACTOR) - 1e-9))
    return np.geomspace(first, eps, count + 1)


def narrowed(kernel, g, eps: float):
    """Return a kernel on fewer entries when it pays, else the same."""
    if isinstance(kernel, PrunedKernel):
        kernel.absorb(g, eps)
        return kernel.pruned(MARGIN[1])
    n, m = kernel.shape
    if n * m < WORTHWHILE or kernel.density(1e-10) > SPARSE:
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
