"""Tokens on the sphere under softmax self-attention, as an interacting flow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.integrate import simpson
from scipy.sparse.csgraph import connected_components

from ottools.convergence import ConvergenceError
from ottools.flows.particles import states
from ottools.integrators import Trajectory, integrate, to_sphere
from ottools.measures import points, scalar, whole


@dataclass(frozen=True)
class TokenFlow:
    """Tokens x (k+1, n, d) of norm 1 at times (k+1,), and what certifies them.

    `energies` (k+1,) never fall along the exact flow. `defect` is the distance between
    the energy gained and the time integral of its rate (2 beta/n^2) sum_i Z_i |v_i|^2;
    `error` (k+1,) is the estimate of `ottools.integrators.Trajectory`.
    """

    times: np.ndarray
    x: np.ndarray
    energies: np.ndarray
    defect: float
    error: np.ndarray


def attention_velocity(x, beta) -> np.ndarray:
    """Return v_i = P_i sum_j a_ij x_j, a_ij = e^{beta <x_i, x_j>}/Z_i, shape (n, d).

    P_i = I - x_i x_i^T projects on the tangent space: one layer of self-attention with
    all matrices the identity (Geshkovski, Letrouit, Polyanskiy and Rigollet 2023, eq.
    SA). Tokens x (n, d) have norm 1.

    Raises ValueError when a token has another norm, or beta is not > 0.

    Examples
    --------
    >>> attention_velocity([[1.0, 0.0], [0.0, 1.0]], 1.0).round(6)
    array([[0.      , 0.268941],
           [0.268941, 0.      ]])
    """
    return _velocity(_tokens(x), scalar(beta, "beta"))


def attention_energy(x, beta) -> float:
    """Return mean_ij exp(beta (<x_i, x_j> - 1)), at most 1; 1 when all tokens agree.

    Up to the constant e^beta n^2 this is the energy sum_ij e^{beta <x_i, x_j>} (ibid.),
    which does not fall along the flow. Shape x (n, d).

    Raises ValueError as `attention_velocity`.

    Examples
    --------
    >>> round(attention_energy([[1.0, 0.0], [-1.0, 0.0]], 1.0), 6)
    0.567668
    """
    return _energy(_tokens(x), scalar(beta, "beta"))


def token_flow(x0, beta, step, steps: int, *, method: str = "rk4") -> TokenFlow:
    """Return the flow of tokens x_0 (n, d) under `attention_velocity`.

    Each step ends with x/|x|, so norms are 1 to rounding; time is the depth of a
    transformer. Tokens in an open half-sphere tend to one point (ibid.).

    Raises
    ------
    ValueError
        When a token has another norm than 1, beta or step is not > 0, steps < 1 or the
        method is unknown.
    ConvergenceError
        When a state is not finite; `last` is the flow up to there.

    Examples
    --------
    >>> angle = 2.0
    >>> pair = [[1.0, 0.0], [np.cos(angle), np.sin(angle)]]
    >>> flow = token_flow(pair, 4.0, 0.05, 100)
    >>> round(float(np.arccos(flow.x[-1, 0] @ flow.x[-1, 1])), 6)
    1.96638
    """
    x0, beta = _tokens(x0), scalar(beta, "beta")
    h = scalar(step, "step")
    with np.errstate(over="ignore"):  # integrate reports it
        times = h * np.arange(whole(steps, "steps") + 1)
    v = lambda _, x: _velocity(x, beta)
    try:
        path = integrate(v, x0, times, method=method, retract=to_sphere)
    except ConvergenceError as error:
        raise ConvergenceError(str(error), last=_certified(error.last, beta)) from error
    return _certified(path, beta)


def _certified(path: Trajectory, beta: float) -> TokenFlow:
    energies = np.array([_energy(x, beta) for x in path.x])
    defect = _defect(path.times, path.x, beta)
    return TokenFlow(path.times, path.x, energies, defect, path.error)


def token_defect(times, x, beta) -> float:
    """Return |E(x_k) - E(x_0) - integral of the rate dt| of any states of norm 1.

    The rate of `TokenFlow`, by Simpson's rule over times (k+1,) and x (k+1, n, d); its
    error is O(step^4). It is inf, that is unknown, when beta is too large for it.

    Raises ValueError as `attention_velocity`, or when the shapes do not fit.

    Examples
    --------
    >>> still = np.array([[[1.0, 0.0]], [[1.0, 0.0]]])
    >>> token_defect(np.array([0.0, 1.0]), still, 2.0)
    0.0
    """
    times, x = states(times, x)
    _tokens(x.reshape(-1, x.shape[2]))  # checks the norms
    return _defect(times, x, scalar(beta, "beta"))


def _defect(times, x, beta: float) -> float:
    gained = _energy(x[-1], beta) - _energy(x[0], beta)
    with np.errstate(over="ignore", invalid="ignore"):  # unknown then
        defect = abs(gained - simpson([_rate(u, beta) for u in x], x=times))
    return float(defect) if np.isfinite(defect) else np.inf


def cluster_count(x, angle) -> int:
    """Return the number of clusters: tokens within `angle` of each other are linked.

    Shape x (n, d); angles in radians, along the sphere.

    Raises ValueError when a token has another norm than 1 or the angle is not > 0.

    Examples
    --------
    >>> cluster_count([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], 1.6)
    1
    >>> cluster_count([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], 1.5)
    3
    """
    x, angle = _tokens(x), scalar(angle, "angle")
    # Angles from chords: the arc cosine would lose half the digits of small ones.
    chords = np.linalg.norm(x[:, None] - x, axis=2)
    linked = 2 * np.arcsin(np.minimum(chords / 2, 1)) <= angle
    return int(connected_components(linked, directed=False)[0])


def _tokens(x) -> np.ndarray:
    x = points(x)
    with np.errstate(over="ignore"):  # an infinite norm is not 1
        norms = np.linalg.norm(x, axis=1)
    if np.any(np.abs(norms - 1) > 1e-9):
        worst = norms[np.argmax(np.abs(norms - 1))]
        raise ValueError(f"x must hold tokens (n, d) of norm 1; got {worst:.9g}.")
    return x / norms[:, None]


def _affinity(x, beta: float) -> np.ndarray:
    # By rounding a product of unit vectors may exceed 1, and a huge beta shows it.
    with np.errstate(over="ignore"):
        return np.exp(beta * np.minimum(x @ x.T - 1, 0))


def _velocity(x, beta: float) -> np.ndarray:
    # Relative to the largest product: within a step vectors may be longer than 1.
    products = x @ x.T
    with np.errstate(over="ignore"):
        weights = np.exp(beta * (products - products.max(axis=1, keepdims=True)))
    mean = weights @ x / weights.sum(axis=1, keepdims=True)
    return mean - np.sum(mean * x, axis=1, keepdims=True) * x


def _energy(x, beta: float) -> float:
    return float(np.mean(_affinity(x, beta)))


def _rate(x, beta: float) -> float:
    # n^2/(2 beta) times the gradient of the energy in x_i is Z_i v_i + a normal part.
    total = _affinity(x, beta).sum(axis=1)
    return (
        2 * beta / len(x) ** 2 * float(total @ np.sum(_velocity(x, beta) ** 2, axis=1))
    )
