"""Linear arithmetic: a conclusion as a nonnegative combination of premises, exactly.

By Farkas' lemma this is how every linear inequality follows from others. The atoms may
be anything: numbers, values of functions, integrals, products of such. Absolute values
are split into their two cases, and a least value over a finite space is the value at
some point and at most that at every other (`extremes`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from .signs import sign

CASES = 6


@dataclass(frozen=True)
class Fact:
    """value ≥ 0, > 0 if strict, = 0 if equal; `name` says whence it comes."""

    value: object
    name: str = ""
    strict: bool = False
    equal: bool = False


def follows(goal: Fact, facts, domains):
    """Return the combination of facts that proves goal, or None.

    Every |u| is split into u ≥ 0 and u ≤ 0; the combination of the last case is shown.
    """
    goal, *facts = (
        Fact(sp.expand(f.value), f.name, f.strict, f.equal) for f in (goal, *facts)
    )
    moduli = {e for f in (goal, *facts) for e in f.value.atoms(sp.Abs)}
    inner = [e for e in moduli if not any(e is not m and e.has(m) for m in moduli)]
    if not inner:
        return _both(goal, facts, domains)
    if len(moduli) > CASES:
        return None
    modulus, found = min(inner, key=str), None
    for side in (1, -1):
        u = side * modulus.args[0]
        cases = [
            Fact(f.value.xreplace({modulus: u}), f.name, f.strict, f.equal)
            for f in (goal, *facts)
        ]
        found = follows(cases[0], [*cases[1:], Fact(u, "the case")], domains)
        if found is None:
            return None
    return found


def _both(goal, facts, domains):
    """Prove an inequality, or an equation as two of them."""
    found = combination(goal.value, facts, domains, goal.strict)
    if found is None or not goal.equal:
        return found
    back = combination(-goal.value, facts, domains, False)
    return None if back is None else found


def combination(goal, facts, domains, strict):
    """Return {name: coefficient} with goal = Σ coefficient · fact + constant ≥ 0."""
    facts = [*facts, *_signs([goal, *(f.value for f in facts)], domains)]
    columns, owners = [], []
    for f in facts:
        terms = _terms(f.value)
        columns.append(terms)
        owners.append(f)
        if f.equal:
            columns.append({m: -c for m, c in terms.items()})
            owners.append(f)
    columns.append({sp.Integer(1): Fraction(1)})
    owners.append(Fact(sp.Integer(1), "", True))
    target = _terms(goal)
    rows = sorted({m for c in (target, *columns) for m in c}, key=str)
    matrix = [[c.get(m, Fraction(0)) for c in columns] for m in rows]
    gain = [Fraction(int(f.strict)) for f in owners]
    found = solution(matrix, [target.get(m, Fraction(0)) for m in rows], gain)
    if (
        found is None
        or strict
        and not sum(g * x for g, x in zip(gain, found, strict=True))
    ):
        return None
    out = {}
    for f, x, column in zip(owners, found, columns, strict=True):
        side = -1 if f.equal and column != _terms(f.value) else 1
        if x and f.name:
            out[f.name] = out.get(f.name, 0) + side * x
    return out


def _terms(expr) -> dict:
    """Return {monomial: rational coefficient} of an expression."""
    out = {}
    for term in sp.Add.make_args(sp.expand(expr)):
        c, monomial = term.as_coeff_Mul()
        out[monomial] = out.get(monomial, 0) + Fraction(int(c.p), int(c.q))
    return {m: c for m, c in out.items() if c}


def _signs(values, domains):
    """Yield what is known of the signs and the bounds of the monomials."""
    monomials = sorted(
        {m for e in values for m in _terms(e)} - {sp.Integer(1)}, key=str
    )
    for m in monomials:
        s = sign(m, domains)
        square = m.is_Pow and m.exp.is_even
        if s or square:
            yield Fact((s or 1) * m, "", strict=bool(s))
        lo, hi = domains.get(m, (-sp.oo, sp.oo))
        if lo.is_finite and lo != 0:
            yield Fact(m - lo, "", strict=True)
        if hi.is_finite and hi != 0:
            yield Fact(hi - m, "", strict=True)


def solution(matrix, target, gain):
    """Return x ≥ 0 with matrix·x = target, and with gain·x > 0 if that can be.

    The simplex method in fractions, by the rule of Bland (1977), which never cycles:
    first the sum of artificial variables is brought to 0, then the gain is raised.
    """
    n, m = len(gain), len(matrix)
    table = []
    for i, (row, b) in enumerate(zip(matrix, target, strict=True)):
        side = -1 if b < 0 else 1
        unit = [Fraction(int(i == j)) for j in range(m)]
        table.append([side * a for a in row] + unit + [side * b])
    basis = list(range(n, n + m))
    cost = [-sum(row[j] for row in table) for j in range(n)] + [Fraction(0)] * m
    cost.append(-sum(row[-1] for row in table))
    _descend(table, basis, cost, n)
    if cost[-1] != 0:
        return None
    for i in range(m):
        enter = next((j for j in range(n) if table[i][j]), None)
        if basis[i] >= n and enter is not None:
            _pivot(table, basis, i, enter)
    cost = [-g for g in gain] + [Fraction(0)] * (m + 1)
    for i, j in enumerate(basis):
        cost = [c - cost[j] * a for c, a in zip(cost, table[i], strict=True)]
    _descend(table, basis, cost, n)
    out = [Fraction(0)] * (n + m)
    for i, j in enumerate(basis):
        out[j] = table[i][-1]
    return out[:n]


def _descend(table, basis, cost, n) -> None:
    """Pivot until no cost is negative, or nothing bounds the gain."""
    while (enter := next((j for j in range(n) if cost[j] < 0), None)) is not None:
        rows = [i for i, row in enumerate(table) if row[enter] > 0]
        if not rows:
            return
        leave = min(rows, key=lambda i: (table[i][-1] / table[i][enter], basis[i]))
        _pivot(table, basis, leave, enter)
        cost[:] = [a - cost[enter] * b for a, b in zip(cost, table[leave], strict=True)]


def _pivot(table, basis, leave, enter) -> None:
    """Let a variable enter the basis in the place of another."""
    pivot = table[leave][enter]
    table[leave] = [a / pivot for a in table[leave]]
    for i, row in enumerate(table):
        if i != leave and row[enter]:
            c = row[enter]
            table[i] = [a - c * b for a, b in zip(row, table[leave], strict=True)]
    basis[leave] = enter
