"""Exact optimal transport between finitely many points, with certificates.

Linear programme, network simplex and assignment; exact fractions and the alternative of
Farkas; the line, slices, finite metric spaces, graphs; the vertices of the polytopes
behind them, and the subdeterminants that make these integral.
"""

from ottools.kantorovich.alternative import Farkas, farkas
from ottools.kantorovich.exact import ExactTransport, exact_certificate
from ottools.kantorovich.graph import (
    GraphTransport,
    graph_certificate,
    wasserstein_graph,
)
from ottools.kantorovich.line import wasserstein_1d
from ottools.kantorovich.linear import (
    assignment,
    constraint_matrix,
    solve_lp,
    solve_network,
)
from ottools.kantorovich.metric import (
    Rubinstein,
    kantorovich_rubinstein,
    lipschitz_potential,
    rubinstein,
)
from ottools.kantorovich.monotone import LineTransport, transport_1d
from ottools.kantorovich.sliced import (
    SlicedWasserstein,
    random_directions,
    sliced_wasserstein,
)
from ottools.kantorovich.transport import Transport, certificate
from ottools.kantorovich.unimodular import Minors, minors
from ottools.kantorovich.vertices import Birkhoff, birkhoff, north_west_corner

__all__ = [
    "Birkhoff",
    "ExactTransport",
    "Farkas",
    "GraphTransport",
    "LineTransport",
    "Minors",
    "Rubinstein",
    "SlicedWasserstein",
    "Transport",
    "assignment",
    "birkhoff",
    "certificate",
    "constraint_matrix",
    "exact_certificate",
    "farkas",
    "graph_certificate",
    "kantorovich_rubinstein",
    "lipschitz_potential",
    "minors",
    "north_west_corner",
    "random_directions",
    "rubinstein",
    "sliced_wasserstein",
    "solve_lp",
    "solve_network",
    "transport_1d",
    "wasserstein_1d",
    "wasserstein_graph",
]
