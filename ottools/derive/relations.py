"""The relations beside =, ≤ and ≥: stationary, maximal, limit, equivalence, cases."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from mpmath import mp

from . import attack, prove
from . import vocabulary as v
from .arithmetic import Floating
from .claims import Claim, Equal, contradicted
from .integrands import tangent
from .lower import Bracket, Lower, Scope, chain
from .normal import is_zero, normal
from .ordered import ClaimError, wrap
from .signs import sign, within
from .typeset import tex, text


@dataclass(frozen=True)
class Stationary(Claim):
    """The derivative of lhs in a variable vanishes at rhs."""

    needs_proof = True

    over: v.Var = None

    def rebuild(self, *formulas):
        """Return the same relation between other formulas."""
        return Stationary(*formulas, self.over)

    def parts(self):
        """Return the derivative at the point, the relation, and 0."""
        x = tex(self.over)
        head = rf"\frac{{\mathrm{{d}}}}{{\mathrm{{d}}{x}}}\left[{tex(self.lhs)}\right]"
        return rf"{head}_{{{x}={tex(self.rhs)}}}", "=", "0"

    def text(self):
        """Return the claim as plain text."""
        x = text(self.over)
        return f"d/d{x} [{text(self.lhs)}] = 0 at {x} = {text(self.rhs)}"

    def sides(self, world, backend=Floating):
        """Return the derivative at the point, and 0."""
        at = attack.Evaluate(world)(self.rhs)
        attack.Evaluate(world)(self.lhs)

        def along(t):
            moved = world.changed()
            moved.values[self.over] = t
            return attack.Evaluate(moved, Floating)(self.lhs)

        return mp.diff(along, at), mp.mpf(0)

    def fails(self, left, right, slack):
        """Whether the derivative differs from 0."""
        return abs(left) > mp.mpf(10) ** (-mp.dps // 3)

    def proof(self):
        """Differentiate, put the point in, reduce to normal form."""
        scope = Scope()
        lower = Lower(scope)
        f, x, at = lower(self.lhs), lower(self.over), lower(self.rhs)
        if f.has(sp.Abs) or not within(at, self.over.domain, scope.domains):
            return None
        slope = chain(normal(f, scope), lambda g: lower.slope(g, x)).subs(x, at)
        return (
            f"derivative at the point; {prove.NORMAL_FORM}"
            if is_zero(slope, scope)
            else None
        )


@dataclass(frozen=True)
class Maximiser(Claim):
    """rhs is where lhs is largest, over a scalar of an interval or a function."""

    needs_proof = True

    over: object = None
    word, direction = "max", 1

    def rebuild(self, *formulas):
        """Return the same relation between other formulas."""
        return type(self)(*formulas, self.over)

    def parts(self):
        """Return argmax (argmin) of the formula, the relation, and where it is."""
        name = tex(self.over)
        if isinstance(self.over, v.Var):
            lo, hi = self.over.domain
            name += rf"\in({tex(lo)},{tex(hi)})"
        head = rf"\operatorname*{{arg\,{self.word}}}_{{{name}}}"
        return rf"{head} \left[{tex(self.lhs)}\right]", "=", tex(self.rhs)

    def text(self):
        """Return the claim as plain text."""
        head = f"arg{self.word}_{{{text(self.over)}}}"
        return f"{head} [{text(self.lhs)}] = {text(self.rhs)}"

    def _at(self, world):
        """Return the value at the claimed optimum."""
        if isinstance(self.over, v.Var):
            at = attack.Evaluate(world)(self.rhs)
            return at, self._value(world, at)
        swapped = self.lhs.xreplace({self.over: self.rhs})
        return None, attack.Evaluate(world)(swapped)

    def _admissible(self) -> bool:
        """Whether the claimed optimal function takes values in the given interval."""
        scope, (space,) = Scope(), self.over.spaces
        value = Lower(scope)(v.At(self.rhs, space.point("x")))
        return within(value, self.over.domain, scope.domains)

    def _value(self, world, at):
        moved = world.changed()
        moved.values[self.over] = at
        return attack.Evaluate(moved, Floating)(self.lhs)

    def sides(self, world, backend=Floating):
        """Return the value at a rival point and at the claimed optimum."""
        attack.Evaluate(world)(self.lhs)
        at, best = self._at(world)
        if at is None:
            return attack.Evaluate(world)(self.lhs), best
        room = self._room(at)
        if room is None:
            return mp.inf * self.direction, mp.mpf(0)
        near = self._value(world, at + world.rng.choice((-1, 1)) * room / 10**8)
        rivals = [near, attack.Evaluate(world)(self.lhs)]
        if any(isinstance(r, mp.mpc) for r in (*rivals, best)):
            return mp.nan, best
        return (max(rivals) if self.direction == 1 else min(rivals)), best

    def _room(self, at):
        """Return the distance of the optimum from the ends of its interval, or None."""
        if isinstance(at, mp.mpc):
            return None
        lo, hi = self.over.domain
        gaps = [at - Floating.number(lo)] if lo.is_finite else []
        gaps += [Floating.number(hi) - at] if hi.is_finite else []
        gaps = [*gaps, max(1, abs(at))]
        return min(gaps) if min(gaps) > 0 else None

    def fails(self, left, right, slack):
        """Whether a rival point is better."""
        return self.direction * (left - right) > slack

    def proof(self):
        """First-order condition and strict concavity (convexity) on the interval."""
        if not isinstance(self.over, v.Var):
            if not self._admissible():
                return None
            best = self.lhs.xreplace({self.over: self.rhs})
            pair = (best, self.lhs) if self.direction == 1 else (self.lhs, best)
            return prove.at_least(*pair)
        scope = Scope()
        lower = Lower(scope)
        f, x, at = normal(lower(self.lhs), scope), lower(self.over), lower(self.rhs)
        if f.has(Bracket) or not within(at, self.over.domain, scope.domains):
            return None
        slope, bend = sp.diff(f, x), sp.together(sp.diff(f, x, 2))
        if not is_zero(slope.subs(x, at), scope):
            return None
        if sign(bend, scope.domains) != -self.direction:
            return None
        kind = "concave" if self.direction == 1 else "convex"
        return (
            f"first-order condition; strictly {kind} by the sign of the second "
            "derivative"
        )


@dataclass(frozen=True)
class Minimiser(Maximiser):
    """rhs is where lhs is smallest."""

    word, direction = "min", -1


@dataclass(frozen=True)
class Tends(Claim):
    """lhs tends to rhs as a variable tends to a point of its closed domain."""

    needs_proof = True
    compares = False

    over: v.Var = None
    to: object = 0

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "to", wrap(self.to))
        lo, hi = self.over.domain
        inside = self.to.is_infinite or bool(lo <= self.to) and bool(self.to <= hi)
        if not inside or (self.to == sp.oo != hi) or (self.to == -sp.oo != lo):
            raise ClaimError(
                f"{text(self.over)} ranges over ({lo}, {hi}): "
                f"a limit at {self.to} is outside."
            )

    def rebuild(self, *formulas):
        """Return the same relation between other formulas."""
        return Tends(*formulas, self.over, self.to)

    @property
    def _arrow(self):
        lo, hi = self.over.domain
        return (
            ""
            if not self.to.is_finite
            else "+"
            if self.to == lo
            else ("-" if self.to == hi else "")
        )

    def parts(self):
        """Return the limit, the relation, and its value."""
        side = f"^{{{self._arrow}}}" if self._arrow else ""
        head = rf"\lim_{{{tex(self.over)}\to {tex(self.to)}{side}}}"
        return f"{head} {tex(self.lhs)}", "=", tex(self.rhs)

    def text(self):
        """Return the claim as plain text."""
        head = f"lim_{{{text(self.over)}→{text(self.to)}{self._arrow}}}"
        return f"{head} {text(self.lhs)} = {text(self.rhs)}"

    def _way(self, world):
        """Yield points of the variable on the way to the limit point."""
        to = attack.Evaluate(world)(self.to) if self.to.is_finite else None
        for k in (6, 20, 60):
            h = mp.mpf(10) ** -k
            if to is None:
                yield 1 / h if self.to == sp.oo else -1 / h
            else:
                yield to - h if self._arrow == "-" else to + h

    def _distances(self, world):
        """Yield how far lhs is from rhs on the way to the limit."""
        attack.Evaluate(world)(self.lhs)
        goal = self.rhs if self.rhs.is_infinite else attack.Evaluate(world)(self.rhs)
        for place in self._way(world):
            moved = world.changed()
            moved.values[self.over] = place
            got = attack.Evaluate(moved, Floating)(self.lhs)
            if self.rhs.is_infinite:
                yield 1 / abs(got) if (got > 0) == (goal == sp.oo) else mp.inf
            else:
                yield abs(got - goal)

    def sides(self, world, backend=Floating):
        """Return the last and the first distance to the limit."""
        with mp.workdps(90 if world.located else 300):
            first, _, last = list(self._distances(world))
        return last, first

    def fails(self, left, right, slack):
        """Whether the distance does not shrink."""
        enough = 1 if self.rhs.is_infinite else 2
        return not (left < slack or left < right / enough)

    def proof(self):
        """Compute the limit exactly."""
        scope = Scope()
        lower = Lower(scope)
        f, x = normal(lower(self.lhs), scope), lower(self.over)
        if f.has(Bracket):
            return None
        two_sided = "+-" if self.to.is_finite else "+" if self.to == -sp.oo else "-"
        side = self._arrow or two_sided
        try:
            got = sp.limit(f, x, self.to, side)
        except (NotImplementedError, ValueError):
            return None
        want = lower(self.rhs)
        same = got == want or (want.is_finite and is_zero(got - want, scope))
        return "exact limit" if same else None


@dataclass(frozen=True)
class Equivalent(Claim):
    """D(p, q) = 0 holds exactly when p = q; lhs is D, rhs the pair Equal(p, q)."""

    sign = (r"\iff", "= 0 ⟺")
    needs_proof = True

    def __post_init__(self):
        pair = isinstance(self.rhs, Equal) and all(
            isinstance(f, v.Density | v.Given) for f in self.laws
        )
        if not pair:
            raise ClaimError(
                "Equivalent takes a functional and an Equal of two densities."
            )
        object.__setattr__(self, "lhs", wrap(self.lhs))

    @property
    def laws(self) -> tuple:
        """The two laws: q for q(z), and a density that is no conditional one last."""
        sides = (self.rhs.lhs, self.rhs.rhs)
        found = [s.args[0] if isinstance(s, v.At) else s for s in sides]
        return tuple(sorted(found, key=lambda f: not isinstance(f, v.Given)))

    @property
    def formulas(self):
        """The functional and the two densities."""
        return (self.lhs, self.rhs.lhs, self.rhs.rhs)

    def rebuild(self, *formulas):
        """Return the same relation between other formulas."""
        return Equivalent(formulas[0], Equal(*formulas[1:]))

    def parts(self):
        """Return the functional, the equivalence, and the two equal densities."""
        return tex(self.lhs), "=", rf"0 \iff {self.rhs.tex()}"

    def text(self):
        """Return the claim as plain text."""
        return f"{text(self.lhs)} {self.sign[1]} {self.rhs.text()}"

    def sides(self, world, backend=Floating):
        """Return the value at p = q and at unequal p and q."""
        p, q = self.laws
        same = attack.Evaluate(world)(self.lhs.xreplace({q: p}))
        plain = not isinstance(p, v.Given)
        if world.nice and plain and len(world.table(p)) > 1:
            world = world.changed()
            world.values[q] = dict(
                zip(world.table(p), reversed(world.table(p).values()), strict=True)
            )
        apart = attack.Evaluate(world)(self.lhs)
        if _values(world, p) == _values(world, q):
            return same, mp.mpf(1)
        return same, apart

    def fails(self, left, right, slack):
        """Whether it is not 0 for equal or is 0 for unequal densities."""
        return abs(left) > slack or abs(right) <= slack

    def proof(self):
        """Zero at p = q, and the integrand vanishes at p/q = 1 only."""
        p, q = self.laws
        if not prove.equal(self.lhs.xreplace({q: p}), 0):
            return None
        diff, scope = prove.lowered(self.lhs, 0)
        shape = tangent(normal(diff, scope), scope)
        if shape and shape[0].strict and shape[0].zero == 1:
            return f"∫ q g(p/q), g ≥ 0 with its only zero at 1: {shape[0].reason}"
        return None


def _values(world, law) -> list:
    """Return the values of a law on the cells of its space."""
    evaluate = attack.Evaluate(world)
    cells = range(len(world.cells(law.spaces[0])))
    return [mp.nstr(evaluate.at(law, (k,), {}), 25) for k in cells]


@dataclass(frozen=True)
class Every(Claim):
    """A finite list of exact claims, all true; lhs says which, as (LaTeX, text)."""

    needs_proof = True

    lhs: tuple
    rhs: tuple

    def __post_init__(self):
        if not self.rhs or not all(isinstance(c, Claim) and c.closed for c in self.rhs):
            raise ClaimError(
                "Every takes a non-empty list of claims without free symbols."
            )

    @property
    def formulas(self):
        """The first case stands for all when mutants are made."""
        return self.rhs[0].formulas

    def rebuild(self, *formulas):
        """Return the claim with its first case replaced."""
        return Every(self.lhs, (self.rhs[0].rebuild(*formulas), *self.rhs[1:]))

    def parts(self):
        """Return the sentence, cut at its relation if it has one."""
        for relation in (r"\ge", r"\le", "="):
            left, found, right = self.lhs[0].partition(relation)
            if found:
                return left, relation, right
        return "", "", self.lhs[0]

    def text(self):
        """Return the sentence as text."""
        return self.lhs[1]

    closed = True

    def sides(self, world, backend=Floating):
        """Return how many cases hold, and how many there are."""
        with mp.workdps(60):
            good = sum(not contradicted(c) for c in self.rhs)
        return mp.mpf(good), mp.mpf(len(self.rhs))

    def fails(self, left, right, slack):
        """Whether a case fails."""
        return left != right

    def proof(self):
        """Prove every case."""
        if all(c.proof() for c in self.rhs):
            return f"all {len(self.rhs)} cases, exactly"
        return None
