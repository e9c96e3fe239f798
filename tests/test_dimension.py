"""The intrinsic dimension from two neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from ottools.datasets import digits
from ottools.dimension import two_nn


def slow(x, keep=0.9):
    """Follow Facco et al., steps 1 to 5, by all distances; ties left out."""
    ratios = []
    for i in range(len(x)):
        far = sorted(np.linalg.norm(x[i] - x[j]) for j in range(len(x)) if j != i)
        if far[1] > far[0] * (1 + 1e-12):
            ratios.append(far[1] / far[0])
    ratios = sorted(ratios)
    n, pairs = len(ratios), []
    for i, r in enumerate(ratios[: int(keep * n)], 1):
        pairs.append((np.log(r), -np.log(1 - i / n)))
    return sum(a * b for a, b in pairs) / sum(a * a for a, _ in pairs)


@pytest.mark.parametrize(("d", "keep"), [(1, 0.9), (2, 0.5), (3, 0.99)])
def test_it_is_the_published_algorithm(d, keep):
    x = np.random.default_rng(d).normal(size=(60, d))
    assert abs(two_nn(x, keep=keep).dimension - slow(x, keep)) < 1e-10


@pytest.mark.parametrize("d", [1, 2, 5])
def test_flat_laws_have_their_dimension(d):
    x = np.random.default_rng(d).uniform(size=(4000, d))
    got = two_nn(x)
    assert abs(got.dimension - d) < 0.12 * d
    assert abs(got.likelihood - d) < 0.12 * d


def test_a_curved_surface_has_two():
    rng = np.random.default_rng(4)
    a, b = rng.uniform(0, 2 * np.pi, (2, 3000))
    torus = np.stack([np.cos(a), np.sin(a), np.cos(b), np.sin(b), np.cos(a + b)], 1)
    assert abs(two_nn(torus).dimension - 2) < 0.15


def test_the_digits_and_their_enlargement():
    x = digits().images
    big = np.kron(x.reshape(-1, 8, 8), np.ones((2, 2))).reshape(len(x), -1)
    got = two_nn(x).dimension
    assert abs(got - 8.8339) < 1e-4
    assert abs(two_nn(big).dimension - got) < 1e-12
    assert abs(two_nn(x[:, ::-1]).dimension - got) < 1e-9


def test_the_curve_is_nearly_a_line_of_that_slope():
    got = two_nn(np.random.default_rng(0).uniform(size=(3000, 2)))
    logs, heights = got.curve()
    assert logs.shape == heights.shape == got.ratios.shape
    assert np.all(np.diff(logs) >= 0)
    assert abs(np.median(heights / logs) - got.dimension) < 0.1


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: two_nn(np.ones((20, 2))), "distinct points"),
        (lambda: two_nn(np.arange(9.0)), "10 points or more"),
        (lambda: two_nn(np.arange(30.0)), "10 ratios r2/r1 above 1; 2 of 30"),
        (lambda: two_nn(np.arange(30.0) ** 2, keep=1.0), r"keep must lie in \(0, 1\)"),
    ],
)
def test_bad_input_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
