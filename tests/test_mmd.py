import numpy as np
import pytest

from ottools import mmd
from tests.references import slow

TOL = 1e-10


def test_statistics_against_the_definition(rng):
    x, y = rng.normal(size=(7, 2)), rng.normal(1, 2, size=(5, 2))
    v = mmd.mmd2_biased(x, y, 0.7)
    assert v == pytest.approx(slow.mmd2_v(x, y, 0.7), abs=TOL)
    assert v == pytest.approx(mmd.mmd2_biased(y, x, 0.7), abs=TOL)
    assert v == pytest.approx(mmd.mmd2_biased(x + 3, y + 3, 0.7), abs=TOL)
    assert v == pytest.approx(mmd.mmd2_biased(5 * x, 5 * y, 3.5), abs=TOL)
    assert mmd.mmd2_biased(x, x, 0.7) == pytest.approx(0, abs=TOL)


def test_bias_of_the_v_statistic_on_a_fair_coin():
    outcomes = [(a, b) for a in (0.0, 1.0) for b in (0.0, 1.0)]
    law = [(x, y) for x in outcomes for y in outcomes]
    biased = np.mean([mmd.mmd2_biased(x, y, 1.0) for x, y in law])
    assert biased == pytest.approx(0.196735, abs=1e-6)
    unbiased = np.mean([mmd.mmd2_unbiased(x, y, 1.0) for x, y in law])
    assert unbiased == pytest.approx(0, abs=TOL)


@pytest.mark.parametrize(
    ("law", "value"), [((1.0, 1.0), 0.177268), ((0.0, 2.0), 0.094187)]
)
def test_gaussians(law, value, rng):
    assert mmd.mmd2_gaussians(0.0, 1.0, *law, 1.0) == pytest.approx(value, abs=1e-6)
    x, y = rng.normal(size=1000), rng.normal(*law, size=1000)
    # Standard error of the U-statistic here is about 0.012.
    assert mmd.mmd2_unbiased(x, y, 1.0) == pytest.approx(value, abs=0.05)


def test_gaussians_without_width_are_points():
    x, y = [0.0, 0.0], [3.0, 4.0]
    assert mmd.mmd2_gaussians(x, 0, y, 0, 2.0) == pytest.approx(
        mmd.mmd2_biased([x], [y], 2.0), abs=TOL
    )


def test_parallel_segments():
    theta = np.array([0, 0.01, 0.5, 1])
    expected = [0, 9.243e-5, 0.21722, 0.72737]
    np.testing.assert_allclose(mmd.mmd2_segments(theta, 1.0), expected, rtol=3e-4)
    u = (np.arange(200) + 0.5) / 200
    x, y = np.c_[0 * u, u], np.c_[0 * u + 0.5, u]
    assert mmd.mmd2_biased(x, y, 0.4) == pytest.approx(
        mmd.mmd2_segments(0.5, 0.4), rel=1e-4
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mmd.mmd2_biased([0.0], [1.0], 0.0), "bandwidth must be"),
        (lambda: mmd.mmd2_biased([[0.0, 1.0]], [1.0], 1.0), "got 2 and 1"),
        (lambda: mmd.mmd2_biased([], [1.0], 1.0), "x must have shape"),
        (lambda: mmd.mmd2_unbiased([0.0], [1.0], 1.0), "2 or more points"),
        (lambda: mmd.mmd2_gaussians(0, -1, 0, 1, 1), "scales must be >= 0"),
        (lambda: mmd.mmd2_gaussians([0], 1, [0, 1], 1, 1), "one shape"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
