"""Small networks whose initial weights come from the caller's generator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn.utils import skip_init


def mlp(
    sizes: Sequence[int],
    rng: np.random.Generator,
    activation: type[nn.Module] = nn.Tanh,
) -> nn.Sequential:
    """Return a fully connected network sizes[0] -> ... -> sizes[-1], last layer linear.

    Weights and biases are uniform on +-1/sqrt(inputs of the layer), drawn from `rng`;
    torch's global generator is neither read nor moved.

    Raises
    ------
    ValueError
        When fewer than two sizes are given or one is < 1.

    Examples
    --------
    >>> net = mlp((2, 32, 1), np.random.default_rng(0))
    >>> sum(p.numel() for p in net.parameters())
    129
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"sizes must be two or more numbers >= 1; got {sizes!r}.")
    layers: list[nn.Module] = []
    for inputs, outputs in zip(sizes[:-1], sizes[1:], strict=True):
        layer, bound = skip_init(nn.Linear, inputs, outputs), inputs**-0.5
        with torch.no_grad():
            for tensor in layer.parameters():
                draw = rng.uniform(-bound, bound, tuple(tensor.shape))
                tensor.copy_(torch.from_numpy(draw))
        layers += [layer, activation()]
    return nn.Sequential(*layers[:-1])
