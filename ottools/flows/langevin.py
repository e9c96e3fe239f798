"""Langevin sampling: the noisy gradient flow, without and with correction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ottools.convergence import ConvergenceError
from ottools.measures import generator, points, real, scalar, whole


@dataclass(frozen=True)
class Target:
    """The law with density proportional to exp(-V).

    `value` maps points (n, d) to V (n,), `gradient` to grad V (n, d).
    """

    value: Callable
    gradient: Callable


@dataclass(frozen=True)
class LangevinSample:
    """Particles x (n, d) after the last step, and how far they are from the target.

    `virial` is mean_i <x_i, grad V(x_i)>/d - 1, which has mean 0 under the target
    (integration by parts), and `virial_error` its standard error, inf for n = 1. So a
    virial of many standard errors shows a bias; a small one proves nothing by itself.
    Both are inf where x lies too far out for them.
    `acceptance` is the share of accepted proposals, 1 without correction.
    """

    x: np.ndarray
    acceptance: float
    virial: float
    virial_error: float


def ula(target: Target, x0, step, steps: int, *, rng) -> LangevinSample:
    """Return particles moved by x <- x - h grad V(x) + sqrt(2 h) noise, `steps` times.

    The unadjusted Langevin algorithm (Roberts and Tweedie 1996, Section 1.4). Its law
    is off by O(h): for V = |x|^2/2 the variance tends to 1/(1 - h/2), and the virial to
    h/(2 - h).

    Parameters
    ----------
    target : Target
    x0 : array_like, shape (n, d), or (n,) on the line: n independent chains
    step : float h > 0
    steps : int >= 1
    rng : numpy.random.Generator

    Raises
    ------
    ValueError
        When x0, step, steps or rng is improper, or the target gives other shapes.
    ConvergenceError
        When a state is not finite; `last` holds the last finite one.

    Examples
    --------
    >>> bell = Target(lambda x: (x**2).sum(axis=1) / 2, lambda x: x)
    >>> ula(bell, [[0.0, 0.0]], 0.1, 5, rng=np.random.default_rng(0)).x.shape
    (1, 2)
    """
    x, h, rng = _start(target, x0), scalar(step, "step"), generator(rng)
    for _ in range(whole(steps, "steps")):
        moved = _propose(target, x, h, rng)
        if not np.all(np.isfinite(moved)):
            raise ConvergenceError(
                "The state is not finite; take a smaller step.",
                last=certify_sample(target, x),
            )
        x = moved
    return certify_sample(target, x)


def mala(target: Target, x0, step, steps: int, *, rng) -> LangevinSample:
    """Return particles moved by the steps of `ula`, each accepted or refused.

    The Metropolis-adjusted Langevin algorithm (Roberts and Tweedie 1996, Section 1.4):
    y from x is accepted with probability min(1, e^{V(x) - V(y)} q(x | y)/q(y | x)),
    q(y | x) = N(y; x - h grad V(x), 2 h). The target is then stationary for every h.
    A proposal at which V is not finite is refused. Where grad V is large against 1/h
    almost all are, and a chain stays where it is (ibid., Theorem 4.2): see that the
    acceptance is not small. Arguments as in `ula`.

    Raises ValueError as `ula`.

    Examples
    --------
    >>> bell = Target(lambda x: (x**2).sum(axis=1) / 2, lambda x: x)
    >>> found = mala(bell, [[0.0]], 1e-6, 5, rng=np.random.default_rng(0))
    >>> found.acceptance
    1.0
    """
    x, h, rng = _start(target, x0), scalar(step, "step"), generator(rng)
    accepted, steps = 0, whole(steps, "steps")
    for _ in range(steps):
        y = _propose(target, x, h, rng)
        with np.errstate(over="ignore", invalid="ignore"):
            log_ratio = target.value(x) - target.value(y)
            log_ratio += _log_move(target, y, x, h) - _log_move(target, x, y, h)
            take = np.log(rng.uniform(size=len(x))) < log_ratio  # False for nan
        x = np.where(take[:, None], y, x)
        accepted += int(take.sum())
    return certify_sample(target, x, acceptance=accepted / (steps * len(x)))


def certify_sample(target: Target, x, *, acceptance: float = 1.0) -> LangevinSample:
    """Return points x (n, d) with their virial and its standard error.

    Raises ValueError when x is improper or the acceptance is not in [0, 1].

    Examples
    --------
    >>> bell = Target(lambda x: (x**2).sum(axis=1) / 2, lambda x: x)
    >>> certify_sample(bell, [1.0, -1.0, 2.0]).virial
    1.0
    """
    x, share = points(x), real(acceptance, "acceptance")
    if share.ndim or not 0 <= share <= 1:
        raise ValueError(f"acceptance must be a number in [0, 1]; got {acceptance!r}.")
    n, d = x.shape
    with np.errstate(over="ignore", invalid="ignore"):  # too far out: inf, as above
        terms = np.sum(x * target.gradient(x), axis=1) / d
        virial = terms.mean() - 1
        spread = np.std(terms, ddof=1) / np.sqrt(n) if n > 1 else np.inf
    virial, spread = (float(v) if np.isfinite(v) else np.inf for v in (virial, spread))
    return LangevinSample(x, float(share), virial, spread)


def _start(target: Target, x0) -> np.ndarray:
    x = points(x0, "x0")
    with np.errstate(over="ignore", invalid="ignore"):  # noticed by the callers
        shapes = np.shape(target.value(x)), np.shape(target.gradient(x))
    if shapes != (x.shape[:1], x.shape):
        raise ValueError(
            f"The target must give values {x.shape[:1]} and gradients {x.shape}; got "
            f"{shapes[0]} and {shapes[1]}."
        )
    return x


def _propose(target: Target, x, h: float, rng) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):  # noticed by the callers
        return x - h * target.gradient(x) + np.sqrt(2 * h) * rng.normal(size=x.shape)


def _log_move(target: Target, x, y, h: float) -> np.ndarray:
    # log q(y | x) without its constant.
    return -np.sum((y - x + h * target.gradient(x)) ** 2, axis=1) / (4 * h)
