"""Gaussian mixtures along a path: density, score, denoiser and velocity, exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from ottools.bures.factors import NOISE, spectrum, symmetric
from ottools.measures import generator, points, real, whole
from ottools.measures import weights as simplex
from ottools.paths.schedules import Path


@dataclass(frozen=True)
class GaussianMixture:
    """The law sum_k w_k N(m_k, C_k), with C_k = Q_k diag(l_k) Q_k^T.

    Fields: weights w (k,), all > 0; means (k, d); spectra l (k, d), >= 0; axes Q
    (k, d, d), eigenvectors in columns. Made by `gaussian_mixture`.
    """

    weights: np.ndarray
    means: np.ndarray
    spectra: np.ndarray
    axes: np.ndarray

    @property
    def covariances(self) -> np.ndarray:
        """Return the C_k (k, d, d).

        Examples
        --------
        >>> gaussian_mixture([1.0], [[0.0]], [4.0]).covariances
        array([[[4.]]])
        """
        return (self.axes * self.spectra[:, None]) @ np.swapaxes(self.axes, 1, 2)


def gaussian_mixture(weights, means, covariances) -> GaussianMixture:
    """Return sum_k w_k N(m_k, C_k); components of weight 0 are left out.

    Parameters
    ----------
    weights : array_like, shape (k,), on the simplex; equal if None
    means : array_like, shape (k, d), or (k,) on the line
    covariances : array_like, shape (k, d, d), or (k,) for multiples of the identity;
        they may be singular, and 0 makes a component a point

    Raises
    ------
    ValueError
        When the weights are improper, a C_k is no covariance or the shapes do not fit.

    Examples
    --------
    >>> gaussian_mixture([0.5, 0.5], [-1.0, 1.0], [0.25, 0.0]).spectra.tolist()
    [[0.25], [0.0]]
    """
    m = points(means, "means")
    w = simplex(weights, len(m), "weights")
    C = real(covariances, "covariances")
    if C.shape == (len(m),):
        if np.any(C < 0):
            raise ValueError(f"covariances must be >= 0; their minimum is {C.min()}.")
        lam, Q = np.repeat(C[:, None], m.shape[1], axis=1), np.eye(m.shape[1])
        Q = np.broadcast_to(Q, (len(m), *Q.shape))
    elif C.shape == (*m.shape, m.shape[1]):
        lam, Q = spectrum(symmetric(C, "covariances"), "covariances")
        lam = np.where(lam > NOISE * m.shape[1] * lam[:, -1:], lam, 0)
    else:
        raise ValueError(
            f"covariances must have shape {(len(m),)} or {(*m.shape, m.shape[1])} as "
            f"the means; got {C.shape}."
        )
    return GaussianMixture(w[w > 0], m[w > 0], lam[w > 0], Q[w > 0])


def mixture_at(mixture: GaussianMixture, path: Path, t) -> GaussianMixture:
    """Return the law of x_t for x_0 from the mixture: again one, with the same weights.

    Means alpha m_k, covariances alpha^2 C_k + variance I.

    Raises ValueError when t is no number on the path.

    Examples
    --------
    >>> from ottools.paths import PATHS
    >>> later = mixture_at(gaussian_mixture([1], [2.0], [4.0]), PATHS["straight"], 0.5)
    >>> later.means.tolist(), later.spectra.tolist()
    ([[1.0]], [[1.25]])
    """
    a, _, V, _ = path.at(_number(t))
    return GaussianMixture(
        mixture.weights, a * mixture.means, a**2 * mixture.spectra + V, mixture.axes
    )


def logpdf(mixture: GaussianMixture, x) -> np.ndarray:
    """Return the log-density of the mixture at points x (n, d), shape (n,).

    Raises
    ------
    ValueError
        When x is not finite, does not fit, or lies so far out that the density has no
        logarithm in floats, or when a component is singular.

    Examples
    --------
    >>> logpdf(gaussian_mixture([1.0], [0.0], [1.0]), [0.0]).round(6)
    array([-0.918939])
    """
    return logsumexp(_logits(mixture, _offsets(mixture, x)), axis=0)


def score(mixture: GaussianMixture, x) -> np.ndarray:
    """Return grad log p (x) = -sum_k r_k(x) C_k^{-1} (x - m_k), shape (n, d).

    r_k(x) is the probability that x is from component k.

    Raises ValueError as `logpdf`.

    Examples
    --------
    >>> score(gaussian_mixture([1.0], [0.0], [4.0]), [2.0])
    array([[-0.5]])
    """
    z = _offsets(mixture, x)
    return -_average(mixture, z, 1 / _regular(mixture))


def denoiser(mixture: GaussianMixture, path: Path, t, x) -> np.ndarray:
    """Return E[x_0 | x_t = x] for x_0 from the mixture, shape (n, d).

    sum_k r_k(x) (m_k + alpha C_k S_k^{-1} (x - alpha m_k)) with S_k = alpha^2 C_k +
    variance I, r_k as in `score` at time t.

    Raises ValueError as `logpdf` at time t and as `mixture_at`.

    Examples
    --------
    >>> from ottools.paths import PATHS
    >>> data = gaussian_mixture([1.0], [0.0], [4.0])
    >>> denoiser(data, PATHS["straight"], 0.5, [1.0]).round(12)
    array([[1.6]])
    """
    later = mixture_at(mixture, path, t)
    a, _, _, _ = path.at(t)
    z = _offsets(later, x)
    gain = a * mixture.spectra / _regular(later)
    return _average(later, z, gain) + _shares(later, z).T @ mixture.means


def velocity(mixture: GaussianMixture, path: Path, t, x) -> np.ndarray:
    """Return v(t, x), whose flow carries the mixture along the path, shape (n, d).

    v = alpha' E[x_0 | x_t = x] - variance' grad log p_t (x)/2, the mean of the
    conditional velocities (Lipman et al. 2023, Theorem 1). It solves the continuity
    equation d/dt p + div (p v) = 0.

    Raises ValueError as `denoiser`.

    Examples
    --------
    >>> from ottools.paths import PATHS
    >>> data = gaussian_mixture([1.0], [0.0], [4.0])
    >>> velocity(data, PATHS["straight"], 0.5, [1.0]).round(12)
    array([[-1.2]])
    """
    _, da, _, dV = path.at(_number(t))
    slope = score(mixture_at(mixture, path, t), x)
    return da * denoiser(mixture, path, t, x) - dV / 2 * slope


def sample(mixture: GaussianMixture, n: int, *, rng) -> np.ndarray:
    """Return n independent points (n, d) from the mixture.

    Raises ValueError when n is no whole number >= 1 or rng no generator.

    Examples
    --------
    >>> point = gaussian_mixture([1.0], [3.0], [0.0])
    >>> sample(point, 2, rng=np.random.default_rng(0)).tolist()
    [[3.0], [3.0]]
    """
    n, rng = whole(n, "n"), generator(rng)
    k = rng.choice(len(mixture.weights), size=n, p=mixture.weights)
    z = np.sqrt(mixture.spectra)[k] * rng.standard_normal((n, mixture.means.shape[1]))
    return mixture.means[k] + np.einsum("nij,nj->ni", mixture.axes[k], z)


def _number(t) -> np.ndarray:
    t = real(t, "t")
    if t.ndim:
        raise ValueError(f"t must be one number; got shape {t.shape}.")
    return t


def _offsets(mixture: GaussianMixture, x) -> np.ndarray:
    # Coordinates (k, n, d) of x - m_k in the axes of component k.
    x = points(x)
    if x.shape[1] != mixture.means.shape[1]:
        raise ValueError(
            f"x must have {mixture.means.shape[1]} coordinates; got {x.shape[1]}."
        )
    return (x[None] - mixture.means[:, None]) @ mixture.axes


def _regular(mixture: GaussianMixture) -> np.ndarray:
    if np.any(mixture.spectra == 0):
        raise ValueError("A component is singular: the mixture has no density.")
    return mixture.spectra


def _logits(mixture: GaussianMixture, z: np.ndarray) -> np.ndarray:
    # log w_k + log N(x; m_k, C_k), shape (k, n).
    lam = _regular(mixture)
    with np.errstate(over="ignore"):  # an infinite square is a density of 0
        squares = np.sum((z / np.sqrt(lam)[:, None]) ** 2, axis=-1)
    if np.any(np.isinf(squares.min(axis=0))):
        raise ValueError("x lies too far out: the density has no logarithm in floats.")
    logs = np.sum(np.log(2 * np.pi * lam), axis=-1)
    return np.log(mixture.weights)[:, None] - (squares + logs[:, None]) / 2


def _shares(mixture: GaussianMixture, z: np.ndarray) -> np.ndarray:
    logits = _logits(mixture, z)
    return np.exp(logits - logsumexp(logits, axis=0))


def _average(mixture: GaussianMixture, z: np.ndarray, gain: np.ndarray) -> np.ndarray:
    # sum_k r_k Q_k diag(gain_k) Q_k^T (x - m_k), shape (n, d).
    shares = _shares(mixture, z)  # or too far out
    parts = (z * gain[:, None]) @ np.swapaxes(mixture.axes, 1, 2)
    return np.einsum("kn,kni->ni", shares, parts)
