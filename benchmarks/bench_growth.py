"""Cost against n: time and peak memory of each kind of problem, with fitted slopes.

Run it by `python -m benchmarks.bench_growth [--quick] [--threads N]`.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from benchmarks.command import settings
from benchmarks.entropic_peers import POINTS
from benchmarks.harness import OURS, Arena, Settings, store

TOPIC = "growth"


@dataclass(frozen=True)
class Curve:
    """A kind of problem, who solves it, and the sizes."""

    title: str
    module: str
    names: tuple[str, ...]
    case: dict
    tol: float
    sizes: tuple[int, ...]
    quick: tuple[int, ...]


CLOUD = {"family": "gmm2d", "eps": 1e-2}
CURVES = (
    Curve(
        "entropic",
        "benchmarks.entropic_peers",
        (OURS, POINTS, "POT sinkhorn (torch)", "POT sinkhorn"),
        CLOUD,
        1e-6,
        (500, 1000, 2000, 4000),
        (100, 200, 400),
    ),
    Curve(
        "exact",
        "benchmarks.bench_exact",
        (OURS, "POT emd"),
        {"family": "gmm2d", "weights": "equal"},
        1e-9,
        (250, 500, 1000, 2000),
        (100, 200, 400),
    ),
    Curve(
        "line",
        "benchmarks.bench_line",
        (OURS, "POT wasserstein_1d", "SciPy wasserstein_distance"),
        {"p": 1, "weights": "random"},
        1e-9,
        (10**3, 10**4, 10**5, 10**6),
        (10**3, 10**4, 10**5),
    ),
    Curve(
        "mmd",
        "benchmarks.bench_mmd",
        (OURS, "torch autograd", "GeomLoss SamplesLoss"),
        {"d": 8, "kernels": 5},
        1e-9,
        (500, 1000, 2000, 4000),
        (200, 400, 800),
    ),
)


def measure(curve: Curve, chosen: Settings) -> list[dict]:
    """Race every size, then measure the memory of everybody who arrived."""
    contestants = importlib.import_module(curve.module).CONTESTANTS
    sizes = curve.quick if chosen.quick else curve.sizes
    records = []
    with Arena(curve.module, contestants, chosen) as arena:
        for n in sizes:
            case = {**curve.case, "n": n}
            found = arena.race(case, curve.names, curve.tol)
            weighed = found[:1] if chosen.quick else found
            for record in [r for r in weighed if r["status"] == "arrived"]:
                small = {**case, "n": 64}
                peak = arena.peak(record["name"], case, small, record["effort"])
                record["megabytes"] = peak.get("megabytes")
            records += found
    return [{**record, "curve": curve.title} for record in records]


def run(chosen: Settings) -> None:
    """Measure and store."""
    records = [r for curve in CURVES for r in measure(curve, chosen)]
    store(TOPIC, {"curves": records}, chosen)


if __name__ == "__main__":
    run(settings(__doc__))
