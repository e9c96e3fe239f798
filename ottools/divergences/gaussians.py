"""Entropy and divergences of Gaussians in closed form."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from ottools.divergences.discrete import in_range
from ottools.measures import positive, real, together

# Beyond this many widths two Gaussians have nothing in common in floats.
APART = 1e10


def gaussian_entropy(scale):
    """Return the entropy of N(m, scale^2), log(scale sqrt(2 pi e)).

    Raises ValueError when a scale is not > 0.

    Examples
    --------
    >>> round(float(gaussian_entropy(1.0)), 6)
    1.418939
    """
    return np.log(positive(scale, "scale")) + 0.5 * np.log(2 * np.pi * np.e)


def gaussian_kl(mean_p, scale_p, mean_q, scale_q):
    """Return KL(N(m_p, s_p^2) || N(m_q, s_q^2)), the arguments broadcast.

    log(s_q/s_p) + (s_p^2 + (m_p - m_q)^2)/(2 s_q^2) - 1/2; sum over the coordinates
    for diagonal Gaussians. Raises ValueError when a scale is not > 0 or a mean not
    finite, OverflowError when the value is finite but exceeds 1.8e308.

    Examples
    --------
    >>> float(gaussian_kl(0.0, 1.0, 1.0, 1.0))
    0.5
    """
    mean_p, a, mean_q, b = _laws(mean_p, scale_p, mean_q, scale_q)
    log_ratio = np.log(a) - np.log(b)
    with np.errstate(over="ignore"):
        gap = 2 * ((mean_p / 2 - mean_q / 2) / b)
        value = 0.5 * np.expm1(2 * log_ratio) - log_ratio + 0.5 * gap**2
    return np.maximum(in_range(value, False, "KL"), 0.0)


def gaussian_tv(mean_p, scale_p, mean_q, scale_q):
    """Return TV(N(m_p, s_p^2), N(m_q, s_q^2)), the arguments broadcast.

    For equal scales s it is 2 Phi(|m_p - m_q|/(2 s)) - 1. In general the narrower
    density is the larger one between the two points where they cross, and TV is the
    difference of what the two laws give to that interval.

    Raises ValueError when a scale is not > 0 or a mean is not finite.

    Examples
    --------
    >>> round(float(gaussian_tv(0.0, 1.0, 1.0, 1.0)), 6)
    0.382925
    """
    mean_p, a, mean_q, b = _laws(mean_p, scale_p, mean_q, scale_q)
    wide, narrow = np.maximum(a, b), np.minimum(a, b)
    ratio, gap = narrow / wide, _gap(mean_p, mean_q, wide)
    # In widths of the narrower law from its mean: slack u^2 + 2 ratio gap u = c.
    slack = (wide - narrow) / wide * (1 + ratio)
    c = gap**2 + 2 * (np.log(wide) - np.log(narrow))
    push = ratio * gap + np.sqrt((ratio * gap) ** 2 + slack * c)
    near = c / np.where(push > 0, push, 1.0)
    far = np.where(slack > 0, -push / np.where(slack > 0, slack, 1.0), -np.inf)
    inner = ndtr(near) - ndtr(far)
    outer = ndtr(ratio * near - gap) - ndtr(ratio * far - gap)
    return np.where(push > 0, np.clip(inner - outer, 0.0, 1.0), 0.0)


def gaussian_hellinger(mean_p, scale_p, mean_q, scale_q):
    """Return the Hellinger distance of two Gaussians, not normalised: at most sqrt 2.

    H^2 = 2 - 2 sqrt(2 s_p s_q/v) exp(-(m_p - m_q)^2/(4 v)) with v = s_p^2 + s_q^2; the
    arguments broadcast. Raises ValueError when a scale is not > 0 or a mean is not
    finite.

    Examples
    --------
    >>> round(float(gaussian_hellinger(0.0, 1.0, 1.0, 1.0)), 6)
    0.484774
    """
    mean_p, a, mean_q, b = _laws(mean_p, scale_p, mean_q, scale_q)
    wide, narrow = np.maximum(a, b), np.minimum(a, b)
    ratio = narrow / wide
    v = 1 + ratio**2
    gap = _gap(mean_p, mean_q, wide)
    # 2 s_p s_q/v = 1 - (s_p - s_q)^2/v keeps the digits of nearly equal scales.
    part = ((wide - narrow) / wide) ** 2 / v
    close = ratio > 0.5
    log_ratio = np.log(narrow) - np.log(wide)
    log_share = np.where(
        close, np.log1p(-np.where(close, part, 0)), np.log(2 / v) + log_ratio
    )
    return np.sqrt(2 * np.abs(np.expm1(0.5 * log_share - gap**2 / (4 * v))))


def gaussian_l2(mean_p, scale_p, mean_q, scale_q):
    """Return the L2 distance of two Gaussian densities, sqrt of int (p - q)^2 dx.

    int p q = N(m_p - m_q; 0, s_p^2 + s_q^2); the arguments broadcast. Unlike the other
    distances it depends on the unit of length: it is of dimension length^(-1/2).

    Raises ValueError when a scale is not > 0 or a mean is not finite.

    Examples
    --------
    >>> round(float(gaussian_l2(0.0, 1.0, 1.0, 1.0)), 6)
    0.353268
    """
    mean_p, a, mean_q, b = _laws(mean_p, scale_p, mean_q, scale_q)
    wide, narrow = np.maximum(a, b), np.minimum(a, b)
    ratio, gap = narrow / wide, _gap(mean_p, mean_q, wide)
    # In widths of the narrower law, times 2 sqrt pi: 1 + ratio - 2 c exp(-x) with
    # c = ratio sqrt(2/(1 + ratio^2)) is a square that vanishes with the gap of scales,
    # plus 2 c (1 - exp(-x)).
    c = ratio * np.sqrt(2 / (1 + ratio**2))
    delta = (wide - narrow) / wide
    scales = delta**2 * (delta**2 + 6 * ratio) / (1 + ratio**2) / (1 + ratio + 2 * c)
    x = gap**2 / (2 * (1 + ratio**2))
    square = (scales - 2 * c * np.expm1(-x)) / (2 * np.sqrt(np.pi))
    return np.sqrt(square) / np.sqrt(narrow)


def gaussian_chi2(mean_p, scale_p, mean_q, scale_q):
    """Return chi^2(N(m_p, s_p^2) || N(m_q, s_q^2)), infinite when s_p^2 >= 2 s_q^2.

    s_q^2/(s_p w) exp((m_p - m_q)^2/w^2) - 1 with w^2 = 2 s_q^2 - s_p^2; the arguments
    broadcast. Raises ValueError when a scale is not > 0 or a mean is not finite,
    OverflowError when the value is finite but exceeds 1.8e308.

    Examples
    --------
    >>> round(float(gaussian_chi2(0.0, 1.0, 1.0, 1.0)), 6)
    1.718282
    """
    mean_p, a, mean_q, b = _laws(mean_p, scale_p, mean_q, scale_q)
    ratio = a / np.maximum(b, a / 2)  # at most 2
    infinite = ratio**2 >= 2
    w2 = np.where(infinite, 1.0, 2 - ratio**2)
    # ratio^2 w2 = 1 - (ratio^2 - 1)^2 keeps the digits of nearly equal scales.
    close, excess = np.abs(ratio - 1) < 0.3, (ratio - 1) * (ratio + 1)
    log_mass = np.where(
        close,
        -0.5 * np.log1p(-(np.where(close, excess, 0.0) ** 2)),
        np.log(b) - np.log(a) - 0.5 * np.log(w2),
    )
    with np.errstate(over="ignore"):
        value = np.expm1(log_mass + _gap(mean_p, mean_q, b) ** 2 / w2)
    return in_range(np.where(infinite, np.inf, value), infinite, "chi2")


def _laws(mean_p, scale_p, mean_q, scale_q):
    a, b = positive(scale_p, "scale_p"), positive(scale_q, "scale_q")
    p, q = real(mean_p, "mean_p"), real(mean_q, "mean_q")
    together(mean_p=p, scale_p=a, mean_q=q, scale_q=b)
    return p, a, q, b


def _gap(mean_p, mean_q, unit):
    """Return |mean_p - mean_q|/unit, at most APART."""
    with np.errstate(over="ignore"):
        return np.minimum(2 * (np.abs(mean_p / 2 - mean_q / 2) / unit), APART)
