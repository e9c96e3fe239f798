"""The ledger: what the executed notebooks say about every derivation of the book.

``python -m ottools.ledger`` reads the records that derivations and exercises leave in
the outputs of the notebooks and prints totals; ``--json`` prints the same for machines.
Nothing here is typed by hand: a notebook without records counts for nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

RECORD = "application/vnd.ottools.record+json"
NOT_RESULTS = ("definition", "cited")
SHOWN = ("proved", "certified", "tested", "cited", "definition", "refuted")


class LedgerError(ValueError):
    """Records that contradict each other; the message names the derivations."""


def records(notebook: Path) -> list[dict]:
    """Return the records in the outputs of one notebook, in order of appearance."""
    found = []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", ()):
            record = output.get("data", {}).get(RECORD)
            if record:
                found.append(record)
    return found


def figures(notebook: Path) -> int:
    """Return how many cells of a notebook draw a captioned figure."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return sum("figure" in c.get("metadata", {}).get("mystnb", {}) for c in cells)


def seconds(notebook: Path) -> float | None:
    """Return the execution time that the runner stored, if any."""
    meta = json.loads(notebook.read_text(encoding="utf-8")).get("metadata", {})
    return meta.get("ottools", {}).get("seconds")


def read(folder: Path) -> dict[str, list[dict]]:
    """Return the records of every notebook in a folder, by chapter name.

    Raises LedgerError if the folder holds no notebook.
    """
    paths = sorted(Path(folder).glob("*.ipynb"))
    if not paths:
        raise LedgerError(
            f"no notebooks in {folder}: the ledger reads executed *.ipynb."
        )
    return {p.stem: records(p) for p in paths}


def derivations(chapters: dict) -> dict[str, tuple[str, dict]]:
    """Return every derivation by its id, with its chapter; ids must be unique."""
    out = {}
    for chapter, found in chapters.items():
        for r in found:
            if r["kind"] not in ("derivation", "counterexample"):
                continue
            if r["id"] in out and out[r["id"]][1] != r:
                raise LedgerError(
                    f"the id {r['id']!r} is used in {out[r['id']][0]} and {chapter}."
                )
            out[r["id"]] = (chapter, r)
    return out


def check_uses(known: dict) -> None:
    """Raise LedgerError if a derivation uses an unknown one, or itself in a circle."""
    plain = {
        i: [u.rpartition("/")[2] for u in r["uses"]] for i, (_, r) in known.items()
    }
    for i, uses in plain.items():
        for u in uses:
            if u not in plain:
                raise LedgerError(
                    f"derivation {i!r} uses {u!r}, which no chapter derives."
                )
    try:
        tuple(TopologicalSorter(plain).static_order())
    except CycleError as fault:
        raise LedgerError("circular use: " + " → ".join(fault.args[1])) from fault


def settled(known: dict) -> dict[str, dict]:
    """Return the verdict and the place for every printed formula that is settled."""
    out: dict[str, dict] = {}
    for i, (chapter, r) in known.items():
        for s in r["steps"]:
            for formula, verdict in s.get("settles", {}).items():
                place = f"{chapter}: {i} ({s['letter']})"
                old = out.get(formula)
                if (
                    old
                    and old["verdict"] != verdict
                    and "definition" not in (old["verdict"], verdict)
                ):
                    raise LedgerError(
                        f"{formula} is {old['verdict']} at {old['place']} "
                        f"and {verdict} at {place}."
                    )
                if not old or old["verdict"] == "definition":
                    out[formula] = {"verdict": verdict, "place": place}
                    if s.get("under"):
                        out[formula]["under"] = s["under"]
    return dict(sorted(out.items(), key=lambda kv: _formula_order(kv[0])))


def _formula_order(formula: str):
    note, _, number = formula.partition("-")
    digits = "".join(c for c in number if c.isdigit())
    return note, int(digits or 0), number


def mutant_totals(steps: list[tuple[str, dict]]) -> dict:
    """Add up the mutants of all steps; survivors keep their reasons."""
    total = {"made": 0, "equivalent": 0, "killed": 0, "survivors": []}
    for where, s in steps:
        m = s.get("mutants")
        if not m:
            continue
        for key in ("made", "equivalent", "killed"):
            total[key] += m[key]
        for slip, claim, status, reason in m["survivors"]:
            total["survivors"].append(
                {
                    "step": f"{where} ({s['letter']})",
                    "slip": slip,
                    "claim": claim,
                    "status": status,
                    "reason": reason,
                }
            )
    return total


def collect(folder: Path) -> dict:
    """Return the ledger as plain data; see the module's text for its keys.

    Raises LedgerError for duplicate ids, unknown or circular uses, and verdicts that
    contradict each other.
    """
    folder = Path(folder)
    chapters = read(folder)
    known = derivations(chapters)
    check_uses(known)
    steps = [(i, s) for i, (_, r) in known.items() for s in r["steps"]]
    status = Counter(s["status"] for _, s in steps)
    exercises = {
        c: sum(r["kind"] == "exercise" for r in found) for c, found in chapters.items()
    }
    shown = {c: figures(folder / f"{c}.ipynb") for c in chapters}
    return {
        "chapters": {
            c: {
                "derivations": sum(w == c for w, _ in known.values()),
                "steps": sum(len(r["steps"]) for w, r in known.values() if w == c),
                "seconds": seconds(folder / f"{c}.ipynb"),
                "exercises": exercises[c],
                "figures": shown[c],
            }
            for c in chapters
        },
        "steps": {s: status[s] for s in SHOWN if status[s]},
        "result_steps": sum(n for s, n in status.items() if s not in NOT_RESULTS),
        "undecided": status["undecided"],
        "mutants": mutant_totals(steps),
        "formulas": settled(known),
        "counterexamples": sum(
            r["kind"] == "counterexample" for _, r in known.values()
        ),
        "exercises": sum(exercises.values()),
        "figures": sum(shown.values()),
    }


def markdown(folder: Path) -> str:
    """Return the ledger as MyST, for the page of the book."""
    from .pages import markdown as page

    return page(folder)
