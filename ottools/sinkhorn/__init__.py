"""Entropic optimal transport: Sinkhorn and Newton, with certificates."""

from ottools.sinkhorn.result import EntropicTransport
from ottools.sinkhorn.solver import sinkhorn

__all__ = ["EntropicTransport", "sinkhorn"]
