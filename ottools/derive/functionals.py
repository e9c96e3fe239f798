"""Expectations, integrals, sums, divergences and derivatives.

What a functional *means* is said once, by its `unfold` method; the numerical attack
has its own definitions.
"""

from __future__ import annotations

import sympy as sp

from .iid import Independent, Sample
from .iid import distinct as over_distinct
from .ordered import Abs, ClaimError, Log, Neg, Node, Over, Plus, Times, wrap
from .symbols import (
    At,
    Density,
    Given,
    Item,
    Map,
    Point,
    Push,
    Space,
    Var,
    Variation,
    oo,
)


class Expect(Node):
    """E_{x∼p}[body]; arguments (body, point, density)."""

    __slots__ = ()

    def __new__(cls, body, point, density):
        if isinstance(density, Given) and density.spaces != (point.space,):
            raise ClaimError(f"{density} is no density on {point.space.name}.")
        return Node.__new__(cls, body, point, density)


class Integral(Node):
    """∫ body dx, or Σ_x body on a finite space; arguments (body, point)."""

    __slots__ = ()


class _Brackets:
    """Lets an author write ``E(x, p)[body]`` as on paper."""

    def __init__(self, make):
        self.make = make

    def __getitem__(self, body):
        return self.make(wrap(body))


def E(point: Point, density, size=None):
    """Write an expectation: ``E(x, p)[log(D(x))]``, for a sample ``E(xs, p, n)``."""
    check_space(density, point.space, "expectation")
    if isinstance(point, Sample):
        return _Brackets(lambda body: Independent(body, point, density, size))
    return _Brackets(lambda body: Expect(body, point, density))


def Int(*points: Point):
    """Write an integral (a sum on a finite space): ``Int(x)[p(x) * log(p(x))]``."""

    def make(body):
        for point in reversed(points):
            body = Integral(body, point)
        return body

    return _Brackets(make)


def spaces_of(expr) -> set:
    """Return the spaces on which the densities in an expression live."""
    found = getattr(expr, "spaces", None)
    if found is not None:
        return {tuple(found)}
    out = set()
    for a in wrap(expr).args:
        out |= spaces_of(a)
    return out


def check_space(density, space, where: str) -> None:
    """Raise unless a density expression lives on the given space."""
    found = spaces_of(density)
    if found != {(space,)}:
        names = sorted("×".join(s.name for s in f) for f in found) or ["no space"]
        raise ClaimError(
            f"{where}: a density on {space.name} is wanted, this one lives on "
            f"{', '.join(names)}."
        )


def _check_mixture(f):
    """Raise unless f is a density or a combination of densities with + − × ÷."""
    if getattr(f, "spaces", None) is not None or f.is_number or isinstance(f, Var):
        return
    if not isinstance(f, Plus | Neg | Times | Over):
        raise ClaimError(
            f"{f} is no density: admissible are densities and mixtures of densities."
        )
    for a in f.args:
        _check_mixture(a)


class Functional(Node):
    """A functional of densities on one space."""

    __slots__ = ()
    arity = 2
    symmetric = False

    def __new__(cls, *args):
        if len(args) != cls.arity:
            raise ClaimError(
                f"{cls.__name__} takes {cls.arity} densities, {len(args)} came."
            )
        found = set().union(*(spaces_of(a) for a in args))
        if len(found) != 1:
            names = sorted("×".join(s.name for s in f) for f in found) or ["no space"]
            raise ClaimError(
                f"{cls.__name__} compares densities on one space; these live on "
                f"{', '.join(names)}."
            )
        for a in args:
            _check_mixture(a)
        return Node.__new__(cls, *args)

    @property
    def points(self) -> tuple:
        """Fresh points, one for each space."""
        (spaces,) = set().union(*(spaces_of(a) for a in self.args))
        names = ("x", "y", "z")
        return tuple(s.point(n) for s, n in zip(spaces, names, strict=False))

    def _mean(self, of, body):
        """Return E[body] under a density; under a joint one, the double integral."""
        if len(self.points) == 1:
            return Expect(body, *self.points, of)
        return self._integral(At(of, *self.points) * body)

    def _integral(self, body):
        return Int(*self.points)[body]


class H(Functional):
    """Entropy, −E_{x∼p}[log p(x)]."""

    __slots__ = ()
    arity = 1

    def unfold(self):
        """Return the definition."""
        (p,) = self.args
        return -self._mean(p, Log(At(p, *self.points)))


class CrossEntropy(Functional):
    """Cross-entropy H(p, q) = −E_{x∼p}[log q(x)]."""

    __slots__ = ()

    def unfold(self):
        """Return the definition."""
        p, q = self.args
        return -self._mean(p, Log(At(q, *self.points)))


class ConditionalEntropy(Node):
    """H(Y|X) of a joint density; arguments (joint, y, x)."""

    __slots__ = ()

    def unfold(self):
        """Return ∫ p(x) H(Y|X=x) dx."""
        p, y, x = self.args
        inner = -Integral(Given(p, y, x) * Log(Given(p, y, x)), y)
        return Expect(inner, x, p.on(x.space))


class KL(Functional):
    """Kullback–Leibler divergence, E_{x∼p}[log(p(x)/q(x))]."""

    __slots__ = ()

    def unfold(self):
        """Return the definition."""
        p, q = self.args
        x = self.points
        return self._mean(p, Log(Over(At(p, *x), At(q, *x))))


class JS(Functional):
    """Jensen–Shannon divergence with its two halves, 0 ≤ JS ≤ log 2."""

    __slots__ = ()
    symmetric = True

    def unfold(self):
        """Return the definition through KL to the mixture."""
        p, q = self.args
        mid = Over(Plus(p, q), 2)
        return KL(p, mid) / 2 + KL(q, mid) / 2


class TV(Functional):
    """Total variation with its half, ½∫|p − q|."""

    __slots__ = ()
    symmetric = True

    def unfold(self):
        """Return the definition."""
        p, q = (At(a, *self.points) for a in self.args)
        return self._integral(Abs(p - q)) / 2


class Chi2(Functional):
    """χ²(p‖q) = ∫(p − q)²/q."""

    __slots__ = ()

    def unfold(self):
        """Return the definition."""
        p, q = (At(a, *self.points) for a in self.args)
        return self._integral((p - q) ** 2 / q)


class Mean(Functional):
    """E_{x∼p}[x] on the line."""

    __slots__ = ()
    arity = 1

    def unfold(self):
        """Return the definition."""
        return Expect(self.points[0], self.points[0], self.args[0])


class Variance(Functional):
    """E_{x∼p}[x²] − (E_{x∼p}[x])² on the line."""

    __slots__ = ()
    arity = 1

    def unfold(self):
        """Return the definition."""
        x, p = self.points[0], self.args[0]
        return Expect(x**2, x, p) - Expect(x, x, p) ** 2


class Sum(Node):
    """Σ_{i=1}^{n} body; arguments (body, index, n)."""

    __slots__ = ()


def total(*ranges, distinct=False):
    """Write a (multiple) sum: ``total((i, N), (j, M))[k(x[i], y[j])]``.

    With ``distinct=True``, two indices of one range: the sum over i ≠ j.
    """
    if distinct:
        return _Brackets(over_distinct(ranges))

    def make(body):
        for i, n in reversed(ranges):
            body = Sum(body, i, n)
        return body

    return _Brackets(make)


class NormalProduct(Node):
    """∏_i N(x_i; m_i, v_i), i = 1…d; arguments (m, v, d): two families, a dimension."""

    __slots__ = ()
    is_number = False
    mass = 1
    space = Space("R^d", "abstract")
    spaces = (space,)

    def __call__(self, point):
        return At(self, point)


class Diff(Node):
    """∂ body / ∂ variable, the variable being a Var or a member of a family."""

    __slots__ = ()


def d(body, variable):
    """Write a derivative: ``d(JS(p, q), t)``."""
    if not isinstance(variable, Var | Item):
        raise ClaimError(
            f"a derivative is taken in a declared symbol or a member x[k], "
            f"not in {variable}."
        )
    return Diff(body, variable)


class Vary(Node):
    """d/dθ of a functional when one density moves with velocity ∂q/∂θ.

    Arguments (body, density, frozen…): the frozen named functions stay as they are.
    """

    __slots__ = ()


def variation(density: Density) -> Variation:
    """Return ∂_θ q for an abstract density q."""
    return Variation(density.name, density.spaces, -oo, oo, density)


def vary(body, density: Density, *frozen):
    """Write d/dθ of a functional of q_θ, with some named functions held fixed."""
    if not isinstance(density, Density):
        raise ClaimError(f"only an abstract density can vary, not {density}.")
    if isinstance(density, Push) and any(
        isinstance(n, Map) for n in sp.preorder_traversal(wrap(body))
    ):
        raise ClaimError(
            f"{density} varies, the map behind it does not: write the expectation over "
            f"{density}."
        )
    return Vary(body, density, *frozen)
