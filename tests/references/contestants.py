"""Contestants with known amounts of work, for the tests of the benchmarks."""

from __future__ import annotations

import os
import time

from benchmarks.harness import Contestant
from benchmarks.tasks import Task

UNIT = 0.03


def works(units: float):
    def build(_):
        return Task(lambda _: time.sleep(units * UNIT), lambda _: {"error": 0.0})

    return build


def never(_):
    return Task(lambda n: time.sleep(0.01 * n), lambda _: {"error": 0.5}, first=1)


def raises(_):
    raise ValueError("as expected")


def missing(_):
    raise ModuleNotFoundError("No module named 'peer'")


def hangs(_):
    return Task(lambda _: time.sleep(60), lambda _: {"error": 0.0})


def dies(_):
    return Task(lambda _: os._exit(3), lambda _: {"error": 0.0})


def hungry(case):
    def run(_):
        return len(bytearray(b"x") * (case["n"] << 20))

    return Task(run, lambda _: {"error": 0.0})


CONTESTANTS = {
    "ottools": Contestant("ottools", works(1)),
    "twice": Contestant("peer", works(2)),
    "never": Contestant("peer", never),
    "raises": Contestant("peer", raises),
    "missing": Contestant("peer", missing),
    "hangs": Contestant("slow peer", hangs),
    "dies": Contestant("dying peer", dies),
    "hungry": Contestant("peer", hungry),
}
