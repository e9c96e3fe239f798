"""The two-sample test: a gap larger than chance relabelling makes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ottools.measures import generator, whole
from ottools.mmd.estimators import two_or_more
from ottools.mmd.pairs import Rule, prepare, within

# Relabellings looked at together: the kernel is computed once for so many.
BATCH = 256
# Statistics closer than this share of the mean entry are ties up to rounding.
TIE = 1e-12


@dataclass(frozen=True)
class PermutationTest:
    """A permutation test of equal laws.

    `statistic` is the U-statistic of the samples, `null` (B,) the same after random
    relabellings, `p_value` = (1 + #{null >= statistic})/(1 + B).
    """

    statistic: float
    p_value: float
    null: np.ndarray


def permutation_test(
    x, y, bandwidth, *, permutations: int = 999, rng, kernel: str = "gaussian"
) -> PermutationTest:
    """Test whether x (n,d) and y (m,d) come from one law, by the MMD's U-statistic.

    Under that hypothesis the pooled points are exchangeable, so that the p-value is at
    most alpha with a probability of at most alpha, for every sample size; with equality
    when alpha (B+1) is whole and there are no ties (Phipson and Smyth 2010). All sums
    come from products of kernel tiles with 0/1 labels, so no (n+m)^2 array is made.

    Raises ValueError when a sample has fewer than two points, permutations < 1, or
    `rng` is no numpy Generator, else as `mmd2_biased` does.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=30), rng.normal(2, 1, size=30)
    >>> permutation_test(x, y, 1.0, permutations=99, rng=rng).p_value
    0.01
    """
    rule, (x, y), _ = prepare(kernel, bandwidth, x=x, y=y)
    n, m = two_or_more(x, y)
    count, rng = whole(permutations, "permutations"), generator(rng)
    z, labels = np.concatenate([x, y]), np.repeat([1.0, 0.0], [n, m])
    statistic = float(_statistics(rule, z, labels[:, None])[0])
    null = np.empty(count)
    for start in range(0, count, BATCH):
        part = null[start : start + BATCH]
        shuffled = rng.permuted(np.tile(labels, (len(part), 1)), axis=1)
        part[:] = _statistics(rule, z, shuffled.T)
    slack = TIE * np.abs([statistic, *null]).max()
    extreme = int((null >= statistic - slack).sum())
    return PermutationTest(statistic, (1 + extreme) / (1 + count), null)


def _statistics(rule: Rule, z, labels) -> np.ndarray:
    """Return the U-statistics of the splits of z (N,d) given by labels (N,B) in 0/1.

    With D = phi - phi(0), s = 1' D 1 and r = D 1 the three sums are
    L' D L, s - 2 L' r + L' D L and L' r - L' D L.
    """
    row, own = np.zeros(len(z)), np.zeros(labels.shape[1])
    for i, j, t in within(rule, z):
        drop, times = rule.drop(t), 1 if i == j else 2
        own += times * ((drop @ labels[j]) * labels[i]).sum(axis=0)
        row[i] += drop.sum(axis=1)
        if i != j:
            row[j] += drop.sum(axis=0)
    mixed, n = labels.T @ row, labels[:, 0].sum()
    m = len(z) - n
    cross, other = mixed - own, row.sum() - 2 * mixed + own
    return own / (n * (n - 1)) + other / (m * (m - 1)) - 2 * cross / (n * m)
