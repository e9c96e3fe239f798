"""Scalar functions with two derivatives, of which energies are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Term:
    """A function of one number with two derivatives, all elementwise."""

    value: Callable
    slope: Callable
    curvature: Callable


# Functions psi of s = |x|^2/2 >= 0. A potential is V(x) = psi(|x|^2/2), an interaction
# W(x - y) = psi(|x - y|^2/2), in any dimension.
RADIAL: dict[str, Term] = {
    "quadratic": Term(lambda s: s, np.ones_like, np.zeros_like),
    "quartic": Term(lambda s: s**2, lambda s: 2 * s, lambda s: 2 * np.ones_like(s)),
    # (|x|^2 - 1)^2/4: two wells on the line, a ring in the plane.
    "double_well": Term(
        lambda s: (2 * s - 1) ** 2 / 4,
        lambda s: 2 * s - 1,
        lambda s: 2 * np.ones_like(s),
    ),
    # A hollow of depth 1 and width 1: forces fade with the distance.
    "hollow": Term(
        lambda s: -np.expm1(-s), lambda s: np.exp(-s), lambda s: -np.exp(-s)
    ),
}

# Functions h of the specific volume s = 1/density. The internal energy of a density r
# is the integral of h(1/r) r; on the line McCann's condition is h convex, decreasing.
INTERNAL: dict[str, Term] = {
    # The integral of r log r: its flow is the heat equation.
    "entropy": Term(lambda s: -np.log(s), lambda s: -1 / s, lambda s: 1 / s**2),
    # The integral of r^2: its flow is dr/dt = (r^2)'', the porous medium equation.
    "porous": Term(lambda s: 1 / s, lambda s: -1 / s**2, lambda s: 2 / s**3),
}


def radial(term: Term) -> Term:
    """Return V(x) = psi(x^2/2) on the line with V' and V'', elementwise.

    Examples
    --------
    >>> well = radial(RADIAL["double_well"])
    >>> float(well.value(2.0)), float(well.slope(2.0)), float(well.curvature(2.0))
    (2.25, 6.0, 11.0)
    """
    return Term(
        lambda x: term.value(x**2 / 2),
        lambda x: term.slope(x**2 / 2) * x,
        lambda x: term.slope(x**2 / 2) + term.curvature(x**2 / 2) * x**2,
    )
