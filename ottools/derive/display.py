"""How a derivation shows itself: in the book, in JupyterLab, as LaTeX and as text."""

from __future__ import annotations

import html as escape

MARK = {
    "proved": (r"\checkmark", "✓"),
    "certified": (r"\blacksquare", "■"),
    "tested": (r"\approx", "≈"),
    "cited": (r"\dagger", "†"),
    "definition": (r"\circ", "∘"),
    "refuted": (r"\times", "✗"),
}


def _letters(d):
    from .derivation import letter

    return [letter(k) for k in range(len(d.steps))]


def _row(step, name):
    """One line of the aligned display, without its mark."""
    tag = rf"\text{{({name})}}"
    if step.kind == "cited":
        return rf"& {tag}\;\; {step.claim.tex()}"
    left, relation, right = step.claim.parts()
    if step.kind == "definition":
        relation = ":="
    if step.kind == "chain":
        left = ""
    if not relation:
        return rf"& {tag}\;\; {right}"
    return rf"{left} &\mathrel{{\overset{{{tag}}}{{{relation}}}}} {right}"


def _aligned(d, marked):
    rows = []
    for step, name in zip(d.steps, _letters(d), strict=True):
        sign = MARK[step.verdict.status][0]
        mark = rf"\class{{ot-{step.verdict.status}}}{{{sign}}}" if marked else sign
        rows.append(rf"{_row(step, name)} && {mark}")
    body = " \\\\[2pt]\n".join(rows)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def latex(d) -> str:
    """Return the derivation as one LaTeX display."""
    return f"$$\n{_aligned(d, marked=False)}\n$$"


def _abbr(text, explanation):
    clean = explanation.replace("`", "'").replace("\n", " ")
    return f"{{abbr}}`{text} ({clean})`"


def _legend(step, name):
    sign = MARK[step.verdict.status][1]
    status = step.verdict.status
    word = "" if status in ("proved", "definition") else f" {status}"
    line = f"({name}) {step.rule} {_abbr(sign + word, f'{status}: {step.verdict.how}')}"
    if step.under:
        line += f" — holds under: {step.under}"
    if step.verdict.counterexample:
        line += f" — {_at(step.verdict.counterexample)}"
    return line


def _at(found):
    return (
        str(found)
        .replace("|", "\\|")
        .replace("**", "^")
        .replace("*", "·")
        .replace("_", "\\_")
    )


def markdown(d) -> str:
    """Return the derivation as MyST: a numbered equation, a legend, the fold-out."""
    lines = [
        f"$$\n{_aligned(d, marked=True)}\n$$ ({d.id})",
        "",
        ":::{container} ot-legend",
    ]
    lines += [
        " · ".join(_legend(s, n) for s, n in zip(d.steps, _letters(d), strict=True))
    ]
    lines += [
        ":::",
        "",
        f":::{{dropdown}} How “{d.title}” was checked",
        ":class-container: ot-how",
        "",
        "| | claim | status | how | mutants |",
        "|---|---|---|---|---|",
    ]
    for step, name in zip(d.steps, _letters(d), strict=True):
        how = (
            step.verdict.how.replace("|", "\\|").replace("*", "\\*").replace("_", "\\_")
        )
        tried = str(step.mutants) if step.mutants else "—"
        claim = step.claim.tex().replace(r"\|", r"\Vert ").replace("|", r"\vert ")
        lines.append(
            f"| ({name}) | ${claim}$ | {step.verdict.status} | {how} | {tried} |"
        )
    if d.uses:
        lines += ["", "Uses " + ", ".join(d.uses) + "."]
    settled = [f"`{i}`: {s.formula_verdict}" for s in d.steps for i in s.settles]
    if settled:
        lines += ["", "Printed formulas settled: " + ", ".join(settled) + "."]
    return "\n".join([*lines, ":::", ""])


def html(d) -> str:
    """Return the derivation for JupyterLab: the display and one line a step."""
    items = []
    for step, name in zip(d.steps, _letters(d), strict=True):
        sign = MARK[step.verdict.status][1]
        how = escape.escape(step.verdict.how)
        items.append(
            f'<span title="{how}">({name}) {escape.escape(step.rule)} '
            f"<b>{sign} {step.verdict.status}</b></span>"
        )
    return (
        f"<div><b>{escape.escape(d.title)}</b>\n{latex(d)}\n"
        f'<div style="font-size:85%">{" · ".join(items)}</div></div>'
    )


def plain(d) -> str:
    """Return the derivation as text; strict notebook tests compare this."""
    lines = [f"{d.title} [{d.id}]"]
    for step, name in zip(d.steps, _letters(d), strict=True):
        sign = MARK[step.verdict.status][1]
        lines.append(f"  ({name}) {step.claim.text()}")
        lines.append(f"      {sign} {step.verdict.status}: {step.rule}")
        if step.verdict.counterexample:
            lines.append(f"      {step.verdict.counterexample}")
        if step.mutants and step.mutants.made:
            lines.append(f"      {step.mutants}")
    return "\n".join(lines)
