"""Affine maps by MMD: recovery of a known map, certificates, mixing of neighbours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ottools.convergence import ConvergenceError
from ottools.mmd import mmd2_biased, mmd2_gradient
from ottools.training.alignment import align, neighbour_entropy


def test_a_known_map_is_undone(rng):
    x = rng.normal(size=(80, 2)) * [2.0, 0.5]
    bend, offset = np.array([[1.2, 0.3], [-0.1, 0.8]]), np.array([0.7, -0.4])
    found = align(x @ bend.T + offset, x, (0.5, 2.0), tol=1e-7)
    assert np.allclose(found(x @ bend.T + offset), x, atol=1e-3)
    assert np.allclose(found.matrix @ bend, np.eye(2), atol=1e-3)
    assert found.before > 0.02
    assert found.after < 1e-7


def test_value_and_slope_are_those_of_the_answer(rng):
    x, y = rng.normal(size=(40, 2)), rng.normal(1, 2, size=(30, 2))
    found = align(y, x, 1.5)
    assert found.before == pytest.approx(mmd2_biased(y, x, 1.5), abs=1e-14)
    assert found.after == pytest.approx(mmd2_biased(found(y), x, 1.5), abs=1e-14)
    assert found.after <= found.before
    rows = mmd2_gradient(found(y), x, 1.5).gradient
    left = max(np.abs(rows.T @ y).max(), np.abs(rows.sum(axis=0)).max())
    assert found.slope == pytest.approx(left, rel=1e-9)
    assert left <= 1e-5
    worse = replace(found, offset=found.offset + 0.1)
    assert mmd2_biased(worse(y), x, 1.5) > found.after


def test_a_cloud_on_itself_stays(rng):
    x = rng.normal(size=(20, 3))
    found = align(x, x, 1.0)
    assert np.array_equal(found.matrix, np.eye(3))
    assert found.after == found.before == 0


def test_other_shares_drag_the_classes():
    points = np.repeat([0.0, 4.0], [9, 1]), np.repeat([0.0, 4.0], [1, 9])
    found = align(points[1], points[0], 1.0)
    assert abs(found(np.array([[4.0]])).item()) < 0.5


def test_too_few_steps_carry_the_last_map(rng):
    x, y = rng.normal(size=(30, 2)), rng.normal(3, 2, size=(30, 2))
    with pytest.raises(ConvergenceError, match="raise max_iter or tol") as caught:
        align(y, x, 1.0, max_iter=1)
    assert caught.value.last.slope > 1e-5


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"tol": 0.0}, "tol"),
        ({"max_iter": 0}, "max_iter"),
        ({"bandwidth": -1.0}, "bandwidth"),
        ({"fixed": [[0.0, 1.0]]}, "dimension"),
        ({"moving": []}, "moving"),
    ],
)
def test_bad_input_is_refused(change, what):
    given = {"moving": [0.0, 1.0], "fixed": [0.0, 2.0], "bandwidth": 1.0} | change
    with pytest.raises(ValueError, match=what):
        align(given.pop("moving"), given.pop("fixed"), given.pop("bandwidth"), **given)


def test_mixing_between_none_and_all(rng):
    x = rng.normal(size=(600, 2))
    labels = rng.integers(2, size=600)
    assert 0.9 < neighbour_entropy(x, labels) <= 1
    apart = x + 20 * labels[:, None]
    assert neighbour_entropy(apart, labels) == 0
    assert neighbour_entropy(x, np.where(labels, "a", "b")) == neighbour_entropy(
        x, labels
    )


def test_mixing_by_hand():
    place, labels = [0.0, 1.0, 2.1, 3.3], [0, 1, 0, 1]
    # Two neighbours each: (1,0), (0,0), (1,1), (0,1); half of them are mixed pairs.
    assert neighbour_entropy(place, labels, 2) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("labels", "neighbours"),
    [([0, 1, 0], 1), ([0, 0, 0, 0], 1), ([0, 1, 0, 1], 4), ([[0, 1], [0, 1]], 1)],
)
def test_labels_that_do_not_fit(labels, neighbours):
    with pytest.raises(ValueError, match="labels must be as many as points"):
        neighbour_entropy([0.0, 1.0, 2.0, 3.0], labels, neighbours)


def test_a_fraction_of_a_neighbour_is_refused():
    with pytest.raises(ValueError, match="neighbours"):
        neighbour_entropy([0.0, 1.0], [0, 1], 0.5)
