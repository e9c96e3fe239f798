"""Uniform densities: integrals over the pieces between their end points, exactly."""

from __future__ import annotations

import sympy as sp

from . import vocabulary as v
from .lower import Lower
from .ordered import ClaimError
from .signs import sign


def has_pieces(phi, scope) -> bool:
    """Whether a uniform density or a concrete table occurs in the integrand."""
    return any(
        isinstance(scope.values[s].fn, v.Uniform | v.Table)
        for s in phi.free_symbols
        if s in scope.values
    )


def integrate_pieces(phi, points, scope, logs):
    """Integrate over tables, or over the pieces between the ends of uniforms."""
    if len(points) != 1:
        raise ClaimError("uniform densities and tables are integrated in one variable.")
    mine = {s: scope.values[s].fn for s in phi.free_symbols if s in scope.values}
    if all(isinstance(f, v.Table) for f in mine.values()):
        return _sum_tables(phi, mine)
    if not all(isinstance(f, v.Uniform) for f in mine.values()):
        return logs.back(sp.Function("unresolved")(phi))
    parts = _by_densities(phi, set(mine))
    return sp.Add(*(_over_cuts(f, points[0], scope) for f in parts))


def _sum_tables(phi, mine):
    """Sum over the points of a finite space on which everything is tabulated."""
    points = zip(*(f.weights for f in mine.values()), strict=True)
    return sp.Add(*(_at_values(phi, dict(zip(mine, w, strict=True))) for w in points))


def _by_densities(phi, mine):
    """Split an integrand into terms with different densities, if none is shared."""
    groups = {}
    for t in sp.Add.make_args(sp.expand(phi, deep=False)):
        key = frozenset(mine & t.free_symbols)
        groups[key] = groups.get(key, 0) + t
    keys = list(groups)
    shared = any(a & b for i, a in enumerate(keys) for b in keys[:i])
    return [phi] if shared else list(groups.values())


def _over_cuts(phi, x, scope):
    """Integrate over the pieces on which every uniform density is constant."""
    lower = Lower(scope)
    ends = {
        s: tuple(lower(a) for a in scope.values[s].fn.args)
        for s in phi.free_symbols
        if s in scope.values
    }
    if _at_values(phi, dict.fromkeys(ends, sp.Integer(0))) != 0:
        raise ClaimError("an integrand does not vanish outside its uniform densities.")
    cuts = _sorted({e for pair in ends.values() for e in pair}, scope)
    out = sp.Integer(0)
    for lo, hi in zip(cuts, cuts[1:], strict=False):
        mid = (lo + hi) / 2
        level = {}
        for s, (a, b) in ends.items():
            signs = sign(mid - a, scope.domains), sign(b - mid, scope.domains)
            level[s] = 1 / (b - a) if signs == (1, 1) else sp.Integer(0)
        piece = _at_values(phi, level)
        if piece.is_infinite:
            return piece
        out += sp.integrate(sp.expand(piece), (x, lo, hi)) if piece != 0 else 0
    return out


def _sorted(ends, scope):
    """Sort end points by exact sign decisions; an undecided pair is an error."""
    out = []
    for e in sorted(ends, key=str):
        k = 0
        while k < len(out):
            s = sign(e - out[k], scope.domains)
            if s is None:
                raise ClaimError(
                    f"the order of the end points {e} and {out[k]} is not settled by "
                    "the declared domains: state it by between(name, lo, hi)."
                )
            if s == 0:
                break
            if s < 0:
                out.insert(k, e)
                break
            k += 1
        else:
            out.append(e)
    return out


def _at_values(phi, level):
    """Put in the values of the densities, with 0 log 0 = 0 and c·log 0 = ∓∞."""
    zero = {s: val for s, val in level.items() if val == 0}
    rest = {s: val for s, val in level.items() if val != 0}
    phi = phi.subs(rest)
    if not zero:
        return phi
    eps = sp.Symbol("epsilon", positive=True)
    rates = ((1, 1), (1, 2), (2, 1)) if len(zero) > 1 else ((1, 1),)
    found = {
        sp.limit(
            phi.subs(
                {
                    s: eps ** (a if i % 2 else b)
                    for i, s in enumerate(sorted(zero, key=str))
                }
            ),
            eps,
            0,
            "+",
        )
        for a, b in rates
    }
    return found.pop() if len(found) == 1 else sp.nan
