"""Matrices of symbolic size: products, transposes, roots, traces and gradients.

A matrix is an `Ordered` expression with a shape. Sums and multiples are the ordinary
nodes of `ordered`; what is new are the product ``A @ B``, the transpose ``A.T``, the
inverse and the root of a positive definite matrix, and the scalars ``trace(A)`` and
``norm2(A)``, which have a gradient in each matrix without structure.
"""

from __future__ import annotations

import sympy as sp

from .ordered import (
    ClaimError,
    Leaf,
    Neg,
    Node,
    Ordered,
    Over,
    Plus,
    Times,
    size_of,
    wrap,
)

__all__ = [
    "Gradient",
    "Inverse",
    "MatMul",
    "MatrixSymbol",
    "Norm2",
    "Root",
    "Trace",
    "Transpose",
    "definite",
    "gradient",
    "identity",
    "inverse",
    "matrix",
    "norm2",
    "orthonormal",
    "root",
    "trace",
]


class MatrixSymbol(Leaf):
    """A named real matrix; key (name, rows, columns, kind)."""

    __slots__ = ()

    @property
    def shape(self) -> tuple:
        """Rows and columns."""
        return self.key[1], self.key[2]

    @property
    def kind(self) -> str:
        """One of general, definite, orthonormal, identity."""
        return self.key[3]


def matrix(name: str, rows, columns) -> MatrixSymbol:
    """Declare a matrix without structure: ``W = matrix("W", k, d)``."""
    return MatrixSymbol(name, size_of(rows, name), size_of(columns, name), "general")


def definite(name: str, size) -> MatrixSymbol:
    """Declare a symmetric positive definite matrix, such as a covariance."""
    return MatrixSymbol(name, size_of(size, name), size_of(size, name), "definite")


def orthonormal(name: str, rows, columns) -> MatrixSymbol:
    """Declare a matrix with orthonormal rows, W Wᵀ = I, as many columns or more."""
    return MatrixSymbol(
        name, size_of(rows, name), size_of(columns, name), "orthonormal"
    )


def identity(size) -> MatrixSymbol:
    """Return the identity of a size."""
    return MatrixSymbol("I", size_of(size, "I"), size_of(size, "I"), "identity")


def shape(e):
    """Return (rows, columns) of a matrix, None of a scalar; refuse what does not fit.

    Raises ClaimError when terms differ in shape, two matrices are multiplied by ``*``,
    or a matrix stands where a number belongs.
    """
    if hasattr(e, "shape"):
        return e.shape
    inner = [shape(a) for a in e.args if isinstance(a, Ordered)]
    matrices = [s for s in inner if s]
    if not matrices:
        return None
    if isinstance(e, Plus):
        if len(matrices) < len(e.args) or len(set(matrices)) > 1:
            raise ClaimError(f"the terms of {e} differ in shape: {_listed(inner)}.")
    elif isinstance(e, Times):
        if len(matrices) > 1:
            raise ClaimError(f"write the product of matrices in {e} with @.")
    elif not (isinstance(e, Neg) or isinstance(e, Over) and inner[0]):
        raise ClaimError(f"a matrix cannot stand in {e}: a number is wanted there.")
    return matrices[0]


def _listed(shapes) -> str:
    return ", ".join("a number" if s is None else f"{s[0]}×{s[1]}" for s in shapes)


def matrix_shape(e, where: str) -> tuple:
    """Return the shape of a matrix; refuse a scalar."""
    found = shape(wrap(e))
    if found is None:
        raise ClaimError(f"{where} wants a matrix, {e} is a number.")
    return found


def square(e, where: str) -> tuple:
    """Return the shape of a square matrix; refuse any other."""
    found = matrix_shape(e, where)
    if found[0] != found[1]:
        raise ClaimError(f"{where} wants a square matrix, {e} is {_listed([found])}.")
    return found


class MatMul(Node):
    """A product of matrices in the author's order."""

    __slots__ = ()

    def __new__(cls, *factors):
        flat = []
        for t in map(wrap, factors):
            flat.extend(t.args if isinstance(t, MatMul) else [t])
        shapes = [matrix_shape(t, "a product with @") for t in flat]
        for left, right in zip(shapes, shapes[1:], strict=False):
            if left[1] != right[0]:
                raise ClaimError(
                    f"the factors of a product do not fit: {_listed(shapes)}."
                )
        return flat[0] if len(flat) == 1 else sp.Basic.__new__(cls, *flat)

    @property
    def shape(self) -> tuple:
        """Rows of the first and columns of the last factor."""
        return shape(self.args[0])[0], shape(self.args[-1])[1]


class Transpose(Node):
    """The transpose of a matrix."""

    __slots__ = ()

    def __new__(cls, a):
        matrix_shape(a, "a transpose")
        return Node.__new__(cls, a)

    @property
    def shape(self) -> tuple:
        """The shape of the argument, turned over."""
        return shape(self.args[0])[::-1]


class _OfSquare(Node):
    __slots__ = ()
    says = ""

    def __new__(cls, a):
        square(a, cls.says)
        return Node.__new__(cls, a)


class Inverse(_OfSquare):
    """The inverse of a square matrix."""

    __slots__ = ()
    says = "an inverse"

    @property
    def shape(self) -> tuple:
        """The shape of the argument."""
        return shape(self.args[0])


class Root(_OfSquare):
    """The symmetric positive definite root of such a matrix."""

    __slots__ = ()
    says = "a matrix root"
    shape = Inverse.shape


class Trace(_OfSquare):
    """The trace of a square matrix."""

    __slots__ = ()
    says = "a trace"
    shape = None


class Norm2(Node):
    """The sum of the squares of all entries, tr AᵀA."""

    __slots__ = ()
    shape = None

    def __new__(cls, a):
        matrix_shape(a, "a norm")
        return Node.__new__(cls, a)

    def unfold(self):
        """Return the definition."""
        (a,) = self.args
        return Trace(MatMul(Transpose(a), a))


class Gradient(Node):
    """∂F/∂W, the matrix of the derivatives of a scalar in the entries of W."""

    __slots__ = ()

    def __new__(cls, body, variable):
        if shape(wrap(body)) is not None:
            raise ClaimError(f"a gradient is that of a number; {body} is a matrix.")
        if getattr(variable, "kind", None) != "general":
            raise ClaimError(
                "a gradient is taken in a matrix without structure, "
                f"declared by matrix(…), not in {variable}."
            )
        return Node.__new__(cls, body, variable)

    @property
    def shape(self) -> tuple:
        """The shape of the variable."""
        return self.args[1].shape


def inverse(a) -> Inverse:
    """Write A⁻¹ for a square matrix."""
    return Inverse(a)


def root(a) -> Root:
    """Write A^(1/2), the positive definite root of a positive definite matrix."""
    return Root(a)


def trace(a) -> Trace:
    """Write tr A."""
    return Trace(a)


def norm2(a) -> Norm2:
    """Write ‖A‖², the sum of the squares of the entries."""
    return Norm2(a)


def gradient(body, variable) -> Gradient:
    """Write the gradient of a scalar in a matrix: ``gradient(norm2(X @ W), W)``."""
    return Gradient(body, variable)
