"""GAN objectives, computed from logits l with D = sigmoid(l) so that no log overflows.

log D = -softplus(-l) and log(1 - D) = -softplus(l).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus


def discriminator_loss(logits_real: Tensor, logits_fake: Tensor) -> Tensor:
    """Return -E_real[log D] - E_fake[log(1 - D)], minus the value of the game.

    At best log 4 - 2 JS (Goodfellow et al. 2014, eq. 1 and Theorem 1); its derivatives
    are -(1 - D)/n at a real logit and D/m at a fake one.

    Examples
    --------
    >>> round(discriminator_loss(torch.zeros(3), torch.zeros(2)).item(), 6)
    1.386294
    """
    return softplus(-logits_real).mean() + softplus(logits_fake).mean()


def saturating_loss(logits_fake: Tensor) -> Tensor:
    """Return E_fake[log(1 - D)], the generator's part of the game; derivative -D/m.

    Examples
    --------
    >>> round(saturating_loss(torch.zeros(3)).item(), 6)
    -0.693147
    """
    return -softplus(logits_fake).mean()


def non_saturating_loss(logits_fake: Tensor) -> Tensor:
    """Return -E_fake[log D] (Goodfellow et al. 2014, section 3); derivative -(1 - D)/m.

    Examples
    --------
    >>> round(non_saturating_loss(torch.zeros(3)).item(), 6)
    0.693147
    """
    return softplus(-logits_fake).mean()


def counting_loss(logits_real: Tensor, logits_fake: Tensor) -> Tensor:
    """Return -E_real[D] - E_fake[1 - D], the game without logarithms; at best -1 - TV.

    Its derivatives are -D(1 - D)/n at a real logit and D(1 - D)/m at a fake one.

    Examples
    --------
    >>> counting_loss(torch.zeros(3), torch.zeros(2)).item()
    -1.0
    """
    return -torch.sigmoid(logits_real).mean() - torch.sigmoid(-logits_fake).mean()


def optimal_logit(log_real: Tensor, log_fake: Tensor) -> Tensor:
    """Return log p_real - log p_fake, the logit of D* = p_real/(p_real + p_fake).

    Examples
    --------
    >>> torch.sigmoid(optimal_logit(torch.tensor(0.0), torch.tensor(0.0))).item()
    0.5
    """
    return log_real - log_fake
