"""Matrices with entries, for the numerical attack: drawn at random, by definition."""

from __future__ import annotations

from fractions import Fraction

from .arithmetic import Exact
from .matrices import shape
from .ordered import ClaimError


class Grid:
    """A matrix of numbers of any arithmetic; it adds to the number 0 and to grids."""

    def __init__(self, rows):
        self.rows = tuple(map(tuple, rows))

    @classmethod
    def diagonal(cls, n: int, entry, zero):
        """Return a square grid with one entry along its diagonal."""
        return cls([[entry if i == j else zero for j in range(n)] for i in range(n)])

    def __str__(self):
        return "(" + "; ".join(" ".join(map(str, row)) for row in self.rows) + ")"

    def map(self, f):
        """Return the grid of f(entry)."""
        return Grid([[f(x) for x in row] for row in self.rows])

    def __add__(self, other):
        if not isinstance(other, Grid):  # the number 0 with which a sum begins
            return self
        return Grid(
            [
                [x + y for x, y in zip(r, s, strict=True)]
                for r, s in zip(self.rows, other.rows, strict=True)
            ]
        )

    __radd__ = __add__

    def __neg__(self):
        return self.map(lambda x: -x)

    def __rmul__(self, c):
        return self.map(lambda x: c * x)

    __mul__ = __rmul__

    def __truediv__(self, c):
        return self.map(lambda x: x / c)

    def __matmul__(self, other):
        columns = other.transpose().rows
        return Grid(
            [
                [sum(x * y for x, y in zip(r, c, strict=True)) for c in columns]
                for r in self.rows
            ]
        )

    def transpose(self):
        """Return the transposed grid."""
        return Grid(zip(*self.rows, strict=True))

    def entries(self):
        """Return all entries, row by row."""
        return [x for row in self.rows for x in row]

    def size(self):
        """Return the largest entry in absolute value."""
        return max(map(abs, self.entries()))

    def inverse(self):
        """Return the inverse by elimination; ZeroDivisionError if there is none."""
        n = len(self.rows)
        work = [
            [*row, *(row[0] * 0 + (i == j) for j in range(n))]
            for i, row in enumerate(self.rows)
        ]
        for k in range(n):
            pivot = max(range(k, n), key=lambda i: abs(work[i][k]))
            work[k], work[pivot] = work[pivot], work[k]
            work[k] = [x / work[k][k] for x in work[k]]
            for i in range(n):
                if i != k:
                    c = work[i][k]
                    work[i] = [x - c * y for x, y in zip(work[i], work[k], strict=True)]
        return Grid([row[n:] for row in work])

    def root(self):
        """Return the principal root by the iteration of Denman and Beavers (1976).

        Raises ZeroDivisionError where there is none, which counts as no value.
        """
        y, z = self, Grid.diagonal(len(self.rows), 1, 0)
        last = None
        for _ in range(60):
            new, z = (y + z.inverse()) / 2, (z + y.inverse()) / 2
            step, y = (new + -y).size(), new
            # Quadratic convergence: a step that no longer shrinks is rounding.
            if last is not None and last <= step <= y.size() / 10**9:
                return y
            last = step
        raise ZeroDivisionError("no principal root")


def draw(world, kind: str, n: int, k: int):
    """Draw a matrix of a kind, of Fractions; one world in all has zero matrices."""
    rng = world.rng

    def entry():
        return Fraction(rng.randint(-6, 6), rng.choice((1, 2, 3))) * (not world.same)

    def some(n, k):
        return Grid([[entry() for _ in range(k)] for _ in range(n)])

    if kind == "identity":
        return Grid.diagonal(n, Fraction(1), Fraction(0))
    if kind == "general":
        return some(n, k)
    if kind == "definite":
        low = some(n, n)
        return low @ low.transpose() + Grid.diagonal(n, Fraction(1, 2), Fraction(0))
    if n > k:
        raise ClaimError(f"{n} rows of length {k} cannot be orthonormal.")
    low = some(k, k)
    skew, one = low + -low.transpose(), Grid.diagonal(k, Fraction(1), Fraction(0))
    # Cayley's transform of a skew matrix is orthogonal.
    return Grid(((one + -skew) @ (one + skew).inverse()).rows[:n])


def farthest(left, right):
    """Return the (row, column) in which two grids differ most; None for numbers."""
    if not isinstance(left, Grid) and not isinstance(right, Grid):
        return None
    gap = left + -right if isinstance(left, Grid) else right
    rows = [[abs(x) for x in row] for row in gap.rows]
    places = [(i, j) for i, row in enumerate(rows) for j in range(len(row))]
    return max(places, key=lambda place: rows[place[0]][place[1]])


def probe(left, right):
    """Turn two grids into numbers: the two entries that differ most."""
    place = farthest(left, right)
    if place is None:
        return left, right
    i, j = place
    return tuple(s.rows[i][j] if isinstance(s, Grid) else s for s in (left, right))


class MatrixValues:
    """The part of `attack.Evaluate` that knows matrices."""

    def do_MatrixSymbol(self, e, env):
        n, k = (int(self(s, env)) for s in e.shape)
        made = self.world.get(e, lambda: draw(self.world, e.kind, n, k))
        return made.map(self.nb.number)

    def zero(self, e, number, env):
        """Return a number 0, as a grid where a formula is a matrix."""
        found = shape(e)
        if found is None:
            return number
        n, k = (int(self(s, env)) for s in found)
        return Grid([[number] * k] * n)

    def do_MatMul(self, e, env):
        first, *rest = (self(a, env) for a in e.args)
        for a in rest:
            first = first @ a
        return first

    def do_Transpose(self, e, env):
        return self(e.args[0], env).transpose()

    def do_Inverse(self, e, env):
        return self(e.args[0], env).inverse()

    def do_Root(self, e, env):
        if self.nb is Exact:
            raise TypeError("a matrix root is no fraction")
        return self(e.args[0], env).root()

    def do_Trace(self, e, env):
        rows = self(e.args[0], env).rows
        return sum(row[i] for i, row in enumerate(rows))

    def do_Norm2(self, e, env):
        return sum(x * x for x in self(e.args[0], env).entries())

    def do_Gradient(self, e, env):
        body, variable = e.args
        base = self(variable, env)
        self(body, env)

        def slope(i, j):
            def along(t):
                rows = [list(row) for row in base.rows]
                rows[i][j] = t
                world = self.world.changed()
                world.values[variable] = Grid(rows)
                return type(self)(world, self.nb)(body, env)

            return self.nb.diff(along, base.rows[i][j])

        return Grid(
            [[slope(i, j) for j in range(len(r))] for i, r in enumerate(base.rows)]
        )
