"""A density on pictures of bits: it sums to one, it is sampled, it is fitted."""

from __future__ import annotations

import dataclasses
from itertools import product

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from ottools import autoregressive as ar
from ottools.convergence import ConvergenceError

ALL9 = np.array(list(product((0, 1), repeat=9)))


def random_model(rng, d=9):
    order = rng.permutation(d)
    place = np.argsort(order)
    weights = np.where(place[:, None] > place, rng.normal(size=(d, d)), 0.0)
    return ar.Autoregressive(order, 2 * weights, rng.normal(size=d))


def by_definition(model, x):
    """Multiply the conditionals, one bit at a time."""
    total = 0.0
    for k in model.order:
        z = model.bias[k] + sum(model.weights[k, j] * x[j] for j in range(len(x)))
        total += log_expit(z if x[k] else -z)
    return total


def draw(rng, n=300):
    return random_model(rng).sample(n, rng)


def test_all_probabilities_sum_to_one(rng):
    for _ in range(5):
        model = random_model(rng)
        assert np.exp(model.log_probability(ALL9)).sum() == pytest.approx(1, abs=1e-12)


def test_log_probability_is_the_sum_of_the_conditionals(rng):
    model = random_model(rng)
    for x in ALL9[::37]:
        assert model.log_probability([x])[0] == pytest.approx(by_definition(model, x))


def test_samples_follow_the_probabilities(rng):
    model = random_model(rng, 3)
    counts = model.sample(40_000, rng) @ [4, 2, 1]
    seen = np.bincount(counts.astype(int), minlength=8) / 40_000
    expected = np.exp(model.log_probability(list(product((0, 1), repeat=3))))
    assert seen == pytest.approx(expected, abs=0.012)


def test_the_fit_maximises_the_penalised_likelihood(rng):
    x = draw(rng, 200)[:, :4]
    model = ar.fit_autoregressive(x, ridge=0.7)

    def loss(c):
        z = c[0] + x[:, :3] @ c[1:]
        return 0.35 * c @ c - log_expit(np.where(x[:, 3] == 1, z, -z)).sum()

    answer = np.array([model.bias[3], *model.weights[3, :3]])
    assert minimize(loss, np.zeros(4), tol=1e-12).x == pytest.approx(answer, abs=1e-4)


def test_without_neighbours_it_is_the_product_of_the_marginals(rng):
    x = draw(rng)
    model = ar.fit_autoregressive(x, before=0, ridge=1e-9)
    assert not model.weights.any()
    assert expit(model.bias) == pytest.approx(x.mean(axis=0), abs=1e-6)


def test_only_the_last_bits_in_the_order_are_seen(rng):
    x, order = draw(rng), rng.permutation(9)
    place = np.argsort(order)
    model = ar.fit_autoregressive(x, order, before=2)
    gap = place[:, None] - place
    assert np.array_equal(model.weights != 0, (gap == 1) | (gap == 2))
    complete = ar.fit_autoregressive(x, order)
    assert np.array_equal(complete.weights != 0, gap > 0)


def test_the_order_changes_the_model_and_not_the_mass(rng):
    x = draw(rng)
    models = [ar.fit_autoregressive(x, o) for o in (None, np.arange(9)[::-1])]
    one, two = (np.exp(m.log_probability(ALL9)) for m in models)
    assert abs(one - two).max() > 1e-4
    assert one.sum() == pytest.approx(1) == two.sum()


def test_for_two_bits_every_order_gives_the_same_likelihood():
    x = np.array([[0, 0], [0, 1], [1, 1], [1, 1], [1, 0], [0, 0], [0, 0]])
    models = [ar.fit_autoregressive(x, o, ridge=1e-9) for o in ([0, 1], [1, 0])]
    both = [m.log_probability(x) for m in models]
    assert both[0] == pytest.approx(both[1], abs=1e-6)


def test_the_certificate_sees_a_perturbed_fit(rng):
    x = draw(rng)
    model = ar.fit_autoregressive(x)
    seen = model.weights != 0
    assert ar.residual(model, x) == pytest.approx(model.residual, abs=1e-15)
    moved = dataclasses.replace(model, weights=model.weights + 1e-3 * seen)
    assert ar.residual(moved, x) > 1e-5


def test_separable_bits_are_fitted_with_a_small_penalty():
    x = np.array([[0, 0], [1, 1]] * 20)
    model = ar.fit_autoregressive(x, ridge=1e-6)
    assert model.residual <= 1e-8
    assert np.exp(model.log_probability([[0, 0]]))[0] == pytest.approx(0.5, abs=1e-3)


def test_one_picture_of_one_bit():
    model = ar.fit_autoregressive([[1]])
    assert 0.5 < np.exp(model.log_probability([[1]]))[0] < 1


def test_a_tolerance_out_of_reach(rng):
    with pytest.raises(ConvergenceError, match="raise ridge or tol") as raised:
        ar.fit_autoregressive(draw(rng), tol=1e-30)
    assert raised.value.last.residual < 1e-12


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": [[0.5, 1]]}, "0 or 1"),
        ({"order": [0, 0]}, "permutation"),
        ({"order": [0.0, 1.0]}, "permutation"),
        ({"before": -1}, "before must be a whole number"),
        ({"ridge": 0.0}, "ridge must"),
        ({"tol": -1.0}, "tol must"),
    ],
)
def test_bad_input(change, message):
    given = {"x": [[0, 1], [1, 1]]} | change
    with pytest.raises(ValueError, match=message):
        ar.fit_autoregressive(given.pop("x"), **given)


def test_pictures_of_another_size_and_bad_draws(rng):
    model = random_model(rng)
    with pytest.raises(ValueError, match="9 bits; got 2"):
        model.log_probability([[0, 1]])
    with pytest.raises(ValueError, match="n must be a whole number"):
        model.sample(0, rng)
    with pytest.raises(ValueError, match="rng must be"):
        model.sample(1, 7)
