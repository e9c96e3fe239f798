"""What an iterative solver raises when it has not arrived."""

from __future__ import annotations


class ConvergenceError(RuntimeError):
    """An iteration ended before its tolerance was met.

    The message names the remedy; `last` is the result of the last iterate, of the same
    type as a successful answer and with its certificate, so that it can be looked at.

    Examples
    --------
    >>> ConvergenceError("no convergence in 3 steps; raise max_iter.", last=0.5).last
    0.5
    """

    def __init__(self, message: str, last):
        super().__init__(message)
        self.last = last
