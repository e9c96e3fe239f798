"""Energies of laws on the line, as functions of N equally heavy quantiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from ottools.flows.terms import Term
from ottools.measures import real, scalar, whole

# The squares of quantiles up to here, and sums of many, are floats.
FARTHEST = 1e150


@dataclass(frozen=True)
class LineEnergy:
    """mean_i V(q_i) + (1/2) mean_ij W(q_i - q_j) + mean_i h(N (q_{i+1} - q_i)).

    Each part is a `Term` or None: V of the place, W of a difference (even), h of the
    specific volume; the last mean is over the N - 1 spacings. On the line the q_i are
    quantiles at (i - 1/2)/N, and N times a spacing is 1 over the density.
    """

    potential: Term | None = None
    interaction: Term | None = None
    internal: Term | None = None


def line_energy(energy: LineEnergy, q) -> float:
    """Return the energy of quantiles q (N,), ascending; inf for ties that cost it.

    Raises
    ------
    ValueError
        When q is no ascending array (N,) of numbers up to 1e150, or N < 2 with an
        internal energy.

    Examples
    --------
    >>> from ottools.flows import INTERNAL
    >>> entropy = LineEnergy(internal=INTERNAL["entropy"])
    >>> round(line_energy(entropy, [0.0, 1.0]), 6)
    -0.693147
    """
    return value(energy, ascending(q, energy))


def ascending(q, energy: LineEnergy) -> np.ndarray:
    """Return q (N,) as floats if it ascends and has a spacing for an internal energy.

    Raises ValueError otherwise.

    Examples
    --------
    >>> ascending([1, 1, 2], LineEnergy())
    array([1., 1., 2.])
    """
    q = real(q, "q")
    if q.ndim != 1 or len(q) == 0 or np.any(q[1:] < q[:-1]):
        raise ValueError(f"q must be ascending numbers (N,), N >= 1; got {q.shape}.")
    if (top := np.abs(q).max()) > FARTHEST:
        raise ValueError(f"q must be at most {FARTHEST:g} in modulus; got {top:.3g}.")
    if energy.internal and len(q) < 2:
        raise ValueError(
            "q must hold 2 or more quantiles for an internal energy; got 1."
        )
    return q


def value(energy: LineEnergy, q: np.ndarray) -> float:
    """Return the energy of quantiles that are known to ascend.

    Examples
    --------
    >>> from ottools.flows import RADIAL, radial
    >>> value(LineEnergy(potential=radial(RADIAL["quadratic"])), np.array([0.0, 2.0]))
    1.0
    """
    total = 0.0
    with np.errstate(over="ignore", divide="ignore"):  # no volume: infinite energy
        if energy.potential:
            total += np.mean(energy.potential.value(q))
        if energy.interaction:
            total += np.mean(energy.interaction.value(q[:, None] - q)) / 2
        if energy.internal:
            total += np.mean(energy.internal.value(len(q) * np.diff(q)))
    return float(total)


def gradient(energy: LineEnergy, q: np.ndarray) -> np.ndarray:
    """Return N times the partial derivatives (N,): minus the velocity of the flow.

    Examples
    --------
    >>> from ottools.flows import INTERNAL
    >>> gradient(LineEnergy(internal=INTERNAL["entropy"]), np.array([0.0, 2.0]))
    array([ 1., -1.])
    """
    total = np.zeros_like(q)
    if energy.potential:
        total += energy.potential.slope(q)
    if energy.interaction:
        total += energy.interaction.slope(q[:, None] - q).mean(axis=1)
    if energy.internal:
        n = len(q)
        push = energy.internal.slope(n * np.diff(q)) * n**2 / (n - 1)
        total[1:] += push
        total[:-1] -= push
    return total


def hessian_bands(energy: LineEnergy, q: np.ndarray) -> np.ndarray:
    """Return N times the second derivatives of V and h: bands (2, N), diagonal first.

    Row 1 holds the entries (i+1, i) and ends with 0, as scipy's solveh_banded takes it.

    Examples
    --------
    >>> from ottools.flows import INTERNAL
    >>> hessian_bands(LineEnergy(internal=INTERNAL["entropy"]), np.array([0.0, 2.0]))
    array([[ 0.5,  0.5],
           [-0.5,  0. ]])
    """
    bands = np.zeros((2, len(q)))
    if energy.potential:
        bands[0] += energy.potential.curvature(q)
    if energy.internal:
        n = len(q)
        stiff = energy.internal.curvature(n * np.diff(q)) * n**3 / (n - 1)
        bands[0, 1:] += stiff
        bands[0, :-1] += stiff
        bands[1, :-1] -= stiff
    return bands


def hessian_pairs(term: Term, q: np.ndarray) -> np.ndarray:
    """Return N times the second derivatives (N, N) of (1/2) mean_ij W(q_i - q_j).

    Examples
    --------
    >>> from ottools.flows import RADIAL, radial
    >>> hessian_pairs(radial(RADIAL["quadratic"]), np.array([0.0, 2.0]))
    array([[ 0.5, -0.5],
           [-0.5,  0.5]])
    """
    bend = term.curvature(q[:, None] - q) / len(q)
    return np.diag(bend.sum(axis=1)) - bend


def normal_quantiles(n: int, mean: float = 0.0, std: float = 1.0) -> np.ndarray:
    """Return the quantiles (n,) of N(mean, std^2) at (i - 1/2)/n, i = 1 ... n.

    Raises ValueError when n is no whole number >= 1, std <= 0, the mean not finite
    or a quantile no float.

    Examples
    --------
    >>> normal_quantiles(3).round(6)
    array([-0.967422,  0.      ,  0.967422])
    """
    n, m, s = whole(n, "n"), real(mean, "mean"), scalar(std, "std")
    if m.ndim:
        raise ValueError(f"mean must be one number; got shape {m.shape}.")
    with np.errstate(over="ignore"):
        return real(m + s * ndtri((np.arange(n) + 0.5) / n), "quantiles")
