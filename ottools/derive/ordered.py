"""Expressions that stay in the order in which their author wrote them.

SymPy sorts the terms of a sum; a textbook does not. The classes here are SymPy
expressions whose operators build unevaluated nodes, so that
``KL(p, q) + H(p) - 1`` is typeset exactly so. They carry no mathematics: `normal.lower`
turns them into ordinary SymPy, `typeset` into LaTeX and text.
"""

from __future__ import annotations

from fractions import Fraction

import sympy as sp


class ClaimError(ValueError):
    """A claim that cannot be read: it names what is wrong and what is admissible."""


def wrap(value):
    """Turn an int, Fraction or SymPy expression into a node; refuse floats."""
    if isinstance(value, bool | float):
        raise ClaimError(
            f"{value!r} is not exact: write an integer, a Fraction or "
            "Rational(numerator, denominator)."
        )
    if isinstance(value, Fraction):
        return sp.Rational(value.numerator, value.denominator)
    if isinstance(value, int):
        return sp.Integer(value)
    if isinstance(value, Ordered):
        return value
    if isinstance(value, sp.Basic):
        if value.has(sp.Float, sp.nan, sp.zoo):
            raise ClaimError(f"{value} is no exact number: a claim is made of those.")
        return value
    raise ClaimError(
        f"{value!r} of type {type(value).__name__} cannot stand in a claim: "
        "admissible are integers, Fractions and symbols of the vocabulary."
    )


class Ordered(sp.Expr):
    """Base of every node: operators keep the author's order and evaluate nothing."""

    __slots__ = ()
    _op_priority = 1000.0
    is_commutative = True

    def __add__(self, other):
        return Plus(self, other)

    def __radd__(self, other):
        return Plus(other, self)

    def __sub__(self, other):
        return Plus(self, Neg(other))

    def __rsub__(self, other):
        return Plus(other, Neg(self))

    def __mul__(self, other):
        return Times(self, other)

    def __rmul__(self, other):
        return Times(other, self)

    def __truediv__(self, other):
        return Over(self, other)

    def __rtruediv__(self, other):
        return Over(other, self)

    def __pow__(self, other):
        return Power(self, other)

    def __rpow__(self, other):
        return Power(other, self)

    def __matmul__(self, other):
        from .matrices import MatMul

        return MatMul(self, other)

    @property
    def T(self):
        """The transpose of a matrix."""
        from .matrices import Transpose

        return Transpose(self)

    def __neg__(self):
        return Neg(self)

    def __pos__(self):
        return self

    def __bool__(self):
        raise ClaimError(
            "a formula is neither true nor false by itself: state a relation with "
            "Equal, AtMost, AtLeast … and hand it to check."
        )

    def _latex(self, printer):
        from .typeset import tex

        return tex(self)

    def _sympystr(self, printer):
        from .typeset import text

        return text(self)

    def __str__(self):
        return self._sympystr(None)

    __repr__ = __str__

    def _repr_latex_(self):
        from .typeset import tex

        return f"$\\displaystyle {tex(self)}$"


def size_of(n, name: str):
    """Return a size as an expression: a positive integer or a natural number."""
    n = wrap(n)
    if n.is_Integer and n > 0 or getattr(n, "integer", False):
        return n
    raise ClaimError(f"{name}: a size is a positive integer or a natural, not {n}.")


class Node(Ordered):
    """An inner node: its arguments are wrapped and kept in order."""

    __slots__ = ()

    def __new__(cls, *args):
        return sp.Basic.__new__(cls, *map(wrap, args))


class Leaf(Ordered):
    """An atom with a name; equal when class and key are equal."""

    __slots__ = ("key",)

    def __new__(cls, *key):
        obj = sp.Basic.__new__(cls)
        obj.key = key
        return obj

    is_number = False

    def _hashable_content(self):
        return self.key

    def __reduce__(self):
        return _leaf, (type(self), self.key)

    @property
    def name(self) -> str:
        """The name under which the author declared it."""
        return self.key[0]

    @property
    def free_symbols(self):
        """The leaf itself, as SymPy's protocol wants it."""
        return {self}


def _leaf(kind, key):
    """Return a leaf of a class as it was made; for copies and other processes."""
    return Leaf.__new__(kind, *key)


class Plus(Node):
    """A sum in the author's order; nested sums are flattened on the left only."""

    __slots__ = ()

    def __new__(cls, *terms):
        flat = []
        for i, t in enumerate(map(wrap, terms)):
            flat.extend(t.args if isinstance(t, Plus) and i == 0 else [t])
        return flat[0] if len(flat) == 1 else sp.Basic.__new__(cls, *flat)


class Neg(Node):
    """A term with a minus sign in front."""

    __slots__ = ()


class Times(Node):
    """A product in the author's order."""

    __slots__ = ()

    def __new__(cls, *factors):
        flat = []
        for t in map(wrap, factors):
            flat.extend(t.args if isinstance(t, Times) else [t])
        return flat[0] if len(flat) == 1 else sp.Basic.__new__(cls, *flat)


class Over(Node):
    """A fraction."""

    __slots__ = ()


class Power(Node):
    """A power."""

    __slots__ = ()


class Elementary(Node):
    """An elementary function; `native` is its SymPy counterpart."""

    __slots__ = ()
    native = None
    arity = 1

    def __new__(cls, *args):
        if len(args) != cls.arity:
            raise ClaimError(f"{cls.__name__} takes {cls.arity} arguments.")
        return Node.__new__(cls, *args)


class Log(Elementary):
    """The natural logarithm."""

    __slots__ = ()
    native = staticmethod(sp.log)


class Log2(Elementary):
    """The logarithm to base two, for lengths in bits."""

    __slots__ = ()
    native = staticmethod(lambda a: sp.log(a) / sp.log(2))


class Exp(Elementary):
    """The exponential function."""

    __slots__ = ()
    native = staticmethod(sp.exp)


class Sqrt(Elementary):
    """The square root."""

    __slots__ = ()
    native = staticmethod(sp.sqrt)


class Abs(Elementary):
    """The absolute value."""

    __slots__ = ()
    native = staticmethod(sp.Abs)


class Max(Elementary):
    """The larger of two values, (a + b + |a − b|)/2."""

    __slots__ = ()
    arity = 2
    native = staticmethod(lambda a, b: (a + b + sp.Abs(a - b)) / 2)


class Min(Elementary):
    """The smaller of two values, (a + b − |a − b|)/2."""

    __slots__ = ()
    arity = 2
    native = staticmethod(lambda a, b: (a + b - sp.Abs(a - b)) / 2)


def log(arg):
    """Write log(arg), the natural logarithm."""
    return Log(arg)


def log2(arg):
    """Write log₂(arg)."""
    return Log2(arg)


def exp(arg):
    """Write exp(arg)."""
    return Exp(arg)


def sqrt(arg):
    """Write √arg."""
    return Sqrt(arg)
