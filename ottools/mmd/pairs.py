"""All pairs of two point sets, one tile of squared distances at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from reprlib import repr as brief

import numpy as np
from scipy.spatial.distance import cdist

from ottools.measures import points, positive
from ottools.mmd.kernels import KERNELS, Kernel

# The C library takes arrays from 128 KB on from the system anew each time, and touching
# their pages takes longer than the exponentials.
TILE = 120
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

    def left(self, x):
        """Return what `squares` takes of x (n,d), made once for all tiles."""
        if not self.by_product:
            return x
        return np.column_stack([-2 * x, np.ones(len(x)), np.vecdot(x, x)])

    def right(self, y):
        """Return what `squares` takes of y (m,d)."""
        if not self.by_product:
            return y
        # By columns: a product of small matrices is fastest when neither is transposed.
        return np.vstack([y.T, np.vecdot(y, y), np.ones(len(y))]).T

    def squares(self, left, right):
        """Return |x_i - y_j|^2 (n,m), as a product perhaps below 0 by rounding."""
        if self.by_product:
            return left @ right.T
        return cdist(left, right, "sqeuclidean")

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

    def both(self, t):
        """Return `drop` and `slope`, where possible at the cost of one of them."""
        joint = self.kernel.joint
        if joint is None:
            return self.drop(t), self.slope(t)
        top, (first, *others) = float(t.max()), self.ratios
        drop, slope = joint(t, first, top)
        for ratio in others:
            for total, part in zip((drop, slope), joint(t, ratio, top), strict=True):
                total += part
        if others:
            drop /= len(self.ratios)
            slope /= len(self.ratios)
        return drop, slope

    def load(self, y, b):
        """Return what `pull` takes of points y (m,d) and their weights b (m,)."""
        return np.column_stack([b[:, None] * y if self.by_product else y, b])

    def pull(self, slopes, x, load):
        """Return what `settle` turns into sum_j b_j slopes_ij (x_i - y_j)."""
        if self.by_product:
            return slopes @ load
        *ys, b = load.T
        ends = zip(x.T, ys, strict=True)
        sums = [((v - u[:, None]) * slopes) @ b for u, v in ends]
        return np.column_stack([*sums, np.zeros(len(x))])

    def settle(self, pulls, x):
        """Return the sums (n,d) of pulls that were added up (n,d+1)."""
        return pulls[:, -1:] * x - pulls[:, :-1]


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
    if not (isinstance(kernel, str) and kernel in KERNELS):
        known = ", ".join(KERNELS)
        raise ValueError(f"kernel must be one of {known}; got {brief(kernel)}.")
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
        if (far := float(max(x.max(), -x.min()))) > FARTHEST * unit:
            raise ValueError(
                f"{name} must lie within 1e150 bandwidths; got {far:g} for {unit:g}."
            )
    scaled = [x / unit for x in arrays.values()]
    centre = sum(x.sum(axis=0) for x in scaled) / sum(map(len, scaled))
    for x in scaled:
        x -= centre
    radius = np.sqrt(max(float(np.vecdot(x, x).max()) for x in scaled))
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


def spans(n: int, size: int | None = None) -> list[slice]:
    """Return the slices that cut n points into runs of `size`, or into tiles.

    Examples
    --------
    >>> spans(300)
    [slice(0, 120, None), slice(120, 240, None), slice(240, 300, None)]
    """
    size = size or TILE
    return [slice(k, min(k + size, n)) for k in range(0, n, size)]


def between(rule: Rule, x, y) -> Iterator:
    """Yield (i, j, squared distances) over the tiles of x (n,d) against y (m,d).

    Examples
    --------
    >>> rule, (x, y), unit = prepare("gaussian", 1.0, x=[0.0], y=[3.0])
    >>> [t.tolist() for i, j, t in between(rule, x, y)]
    [[[9.0]]]
    """
    left, right = rule.left(x), rule.right(y)
    for i in spans(len(x)):
        for j in spans(len(y)):
            yield i, j, rule.squares(left[i], right[j])


def within(rule: Rule, x) -> Iterator:
    """Yield (i, j, squared distances) over the tiles of x against itself with i <= j.

    Tiles below the diagonal would repeat those above; on it the distance is 0 exactly.

    Examples
    --------
    >>> rule, (x,), unit = prepare("gaussian", 1.0, x=[0.0, 3.0])
    >>> [t.tolist() for i, j, t in within(rule, x)]
    [[[0.0, 9.0], [9.0, 0.0]]]
    """
    cuts, left, right = spans(len(x)), rule.left(x), rule.right(x)
    for k, i in enumerate(cuts):
        for j in cuts[k:]:
            t = rule.squares(left[i], right[j])
            if i == j:
                np.fill_diagonal(t, 0)
            yield i, j, t
