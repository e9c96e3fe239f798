"""A density on pictures of bits that can be evaluated: one bit after the other.

The chain rule p(x) = prod_k p(x_k | bits before it in some order) holds for every law.
The model is that each conditional is a logistic regression on the bits before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, log_expit

from ottools.convergence import ConvergenceError
from ottools.measures import generator, points, scalar, whole

MAX_NEWTON = 100


@dataclass(frozen=True)
class Autoregressive:
    """Bits x (d,) with P(x_k = 1 | before) = logistic(bias_k + sum_j weights_kj x_j).

    `order` (d,) is the order in which the bits come; `weights` (d, d) may be non-zero
    only where j comes before k in it. `residual` is what the fit left of the gradient
    of a bit's penalised likelihood, per picture (0 when nothing was fitted).
    """

    order: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    residual: float = 0.0

    def log_probability(self, x) -> np.ndarray:
        """Return log p(x) (n,) of pictures x (n, d): one matrix product for all bits.

        Raises ValueError when x does not hold n rows of d bits.

        Examples
        --------
        >>> fair = Autoregressive(np.arange(2), np.zeros((2, 2)), np.zeros(2))
        >>> (fair.log_probability([[0, 1]]) / np.log(2)).tolist()
        [-2.0]
        """
        x = _bits(x)
        if x.shape[1] != len(self.bias):
            raise ValueError(f"x must have {len(self.bias)} bits; got {x.shape[1]}.")
        logits = self.bias + x @ self.weights.T
        return log_expit(np.where(x == 1, logits, -logits)).sum(axis=1)

    def sample(self, n: int, rng) -> np.ndarray:
        """Return n pictures (n, d), drawn bit by bit: d passes, one after the other.

        Raises ValueError when n is no whole number >= 1 or rng no generator.

        Examples
        --------
        >>> sure = Autoregressive(np.arange(2), np.zeros((2, 2)), np.array([9.0, -9.0]))
        >>> sure.sample(1, np.random.default_rng(0)).tolist()
        [[1.0, 0.0]]
        """
        x = np.zeros((whole(n, "n"), len(self.bias)))
        rng = generator(rng)
        for k in self.order:
            chance = expit(self.bias[k] + x @ self.weights[k])
            x[:, k] = rng.random(len(x)) < chance
        return x


def fit_autoregressive(
    x, order=None, *, before: int | None = None, ridge: float = 1.0, tol: float = 1e-8
) -> Autoregressive:
    """Return the model of greatest likelihood, less ridge/2 times its squared numbers.

    Each bit is a logistic regression on the `before` bits that precede it (all of them
    if None, none if 0: then the model is a product of marginals). The d problems are
    strictly convex and are solved by Newton's method. x (n, d) holds bits; `order` is a
    permutation of 0, ..., d-1 (as they stand if None).

    Raises
    ------
    ValueError
        When x holds no bits, order is no permutation, before < 0, or ridge or tol <= 0.
    ConvergenceError
        When a gradient norm does not fall below tol n; `last` is the model so far.

    Examples
    --------
    >>> x = np.array([[0, 0], [1, 1]] * 50)
    >>> model = fit_autoregressive(x)
    >>> np.exp(model.log_probability([[1, 1], [1, 0]])).round(2).tolist()
    [0.46, 0.04]
    """
    x = _bits(x)
    n, d = x.shape
    order = _order(order, d)
    ridge, tol = scalar(ridge, "ridge"), scalar(tol, "tol")
    seen = _seen(order, before)
    weights, bias = np.zeros((d, d)), np.zeros(d)
    for k in range(d):
        inputs = np.column_stack([np.ones(n), x[:, seen[k]]])
        answer = _logistic(inputs, x[:, k], ridge, tol * n)
        bias[k], weights[k, seen[k]] = answer[0], answer[1:]
    model = Autoregressive(order, weights, bias)
    model = replace(model, residual=residual(model, x, before=before, ridge=ridge))
    if model.residual > tol:
        raise ConvergenceError(
            f"the gradient is {model.residual:.1e} > tol = {tol:.1e}: "
            "raise ridge or tol.",
            last=model,
        )
    return model


def residual(
    model: Autoregressive, x, *, before: int | None = None, ridge: float = 1.0
) -> float:
    """Return the largest gradient norm of the d regressions, per picture.

    It vanishes at the fit of `fit_autoregressive` with the same x, before and ridge.
    Raises ValueError as that function does.

    Examples
    --------
    >>> x = np.array([[0, 0], [1, 1]])
    >>> residual(fit_autoregressive(x), x) < 1e-8
    True
    """
    x, ridge = _bits(x), scalar(ridge, "ridge")
    seen = _seen(model.order, before)
    errors = expit(model.bias + x @ model.weights.T) - x
    slopes = np.where(seen, errors.T @ x + ridge * model.weights, 0.0)
    first = errors.sum(axis=0) + ridge * model.bias
    return float(np.sqrt(first**2 + (slopes**2).sum(axis=1)).max() / len(x))


def _seen(order, before: int | None) -> np.ndarray:
    """Return which bit (row) looks at which (column): the last `before` in order."""
    if before is None:
        before = len(order)
    elif before != 0:
        before = whole(before, "before")
    place = np.argsort(order)
    gap = place[:, None] - place
    return (gap > 0) & (gap <= before)


def _logistic(inputs, y, ridge: float, tol: float) -> np.ndarray:
    """Minimise sum log(1 + exp(-(2y-1) z)) + ridge/2 |c|^2, z = inputs c, by Newton."""
    c, sides = np.zeros(inputs.shape[1]), 2 * y - 1

    def loss(c):
        return ridge / 2 * (c @ c) - log_expit(sides * (inputs @ c)).sum()

    for _ in range(MAX_NEWTON):
        chance = expit(inputs @ c)
        slope = inputs.T @ (chance - y) + ridge * c
        if np.linalg.norm(slope) <= tol / 2:
            break
        bend = inputs.T @ (inputs * (chance * (1 - chance))[:, None])
        step = np.linalg.solve(bend + ridge * np.eye(len(c)), slope)
        while loss(c - step) > loss(c) and np.linalg.norm(step) > 1e-12:
            step = step / 2
        c = c - step
    return c


def _bits(x) -> np.ndarray:
    x = points(x, "x")
    if not np.isin(x, (0, 1)).all():
        raise ValueError("x must hold bits, 0 or 1; got other numbers.")
    return x


def _order(order, d: int) -> np.ndarray:
    order = np.arange(d) if order is None else np.asarray(order)
    if order.dtype.kind not in "iu" or sorted(order.tolist()) != list(range(d)):
        raise ValueError(f"order must be a permutation of 0, ..., {d - 1}.")
    return order
