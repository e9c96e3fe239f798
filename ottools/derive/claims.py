"""Claims, and `check`, which says how it knows.

A claim is a relation between formulas. `check` first lets it meet random concrete
worlds, which may refute it with a counterexample, and then looks for a proof. The order
matters: what a numerical attack has refuted no algebra may call proved.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass

import mpmath
import sympy as sp
from mpmath import mp

from . import attack, prove, worlds
from .arithmetic import Exact, Floating, Quick
from .functionals import Diff, Vary
from .grids import farthest, probe
from .matrices import MatrixSymbol, shape
from .ordered import ClaimError, wrap
from .typeset import tex, text

STATUSES = (
    "proved",
    "certified",
    "tested",
    "cited",
    "definition",
    "refuted",
    "undecided",
)
DIGITS, POINTS = 50, 24
QUADRATURE_DIGITS, QUADRATURE_POINTS, DERIVATIVE_DIGITS = 32, 3, 18
NESTED_DIGITS = 14


@dataclass(frozen=True)
class Counterexample:
    """A world in which a claim fails: the assignments and both sides."""

    claim: object
    seed: str
    number: int
    values: tuple
    left: str
    right: str

    def reevaluate(self, digits: int = 40):
        """Evaluate both sides anew in the same world; return two numbers."""
        with mp.workdps(digits):
            return self.claim.sides(self.claim.world(self.seed, self.number))

    def __str__(self):
        where = ", ".join(f"{k} = {val}" for k, val in self.values)
        return (
            f"at {where}: left {self.left}, right {self.right}"
            if where
            else (f"left {self.left}, right {self.right}")
        )


@dataclass(frozen=True)
class Verdict:
    """The answer of `check`: a status, the method, the attack, a counterexample."""

    status: str
    method: str
    points: int = 0
    digits: int = 0
    counterexample: Counterexample | None = None

    @property
    def how(self) -> str:
        """One line that says how the status was reached."""
        if self.status == "refuted":
            return f"counterexample {self.counterexample}"
        attacked = (
            f"; attacked at {self.points} random points, {self.digits} digits"
            if self.points
            else ""
        )
        return self.method + attacked

    def __str__(self):
        return f"{self.status}: {self.how}"


@dataclass(frozen=True)
class Claim(ABC):
    """A relation between two formulas; `sign` holds its LaTeX and text symbol."""

    lhs: object
    rhs: object
    sign = (r"\;?\;", "?")
    needs_proof = False
    strict = False
    compares = True

    def __post_init__(self):
        for side in ("lhs", "rhs"):
            object.__setattr__(self, side, wrap(getattr(self, side)))
        self._check_shapes()

    def _check_shapes(self):
        """Refuse to compare matrices of different shape, or by another relation."""
        left, right = shape(self.lhs), shape(self.rhs)
        if left is right is None or left == right and isinstance(self, Equal):
            return
        if not isinstance(self, Equal) or 0 not in (self.lhs, self.rhs):
            raise ClaimError(
                "matrices of one shape may be equal, or a matrix equal to 0; "
                f"{self.text()} is neither."
            )

    @property
    def formulas(self) -> tuple:
        """The formulas of the claim, for the choice of worlds and for mutants."""
        return (self.lhs, self.rhs)

    def rebuild(self, *formulas):
        """Return the same relation between other formulas."""
        return type(self)(*formulas)

    def parts(self) -> tuple[str, str, str]:
        """Return left side, relation and right side as LaTeX."""
        return tex(self.lhs), self.sign[0], tex(self.rhs)

    def tex(self) -> str:
        """Return the claim as LaTeX."""
        return " ".join(self.parts())

    def text(self) -> str:
        """Return the claim as plain text."""
        return f"{text(self.lhs)} {self.sign[1]} {text(self.rhs)}"

    def __str__(self):
        return self.text()

    @property
    def closed(self) -> bool:
        """Whether the claim speaks of one finite instance: no free symbol at all."""
        return prove.is_closed(*self.formulas)

    @property
    def differentiates(self) -> bool:
        """Whether a derivative occurs, which is costly under quadrature."""
        return any(f.has(Diff, Vary) for f in self.formulas)

    @property
    def nested(self) -> bool:
        """Whether an integral over the line stands within another one."""
        return worlds.nested(worlds.nodes_of(*self.formulas))

    @property
    def seed(self) -> str:
        """A seed that depends on the wording only."""
        return hashlib.sha1(self.text().encode()).hexdigest()[:12]

    def world(self, seed, k):
        """Return the k-th world in which the claim can be tried."""
        return worlds.world(seed, k, *self.formulas)

    def sides(self, world, backend=Floating):
        """Return the values of both sides in a world."""
        evaluate = attack.Evaluate(world, backend)
        return probe(evaluate(self.lhs), evaluate(self.rhs))

    @abstractmethod
    def fails(self, left, right, slack) -> bool:
        """Whether the two values contradict the claim."""

    @abstractmethod
    def proof(self):
        """Return the method by which the claim was proved, or None."""


def _gap(left, right):
    """Return the difference of two numbers relative to their size, from 1 on."""
    return abs(left - right) / max(1, abs(left), abs(right))


@dataclass(frozen=True)
class Equal(Claim):
    """lhs = rhs for every admissible choice."""

    sign = ("=", "=")

    def fails(self, left, right, slack):
        """Whether the values differ."""
        if mpmath.isinf(left) or mpmath.isinf(right):
            return left != right
        return not _gap(left, right) <= slack

    def proof(self):
        """Prove by the normal form of the difference."""
        return prove.equal(self.lhs, self.rhs)


@dataclass(frozen=True)
class AtMost(Claim):
    """lhs ≤ rhs for every admissible choice."""

    sign = (r"\le", "≤")

    def fails(self, left, right, slack):
        """Whether lhs exceeds rhs."""
        if mpmath.isinf(left) or mpmath.isinf(right):
            return left > right
        return not left - right <= slack * max(1, abs(left), abs(right))

    def proof(self):
        """Prove rhs − lhs ≥ 0."""
        return prove.at_least(self.rhs, self.lhs)


@dataclass(frozen=True)
class AtLeast(Claim):
    """lhs ≥ rhs for every admissible choice."""

    sign = (r"\ge", "≥")

    def fails(self, left, right, slack):
        """Whether rhs exceeds lhs."""
        if mpmath.isinf(left) or mpmath.isinf(right):
            return right > left
        return not right - left <= slack * max(1, abs(left), abs(right))

    def proof(self):
        """Prove lhs − rhs ≥ 0."""
        return prove.at_least(self.lhs, self.rhs)


@dataclass(frozen=True)
class Less(AtMost):
    """lhs < rhs for every admissible choice."""

    sign = ("<", "<")
    strict = True

    def fails(self, left, right, slack):
        """Whether lhs reaches rhs."""
        if mpmath.isinf(left) or mpmath.isinf(right):
            return left >= right
        return not left - right < -slack * max(1, abs(left), abs(right))

    def proof(self):
        """Prove rhs − lhs > 0."""
        return prove.at_least(self.rhs, self.lhs, strict=True)


NO_PROOF = (
    TypeError,
    ValueError,
    NotImplementedError,
    RecursionError,
    AttributeError,
    ArithmeticError,
    LookupError,
    sp.PolynomialError,
)


def check(claim: Claim) -> Verdict:
    """Decide a claim: attack it, then prove it, and say which of the two spoke.

    Raises ClaimError for claims that cannot be read (undeclared symbols, densities
    outside their space).
    """
    if not isinstance(claim, Claim):
        raise ClaimError(
            "check wants a relation such as Equal(lhs, rhs), "
            f"not {type(claim).__name__}."
        )
    found, points, digits = assault(claim)
    if found:
        return Verdict("refuted", "numerical attack", points, digits, found)
    wanted = 1 if claim.closed else 20
    method = proof_of(claim) if points else None
    if method:
        status = "certified" if claim.closed else "proved"
        return Verdict(status, method, points, digits)
    if claim.needs_proof or not points:
        return Verdict("undecided", "no proof, no counterexample", points, digits)
    if points < wanted:
        found, points, digits = assault(claim, wanted)
        if found:
            return Verdict("refuted", "numerical attack", points, digits, found)
    if points >= wanted and digits >= 30:
        return Verdict("tested", "not decided by the normal form", points, digits)
    return Verdict("undecided", "no proof, no counterexample", points, digits)


def proof_of(claim):
    """Return the method of a proof, or None; what SymPy cannot do is no proof."""
    try:
        return claim.proof()
    except ClaimError:
        raise
    except NO_PROOF:
        return None


def assault(claim: Claim, points: int | None = None, digits: int | None = None):
    """Try a claim in random worlds: (counterexample or None, points, digits).

    A failing world counts only if the contradiction stands at higher precision.
    If a quarter of the worlds have no value, the claim met no point at all.
    """
    located = claim.world(claim.seed, 0).located
    digits = digits or (QUADRATURE_DIGITS if located else DIGITS)
    if located and claim.differentiates:
        digits = min(digits, DERIVATIVE_DIGITS)
    nested = located and claim.nested
    digits = min(digits, NESTED_DIGITS) if nested else digits
    usual = POINTS if isinstance(claim, Equal) else 2 * POINTS
    points = points or (QUADRATURE_POINTS if located else usual)
    points = 1 if claim.closed else points
    loss = 6 if located else 5
    done = 0
    for k in range(points):
        sides = _sides(claim, k, digits + 10, Quick if nested else Floating)
        if sides is None:
            continue
        slack = mp.mpf(10) ** (loss - digits)
        if claim.closed and _exactly_false(claim, k):
            return _counterexample(claim, k, *sides), done + 1, digits
        if _contradict(claim, sides, slack) and (
            _stands(claim, k, sides, digits) if located else _confirmed(claim, k, slack)
        ):
            return _counterexample(claim, k, *sides), done + 1, digits
        done += 1
    return (
        None,
        done if 4 * done >= 3 * points else 0,
        digits - (loss if located else 0),
    )


def _sides(claim, k, digits, backend=Floating):
    """Evaluate both sides in the k-th world; None where they are undefined."""
    with mp.workdps(digits):
        try:
            left, right = claim.sides(claim.world(claim.seed, k), backend)
        except (ZeroDivisionError, OverflowError):
            return None
        real = not isinstance(left, mpmath.mpc) and not isinstance(right, mpmath.mpc)
        if real and (mpmath.isnan(left) or mpmath.isnan(right)):
            return None
    return left, right


def _contradict(claim, sides, slack) -> bool:
    """Whether two values are not real or contradict the claim."""
    return any(isinstance(s, mpmath.mpc) for s in sides) or claim.fails(*sides, slack)


def _stands(claim, k, sides, digits) -> bool:
    """Whether a small gap between quadratures is still there at more digits."""
    left, right = sides
    if any(isinstance(s, mpmath.mpc) or mpmath.isinf(s) for s in sides):
        return True
    gap = _gap(left, right)
    if claim.nested or gap > mp.mpf(10) ** -8:
        return True
    again = _sides(claim, k, digits + 25)
    return again is not None and (claim.strict or _gap(*again) > gap / 1000)


def _confirmed(claim, k, slack) -> bool:
    """Whether the contradiction stands at twice and thrice the precision."""
    twice, thrice = (_sides(claim, k, n * DIGITS + 20) for n in (2, 3))
    if twice is None or thrice is None or not _contradict(claim, thrice, slack):
        return False
    real = not any(isinstance(s, mpmath.mpc) for s in thrice)
    exact = _exact_sides(claim, claim.world(claim.seed, k)) if real else None
    equal = exact and sp.expand(exact[0] - exact[1]) == 0
    if equal and claim.compares and not claim.fails(0, 0, slack):
        return False
    if real and not equal and claim.strict and _apart(claim, k, slack, twice, thrice):
        return False
    return all(
        a == b or abs(a - b) <= mp.mpf(10) ** -20 * max(1, abs(a))
        for a, b in zip(twice, thrice, strict=True)
    )


def _apart(claim, k, slack, twice, thrice) -> bool:
    """Whether lhs may stay below rhs by less than the slack, as 0 below exp(−800).

    Such a gap does not move with the precision, or no precision shows it, far out.
    """
    (left, right), (old_left, old_right) = thrice, twice
    gap, before = right - left, old_right - old_left
    if -gap > slack * max(1, abs(left)):
        return False
    settled = gap > 0 and abs(gap - before) < gap / 10**6
    return settled or claim.world(claim.seed, k).wild


def contradicted(claim) -> bool:
    """Whether a claim about one instance is false: exactly, or by far at 60 digits."""
    if _exactly_false(claim, 0):
        return True
    return claim.fails(*claim.sides(claim.world(claim.seed, 0)), mp.mpf(10) ** -40)


def _exactly_false(claim, k) -> bool:
    """Whether both sides are rational and contradict the claim exactly."""
    exact = _exact_sides(claim, claim.world(claim.seed, k))
    if not exact or not all(e.is_Rational for e in exact):
        return False
    left, right = exact
    wrong = {Equal: left != right, AtMost: left > right, AtLeast: left < right}
    return bool(wrong.get(type(claim), type(claim) is Less and left >= right))


def _exact_sides(claim, world):
    """Return both sides as exact SymPy numbers, or None where that cannot be had."""
    try:
        return tuple(map(sp.sympify, claim.sides(world, Exact)))
    except (TypeError, ValueError, AttributeError):
        return None


def _counterexample(claim, k, left, right):
    """Describe the world in which the claim failed, exactly where possible."""
    world = claim.world(claim.seed, k)
    sides = [mpmath.nstr(s, 6) for s in (left, right)]
    if sides[0] == sides[1]:
        sides = [mpmath.nstr(s, 30) for s in (left, right)]
    exact = None if world.located else _exact_sides(claim, world)
    if exact:
        sides = [
            e if e == s or s == f"{e}.0" else f"{e} ≈ {s}"
            for e, s in zip(map(_short, exact), sides, strict=True)
        ]
    else:
        with mp.workdps(15):
            claim.sides(world, Quick if claim.nested else Floating)
    shown = (*_shown(world), *_entry(claim, world))
    return Counterexample(claim, claim.seed, k, shown, *sides)


def _entry(claim, world):
    """Yield the place in which two matrices differ most, counted from one."""
    if any(shape(f) for f in claim.formulas):
        i, j = farthest(*map(attack.Evaluate(world), claim.formulas))
        yield "entry", f"({i + 1}, {j + 1})"


def _short(number):
    s = str(number)
    return s if len(s) <= 64 else mpmath.nstr(mpmath.mpmathify(number.evalf(15)), 6)


def _shown(world):
    """Yield the assignments of a world as (name, value) pairs."""
    from . import vocabulary as v

    for key, val in sorted(world.values.items(), key=lambda kv: str(kv[0])):
        if isinstance(key, v.Var | v.Index):
            yield text(key), str(val)
        elif isinstance(key, v.Fn | v.Table) and not isinstance(key, v.Marginal):
            yield text(key), "(" + ", ".join(map(str, val.values())) + ")"
        elif isinstance(key, tuple) and isinstance(key[0], v.Samples):
            yield f"{key[0].name}[{' '.join(map(str, key[1]))}]", str(val)
        elif isinstance(key, MatrixSymbol) and key.kind != "identity":
            yield text(key), str(val)
