"""Entropies and divergences, natural logarithms, on weights (..., n) and densities."""

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
from ottools.divergences.generators import GENERATORS, Generator, f_divergence
from ottools.divergences.line import (
    GaussianFit,
    fit_forward,
    fit_reverse,
    gaussian_entropy,
    gaussian_kl,
    on_line,
)

__all__ = [
    "GENERATORS",
    "GaussianFit",
    "Generator",
    "chi2",
    "cross_entropy",
    "entropy",
    "f_divergence",
    "fit_forward",
    "fit_reverse",
    "gaussian_entropy",
    "gaussian_kl",
    "hellinger",
    "js",
    "kl",
    "l2",
    "on_line",
    "tv",
]
