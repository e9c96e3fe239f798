"""Fixtures shared by the tests: one generator, one place for paths."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def rng():
    """Give a generator that starts alike in every test."""
    import numpy as np

    return np.random.default_rng(20240229)


@pytest.fixture(scope="session")
def root() -> Path:
    """Give the root of the repository."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def html(root) -> Path:
    """Give the folder with the rendered pages, which `make book` makes."""
    folder = root / "_build" / "html"
    if not (folder / "index.html").exists():
        pytest.fail("There is no rendered book; `make book` makes it.")
    return folder


@pytest.fixture(autouse=True)
def _quiet_matplotlib(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
