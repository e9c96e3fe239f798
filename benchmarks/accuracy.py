"""Accuracy as the harness sees it: recomputed in float64 from the returned answer."""

from __future__ import annotations

import numpy as np
from scipy.special import xlogy


def plan_of(f, g, problem: dict) -> np.ndarray:
    """Return P = a b exp((f + g - C) / eps)."""
    f, g = (np.asarray(z, dtype=float).ravel() for z in (f, g))
    with np.errstate(over="ignore", invalid="ignore"):
        P = f[:, None] + g - problem["C"]
        P /= problem["eps"]
        np.exp(P, out=P)
    P *= problem["a"][:, None]
    P *= problem["b"]
    return P


def marginal_error(P: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """Return the L1 error of both marginals together."""
    rows = np.abs(P.sum(axis=1) - a).sum()
    return float(rows + np.abs(P.sum(axis=0) - b).sum())


def entropic_value(P: np.ndarray, problem: dict) -> float:
    """Return <C, P> + eps KL(P | a b), the mass term of the divergence included."""
    C, a, b, eps = (problem[k] for k in ("C", "a", "b", "eps"))
    # KL(P | a b) in three sums, so that no second n x m logarithm is needed.
    entropy = xlogy(P, P).sum()
    cross = P.sum(axis=1) @ np.log(a) + P.sum(axis=0) @ np.log(b)
    return float((C * P).sum() + eps * (entropy - cross - P.sum() + 1))


def look_at_plan(P, problem: dict) -> dict:
    """Return the marginal error and the value of a plan."""
    P = np.asarray(P, dtype=float)
    if not np.all(np.isfinite(P)):
        return {"error": float("nan"), "value": float("nan")}
    error = marginal_error(P, problem["a"], problem["b"])
    return {"error": error, "value": entropic_value(P, problem)}


def rounded(P: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a plan with exact marginals near P (Altschuler et al. 2017, alg. 2)."""
    P = P * np.minimum(1, a / np.maximum(P.sum(axis=1), 1e-300))[:, None]
    P = P * np.minimum(1, b / np.maximum(P.sum(axis=0), 1e-300))
    # What rounding makes negative here is nothing.
    rows = np.maximum(a - P.sum(axis=1), 0)
    columns = np.maximum(b - P.sum(axis=0), 0)
    missing = columns.sum()
    return P + np.outer(rows, columns) / missing if missing > 0 else P


def bracket(f, g, problem: dict) -> tuple[float, float]:
    """Return the dual value at (f, g) and the value of the rounded plan.

    Weak duality puts the optimum between them, whoever computed f and g.
    """
    a, b, eps = (problem[k] for k in ("a", "b", "eps"))
    P = plan_of(f, g, problem)
    lower = a @ np.asarray(f) + b @ np.asarray(g) - eps * (P.sum() - 1)
    return float(lower), entropic_value(rounded(P, a, b), problem)


def relative(value, reference) -> float:
    """Return |value - reference| / |reference| in the largest norm for arrays."""
    value, reference = np.asarray(value, float), np.asarray(reference, float)
    return float(np.abs(value - reference).max() / np.abs(reference).max())


def power_cell_areas(sites: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Return areas of the cells {x in [0,1]^2: |x-y_j|^2 - h_j smallest}, by clipping.

    Slow and definition-level: every cell is the square cut by all half-planes.
    """
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    lifted = (sites**2).sum(axis=1) - heights
    areas = np.zeros(len(sites))
    for j, site in enumerate(sites):
        cell = square
        nearest = np.argsort(((sites - site) ** 2).sum(axis=1))[1:]
        for k in nearest:
            normal = 2 * (sites[k] - site)
            cell = _clip(cell, normal, lifted[k] - lifted[j])
            if len(cell) == 0:
                break
        areas[j] = _area(cell)
    return areas


def _clip(cell: np.ndarray, normal: np.ndarray, level: float) -> np.ndarray:
    side = cell @ normal - level
    inside = side <= 0
    if inside.all():
        return cell
    after = np.roll(cell, -1, axis=0)
    other = np.roll(side, -1)
    corners = []
    for p, q, s, t in zip(cell, after, side, other, strict=True):
        if s <= 0:
            corners.append(p)
        if (s <= 0) != (t <= 0):
            corners.append(p + (q - p) * (s / (s - t)))
    return np.array(corners)


def _area(cell: np.ndarray) -> float:
    if len(cell) < 3:
        return 0.0
    x, y = cell.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def line_cost(x, y, a, b, p: float) -> float:
    """Return W_p^p on the line in extended precision, by the quantiles' definition."""
    (x, a), (y, b) = _quantile(x, a), _quantile(y, b)
    levels = np.sort(np.concatenate([a, b]))
    i = np.minimum(np.searchsorted(a, levels), len(x) - 1)
    j = np.minimum(np.searchsorted(b, levels), len(y) - 1)
    steps = np.diff(levels, prepend=np.longdouble(0))
    return float((steps * np.abs(x[i] - y[j]) ** p).sum())


def _quantile(x, a):
    order = np.argsort(x)
    a = np.ones(len(x)) if a is None else a[order]
    total = np.cumsum(a.astype(np.longdouble))
    return x[order].astype(np.longdouble), total / total[-1]
