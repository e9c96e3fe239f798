"""Entropies and divergences of weights (..., n); natural logarithms throughout."""

from __future__ import annotations

import numpy as np
from scipy.special import entr, rel_entr, xlogy

from ottools.measures import probability


def pair(p, q) -> tuple[np.ndarray, np.ndarray]:
    """Return two checked weight arrays (..., n) over the same n places.

    Raises ValueError when one is improper or when their last axes differ.

    Examples
    --------
    >>> [w.shape for w in pair([1.0, 0.0], [0.5, 0.5])]
    [(2,), (2,)]
    """
    p, q = probability(p, "p"), probability(q, "q")
    if p.shape[-1] != q.shape[-1]:
        raise ValueError(
            f"p and q must have as many weights; got {p.shape[-1]} and {q.shape[-1]}."
        )
    return p, q


def entropy(p):
    """Return H(p) = -sum_i p_i log p_i with 0 log 0 = 0; p (..., n) gives (...).

    Raises ValueError when `p` is no probability along its last axis.

    Examples
    --------
    >>> round(float(entropy([0.5, 0.5])), 6)
    0.693147
    """
    return entr(probability(p)).sum(axis=-1)


def cross_entropy(p, q):
    """Return H(p, q) = -sum_i p_i log q_i, infinite where p_i > 0 = q_i.

    Shapes (..., n), (..., n) give (...). Raises ValueError on improper weights.

    Examples
    --------
    >>> round(float(cross_entropy([1.0, 0.0], [0.5, 0.5])), 6)
    0.693147
    """
    p, q = pair(p, q)
    with np.errstate(divide="ignore"):
        return -xlogy(p, q).sum(axis=-1)


def kl(p, q):
    """Return KL(p || q) = sum_i p_i log(p_i/q_i), infinite where p_i > 0 = q_i.

    Shapes (..., n), (..., n) give (...). Raises ValueError on improper weights.

    Examples
    --------
    >>> float(kl([0.5, 0.5], [1.0, 0.0])), round(float(kl([1, 0], [0.5, 0.5])), 6)
    (inf, 0.693147)
    """
    p, q = pair(p, q)
    return rel_entr(p, q).sum(axis=-1)


def js(p, q):
    """Return JS(p, q) = KL(p || m)/2 + KL(q || m)/2 with m = (p+q)/2; at most log 2.

    Shapes (..., n), (..., n) give (...). Its square root is a metric (Endres and
    Schindelin 2003). Raises ValueError on improper weights.

    Examples
    --------
    >>> round(float(js([1.0, 0.0], [0.0, 1.0])), 6)
    0.693147
    """
    p, q = pair(p, q)
    m = (p + q) / 2
    return (rel_entr(p, m) + rel_entr(q, m)).sum(axis=-1) / 2


def tv(p, q):
    """Return TV(p, q) = (1/2) sum_i |p_i - q_i|, the largest gap on an event.

    Shapes (..., n), (..., n) give (...). Raises ValueError on improper weights.

    Examples
    --------
    >>> float(tv([1.0, 0.0], [0.5, 0.5]))
    0.5
    """
    p, q = pair(p, q)
    return np.abs(p - q).sum(axis=-1) / 2


def hellinger(p, q):
    """Return sqrt(sum_i (sqrt p_i - sqrt q_i)^2), not normalised: at most sqrt 2.

    Shapes (..., n), (..., n) give (...). Raises ValueError on improper weights.

    Examples
    --------
    >>> round(float(hellinger([1.0, 0.0], [0.0, 1.0])), 6)
    1.414214
    """
    p, q = pair(p, q)
    return np.sqrt(((np.sqrt(p) - np.sqrt(q)) ** 2).sum(axis=-1))


def chi2(p, q):
    """Return chi^2(p || q) = sum_i (p_i - q_i)^2/q_i, infinite where p_i > 0 = q_i.

    Shapes (..., n), (..., n) give (...). Raises ValueError on improper weights.

    Examples
    --------
    >>> float(chi2([1.0, 0.0], [0.5, 0.5]))
    1.0
    """
    p, q = pair(p, q)
    inside = q > 0
    ratio = (p - q) ** 2 / np.where(inside, q, 1)
    return np.where(inside, ratio, np.where(p > 0, np.inf, 0.0)).sum(axis=-1)


def l2(p, q):
    """Return sqrt(sum_i (p_i - q_i)^2), the Euclidean distance of the weights.

    Shapes (..., n), (..., n) give (...). Raises ValueError on improper weights.

    Examples
    --------
    >>> round(float(l2([0.6, 0.4], [0.2, 0.8])), 6)
    0.565685
    """
    p, q = pair(p, q)
    return np.sqrt(((p - q) ** 2).sum(axis=-1))
