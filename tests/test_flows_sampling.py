"""Langevin samples by standard errors; tokens by anchors, identities, invariance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from ottools import flows
from ottools.convergence import ConvergenceError
from ottools.flows import Target
from ottools.integrators import METHODS, to_sphere
from tests.references import checks
from tests.references import flows as slow

SEED = st.integers(0, 2**32 - 1)
BELL = Target(lambda x: np.sum(x**2, axis=1) / 2, lambda x: x)
WELLS = Target(
    lambda x: 2 * np.sum((x**2 - 1) ** 2, axis=1), lambda x: 8 * x * (x**2 - 1)
)


def many(count: int):
    return settings(max_examples=count, deadline=None, derandomize=True)


def within(values, exact, errors=4.5):
    """Tell whether the mean of independent values is `exact` up to standard errors."""
    return abs(values.mean() - exact) < errors * values.std() / np.sqrt(len(values))


@pytest.mark.parametrize(("h", "steps"), [(0.1, 3), (0.5, 20), (1.2, 20)])
def test_ula_moments_are_exact_at_every_step(h, steps, rng):
    # One step: x -> (1 - h) x + (2 h)^{1/2} noise.
    n, mean, variance = 40000, 2.0, 0.25
    x0 = mean + 0.5 * rng.normal(size=n)
    found = flows.ula(BELL, x0, h, steps, rng=rng)
    for _ in range(steps):
        mean, variance = (1 - h) * mean, (1 - h) ** 2 * variance + 2 * h
    x = found.x[:, 0]
    assert within(x, mean)
    assert within((x - mean) ** 2, variance)
    assert found.acceptance == 1
    if steps == 20:
        assert variance == pytest.approx(1 / (1 - h / 2), rel=1e-4)
        assert abs(found.virial - h / (2 - h)) < 4.5 * found.virial_error
        assert found.virial > 10 * found.virial_error


@pytest.mark.parametrize("h", [0.3, 1.5])
def test_mala_has_no_bias(h, rng):
    x0 = 0.5 * rng.normal(size=(20000, 2))
    found = flows.mala(BELL, x0, h, 60, rng=rng)
    assert abs(found.virial) < 4.5 * found.virial_error
    assert 0.2 < found.acceptance < 1
    for x in found.x.T:
        assert within(x, 0)
        assert within(x**2, 1)


def test_mala_in_two_wells(rng):
    found = flows.mala(WELLS, 0.5 * rng.normal(size=8000), 0.1, 200, rng=rng)
    density = lambda x: np.exp(-2 * (x**2 - 1) ** 2)
    mass = quad(density, -5, 5)[0]
    for power in (1, 2, 4):
        moment = quad(lambda x, p=power: x**p * density(x), -5, 5)[0] / mass
        assert within(found.x[:, 0] ** power, moment)
    rough = flows.ula(WELLS, 0.5 * rng.normal(size=30000), 0.03, 200, rng=rng)
    assert abs(rough.virial) > 5 * rough.virial_error


def test_detailed_balance_of_mala(rng):
    # Started from the target, one step leaves the pair (x, y) exchangeable.
    x = rng.normal(size=(200000, 1))
    y = flows.mala(BELL, x, 1.0, 1, rng=rng).x
    assert within((x**3 * y - x * y**3)[:, 0], 0)
    # Without the correction it does not: the variance grows to 2.
    z = flows.ula(BELL, x, 1.0, 1, rng=rng).x
    assert not within((x**2 - z**2)[:, 0], 0)


def test_the_same_generator_gives_the_same_sample():
    def draw(sampler):
        rng = np.random.default_rng(3)
        return sampler(BELL, [[1.0, 2.0]], 0.1, 5, rng=rng).x

    for sampler in (flows.ula, flows.mala):
        np.testing.assert_array_equal(draw(sampler), draw(sampler))


def test_virial_of_one_particle_has_no_error_bar(rng):
    found = flows.ula(BELL, [0.5], 0.1, 1, rng=rng)
    assert found.virial_error == np.inf
    again = flows.certify_sample(BELL, found.x)
    assert again.virial == found.virial
    stretched = replace(found, x=2 * found.x)
    assert flows.certify_sample(BELL, stretched.x).virial == pytest.approx(
        4 * (found.virial + 1) - 1
    )


def test_what_explodes_is_an_error_and_what_is_far_is_refused(rng):
    with pytest.raises(ConvergenceError, match="take a smaller step") as caught:
        flows.ula(WELLS, [30.0, 1.0], 0.5, 20, rng=rng)
    assert np.all(np.isfinite(caught.value.last.x))
    assert caught.value.last.virial == np.inf
    with np.errstate(all="raise"):
        found = flows.mala(WELLS, np.array([1e60, 1.0]), 0.05, 5, rng=rng)
    assert found.x[0, 0] == 1e60
    assert found.acceptance <= 0.5


def tokens(rng, n, d):
    return to_sphere(rng.normal(size=(n, d)))


def circle(*angles):
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


@many(200)
@given(SEED, st.integers(1, 8), st.integers(1, 4), st.floats(-2, 2))
def test_attention_by_definition(seed, n, d, log_beta):
    rng = np.random.default_rng(seed)
    x, beta = tokens(rng, n, d), 10**log_beta
    found = flows.attention_velocity(x, beta)
    np.testing.assert_allclose(found, slow.attention(x, beta), atol=1e-11)
    np.testing.assert_allclose(np.sum(found * x, axis=1), 0, atol=1e-14)
    Q, _ = np.linalg.qr(rng.normal(size=(d, d)))
    turned = flows.attention_velocity(x @ Q, beta)
    np.testing.assert_allclose(turned, found @ Q, atol=1e-11)
    order = rng.permutation(n)
    np.testing.assert_allclose(
        flows.attention_velocity(x[order], beta), found[order], atol=1e-12
    )
    gaps = [np.exp(beta * (u @ w - 1)) for u in x for w in x]
    assert flows.attention_energy(x, beta) == pytest.approx(np.mean(gaps), rel=1e-11)


@many(100)
@given(SEED, st.integers(2, 6), st.integers(2, 3), st.floats(-1, 1))
def test_token_flows_gain_energy_at_their_rate(seed, n, d, log_beta):
    rng = np.random.default_rng(seed)
    x, beta = tokens(rng, n, d), 10**log_beta
    flow = flows.token_flow(x, beta, 0.02, 20)
    np.testing.assert_allclose(np.linalg.norm(flow.x, axis=2), 1, rtol=1e-14)
    assert np.all(np.diff(flow.energies) >= -1e-14)
    assert flow.defect < 1e-4 * (flow.energies[-1] - flow.energies[0]) + 1e-10
    # The first step follows the velocity.
    ahead = flows.token_flow(x, beta, 1e-6, 1).x[1]
    np.testing.assert_allclose(
        (ahead - x) / 1e-6, flows.attention_velocity(x, beta), atol=1e-4
    )


def test_two_tokens_on_the_circle():
    beta, phi = 4.0, 2.0

    def rate(_, angle):
        pull = np.exp(beta * np.cos(angle))
        return -2 * np.sin(angle) * pull / (np.exp(beta) + pull)

    exact = solve_ivp(rate, (0, 5), [phi], rtol=1e-12, atol=1e-12).y[0, -1]
    assert exact == pytest.approx(1.966380, abs=5e-7)
    flow = flows.token_flow(circle(0.0, phi), beta, 0.05, 100)
    angle = np.arccos(flow.x[-1, 0] @ flow.x[-1, 1])
    assert angle == pytest.approx(exact, abs=1e-7)
    assert flow.error[-1] < 1e-7


@pytest.mark.parametrize("method", METHODS)
def test_token_defect_at_the_order_of_the_method(method, rng):
    x = tokens(rng, 5, 3)

    def defect(h):
        return flows.token_flow(x, 2.0, h, round(1 / h), method=method).defect

    slope = checks.order(defect, 1 / np.array([8, 16, 32, 64]))
    assert slope == pytest.approx(METHODS[method].order, abs=0.5)


def test_a_huge_beta_stops_tokens_and_sums_stay_finite(rng):
    x = tokens(rng, 4, 3)
    flow = flows.token_flow(x, 1e20, 0.1, 2)
    np.testing.assert_allclose(flow.x[-1], x, atol=1e-15)
    assert (flow.energies <= 1).all()
    assert flow.defect < 1
    assert flows.token_flow(x, 1.7e308, 0.1, 2).defect == np.inf


def test_a_step_that_explodes_hands_back_the_flow():
    with pytest.raises(ConvergenceError, match="take smaller steps") as raised:
        flows.token_flow(circle(0.0, 2.0), 1.0, 1e200, 3)
    assert isinstance(raised.value.last, flows.TokenFlow)
    assert len(raised.value.last.energies) == len(raised.value.last.times)


def test_half_spheres_collapse_and_antipodes_stay(rng):
    x = np.abs(tokens(rng, 8, 3))
    x = to_sphere(x)
    flow = flows.token_flow(x, 1.0, 0.1, 200)
    assert flows.cluster_count(flow.x[-1], 1e-3) == 1
    assert flow.energies[-1] == pytest.approx(1, abs=1e-6)
    pair = circle(0.0, np.pi)
    still = flows.token_flow(pair, 1.0, 0.1, 20)
    np.testing.assert_allclose(still.x[-1], pair, atol=1e-12)
    pushed = flows.token_flow(circle(0.0, np.pi - 0.01), 1.0, 0.1, 400)
    assert pushed.x[-1, 0] @ pushed.x[-1, 1] > 0.99


def test_number_of_clusters_falls_and_large_beta_is_slow():
    x = circle(*np.random.default_rng(1).uniform(0, 2 * np.pi, size=24))
    flow = flows.token_flow(x, 9.0, 0.1, 300)
    counts = [flows.cluster_count(state, 0.1) for state in flow.x[::50]]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1] >= 1
    slow_one = flows.token_flow(x, 60.0, 0.1, 300)
    assert flows.cluster_count(slow_one.x[-1], 0.1) > counts[-1]


def test_certificate_grows_with_the_fault(rng):
    x = tokens(rng, 5, 3)
    flow = flows.token_flow(x, 2.0, 0.02, 50)
    assert flow.defect == flows.token_defect(flow.times, flow.x, 2.0) < 1e-6
    gain = [flows.attention_energy(flow.x[k], 2.0) for k in (0, -1)]
    np.testing.assert_allclose(flow.energies[[0, -1]], gain, rtol=1e-14)
    # The same states at other speeds, or as if under another beta, do not balance.
    for fault in (1e-3, 1e-1):
        faster = replace(flow, times=flow.times * (1 + fault))
        found = flows.token_defect(faster.times, faster.x, 2.0)
        assert found == pytest.approx(fault * (gain[1] - gain[0]), rel=0.01)
    assert flows.token_defect(flow.times, flow.x, 3.0) > 0.005


def test_clusters_of_close_tokens():
    assert flows.cluster_count(circle(0.0, 1e-9, 1.0), 1.1e-9) == 2
    assert flows.cluster_count(circle(0.0, 1e-9, 1.0), 0.9e-9) == 3
    assert flows.cluster_count(circle(0.0, np.pi), 3.2) == 1


E1 = [[1.0, 0.0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: flows.ula(BELL, [0.0], 0.1, 1, rng=None), "rng must be a numpy"),
        (lambda: flows.ula(BELL, [np.inf], 0.1, 1, rng=None), "x0 must be finite"),
        (lambda: flows.mala(BELL, [0.0], 0.0, 1, rng=None), "step must be finite"),
        (
            lambda: flows.mala(BELL, [0.0], 1, 0, rng=np.random.default_rng(0)),
            "steps must be a whole number",
        ),
        (lambda: flows.certify_sample(BELL, []), "x must have shape"),
        (lambda: flows.certify_sample(BELL, [0.0], acceptance=1.5), r"in \[0, 1\]"),
        (lambda: flows.token_defect([0.0], [E1, E1], 1.0), r"got \(1,\) and \(2, 1"),
        (lambda: flows.token_defect([0, 1], [E1, [[2.0, 0.0]]], 1.0), "norm 1; got 2"),
        (lambda: flows.attention_velocity([[1e300, 0.0]], 1.0), "norm 1; got inf"),
        (
            lambda: flows.ula(
                Target(BELL.value, lambda x: x[:, 0]), [0.0, 1.0], 1, 1, rng=None
            ),
            r"gradients \(2, 1\); got \(2,\) and \(2,\)",
        ),
        (lambda: flows.attention_velocity([[1.0, 1.0]], 1.0), "norm 1; got 1.4142"),
        (lambda: flows.attention_energy(E1, 0.0), "beta must be finite and > 0"),
        (lambda: flows.token_flow(E1, 1.0, -0.1, 1), "step must be finite and > 0"),
        (lambda: flows.token_flow(E1, 1.0, 0.1, 0), "steps must be a whole number"),
        (lambda: flows.token_flow(E1, 1.0, 0.1, 1, method="x"), "method must be one"),
        (lambda: flows.cluster_count(E1, 0.0), "angle must be finite and > 0"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
