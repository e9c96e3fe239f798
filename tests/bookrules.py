"""What every page, and every chapter, of the book must be like.

Each rule takes a page and yields complaints, which name the place. `PAGE_RULES` hold
for all pages, `CHAPTER_RULES` for those that run, `BOOK_RULES` for all pages together.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "book" / "_tools"))

import notebooks

MAX_CELL, MAX_DEF, MIN_ALT, MIN_EXERCISES = 25, 8, 40, 6
STATED = "% stated, not derived"
MAY_STATE = {"prf:definition", "prf:theorem", "exercise"}
FENCE = re.compile(
    r"^\s*(?P<mark>`{3,}|~{3,}|:{3,})\s*(?:\{(?P<name>[^}]+)\})?(?P<rest>.*)$"
)
GATE = re.compile(r"(exercise|solution)-(start|end)$")
DISPLAY = re.compile(
    r"\$\$|^\s*\\\[|^\s*\\begin\{((?:equation|multline|gather|align|alignat|flalign)\*?)\}"
)
LABELS = (
    re.compile(r"^\(([\w:.-]+)\)=\s*$"),
    re.compile(r"^\s*:(?:label|name):\s*([\w:.-]+)\s*$"),
    re.compile(r"\$\$\s*\(([\w:.-]+)\)\s*$"),
)


@dataclass(frozen=True)
class Line:
    """A line of prose: its number, its text and the directives that hold it."""

    number: int
    text: str
    inside: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """A code cell: the line on which its code starts, the code and its metadata."""

    line: int
    code: str
    metadata: dict

    @property
    def figure(self) -> dict | None:
        """The figure options of the cell, or None when it declares no figure."""
        options = self.metadata.get("mystnb", {})
        return options if "figure" in options or "image" in options else None

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree, without the lines that only IPython understands."""
        lines = self.code.splitlines()
        return ast.parse("\n".join("" if re.match(r"\s*[%!]", s) else s for s in lines))


@dataclass(frozen=True)
class Directive:
    """A directive: its line, name, argument and body."""

    line: int
    name: str
    argument: str
    body: str
    inside: tuple[str, ...]


class Page:
    """A Markdown file, taken apart."""

    def __init__(self, path: Path):
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.prose, self.directives = take_apart(self.text)

    def at(self, line: int) -> str:
        """Name a place on the page."""
        return f"book/{self.path.name}:{line}"

    @property
    def runs(self) -> bool:
        """Whether the page is a chapter, with cells to execute."""
        return notebooks.is_chapter(self.path)

    @cached_property
    def cells(self) -> list[Cell]:
        """The code cells."""
        code = [c for c in notebooks.source(self.path).cells if c.cell_type == "code"]
        line = lambda c: notebooks.line_of(self.path, c.source)
        return [Cell(line(c), c.source, c.metadata) for c in code]

    @property
    def headings(self) -> list[tuple[int, int, str]]:
        """The headings outside of directives: (line, level, text)."""
        matches = [
            (s.number, re.match(r"(#{1,6})\s+(.*)", s.text))
            for s in self.prose
            if not s.inside
        ]
        return [(n, len(m[1]), m[2].strip()) for n, m in matches if m]


def take_apart(text: str) -> tuple[list[Line], list[Directive]]:
    """Split a page into the lines of its prose and its directives."""
    prose, directives, stack, gates = [], [], [], []
    around = lambda: (*gates, *(s["name"] for s in stack))
    lines = text.splitlines()
    start = header_end(lines)
    for number, line in enumerate(lines[start:], start + 1):
        match = FENCE.match(line)
        if match and stack and closes(match, stack[-1]["mark"]):
            done = stack.pop()
            body = "\n".join(lines[done["line"] : number - 1])
            directives.append(
                Directive(done["line"], done["name"], done["argument"], body, around())
            )
            turn_gate(done["name"], gates)
        elif match and not is_code(stack):
            stack.append(
                {
                    "mark": match["mark"],
                    "line": number,
                    "name": match["name"] or "",
                    "argument": match["rest"].strip(),
                }
            )
        elif not is_code(stack):
            prose.append(Line(number, line, around()))
    return prose, sorted(directives, key=lambda d: d.line)


def header_end(lines: list[str]) -> int:
    """Return the number of lines that the YAML header takes."""
    if not lines or lines[0] != "---":
        return 0
    return lines.index("---", 1) + 1


def closes(match: re.Match, mark: str) -> bool:
    """Tell whether a fence closes the one that was opened with this mark."""
    bare = not match["name"] and not match["rest"].strip()
    return bare and match["mark"][0] == mark[0] and len(match["mark"]) >= len(mark)


def is_code(stack: list[dict]) -> bool:
    """Tell whether the innermost fence holds code rather than prose."""
    if not stack:
        return False
    name, mark = stack[-1]["name"], stack[-1]["mark"]
    return name in {"code-cell", "code", "code-block"} or (not name and mark[0] != ":")


def turn_gate(name: str, gates: list[str]) -> None:
    """Open or close an exercise or solution that stands between two gates."""
    if gate := GATE.match(name):
        gates.append(gate[1]) if gate[2] == "start" else gates.remove(gate[1])


# --- Rules for every page -----------------------------------------------------------


def one_title(page: Page) -> Iterator[str]:
    """A page has one heading of the first level."""
    titles = [line for line, level, _ in page.headings if level == 1]
    if not titles:
        yield f"{page.at(1)} has no title"
    for line in titles[1:]:
        yield f"{page.at(line)} is a second title on the page"


def footnotes_defined(page: Page) -> Iterator[str]:
    """Every footnote that is called is defined."""
    defined = {m[1] for s in page.prose if (m := re.match(r"\[\^([^\]]+)\]:", s.text))}
    for line in page.prose:
        for name in re.findall(r"\[\^([^\]]+)\](?!:)", line.text):
            if name not in defined:
                yield f"{page.at(line.number)}: footnote {name} is not defined"


def own_package_only(page: Page) -> Iterator[str]:
    """Nobody is told to install the unrelated package of the same name."""
    for number, line in enumerate(page.text.splitlines(), 1):
        if re.search(r"pip install\s+(-\S+\s+)*ottools", line):
            yield f"{page.at(number)} installs a package that is not ours"


# --- Rules for chapters -------------------------------------------------------------


def short_cells(page: Page) -> Iterator[str]:
    """A cell holds one idea."""
    for cell in page.cells:
        if (n := len(cell.code.splitlines())) > MAX_CELL:
            yield f"{page.at(cell.line)}: a cell of {n} lines (at most {MAX_CELL})"


def short_functions(page: Page) -> Iterator[str]:
    """What takes more lines lives in the package."""
    for cell, node in definitions(page):
        if (n := node.end_lineno - node.lineno + 1) > MAX_DEF:
            where = page.at(cell.line + node.lineno - 1)
            yield f"{where}: {node.name} takes {n} lines (at most {MAX_DEF})"


def definitions(page: Page) -> Iterator[tuple[Cell, ast.AST]]:
    """Yield every function and class that a chapter defines."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for cell in page.cells:
        for node in ast.walk(cell.tree):
            if isinstance(node, kinds):
                yield cell, node


def figures_described(page: Page) -> Iterator[str]:
    """A figure has a name, alt text and a caption."""
    for cell in page.cells:
        if cell.figure is None:
            continue
        figure, image = cell.figure.get("figure", {}), cell.figure.get("image", {})
        alt, where = str(image.get("alt", "")).strip(), page.at(cell.line)
        if len(alt) < MIN_ALT:
            yield f"{where}: alt text of {len(alt)} characters (at least {MIN_ALT})"
        if not str(figure.get("caption", "")).strip():
            yield f"{where}: a figure without caption"
        if not str(figure.get("name", "")).startswith("fig-"):
            yield f"{where}: a figure without a name fig-..."


def captions_asserted(page: Page) -> Iterator[str]:
    """The caption of a figure is a claim that its cell asserts."""
    for cell in page.cells:
        if cell.figure is None:
            continue
        caption = squeeze(cell.figure.get("figure", {}).get("caption", ""))
        calls = list(caption_calls(cell))
        where = page.at(cell.line)
        if not calls:
            yield f"{where}: the figure's cell does not call caption_holds"
        for call in calls:
            yield from (f"{where}: {w}" for w in wrong_call(call, caption))


def caption_calls(cell: Cell) -> Iterator[ast.Call]:
    """Yield the calls of caption_holds in a cell."""
    for node in ast.walk(cell.tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name == "caption_holds":
                yield node


def wrong_call(call: ast.Call, caption: str) -> Iterator[str]:
    """Say what is wrong with one assertion of a caption."""
    values = [*call.args, *(k.value for k in call.keywords)]
    if len(values) != 2 or not is_text(values[0]):
        yield "caption_holds takes a quoted sentence and a condition"
        return
    if squeeze(values[0].value) not in caption:
        yield f"the caption does not say “{squeeze(values[0].value)}”"
    if isinstance(values[1], ast.Constant):
        yield "caption_holds is given a constant instead of a condition"


def is_text(node: ast.AST) -> bool:
    """Tell whether a node is a literal string that says something."""
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and len(node.value.split()) >= 3
    )


def squeeze(text: object) -> str:
    """Make every run of white space one blank."""
    return " ".join(str(text).split())


def exercises_solved(page: Page) -> Iterator[str]:
    """A chapter has exercises, each with a folded solution."""
    exercises = [d for d in page.directives if re.match(r"exercise(-start)?$", d.name)]
    solutions = [d for d in page.directives if re.match(r"solution(-start)?$", d.name)]
    solved = {d.argument for d in solutions}
    if len(exercises) < MIN_EXERCISES:
        yield f"{page.at(1)}: {len(exercises)} exercises (at least {MIN_EXERCISES})"
    for d in exercises:
        label = option(d, "label")
        if not label:
            yield f"{page.at(d.line)}: an exercise without label"
        elif label not in solved:
            yield f"{page.at(d.line)}: exercise {label} has no solution"
    for d in solutions:
        if "dropdown" not in option(d, "class").split():
            yield f"{page.at(d.line)}: a solution that is not folded"


def option(directive: Directive, name: str) -> str:
    """Return an option of a directive, or ''."""
    found = re.search(rf"^\s*:{name}:\s*(.*)$", directive.body, re.M)
    return found[1].strip() if found else ""


def sections_present(page: Page) -> Iterator[str]:
    """A chapter ends with exercises, a box of what is not checked, and sources."""
    titles = {text.lower() for _, level, text in page.headings if level == 2}
    for wanted in ("Exercises", "Sources"):
        if wanted.lower() not in titles:
            yield f"{page.at(1)}: no section “{wanted}”"
    boxes = [d for d in page.directives if d.name == "admonition"]
    if not any(d.argument == "What is not checked here" for d in boxes):
        yield f"{page.at(1)}: no box “What is not checked here”"


def formulas_derived(page: Page) -> Iterator[str]:
    """Typed display mathematics only states: definitions, theorems, problems."""
    for line, text, inside in displays(page):
        stated = STATED in text or inside and MAY_STATE & set(inside)
        if not stated:
            yield f"{page.at(line)}: a displayed formula that nothing checked"


def displays(page: Page) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Yield (line, text with the line above, directives around) of typed displays."""
    start, gathered, above, end = 0, [], "", ""
    for line in page.prose:
        if "math" in line.inside:
            continue
        bare = re.sub(r"`[^`]*`", "", line.text)
        if start:
            gathered.append(line.text)
        elif opening := DISPLAY.search(bare):
            start, gathered, end = line.number, [above, line.text], closing(opening)
            bare = bare[opening.end() :]
        if start and end in bare:
            yield start, "\n".join(gathered), line.inside
            start = 0
        above = line.text
    for d in page.directives:
        if d.name == "math":
            yield d.line, d.body, d.inside


def closing(opening: re.Match) -> str:
    """Return what ends a display that began in this way."""
    if opening[1]:
        return f"\\end{{{opening[1]}}}"
    return "$$" if opening[0] == "$$" else "\\]"


PAGE_RULES = (one_title, footnotes_defined, own_package_only)
CHAPTER_RULES = (
    short_cells,
    short_functions,
    figures_described,
    captions_asserted,
    exercises_solved,
    sections_present,
    formulas_derived,
)


# --- Rules for the book as a whole --------------------------------------------------


def labels_unique(pages: list[Page]) -> Iterator[str]:
    """No label stands twice in the book."""
    seen: dict[str, str] = {}
    for page in pages:
        for line, label in labels(page):
            if label in seen:
                yield f"{page.at(line)}: label {label} stands at {seen[label]} too"
            seen.setdefault(label, page.at(line))


def labels(page: Page) -> Iterator[tuple[int, str]]:
    """Yield (line, label) of all labels that a page sets."""
    hidden = {
        n
        for d in page.directives
        if d.name in {"", "code-cell", "code", "code-block"}
        for n in range(d.line, d.line + d.body.count("\n") + 3)
    }
    for number, text in enumerate(page.text.splitlines(), 1):
        if number not in hidden:
            for pattern in LABELS:
                yield from ((number, name) for name in pattern.findall(text))
    if page.runs:
        for cell in page.cells:
            if name := (cell.figure or {}).get("figure", {}).get("name"):
                yield cell.line, name


def functions_unique(pages: list[Page]) -> Iterator[str]:
    """No function is defined twice in the book."""
    seen: dict[str, str] = {}
    for page in pages:
        if not page.runs:
            continue
        for cell, node in definitions(page):
            place = page.at(cell.line + node.lineno - 1)
            if node.name in seen:
                yield f"{place}: {node.name} is defined at {seen[node.name]} too"
            seen.setdefault(node.name, place)


BOOK_RULES = (labels_unique, functions_unique)


def complaints(folder: Path) -> list[str]:
    """Apply every rule to every page of a book; an empty list is a good book."""
    pages = [Page(p) for p in sorted(folder.rglob("*.md"))]
    found = [c for rule in BOOK_RULES for c in rule(pages)]
    for page in pages:
        rules = PAGE_RULES + (CHAPTER_RULES if page.runs else ())
        found += [c for rule in rules for c in rule(page)]
    return found
