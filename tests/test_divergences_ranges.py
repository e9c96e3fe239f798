"""Both ends of the range of an f-divergence at given total variation."""

from __future__ import annotations

import numpy as np
import pytest

from ottools import divergences as dv
from tests.references import divergence_ranges as slow

NAMES = list(dv.GENERATORS)
TV = np.array([0.0, 0.05, 0.3, 0.5, 0.7, 0.95])


def test_ceilings_are_those_of_disjoint_laws():
    for name in NAMES:
        apart = dv.f_divergence(name, [1.0, 0.0], [0.0, 1.0])
        assert dv.ceiling(name) == pytest.approx(apart, abs=1e-15)


@pytest.mark.parametrize("name", ["tv", "js", "squared_hellinger"])
def test_no_law_exceeds_ceiling_times_tv(name, rng):
    p, q = rng.dirichlet(np.ones(5) / 3, size=(2, 2000))
    most = dv.ceiling(name) * dv.tv(p, q)
    assert np.all(dv.f_divergence(name, p, q) <= most + 1e-14)
    shared = np.array([0.6, 0.4, 0.0]), np.array([0.6, 0.0, 0.4])
    assert dv.f_divergence(name, *shared) == pytest.approx(dv.ceiling(name) * 0.4)


@pytest.mark.parametrize("name", NAMES)
def test_no_law_lies_below_the_edge(name, rng):
    p, q = rng.dirichlet(np.ones(4) / 2, size=(2, 3000))
    assert np.all(
        dv.f_divergence(name, p, q) >= dv.lower_edge(name, dv.tv(p, q)) - 1e-12
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_edge_is_the_best_of_many_coins(name):
    for v in TV:
        a = np.linspace(0, 1 - v, 20_001)
        coins = (
            np.stack([a + v, np.maximum(1 - a - v, 0)], -1),
            np.stack([a, 1 - a], -1),
        )
        best = dv.f_divergence(name, *coins).min()
        edge = dv.lower_edge(name, v)
        assert edge <= best + 1e-13
        assert edge == pytest.approx(best, abs=1e-6)


def test_edges_in_closed_form():
    assert dv.lower_edge("tv", TV) == pytest.approx(TV, abs=1e-14)
    root = np.sqrt(1 - TV**2)
    assert dv.lower_edge("squared_hellinger", TV) == pytest.approx(2 - 2 * root)
    assert dv.lower_edge("chi2", TV) == pytest.approx(
        np.where(TV < 0.5, 4 * TV**2, TV / (1 - TV))
    )
    balanced = ((1 + TV) * np.log1p(TV) + (1 - TV) * np.log1p(-TV)) / 2
    assert dv.lower_edge("js", TV) == pytest.approx(balanced)


def test_the_edge_of_kl_is_the_curve_of_fedotov_harremoes_and_topsoe():
    v, value = slow.kl_edge(np.geomspace(0.05, 40, 50))
    assert dv.lower_edge("kl", v) == pytest.approx(value, rel=1e-9)
    assert dv.lower_edge("reverse_kl", v) == pytest.approx(value, rel=1e-9)


def test_at_the_ends():
    for name in NAMES:
        assert dv.lower_edge(name, 0.0) == 0
        assert dv.lower_edge(name, 1.0) == pytest.approx(dv.ceiling(name))
    assert dv.lower_edge("kl", np.zeros((2, 3))).shape == (2, 3)


@pytest.mark.parametrize("bad", [-0.1, [0.5, 1.1]])
def test_values_that_are_no_total_variation(bad):
    with pytest.raises(ValueError, match="between 0 and 1"):
        dv.lower_edge("kl", bad)


def test_unknown_names():
    for function in (dv.ceiling, lambda name: dv.lower_edge(name, 0.5)):
        with pytest.raises(ValueError, match="name must be one of"):
            function("wasserstein")
