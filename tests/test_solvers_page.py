"""The page "Each solver in three lines": its sessions run, no solver is left out."""

from __future__ import annotations

import doctest
import inspect
import re

import pytest

from ottools import (
    bures,
    divergences,
    dynamic,
    flows,
    integrators,
    kantorovich,
    mmd,
    semidiscrete,
    sinkhorn,
)
from ottools.sinkhorn import on_torch

# Tables, and functions that evaluate or recompute what a solver's result holds already.
PACKAGES = (
    bures,
    divergences,
    dynamic,
    flows,
    integrators,
    kantorovich,
    mmd,
    semidiscrete,
    sinkhorn,
    on_torch,
)


@pytest.fixture(scope="module")
def page(root):
    """Give the text of the page."""
    return (root / "book" / "api" / "solvers.md").read_text(encoding="utf-8")


def test_the_sessions_run(page):
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(verbose=False)
    session = parser.get_doctest(page, {}, "solvers.md", "book/api/solvers.md", 0)
    assert len(session.examples) >= 60
    complaints = []
    runner.run(session, out=complaints.append)
    assert not complaints, "".join(complaints)


def test_every_solver_with_a_result_is_shown(page):
    shown = set(re.findall(r"\b(\w+)\(", page))
    missing = {name for package in PACKAGES for name in solvers(package)} - shown
    assert missing == set()


def solvers(package) -> set[str]:
    """Return the functions of a package that answer with a frozen result."""
    results = {
        name
        for name, value in vars(package).items()
        if inspect.isclass(value) and hasattr(value, "__dataclass_fields__")
    }
    return {
        name
        for name in getattr(package, "__all__", vars(package))
        if not name.startswith("_")
        and inspect.isfunction(value := getattr(package, name))
        and inspect.signature(value).return_annotation in results
        and not re.match(r"certif|rubinstein|graph_certificate", name)
    }


def test_no_input_is_wider_than_the_page(page):
    inputs = [s for s in page.splitlines() if s.startswith((">>>", "..."))]
    assert [s for s in inputs if len(s) > 74] == []
