"""Energies of n equally heavy particles, each with its gradient beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from ottools.flows import line
from ottools.flows.terms import INTERNAL, RADIAL, Term
from ottools.measures import points, weights
from ottools.mmd import mmd2_gradient
from ottools.mmd.pairs import prepare


@dataclass(frozen=True)
class Energy:
    """A function of points x (n, d), and n times its derivative in each point (n, d).

    The factor n makes `gradient` the gradient in Wasserstein space: particles that move
    by dx_i/dt = -gradient_i lose energy at the rate mean_i |gradient_i|^2.
    """

    value: Callable
    gradient: Callable


def potential_energy(term: Term) -> Energy:
    """Return mean_i psi(|x_i|^2/2), the energy of a radial potential.

    Examples
    --------
    >>> energy = potential_energy(RADIAL["quadratic"])
    >>> x = np.array([[3.0, 4.0]])
    >>> energy.value(x), energy.gradient(x)
    (12.5, array([[3., 4.]]))
    """
    return Energy(
        lambda x: float(np.mean(term.value(_half_square(x)))),
        lambda x: term.slope(_half_square(x))[:, None] * x,
    )


def interaction_energy(term: Term) -> Energy:
    """Return (1/2) mean_ij psi(|x_i - x_j|^2/2), the energy of a radial interaction.

    Examples
    --------
    >>> energy = interaction_energy(RADIAL["quadratic"])
    >>> x = np.array([[0.0], [2.0]])
    >>> energy.value(x), energy.gradient(x).tolist()
    (0.5, [[-1.0], [1.0]])
    """

    def halves(x):
        return cdist(x, x, "sqeuclidean") / 2

    def gradient(x):
        pull = term.slope(halves(x)) / len(x)
        return pull.sum(axis=1)[:, None] * x - pull @ x

    return Energy(lambda x: float(np.mean(term.value(halves(x)))) / 2, gradient)


def mmd_energy(y, bandwidth, b=None, *, kernel: str = "gaussian") -> Energy:
    """Return (1/2) MMD^2 of the particles and the points y (m, d) with weights b (m,).

    The V-statistic of `ottools.mmd`; its flow is that of Arbel, Korba, Salim and
    Gretton 2019.

    Raises ValueError as `mmd2_gradient` when the arguments are improper.

    Examples
    --------
    >>> energy = mmd_energy([[1.0]], 1.0)
    >>> round(energy.value(np.array([[0.0]])), 6)
    0.393469
    """
    y = points(y, "y")
    b = weights(b, len(y), "b")
    prepare(kernel, bandwidth, y=y)  # objects at once, not at the first use

    def both(x):
        return mmd2_gradient(x, y, bandwidth, None, b, kernel=kernel)

    return Energy(
        lambda x: both(x).value / 2, lambda x: both(x).gradient * (len(x) / 2)
    )


def line_internal_energy(term: Term) -> Energy:
    """Return mean_i h(n (x_{i+1} - x_i)) of the sorted particles x (n, 1), n >= 2.

    Particles stand for the quantiles of a law on the line, as in `LineEnergy`; equal
    ones have the energy inf, and no gradient: ValueError.

    Examples
    --------
    >>> energy = line_internal_energy(INTERNAL["entropy"])
    >>> energy.gradient(np.array([[2.0], [0.0]])).tolist()
    [[-1.0], [1.0]]
    """
    energy = line.LineEnergy(internal=term)

    def sort(x):
        if x.shape[1] != 1 or len(x) < 2:
            raise ValueError(f"x must have shape (n, 1), n >= 2; got {x.shape}.")
        order = np.argsort(x[:, 0], kind="stable")
        return order, x[order, 0]

    def gradient(x):
        order, q = sort(x)
        if np.any(np.diff(q) == 0):
            raise ValueError("x must hold distinct particles: ties have no gradient.")
        g = np.empty_like(x)
        g[order, 0] = line.gradient(energy, q)
        return g

    return Energy(lambda x: line.value(energy, sort(x)[1]), gradient)


def total(*energies: Energy) -> Energy:
    """Return the sum of energies.

    Examples
    --------
    >>> twice = total(ENERGIES["confinement"], ENERGIES["confinement"])
    >>> twice.value(np.array([[2.0]]))
    4.0
    """
    return Energy(
        lambda x: sum(e.value(x) for e in energies),
        lambda x: sum(e.gradient(x) for e in energies),
    )


def _half_square(x) -> np.ndarray:
    return np.sum(x**2, axis=1) / 2


ENERGIES: dict[str, Energy] = {
    "confinement": potential_energy(RADIAL["quadratic"]),
    "double_well": potential_energy(RADIAL["double_well"]),
    "attraction": interaction_energy(RADIAL["quadratic"]),
    "short_attraction": interaction_energy(RADIAL["hollow"]),
    # Attraction far away, repulsion near by: particles settle on a ring.
    "ring": interaction_energy(RADIAL["double_well"]),
    "entropy": line_internal_energy(INTERNAL["entropy"]),
    "porous": line_internal_energy(INTERNAL["porous"]),
}
