"""The table of Gaussian paths, and the four views of the field along one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ottools.measures import generator, real, together


class Rates(NamedTuple):
    """Values of alpha, alpha', variance, variance' at some times."""

    alpha: np.ndarray
    alpha_rate: np.ndarray
    variance: np.ndarray
    variance_rate: np.ndarray


@dataclass(frozen=True)
class Path:
    """The law x_t | x_0 ~ N(alpha(t) x_0, variance(t) I) for 0 <= t <= end.

    `alpha_rate` and `variance_rate` are the derivatives in time. The variance stands
    here and not its root sigma, whose derivative is infinite where the noise begins.
    """

    alpha: Callable
    alpha_rate: Callable
    variance: Callable
    variance_rate: Callable
    end: float

    def at(self, t) -> Rates:
        """Return alpha, alpha', variance, variance' at times t of any shape.

        Raises ValueError when a time is not in [0, end] or not finite.

        Examples
        --------
        >>> [float(v) for v in PATHS["straight"].at(0.25)]
        [0.75, -1.0, 0.0625, 0.5]
        """
        t = real(t, "t")
        if np.any((t < 0) | (t > self.end)):
            raise ValueError(
                f"t must lie in [0, {self.end:g}]; got {t.min():g} to {t.max():g}."
            )
        rules = (self.alpha, self.alpha_rate, self.variance, self.variance_rate)
        return Rates(*(rule(t) for rule in rules))


PATHS: dict[str, Path] = {
    # dx = -x dt + sqrt(2) dW: "variance preserving" in the words of Song et al. 2021.
    "ornstein_uhlenbeck": Path(
        lambda t: np.exp(-t),
        lambda t: -np.exp(-t),
        lambda t: -np.expm1(-2 * t),
        lambda t: 2 * np.exp(-2 * t),
        np.inf,
    ),
    # dx = sqrt(2) dW, the heat flow: variance exploding with sigma^2 = 2t.
    "heat": Path(
        lambda t: np.ones_like(t),
        lambda t: np.zeros_like(t),
        lambda t: 2 * t,
        lambda t: 2 * np.ones_like(t),
        np.inf,
    ),
    # Variance exploding with sigma = t (Karras et al. 2022).
    "variance_exploding": Path(
        lambda t: np.ones_like(t),
        lambda t: np.zeros_like(t),
        lambda t: t**2,
        lambda t: 2 * t,
        np.inf,
    ),
    # x_t = (1-t) x_0 + t x_1 with x_1 ~ N(0, I) (Lipman et al. 2023, conditional OT).
    "straight": Path(
        lambda t: 1 - t,
        lambda t: -np.ones_like(t),
        lambda t: t**2,
        lambda t: 2 * t,
        1.0,
    ),
    # x_t = cos(pi t/2) x_0 + sin(pi t/2) x_1 (Albergo and Vanden-Eijnden 2023).
    "trigonometric": Path(
        lambda t: np.cos(np.pi * t / 2),
        lambda t: -np.pi / 2 * np.sin(np.pi * t / 2),
        lambda t: np.sin(np.pi * t / 2) ** 2,
        lambda t: np.pi / 2 * np.sin(np.pi * t),
        1.0,
    ),
}


# The field along a path has two parts at (t, x): the denoiser D = E[x_0 | x_t = x] and
# the score s = grad log p_t (x), tied by x = alpha D - variance s (Tweedie's formula;
# Robbins 1956, Efron 2011). Each view of it is c D + e s; the table holds (c, e).
VIEWS: dict[str, Callable[[Rates], tuple]] = {
    "denoiser": lambda r: (np.ones_like(r.alpha), np.zeros_like(r.alpha)),
    "score": lambda r: (np.zeros_like(r.alpha), np.ones_like(r.alpha)),
    "noise": lambda r: (np.zeros_like(r.alpha), -np.sqrt(r.variance)),
    "velocity": lambda r: (r.alpha_rate, -r.variance_rate / 2),
}


def convert(path: Path, t, x, value, source: str, target: str) -> np.ndarray:
    """Return the `target` view of the field whose `source` view at (t, x) is `value`.

    The views (keys of VIEWS) are the denoiser D = E[x_0 | x_t = x], the score s = grad
    log p_t (x), the expected noise -sigma s and the velocity alpha' D - variance' s/2.
    Shapes of t, x and value broadcast, for example (n, 1), (n, d), (n, d).

    Raises
    ------
    ValueError
        When a name is unknown, a number is not finite, t lies off the path, or `source`
        does not determine the field at t: the score where alpha = 0, the denoiser where
        the variance is 0, and so on.

    Examples
    --------
    The data N(0, 4) on the straight path at t = 1/2 have score -x/(4/4 + 1/4).

    >>> state = PATHS["straight"], 0.5, 1.0, -0.8
    >>> round(float(convert(*state, "score", "denoiser")), 12)
    1.6
    >>> round(float(convert(*state, "score", "velocity")), 12)
    -1.2
    """
    for name in (source, target):
        if not (isinstance(name, str) and name in VIEWS):
            raise ValueError(f"A view is one of {', '.join(VIEWS)}; got {name!r}.")
    x, value, rates = real(x, "x"), real(value, "value"), path.at(t)
    together(t=rates.alpha, x=x, value=value)
    (c, e), (a, V) = VIEWS[source](rates), (rates.alpha, rates.variance)
    # Cramer's rule for a D - V s = x, c D + e s = value.
    determinant = a * e + V * c
    if np.any(determinant == 0):
        raise ValueError(f"The {source} does not determine the field at t = {t!r}.")
    with np.errstate(over="ignore", invalid="ignore"):  # reported below
        D, s = (e * x + V * value) / determinant, (a * value - c * x) / determinant
        c, e = VIEWS[target](rates)
        found = c * D + e * s
    if not np.all(np.isfinite(found)):
        raise ValueError(f"x and value are such that the {target} exceeds 1.8e308.")
    return found


def noised(path: Path, t, x0, *, rng) -> tuple[np.ndarray, np.ndarray]:
    """Return x_t = alpha x_0 + sigma noise, and the noise ~ N(0, I), shaped as x_0.

    Raises ValueError when t lies off the path, x0 is not finite, t does not broadcast
    to the shape of x0 or rng is no generator.

    Examples
    --------
    >>> x, noise = noised(PATHS["straight"], 1.0, [3.0], rng=np.random.default_rng(0))
    >>> bool(x == noise)
    True
    """
    x0, rng = real(x0, "x0"), generator(rng)
    a, _, V, _ = path.at(t)
    try:
        a, V = np.broadcast_to(a, x0.shape), np.broadcast_to(V, x0.shape)
    except ValueError as error:
        raise ValueError(
            f"t must broadcast to the shape of x0, {x0.shape}; got {np.shape(t)}."
        ) from error
    noise = rng.standard_normal(x0.shape)
    return a * x0 + np.sqrt(V) * noise, noise


def sde(path: Path, t) -> tuple[np.ndarray, np.ndarray]:
    """Return f(t), g(t)^2 of dx = f x dt + g dW, which has the laws of the path.

    f = alpha'/alpha and g^2 = variance' - 2 f variance. Backward in time dx = (f x -
    g^2 s) dt + g dW passes through the same laws (Anderson 1982), and so does the
    equation dx = (f x - g^2 s/2) dt without noise (Song et al. 2021, eq. 13).

    Raises ValueError when t lies off the path or alpha(t) = 0.

    Examples
    --------
    >>> [round(float(v), 12) for v in sde(PATHS["ornstein_uhlenbeck"], 0.3)]
    [-1.0, 2.0]
    """
    a, da, V, dV = path.at(t)
    if np.any(a == 0):
        raise ValueError(f"alpha must not be 0 for an SDE; it is at t = {t!r}.")
    return da / a, dV - 2 * da / a * V
