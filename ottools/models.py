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
        layer = skip_init(nn.Linear, inputs, outputs)
        layers += [_drawn(layer, inputs**-0.5, rng), activation()]
    return nn.Sequential(*layers[:-1])


def _drawn(layer: nn.Module, bound: float, rng: np.random.Generator) -> nn.Module:
    """Fill weights and biases with uniform draws on +-bound; return the layer."""
    with torch.no_grad():
        for tensor in layer.parameters():
            draw = rng.uniform(-bound, bound, tuple(tensor.shape))
            tensor.copy_(torch.from_numpy(draw))
    return layer


class Autoencoder(nn.Module):
    """An encoder followed by a decoder, both of which can be called by themselves."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the reconstruction of x."""
        return self.decoder(self.encoder(x))


def autoencoder(
    sizes: Sequence[int],
    rng: np.random.Generator,
    *,
    activation: type[nn.Module] = nn.Tanh,
    code: type[nn.Module] = nn.Identity,
    output: type[nn.Module] = nn.Sigmoid,
) -> Autoencoder:
    """Return the autoencoder sizes[0] -> ... -> sizes[-1] -> ... -> sizes[0].

    `activation` follows the inner layers of both halves, `code` the narrowest one and
    `output` the last. Weights are drawn as in `mlp`; raises ValueError as it does.

    Examples
    --------
    >>> net = autoencoder((64, 32, 2), np.random.default_rng(0))
    >>> x = torch.zeros(5, 64)
    >>> net.encoder(x).shape, net(x).shape
    (torch.Size([5, 2]), torch.Size([5, 64]))
    """
    down, up = mlp(sizes, rng, activation), mlp(sizes[::-1], rng, activation)
    return Autoencoder(nn.Sequential(*down, code()), nn.Sequential(*up, output()))


def convolutional_denoiser(
    rng: np.random.Generator, *, channels: tuple[int, int] = (16, 32)
) -> Autoencoder:
    """Return an autoencoder of pictures (n, 1, s, s), s a multiple of 4.

    Two 3 x 3 convolutions with stride 2 halve the sides, two transposed ones double
    them again; ReLU between them, a linear last layer. Weights and biases are uniform
    on +-1/sqrt(9 x channels in), drawn from `rng`.

    Raises ValueError unless both channels are >= 1.

    Examples
    --------
    >>> net = convolutional_denoiser(np.random.default_rng(0))
    >>> x = torch.zeros(5, 1, 8, 8)
    >>> net.encoder(x).shape, net(x).shape
    (torch.Size([5, 32, 2, 2]), torch.Size([5, 1, 8, 8]))
    """
    if len(channels) != 2 or min(channels) < 1:
        raise ValueError(f"channels must be two numbers >= 1; got {channels!r}.")
    wide, deep = channels
    fit = {"kernel_size": 3, "stride": 2, "padding": 1}
    back = fit | {"output_padding": 1}
    down, up = nn.Conv2d, nn.ConvTranspose2d
    pieces = [
        _drawn(skip_init(kind, i, o, **shape), (9 * i) ** -0.5, rng)
        for kind, i, o, shape in (
            (down, 1, wide, fit),
            (down, wide, deep, fit),
            (up, deep, wide, back),
            (up, wide, 1, back),
        )
    ]
    return Autoencoder(
        nn.Sequential(pieces[0], nn.ReLU(), pieces[1], nn.ReLU()),
        nn.Sequential(pieces[2], nn.ReLU(), pieces[3]),
    )
