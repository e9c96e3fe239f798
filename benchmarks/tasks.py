"""How one contestant is brought to a tolerance, inside its own process.

A `Task` holds one problem, converted to what the library wants; its `run` is what the
clock sees. Iterative peers get the smallest number of iterations that reaches the
tolerance, found beforehand and not counted: their own stopping rules cannot waste time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

GROWTH = 5.0
SLACK = 1.0 + 1e-6
# An L1 error of two marginals is at most 2 until an iteration blows up.
DIVERGED = 1e3


@dataclass(frozen=True)
class Point:
    """One trial: what was spent and what was reached."""

    effort: float
    seconds: float
    error: float
    found: dict


@dataclass
class Task:
    """A problem in a library's hands; `run(effort)` answers, `check` measures it.

    `first` is the number of iterations to try first; None for a method without such a
    number, which is given the tolerance instead. Only where the error falls at a
    `linear` rate may its fall be extrapolated.
    """

    run: Callable[[float], Any]
    check: Callable[[Any], dict]
    first: int | None = None
    linear: bool = True

    def attempt(self, effort: float) -> Point:
        """Run once under the clock and measure the answer."""
        start = time.perf_counter()
        answer = self.run(effort)
        seconds = time.perf_counter() - start
        found = self.check(answer)
        return Point(effort, seconds, found["error"], found)

    def arrive(self, tol: float, cap: float, start: float | None = None) -> dict:
        """Reach the tolerance within about `cap` seconds, or say how far it came."""
        if self.first is None:
            point = self.attempt(tol)
            return outcome([point], tol)
        self.run(self.first)  # the first call of a library is cold
        trail = climb(self.attempt, tol, cap, start or self.first)
        if trail[-1].error <= tol * SLACK and len(trail) > 1:
            trail = refine(self.attempt, trail, tol)
        found = outcome(trail, tol)
        return found if self.linear else {**found, "extrapolated": None}


def climb(attempt, tol: float, cap: float, effort: float) -> list[Point]:
    """Raise the number of iterations until the tolerance or the cap is met."""
    trail: list[Point] = []
    while True:
        trail.append(point := attempt(math.ceil(effort)))
        finished = not tol * SLACK < point.error < DIVERGED
        if finished or point.seconds >= 0.7 * cap:
            return trail
        effort = next_effort(trail, tol, cap)


def next_effort(trail: list[Point], tol: float, cap: float) -> float:
    """Guess the number of iterations that arrives, never beyond the cap."""
    last = trail[-1]
    guess = arrival(trail, tol)
    guess = GROWTH * last.effort if guess is None else 1.05 * guess
    guess = min(max(guess, 1.3 * last.effort), GROWTH * last.effort)
    affordable = last.effort * cap / max(last.seconds, 1e-9)
    return min(guess, max(affordable, 1.01 * last.effort))


def arrival(trail: list[Point], tol: float) -> float | None:
    """Extrapolate the linear rate of the last two trials to the tolerance."""
    if len(trail) < 2:
        return None
    p, q = trail[-2:]
    # Below a gain of a twentieth there is no rate to speak of.
    if not (0 < q.error < 0.95 * p.error and q.effort > p.effort):
        return None
    decay = math.log(p.error / q.error) / (q.effort - p.effort)
    return q.effort + math.log(q.error / tol) / decay


def refine(attempt, trail: list[Point], tol: float) -> list[Point]:
    """Interpolate between the last failure and the success; keep what is cheaper."""
    fail, success = trail[-2:]
    if success.effort <= 1.1 * fail.effort or success.error <= 0:
        return trail
    share = math.log(fail.error / tol) / math.log(fail.error / success.error)
    effort = math.ceil(1.01 * (fail.effort + share * (success.effort - fail.effort)))
    point = attempt(min(effort, success.effort))
    return [*trail, point] if point.error <= tol * SLACK else [*trail, success]


def outcome(trail: list[Point], tol: float) -> dict:
    """Summarise the trials: arrived, short or broke, and when it would have."""
    last = trail[-1]
    arrived = last.error <= tol * SLACK
    finite = [p for p in trail if math.isfinite(p.error)]
    best = last if arrived else min(finite, key=lambda p: p.error, default=last)
    guess = None if arrived else arrival(finite, tol)
    rate = last.seconds / last.effort if last.effort else 0.0
    broke = not last.error < DIVERGED
    return {
        "status": "arrived" if arrived else "broke" if broke else "short",
        "effort": last.effort,
        "seconds": last.seconds,
        "error": best.error,
        "found": best.found,
        "extrapolated": guess and guess * rate,
    }


def per_call(run: Callable[[], Any], at_least: float) -> float:
    """Return seconds per call, over enough calls to fill `at_least` seconds."""
    calls, spent = 0, 0.0
    while spent < at_least or calls == 0:
        start = time.perf_counter()
        run()
        spent += time.perf_counter() - start
        calls += 1
    return spent / calls
