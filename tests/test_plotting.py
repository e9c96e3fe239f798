import io

import matplotlib as mpl
import numpy as np
import pytest

from ottools import plotting as pl


@pytest.fixture
def axes():
    with mpl.rc_context():
        fig, ax = pl.new()
        yield ax
        pl.close(fig)


def test_marks_return_their_axes_and_keep_the_colour(axes):
    x = np.linspace(0, 1, 5)
    assert pl.density(axes, x, x, "model", "p") is axes
    assert axes.lines[0].get_color() == pl.COLOURS["model"]
    assert pl.curve(axes, x, x, "other", linewidth=3) is axes
    assert pl.stems(axes, x, x, "potential") is axes
    assert pl.bars(axes, ["a", "b"], {"p": [1, 2], "q": [2, 1]}) is axes
    assert pl.cloud(axes, np.zeros((600, 2)), "data") is axes
    assert pl.field(axes, x, x, np.outer(x, x)) is axes
    assert pl.trajectory(axes, np.c_[x, x]) is axes
    assert pl.levels(axes, {"log 2": 0.69}) is axes


def test_figures_are_transparent_small_and_dark_inked(axes):
    assert axes.figure.get_facecolor()[3] == 0
    assert axes.get_facecolor()[3] == 0
    assert max(mpl.colors.to_rgb(pl.INK)) < 0.15
    for ncols in (1, 2, 3):
        fig, _ = pl.new(ncols)
        width, height = fig.get_size_inches()
        assert width <= 7
        assert height <= 4
        pl.close(fig)


def test_style_is_undone_and_svg_is_the_same_each_time():
    before = mpl.rcParams["axes.spines.top"]
    with pl.style():
        assert not mpl.rcParams["axes.spines.top"]
    assert mpl.rcParams["axes.spines.top"] == before
    files = []
    for _ in range(2):
        with mpl.rc_context():
            fig, ax = pl.new()
            pl.density(ax, [0, 1], [1, 1])
            pl.save_svg(fig, target := io.StringIO())
            pl.close(fig)
        files.append(target.getvalue())
    assert files[0] == files[1]
    assert "dc:date" not in files[0]


def test_roles_differ_in_grey_and_in_form():
    weights = np.array([0.2126, 0.7152, 0.0722])
    data, model = (
        weights @ mpl.colors.to_rgb(pl.COLOURS[role]) for role in ("data", "model")
    )
    assert abs(data - model) > 0.05


def test_caption():
    pl.caption_holds("true", True)
    pl.caption_holds("true", np.bool_(True))
    with pytest.raises(AssertionError, match="caption not supported: JS is above 1"):
        pl.caption_holds("JS is above 1", np.bool_(False))
    for value in (1, "yes", np.array([True]), None):
        with pytest.raises(ValueError, match="condition must be one truth value"):
            pl.caption_holds("anything", value)


def test_errors(axes):
    with pytest.raises(ValueError, match="role must be one of data"):
        pl.density(axes, [0], [0], "red")
    with pytest.raises(ValueError, match="ncols and nrows"):
        pl.new(4)
    with pytest.raises(ValueError, match="one per group"):
        pl.bars(axes, ["a"], {"p": [1], "q": [1], "r": [1]})
