"""From records to rows of tables: who is the best peer, and by what ratio."""

from __future__ import annotations

import json
from collections.abc import Iterable

from benchmarks.harness import OURS, ratio

HIDDEN = ("threads",)
WORDS = {"late": "no answer", "absent": "not installed", "broke": "breaks"}


def groups(records: Iterable[dict]) -> list[list[dict]]:
    """Return the records of each case together; the first of a case is ours."""
    found: dict[str, list[dict]] = {}
    for record in records:
        found.setdefault(json.dumps(record["case"], sort_keys=True), []).append(record)
    return list(found.values())


def peers(group: list[dict]) -> list[dict]:
    """Return the records of other libraries."""
    return [r for r in group if r["library"] != OURS]


def best_peer(group: list[dict]) -> dict | None:
    """Return the fastest peer that arrived, else the one nearest to it at its cap."""
    arrived = [r for r in peers(group) if r["status"] == "arrived"]
    if arrived:
        return min(arrived, key=lambda r: ratio(r, group[0])[0])
    short = [r for r in peers(group) if r["status"] in ("short", "late")]
    return min(short, key=lambda r: r.get("error", float("inf")), default=None)


def number(value: float) -> str:
    """Return two significant digits without an exponent where that is short."""
    if value >= 99.5:
        return f"{float(f'{value:.2g}'):.0f}"
    return f"{value:.2g}"


def cell(record: dict, ours: dict) -> str:
    """Return what a table says about a peer: its ratio, or why there is none."""
    status = record["status"]
    if status in ("absent", "broke"):
        return WORDS[status]
    middle, low, high = ratio(record, ours)
    if status == "late":
        return f"> {number(middle)}, no answer"
    if status == "behind":
        return f"> {number(middle)}, behind the best peer"
    if status == "short":
        text = f"> {number(middle)}, error {record['error']:.1e}"
        guess = record.get("extrapolated")
        # What lies far beyond the cap is guessed by the rate of the last trials.
        if guess and guess > 2 * record["seconds"][0]:
            text += f", extrapolated ~{number(middle * guess / record['seconds'][0])}"
        return text
    spread = f" ({number(low)}–{number(high)})" if low < high else ""
    text = f"{number(middle)}{spread}"
    ahead = middle < 1 and record["library"] != OURS
    return f"**{text}, peer ahead**" if ahead else text


def case_text(case: dict) -> str:
    """Return a case in words, the tolerance last."""
    rest = {k: v for k, v in case.items() if k not in (*HIDDEN, "tol")}
    words = [
        str(v) if k in ("family", "sites") else f"{k} {value_text(v)}"
        for k, v in rest.items()
    ]
    return ", ".join(words)


def value_text(value) -> str:
    """Return 1e-3 for floats that are powers of ten, else the value."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def row(group: list[dict], others: bool = True) -> str:
    """Return one line: case, tolerance, best peer, its ratio, errors, the others."""
    ours = group[0]
    tol = f"{ours['case']['tol']:.0e}" if "tol" in ours["case"] else ""
    if ours["status"] != "arrived":
        why = ours.get("reason", f"error {ours.get('error', float('nan')):.1e}")
        text = f"**ottools does not arrive: {why}**"
        return f"| {case_text(ours['case'])} | {tol} | {text} | | | |"
    best = best_peer(group)
    middle = f"{best['name']} | {cell(best, ours)}" if best else "none | "
    errors = f"{ours['error']:.0e}"
    errors += f" / {best['error']:.0e}" if best and "error" in best else ""
    rest = [r for r in group[1:] if r is not best] if others else []
    listed = "; ".join(f"{r['name']}: {cell(r, ours)}" for r in rest)
    return f"| {case_text(ours['case'])} | {tol} | {middle} | {errors} | {listed} |"


HEAD = (
    "| case | tolerance | best peer | peer / ottools | error ours / peer | others |\n"
    "|---|---|---|---|---|---|"
)


def table(records: list[dict], others: bool = True) -> str:
    """Return all rows of a list of races."""
    return "\n".join([HEAD, *(row(g, others) for g in groups(records))])


def verdict(records: list[dict], goal: float) -> str:
    """Count the races in which the best peer is beaten by the goal, and the others."""
    every = groups(records)
    raced = [g for g in every if g[0]["status"] == "arrived" and best_peer(g)]
    values = [(best_peer(g), ratio(best_peer(g), g[0])[0]) for g in raced]
    none = sum(p["status"] != "arrived" for p, _ in values)
    met = sum(v >= goal or p["status"] != "arrived" for p, v in values)
    ahead = sum(v < 1 and p["status"] == "arrived" for p, v in values)
    failed = sum(g[0]["status"] != "arrived" for g in every)
    text = f"Goal {goal:g}: met in {met} of {len(values)} races"
    text += f" ({none} of them because no peer arrives)" if none else ""
    text += f"; a peer is ahead in {ahead}" if ahead else "; no peer is ahead"
    return text + (f"; **ottools does not arrive in {failed}**." if failed else ".")
