"""Small grey pictures side by side."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

__all__ = ["pictures"]


def pictures(ax: Axes, rows, names=(), *, limits=(0.0, 1.0)) -> Axes:
    """Draw rows of square pictures, each row (n, s * s), dark where values are high.

    `names` are written to the left of the rows; values beyond `limits` are cut off.

    Raises ValueError when the rows differ in length or a picture is not square.

    Examples
    --------
    >>> from ottools.plotting import close, new
    >>> fig, ax = new()
    >>> pictures(ax, [np.zeros((3, 64)), np.ones((3, 64))], ("paper", "ink")) is ax
    True
    >>> close(fig)
    """
    rows = [np.asarray(row, dtype=float) for row in rows]
    shapes = {row.shape for row in rows}
    side = round(np.sqrt(rows[0].shape[-1])) if rows else 0
    if len(shapes) != 1 or rows[0].ndim != 2 or side**2 != rows[0].shape[1]:
        raise ValueError(
            f"rows must be arrays (n, s * s) of one shape; got {sorted(shapes)}."
        )
    gap = ((1, 1), (1, 1))
    frame = lambda p: np.pad(p.reshape(side, side), gap, constant_values=limits[0])
    sheet = np.vstack([np.hstack([frame(p) for p in row]) for row in rows])
    ax.imshow(sheet, cmap="Greys", vmin=limits[0], vmax=limits[1])
    middles = (side + 2) * (np.arange(len(rows)) + 0.5) - 0.5
    ax.set_yticks(middles if names else [], names)
    ax.set_xticks([])
    ax.tick_params(length=0)
    for edge in ax.spines.values():
        edge.set_visible(False)
    return ax
