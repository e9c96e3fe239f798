"""Entropic optimal transport: Sinkhorn and Newton, with certificates."""

from ottools.sinkhorn.divergence import SinkhornDivergence, sinkhorn_divergence
from ottools.sinkhorn.points import point_gradients, sinkhorn_points
from ottools.sinkhorn.result import EntropicTransport
from ottools.sinkhorn.solver import sinkhorn

__all__ = [
    "EntropicTransport",
    "SinkhornDivergence",
    "point_gradients",
    "sinkhorn",
    "sinkhorn_divergence",
    "sinkhorn_points",
]
