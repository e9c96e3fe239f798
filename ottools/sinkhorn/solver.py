"""Entropic optimal transport between weighted finite sets."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from numbers import Integral

import numpy as np

from ottools.convergence import ConvergenceError
from ottools.measures import positive, real, weights

from .certificate import certify
from .costs import MatrixCost
from .kernels import HeldKernel, StreamedKernel, Work
from .result import EntropicTransport
from .scaling import Task, maximise

NEGLIGIBLE = 1e-30  # lighter points follow the others by the soft c-transform
RANGE = 1e9  # eps between its inverse and itself is left as it is
ROUNDING = 1e-16  # relative, of a cost: bounds what can be asked for


def sinkhorn(C, a=None, b=None, *, eps, tol=1e-6, max_iter=1000) -> EntropicTransport:
    """Return the entropic optimal transport between weights a and b for the cost C.

    minimise <C, P> + eps KL(P | a b) over the plans P with row sums a, column sums b;
    dual: maximise <a, f> + <b, g> - eps (sum P - 1) with P = a b exp((f + g - C)/eps)
    (Peyre and Cuturi 2019, Proposition 4.4). Sinkhorn sweeps alternate with Newton
    steps on the reduced dual (Brauer, Clason, Lorenz and Wirth 2017), and eps decreases
    in stages.

    Parameters
    ----------
    C : array_like (n, m)
    a, b : array_like (n,), (m,), weights on the simplex; equal if None
    eps : float > 0
    tol : float > 0, bound on the L1 error of both marginals together
    max_iter : int >= 1, bound on sweeps and Newton steps together

    Raises
    ------
    ValueError
        When an argument is improper, or when eps is so small against C that float64
        cannot reach tol.
    ConvergenceError
        When max_iter is used up; its `last` is the last EntropicTransport.

    Examples
    --------
    >>> answer = sinkhorn([[0.0, 1.0], [1.0, 0.0]], eps=1.0)
    >>> answer.plan().round(6)
    array([[0.365529, 0.134471],
           [0.134471, 0.365529]])
    """
    C = C if isinstance(C, np.ndarray) and C.dtype == float else real(C, "C")
    if C.ndim != 2 or 0 in C.shape:
        raise ValueError(f"C must have shape (n, m), n, m >= 1; got {C.shape}.")
    cost = MatrixCost(C)
    if not np.isfinite(cost.largest):
        raise ValueError("C must be finite; it holds nan or inf.")
    a, b = weights(a, C.shape[0], "a"), weights(b, C.shape[1], "b")
    return solve(cost, a, b, controls(cost, eps, tol, max_iter), HeldKernel)


@dataclass(frozen=True)
class Controls:
    """What is asked for: eps, the accuracy, and how many iterations it may take."""

    eps: float
    tol: float
    max_iter: int


def controls(cost, eps, tol, max_iter) -> Controls:
    """Return the checked controls of a problem with this cost."""
    eps, tol = (scalar(z, name) for z, name in ((eps, "eps"), (tol, "tol")))
    if isinstance(max_iter, bool) or not isinstance(max_iter, Integral) or max_iter < 1:
        raise ValueError(f"max_iter must be an integer >= 1; got {max_iter!r}.")
    if not tol >= ROUNDING * (finest := cost.largest / eps):
        raise ValueError(
            f"tol must be >= {ROUNDING:g} max|C|/eps = {ROUNDING * finest:.3g}, the "
            f"rounding of the exponents; got {tol:g}."
        )
    return Controls(eps, tol, int(max_iter))


def scalar(value, name: str) -> float:
    """Return a number that is finite and > 0 as a float."""
    number = positive(real(value, name), name)
    if number.ndim:
        raise ValueError(f"{name} must be one number; got shape {number.shape}.")
    return float(number)


def solve(cost, a, b, ask: Controls, Kernel) -> EntropicTransport:
    """Return the transport for a cost, with checked arguments; raise if it fails."""
    work = Work()
    scale = 2.0 ** -round(np.log2(ask.eps))  # exact: only C/eps matters
    unit = 1.0 if 1 / RANGE < scale < RANGE else scale
    scaled, eps = cost if unit == 1 else cost.scaled(unit), ask.eps * unit
    heavy = a > NEGLIGIBLE, b > NEGLIGIBLE
    whole = heavy[0].all() and heavy[1].all()
    kernel = Kernel(scaled if whole else scaled.take(*heavy), work)
    task = Task(a[heavy[0]], b[heavy[1]], eps, ask.tol, ask.max_iter)
    g = maximise(kernel, task)
    f = soft_transform(kernel, g, task.b, eps)
    if not whole:
        f, g = _extended(scaled, (a, b), heavy, (f, g), eps)
        kernel = Kernel(scaled, work)
    proof = certify(kernel, a, b, f, g, eps)
    answer = EntropicTransport(
        f=f / unit,
        g=g / unit,
        eps=ask.eps,
        value=proof.value / unit,
        marginal_error=proof.marginal_error,
        gap=proof.gap / unit,
        **asdict(work),
        a=a,
        b=b,
        cost=cost,
    )
    if answer.marginal_error > ask.tol:
        remedy = "max_iter" if work.iterations >= ask.max_iter else "tol or eps"
        raise ConvergenceError(
            f"The marginals are wrong by {answer.marginal_error:.3g} > tol = "
            f"{ask.tol:g} after {work.iterations} iterations; raise {remedy}.",
            last=answer,
        )
    return answer


def soft_transform(kernel, g, b, eps: float) -> np.ndarray:
    """Return f_i = -eps log sum_j b_j exp((g_j - C_ij)/eps)."""
    f = kernel.absorb(g, eps)
    s, _ = kernel.fold(b, lambda s, _: s)
    return f - eps * np.log(s)


def _extended(cost, weights, heavy, potentials, eps: float):
    """Return potentials at all points: soft c-transforms of those that count."""
    ways = (cost, *heavy), (cost.transposed(), *heavy[::-1])
    given = zip(ways, weights[::-1], potentials, potentials[::-1], strict=True)
    answer = []
    for (way, here, there), b, known, other in given:
        full = np.empty(len(here))
        full[here] = known
        if not here.all():
            kernel = StreamedKernel(way.take(~here, there), Work())
            full[~here] = soft_transform(kernel, other, b[there], eps)
        answer.append(full)
    return answer
