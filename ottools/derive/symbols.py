"""The nouns: symbols with their intervals, spaces, points, densities, families.

Everything here is an `Ordered` SymPy expression that carries what was declared.
"""

from __future__ import annotations

import sympy as sp
from sympy.core.symbol import Str

from .ordered import ClaimError, Leaf, Node, Over, size_of, wrap

oo = sp.oo


class Var(Leaf):
    """A real scalar with the open interval it ranges over."""

    __slots__ = ()

    @property
    def domain(self):
        """The open interval (lo, hi) as SymPy numbers."""
        return self.key[1], self.key[2]

    @property
    def integer(self) -> bool:
        """Whether the symbol stands for a positive integer."""
        return self.key[3]


def _declare(names: str, lo, hi, integer=False):
    made = tuple(
        Var(n, sp.sympify(lo), sp.sympify(hi), integer)
        for n in names.replace(",", " ").split()
    )
    if not made:
        raise ClaimError("a declaration needs at least one name, as in real('x y').")
    return made[0] if len(made) == 1 else made


def real(names: str):
    """Declare real symbols: ``x, m = real("x m")``."""
    return _declare(names, -oo, oo)


def positive(names: str):
    """Declare positive symbols, (0, ∞)."""
    return _declare(names, 0, oo)


def unit(names: str):
    """Declare symbols in the open unit interval (0, 1)."""
    return _declare(names, 0, 1)


def between(names: str, lo, hi):
    """Declare symbols in the open interval (lo, hi)."""
    return _declare(names, *_interval(names, lo, hi))


def _interval(name, lo, hi):
    """Return the end points of an open interval, checked."""
    lo, hi = wrap(lo), wrap(hi)
    if not all(e.is_Rational or e in (-oo, oo) for e in (lo, hi)) or not lo < hi:
        raise ClaimError(
            f"{name}: the ends of an interval are rational or infinite and lo < hi; "
            f"({lo}, {hi}) came."
        )
    return lo, hi


def natural(names: str, least: int = 1):
    """Declare positive integers, such as the size of a sample, from `least` on."""
    if not isinstance(least, int) or least < 1:
        raise ClaimError(f"natural({names!r}): least is an integer ≥ 1, not {least!r}.")
    return _declare(names, least - 1, oo, True)


class Space(Leaf):
    """A sample space: ``finite`` (sums), ``line`` or ``abstract`` (integrals)."""

    __slots__ = ()
    kinds = ("finite", "line", "abstract")

    def __new__(cls, name: str, kind: str = "abstract", size=None):
        if kind not in cls.kinds:
            raise ClaimError(
                f"kind of space {name} must be in {cls.kinds}, not {kind!r}"
            )
        size = None if size is None else size_of(size, f"space {name}")
        return Leaf.__new__(cls, name, kind, size)

    @property
    def kind(self) -> str:
        """How integrals over the space are written and attacked."""
        return self.key[1]

    @property
    def size(self):
        """The number of points of a finite space, or None."""
        return self.key[2]

    def sample(self, name: str):
        """Declare independent points of the space: ``xs = X.sample("x")``."""
        from .iid import Sample

        if self.kind == "line":
            raise ClaimError(
                f"the sample {name}: independent points are drawn from a finite or an "
                "abstract space."
            )
        return Sample(name, self)

    def point(self, name: str) -> Point:
        """Declare a point of the space: ``x = X.point("x")``."""
        return Point(name, self)


class Point(Leaf):
    """A point of a space; the variable that E and ∫ bind."""

    __slots__ = ()

    @property
    def space(self) -> Space:
        """The space in which the point lies."""
        return self.key[1]


LINE = Space("R", "line")


class Fn(Leaf):
    """A function on a space with values in an interval, such as a discriminator."""

    __slots__ = ()
    mass = None

    @property
    def spaces(self) -> tuple:
        """The spaces of the arguments."""
        return self.key[1]

    @property
    def space(self):
        """The only space of the arguments."""
        return self.key[1][0]

    @property
    def domain(self):
        """The open interval of its values."""
        return self.key[2], self.key[3]

    def __call__(self, *points):
        return At(self, *points)


class Density(Fn):
    """A positive function of total mass one: a density or a mass function."""

    __slots__ = ()
    mass = 1


class Variation(Fn):
    """∂q/∂θ, the derivative of a density in a parameter: its total mass is zero."""

    __slots__ = ()
    mass = 0


def densities(names: str, on: Space):
    """Declare positive densities (mass functions on a finite space)."""
    hi = 1 if on.kind == "finite" else oo
    made = tuple(
        Density(n, (on,), sp.Integer(0), sp.sympify(hi))
        for n in names.replace(",", " ").split()
    )
    return made[0] if len(made) == 1 else made


def function(name: str, on, values=(-oo, oo)) -> Fn:
    """Declare a function with values in an open interval, on a space or on several.

    ``function("c", (A, B), (0, oo))`` is a positive function of two points.
    """
    spaces = on if isinstance(on, tuple) else (on,)
    if not spaces or not all(isinstance(s, Space) for s in spaces):
        raise ClaimError(f"the function {name} lives on a space or a tuple of spaces.")
    return Fn(name, spaces, *_interval(name, *values))


class Joint(Density):
    """A joint density p(x, y) with its marginals and conditionals."""

    __slots__ = ()

    def on(self, space: Space) -> Marginal:
        """Return the marginal on one of the two spaces."""
        if space not in self.spaces:
            raise ClaimError(f"{self.name} is no density on {space.name}.")
        return Marginal(self.name, (space,), sp.Integer(0), self.key[3], self)

    def given(self, y: Point, x: Point):
        """Return the conditional density p(y | x)."""
        return Given(self, y, x)


class Marginal(Density):
    """The marginal of a joint density on one of its spaces."""

    __slots__ = ()

    @property
    def joint(self) -> Joint:
        """The joint density it belongs to."""
        return self.key[4]


def joint(name: str, x: Space, y: Space) -> Joint:
    """Declare a positive joint density on the product of two spaces."""
    if x == y:
        raise ClaimError(
            f"joint density {name}: the two spaces must differ, both are {x.name}."
        )
    hi = 1 if x.kind == y.kind == "finite" else oo
    return Joint(name, (x, y), sp.Integer(0), sp.sympify(hi))


class Map(Leaf):
    """A map between spaces, such as a generator from latent to data space."""

    __slots__ = ()

    @property
    def spaces(self) -> tuple:
        """The space of its argument."""
        return (self.key[1],)

    @property
    def space(self) -> Space:
        """The only space of the argument."""
        return self.key[1]

    __call__ = Fn.__call__

    @property
    def target(self) -> Space:
        """The space of its values."""
        return self.key[2]


def mapping(name: str, on: Space, to: Space) -> Map:
    """Declare a map between spaces: ``G = mapping("G", on=Z, to=X)``."""
    return Map(name, on, to)


class Push(Density):
    """The push-forward of a density by a map: the law of G(z) for z ∼ p."""

    __slots__ = ()

    @property
    def source(self) -> tuple:
        """The map and the density that it pushes."""
        return self.key[4], self.key[5]


def push(by: Map, density: Density, name: str | None = None) -> Push:
    """Return the push-forward G_# p, a density on the target of the map."""
    label = name or rf"{by.name}_{{\#}} {density.name}"
    return Push(label, (by.target,), sp.Integer(0), oo, by, density)


class Given(Node):
    """p(y | x) = p(x, y) / p(x), a number, and a density in y for every x."""

    __slots__ = ()
    mass = 1

    @property
    def spaces(self) -> tuple:
        """The space of y."""
        return (self.args[1].space,)

    def at(self, point) -> Given:
        """Return the same conditional density at another y."""
        return Given(self.args[0], point, self.args[2])

    def unfold(self):
        """Return the quotient of joint and marginal."""
        p, y, x = self.args
        both = (x, y) if p.spaces == (x.space, y.space) else (y, x)
        return Over(At(p, *both), At(p.on(x.space), x))


def _without_points(law, *parameters) -> None:
    """Raise if a parameter of a law depends on a point of a space."""
    if any(p.has(Point) for p in parameters):
        raise ClaimError(
            f"{law}: a law whose parameter is a point is not part of the vocabulary; "
            "use a symbol."
        )


class Normal(Node):
    """The normal density N(mean, variance) on the line."""

    __slots__ = ()
    is_number = False

    def __new__(cls, mean, variance):
        mean, s2 = wrap(mean), wrap(variance)
        _without_points(f"N({mean}, {s2})", mean, s2)
        negative = s2.is_number and not s2 > 0
        if negative or (isinstance(s2, Var) and s2.domain[0] < 0):
            raise ClaimError(f"N({mean}, {variance}): a variance is positive.")
        return Node.__new__(cls, mean, s2)

    mass = 1
    space = LINE
    spaces = (LINE,)

    def __call__(self, point):
        return At(self, point)


class Uniform(Node):
    """The uniform density on the interval [lo, hi] of the line."""

    __slots__ = ()
    is_number = False

    def __new__(cls, lo, hi):
        lo, hi = wrap(lo), wrap(hi)
        _without_points(f"U[{lo}, {hi}]", lo, hi)
        if lo.is_number and hi.is_number and not lo < hi:
            raise ClaimError(f"U[{lo}, {hi}]: the ends must satisfy lo < hi.")
        return Node.__new__(cls, lo, hi)

    mass = 1
    space = LINE
    spaces = (LINE,)

    def __call__(self, point):
        return At(self, point)


class Table(Leaf):
    """A concrete mass function with exact weights: ``Table("p", X, (1, 2, 1))``."""

    __slots__ = ()
    mass = 1

    def __new__(cls, name: str, space: Space, weights):
        w = tuple(sp.Rational(wrap(v)) for v in weights)
        if not w or min(w) < 0 or sum(w) == 0:
            raise ClaimError(f"weights of {name} must be ≥ 0 and not all 0, not {w}.")
        return Leaf.__new__(cls, name, (space,), tuple(v / sum(w) for v in w))

    spaces = Fn.spaces
    space = Fn.space
    __call__ = Fn.__call__

    @property
    def domain(self):
        """An interval that holds every value: positive only if they all are."""
        return (sp.Integer(0) if min(self.weights) > 0 else -oo), oo

    @property
    def weights(self) -> tuple:
        """The normalised weights."""
        return self.key[2]


class Values(Table):
    """A concrete function with exact values: ``Values("ell", A, (1, 2, 2))``."""

    __slots__ = ()
    mass = None

    def __new__(cls, name: str, space: Space, values):
        w = tuple(sp.Rational(wrap(v)) for v in values)
        if not w:
            raise ClaimError(f"the function {name} needs at least one value.")
        return Leaf.__new__(cls, name, (space,), w)


class At(Node):
    """The value of a function at points; of a map, a point of its target."""

    __slots__ = ()

    @property
    def space(self):
        """The space of the value if it is a point, else None."""
        return self.args[0].target if isinstance(self.args[0], Map) else None

    def __new__(cls, f, *points):
        spaces = getattr(f, "spaces", None)
        if spaces is not None:
            have = tuple(getattr(p, "space", None) for p in points)
            if have != tuple(spaces):
                want = ", ".join(s.name for s in spaces)
                came = ", ".join(s.name if s is not None else "no point" for s in have)
                raise ClaimError(
                    f"{getattr(f, 'name', f)} lives on {want} "
                    f"and was evaluated on {came}."
                )
        if isinstance(f, Given):
            return f.at(*points)
        return Node.__new__(cls, f, *points)


class Named(Leaf):
    """A function with a name and a body, such as D*(x) = p(x)/(p(x) + q(x))."""

    __slots__ = ()

    def __call__(self, point):
        return At(self, point)

    @property
    def spaces(self) -> tuple:
        """The space of its argument."""
        return (self.key[1].space,)

    space = Fn.space


def named(name: str, point: Point, body) -> Named:
    """Give a name to a function of one point."""
    return Named(name, point, wrap(body))


class Alias(Node):
    """A name for an expression: it displays the name and stands for the expression."""

    __slots__ = ()

    def __new__(cls, name, body):
        name = name.name if isinstance(name, Str) else name
        return sp.Basic.__new__(cls, Str(name), wrap(body))

    @property
    def shape(self):
        """The shape of a matrix behind the name, None for a number."""
        from .matrices import shape

        return shape(self.args[1])

    def unfold(self):
        """Return the expression behind the name."""
        return self.args[1]


class Index(Leaf):
    """A summation index."""

    __slots__ = ()


def index(names: str):
    """Declare summation indices."""
    made = tuple(Index(n) for n in names.replace(",", " ").split())
    return made[0] if len(made) == 1 else made


class Samples(Leaf):
    """A family of real numbers x_i (or x_{ia}); ``x[i]`` picks one."""

    __slots__ = ()

    def __getitem__(self, indices):
        indices = indices if isinstance(indices, tuple) else (indices,)
        return Item(self, *indices)

    @property
    def positive(self) -> bool:
        """Whether all members are positive."""
        return self.key[1]


def samples(names: str, *, positive: bool = False):
    """Declare indexed families of numbers, real or positive."""
    made = tuple(Samples(n, positive) for n in names.replace(",", " ").split())
    return made[0] if len(made) == 1 else made


class Item(Node):
    """A member of an indexed family."""

    __slots__ = ()
