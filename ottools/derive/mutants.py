"""Mutants: plausible wrong versions of a claim, which the checker must refute.

A check that cannot fail shows nothing. Every rule below makes the kind of slip that
stands in printed formulas: a lost sign, a factor two, swapped arguments, σ for σ².
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from . import claims as c
from . import ordered as o
from . import prove
from . import relations as r
from . import vocabulary as v

FLIP = {
    c.AtMost: c.AtLeast,
    c.AtLeast: c.AtMost,
    c.Less: c.AtLeast,
    r.Maximiser: r.Minimiser,
    r.Minimiser: r.Maximiser,
}
LIMIT = 12


@dataclass(frozen=True)
class Mutant:
    """A mutated claim and the slip that made it."""

    slip: str
    claim: object


@dataclass(frozen=True)
class Score:
    """How many mutants were made, how many say the same as the original, and the rest."""

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


def _slips(node):
    """Yield (name of the slip, wrong node)."""
    if isinstance(node, o.Plus):
        for i, t in enumerate(node.args):
            wrong = t.args[0] if isinstance(t, o.Neg) else o.Neg(t)
            yield (
                "flip the sign of a term",
                o.Plus(*node.args[:i], wrong, *node.args[i + 1 :]),
            )
            yield "drop a term", o.Plus(*node.args[:i], *node.args[i + 1 :])
    elif isinstance(node, v.KL | v.CrossEntropy | v.Chi2):
        yield "swap the arguments", node.func(*reversed(node.args))
        yield "double a coefficient", o.Times(2, node)
    elif isinstance(node, v.Given):
        p, y, x = node.args
        yield "swap the condition", v.Given(p, x, y)
    elif isinstance(node, v.Functional | v.Expect | v.Integral | v.Sum | o.Log):
        yield "double a coefficient", o.Times(2, node)
        yield "halve a coefficient", o.Over(node, 2)
    elif isinstance(node, o.Over):
        yield "turn a fraction over", o.Over(node.args[1], node.args[0])
    elif isinstance(node, o.Power):
        base, n = node.args
        if n == 2:
            yield "lose a square", base
    elif isinstance(node, o.Times) and len(node.args) > 1:
        yield "drop a factor", o.Times(*node.args[1:])
    elif isinstance(node, o.Neg):
        yield "flip a sign", node.args[0]
    elif isinstance(node, v.Item):
        f, *idx = node.args
        yield "shift an index", v.Item(f, o.Plus(idx[0], 1), *idx[1:])
    elif isinstance(node, sp.Rational) and node not in (0,):
        yield "off by one", node + 1


def _measures(node, others):
    """Take an expectation under another density."""
    if isinstance(node, v.Expect):
        body, x, p = node.args
        for q in others:
            if q != p and v.spaces_of(q) == v.spaces_of(p):
                yield "take the mean under another density", v.Expect(body, x, q)


def mutants(claim, limit: int = LIMIT) -> list[Mutant]:
    """Make wrong versions of a claim, spread over its slips, at most `limit`."""
    made, seen = {}, {claim.text()}

    def add(slip, new):
        try:
            wording = new.text()
        except (o.ClaimError, ValueError, ZeroDivisionError, TypeError):
            return
        if wording not in seen:
            seen.add(wording)
            made.setdefault(slip, []).append(Mutant(slip, new))

    formulas = claim.formulas
    others = sorted(
        {
            n
            for f in formulas
            for n in sp.preorder_traversal(f)
            if isinstance(n, v.Density)
        },
        key=str,
    )
    for k in reversed(range(len(formulas))):
        for path, node in _bodies(formulas[k]):
            for slip, wrong in (*_slips(node), *_measures(node, others)):
                try:
                    changed = _replace(formulas[k], path, wrong)
                    add(slip, claim.rebuild(*formulas[:k], changed, *formulas[k + 1 :]))
                except (o.ClaimError, ValueError, ZeroDivisionError, TypeError):
                    continue
    if type(claim) in FLIP:
        add("flip the relation", _flipped(claim))
    for shift in (sp.Rational(1, 7), -sp.Rational(1, 5)):
        k = 0 if isinstance(claim, r.Equivalent) else len(formulas) - 1
        moved = [*formulas[:k], o.Plus(formulas[k], shift), *formulas[k + 1 :]]
        try:
            add("add a constant", claim.rebuild(*moved))
        except (o.ClaimError, ValueError, TypeError):
            continue
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
    return bool(
        prove.at_least(
            o.Plus(sides[1][0], sides[0][1]), o.Plus(sides[1][1], sides[0][0])
        )
    )


def score(claim, limit: int = LIMIT) -> Score:
    """Let the checker loose on the mutants of a claim."""
    killed, same, left = 0, 0, []
    slow = claim.world(claim.seed, 0).located
    pool, made = mutants(claim, limit // 2 + 2 if slow else limit), 0
    for m in pool:
        try:
            found, *_ = m.claim.assault(1 if slow else None, 16 if slow else None)
            status = "refuted" if found else c.check(m.claim).status
        except (o.ClaimError, ValueError, TypeError):
            continue
        made += 1
        if status == "refuted":
            killed += 1
        elif status in ("proved", "certified") or _implied(claim, m.claim):
            same += 1
        else:
            left.append((m.slip, m.claim.text(), status))
    return Score(made, same, killed, tuple(left))
