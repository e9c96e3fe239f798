"""The page "How to state a claim": its sessions run, its tables say what is so."""

from __future__ import annotations

import doctest
import re

import pytest

import ottools.derive as derive
from ottools.derive.claims import STATUSES

SETUP = """
from ottools.derive import *
X, Y = Space("X"), Space("Y")
x, y = X.point("x"), Y.point("y")
p, q = densities("p q", on=X)
pxy = joint("p", X, Y)
D = function("D", X, (0, 1))
m = real("m")
a, sigma = positive("a sigma")
i = index("i")
N = natural("N")
xs = samples("x")
k, n = natural("k n")
W, C = matrix("W", n, n), definite("C", n)
"""
ROW = re.compile(r"^\| [^|]+ \| `([^`]+)` \| \$(.+)\$ \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def page(root):
    """Give the text of the page."""
    return (root / "book" / "claims.md").read_text()


@pytest.mark.no_cover
def test_the_sessions_run(page):
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(verbose=False)
    session = parser.get_doctest(page, {}, "claims.md", "book/claims.md", 0)
    assert len(session.examples) >= 30
    complaints = []
    runner.run(session, out=complaints.append)
    assert not complaints, "".join(complaints)


def test_there_are_a_dozen_sessions(page):
    assert page.count("```python") >= 12


def test_the_table_shows_what_the_typesetter_sets(page):
    names = {}
    exec(SETUP, names)  # noqa: S102
    rows = ROW.findall(page)
    assert len(rows) >= 14
    for source, shown in rows:
        formula = eval(source, names)  # noqa: S307
        assert derive.tex(formula).replace(r"\|", r"\Vert ") == shown, source


def test_the_seven_statuses_are_explained(page):
    for status in STATUSES:
        assert f"| `{status}` |" in page


def test_the_page_is_no_notebook(page):
    assert "jupytext" not in page
    assert "{code-cell}" not in page


def test_every_word_of_the_page_exists(page):
    """A name in backticks that looks like a call is part of the vocabulary."""
    for name in re.findall(r"`([A-Za-z]\w*)\(", page):
        assert hasattr(derive, name), name
