"""Integrators: tableaus, orders by slopes, error estimates, moments of SDEs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from ottools import bures, integrators
from ottools.convergence import ConvergenceError
from ottools.integrators import METHODS, Trajectory, integrate
from tests.references import checks, gaussians

STEPS = 1 / np.array([8, 16, 32, 64])


def grid(h, end=1.0):
    return np.linspace(0, end, round(end / h) + 1)


def swing(t, x):
    """A pendulum that is pushed: nonlinear, time-dependent."""
    return np.stack([x[1], -np.sin(x[0]) + 0.5 * np.cos(3 * t)])


@pytest.fixture(scope="module")
def exact():
    options = {"method": "DOP853", "rtol": 1e-13, "atol": 1e-13}
    return solve_ivp(swing, (0, 1), [1.0, 0.5], **options).y[:, -1]


@pytest.mark.parametrize("name", METHODS)
def test_order_conditions(name):
    # Hairer, Norsett and Wanner 1993, Table II.2.1: all trees up to order 4.
    m = METHODS[name]
    s = len(m.b)
    A, b = np.zeros((s, s)), np.array(m.b)
    for i, row in enumerate(m.a):
        A[i, :i] = row
    c = A.sum(axis=1)
    trees = {
        1: [(b.sum(), 1)],
        2: [(b @ c, 1 / 2)],
        3: [(b @ c**2, 1 / 3), (b @ A @ c, 1 / 6)],
        4: [
            (b @ c**3, 1 / 4),
            (b @ (c * (A @ c)), 1 / 8),
            (b @ A @ c**2, 1 / 12),
            (b @ A @ A @ c, 1 / 24),
        ],
    }
    holds = [all(abs(x - y) < 1e-15 for x, y in trees[p]) for p in (1, 2, 3, 4)]
    assert holds == [p <= m.order for p in (1, 2, 3, 4)]


@pytest.mark.parametrize("name", METHODS)
def test_order_of_convergence(name, exact):
    def error(h):
        found = integrate(swing, [1.0, 0.5], grid(h), method=name)
        return np.abs(found.x[-1] - exact).max()

    assert checks.order(error, STEPS) == pytest.approx(METHODS[name].order, abs=0.15)


@pytest.mark.parametrize("name", METHODS)
def test_estimate_is_the_error(name, exact):
    found = integrate(swing, [1.0, 0.5], grid(1 / 64), method=name)
    error = np.abs(found.x[-1] - exact).max()
    assert found.error[-1] == pytest.approx(error, rel=0.1)
    assert found.error[0] == 0
    again = integrators.step_doubling(swing, found.times, found.x, method=name)
    np.testing.assert_array_equal(again, found.error)
    bad = replace(found, x=found.x + 0.1 * (found.times >= 0.5)[:, None])
    shown = integrators.step_doubling(swing, bad.times, bad.x, method=name)
    assert np.all(np.abs(shown - found.error)[found.times < 0.5] == 0)
    assert np.all(shown[found.times >= 0.5] > 0.09)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(sorted(METHODS)),
    st.integers(1, 4),
    st.integers(1, 12),
)
def test_linear_systems_give_the_taylor_polynomial(seed, name, d, n):
    rng = np.random.default_rng(seed)
    M, x0 = rng.normal(size=(d, d)), rng.normal(size=d)
    times = np.sort(rng.uniform(-1, 1, size=n))[:: rng.choice([-1, 1])]
    found = integrate(lambda _t, x: M @ x, x0, times, method=name)
    x = x0
    for h in np.diff(times):
        term, total = x, x
        for k in range(1, METHODS[name].order + 1):
            term = h * M @ term / k
            total = total + term
        x = total
    np.testing.assert_allclose(found.x[-1], x, rtol=1e-10, atol=1e-12)
    size = np.exp(np.linalg.norm(M, 2) * abs(times[-1] - times[0])) * np.abs(x0).max()
    exact = expm(M * (times[-1] - times[0])) @ x0
    # The estimate bounds the error within a factor, unless steps are far too large.
    if np.abs(np.diff(times, prepend=times[0])).max() * np.linalg.norm(M, 2) < 0.3:
        gap = np.abs(found.x[-1] - exact).max()
        assert gap <= 2 * found.error[-1] + 1e-3 * size * gap + 1e-13 * size


def test_there_and_back(rng):
    x0 = rng.normal(size=(3, 2))
    there = integrate(lambda t, x: t * x, x0, grid(1 / 50), method="rk4")
    back = integrate(lambda t, x: t * x, there.x[-1], there.times[::-1])
    np.testing.assert_allclose(back.x[-1], x0, atol=1e-8)
    assert there.x.shape == (51, 3, 2)
    np.testing.assert_allclose(there.x[-1], x0 * np.exp(0.5), atol=1e-8)


def test_fields_may_answer_with_lists_and_numbers():
    rng, times = np.random.default_rng(0), [0.0, 1.0]
    found = integrate(lambda _t, _x: [1.0, 2.0], [0.0, 0.0], times)
    np.testing.assert_allclose(found.x[-1], [1, 2])
    one, none = (lambda _t, _x: [1.0]), (lambda _t, _x: 0)
    found = integrators.euler_maruyama(one, none, [0.0], times, rng=rng)
    assert found.x[-1].tolist() == [1]
    found = integrators.stochastic_heun(one, lambda _t: [0], [0.0], times, rng=rng)
    assert found.x[-1].tolist() == [1]


def test_one_time_is_the_start():
    found = integrate(lambda _t, x: x, [1, 2], [0.5])
    assert found.x.tolist() == [[1, 2]]
    assert found.error.tolist() == [0]


@pytest.mark.parametrize("name", METHODS)
def test_rotation_on_the_sphere_keeps_norm_and_order(name):
    J = np.array([[0.0, -1, 0], [1, 0, 0.5], [0, -0.5, 0]])
    x0 = integrators.to_sphere([1.0, 2.0, -1.0])

    def error(h):
        found = integrate(
            lambda _t, x: J @ x,
            x0,
            grid(h),
            method=name,
            retract=integrators.to_sphere,
        )
        np.testing.assert_allclose(np.linalg.norm(found.x, axis=1), 1, rtol=1e-15)
        return np.abs(found.x[-1] - expm(J) @ x0).max()

    # Euler's error is radial for a circle; here it is not, and the slope is at least p.
    assert checks.order(error, STEPS) > METHODS[name].order - 0.15


def test_directions_of_any_length():
    x = np.array([[3e200, 4e200], [3e-200, 4e-200], [-1.0, 0.0]])
    expected = [[0.6, 0.8], [0.6, 0.8], [-1, 0]]
    np.testing.assert_allclose(integrators.to_sphere(x), expected, rtol=1e-15)


def test_two_tokens_on_the_circle():
    def velocity(_t, angle):
        pull = np.exp(4 * np.cos(angle))
        return -2 * np.sin(angle) * pull / (np.exp(4.0) + pull)

    found = integrate(velocity, 2.0, grid(0.01, 5.0))
    assert found.x[-1] == pytest.approx(1.966380, abs=5e-7)
    assert found.error[-1] < 1e-9


def test_flow_to_a_gaussian_that_does_not_commute():
    # dx = -R^-1 x dt + sqrt(2) dW, the gradient flow of KL(. | N(0, R)), from N(0, S);
    # the same laws without noise: v = (S_t^-1 - R^-1) x.
    R, S = np.diag([1.0, 4.0]), np.array([[2.0, 0.8], [0.8, 1.0]])

    def velocity(t, M):
        decay = np.exp(-t / np.diag(R))
        law = R + np.outer(decay, decay) * (S - R)
        return np.linalg.solve(law, M) - np.linalg.solve(R, M)

    M = integrate(velocity, np.eye(2), grid(0.02, 40.0)).x[-1]
    np.testing.assert_allclose(M @ S @ M.T, R, atol=1e-6)
    assert abs(M[0, 1] - M[1, 0]) == pytest.approx(0.078, abs=5e-4)
    cost = np.trace(S) + np.trace(R) - 2 * np.trace(M @ S)
    best = bures.bures_distance(S, R) ** 2
    assert cost == pytest.approx(1.471113, abs=5e-7)
    assert best == pytest.approx(1.468611, abs=5e-7)
    assert bures.map_residual(M, S, R) > 0.1


def test_what_explodes_is_an_error_with_a_remedy():
    with pytest.raises(ConvergenceError, match="take smaller steps") as caught:
        integrate(lambda _t, x: x**3, [2.0], grid(0.25, 3.0), method="rk4")
    last = caught.value.last
    assert isinstance(last, Trajectory)
    assert np.all(np.isfinite(last.x))
    assert len(last.times) == len(last.x) == len(last.error) > 1
    assert np.all(np.isinf(last.error))
    with pytest.raises(ConvergenceError, match="not finite at t = 1"):
        integrate(lambda t, x: np.inf if t == 0.5 else x, [2.0], [0.0, 1.0])
    with pytest.raises(ConvergenceError, match="not finite"):
        integrators.euler_maruyama(
            lambda _t, x: x**5,
            lambda _t, x: x,
            [9.0],
            grid(0.25, 3.0),
            rng=np.random.default_rng(0),
        )


def test_explosion_also_in_the_half_steps_alone():
    # Coarse Euler steps jump over the pole at t = 0.5, half steps meet it.
    pole = lambda t, x: 0 * x + np.float64(1) / (t - 0.5)
    with pytest.raises(ConvergenceError, match="take smaller steps"):
        integrate(pole, [0.0], [0.0, 1.0], method="euler")


class Recorder(np.random.Generator):
    """A generator that adds up the noise it hands out: W at the end."""

    total = 0.0

    def normal(self, mean, scale, size):
        noise = super().normal(mean, scale, size)
        self.total = self.total + noise.sum(axis=0)
        return noise


def growth(h, rng, n=4000):
    """Errors at t = 1 of dx = x/2 dt + x/2 dW against its solution, path by path."""
    half, noise = (lambda _t, x: x / 2), Recorder(rng.bit_generator)
    found = integrators.euler_maruyama(half, half, np.ones(n), grid(h), rng=noise)
    return found.x[-1] - np.exp(1 / 2 - 1 / 8 + noise.total / 2), found.error[-1]


def test_strong_order_one_half(rng):
    def error(h):
        return np.sqrt(np.mean(growth(h, rng)[0] ** 2))

    assert checks.order(error, STEPS) == pytest.approx(0.5, abs=0.1)


def test_coupled_half_steps_measure_the_strong_error(rng):
    gap, estimate = growth(1 / 32, rng)
    # At order 1/2 the paths for h and h/2 are between 0.29 and 1.71 errors apart.
    assert 0.29 < estimate / np.sqrt(np.mean(gap**2)) < 1.71


@pytest.mark.parametrize(("scheme", "order"), [("euler", 1), ("heun", 1)])
def test_strong_order_with_additive_noise(scheme, order, rng):
    drift = lambda _t, x: np.sin(x)
    if scheme == "euler":
        solve, g = integrators.euler_maruyama, lambda _t, _x: 0.7
    else:
        solve, g = integrators.stochastic_heun, lambda _t: 0.7

    def error(h):
        return solve(drift, g, np.ones(2000), grid(h), rng=rng).error[-1]

    assert checks.order(error, STEPS) == pytest.approx(order, abs=0.15)


@pytest.mark.parametrize("h", [0.5, 0.25])
def test_stationary_variance_shows_the_weak_order(h, rng):
    # dx = -x dt + sqrt(2) dW: one step is x -> r x + s dW, so the law tends to
    # variance 2 h s^2/(1 - r^2): 1/(1 - h/2) for Euler, 1 - h^2/4 + ... for Heun.
    n, root = 40000, np.sqrt(2)
    drift, times = lambda _t, x: -x, np.arange(0, 8 + h, h)
    schemes = {
        "euler": (integrators.euler_maruyama, lambda _t, _x: root, 1 - h, 1),
        "heun": (
            integrators.stochastic_heun,
            lambda _t: root,
            1 - h + h**2 / 2,
            1 - h / 2,
        ),
    }
    for name, (solve, g, r, s) in schemes.items():
        x = solve(drift, g, rng.normal(size=n), times, rng=rng).x[-1]
        variance = 2 * h * s**2 / (1 - r**2)
        squares = x**2
        error = squares.std() / np.sqrt(n)
        assert abs(squares.mean() - variance) < 4.5 * error
        bias = {"euler": h / 2, "heun": -(h**2) / 4}[name]
        assert variance - 1 == pytest.approx(bias, rel=0.6)


def test_half_steps_know_the_time(rng):
    # dx = t dt without noise: Euler gives 0 in one step and 1/4 in two.
    found = integrators.euler_maruyama(
        lambda t, _x: t, lambda _t, _x: 0.0, [0.0], [0.0, 1.0], rng=rng
    )
    assert found.x.tolist() == [[0], [0]]
    assert found.error.tolist() == [0, 0.25]


def test_noise_that_grows_with_time(rng):
    # dx = t dW: variance 1/3 at t = 1; the trapezoid of t^2 dt without its O(h^2).
    n, times = 40000, grid(0.25)
    found = integrators.stochastic_heun(
        lambda _t, x: 0 * x, lambda t: t, np.zeros(n), times, rng=rng
    )
    middle = (times[1:] + times[:-1]) / 2
    squares = found.x[-1] ** 2
    error = squares.std() / np.sqrt(n)
    assert abs(squares.mean() - np.sum(0.25 * middle**2)) < 4.5 * error


def test_the_reverse_sde_regenerates_the_data(rng):
    # Ornstein-Uhlenbeck from N(2, 1/4); backward drift -x - 2 score, in falling time.
    n, mean, variance = 20000, 2.0, 0.25

    def drift(t, x):
        v = 1 + (variance - 1) * np.exp(-2 * t)
        return -x + 2 * (x - mean * np.exp(-t)) / v

    end = 3.0
    start = mean * np.exp(-end) + rng.normal(size=n)
    found = integrators.stochastic_heun(
        drift, lambda _t: np.sqrt(2), start, grid(0.01, end)[::-1], rng=rng
    )
    x = found.x[-1]
    assert x.mean() == pytest.approx(mean, abs=0.03)
    assert x.var() == pytest.approx(variance, abs=0.02)


def test_same_generator_same_path():
    def path(seed):
        rng = np.random.default_rng(seed)
        one = lambda _t, _x: np.ones(2)
        return integrators.euler_maruyama(one, one, [0, 0], [0, 1], rng=rng).x

    np.testing.assert_array_equal(path(1), path(1))
    assert np.all(path(1)[-1] != path(2)[-1])


def test_gaussian_references_are_covariances(rng):
    A = gaussians.random_covariance(rng, 3)
    np.testing.assert_array_equal(bures.covariance(A), A)


def test_estimates_of_huge_states_do_not_overflow(rng):
    x = [1e300, -1e300]
    found = integrators.euler_maruyama(
        lambda _t, x: -x, lambda _t, _x: 0.0, x, [0, 0.1], rng=rng
    )
    # (1 - h) x against (1 - h/2)^2 x.
    assert found.error[1] == pytest.approx(0.0025e300)


still = lambda _t, x: 0 * x


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: integrate(still, [1.0], [0, 1], method="ab2"), "method must be one"),
        (lambda: integrate(still, [np.nan], [0, 1]), "x0 must be finite"),
        (
            lambda: integrators.step_doubling(still, [0, 1], [1, 1], method="ab2"),
            "method must be one of euler, midpoint, heun, rk4; got 'ab2'",
        ),
        (lambda: integrate(still, [], [0, 1]), "x0 must not be empty"),
        (lambda: integrate(lambda _t, _x: [1j], [1.0], [0, 1]), "velocity must be r"),
        (lambda: integrate(still, [1.0], [0, 1], method=["rk4"]), "method must be one"),
        (lambda: integrate(still, [1.0], [0, 1, 1]), "strictly increasing"),
        (lambda: integrate(still, [1.0], []), r"got shape \(0,\)"),
        (lambda: integrate(still, [1.0], 1.0), r"got shape \(\)"),
        (lambda: integrate(still, [1.0], [0, np.inf]), "times must be finite"),
        (
            lambda: integrate(lambda _t, _x: np.ones(3), [1.0, 2.0], [0, 1]),
            r"velocity must broadcast to the shape of x0, \(2,\); got \(3,\)",
        ),
        (
            lambda: integrators.euler_maruyama(
                still, lambda _t, _x: np.ones(3), [1.0], [0, 1], rng=None
            ),
            "diffusion must broadcast",
        ),
        (
            lambda: integrators.stochastic_heun(
                lambda _t, _x: np.ones(3), lambda _t: 1, [1.0], [0, 1], rng=None
            ),
            "drift must broadcast",
        ),
        (
            lambda: integrators.stochastic_heun(
                still, lambda _t: 1, [1.0], [0, 1], rng=0
            ),
            "rng must be a numpy.random.Generator; got 0",
        ),
        (lambda: integrators.to_sphere([[1.0, 0], [0, 0]]), "no zero vector"),
        (lambda: integrators.to_sphere([np.inf]), "x must be finite"),
        (
            lambda: integrators.to_sphere(3.0),
            r"x must have shape \(..., d\).* got \(\)",
        ),
        (lambda: integrators.to_sphere([]), r"none of them 0; got \(0,\)"),
        (
            lambda: integrators.step_doubling(still, [0, 1], [1.0], method="rk4"),
            r"times and x must have shapes .* got \(2,\) and \(1,\)",
        ),
        (
            lambda: integrators.step_doubling(still, [0, 1], [1, np.nan], method="rk4"),
            "x must be finite",
        ),
        (
            lambda: integrate(lambda _t, x: x**2, [1e300], [0, 1]),
            "velocity must be fin",
        ),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
