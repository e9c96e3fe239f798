"""Dynamic transport by definition: loops over cells, and a general minimiser."""

from __future__ import annotations

import numpy as np
from scipy.linalg import null_space
from scipy.optimize import minimize


def action(rho0, momentum, h):
    """Return the action on the line, and the densities at all nodes, cell by cell.

    The density follows from the momentum (steps, n - 1); it is averaged between nodes,
    the momentum between faces.
    """
    steps, n = len(momentum), len(rho0)
    nodes, total = [np.array(rho0, dtype=float)], 0.0
    for m in momentum:
        after = nodes[-1].copy()
        for i in range(n - 1):
            after[i] -= m[i] / (steps * h)
            after[i + 1] += m[i] / (steps * h)
        for i in range(n):
            left = m[i - 1] if i > 0 else 0.0
            right = m[i] if i < n - 1 else 0.0
            density = (nodes[-1][i] + after[i]) / 2
            if density <= 0:
                return np.inf, nodes
            total += ((left + right) / 2) ** 2 / density * h / steps
        nodes.append(after)
    return total, nodes


def least_action(rho0, rho1, steps, h):
    """Return the least action over momenta that carry rho0 to rho1, both positive."""
    n = len(rho0)
    # Mass that has crossed each face in the end.
    crossed = np.cumsum(np.subtract(rho0, rho1))[:-1] * h
    start = np.tile(crossed, (steps, 1))
    free = null_space(np.tile(np.eye(n - 1), steps))
    momentum = lambda z: start + (free @ z).reshape(steps, n - 1)
    cost = lambda z: min(action(rho0, momentum(z), h)[0], 1e6)
    found = minimize(cost, np.zeros(free.shape[1]), method="BFGS", tol=1e-9)
    return found.fun
