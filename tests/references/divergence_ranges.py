"""The least KL at given total variation, from its parametric form."""

from __future__ import annotations

import numpy as np


def kl_edge(t):
    """Return (TV, least KL) on the curve of Fedotov, Harremoes and Topsoe (2003).

    Their V is twice the total variation; t > 0 runs along the curve.
    """
    coth = 1 / np.tanh(t)
    v = t * (1 - (coth - 1 / t) ** 2)
    value = np.log(t / np.sinh(t)) + t * coth - (t / np.sinh(t)) ** 2
    return v / 2, value
