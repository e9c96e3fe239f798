"""Maximise the reduced dual of entropic transport at one eps: Sinkhorn, then Newton.

For fixed g the best f is the soft c-transform, so the dual is a concave function
q(g) = <a, f(g)> + <b, g>. At any g the plan P has the row sums a; with c its column
sums, grad q = b - c and -eps Hess q = diag(c) - P^T diag(1/a) P (Brauer, Clason, Lorenz
and Wirth 2017). A Sinkhorn sweep is the fixed point b_j/c_j; Newton solves with the
Hessian by conjugate gradients, two products with the kernel each step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .acceleration import Acceleration
from .kernels import BEARS, rows_of
from .preconditioners import Apply, sparse_factor

LIFT, FAR = 1e-4, 2.0
GAIN = 0.4  # sweeps go on while the error falls by this factor
LOOK, SOON = 4, 40  # or, judging by so many, while they arrive after so many more
ROUGH = 1e-3  # tolerance of a coarse stage
WORSE = 2.0  # a sweep whose error is so much larger is not taken
PATIENCE = 25  # steps of conjugate gradients before a better preconditioner is made
TRIAL, HOPE = 10, 0.7  # after so many steps, less than this share must be left
ENTRIES = 10  # entries of the plan per row that are factored at first


@dataclass(frozen=True)
class Iterate:
    """A point of the ascent: P = diag(u) K diag(v), row sums a, column sums c."""

    h: np.ndarray  # log of the columns' scaling, relative to the kernel
    u: np.ndarray
    v: np.ndarray
    c: np.ndarray
    error: float


class ReducedDual:
    """The function q with weights a (n,), b (m,) on a kernel that has absorbed g."""

    def __init__(self, kernel, a, b, eps: float, dtype: type):
        self.kernel, self.a, self.b, self.eps, self.dtype = kernel, a, b, eps, dtype

    def start(self, g: np.ndarray) -> Iterate:
        """Absorb g and return it as an iterate."""
        self.g = g
        self.f = self.kernel.absorb(g, self.eps, self.dtype)
        return self.at(np.zeros(len(g)))

    def at(self, h: np.ndarray) -> Iterate:
        """Return the iterate at g + eps h."""
        v = self.b * np.exp(h)
        s, w = self.kernel.fold(v, lambda s, rows: self.a[rows] / s)
        c = np.maximum(v * w, 1e-100)
        return Iterate(h, self.a / s, v, c, float(np.abs(self.b - c).sum()))

    def potentials(self, it: Iterate) -> tuple[np.ndarray, np.ndarray]:
        """Return f and g of an iterate."""
        return self.f + self.eps * np.log(it.u / self.a), self.g + self.eps * it.h

    def gain(self, old: Iterate, new: Iterate) -> float:
        """Return (q(new) - q(old))/eps."""
        return float(self.b @ (new.h - old.h) + self.a @ np.log(new.u / old.u))

    def hessian(self, it: Iterate) -> Apply:
        """Return p -> (diag(c) - P^T diag(1/a) P) p."""
        middle, diagonal = it.u**2 / self.a, it.c * (1 + LIFT * it.error)

        def apply(p):
            _, w = self.kernel.fold(it.v * p, lambda s, rows: middle[rows] * s)
            return diagonal * p - it.v * w

        return apply


def conjugate_gradients(apply: Apply, r, precondition: Apply, rtol: float, steps: int):
    """Return x with apply(x) = r up to |residual|_1 <= rtol |r|_1, and what is left.

    It gives up early when the first steps have hardly helped.
    """
    x, scale, left = np.zeros_like(r), np.abs(r).sum(), 1.0
    z = precondition(r)
    p, rz = z, r @ z
    for step in range(1, steps + 1):
        q = apply(p)
        if not (pq := p @ q) > 0:
            break
        x = x + rz / pq * p
        r = r - rz / pq * q
        if (left := np.abs(r).sum() / scale) <= rtol or (step == TRIAL and left > HOPE):
            break
        z = precondition(r)
        rz, old = r @ z, rz
        p = z + rz / old * p
    return x, left


class Directions:
    """Newton directions, by conjugate gradients with a preconditioner.

    It is diag(c) while that is enough, from then on a factor of the large entries. A
    factor is kept from step to step until it stops being good.
    """

    def __init__(self, dual: ReducedDual):
        self.dual, self.factor, self.easy, self.count = dual, None, True, ENTRIES

    def newton(self, it: Iterate, rtol: float) -> np.ndarray:
        """Return d with Hessian d = b - c up to about rtol, of mean 0 under b."""
        apply, r = self.dual.hessian(it), self.dual.b - it.c
        if self.easy:
            d, left = conjugate_gradients(apply, r, lambda z: z / it.c, rtol, PATIENCE)
            self.easy = left <= 2 * rtol
        if not self.easy:
            d = self._factored(apply, r, it, rtol)
        return damped(d - weighted_median(d, self.dual.b))

    def _factored(self, apply: Apply, r, it: Iterate, rtol: float) -> np.ndarray:
        if self.factor is not None:
            d, left = conjugate_gradients(apply, r, self.factor, rtol, PATIENCE)
            if left <= rtol:
                return d
        self.factor = self._factor(it)
        d, left = conjugate_gradients(apply, r, self.factor, rtol, 2 * PATIENCE)
        if left > rtol:
            self.count *= 3
        return d

    def _factor(self, it: Iterate) -> Apply:
        kernel, share = self.dual.kernel, it.u / self.dual.a
        level = kernel.level(it.v, share, self.count)
        P = kernel.large(it.v, level / share)
        P.data *= it.u[rows_of(P)] * it.v[P.indices]
        return sparse_factor(P, self.dual.a, it.c * (1 + LIFT * it.error + 1e-13))


class Sweeps:
    """Accelerated Sinkhorn sweeps, and whether to go on with them.

    Each costs as much as one step of conjugate gradients. They go on while they gain
    much; at the last stage also, before any Newton step, while they promise to arrive
    soon. (At a coarse stage what they leave would be slow to go later.)
    """

    def __init__(self, dual: ReducedDual, tol: float):
        self.dual, self.tol, self.patient = dual, tol, tol < ROUGH
        self.mixed, self.errors = Acceleration(dual.b), []

    def worthwhile(self) -> bool:
        """Tell whether another sweep pays."""
        if len(self.errors) < 2 or self.errors[-1] < GAIN * self.errors[-2]:
            return True
        if not self.patient or len(self.errors) <= LOOK:
            return self.patient
        rate = np.log(self.errors[-1 - LOOK] / self.errors[-1]) / LOOK
        return np.log(self.errors[-1] / self.tol) < SOON * rate

    def next(self, it: Iterate) -> Iterate:
        """Return the iterate after a sweep; where mixing has failed, the same."""
        bears = BEARS[self.dual.dtype]
        step = self.mixed.step(it.h, np.log(self.dual.b / it.c))
        new = self.dual.at(it.h + np.clip(step, -bears, bears))
        self.errors = [*(self.errors or [it.error]), new.error]
        if new.error < WORSE * it.error:
            return new
        self.mixed.forget()
        return it

    def after_newton(self) -> None:
        """Begin anew, and with less patience."""
        self.mixed.forget()
        self.errors, self.patient = [], False


def ascend(dual: ReducedDual, g, tol: float, limit: int) -> tuple[np.ndarray, float]:
    """Raise q from g until the marginal error is <= tol; return the last g and error.

    Each Newton step is followed by a sweep. It ends early when `limit` iterations are
    used up or when Newton steps no longer help.
    """
    work, it, bears = dual.kernel.work, dual.start(g), BEARS[dual.dtype]
    directions, sweeps, errors = Directions(dual), Sweeps(dual, tol), []
    while it.error > tol and work.iterations < limit and not stalled(errors):
        work.iterations += 1
        if sweeps.worthwhile():
            it = sweeps.next(it)
        else:
            work.newton_steps += 1
            rtol = max(min(0.1, it.error**0.5), 0.3 * tol / it.error)
            it = search(dual, it, directions.newton(it, rtol))
            errors.append(it.error)
            sweeps.after_newton()
        if np.abs(it.h).max() > bears:
            it = dual.start(dual.potentials(it)[1])
            sweeps.mixed.forget()
    return dual.potentials(it)[1], it.error


def stalled(errors: list[float]) -> bool:
    """Tell whether the last three Newton steps have gained less than a tenth."""
    return len(errors) > 6 and min(errors[-3:]) > 0.9 * min(errors[:-3])


def search(dual: ReducedDual, it: Iterate, d: np.ndarray) -> Iterate:
    """Return the first iterate along d that gains enough, backtracking; else `it`."""
    slope = (dual.b - it.c) @ d
    t = 1.0
    for _ in range(12):
        new = dual.at(it.h + t * d)
        enough = dual.gain(it, new) >= 1e-4 * t * slope
        if enough or new.error < (1 - 0.1 * t) * it.error:
            return new
        t *= 0.3
    return it


def damped(d: np.ndarray) -> np.ndarray:
    """Return d with its large entries replaced by FAR (1 + log(|d|/FAR)).

    Masses depend on the potentials exponentially: where a linear model asks for a large
    step D, because little mass has a way out, a step of size log D will do.
    """
    size = np.abs(d)
    far = np.sign(d) * FAR * (1 + np.log(np.maximum(size, FAR) / FAR))
    return np.where(size > FAR, np.clip(far, -40, 40), d)


def weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    """Return a value that half of the weight is below, and half above."""
    order = np.argsort(values)
    return values[order[np.searchsorted(np.cumsum(weights[order]), 0.5)]]
