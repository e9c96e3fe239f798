"""Gaussian latent variables behind linear maps: everything a VAE bounds, exactly.

The model draws z ~ N(0, I_k) and x | z ~ N(mean + W^T z, diag(noise)). Its likelihood,
posterior and evidence lower bound are finite sums, so bounds and Monte Carlo estimates
can be held against the truth. Equal noise makes it probabilistic PCA, unequal noise
factor analysis.
"""

from ottools.latent.bounds import Bound, elbo, importance_bound, kl_to_standard
from ottools.latent.factors import FactorAnalysis, factor_analysis
from ottools.latent.linear_vae import LinearVae, linear_vae
from ottools.latent.model import (
    LinearGaussian,
    Posterior,
    linear_gaussian,
    standard_log_density,
)

__all__ = [
    "Bound",
    "FactorAnalysis",
    "LinearGaussian",
    "LinearVae",
    "Posterior",
    "elbo",
    "factor_analysis",
    "importance_bound",
    "kl_to_standard",
    "linear_gaussian",
    "linear_vae",
    "standard_log_density",
]
