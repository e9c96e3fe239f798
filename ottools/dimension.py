"""How many dimensions a cloud of points has, told from nearest neighbours alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ottools.measures import points

__all__ = ["TwoNN", "two_nn"]


@dataclass(frozen=True)
class TwoNN:
    """Two estimates of one intrinsic dimension from the same ratios.

    `ratios` (m,) are the distances to the second neighbour over those to the first,
    sorted; `dimension` is the slope of -log(1 - F) against their logarithm and
    `likelihood` the maximum-likelihood value m / sum of logarithms.
    """

    dimension: float
    likelihood: float
    ratios: np.ndarray

    def curve(self) -> tuple[np.ndarray, np.ndarray]:
        """Return log ratio (m,) and -log(1 - F) (m,), F = i/(m + 1): ideally a line."""
        rank = np.arange(1, len(self.ratios) + 1) / (len(self.ratios) + 1)
        return np.log(self.ratios), -np.log1p(-rank)


def two_nn(x, *, keep: float = 0.9) -> TwoNN:
    """Estimate the intrinsic dimension of points x (n, d) from two neighbours of each.

    Where the density is flat over the second neighbour's distance, the ratio r2/r1 has
    the law P(r2/r1 > t) = t^{-dimension} (Facco et al. 2017, Eq. 5), whatever the
    density and the unit of length. The slope is fitted through the origin to the share
    `keep` of smaller ratios, with F = i/m. Points with r1 = r2, on which a lattice of
    grey values insists, are left out.

    Raises ValueError when points coincide, fewer than 10 ratios remain, or keep is not
    in (0, 1).

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(2000, 2))
    >>> round(two_nn(x).dimension, 1)
    2.0
    """
    if not 0 < keep < 1:
        raise ValueError(f"keep must lie in (0, 1); got {keep!r}.")
    x = points(x)
    if len(x) < 10:
        raise ValueError(f"x must hold 10 points or more; got {len(x)}.")
    near = cKDTree(x).query(x, k=3)[0][:, 1:]
    if near[:, 0].min() == 0:
        raise ValueError("x must hold distinct points; some coincide.")
    ratios = np.sort(near[:, 1] / near[:, 0])
    ratios = ratios[ratios > 1 + 1e-12]
    used = int(keep * len(ratios))
    if used < 9:
        raise ValueError(
            f"x must give 10 ratios r2/r1 above 1; {len(ratios)} of {len(x)} are."
        )
    logs = np.log(ratios)
    heights = -np.log1p(-np.arange(1, used + 1) / len(ratios))
    slope = (logs[:used] @ heights) / (logs[:used] @ logs[:used])
    return TwoNN(float(slope), float(len(ratios) / logs.sum()), ratios)
