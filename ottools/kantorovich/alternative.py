"""The alternative of Farkas in fractions: a solution x >= 0, or proof of none."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ottools.derive import AtLeast, AtMost, Claim, Equal, Every, Less
from ottools.derive.ordered import Plus, Times
from ottools.kantorovich.exact import Row, entries, inner, matrix


@dataclass(frozen=True)
class Farkas:
    """A system A x = b, x >= 0 with a solution x or a witness y that it has none.

    A is m rows of n, b and y have m entries, x has n. One of x and y is None. A witness
    has A^T y <= 0 and <b, y> > 0: then <b, y> = <A x, y> = <x, A^T y> <= 0 is absurd.
    """

    A: tuple[Row, ...]
    b: Row
    x: Row | None
    y: Row | None

    def claims(self) -> tuple[Claim, ...]:
        """Return the two claims that settle the system, without free symbols.

        Of a solution: A x = b and x >= 0. Of a witness: A^T y <= 0 and <b, y> > 0.

        Examples
        --------
        >>> [claim.text() for claim in farkas([[1, 1], [1, 1]], [1, 2]).claims()]
        ['Aᵀy ≤ 0', '0 < 1 (-1) + 2 1']
        """
        if self.y is None:
            met = zip(self.A, self.b, strict=True)
            cases = tuple(Equal(_sum(row, self.x), total) for row, total in met)
            signs = tuple(AtLeast(value, 0) for value in self.x)
            return Every(("Ax = b", "A x = b"), cases), Every(
                (r"x \ge 0", "x ≥ 0"), signs
            )
        columns = zip(*self.A, strict=True)
        cases = tuple(AtMost(_sum(column, self.y), 0) for column in columns)
        name = (r"A^{\top} y \le 0", "Aᵀy ≤ 0")
        return Every(name, cases), Less(0, _sum(self.b, self.y))


def farkas(A, b) -> Farkas:
    """Return x >= 0 with A x = b, or y with A^T y <= 0 and <b, y> > 0, in Fractions.

    Exactly one of the two exists (Farkas 1902; Schrijver 1986, Corollary 7.1d). The
    simplex method, with Bland's rule, minimises the sum of what is missing in each
    equation: it ends at 0, or its multipliers are the witness. A (m,n), b (m,); entries
    as in `exact_certificate`.

    Raises ValueError on improper entries or shapes.

    Examples
    --------
    >>> farkas([[1, 1], [1, -1]], [1, "1/3"]).x
    (Fraction(2, 3), Fraction(1, 3))
    >>> farkas([[1, 1], [1, 1]], [1, 2]).y
    (Fraction(-1, 1), Fraction(1, 1))
    """
    A = matrix(A, "A")
    b = entries(b, len(A), "b")
    flip = [-1 if value < 0 else 1 for value in b]
    unit = [[Fraction(i == k) for k in range(len(A))] for i in range(len(A))]
    rows = [
        [s * value for value in row] + one + [s * total]
        for s, row, one, total in zip(flip, A, unit, b, strict=True)
    ]
    count = len(A[0])
    basis = list(range(count, count + len(A)))
    # Costs less multipliers: 0 and 1 are the costs, the basis costs 1 each.
    costs = [
        Fraction(k >= count) - sum(column)
        for k, column in enumerate(zip(*rows, strict=True))
    ]
    _minimise(rows, basis, costs)
    if sum(row[-1] for k, row in zip(basis, rows, strict=True) if k >= count) == 0:
        at = dict(zip(basis, (row[-1] for row in rows), strict=True))
        x = tuple(at.get(k, Fraction(0)) for k in range(count))
        return Farkas(A, b, x, None)
    y = tuple(s * (1 - c) for s, c in zip(flip, costs[count:-1], strict=True))
    return Farkas(A, b, None, y)


def _minimise(rows, basis, costs) -> None:
    """Pivot until no cost is negative: first column in, first of the ties out."""
    while True:
        entering = next((k for k, c in enumerate(costs[:-1]) if c < 0), None)
        if entering is None:
            return
        # The sum of what is missing is >= 0, so some entry of the column is positive.
        r = min(
            (i for i, row in enumerate(rows) if row[entering] > 0),
            key=lambda i: (rows[i][-1] / rows[i][entering], basis[i]),
        )
        rows[r] = [value / rows[r][entering] for value in rows[r]]
        for row in [*rows[:r], *rows[r + 1 :], costs]:
            factor = row[entering]
            row[:] = [u - factor * v for u, v in zip(row, rows[r], strict=True)]
        basis[r] = entering


def _sum(weights, values):
    """Return the sum of the products, without those that are 0, as it is displayed."""
    pairs = zip(weights, values, strict=True)
    kept = [Times(w, v) for w, v in pairs if inner((w,), (v,))]
    return Plus(*kept) if len(kept) > 1 else kept[0] if kept else 0
