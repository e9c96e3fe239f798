"""W_p on the line and sliced transport: ottools beside POT and SciPy.

Run it by `python -m benchmarks.bench_line [--quick] [--threads N]`.
"""

from __future__ import annotations

from functools import partial
from itertools import product

import numpy as np

from benchmarks import problems
from benchmarks.accuracy import line_cost, relative
from benchmarks.command import settings
from benchmarks.harness import OURS, Arena, Contestant, Settings, store
from benchmarks.tasks import Task

TOPIC = "line"
MODULE = "benchmarks.bench_line"
TOL = 1e-9


def compared(run, case: dict, problem: dict, power: float = 1.0) -> Task:
    """Return a task whose answer, to a power, is compared with W_p^p."""
    x, y, a, b = (problem[k] for k in ("x", "y", "a", "b"))
    truth = line_cost(x, y, a, b, case["p"])

    def check(answer):
        return {"error": relative(float(answer) ** power, truth)}

    return Task(run, check)


def ottools_line(case: dict) -> Task:
    """Compute W_p by `ottools.kantorovich.wasserstein_1d`."""
    from ottools.kantorovich import wasserstein_1d

    problem = problems.line(case)
    x, y, a, b = (problem[k] for k in ("x", "y", "a", "b"))
    run = lambda _: wasserstein_1d(x, y, a, b, p=case["p"])
    return compared(run, case, problem, power=case["p"])


def pot_line(case: dict, backend: str) -> Task:
    """Compute W_p^p by `ot.wasserstein_1d`."""
    import ot

    problem = problems.line(case)
    given = [problem[k] for k in ("x", "y", "a", "b")]
    if backend == "torch":
        import torch

        given = [z if z is None else torch.from_numpy(z) for z in given]
    run = lambda _: ot.wasserstein_1d(*given, p=case["p"])
    return compared(run, case, problem)


def pot_emd_line(case: dict) -> Task:
    """Compute W_p^p by `ot.emd2_1d`, p = 1 or 2."""
    import ot

    problem = problems.line(case)
    x, y, a, b = (problem[k] for k in ("x", "y", "a", "b"))
    metric = {1: "cityblock", 2: "sqeuclidean"}[case["p"]]
    run = lambda _: ot.emd2_1d(x, y, a, b, metric=metric)
    return compared(run, case, problem)


def scipy_line(case: dict) -> Task:
    """Compute W_1 by `scipy.stats.wasserstein_distance`."""
    from scipy.stats import wasserstein_distance

    problem = problems.line(case)
    x, y, a, b = (problem[k] for k in ("x", "y", "a", "b"))
    return compared(lambda _: wasserstein_distance(x, y, a, b), case, problem)


def batch_check(case: dict, problem: dict):
    """Return a check of a batch's costs against those of its first three pairs."""
    x, y = problem["x"], problem["y"]
    truth = [line_cost(x[:, k], y[:, k], None, None, case["p"]) for k in range(3)]
    return lambda costs: {"error": relative(np.asarray(costs)[:3], truth)}


def ottools_batch(case: dict) -> Task:
    """Compute a batch of W_p by one call; pairs are rows there."""
    from ottools.kantorovich import wasserstein_1d

    problem = problems.line(case)
    x, y = (np.ascontiguousarray(problem[k].T) for k in ("x", "y"))
    check = batch_check(case, problem)
    run = lambda _: wasserstein_1d(x, y, p=case["p"])
    return Task(run, lambda w: check(np.asarray(w) ** case["p"]))


def pot_batch(case: dict, backend: str) -> Task:
    """Compute a batch of W_p^p by `ot.wasserstein_1d`; pairs are columns there."""
    import ot

    problem = problems.line(case)
    x, y = problem["x"], problem["y"]
    if backend == "torch":
        import torch

        x, y = torch.from_numpy(x), torch.from_numpy(y)
    run = lambda _: ot.wasserstein_1d(x, y, p=case["p"])
    return Task(run, batch_check(case, problem))


def sliced(case: dict) -> dict:
    """Return two clouds, unit directions as columns and the distance by definition."""
    rng = np.random.default_rng(case.get("seed", 0))
    n, d, count = case["n"], case["d"], case["slices"]
    x, y = rng.standard_normal((n, d)), rng.standard_normal((n, d)) + 0.5
    directions = rng.standard_normal((d, count))
    directions /= np.linalg.norm(directions, axis=0)
    gaps = np.sort(x @ directions, axis=0) - np.sort(y @ directions, axis=0)
    truth = np.sqrt((gaps.astype(np.longdouble) ** 2).mean())
    return {"x": x, "y": y, "directions": directions, "truth": float(truth)}


def ottools_sliced(case: dict) -> Task:
    """Compute the sliced W_2 for given directions."""
    from ottools.kantorovich import sliced_wasserstein

    given = sliced(case)
    x, y = given["x"], given["y"]
    directions = np.ascontiguousarray(given["directions"].T)
    run = lambda _: sliced_wasserstein(x, y, directions=directions, p=2)
    return Task(run, lambda w: {"error": relative(w.value, given["truth"])})


def pot_sliced(case: dict, backend: str) -> Task:
    """Compute the same by `ot.sliced_wasserstein_distance`."""
    import ot

    given = sliced(case)
    x, y, directions = (given[k] for k in ("x", "y", "directions"))
    if backend == "torch":
        import torch

        x, y, directions = (torch.from_numpy(z) for z in (x, y, directions))
    run = lambda _: ot.sliced_wasserstein_distance(x, y, projections=directions, p=2)
    return Task(run, lambda w: {"error": relative(float(w), given["truth"])})


CONTESTANTS = {
    OURS: Contestant(OURS, ottools_line),
    "POT wasserstein_1d": Contestant("POT", partial(pot_line, backend="numpy")),
    "POT wasserstein_1d (torch)": Contestant(
        "POT (torch)", partial(pot_line, backend="torch")
    ),
    "POT emd2_1d": Contestant("POT", pot_emd_line),
    "SciPy wasserstein_distance": Contestant("SciPy", scipy_line),
    "ottools batch": Contestant(OURS, ottools_batch),
    "POT batch": Contestant("POT", partial(pot_batch, backend="numpy")),
    "POT batch (torch)": Contestant("POT (torch)", partial(pot_batch, backend="torch")),
    "ottools sliced": Contestant(OURS, ottools_sliced),
    "POT sliced": Contestant("POT", partial(pot_sliced, backend="numpy")),
    "POT sliced (torch)": Contestant(
        "POT (torch)", partial(pot_sliced, backend="torch")
    ),
}
BATCH = ("ottools batch", "POT batch", "POT batch (torch)")
SLICED = ("ottools sliced", "POT sliced", "POT sliced (torch)")


def names(p: float) -> list[str]:
    """Return who can compute W_p: SciPy p = 1, POT's emd2_1d p = 1 and 2."""
    always = [OURS, "POT wasserstein_1d", "POT wasserstein_1d (torch)"]
    if p == 1:
        return [*always, "POT emd2_1d", "SciPy wasserstein_distance"]
    return [*always, "POT emd2_1d"] if p == 2 else always


def single(arena: Arena) -> list[dict]:
    """One pair of samples."""
    quick = arena.settings.quick
    many = (10**2, 10**4) if quick else (10**2, 10**3, 10**4, 10**6)
    records = []
    for weights, p, n in product(("equal", "random"), (1, 2, 3), many):
        case = {"n": n, "p": p, "weights": weights}
        records += arena.race(case, names(p), TOL)
    return records


def batched(arena: Arena) -> list[dict]:
    """Many pairs at once."""
    shapes = ((100, 10_000), (1000, 1000), (10_000, 100))
    shapes = shapes[1:2] if arena.settings.quick else shapes
    records = []
    for (n, count), p in product(shapes, (1, 2)):
        records += arena.race({"n": n, "batch": count, "p": p}, BATCH, TOL)
    return records


def slices(arena: Arena) -> list[dict]:
    """Sliced transport with the same directions for all."""
    every = ((1000, 2, 50), (1000, 64, 200), (10_000, 2, 200), (10_000, 64, 200))
    every = every[:2] if arena.settings.quick else every
    records = []
    for n, d, count in every:
        records += arena.race({"n": n, "d": d, "slices": count}, SLICED, TOL)
    return records


def run(chosen: Settings) -> None:
    """Measure and store."""
    parts = {"single": single, "batched": batched, "sliced": slices}
    with Arena(MODULE, CONTESTANTS, chosen) as arena:
        content = {name: part(arena) for name, part in parts.items()}
    store(TOPIC, content, chosen)


if __name__ == "__main__":
    run(settings(__doc__))
