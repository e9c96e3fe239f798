"""What is drawn: functions take axes and data, return the axes, compute nothing."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from ottools.plotting.look import COLOURS, FIELD, INK, LINES, MARKERS


def _role(role: str) -> str:
    if role not in COLOURS:
        raise ValueError(f"role must be one of {', '.join(COLOURS)}; got {role!r}.")
    return role


def density(ax: Axes, x, p, role: str = "data", label: str | None = None) -> Axes:
    """Draw a density p (n,) over x (n,): a line above a faint area.

    Raises ValueError when the role has no colour.

    Examples
    --------
    >>> from ottools.plotting import close, new
    >>> fig, ax = new()
    >>> density(ax, [0, 1, 2], [0, 1, 0], "model", "$p_g$") is ax
    True
    >>> close(fig)
    """
    colour = COLOURS[_role(role)]
    ax.plot(x, p, color=colour, linestyle=LINES[role], label=label)
    ax.fill_between(x, p, color=colour, alpha=0.15, linewidth=0)
    return ax


def curve(ax: Axes, x, y, role: str = "data", label: str | None = None, **line) -> Axes:
    """Draw y (n,) against x (n,) in the colour and dash of the role.

    Examples
    --------
    >>> from ottools.plotting import close, new
    >>> fig, ax = new()
    >>> len(curve(ax, [0, 1], [0, 1], "other").lines)
    1
    >>> close(fig)
    """
    kind = {"color": COLOURS[_role(role)], "linestyle": LINES[role]} | line
    ax.plot(x, y, label=label, **kind)
    return ax


def stems(ax: Axes, x, p, role: str = "data", label: str | None = None) -> Axes:
    """Draw weights p (n,) as stems with markers at x (n,).

    Examples
    --------
    >>> from ottools.plotting import close, new
    >>> fig, ax = new()
    >>> stems(ax, [0, 1], [0.5, 0.5], "data") is ax
    True
    >>> close(fig)
    """
    ax.vlines(x, 0, p, color=COLOURS[_role(role)], linewidth=1.6)
    ax.plot(x, p, MARKERS[role], color=COLOURS[role], label=label, linestyle="none")
    return ax


def bars(ax: Axes, labels, groups, *, roles=("data", "model")) -> Axes:
    """Draw groups (name -> heights (n,)) of bars side by side over n labels.

    Raises ValueError when there are more groups than roles.

    Examples
    --------
    >>> from ottools.plotting import close, new
    >>> fig, ax = new()
    >>> len(bars(ax, ["a", "b"], {"p": [1, 2], "q": [2, 1]}).patches)
    4
    >>> close(fig)
    """
    if len(groups) > len(roles):
        raise ValueError(
            f"roles must name one per group; got {len(roles)} for {len(groups)}."
        )
    places, width = np.arange(len(labels)), 0.8 / len(groups)
    for k, (role, (name, heights)) in enumerate(
        zip(roles, groups.items(), strict=False)
    ):
        shift = (k - (len(groups) - 1) / 2) * width
        colour = COLOURS[_role(role)]
        ax.bar(places + shift, heights, 0.9 * width, color=colour, label=name)
    ax.set_xticks(places, labels)
    return ax


def cloud(ax: Axes, points, role: str = "data", label: str | None = None) -> Axes:
    """Draw points (n, 2) with the colour and marker of the role, on equal axes.

    Examples
    --------
    >>> from ottools.plotting import close, new
    >>> fig, ax = new()
    >>> cloud(ax, [[0, 0], [1, 1]], "model").get_aspect()
    1.0
    >>> close(fig)
    """
    x, y = np.asarray(points, dtype=float).T
    look = {"s": 9, "alpha": 0.6, "linewidths": 0, "marker": MARKERS[_role(role)]}
    ax.scatter(x, y, color=COLOURS[role], label=label, rasterized=len(x) > 500, **look)
    ax.set_aspect("equal")
    return ax


def field(ax: Axes, x, y, values, *, limits=(0.0, 1.0)) -> Axes:
    """Draw values (m, n) over x (n,), y (m,): the model's colour low, the data's high.

    A black line marks the middle of `limits`; values beyond them are cut off.

    Examples
    --------
    >>> from ottools.plotting import close, new
    >>> fig, ax = new()
    >>> field(ax, [0, 1], [0, 1], np.eye(2)) is ax
    True
    >>> close(fig)
    """
    steps = np.linspace(*limits, 11)
    cut = np.clip(np.asarray(values, dtype=float), *limits)
    ax.contourf(x, y, cut, levels=steps, cmap=FIELD, alpha=0.6)
    if cut.min() < steps[5] < cut.max():
        ax.contour(x, y, cut, levels=[steps[5]], colors=INK, linewidths=0.8)
    ax.set_aspect("equal")
    return ax


def trajectory(ax: Axes, path, role: str = "model", label: str | None = None) -> Axes:
    """Draw a path (n, 2), its start as a ring and its end as a dot.

    Examples
    --------
    >>> from ottools.plotting import close, new
    >>> fig, ax = new()
    >>> len(trajectory(ax, [[1, 0], [0, 1]]).lines)
    3
    >>> close(fig)
    """
    (x, y), colour = np.asarray(path, dtype=float).T, COLOURS[_role(role)]
    ax.plot(x, y, color=colour, linestyle="-", linewidth=1.0, label=label)
    ax.plot(x[0], y[0], "o", color=colour, markerfacecolor="none", linestyle="none")
    ax.plot(x[-1], y[-1], "o", color=colour, linestyle="none")
    return ax


def levels(ax: Axes, heights: dict[str, float]) -> Axes:
    """Draw thin horizontal lines at given heights, each named at the right end.

    Examples
    --------
    >>> from ottools.plotting import close, new
    >>> fig, ax = new()
    >>> levels(ax, {"log 2": 0.693}).texts[0].get_text()
    'log 2'
    >>> close(fig)
    """
    for name, height in heights.items():
        ax.axhline(height, color=COLOURS["neutral"], linewidth=0.8, linestyle=":")
        ax.annotate(
            name,
            (1, height),
            xycoords=("axes fraction", "data"),
            xytext=(-2, 2),
            textcoords="offset points",
            ha="right",
            color=COLOURS["neutral"],
        )
    return ax
