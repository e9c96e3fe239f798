"""Two games small enough to be followed by hand: a shift on the line, the Dirac-GAN."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit


@dataclass(frozen=True)
class ShiftResult:
    """Losses and gradients (k,) of a shift of the fakes, at `steps` of the classifier.

    `saturating_gradient` and `non_saturating_gradient` are derivatives in the shift;
    `slope` and `intercept` are those of the logit.
    """

    steps: np.ndarray
    slope: np.ndarray
    intercept: np.ndarray
    saturating_loss: np.ndarray
    non_saturating_loss: np.ndarray
    saturating_gradient: np.ndarray
    non_saturating_gradient: np.ndarray


def shift_experiment(
    real, fake, log_at: Iterable[int], *, lr: float = 1.0
) -> ShiftResult:
    """Train D(x) = sigmoid(w x + b) from w = b = 0 and watch what the fakes would feel.

    Plain gradient descent with rate `lr` on the binary cross-entropy averaged over both
    halves. With fakes x + s the derivatives in s at 0 are -w E[D] for E log(1 - D) and
    -w E[1 - D] for -E log D.

    Raises ValueError when a sample (n,) is empty, `log_at` empty or negative, lr <= 0.

    Examples
    --------
    >>> grid = 2 + (np.arange(100) + 0.5) / 100
    >>> r = shift_experiment(grid, -grid, (10, 100))
    >>> r.saturating_gradient.round(4), r.non_saturating_gradient.round(2)
    (array([-0.0235, -0.0047]), array([-1.75, -2.64]))
    """
    wanted = np.unique(np.fromiter(log_at, dtype=int))
    real, fake = np.asarray(real, dtype=float), np.asarray(fake, dtype=float)
    if real.ndim != 1 or fake.ndim != 1 or min(len(real), len(fake)) == 0:
        raise ValueError(
            f"real and fake must have shape (n,); got {real.shape}, {fake.shape}."
        )
    if len(wanted) == 0 or wanted[0] < 0 or not lr > 0:
        raise ValueError(
            f"log_at must hold steps >= 0, lr be > 0; got {wanted.tolist()}, {lr!r}."
        )
    w = b = 0.0
    rows = []
    for step in range(wanted[-1] + 1):
        miss_real, miss_fake = expit(-w * real - b), expit(w * fake + b)
        if step in wanted:
            logit = w * fake + b
            losses = log_expit(-logit).mean(), -log_expit(logit).mean()
            slopes = -w * miss_fake.mean(), -w * expit(-logit).mean()
            rows.append((w, b, *losses, *slopes))
        w += lr * ((miss_real * real).mean() - (miss_fake * fake).mean()) / 2
        b += lr * (miss_real.mean() - miss_fake.mean()) / 2
    return ShiftResult(wanted, *np.array(rows).T)


@dataclass(frozen=True)
class DiracPath:
    """Positions of the fake point, `theta`, and of the slope `psi` (steps + 1,)."""

    theta: np.ndarray
    psi: np.ndarray

    @property
    def radius(self) -> np.ndarray:
        """Distance to the equilibrium (0, 0)."""
        return np.hypot(self.theta, self.psi)


def _dirac(update: Callable, steps: int, lr: float, start) -> DiracPath:
    if steps < 1 or not lr > 0:
        raise ValueError(f"steps must be >= 1 and lr > 0; got {steps!r} and {lr!r}.")
    path = [tuple(start)]
    for _ in range(steps):
        path.append(update(*path[-1]))
    theta, psi = np.array(path, dtype=float).T
    return DiracPath(theta, psi)


def dirac_simultaneous(steps: int, lr: float, *, start=(1.0, 0.0)) -> DiracPath:
    """Play real delta_0, fake delta_theta, D(x) = sigmoid(psi x), both moving at once.

    V = log D(0) + log(1 - D(theta)), so theta moves by +lr psi D, psi by -lr theta D
    with D = sigmoid(psi theta) (Mescheder et al. 2018, section 2). The linearised flow
    turns with eigenvalues +-i/2; the steps spiral outwards.

    Raises ValueError when steps < 1 or lr <= 0.

    Examples
    --------
    >>> round(float(dirac_simultaneous(500, 0.1).radius[-1]), 3)
    1.756
    """

    def update(theta, psi):
        pull = lr * expit(psi * theta)
        return theta + pull * psi, psi - pull * theta

    return _dirac(update, steps, lr, start)


def dirac_alternating(steps: int, lr: float, *, start=(1.0, 0.0)) -> DiracPath:
    """Play the Dirac-GAN with the discriminator first, the generator answering.

    As `dirac_simultaneous`, but theta uses the new psi; the path stays bounded, without
    converging. Raises ValueError when steps < 1 or lr <= 0.

    Examples
    --------
    >>> bool(dirac_alternating(5000, 0.1).radius.max() < 1.1)
    True
    """

    def update(theta, psi):
        psi = psi - lr * theta * expit(psi * theta)
        return theta + lr * psi * expit(psi * theta), psi

    return _dirac(update, steps, lr, start)


def dirac_penalised(
    steps: int, lr: float, *, gamma: float = 1.0, start=(1.0, 0.0)
) -> DiracPath:
    """Play simultaneous steps with the zero-centred penalty (gamma/2) psi^2 on D.

    psi^2 is the squared slope of the logit at the real point (Mescheder et al. 2018,
    section 4.1). Raises ValueError when steps < 1, lr <= 0 or gamma < 0.

    Examples
    --------
    >>> bool(dirac_penalised(500, 0.1).radius[-1] < 1e-9)
    True
    """
    if gamma < 0:
        raise ValueError(f"gamma must be >= 0; got {gamma!r}.")

    def update(theta, psi):
        pull = lr * expit(psi * theta)
        return theta + pull * psi, psi - pull * theta - lr * gamma * psi

    return _dirac(update, steps, lr, start)


def dirac_clipped(
    steps: int, lr: float, *, clip: float = 0.5, start=(1.0, 0.0)
) -> DiracPath:
    """Play the WGAN: critic psi x, psi clipped to [-clip, clip], simultaneous steps.

    theta moves by +lr psi, psi by -lr theta and back into the box; a cycle remains
    whatever the rate. Raises ValueError when steps < 1, lr <= 0 or clip <= 0.

    Examples
    --------
    >>> round(float(dirac_clipped(5000, 0.1).theta[2500:].max()), 3)
    0.541
    """
    if not clip > 0:
        raise ValueError(f"clip must be > 0; got {clip!r}.")

    def update(theta, psi):
        return theta + lr * psi, float(np.clip(psi - lr * theta, -clip, clip))

    return _dirac(update, steps, lr, start)
