"""Divergences by their definitions, at 50 digits; a float or an infinity comes back."""

from __future__ import annotations

import mpmath

DIGITS = 50


def _sum(term, p, q):
    with mpmath.workdps(DIGITS):
        pairs = [
            (mpmath.mpf(float(a)), mpmath.mpf(float(b)))
            for a, b in zip(p, q, strict=True)
        ]
        return mpmath.fsum(term(a, b) for a, b in pairs)


def _log_term(a, b):
    if a == 0:
        return mpmath.mpf(0)
    return a * mpmath.log(a / b) if b > 0 else mpmath.inf


def kl(p, q):
    return float(_sum(_log_term, p, q))


def js(p, q):
    half = lambda a, b: (_log_term(a, (a + b) / 2) + _log_term(b, (a + b) / 2)) / 2
    return float(_sum(half, p, q))


def tv(p, q):
    return float(_sum(lambda a, b: abs(a - b) / 2, p, q))


def squared_hellinger(p, q):
    return float(_sum(lambda a, b: (mpmath.sqrt(a) - mpmath.sqrt(b)) ** 2, p, q))


def hellinger(p, q):
    return float(
        mpmath.sqrt(_sum(lambda a, b: (mpmath.sqrt(a) - mpmath.sqrt(b)) ** 2, p, q))
    )


def l2(p, q):
    return float(mpmath.sqrt(_sum(lambda a, b: (a - b) ** 2, p, q)))


def chi2(p, q):
    """May exceed the floats: mpmath's number, not a float."""
    term = lambda a, b: (a - b) ** 2 / b if b > 0 else (mpmath.inf if a else 0)
    return _sum(term, p, q)


def non_saturating(p, q):
    return float(_sum(lambda a, b: 2 * _log_term((a + b) / 2, b), p, q))


def entropy(p):
    return float(_sum(lambda a, _: -_log_term(a, mpmath.mpf(1)), p, p))


def cross_entropy(p, q):
    term = lambda a, b: (-a * mpmath.log(b) if b > 0 else mpmath.inf) if a else 0
    return float(_sum(term, p, q))


def gaussian(functional, p, q, span=None):
    """Integrate functional(p(x), q(x)) for laws p, q = (mean, scale), at 30 digits."""
    with mpmath.workdps(30):
        laws = [(mpmath.mpf(m), mpmath.mpf(s)) for m, s in (p, q)]
        cuts = sorted(
            {m + k * s for m, s in laws for k in (-40, -12, -5, -2, 0, 2, 5, 12, 40)}
        )
        f = lambda x: functional(*(mpmath.npdf(x, m, s) for m, s in laws))
        return mpmath.quad(f, span or cuts)


def gaussian_kl_full(mean_p, A, mean_q, B):
    """The textbook formula with inverses and determinants, at 60 digits."""
    with mpmath.workdps(60):
        A, B = mpmath.matrix(A.tolist()), mpmath.matrix(B.tolist())
        gap = mpmath.matrix(
            [mpmath.mpf(a) - mpmath.mpf(b) for a, b in zip(mean_p, mean_q, strict=True)]
        )
        inverse = B**-1
        ratio = inverse * A
        trace = mpmath.fsum(ratio[i, i] for i in range(A.rows))
        square = (gap.T * inverse * gap)[0]
        return float((trace - A.rows - mpmath.log(mpmath.det(ratio)) + square) / 2)
