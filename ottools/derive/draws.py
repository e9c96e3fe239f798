"""The mean over an independent sample, from sums over its indices to integrals.

In a sum over indices i, j, … of one sample, some of them may be equal. Each way to say
which (a partition into b blocks) stands for n (n−1) … (n−b+1) terms, and in each of
them the blocks are b independent points.
"""

from __future__ import annotations

from itertools import product

import sympy as sp
from sympy.utilities.iterables import multiset_partitions

from . import vocabulary as v
from .sums import monomials

MOST = 6  # indices of one sample in a product
SAMPLES = 10**4  # that are gone through


def member(lower, f, points, bound, here):
    """Return the value of a function at points of a sample, as a member of a family."""
    if isinstance(f, v.Named):
        return lower(f.key[2].xreplace({f.key[1]: points[0]}), bound, here)
    places = [p.args[0] if isinstance(p, v.Drawn) else lower(p, bound) for p in points]
    indices = [lower(p.args[1], bound) for p in points if isinstance(p, v.Drawn)]
    return _family(f, places, indices, lower.scope)


def _family(f, places, indices, scope):
    """Return f at places: samples, which take one index each, and points."""
    if not indices:
        return scope.value(f, tuple(places))
    name = f"{f.name}({','.join(map(str, places))})"
    positive = True if f.domain[0] >= 0 else None
    base = sp.IndexedBase(name, real=True, positive=positive)
    scope.draws[base] = (f, tuple(places))
    return sp.Indexed(base, *indices)


def mean(lower, e, bound, here):
    """Return E over a sample of what stands in the brackets."""
    body, sample, law, size = e.args
    if isinstance(law, v.Table):
        return _counted(lower, e.args, bound)
    scope, n = lower.scope, lower(size, bound)
    depth = sum(1 for s in bound.values() if scope.spaces.get(s) == sample.space)
    points = []
    for k in range(depth, depth + MOST):
        points.append(scope.symbol(f"{sample.space.name}@{k}"))
        scope.spaces[points[-1]] = sample.space
    inner = {**bound, **{(sample, k): x for k, x in enumerate(points)}}
    weights = [lower(law, bound, (x,)) for x in points]
    out = sp.Integer(0)
    for limits, term in monomials(lower(body, inner, here)):
        out += _mean_of(term, limits, sample, n, (points, weights), scope)
    return out


def _counted(lower, args, bound):
    """Return the mean over all samples of given size from a given table."""
    body, sample, law, size = args
    scope, total = lower.scope, sp.Integer(0)
    cells = range(len(law.weights))
    if not size.is_Integer or len(cells) ** int(size) > SAMPLES:
        raise NotImplementedError("all samples are gone through if they are few")
    low = lower(body, bound).doit()
    members = [(x, *scope.draws[x.base]) for x in _members(low, sample, scope)]
    if any(not isinstance(f, v.Table) or len(at) > 1 for _, f, at in members):
        raise NotImplementedError("values of tables at points of one sample")
    for places in product(cells, repeat=int(size)):
        values = {x: f.weights[places[int(x.indices[0]) - 1]] for x, f, _ in members}
        total += sp.Mul(*(law.weights[k] for k in places)) * low.xreplace(values)
    return total


def _mean_of(term, limits, sample, n, under, scope):
    """Return the mean of a sum of monomials over the ranges `limits`."""
    ranges = {i: (lo, hi) for i, lo, hi in limits}
    mine = sorted(_indices(term, sample, scope), key=str)
    bound = [i for i in mine if i in ranges]
    whole = all(ranges[i] == (1, n) for i in bound)
    if not whole or (mine != bound and len(mine) > 1) or len(mine) > MOST:
        raise NotImplementedError("indices that are not summed over the whole sample")
    points, weights = under
    out = sp.Integer(0) if mine else term
    for blocks in multiset_partitions(mine) if mine else ():
        b = len(blocks)
        swap = {i: points[k] for k, block in enumerate(blocks) for i in block}
        inside = _drawn(term, sample, swap, scope) * sp.Mul(*weights[:b])
        count = sp.expand_func(sp.ff(n, b)) if bound else 1
        if inside.has(*mine):
            bound, count = _left(bound), 1
        out += count * _bracket(inside, points[:b])
    for i, lo, hi in limits:
        if i not in bound:
            out = sp.Sum(out, (i, lo, hi)) if out.has(i) else out * (hi - lo + 1)
    return out


def _left(bound) -> list:
    """Return no index as dealt with: the only one also stands beside the sample."""
    if len(bound) > 1:
        raise NotImplementedError("weights of several points of a sample")
    return []


def _bracket(inside, points):
    from .lower import Bracket

    return Bracket(inside, sp.Tuple(*points))


def _members(term, sample, scope):
    """Yield the members of families that depend on points of a sample."""
    for x in sorted(term.atoms(sp.Indexed), key=str):
        if sample in scope.draws.get(x.base, ((), ()))[1]:
            yield x


def _indices(term, sample, scope) -> set:
    """Return the indices that a term applies to a sample."""
    found = set()
    for x in _members(term, sample, scope):
        own = iter(x.indices)
        for place in scope.draws[x.base][1]:
            i = next(own) if isinstance(place, v.Sample) else None
            if place == sample:
                found.add(i)
    return found


def _drawn(term, sample, swap, scope):
    """Put points for the indices of a sample."""
    found = {}
    for x in _members(term, sample, scope):
        f, places = scope.draws[x.base]
        own, at, left = iter(x.indices), [], []
        for place in places:
            i = next(own) if isinstance(place, v.Sample) else None
            at.append(swap[i] if place == sample else place)
            left += [i] if isinstance(place, v.Sample) and place != sample else []
        found[x] = _family(f, at, left, scope)
    return term.xreplace(found)
