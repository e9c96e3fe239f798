"""Entropies and divergences, natural logarithms, on weights (..., n) and densities."""

from ottools.divergences.critics import LinearCritic, fit_kl_critic, kl_bound
from ottools.divergences.discrete import (
    chi2,
    cross_entropy,
    entropy,
    hellinger,
    js,
    kl,
    l2,
    tv,
)
from ottools.divergences.fits import GaussianFit, fit_forward, fit_reverse
from ottools.divergences.gaussians import (
    gaussian_chi2,
    gaussian_entropy,
    gaussian_hellinger,
    gaussian_kl,
    gaussian_l2,
    gaussian_tv,
)
from ottools.divergences.generators import GENERATORS, Generator, f_divergence
from ottools.divergences.line import on_line
from ottools.divergences.multivariate import gaussian_kl_full
from ottools.divergences.ranges import ceiling, lower_edge
from ottools.divergences.variational import optimal_critic, variational_bound

__all__ = [
    "GENERATORS",
    "GaussianFit",
    "Generator",
    "LinearCritic",
    "ceiling",
    "chi2",
    "cross_entropy",
    "entropy",
    "f_divergence",
    "fit_forward",
    "fit_kl_critic",
    "fit_reverse",
    "gaussian_chi2",
    "gaussian_entropy",
    "gaussian_hellinger",
    "gaussian_kl",
    "gaussian_kl_full",
    "gaussian_l2",
    "gaussian_tv",
    "hellinger",
    "js",
    "kl",
    "kl_bound",
    "l2",
    "lower_edge",
    "on_line",
    "optimal_critic",
    "tv",
    "variational_bound",
]
