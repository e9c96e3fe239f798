"""The best linear critic of KL: closed forms, the population, certificates."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm

from ottools import divergences as dv
from ottools.convergence import ConvergenceError
from ottools.measures import quadrature

LINE, CELLS = quadrature((-14.0, 14.0), panels=100)


def population(degree, mean, scale):
    """Features 1, x, ..., x^degree of N(0,1) and N(mean, scale^2), with weights."""
    a, b = CELLS * norm.pdf(LINE), CELLS * norm.pdf(LINE, mean, scale)
    features = np.vander(LINE / 3, degree + 1, increasing=True)
    return features, features, a, b


@pytest.mark.parametrize(("degree", "mean", "scale"), [(1, 1.0, 1.0), (2, 0.7, 1.5)])
def test_enough_features_give_the_divergence_itself(degree, mean, scale):
    critic = dv.fit_kl_critic(*population(degree, mean, scale))
    assert critic.bound == pytest.approx(dv.gaussian_kl(0, 1, mean, scale), abs=1e-8)


def test_a_line_is_blind_to_a_change_of_scale():
    assert dv.fit_kl_critic(*population(1, 0.0, 2.0)).bound == pytest.approx(
        0, abs=1e-12
    )


def test_indicators_give_the_divergence_of_the_histograms():
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5])
    critic = dv.fit_kl_critic(np.eye(3), np.eye(3), p, q)
    assert critic.bound == pytest.approx(dv.kl(p, q))
    assert critic.coefficients == pytest.approx(1 + np.log(p / q))
    assert critic.coefficients == pytest.approx(dv.optimal_critic("kl", p, q))


def test_against_another_optimiser(rng):
    at_p, at_q = rng.normal(size=(40, 3)), rng.normal(size=(50, 3)) + 0.3
    found = minimize(lambda c: -dv.kl_bound(c, at_p, at_q), np.zeros(3), tol=1e-12)
    assert dv.fit_kl_critic(at_p, at_q).bound == pytest.approx(-found.fun, abs=1e-9)


def test_more_features_give_no_lower_bound(rng):
    x, y = rng.normal(size=100), 2 * rng.normal(size=100)
    bounds = [
        dv.fit_kl_critic(
            *(np.vander(z / 4, k + 1, increasing=True) for z in (x, y))
        ).bound
        for k in range(5)
    ]
    assert np.all(np.diff(bounds) > -1e-12)


def test_collinear_features(rng):
    x, y = rng.normal(size=(30, 2)), rng.normal(size=(30, 2))
    twice = [np.hstack([z, z]) for z in (x, y)]
    once = dv.fit_kl_critic(x, y).bound
    assert dv.fit_kl_critic(*twice).bound == pytest.approx(once, abs=1e-10)


def test_the_bound_is_that_of_the_variational_line(rng):
    p, q, T = rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(4)), rng.normal(size=4)
    mine = dv.kl_bound(T, np.eye(4), np.eye(4), p, q)
    assert mine == pytest.approx(dv.variational_bound("kl", p, q, T))
    assert dv.kl_bound(1e4 * np.ones(4), np.eye(4), np.eye(4), p, q) == -np.inf


def test_the_certificate_grows_with_the_error(rng):
    at_p, at_q = rng.normal(size=(40, 2)), rng.normal(size=(50, 2))
    critic = dv.fit_kl_critic(at_p, at_q)
    moved = dataclasses.replace(critic, coefficients=critic.coefficients + 0.01)
    assert critic.residual <= 1e-9
    assert dv.kl_bound(moved.coefficients, at_p, at_q) < critic.bound - 1e-7


def test_separated_samples_have_no_best_critic():
    with pytest.raises(ConvergenceError, match="fewer features") as raised:
        dv.fit_kl_critic([[1.0, 1.0]], [[1.0, 0.0]], max_iter=20)
    assert raised.value.last.residual > 1e-9


def test_a_point_without_weight_has_no_say():
    # exp(1000 - 1) is infinite, and 0 times it would be no number.
    at_p, at_q = [[1.0], [0.0]], [[0.0], [1.0], [1000.0]]
    b = [0.5, 0.5, 0.0]
    assert dv.kl_bound([1.0], at_p, at_q, b=b) == dv.kl_bound([1.0], at_p, at_q[:2])
    found, alone = dv.fit_kl_critic(at_p, at_q, b=b), dv.fit_kl_critic(at_p, at_q[:2])
    assert found.bound == alone.bound


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"at_q": [[1.0]]}, "as many features"),
        ({"a": [0.5, 0.6]}, "a must"),
        ({"tol": 0.0}, "tol must"),
        ({"max_iter": 0}, "max_iter must"),
        ({"at_q": [[1.0, 1e101]]}, "at_q must be at most 1e\\+100; got 1e\\+101"),
    ],
)
def test_bad_input(change, message):
    given = {"at_p": [[1.0, 2.0], [0.0, 1.0]], "at_q": [[1.0, 1.0]]} | change
    with pytest.raises(ValueError, match=message):
        dv.fit_kl_critic(given.pop("at_p"), given.pop("at_q"), **given)


def test_coefficients_of_the_wrong_shape():
    with pytest.raises(ValueError, match=r"shape \(2,\); got \(1,\)"):
        dv.kl_bound([1.0], [[1.0, 2.0]], [[1.0, 2.0]])
