"""A claim under premises: what follows from them linearly, in worlds that keep them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import sympy as sp

from . import vocabulary as v
from .arithmetic import Exact, Floating
from .attack import Evaluate
from .claims import AtLeast, AtMost, Claim, Equal, Less
from .entail import entails, under_integral
from .linear import Fact
from .lower import Bracket, Lower, Scope
from .normal import normal
from .ordered import ClaimError
from .typeset import tex, text

ROUNDS = 20  # and as many for each case of a premise, to move a world into them
FEW = 3
RELATIONS = (AtMost, AtLeast, Less, Equal)


@dataclass(frozen=True)
class ForAll:
    """A premise at all points: ``ForAll((x, y), AtMost(f(x) - f(y), d(x, y)))``."""

    points: tuple
    claim: Claim

    def __post_init__(self):
        points = self.points if isinstance(self.points, tuple) else (self.points,)
        object.__setattr__(self, "points", points)
        if not all(isinstance(x, v.Point) for x in points):
            raise ClaimError("ForAll takes points, or a tuple of them, and a relation.")

    @property
    def formulas(self) -> tuple:
        """The sides of the relation."""
        return self.claim.formulas

    def rebuild(self, *formulas):
        """Return the same premise about other formulas."""
        return ForAll(self.points, self.claim.rebuild(*formulas))

    def tex(self) -> str:
        """Return the premise as LaTeX."""
        return rf"\forall {','.join(map(tex, self.points))}\colon {self.claim.tex()}"

    def text(self) -> str:
        """Return the premise as plain text."""
        return f"∀{','.join(map(text, self.points))}: {self.claim.text()}"


@dataclass(frozen=True)
class If(Claim):
    """rhs holds wherever all of lhs hold: ``If((premise, …), conclusion)``."""

    lhs: tuple
    rhs: Claim

    def __post_init__(self):
        premises = self.lhs if isinstance(self.lhs, tuple) else (self.lhs,)
        object.__setattr__(self, "lhs", premises)
        inner = [c.claim if isinstance(c, ForAll) else c for c in premises]
        if not premises or not all(type(c) in RELATIONS for c in (*inner, self.rhs)):
            raise ClaimError(
                "If takes premises and a conclusion, each an Equal, AtMost, AtLeast or "
                "Less."
            )

    @property
    def formulas(self) -> tuple:
        """The sides of the premises and of the conclusion."""
        return tuple(f for c in (*self.lhs, self.rhs) for f in c.formulas)

    def rebuild(self, *formulas):
        """Return the same relations between other formulas."""
        pairs = zip(formulas[::2], formulas[1::2], strict=True)
        old = (*self.lhs, self.rhs)
        *lhs, rhs = (c.rebuild(*pair) for c, pair in zip(old, pairs, strict=True))
        return If(tuple(lhs), rhs)

    def parts(self):
        """Return the premises, the arrow, and the conclusion."""
        return r",\; ".join(c.tex() for c in self.lhs), r"\implies", self.rhs.tex()

    def text(self):
        """Return the claim as plain text."""
        return f"{', '.join(c.text() for c in self.lhs)} ⟹ {self.rhs.text()}"

    @property
    def strict(self) -> bool:
        """Whether the conclusion is a strict inequality."""
        return self.rhs.strict

    @property
    def needs_proof(self) -> bool:
        """Whether the conclusion is about numbers: then worlds alone show nothing."""
        return not any(f.free_symbols for f in self.rhs.formulas)

    def world(self, seed, k):
        """Return the k-th world; where a premise speaks of all points they are few."""
        found = super().world(seed, k)
        spaces = [x.space for c in self.lhs if isinstance(c, ForAll) for x in c.points]
        for size in (s.size for s in spaces if isinstance(s.size, v.Var)):
            found.values[size] = min(found.var(size), Fraction(FEW))
        for s in (s for s in spaces if not isinstance(s.size, sp.Integer)):
            found.values[s] = found.cells(s)[:FEW]
        return found

    def sides(self, world, backend=Floating):
        """Return the sides of the conclusion in a world moved into the premises.

        Raises ZeroDivisionError where that fails: there is no such world. Premises that
        contradict each other are shown by a conclusion that is false: then a world
        that cannot be moved speaks for the claim.
        """
        if _moved(world, self.lhs):
            return tuple(Evaluate(world, backend)(f) for f in self.rhs.formulas)
        if not self.needs_proof:
            raise ZeroDivisionError("no world satisfies the premises")
        ends = Floating.number(0), Floating.number(1)
        return ends[::-1] if isinstance(self.rhs, AtLeast) else ends

    def fails(self, left, right, slack):
        """Whether the conclusion fails."""
        return self.rhs.fails(left, right, slack)

    def proof(self):
        """Prove by a nonnegative combination of the premises (Farkas)."""
        scope = Scope()
        lower = Lower(scope)
        facts, schemas = [], []
        for k, c in enumerate(self.lhs):
            name = f"({chr(97 + k)})"
            if isinstance(c, ForAll):
                schemas.append(_schema(c, lower, name))
            else:
                facts.append(_fact(c, lower, name))
        goal = _fact(self.rhs, lower, "")
        prove = under_integral if goal.value.has(Bracket) else entails
        return prove(goal, facts, scope, schemas)

    def slips(self):
        """Yield the claim with a premise dropped, and with its conclusion turned."""
        for k in range(len(self.lhs)):
            rest = (*self.lhs[:k], *self.lhs[k + 1 :])
            if rest:
                yield "drop a premise", If(rest, self.rhs)
        for kind, other in ((AtMost, AtLeast), (AtLeast, AtMost), (Less, AtLeast)):
            if type(self.rhs) is kind:
                yield "flip the relation", If(self.lhs, other(*self.rhs.formulas))


def _fact(claim, lower, name, bound=None) -> Fact:
    """Write a relation as value ≥ 0, > 0 or = 0."""
    small, big = claim.formulas[:: -1 if isinstance(claim, AtLeast) else 1]
    value = normal(lower(big, bound) - lower(small, bound), lower.scope)
    return Fact(value, name, claim.strict, isinstance(claim, Equal))


def _schema(premise, lower, name):
    """Return the spaces of a premise for all points, and how to instantiate it."""

    def instance(places):
        bound = dict(zip(premise.points, places, strict=True))
        return _fact(premise.claim, lower, name, bound)

    return tuple(x.space for x in premise.points), instance


def _moved(world, premises) -> bool:
    """Move the numbers of a world until the premises hold; say whether they do."""
    rng = random.Random(f"{world.seed}/premises")
    evaluate = Evaluate(world, Exact)
    cases = [(c, env) for p in premises for c, env in _cases(p, world)]
    for _ in range(ROUNDS * (1 + len(cases) // 4)):
        rng.shuffle(cases)
        wrong = (case for case in cases if not _holds(_gap(*case, evaluate), case[0]))
        case = next(wrong, None)
        if case is None:
            return True
        if not _repair(*case, evaluate, rng):
            return False
    return False


def _cases(premise, world):
    """Yield a premise, or each of its instances, with the places of its points."""
    if not isinstance(premise, ForAll):
        yield premise, {}
        return
    ranges = [range(len(world.cells(x.space))) for x in premise.points]
    for places in product(*ranges):
        yield premise.claim, dict(zip(premise.points, places, strict=True))


def _gap(claim, env, evaluate):
    """Return what should be ≥ 0 (= 0, > 0), exactly."""
    small, big = claim.formulas[:: -1 if isinstance(claim, AtLeast) else 1]
    return sp.expand(sp.sympify(evaluate(big, env) - evaluate(small, env)))


def _holds(gap, claim) -> bool:
    if isinstance(claim, Equal):
        return gap == 0
    return bool(gap > 0) if claim.strict else bool(gap >= 0)


def _repair(claim, env, evaluate, rng) -> bool:
    """Move one number so that a premise holds, at times with something to spare."""
    gap = _gap(claim, env, evaluate)
    spare = 0 if isinstance(claim, Equal) else rng.choice((0, 0, 1, Fraction(5, 2)))
    aim = sp.Rational(spare) + sp.Rational(int(claim.strict), 7)
    leaves = list(_leaves(evaluate.world))
    rng.shuffle(leaves)
    for table, key, (lo, hi) in leaves:
        old = table[key]
        table[key] = old + 1
        slope = _gap(claim, env, evaluate) - gap
        table[key] = old
        if not (slope.is_Rational and gap.is_Rational) or slope == 0:
            continue
        new = sp.Rational(old.numerator, old.denominator) + (aim - gap) / slope
        if lo < new < hi:
            table[key] = Fraction(int(new.p), int(new.q))
            if _holds(_gap(claim, env, evaluate), claim):
                return True
            table[key] = old
    return False


def _leaves(world):
    """Yield (table, key, interval) for each free number of a world."""
    for key, value in list(world.values.items()):
        if isinstance(key, v.Var) and not key.integer:
            yield world.values, key, key.domain
        elif isinstance(key, tuple) and isinstance(key[0], v.Samples):
            yield world.values, key, (0 if key[0].positive else -sp.oo, sp.oo)
        elif isinstance(key, v.Fn) and key.mass is None:
            for cell in value:
                yield value, cell, key.domain
