"""Training: generators against discriminators, autoencoders, games of two numbers."""

from ottools.training.adversarial import (
    GanConfig,
    RetrainResult,
    TrainResult,
    generate,
    gradient_norm,
    retrain_discriminator,
    train_gan,
)
from ottools.training.autoencoding import (
    FitConfig,
    FitResult,
    StackResult,
    apply,
    cross_entropy,
    fit_autoencoder,
    pretrain_stack,
    squared_error,
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
    "FitConfig",
    "FitResult",
    "GanConfig",
    "RetrainResult",
    "ShiftResult",
    "StackResult",
    "TrainResult",
    "apply",
    "cross_entropy",
    "dirac_alternating",
    "dirac_clipped",
    "dirac_penalised",
    "dirac_simultaneous",
    "fit_autoencoder",
    "generate",
    "gradient_norm",
    "pretrain_stack",
    "retrain_discriminator",
    "shift_experiment",
    "squared_error",
    "train_gan",
]
