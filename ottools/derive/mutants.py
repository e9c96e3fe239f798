"""Mutants: plausible wrong versions of a claim, which the checker must refute.

A check that cannot fail shows nothing. Every rule below makes the kind of slip that
stands in printed formulas: a lost sign, a factor two, swapped arguments, σ for σ².
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import chain

import sympy as sp

from . import claims as c
from . import ordered as o
from . import relations as r
from . import vocabulary as v
from .arithmetic import Quick
from .premises import If
from .typeset import text

FLIP = {
    c.AtMost: c.AtLeast,
    c.AtLeast: c.AtMost,
    c.Less: c.AtLeast,
    r.Maximiser: r.Minimiser,
    r.Minimiser: r.Maximiser,
}
LIMIT, FEWEST, MORE = 8, 4, "add another constant"
UNREADABLE = (o.ClaimError, ValueError, TypeError, ZeroDivisionError)


@dataclass(frozen=True)
class Mutant:
    """A mutated claim and the slip that made it."""

    slip: str
    claim: object


@dataclass(frozen=True)
class Score:
    """How many mutants were made, are equivalent, were refuted, and survive."""

    made: int
    equivalent: int
    killed: int
    survivors: tuple

    def __str__(self):
        same = f", {self.equivalent} equivalent" if self.equivalent else ""
        left = f", {len(self.survivors)} survive" if self.survivors else ""
        return f"{self.killed} of {self.made} mutants refuted{same}{left}"


def _bodies(expr, path=()):
    """Yield (path, node) for every place where a slip can happen."""
    if isinstance(expr, o.Leaf):
        return
    yield path, expr
    if isinstance(expr, v.Alias):
        return
    for i, a in enumerate(expr.args):
        yield from _bodies(a, (*path, i))


def _replace(expr, path, new):
    """Return expr with the node at a path replaced."""
    if not path:
        return new
    args = list(expr.args)
    args[path[0]] = _replace(args[path[0]], path[1:], new)
    return expr.func(*args)


def _of_sum(node):
    """Flip or drop each term of a sum."""
    args = node.args
    for i, t in enumerate(args):
        wrong = t.args[0] if isinstance(t, o.Neg) else o.Neg(t)
        yield "flip the sign of a term", o.Plus(*args[:i], wrong, *args[i + 1 :])
        yield "drop a term", o.Plus(*args[:i], *args[i + 1 :])


def _of_pair(node):
    """Swap what is not symmetric."""
    yield "swap the arguments", node.func(*reversed(node.args))
    yield "double a coefficient", o.Times(2, node)


def _of_value(node):
    """Double and halve a functional, an integral, a sum, a logarithm."""
    yield "double a coefficient", o.Times(2, node)
    yield "halve a coefficient", o.Over(node, 2)


def _of_product(node):
    """Swap neighbours where the product still makes sense."""
    args = node.args
    for i in range(len(args) - 1):
        try:
            wrong = v.MatMul(*args[:i], args[i + 1], args[i], *args[i + 2 :])
        except o.ClaimError:
            continue
        yield "swap two factors", wrong


def _of_condition(node):
    p, y, x = node.args
    yield "swap the condition", v.Given(p, x, y)


def _of_extreme(node):
    kinds = {v.LeastValue: v.GreatestValue, v.GreatestValue: v.LeastValue}
    yield "take the other end", kinds[type(node)](*node.args)


def _of_power(node):
    if node.args[1] == 2:
        yield "lose a square", node.args[0]


def _of_member(node):
    f, first, *rest = node.args
    yield "shift an index", v.Item(f, o.Plus(first, 1), *rest)


def _of_number(node):
    if node != 0:
        yield "off by one", node + 1


SLIPS = (
    ((o.Plus,), _of_sum),
    ((v.KL, v.CrossEntropy, v.Chi2), _of_pair),
    ((v.Given,), _of_condition),
    ((v.LeastValue, v.GreatestValue), _of_extreme),
    ((v.Distinct,), lambda e: [("count the diagonal", e.unfold().args[0])]),
    ((v.Functional, v.Expect, v.Independent, v.Integral, v.Sum, o.Log), _of_value),
    ((v.Trace, v.Norm2, v.Gradient), _of_value),
    ((v.MatMul,), _of_product),
    ((v.Transpose,), lambda e: [("drop a transpose", e.args[0])]),
    ((v.Inverse, v.Root), lambda e: [("drop an exponent", e.args[0])]),
    ((o.Over,), lambda e: [("turn a fraction over", o.Over(e.args[1], e.args[0]))]),
    ((o.Power,), _of_power),
    ((o.Times,), lambda e: [("drop a factor", o.Times(*e.args[1:]))]),
    ((o.Neg,), lambda e: [("flip a sign", e.args[0])]),
    ((v.Item,), _of_member),
    ((sp.Rational,), _of_number),
)


def _slips(node, others):
    """Yield (name of the slip, wrong node) for one node."""
    for kinds, rule in SLIPS:
        if isinstance(node, kinds):
            yield from rule(node)
            break
    if isinstance(node, v.Expect):
        body, x, p = node.args
        for q in others:
            if q != p and v.spaces_of(q) == v.spaces_of(p):
                yield "take the mean under another density", v.Expect(body, x, q)


def _densities(formulas):
    """Return the abstract densities of some formulas, in a fixed order."""
    found = {
        n
        for f in formulas
        for n in sp.preorder_traversal(f)
        if isinstance(n, v.Density)
    }
    return sorted(found, key=str)


def _wrong_formulas(formulas):
    """Yield (slip, formulas with one wrong node)."""
    others = _densities(formulas)
    for k in reversed(range(len(formulas))):
        for path, node in _bodies(formulas[k]):
            for slip, wrong in _slips(node, others):
                try:
                    changed = _replace(formulas[k], path, wrong)
                except UNREADABLE:
                    continue
                yield slip, (*formulas[:k], changed, *formulas[k + 1 :])


def _variants(claim):
    """Yield (slip, how to build the wrong claim)."""
    formulas = claim.formulas
    for slip, wrong in _wrong_formulas(formulas):
        yield slip, lambda w=wrong: claim.rebuild(*w)
    if isinstance(claim, If):
        yield from ((slip, lambda c=c: c) for slip, c in claim.slips())
        return
    if type(claim) in FLIP:
        yield "flip the relation", lambda: _flipped(claim)
    k = 0 if isinstance(claim, r.Equivalent) else len(formulas) - 1
    side = formulas[k]
    wrong_sides = [
        ("add a constant", o.Plus(side, sp.Rational(1, 7))),
        ("add a constant", o.Plus(side, -sp.Rational(1, 5))),
        ("double a side", o.Times(2, side)),
    ]
    if isinstance(claim, c.Equal):
        wrong_sides.append(("flip the sign of a side", o.Neg(side)))
    for slip, wrong in wrong_sides:
        moved = (*formulas[:k], wrong, *formulas[k + 1 :])
        yield slip, lambda w=moved: claim.rebuild(*w)


def _more(claim):
    """Yield further constants, for a claim to which little else can be done."""
    *most, last = claim.formulas
    for number in (sp.Rational(1, 3), -sp.Rational(1, 2), sp.Integer(1)):
        yield MORE, partial(claim.rebuild, *most, o.Plus(last, number))


def _wording(claim) -> str:
    """Return what tells two mutants apart: relation and formulas."""
    if isinstance(claim, If):
        return claim.text()
    return " ".join([type(claim).__name__, *map(text, claim.formulas)])


def mutants(claim, limit: int = LIMIT) -> list[Mutant]:
    """Make wrong versions of a claim, spread over its slips, at most `limit`."""
    made, seen = {}, {_wording(claim)}
    for slip, build in chain(_variants(claim), _more(claim)):
        few = sum(map(len, made.values())) < FEWEST
        if slip == MORE and not few:
            break
        try:
            new = build()
            wording = _wording(new)
        except UNREADABLE:
            continue
        if wording not in seen:
            seen.add(wording)
            made.setdefault(slip, []).append(Mutant(slip, new))
    return _spread(made, limit)


def _flipped(claim):
    kind = FLIP[type(claim)]
    extra = (claim.over,) if isinstance(claim, r.Maximiser) else ()
    return kind(*claim.formulas, *extra)


def _spread(made, limit):
    """Take mutants in turn from every kind of slip."""
    out, depth = [], 0
    while len(out) < limit and any(depth < len(m) for m in made.values()):
        for slip in sorted(made):
            if depth < len(made[slip]) and len(out) < limit:
                out.append(made[slip][depth])
        depth += 1
    return out


def _implied(claim, mutant) -> bool:
    """Whether a mutated inequality is weaker than the original: true, and no slip."""
    if not isinstance(claim, c.AtMost | c.AtLeast) or type(claim) is not type(mutant):
        return False
    sides = [
        (x.rhs, x.lhs) if isinstance(x, c.AtMost) else (x.lhs, x.rhs)
        for x in (claim, mutant)
    ]
    (big, small), (other_big, other_small) = sides
    gain = c.AtLeast(o.Plus(other_big, small), o.Plus(other_small, big))
    return bool(c.proof_of(gain))


def quickly_refuted(claim) -> bool:
    """Whether plain floats already contradict a claim by far more than rounding."""
    if type(claim) not in (c.Equal, c.AtMost, c.AtLeast, c.Less):
        return False
    for k in (0, 3, 7):
        try:
            left, right = claim.sides(claim.world(claim.seed, k), Quick)
        except (ValueError, ZeroDivisionError, OverflowError):
            continue
        # Floats cannot tell a small gap from none: a strict claim must fail by far.
        weak = c.AtMost(claim.lhs, claim.rhs) if claim.strict else claim
        if left == left and right == right and weak.fails(left, right, 1e-6):
            return True
    return False


def score(claim, limit: int = LIMIT) -> Score:
    """Let the checker loose on the mutants of a claim."""
    killed, same, left = 0, 0, []
    pool, made = mutants(claim, limit), 0
    for m in pool:
        try:
            status = "refuted" if quickly_refuted(m.claim) else None
            status = status or c.check(m.claim).status
        except UNREADABLE:
            continue
        made += 1
        if status == "refuted":
            killed += 1
        elif status in ("proved", "certified") or _implied(claim, m.claim):
            same += 1
        else:
            left.append((m.slip, m.claim.text(), status))
    return Score(made, same, killed, tuple(left))
