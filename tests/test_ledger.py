"""The ledger reads what derivations leave in notebooks, and refuses contradictions."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ottools import ledger
from ottools.derive import (
    JS,
    KL,
    AtLeast,
    CrossEntropy,
    Derivation,
    Equal,
    Exercise,
    H,
    Space,
    counterexample,
    densities,
    log,
)
from ottools.derive.derivation import REGISTRY
from ottools.ledger.__main__ import main

X = Space("X")
P, Q = densities("p q", on=X)


@pytest.fixture(autouse=True)
def empty_registry():
    before = dict(REGISTRY)
    REGISTRY.clear()
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


def notebook(path, *shown, seconds=1.5, figures=0):
    """Write a notebook whose cells show these objects."""
    cells = [
        {
            "cell_type": "code",
            "metadata": {},
            "source": "",
            "outputs": [
                {"output_type": "execute_result", "data": s._repr_mimebundle_()}
            ],
        }
        for s in shown
    ]
    cells += [
        {
            "cell_type": "code",
            "source": "",
            "outputs": [],
            "metadata": {"mystnb": {"figure": {"name": "fig-x"}}},
        }
    ] * figures
    path.write_text(
        json.dumps({"cells": cells, "metadata": {"ottools": {"seconds": seconds}}})
    )


def split(id="kl-split", **notes):
    claim = Equal(KL(P, Q), CrossEntropy(P, Q) - H(P))
    return Derivation(id, f"KL split in two ({id})").claim(claim, by="expand", **notes)


def test_totals_are_counted_from_the_records(tmp_path):
    one = split(settles="note-1")
    two = Derivation("kl-sign", "KL is not negative", uses="kl-split")
    two.claim(AtLeast(KL(P, Q), 0), by="convexity", settles="note-2", under="p, q > 0")
    two.refute(Equal(KL(P, Q), KL(Q, P)), by="as printed", settles="note-3")
    dropped = counterexample("half", AtLeast(JS(P, Q), log(2)), drops="a hypothesis")
    asked = Exercise("e", lambda a: Equal(KL(P, P), a), 0, {1: "at p = q?"})
    notebook(tmp_path / "one.ipynb", one, two, dropped, asked, figures=2)
    got = ledger.collect(tmp_path)
    assert got["chapters"]["one"] == {
        "derivations": 3,
        "steps": 4,
        "seconds": 1.5,
        "exercises": 1,
        "figures": 2,
    }
    assert got["steps"] == {"proved": 2, "refuted": 2}
    assert (got["result_steps"], got["undecided"]) == (4, 0)
    assert (got["counterexamples"], got["exercises"], got["figures"]) == (1, 1, 2)
    verdicts = {i: f["verdict"] for i, f in got["formulas"].items()}
    assert verdicts == {
        "note-1": "holds",
        "note-2": "holds under conditions",
        "note-3": "wrong",
    }
    assert got["mutants"]["made"] >= 8
    assert got["mutants"]["survivors"] == []


def test_the_command_prints_text(tmp_path, capsys):
    notebook(tmp_path / "one.ipynb", split(settles="note-1", under="p ≪ q"))
    assert main([str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "derivations       1 in 1 chapters" in text
    assert "one: KL split in two (kl-split) [kl-split]" in text
    assert "(a) proved     KL(p‖q) = H(p, q) - H(p)" in text
    assert re.search(r"expand; normal form.*; mutants (\d+) of \1", text)
    assert re.search(r"note-1 +holds under conditions \(p ≪ q\) one: kl-split", text)


def test_the_command_prints_json(tmp_path, capsys):
    notebook(tmp_path / "one.ipynb", split())
    assert main([str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == ledger.collect(tmp_path)


def test_the_command_says_what_is_wrong(tmp_path, capsys):
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("ledger: no notebooks in")


def test_the_package_is_a_command(tmp_path):
    notebook(tmp_path / "one.ipynb", split())
    run = [sys.executable, "-m", "ottools.ledger", str(tmp_path)]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert "KL split in two" in done.stdout


def test_survivors_stand_with_their_reason(tmp_path, capsys):
    weak = Derivation("weak", "A weak bound")
    weak.claim(AtLeast(7 + KL(P, Q), 0), by="by far", reason="true by far")
    weak.claim(AtLeast(8 + KL(P, Q), 0), by="by far")
    notebook(tmp_path / "one.ipynb", split(), weak)
    survivors = [
        ["drop a term", "KL(p‖q) ≥ 7", "tested", "true by far"],
        ["double a side", "KL(p‖q) ≥ 8", "tested", ""],
    ]
    page = tmp_path / "one.ipynb"
    nb = json.loads(page.read_text())
    steps = nb["cells"][1]["outputs"][0]["data"][ledger.RECORD]["steps"]
    for step, survivor in zip(steps, survivors, strict=True):
        step["mutants"]["survivors"] = [survivor]
    page.write_text(json.dumps(nb))
    main([str(tmp_path)])
    shown = capsys.readouterr().out
    assert "survivor at weak (a): drop a term: KL(p‖q) ≥ 7 — true by far" in shown
    assert "double a side: KL(p‖q) ≥ 8 — no reason given" in shown
    text = ledger.markdown(tmp_path)
    assert "- weak (a), drop a term: `KL(p‖q) ≥ 7` — true by far" in text
    assert "`KL(p‖q) ≥ 8` — no reason given" in text
    assert "None: every mutant" not in text


def test_every_kind_of_step_has_its_line(tmp_path):
    first = split(settles="note-1")
    second = Derivation("signs", "Signs", uses="kl-split")
    second.cite(r"\|p\| \le |q|", "|p| ≤ |q|", "Villani 2003 | 1.3")
    second.refute(Equal(KL(P, Q), KL(Q, P)), by="as printed")
    notebook(tmp_path / "one.ipynb", first, second)
    notebook(tmp_path / "two.ipynb", counterexample("c", AtLeast(H(P), 0), drops="n"))
    text = ledger.markdown(tmp_path)
    assert ":::{dropdown} Signs †✗" in text
    assert "Equation {eq}`signs`. Uses {eq}`kl-split`." in text
    assert (
        r"| (a) | $\Vert p\Vert  \le \vert q\vert $ | cited "
        r"| Villani 2003 \| 1.3 | – | – |" in text
    )
    assert "| refuted | as printed | at p = " in text
    assert text.index("## one") < text.index("signs") < text.index("## two")
    assert "None: every mutant" in text


def test_a_formula_settled_twice_alike_keeps_its_first_place(tmp_path):
    again = Derivation("again", "Once more")
    again.claim(AtLeast(KL(P, Q), 0), by="convexity", settles="note-1")
    notebook(tmp_path / "one.ipynb", split(settles="note-1"), again)
    found = ledger.collect(tmp_path)["formulas"]["note-1"]
    assert found == {"verdict": "holds", "place": "one: kl-split (a)"}


def test_a_definition_gives_way_to_a_verdict(tmp_path):
    named = Derivation("named", "Named").define(
        CrossEntropy(P, Q), KL(P, Q) + H(P), settles="note-1"
    )
    notebook(tmp_path / "one.ipynb", named, split(settles="note-1"))
    found = ledger.collect(tmp_path)["formulas"]["note-1"]
    assert found == {"verdict": "holds", "place": "one: kl-split (a)"}


def test_the_page_cites_every_derivation_and_formula(tmp_path):
    notebook(tmp_path / "one.ipynb", split(settles="note-1"))
    page = ledger.markdown(tmp_path)
    assert "{eq}`kl-split`" in page
    assert "| note-1 | holds |" in page


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ledger.LedgerError, match="no notebooks"):
        ledger.collect(tmp_path)


def test_one_id_in_two_chapters_is_refused(tmp_path):
    first = split()
    REGISTRY.clear()
    second = Derivation("kl-split", "Another one").claim(AtLeast(KL(P, Q), 0), by="x")
    notebook(tmp_path / "one.ipynb", first)
    notebook(tmp_path / "two.ipynb", second)
    with pytest.raises(ledger.LedgerError, match="'kl-split' is used in one and two"):
        ledger.collect(tmp_path)


def test_an_unknown_use_is_refused(tmp_path):
    alone = Derivation("alone", "Uses a stranger", uses="other/stranger")
    notebook(tmp_path / "one.ipynb", alone.claim(AtLeast(KL(P, Q), 0), by="x"))
    with pytest.raises(
        ledger.LedgerError, match="'alone' uses 'stranger'|other/stranger"
    ):
        ledger.collect(tmp_path)


def test_a_circle_of_uses_is_refused(tmp_path):
    one = Derivation("one", "First", uses="b/two").claim(AtLeast(KL(P, Q), 0), by="x")
    two = Derivation("two", "Second", uses="a/one").claim(AtLeast(KL(Q, P), 0), by="x")
    notebook(tmp_path / "a.ipynb", one)
    notebook(tmp_path / "b.ipynb", two)
    with pytest.raises(ledger.LedgerError, match="circular use: "):
        ledger.collect(tmp_path)


def test_two_verdicts_on_one_formula_are_refused(tmp_path):
    right = split(settles="note-1")
    wrong = Derivation("swap", "Swapped")
    wrong.refute(Equal(KL(P, Q), KL(Q, P)), by="as printed", settles="note-1")
    notebook(tmp_path / "one.ipynb", right, wrong)
    with pytest.raises(ledger.LedgerError, match="note-1 is holds at one: kl-split"):
        ledger.collect(tmp_path)


def test_a_notebook_without_records_counts_for_nothing(tmp_path):
    notebook(tmp_path / "bare.ipynb")
    got = ledger.collect(tmp_path)
    assert got["result_steps"] == 0
    assert got["chapters"]["bare"]["derivations"] == 0


NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
LETTERS = ("06a", "13a", "14a", "14b", "14c", "15a", "17a", "17b", "26a", "30a", "33a")
SETTLED = (
    {f"slides-{n:02}" for n in range(1, 91) if n not in (36, 38)}
    | {f"wgan-{n:02}" for n in range(1, 34)}
    | {f"wgan-{n}" for n in LETTERS}
    | {f"post-{n:02}" for n in (*range(1, 19), 23, *range(25, 29), 32)}
    | {f"mmd-{n:02}" for n in range(1, 12)}
    | {f"ot-{n:02}" for n in (1, 2, 3, 4, 6, 9)}
)


@pytest.fixture(scope="module")
def book():
    return ledger.collect(NOTEBOOKS)


def test_the_chapters_settle_their_printed_formulas(book):
    assert SETTLED - set(book["formulas"]) == set()


def test_nothing_in_the_book_is_undecided(book):
    assert book["undecided"] == 0
    assert book["steps"]["proved"] >= 0.7 * (
        book["result_steps"] - book["steps"].get("refuted", 0)
    )


def test_every_surviving_mutant_has_a_reason(book):
    assert [m for m in book["mutants"]["survivors"] if not m["reason"]] == []


def test_every_step_met_four_mutants_or_more():
    thin = {
        f"{r['id']} ({s['letter']})": s["mutants"]["made"]
        for found in ledger.read(NOTEBOOKS).values()
        for r in found
        for s in r.get("steps", ())
        if "mutants" in s and s["mutants"]["made"] < 4
    }
    assert thin == {}


def test_the_chapters_keep_their_promises(book):
    assert book["figures"] >= 10
    assert book["counterexamples"] >= 8
    assert all(c["exercises"] >= 6 for c in book["chapters"].values())
