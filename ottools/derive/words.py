"""The normal form of matrix expressions: polynomials in words of letters.

A letter is a matrix with its exponent ±1 and, when it is not symmetric, a mark for the
transpose; a word is a product of letters, a polynomial maps words to coefficients. A
definite matrix under a root is written as the square of that root, and the middle of
A^(1/2) B A^(1/2) as its root's square between inverse roots: then the only relations
left are that a letter cancels against its inverse, so equal matrices have equal
polynomials. Traces do not change under turns of a word and under transposition.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import sympy as sp

from . import matrices as m
from . import ordered as o

ONE = sp.Integer(1)


@dataclass(frozen=True, order=True)
class Letter:
    """A matrix by name, transposed or not, with exponent 1 or −1, and its rows."""

    name: str
    kind: str
    sizes: tuple = field(compare=False)
    turned: bool = False
    power: int = 1

    def transpose(self) -> Letter:
        """Return the transposed letter: itself where the matrix is symmetric."""
        turned = self.kind != "definite" and not self.turned
        return replace(self, turned=turned, sizes=self.sizes[::-1])

    def inverse(self) -> Letter:
        """Return the letter with the opposite exponent; Rᵀ for a square orthonormal."""
        if self.kind == "orthonormal" and self.sizes[0] == self.sizes[1]:
            return self.transpose()
        return replace(self, power=-self.power)

    def __str__(self):
        return self.name + "ᵀ" * self.turned + "⁻¹" * (self.power < 0)

    def cancels(self, after: Letter) -> bool:
        """Whether this letter times the one after it is the identity."""
        if self.kind == "orthonormal" and not self.turned and self.power == 1:
            return after == self.transpose()
        return after == self.inverse()


def shorten(word) -> tuple:
    """Cancel neighbours until nothing cancels."""
    out = []
    for letter in word:
        if out and out[-1].cancels(letter):
            out.pop()
        else:
            out.append(letter)
    return tuple(out)


def flip(word) -> tuple:
    """Return the transposed word."""
    return tuple(letter.transpose() for letter in reversed(word))


def collect(pairs) -> dict:
    """Add up coefficients word by word; drop what vanishes."""
    out = {}
    for word, c in pairs:
        word = shorten(word)
        out[word] = out.get(word, 0) + c
    return {w: c for w, c in out.items() if sp.expand(c) != 0}


def times(left: dict, right: dict) -> dict:
    """Multiply two polynomials."""
    return collect((u + w, c * d) for u, c in left.items() for w, d in right.items())


def cyclic(word, size) -> tuple:
    """Return the first of all turns of a shortest word with this trace, and its size.

    An empty word is an identity, whose trace is the size of the square it stands for.
    """
    for k in range(len(word)):
        turn = word[k:] + word[:k]
        if len(short := shorten(turn)) < len(word):
            return cyclic(short, turn[0].sizes[0])
    turns = [w[k:] + w[:k] for w in (word, flip(word)) for k in range(len(w))]
    return min(turns, default=()), size


class Words:
    """The walk from an author's matrix to its polynomial; `scalar` lowers numbers."""

    def __init__(self, scalar):
        self.scalar, self.rules = scalar, scalar.scope.roots

    def __call__(self, e) -> dict:
        """Return the polynomial of a matrix expression; the number 0 is the zero."""
        for kind in type(e).__mro__:
            method = getattr(self, f"do_{kind.__name__}", None)
            if method:
                return method(e)
        return {}

    def learn(self, *formulas) -> None:
        """Note the roots in some formulas, the inner ones first."""
        found = {r for f in formulas for r in f.atoms(m.Root)}
        for r in sorted(found, key=lambda r: (len(r.atoms(m.Root)), str(r))):
            self._learn(r)

    def _learn(self, r) -> None:
        """Write one matrix under a root through the root: A = R², B = A⁻½ Q² A⁻½."""
        poly = self(r.args[0])
        (word, c), *more = poly.items()
        alone = [i for i, x in enumerate(word) if word.count(x) == 1 and x.power == 1]
        definite = all(x.kind == "definite" for x in word)
        if more or c != 1 or not alone or not definite or flip(word) != word:
            raise o.ClaimError(
                f"{r} is out of reach: a root is taken of a definite matrix, or of one "
                "between two roots, as in root(A) @ B @ root(A)."
            )
        (i,), q = alone, self._letter(r, "definite")
        before, after = _inverted(word[:i]), _inverted(word[i + 1 :])
        new = {word[i].name: shorten((*before, q, q, *after))}
        self.rules.update({k: _written(w, new) for k, w in self.rules.items()})
        self.rules.update(new)

    def _letter(self, e, kind) -> Letter:
        return Letter(str(e), kind, tuple(map(self.scalar, m.shape(e))))

    def do_MatrixSymbol(self, e):
        if e.kind == "identity":
            return {(): ONE}
        return {_written((self._letter(e, e.kind),), self.rules): ONE}

    def do_Alias(self, e):
        return self(e.unfold())

    def do_Plus(self, e):
        return collect(pair for a in e.args for pair in self(a).items())

    def do_Neg(self, e):
        return {w: -c for w, c in self(e.args[0]).items()}

    def do_Times(self, e):
        (inner,) = (a for a in e.args if m.shape(a))
        c = sp.Mul(*(self.scalar(a) for a in e.args if not m.shape(a)))
        return collect((w, c * k) for w, k in self(inner).items())

    def do_Over(self, e):
        c = self.scalar(e.args[1])
        return {w: k / c for w, k in self(e.args[0]).items()}

    def do_MatMul(self, e):
        out = {(): ONE}
        for a in e.args:
            out = times(out, self(a))
        return out

    def do_Transpose(self, e):
        return collect((flip(w), c) for w, c in self(e.args[0]).items())

    def do_Inverse(self, e):
        (word, c), *more = self(e.args[0]).items()
        if more or any(x.sizes[0] != x.sizes[1] for x in word):
            raise o.ClaimError(
                f"{e} is out of reach: the inverse is that of a product of square "
                "matrices."
            )
        return {_inverted(word): 1 / c}

    def do_Root(self, e):
        return {(self._letter(e, "definite"),): ONE}

    def do_Gradient(self, e):
        body, variable = e.args
        return self.slope(self.scalar(body), variable)

    def slope(self, low, variable) -> dict:
        """Differentiate a scalar by the words under its traces.

        d tr(W R) = tr(R dW), so the gradient of tr(W R) is Rᵀ and that of tr(Wᵀ R) is
        R; from d(W⁻¹) = −W⁻¹ dW W⁻¹ follow the other two.
        """
        pairs = []
        for symbol, word in self.scalar.scope.traces.items():
            rate = sp.diff(low, symbol)
            for i, x in enumerate(word):
                if x.name == variable.name:
                    rest = word[i + 1 :] + word[:i]
                    rest = rest if x.power > 0 else (x, *rest, x)
                    pairs.append((rest if x.turned else flip(rest), x.power * rate))
        return collect(pairs)


def _inverted(word) -> tuple:
    return tuple(x.inverse() for x in reversed(word))


def _written(word, rules) -> tuple:
    """Write the letters of a word by the rules and shorten it."""
    out = ()
    for x in word:
        new = rules.get(x.name, (replace(x, power=1),))
        out += new if x.power > 0 else _inverted(new)
    return shorten(out)


def trace(poly: dict, size, scope):
    """Return the trace of a polynomial: one symbol for each cyclic word."""
    total = sp.Integer(0)
    for word, c in poly.items():
        turned, size_of = cyclic(word, size)
        if turned:
            symbol = scope.symbol(f"tr({' '.join(map(str, turned))})")
            scope.traces[symbol] = turned
        total += c * (symbol if turned else size_of)
    return total
