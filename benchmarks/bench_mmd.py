"""Squared MMD and its gradient: ottools beside torch autograd, GeomLoss, scikit-learn.

Run it by `python -m benchmarks.bench_mmd [--quick] [--threads N]`.

The V-statistic with one Gaussian kernel, and with a sum of five, value and gradient in
the first sample. Time in turn; peak memory of one call in a fresh process each.
"""

from __future__ import annotations

from functools import partial
from itertools import product

import numpy as np

from benchmarks.accuracy import relative
from benchmarks.command import settings
from benchmarks.harness import OURS, Arena, Contestant, Settings, say, store
from benchmarks.problems import squared_distances
from benchmarks.tasks import Task

TOPIC = "mmd"
MODULE = "benchmarks.bench_mmd"
TOL = 1e-9
LADDER = (0.25, 0.5, 1.0, 2.0, 4.0)
ROWS = 256


def given(case: dict) -> dict:
    """Return two clouds and the bandwidths, around sqrt(d)."""
    n, d = case["n"], case["d"]
    rng = np.random.default_rng(case.get("seed", 0))
    x, y = rng.standard_normal((n, d)), 1.1 * rng.standard_normal((n, d)) + 0.2
    factors = LADDER if case["kernels"] > 1 else (1.0,)
    return {"x": x, "y": y, "bandwidths": [np.sqrt(d * s) for s in factors]}


def gradient_rows(case: dict, x, y, bandwidths) -> np.ndarray:
    """Return the gradient at the first rows by the formula, from exact differences."""
    rows, n = x[: min(ROWS, len(x))], case["n"]
    total = np.zeros_like(rows)
    for sample, sign in ((x, 1.0), (y, -1.0)):
        gaps = rows[:, None, :] - sample
        squares = (gaps**2).sum(axis=2)
        weight = sum(np.exp(-squares / (2 * s**2)) / s**2 for s in bandwidths)
        total -= sign * 2 / n**2 * np.einsum("ij,ijd->id", weight, gaps)
    return total / len(bandwidths)


def value(x, y, bandwidths) -> float:
    """Return the squared MMD by the formula, a block of rows at a time."""

    def mean(p, q):
        total = 0.0
        for i in range(0, len(p), ROWS):
            gaps = squared_distances(p[i : i + ROWS], q)
            total += sum(np.exp(-gaps / (2 * s**2)).sum() for s in bandwidths)
        return total / (len(p) * len(q) * len(bandwidths))

    return mean(x, x) + mean(y, y) - 2 * mean(x, y)


def task(case: dict, solve) -> Task:
    """Return a task for a function (x, y, bandwidths) -> (value, gradient)."""
    problem = given(case)
    rows, scalar = gradient_rows(case, **problem), value(**problem)

    def check(answer):
        found, gradient = answer
        first = np.asarray(gradient, dtype=float)[: len(rows)]
        return {"error": max(relative(first, rows), relative(found, scalar))}

    return Task(lambda _: solve(**problem), check)


def ottools_mmd(case: dict) -> Task:
    """Use `ottools.mmd.mmd2_gradient`."""
    from ottools.mmd import mmd2_gradient

    def solve(x, y, bandwidths):
        found = mmd2_gradient(x, y, bandwidths)
        return found.value, found.gradient

    return task(case, solve)


def torch_mmd(case: dict) -> Task:
    """Differentiate three kernel matrices by autograd, as most programs do."""
    import torch

    def kernel(x, y, bandwidths):
        squares = (x * x).sum(1)[:, None] + (y * y).sum(1) - 2 * x @ y.T
        gaussians = [torch.exp(-squares / (2 * s**2)) for s in bandwidths]
        return sum(gaussians) / len(bandwidths)

    def solve(x, y, bandwidths):
        x, y = torch.from_numpy(x).requires_grad_(), torch.from_numpy(y)
        xx, yy, xy = (kernel(*z, bandwidths) for z in ((x, x), (y, y), (x, y)))
        total = xx.mean() + yy.mean() - 2 * xy.mean()
        total.backward()
        return total.item(), x.grad.numpy()

    return task(case, solve)


def geomloss_mmd(case: dict) -> Task:
    """Use `SamplesLoss("gaussian")`, which is half the squared MMD."""
    import torch
    from geomloss import SamplesLoss

    def solve(x, y, bandwidths):
        x, y = torch.from_numpy(x).requires_grad_(), torch.from_numpy(y)
        total = 0.0
        for s in bandwidths:
            loss = SamplesLoss("gaussian", blur=float(s), backend="tensorized")
            total = total + 2 * loss(x, y) / len(bandwidths)
        total.backward()
        return total.item(), x.grad.numpy()

    return task(case, solve)


def sklearn_mmd(case: dict) -> Task:
    """Use scikit-learn's kernel matrices and the gradient written out with them."""
    from sklearn.metrics.pairwise import rbf_kernel

    def solve(x, y, bandwidths):
        n, total, gradient = len(x), 0.0, np.zeros_like(x)
        for s in bandwidths:
            kernel = partial(rbf_kernel, gamma=1 / (2 * s**2))
            xx, xy = kernel(x, x), kernel(x, y)
            total += xx.mean() + kernel(y, y).mean() - 2 * xy.mean()
            pull = xx.sum(1)[:, None] * x - xx @ x
            push = xy.sum(1)[:, None] * x - xy @ y
            gradient -= 2 / (n * n * s**2) * (pull - push)
        return total / len(bandwidths), gradient / len(bandwidths)

    return task(case, solve)


CONTESTANTS = {
    OURS: Contestant(OURS, ottools_mmd),
    "torch autograd": Contestant("torch", torch_mmd),
    "GeomLoss SamplesLoss": Contestant("GeomLoss", geomloss_mmd),
    "scikit-learn rbf_kernel": Contestant("scikit-learn", sklearn_mmd),
}


def speed(arena: Arena) -> list[dict]:
    """Value and gradient in turn."""
    many = (300,) if arena.settings.quick else (1000, 3000)
    records = []
    for n, d, kernels in product(many, (2, 64), (1, 5)):
        case = {"n": n, "d": d, "kernels": kernels}
        records += arena.race(case, CONTESTANTS, TOL)
    return records


def memory(arena: Arena) -> list[dict]:
    """Peak memory against n."""
    many = (500, 1000) if arena.settings.quick else (1000, 2000, 4000)
    # Peers would fill the machine at the next size.
    runs = [*product(many, CONTESTANTS), (2 * many[-1], OURS), (4 * many[-1], OURS)]
    records = []
    for n, name in runs:
        case = {"n": n, "d": 8, "kernels": 5}
        small = {**case, "n": 64}
        record = arena.peak(name, case, small, TOL)
        say(record)
        records.append(record)
    return records


def run(chosen: Settings) -> None:
    """Measure and store."""
    with Arena(MODULE, CONTESTANTS, chosen) as arena:
        content = {"speed": speed(arena), "memory": memory(arena)}
    store(TOPIC, content, chosen)


if __name__ == "__main__":
    run(settings(__doc__))
