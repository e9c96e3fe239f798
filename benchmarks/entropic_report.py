"""The part of the report on entropic transport."""

from __future__ import annotations

import statistics

from benchmarks.rows import HEAD, best_peer, groups, row, table, verdict

ENTROPIC = """\
## Entropic transport

`sinkhorn(C, a, b, eps=, tol=)`; eps relative to the mean cost; tolerance on the L1
error of both marginals together. `gmm2d`: mixtures of four and five Gaussians in the
plane; `digits`: 8 x 8 images. Goals: 2 at eps 1e-1, 5 at 1e-2, 50 or no peer arriving
below.
"""


def goal_of(case: dict) -> float:
    """Return the ratio that is aimed at for entropic transport."""
    return 2.0 if case["eps"] >= 0.1 else 5.0 if case["eps"] >= 0.01 else 50.0


def by_goal(records: list[dict]) -> str:
    """Return the verdicts of the three goals."""
    lines = []
    for goal in (2.0, 5.0, 50.0):
        chosen = [r for r in records if goal_of(r["case"]) == goal]
        if chosen:
            which = {2.0: "eps 1e-1", 5.0: "eps 1e-2", 50.0: "eps below"}[goal]
            lines.append(f"- {which}: {verdict(chosen, goal)}")
    return "\n".join(lines)


def entropic(content: dict) -> str:
    """Return the section on entropic transport."""
    parts = {
        "table": "### Everybody, eps by eps",
        "changed": "### Other weights, shapes and seeds",
        "sizes": "### Other sizes",
        "threads": "### Another number of threads",
    }
    lines = [ENTROPIC]
    for part, title in parts.items():
        records = content.get(part, [])
        if records:
            threads = records[0]["case"]["threads"]
            said = f"{title} ({threads} thread{'s' if threads > 1 else ''})"
            whole = part == "table"
            lines += [said, "", by_goal(records), "", table(records, whole), ""]
    return "\n".join([*lines, work(content), "", sweep(content), ""])


def work(content: dict) -> str:
    """Return passes and products of ours, which no machine changes."""
    lines = [
        "### What it costs, whatever the machine",
        "",
        "Passes of exp over all entries, products of all entries with a vector, Newton"
        " steps and sweeps; relative error of the entropic value of our plan and of the"
        " best peer's (reference: bracketed by duality within its own width).",
        "",
        "| case | tolerance | exp passes | products | steps | value error | peer's |"
        " width |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for group in groups(content.get("table", [])):
        ours, best = group[0], best_peer(group)
        if ours["status"] == "arrived":
            lines.append(work_row(ours, best or {}))
    return "\n".join(lines)


def work_row(ours: dict, best: dict) -> str:
    """Return one line of the table of work."""
    found, case = ours["found"], ours["case"]
    counts = [str(found.get(k, "")) for k in ("exp_passes", "products", "iterations")]
    errors = [
        f"{r[k]:.0e}" if k in r else ""
        for r, k in (
            (ours, "value_error"),
            (best, "value_error"),
            (ours, "reference_width"),
        )
    ]
    name = f"{case['family']}, eps {case['eps']:g}"
    return f"| {name} | {case['tol']:.0e} | {' | '.join([*counts, *errors])} |"


def sweep(content: dict) -> str:
    """Return how ours fares over the whole grid."""
    records = content.get("sweep", [])
    if not records:
        return ""
    arrived = [r for r in records if r["status"] == "arrived"]
    worst = max((r["error"] / r["case"]["tol"] for r in arrived), default=0.0)
    passes = [r["found"].get("exp_passes", 0) for r in arrived]
    products = [r["found"].get("products", 0) for r in arrived]
    lines = [
        "### ottools alone over the whole grid",
        "",
        f"{len(records)} problems (families, sizes, four eps, two tolerances, weights,"
        f" shapes, seeds): {len(arrived)} arrive, the worst error is {worst:.2g} of its"
        f" tolerance; exp passes up to {max(passes, default=0)}, median"
        f" {statistics.median(passes or [0]):g}; products up to"
        f" {max(products, default=0)}, median {statistics.median(products or [0]):g}.",
    ]
    missing = [g for g in groups(records) if g[0]["status"] != "arrived"]
    return "\n".join(lines + (["", HEAD, *map(row, missing)] if missing else []))
