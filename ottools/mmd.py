"""Maximum mean discrepancy with the Gaussian kernel exp(-|x-y|^2/(2 bandwidth^2))."""

from __future__ import annotations

import numpy as np
from scipy.special import erf

from ottools.measures import positive


def gaussian_kernel(x, y, bandwidth) -> np.ndarray:
    """Return K_ij = exp(-|x_i - y_j|^2/(2 bandwidth^2)), x (n,d), y (m,d) give (n,m).

    Arrays (n,) are taken as points on the line. Raises ValueError when the dimensions
    differ or the bandwidth is not > 0.

    Examples
    --------
    >>> gaussian_kernel([0.0], [0.0, 2.0], 1.0).round(6)
    array([[1.      , 0.135335]])
    """
    s = positive(bandwidth, "bandwidth")
    a, b = _points(x, "x"), _points(y, "y")
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            f"x and y must have one dimension; got {a.shape[1]} and {b.shape[1]}."
        )
    squares = ((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=-1)
    return np.exp(-squares / (2 * s**2))


def _points(x, name: str) -> np.ndarray:
    points = np.asarray(x, dtype=float)
    points = points[:, None] if points.ndim == 1 else points
    if points.ndim != 2 or len(points) == 0:
        raise ValueError(f"{name} must have shape (n, d), n >= 1; got {points.shape}.")
    return points


def mmd2_biased(x, y, bandwidth) -> float:
    """Return the V-statistic: squared MMD between the two empirical laws, >= 0.

    Mean of K_xx + mean of K_yy - 2 mean of K_xy, diagonals included (Gretton et al.
    2012, eq. 5). Shapes x (n,d), y (m,d). Raises ValueError as `gaussian_kernel` does.

    Examples
    --------
    >>> round(mmd2_biased([0.0], [1.0], 1.0), 6)
    0.786939
    """
    xx, yy = gaussian_kernel(x, x, bandwidth), gaussian_kernel(y, y, bandwidth)
    return float(xx.mean() + yy.mean() - 2 * gaussian_kernel(x, y, bandwidth).mean())


def mmd2_unbiased(x, y, bandwidth) -> float:
    """Return the U-statistic: unbiased for the squared MMD, possibly negative.

    As the V-statistic, without the diagonals of K_xx and K_yy (Gretton et al. 2012,
    eq. 3). Shapes x (n,d), y (m,d).

    Raises ValueError when a sample has fewer than two points, else as
    `gaussian_kernel` does.

    Examples
    --------
    >>> round(mmd2_unbiased([0.0, 1.0], [0.0, 1.0], 1.0), 6)
    -0.393469
    """
    xx, yy = gaussian_kernel(x, x, bandwidth), gaussian_kernel(y, y, bandwidth)
    n, m = len(xx), len(yy)
    if min(n, m) < 2:
        raise ValueError(f"x and y must have 2 or more points each; got {n} and {m}.")
    within = (xx.sum() - n) / (n * (n - 1)) + (yy.sum() - m) / (m * (m - 1))
    return float(within - 2 * gaussian_kernel(x, y, bandwidth).mean())


def mmd2_gaussians(mean_p, scale_p, mean_q, scale_q, bandwidth) -> float:
    """Return the squared MMD of N(mean_p, scale_p^2 I) and N(mean_q, scale_q^2 I).

    E k(x,y) = (s^2/v)^(d/2) exp(-|m-m'|^2/(2v)) with v = s^2 + a^2 + b^2, bandwidth s,
    scales a, b; means have shape (d,) or are numbers (d = 1). Scales may be 0.

    Raises ValueError when the means differ in shape, a scale is < 0 or the bandwidth
    is not > 0.

    Examples
    --------
    >>> round(mmd2_gaussians(0.0, 1.0, 1.0, 1.0, 1.0), 6)
    0.177268
    """
    s2 = float(positive(bandwidth, "bandwidth")) ** 2
    p, q = np.atleast_1d(mean_p).astype(float), np.atleast_1d(mean_q).astype(float)
    if p.shape != q.shape:
        raise ValueError(f"means must have one shape; got {p.shape} and {q.shape}.")
    if min(scale_p, scale_q) < 0:
        raise ValueError(f"scales must be >= 0; got {scale_p} and {scale_q}.")

    def mean_kernel(a, b, gap):
        v = s2 + a**2 + b**2
        return (s2 / v) ** (len(gap) / 2) * np.exp(-(gap @ gap) / (2 * v))

    within = mean_kernel(scale_p, scale_p, p - p) + mean_kernel(scale_q, scale_q, q - q)
    return float(within - 2 * mean_kernel(scale_p, scale_q, p - q))


def mmd2_segments(theta, bandwidth):
    """Return the squared MMD of the uniform laws on {0} x [0,1] and {theta} x [0,1].

    2 (1 - exp(-theta^2/(2 s^2))) I with I = E k(u, u') on the unit interval; `theta`
    may have any shape. Raises ValueError when the bandwidth is not > 0.

    Examples
    --------
    >>> [float(f"{mmd2_segments(t, 1.0):.3g}") for t in (0, 0.01, 0.5, 1)]
    [0.0, 9.24e-05, 0.217, 0.727]
    """
    s = positive(bandwidth, "bandwidth")
    inside = s * np.sqrt(2 * np.pi) * erf(1 / (s * np.sqrt(2)))
    inside -= 2 * s**2 * -np.expm1(-1 / (2 * s**2))
    return -2 * np.expm1(-(np.asarray(theta, dtype=float) ** 2) / (2 * s**2)) * inside
