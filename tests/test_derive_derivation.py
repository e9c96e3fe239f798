"""Derivations: steps are checked as they come, and what fails names its step."""

from __future__ import annotations

import json

import pytest
import sympy as sp

from ottools.derive import (
    JS,
    KL,
    AtLeast,
    AtMost,
    CrossEntropy,
    Derivation,
    E,
    Equal,
    Every,
    Exercise,
    H,
    Less,
    Maximiser,
    Rational,
    Space,
    StepError,
    counterexample,
    densities,
    log,
    positive,
    unit,
)
from ottools.derive.derivation import RECORD, REGISTRY

X, Y = Space("X"), Space("Y")
x = X.point("x")
p, q = densities("p q", on=X)
r = densities("r", on=Y)
a, b = positive("a b")
t = unit("t")


@pytest.fixture(autouse=True)
def _own_registry():
    """Let each test know only the derivations that it makes."""
    before = dict(REGISTRY)
    REGISTRY.clear()
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


def gibbs():
    return (
        Derivation("gibbs", "KL is never negative")
        .begin(KL(p, q))
        .equals(E(x, p)[log(p(x) / q(x))], by="definition")
        .at_least(0, by="log t ≤ t − 1", settles="wgan-01")
    )


def test_a_chain_holds_line_by_line():
    shown = gibbs()
    assert [s.verdict.status for s in shown.steps] == ["proved", "proved"]
    assert [s.kind for s in shown.steps] == ["start", "chain"]
    assert shown.status == "proved"


BROKEN = {
    "first step": (
        lambda d: d.begin(KL(p, q)).equals(KL(q, p), by="symmetry"),
        r"'broken', step \(a\): .*refuted: counterexample",
    ),
    "second step": (
        lambda d: (
            d.begin(KL(p, q))
            .equals(CrossEntropy(p, q) - H(p), by="split")
            .equals(CrossEntropy(p, q) + H(p), by="sign")
        ),
        r"'broken', step \(b\): .*refuted",
    ),
    "inequality turned": (
        lambda d: d.begin(JS(p, q)).at_least(log(2), by="bound"),
        r"'broken', step \(a\)",
    ),
    "float": (
        lambda d: d.begin(a).equals(0.5 + a - Rational(1, 2), by="float"),
        "0.5 is not exact",
    ),
    "float as a side": (
        lambda d: d.begin(a).at_least(0.0, by="float"),
        r"0.0 is not exact",
    ),
    "a truth that should be refuted": (
        lambda d: d.refute(AtLeast(KL(p, q), 0), by="as printed"),
        r"'broken', step \(a\): .*proved",
    ),
    "definition that disagrees": (
        lambda d: d.define(KL(p, q), E(x, q)[log(p(x) / q(x))]),
        r"'broken', step \(a\): .*refuted",
    ),
    "no chain begun": (lambda d: d.equals(a, by="?"), r"'broken': call begin"),
    "unknown note": (
        lambda d: d.claim(AtLeast(a, 0), by="sign", seetles="wgan-01"),
        "seetles",
    ),
    "undeclared": (
        lambda d: d.claim(AtLeast(a, 0), by="sign").claim(
            Equal(a + sp.Symbol("w"), a), by="?"
        ),
        r"'broken', step \(b\): undeclared",
    ),
    "two spaces": (
        lambda d: d.claim(AtMost(a, KL(p, r)), by="?"),
        "one space",
    ),
    "no relation": (
        lambda d: d.claim(KL(p, q), by="?"),
        r"'broken', step \(a\): .*not KL",
    ),
}


@pytest.mark.parametrize(("write", "says"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_step_is_named(write, says):
    with pytest.raises(ValueError, match=says):
        write(Derivation("broken", "Broken on purpose"))


def test_ids():
    gibbs()
    with pytest.raises(StepError, match="'gibbs' is taken by 'KL is never negative'"):
        Derivation("gibbs", "Another story")
    with pytest.raises(StepError, match="'next' uses 'gibs', which is not known"):
        Derivation("next", "Next", uses=("gibs",))
    with pytest.raises(StepError, match="circular"):
        Derivation("self", "Self", uses=("self",))
    assert Derivation("next", "Next", uses="gibbs").uses == ("gibbs",)
    assert Derivation("far", "Far", uses=("gan/value",)).uses == ("gan/value",)


def test_a_circle_is_noticed():
    Derivation("one", "One").claim(AtLeast(a, 0), by="sign")
    Derivation("two", "Two", uses="one")
    with pytest.raises(StepError, match="circular"):
        Derivation("one", "One", uses="two")


def test_running_a_cell_twice_is_no_duplicate():
    assert gibbs().record() == gibbs().record()


def test_the_record_is_plain_data():
    shown = gibbs()
    record = json.loads(json.dumps(shown.record()))
    assert record["id"] == "gibbs"
    assert [s["letter"] for s in record["steps"]] == ["a", "b"]
    assert record["steps"][1]["settles"] == {"wgan-01": "holds"}
    assert record["steps"][0]["mutants"]["made"] >= 4
    assert shown._repr_mimebundle_() == {RECORD: shown.record()}


def test_printed_formulas_get_their_verdict():
    shown = (
        Derivation("verdicts", "Verdicts")
        .define(JS(p, q), KL(p, (p + q) / 2) / 2 + KL(q, (p + q) / 2) / 2, settles="1")
        .claim(AtLeast(KL(p, q), 0), by="convexity", settles="2")
        .claim(AtLeast(KL(p, q), 0), by="convexity", settles="3", under="p ≪ q")
        .refute(Equal(KL(p, q), KL(q, p)), by="as printed", settles="4")
        .refute(Equal(KL(p, q), -KL(p, q)), by="sign", settles="5", misprint=True)
        .cite(r"x", "x", "Villani 2003, Thm 1.3", settles="6")
    )
    found = {}
    for step in shown.record()["steps"]:
        found |= step.get("settles", {})
    assert found == {
        "1": "definition",
        "2": "holds",
        "3": "holds under conditions",
        "4": "wrong",
        "5": "misprint",
        "6": "cited",
    }
    assert shown.status == "cited"


def test_counterexamples_show_that_a_hypothesis_is_needed():
    shown = counterexample("no-mass", AtLeast(KL(p, 3 * q), -1), drops="mass one")
    assert shown.steps[0].verdict.status == "refuted"
    assert "Without: mass one" in repr(shown)
    with pytest.raises(StepError, match="no-need"):
        counterexample("no-need", AtLeast(KL(p, q), 0), drops="nothing")


def test_five_ways_to_show_a_derivation():
    shown = gibbs()
    plain, page = repr(shown), shown._repr_markdown_()
    assert plain.splitlines()[0] == "KL is never negative [gibbs]"
    assert "✓ proved: log t ≤ t − 1" in plain
    assert "$$ (gibbs)" in page
    assert r"\class{ot-proved}{\checkmark}" in page
    assert "How “KL is never negative” was checked" in page
    assert "`wgan-01`: holds" in page
    latex = shown._repr_latex_()
    assert latex.count(r"\begin{aligned}") == latex.count(r"\end{aligned}") == 1
    assert r"\class" not in latex
    assert "<b>KL is never negative</b>" in shown._repr_html_()


def test_the_left_side_stands_once_in_a_chain():
    latex = gibbs()._repr_latex_()
    assert latex.count(r"\mathrm{KL}(p\,\|\,q)") == 1
    assert r"\overset{\text{(a)}}{=}" in latex
    assert r"\overset{\text{(b)}}{\ge}" in latex


def test_many_steps_get_letters():
    shown = Derivation("long", "Long").begin(a)
    for k in range(28):
        shown.equals(a + k - k, by=f"step {k}")
    assert [s["letter"] for s in shown.record()["steps"]][-3:] == ["z", "aa", "ab"]


def test_a_chain_of_inequalities():
    shown = (
        Derivation("bounds", "Bounds")
        .begin(a / (a + b))
        .at_most(1, by="part of a whole")
        .less(2, by="numbers")
    )
    assert [str(s.claim) for s in shown.steps] == ["a/(a + b) ≤ 1", "1 < 2"]
    assert [s.verdict.status for s in shown.steps] == ["proved", "certified"]


def every_kind_of_step():
    gibbs()
    return (
        Derivation("kinds", "Every kind of step", uses="gibbs")
        .define(JS(q, p), KL(q, (p + q) / 2) / 2 + KL(p, (p + q) / 2) / 2)
        .claim(AtLeast(a, 0), by="sign", under="a > 0", settles="wgan-02")
        .refute(Equal(a * b, a + b), by="as printed")
        .cite(r"\text{a theorem}", "a theorem", "Villani 2003")
        .claim(
            Every((r"\text{each is less}", "each is less"), (Less(1, 2), Less(2, 3))),
            by="cases",
        )
    )


def test_each_kind_of_step_has_its_row():
    rows = every_kind_of_step()._repr_latex_().splitlines()[2:-2]
    assert r"\overset{\text{(a)}}{:=}" in rows[0]
    assert r"a &\mathrel{\overset{\text{(b)}}{\ge}} 0" in rows[1]
    assert rows[3].startswith(r"& \text{(d)}\;\; \text{a theorem}")
    assert rows[4].startswith(r"& \text{(e)}\;\; \text{each is less}")


def test_the_legend_says_hypotheses_and_counterexamples():
    page = every_kind_of_step()._repr_markdown_()
    assert "— holds under: a > 0" in page
    assert "— at a = " in page
    assert "a·b" not in page.split(":::")[0]
    assert "Uses gibbs." in page
    assert "Printed formulas settled: `wgan-02`: holds under conditions." in page
    shown = Derivation("bare", "Settles nothing").claim(AtLeast(a, 0), by="sign")
    assert "Printed formulas settled" not in shown._repr_markdown_()


def test_an_answer_that_cannot_be_read_is_told_so():
    exercise = Exercise("mean", lambda e: Equal(E(x, p)[e], a), a, {b: "no"})
    assert repr(exercise) == "exercise mean: answer proved, 1 wrong answers refuted"
    attempt = exercise(a + sp.Symbol("w"))
    assert not attempt.right
    assert "undeclared symbol w" in attempt.message


def test_an_exercise_names_the_case_that_fails():
    ask = lambda n: Every(("n", "n"), (Less(0, n), Less(n, 4), Equal(n * n, 4)))
    exercise = Exercise("square", ask, 2, {})
    assert exercise(3).message == "it fails that 9 = 4"
    assert exercise(5).message == "it fails that 5 < 4"


def test_exercises_check_their_own_answers():
    ask = lambda answer: Maximiser(a * log(t) + b * log(1 - t), answer, t)
    best = a / (a + b)
    exercise = Exercise("best", ask, best, {b / (a + b): "which term holds t?"})
    assert exercise(best).right
    assert exercise(1 - b / (a + b)).right
    assert repr(exercise(b / (a + b))) == "not yet: which term holds t?"
    wrong = exercise(a / (a + 2 * b))
    assert not wrong.right
    assert "counterexample" in wrong.message
    assert not exercise(a).right
    assert "is not exact" in exercise(0.5).message
    assert exercise.record()["status"] == "proved"
    with pytest.raises(StepError, match="'best': the model answer is refuted"):
        Exercise("best", ask, b / (a + b), {})
    with pytest.raises(StepError, match="the wrong answer .* is proved"):
        Exercise("best", ask, best, {1 - b / (a + b): "the same"})
