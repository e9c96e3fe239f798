"""From the author's notation to ordinary SymPy.

A functional becomes a `Bracket`, the integral of a pointwise expression in which the
value of each density is one symbol. The `Scope` remembers what each symbol is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import sympy as sp

from . import draws, extremes, matrices, words
from . import ordered as o
from . import vocabulary as v


class Bracket(sp.Expr):
    """∫ integrand over points; arguments (integrand, Tuple of points)."""

    is_commutative = True

    @property
    def integrand(self):
        """The pointwise expression."""
        return self.args[0]

    @property
    def points(self):
        """The bound point symbols."""
        return tuple(self.args[1])


@dataclass(frozen=True)
class Value:
    """What a symbol stands for: the value of a function at points."""

    fn: object
    points: tuple


@dataclass
class Scope:
    """The symbols of one claim: their intervals, and which are values of functions."""

    domains: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)
    spaces: dict = field(default_factory=dict)
    logs: dict = field(default_factory=dict)
    veils: dict = field(default_factory=dict)
    traces: dict = field(default_factory=dict)
    roots: dict = field(default_factory=dict)
    radicals: dict = field(default_factory=dict)
    draws: dict = field(default_factory=dict)

    def symbol(self, name, domain=(-sp.oo, sp.oo), **assume):
        """Return the native symbol for a name and note its interval."""
        lo, hi = domain
        sym = sp.Symbol(
            name,
            real=True,
            positive=True if lo >= 0 else None,
            negative=True if hi <= 0 else None,
            **assume,
        )
        if self.domains.setdefault(sym, (lo, hi)) != (lo, hi):
            raise o.ClaimError(f"{name} is declared twice with different domains.")
        return sym

    def value(self, fn, points):
        """Return the symbol for the value of a function at points."""
        if isinstance(fn, v.Kernel):
            points = tuple(sorted(points, key=str))
        domain = getattr(fn, "domain", (sp.Integer(0), sp.oo))
        tag = "'" if isinstance(fn, v.Variation) else ""
        label = fn.name if isinstance(fn, v.Leaf) else str(fn)
        if isinstance(fn, v.Push):
            label = "#".join(f.name for f in fn.source)
        where = ",".join(map(str, points))
        if isinstance(fn, v.Marginal):
            label += "_" + fn.space.name
        sym = self.symbol(f"{label}{tag}({where})", domain)
        self.values[sym] = Value(fn, tuple(points))
        return sym


class Lower:
    """The walk from author's notation to SymPy."""

    def __init__(self, scope: Scope):
        self.scope = scope

    def __call__(self, e, bound=None, here=()):
        """Lower a node; `bound` maps points, `here` evaluates bare densities."""
        bound = bound or {}
        for kind in type(e).__mro__ if isinstance(e, o.Ordered) else ():
            method = getattr(self, f"do_{kind.__name__}", None)
            if method:
                return method(e, bound, here)
        if hasattr(e, "unfold"):
            return self(e.unfold(), bound, here)
        if isinstance(e, sp.Symbol):
            raise o.ClaimError(
                f"undeclared symbol {e}: declare it with real, positive, unit "
                "or natural."
            )
        if not e.args:
            return e
        return e.func(*(self(a, bound, here) for a in e.args))

    def _all(self, e, bound, here):
        return [self(a, bound, here) for a in e.args]

    def do_Plus(self, e, *env):
        return sp.Add(*self._all(e, *env))

    def do_Times(self, e, *env):
        return sp.Mul(*self._all(e, *env))

    def do_Neg(self, e, *env):
        return -self(e.args[0], *env)

    def do_Over(self, e, *env):
        a, b = self._all(e, *env)
        if b == 0:
            raise o.ClaimError("a fraction has denominator 0.")
        return a / b

    def do_Power(self, e, *env):
        base, n = self._all(e, *env)
        if base.is_number and n.is_number and abs(n) > 400:
            raise o.ClaimError(f"the power {e} is too large to be written out.")
        return sp.Pow(base, n)

    def do_Elementary(self, e, *env):
        return e.native(*self._all(e, *env))

    def do_Var(self, e, *env):
        if e.integer:
            return self.scope.symbol(e.name, (e.domain[0] + 1, sp.oo), integer=True)
        return self.scope.symbol(e.name, e.domain)

    def do_Index(self, e, *env):
        return sp.Symbol(e.name, integer=True, positive=True)

    def do_Item(self, e, *env):
        f, *idx = e.args
        base = (
            sp.IndexedBase(f.name, positive=True)
            if f.positive
            else (sp.IndexedBase(f.name, real=True))
        )
        return sp.Indexed(base, *(self(i, *env) for i in idx))

    def do_Sum(self, e, *env):
        body, i, n = e.args
        return sp.Sum(self(body, *env), (self(i, *env), 1, self(n, *env)))

    def do_Point(self, e, bound, here):
        if e in bound:
            return bound[e]
        sym = self.scope.symbol(e.name)
        self.scope.spaces[sym] = e.space
        return sym

    def do_Samples(self, e, *env):
        raise o.ClaimError(f"the family {e.name} needs an index, as in {e.name}[i].")

    def do_Fn(self, e, bound, here):
        if not here:
            raise o.ClaimError(f"{e} needs a point, as in {e}(x).")
        return self.scope.value(e, here)

    do_Normal = do_Uniform = do_NormalProduct = do_Table = do_Fn

    def do_Named(self, e, bound, here):
        if not here:
            raise o.ClaimError(f"{e.name} needs a point, as in {e.name}(x).")
        return self(e.key[2], {**bound, e.key[1]: here[0]}, here)

    def do_At(self, e, bound, here):
        f, *points = e.args
        if any(isinstance(p, v.Drawn) for p in points):
            return draws.member(self, f, points, bound, here)
        return self(
            _placed(f, points[0]), bound, tuple(self(p, bound, here) for p in points)
        )

    def bind(self, point, bound):
        """Return a symbol for a bound point, and the points bound with it."""
        depth = sum(
            1 for s in bound.values() if self.scope.spaces.get(s) == point.space
        )
        sym = self.scope.symbol(f"{point.space.name}@{depth}")
        self.scope.spaces[sym] = point.space
        return sym, {**bound, point: sym}

    def do_Expect(self, e, bound, here):
        body, point, p = change_variables(*e.args)
        sym, inner = self.bind(point, bound)
        fresh = v.Point("@", point.space)
        weight = self(_placed(p, fresh), {**bound, fresh: sym}, (sym,))
        return Bracket(weight * self(body, inner, here), sp.Tuple(sym))

    def do_Independent(self, e, bound, here):
        return draws.mean(self, e, bound, here)

    def do_Integral(self, e, bound, here):
        body, point = e.args
        sym, inner = self.bind(point, bound)
        return Bracket(self(body, inner, here), sp.Tuple(sym))

    def do_LeastValue(self, e, *env):
        return extremes.lowered(self, e, *env)

    do_GreatestValue = do_LeastValue

    def do_Diff(self, e, *env):
        from .normal import normal

        body, x = e.args
        low, x = normal(self(body, *env), self.scope), self(x, *env)
        if isinstance(x, sp.Indexed):
            return differentiate(low, x)
        return chain(low, lambda f: self.slope(f, x))

    def slope(self, f, x):
        """Return ∂f/∂x, the parameters of normal and uniform laws included."""
        out = sp.diff(f, x)
        for sym, val in list(self.scope.values.items()):
            if not f.has(sym) or not isinstance(val.fn, v.Node):
                continue
            parameters = [self(a) for a in val.fn.args if not isinstance(a, v.Samples)]
            if not any(a.has(x) for a in parameters):
                continue
            if not isinstance(val.fn, v.Normal):
                raise o.ClaimError(f"the derivative of {val.fn} in {x} is no function.")
            m, s2 = parameters
            log = -sp.log(s2) / 2 - (val.points[0] - m) ** 2 / (2 * s2)
            out += sp.diff(f, sym) * sym * sp.diff(log, x)
        return out

    def do_Vary(self, e, bound, here):
        body, q, *frozen = e.args
        ice = {f: v.Fn(f"frozen {f.name}", f.spaces, *(-sp.oo, sp.oo)) for f in frozen}
        low = self(body.xreplace(ice), bound, here)
        low = chain(low, lambda f: self._move(f, q))
        thaw = {}
        for sym, val in list(self.scope.values.items()):
            for f, cold in ice.items():
                if val.fn == cold:
                    thaw[sym] = self(f, bound, val.points)
        return low.xreplace(thaw)

    def _move(self, f, q):
        """Differentiate a pointwise expression in the parameter of q."""
        out = sp.Integer(0)
        for sym, val in list(self.scope.values.items()):
            if val.fn == q and f.has(sym):
                speed = self.scope.value(v.variation(q), val.points)
                out += sp.diff(f, sym) * speed
        return out

    def do_Trace(self, e, *env):
        (inside,) = e.args
        size = self(matrices.shape(inside)[0], *env)
        return words.trace(words.Words(self)(inside), size, self.scope)


def _placed(density, point):
    """Put a point for y into the conditional densities p(y | x) of a mixture."""
    if isinstance(density, v.Named):
        return density
    return density.xreplace({g: g.at(point) for g in density.atoms(v.Given)})


def chain(expr, slope):
    """Differentiate an expression in brackets: ∂F + Σ_i ∂F/∂B_i ∫ ∂φ_i."""
    inner = sorted(expr.atoms(Bracket), key=str)
    inner = [b for b in inner if not any(b is not c and c.has(b) for c in inner)]
    marks = [sp.Dummy(f"B{i}", real=True) for i in range(len(inner))]
    back = dict(zip(marks, inner, strict=True))
    flat = expr.xreplace({b: m for m, b in back.items()})
    out = slope(flat).xreplace(back)
    for m, b in back.items():
        inside = Bracket(chain(b.integrand, slope), b.args[1])
        out += sp.diff(flat, m).xreplace(back) * inside
    return out


def change_variables(body, point, p):
    """E_{z∼p}[f(G(z))] = E_{x∼G_# p}[f(x)], if z occurs as G(z) only."""
    images = [a for a in body.atoms(v.At) if isinstance(a.args[0], v.Map)]
    mine = {a for a in images if a.args[1] == point}
    if len(mine) != 1 or not isinstance(p, v.Density):
        return body, point, p
    (image,) = mine
    x = image.space.point(f"{point.name} in {image.space.name}")
    moved = body.xreplace({image: x})
    if any(n == point for n in sp.preorder_traversal(moved)):
        return body, point, p
    return moved, x, v.push(image.args[0], p)


def differentiate(expr, x):
    """Differentiate in a member x_k of a family, sums included."""
    if isinstance(expr, sp.Sum):
        inner = differentiate(expr.function, x)
        return _collapse(inner, expr.limits)
    sums = sorted(expr.atoms(sp.Sum), key=lambda s: s.count_ops(), reverse=True)
    outer = [s for s in sums if not any(s is not t and t.has(s) for t in sums)]
    swap = {s: sp.Dummy(f"S{i}", real=True) for i, s in enumerate(outer)}
    flat = expr.xreplace(swap)
    back = {d: s for s, d in swap.items()}
    out = sum(
        (
            sp.diff(flat, d).xreplace(back) * differentiate(s, x)
            for s, d in swap.items()
        ),
        sp.Integer(0),
    )
    for item in flat.atoms(sp.Indexed):
        if item.base == x.base:
            hit = sp.Mul(
                *(
                    sp.KroneckerDelta(a, b)
                    for a, b in zip(item.indices, x.indices, strict=True)
                )
            )
            out += (
                sp.diff(flat.xreplace({item: (u := sp.Dummy())}), u).xreplace(
                    {u: item, **back}
                )
                * hit
            )
    return out


def _collapse(expr, limits):
    """Σ_i δ_{ik} f(i) = f(k), for every bound index that a delta fixes."""
    out = sp.Integer(0)
    for term in sp.Add.make_args(sp.expand_mul(expr)):
        left = list(limits)
        for delta in sorted(term.atoms(sp.KroneckerDelta), key=str):
            for lim in left:
                if lim[0] in delta.free_symbols:
                    other = next(a for a in delta.args if a != lim[0])
                    term = (term / delta).xreplace({lim[0]: other})
                    left.remove(lim)
                    break
        if term != 0:
            out += sp.Sum(term, *left) if left else term
    return out
