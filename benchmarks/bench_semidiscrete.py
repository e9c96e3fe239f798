"""Semi-discrete transport in the unit square: ottools beside POT's stochastic solver.

Run it by `python -m benchmarks.bench_semidiscrete [--quick] [--threads N]`.

The error is the L1 error of the masses, from exact areas of the cells that the returned
potential defines, cut out of the square by the harness.
"""

from __future__ import annotations

from functools import partial
from itertools import product

import numpy as np

from benchmarks.accuracy import power_cell_areas
from benchmarks.command import settings
from benchmarks.harness import OURS, Arena, Contestant, Settings, store
from benchmarks.problems import random_weights
from benchmarks.tasks import Task

TOPIC = "semidiscrete"
MODULE = "benchmarks.bench_semidiscrete"
TOLS = (1e-1, 1e-2, 1e-8)
BATCH = 32


def given(case: dict) -> tuple[np.ndarray, np.ndarray]:
    """Return sites in the square, spread or clustered, and their masses."""
    rng, n = np.random.default_rng(case.get("seed", 0)), case["n"]
    if case["sites"] == "spread":
        return rng.random((n, 2)), np.full(n, 1 / n)
    cluster = 0.5 + 0.12 * rng.standard_normal((n, 2))
    return np.clip(cluster, 1e-3, 1 - 1e-3), random_weights(n, rng)


def check_of(y: np.ndarray, b: np.ndarray):
    """Return the check of a potential g: cells are where |x - y_j|^2 - g_j is least."""

    def check(g):
        areas = power_cell_areas(y, np.asarray(g, dtype=float))
        return {"error": float(np.abs(areas - b).sum())}

    return check


def ottools_semidiscrete(case: dict) -> Task:
    """Use `ottools.semidiscrete.solve_semidiscrete`."""
    from ottools.semidiscrete import solve_semidiscrete

    y, b = given(case)
    check = check_of(y, b)
    return Task(lambda tol: solve_semidiscrete(y, b, tol=tol).g, check)


def pot_semidiscrete(case: dict, step: float | None) -> Task:
    """Use `ot.semidiscrete.solve_semidiscrete` with a number of samples.

    Its own first step, sqrt(n times batch), is far too long in the square; a step of 1
    was the best of those tried on the spread sites.
    """
    from ot.semidiscrete import solve_semidiscrete

    y, b = given(case)

    def run(count):
        rng = np.random.default_rng(1)
        draw = lambda size: rng.random((size, 2))
        chosen = {"max_iter": int(count), "batch_size": BATCH, "lr0": step}
        return solve_semidiscrete(y, draw, b, **chosen)

    return Task(run, check_of(y, b), first=200, linear=False)


CONTESTANTS = {
    OURS: Contestant(OURS, ottools_semidiscrete),
    "POT, its own step": Contestant("POT", partial(pot_semidiscrete, step=None)),
    "POT, best step": Contestant("POT", partial(pot_semidiscrete, step=1.0)),
}


def run(chosen: Settings) -> None:
    """Measure and store."""
    many = (50,) if chosen.quick else (100, 300)
    records = []
    with Arena(MODULE, CONTESTANTS, chosen) as arena:
        for n, sites in product(many, ("spread", "clustered")):
            case, known = {"n": n, "sites": sites}, {}
            for tol in TOLS:
                found = arena.race(case, CONTESTANTS, tol, known)
                known = {r["name"]: r for r in found}
                records += found
    store(TOPIC, {"solve": records}, chosen)


if __name__ == "__main__":
    run(settings(__doc__))
