"""The toy data and the digits."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from ottools import datasets


def test_the_digits_are_the_bundled_ones():
    d = datasets.digits()
    assert d.images.shape == (1797, 64)
    assert d.labels.shape == (1797,)
    assert (d.images.min(), d.images.max()) == (0.0, 1.0)
    assert np.array_equal(d.images * 16, np.round(d.images * 16))
    assert set(d.labels) == set(range(10))
    assert int((d.images.std(axis=0) == 0).sum()) == 3


def test_two_calls_do_not_share_memory():
    one = datasets.digits()
    one.images[:] = 0
    assert datasets.digits().images.max() == 1.0


def test_only_the_digits_load_scikit_learn():
    code = "import sys, ottools.datasets; print('sklearn' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_toys_lie_where_they_should():
    rng = np.random.default_rng(0)
    x = datasets.ring(500, rng, modes=4, scale=0.01)
    cover = datasets.modes_covered(x, datasets.ring_centres(4))
    assert (cover.covered, cover.quality, cover.counts.sum()) == (4, 1.0, 500)
    fake, real = datasets.two_clusters(50, rng)
    assert np.all((fake >= -3) & (fake <= -2) & (real >= 2) & (real <= 3))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: datasets.ring_centres(0), "modes must be >= 1"),
        (lambda: datasets.ring(0, np.random.default_rng(0)), "n must be >= 1"),
        (lambda: datasets.two_clusters(0, np.random.default_rng(0)), "n must be >= 1"),
        (lambda: datasets.modes_covered([[1.0]], [[0.0, 0.0]]), "must have shapes"),
        (lambda: datasets.modes_covered([[1.0]], [[0.0]], radius=0), "radius must be"),
    ],
)
def test_bad_input_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
