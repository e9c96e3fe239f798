"""Write RESULTS.md and its figure from what the benchmarks stored.

    python -m benchmarks.report [--quick]

A quick run is reported below _build/bench only: the page that is kept comes from a
full one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.entropic_report import entropic
from benchmarks.figure import draw, typical
from benchmarks.harness import OURS, OUT, slope
from benchmarks.rows import number, table, verdict

AUTOGRAD = "torch autograd"
HERE = Path(__file__).resolve().parent
TOPICS = (
    "sinkhorn",
    "line",
    "exact",
    "mmd",
    "bures",
    "semidiscrete",
    "growth",
    "derive",
)
INTRODUCTION = """\
# Results

Written by `make bench`; nothing here is typed by hand. This was {extent}.

**Machine class**: {machine}.
**Versions**: {versions}.
**Threads**: {threads} for everybody unless a table says otherwise, by the environment
of each process, which is also kept on as many cores. Measured {measured}.

**How.** Every library works in a process of its own; the processes take turns, one run
at a time. A ratio is the peer's time divided by ours in the same round; given are the
median of up to {rounds} rounds and, in brackets, the smallest and the largest. Above 1
ottools is faster; **a row in which a peer is ahead says so**. Importing, converting and
compiling are not counted. Errors are recomputed by the harness in float64 from the
returned plan, potentials or matrices, never taken from a library's own report. Peers
that iterate get the smallest number of iterations that reaches the tolerance, found
beforehand and not counted; ottools stops by its own rule and computes its certificate
within the time that is counted.

**What "> 62, error 3e-04" means.** The peer had not reached the tolerance when it was
stopped, after about {multiple:g} times our time (at least {floor:g} s, at most {cap:g}
s), and stood at that error: the number is a lower bound. "Extrapolated" continues the
linear rate of its last trials, where it has one, and is no measurement. "Behind" peers
were stopped when {behind:g} times slower than the best one. "Breaks" means an
exception, or an answer that is not finite or far from any plan.

![Ratios against eps, time against n, memory against n](results.svg)
"""
BRIEF = (
    "a brief run (`BENCH=--brief`): full sizes, but for entropic transport one\n"
    "tolerance, the better peers and fewer variants"
)
PLAIN = {
    "line": (
        "## On the line and sliced",
        "`wasserstein_1d`, `sliced_wasserstein`; error relative to W_p^p by its"
        " definition in extended precision.",
        (
            ("single", "One pair of samples", 2),
            ("batched", "Many pairs at once", 2),
            ("sliced", "Sliced", 2),
        ),
    ),
    "exact": (
        "## Exact transport",
        "`solve_network` wraps POT's network simplex and adds potentials and a duality"
        " gap: the ratio is below 1 by what the certificate costs. Error: the larger"
        " one of marginals and relative gap above a dual bound.",
        (("solve", "", 0.5),),
    ),
    "bures": (
        "## Bures: distance, map, barycentre",
        "Distance and map against a pair B = T A T made from a known T; barycentres of"
        " five covariances by the residual of their equation. The goal for a single"
        " distance is set at d = 100; at d = 2 checking the input is what takes time.",
        (
            ("distance", "Distance", 2),
            ("map", "Map", 1),
            ("barycentre", "Barycentre", 1),
            ("batch", "Many distances at once (POT in a loop)", 2),
        ),
    ),
    "semidiscrete": (
        "## Semi-discrete transport in the square",
        "`solve_semidiscrete` against POT's stochastic ascent, at the errors that it"
        " reaches and at 1e-8; L1 error of the masses from exact areas.",
        (("solve", "", 2),),
    ),
}


def load(folder: Path, quick: bool) -> dict:
    """Return what each topic stored."""
    ending = "-quick.json" if quick else ".json"
    paths = {topic: folder / f"{topic}{ending}" for topic in TOPICS}
    return {
        topic: json.loads(path.read_text(encoding="utf-8"))
        for topic, path in paths.items()
        if path.exists()
    }


def introduction(content: dict) -> str:
    """Return the head: machine, method, meaning of the numbers."""
    some = next(iter(content.values()))
    machine, chosen = some["machine"], some["settings"]
    kind = f"{machine['cores']} cores, {machine['processor']}, {machine['system']}"
    packages = ", ".join(f"{k} {v}" for k, v in machine["versions"].items())
    return INTRODUCTION.format(
        machine=f"{kind}, no GPU used",
        versions=f"Python {machine['python']}, {packages}",
        measured=some["measured"],
        extent=BRIEF if chosen.get("brief") else "a full run",
        **chosen,
    )


def plain(topic: str, content: dict) -> str:
    """Return the section of a topic whose parts are races."""
    title, text, parts = PLAIN[topic]
    lines = [title, "", text, ""]
    for part, name, goal in parts:
        records = content.get(part, [])
        if records:
            lines += [f"### {name}", ""] if name else []
            lines += [verdict(records, goal), "", table(records), ""]
    return "\n".join(lines)


def mmd(content: dict) -> str:
    """Return the section on MMD: time, and memory with its slope."""
    lines = [
        "## Squared MMD and its gradient",
        "",
        "`mmd2_gradient`; error: the larger one of value and gradient, relative.",
        "",
        f"- plain autograd alone: {verdict(against(AUTOGRAD, content['speed']), 3)}",
        "- everybody, and with scikit-learn's kernels a gradient that we wrote out:"
        f" {verdict(content['speed'], 1)}",
        "",
        table(content["speed"]),
        "",
        "Peak memory of one call above that before it, in MB, each in a fresh process:",
        "",
    ]
    found: dict[str, dict[int, float]] = {}
    for record in content["memory"]:
        if "megabytes" in record:
            sizes = found.setdefault(record["name"], {})
            sizes[record["case"]["n"]] = record["megabytes"]
    every = sorted({n for sizes in found.values() for n in sizes})
    lines.append("| n | " + " | ".join(map(str, every)) + " | slope |")
    lines.append("|---|" + "---|" * (len(every) + 1))
    for name, sizes in found.items():
        # Below a megabyte there is nothing to fit.
        rate = slope(list(sizes), [max(v, 1.0) for v in sizes.values()])
        cells = " | ".join(megabytes(sizes.get(n)) for n in every)
        lines.append(f"| {name} | {cells} | {rate:.1f} |")
    return "\n".join([*lines, ""])


def against(name: str, records: list[dict]) -> list[dict]:
    """Return our records and those of one peer."""
    return [r for r in records if r["name"] in (OURS, name)]


def megabytes(value: float | None) -> str:
    """Return a memory as a table shows it."""
    return "" if value is None else f"{value:.0f}" if value >= 1 else "< 1"


def growth(content: dict) -> str:
    """Return slopes of time and memory against n."""
    curves: dict[tuple[str, str], list[dict]] = {}
    for record in content["curves"]:
        if record["status"] == "arrived":
            curves.setdefault((record["curve"], record["name"]), []).append(record)
    lines = [
        "## Cost against n",
        "",
        "Exponents k of n^k, least squares on log–log axes over the sizes given.",
        "",
        "| kind | who | n | time | memory |",
        "|---|---|---|---|---|",
    ]
    for (kind, name), records in curves.items():
        if len(records) < 3:
            continue
        sizes = [r["case"]["n"] for r in records]
        time = slope(sizes, [typical(r) for r in records])
        heavy = [(n, r.get("megabytes")) for n, r in zip(sizes, records, strict=True)]
        heavy = [(n, mb) for n, mb in heavy if mb and mb >= 1]
        measured = any("megabytes" in r for r in records)
        memory = "flat" if measured else ""
        if len(heavy) > 2:
            memory = f"{slope(*zip(*heavy, strict=True)):.1f}"
        span = f"{sizes[0]}–{sizes[-1]}"
        lines.append(f"| {kind} | {name} | {span} | {time:.1f} | {memory} |")
    return "\n".join([*lines, "", table(content["curves"]), ""])


def derive(content: dict) -> str:
    """Return the table of the checker beside SymPy."""
    lines = [
        "## The checker beside SymPy",
        "",
        "In one process, from a cold cache. The checker attacks every claim numerically"
        " before it proves it; the peer does not.",
        "",
        "| identity | checker says | SymPy says | SymPy's time / ours |",
        "|---|---|---|---|",
    ]
    for record in content["identities"]:
        answer = record["answer"]
        shown = answer if len(answer) < 30 else "no zero: a longer expression"
        middle, low, high = map(number, record["ratio"])
        said = f"{record['identity']} | {record['status']} | `{shown}`"
        lines.append(f"| {said} | {middle} ({low}–{high}) |")
    return "\n".join([*lines, ""])


def page(content: dict) -> str:
    """Return the whole page."""
    writers = {"sinkhorn": entropic, "mmd": mmd, "growth": growth, "derive": derive}
    parts = [introduction(content)]
    for topic, found in content.items():
        write = writers.get(topic)
        parts.append(write(found) if write else plain(topic, found))
    return "\n".join(parts)


def write(folder: Path, quick: bool, goal: Path) -> Path:
    """Write the page and the figure into `goal`."""
    content = load(folder, quick)
    if not content:
        raise SystemExit(f"Nothing was measured yet below {folder}.")
    goal.mkdir(parents=True, exist_ok=True)
    draw(content, goal / "results.svg", folder / "results.png")
    path = goal / "RESULTS.md"
    path.write_text(page(content), encoding="utf-8")
    sys.stdout.write(f"{path}\n")
    return path


def main() -> None:
    """Report the last full run, or the last quick one."""
    quick = "--quick" in sys.argv[1:]
    write(OUT, quick, OUT if quick else HERE)


if __name__ == "__main__":
    main()
