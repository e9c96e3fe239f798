"""Value and gradient of the squared MMD in one pass over the pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ottools.measures import weights
from ottools.mmd.estimators import inside, two_or_more
from ottools.mmd.pairs import Rule, between, prepare, within


@dataclass(frozen=True)
class MMDGradient:
    """A squared MMD and its gradient with respect to the first sample.

    `value` is the statistic, `gradient` (n,d) holds its derivatives by the points x.
    """

    value: float
    gradient: np.ndarray


def mmd2_gradient(
    x, y, bandwidth, a=None, b=None, *, kernel: str = "gaussian"
) -> MMDGradient:
    """Return the V-statistic and its gradient with respect to x.

    With t_ij = |x_i - y_j|^2/s^2 and k = phi(t), row i of the gradient is
    (4 a_i/s^2) (sum_j a_j phi'_ij (x_i - x_j) - sum_j b_j phi'_ij (x_i - y_j)); for the
    Gaussian kernel the loss of Li, Swersky and Zemel 2015, eq. 4 and 6. A kernel with a
    cusp counts as flat where two points coincide. Arguments, shapes and errors as in
    `mmd2_biased`; OverflowError when a derivative exceeds the range of floats.

    Examples
    --------
    >>> found = mmd2_gradient([0.0], [1.0], 1.0)
    >>> round(found.value, 6), found.gradient.round(6).tolist()
    (0.786939, [[-1.213061]])
    """
    rule, (x, y), unit = prepare(kernel, bandwidth, x=x, y=y)
    a, b = weights(a, len(x), "a"), weights(b, len(y), "b")
    xx, own = _repulsion(rule, x, a)
    xy, other = _attraction(rule, x, y, a, b)
    value = max(0.0, xx + inside(rule, y, b) - 2 * xy)
    return _result(value, 4 * a[:, None] * (own - other), unit)


def mmd2_unbiased_gradient(x, y, bandwidth, *, kernel: str = "gaussian") -> MMDGradient:
    """Return the U-statistic and its gradient with respect to x.

    As `mmd2_gradient` with equal weights, the sum over the points of x divided by
    n (n - 1) in place of n^2.

    Raises ValueError when a sample has fewer than two points, else as `mmd2_gradient`
    does.

    Examples
    --------
    >>> found = mmd2_unbiased_gradient([0.0, 1.0], [0.0, 1.0], 1.0)
    >>> round(found.value, 6), found.gradient.round(6).tolist()
    (-0.393469, [[0.303265], [-0.303265]])
    """
    rule, (x, y), unit = prepare(kernel, bandwidth, x=x, y=y)
    n, m = two_or_more(x, y)
    a, b = weights(None, n), weights(None, m)
    xx, own = _repulsion(rule, x, a)
    xy, other = _attraction(rule, x, y, a, b)
    yy = inside(rule, y, b)
    value = xx * n / (n - 1) + yy * m / (m - 1) - 2 * xy
    return _result(value, 4 / n * (own * n / (n - 1) - other), unit)


def _attraction(rule: Rule, x, y, a, b):
    """Return sum_ij a_i b_j phi_ij and the rows sum_j b_j phi'_ij (x_i - y_j)."""
    total, load = 0.0, rule.load(y, b)
    pulls = np.zeros((len(x), load.shape[1]))
    for i, j, t in between(rule, x, y):
        drop, slope = rule.both(t)
        total += float(a[i] @ drop @ b[j])
        pulls[i] += rule.pull(slope, x[i], load[j])
    return total, rule.settle(pulls, x)


def _repulsion(rule: Rule, x, a):
    """Return the same of x against itself, each pair of tiles seen once."""
    total, load = 0.0, rule.load(x, a)
    pulls = np.zeros_like(load)
    for i, j, t in within(rule, x):
        drop, slope = rule.both(t)
        part = float(a[i] @ drop @ a[j])
        total += part
        pulls[i] += rule.pull(slope, x[i], load[j])
        if i != j:
            total += part
            pulls[j] += rule.pull(slope.T, x[j], load[i])
    return total, rule.settle(pulls, x)


def _result(value: float, scaled, unit: float) -> MMDGradient:
    with np.errstate(over="ignore"):
        gradient = scaled / unit
    if not np.all(np.isfinite(gradient)):
        raise OverflowError(
            f"the gradient exceeds 1.8e308 at bandwidth {unit:g}: rescale the points."
        )
    return MMDGradient(value, gradient)
