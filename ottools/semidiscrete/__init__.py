"""Semi-discrete transport: a density on one side, weighted sites on the other."""

from ottools.semidiscrete.cells import LaguerreCells, assign, laguerre_cells
from ottools.semidiscrete.line import (
    Density,
    Gaussian,
    SemiDiscreteLine,
    Uniform,
    certify_potentials_1d,
    semidiscrete_1d,
)
from ottools.semidiscrete.newton import (
    SemiDiscrete,
    certify_potentials,
    solve_semidiscrete,
)

__all__ = [
    "Density",
    "Gaussian",
    "LaguerreCells",
    "SemiDiscrete",
    "SemiDiscreteLine",
    "Uniform",
    "assign",
    "certify_potentials",
    "certify_potentials_1d",
    "laguerre_cells",
    "semidiscrete_1d",
    "solve_semidiscrete",
]
