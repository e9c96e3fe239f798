"""Gradient flows in Wasserstein space: JKO steps, particles, Langevin, tokens.

Every flow comes back with what a flow must obey: a JKO step with its residual and its
energy inequality, particles with the dissipation identity, samples with the virial.
"""

from ottools.flows.energies import (
    ENERGIES,
    Energy,
    interaction_energy,
    mmd_energy,
    potential_energy,
    total,
)
from ottools.flows.gaussian import (
    Gaussian,
    free_energy,
    gaussian_jko,
    gaussian_jko_covariance,
    ornstein_uhlenbeck,
)
from ottools.flows.jko import (
    JKOFlow,
    JKOStep,
    certify_jko,
    jko_flow,
    jko_step,
)
from ottools.flows.langevin import LangevinSample, Target, certify_sample, mala, ula
from ottools.flows.line import LineEnergy, line_energy, normal_quantiles
from ottools.flows.particles import ParticleFlow, dissipation_defect, particle_flow
from ottools.flows.terms import INTERNAL, RADIAL, Term, radial
from ottools.flows.tokens import (
    TokenFlow,
    attention_energy,
    attention_velocity,
    cluster_count,
    token_defect,
    token_flow,
)

__all__ = [
    "ENERGIES",
    "INTERNAL",
    "RADIAL",
    "Energy",
    "Gaussian",
    "JKOFlow",
    "JKOStep",
    "LangevinSample",
    "LineEnergy",
    "ParticleFlow",
    "Target",
    "Term",
    "TokenFlow",
    "attention_energy",
    "attention_velocity",
    "certify_jko",
    "certify_sample",
    "cluster_count",
    "dissipation_defect",
    "free_energy",
    "gaussian_jko",
    "gaussian_jko_covariance",
    "interaction_energy",
    "jko_flow",
    "jko_step",
    "line_energy",
    "mala",
    "mmd_energy",
    "normal_quantiles",
    "ornstein_uhlenbeck",
    "particle_flow",
    "potential_energy",
    "radial",
    "token_defect",
    "token_flow",
    "total",
    "ula",
]
