"""All pairs of two point sets, one tile of squared distances at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from ottools.measures import points, positive
from ottools.mmd.kernels import KERNELS, Kernel

# A tile of 256 x 256 floats and its copies stay in the second cache.
TILE = 256
# Up to this radius, in bandwidths, a matrix product is exact enough: its squared
# distances err by about 2 radius^2 units in the last place, the kernel by 1e-11.
PRODUCT_RADIUS = 100.0
# The square of a distance of this many bandwidths is still a float.
FARTHEST = 1e150


@dataclass(frozen=True)
class Rule:
    """How to evaluate a kernel, averaged over bandwidths, on points in the least one.

    `ratios` (q,) holds (least bandwidth/bandwidth)^2; `by_product` chooses between two
    ways to the same squared distances: a matrix product, or coordinate differences
    where the points spread too far for it or the kernel has a cusp.
    """

    kernel: Kernel
    ratios: tuple[float, ...]
    by_product: bool

    def squares(self, x, y):
        """Return |x_i - y_j|^2, shapes (n,d), (m,d) give (n,m)."""
        if not self.by_product:
            return cdist(x, y, "sqeuclidean")
        left = np.column_stack([-2 * x, np.ones(len(x)), (x * x).sum(axis=1)])
        right = np.column_stack([y, (y * y).sum(axis=1), np.ones(len(y))])
        t = left @ right.T
        return np.maximum(t, 0, out=t)

    def drop(self, t):
        """Return the mean over the bandwidths of phi(t) - phi(0)."""
        return self._mean(self.kernel.drop, t, 0)

    def slope(self, t):
        """Return the derivative of `drop` by t."""
        return self._mean(self.kernel.slope, t, 1)

    def _mean(self, phi, t, order: int):
        if len(self.ratios) == 1:  # which is 1
            return phi(t)
        total = np.zeros_like(t)
        for ratio in self.ratios:  # by the chain rule once for each derivative
            total += ratio**order * phi(ratio * t)
        return total / len(self.ratios)

    def pull(self, slopes, x, y, b):
        """Return sum_j b_j slopes_ij (x_i - y_j), shape (n,d)."""
        if not self.by_product:
            ends = zip(x.T, y.T, strict=True)
            return np.stack([((u[:, None] - v) * slopes) @ b for u, v in ends], axis=1)
        sums = slopes @ np.column_stack([b[:, None] * y, b])
        return sums[:, -1:] * x - sums[:, :-1]


def prepare(kernel: str, bandwidth, **sets):
    """Return the rule, the sets (n,d) centred in units of the least bandwidth, and it.

    Raises ValueError when the kernel is not in the table, a bandwidth is not > 0, the
    sets have no points or different dimensions, or reach beyond 1e150 bandwidths.

    Examples
    --------
    >>> rule, (x, y), unit = prepare("gaussian", (2.0, 4.0), x=[0.0], y=[4.0])
    >>> rule.ratios, x.tolist(), y.tolist(), unit
    ((1.0, 0.25), [[-1.0]], [[1.0]], 2.0)
    """
    if kernel not in KERNELS:
        raise ValueError(f"kernel must be one of {', '.join(KERNELS)}; got {kernel!r}.")
    scales = bandwidths(bandwidth)
    unit = min(scales)
    arrays = {name: points(values, name) for name, values in sets.items()}
    dimensions = [x.shape[1] for x in arrays.values()]
    if len(set(dimensions)) > 1:
        raise ValueError(
            f"{' and '.join(sets)} must have one dimension; "
            f"got {' and '.join(map(str, dimensions))}."
        )
    for name, x in arrays.items():
        if (far := float(np.abs(x).max())) > FARTHEST * unit:
            raise ValueError(
                f"{name} must lie within 1e150 bandwidths; got {far:g} for {unit:g}."
            )
    scaled = [x / unit for x in arrays.values()]
    centre = np.concatenate(scaled).mean(axis=0)
    scaled = [x - centre for x in scaled]
    radius = max(float(np.linalg.norm(x, axis=1).max()) for x in scaled)
    entry = KERNELS[kernel]
    ratios = tuple((unit / s) ** 2 for s in scales)
    return Rule(entry, ratios, entry.smooth and radius <= PRODUCT_RADIUS), scaled, unit


def bandwidths(bandwidth) -> tuple[float, ...]:
    """Return one bandwidth or several as a tuple.

    Raises ValueError when there is none or one of them is not > 0.

    Examples
    --------
    >>> bandwidths(1), bandwidths([1, 2])
    ((1.0,), (1.0, 2.0))
    """
    scales = np.atleast_1d(positive(bandwidth, "bandwidth"))
    if scales.ndim > 1 or len(scales) == 0:
        raise ValueError(
            f"bandwidth must be a number > 0 or a sequence of them; got {bandwidth!r}."
        )
    return tuple(scales.tolist())


def spans(n: int) -> list[slice]:
    """Return the slices that cut n points into tiles.

    Examples
    --------
    >>> spans(300)
    [slice(0, 256, None), slice(256, 300, None)]
    """
    return [slice(k, min(k + TILE, n)) for k in range(0, n, TILE)]


def between(rule: Rule, x, y) -> Iterator:
    """Yield (i, j, squared distances) over the tiles of x (n,d) against y (m,d).

    Examples
    --------
    >>> rule, (x, y), unit = prepare("gaussian", 1.0, x=[0.0], y=[3.0])
    >>> [t.tolist() for i, j, t in between(rule, x, y)]
    [[[9.0]]]
    """
    for i in spans(len(x)):
        for j in spans(len(y)):
            yield i, j, rule.squares(x[i], y[j])


def within(rule: Rule, x) -> Iterator:
    """Yield (i, j, squared distances) over the tiles of x against itself with i <= j.

    Tiles below the diagonal would repeat those above; on it the distance is 0 exactly.

    Examples
    --------
    >>> rule, (x,), unit = prepare("gaussian", 1.0, x=[0.0, 3.0])
    >>> [t.tolist() for i, j, t in within(rule, x)]
    [[[0.0, 9.0], [9.0, 0.0]]]
    """
    cuts = spans(len(x))
    for k, i in enumerate(cuts):
        for j in cuts[k:]:
            t = rule.squares(x[i], x[j])
            if i == j:
                np.fill_diagonal(t, 0)
            yield i, j, t
