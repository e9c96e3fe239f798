"""Linear models of a cloud in closed form: PCA, probabilistic PCA, the Wiener filter.

All of them are read off the eigenvalues l_1 >= ... >= l_d and eigenvectors of the
covariance C = mean of (x - m)(x - m)^T, which divides by n. The tied linear
autoencoder x -> W^T W x stands beside them as error, gradient and descent, to be
compared with what PCA says that it must reach.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ottools.convergence import ConvergenceError
from ottools.measures import points, positive

__all__ = [
    "PCA",
    "PPCA",
    "TiedDescent",
    "Wiener",
    "covariance",
    "pca",
    "ppca",
    "reconstruction_error",
    "tied_descent",
    "tied_error",
    "tied_gradient",
    "wiener",
]


def covariance(x) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean (d,) and the covariance (d, d) of points x (n, d), over n.

    Raises ValueError when the points cannot be read.

    Examples
    --------
    >>> m, C = covariance([[0.0, 0.0], [2.0, 4.0]])
    >>> m.tolist(), C.tolist()
    ([1.0, 2.0], [[1.0, 2.0], [2.0, 4.0]])
    """
    x = points(x)
    mean = x.mean(axis=0)
    centred = x - mean
    return mean, centred.T @ centred / len(x)


def reconstruction_error(x, y) -> float:
    """Return the mean over the rows of |x_i - y_i|^2 for points x, y (n, d).

    Raises ValueError when the shapes differ.

    Examples
    --------
    >>> reconstruction_error([[0.0, 0.0], [1.0, 1.0]], [[0.0, 2.0], [1.0, 1.0]])
    2.0
    """
    x, y = points(x), points(y, "y")
    if x.shape != y.shape:
        raise ValueError(f"x and y must have one shape; got {x.shape} and {y.shape}.")
    return float(((x - y) ** 2).sum(axis=1).mean())


@dataclass(frozen=True)
class PCA:
    """The affine plane of dimension k nearest to a cloud.

    `components` (k, d) are orthonormal rows, `eigenvalues` (d,) are those of the whole
    covariance in falling order, `error` the sum of the d - k discarded ones.
    """

    mean: np.ndarray
    components: np.ndarray
    eigenvalues: np.ndarray
    error: float

    def encode(self, x) -> np.ndarray:
        """Return the coordinates (n, k) of points x (n, d) in the plane."""
        return (points(x) - self.mean) @ self.components.T

    def decode(self, h) -> np.ndarray:
        """Return the points (n, d) of the plane with coordinates h (n, k)."""
        return self.mean + points(h, "h") @ self.components


def pca(x, k: int) -> PCA:
    """Return the PCA of points x (n, d) with k components.

    The mean squared distance to the plane is l_{k+1} + ... + l_d, and no plane has a
    smaller one (Eckart and Young 1936). The sign of a component is such that its
    largest entry in absolute value is positive.

    Raises ValueError unless 1 <= k <= d.

    Examples
    --------
    >>> fit = pca([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]], 1)
    >>> fit.eigenvalues.tolist(), fit.error
    ([4.5, 0.5], 0.5)
    """
    mean, C = covariance(x)
    k = _rank(k, len(C), "d")
    values, vectors = np.linalg.eigh(C)
    values, rows = np.maximum(values[::-1], 0.0), vectors.T[::-1][:k]
    largest = rows[np.arange(k), np.abs(rows).argmax(axis=1)]
    rows = rows * np.sign(largest)[:, None]
    return PCA(mean, rows, values, float(values[k:].sum()))


def _rank(k, limit: int, name: str) -> int:
    if not isinstance(k, int | np.integer) or not 1 <= k <= limit:
        raise ValueError(f"k must be an integer in 1..{name} = {limit}; got {k!r}.")
    return int(k)


@dataclass(frozen=True)
class PPCA:
    """The Gaussian N(mean, W^T W + noise I) that fits a cloud best.

    `weights` (k, d) are the rows of W, `noise` is the variance outside their span and
    `log_likelihood` the mean log-density of the cloud.
    """

    mean: np.ndarray
    weights: np.ndarray
    noise: float
    log_likelihood: float


def ppca(x, k: int) -> PPCA:
    """Return the maximum-likelihood probabilistic PCA of points x (n, d).

    x = m + W^T z + e with z ~ N(0, I_k), e ~ N(0, s I_d): s is the mean of the
    discarded eigenvalues and W has the rows sqrt(l_i - s) u_i (Tipping and Bishop 1999,
    Eqs. 7 and 8); the mean log-density is
    -(d log 2 pi + log l_1 + ... + log l_k + (d - k) log s + d) / 2.

    Raises ValueError unless 1 <= k < d and the discarded variance is positive.

    Examples
    --------
    >>> fit = ppca([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]], 1)
    >>> fit.noise, round(fit.log_likelihood, 4)
    (0.5, -3.2433)
    """
    fit = pca(x, _rank(k, points(x).shape[1] - 1, "d - 1"))
    d, kept = len(fit.eigenvalues), fit.eigenvalues[:k]
    noise = fit.error / (d - k)
    if not noise > 1e-13 * kept[0]:
        raise ValueError(
            f"x must vary in more than k = {k} dimensions; the rest has {noise:.1e}."
        )
    logdet = np.log(kept).sum() + (d - k) * np.log(noise)
    weights = np.sqrt(np.maximum(kept - noise, 0.0))[:, None] * fit.components
    value = -(d * np.log(2 * np.pi) + logdet + d) / 2
    return PPCA(fit.mean, weights, noise, float(value))


@dataclass(frozen=True)
class Wiener:
    """The affine map that best removes noise: y -> mean + (y - mean) matrix.

    `matrix` (d, d) is symmetric; `error` is the mean squared error that remains for
    data with the mean and covariance of the cloud.
    """

    mean: np.ndarray
    matrix: np.ndarray
    error: float

    def __call__(self, y) -> np.ndarray:
        """Return the denoised points (n, d) of noisy points y (n, d)."""
        return self.mean + (points(y, "y") - self.mean) @ self.matrix


def wiener(x, sigma: float) -> Wiener:
    """Return the best affine denoiser of x + N(0, sigma^2 I) for a cloud x (n, d).

    The matrix is C (C + sigma^2 I)^{-1}; what remains is the sum of
    l_i sigma^2 / (l_i + sigma^2).

    Raises ValueError unless sigma > 0.

    Examples
    --------
    >>> wiener([[1.0], [-1.0]], 1.0).error
    0.5
    """
    mean, C = covariance(x)
    noise = positive(sigma, "sigma") ** 2
    values, vectors = np.linalg.eigh(C)
    gain = np.maximum(values, 0.0) / (np.maximum(values, 0.0) + noise)
    return Wiener(mean, (vectors * gain) @ vectors.T, float(noise * gain.sum()))


def tied_error(C, W) -> float:
    """Return J(W) = tr C - 2 tr W C W^T + tr W C W^T W W^T of x -> W^T W x.

    Shapes: C (d, d) symmetric, W (k, d). J is the mean of |x - W^T W x|^2 over centred
    points with covariance C. Raises ValueError when the shapes do not fit.

    Examples
    --------
    >>> tied_error([[4.5, 0.0], [0.0, 0.5]], [[1.0, 0.0]])
    0.5
    """
    C, W = _fitting(C, W)
    seen = W @ C @ W.T
    return float(np.trace(C) - 2 * np.trace(seen) + np.sum(seen * (W @ W.T)))


def tied_gradient(C, W) -> np.ndarray:
    """Return the gradient (k, d) of `tied_error`: 2 (W W^T W C + W C W^T W) - 4 W C.

    Examples
    --------
    >>> tied_gradient([[4.5, 0.0], [0.0, 0.5]], [[1.0, 0.0]]).tolist()
    [[0.0, 0.0]]
    """
    C, W = _fitting(C, W)
    WC = W @ C
    return 2 * (W @ W.T @ WC + WC @ W.T @ W) - 4 * WC


def _fitting(C, W) -> tuple[np.ndarray, np.ndarray]:
    C, W = points(C, "C"), points(W, "W")
    if C.shape != (W.shape[1], W.shape[1]):
        raise ValueError(
            f"C (d, d) and W (k, d) must fit; got {C.shape} and {W.shape}."
        )
    return C, W


@dataclass(frozen=True)
class TiedDescent:
    """Where gradient descent on J came to rest, and how.

    `path` (steps + 1, k, d) holds all iterates, `errors` (steps + 1,) their J; `slope`
    is the norm of the gradient at the last one, relative to that at a matrix of size 1.
    """

    weights: np.ndarray
    errors: np.ndarray
    path: np.ndarray
    slope: float


def tied_descent(
    C, W, *, lr: float = 0.2, tol: float = 1e-9, max_iter: int = 5000
) -> TiedDescent:
    """Descend J from W (k, d) by steps lr / l_1 until the slope is below tol.

    l_1 is the largest eigenvalue of C (d, d); with the step so scaled the path does not
    depend on the unit of the data. Near the minimum the curvature is at most 8 l_1.

    Raises ValueError on bad input, ConvergenceError with the last iterate when max_iter
    steps do not suffice.

    Examples
    --------
    >>> tied_descent([[4.5, 0.0], [0.0, 0.5]], [[0.6, 0.8]]).weights.round(6) + 0.0
    array([[1., 0.]])
    """
    C, W = _fitting(C, W)
    lr, tol = positive(lr, "lr"), positive(tol, "tol")
    if not isinstance(max_iter, int | np.integer) or max_iter < 1:
        raise ValueError(f"max_iter must be an integer >= 1; got {max_iter!r}.")
    scale = positive(np.linalg.eigvalsh(C)[-1], "the largest eigenvalue of C")
    path = [W]
    for _ in range(max_iter):
        step = tied_gradient(C, path[-1]) / scale
        if np.linalg.norm(step) <= tol:
            return _arrived(C, path, step)
        path.append(path[-1] - lr * step)
    raise ConvergenceError(
        f"the slope is {np.linalg.norm(step):.1e} after {max_iter} steps; "
        "raise max_iter or lower lr.",
        _arrived(C, path, tied_gradient(C, path[-1]) / scale),
    )


def _arrived(C, path, step) -> TiedDescent:
    errors = np.array([tied_error(C, W) for W in path])
    return TiedDescent(path[-1], errors, np.array(path), float(np.linalg.norm(step)))
