"""Particles that descend an energy, certified by the dissipation identity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.integrate import simpson

from ottools.convergence import ConvergenceError
from ottools.flows.energies import Energy
from ottools.integrators import Trajectory, integrate
from ottools.measures import points, real, scalar, whole


@dataclass(frozen=True)
class ParticleFlow:
    """Particles x (k+1, n, d) at times (k+1,), their energies and what certifies them.

    `energies` (k+1,); `dissipation` (k+1,) is mean_i |gradient_i|^2. `defect` is the
    distance between the energy lost and the time integral of the dissipation, 0 for
    the exact flow; `error` (k+1,) is the estimate of `Trajectory`. Both are inf, that
    is unknown, where a state is too large for them.
    """

    times: np.ndarray
    x: np.ndarray
    energies: np.ndarray
    dissipation: np.ndarray
    defect: float
    error: np.ndarray


def particle_flow(
    energy: Energy, x0, step, steps: int, *, method: str = "rk4"
) -> ParticleFlow:
    """Return the flow dx_i/dt = -gradient_i(x), the gradient flow of the energy in W_2.

    Along it dE/dt = -mean_i |gradient_i|^2 (Ambrosio, Gigli and Savare 2008,
    Section 11.1), which the defect measures: it vanishes like step^p, p the order of
    the method in METHODS of `ottools.integrators`.

    Parameters
    ----------
    energy : Energy
    x0 : array_like, shape (n, d), or (n,) on the line
    step : float > 0
    steps : int >= 1

    Raises
    ------
    ValueError
        When x0 is improper, step <= 0, steps < 1 or the method is unknown.
    ConvergenceError
        When a state is not finite; `last` is the flow up to there.

    Examples
    --------
    >>> from ottools.flows import ENERGIES
    >>> flow = particle_flow(ENERGIES["confinement"], [1.0], 0.1, 10)
    >>> round(float(flow.x[-1, 0, 0]), 6), flow.defect < 1e-5
    (0.36788, True)
    """
    x0, h = points(x0, "x0"), scalar(step, "step")
    with np.errstate(over="ignore"):  # integrate reports it
        times = h * np.arange(whole(steps, "steps") + 1)
    try:
        path = integrate(lambda _, x: -energy.gradient(x), x0, times, method=method)
    except ConvergenceError as error:
        raise ConvergenceError(
            str(error), last=_certified(energy, error.last)
        ) from error
    return _certified(energy, path)


def dissipation_defect(energy: Energy, times, x) -> float:
    """Return |E(x_0) - E(x_k) - integral of mean_i |gradient_i|^2 dt| of any states.

    Simpson's rule over times (k+1,) and states x (k+1, n, d); its error is O(step^4).

    Raises ValueError when the shapes do not fit or a number is not finite.

    Examples
    --------
    >>> from ottools.flows import ENERGIES
    >>> t = np.linspace(0.0, 1.0, 11)
    >>> exact = np.exp(-t)[:, None, None]
    >>> dissipation_defect(ENERGIES["confinement"], t, exact) < 1e-5
    True
    """
    _, _, defect = _balance(energy, *states(times, x))
    return defect


def states(times, x) -> tuple[np.ndarray, np.ndarray]:
    """Return times (k+1,) and states x (k+1, n, d) as floats.

    Raises ValueError when the shapes do not fit or a number is not finite.

    Examples
    --------
    >>> [z.shape for z in states([0, 1], [[[1.0]], [[2.0]]])]
    [(2,), (2, 1, 1)]
    """
    times, x = real(times, "times"), real(x, "x")
    if times.ndim != 1 or x.ndim != 3 or len(times) != len(x) or 0 in x.shape:
        raise ValueError(
            "times and x must have shapes (k + 1,) and (k + 1, n, d); got "
            f"{times.shape} and {x.shape}."
        )
    return times, x


def _certified(energy: Energy, path: Trajectory) -> ParticleFlow:
    energies, dissipation, defect = _balance(energy, path.times, path.x)
    return ParticleFlow(path.times, path.x, energies, dissipation, defect, path.error)


def _balance(energy: Energy, times, x):
    # Before a run explodes, its energy does: an infinite defect says so.
    with np.errstate(over="ignore", invalid="ignore"):
        energies = np.array([energy.value(state) for state in x])
        slopes = np.array([energy.gradient(state) for state in x])
        dissipation = np.mean(np.sum(slopes**2, axis=2), axis=1)
        defect = abs(energies[0] - energies[-1] - simpson(dissipation, x=times))
    known = np.isfinite(defect)
    return energies, dissipation, float(defect) if known else np.inf
