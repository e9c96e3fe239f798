"""Training of generators against discriminators, from networks down to two numbers."""

from ottools.training.adversarial import (
    GanConfig,
    RetrainResult,
    TrainResult,
    generate,
    gradient_norm,
    retrain_discriminator,
    train_gan,
)
from ottools.training.toy import (
    DiracPath,
    ShiftResult,
    dirac_alternating,
    dirac_clipped,
    dirac_penalised,
    dirac_simultaneous,
    shift_experiment,
)

__all__ = [
    "DiracPath",
    "GanConfig",
    "RetrainResult",
    "ShiftResult",
    "TrainResult",
    "dirac_alternating",
    "dirac_clipped",
    "dirac_penalised",
    "dirac_simultaneous",
    "generate",
    "gradient_norm",
    "retrain_discriminator",
    "shift_experiment",
    "train_gan",
]
