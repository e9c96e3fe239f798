"""f-divergences from below: one critic, two means."""

from __future__ import annotations

import numpy as np

from ottools.divergences.discrete import in_range, pair
from ottools.divergences.generators import generator
from ottools.measures import extended

LARGEST_RATIO = 1e300


def optimal_critic(name: str, p, q) -> np.ndarray:
    """Return T_i = f'(p_i/q_i), at which the variational bound is the divergence.

    Where q_i = 0 the ratio is infinite and T_i the slope of f at infinity; where p_i is
    0 as well T_i is f'(1), for any value does. While q_i > 0 rounding may not push T_i
    to the end of the domain of the conjugate, and ratios count as 1e-300 to 1e300.
    Shapes (..., n), (..., n) give (..., n); where p_i = 0 and f'(0) is -inf so is T_i.

    Raises ValueError when `name` is not in GENERATORS, or on improper weights.

    Examples
    --------
    >>> optimal_critic("tv", [0.5, 0.5, 0.0], [0.5, 0.0, 0.5])
    array([ 0. ,  0.5, -0.5])
    """
    entry = generator(name)
    p, q = np.broadcast_arrays(*pair(p, q))
    with np.errstate(over="ignore"):
        ratio = np.where(q > 0, p / np.where(q > 0, q, 1), 1.0)
        ratio = np.clip(ratio, np.where(p > 0, 1 / LARGEST_RATIO, 0.0), LARGEST_RATIO)
        critic = entry.derivative(ratio)
    # At 1/2 the conjugate of TV is still finite; of the others none is at the end.
    last = np.nextafter(entry.slope, -np.inf) if name != "tv" else entry.slope
    return np.where((q == 0) & (p > 0), entry.slope, np.minimum(critic, last))


def variational_bound(name: str, p, q, T):
    """Return sum_i p_i T_i - sum_i q_i f*(T_i), at most the f-divergence of p and q.

    By Fenchel and Young t y - f*(y) <= f(t), with equality at y = f'(t) (Nguyen,
    Wainwright and Jordan 2010, Lemma 1; Nowozin, Cseke and Tomioka 2016, eq. 4). The
    value is -inf when at some place of positive mass T_i lies outside the domain of f*;
    where q_i = 0 the domain includes its end, the slope of f.

    Parameters
    ----------
    name : str, in GENERATORS
    p, q : array_like, shape (..., n), weights
    T : array_like, shape (..., n), real or infinite

    Raises
    ------
    ValueError
        When the name is unknown, the weights are improper, or T is no array of that
        shape without nan.
    OverflowError
        When f* of some T_i is finite but exceeds 1.8e308, or the value does.

    Examples
    --------
    >>> p, q = [0.5, 0.5], [0.25, 0.75]
    >>> round(float(variational_bound("kl", p, q, [1.5, 0.5])), 6)
    0.132922
    >>> round(float(variational_bound("kl", p, q, optimal_critic("kl", p, q))), 6)
    0.143841
    """
    entry = generator(name)
    p, q = np.broadcast_arrays(*pair(p, q))
    T = _critic(T, p.shape)
    conjugate = np.where(q > 0, entry.conjugate(np.where(q > 0, T, 0.0)), 0.0)
    end = np.inf if np.isfinite(entry.slope) else T
    in_range(conjugate, (q == 0) | (end == np.inf), f"the conjugate of {name} at T")
    outside = (p > 0) & (entry.slope < T) | (q > 0) & (conjugate == np.inf)
    gain = np.where(p > 0, p, 1) * np.where(p > 0, T, 0.0)
    # Where T is -inf the price p T outweighs every conjugate.
    never = outside | (gain == -np.inf)
    terms = np.where(never, 0.0, gain) - q * np.where(never, 0.0, conjugate)
    with np.errstate(over="ignore"):
        total = in_range(terms.sum(axis=-1), np.isinf(terms).any(axis=-1), "the bound")
    return np.where(never.any(axis=-1), -np.inf, total)


def _critic(T, shape) -> np.ndarray:
    array = extended(T, "T")
    if array.shape != shape:
        raise ValueError(f"T must have shape {shape}; got {array.shape}.")
    return array
