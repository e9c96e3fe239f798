"""Radial kernels as a table: how much the kernel drops, and how steeply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

# Below exp(-700) lie the subnormal numbers, on which the processor is ten times slower.
FLOOR = -700.0
# Beyond, the largest drop is of size 1, and subtracting 1 costs it no digit.
NEAR = -0.5


@dataclass(frozen=True)
class Kernel:
    """One kernel k(x, y) = phi(t), where t = |x - y|^2/bandwidth^2.

    `drop` is phi(t) - phi(0) <= 0: the weights of a difference of two laws sum to 0, so
    a constant in the kernel changes nothing, and without it no digits cancel. `slope`
    is phi'(t), and 0 at t = 0 where phi has a cusp there (`smooth` is False).
    `characteristic` tells whether the MMD vanishes for equal laws only (Sriperumbudur
    et al. 2010; for energy among laws with a mean, Szekely and Rizzo 2013). `joint`,
    where there is one, takes t, a ratio r and the largest t, and returns the drop of
    phi(r t) and its derivative by t at the cost of one of them.
    """

    drop: Callable
    slope: Callable
    smooth: bool
    characteristic: bool
    joint: Callable | None = None


def _gaussian_slope(t):
    return -0.5 * np.exp(np.maximum(-0.5 * t, FLOOR))


def _gaussian_joint(t, ratio, top):
    rate = -0.5 * ratio
    k = rate * t
    if rate * top > NEAR:
        np.expm1(k, out=k)
        return k, rate * (k + 1)
    if rate * top < FLOOR:
        np.maximum(k, FLOOR, out=k)
    slope = rate * np.exp(k, out=k)
    k -= 1
    return k, slope


def _laplace_slope(t):
    r = np.sqrt(t)
    return np.where(t > 0, -np.exp(-r) / (2 * np.where(t > 0, r, 1)), 0.0)


def _energy_slope(t):
    return np.where(t > 0, -0.5 / np.sqrt(np.where(t > 0, t, 1)), 0.0)


def _quadric_drop(t):
    root = np.sqrt(1 + t)
    return -t / (root * (1 + root))


KERNELS: dict[str, Kernel] = {
    # phi(t) = exp(-t/2)
    "gaussian": Kernel(
        lambda t: np.expm1(-0.5 * t), _gaussian_slope, True, True, _gaussian_joint
    ),
    # phi(t) = exp(-sqrt t)
    "laplace": Kernel(lambda t: np.expm1(-np.sqrt(t)), _laplace_slope, False, True),
    # phi(t) = (1 + t)^(-1/2)
    "inverse_multiquadric": Kernel(
        _quadric_drop, lambda t: -0.5 / (1 + t) / np.sqrt(1 + t), True, True
    ),
    # phi(t) = -sqrt t: the squared MMD is the energy distance over the bandwidth.
    "energy": Kernel(lambda t: -np.sqrt(t), _energy_slope, False, True),
    # phi(t) = -t/2, on differences of laws the same as <x, y>: it sees the means only.
    "linear": Kernel(lambda t: -0.5 * t, lambda t: np.full_like(t, -0.5), True, False),
}
