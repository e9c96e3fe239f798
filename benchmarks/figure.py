"""The figure of the report, drawn from the measured data alone."""

from __future__ import annotations

from pathlib import Path

from benchmarks.harness import OURS, ratio
from benchmarks.rows import best_peer, groups
from ottools.plotting.look import COLOURS, DATELESS, INK, MARKERS, style

# One drawing for light and for dark pages: its ink follows the reader's choice.
INK_RULE = (
    "<style>svg{color:#24292f}"
    "@media(prefers-color-scheme:dark){svg{color:#e6edf3}}</style>"
)
FAMILIES = {"gmm2d": "data", "digits": "model"}
SHADES = ("data", "model", "potential", "other")


def draw(content: dict, svg: Path, png: Path) -> None:
    """Write the figure twice: the small SVG that is kept and a PNG to look at."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(10, 3.4))
        paints = {"sinkhorn": entropic, "growth": growth, "mmd": memory}
        for ax, (topic, paint) in zip(
            figure.subplots(1, 3), paints.items(), strict=True
        ):
            if topic in content:
                paint(ax, content[topic])
            else:
                ax.set_axis_off()
        figure.savefig(png, dpi=150, facecolor="white", transparent=False)
        figure.savefig(svg, metadata=DATELESS)
    text = svg.read_text(encoding="utf-8").replace(INK, "currentColor")
    start = text.index("<defs>")
    svg.write_text(text[:start] + INK_RULE + text[start:], encoding="utf-8")


def entropic(ax, content: dict) -> None:
    """Draw the best peer's time over ours against eps; arrows where none arrives."""
    for family, kind in FAMILIES.items():
        for group in groups(content["table"]):
            ours, case = group[0], group[0]["case"]
            if case["family"] != family or case["tol"] != 1e-6:
                continue
            if ours["status"] != "arrived" or not (peer := best_peer(group)):
                continue
            arrives = peer["status"] == "arrived"
            value, low, high = ratio(peer, ours)
            colour = COLOURS[kind]
            face = colour if arrives else "none"
            ax.plot(case["eps"], value, MARKERS[kind], color=colour, mfc=face)
            if arrives:
                ax.plot([case["eps"]] * 2, [low, high], "-", color=colour, lw=1)
            else:
                ax.plot(case["eps"], 3 * value, alpha=0)  # room for the arrow
                ax.annotate(
                    "",
                    (case["eps"], 2.5 * value),
                    (case["eps"], value),
                    arrowprops={"arrowstyle": "->", "color": colour},
                )
        ax.plot([], [], MARKERS[kind], color=COLOURS[kind], label=family)
    ax.axhline(1, color=INK, lw=0.8)
    ax.set(xscale="log", yscale="log", xlabel="eps / mean cost")
    ax.set(title="Entropic: best peer / ottools\n(open: no peer arrives, lower bound)")
    ax.legend(loc="upper right")


def growth(ax, content: dict) -> None:
    """Draw time against n, each kind in units of our time at its smallest n."""
    curves = {}
    for group in groups(content["curves"]):
        curves.setdefault(group[0]["curve"], []).append(group)
    for kind, (title, found) in zip(SHADES, curves.items(), strict=False):
        found = [g for g in found if g[0]["status"] == "arrived"]
        if not found:
            continue
        unit = typical(found[0][0])
        line = [(g[0]["case"]["n"], typical(g[0]) / unit) for g in found]
        ax.plot(*zip(*line, strict=True), MARKERS[kind] + "-", c=COLOURS[kind])
        line = [
            (g[0]["case"]["n"], typical(peer) / unit)
            for g in found
            if (peer := best_peer(g)) and peer["status"] == "arrived"
        ]
        if line:
            style = {"color": COLOURS[kind], "alpha": 0.6}
            ax.plot(*zip(*line, strict=True), MARKERS[kind] + ":", **style)
        ax.plot([], [], MARKERS[kind] + "-", color=COLOURS[kind], label=title)
    ax.set(xscale="log", yscale="log", xlabel="n")
    ax.xaxis.set_minor_formatter("")
    ax.set(title="Time, relative to ours at the left end\n(dotted: best peer)")
    room(ax)
    ax.legend(loc="upper left", fontsize=8, ncols=2)


def memory(ax, content: dict) -> None:
    """Draw the peak memory of value and gradient of an MMD against n."""
    lines = {}
    for record in content["memory"]:
        if "megabytes" in record:
            point = (record["case"]["n"], max(record["megabytes"], 0.1))
            lines.setdefault(record["name"], []).append(point)
    for kind, (name, line) in zip(SHADES, lines.items(), strict=False):
        dash = "-" if name == OURS else ":"
        ax.plot(
            *zip(*line, strict=True), MARKERS[kind] + dash, c=COLOURS[kind], label=name
        )
    ax.set(xscale="log", yscale="log", xlabel="n")
    ax.xaxis.set_minor_formatter("")
    ax.set(title="MMD, value and gradient:\npeak memory in MB")
    room(ax)
    ax.legend(loc="upper left", fontsize=8)


def room(ax) -> None:
    """Leave the upper third for the legend."""
    low, high = ax.get_ylim()
    ax.set_ylim(low, high * (high / low) ** 0.5)


def typical(record: dict) -> float:
    """Return the median time of a record."""
    from statistics import median

    return median(record["seconds"])
