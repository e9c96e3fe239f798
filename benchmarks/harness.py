"""The race: a process for each library, one run at a time, at equal accuracy.

A contestant that takes longer than its cap is recorded with the error that it reached;
one that is several times slower than the best peer so far is stopped there. All other
times are medians of rounds in which every contestant runs once.
"""

from __future__ import annotations

import json
import os
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.tasks import Task

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "_build" / "bench"
OURS = "ottools"
# Importing and compiling are not timed, but must end some time.
PATIENCE = 120.0
# Large arrays go back to the system at once, so that the peak is that of live memory.
RETURNED = {"MALLOC_MMAP_THRESHOLD_": "65536"}
# No cap is so small that the first, cold call of a library exceeds it.
SHORTEST = 0.25


@dataclass(frozen=True)
class Contestant:
    """A way to solve a problem: the library it runs in and how its task is built."""

    library: str
    build: Callable[[dict], Task]


@dataclass(frozen=True)
class Settings:
    """What the command line chooses."""

    quick: bool = False
    brief: bool = False
    threads: int = 1
    cap: float = 60.0
    floor: float = 2.0
    multiple: float = 50.0
    behind: float = 4.0
    rounds: int = 5
    round_seconds: float = 8.0

    def cap_beside(self, ours: float) -> float:
        """Return the cap of a peer: a multiple of our time, within the two bounds."""
        return min(self.cap, max(self.floor, self.multiple * ours))


FULL = Settings()
# Full sizes, but the better peers only, fewer variants and one tolerance.
BRIEF = Settings(brief=True, cap=6.0, floor=1.0, rounds=3)
QUICK = Settings(quick=True, cap=4.0, floor=0.6, multiple=20.0, rounds=3)


class LateError(RuntimeError):
    """A library did not answer in time and was ended."""


@dataclass
class Worker:
    """A library's process; started when first asked, ended when it is late."""

    module: str
    library: str
    threads: int
    variables: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen | None = field(default=None, repr=False)

    def ask(self, patience: float, **request) -> dict:
        """Send one request and return the answer."""
        process = self.process or self._start()
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], patience)
        if not ready:
            self.close()
            raise LateError(f"no answer within {patience:.3g} s")
        line = process.stdout.readline()
        if not line:
            self.close()
            return {"kind": "broke", "reason": "the process died"}
        return json.loads(line)

    def _start(self) -> subprocess.Popen:
        OUT.mkdir(parents=True, exist_ok=True)
        with (OUT / f"{self.library}.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.worker", self.module],
                cwd=ROOT,
                env=environment(self.library, self.threads) | self.variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        return self.process

    def close(self) -> None:
        """End the process."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None


def environment(library: str, threads: int) -> dict[str, str]:
    """Return the environment of a worker: threads, and no backend that is not asked."""
    names = ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR")
    many = "true" if threads > 1 else "false"
    xla = f"--xla_cpu_multi_thread_eigen={many} intra_op_parallelism_threads={threads}"
    chosen = {f"{name}_NUM_THREADS": str(threads) for name in names}
    chosen |= {"XLA_FLAGS": xla, "JAX_PLATFORMS": "cpu", "PYTHONHASHSEED": "0"}
    unused = {"JAX", "CUPY", "TENSORFLOW", "PYTORCH"}
    unused -= {"PYTORCH"} if library == "POT (torch)" else set()
    chosen |= {f"POT_BACKEND_DISABLE_{name}": "1" for name in unused}
    return {**os.environ, **chosen}


@dataclass
class Arena:
    """The workers of one benchmark module."""

    module: str
    contestants: dict[str, Contestant]
    settings: Settings
    workers: dict[str, Worker] = field(default_factory=dict)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for worker in self.workers.values():
            worker.close()

    def worker(self, name: str) -> Worker:
        """Return the process in which a contestant runs."""
        library = self.contestants[name].library
        new = Worker(self.module, library, self.settings.threads)
        return self.workers.setdefault(library, new)

    def race(
        self, case: dict, names: Iterable[str], tol: float, known: dict | None = None
    ) -> list[dict]:
        """Bring everybody to the tolerance, time the best in turn; return records.

        The first name is ours.  `known` holds records of the same case at a larger
        tolerance: who did not arrive there is not sent again.
        """
        known = known or {}
        records, best, cap = {}, float("inf"), self.settings.cap
        for name in names:
            limit = min(cap, max(SHORTEST, self.settings.behind * best))
            record = self.first_run(name, case, tol, limit, known.get(name))
            if len(records) == 0:
                cap = self.settings.cap_beside(record["seconds"][0])
            elif record["status"] == "arrived":
                best = min(best, record["seconds"][0])
            elif record["status"] == "short" and limit < cap:
                record["status"] = "behind"
            records[name] = record
            say(record)
        self.rounds(list(records.values()), best)
        return list(records.values())

    def first_run(self, name, case, tol, cap, known=None) -> dict:
        """Return the record of a contestant's way to the tolerance."""
        record = {
            "name": name,
            "library": self.contestants[name].library,
            "case": {**case, "tol": tol, "threads": self.settings.threads},
            "cap": cap,
        }
        if known and known["status"] in ("short", "broke", "absent", "late"):
            return {**known, **record, "cap": known["cap"]}
        start = known["effort"] if known and known["status"] == "arrived" else None
        request = {"kind": "arrive", "name": name, "case": case}
        request |= {"tol": tol, "cap": cap, "start": start}
        try:
            reply = self.worker(name).ask(PATIENCE + 2.5 * cap, **request)
        except LateError as late:
            reply = {"kind": "late", "reason": str(late), "seconds": cap}
        kind = reply.pop("kind")
        record |= {"status": kind} if kind != "done" else {}
        return {**record, **reply, "seconds": [reply.get("seconds", 0.0)]}

    def rounds(self, records: list[dict], best: float) -> None:
        """Time again, in turn, all who arrived and are not far behind the best peer."""
        limit = max(SHORTEST, self.settings.behind * best)
        again = [r for r in records if r["status"] == "arrived"]
        again = [r for r in again if r is records[0] or r["seconds"][0] <= limit]
        spent, rounds = 0.0, []
        while len(rounds) < self.settings.rounds:
            if rounds and spent > self.settings.round_seconds:
                break
            rounds.append([self.clock(r) for r in again])
            spent += sum(rounds[-1])
        for record, seconds in zip(again, zip(*rounds, strict=True), strict=False):
            record["seconds"] = list(seconds)

    def clock(self, record: dict) -> float:
        """Return the seconds of one more run; those of the first if it fails."""
        case = {k: v for k, v in record["case"].items() if k not in ("tol", "threads")}
        request = {"kind": "clock", "name": record["name"], "case": case}
        request |= {"effort": record["effort"], "at_least": 0.02}
        patience = PATIENCE + 10 * record["seconds"][0]
        try:
            reply = self.worker(record["name"]).ask(patience, **request)
        except LateError:
            reply = {}
        return reply.get("seconds", record["seconds"][0])

    def peak(self, name: str, case: dict, small: dict, effort: float) -> dict:
        """Return a record of the peak memory, measured in a fresh process."""
        library = self.contestants[name].library
        fresh = Worker(self.module, library, self.settings.threads, RETURNED)
        request = {"name": name, "case": case, "small": small, "effort": effort}
        try:
            reply = fresh.ask(PATIENCE + self.settings.cap, kind="peak", **request)
        except LateError as late:
            reply = {"kind": "late", "reason": str(late)}
        finally:
            fresh.close()
        found = {"name": name, "library": library, "case": case}
        return {**found, "status": reply.pop("kind"), "seconds": [0.0], **reply}


def ratio(record: dict, ours: dict) -> tuple[float, float, float]:
    """Return median, smallest and largest of peer / ours over the rounds.

    A peer that was run once is compared with the median of our rounds.
    """
    mine, theirs = ours["seconds"], record["seconds"]
    if len(mine) == len(theirs):
        quotients = [t / m for t, m in zip(theirs, mine, strict=True)]
    else:
        quotients = [t / statistics.median(mine) for t in theirs]
    return statistics.median(quotients), min(quotients), max(quotients)


def slope(sizes: list[float], costs: list[float]) -> float:
    """Return the least-squares slope of log cost against log size."""
    import numpy as np

    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def say(record: dict) -> None:
    """Tell on the terminal how a contestant fared."""
    case = " ".join(f"{k}={v}" for k, v in record["case"].items())
    spent = record["seconds"][0]
    reached = record.get("error")
    error = f" error {reached:.1e}" if reached is not None else ""
    reason = f" ({record['reason']})" if "reason" in record else ""
    line = f"{case}: {record['name']} {record['status']}{error} {spent:.4f} s{reason}"
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def store(topic: str, content: dict, settings: Settings) -> Path:
    """Write what a topic measured, with the machine and the versions, as JSON."""
    from benchmarks.machine import description

    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f"{topic}{'-quick' if settings.quick else ''}.json"
    meta = {"topic": topic, "machine": description(), "quick": settings.quick}
    meta |= {"measured": time.strftime("%Y-%m-%d"), "settings": vars(settings)}
    path.write_text(json.dumps({**meta, **content}, indent=1), encoding="utf-8")
    return path
