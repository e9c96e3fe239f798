"""Exact optimal transport; so far between weighted points on the line."""

from __future__ import annotations

import numpy as np

from ottools.measures import probability


def wasserstein_1d(x, y, a=None, b=None, *, p: float = 1.0) -> float:
    """Return W_p of two weighted point sets on the line, by merging their quantiles.

    W_p^p is the integral over u in (0,1) of |F^-1(u) - G^-1(u)|^p; both quantile
    functions are constant between the merged jumps (Villani 2003, Theorem 2.18). For
    p = 1 this equals the integral of |F - G|.

    Parameters
    ----------
    x, y : array_like, shape (n,), (m,)
    a, b : array_like, shape (n,), (m,), weights on the simplex; equal if None
    p : float >= 1

    Raises
    ------
    ValueError
        When the shapes do not fit, a weight is improper or p < 1.

    Examples
    --------
    >>> wasserstein_1d([0.0, 1.0], [5.0, 6.0])
    5.0
    """
    if not 1 <= p < np.inf:
        raise ValueError(f"p must be finite and >= 1; got {p!r}.")
    (x, a), (y, b) = _sorted(x, a, "x", "a"), _sorted(y, b, "y", "b")
    # The last jump of both is 1 up to rounding: leave it out, end the last piece at 1.
    jumps_a, jumps_b = np.cumsum(a)[:-1], np.cumsum(b)[:-1]
    levels = np.sort(np.clip(np.concatenate([jumps_a, jumps_b]), 0, 1))
    pieces = np.diff(levels, prepend=0.0, append=1.0)
    middle = np.append(levels, 1.0) - pieces / 2
    i = np.searchsorted(jumps_a, middle)
    j = np.searchsorted(jumps_b, middle)
    return float((pieces @ np.abs(x[i] - y[j]) ** p) ** (1 / p))


def _sorted(x, a, name: str, weights: str):
    x = np.asarray(x, dtype=float)
    if x.ndim != 1 or len(x) == 0 or not np.all(np.isfinite(x)):
        raise ValueError(f"{name} must be finite, shape (n,), n >= 1; got {x.shape}.")
    a = np.full(len(x), 1 / len(x)) if a is None else probability(a, weights)
    if a.shape != x.shape:
        raise ValueError(f"{weights} must match {name} {x.shape}; got {a.shape}.")
    order = np.argsort(x, kind="stable")
    return x[order], a[order]
