"""Linear maps of Gaussian latent variables plus Gaussian noise: the exact laws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from ottools.measures import points, positive, real

LOG_2PI = np.log(2 * np.pi)


@dataclass(frozen=True)
class Posterior:
    """The laws N(mean_i, covariance) of the latent variable, one for each point.

    `mean` has shape (n, k); the covariance (k, k) does not depend on the point.
    """

    mean: np.ndarray
    covariance: np.ndarray


@dataclass(frozen=True)
class LinearGaussian:
    """The law of x = mean + W^T z + noise^(1/2) e for independent Gaussian z and e.

    Shapes: `mean` (d,), `weights` W (k, d), `noise` (d,), the variances of the noise.
    """

    mean: np.ndarray
    weights: np.ndarray
    noise: np.ndarray

    @property
    def covariance(self) -> np.ndarray:
        """The covariance (d, d) of x, W^T W + diag(noise)."""
        return self.weights.T @ self.weights + np.diag(self.noise)

    def log_density(self, x) -> np.ndarray:
        """Return log p(x) (n,) of points x (n, d).

        The quadratic form is taken at the posterior mean m, where it is a sum of
        squares: |x - mean - W^T m|^2 in units of the noise, plus |m|^2.
        """
        x = fitting(self, x)
        m, factor = self._means(x)
        rest = x - self.mean - m @ self.weights
        logdet = 2 * np.log(np.diag(factor[0])).sum() + np.log(self.noise).sum()
        square = (rest**2 / self.noise).sum(axis=1) + (m**2).sum(axis=1)
        return -(len(self.mean) * LOG_2PI + logdet + square) / 2

    def posterior(self, x) -> Posterior:
        """Return the law of z given each of the points x (n, d).

        Its precision is I + W diag(noise)^-1 W^T.
        """
        m, factor = self._means(fitting(self, x))
        return Posterior(m, cho_solve(factor, np.eye(len(self.weights))))

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n draws (n, d): first z, then x given z."""
        z = rng.normal(size=(n, len(self.weights)))
        e = rng.normal(size=(n, len(self.mean)))
        return self.mean + z @ self.weights + np.sqrt(self.noise) * e

    def log_weights(self, x, z, log_proposal) -> np.ndarray:
        """Return log p(x, z_i) - log_proposal_i (n,) for one x (d,), draws z (n, k).

        The mean of their exponentials estimates p(x) without bias when the z_i come
        from a law with log-densities `log_proposal` (n,).
        """
        x, z = fitting(self, np.atleast_2d(real(x, "x"))), points(z, "z")
        rest = x - self.mean - z @ self.weights
        log_x = -(LOG_2PI + np.log(self.noise) + rest**2 / self.noise).sum(axis=1) / 2
        return log_x + standard_log_density(z) - real(log_proposal, "log_proposal")

    def log_prior_cost(self, x) -> np.ndarray:
        """Return log E[w^2] / p(x)^2 (n,), w = p(x | z) with z from the prior.

        E[w^2] is the density of x under half the noise over sqrt(det(4 pi noise)). The
        exponential is 1 + the relative variance of one draw, about the number of draws
        that it takes to know p(x) to within its own size.
        """
        half = LinearGaussian(self.mean, self.weights, self.noise / 2)
        norm = (np.log(4 * np.pi) + np.log(self.noise)).sum() / 2
        return half.log_density(x) - norm - 2 * self.log_density(x)

    def _means(self, x):
        """Return the posterior means (n, k) and the factor of the precision."""
        scaled = self.weights / self.noise
        precision = np.eye(len(self.weights)) + scaled @ self.weights.T
        factor = cho_factor(precision)
        return cho_solve(factor, scaled @ (x - self.mean).T).T, factor


def linear_gaussian(mean, weights, noise) -> LinearGaussian:
    """Return the model x = mean + W^T z + e with e ~ N(0, diag(noise)).

    Shapes: mean (d,), weights W (k, d), noise (d,) or a number for all of them.

    Raises ValueError when the shapes do not fit or a variance is not positive.

    Examples
    --------
    >>> model = linear_gaussian([0.0], [[1.0]], 1.0)
    >>> model.log_density([[1.0]]).round(6), model.posterior([[1.0]]).mean
    (array([-1.515512]), array([[0.5]]))
    """
    mean, weights = real(mean, "mean"), points(weights, "weights")
    noise = positive(noise, "noise")
    if mean.shape != weights.shape[1:] or noise.shape not in ((), mean.shape):
        raise ValueError(
            "mean (d,), weights (k, d) and noise (d,) or () must fit; "
            f"got {mean.shape}, {weights.shape}, {noise.shape}."
        )
    return LinearGaussian(mean, weights, np.broadcast_to(noise, mean.shape).copy())


def fitting(model: LinearGaussian, x) -> np.ndarray:
    """Return points x (n, d) if they lie in the space of the model.

    Raises ValueError otherwise.

    Examples
    --------
    >>> fitting(linear_gaussian([0.0, 0.0], [[1.0, 0.0]], 1.0), [[1, 2]])
    array([[1., 2.]])
    """
    x = points(x)
    if x.shape[1] != len(model.mean):
        raise ValueError(f"x must have shape (n, {len(model.mean)}); got {x.shape}.")
    return x


def standard_log_density(z) -> np.ndarray:
    """Return log N(z; 0, I) (n,) of points z (n, k).

    Examples
    --------
    >>> standard_log_density([[0.0], [1.0]]).round(4)
    array([-0.9189, -1.4189])
    """
    z = points(z, "z")
    return -(z.shape[1] * LOG_2PI + (z**2).sum(axis=1)) / 2
