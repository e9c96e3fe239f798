"""Rows of pictures."""

from __future__ import annotations

import numpy as np
import pytest

from ottools import plotting as pl
from ottools.plotting.pictures import pictures


def test_pictures_stand_where_they_should():
    fig, ax = pl.new()
    rows = np.zeros((2, 3, 16))
    rows[1, 2, 5] = 1
    pictures(ax, rows, ("one", "two"))
    sheet = ax.images[0].get_array()
    assert sheet.shape == (12, 18)
    assert np.argwhere(sheet == 1).tolist() == [[6 + 1 + 1, 12 + 1 + 1]]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["one", "two"]
    pictures(ax, rows, limits=(-1, 1))
    assert ax.images[1].get_array()[0, 0] == -1
    pl.close(fig)


@pytest.mark.parametrize(
    "rows",
    [[], [np.zeros((2, 5))], [np.zeros(4)], [np.zeros((1, 4)), np.zeros((2, 4))]],
)
def test_rows_that_do_not_fit_are_refused(rows):
    fig, ax = pl.new()
    with pytest.raises(ValueError, match="rows must be arrays"):
        pictures(ax, rows)
    pl.close(fig)
