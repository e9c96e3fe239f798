"""Cells whose area is mass, and lines between points."""

import numpy as np
import pytest

from ottools.plotting import close, new
from ottools.plotting.plans import cells, links, written


@pytest.fixture
def ax():
    fig, ax = new()
    yield ax
    close(fig)


def test_areas_are_proportional_to_entries(ax):
    cells(ax, [[1, 0], [0.25, 4]])
    areas = [p.get_width() * p.get_height() for p in ax.patches]
    assert np.allclose(np.array(areas) / areas[0], [1, 0.25, 4])
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_a_given_top_fills_its_cell(ax):
    cells(ax, [[1]], "model", top=4, alpha=0.5)
    assert ax.patches[0].get_width() == pytest.approx(0.46)
    assert ax.patches[0].get_alpha() == 0.5


def test_nothing_is_drawn_for_zeros(ax):
    assert not cells(ax, np.zeros((2, 3))).patches


def test_texts_stand_in_their_cells(ax):
    written(ax, [["a", ""], ["", "b"]])
    assert [(t.get_position(), t.get_text()) for t in ax.texts] == [
        ((0, 0), "a"),
        ((1, 1), "b"),
    ]


def test_lines_join_what_the_plan_joins(ax):
    links(ax, [[0, 0], [0, 1]], [[1, 0]], [[0.5], [0]], width=4)
    (drawn,) = ax.collections
    assert [s.tolist() for s in drawn.get_segments()] == [[[0, 0], [1, 0]]]
    assert drawn.get_linewidths().tolist() == [4]


@pytest.mark.parametrize("M", [[1, 2], [], [[-1]]])
def test_what_is_no_plan_is_refused(ax, M):
    with pytest.raises(ValueError, match="M must be a matrix"):
        cells(ax, M)


def test_an_unknown_role_is_named(ax):
    with pytest.raises(ValueError, match="role must be one of"):
        cells(ax, [[1]], "colour")
