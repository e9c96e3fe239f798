"""Fixed-step methods for dx/dt = v(t, x) and dx = b dt + g dW, with error estimates.

Each answer carries the difference from the answer with half the step: for ODEs this
is Richardson's estimate of the error, for SDEs the distance of two paths that are
driven by one Brownian motion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ottools.convergence import ConvergenceError
from ottools.measures import generator, real

# States that are not finite are reported after each step.
NOTICED = {"over": "ignore", "invalid": "ignore", "divide": "ignore"}


@dataclass(frozen=True)
class Tableau:
    """An explicit Runge-Kutta method: k_i = v(t + c_i h, x + h sum_j a_ij k_j).

    The step is x + h sum_i b_i k_i; row i of `a` holds the a_ij with j < i, and c_i is
    their sum. `order` is the order of convergence.
    """

    a: tuple[tuple[float, ...], ...]
    b: tuple[float, ...]
    order: int


METHODS: dict[str, Tableau] = {
    "euler": Tableau(((),), (1,), 1),
    "midpoint": Tableau(((), (1 / 2,)), (0, 1), 2),
    "heun": Tableau(((), (1,)), (1 / 2, 1 / 2), 2),
    "rk4": Tableau(
        ((), (1 / 2,), (0, 1 / 2), (0, 0, 1)), (1 / 6, 1 / 3, 1 / 3, 1 / 6), 4
    ),
}


@dataclass(frozen=True)
class Trajectory:
    """States x (k, ...) at times (k,), with an estimate of the error at each, `error`.

    For ODEs `error` (k,) is the largest entry of |x_h - x_{h/2}| 2^p/(2^p - 1), p the
    order; for SDEs it is the root mean square of x_h - x_{h/2} over all entries. In the
    last iterate of a ConvergenceError it is inf: unknown.
    """

    times: np.ndarray
    x: np.ndarray
    error: np.ndarray


def to_sphere(x) -> np.ndarray:
    """Return x/|x| along the last axis, shape (..., d): the retraction of the sphere.

    Raises ValueError when a vector is 0 or not finite, or when there is none.

    Examples
    --------
    >>> to_sphere([3.0, 4.0])
    array([0.6, 0.8])
    """
    x = real(x, "x")
    if x.ndim == 0 or x.size == 0:
        raise ValueError(f"x must have shape (..., d), none of them 0; got {x.shape}.")
    top = np.abs(x).max(axis=-1, keepdims=True)
    if np.any(top == 0):
        raise ValueError("x must hold no zero vector: it has no direction.")
    x = x / top  # squares of the entries now neither overflow nor vanish
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def step(velocity: Callable, t: float, x, h: float, tableau: Tableau) -> np.ndarray:
    """Return one explicit Runge-Kutta step of size h (of any sign) from x at time t.

    Shapes are those that velocity(t, x) keeps. Hairer, Norsett and Wanner 1993,
    Definition II.1.1.

    Examples
    --------
    >>> float(step(lambda t, x: x, 0.0, 1.0, 0.5, METHODS["heun"]))
    1.625
    """
    slopes = []
    for row in tableau.a:
        slope = velocity(t + h * sum(row), x + h * _combine(row, slopes))
        slopes.append(np.asarray(slope))
    return x + h * _combine(tableau.b, slopes)


def _combine(coefficients, slopes):
    return sum(c * k for c, k in zip(coefficients, slopes, strict=True))


def integrate(
    velocity: Callable,
    x0,
    times,
    *,
    method: str = "rk4",
    retract: Callable = np.asarray,
) -> Trajectory:
    """Return the solution of dx/dt = velocity(t, x), x(times[0]) = x0, step by step.

    Parameters
    ----------
    velocity : callable (t, x) -> array of the shape of x, or broadcasting to it
    x0 : array_like of any shape
    times : array_like, shape (k,), strictly increasing or decreasing; one step between
        neighbours
    method : a key of METHODS
    retract : callable x -> x, applied after each step, as `to_sphere` (by default it
        does nothing); it keeps the order (Hairer, Lubich and Wanner 2006, Section IV.4)

    Raises
    ------
    ValueError
        When the method is unknown, the times are not monotone, a number is not finite,
        or the velocity at the start is not or does not broadcast to the shape of x0.
    ConvergenceError
        When a state is not finite; `last` ends with the last finite one.

    Examples
    --------
    >>> path = integrate(lambda t, x: -x, 1.0, [0.0, 0.1, 0.2])
    >>> path.x.round(6), path.error.round(8)
    (array([1.      , 0.904838, 0.818731]), array([0.0e+00, 8.0e-08, 1.5e-07]))
    """
    x0, times = _state(x0), _monotone(times)
    tableau = _tableau(method)
    with np.errstate(**NOTICED):
        _check_shape("velocity", velocity(times[0], x0), x0)

    def advance(t, x, h):
        return step(velocity, t, x, h, tableau)

    x = _march(advance, x0, times, retract)
    error = step_doubling(velocity, times, x, method=method, retract=retract)
    return Trajectory(times, x, error)


def step_doubling(
    velocity: Callable, times, x, *, method: str, retract: Callable = np.asarray
) -> np.ndarray:
    """Return the estimated error (k,) of states x (k, ...) of a method at times (k,).

    The largest entry of |x - y| 2^p/(2^p - 1), with y from x[0] by half the steps and
    p the order (Richardson; Hairer, Norsett and Wanner 1993, Section II.4). For smooth
    velocities it is the error up to a relative O(h). It looks at x alone, so it also
    shows a state that was tampered with.

    Raises ValueError for an unknown method, improper times or states that do not fit
    them, and ConvergenceError as `integrate`.

    Examples
    --------
    >>> step_doubling(lambda t, x: -x, [0.0, 0.1], [1.0, 0.9], method="euler").round(6)
    array([0.   , 0.005])
    """
    times, x = _monotone(times), real(x, "x")
    if x.shape[:1] != times.shape or x.size == 0:
        raise ValueError(
            f"times and x must have shapes (k,) and (k, ...); got {times.shape} and "
            f"{x.shape}."
        )
    halves = np.empty(2 * len(times) - 1)
    halves[::2], halves[1::2] = times, (times[1:] + times[:-1]) / 2

    tableau = _tableau(method)

    def advance(t, x, h):
        return step(velocity, t, x, h, tableau)

    finer = _march(advance, x[0], halves, retract)[::2]
    growth = 2.0**tableau.order
    with np.errstate(over="ignore"):  # inf: unknown
        gap = np.abs(x - finer).reshape(len(times), -1).max(axis=1)
        return gap * (growth / (growth - 1))


def euler_maruyama(
    drift: Callable, diffusion: Callable, x0, times, *, rng
) -> Trajectory:
    """Return a path of dx = drift(t, x) dt + diffusion(t, x) dW (Ito), as a Trajectory.

    x + b h + g dW with dW ~ N(0, |h| I): strong order 1/2, or 1 when g does not depend
    on x; weak order 1 (Kloeden and Platen 1992, Sections 10.2 and 14.1). Noise is
    diagonal: g is a number or broadcasts to x. Decreasing times give the SDE backward
    in time, as for diffusion models. Arguments otherwise as in `integrate`; `rng` is a
    generator.

    Raises ValueError and ConvergenceError as `integrate`.

    Examples
    --------
    >>> still = lambda t, x: 0 * x
    >>> rng = np.random.default_rng(0)
    >>> euler_maruyama(still, still, [1.0], [0.0, 1.0], rng=rng).x.tolist()
    [[1.0], [1.0]]
    """
    x0, times = _state(x0), _monotone(times)
    _check_shape("drift", drift(times[0], x0), x0)
    _check_shape("diffusion", diffusion(times[0], x0), x0)

    def advance(t, x, h, noise):
        push, spread = np.asarray(drift(t, x)), np.asarray(diffusion(t, x))
        return x + h * push + spread * noise

    return _drive(advance, x0, times, rng)


def stochastic_heun(
    drift: Callable, diffusion: Callable, x0, times, *, rng
) -> Trajectory:
    """Return a path of dx = drift(t, x) dt + diffusion(t) dW, as a Trajectory.

    Heun's step with one noise in predictor and corrector, for noise that does not
    depend on x: weak order 2, strong order 1 (Kloeden and Platen 1992, Section 15.1).
    Arguments as in `euler_maruyama`, but diffusion(t); errors as in `integrate`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = stochastic_heun(lambda t, x: -x, lambda t: 0, [1.0], [0, 0.5], rng=rng)
    >>> found.x.tolist()
    [[1.0], [0.625]]
    """
    x0, times = _state(x0), _monotone(times)
    _check_shape("drift", drift(times[0], x0), x0)
    _check_shape("diffusion", diffusion(times[0]), x0)

    def advance(t, x, h, noise):
        now, later = np.asarray(diffusion(t)), np.asarray(diffusion(t + h))
        here = np.asarray(drift(t, x))
        there = np.asarray(drift(t + h, x + h * here + now * noise))
        middle = (now + later) / 2
        return x + h * (here + there) / 2 + middle * noise

    return _drive(advance, x0, times, rng)


def _tableau(method: str) -> Tableau:
    if not (isinstance(method, str) and method in METHODS):
        raise ValueError(f"method must be one of {', '.join(METHODS)}; got {method!r}.")
    return METHODS[method]


def _march(advance, x0, times, retract) -> np.ndarray:
    states = [x0]
    for t, h in zip(times[:-1], np.diff(times), strict=True):
        with np.errstate(**NOTICED):
            x = advance(t, states[-1], h)
        _stop_unless_finite(x, times, states)
        states.append(retract(x))
    return np.array(states)


def _drive(advance, x0, times, rng) -> Trajectory:
    # The coarse path and one with half its steps, both driven by the same noise.
    rng = generator(rng)
    states, fine, error = [x0], x0, [0.0]
    for t, h in zip(times[:-1], np.diff(times), strict=True):
        first, second = rng.normal(0, np.sqrt(np.abs(h) / 2), size=(2, *x0.shape))
        with np.errstate(**NOTICED):
            x = advance(t, states[-1], h, first + second)
            fine = advance(t, fine, h / 2, first)
            fine = advance(t + h / 2, fine, h / 2, second)
            gap = _rms(x - fine)
        _stop_unless_finite([x, fine], times, states)
        states.append(x)
        error.append(float(gap))
    return Trajectory(times, np.array(states), np.array(error))


def _rms(gap) -> float:
    top = np.abs(gap).max()  # divided out, so that no square overflows
    return top * np.sqrt(np.mean((gap / top) ** 2)) if top else 0.0


def _stop_unless_finite(x, times, states) -> None:
    if not np.all(np.isfinite(x)):
        k = len(states)
        last = Trajectory(times[:k], np.array(states), np.full(k, np.inf))
        raise ConvergenceError(
            f"The state is not finite at t = {times[k]:g}; take smaller steps.",
            last=last,
        )


def _monotone(times) -> np.ndarray:
    times = real(times, "times")
    steps = np.diff(times) if times.ndim == 1 else np.zeros(1)
    if times.size == 0 or not (np.all(steps > 0) or np.all(steps < 0)):
        raise ValueError(
            "times must be numbers (k,), k >= 1, strictly increasing or decreasing; "
            f"got shape {times.shape}."
        )
    return times


def _state(x0) -> np.ndarray:
    x0 = real(x0, "x0")
    if x0.size == 0:
        raise ValueError(f"x0 must not be empty; got shape {x0.shape}.")
    return x0


def _check_shape(name: str, value, x0) -> None:
    value = real(value, name)
    try:
        np.broadcast_to(value, x0.shape)
    except ValueError as error:
        raise ValueError(
            f"{name} must broadcast to the shape of x0, {x0.shape}; got {value.shape}."
        ) from error
