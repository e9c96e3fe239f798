"""Entropic transport in the hands of ottools, POT, OTT-JAX and GeomLoss."""

from __future__ import annotations

import math
from functools import cache, partial

import numpy as np

from benchmarks import problems
from benchmarks.accuracy import bracket, look_at_plan, plan_of
from benchmarks.harness import OURS, Contestant
from benchmarks.tasks import Point, Task, arrival

REFERENCE = "ottools reference"
POINTS = "ottools points"
FIRST = 10
TRIES = 3
TRIAL = 100
# Numbers of iterations for which OTT-JAX is compiled: too many kinds cost minutes.
MAX_COMPILED = 2_000_000


def look_at_potentials(problem: dict, f, g) -> dict:
    """Return error and value of the plan of two potentials."""
    return look_at_plan(plan_of(f, g, problem), problem)


def ottools_task(case: dict) -> Task:
    """Solve by `ottools.sinkhorn.sinkhorn`, its certificate included."""
    from ottools.sinkhorn import sinkhorn

    problem = problems.transport(case)
    C, a, b, eps = (problem[k] for k in ("C", "a", "b", "eps"))

    def check(result):
        counts = {
            k: int(getattr(result, k))
            for k in ("iterations", "exp_passes", "products")
            if hasattr(result, k)
        }
        return {**look_at_potentials(problem, result.f, result.g), **counts}

    return Task(lambda tol: sinkhorn(C, a, b, eps=eps, tol=tol), check)


def points_task(case: dict) -> Task:
    """Solve by `ottools.sinkhorn.sinkhorn_points`: the cost is never stored."""
    from ottools.sinkhorn import sinkhorn_points

    problem = problems.transport(case)
    x, y, a, b, eps = (problem[k] for k in ("x", "y", "a", "b", "eps"))

    def check(result):
        return look_at_potentials(problem, result.f, result.g)

    return Task(lambda tol: sinkhorn_points(x, y, a, b, eps=eps, tol=tol), check)


def reference_task(case: dict) -> Task:
    """Bracket the optimal value between a dual value and a rounded plan's value.

    The potentials are ours at the limit of float64, but weak duality makes the bracket
    true whatever they are; its relative width is the error of the reference.
    """
    from ottools.convergence import ConvergenceError
    from ottools.sinkhorn import sinkhorn

    problem = problems.transport(case)
    C, a, b, eps = (problem[k] for k in ("C", "a", "b", "eps"))

    def run(_):
        # The rounding of C/eps bounds what float64 can reach.
        tol = max(1e-12, 1e-14 * C.max() / eps)
        try:
            return sinkhorn(C, a, b, eps=eps, tol=tol)
        except ConvergenceError as error:
            return error.last

    def check(result):
        lower, upper = bracket(result.f, result.g, problem)
        value = (lower + upper) / 2
        return {"error": abs(upper - lower) / abs(value), "value": value}

    return Task(run, check)


def pot_task(case: dict, solver: str, backend: str) -> Task:
    """Solve by POT with a number of iterations and no stopping rule of its own."""
    import ot

    problem = problems.transport(case)
    a, b, C = (problem[k] for k in ("a", "b", "C"))
    if backend == "torch":
        import torch

        a, b, C = (torch.from_numpy(z) for z in (a, b, C))
    solve = partial(getattr(ot.bregman, solver), a, b, C, problem["eps"])

    def run(count):
        return solve(numItermax=int(count), stopThr=0.0, warn=False)

    return Task(run, lambda P: look_at_plan(P, problem), FIRST)


class OttTask(Task):
    """OTT-JAX: compiled once for a number of iterations, stopped by its threshold."""

    def __init__(self, case: dict, mode: str):
        problem = problems.transport(case)
        self.arguments, self.compiled = ott_arguments(problem), ott_solver(mode)
        self.ratio = max(problem["C"].mean() / problem["eps"], 1.0)
        super().__init__(self._run, partial(self._look, problem))
        self.iterations = TRIAL

    def _run(self, effort):
        threshold, iterations = effort if isinstance(effort, list) else (effort, None)
        count = iterations or self.iterations
        out = self.compiled(self.arguments, self.ratio, threshold, count)
        return [z.block_until_ready() for z in out]

    @staticmethod
    def _look(problem, answer) -> dict:
        f, g, errors = (np.asarray(z) for z in answer)
        # OTT's plan is exp((f + g - C) / eps): its potentials hold the weights.
        f = f - problem["eps"] * np.log(problem["a"])
        g = g - problem["eps"] * np.log(problem["b"])
        trail = errors[(errors > 0) & np.isfinite(errors)]
        return {
            **look_at_potentials(problem, f, g),
            "iterations": 10 * len(trail),
            "trail": trail[[len(trail) // 2, -1]].tolist() if len(trail) > 1 else [],
        }

    def arrive(self, tol: float, cap: float, start=None) -> dict:  # noqa: ARG002
        """Compile for as many iterations as the cap allows; then ask for less error."""
        trial = [0.0, TRIAL]
        self._run(trial)
        rate = self.attempt(trial).seconds / TRIAL
        self.iterations = one_digit(min(max(cap / rate, 100), MAX_COMPILED))
        self._run(1e9)
        point = self.attempt(tol)
        for _ in range(TRIES):
            ended = point.found["iterations"] < self.iterations
            if ended and tol < point.error < 10 * tol:
                point = self.attempt(0.9 * point.effort * tol / point.error)
        return self._outcome(point, tol)

    def _outcome(self, point: Point, tol: float) -> dict:
        from benchmarks.tasks import outcome

        result = outcome([point], tol)
        result["effort"] = [point.effort, self.iterations]
        trail = result["found"].pop("trail")
        if result["status"] == "short" and len(trail) == 2:
            n = result["found"]["iterations"]
            ends = [Point(n // 2, 0, trail[0], {}), Point(n, 0, trail[1], {})]
            guess = arrival(ends, tol)
            result["extrapolated"] = guess and guess * point.seconds / n
        return result


def one_digit(count: float) -> int:
    """Round down to one significant digit and a multiple of ten."""
    power = 10 ** int(math.log10(count))
    return max(10, int(count // power * power) // 10 * 10)


def ott_arguments(problem: dict):
    """Return cost, weights and eps as JAX arrays."""
    import jax

    jax.config.update("jax_enable_x64", True)
    return [jax.numpy.asarray(problem[k]) for k in ("C", "a", "b", "eps")]


@cache
def ott_solver(mode: str):
    """Return the compiled solver ((C, a, b, eps), ratio, threshold, iterations)."""
    import jax
    from ott.geometry import epsilon_scheduler, geometry
    from ott.problems.linear import linear_problem
    from ott.solvers.linear import acceleration, sinkhorn

    options = {
        "momentum 1.5": {"momentum": acceleration.Momentum(value=1.5)},
        "momentum 1.8": {"momentum": acceleration.Momentum(value=1.8)},
    }.get(mode, {})

    def solve(given, ratio, threshold, iterations):
        C, a, b, eps = given
        if mode == "eps decay":
            eps = epsilon_scheduler.Epsilon(target=eps, init=ratio, decay=0.95)
        problem = linear_problem.LinearProblem(
            geometry.Geometry(cost_matrix=C, epsilon=eps), a, b
        )
        solver = sinkhorn.Sinkhorn(
            threshold=threshold, max_iterations=iterations, **options
        )
        out = solver(problem)
        return out.f, out.g, out.errors

    return jax.jit(solve, static_argnums=3)


def geomloss_matrix(case: dict) -> Task:
    """Solve by `geomloss.ot.solve` with a number of annealed iterations."""
    import torch
    from geomloss import ot

    problem = problems.transport(case)
    C, a, b = (torch.from_numpy(problem[k]) for k in ("C", "a", "b"))

    def run(count):
        out = ot.solve(C, a=a, b=b, reg=problem["eps"], max_iter=int(count))
        return out.potential_a, out.potential_b

    check = lambda fg: look_at_potentials(problem, *fg)
    return Task(run, check, FIRST, linear=False)


def geomloss_samples(case: dict) -> Task:
    """Solve by `SamplesLoss` on the points; the number of steps sets `scaling`."""
    import torch
    from geomloss import SamplesLoss

    problem = problems.transport(case)
    x, y, a, b = (torch.from_numpy(problem[k]) for k in ("x", "y", "a", "b"))
    # Its cost is |x - y|^2 / 2, its eps is blur^2.
    blur = math.sqrt(problem["eps"] / 2)
    spread = torch.cat([x, y])
    diameter = float((spread.max(0).values - spread.min(0).values).norm())

    def run(count):
        scaling = (blur / diameter) ** (1 / count)
        options = {"p": 2, "blur": blur, "scaling": scaling, "debias": False}
        loss = SamplesLoss("sinkhorn", **options, potentials=True, backend="tensorized")
        return loss(a, x, b, y)

    def check(potentials):
        f, g = (2 * z.numpy() for z in potentials)
        return look_at_potentials(problem, f, g)

    return Task(run, check, FIRST, linear=False)


def _pot(solver: str, backend: str) -> Contestant:
    library = "POT" if backend == "numpy" else "POT (torch)"
    return Contestant(library, partial(pot_task, solver=solver, backend=backend))


def _ott(mode: str) -> Contestant:
    return Contestant("OTT-JAX", partial(OttTask, mode=mode))


CONTESTANTS = {
    OURS: Contestant(OURS, ottools_task),
    POINTS: Contestant(OURS, points_task),
    REFERENCE: Contestant(OURS, reference_task),
    "POT sinkhorn (torch)": _pot("sinkhorn_knopp", "torch"),
    "POT sinkhorn": _pot("sinkhorn_knopp", "numpy"),
    "OTT momentum 1.5": _ott("momentum 1.5"),
    "OTT momentum 1.8": _ott("momentum 1.8"),
    "OTT default": _ott("default"),
    "OTT eps decay": _ott("eps decay"),
    "POT stabilised (torch)": _pot("sinkhorn_stabilized", "torch"),
    "POT stabilised": _pot("sinkhorn_stabilized", "numpy"),
    "POT log (torch)": _pot("sinkhorn_log", "torch"),
    "POT log": _pot("sinkhorn_log", "numpy"),
    "GeomLoss ot.solve": Contestant("GeomLoss", geomloss_matrix),
    "GeomLoss SamplesLoss": Contestant("GeomLoss", geomloss_samples),
}
EVERYBODY = tuple(name for name in CONTESTANTS if not name.startswith(OURS))
# The fastest of their libraries in the full table; GeomLoss stays near 1e-3.
CORE = (
    "POT sinkhorn (torch)",
    "POT sinkhorn",
    "OTT momentum 1.5",
    "OTT momentum 1.8",
    "POT stabilised (torch)",
    "POT log (torch)",
)
# At large n a peer that does not arrive costs minutes.
FEW = ("POT sinkhorn (torch)", "OTT momentum 1.5", "POT stabilised (torch)")
# Nobody's best below eps = 1e-2, and slow.
HOPELESS = ("POT log", "POT stabilised", "OTT eps decay", "GeomLoss SamplesLoss")
