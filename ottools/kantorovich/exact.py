"""Optimality of small transport problems in fractions: nothing is rounded."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ottools.derive import AtLeast, AtMost, Claim, Equal, Every, Verdict, check
from ottools.derive.ordered import Plus, Times
from ottools.kantorovich.rationals import Row, entries, inner, matrix
from ottools.kantorovich.simplex import transportation_simplex
from ottools.measures import MASS_TOLERANCE


@dataclass(frozen=True)
class ExactTransport:
    """A transport problem with a plan and potentials, all of it in Fractions.

    C and plan are n rows of m, a and f have n entries, b and g have m. Nothing here is
    trusted: `optimal`, `claims` and `verdicts` compute from these fields alone.
    """

    C: tuple[Row, ...]
    a: Row
    b: Row
    plan: tuple[Row, ...]
    f: Row
    g: Row

    @property
    def value(self) -> Fraction:
        """Return the cost <C, P>.

        Examples
        --------
        >>> exact_certificate([[0, 1], [1, 0]], ["3/4", "1/4"], None).value
        Fraction(1, 4)
        """
        return sum(map(inner, self.C, self.plan), Fraction(0))

    @property
    def dual_value(self) -> Fraction:
        """Return <a, f> + <b, g>.

        Examples
        --------
        >>> exact_certificate([[0, 1], [1, 0]], ["3/4", "1/4"], None).dual_value
        Fraction(1, 4)
        """
        return inner(self.a, self.f) + inner(self.b, self.g)

    @property
    def optimal(self) -> bool:
        """Tell whether plan and potentials are feasible and their values equal.

        Examples
        --------
        >>> exact_certificate([[0, 1], [1, 0]]).optimal
        True
        """
        columns = list(zip(*self.plan, strict=True))
        return (
            [sum(row) for row in self.plan] == list(self.a)
            and [sum(column) for column in columns] == list(self.b)
            and min(map(min, self.plan)) >= 0
            and min(map(min, _slack(self.C, self.f, self.g))) >= 0
            and self.value == self.dual_value
        )

    def table(self) -> str:
        """Return the plan as text: mass where it is, else in brackets the slack.

        The slack of a cell is C_ij - f_i - g_j. Beside the rows stand a and f, under
        the columns b and g.

        Examples
        --------
        >>> print(exact_certificate([[0, 1], [1, 0]], ["3/4", "1/4"]).table())
             1    2 |   a  f
        1  1/2  1/4 | 3/4  0
        2  [2]  1/4 | 1/4 -1
        b  1/2  1/2 |
        g    0    1 |
        """
        slack = _slack(self.C, self.f, self.g)
        cells = [
            [str(w) if w else f"[{s}]" for w, s in zip(*rows, strict=True)]
            for rows in zip(self.plan, slack, strict=True)
        ]
        names = [str(j + 1) for j in range(len(self.b))]
        lines = [["", *names, "a", "f"]]
        for i, row in enumerate(cells):
            lines.append([str(i + 1), *row, str(self.a[i]), str(self.f[i])])
        lines.append(["b", *map(str, self.b), "", ""])
        lines.append(["g", *map(str, self.g), "", ""])
        return _aligned(lines)

    def claims(self) -> tuple[Claim, ...]:
        """Return the five claims that make the plan optimal, without free symbols.

        P 1 = a, P^T 1 = b, P >= 0, f_i + g_j <= C_ij for all i and j, and
        <C, P> = <a, f> + <b, g>; then weak duality does the rest.

        Examples
        --------
        >>> print(exact_certificate([[1, 2]], None, ["1/3", "2/3"]).claims()[-1])
        1/3 1 + 2/3 2 = 1 0 + 1/3 1 + 2/3 2
        """
        columns = list(zip(*self.plan, strict=True))
        cells = list(np.ndindex(len(self.a), len(self.b)))
        bounds = (AtMost(Plus(self.f[i], self.g[j]), self.C[i][j]) for i, j in cells)
        positive = (AtLeast(self.plan[i][j], 0) for i, j in cells)
        primal = [(self.plan[i][j], self.C[i][j]) for i, j in cells]
        dual = [*zip(self.a, self.f, strict=True), *zip(self.b, self.g, strict=True)]
        return (
            Every((r"P \mathbf{1} = a", "P 1 = a"), _sums(self.plan, self.a)),
            Every((r"P^{\top} \mathbf{1} = b", "Pᵀ 1 = b"), _sums(columns, self.b)),
            Every((r"P \ge 0", "P ≥ 0"), tuple(positive)),
            Every((r"f_i + g_j \le C_{ij}", "f_i + g_j ≤ C_ij"), tuple(bounds)),
            Equal(_products(primal), _products(dual)),
        )

    def verdicts(self) -> tuple[Verdict, ...]:
        """Return what `ottools.derive.check` says of each of the claims.

        Examples
        --------
        >>> {v.status for v in exact_certificate([[0, 1], [1, 0]]).verdicts()}
        {'certified'}
        """
        return tuple(map(check, self.claims()))


def exact_certificate(C, a=None, b=None) -> ExactTransport:
    """Return an optimal plan with optimal potentials in exact fractions.

    Entries are ints, Fractions, floats (taken at their exact value) or strings such as
    "1/3"; C (n,m), weights a (n,), b (m,), equal if None, divided by their exact sum.

    The network simplex in floats proposes a spanning tree of cells. On it, plan and
    potentials are solved for exactly, and the transportation simplex goes on in
    Fractions, with Bland's rule against cycling, until no f_i + g_j exceeds C_ij
    (Dantzig 1951; Bland 1977). So the answer is exact whatever the floats said.

    Raises ValueError on improper entries or shapes, negative weights, or weights whose
    sum differs from 1 by more than 1e-9.

    Examples
    --------
    >>> t = exact_certificate([[1, 2], [3, 1]], ["1/3", "2/3"], ["1/2", "1/2"])
    >>> str(t.value), [str(u) for u in t.f], [str(u) for u in t.g]
    ('4/3', ['0', '2'], ['1', '-1'])
    """
    C = matrix(C)
    a, b = _weights(a, len(C), "a"), _weights(b, len(C[0]), "b")
    flow, f, g = transportation_simplex(C, a, b)
    zero = Fraction(0)
    plan = tuple(
        tuple(flow.get((i, j), zero) for j in range(len(b))) for i in range(len(a))
    )
    return ExactTransport(C, a, b, plan, f, g)


def _slack(C, f, g):
    return [
        [c - s - t for c, t in zip(row, g, strict=True)]
        for row, s in zip(C, f, strict=True)
    ]


def _aligned(lines) -> str:
    """Return rows of text with columns of one width, a bar before the last two."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = [[t.rjust(w) for t, w in zip(row, widths, strict=True)] for row in lines]
    return "\n".join(
        f"{'  '.join(row[:-2])} | {' '.join(row[-2:])}".rstrip() for row in padded
    )


def _sums(rows, totals):
    return tuple(
        Equal(Plus(*row), total) for row, total in zip(rows, totals, strict=True)
    )


def _products(pairs):
    """Return the sum of weight times value, without the weights that are 0."""
    return Plus(*(Times(*pair) for pair in pairs if pair[0]))


def _weights(values, count: int, name: str) -> Row:
    if values is None:
        return (Fraction(1, count),) * count
    found = entries(values, count, name)
    if min(found) < 0 or abs(sum(found) - 1) > MASS_TOLERANCE:
        raise ValueError(
            f"{name} must be >= 0 and sum to 1; got minimum {float(min(found)):g}, sum "
            f"{float(sum(found)):.12g}."
        )
    return tuple(w / sum(found) for w in found)
