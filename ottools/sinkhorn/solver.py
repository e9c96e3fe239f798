"""Entropic optimal transport between weighted finite sets."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np

from ottools.convergence import ConvergenceError
from ottools.measures import real, scalar, weights, whole

from .certificate import certify
from .costs import MatrixCost
from .kernels import HeldKernel, StreamedKernel, Work, scaled
from .result import EntropicTransport
from .scaling import Task, maximise

NEGLIGIBLE = 1e-30  # lighter points follow the others by the soft c-transform
POWER = 15  # eps between 4^-15 and 4^15 is left as it is
LEAST = 1e-305  # of eps: potentials of its size are rounded like all floats
MAX_ITER = 1000
WIDE, SMALL = 2, 2000  # when rows and columns change places
ROUNDING = 1e-16  # relative, of a cost: bounds what can be asked for


def sinkhorn(
    C, a=None, b=None, *, eps, tol=1e-6, max_iter=MAX_ITER
) -> EntropicTransport:
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
    C = C if type(C) is np.ndarray and C.dtype == float else real(C, "C")
    if C.ndim != 2 or 0 in C.shape:
        raise ValueError(f"C must have shape (n, m), n, m >= 1; got {C.shape}.")
    cost = MatrixCost(C)
    if not np.isfinite(cost.largest):
        raise ValueError("C must be finite; it holds nan or inf.")
    a, b = weights(a, C.shape[0], "a"), weights(b, C.shape[1], "b")
    return solve(cost, a, b, checked(cost, eps, tol, max_iter), HeldKernel)


def checked(cost, eps, tol, max_iter=None) -> tuple[float, float, int]:
    """Return eps, tol and max_iter for this cost as numbers."""
    eps, tol = scalar(eps, "eps"), scalar(tol, "tol")
    max_iter = MAX_ITER if max_iter is None else whole(max_iter, "max_iter")
    if eps < LEAST:
        raise ValueError(f"eps must be >= {LEAST:g}; got {eps:g}: rescale C and eps.")
    if not tol >= ROUNDING * (finest := cost.largest / eps):
        raise ValueError(
            f"tol must be >= {ROUNDING:g} max|C|/eps = {ROUNDING * finest:.3g}, the "
            f"rounding of the exponents; got {tol:g}."
        )
    return eps, tol, max_iter


def solve(cost, a, b, asked: tuple[float, float, int], Kernel) -> EntropicTransport:
    """Return the transport for checked arguments, with its certificate; or raise."""
    eps, tol, max_iter = asked
    power, work = round(np.log2(eps) / 2), Work()
    unit = 1.0 if abs(power) < POWER else 4.0**-power  # exact: only C/eps matters
    in_unit, sides = cost if unit == 1 else cost.scaled(unit), (a, b)
    if turned := _from_the_other_side(cost, eps):
        in_unit, sides = in_unit.transposed(), (b, a)
    task = Task(*sides, eps * unit, tol, max_iter)
    kernel, f, g = _potentials(in_unit, task, work, Kernel)
    proof = certify(kernel, *sides, f, g, task.eps)
    answer = EntropicTransport(
        f=(g if turned else f) / unit,
        g=(f if turned else g) / unit,
        eps=eps,
        value=proof.value / unit,
        marginal_error=proof.marginal_error,
        gap=proof.gap / unit,
        **asdict(work),
        a=a,
        b=b,
        cost=cost,
    )
    if not answer.marginal_error <= tol:  # nor nan
        remedy = "max_iter" if work.iterations >= max_iter else "tol or eps"
        raise ConvergenceError(
            f"The marginals are wrong by {answer.marginal_error:.3g} > tol = "
            f"{tol:g} after {work.iterations} iterations; raise {remedy}.",
            last=answer,
        )
    return answer


def _from_the_other_side(cost, eps: float) -> bool:
    """Tell whether rows and columns are to change places.

    The unknowns are the potentials of the columns. Fewer of them pay for the copy of
    the cost when they are far fewer, or when eps is so small that Newton steps will
    need a factor of their Hessian.
    """
    n, m = cost.shape
    return m > WIDE * n or (m > n and cost.largest - cost.least > SMALL * eps)


def _potentials(cost, task: Task, work: Work, Kernel):
    """Return a kernel of all points and potentials f, g at them.

    Points that are too light to count are left out at first: their g follows from f by
    the soft c-transform, then every f from g.
    """
    i, j = task.a > NEGLIGIBLE, task.b > NEGLIGIBLE
    if i.all() and j.all():
        kernel = Kernel(cost, work)
        g = maximise(kernel, task)
        return kernel, soft_transform(kernel, g, task.b, task.eps), g
    core = replace(task, a=task.a[i], b=task.b[j])
    _, f, g_core = _potentials(cost.take(i, j), core, work, Kernel)
    g = np.empty(len(j))
    g[j] = g_core
    if not j.all():
        back = StreamedKernel(cost.take(i, ~j).transposed(), Work())
        g[~j] = soft_transform(back, f, core.a, task.eps)
    kernel = Kernel(cost, work)
    return kernel, soft_transform(kernel, g, task.b, task.eps), g


def soft_transform(kernel, g, b, eps: float) -> np.ndarray:
    """Return f_i = -eps log sum_j b_j exp((g_j - C_ij)/eps)."""
    f, h = scaled(kernel, g, eps)
    s, _ = kernel.fold(b * np.exp(h), lambda s, _: s)
    return f - eps * np.log(s)
