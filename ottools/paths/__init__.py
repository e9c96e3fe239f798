"""Gaussian probability paths x_t = alpha(t) x_0 + sigma(t) noise, and mixtures on them.

Time 0 is the data, the end of a path is noise; see `Path` for the table of paths and
`convert` for velocity, score, denoiser and noise as four views of one field.
"""

from ottools.paths.mixtures import (
    GaussianMixture,
    denoiser,
    gaussian_mixture,
    logpdf,
    mixture_at,
    sample,
    score,
    velocity,
)
from ottools.paths.schedules import PATHS, VIEWS, Path, Rates, convert, noised, sde

__all__ = [
    "PATHS",
    "VIEWS",
    "GaussianMixture",
    "Path",
    "Rates",
    "convert",
    "denoiser",
    "gaussian_mixture",
    "logpdf",
    "mixture_at",
    "noised",
    "sample",
    "score",
    "sde",
    "velocity",
]
