"""No claim, however bad, keeps its author waiting: a limit that nothing catches."""

from __future__ import annotations

import signal
import sys

import pytest

LIMIT = 5


class Slow(BaseException):
    """Raised past every `except Exception`."""


@pytest.fixture
def patience():
    """Interrupt a test that computes for longer than the limit."""

    def ring(*_):
        raise Slow(f"more than {LIMIT} seconds")

    before = signal.signal(signal.SIGVTALRM, ring)
    # Code whose branches are being counted runs a few times more slowly.
    signal.setitimer(signal.ITIMER_VIRTUAL, 4 * LIMIT if sys.gettrace() else LIMIT, 1)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)
