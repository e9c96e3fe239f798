"""Entropic transport at equal accuracy: ottools beside POT, OTT-JAX and GeomLoss.

Run it by `python -m benchmarks.bench_sinkhorn [--quick] [--threads N]`.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, product

from benchmarks.accuracy import relative
from benchmarks.command import settings
from benchmarks.entropic_peers import (
    CONTESTANTS,
    CORE,
    EVERYBODY,
    FEW,
    HOPELESS,
    REFERENCE,
)
from benchmarks.harness import OURS, Arena, Settings, say, store

TOPIC = "sinkhorn"
MODULE = "benchmarks.entropic_peers"
FAMILIES = ("gmm2d", "digits")
EPS = (1e-1, 1e-2, 1e-3, 1e-4)
TOLS = (1e-6, 1e-9)
VARIANTS = (
    {"weights": "random", "m": 1.6},
    {"weights": "random", "seed": 1},
    {"m": 0.6, "seed": 2},
    {"weights": "random"},
    {"m": 0.6},
)
# How many of them are raced: the smaller eps, the more peers run to their caps.
CHANGES = {1e-1: 5, 1e-2: 3, 1e-3: 1}


def ladder(arena: Arena, case: dict, peers, tols=TOLS) -> list[dict]:
    """Race one problem at falling tolerances; add the error of every value."""
    reference = arena.first_run(REFERENCE, case, 1.0, arena.settings.cap)
    known, records = {}, []
    for tol in tols:
        found = arena.race(case, [OURS, *peers], tol, known)
        known = {r["name"]: r for r in found}
        records += found
    truth = reference.get("found", {})
    for record in records:
        value = record.get("found", {}).get("value")
        if value is not None and truth:
            record["value_error"] = relative(value, truth["value"])
            record["reference_width"] = truth["error"]
    return records


def variants(n: int, among) -> list[dict]:
    """Return changes of a case: other weights, other shapes, other seeds."""
    return [{**v, **({"m": int(v["m"] * n)} if "m" in v else {})} for v in among]


def table(arena: Arena) -> list[dict]:
    """Race everybody at every eps and tolerance."""
    quick = arena.settings.quick
    n, every = (300, EPS[:3:2]) if quick else (1000, EPS)
    few = quick or arena.settings.brief
    everybody, tols = (CORE, TOLS[:1]) if few else (EVERYBODY, TOLS)
    records = []
    for family, eps in product(FAMILIES, every):
        case = {"family": family, "n": n, "eps": eps}
        peers = [p for p in everybody if eps >= 1e-2 or p not in HOPELESS]
        records += ladder(arena, case, peers, tols)
    return records


def changed(arena: Arena) -> list[dict]:
    """Race the better peers on other weights, shapes and seeds."""
    quick = arena.settings.quick
    n, among = (200, VARIANTS[:1]) if quick else (500, VARIANTS)
    every = EPS[1:2] if quick else EPS[:3]
    records = []
    for family, eps in product(FAMILIES, every):
        count = 1 if arena.settings.brief else CHANGES[eps]
        for change in variants(n, among[:count]):
            case = {"family": family, "n": n, "eps": eps, **change}
            records += ladder(arena, case, CORE, TOLS[:1])
    return records


def sizes(arena: Arena) -> list[dict]:
    """Race the better peers as n grows."""
    quick = arena.settings.quick
    last = 1 if arena.settings.brief else 2
    cases = product((500, 2000), EPS[: last + 1]), product((4000,), EPS[:last])
    records = []
    for n, eps in [(100, 1e-1)] if quick else chain(*cases):
        case = {"family": "gmm2d", "n": n, "eps": eps}
        peers = CORE if n < 4000 and eps >= 1e-2 else FEW
        records += ladder(arena, case, peers, TOLS[:1])
    return records


def sweep(arena: Arena) -> list[dict]:
    """Run ours alone over the whole grid, to see whether it always arrives."""
    quick = arena.settings.quick
    many = (200,) if quick else (500, 1000, 2000)
    many = many[:2] if arena.settings.brief else many
    records = []
    for family, n, eps, tol in product(FAMILIES, many, EPS, TOLS):
        for change in ({}, *variants(n, VARIANTS[: 5 if 300 < n < 2000 else 1])):
            case = {"family": family, "n": n, "eps": eps, **change}
            record = arena.first_run(OURS, case, tol, arena.settings.cap)
            records.append(record)
            if record["status"] != "arrived":
                say(record)
    return records


def threads(chosen: Settings) -> list[dict]:
    """Repeat a part of the table with the other number of threads."""
    other = replace(chosen, threads=1 if chosen.threads > 1 else 2)
    n = 300 if chosen.quick else 1000
    records = []
    with Arena(MODULE, CONTESTANTS, other) as arena:
        for family, eps in product(FAMILIES[: 1 if chosen.quick else 2], EPS[:2]):
            case = {"family": family, "n": n, "eps": eps}
            records += ladder(arena, case, CORE, TOLS[:1])
    return records


def run(chosen: Settings) -> None:
    """Measure and store."""
    parts = {"table": table, "changed": changed, "sizes": sizes, "sweep": sweep}
    with Arena(MODULE, CONTESTANTS, chosen) as arena:
        content = {name: part(arena) for name, part in parts.items()}
    content["threads"] = threads(chosen)
    store(TOPIC, content, chosen)


if __name__ == "__main__":
    run(settings(__doc__))
