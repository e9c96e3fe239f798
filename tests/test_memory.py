"""What never stores n x m: memory that grows with n + m."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from ottools import mmd
from ottools.sinkhorn import point_gradients, sinkhorn_points


def gradients_of_transport(x, y):
    return point_gradients(sinkhorn_points(x, y, eps=1.0, tol=1e-3))


CALLS = [
    gradients_of_transport,
    lambda x, y: mmd.mmd2_gradient(x, y, [0.3, 1.0, 3.0]),
    lambda x, y: mmd.mmd2_unbiased(x, y, 1.0, kernel="energy"),
    lambda x, y: mmd.median_heuristic(x, y),
    lambda x, y: mmd.witness(x, x, y, 1.0),
    lambda x, y: mmd.permutation_test(
        x, y, 1.0, permutations=9, rng=np.random.default_rng(0)
    ),
]


@pytest.mark.parametrize("call", CALLS)
def test_no_array_of_all_pairs(call, rng):
    n, m = 2500, 2000
    x, y = rng.normal(size=(n, 2)), rng.normal(size=(m, 2))
    tracemalloc.start()
    try:
        call(x, y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # All pairs would take 40 MB.
    assert peak < 0.15 * 8 * n * m
