"""Claims from text: ``claim("KL(p, q) = H(p, q) - H(p)", p=p, q=q)``."""

from __future__ import annotations

import ast

import sympy as sp

from . import ordered as o
from . import vocabulary as v
from .claims import AtLeast, AtMost, Equal, Less


def _greater(lhs, rhs):
    """Read lhs > rhs as rhs < lhs."""
    return Less(rhs, lhs)


RELATIONS = (
    ("<=", AtMost),
    (">=", AtLeast),
    ("≤", AtMost),
    ("≥", AtLeast),
    ("==", Equal),
    ("=", Equal),
    ("<", Less),
    (">", _greater),
)
WORDS = {
    "E": v.E,
    "KL": v.KL,
    "JS": v.JS,
    "TV": v.TV,
    "Chi2": v.Chi2,
    "H": None,
    "log": o.log,
    "exp": o.exp,
    "sqrt": o.sqrt,
    "abs": o.Abs,
    "N": v.Normal,
    "U": v.Uniform,
    "pi": sp.pi,
    "e": sp.E,
    "d": v.d,
    "Int": v.Int,
    "total": v.total,
    "Mean": v.Mean,
    "Variance": v.Variance,
    "max": o.Max,
    "min": o.Min,
}


def _entropy(*args):
    """H(p) is the entropy, H(p, q) the cross-entropy."""
    return v.H(*args) if len(args) == 1 else v.CrossEntropy(*args)


def _constant(node):
    """Return the value of a constant exponent, ∞ for a tower of powers, else None."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node.op, ast.Pow) and isinstance(node.left, ast.Constant):
        return float("inf")
    return None


class _Exact(ast.NodeTransformer):
    """Make every number in the text exact."""

    def visit_BinOp(self, node):  # noqa: N802
        power = isinstance(node.op, ast.Pow)
        if power and isinstance(node.right, ast.Constant | ast.BinOp):
            exponent = _constant(node.right)
            if exponent is not None and abs(exponent) > 400:
                raise o.ClaimError("a power is too large to be written out.")
        return self.generic_visit(node)

    def visit_Constant(self, node):  # noqa: N802
        if isinstance(node.value, float):
            raise o.ClaimError(f"{node.value} is not exact: write a fraction.")
        return ast.Call(ast.Name("__number__", ast.Load()), [node], [])


def formula(text: str, **names):
    """Read one formula; powers are written ^ or **, numbers are exact."""
    words = {**WORDS, "H": _entropy, **names, "__number__": sp.Integer}
    try:
        tree = ast.parse(text.replace("^", "**").strip(), mode="eval")
    except SyntaxError as fault:
        raise o.ClaimError(f"cannot read {text!r}: {fault.msg}.") from fault
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in words:
            raise o.ClaimError(
                f"undeclared symbol {node.id} in {text!r}: "
                "declare it and pass it by name."
            )
        if isinstance(node, ast.Attribute):
            raise o.ClaimError(f"attributes are not part of a formula: {text!r}.")
    tree = ast.fix_missing_locations(_Exact().visit(tree))
    code = compile(tree, "<formula>", "eval")
    try:
        return o.wrap(eval(code, {"__builtins__": {}}, words))
    except (TypeError, ValueError) as fault:
        raise o.ClaimError(f"cannot read {text!r}: {fault}") from fault


def claim(text: str, **names):
    """Read a claim: two formulas joined by =, ≤, ≥, < (or <=, >=).

    >>> from ottools.derive import Space, densities, check
    >>> p, q = densities("p q", on=Space("X"))
    >>> check(claim("KL(p, q) = H(p, q) - H(p)", p=p, q=q)).status
    'proved'
    """
    for sign, relation in RELATIONS:
        left, found, right = text.partition(sign)
        if found and any(s in right for s, _ in RELATIONS):
            raise o.ClaimError(f"one relation makes a claim; {text!r} has more.")
        if found:
            return relation(formula(left, **names), formula(right, **names))
    signs = " ".join(sorted({s for s, _ in RELATIONS}))
    raise o.ClaimError(f"unknown relation in {text!r}: admissible are {signs}.")
