"""Transport as a flow: interpolation, the action of paths, Benamou and Brenier."""

from ottools.dynamic.benamou import DynamicTransport, benamou_brenier
from ottools.dynamic.dual import dual_bound
from ottools.dynamic.grid import StaggeredGrid, action, continuity_residual
from ottools.dynamic.interpolation import (
    Histogram,
    displacement_interpolation,
    histogram_distance,
    interpolate_histograms,
)

__all__ = [
    "DynamicTransport",
    "Histogram",
    "StaggeredGrid",
    "action",
    "benamou_brenier",
    "continuity_residual",
    "displacement_interpolation",
    "dual_bound",
    "histogram_distance",
    "interpolate_histograms",
]
