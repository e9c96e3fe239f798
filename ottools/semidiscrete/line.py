"""Semi-discrete transport on the line, in closed form by quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import ndtr, ndtri

from ottools.measures import positive, real, weights


class Density(Protocol):
    """What semi-discrete transport on the line asks of a density.

    `quantile(below, above)` is the place with mass `below` on its left and `above` =
    1 - below on its right (both are given, so that neither tail is lost to rounding);
    `mass(left, right)` and `cost(left, right, y)` integrate 1 and (x - y)^2. Intervals
    may be unbounded; everything works on arrays.
    """

    def quantile(self, below, above):
        """Return the place with these masses on its left and right."""

    def mass(self, left, right):
        """Return the mass of an interval."""

    def cost(self, left, right, y):
        """Return the integral of (x - y)^2 over an interval."""


@dataclass(frozen=True)
class Uniform:
    """Stand for the uniform density on [low, high].

    Raises ValueError unless low < high, both finite.

    Examples
    --------
    >>> round(float(Uniform(0, 1).cost(0, 0.3, 0.2)), 6)
    0.003
    """

    low: float = 0.0
    high: float = 1.0

    def __post_init__(self):
        ends = real([self.low, self.high], "low and high")
        if ends.shape != (2,) or not 0 < ends[1] - ends[0] < np.inf:
            raise ValueError(f"low must be below high; got {self.low}, {self.high}.")

    def quantile(self, below, above):
        """Return low + below (high - low), counted from the nearer end."""
        width = self.high - self.low
        from_low, from_high = self.low + width * below, self.high - width * above
        return np.where(below < above, from_low, from_high)

    def mass(self, left, right):
        """Return the mass of an interval."""
        left, right = (np.clip(x, self.low, self.high) for x in (left, right))
        return (right - left) / (self.high - self.low)

    def cost(self, left, right, y):
        """Return the integral of (x - y)^2 over an interval."""
        left, right = (np.clip(x, self.low, self.high) for x in (left, right))
        middle, width = left / 2 + right / 2, right - left
        return self.mass(left, right) * ((middle - y) ** 2 + width**2 / 12)


@dataclass(frozen=True)
class Gaussian:
    """Stand for the density of N(mean, scale^2).

    Raises ValueError unless mean is finite and scale finite and > 0.

    Examples
    --------
    >>> round(float(Gaussian(1, 2).cost(-np.inf, np.inf, 0)), 6)
    5.0
    """

    mean: float = 0.0
    scale: float = 1.0

    def __post_init__(self):
        if real(self.mean, "mean").ndim or positive(self.scale, "scale").ndim:
            raise ValueError("mean and scale must be single numbers.")

    def quantile(self, below, above):
        """Return the place with these masses on its left and right."""
        z = np.where(below < above, ndtri(below), -ndtri(above))
        return self.mean + self.scale * z

    def mass(self, left, right):
        """Return the mass of an interval, from the nearer tail."""
        left, right = self._standard(left), self._standard(right)
        flip = left > 0
        left, right = np.where(flip, -right, left), np.where(flip, -left, right)
        return ndtr(right) - ndtr(left)

    def cost(self, left, right, y):
        """Return the integral of (x - y)^2, with z phi(z) and phi(z) at both ends."""
        # Beyond 40 both are 0 in floats, as they are at infinity.
        l, r = (np.clip(self._standard(x), -40, 40) for x in (left, right))
        phi_l, phi_r = (np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) for z in (l, r))
        first, second = phi_l - phi_r, l * phi_l - r * phi_r
        mass, away = self.mass(left, right), (self.mean - y) / self.scale
        whole = mass + second + 2 * away * first + away**2 * mass
        return self.scale**2 * np.maximum(whole, 0)

    def _standard(self, x):
        return (np.asarray(x, dtype=float) - self.mean) / self.scale


@dataclass(frozen=True)
class SemiDiscreteLine:
    """Hold a transport of a density on the line to weighted sites.

    Attributes
    ----------
    y, b, g : ndarray (n,), sites in the given order, weights and potentials
    cells : ndarray (n, 2), left and right end of each cell; equal ends: an empty cell
    value : float, the cost of the monotone plan, W_2^2
    marginal_error : float, the sum over the sites of |mass of the cell - weight|, with
        the cells of the potentials, coinciding sites taken together
    gap : float, value minus the dual value of the potentials

    Examples
    --------
    >>> solution = semidiscrete_1d([0.2, 0.9], [0.3, 0.7])
    >>> solution.cells.round(12).tolist()
    [[0.0, 0.3], [0.3, 1.0]]
    """

    y: np.ndarray
    b: np.ndarray
    g: np.ndarray
    cells: np.ndarray
    value: float
    marginal_error: float
    gap: float


def semidiscrete_1d(y, b=None, *, density: Density | None = None) -> SemiDiscreteLine:
    """Return the optimal transport, cost (x - y)^2, of a density on the line to sites.

    The sites in increasing order take the density from left to right: site j the part
    between the quantiles q_(j-1), q_j of the cumulated weights, and there
    g_(j+1) - g_j = (y_(j+1) - y_j) (y_j + y_(j+1) - 2 q_j), as both are equally good
    (Santambrogio 2015, Theorem 2.9 and Section 6.4.2). The mean of g under b is 0.

    Parameters
    ----------
    y, b : array_like, shape (n,); weights on the simplex, equal if None
    density : Uniform, Gaussian or another Density; Uniform(0, 1) if None

    Raises
    ------
    ValueError
        On improper sites (finite, up to 1e50) or weights.

    Notes
    -----
    On an unbounded density the cell of a site without weight beyond all others is empty
    for no finite potential: its g is -inf.

    Examples
    --------
    >>> solution = semidiscrete_1d([0.2, 0.9], [0.3, 0.7])
    >>> round(solution.value, 7), round(float(solution.g[0] - solution.g[1]), 7)
    (0.0753333, -0.35)
    """
    density = Uniform() if density is None else density
    y, b = _checked(y, b)
    places, group = np.unique(y, return_inverse=True)
    share = np.bincount(group, b)
    cuts = _cuts(share, density)
    # Start at a site with weight: beyond the first and the last one cuts may be inf.
    rise = np.diff(places) * (places[:-1] + places[1:] - 2 * cuts)
    start = np.argmax(share > 0)
    left, right = -np.cumsum(rise[:start][::-1])[::-1], np.cumsum(rise[start:])
    g = np.concatenate([left, [0.0], right])
    heavy = share > 0
    g = g - share[heavy] @ g[heavy]
    return certify_potentials_1d(y, g[group], b, density=density)


def certify_potentials_1d(
    y, g, b=None, *, density: Density | None = None
) -> SemiDiscreteLine:
    """Return cells, marginal error and duality gap of any potentials on the line.

    Shapes and errors as `semidiscrete_1d`; g (n,) may be -inf at sites without weight.

    Examples
    --------
    >>> voronoi = certify_potentials_1d([0.25, 0.75], [0, 0], [0.4, 0.6])
    >>> round(voronoi.marginal_error, 9), voronoi.gap > 0
    (0.2, True)
    """
    density = Uniform() if density is None else density
    y, b = _checked(y, b)
    g = _checked_potentials(g, b)
    whole = _cuts(np.array([0.0, 1.0, 0.0]), density)
    cells = np.clip(_cells(y, g), *whole)
    masses = density.mass(*cells.T)
    places, group = np.unique(y, return_inverse=True)
    share = np.bincount(group, b)
    ends = np.concatenate([whole[:1], _cuts(share, density), whole[1:]])
    value = density.cost(ends[:-1], ends[1:], places).sum()
    used = (masses > 0) | (b > 0)
    dual = density.cost(*cells[used].T, y[used]).sum() + (b - masses)[used] @ g[used]
    return SemiDiscreteLine(
        y=y,
        b=b,
        g=g,
        cells=cells,
        value=float(value),
        marginal_error=float(np.abs(np.bincount(group, masses) - share).sum()),
        gap=float(value - dual),
    )


def _checked(y, b):
    """Return checked sites and weights."""
    y = real(y, "y")
    if y.ndim != 1 or len(y) == 0 or np.abs(y).max() > 1e50:
        raise ValueError(f"y must have shape (n,), n >= 1, up to 1e50; got {y.shape}.")
    return y, weights(b, len(y), "b")


def _checked_potentials(g, b):
    """Return potentials (n,), finite or, where b is 0, -inf."""
    raw = np.asarray(g, dtype=object)
    if raw.shape != b.shape:
        raise ValueError(f"g must have shape {b.shape}; got {raw.shape}.")
    without = (b == 0) & (raw == -np.inf)
    finite = real(np.where(without, 0.0, raw), "g")
    if np.abs(finite).max() > 1e100:
        raise ValueError(f"g must be at most 1e100; got {np.abs(finite).max():.3g}.")
    return np.where(without, -np.inf, finite)


def _cuts(share, density: Density):
    """Return the quantiles of the cumulated weights, 0 and 1 left out."""
    below, above = np.cumsum(share)[:-1], np.cumsum(share[::-1])[-2::-1]
    return density.quantile(below, above)


def _cells(y, g) -> np.ndarray:
    """Return the cells (n, 2) of the line, where (x - y_j)^2 - g_j is least.

    From left to right: a new site takes what lies beyond its cut with the last one, and
    hides that one when this cut comes before the last one's own cell begins.
    """
    cells = np.zeros((len(y), 2))
    order, y, g = np.lexsort((-g, y)).tolist(), y.tolist(), g.tolist()
    shown, begins = [], []
    for j in order:
        if g[j] == -np.inf or (shown and y[shown[-1]] == y[j]):
            continue
        begin = -np.inf
        while shown:
            i = shown[-1]
            begin = (y[i] + y[j]) / 2 - (g[j] - g[i]) / (2 * (y[j] - y[i]))
            if begin > begins[-1]:
                break
            shown.pop(), begins.pop()
            begin = -np.inf
        shown.append(j), begins.append(begin)
    cells[shown] = np.column_stack([begins, [*begins[1:], np.inf]])
    return cells
