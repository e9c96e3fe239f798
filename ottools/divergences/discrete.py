"""Entropies and divergences of weights (..., n); natural logarithms throughout.

Each sum is arranged so that no term overflows, underflows or loses its digits when the
weights are as small as floats go. Weights that sum to 1 only up to rounding may give a
value below 0 by as much; it counts as 0.
"""

from __future__ import annotations

import numpy as np
from scipy.special import entr, rel_entr, xlogy

from ottools.measures import probability


def pair(p, q) -> tuple[np.ndarray, np.ndarray]:
    """Return two checked weight arrays (..., n) over the same n places.

    Raises ValueError when one is improper, when their last axes differ, or when their
    leading axes do not broadcast.

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
    try:
        np.broadcast_shapes(p.shape, q.shape)
    except ValueError as error:
        raise ValueError(
            f"the leading axes of p and q must broadcast; got {p.shape} and {q.shape}."
        ) from error
    return p, q


def in_range(value, infinite, name: str):
    """Return `value` if it is infinite only where `infinite` says so.

    Raises OverflowError when the value of a formula is finite but exceeds the floats.

    Examples
    --------
    >>> in_range(np.inf, True, "chi2")
    inf
    """
    if np.any(np.isinf(value) & ~np.asarray(infinite)):
        raise OverflowError(f"{name} is finite here but exceeds 1.8e308.")
    return value


def jensen_shannon(p, q):
    """Return (p_i log(p_i/m_i) + q_i log(q_i/m_i))/2 with m = (p+q)/2.

    Written with 2 m, for the half of the least float is 0.

    Examples
    --------
    >>> (jensen_shannon(np.array([1.0]), np.array([0.0])) / np.log(2)).tolist()
    [0.5]
    """
    both = p + q
    return (rel_entr(2 * p, both) + rel_entr(2 * q, both)) / 4


def hellinger_gap(p, q):
    """Return sqrt p_i - sqrt q_i, as (p_i - q_i)/(sqrt p_i + sqrt q_i).

    Examples
    --------
    >>> hellinger_gap(np.array([0.0, 1.0]), np.array([0.0, 0.25])).tolist()
    [0.0, 0.5]
    """
    root = np.sqrt(p) + np.sqrt(q)
    return (p - q) / np.where(root > 0, root, 1)


def chi_square(p, q):
    """Return (p_i - q_i)^2/q_i, infinite where p_i > 0 = q_i, else 0 at q_i = 0.

    Raises OverflowError when p_i^2/q_i exceeds the range of floats.

    Examples
    --------
    >>> chi_square(np.array([0.0, 1.0]), np.array([0.0, 0.25])).tolist()
    [0.0, 2.25]
    """
    outside = (p > 0) & (q == 0)
    with np.errstate(over="ignore"):
        gap, safe = p - q, np.where(q > 0, q, 1)
        # The square of a tiny gap would underflow before it is divided.
        tiny = np.abs(gap) < 1e-100
        terms = np.where(tiny, (gap / np.sqrt(safe)) ** 2, gap**2 / safe)
    return in_range(np.where(outside, np.inf, terms), outside, "chi2")


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
        return 0.0 - xlogy(p, q).sum(axis=-1)


def kl(p, q):
    """Return KL(p || q) = sum_i p_i log(p_i/q_i), infinite where p_i > 0 = q_i.

    Shapes (..., n), (..., n) give (...). Raises ValueError on improper weights.

    Examples
    --------
    >>> float(kl([0.5, 0.5], [1.0, 0.0])), round(float(kl([1, 0], [0.5, 0.5])), 6)
    (inf, 0.693147)
    """
    p, q = pair(p, q)
    return np.maximum(rel_entr(p, q).sum(axis=-1), 0.0)


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
    return np.maximum(jensen_shannon(p, q).sum(axis=-1), 0.0)


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
    return _norm(hellinger_gap(p, q))


def chi2(p, q):
    """Return chi^2(p || q) = sum_i (p_i - q_i)^2/q_i, infinite where p_i > 0 = q_i.

    Shapes (..., n), (..., n) give (...). Raises ValueError on improper weights,
    OverflowError when the value is finite but exceeds 1.8e308.

    Examples
    --------
    >>> float(chi2([1.0, 0.0], [0.5, 0.5]))
    1.0
    """
    p, q = pair(p, q)
    terms = chi_square(p, q)
    with np.errstate(over="ignore"):
        return in_range(terms.sum(axis=-1), np.isinf(terms).any(axis=-1), "chi2")


def l2(p, q):
    """Return sqrt(sum_i (p_i - q_i)^2), the Euclidean distance of the weights.

    Shapes (..., n), (..., n) give (...). Raises ValueError on improper weights.

    Examples
    --------
    >>> round(float(l2([0.6, 0.4], [0.2, 0.8])), 6)
    0.565685
    """
    p, q = pair(p, q)
    return _norm(p - q)


def _norm(gap):
    """Return the Euclidean norm along the last axis; no square of it underflows."""
    largest = np.abs(gap).max(axis=-1)
    unit = np.where(largest > 0, largest, 1.0)
    return largest * np.sqrt(((gap / unit[..., None]) ** 2).sum(axis=-1))
