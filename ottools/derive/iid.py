"""Independent samples x_1, …, x_n of one law, sums over i ≠ j, symmetric kernels.

xs = X.sample("x");  U = total((i, n), (j, n), distinct=True)[k(xs[i], xs[j])]
E(xs, p, n)[U] == n*(n - 1)*E(x, p)[E(y, p)[k(x, y)]]
"""

from __future__ import annotations

from .ordered import ClaimError, Leaf, Neg, Node, Plus, size_of, wrap
from .symbols import Fn, Space, _interval, oo


class Kernel(Fn):
    """A symmetric function of two points of one space."""

    __slots__ = ()


def kernel(name: str, on: Space, values=(-oo, oo)) -> Kernel:
    """Declare a symmetric function of two points: ``k(x, y) = k(y, x)``."""
    return Kernel(name, (on, on), *_interval(name, *values))


class Sample(Leaf):
    """Independent points of a space; ``xs[i]`` picks one."""

    __slots__ = ()

    @property
    def space(self) -> Space:
        """The space in which the points lie."""
        return self.key[1]

    def __getitem__(self, i):
        return Drawn(self, i)


class Drawn(Node):
    """A point x_i of a sample; arguments (sample, index)."""

    __slots__ = ()

    @property
    def space(self) -> Space:
        """The space in which the point lies."""
        return self.args[0].space


class Independent(Node):
    """E over x_1, …, x_n, independent with one law: (body, sample, density, n)."""

    __slots__ = ()

    def __new__(cls, body, sample, density, n):
        if n is None:
            raise ClaimError(
                f"E over the sample {sample.name} needs its size: E(x, p, n)."
            )
        n = size_of(n, f"the sample {sample.name}")
        return Node.__new__(cls, body, sample, density, n)


class Distinct(Node):
    """Σ over i ≠ j, both from 1 to n; arguments (body, i, j, n)."""

    __slots__ = ()

    def unfold(self):
        """Return the sum over all pairs less that over the diagonal."""
        from .functionals import Sum

        body, i, j, n = self.args
        return Plus(Sum(Sum(body, j, n), i, n), Neg(Sum(body.xreplace({j: i}), i, n)))


def distinct(ranges):
    """Return the function that makes a sum over different indices of one range."""
    if len(ranges) != 2 or wrap(ranges[0][1]) != wrap(ranges[1][1]):
        raise ClaimError("a sum over distinct indices has two indices of one range.")
    (i, n), (j, _) = ranges
    return lambda body: Distinct(body, i, j, n)
