"""An approximate inverse of the Hessian of the reduced dual, by a sparse factor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

Apply = Callable[[np.ndarray], np.ndarray]
LIFT = 1e-12  # relative lift of the diagonal, which makes the Laplacian definite


def sparse_factor(P: sp.csr_array, a, c) -> Apply:
    """Return z -> H^-1 z for H = diag(c) - P^T diag(1/a) P, P part of a plan.

    With the marginals a and c of the whole plan, what P leaves out stays on the
    diagonal: H is diagonally dominant whatever has been left out.
    """
    half = P.copy()
    half.data /= np.sqrt(np.repeat(a, np.diff(P.indptr)))
    H = sp.diags_array(c, format="csc") - half.T @ half.tocsc()
    lu = splu(
        H,
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        panel_size=1,
        options={"SymmetricMode": True},
    )
    return lu.solve
