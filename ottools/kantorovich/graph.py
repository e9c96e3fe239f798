"""W_1 on a weighted graph, as the cheapest flow along its edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

from ottools.convergence import ConvergenceError
from ottools.costs import LARGEST
from ottools.kantorovich.linear import TOLERANCE
from ottools.kantorovich.transport import both
from ottools.measures import MASS_TOLERANCE, positive, real, weights, whole


@dataclass(frozen=True)
class GraphTransport:
    """A flow on the edges (k,), a potential u (n,) on the vertices, and a certificate.

    Mass `flow`[e] goes from edges[e, 0] to edges[e, 1], backwards if negative. `value`
    is sum_e length_e |flow_e|; `divergence_error` the L1 norm of (outflow - inflow) -
    (a - b); `infeasibility` the largest |u_i - u_j| - length over the edges, or 0;
    `gap` is value - <a - b, u>.
    """

    flow: np.ndarray
    u: np.ndarray
    value: float
    divergence_error: float
    infeasibility: float
    gap: float


def wasserstein_graph(edges, lengths, a, b, *, max_iter: int = 10**6) -> GraphTransport:
    """Return the cheapest flow from a to b along the edges: its value is W_1.

    min sum_e length_e |w_e| with outflow - inflow = a - b; its dual is the largest
    <a - b, u> with |u_i - u_j| <= length on every edge, hence u is 1-Lipschitz for the
    distance along the graph (Peyre and Cuturi 2019, Section 6.3). edges (k,2) vertex
    numbers, lengths (k,) > 0, weights a (n,), b (n,).

    Raises ValueError on improper input or when mass would have to cross between parts
    that no edge joins; ConvergenceError after `max_iter` pivots, with no flow as last.

    Examples
    --------
    >>> path = wasserstein_graph([[0, 1], [1, 2]], [1, 2], [1, 0, 0], [0, 0.5, 0.5])
    >>> path.value, path.flow.tolist()
    (2.0, [1.0, 0.5])
    """
    limit = whole(max_iter, "max_iter")
    edges, lengths, a, b = _graph(edges, lengths, a, b)
    B = _incidence(edges, len(a))
    demand = _balanced(edges, a - b)
    unit = lengths.max()
    found = linprog(
        np.concatenate([lengths, lengths]) / unit,
        A_eq=sparse.hstack([B, -B]),
        b_eq=demand,
        method="highs-ds",
        options={
            "primal_feasibility_tolerance": TOLERANCE,
            "dual_feasibility_tolerance": TOLERANCE,
            "maxiter": limit,
        },
    )
    if found.x is None:
        last = _assess((edges, lengths), (a, b), 0 * lengths, 0 * a)
        raise ConvergenceError(
            f"HiGHS found no optimum in {limit} pivots; raise max_iter.", last=last
        )
    forward, backward = np.split(found.x, 2)
    u = shortened(edges, lengths, unit * found.eqlin.marginals)
    return _assess((edges, lengths), (a, b), forward - backward, u)


def graph_certificate(edges, lengths, weights, flow, u) -> GraphTransport:
    """Return a flow and a potential with their certificate, whoever computed them.

    `weights` is the pair (a, b); the other arguments are as in `wasserstein_graph` and
    in its result.

    Raises ValueError on improper input.

    Examples
    --------
    >>> graph_certificate([[0, 1]], [2], ([1, 0], [0, 1]), [1], [1, 0]).gap
    1.0
    """
    edges, lengths, a, b = _graph(edges, lengths, *both(weights))
    flow, u = real(flow, "flow"), real(u, "u")
    if flow.shape != lengths.shape or u.shape != a.shape:
        raise ValueError(
            f"flow and u must have shapes {lengths.shape} and {a.shape}; got "
            f"{flow.shape} and {u.shape}."
        )
    return _assess((edges, lengths), (a, b), flow, u)


def _assess(graph, weights, flow, u) -> GraphTransport:
    (edges, lengths), (a, b) = graph, weights
    with np.errstate(over="ignore", invalid="ignore"):  # reported below
        rise = u[edges[:, 0]] - u[edges[:, 1]]
        value = lengths @ np.abs(flow)
        mismatch = np.abs(_incidence(edges, len(a)) @ flow - (a - b)).sum()
        excess = max(0.0, (np.abs(rise) - lengths).max())
        figures = value, mismatch, excess, value - (a - b) @ u
    if not np.all(np.isfinite(figures)):
        raise ValueError("flow and u must give sums within 1.8e308; got one beyond.")
    return GraphTransport(flow, u, *map(float, figures))


def _graph(edges, lengths, a, b):
    """Return checked edges, lengths and weights."""
    lengths = positive(real(lengths, "lengths"), "lengths")
    a = real(a, "a")
    a = weights(a, a.size, "a")
    b = weights(real(b, "b"), len(a), "b")
    raw = real(edges, "edges")
    if raw.ndim != 2 or raw.shape[1] != 2 or lengths.shape != (len(raw),):
        raise ValueError(
            "edges and lengths must have shapes (k, 2) and (k,); got "
            f"{raw.shape} and {lengths.shape}."
        )
    with np.errstate(over="ignore"):
        if not lengths.sum() <= LARGEST:
            raise ValueError(f"lengths must add up to at most {LARGEST:g}; rescale.")
    if not len(raw) or np.any((raw < 0) | (raw >= len(a)) | (raw != np.floor(raw))):
        raise ValueError(
            f"edges must be 1 or more pairs of vertices 0 ... {len(a) - 1}; got "
            f"{raw.tolist()}."
        )
    return raw.astype(np.intp), lengths, a, b


def _incidence(edges, n: int) -> sparse.csr_array:
    """Return B (n, k): +1 where an edge starts, -1 where it ends."""
    k = len(edges)
    entries = np.concatenate([np.ones(k), -np.ones(k)])
    places = edges.T.ravel(), np.tile(np.arange(k), 2)
    return sparse.csr_array((entries, places), shape=(n, k))


def _balanced(edges, demand):
    """Return the demand without its rounding: it sums to 0 on each connected part."""
    n = len(demand)
    links = sparse.csr_array((np.ones(len(edges)), edges.T), shape=(n, n))
    count, part = connected_components(links, directed=False)
    surplus = np.bincount(part, demand, count)
    worst = int(np.abs(surplus).argmax())
    if abs(surplus[worst]) > MASS_TOLERANCE:
        raise ValueError(
            "a and b must have equal mass on each connected part of the graph; on that "
            f"of vertex {int(np.argmax(part == worst))} they differ by "
            f"{surplus[worst]:.6g}."
        )
    return demand - (surplus / np.bincount(part))[part]


def shortened(edges, lengths, u) -> np.ndarray:
    """Return the largest potential <= u that is 1-Lipschitz (Bellman and Ford).

    edges (k,2), lengths (k,), u (n,). Raises nothing: it trusts its arguments.

    Examples
    --------
    >>> path = np.array([[0, 1], [1, 2]])
    >>> shortened(path, np.array([1.0, 2.0]), np.array([0.0, 9.0, 9.0]))
    array([0., 1., 3.])
    """
    source, target = np.concatenate([edges, edges[:, ::-1]]).T
    length = np.concatenate([lengths, lengths])
    moved = True
    while moved:
        shorter = u.copy()
        np.minimum.at(shorter, target, u[source] + length)
        u, moved = shorter, bool(np.any(shorter < u))
    return u
