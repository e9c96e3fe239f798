"""The squared MMD with the Gaussian kernel between laws that have a closed form."""

from __future__ import annotations

import numpy as np
from scipy.special import erf, exprel

from ottools.measures import real
from ottools.mmd.pairs import bandwidths

# exp(-x^2) is 0 in floats far before this; it keeps x^2 within range.
FAR = 1e100


def mmd2_gaussians(mean_p, scale_p, mean_q, scale_q, bandwidth) -> float:
    """Return the squared MMD of N(mean_p, scale_p^2 I) and N(mean_q, scale_q^2 I).

    E k(x,y) = (s^2/v)^(d/2) exp(-|m-m'|^2/(2v)) with v = s^2 + a^2 + b^2, bandwidth s,
    scales a, b; means have shape (d,) or are numbers (d = 1). Scales may be 0. Of
    several bandwidths the mean is taken.

    Raises ValueError when the means differ in shape, a scale is < 0 or a bandwidth is
    not > 0.

    Examples
    --------
    >>> round(mmd2_gaussians(0.0, 1.0, 1.0, 1.0, 1.0), 6)
    0.177268
    """
    p, q = np.atleast_1d(real(mean_p, "mean_p")), np.atleast_1d(real(mean_q, "mean_q"))
    if p.shape != q.shape or p.ndim != 1 or len(p) == 0:
        raise ValueError(
            f"means must have one shape (d,), d >= 1; got {p.shape} and {q.shape}."
        )
    a, b = real(scale_p, "scale_p"), real(scale_q, "scale_q")
    if a.ndim or b.ndim or min(a, b) < 0:
        raise ValueError(f"scales must be >= 0, one each; got {scale_p} and {scale_q}.")
    scales = bandwidths(bandwidth)
    return sum(_gaussians(p, a, q, b, s) for s in scales) / len(scales)


def _gaussians(p, a, q, b, s: float) -> float:
    with np.errstate(over="ignore"):  # of an infinite width the share is 0
        d, width = len(p), np.hypot(s, np.hypot(a, b))
        gap = np.minimum(2 * (np.abs(p / 2 - q / 2) / width), FAR)
        alone = [(s / np.hypot(s, np.hypot(c, c))) ** d for c in (a, b)]
    cross = (s / width) ** d
    # The same as sum(alone) - 2 cross exp(-gap^2/2), without losing a small gap.
    value = sum(alone) - 2 * cross - 2 * cross * np.expm1(-0.5 * (gap @ gap))
    return max(0.0, float(value))


def mmd2_segments(theta, bandwidth):
    """Return the squared MMD of the uniform laws on {0} x [0,1] and {theta} x [0,1].

    2 (1 - exp(-theta^2/(2 s^2))) I with I = E k(u, u') on the unit interval; `theta`
    may have any shape. Of several bandwidths the mean is taken. Raises ValueError when
    a bandwidth is not > 0 or theta is not finite.

    Examples
    --------
    >>> [float(f"{mmd2_segments(t, 1.0):.3g}") for t in (0, 0.01, 0.5, 1)]
    [0.0, 9.24e-05, 0.217, 0.727]
    """
    shift, scales = np.abs(real(theta, "theta")), bandwidths(bandwidth)
    return sum(_segments(shift, s) for s in scales) / len(scales)


def _segments(shift, s):
    # E k(u, u') = s sqrt(2 pi) erf(1/(s sqrt 2)) - 2 s^2 (1 - exp(-1/(2 s^2))).
    inside = s * (np.sqrt(2 * np.pi) * erf(min(1 / s, FAR) / np.sqrt(2)))
    inside -= exprel(-0.5 * (1 / s) ** 2) if 1 / s < FAR else 0.0
    with np.errstate(over="ignore"):
        far = np.minimum(shift / s, FAR)
    return -2 * np.expm1(-0.5 * far**2) * inside
