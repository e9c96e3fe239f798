"""McCann's interpolation: mass travels in straight lines at constant speed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ottools.measures import points, probability, real


def displacement_interpolation(P, x, y, t: float):
    """Return the points (1 - t) x_i + t y_j and their weights P_ij where P_ij > 0.

    For an optimal plan, cost |x - y|^2, these are the geodesics of W_2: with z_t the
    measure at time t, W_2(z_s, z_t) = |t - s| W_2(z_0, z_1) (McCann 1997).

    Parameters
    ----------
    P : array_like, shape (n, m), a plan; or integers (n,), the index j of the point to
        which x_i goes, for equal weights
    x, y : array_like, shape (n, d), (m, d)
    t : float in [0, 1]

    Returns
    -------
    points, weights : ndarray (k, d), (k,)

    Raises
    ------
    ValueError
        When shapes do not fit, P is no plan or assignment, or t is outside [0, 1].

    Examples
    --------
    >>> z, w = displacement_interpolation([1, 0], [0.0, 1.0], [5.0, 3.0], 0.5)
    >>> z.tolist(), w.tolist()
    ([[1.5], [3.0]], [0.5, 0.5])
    """
    x, y, t = points(x, "x"), points(y, "y"), _time(t)
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            f"x and y must have as many coordinates; got {x.shape} and {y.shape}."
        )
    i, j, w = _support(P, len(x), len(y))
    return (1 - t) * x[i] + t * y[j], w


def _time(t) -> float:
    """Return a time in [0, 1]."""
    t = real(t, "t")
    if t.ndim or not 0 <= t <= 1:
        raise ValueError(f"t must be a number in [0, 1]; got {t}.")
    return float(t)


def _support(P, n: int, m: int):
    """Return rows, columns and weights of the positive entries of a plan."""
    given, P = P, real(P, "P")
    if P.ndim == 1:
        fits = P.shape == (n,) and np.asarray(given).dtype.kind in "iu"
        if not fits or P.min() < 0 or P.max() >= m:
            raise ValueError(
                f"P, an assignment, must hold {n} integers from 0 to {m - 1}; got {P}."
            )
        return np.arange(n), P.astype(np.intp), np.full(n, 1 / n)
    if P.shape != (n, m):
        raise ValueError(f"P must have shape ({n}, {m}) or ({n},); got {P.shape}.")
    w = probability(P.ravel(), "P")
    used = np.flatnonzero(w)
    return used // m, used % m, w[used]


@dataclass(frozen=True)
class Histogram:
    """Hold a probability on the line that is uniform between neighbouring edges.

    Attributes
    ----------
    edges : ndarray (n + 1,), increasing
    masses : ndarray (n,), weights on the simplex

    Raises
    ------
    ValueError
        When edges do not increase, or masses are no weights, one for each piece.

    Examples
    --------
    >>> Histogram([0.0, 1.0, 3.0], [0.5, 0.5]).density.tolist()
    [0.5, 0.25]
    """

    edges: np.ndarray
    masses: np.ndarray

    def __post_init__(self):
        edges, masses = real(self.edges, "edges"), real(self.masses, "masses")
        if edges.ndim != 1 or len(edges) < 2 or np.any(np.diff(edges) <= 0):
            raise ValueError(f"edges must be two or more, increasing; got {edges}.")
        if masses.shape != (len(edges) - 1,):
            raise ValueError(
                f"masses must have shape ({len(edges) - 1},); got {masses.shape}."
            )
        object.__setattr__(self, "edges", edges)
        object.__setattr__(self, "masses", probability(masses, "masses"))

    @property
    def density(self) -> np.ndarray:
        """Return the density (n,) on each piece."""
        return self.masses / np.diff(self.edges)

    def rebinned(self, edges) -> Histogram:
        """Return the masses between other edges, which must hold all the mass.

        Raises ValueError when they do not.

        Examples
        --------
        >>> Histogram([0.0, 2.0], [1.0]).rebinned([0.0, 0.5, 2.0]).masses.tolist()
        [0.25, 0.75]
        """
        edges = np.atleast_1d(real(edges, "edges"))
        levels = np.append(0.0, np.cumsum(self.masses))
        masses = np.diff(np.interp(edges, self.edges, levels))
        return Histogram(edges, masses)

    def quantile_pieces(self):
        """Return levels u (k + 1,) and the linear pieces of the quantile function.

        Between u_i and u_(i+1) it rises from `left` (k,) to `right` (k,); pieces
        without mass are left out, so it jumps over them.

        Examples
        --------
        >>> u, left, right = Histogram([0, 1, 2, 4], [0.5, 0, 0.5]).quantile_pieces()
        >>> left.tolist(), right.tolist()
        ([0.0, 2.0], [1.0, 4.0])
        """
        levels = np.append(0.0, np.cumsum(self.masses))
        levels /= levels[-1]
        used = np.diff(levels) > 0
        u = np.append(0.0, levels[1:][used])
        return u, self.edges[:-1][used], self.edges[1:][used]


def histogram_distance(mu: Histogram, nu: Histogram) -> float:
    """Return W_2 of two histograms, exactly.

    The quantile functions are linear between common levels, so the integral of the
    square of their difference is a sum of du (d^2 + d e + e^2) / 3, d and e the
    differences at both ends (Villani 2003, Theorem 2.18).

    Examples
    --------
    >>> histogram_distance(Histogram([0, 1], [1.0]), Histogram([3, 4], [1.0]))
    3.0
    """
    levels, (l0, r0), (l1, r1) = _together(mu, nu)
    d, e = l0 - l1, r0 - r1
    return float(np.sqrt(np.diff(levels) @ (d * d + d * e + e * e) / 3))


def interpolate_histograms(mu: Histogram, nu: Histogram, t: float) -> Histogram:
    """Return the histogram with quantile function (1 - t) F_mu^-1 + t F_nu^-1.

    This is McCann's interpolation on the line; it is again a histogram, exactly, on
    more pieces.

    Raises
    ------
    ValueError
        When t is outside [0, 1].

    Examples
    --------
    >>> mu, nu = Histogram([0, 1], [1.0]), Histogram([4, 7], [1.0])
    >>> interpolate_histograms(mu, nu, 0.5).edges.tolist()
    [2.0, 4.0]
    """
    t = _time(t)
    levels, (l0, r0), (l1, r1) = _together(mu, nu)
    ends = np.column_stack([(1 - t) * l0 + t * l1, (1 - t) * r0 + t * r1]).ravel()
    edges = np.maximum.accumulate(ends)
    masses = np.zeros(len(edges) - 1)
    masses[::2] = np.diff(levels)
    # Gaps without width, and pieces that only rounding of the levels has made.
    real_pieces = np.diff(edges) > 0
    masses = masses[real_pieces]
    return Histogram(np.append(edges[0], edges[1:][real_pieces]), masses / masses.sum())


def _together(mu: Histogram, nu: Histogram):
    """Return common levels, and both ends of each quantile function's linear pieces."""
    parts = [mu.quantile_pieces(), nu.quantile_pieces()]
    levels = np.unique(np.concatenate([u for u, _, _ in parts]))
    middle = (levels[:-1] + levels[1:]) / 2
    ends = []
    for u, left, right in parts:
        i = np.searchsorted(u, middle) - 1
        share = [(v - u[i]) / np.diff(u)[i] for v in (levels[:-1], levels[1:])]
        ends.append([left[i] + (right - left)[i] * s for s in share])
    return levels, *ends
