"""Exact transport: ottools with its certificate beside POT, SciPy and small eps.

Run it by `python -m benchmarks.bench_exact [--quick] [--threads N]`.

ottools wraps POT's network simplex, so a ratio near 1 is what there is to gain; what is
shown is the cost of the certificate. Errors are the larger one of the marginals' and
of the gap above a dual bound that any potentials give (weak duality).
"""

from __future__ import annotations

from itertools import product

import numpy as np

from benchmarks import problems
from benchmarks.accuracy import marginal_error
from benchmarks.command import settings
from benchmarks.harness import OURS, Arena, Contestant, Settings, store
from benchmarks.tasks import Task

TOPIC = "exact"
MODULE = "benchmarks.bench_exact"
TOL = 1e-9
MANY = 10**7
SMALL_EPS = 1e-3


def dual_bound(problem: dict) -> float:
    """Return <a, f> + <b, g> with g the c-transform of POT's potential f."""
    import ot

    a, b, C = (problem[k] for k in ("a", "b", "C"))
    f = ot.emd(a, b, C, numItermax=MANY, log=True)[1]["u"]
    return float(a @ f + b @ (C - f[:, None]).min(axis=0))


def task(case: dict, solve) -> Task:
    """Return a task for a function of the problem that returns a plan."""
    problem = problems.transport(case)
    bound = dual_bound(problem)

    def check(P):
        P = np.asarray(P, dtype=float)
        gap = float((problem["C"] * P).sum()) / bound - 1
        error = marginal_error(P, problem["a"], problem["b"])
        return {"error": max(error, abs(gap)), "gap": gap}

    return Task(lambda _: solve(problem), check)


def ottools_exact(case: dict) -> Task:
    """Use `ottools.kantorovich.solve_network`, potentials and gap included."""
    from ottools.kantorovich import solve_network

    return task(case, lambda q: solve_network(q["C"], q["a"], q["b"]).plan)


def pot_exact(case: dict) -> Task:
    """Use `ot.emd`."""
    import ot

    return task(case, lambda q: ot.emd(q["a"], q["b"], q["C"], numItermax=MANY))


def scipy_linprog(case: dict) -> Task:
    """Use SciPy's HiGHS on the sparse linear programme."""
    from scipy import sparse
    from scipy.optimize import linprog

    def solve(q):
        n, m = q["C"].shape
        rows = sparse.kron(sparse.eye_array(n), np.ones((1, m)))
        columns = sparse.kron(np.ones((1, n)), sparse.eye_array(m))
        # The last equation follows from the others.
        A = sparse.vstack([rows, columns]).tocsr()[:-1]
        right = np.append(q["a"], q["b"])[:-1]
        found = linprog(q["C"].ravel(), A_eq=A, b_eq=right, method="highs-ds")
        return found.x.reshape(n, m)

    return task(case, solve)


def scipy_assignment(case: dict) -> Task:
    """Use SciPy's assignment, which needs equal weights and n = m."""
    from scipy.optimize import linear_sum_assignment

    def solve(q):
        P = np.zeros_like(q["C"])
        P[linear_sum_assignment(q["C"])] = 1 / len(P)
        return P

    return task(case, solve)


def ott_small_eps(case: dict) -> Task:
    """Use OTT's Sinkhorn at eps = mean cost / 1000 with its own defaults."""
    import jax
    from ott.geometry import geometry
    from ott.problems.linear import linear_problem
    from ott.solvers.linear import sinkhorn

    jax.config.update("jax_enable_x64", True)

    @jax.jit
    def plan(C, a, b):
        shape = geometry.Geometry(cost_matrix=C, epsilon=SMALL_EPS * C.mean())
        problem = linear_problem.LinearProblem(shape, a, b)
        return sinkhorn.Sinkhorn()(problem).matrix

    made = task(case, lambda q: plan(q["C"], q["a"], q["b"]).block_until_ready())
    made.run(None)
    return made


CONTESTANTS = {
    OURS: Contestant(OURS, ottools_exact),
    "POT emd": Contestant("POT", pot_exact),
    "SciPy linear_sum_assignment": Contestant("SciPy", scipy_assignment),
    "SciPy HiGHS": Contestant("SciPy", scipy_linprog),
    "OTT small eps": Contestant("OTT-JAX", ott_small_eps),
}


def names(case: dict) -> list[str]:
    """Return who can solve this case in reasonable time."""
    chosen = [OURS, "POT emd"]
    if case["weights"] == "equal":
        chosen.append("SciPy linear_sum_assignment")
    if case["n"] <= 200:
        chosen.append("SciPy HiGHS")
    return [*chosen, "OTT small eps"] if case["n"] <= 500 else chosen


def run(chosen: Settings) -> None:
    """Measure and store."""
    many = (100, 300) if chosen.quick else (200, 500, 1000, 2000)
    records = []
    with Arena(MODULE, CONTESTANTS, chosen) as arena:
        for family, n, weights in product(problems.CLOUDS, many, ("equal", "random")):
            case = {"family": family, "n": n, "weights": weights}
            records += arena.race(case, names(case), TOL)
    store(TOPIC, {"solve": records}, chosen)


if __name__ == "__main__":
    run(settings(__doc__))
