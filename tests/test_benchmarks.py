"""The harness of the benchmarks: its race, its errors, its report; no peers needed."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace

import numpy as np
import pytest
from references.contestants import CONTESTANTS

from benchmarks import accuracy, problems, report, rows, tasks
from benchmarks.harness import FULL, Arena, environment, ratio, slope
from benchmarks.worker import answer

MODULE = "references.contestants"
FAST = replace(FULL, cap=0.6, floor=0.3, multiple=20.0, rounds=3)


@pytest.fixture
def arena(monkeypatch, root, tmp_path):
    monkeypatch.setenv("PYTHONPATH", f"{root}:{root / 'tests'}")
    monkeypatch.setattr("benchmarks.harness.OUT", tmp_path)
    with Arena(MODULE, CONTESTANTS, FAST) as arena:
        yield arena


def halving(rate=0.5, second=0.0):
    """Return a task whose error is rate^effort and whose clock is the effort."""
    state = {}

    def run(effort):
        time.sleep(second * effort)
        state["effort"] = effort

    return tasks.Task(run, lambda _: {"error": rate ** state["effort"]}, first=4)


def test_a_race_orders_known_amounts_of_work(arena):
    names = ["ottools", "twice", "never", "raises", "missing"]
    records = {r["name"]: r for r in arena.race({"n": 3}, names, 1e-6)}
    ours = records["ottools"]
    middle, low, high = ratio(records["twice"], ours)
    assert low <= middle <= high
    assert 1.3 < middle < 3
    assert len(ours["seconds"]) == len(records["twice"]["seconds"]) == 3
    assert records["never"]["status"] == "behind"
    assert records["never"]["error"] == 0.5
    assert records["raises"]["status"] == "broke"
    assert "ValueError: as expected" in records["raises"]["reason"]
    assert records["missing"]["status"] == "absent"


def test_who_did_not_arrive_is_not_sent_again(arena):
    first = arena.race({"n": 1}, ["ottools", "never"], 1e-3)
    known = {r["name"]: r for r in first}
    second = arena.race({"n": 1}, ["ottools", "never"], 1e-6, known)
    assert second[1]["seconds"] == first[1]["seconds"]
    assert second[1]["case"]["tol"] == 1e-6
    assert second[1]["status"] == "short"


def test_a_library_that_hangs_is_ended(arena, monkeypatch):
    monkeypatch.setattr("benchmarks.harness.PATIENCE", 2.0)
    record = arena.first_run("hangs", {"n": 1}, 1e-6, 0.1)
    assert record["status"] == "late"
    assert arena.worker("hangs").process is None
    assert arena.first_run("ottools", {"n": 1}, 1e-6, 1.0)["status"] == "arrived"


def test_a_process_that_dies_is_told_apart(arena):
    record = arena.first_run("dies", {"n": 1}, 1e-6, 1.0)
    assert (record["status"], record["reason"]) == ("broke", "the process died")


def test_peak_memory_is_that_of_the_call(arena):
    record = arena.peak("hungry", {"n": 200}, {"n": 1}, 1e-6)
    assert 180 < record["megabytes"] < 240


def test_the_smallest_number_of_iterations_is_found():
    found = halving(rate=0.9).arrive(1e-6, cap=1.0)
    assert found["status"] == "arrived"
    fewest = np.log(1e-6) / np.log(0.9)
    assert fewest <= found["effort"] <= 1.05 * fewest + 2


def test_the_cap_is_kept_and_the_arrival_extrapolated():
    start = time.perf_counter()
    found = halving(rate=0.9, second=1e-3).arrive(1e-9, cap=0.05)
    assert time.perf_counter() - start < 0.5
    assert found["status"] == "short"
    assert found["error"] > 1e-9
    expected = 1e-3 * np.log(1e-9) / np.log(0.9)
    assert found["extrapolated"] == pytest.approx(expected, rel=0.5)
    task = replace(halving(rate=0.9, second=1e-3), linear=False)
    assert task.arrive(1e-9, cap=0.05)["extrapolated"] is None


@pytest.mark.parametrize("error", [np.nan, np.inf, 1e9])
def test_what_blows_up_is_broken(error):
    task = tasks.Task(lambda _: None, lambda _: {"error": error}, first=4)
    assert task.arrive(1e-6, 1.0)["status"] == "broke"


def test_a_failing_request_is_answered():
    class Bench:
        def arrive(self):
            raise RuntimeError("first line\nsecond line")

    said = answer(Bench(), {"kind": "arrive"})
    assert said == {"kind": "broke", "reason": "RuntimeError: first line"}


def test_ratios_pair_the_rounds():
    ours = {"seconds": [1.0, 2.0, 4.0]}
    assert ratio({"seconds": [2.0, 6.0, 4.0]}, ours) == (2.0, 1.0, 3.0)
    assert ratio({"seconds": [10.0]}, ours) == (5.0, 5.0, 5.0)


def test_slopes_are_exponents():
    sizes = [10.0, 20.0, 40.0]
    assert slope(sizes, [3 * n**2 for n in sizes]) == pytest.approx(2)


def test_everybody_gets_the_same_threads():
    for library in ("ottools", "POT (torch)", "OTT-JAX"):
        chosen = environment(library, 2)
        assert chosen["OMP_NUM_THREADS"] == chosen["OPENBLAS_NUM_THREADS"] == "2"
        assert "intra_op_parallelism_threads=2" in chosen["XLA_FLAGS"]
    assert "POT_BACKEND_DISABLE_PYTORCH" in environment("POT", 1)
    assert "POT_BACKEND_DISABLE_PYTORCH" not in environment("POT (torch)", 1)


def entropic(**case):
    return problems.transport({"family": "gmm2d", "n": 12, "eps": 0.5, **case})


def test_the_errors_of_a_plan_are_seen():
    problem = entropic(m=7, weights="random")
    a, b = problem["a"], problem["b"]
    P = np.outer(a, b)
    seen = accuracy.look_at_plan(P, problem)
    assert seen["error"] < 1e-15
    assert seen["value"] == pytest.approx(a @ problem["C"] @ b)
    P[0, 0] += 0.25
    assert accuracy.look_at_plan(P, problem)["error"] == pytest.approx(0.5)
    assert np.isnan(accuracy.look_at_plan(P * np.nan, problem)["error"])


def test_the_bracket_holds_the_optimum():
    problem = entropic()
    f, g = np.zeros(12), np.zeros(12)
    widths = []
    for _ in range(60):
        for axis in (1, 0):
            P = accuracy.plan_of(f, g, problem)
            rest = problem["eps"] * np.log(P.sum(axis) * 12)
            f, g = (f - rest, g) if axis else (f, g - rest)
        lower, upper = accuracy.bracket(f, g, problem)
        widths.append(upper - lower)
    assert min(widths) > -1e-12
    assert widths[-1] < 1e-6 < widths[0]


def test_cells_of_the_square_have_their_areas():
    sites = np.array([[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]])
    assert accuracy.power_cell_areas(sites, np.zeros(4)) == pytest.approx(0.25)
    two = np.array([[0.25, 0.5], [0.75, 0.5]])
    heights = np.array([0.0, 0.2])
    assert accuracy.power_cell_areas(two, heights) == pytest.approx([0.3, 0.7])
    assert accuracy.power_cell_areas(two, 9 * heights) == pytest.approx([0.0, 1.0])


def test_the_cost_on_the_line_is_that_of_scipy(rng):
    from scipy.stats import wasserstein_distance

    x, y = rng.standard_normal(9), rng.standard_normal(5)
    a, b = problems.random_weights(9, rng), problems.random_weights(5, rng)
    expected = wasserstein_distance(x, y, a, b)
    assert accuracy.line_cost(x, y, a, b, 1) == pytest.approx(expected)
    assert accuracy.line_cost(np.zeros(1), np.full(1, 3.0), None, None, 2) == 9


def test_the_known_map_is_a_map(rng):
    pair = problems.gaussian_pair(6, rng)
    T, A = pair["T"], pair["A"]
    assert pytest.approx(pair["B"]) == T @ A @ T
    assert np.linalg.eigvalsh(T).min() > 0
    assert pair["distance"] > 0


@pytest.mark.parametrize("family", ["gmm2d", "digits"])
def test_problems_come_from_their_seed(family):
    case = {"family": family, "n": 950, "m": 900, "eps": 0.1, "weights": "random"}
    one, two = problems.transport(case), problems.transport(case)
    assert one["C"].shape == (950, 900)
    assert np.array_equal(one["C"], two["C"])
    assert one["b"].sum() == pytest.approx(1)
    assert one["b"].min() >= 5e-4 / 900
    other = problems.transport({**case, "seed": 1})
    assert not np.array_equal(one["C"], other["C"])


def record(name, seconds, status="arrived", **more):
    case = {"family": "gmm2d", "n": 9, "eps": 0.1, "tol": 1e-6, "threads": 1}
    made = {"name": name, "library": name.split()[0], "case": case}
    made |= {"seconds": seconds, "status": status, "error": 1e-7, "effort": 1}
    return {**made, "found": {"exp_passes": 3, "products": 20}, **more}


def test_rows_tell_who_is_ahead():
    race = [
        record("ottools", [1.0, 1.0]),
        record("POT slow", [3.0, 5.0]),
        record("OTT fast", [0.5, 0.5], error=2e-7),
        record("OTT lost", [9.0], "short", error=2e-2, extrapolated=90.0),
        record("POT odd", [0.0], "broke"),
        {**record("ottools points", [0.9, 0.9]), "library": "ottools"},
    ]
    (line,) = rows.table(race).splitlines()[2:]
    assert "| OTT fast | **0.5, peer ahead** | 1e-07 / 2e-07 |" in line
    assert "POT slow: 4 (3–5)" in line
    assert "OTT lost: > 9, error 2.0e-02, extrapolated ~90" in line
    assert "POT odd: breaks; ottools points: 0.9 |" in line
    assert rows.verdict(race, 2) == "Goal 2: met in 0 of 1 races; a peer is ahead in 1."
    alone = [race[0], race[3]]
    assert "met in 1 of 1 races (1 of them because no" in rows.verdict(alone, 50)
    failed = [record("ottools", [1.0], "short"), race[1]]
    assert "**ottools does not arrive: error 1.0e-07**" in rows.table(failed)
    assert "ottools does not arrive in 1" in rows.verdict(failed, 2)


def stored(topic: str, **content) -> str:
    machine = {"cores": 2, "processor": "x", "system": "y", "python": "3.11"}
    head = {"topic": topic, "machine": {**machine, "versions": {"numpy": "2"}}}
    return json.dumps(
        {**head, "measured": "2026-01-01", "settings": vars(FULL), **content}
    )


@pytest.fixture
def measured(tmp_path):
    race = [record("ottools", [1.0, 1.1]), record("POT slow", [3.0, 5.0])]
    curves = [
        {**r, "case": {"n": n}, "seconds": [t * n**2], "curve": "line", "megabytes": n}
        for n in (10, 20, 40)
        for t, r in zip((1, 3), race, strict=True)
    ]
    memory = [{**r, "case": {"n": n}, "megabytes": n} for n in (5, 9) for r in race]
    identity = {"identity": "i", "status": "proved", "answer": "0", "ratio": [2, 1, 3]}
    parts = {
        "sinkhorn": {"table": race, "changed": race, "sweep": race[:1]},
        "line": {"single": race},
        "mmd": {"speed": race, "memory": memory},
        "growth": {"curves": curves},
        "derive": {"identities": [identity]},
    }
    for topic, content in parts.items():
        (tmp_path / f"{topic}.json").write_text(stored(topic, **content))
    return tmp_path


def test_the_report_is_written_from_what_was_stored(measured):
    goal = measured / "kept"
    text = report.write(measured, quick=False, goal=goal).read_text()
    assert "**Machine class**: 2 cores, x, y, no GPU used." in text
    assert "eps 1e-1: Goal 2: met in 1 of 1 races; no peer is ahead." in text
    assert "| gmm2d, n 9, eps 0.1 | 1e-06 | POT slow | 3.8 (3–4.5) |" in text
    assert "| line | ottools | 10–40 | 2.0 | 1.0 |" in text
    assert "| i | proved | `0` | 2 (1–3) |" in text
    svg = (goal / "results.svg").read_text()
    assert len(svg) < 200_000
    assert "prefers-color-scheme:dark" in svg
    assert "#1a1a1a" not in svg
    assert "nan" not in text


def test_a_part_can_be_reported_alone(measured):
    for path in [p for p in measured.glob("*.json") if p.stem != "derive"]:
        path.unlink()
    text = report.write(measured, quick=False, goal=measured).read_text()
    assert "The checker beside SymPy" in text
    assert "Entropic" not in text


def test_without_measurements_there_is_no_report(tmp_path):
    with pytest.raises(SystemExit, match="Nothing was measured yet"):
        report.write(tmp_path, quick=True, goal=tmp_path)


def test_every_topic_can_be_imported_without_peers():
    import importlib

    for topic in report.TOPICS:
        module = importlib.import_module(f"benchmarks.bench_{topic}")
        assert topic == module.TOPIC


def test_the_peers_are_pinned_and_agree_with_the_constraints(root):
    pattern = r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+"
    lines = (root / "benchmarks" / "requirements.txt").read_text().splitlines()
    assert [s for s in lines if not re.fullmatch(pattern, s)] == []
    names = {s.split("==")[0].lower() for s in lines}
    pinned = (root / "constraints.txt").read_text().lower().split()
    assert names >= {"ott-jax", "jax", "geomloss"}
    assert names & {s.split("==")[0] for s in pinned} == set()
