"""The answer of entropic transport."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from .kernels import BLOCK, row_blocks


@dataclass(frozen=True)
class EntropicTransport:
    """Potentials of entropic transport with their certificate and what they cost.

    The plan is P = a b exp((f + g - C)/eps). One potential is the soft c-transform of
    the other, so one marginal of P holds up to rounding: a, that of the rows, or b,
    where there are fewer rows than columns and these have changed places.

    Attributes
    ----------
    f, g : ndarray (n,), (m,)
    eps : float
    value : float, <a, f> + <b, g> - eps (sum P - 1): a lower bound of the optimum
    marginal_error : float, L1 error of the row sums plus that of the column sums of P
    gap : float, upper bound of the optimum, by a feasible plan, minus `value`
    exp_passes, products, newton_steps, iterations : int, counts of the work: passes of
        exp over all entries, products of all entries with a vector, Newton steps, and
        Newton steps plus Sinkhorn sweeps
    """

    f: np.ndarray
    g: np.ndarray
    eps: float
    value: float
    marginal_error: float
    gap: float
    exp_passes: int
    products: int
    newton_steps: int
    iterations: int
    a: np.ndarray = field(repr=False)
    b: np.ndarray = field(repr=False)
    cost: object = field(repr=False)

    def blocks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield the plan in blocks of rows (rows, P[rows])."""
        n, m = self.cost.shape
        with np.errstate(divide="ignore"):  # a weight 0 makes its entries 0
            left, right = np.log(self.a), np.log(self.b)
        slacks = self.cost.slacks(self.g)
        for rows in row_blocks(n, m, BLOCK):
            P = slacks(rows, np.empty((rows.stop - rows.start, m)))
            P += self.f[rows, None]
            P /= self.eps
            P += left[rows, None]
            P += right
            yield rows, np.exp(P, out=P)

    def plan(self) -> np.ndarray:
        """Return the plan P (n, m)."""
        return np.concatenate([P for _, P in self.blocks()])
