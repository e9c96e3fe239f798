"""One style for every figure: colours with a fixed meaning, small functions on axes."""

from ottools.plotting.look import (
    COLOURS,
    INK,
    caption_holds,
    close,
    new,
    save_svg,
    style,
    use_style,
)
from ottools.plotting.marks import (
    bars,
    cloud,
    curve,
    density,
    field,
    levels,
    stems,
    trajectory,
)

__all__ = [
    "COLOURS",
    "INK",
    "bars",
    "caption_holds",
    "close",
    "cloud",
    "curve",
    "density",
    "field",
    "levels",
    "new",
    "save_svg",
    "stems",
    "style",
    "trajectory",
    "use_style",
]
