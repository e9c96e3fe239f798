"""Divergences of densities on the line, by quadrature."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ottools.divergences.discrete import cross_entropy, entropy, l2
from ottools.measures import quadrature


def on_line(
    functional: Callable,
    p: Callable,
    q: Callable,
    breaks: Sequence[float],
    panels: int = 64,
):
    """Return an f-divergence of two densities on the line, by Gauss-Legendre panels.

    `functional` is one of kl, js, tv, hellinger, chi2 or f_divergence with a name; each
    sums terms of degree one in (p_i, q_i), so the weights w_i p(x_i), w_i q(x_i) of the
    quadrature nodes may stand in for them.

    Raises
    ------
    ValueError
        When a density has not all its mass between the first and last of `breaks`, or
        when `functional` (entropy, cross_entropy, l2) depends on the grid.

    Examples
    --------
    >>> from ottools.divergences import js
    >>> from scipy.stats import norm
    >>> round(float(on_line(js, norm.pdf, lambda x: norm.pdf(x - 1), (-9, 10))), 6)
    0.111421
    """
    if functional in (entropy, cross_entropy, l2):
        raise ValueError(
            "functional must be an f-divergence (kl, js, tv, hellinger, chi2); "
            f"got {functional.__name__}, whose value depends on the grid."
        )
    x, w = quadrature(breaks, panels)
    return functional(w * p(x), w * q(x))
