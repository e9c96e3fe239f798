"""Laguerre cells by definition, in rational arithmetic; semi-discrete cost by grids."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import ot


def exact_cell(sites, g, j, box):
    """Return the polygon {x in box : |x - y_j|^2 - g_j <= |x - y_k|^2 - g_k}, exactly.

    The box is cut by the bisector with every other site, one after the other.
    """
    (left, right), (low, high) = [[Fraction(v) for v in side] for side in box]
    polygon = [(left, low), (right, low), (right, high), (left, high)]
    sites = [[Fraction(v) for v in y] for y in sites]
    g = [Fraction(v) for v in g]
    y = sites[j]
    for k, z in enumerate(sites):
        if z == y:
            if (g[k], -k) > (g[j], -j):
                return []
            continue
        # Inside where 2 <x, z - y> <= |z|^2 - |y|^2 + g_j - g_k.
        bound = z[0] ** 2 + z[1] ** 2 - y[0] ** 2 - y[1] ** 2 + g[j] - g[k]
        value = [
            2 * (x[0] * (z[0] - y[0]) + x[1] * (z[1] - y[1])) - bound for x in polygon
        ]
        polygon = _half(polygon, value)
    return polygon


def _half(polygon, value):
    kept = []
    for i, (x, v) in enumerate(zip(polygon, value, strict=True)):
        w, before = value[i - 1], polygon[i - 1]
        if (v < 0 < w) or (w < 0 < v):
            t = w / (w - v)
            kept.append(tuple(b + t * (a - b) for a, b in zip(x, before, strict=True)))
        if v <= 0:
            kept.append(x)
    return kept


def exact_area(polygon):
    """Return the area by the shoelace formula."""
    turned = zip(polygon, polygon[1:] + polygon[:1], strict=True)
    return sum(a[0] * b[1] - a[1] * b[0] for a, b in turned) / 2


def grid_distance(sites, b, count):
    """Return W_2 of the centres of count^2 squares of the unit square to the sites.

    It is within 1/(count sqrt(6)), the distance of a square to its centre, of the
    distance of the uniform density.
    """
    c = (np.arange(count) + 0.5) / count
    x = np.stack(np.meshgrid(c, c), axis=-1).reshape(-1, 2)
    a = np.full(len(x), 1 / len(x))
    return np.sqrt(ot.emd2(a, b, ot.dist(x, sites), numItermax=10**7))
