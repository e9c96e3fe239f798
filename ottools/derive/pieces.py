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
    """Integrate over the pieces on which every uniform density is constant."""
    if len(points) != 1:
        raise ClaimError("uniform densities and tables are integrated in one variable.")
    x = points[0]
    mine = {s: scope.values[s].fn for s in phi.free_symbols if s in scope.values}
    tables = {s: f for s, f in mine.items() if isinstance(f, v.Table)}
    if tables:
        sizes = {len(f.weights) for f in tables.values()}
        if len(sizes) != 1 or len(tables) != len(mine):
            raise ClaimError("tables of one space have the same number of weights.")
        return sp.Add(
            *(
                _at_values(phi, {s: f.weights[k] for s, f in tables.items()})
                for k in range(sizes.pop())
            )
        )
    lower = Lower(scope)
    ends = {
        s: tuple(lower(a) for a in f.args)
        for s, f in mine.items()
        if isinstance(f, v.Uniform)
    }
    if len(ends) != len(mine):
        return logs.back(sp.Function("unresolved")(phi))
    cuts = _sorted({e for pair in ends.values() for e in pair}, scope)
    out = sp.Integer(0)
    for lo, hi in zip(cuts, cuts[1:], strict=False):
        mid = (lo + hi) / 2
        level = {}
        for s, (a, b) in ends.items():
            inside = (
                sign(mid - a, scope.domains) == 1 and sign(b - mid, scope.domains) == 1
            )
            level[s] = 1 / (b - a) if inside else sp.Integer(0)
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
    return sp.limit(phi.subs(dict.fromkeys(zero, eps)), eps, 0, "+")
