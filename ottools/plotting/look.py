"""One style for every figure: colours with a fixed meaning, small functions on axes.

Backgrounds are transparent and ink is near black, so a page in dark mode may invert the
picture (invert and turn the hue by half a circle) and keep it legible.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

INK = "#1a1a1a"
# Okabe and Ito's palette, told apart under every common colour blindness.
COLOURS = {
    "data": "#0072B2",
    "model": "#D55E00",
    "potential": "#007A5A",
    "other": "#AA4499",
    "neutral": "#6f6f6f",
}
LINES = {
    "data": "-",
    "model": "--",
    "potential": "-.",
    "other": (0, (1, 1.2)),
    "neutral": "-",
}
MARKERS = {"data": "o", "model": "^", "potential": "s", "other": "D", "neutral": "."}
FIELD = LinearSegmentedColormap.from_list(
    "model_to_data", [COLOURS["model"], "#f2f2f2", COLOURS["data"]]
)
WIDTHS = {1: 5.0, 2: 6.6, 3: 7.0}

STYLE = {
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "savefig.transparent": True,
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "mathtext.fontset": "dejavusans",
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": COLOURS["neutral"],
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "axes.prop_cycle": mpl.cycler(
        color=list(COLOURS.values()), linestyle=list(LINES.values())
    ),
    # The same figure is the same file.
    "svg.hashsalt": "ottools",
    "svg.fonttype": "path",
}
DATELESS = {"Date": None, "Creator": None}


@contextmanager
def style() -> Iterator[None]:
    """Apply the style inside a ``with`` block, then restore what was set before.

    Examples
    --------
    >>> with style():
    ...     mpl.rcParams["svg.hashsalt"]
    'ottools'
    """
    with mpl.rc_context(STYLE):
        yield


def use_style() -> None:
    """Apply the style until the end of the session.

    Examples
    --------
    >>> with mpl.rc_context():
    ...     use_style()
    ...     mpl.rcParams["axes.spines.top"]
    False
    """
    mpl.rcParams.update(STYLE)


def new(ncols: int = 1, nrows: int = 1, *, height: float | None = None, **share):
    """Return (figure, axes): one Axes, or an array of them as `plt.subplots` gives.

    The style is applied first. One column is 5 inches wide, three are 7; `share` may
    hold sharex and sharey.

    Raises ValueError unless 1 <= ncols <= 3 and 1 <= nrows <= 3.

    Examples
    --------
    >>> fig, axes = new(2)
    >>> axes.shape, fig.get_size_inches().tolist()
    ((2,), [6.6, 3.0])
    >>> close(fig)
    """
    import matplotlib.pyplot as plt

    if not (1 <= ncols <= 3 and 1 <= nrows <= 3):
        raise ValueError(f"ncols and nrows must lie in 1..3; got {ncols} and {nrows}.")
    use_style()
    tall = {1: 3.2, 2: 3.0, 3: 2.6}[ncols]
    size = (
        WIDTHS[ncols],
        height or min(4.0, tall * (1 if nrows == 1 else 0.65 * nrows)),
    )
    return plt.subplots(nrows, ncols, figsize=size, **share)


def close(fig: Figure) -> None:
    """Release a figure that was made by `new`.

    Examples
    --------
    >>> close(new()[0])
    """
    import matplotlib.pyplot as plt

    plt.close(fig)


def save_svg(fig: Figure, target) -> None:
    """Write the figure as SVG, byte for byte the same each time.

    Examples
    --------
    >>> import io
    >>> fig, ax = new()
    >>> save_svg(fig, io.StringIO())
    >>> close(fig)
    """
    with style():
        fig.savefig(target, format="svg", metadata=DATELESS)


def caption_holds(sentence: str, condition) -> None:
    """Assert that what a caption says was found to be true.

    Raises
    ------
    ValueError
        When the condition is no single truth value (an array, a number, a string).
    AssertionError
        When it is false.

    Examples
    --------
    >>> caption_holds("JS is at most log 2", 0.69 <= np.log(2))
    """
    if not isinstance(condition, bool | np.bool_):
        raise ValueError(
            f"condition must be one truth value; got {type(condition).__name__}."
        )
    if not condition:
        raise AssertionError(f"caption not supported: {sentence}")
