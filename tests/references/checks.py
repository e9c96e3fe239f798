"""The two universal checkers: order of convergence by slopes, gradients by differences.

A solver of order p, run with the steps h, has errors C h^p: the slope of log error
against log h is p. A gradient g of f has <g, d> = (f(x + h d) - f(x - h d))/(2h), up to
O(h^2), for every direction d.
"""

from __future__ import annotations

import numpy as np


def order(error, steps) -> float:
    """Slope of log error(h) against log h over the given steps."""
    errors = [error(h) for h in steps]
    return float(np.polyfit(np.log(steps), np.log(errors), 1)[0])


def slope_error(f, gradient, x, rng, h=1e-5):
    """|<gradient, d> - central difference| over size, for one random direction d."""
    d = rng.normal(size=np.shape(x))
    slope = (f(x + h * d) - f(x - h * d)) / (2 * h)
    return abs(np.sum(gradient * d) - slope) / (1 + abs(slope))
