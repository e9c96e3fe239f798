"""The transportation simplex in exact arithmetic, on spanning trees of cells.

The n rows and m columns are the nodes of a graph, a cell (i, j) is an edge between row
i and column j. The n+m-1 cells of a basis form a spanning tree: plan and potentials are
found by walking over it, without solving equations (Dantzig 1951; Bertsimas and
Tsitsiklis 1997, Section 7.3). Column j is the node n + j.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ottools.kantorovich.linear import solve_network

Cell = tuple[int, int]
Flow = dict[Cell, Fraction]


def transportation_simplex(C, a, b) -> tuple[Flow, tuple, tuple]:
    """Return the flow on an optimal basis and its potentials f (n,), g (m,).

    C is n rows of m Fractions; a and b are Fractions with one sum. The tree to begin
    with comes from floats, if its flow is >= 0, else from the north-west corner. The
    first cell with f_i + g_j > C_ij enters and the first of those that limit it leaves,
    which cannot cycle (Bland 1977).

    Raises nothing: it trusts its arguments.

    Examples
    --------
    >>> half = Fraction(1, 2)
    >>> flow, f, g = transportation_simplex([[Fraction(3)]], [Fraction(1)], [half * 2])
    >>> flow, f, g
    ({(0, 0): Fraction(1, 1)}, (Fraction(0, 1),), (Fraction(3, 1),))
    """
    flow = tree_flow(_proposed(C, a, b), a, b)
    if min(flow.values()) < 0:
        flow = corner(a, b)
    while True:
        f, g = tree_potentials(flow, C)
        cells = np.ndindex(len(a), len(b))
        entering = next((c for c in cells if f[c[0]] + g[c[1]] > C[c[0]][c[1]]), None)
        if entering is None:
            return flow, f, g
        _pivot(flow, entering, len(a))


def tree_flow(basis, a, b) -> Flow:
    """Return the only flow on a spanning tree with marginals a and b, leaf by leaf.

    Where a < 0 results, the tree is no feasible basis. Raises nothing.

    Examples
    --------
    >>> tree_flow([(0, 0), (0, 1)], [1], [Fraction(1, 4), Fraction(3, 4)])
    {(0, 0): Fraction(1, 4), (0, 1): Fraction(3, 4)}
    """
    n, flow = len(a), {}
    left, links = [*a, *b], _links(basis, n)
    leaves = [node for node, cells in links.items() if len(cells) == 1]
    for node in leaves:
        for cell in links[node]:  # one; none at the last node
            flow[cell] = left[node]
            other = cell[0] + n + cell[1] - node
            left[other] -= flow[cell]
            links[other].remove(cell)
            if len(links[other]) == 1:
                leaves.append(other)
    return flow


def tree_potentials(basis, C) -> tuple[tuple, tuple]:
    """Return the f, g with f_0 = 0 and f_i + g_j = C_ij on a spanning tree of cells.

    Raises nothing.

    Examples
    --------
    >>> tree_potentials([(0, 0), (1, 0)], [[2], [5]])
    ((Fraction(0, 1), Fraction(3, 1)), (Fraction(2, 1),))
    """
    n, m = len(C), len(C[0])
    links, potential, reached = _links(basis, n), {0: Fraction(0)}, [0]
    for node in reached:
        for i, j in links[node]:
            other = i + n + j - node
            if other not in potential:
                potential[other] = C[i][j] - potential[node]
                reached.append(other)
    values = [potential[node] for node in range(n + m)]
    return tuple(values[:n]), tuple(values[n:])


def corner(a, b) -> Flow:
    """Return the flow of the north-west corner rule, on n+m-1 cells that form a tree.

    Raises nothing.

    Examples
    --------
    >>> half = Fraction(1, 2)
    >>> corner([half, half], [half, half])[1, 0]
    Fraction(0, 1)
    """
    flow, i, j = {}, 0, 0
    row, column = a[0], b[0]
    while (i, j) != (len(a) - 1, len(b) - 1):
        flow[i, j] = sent = min(row, column)
        row, column = row - sent, column - sent
        if j == len(b) - 1 or (row == 0 and i < len(a) - 1):
            i, row = i + 1, a[i + 1]
        else:
            j, column = j + 1, b[j + 1]
    flow[i, j] = row
    return flow


def _pivot(flow: Flow, entering: Cell, n: int) -> None:
    """Push as much as possible around the cycle that the entering cell closes."""
    path = _path(flow, entering, n)
    less, more = path[::2], path[1::2]
    sent, leaving = min((flow[cell], cell) for cell in less)
    for cell in less:
        flow[cell] -= sent
    for cell in more:
        flow[cell] += sent
    del flow[leaving]
    flow[entering] = sent


def _path(basis, cell: Cell, n: int) -> list[Cell]:
    """Return the cells of the tree from the row of a cell to its column."""
    start, goal = cell[0], n + cell[1]
    links, before, reached = _links(basis, n), {start: None}, [start]
    for node in reached:
        for i, j in links[node]:
            other = i + n + j - node
            if other not in before:
                before[other] = node, (i, j)
                reached.append(other)
    path = []
    while goal != start:
        goal, edge = before[goal]
        path.append(edge)
    return path[::-1]


def _links(basis, n: int) -> dict[int, list[Cell]]:
    """Return the cells of a basis at each node."""
    links: dict[int, list[Cell]] = {}
    for i, j in basis:
        links.setdefault(i, []).append((i, j))
        links.setdefault(n + j, []).append((i, j))
    return links


def _proposed(C, a, b) -> list[Cell]:
    """Return a spanning tree: cells that floats use first, then the tightest (Kruskal).

    Costs are divided by their size before they become floats: no overflow.
    """
    unit = max(abs(c) for row in C for c in row) or 1
    costs = np.array([[float(c / unit) for c in row] for row in C])
    found = solve_network(costs, [float(w) for w in a], [float(w) for w in b])
    slack = costs - found.f[:, None] - found.g
    order = np.lexsort([slack.ravel(), found.plan.ravel() <= 0])
    n, m = costs.shape
    part = list(range(n + m))
    tree = []
    for i, j in zip(*np.unravel_index(order, costs.shape), strict=True):
        if part[i] != part[n + j]:
            old, new = part[i], part[n + j]
            part = [new if p == old else p for p in part]
            tree.append((int(i), int(j)))
    return tree
