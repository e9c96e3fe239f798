"""Maximum mean discrepancy: samples compared through the means of a kernel."""

from ottools.mmd.bandwidth import median_heuristic
from ottools.mmd.estimators import (
    gaussian_kernel,
    mmd2_biased,
    mmd2_unbiased,
    witness,
)
from ottools.mmd.fourier import mmd2_features, random_fourier_features
from ottools.mmd.gradients import (
    MMDGradient,
    mmd2_gradient,
    mmd2_unbiased_gradient,
)
from ottools.mmd.kernels import KERNELS, Kernel
from ottools.mmd.laws import mmd2_gaussians, mmd2_segments
from ottools.mmd.testing import PermutationTest, permutation_test

__all__ = [
    "KERNELS",
    "Kernel",
    "MMDGradient",
    "PermutationTest",
    "gaussian_kernel",
    "median_heuristic",
    "mmd2_biased",
    "mmd2_features",
    "mmd2_gaussians",
    "mmd2_gradient",
    "mmd2_segments",
    "mmd2_unbiased",
    "mmd2_unbiased_gradient",
    "permutation_test",
    "random_fourier_features",
    "witness",
]
