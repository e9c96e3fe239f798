"""Pictures of plans: cells whose area is mass, and lines between points."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

from ottools.plotting.look import COLOURS, INK
from ottools.plotting.marks import _role


def cells(
    ax: Axes, M, role: str = "data", *, top: float | None = None, alpha: float = 1.0
) -> Axes:
    """Draw M (n, m) >= 0 as squares whose areas are the entries, row 0 at the top.

    An entry of size `top`, by default the largest, fills its cell; thin lines mark the
    cells. Row i lies at height i, column j at abscissa j. Squares that are written upon
    want a low `alpha`.

    Raises ValueError when the role has no colour, or M is no matrix or has a negative
    entry.

    Examples
    --------
    >>> from ottools.plotting import close, new
    >>> fig, ax = new()
    >>> len(cells(ax, [[1, 0], [0.5, 2]]).patches)
    3
    >>> close(fig)
    """
    look = {"color": COLOURS[_role(role)], "alpha": alpha, "linewidth": 0}
    M = np.asarray(M, dtype=float)
    if M.ndim != 2 or not M.size or M.min() < 0:
        raise ValueError(f"M must be a matrix (n, m) with entries >= 0; got {M!r}.")
    n, m = M.shape
    grid = [[(j - 0.5, -0.5), (j - 0.5, n - 0.5)] for j in range(m + 1)]
    grid += [[(-0.5, i - 0.5), (m - 0.5, i - 0.5)] for i in range(n + 1)]
    ax.add_collection(
        LineCollection(grid, colors=COLOURS["neutral"], linewidths=0.5, alpha=0.5)
    )
    sides = 0.92 * np.sqrt(M / (top or M.max() or 1))
    for (i, j), side in np.ndenumerate(sides):
        if side > 0:
            corner = j - side / 2, i - side / 2
            ax.add_patch(Rectangle(corner, side, side, **look))
    ax.set(xlim=(-0.55, m - 0.45), ylim=(n - 0.45, -0.55), aspect="equal")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax


def written(ax: Axes, texts, *, size: float = 8.0, colour: str = INK) -> Axes:
    """Write texts (n, m) into the cells of `cells`; empty ones are left out.

    Examples
    --------
    >>> from ottools.plotting import close, new
    >>> fig, ax = new()
    >>> len(written(ax, [["1/2", ""]]).texts)
    1
    >>> close(fig)
    """
    for i, row in enumerate(texts):
        for j, text in enumerate(row):
            if text:
                ax.text(j, i, text, ha="center", va="center", size=size, color=colour)
    return ax


def links(ax: Axes, x, y, P, role: str = "potential", *, width: float = 6.0) -> Axes:
    """Draw a line from x_i to y_j wherever P_ij > 0, as wide as its mass.

    x (n, 2), y (m, 2), P (n, m); the largest mass is `width` points wide.

    Raises ValueError when the role has no colour.

    Examples
    --------
    >>> from ottools.plotting import close, new
    >>> fig, ax = new()
    >>> drawn = links(ax, [[0, 0]], [[1, 0], [0, 1]], [[0.5, 0.5]])
    >>> len(drawn.collections[0].get_segments())
    2
    >>> close(fig)
    """
    x, y, P = (np.asarray(z, dtype=float) for z in (x, y, P))
    i, j = np.nonzero(P > 0)
    mass = P[i, j]
    lines = LineCollection(
        np.stack([x[i], y[j]], axis=1),
        colors=COLOURS[_role(role)],
        linewidths=width * mass / mass.max(),
        alpha=0.75,
        zorder=1,
    )
    ax.add_collection(lines)
    ax.autoscale_view()
    return ax
