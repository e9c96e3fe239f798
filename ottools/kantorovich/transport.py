"""The Kantorovich problem, a plan with its potentials, and their certificate."""

from __future__ import annotations

from dataclasses import dataclass
from reprlib import repr as brief

import numpy as np

from ottools.costs import cost_matrix
from ottools.measures import real, weights


@dataclass(frozen=True)
class Transport:
    """A plan P (n,m), potentials f (n,), g (m,), and how good they are.

    `value` is the cost <C, P>. The certificate is computed from these alone:

    - `marginal_error`: sum_i |(P 1 - a)_i| + sum_j |(P^T 1 - b)_j| + 2 sum of the
      negative mass, 0 for a plan between a and b;
    - `infeasibility`: largest f_i + g_j - C_ij, or 0 when all constraints hold;
    - `gap`: <C, P> - <a, f> - <b, g>, primal less dual value;
    - `slackness`: sum_ij |P_ij (C_ij - f_i - g_j)|, 0 at the optimum.

    Weak duality puts the optimum between value - gap - infeasibility and value, the
    latter up to marginal_error times the largest |C_ij|.
    """

    plan: np.ndarray
    f: np.ndarray
    g: np.ndarray
    value: float
    marginal_error: float
    infeasibility: float
    gap: float
    slackness: float

    @property
    def map(self) -> np.ndarray:
        """Return T (n,), the column to which each row goes, -1 for an empty row.

        Raises ValueError when the plan splits the mass of a row: then it is no map in
        Monge's sense.

        Examples
        --------
        >>> certificate([[0, 1], [1, 0]], None, None, np.eye(2) / 2, [0, 0], [0, 0]).map
        array([0, 1])
        """
        targets = (self.plan > 0).sum(axis=1)
        if targets.max() > 1:
            row = int(targets.argmax())
            raise ValueError(
                "plan must send each row to one column to be a map; "
                f"row {row} goes to {targets[row]} columns."
            )
        return np.where(targets == 1, self.plan.argmax(axis=1), -1)


def problem(C, a, b) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return checked costs (n,m) and weights (n,), (m,); equal weights if None.

    Raises ValueError on improper costs or weights.

    Examples
    --------
    >>> problem([[1, 2]], None, [0.5, 0.5])[1:]
    (array([1.]), array([0.5, 0.5]))
    """
    C = cost_matrix(C)
    a, b = (None if w is None else real(w, k) for w, k in ((a, "a"), (b, "b")))
    return C, weights(a, C.shape[0], "a"), weights(b, C.shape[1], "b")


def both(weights) -> tuple:
    """Return the two entries of a pair of weights.

    Raises ValueError when there are not two.

    Examples
    --------
    >>> both(([1.0], None))
    ([1.0], None)
    """
    try:
        a, b = weights
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"weights must be a pair (a, b); got {brief(weights)}."
        ) from error
    return a, b


def certificate(C, a, b, plan, f, g) -> Transport:
    """Return a plan and potentials with their certificate, whoever computed them.

    C (n,m), a (n,), b (m,), plan (n,m), f (n,), g (m,); nothing is assumed of the last
    three. See `Transport` for the four figures.

    Raises ValueError on improper costs or weights, when shapes do not fit, or when the
    value or a figure is no float.

    Examples
    --------
    >>> c = certificate([[0, 1], [1, 0]], None, None, np.eye(2) / 2, [0, 0], [0, 0])
    >>> c.value, c.marginal_error, c.infeasibility, c.gap
    (0.0, 0.0, 0.0, 0.0)
    """
    C, a, b = problem(C, a, b)
    plan, f, g = real(plan, "plan"), real(f, "f"), real(g, "g")
    for name, array, shape in (("plan", plan, C.shape), ("f", f, a.shape)):
        _fits(name, array, shape)
    _fits("g", g, b.shape)
    return assess(C, a, b, plan, (f, g))


def assess(C, a, b, plan, potentials) -> Transport:
    """Return what `certificate` returns, of arguments that were checked before.

    Raises ValueError when the value or a figure is no float.

    Examples
    --------
    >>> one = np.ones(1)
    >>> assess(np.ones((1, 1)), one, one, np.ones((1, 1)), (one, one)).infeasibility
    1.0
    """
    f, g = potentials
    with np.errstate(over="ignore", invalid="ignore"):  # the last line reports it
        excess = C - f[:, None] - g
        rows, columns = plan.sum(axis=1) - a, plan.sum(axis=0) - b
        negative = -2 * np.minimum(plan, 0).sum()
        mismatch = np.abs(rows).sum() + np.abs(columns).sum() + negative
        # <C,P> - <a,f> - <b,g>, without the cancellation of large potentials.
        gap = np.vdot(plan, excess) + f @ rows + g @ columns
        slackness = np.abs(plan * excess).sum()
        value = np.vdot(C, plan)
    figures = value, mismatch, max(0.0, -excess.min()), gap, slackness
    if not np.all(np.isfinite(figures)):
        raise ValueError(
            "C, plan, f and g must have products within 1.8e308; got one beyond."
        )
    return Transport(plan, f, g, *map(float, figures))


def _fits(name: str, array, shape) -> None:
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}; got {array.shape}.")
