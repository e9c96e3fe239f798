"""Each deliberate damage to a copy of the book is noticed, and its place named."""

from __future__ import annotations

import pytest

import tamper


@pytest.mark.slow
@pytest.mark.parametrize("case", tamper.CASES, ids=lambda c: c.name)
def test_damage_is_noticed(case):
    assert tamper.attempt(case) == ""


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A tree of one file, to damage."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.txt").write_text("one two")
    monkeypatch.setattr(tamper, "ROOT", tmp_path / "tree")

    def attempt(old, new, code, *says):
        command = ("-c", f"text = open('a.txt').read(); {code}")
        return tamper.attempt(tamper.Case("x", "a.txt", old, new, command, says))

    return attempt


def test_a_damage_that_passes_is_reported(small):
    assert small("two", "2", "pass") == "nothing failed"


def test_a_failure_elsewhere_is_reported(small):
    assert small("two", "2", "assert 0, 'b'", "place a").startswith("failed without")


def test_an_edit_that_finds_nothing_is_reported(small):
    assert small("three", "3", "assert 0") == "`three` matches 0 times in a.txt"
    assert small("two", "two", "assert 0") == "the edit changes nothing"


def test_a_damage_that_is_noticed_passes(small):
    assert small("two", "2", "assert text == 'one two', text", "one 2") == ""


def test_the_original_is_left_alone(small):
    small("two", "2", "pass")
    assert (tamper.ROOT / "a.txt").read_text() == "one two"
