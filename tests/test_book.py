"""The chapters follow the rules, and notebooks/ is what the chapters say."""

from __future__ import annotations

import re

import nbformat
import pytest
import yaml

import bookrules
import notebooks

HEADER = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3 (ipykernel), language: python, name: python3}
---
"""
FIGURE = """
```{code-cell} ipython3
:mystnb:
:  image: {alt: "A straight line that rises from the origin to the point (1, 1)"}
:  figure: {name: fig-line, caption: "The line. It rises from left to right."}
ax = draw(line)
caption_holds("It rises from left to right.", line[1] > line[0])
```
"""
EXERCISE = """
```{{exercise}}
:label: ex-{0}
Compute, with $a$ known,

$$ a = {0}. $$
```

```{{solution}} ex-{0}
:class: dropdown
It is {0}.
```
"""
GOOD = (
    HEADER
    + """
(good)=
# A good chapter

A remark[^one], and `$$` in code.

[^one]: Of no weight.

:::{prf:definition} Thing
:label: def-thing

$$ a = b $$ (eq-thing)
:::

% stated, not derived
$$
c = d
$$

```{code-cell} ipython3
def double(x):
    return 2 * x


double(2)
```
"""
    + FIGURE
    + """
:::{admonition} What is not checked here
:class: not-checked
Everything else.
:::

## Exercises
"""
    + "".join(EXERCISE.format(k) for k in range(1, 7))
    + """
## Sources

Nobody.
"""
)
LONG_CELL = "\n".join(f"x = {k}" for k in range(26))
LONG_DEF = "def long():\n" + "\n".join(f"    x = {k}" for k in range(8))

# (what is put, in place of what, and the complaint that must follow)
FAULTS = [
    ("# Another title\n\nA remark", "A remark", "a second title"),
    ("A remark[^two]", "A remark[^one]", "footnote two is not defined"),
    ("`pip install -U ottools`", "A remark", "not ours"),
    (LONG_CELL, "double(2)", "a cell of 30 lines"),
    (LONG_DEF, "double(2)", "long takes 9 lines"),
    ("def double(y):\n    return y", "double(2)", "double is defined at"),
    ("A line that rises", "A straight line that rises from the origin to", "alt text"),
    ('caption: ""', 'caption: "The line. It rises from left to right."', "caption"),
    ("name: line", "name: fig-line", "without a name"),
    ("print(", "caption_holds(", "does not call caption_holds"),
    (
        'caption_holds("It falls from left',
        'caption_holds("It rises from left',
        "the caption does not say “It falls from left to right.”",
    ),
    ('to right.", True)', 'to right.", line[1] > line[0])', "a constant"),
    ('holds(f"It rises', 'holds("It rises', "quoted sentence"),
    ("```{tip}", "```{exercise}", "0 exercises"),
    ("```{solution} ex-1", "```{solution} ex-3", "exercise ex-3 has no solution"),
    (":class: open\nIt is 2", ":class: dropdown\nIt is 2", "not folded"),
    ("no label\n", ":label: ex-5\n", "an exercise without label"),
    ("## Problems", "## Exercises", "no section “Exercises”"),
    ("## Origins", "## Sources", "no section “Sources”"),
    ("{admonition} Gaps", "{admonition} What is not checked here", "no box"),
    ("", "% stated, not derived\n", "a displayed formula that nothing checked"),
    ("{prf:remark}", "{prf:definition}", "a displayed formula that nothing checked"),
    ("(def-thing)=\n# A", "# A", "label def-thing stands at"),
    ("$$ a = b $$ (good)", "$$ a = b $$ (eq-thing)", "label good stands at"),
    (":label: fig-line", ":label: ex-1", "label fig-line stands at"),
]
UNCHECKED = [
    "$$\na = b\n$$",
    "$$ a = b $$",
    "$$a = b$$ (eq-new)",
    "\\begin{align}\na &= b\n\\end{align}",
    "```{math}\na = b\n```",
    "````{note}\n```{math}\n:label: eq-new\na = b\n```\n````",
    "> $$ a = b $$",
]


def write(tmp_path, text: str, name: str = "good.md"):
    folder = tmp_path / "book"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_the_book_follows_the_rules(root):
    assert bookrules.complaints(root / "book") == []


def test_the_notebooks_are_what_the_chapters_say(root):
    assert notebooks.problems(root) == []


def test_every_page_is_in_the_table_of_contents(root):
    toc = (root / "_toc.yml").read_text()
    listed = re.findall(r"(?:file|root): (\S+)", toc)
    assert [f for f in listed if not (root / f"{f}.md").exists()] == []
    pages = {
        p.relative_to(root).with_suffix("").as_posix()
        for p in (root / "book").rglob("*.md")
    }
    assert pages - set(listed) == set()
    assert yaml.safe_load(toc)["root"] == "book/index"


def test_pictures_come_with_alt_text_and_caption(root):
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        bare = [c.source for c in cells if draws(c) and "mystnb" not in c.metadata]
        assert bare == [], f"{path.name}: a picture without alt text and caption"


def draws(cell) -> bool:
    texts = [o.get("data", {}).get("text/plain", "") for o in cell.get("outputs", [])]
    return any(text.startswith("<Figure size") for text in texts)


def test_a_good_chapter_passes(tmp_path):
    assert bookrules.complaints(write(tmp_path, GOOD)) == []


@pytest.mark.parametrize(("new", "old", "complaint"), FAULTS)
def test_each_fault_is_noticed(tmp_path, new, old, complaint):
    assert old in GOOD
    found = bookrules.complaints(write(tmp_path, GOOD.replace(old, new)))
    assert any(complaint in c for c in found), found
    assert all(re.match(r"book/good\.md:\d+", c) for c in found)


@pytest.mark.parametrize("text", UNCHECKED)
def test_an_unchecked_formula_is_noticed(tmp_path, text):
    page = GOOD.replace("## Exercises", f"{text}\n\n## Exercises")
    found = bookrules.complaints(write(tmp_path, page))
    assert len(found) == 1
    assert "a displayed formula that nothing checked" in found[0]


def test_a_formula_in_a_gated_exercise_is_allowed(tmp_path):
    page = GOOD + (
        "\n```{exercise-start}\n:label: ex-9\n```\n\n$$ a $$\n\n"
        "```{exercise-end}\n```\n"
        "\n```{solution-start} ex-9\n:class: dropdown\n```\nx\n\n"
        "```{solution-end}\n```\n"
    )
    assert bookrules.complaints(write(tmp_path, page)) == []
    after = bookrules.complaints(write(tmp_path, page.replace("\nx\n", "\n$$ a $$\n")))
    assert len(after) == 1


def test_rules_that_span_pages(tmp_path):
    folder = write(tmp_path, GOOD)
    write(tmp_path, GOOD, "other.md")
    found = bookrules.complaints(folder)
    assert any("double is defined at book/good.md" in c for c in found)
    assert any("label eq-thing stands at book/good.md" in c for c in found)


# --- The generator of notebooks -----------------------------------------------------


@pytest.fixture
def book(tmp_path):
    """A small book whose only notebook is in order."""
    write(tmp_path, GOOD)
    nb = notebooks.source(tmp_path / "book" / "good.md")
    for number, cell in enumerate((c for c in nb.cells if c.cell_type == "code"), 1):
        cell.execution_count = number
    (tmp_path / "notebooks").mkdir()
    nbformat.write(nb, tmp_path / "notebooks" / "good.ipynb")
    return tmp_path


def spoil(book, changes: dict) -> list[str]:
    path = book / "notebooks" / "good.ipynb"
    nb = nbformat.read(path, as_version=4)
    next(c for c in nb.cells if c.cell_type == "code").update(changes)
    nbformat.write(nb, path)
    return notebooks.problems(book)


def output(kind: str, **data):
    return [nbformat.v4.new_output(kind, **data)]


def test_a_notebook_in_order_passes(book):
    assert notebooks.problems(book) == []


SPOILT = {
    "is not that of": {"source": "double(3)"},
    "was never run": {"execution_count": None},
    "holds an error": {"outputs": output("error", ename="E", evalue="e", traceback=[])},
    "on stderr": {"outputs": output("stream", name="stderr", text="oh")},
    "holds text/html": {
        "outputs": output("display_data", data={"text/html": "x", "text/plain": "x"})
    },
}


@pytest.mark.parametrize("complaint", SPOILT)
def test_a_spoilt_notebook_is_noticed(book, complaint):
    found = spoil(book, SPOILT[complaint])
    assert any(complaint in f for f in found), found
    assert all(f.startswith("notebooks/good.ipynb") for f in found)


def test_a_lost_cell_is_noticed(book):
    path = book / "notebooks" / "good.ipynb"
    nb = nbformat.read(path, as_version=4)
    nb.cells.pop()
    nbformat.write(nb, path)
    (found,) = notebooks.problems(book)
    assert "cells, but" in found


def test_an_edited_chapter_is_noticed(book):
    path = book / "book" / "good.md"
    path.write_text(path.read_text().replace("Of no weight", "Of some weight"))
    (found,) = notebooks.problems(book)
    assert "is not that of book/good.md" in found


def test_missing_and_left_over_notebooks_are_noticed(book):
    path = book / "notebooks" / "good.ipynb"
    path.rename(path.with_name("old.ipynb"))
    assert notebooks.problems(book) == [
        "notebooks/good.ipynb is missing",
        "notebooks/old.ipynb has no chapter",
    ]


def test_cell_ids_depend_on_the_cells_alone(book):
    path = book / "book" / "good.md"
    one, two = notebooks.source(path), notebooks.source(path)
    assert [c.id for c in one.cells] == [c.id for c in two.cells]
    assert len({c.id for c in one.cells}) == len(one.cells)


def test_a_notebook_is_left_alone_when_only_its_duration_changed(book):
    path = book / "notebooks" / "good.ipynb"
    nb = nbformat.read(path, as_version=4)
    assert notebooks.store(notebooks.text_form(nb, 2.0), path) is False
    nb.cells[0].source += " and more"
    assert notebooks.store(notebooks.text_form(nb, 3.0), path) is True
    stored = nbformat.read(path, as_version=4)
    assert stored.metadata["ottools"] == {"seconds": 3.0}


def test_text_latex_and_records_are_stored_and_nothing_else(book):
    nb = nbformat.read(book / "notebooks" / "good.ipynb", as_version=4)
    cell = next(c for c in nb.cells if c.cell_type == "code")
    record = {"id": "a", "steps": [{"b": [1, {"c": 2}]}]}
    kept = {"text/plain": "x", "text/latex": "$x$", notebooks.RECORD: record}
    data = kept | {"text/html": "<b>x</b>", "image/png": "AAAA"}
    error = {"ename": "E", "evalue": "e", "traceback": ["in a folder"]}
    cell.outputs = [*output("display_data", data=data), *output("error", **error)]
    shown, raised = next(
        c for c in notebooks.text_form(nb, 1.23).cells if c.cell_type == "code"
    ).outputs
    assert shown.data == kept
    assert raised.traceback == []
    assert cell.outputs[0].data == data


def test_a_failing_cell_is_named(book):
    path = book / "book" / "good.md"
    path.write_text(path.read_text().replace("double(2)", "double(oh)"))
    with pytest.raises(notebooks.ChapterError) as failure:
        notebooks.execute(path)
    where = str(failure.value)
    assert "book/good.md:26, code cell 1 (starts `def double(x):`)" in where
    assert "NameError: name 'oh' is not defined" in where


def test_the_cache_depends_on_the_package(tmp_path):
    (tmp_path / "ottools").mkdir()
    module = tmp_path / "ottools" / "a.py"
    module.write_text("x = 1")
    before = notebooks.cache_dir(tmp_path)
    module.write_text("x = 2")
    assert notebooks.cache_dir(tmp_path) != before
