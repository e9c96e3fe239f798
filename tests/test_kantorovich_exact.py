from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ottools.kantorovich import exact_certificate, simplex, solve_network
from ottools.kantorovich.rationals import fraction
from tests.references import transport as slow

FRACTIONS = ("integers", "fractions", "degenerate", "floats", "strings", "huge")


def many(examples):
    return settings(max_examples=examples, deadline=None, derandomize=True)


def draw(seed, kind, largest):
    """A problem whose entries are of one kind, and the same in Fractions."""
    rng = np.random.default_rng(seed)
    n, m = (int(k) for k in rng.integers(1, largest + 1, 2))
    top = {"degenerate": 2, "huge": 10**9}.get(kind, 20)

    def numbers(count, low=0):
        return [int(k) for k in rng.integers(low, top, count)]

    def shares(count):
        counts = [1] * count if kind == "degenerate" else numbers(count)
        counts[0] += 1 - min(1, sum(counts))
        return [Fraction(k, sum(counts)) for k in counts]

    unit = {"fractions": Fraction(1, 7), "huge": 10**400}.get(kind, 1)
    C = [[unit * c for c in numbers(m, -top)] for _ in range(n)]
    a, b = shares(n), shares(m)
    convert = {"floats": lambda c: float(c) / 3, "strings": str}.get(kind, lambda c: c)
    return [[convert(c) for c in row] for row in C], a, b


@many(300)
@given(slow.seeds, st.sampled_from(FRACTIONS))
def test_optimal_without_any_rounding(seed, kind):
    C, a, b = draw(seed, kind, 6)
    t = exact_certificate(C, a, b)
    assert t.optimal
    assert [[*row] for row in t.C] == [[Fraction(c) for c in row] for row in C]
    assert (t.a, t.b) == (tuple(a), tuple(b))
    assert sum(w > 0 for row in t.plan for w in row) <= len(a) + len(b) - 1
    if kind != "huge":
        floats = solve_network(
            np.array(t.C, float), np.array(a, float), np.array(b, float)
        )
        assert float(t.value) == pytest.approx(floats.value, abs=1e-11)


@many(150)
@given(slow.seeds, st.sampled_from(FRACTIONS))
def test_no_vertex_is_cheaper_exactly(seed, kind):
    C, a, b = draw(seed, kind, 3)
    t = exact_certificate(C, a, b)
    assert t.value == slow.best_vertex(t.C, a, b)


@many(200)
@given(slow.seeds, st.sampled_from(FRACTIONS))
def test_floats_are_a_proposal_only(seed, kind):
    """The exact simplex finds the optimum from the north-west corner as well."""
    C, a, b = draw(seed, kind, 5)
    t = exact_certificate(C, a, b)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simplex, "_proposed", lambda _, a, b: [*simplex.corner(a, b)])
        assert exact_certificate(C, a, b).value == t.value
        assert exact_certificate(C, a, b).optimal


def test_an_infeasible_proposal_is_replaced(monkeypatch):
    tree = [(0, 0), (1, 0), (1, 1)]  # (0, 1) is needed for these marginals
    monkeypatch.setattr(simplex, "_proposed", lambda *_: tree)
    t = exact_certificate([[0, 1], [1, 0]], ["3/4", "1/4"], ["1/4", "3/4"])
    assert t.optimal
    assert t.value == Fraction(1, 2)


def test_certified_and_shown():
    t = exact_certificate([[1, 2, 3], [2, 1, 1]], ["1/2", "1/2"], ["1/3"] * 3)
    assert [v.status for v in t.verdicts()] == ["certified"] * 5
    assert [c.text() for c in t.claims()] == [
        "P 1 = a",
        "Pᵀ 1 = b",
        "P ≥ 0",
        "f_i + g_j ≤ C_ij",
        "1/3 1 + 1/6 2 + 1/6 1 + 1/3 1 = 1/2 0 + 1/2 (-1) + 1/3 1 + 1/3 2 + 1/3 2",
    ]
    assert t.value == t.dual_value == Fraction(7, 6)


@pytest.mark.parametrize("seed", range(20))
def test_random_instances_are_certified(seed):
    t = exact_certificate(*draw(seed, FRACTIONS[seed % 5], 4))
    assert {v.status for v in t.verdicts()} == {"certified"}


@many(40)
@given(
    slow.seeds,
    st.sampled_from(["plan", "f", "g", "C", "a", "b"]),
    st.sampled_from([Fraction(1, 97), Fraction(-1, 10**9), Fraction(1, 10**30)]),
)
def test_a_perturbed_fraction_is_refuted(seed, field, by):
    t = exact_certificate(*draw(seed, "fractions", 3))
    rng = np.random.default_rng(seed)
    values = np.array(getattr(t, field), dtype=object)
    # Where a weight is positive; elsewhere a lower potential would do as well.
    mass = {"f": t.a, "g": t.b}.get(field, t.plan if field == "C" else None)
    places = np.argwhere(np.array(mass) > 0) if mass else np.argwhere(values == values)
    values[tuple(places[rng.integers(len(places))])] += by
    rows = values.tolist()
    rows = tuple(map(tuple, rows)) if values.ndim == 2 else tuple(rows)
    wrong = replace(t, **{field: rows})
    assert not wrong.optimal
    statuses = [v.status for v in wrong.verdicts()]
    # Lists of cases are evaluated to 40 digits before they are proved exactly.
    assert {"refuted", "undecided"} & set(statuses)
    assert "refuted" in statuses or abs(by) < 1e-20


def test_another_plan_of_the_same_marginals_is_refuted():
    t = exact_certificate([[0, 1], [1, 0]])
    half = Fraction(1, 4)
    product = replace(t, plan=((half, half), (half, half)))
    assert not product.optimal
    statuses = [v.status for v in product.verdicts()]
    assert statuses == ["certified"] * 4 + ["refuted"]


def test_negative_mass_is_refuted():
    t = exact_certificate([[1, 1], [1, 1]])
    more, less = Fraction(3, 4), Fraction(-1, 4)
    wrong = replace(t, plan=((more, less), (less, more)))
    assert wrong.value == t.value
    assert not wrong.optimal
    statuses = [v.status for v in wrong.verdicts()]
    assert statuses == ["certified", "certified", "refuted", "certified", "certified"]


def test_floats_are_taken_exactly():
    t = exact_certificate([[0.1]], [1.0], None)
    assert t.value == Fraction(3602879701896397, 36028797018963968)
    assert exact_certificate([[np.float32(0.5), np.int8(3)]]).value == Fraction(7, 4)
    nearly = exact_certificate([[1]] * 10, [0.1] * 10)
    assert sum(nearly.a) == 1
    assert nearly.optimal


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_integers_of_numpy_do_not_overflow(dtype):
    top = np.iinfo(dtype).max
    C = np.array([[top, 1, 0], [0, top, top - 1]], dtype=dtype)
    found = exact_certificate(C)
    assert found == exact_certificate([[int(c) for c in row] for row in C])
    assert found.optimal
    kinds = {type(c.numerator) for row in (*found.C, found.f, found.g) for c in row}
    assert kinds == {int}


def test_one_cell_one_row_one_column():
    assert exact_certificate([[5]]).plan == ((1,),)
    assert exact_certificate([[5, 7]]).value == 6
    assert exact_certificate([[5], [7]], ["1/4", "3/4"]).value == Fraction(13, 2)
    assert exact_certificate([[0, 0], [0, 0]]).optimal


def test_fractions_are_read():
    assert fraction(True, "x") == 1
    assert fraction("0.1", "x") == Fraction(1, 10)
    assert fraction(10**400, "x") == 10**400


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: exact_certificate([[1j]]), "C must hold ints, fractions"),
        (lambda: exact_certificate([["1/0"]]), "C must hold ints, fractions"),
        (lambda: exact_certificate([["one"]]), "C must hold ints, fractions"),
        (lambda: exact_certificate([[np.nan]]), "C must hold ints, fractions"),
        (lambda: exact_certificate([[np.inf]]), "C must hold ints, fractions"),
        (lambda: exact_certificate([[None]]), "C must hold ints, fractions"),
        (lambda: exact_certificate([1, 2]), r"C must have shape \(n, m\)"),
        (lambda: exact_certificate([]), r"C must have shape \(n, m\)"),
        (lambda: exact_certificate([[]]), r"C must have shape \(n, m\)"),
        (lambda: exact_certificate(["12"]), r"C must have shape \(n, m\)"),
        (lambda: exact_certificate(3), r"C must have shape \(n, m\)"),
        (lambda: exact_certificate([[1, 2], [3]]), "C must have rows of one length"),
        (lambda: exact_certificate([[1]], [1, 0]), r"a must have shape \(1,\)"),
        (lambda: exact_certificate([[1]], None, 1), r"b must have shape \(1,\)"),
        (lambda: exact_certificate([[1, 2]], None, [2, -1]), "b must be >= 0 and sum"),
        (lambda: exact_certificate([[1]], ["1/2"]), "a must be >= 0 and sum to 1"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
