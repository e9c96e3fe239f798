"""What follows from premises, signs and least values by linear arithmetic."""

from __future__ import annotations

from itertools import islice, product

import sympy as sp

from .extremes import Extreme
from .integrands import bound_values, integrands, laws_among
from .linear import Fact, follows
from .lower import Bracket
from .points import rename

ROUNDS = 3
MOST = 60
FACTORS = 3
LINEAR = "linear arithmetic"


def linear(diff, scope, strict):
    """Prove diff ≥ 0 where absolute values or least values stand in it."""
    goal = Fact(diff, strict=strict)
    if diff.has(Bracket):
        return under_integral(goal, [], scope) if diff.has(Extreme) else None
    return entails(goal, [], scope) if diff.has(sp.Abs, Extreme) else None


def linear_equal(diff, scope):
    """Prove diff = 0 where least values stand in it."""
    if not diff.has(Extreme) or diff.has(Bracket):
        return None
    return entails(Fact(diff, equal=True), [], scope)


def entails(goal, facts, scope, schemas=()):
    """Return how a goal follows from facts, and from instances of schemas, or None.

    The facts may be multiplied by a positive number of the goal, or by its inverse.
    """
    places = {s for s in scope.spaces if not {"@", "°"} & set(s.name)}
    known = _known(goal, facts, schemas, places, scope)
    found = follows(goal, known, scope.domains)
    if found is None and known:
        here = sorted(goal.value.free_symbols & scope.domains.keys(), key=str)
        positive = [s for s in here if scope.domains[s][0] >= 0][:FACTORS]
        factors = [sp.Integer(1), *positive, *(1 / s for s in positive)]
        found = follows(goal, _times(known, factors), scope.domains)
    return _shown(found)


def under_integral(goal, facts, scope, schemas=()):
    """Prove Σ ∫ w_k g_k ≥ 0 for densities w_k, from what is ≥ 0 at each point."""
    if goal.strict or goal.equal:
        return None
    for c, phi, points in integrands(goal.value, scope):
        values = bound_values(phi, points, scope)
        laws = laws_among(values, points, scope)
        if c == 0:  # then any positive weight will do
            laws = [s for s in values if scope.domains[s][0] >= 0][:FACTORS]
        places = {s for s in scope.spaces if not {"@", "°"} & set(s.name)} | {*points}
        for w in laws:
            inside = Fact(sp.expand(phi + c * w))
            known = _known(inside, facts, schemas, places, scope)
            found = follows(inside, _times(known, laws), scope.domains)
            if found is not None:
                return f"under the integral, {_shown(found)}"
    return None


def _known(goal, facts, schemas, places, scope) -> list:
    """Return the facts, those of least values, and the schemas at all the places."""
    values = [f.value for f in (goal, *facts)]
    found = [*facts, *_of_extremes(values, places, scope)]
    return [*found, *_instances(schemas, places, scope)]


def _times(facts, factors) -> list:
    """Return all products of facts with positive factors."""
    return [
        Fact(sp.expand(m * f.value), f.name, f.strict, f.equal)
        for m in factors
        for f in facts
    ]


def _shown(found):
    """Write a combination of facts in words; None stays None."""
    if found is None:
        return None
    parts = [f"{c}·{name}" for name, c in found.items()]
    return f"{LINEAR}: {' + '.join(parts)}".replace("+ -", "− ") if parts else LINEAR


def _instances(schemas, places, scope) -> list:
    """Return what the schemas say at the given points."""
    out = []
    for spaces, instance in schemas:
        ranges = [[s for s in places if scope.spaces[s] == x] for x in spaces]
        chosen = islice(product(*(sorted(r, key=str) for r in ranges)), MOST)
        out += [instance(places) for places in chosen]
    return out


def _of_extremes(values, places, scope):
    """Return what is known of the least values in some expressions.

    Each is attained at a point of its own, which joins the places, and is bounded by
    the value at every one of them.
    """
    own, facts = {}, {}
    for _ in range(ROUNDS):
        found = sorted({e for x in values for e in x.atoms(Extreme)}, key=str)
        for e in (e for e in found if not _inner(e, scope)):
            space = scope.spaces[e.args[1]]
            if e not in own:
                own[e] = scope.symbol(f"{space.name}*{len(own)}")
                scope.spaces[own[e]] = space
                facts[e, own[e]] = Fact(e - _at(e, own[e], scope), "", equal=True)
                places.add(own[e])
            for x in sorted(places, key=str):
                if scope.spaces[x] == space and (e, x) not in facts:
                    gap = e.args[2] * (_at(e, x, scope) - e)
                    facts[e, x] = Fact(gap, "a value at a point")
        values = [f.value for f in facts.values()]
        if len(facts) > MOST:
            break
    return list(facts.values())


def _inner(e, scope) -> bool:
    """Whether a least value depends on the point of another one around it."""
    free = {s for s in e.args[0].free_symbols if s in scope.spaces}
    for s in e.args[0].free_symbols:
        if s in scope.values:
            free |= set(scope.values[s].points)
    bound = {x.args[1] for x in (e, *e.args[0].atoms(Extreme))}
    return any("°" in s.name for s in free - bound)


def _at(e, point, scope):
    """Return the function under a least value at a point."""
    body, name, _ = e.args
    return rename(body, {name: point}, scope)
