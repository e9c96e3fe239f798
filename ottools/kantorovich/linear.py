"""Three ways to an optimal plan, each with potentials and the same certificate."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import ot
from scipy import sparse
from scipy.optimize import linear_sum_assignment, linprog

from ottools.convergence import ConvergenceError
from ottools.costs import c_transform
from ottools.kantorovich.transport import Transport, assess, problem
from ottools.measures import whole

TOLERANCE = 1e-10


def constraint_matrix(n: int, m: int) -> sparse.csr_array:
    """Return the sparse A (n+m, nm) with A vec(P) = (P 1, P^T 1), P read row by row.

    It is the incidence matrix of the complete bipartite graph: totally unimodular, of
    rank n+m-1 (Peyre and Cuturi 2019, Section 3.1).

    Raises ValueError when n or m is no whole number >= 1.

    Examples
    --------
    >>> constraint_matrix(2, 2).toarray().astype(int).tolist()
    [[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]]
    """
    n, m = whole(n, "n"), whole(m, "m")
    rows = sparse.kron(sparse.eye_array(n), np.ones((1, m)))
    columns = sparse.kron(np.ones((1, n)), sparse.eye_array(m))
    return sparse.csr_array(sparse.vstack([rows, columns]))


def solve_lp(C, a=None, b=None, *, max_iter: int = 10**6) -> Transport:
    """Return an optimal plan as a vertex of the linear programme, by dual simplex.

    min <C, P> subject to A vec(P) = (a, b), P >= 0; the multipliers of the equations
    are the potentials (f, g). HiGHS meets the equations to 1e-10, which the certificate
    shows. C (n,m), weights a (n,), b (m,), equal if None.

    Raises ValueError on improper input; ConvergenceError after `max_iter` pivots, with
    the product plan as `last`, since HiGHS hands no iterate back.

    Examples
    --------
    >>> solve_lp([[0, 1], [1, 0]], [0.75, 0.25]).value
    0.25
    """
    limit = whole(max_iter, "max_iter")
    return _on_support(*problem(C, a, b), lambda *p: _highs(*p, limit))


def solve_network(C, a=None, b=None, *, max_iter: int = 10**7) -> Transport:
    """Return an optimal plan by the network simplex of POT, the fastest of the three.

    The plan is a vertex: at most n+m-1 of its entries are not 0 (Bonneel et al. 2011).
    C (n,m), weights a (n,), b (m,), equal if None.

    Raises ValueError on improper input; ConvergenceError after `max_iter` pivots.

    Examples
    --------
    >>> solve_network([[0, 1], [1, 0]], [0.75, 0.25]).value
    0.25
    """
    limit = whole(max_iter, "max_iter")
    return _on_support(*problem(C, a, b), lambda *p: _network(*p, limit))


def assignment(C, a=None, b=None) -> Transport:
    """Return an optimal one-to-one map between equally many, equally heavy points.

    Monge's problem for n = m and weights 1/n; `map` of the result is the permutation.
    Found by shortest augmenting paths (Crouse 2016, in SciPy); the potentials are
    shortest distances in the graph of the exchanges i -> k of cost
    C_i,s(k) - C_k,s(k), which has no negative cycle as s is optimal.

    Raises ValueError on improper input, when n != m or when weights differ: no map then
    need exist, and `solve_network` splits mass instead.

    Examples
    --------
    >>> assignment([[1, 5], [1, 2]]).map
    array([0, 1])
    """
    C, a, b = problem(C, a, b)
    n, m = C.shape
    if n != m:
        raise ValueError(
            f"C must be square for a one-to-one map; got {C.shape}: solve_network may "
            "split mass."
        )
    if np.ptp(np.r_[a, b]) > TOLERANCE / n:
        raise ValueError(
            "a and b must be equal weights for a one-to-one map; got weights between "
            f"{min(a.min(), b.min()):.6g} and {max(a.max(), b.max()):.6g}."
        )
    return _on_support(C, a, b, _matching)


def _on_support(C, a, b, solve: Callable) -> Transport:
    """Solve between the points of positive weight, on costs in [0, 1], and go back."""
    rows, columns = np.flatnonzero(a), np.flatnonzero(b)
    R, unit, shift = _reduced(C[np.ix_(rows, columns)])
    part, potential, fault = solve(R, a[rows], b[columns])
    plan = np.zeros(C.shape)
    plan[np.ix_(rows, columns)] = part
    # Two transforms over all points reach those without weight, and repair rounding.
    g = c_transform(C[rows], shift + unit * potential)
    result = assess(C, a, b, plan, (c_transform(C.T, g), g))
    if fault:
        raise ConvergenceError(fault, last=result)
    return result


def _reduced(C):
    """Return R = (C - r - s)/u in [0, 1] with a 0 in each row and column, u, and r.

    The solvers compare with absolute tolerances; u is a power of 2 and rounds nothing.
    """
    unit = _power_of_two(np.abs(C).max())
    R = C / unit
    r = R.min(axis=1)
    R -= r[:, None]
    R -= R.min(axis=0)
    finer = _power_of_two(R.max())
    return R / finer, unit * finer, unit * r


def _power_of_two(size) -> float:
    return float(np.ldexp(1.0, np.frexp(size)[1] - 1)) if size > 0 else 1.0


def _highs(R, a, b, limit):
    options = {
        "primal_feasibility_tolerance": TOLERANCE,
        "dual_feasibility_tolerance": TOLERANCE,
        "maxiter": limit,
    }
    found = linprog(
        R.ravel(),
        A_eq=constraint_matrix(*R.shape),
        b_eq=np.r_[a, b],
        method="highs-ds",
        options=options,
    )
    if found.x is None:
        fault = f"HiGHS found no optimum in {limit} pivots; raise max_iter."
        return np.outer(a, b), np.zeros(len(a)), fault
    return np.maximum(found.x.reshape(R.shape), 0), found.eqlin.marginals[: len(a)], ""


def _network(R, a, b, limit):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # POT warns of what its log says anyway
        plan, log = ot.emd(a, b, R, numItermax=limit, log=True, check_marginals=False)
    fault = f"the network simplex found no optimum in {limit} pivots; raise max_iter."
    return plan, log["u"], fault if log["warning"] else ""


def _matching(R, a, _b):
    n = len(R)
    columns = linear_sum_assignment(R)[1]
    plan = np.zeros((n, n))
    plan[np.arange(n), columns] = a
    # Bellman and Ford: f_i = min_k f_k + C_i,s(k) - C_k,s(k), all i at once.
    exchange = R[:, columns] - R[np.arange(n), columns]
    f, change, sweeps = np.zeros(n), np.inf, 0
    while change > np.finfo(float).eps and sweeps < n:
        shorter = (f + exchange).min(axis=1)
        f, change, sweeps = shorter, (f - shorter).max(), sweeps + 1
    return plan, f, ""
