"""The numerical attack: the value of a formula in a world, by definition.

The definitions of the functionals stand here a second time, on purpose: a fault in
`functionals` or `normal` must not hide itself. Normal and uniform densities are
integrated by quadrature.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import product as pairs
from math import prod
from typing import ClassVar

import sympy as sp
from mpmath import mp

from . import ordered as o
from . import vocabulary as v
from .arithmetic import Floating
from .grids import MatrixValues
from .worlds import World, product


class Evaluate(MatrixValues):
    """The value of an author's formula in a world, by definition."""

    def __init__(self, world: World, backend=Floating):
        self.world, self.nb, self.frozen = world, backend, {}
        self.parameters = {}

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
        return self._extreme(max, e, env)

    def do_Min(self, e, env):
        return self._extreme(min, e, env)

    def _extreme(self, pick, e, env):
        """Return the largest or smallest value; one that is not real stands for all."""
        found = [self(a, env) for a in e.args]
        odd = [val for val in found if isinstance(val, mp.mpc)]
        return odd[0] if odd else pick(found)

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

    def do_Distinct(self, e, env):
        body, i, j, n = e.args
        places = pairs(range(1, int(self(n, env)) + 1), repeat=2)
        return sum(
            (self(body, {**env, i: k, j: m}) for k, m in places if k != m),
            self.nb.number(Fraction(0)),
        )

    def do_Independent(self, e, env):
        body, sample, law, n = e.args
        cells = self.world.cells(sample.space)
        mass = [self.at(law, (k,), env) * w for k, (_, w) in enumerate(cells)]
        size, out = int(self(n, env)), self.nb.number(Fraction(0))
        if len(cells) ** size > 10**5:
            raise o.ClaimError(
                f"{len(cells)}^{size} samples are too many to be gone through."
            )
        for places in pairs(range(len(cells)), repeat=size):
            weight = prod((mass[k] for k in places), start=self.nb.number(Fraction(1)))
            out += weight * self(body, {**env, sample: places})
        return out

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
            return self._image(*point.args, env)
        if isinstance(point, v.Drawn):
            return self._one_of(*point.args, env)
        if self.world.located and point.space.kind == "line":
            return self.nb.number(
                self.world.get(point, lambda: self.world.draw(-sp.oo, sp.oo))
            )
        n = len(self.world.cells(point.space))
        return self.world.get(point, lambda: self.world.rng.randrange(n))

    def _one_of(self, sample, i, env):
        """Return the place of a point of a sample, a random one outside of a mean."""
        k, n = int(self(i, env)), len(self.world.cells(sample.space))
        if sample in env and k > len(env[sample]):
            raise o.ClaimError(
                f"{sample.name}[{i}]: the sample has {len(env[sample])} points, "
                f"and point {k} was asked for."
            )
        if sample in env:
            return env[sample][k - 1]
        return self.world.get((sample, k), lambda: self.world.rng.randrange(n))

    def _image(self, f, point, env):
        """Return the place to which a map sends a point."""
        if self.world.located and "line" in (f.space.kind, f.target.kind):
            raise o.ClaimError(
                f"{f.name}: maps from or to the line have no numerical meaning beside "
                "normal and uniform laws."
            )
        return self.world.image(f)[self._place(point, env)]

    def do_At(self, e, env):
        f, *points = e.args
        return self.at(f, tuple(self._place(p, env) for p in points), env)

    def at(self, f, places, env):
        """Evaluate a function, or a composite such as (p + q)/2, at places."""
        if f in self.frozen:
            return self.frozen[f](f, places, env)
        if isinstance(f, v.Named):
            return self(f.key[2], {**env, f.key[1]: places[0]})
        if isinstance(f, v.Given):
            return self(f, {**env, f.args[1]: places[0]})
        if isinstance(f, v.Fn | v.Table):
            table = self.world.table(f)
            cells = tuple(map(self._cell, f.spaces, places))
            return self.nb.number(0 if None in cells else table[cells])
        if isinstance(f, v.Normal | v.Uniform):
            return self._law(f, places[0], env)
        if not f.args or isinstance(f, v.Var):
            return self(f, env)
        return _Local(self, places)(f, env)

    def _law(self, f, x, env):
        """Return the value of a normal or uniform density."""
        a, b = self._parameters(f, env)
        if isinstance(f, v.Uniform):
            return 1 / (b - a) if a <= x <= b else self.nb.number(0)
        return self.nb.exp(-((x - a) ** 2) / (2 * b)) / self.nb.sqrt(2 * self.nb.pi * b)

    def _parameters(self, f, env):
        """Return the parameters of a law, which a quadrature asks for at every node."""
        key = f, mp.prec, *(env.get(i) for i in _indices(f))
        if key not in self.parameters:
            self.parameters[key] = _admissible(f, *(self(t, env) for t in f.args))
        return self.parameters[key]

    def _cell(self, space, x):
        """Return the number of the cell in which a place lies, None outside all."""
        if not self.world.located or space.kind != "line":
            return x
        for k, (left, width) in enumerate(self.world.cells(space)):
            if self.nb.number(left) <= x < self.nb.number(left + width):
                return k
        return None

    def integrate(self, space, f, env, bends=()):
        """∫ f over a space; f takes a place; it bends where the `bends` change sign."""
        if not self.world.located or space.kind != "line":
            return sum(
                (
                    f(k) * self.nb.number(w)
                    for k, (_, w) in enumerate(self.world.cells(space))
                ),
                self.nb.number(Fraction(0)),
            )
        panel = self.nb.quad  # exact numbers have none, and would be halved for ever
        edges = self.edges(space, env)
        edges = sorted({*edges, *(c for g in bends for c in _changes(g, edges))})
        return sum(
            (panel(f, a, b) for a, b in zip(edges, edges[1:], strict=False)),
            self.nb.number(0),
        )

    def edges(self, space, env):
        """Break points of the line: ends of steps and uniforms, scales of normals."""
        out = set()
        for f in self.world.values.get("laws", ()):
            if isinstance(f, v.Normal):
                m, s2 = self._parameters(f, env)
                reach = self.nb.reach()
                n, span = self.world.panels
                step = self.nb.sqrt(s2) * reach * span / n
                out |= {m + k * step for k in range(-n, n + 1)}
            elif isinstance(f, v.Uniform):
                out |= set(self._parameters(f, env))
            else:
                cells = self.world.cells(space)
                out |= {self.nb.number(a) for a, _ in cells}
                out.add(self.nb.number(cells[-1][0] + cells[-1][1]))
        return sorted(out)

    def do_Expect(self, e, env):
        body, x, p = e.args
        return self.integrate(
            x.space,
            lambda k: self._weighted(p, body, x, k, env),
            env,
            self._bends(body, x, env),
        )

    def _bends(self, body, x, env) -> list:
        """Return the functions of a point at whose zeros a formula bends."""
        if not self.world.located or x.space.kind != "line":
            return []
        return [lambda k, u=u: self(u, {**env, x: k}) for u in _bent(body, x)]

    def _weighted(self, p, body, x, k, env):
        w = self.at(p, (k,), env)
        return w * self(body, {**env, x: k}) if w != 0 else w

    def do_Integral(self, e, env):
        body, x = e.args
        if x.space.kind == "line" and not _carried(body, x):
            raise o.ClaimError(
                f"{e} has no numerical meaning: an integral over the line needs a "
                "function of its point, such as a density."
            )
        return self.integrate(
            x.space,
            lambda k: self(body, {**env, x: k}),
            env,
            self._bends(body, x, env),
        )

    def do_LeastValue(self, e, env):
        body, x = e.args
        cells = range(len(self.world.cells(x.space)))
        found = [self(body, {**env, x: k}) for k in cells]
        odd = [val for val in found if isinstance(val, mp.mpc)]
        return odd[0] if odd else (min if e.direction == 1 else max)(found)

    do_GreatestValue = do_LeastValue

    def do_Given(self, e, env):
        p, y, x = e.args
        at = {x: self._place(x, env), y: self._place(y, env)}
        order = (x, y) if p.spaces == (x.space, y.space) else (y, x)
        whole = self.at(p, tuple(at[k] for k in order), env)
        return whole / self.at(p.on(x.space), (at[x],), env)

    def functional(self, e, env, density):
        """∫ of a pointwise formula of the values of the arguments."""
        if isinstance(e, v.KL | v.H | v.CrossEntropy) and all(
            isinstance(a, v.NormalProduct) for a in e.args
        ):
            return self._hermite(e.args, density)
        spaces = [x.space for x in e.points]
        if len(spaces) == 1:

            def values(k):
                return [self.at(a, (k,), env) for a in e.args]

            def gap(k):
                first, last = values(k)
                return first - last

            bends = [gap] if isinstance(e, v.TV) else []
            return self.integrate(spaces[0], lambda k: density(*values(k)), env, bends)
        grids = [list(enumerate(self.world.cells(s))) for s in spaces]
        total = self.nb.number(Fraction(0))
        for cells in pairs(*grids):
            places = tuple(map(self._middle, spaces, cells))
            w = product(width for _, (_, width) in cells)
            total += self.nb.number(w) * density(
                *(self.at(a, places, env) for a in e.args)
            )
        return total

    def _middle(self, space, cell):
        """Return the place that stands for a cell."""
        k, (left, width) = cell
        middle = self.world.located and space.kind == "line"
        return self.nb.number(left + width / 2) if middle else k

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
        return self.functional(e, env, lambda p, q: self._xlog(p, p, q))

    def do_H(self, e, env):
        return self.functional(e, env, lambda p: -self._xlog(p, p, 1))

    def do_CrossEntropy(self, e, env):
        return self.functional(e, env, lambda p, q: self._xlog(p, 1, q))

    def do_JS(self, e, env):
        return self.functional(
            e,
            env,
            lambda p, q: (
                (self._xlog(p, 2 * p, p + q) + self._xlog(q, 2 * q, p + q)) / 2
            ),
        )

    def do_TV(self, e, env):
        return self.functional(e, env, lambda p, q: abs(p - q) / 2)

    def do_Chi2(self, e, env):
        return self.functional(e, env, lambda p, q: p * p / q - 2 * p + q)

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


@cache
def _bent(body, x) -> tuple:
    """Return what stands under |…|, and the differences under max and min."""
    out = []
    for e in body.atoms(o.Abs, o.Max, o.Min):
        if any(n == x for n in sp.preorder_traversal(e)):
            out.append(e.args[0] if isinstance(e, o.Abs) else e.args[0] - e.args[1])
    return tuple(out)


def _changes(g, edges):
    """Yield the places between edges where a function changes its sign."""
    for a, b in zip(edges, edges[1:], strict=False):
        # Not at the edges: a law whose ends coincide has no value there.
        rim = (b - a) / 10**6
        places = [a + rim, *(a + (b - a) * k / 8 for k in range(1, 8)), b - rim]
        for lo, hi in zip(places, places[1:], strict=False):
            first, last = g(lo), g(hi)
            if last == 0:
                yield hi
            if first * last < 0:
                while (mid := (lo + hi) / 2) not in (lo, hi):
                    lo, hi = (mid, hi) if first * g(mid) > 0 else (lo, mid)
                yield mid


@cache
def _carried(body, x) -> bool:
    """Whether a function of a point stands in a formula."""
    return any(x in e.args[1:] for e in body.atoms(v.At))


def _admissible(law, a, b) -> tuple:
    """Return the parameters of a law; refuse them outside its family."""
    real = not isinstance(a, mp.mpc) and not isinstance(b, mp.mpc)
    if not real or (isinstance(law, v.Normal) and not b > 0):
        raise o.ClaimError(
            f"{law}: parameters are real and a variance is positive; {a} and {b} came."
        )
    return a, b


@cache
def _indices(law) -> tuple:
    """Return the indices in the parameters of a law, such as i in N(x_i, 1)."""
    return tuple(law.atoms(v.Index))


class _Local:
    """Evaluate a composite of densities at given places."""

    rules: ClassVar = {
        o.Plus: sum,
        o.Times: prod,
        o.Neg: lambda a: -a[0],
        o.Over: lambda a: a[0] / a[1],
    }

    def __init__(self, outer, places):
        self.outer, self.places = outer, places

    def __call__(self, f, env):
        if isinstance(f, v.Fn | v.Table | v.Normal | v.Uniform | v.Named | v.Given):
            return self.outer.at(f, self.places, env)
        if f.is_number or isinstance(f, v.Var):
            return self.outer(f, env)
        if type(f) not in self.rules:
            raise o.ClaimError(f"no numerical meaning is known for a value of {f}.")
        return self.rules[type(f)]([self(a, env) for a in f.args])
