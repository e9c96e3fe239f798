"""The problems that are measured: clouds, weights, covariances, from a seed."""

from __future__ import annotations

import json
from functools import cache, lru_cache

import numpy as np

SMALLEST_SHARE = 1e-3
PIXEL_NOISE = 0.05


def mixture(n: int, components: int, rng) -> np.ndarray:
    """Draw n points of a random Gaussian mixture in the square [-2, 2]^2."""
    centres = rng.uniform(-2, 2, (components, 2))
    spreads = rng.uniform(0.2, 0.6, components)
    which = rng.choice(components, n, p=rng.dirichlet(np.full(components, 5.0)))
    return centres[which] + spreads[which, None] * rng.standard_normal((n, 2))


def gmm2d(n: int, m: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return two clouds in the plane: a mixture of four and one of five Gaussians."""
    rng = np.random.default_rng(seed)
    return mixture(n, 4, rng), mixture(m, 5, rng)


@cache
def _images() -> np.ndarray:
    from sklearn.datasets import load_digits

    return load_digits().data / 16.0


def digits(n: int, m: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return two disjoint sets of 8 x 8 digits; noisy copies when there are too few."""
    rng, images = np.random.default_rng(seed), _images()
    images = images[rng.permutation(len(images))]
    if n + m <= len(images):
        return images[:n], images[n : n + m]
    half = len(images) // 2

    def copies(pool, count):
        drawn = pool[rng.integers(0, len(pool), count)]
        return drawn + PIXEL_NOISE * rng.standard_normal(drawn.shape)

    return copies(images[:half], n), copies(images[half:], m)


CLOUDS = {"gmm2d": gmm2d, "digits": digits}


def squared_distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return |x_i - y_j|^2, shape (n, m), by one matrix product."""
    squares = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - 2 * x @ y.T
    return np.maximum(squares, 0.0)


def random_weights(n: int, rng) -> np.ndarray:
    """Return uniform random weights on the simplex, none below a thousandth of 1/n."""
    a = np.maximum(rng.dirichlet(np.ones(n)), SMALLEST_SHARE / n)
    return a / a.sum()


def transport(case: dict) -> dict:
    """Return x, y, C, a, b and eps, which the case gives relative to the mean."""
    return dict(_transport(json.dumps(case)))


@lru_cache(maxsize=1)
def _transport(text: str) -> dict:
    case = json.loads(text)
    n, m = case["n"], case.get("m", case["n"])
    x, y = CLOUDS[case["family"]](n, m, case.get("seed", 0))
    rng = np.random.default_rng([case.get("seed", 0), 99])
    equal = case.get("weights", "equal") == "equal"
    a = np.full(n, 1 / n) if equal else random_weights(n, rng)
    b = np.full(m, 1 / m) if equal else random_weights(m, rng)
    C = squared_distances(x, y)
    eps = case.get("eps", 0.0) * C.mean()
    return {"x": x, "y": y, "C": C, "a": a, "b": b, "eps": float(eps)}


def line(case: dict) -> dict:
    """Return pairs of samples on the line, columns of (n, batch), and weights."""
    n, rng = case["n"], np.random.default_rng(case.get("seed", 0))
    shape = (n, case["batch"]) if "batch" in case else (n,)
    x, y = rng.standard_normal(shape), 1.5 * rng.standard_normal(shape) + 0.3
    if case.get("weights", "equal") == "equal":
        return {"x": x, "y": y, "a": None, "b": None}
    return {
        "x": x,
        "y": y,
        "a": random_weights(n, rng),
        "b": random_weights(n, rng),
    }


def covariance(d: int, rng, smallest: float = 0.05) -> np.ndarray:
    """Return a random covariance with standard deviations from 1 down to `smallest`."""
    turn, _ = np.linalg.qr(rng.standard_normal((d, d)))
    return (turn * np.geomspace(1, smallest, d) ** 2) @ turn.T


def gaussian_pair(d: int, rng) -> dict:
    """Return covariances A and B = T A T with their map T, so the answer is known.

    T is symmetric and positive, hence optimal (Brenier): the squared Bures distance
    is tr A + tr B - 2 tr(A T).
    """
    A, T = covariance(d, rng), covariance(d, rng, 0.5) + 0.5 * np.eye(d)
    A, T = (A + A.T) / 2, (T + T.T) / 2
    B = T @ A @ T
    B = (B + B.T) / 2
    squared = np.trace(A) + np.trace(B) - 2 * np.trace(A @ T)
    return {"A": A, "B": B, "T": T, "distance": float(np.sqrt(squared))}
