"""Toy data in the plane and on the line, the count of covered modes, real digits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def ring_centres(modes: int = 8, radius: float = 2.0) -> np.ndarray:
    """Return points (modes, 2) equally spaced on a circle, the first at angle 0.

    Raises ValueError when modes < 1 or the radius is not > 0.

    Examples
    --------
    >>> ring_centres(4).round(6) + 0.0
    array([[ 2.,  0.],
           [ 0.,  2.],
           [-2.,  0.],
           [ 0., -2.]])
    """
    if modes < 1 or not radius > 0:
        raise ValueError(
            f"modes must be >= 1 and radius > 0; got {modes!r} and {radius!r}."
        )
    angles = 2 * np.pi * np.arange(modes) / modes
    return radius * np.column_stack([np.cos(angles), np.sin(angles)])


def ring(n: int, rng: np.random.Generator, *, modes=8, radius=2.0, scale=0.05):
    """Return n draws (n, 2) from the equal mixture of Gaussians N(centre, scale^2 I).

    Raises ValueError when n < 1 or scale < 0, else as `ring_centres` does.

    Examples
    --------
    >>> ring(5, np.random.default_rng(0)).shape
    (5, 2)
    """
    if n < 1 or scale < 0:
        raise ValueError(f"n must be >= 1 and scale >= 0; got {n!r} and {scale!r}.")
    centres = ring_centres(modes, radius)
    which = rng.integers(modes, size=n)
    return centres[which] + scale * rng.normal(size=(n, 2))


def two_clusters(n: int, rng: np.random.Generator, *, inner=2.0, outer=3.0):
    """Return two samples (n,): U[-outer, -inner] (the fakes) and U[inner, outer].

    Raises ValueError unless n >= 1 and 0 < inner < outer.

    Examples
    --------
    >>> fake, real = two_clusters(100, np.random.default_rng(0))
    >>> bool(fake.max() < -2 and real.min() > 2)
    True
    """
    if n < 1 or not 0 < inner < outer:
        raise ValueError(
            f"n must be >= 1 and 0 < inner < outer; got {n!r}, {inner!r}, {outer!r}."
        )
    return rng.uniform(-outer, -inner, n), rng.uniform(inner, outer, n)


@dataclass(frozen=True)
class Coverage:
    """How samples spread over modes.

    `counts` (k,) holds the samples near each centre, `covered` the number of modes with
    their minimum share, `quality` the share of all samples that lie near some centre.
    """

    counts: np.ndarray
    covered: int
    quality: float


def modes_covered(samples, centres, *, radius=0.3, min_share=0.02) -> Coverage:
    """Count, for samples (n,d), those within `radius` of each of the centres (k,d).

    A mode is covered when at least the share `min_share` of all samples lies near it.

    Raises ValueError when the shapes do not fit or radius is not > 0.

    Examples
    --------
    >>> modes_covered([[2.0, 0.1], [0.0, 2.0], [0.0, 0.0]], ring_centres()).covered
    2
    """
    x, c = np.asarray(samples, dtype=float), np.asarray(centres, dtype=float)
    if x.ndim != 2 or c.ndim != 2 or x.shape[1] != c.shape[1] or not len(x):
        raise ValueError(
            "samples and centres must have shapes (n, d) and (k, d); "
            f"got {x.shape} and {c.shape}."
        )
    if not radius > 0:
        raise ValueError(f"radius must be > 0; got {radius!r}.")
    distance = np.linalg.norm(x[:, None, :] - c[None, :, :], axis=-1)
    nearest, near = distance.argmin(axis=1), distance.min(axis=1) <= radius
    counts = np.bincount(nearest[near], minlength=len(c))
    covered = int((counts >= max(1, min_share * len(x))).sum())
    return Coverage(counts, covered, float(near.mean()))


@dataclass(frozen=True)
class Digits:
    """Handwritten digits: `images` (n, 64) with grey values in [0, 1], `labels` (n,).

    A row is a picture of 8 x 8 pixels, row by row, 0 for paper and 1 for ink.
    """

    images: np.ndarray
    labels: np.ndarray


def digits() -> Digits:
    """Return the 1797 digits that come with scikit-learn, grey values over 16.

    They are the test set of Alpaydin and Kaynak's Optical Recognition of Handwritten
    Digits (UCI Machine Learning Repository, 1998): 32 x 32 bitmaps of 13 writers whose
    pixels were counted in 4 x 4 blocks. Nothing is downloaded.

    Examples
    --------
    >>> d = digits()
    >>> d.images.shape, d.images.max(), d.labels[:5].tolist()
    ((1797, 64), np.float64(1.0), [0, 1, 2, 3, 4])
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return Digits(bunch.data / 16.0, bunch.target)
