"""Bures distance, map and barycentre: ottools beside POT and SciPy's matrix roots.

Run it by `python -m benchmarks.bench_bures [--quick] [--threads N]`.

B is made as T A T with a known T, so the distance and the map are known beforehand;
barycentres are measured by the residual of their fixed-point equation.
"""

from __future__ import annotations

import numpy as np

from benchmarks import problems
from benchmarks.accuracy import relative
from benchmarks.command import settings
from benchmarks.harness import OURS, Arena, Contestant, Settings, store
from benchmarks.tasks import Task

TOPIC = "bures"
MODULE = "benchmarks.bench_bures"
TOL = 1e-6
COVARIANCES = 5


def given(case: dict) -> tuple[dict, np.random.Generator]:
    """Return covariances with known answers, and the generator that made them."""
    rng = np.random.default_rng(case.get("seed", 0))
    return problems.gaussian_pair(case["d"], rng), rng


def distance_task(case: dict, distance) -> Task:
    """Return a task for a function (A, B) -> Bures distance."""
    pair, _ = given(case)
    run = lambda _: distance(pair["A"], pair["B"])
    return Task(run, lambda w: {"error": relative(w, pair["distance"])})


def ottools_distance(case: dict) -> Task:
    """Use `ottools.bures.bures_distance`."""
    from ottools.bures import bures_distance

    return distance_task(case, bures_distance)


def pot_distance(case: dict) -> Task:
    """Use `ot.gaussian.bures_wasserstein_distance`."""
    import ot

    zero = np.zeros(case["d"])
    solve = ot.gaussian.bures_wasserstein_distance
    return distance_task(case, lambda A, B: solve(zero, zero, A, B))


def scipy_distance(case: dict) -> Task:
    """Write out the formula with two matrix roots."""
    from scipy.linalg import sqrtm

    def distance(A, B):
        root = sqrtm(A).real
        cross = sqrtm(root @ B @ root).real
        return np.sqrt(np.trace(A) + np.trace(B) - 2 * np.trace(cross))

    return distance_task(case, distance)


def scipy_product(case: dict) -> Task:
    """Use one root of the product, as programs for the FID do."""
    from scipy.linalg import sqrtm

    def distance(A, B):
        return np.sqrt(np.trace(A) + np.trace(B) - 2 * np.trace(sqrtm(A @ B).real))

    return distance_task(case, distance)


def map_task(case: dict, optimal) -> Task:
    """Return a task for a function (A, B) -> T."""
    pair, _ = given(case)
    run = lambda _: optimal(pair["A"], pair["B"])
    return Task(run, lambda T: {"error": relative(T, pair["T"])})


def ottools_map(case: dict) -> Task:
    """Use `ottools.bures.optimal_map`."""
    from ottools.bures import optimal_map

    return map_task(case, optimal_map)


def pot_map(case: dict) -> Task:
    """Use `ot.gaussian.bures_wasserstein_mapping`."""
    import ot

    zero = np.zeros(case["d"])
    solve = ot.gaussian.bures_wasserstein_mapping
    return map_task(case, lambda A, B: solve(zero, zero, A, B)[0])


def root(S: np.ndarray) -> np.ndarray:
    """Return the square root of a covariance."""
    values, vectors = np.linalg.eigh(S)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def barycentre_task(case: dict, solve) -> Task:
    """Return a task for a function covariances (k, d, d) -> barycentre."""
    _, rng = given(case)
    scales = range(1, COVARIANCES + 1)
    covs = np.stack([k * problems.covariance(case["d"], rng, 0.2) for k in scales])
    covs = (covs + covs.swapaxes(1, 2)) / 2

    def check(S):
        R = root(S)
        mean = sum(root(R @ A @ R) for A in covs) / len(covs)
        return {"error": float(np.linalg.norm(mean - S) / np.linalg.norm(S))}

    return Task(lambda tol: solve(covs, tol), check)


def ottools_barycentre(case: dict) -> Task:
    """Use `ottools.bures.barycentre`."""
    from ottools.bures import barycentre

    return barycentre_task(case, lambda covs, tol: barycentre(covs, tol=tol).covariance)


def pot_barycentre(case: dict) -> Task:
    """Use `ot.gaussian.bures_wasserstein_barycenter`."""
    import ot

    means = np.zeros((COVARIANCES, case["d"]))
    solve = ot.gaussian.bures_wasserstein_barycenter

    def barycentre(covs, tol):
        return solve(means, covs, num_iter=1000, eps=tol)[1]

    return barycentre_task(case, barycentre)


def batch_task(case: dict, distances) -> Task:
    """Return a task for a function (A, B) (k, d, d) -> k distances."""
    rng = np.random.default_rng(case.get("seed", 0))
    pairs = [problems.gaussian_pair(case["d"], rng) for _ in range(case["batch"])]
    A, B = (np.stack([p[k] for p in pairs]) for k in ("A", "B"))
    truth = np.array([p["distance"] for p in pairs])
    return Task(lambda _: distances(A, B), lambda w: {"error": relative(w, truth)})


def ottools_batch(case: dict) -> Task:
    """Compute a batch by one call."""
    from ottools.bures import bures_distance

    return batch_task(case, bures_distance)


def pot_batch(case: dict) -> Task:
    """Compute a batch by a loop over POT's function."""
    import ot

    zero = np.zeros(case["d"])
    solve = ot.gaussian.bures_wasserstein_distance

    def distances(A, B):
        return [solve(zero, zero, a, b) for a, b in zip(A, B, strict=True)]

    return batch_task(case, distances)


CONTESTANTS = {
    OURS: Contestant(OURS, ottools_distance),
    "POT distance": Contestant("POT", pot_distance),
    "SciPy sqrtm twice": Contestant("SciPy", scipy_distance),
    "SciPy sqrtm of A B": Contestant("SciPy", scipy_product),
    "ottools map": Contestant(OURS, ottools_map),
    "POT map": Contestant("POT", pot_map),
    "ottools barycentre": Contestant(OURS, ottools_barycentre),
    "POT barycentre": Contestant("POT", pot_barycentre),
    "ottools batch": Contestant(OURS, ottools_batch),
    "POT in a loop": Contestant("POT", pot_batch),
}
DISTANCE = (OURS, "POT distance", "SciPy sqrtm twice", "SciPy sqrtm of A B")


def run(chosen: Settings) -> None:
    """Measure and store."""
    dims = (2, 10, 64, 100) if chosen.quick else (2, 10, 64, 100, 200, 500)
    batches = ((2, 200),) if chosen.quick else ((2, 1000), (8, 500), (32, 100))
    with Arena(MODULE, CONTESTANTS, chosen) as arena:
        content = {"distance": [], "map": [], "barycentre": [], "batch": []}
        for d in dims:
            content["distance"] += arena.race({"d": d}, DISTANCE, TOL)
            content["map"] += arena.race({"d": d}, ("ottools map", "POT map"), TOL)
        for d in [d for d in dims if d <= 200]:
            race = ("ottools barycentre", "POT barycentre")
            content["barycentre"] += arena.race({"d": d}, race, TOL)
        for d, count in batches:
            race = ("ottools batch", "POT in a loop")
            content["batch"] += arena.race({"d": d, "batch": count}, race, TOL)
    store(TOPIC, content, chosen)


if __name__ == "__main__":
    run(settings(__doc__))
