"""The Gaussian kernel as a mean over random waves."""

from __future__ import annotations

import numpy as np

from ottools.measures import generator, points, weights, whole
from ottools.mmd.pairs import bandwidths, prepare


def random_fourier_features(x, bandwidth, count: int, rng) -> np.ndarray:
    """Return features F (n, 2 count) whose products F F' estimate the Gaussian kernel.

    F_i = (cos <w_k, x_i>, sin <w_k, x_i>)_k/sqrt(count), w_k ~ N(0, I/s^2), so that
    <F_i, F_j> = mean_k cos <w_k, x_i - x_j> has mean k(x_i, x_j) and variance
    (1 - k^2)^2/(2 count) (Rahimi and Recht 2007; Sutherland and Schneider 2015,
    eq. 4): the error falls like count^(-1/2) in every dimension. Each wave belongs to
    one of several bandwidths, drawn at random, whose mean kernel is then estimated,
    with a variance of at most 1/count.

    Two samples need the same waves: stack them into one x.

    Raises ValueError when count is no whole number >= 1, `rng` is no numpy Generator,
    a bandwidth is not > 0 or a point lies beyond 1e150 bandwidths.

    Examples
    --------
    >>> F = random_fourier_features([0.0, 1.0], 1.0, 10_000, np.random.default_rng(0))
    >>> F.shape, (F @ F.T).round(1).tolist()
    ((2, 20000), [[1.0, 0.6], [0.6, 1.0]])
    """
    count, rng = whole(count, "count"), generator(rng)
    _, (x,), unit = prepare("gaussian", bandwidth, x=x)
    scales = np.array(bandwidths(bandwidth)) / unit
    which = rng.integers(len(scales), size=count)
    waves = rng.normal(size=(count, x.shape[1])) / scales[which, None]
    phase = x @ waves.T
    return np.hstack([np.cos(phase), np.sin(phase)]) / np.sqrt(count)


def mmd2_features(features_x, features_y, a=None, b=None) -> float:
    """Return |sum_i a_i F_i - sum_j b_j G_j|^2, the V-statistic of <F, G> as kernel.

    Shapes F (n,k), G (m,k), weights a (n,), b (m,), equal if None; the cost is linear
    in n + m. Raises ValueError when the numbers of features differ, a weight is
    improper or the value is no float.

    Examples
    --------
    >>> mmd2_features([[1.0, 0.0]], [[0.0, 1.0]])
    2.0
    """
    f, g = points(features_x, "features_x"), points(features_y, "features_y")
    if f.shape[1] != g.shape[1]:
        raise ValueError(
            "features_x and features_y must have as many features; "
            f"got {f.shape[1]} and {g.shape[1]}."
        )
    a, b = weights(a, len(f), "a"), weights(b, len(g), "b")
    with np.errstate(over="ignore", invalid="ignore"):  # reported below
        gap = a @ f - b @ g
        value = float(gap @ gap)
    if not value < np.inf:
        raise ValueError("features_x and features_y must have means within 1e154.")
    return value
