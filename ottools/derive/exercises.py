"""Exercises whose answers the checker checks.

An exercise is a question with a slot: a function from an answer to a claim. The model
answer must come out true and every typical wrong answer must be refuted, when the
exercise is made; a reader calls it with an answer of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from mpmath import mp

from .claims import check, contradicted
from .derivation import GOOD, RECORD, StepError
from .ordered import ClaimError, wrap
from .relations import Every


@dataclass(frozen=True)
class Attempt:
    """What the checker says to an answer."""

    right: bool
    message: str

    def __repr__(self):
        return ("right: " if self.right else "not yet: ") + self.message


class Exercise:
    """A question with a checked answer: ``Exercise(id, ask, answer, wrong)``.

    `ask` maps an answer to a claim, `answer` is the model answer, `wrong` maps typical
    wrong answers to hints. Raises StepError if the model answer fails or a wrong
    answer is not refuted.
    """

    def __init__(self, id: str, ask, answer, wrong: dict):
        self.id, self.ask, self.answer = id, ask, wrap(answer)
        self.wrong = {wrap(k): hint for k, hint in wrong.items()}
        self.verdict = check(ask(self.answer))
        if self.verdict.status not in GOOD:
            raise StepError(f"exercise {id!r}: the model answer is {self.verdict}")
        for bad in self.wrong:
            status = check(ask(bad)).status
            if status != "refuted":
                raise StepError(f"exercise {id!r}: the wrong answer {bad} is {status}")

    def __call__(self, answer) -> Attempt:
        """Check a reader's answer; a wrong one gets a hint or a counterexample."""
        try:
            answer = wrap(answer)
            if answer in self.wrong:
                return Attempt(False, self.wrong[answer])
            claim = self.ask(answer)
            verdict = check(claim)
        except ClaimError as fault:
            return Attempt(False, str(fault))
        if verdict.status in GOOD:
            return Attempt(True, verdict.status)
        if isinstance(claim, Every) and verdict.status == "refuted":
            with mp.workdps(60):
                fails = next(c for c in claim.rhs if contradicted(c))
            return Attempt(False, f"it fails that {fails}")
        return Attempt(False, verdict.how)

    def record(self) -> dict:
        """Return the exercise as plain data, for the ledger."""
        return {
            "kind": "exercise",
            "id": self.id,
            "status": self.verdict.status,
            "claim": self.ask(self.answer).text(),
            "wrong": len(self.wrong),
        }

    def __repr__(self):
        return (
            f"exercise {self.id}: answer {self.verdict.status}, "
            f"{len(self.wrong)} wrong answers refuted"
        )

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {RECORD: self.record()}
