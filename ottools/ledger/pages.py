"""The ledger as text for a terminal and as MyST for the book."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from . import collect, derivations, read

SIGNS = {
    "proved": "✓",
    "certified": "■",
    "tested": "≈",
    "cited": "†",
    "definition": "∘",
    "refuted": "✗",
}


def totals(ledger: dict) -> list[tuple[str, str]]:
    """Return the totals as (what, how much) pairs."""
    m = ledger["mutants"]
    verdicts = Counter(f["verdict"] for f in ledger["formulas"].values())
    chapters = ledger["chapters"].values()
    by_status = ", ".join(f"{n} {s}" for s, n in ledger["steps"].items())
    by_verdict = ", ".join(f"{n} {v}" for v, n in sorted(verdicts.items()))
    return [
        (
            "derivations",
            f"{sum(c['derivations'] for c in chapters)} in {len(chapters)} chapters",
        ),
        ("steps", f"{by_status}; undecided {ledger['undecided']}"),
        (
            "mutants",
            f"{m['made']} made, {m['killed']} refuted, {m['equivalent']} equivalent, "
            f"{len(m['survivors'])} survive",
        ),
        ("printed formulas", f"{len(ledger['formulas'])} settled: {by_verdict}"),
        ("counterexamples", f"{ledger['counterexamples']} to dropped hypotheses"),
        ("exercises", f"{ledger['exercises']}, answers checked"),
        ("figures", f"{ledger['figures']}, captions asserted"),
    ]


def tried(step: dict) -> str:
    """Return how many of the mutants of a step that say something else were refuted."""
    m = step.get("mutants")
    return f"{m['killed']} of {m['made'] - m['equivalent']}" if m else "–"


def attacked(step: dict) -> str:
    """Return how a step was attacked, in a few words."""
    if "counterexample" in step:
        return step["counterexample"]
    return (
        f"{step['points']} points, {step['digits']} digits" if step["points"] else "–"
    )


def report(ledger: dict, folder: Path) -> str:
    """Return the ledger as text."""
    lines = [f"{what:18}{much}" for what, much in totals(ledger)]
    for i, (chapter, r) in derivations(read(folder)).items():
        lines.append(f"\n{chapter}: {r['title']} [{i}]")
        for s in r["steps"]:
            lines.append(f"  ({s['letter']}) {s['status']:10} {s['claim']}")
            lines.append(f"      {s['rule']}; {s['method']}; mutants {tried(s)}")
    for x in ledger["mutants"]["survivors"]:
        reason = x["reason"] or "no reason given"
        lines.append(f"\nsurvivor at {x['step']}: {x['slip']}: {x['claim']} — {reason}")
    lines += ["", "Printed formulas"]
    for i, f in ledger["formulas"].items():
        under = f" ({f['under']})" if "under" in f else ""
        lines.append(f"{i:12} {f['verdict'] + under:28} {f['place']}")
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Make plain text safe inside a cell of a MyST table."""
    for sign in "\\|*_`<$":
        text = text.replace(sign, f"\\{sign}")
    return text


def _rule(text: str) -> str:
    """Keep the inline mathematics of a rule; only the bar harms a table."""
    return text.replace("|", "\\|")


def _claim(step: dict) -> str:
    return "$" + step["tex"].replace(r"\|", r"\Vert ").replace("|", r"\vert ") + "$"


def _chapter(name: str, known: dict) -> list[str]:
    lines = ["", f"## {name}", ""]
    for i, (chapter, r) in known.items():
        if chapter != name:
            continue
        marks = "".join(SIGNS.get(s["status"], "?") for s in r["steps"])
        lines += [
            f":::{{dropdown}} {r['title']} {marks}",
            "",
            f"Equation {{eq}}`{i}`"
            + (
                ". Uses "
                + ", ".join(f"{{eq}}`{u.rpartition('/')[2]}`" for u in r["uses"])
                if r["uses"]
                else ""
            )
            + ".",
            "",
            "| | claim | status | rule | attack | mutants |",
            "|---|---|---|---|---|---|",
        ]
        for s in r["steps"]:
            lines.append(
                f"| ({s['letter']}) | {_claim(s)} | {s['status']} | {_rule(s['rule'])} "
                f"| {_cell(attacked(s))} | {tried(s)} |"
            )
        lines += [":::", ""]
    return lines


def markdown(folder: Path) -> str:
    """Return the ledger as MyST for the book."""
    ledger = collect(folder)
    known = derivations(read(folder))
    lines = ["| | |", "|---|---|"]
    lines += [f"| **{what}** | {much} |" for what, much in totals(ledger)]
    for name in ledger["chapters"]:
        lines += _chapter(name, known)
    lines += ["", "## Mutants that survive", ""]
    survivors = ledger["mutants"]["survivors"]
    lines += [
        f"- {x['step']}, {x['slip']}: `{x['claim']}` — "
        f"{x['reason'] or 'no reason given'}"
        for x in survivors
    ] or ["None: every mutant that says something else than its original was refuted."]
    lines += [
        "",
        "## Printed formulas settled",
        "",
        "| formula | verdict | where |",
        "|---|---|---|",
    ]
    for i, f in ledger["formulas"].items():
        under = f": {_cell(f['under'])}" if "under" in f else ""
        chapter, _, rest = f["place"].partition(": ")
        label, _, step = rest.partition(" ")
        lines.append(
            f"| {i} | {f['verdict']}{under} | {chapter} {{eq}}`{label}` {step} |"
        )
    return "\n".join([*lines, ""])
