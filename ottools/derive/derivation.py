"""Derivations: named chains of checked steps that show themselves.

Every method that adds a step checks it at once. A step that does not come out as its
author says raises `StepError`, which names the derivation and the step; so a notebook
with a false formula does not run to its end.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from . import display
from .claims import AtLeast, AtMost, Claim, Equal, Less, Verdict, check
from .mutants import Score, score
from .ordered import ClaimError, wrap

RECORD = "application/vnd.ottools.record+json"
GOOD = ("proved", "certified", "tested")
REGISTRY: dict[str, dict] = {}


class StepError(ClaimError):
    """A step that did not come out as its author says."""


@dataclass(frozen=True)
class Step:
    """One line of a derivation: what was claimed, by which rule, and the verdict."""

    kind: str
    claim: object
    rule: str
    verdict: Verdict
    settles: tuple = ()
    under: str = ""
    misprint: bool = False
    mutants: Score | None = None
    reason: str = ""

    @property
    def formula_verdict(self) -> str:
        """What the step says about the printed formulas that it settles."""
        if self.kind == "definition":
            return "definition"
        if self.verdict.status == "refuted":
            return "misprint" if self.misprint else "wrong"
        if self.verdict.status == "cited":
            return "cited"
        return "holds under conditions" if self.under else "holds"

    def record(self, letter: str) -> dict:
        """Return the step as plain data."""
        out = {
            "letter": letter,
            "kind": self.kind,
            "claim": self.claim.text(),
            "tex": self.claim.tex(),
            "rule": self.rule,
            "status": self.verdict.status,
            "method": self.verdict.method,
            "points": self.verdict.points,
            "digits": self.verdict.digits,
        }
        if self.verdict.counterexample:
            out["counterexample"] = str(self.verdict.counterexample)
        if self.settles:
            out["settles"] = dict.fromkeys(self.settles, self.formula_verdict)
        if self.under:
            out["under"] = self.under
        if self.mutants:
            out["mutants"] = {
                "made": self.mutants.made,
                "equivalent": self.mutants.equivalent,
                "killed": self.mutants.killed,
                "survivors": [[*s, self.reason] for s in self.mutants.survivors],
            }
        return out


@dataclass(frozen=True)
class Quote:
    """A theorem from the literature, as (LaTeX, text)."""

    latex: str
    plain: str
    closed = True

    def tex(self) -> str:
        """Return the statement as LaTeX."""
        return self.latex

    def text(self) -> str:
        """Return the statement as plain text."""
        return self.plain


@dataclass
class Derivation:
    """A named chain of checked steps.

    Parameters: `id` names it in the book (also its equation label), `title` says what
    is derived, `uses` lists the ids of derivations it rests on; ids of another chapter
    are written ``"chapter/id"`` and resolved by the ledger.
    """

    id: str
    title: str
    uses: tuple = ()
    kind: str = "derivation"
    steps: list = field(default_factory=list)
    current: object = None

    def __post_init__(self):
        self.uses = (self.uses,) if isinstance(self.uses, str) else tuple(self.uses)
        if self.id in self.uses:
            raise StepError(f"derivation {self.id!r} uses itself: circular.")
        for other in self.uses:
            if "/" not in other and other not in REGISTRY:
                raise StepError(
                    f"derivation {self.id!r} uses {other!r}, which is not known: "
                    "derive it before, or write 'chapter/id'."
                )
        known = REGISTRY.get(self.id)
        if known and known["title"] != self.title:
            raise StepError(
                f"the id {self.id!r} is taken by {known['title']!r}: ids are unique."
            )
        if any(_rests_on(other, self.id) for other in self.uses):
            raise StepError(f"derivation {self.id!r} uses itself: circular.")
        self._register()

    def begin(self, formula) -> Derivation:
        """Set the left-hand side of a chain."""
        self.current = wrap(formula)
        return self

    def equals(self, formula, by: str, **notes) -> Derivation:
        """Continue the chain by ``= formula``."""
        return self._chain(Equal, formula, by, notes)

    def at_most(self, formula, by: str, **notes) -> Derivation:
        """Continue the chain by ``≤ formula``."""
        return self._chain(AtMost, formula, by, notes)

    def at_least(self, formula, by: str, **notes) -> Derivation:
        """Continue the chain by ``≥ formula``."""
        return self._chain(AtLeast, formula, by, notes)

    def less(self, formula, by: str, **notes) -> Derivation:
        """Continue the chain by ``< formula``."""
        return self._chain(Less, formula, by, notes)

    def claim(self, claim: Claim, by: str, **notes) -> Derivation:
        """Add a stand-alone line: any relation, checked."""
        return self._add("claim", claim, by, notes)

    def define(self, lhs, rhs, by: str = "definition", **notes) -> Derivation:
        """Introduce notation; that both sides agree is checked all the same."""
        self._add("definition", Equal(lhs, rhs), by, notes)
        self.current = wrap(rhs)
        return self

    def refute(self, claim: Claim, by: str, **notes) -> Derivation:
        """Show a false formula: the step fails unless the checker refutes it."""
        return self._add("refuted", claim, by, notes)

    def cite(self, latex: str, plain: str, source: str, **notes) -> Derivation:
        """Quote a theorem that is not checked here."""
        quote = Quote(latex, plain)
        step = Step("cited", quote, source, Verdict("cited", source), **_tidy(notes))
        return self._append(step)

    def _chain(self, relation, formula, by, notes):
        if self.current is None:
            raise StepError(f"derivation {self.id!r}: call begin(formula) first.")
        first = not self.steps or self.steps[-1].kind not in ("chain", "start")
        first = first or self.steps[-1].claim.rhs != self.current
        claim = relation(self.current, formula)
        self._add("start" if first else "chain", claim, by, notes)
        self.current = wrap(formula)
        return self

    def _add(self, kind, claim, by, notes):
        notes = _tidy(notes)
        place = f"derivation {self.id!r}, step ({letter(len(self.steps))})"
        try:
            verdict = check(claim)
        except ClaimError as fault:
            raise StepError(f"{place}: {fault}") from fault
        expected = ("refuted",) if kind == "refuted" else GOOD
        if verdict.status not in expected:
            raise StepError(f"{place}: {claim} is {verdict}")
        if kind == "definition":
            verdict = Verdict(
                "definition", verdict.method, verdict.points, verdict.digits
            )
        tried = None if kind == "refuted" else score(claim)
        return self._append(Step(kind, claim, by, verdict, mutants=tried, **notes))

    def _append(self, step):
        self.steps.append(step)
        self._register()
        return self

    def _register(self):
        REGISTRY[self.id] = self.record()

    @property
    def status(self) -> str:
        """The weakest status among the steps that are not refutations."""
        order = ("tested", "cited", "certified", "proved", "definition", "refuted")
        kept = [s.verdict.status for s in self.steps]
        return min(kept, key=order.index) if kept else "definition"

    def record(self) -> dict:
        """Return the derivation as plain data, for the ledger."""
        return {
            "kind": self.kind,
            "id": self.id,
            "title": self.title,
            "uses": list(self.uses),
            "steps": [s.record(letter(k)) for k, s in enumerate(self.steps)],
        }

    def __repr__(self):
        return display.plain(self)

    def _repr_latex_(self):
        return display.latex(self)

    def _repr_markdown_(self):
        return display.markdown(self)

    def _repr_html_(self):
        return display.html(self)

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {RECORD: self.record()}


def _rests_on(id: str, other: str) -> bool:
    """Whether a registered derivation uses another one, directly or not."""
    uses = REGISTRY.get(id, {}).get("uses", ())
    return other in uses or any(_rests_on(u, other) for u in uses)


def _tidy(notes: dict) -> dict:
    """Bring the optional notes of a step into their stored form."""
    known = {"settles", "under", "misprint", "reason"}
    if extra := set(notes) - known:
        raise ClaimError(f"a step takes {sorted(known)}, not {sorted(extra)}.")
    settles = notes.get("settles", ())
    out = dict(notes)
    out["settles"] = (settles,) if isinstance(settles, str) else tuple(settles)
    return out


def letter(k: int) -> str:
    """Return the letter of the k-th step: a, b, …, z, aa, ab."""
    first = "abcdefghijklmnopqrstuvwxyz"
    return first[k] if k < 26 else letter(k // 26 - 1) + first[k % 26]


def counterexample(id: str, claim: Claim, drops: str, **notes) -> Derivation:
    """Show that a hypothesis is needed: the claim without it, refuted."""
    shown = Derivation(id, f"Without: {drops}", kind="counterexample")
    return shown.refute(claim, f"without {drops}", **notes)
