"""Jordan-Kinderlehrer-Otto steps on the line, by quantiles and damped Newton."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, solveh_banded

from ottools.convergence import ConvergenceError
from ottools.flows.line import (
    LineEnergy,
    ascending,
    gradient,
    hessian_bands,
    hessian_pairs,
    value,
)
from ottools.measures import scalar, whole

# Steps up to here, times forces, are floats.
LONGEST = 1e200


@dataclass(frozen=True)
class JKOStep:
    """Quantiles q (N,) that minimise E(q) + |q - p|^2/(2 tau N), p the previous ones.

    `energy` is E(q), `distance` W_2(q, p) = (mean |q - p|^2)^{1/2}. `residual` is the
    root mean square of tau grad E(q) + q - p, grad being N times the derivative: 0 at
    the minimiser, and for convex E a bound on the W_2 distance from it. `decrease` is
    E(p) - E(q) - W_2(q, p)^2/(2 tau), which is >= 0 for a minimiser; inf if E(p) is.
    """

    quantiles: np.ndarray
    energy: float
    distance: float
    residual: float
    decrease: float
    iterations: int


@dataclass(frozen=True)
class JKOFlow:
    """The states of k JKO steps and what certifies each, see `JKOStep`.

    `times` (k+1,), `quantiles` (k+1, N), `energies` (k+1,); `distances`, `residuals`
    and `decreases` (k,).
    """

    times: np.ndarray
    quantiles: np.ndarray
    energies: np.ndarray
    distances: np.ndarray
    residuals: np.ndarray
    decreases: np.ndarray


def jko_step(
    q, tau, energy: LineEnergy, *, tol: float = 1e-10, max_iter: int = 100
) -> JKOStep:
    """Return the quantiles that minimise E(q') + W_2(q', q)^2/(2 tau).

    One implicit Euler step of the gradient flow of E (Jordan, Kinderlehrer and Otto
    1998), where on the line W_2^2 is the mean of |q' - q|^2. Newton's method; a
    step ends short of where quantiles would meet. The Hessian has three bands, and is
    full with an interaction.

    Parameters
    ----------
    q : array_like, shape (N,), ascending; ties are points of mass
    tau : float > 0, the step in time
    energy : LineEnergy, convex, or tau small enough to make the problem so
    tol : bound on the residual, relative to max |q|, before and after, + sqrt(tau)
    max_iter : int >= 1

    Raises
    ------
    ValueError
        When q does not ascend, tau or tol is not > 0, tau exceeds 1e200, max_iter < 1,
        or tau is too small to separate equal quantiles in floats.
    ConvergenceError
        When the problem is not convex where Newton passes, or the residual is above its
        bound after max_iter iterations.

    Examples
    --------
    >>> from ottools.flows import RADIAL, radial
    >>> well = LineEnergy(potential=radial(RADIAL["quadratic"]))
    >>> jko_step([-2.0, 4.0], 1.0, well).quantiles.tolist()
    [-1.0, 2.0]
    """
    p, tau = ascending(q, energy), _step(tau)
    tol, size = scalar(tol, "tol"), float(np.abs(p).max()) + tau**0.5
    q = _start(p, tau, energy)
    for done in range(whole(max_iter, "max_iter") + 1):
        found = _certified(q, p, tau, energy, done)
        if found.residual <= tol * (size + float(np.abs(q).max())):
            return found
        try:
            direction = _newton(q, p, tau, energy)
        except LinAlgError as error:
            raise ConvergenceError(
                "The step is not convex in E; take a smaller tau.", last=found
            ) from error
        q = _search(q, direction, found, (p, tau, energy))
    raise ConvergenceError(
        f"No convergence in {max_iter} iterations: the residual is "
        f"{found.residual:.3g}; raise max_iter or tol, or take a smaller tau.",
        last=found,
    )


def certify_jko(q, previous, tau, energy: LineEnergy) -> JKOStep:
    """Return the certificate of any candidate q (N,) for the step from `previous` (N,).

    Raises ValueError as `jko_step`, or when the two differ in shape.

    Examples
    --------
    >>> from ottools.flows import RADIAL, radial
    >>> well = LineEnergy(potential=radial(RADIAL["quadratic"]))
    >>> certify_jko([0.0, 3.0], [-1.0, 5.0], 1.0, well).residual
    1.0
    """
    q, p = ascending(q, energy), ascending(previous, energy)
    if q.shape != p.shape:
        raise ValueError(
            f"q must have the shape of previous; got {q.shape}, {p.shape}."
        )
    if energy.internal and np.any(np.diff(q) == 0):
        raise ValueError("q must have no ties for an internal energy: it would be inf.")
    return _certified(q, p, _step(tau), energy, 0)


def jko_flow(q, tau, steps: int, energy: LineEnergy, *, tol: float = 1e-10) -> JKOFlow:
    """Return `steps` JKO steps of size tau from the quantiles q (N,).

    The states tend to the gradient flow of E as tau tends to 0, at order 1 (Ambrosio,
    Gigli and Savare 2008, Theorem 4.0.4).

    Raises ValueError and ConvergenceError as `jko_step`; `last` is the flow so far.

    Examples
    --------
    >>> from ottools.flows import RADIAL, radial
    >>> well = LineEnergy(potential=radial(RADIAL["quadratic"]))
    >>> jko_flow([8.0], 1.0, 3, well).quantiles.ravel().tolist()
    [8.0, 4.0, 2.0, 1.0]
    """
    q = ascending(q, energy)
    done: list[JKOStep] = []
    for _ in range(whole(steps, "steps")):
        try:
            done.append(
                jko_step(done[-1].quantiles if done else q, tau, energy, tol=tol)
            )
        except ConvergenceError as error:
            raise ConvergenceError(
                f"Step {len(done) + 1}: {error}", last=_flow(q, tau, energy, done)
            ) from error
    return _flow(q, tau, energy, done)


def _step(tau) -> float:
    tau = scalar(tau, "tau")
    if tau > LONGEST:
        raise ValueError(f"tau must be at most {LONGEST:g}; got {tau:.3g}.")
    return tau


def _flow(q, tau, energy: LineEnergy, done: list[JKOStep]) -> JKOFlow:
    return JKOFlow(
        times=float(tau) * np.arange(len(done) + 1),
        quantiles=np.array([q, *(s.quantiles for s in done)]),
        energies=np.array([value(energy, q), *(s.energy for s in done)]),
        distances=np.array([s.distance for s in done]),
        residuals=np.array([s.residual for s in done]),
        decreases=np.array([s.decrease for s in done]),
    )


def _start(p, tau: float, energy: LineEnergy) -> np.ndarray:
    # Ties have infinite internal energy: begin a little apart.
    if not energy.internal:
        return p
    n = len(p)
    q = p + np.sqrt(tau) / n * (np.arange(n) - (n - 1) / 2)
    if np.any(np.diff(q) <= 0):
        raise ValueError(
            f"tau is too small to separate equal quantiles; got {tau:.3g}."
        )
    return q


def _certified(q, p, tau: float, energy: LineEnergy, iterations: int) -> JKOStep:
    distance = _rms(q - p)
    now = value(energy, q)
    return JKOStep(
        quantiles=q,
        energy=now,
        distance=distance,
        residual=_residual(q, p, tau, energy),
        decrease=value(energy, p) - now - distance**2 / (2 * tau),
        iterations=iterations,
    )


def _newton(q, p, tau: float, energy: LineEnergy) -> np.ndarray:
    force = -(tau * gradient(energy, q) + q - p)
    bands = tau * hessian_bands(energy, q)
    bands[0] += 1
    if not energy.interaction:
        return solveh_banded(bands[: len(q)], force, lower=True)
    full = tau * hessian_pairs(energy.interaction, q) + np.diag(bands[0])
    full += np.diag(bands[1, :-1], 1) + np.diag(bands[1, :-1], -1)
    return cho_solve(cho_factor(full), force)


def _search(q, direction, found: JKOStep, problem) -> np.ndarray:
    # Newton steps are shortened to 9/10 of the way to the first tie, then halved until
    # the residual falls; near the solution this takes the full step.
    p, tau, energy = problem
    length = 1.0
    if energy.internal:
        length = 0.9 / max(0.9, np.max(-np.diff(direction) / np.diff(q)))
    for _ in range(40):
        trial = q + length * direction
        if _residual(trial, p, tau, energy) < found.residual:
            break
        length /= 2
    return trial


def _residual(q, p, tau: float, energy: LineEnergy) -> float:
    return _rms(tau * gradient(energy, q) + q - p)


def _rms(x) -> float:
    top = np.abs(x).max()  # divided out, so that no square overflows
    return float(top * np.sqrt(np.mean((x / top) ** 2))) if top else 0.0
