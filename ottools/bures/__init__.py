"""Gaussians under W_2: the Bures distance, its maps, geodesics and barycentres.

Covariances may be singular and may have any scale. Each function works with factors
A = X X^T, found by Cholesky or by eigenvectors, and with the rotation that brings two
factors closest: W_2(A, B) is the least |X U - Y|_F over orthogonal U.
"""

from ottools.bures.average import Barycentre, barycentre, certify_barycentre
from ottools.bures.distance import bures_distance, gaussian_w2
from ottools.bures.factors import covariance, factor
from ottools.bures.maps import distance_gradient, geodesic, map_residual, optimal_map

__all__ = [
    "Barycentre",
    "barycentre",
    "bures_distance",
    "certify_barycentre",
    "covariance",
    "distance_gradient",
    "factor",
    "gaussian_w2",
    "geodesic",
    "map_residual",
    "optimal_map",
]
