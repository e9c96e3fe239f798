"""Worlds: random concrete assignments in which a claim is tried.

Densities become exact rational mass functions on small finite spaces, or step densities
on cells of the line. Everything random is an exact fraction, so a counterexample can be
shown exactly and evaluated again at any precision.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from itertools import product as pairs

import sympy as sp

from . import ordered as o
from . import vocabulary as v


@dataclass
class World:
    """One admissible assignment; everything random in it is an exact Fraction."""

    seed: str
    rng: random.Random
    nice: bool = False
    located: bool = False
    panels: tuple = (3, 1)
    scale: int = 1
    steep: bool = False
    lone: bool = False
    wild: bool = False
    narrow: bool = False
    same: bool = False
    drawn: bool = False
    room: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)

    def draw(self, lo, hi):
        """Draw a rational in the open interval (lo, hi), at times far out."""
        r = self.rng
        if lo == -sp.oo:
            base = Fraction(r.randint(-6, 6), r.choice((1, 2, 3)))
            if self.wild:
                base = r.choice((-1, 1)) * _magnitude(r, -1)
            return base if hi == sp.oo else _fraction(hi) - abs(base) - 1
        lo = _fraction(lo)
        if hi == sp.oo:
            if self.wild:
                return lo + _magnitude(r)
            few, many = r.randint(1, 3), Fraction(r.randint(1, 40), r.randint(1, 12))
            return lo + (few if self.nice else many)
        width = _fraction(hi) - lo
        if self.wild:
            tiny = width / (_magnitude(r, 1) + 2)
            return lo + tiny if r.random() < 0.5 else lo + width - tiny
        den = r.randint(2, 4) if self.nice else r.randint(5, 60)
        return lo + width * Fraction(r.randint(1, den - 1), den)

    def get(self, key, make):
        """Return the value of a leaf, made at the first request.

        The draw depends on the world and the leaf only, not on the order of requests.
        """
        if key not in self.values:
            outer, self.rng = self.rng, random.Random(f"{self.seed}/{key}")
            self.values[key] = make()
            self.rng = outer
        return self.values[key]

    def var(self, s: v.Var):
        """Return the value of a scalar."""
        if s.integer:
            top = 7 if self.wild and not self.narrow else 3
            few = 1 if self.lone else 2 if self.nice else None
            less = int(s.domain[0])
            return self.get(
                s, lambda: Fraction(less + (few or self.rng.randint(1, top)))
            )
        return self.get(s, lambda: self.draw(*s.domain))

    def place(self, i: v.Index):
        """Return the value of a free index, within every range that was drawn."""
        tops = [
            int(a) for k, a in self.values.items() if isinstance(k, v.Var) and k.integer
        ]
        return self.get(i, lambda: Fraction(self.rng.randint(1, min([3, *tops]))))

    def cells(self, space: v.Space):
        """Return the cells of a space: a list of (left end, width)."""
        return self.get(space, lambda: self._make_cells(space))

    def _make_cells(self, space):
        if space.size is not None:
            n = (
                int(self.var(space.size))
                if isinstance(space.size, v.Var)
                else int(space.size)
            )
        else:
            n = 2 if self.nice else self.rng.randint(2, 4)
            n = 1 if self.lone and space.kind == "finite" else n
            n = min(n, 2 + self.nice) if self.drawn else n
        n = max(n, self.room.get(space, 0))
        if space.kind == "finite":
            return [(Fraction(k), Fraction(1)) for k in range(n)]
        left, out = Fraction(self.rng.randint(-2, 0)), []
        for _ in range(n):
            width = (
                Fraction(1, self.scale)
                if self.nice
                else Fraction(self.rng.randint(1, 9), 4 * self.scale)
            )
            out.append((left, width))
            left += width
        return out

    def settle(self, f: v.Table) -> None:
        """Give the space of a table as many points as the table has values."""
        cells = [(Fraction(k), Fraction(1)) for k in range(len(f.weights))]
        if self.values.setdefault(f.space, cells) != cells:
            raise v.ClaimError(f"two tables on {f.space.name} differ in length.")

    def table(self, f):
        """Return the values of a function on the cells of its space."""
        return self.get(f, lambda: self._make_table(f))

    def _make_table(self, f):
        if isinstance(f, v.Table):
            self.settle(f)
            return {(k,): Fraction(int(w.p), int(w.q)) for k, w in enumerate(f.weights)}
        if isinstance(f, v.Marginal):
            return self._marginal(f)
        if isinstance(f, v.Push):
            return self._pushed(f)
        grids = [self.cells(s) for s in f.spaces]
        keys = list(pairs(*(range(len(g)) for g in grids)))
        size = {
            k: product(g[i][1] for g, i in zip(grids, k, strict=True)) for k in keys
        }
        if f.mass is None:
            same = sorted if isinstance(f, v.Kernel) else tuple
            drawn = {k: self.draw(*f.domain) for k in keys}
            return {k: drawn[tuple(same(k))] for k in keys}
        if self.same and f.mass:
            self.rng = random.Random(f"{self.seed}/{f.spaces}")
        top = 3 if self.nice else self.rng.choice((9, 60))
        raw = {k: Fraction(self.rng.randint(1, top)) for k in keys}
        if self.steep and f.mass and self.rng.random() < 0.7:
            raw[self.rng.choice(keys)] += 10**8
        if f.mass == 0:
            mean = sum(raw.values()) / len(keys)
            return {k: (raw[k] - mean) / size[k] / 7 for k in keys}
        return {k: raw[k] / sum(raw.values()) / size[k] for k in keys}

    def _marginal(self, f):
        whole, (own,) = self.table(f.joint), f.spaces
        axis = f.joint.spaces.index(own)
        other = self.cells(f.joint.spaces[1 - axis])
        out = {}
        for k, val in whole.items():
            key = (k[axis],)
            out[key] = out.get(key, 0) + val * other[k[1 - axis]][1]
        return out

    def image(self, f):
        """Return where a map sends each cell: every target cell is reached."""
        return self.get(f, lambda: self._make_image(f))

    def _make_image(self, f):
        n, m = len(self.cells(f.space)), len(self.cells(f.target))
        return [k if k < m else self.rng.randrange(m) for k in range(n)]

    def _pushed(self, f):
        """Return the values of a push-forward density, the mass of each cell summed."""
        by, density = f.source
        source, target = self.cells(by.space), self.cells(by.target)
        out = {(k,): Fraction(0) for k in range(len(target))}
        for (k,), val in self.table(density).items():
            to = self.image(by)[k]
            out[(to,)] += val * source[k][1] / target[to][1]
        return out

    def item(self, f, idx):
        """Return a member of an indexed family."""

        def make():
            if self.wild:
                return self.draw(0 if f.positive else -sp.oo, sp.oo)
            low = Fraction(1, 9) if f.positive else -2
            return Fraction(self.rng.randint(1, 20), 7) + low

        return self.get((f, idx), make)

    def changed(self):
        """Return a copy whose values can be changed without harm."""
        return replace(self, values=dict(self.values))


def _fraction(x) -> Fraction:
    """Convert a rational SymPy number."""
    return Fraction(int(sp.Rational(x).p), int(sp.Rational(x).q))


def _magnitude(r, low: int = -4) -> Fraction:
    """Draw a number whose logarithm is spread evenly over several decades."""
    return Fraction(r.randint(1, 9)) * Fraction(10) ** r.randint(low, 4)


def product(numbers) -> Fraction:
    """Return the product of some fractions."""
    out = Fraction(1)
    for n in numbers:
        out *= n
    return out


def laws_of(*exprs) -> tuple:
    """Find the concrete laws and the functions on the line in some formulas."""
    found = []
    for e in exprs:
        for n in sp.preorder_traversal(e):
            if isinstance(n, v.Named):
                found += [f for f in laws_of(n.key[2]) if f not in found]
            elif (
                isinstance(n, v.Normal | v.Uniform)
                or (isinstance(n, v.Fn) and any(s.kind == "line" for s in n.spaces))
            ) and n not in found:
                found.append(n)
    return tuple(found)


@lru_cache(maxsize=64)
def nodes_of(*exprs) -> tuple:
    """Return the nodes of some formulas, each once, in the order of their text."""
    found = {n for e in exprs for n in sp.preorder_traversal(e)}
    return tuple(sorted(found, key=str))


def _declared_once(nodes) -> None:
    """Raise when two scalars or matrices share a name."""
    names = [
        n.name
        for n in nodes
        if isinstance(n, v.Var)
        or (isinstance(n, v.MatrixSymbol) and n.kind != "identity")
    ]
    if twice := {n for n in names if names.count(n) > 1}:
        raise v.ClaimError(
            f"{', '.join(sorted(twice))} is declared twice with different domains."
        )


def world(seed: str, k: int, *exprs) -> World:
    """Make the k-th world for some formulas; the first ones are small and round."""
    nodes = nodes_of(*exprs)
    _declared_once(nodes)
    laws = laws_of(*exprs)
    located = any(isinstance(f, v.Normal | v.Uniform) for f in laws) or any(
        isinstance(n, v.Mean | v.Variance) for n in nodes
    )
    small = v.NormalProduct | v.MatrixSymbol | v.Independent
    w = World(
        f"{seed}/{k}",
        random.Random(f"{seed}/{k}"),
        nice=k < 6,
        located=located,
        panels=_panels(nodes),
        scale=8 if k % 4 == 3 else 1,
        steep=k >= 6 and k % 3 != 1,
        lone=k == 5,
        same=k == 4,
        wild=k >= 6 and k % 2 == 1 and not located,
        narrow=any(isinstance(n, small) for n in nodes),
        drawn=any(isinstance(n, v.Independent) for n in nodes),
    )
    if laws:
        w.values["laws"] = laws
    for n in nodes:
        if isinstance(n, v.Table):
            w.settle(n)
        elif isinstance(n, v.Var):
            w.var(n)
    _wide(w, nodes)
    for f in {n.source[0] if isinstance(n, v.Push) else n for n in nodes}:
        if isinstance(f, v.Map):
            w.room[f.space] = len(w.cells(f.target)) + k % 2
    return w


def nested(nodes) -> bool:
    """Whether an integral over the line stands within another one."""
    found = [n for n in nodes if isinstance(n, v.Expect | v.Integral)]
    lines = [n for n in found if n.args[1].space.kind == "line"]
    return any(n is not i and n.has(i) for n in lines for i in lines)


def _panels(nodes) -> tuple:
    """Return how many panels a quadrature takes on a side, and over how many reaches.

    Exponentials and fractions may move the mass far out; within another integral a
    few panels must do.
    """
    if nested(nodes):
        return 2, 1
    wide = any(isinstance(n, o.Exp | v.Chi2) or _bare(n) for n in nodes)
    return (9, 3) if wide else (3, 1)


def _bare(n) -> bool:
    """Whether a normal density stands in a power, a root or a fraction."""
    if not isinstance(n, o.Over | o.Power | o.Sqrt):
        return False
    return any(isinstance(f.args[0], v.Normal) for f in n.atoms(v.At))


def _wide(w, nodes) -> None:
    """See that no matrix with orthonormal rows has more rows than columns."""
    pairs = [
        n.shape
        for n in nodes
        if isinstance(n, v.MatrixSymbol) and n.kind == "orthonormal"
    ]
    for k, d in pairs:
        if isinstance(k, v.Var) and isinstance(d, v.Var) and w.var(k) > w.var(d):
            w.values[k], w.values[d] = w.values[d], w.values[k]
    # In a chain a size comes down to the next one, or is lifted by a number.
    for k, d in pairs * len(pairs):
        small, large = (w.var(s) if isinstance(s, v.Var) else int(s) for s in (k, d))
        if small > large and isinstance(k, v.Var):
            w.values[k] = large
        elif small > large and isinstance(d, v.Var):
            w.values[d] = small
