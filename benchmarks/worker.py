"""One library in a process of its own: reads requests, one JSON line each, and answers.

    python -m benchmarks.worker benchmarks.bench_line

Requests name a contestant of that module and a case; the tasks built for a case are
kept until another one comes, so that the clock sees the library's work alone.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import warnings
from pathlib import Path

from benchmarks.tasks import Task, per_call

STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")


class Bench:
    """The contestants of one module, asked by name."""

    def __init__(self, module):
        self.contestants = module.CONTESTANTS
        self.case, self.tasks = None, {}

    def task(self, name: str, case: dict) -> Task:
        """Return the task of a contestant; those of the last case are kept."""
        if case != self.case:
            self.case, self.tasks = case, {}
            gc.collect()
        if name not in self.tasks:
            self.tasks[name] = self.contestants[name].build(case)
        return self.tasks[name]

    def arrive(self, name, case, tol, cap, start=None) -> dict:
        """Bring a contestant to the tolerance."""
        return self.task(name, case).arrive(tol, cap, start)

    def clock(self, name, case, effort, at_least) -> dict:
        """Time the settled effort again."""
        task = self.task(name, case)
        return {"seconds": per_call(lambda: task.run(effort), at_least)}

    def peak(self, name, case, small, effort) -> dict:
        """Return the memory of one call above that before it, after a small call."""
        self.task(name, small).run(effort)
        task = self.task(name, case)
        before = start_of_peak()
        task.run(effort)
        return {"megabytes": max(0.0, peak_memory() - before)}


def start_of_peak() -> float:
    """Forget the peak so far where the system can; return the memory now, in MB."""
    gc.collect()
    try:
        RESET.write_text("5")
    except OSError:
        return peak_memory()
    return _status("VmRSS")


def peak_memory() -> float:
    """Return the peak resident memory in MB."""
    if STATUS.exists():
        return _status("VmHWM")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _status(field: str) -> float:
    lines = STATUS.read_text().splitlines()
    return next(float(s.split()[1]) / 1024 for s in lines if s.startswith(field))


def answer(bench: Bench, request: dict) -> dict:
    """Carry out one request; what goes wrong in a library is an answer, too."""
    kind = request.pop("kind")
    try:
        return {"kind": "done", **getattr(bench, kind)(**request)}
    except ImportError as error:
        return {"kind": "absent", "reason": str(error)}
    except Exception as error:  # noqa: BLE001 -- a peer may raise whatever it likes
        first = str(error).splitlines()[0] if str(error) else ""
        return {"kind": "broke", "reason": f"{type(error).__name__}: {first}"[:200]}


def stay_on(cores: int) -> None:
    """Keep this process on its first `cores` cores where the system allows it."""
    if hasattr(os, "sched_setaffinity"):
        mine = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, mine[:cores])


def main() -> None:
    """Serve until the input ends; the library's own prints go to the error stream."""
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    stay_on(int(os.environ["OMP_NUM_THREADS"]))
    warnings.filterwarnings("ignore")
    bench = Bench(importlib.import_module(sys.argv[1]))
    for line in sys.stdin:
        replies.write(json.dumps(answer(bench, json.loads(line))) + "\n")


if __name__ == "__main__":
    main()
