"""The numerical attack: the value of a formula in a world, by definition.

The definitions of the functionals stand here a second time, on purpose: a fault in
`functionals` or `normal` must not hide itself. Normal and uniform densities are
integrated by quadrature.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product as pairs
from math import prod

import sympy as sp

from . import ordered as o
from . import vocabulary as v
from .arithmetic import Floating
from .grids import MatrixValues
from .worlds import World, product


class Evaluate(MatrixValues):
    """The value of an author's formula in a world, by definition."""

    def __init__(self, world: World, backend=Floating):
        self.world, self.nb, self.frozen = world, backend, {}

    def __call__(self, e, env=None):
        """Return the number; `env` maps points and indices."""
        env = env or {}
        for kind in type(e).__mro__ if isinstance(e, o.Ordered) else ():
            method = getattr(self, f"do_{kind.__name__}", None)
            if method:
                return method(e, env)
        if isinstance(e, v.Alias):
            return self(e.unfold(), env)
        if e.is_number:
            return self.nb.number(e)
        if isinstance(e, sp.Symbol):
            raise o.ClaimError(
                f"undeclared symbol {e}: declare it with real, positive, unit "
                "or natural."
            )
        if isinstance(e, v.Fn | v.Table | v.Named):
            raise o.ClaimError(f"{e} needs a point, as in {e}(x).")
        raise o.ClaimError(f"no numerical meaning is known for {e}.")

    def do_Plus(self, e, env):
        return sum((self(a, env) for a in e.args), self.nb.number(Fraction(0)))

    def do_Neg(self, e, env):
        return -self(e.args[0], env)

    def do_Times(self, e, env):
        out = self.nb.number(Fraction(1))
        for a in e.args:
            val = self(a, env)
            if val == 0:
                return self.zero(e, val, env)
            out *= val
        return out

    def do_Over(self, e, env):
        return self(e.args[0], env) / self(e.args[1], env)

    def do_Power(self, e, env):
        return self(e.args[0], env) ** self(e.args[1], env)

    def do_Log(self, e, env):
        return self.nb.log(self(e.args[0], env))

    def do_Log2(self, e, env):
        return self.nb.log(self(e.args[0], env)) / self.nb.log(2)

    def do_Exp(self, e, env):
        return self.nb.exp(self(e.args[0], env))

    def do_Sqrt(self, e, env):
        return self.nb.sqrt(self(e.args[0], env))

    def do_Abs(self, e, env):
        return abs(self(e.args[0], env))

    def do_Max(self, e, env):
        return max(self(a, env) for a in e.args)

    def do_Min(self, e, env):
        return min(self(a, env) for a in e.args)

    def do_Var(self, e, env):
        return self.nb.number(self.world.var(e))

    def do_Index(self, e, env):
        if e in env:
            return self.nb.number(Fraction(env[e]))
        return self.nb.number(self.world.place(e))

    def do_Samples(self, e, env):
        raise o.ClaimError(f"the family {e.name} needs an index, as in {e.name}[i].")

    def do_Item(self, e, env):
        f, *idx = e.args
        key = tuple(int(self(i, env)) for i in idx)
        return self.nb.number(self.world.item(f, key))

    def do_Sum(self, e, env):
        body, i, n = e.args
        if self(n, env) > 10**4:
            raise o.ClaimError(f"a sum of {n} terms is too long to be evaluated.")
        return sum(
            (self(body, {**env, i: k}) for k in range(1, int(self(n, env)) + 1)),
            self.nb.number(Fraction(0)),
        )

    def do_Point(self, e, env):
        place = self._place(e, env)
        return (
            place
            if self.world.located
            else self.nb.number(
                self.world.cells(e.space)[place][0]
                + self.world.cells(e.space)[place][1] / 2
            )
        )

    def _place(self, point, env):
        """Return the bound place of a point, or a random one if it is free."""
        if point in env:
            return env[point]
        if isinstance(point, v.At):
            return self.world.image(point.args[0])[self._place(point.args[1], env)]
        if self.world.located and point.space.kind == "line":
            return self.nb.number(
                self.world.get(point, lambda: self.world.draw(-sp.oo, sp.oo))
            )
        n = len(self.world.cells(point.space))
        return self.world.get(point, lambda: self.world.rng.randrange(n))

    def do_At(self, e, env):
        f, *points = e.args
        return self.at(f, tuple(self._place(p, env) for p in points), env)

    def at(self, f, places, env):
        """Evaluate a function, or a composite such as (p + q)/2, at places."""
        if f in self.frozen:
            return self.frozen[f](f, places, env)
        if isinstance(f, v.Named):
            return self(f.key[2], {**env, f.key[1]: places[0]})
        if isinstance(f, v.Fn | v.Table):
            table = self.world.table(f)
            if self.world.located and any(s.kind == "line" for s in f.spaces):
                places = (self._cell(f.space, places[0]),)
            return (
                self.nb.number(table[places])
                if places[0] is not None
                else self.nb.number(0)
            )
        if isinstance(f, v.Normal | v.Uniform):
            return self._law(f, places[0], env)
        if not f.args or isinstance(f, v.Var):
            return self(f, env)
        return _Local(self, places)(f, env)

    def _law(self, f, x, env):
        """Return the value of a normal or uniform density."""
        a, b = (self(t, env) for t in f.args)
        if isinstance(f, v.Uniform):
            return 1 / (b - a) if a <= x <= b else self.nb.number(0)
        if not b > 0:
            raise o.ClaimError(f"{f}: a variance is positive, {b} came.")
        return self.nb.exp(-((x - a) ** 2) / (2 * b)) / self.nb.sqrt(2 * self.nb.pi * b)

    def _cell(self, space, x):
        for k, (left, width) in enumerate(self.world.cells(space)):
            if self.nb.number(left) <= x < self.nb.number(left + width):
                return k
        return None

    def integrate(self, space, f):
        """∫ f over a space; f takes a place."""
        if not self.world.located or space.kind != "line":
            return sum(
                (
                    f(k) * self.nb.number(w)
                    for k, (_, w) in enumerate(self.world.cells(space))
                ),
                self.nb.number(Fraction(0)),
            )
        edges = self.edges(space)
        return sum(
            (self.nb.quad(f, a, b) for a, b in zip(edges, edges[1:], strict=False)),
            self.nb.number(0),
        )

    def edges(self, space):
        """Break points of the line: ends of steps and uniforms, scales of normals."""
        out = set()
        for f in self.world.values.get("laws", ()):
            if isinstance(f, v.Normal):
                m, s2 = (self(a) for a in f.args)
                reach = self.nb.reach()
                out |= {m + k * self.nb.sqrt(s2) * reach / 3 for k in range(-3, 4)}
            elif isinstance(f, v.Uniform):
                out |= {self(a) for a in f.args}
            else:
                cells = self.world.cells(space)
                out |= {self.nb.number(a) for a, _ in cells}
                out.add(self.nb.number(cells[-1][0] + cells[-1][1]))
        return sorted(out)

    def do_Expect(self, e, env):
        body, x, p = e.args
        return self.integrate(x.space, lambda k: self._weighted(p, body, x, k, env))

    def _weighted(self, p, body, x, k, env):
        w = self.at(p, (k,), env)
        return w * self(body, {**env, x: k}) if w != 0 else w

    def do_Integral(self, e, env):
        body, x = e.args
        return self.integrate(x.space, lambda k: self(body, {**env, x: k}))

    def do_Given(self, e, env):
        p, y, x = e.args
        at = {x: self._place(x, env), y: self._place(y, env)}
        order = (x, y) if p.spaces == (x.space, y.space) else (y, x)
        whole = self.at(p, tuple(at[k] for k in order), env)
        return whole / self.at(p.on(x.space), (at[x],), env)

    def functional(self, e, density):
        """∫ of a pointwise formula of the values of the arguments."""
        if isinstance(e.args[0], v.NormalProduct):
            return self._hermite(e.args, density)
        spaces = e.points
        if len(spaces) == 1:
            return self.integrate(
                spaces[0].space,
                lambda k: density(*(self.at(a, (k,), {}) for a in e.args)),
            )
        grids = [self.world.cells(s.space) for s in spaces]
        total = self.nb.number(Fraction(0))
        for places in pairs(*(range(len(g)) for g in grids)):
            w = product(g[i][1] for g, i in zip(grids, places, strict=True))
            total += self.nb.number(w) * density(
                *(self.at(a, places, {}) for a in e.args)
            )
        return total

    def _hermite(self, laws, density):
        """E_p of a quadratic: three Gauss–Hermite nodes a coordinate are exact."""
        dim = int(self(laws[0].args[2]))
        nodes = [(self.nb.number(0), self.nb.number(2) / 3)] + [
            (s * self.nb.sqrt(3), self.nb.number(1) / 6) for s in (1, -1)
        ]
        read = [
            [
                (
                    self(f.args[0][v.Index("i")], {v.Index("i"): k}),
                    self(f.args[1][v.Index("i")], {v.Index("i"): k}),
                )
                for k in range(1, dim + 1)
            ]
            for f in laws
        ]

        def pdf(law, x):
            return self.nb.exp(
                sum(
                    -((a - m) ** 2) / (2 * s) - self.nb.log(2 * self.nb.pi * s) / 2
                    for a, (m, s) in zip(x, law, strict=True)
                )
            )

        total = self.nb.number(0)
        for pick in pairs(*[nodes] * dim):
            x = [
                m + self.nb.sqrt(s) * z
                for (z, _), (m, s) in zip(pick, read[0], strict=True)
            ]
            vals = [pdf(law, x) for law in read]
            weight = prod(w for _, w in pick)
            total += weight * density(*vals) / vals[0]
        return total

    def _xlog(self, p, ratio_top, ratio_bottom):
        if p == 0:
            return self.nb.number(Fraction(0))
        if ratio_bottom == 0:
            return self.nb.inf
        return p * self.nb.log(ratio_top / ratio_bottom)

    def do_KL(self, e, env):
        return self.functional(e, lambda p, q: self._xlog(p, p, q))

    def do_H(self, e, env):
        return self.functional(e, lambda p: -self._xlog(p, p, 1))

    def do_CrossEntropy(self, e, env):
        return self.functional(e, lambda p, q: self._xlog(p, 1, q))

    def do_JS(self, e, env):
        return self.functional(
            e,
            lambda p, q: (
                (self._xlog(p, 2 * p, p + q) + self._xlog(q, 2 * q, p + q)) / 2
            ),
        )

    def do_TV(self, e, env):
        return self.functional(e, lambda p, q: abs(p - q) / 2)

    def do_Chi2(self, e, env):
        return self.functional(e, lambda p, q: p * p / q - 2 * p + q)

    def do_ConditionalEntropy(self, e, env):
        p, y, x = e.args
        whole, part = self.world.table(p), self.world.table(p.on(x.space))
        axis = p.spaces.index(x.space)
        total = self.nb.number(Fraction(0))
        for k, val in whole.items():
            w = product(
                self.world.cells(s)[i][1] for s, i in zip(p.spaces, k, strict=True)
            )
            share = self.nb.number(part[(k[axis],)])
            total += self.nb.number(w) * self._xlog(
                self.nb.number(val), share, self.nb.number(val)
            )
        return total

    def do_Mean(self, e, env):
        return self(e.unfold(), env)

    do_Variance = do_Mean

    def do_Diff(self, e, env):
        body, x = e.args
        if isinstance(x, v.Var):
            key = x
        else:
            key = (x.args[0], tuple(int(self(i, env)) for i in x.args[1:]))
        self(body, env)
        base = self(x, env)

        def along(t):
            world = self.world.changed()
            world.values[key] = t
            return Evaluate(world, self.nb)(body, env)

        return self.nb.diff(along, base)

    def do_Vary(self, e, env):
        body, q, *frozen = e.args
        now, speed = self.world.table(q), self.world.table(v.variation(q))

        def along(t):
            world = self.world.changed()
            world.values[q] = {
                k: self.nb.number(a) + t * self.nb.number(speed[k])
                for k, a in now.items()
            }
            moved = Evaluate(world, self.nb)
            still = Evaluate(self.world, self.nb)
            moved.frozen = dict.fromkeys(frozen, still.at)
            return moved(body, env)

        self(body, env)
        return self.nb.diff(along, self.nb.number(0))


class _Local:
    """Evaluate a composite of densities at given places."""

    def __init__(self, outer, places):
        self.outer, self.places = outer, places

    def __call__(self, f, env):
        if isinstance(f, v.Fn | v.Table | v.Normal | v.Uniform | v.Named):
            return self.outer.at(f, self.places, env)
        if f.is_number or isinstance(f, v.Var):
            return self.outer(f, env)
        rule = {o.Plus: sum, o.Neg: lambda a: -a[0], o.Over: lambda a: a[0] / a[1]}
        args = [self(a, env) for a in f.args]
        if isinstance(f, o.Times):
            out = args[0]
            for a in args[1:]:
                out = out * a
            return out
        return rule[type(f)](args)
