"""Proofs: what turns a claim that survived the attack into a proved one."""

from __future__ import annotations

import sympy as sp

from . import vocabulary as v
from .entail import linear, linear_equal
from .integrands import as_it_stands, by_ratio, maximum, pointwise
from .lemmas import jensen
from .lower import Bracket, Lower, Scope
from .matrices import MatrixSymbol, Norm2, shape
from .normal import flatten, is_zero, normal
from .ordered import wrap
from .points import without_inner
from .scalars import by_cases, by_functionals
from .squares import by_product, by_square
from .summands import by_summand
from .symmetry import by_symmetry
from .words import Words, collect

NORMAL_FORM = "normal form: independent logarithms, masses and moments"
WORDS = "normal form: words of matrices in which nothing cancels"

BINDERS = (
    v.Expect,
    v.Independent,
    v.Integral,
    v.Sum,
    v.LeastValue,
    v.GreatestValue,
)


def leaves(*formulas):
    """Yield all nodes of some formulas, the bodies of named functions included."""
    for f in formulas:
        for n in sp.preorder_traversal(wrap(f)):
            if isinstance(n, v.Named):
                yield from leaves(n.key[2])
            else:
                yield n


def is_closed(*formulas) -> bool:
    """Whether the formulas speak of one finite instance: nothing is free in them."""
    return all(_closed_under(wrap(f), frozenset()) for f in formulas)


def _closed_under(e, bound) -> bool:
    """Whether nothing is free in a formula but the bound points and indices."""
    if isinstance(e, v.Var | v.Fn | v.Samples | v.Map | MatrixSymbol):
        return False
    if isinstance(e, v.Point | v.Index):
        return e in bound
    if isinstance(e, v.Named):
        return _closed_under(e.key[2], bound | {e.key[1]})
    if isinstance(e, v.Alias | v.Distinct):
        return _closed_under(e.unfold(), bound)
    bind = (
        v.Expect | v.Independent | v.Integral | v.Sum | v.LeastValue | v.GreatestValue
    )
    if isinstance(e, bind):
        body, x, *rest = e.args
        if isinstance(x, v.Point | v.Sample) and not _countable(x.space, e):
            return False
        inside = _closed_under(body, bound | {x})
        return inside and all(_closed_under(a, bound) for a in rest)
    return all(_closed_under(a, bound) for a in e.args)


def _countable(space, e) -> bool:
    """Whether the points of a space are settled: by its size, a table, a law."""
    if getattr(space.size, "is_Integer", False):
        return True
    wanted = v.Table if space.kind == "finite" else v.Normal | v.Uniform
    return space.kind != "abstract" and any(isinstance(n, wanted) for n in leaves(e))


def lowered(lhs, rhs):
    """Return the difference of two formulas in SymPy, and its scope."""
    scope = Scope()
    lower = Lower(scope)
    return lower(wrap(lhs)) - lower(wrap(rhs)), scope


def equal(lhs, rhs):
    """Prove an identity by the normal form of the difference."""
    lhs, rhs = wrap(lhs), wrap(rhs)
    scope = Scope()
    lower = Lower(scope)
    words = Words(lower)
    words.learn(lhs, rhs)
    if shape(lhs) or shape(rhs):
        rest = collect([*words(lhs).items(), *words(-rhs).items()])
        return WORDS if all(is_zero(c, scope) for c in rest.values()) else None
    a, b = lower(lhs), lower(rhs)
    if a == b:
        return NORMAL_FORM
    if sp.oo in (a, b, -a, -b):
        a, b = normal(a, scope), normal(b, scope)
        return "both sides are infinite" if a == b else None
    if is_zero(a - b, scope):
        return NORMAL_FORM
    return linear_equal(normal(a - b, scope), scope)


def at_least(big, small, strict=False):
    """Prove big ≥ small (big > small)."""
    big, small = wrap(big), wrap(small)
    norms = sorted({n for f in (big, small) for n in f.atoms(Norm2)}, key=str)
    if norms:
        # What holds for all positive values holds at 0 by continuity, unless strict.
        veils = {
            n: v.real(f"norm{i}") ** 2 if strict else v.positive(f"norm{i}")
            for i, n in enumerate(norms)
        }
        if at_least(big.xreplace(veils), small.xreplace(veils), strict):
            return "squared norms are not negative"
    raw, scope = lowered(big, small)
    diff = normal(without_inner(raw, scope), scope)
    if diff == 0:
        return None if strict else NORMAL_FORM
    ways = (_closed, by_summand, by_cases, maximum, by_ratio, pointwise, jensen)
    for way in (*ways, by_square, by_functionals, linear, by_symmetry):
        found = way(diff, scope, strict)
        if found:
            return found
    return _as_written(big, small, scope, strict)


def _as_written(big, small, scope, strict):
    """Prove what shows its reason before anything is integrated."""
    lower = Lower(scope)
    high, low = lower(big), lower(small)
    if not strict and (found := by_product(high, low, scope)):
        return found
    if found := as_it_stands(high - low, scope, strict):
        return found
    if any(isinstance(val.fn, v.Normal) for val in scope.values.values()):
        return by_ratio(flatten(high - low), scope, strict)
    return None


def _closed(diff, scope, strict):
    """Decide a number: its sign at 60 digits, far from zero."""
    if diff.free_symbols or diff.has(Bracket, sp.Sum):
        return None
    value = sp.N(diff, 60)
    if value.is_real and (value > sp.Rational(1, 10**40)):
        return "the sign of one exact number"
    return None
