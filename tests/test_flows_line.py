"""JKO steps on the line: closed forms, identities, contraction, certificates."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from ottools import flows
from ottools.convergence import ConvergenceError
from ottools.divergences import gaussian_kl
from ottools.flows import INTERNAL, RADIAL, LineEnergy, Term, radial
from tests.references import checks
from tests.references import flows as slow

SEED = st.integers(0, 2**32 - 1)
SQUARE = radial(RADIAL["quadratic"])
HEAT = LineEnergy(internal=INTERNAL["entropy"])
KL = LineEnergy(potential=SQUARE, internal=INTERNAL["entropy"])
CONVEX = {
    "heat": HEAT,
    "kl": KL,
    "porous": LineEnergy(internal=INTERNAL["porous"]),
    "quartic": LineEnergy(potential=radial(RADIAL["quartic"])),
    "attraction": LineEnergy(interaction=SQUARE, internal=INTERNAL["entropy"]),
    "all": LineEnergy(SQUARE, radial(RADIAL["quartic"]), INTERNAL["porous"]),
}
NAMES = st.sampled_from(sorted(CONVEX))


def many(count: int):
    return settings(max_examples=count, deadline=None, derandomize=True)


def quantiles(rng, n, ties=False):
    q = np.sort(rng.normal(size=n) * 10 ** rng.uniform(-1, 1))
    if ties:
        q[: n // 2] = q[0]
    return q


@pytest.mark.parametrize("table", [RADIAL, INTERNAL], ids=["radial", "internal"])
def test_slopes_and_curvatures_are_derivatives(table):
    s, h = np.array([0.2, 0.7, 1.9]), 1e-5
    for term in [*table.values(), *(radial(t) for t in table.values())]:
        for f, df in ((term.value, term.slope), (term.slope, term.curvature)):
            central = (f(s + h) - f(s - h)) / (2 * h)
            np.testing.assert_allclose(df(s), central, rtol=1e-7, atol=1e-8)


@many(150)
@given(SEED, NAMES, st.integers(2, 7))
def test_energy_and_gradient_by_definition(seed, name, n):
    rng = np.random.default_rng(seed)
    energy, q = CONVEX[name], quantiles(rng, n)
    parts = (energy.potential, energy.interaction, energy.internal)
    expected = slow.line_energy(q, *(p and p.value for p in parts))
    assert flows.line_energy(energy, q) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    # n times the derivative is what the residual of a step without motion shows.
    h = 1e-6 * np.diff(q).min()
    slopes = np.array(
        [
            (slow.line_energy(q + h * e, *(p and p.value for p in parts)) - expected)
            / h
            for e in np.eye(n)
        ]
    )
    rms = np.sqrt(np.mean((n * slopes) ** 2))
    found = flows.certify_jko(q, q, 1.0, energy).residual
    assert found == pytest.approx(rms, rel=1e-3, abs=1e-4)


@many(300)
@given(SEED, NAMES, st.integers(2, 30), st.floats(-4, 2), st.booleans())
def test_steps_obey_what_a_minimiser_must(seed, name, n, log_tau, ties):
    rng = np.random.default_rng(seed)
    energy, tau, p = CONVEX[name], 10**log_tau, quantiles(rng, n, ties)
    found = flows.jko_step(p, tau, energy)
    q, size = found.quantiles, np.abs(p).max() + np.sqrt(tau)
    assert found.residual <= 1e-10 * (size + np.abs(q).max())
    assert np.all(np.diff(q) >= 0)
    assert found.distance == pytest.approx(np.sqrt(np.mean((q - p) ** 2)))
    rounding = 1e-9 * (1 + abs(found.energy) + found.distance**2 / tau)
    assert found.decrease >= -rounding
    assert found.decrease == np.inf or found.decrease == pytest.approx(
        flows.line_energy(energy, p) - found.energy - found.distance**2 / (2 * tau)
    )

    def objective(z):
        return flows.line_energy(energy, z) + np.mean((z - p) ** 2) / (2 * tau)

    best = objective(q)
    for _ in range(5):
        other = np.sort(q + rng.normal(size=n) * np.diff(q).mean() * rng.uniform(0, 1))
        # Strongly convex: the excess is at least the squared distance over 2 tau.
        excess = objective(other) - best
        assert excess >= np.mean((other - q) ** 2) / (2 * tau) - rounding


@many(150)
@given(SEED, NAMES, st.integers(2, 20), st.floats(-3, 1), st.floats(-4, -1))
def test_residual_bounds_the_distance_to_the_minimiser(seed, name, n, log_tau, log_tol):
    rng = np.random.default_rng(seed)
    energy, tau, p = CONVEX[name], 10**log_tau, quantiles(rng, n)
    best = flows.jko_step(p, tau, energy, tol=1e-12).quantiles
    rough = flows.jko_step(p, tau, energy, tol=10**log_tol)
    gap = np.sqrt(np.mean((rough.quantiles - best) ** 2))
    size = np.abs(p).max() + np.abs(best).max() + np.sqrt(tau)
    assert gap <= rough.residual + 3e-12 * size
    shifted = best + 1e-3 * np.diff(best).min() * np.sin(np.arange(n))
    bad = flows.certify_jko(shifted, p, tau, energy)
    assert bad.residual >= np.sqrt(np.mean((shifted - best) ** 2)) - 3e-12 * size


@many(150)
@given(SEED, NAMES, st.integers(2, 20), st.floats(-3, 1))
def test_steps_contract(seed, name, n, log_tau):
    # Convex energies contract W_2; KL, which is 1-convex, by 1/(1 + tau).
    rng = np.random.default_rng(seed)
    tau, p = 10**log_tau, [quantiles(rng, n) for _ in range(2)]
    q = [flows.jko_step(x, tau, CONVEX[name]).quantiles for x in p]
    before, after = (np.sqrt(np.mean((a - b) ** 2)) for a, b in (p, q))
    factor = 1 / (1 + tau) if name == "kl" else 1.0
    size = sum(np.abs(x).max() for x in p) + np.sqrt(tau)
    assert after <= factor * before + 1e-9 * size


@many(100)
@given(SEED, st.integers(2, 30), st.floats(-3, 1), st.floats(-2, 2), st.floats(-5, 5))
def test_heat_steps_scale_and_translate(seed, n, log_tau, log_c, shift):
    p, tau, c = quantiles(np.random.default_rng(seed), n), 10**log_tau, 10**log_c
    q = flows.jko_step(p, tau, HEAT).quantiles
    moved = flows.jko_step(c * p + shift, c**2 * tau, HEAT).quantiles
    size = c * (np.abs(p).max() + np.sqrt(tau)) + abs(shift)
    np.testing.assert_allclose(moved, c * q + shift, atol=1e-8 * size)
    # Homogeneity: mean q (q - p) = tau, exactly as s (s - s_0) = tau for Gaussians.
    assert np.mean(q * (q - p)) == pytest.approx(tau, abs=1e-8 * size**2 / c**2)
    assert q.mean() == pytest.approx(p.mean(), abs=1e-9 * size)


def test_anchors_of_one_step():
    exact = flows.gaussian_jko(2.0, 0.5, 0.1)
    assert float(exact.mean) == pytest.approx(1.818182, abs=5e-7)
    assert float(exact.std) == pytest.approx(0.604847, abs=5e-7)
    found = flows.jko_step(flows.normal_quantiles(800, 2.0, 0.5), 0.1, KL)
    assert found.quantiles.mean() == pytest.approx(exact.mean, rel=1e-9)
    # 800 quantiles have a standard deviation that is 5e-4 too small.
    assert found.quantiles.std() == pytest.approx(exact.std, rel=1e-3)


def test_closed_form_minimises_by_the_formula_for_w2():
    for k in (0.0, 1.0, 2.5):
        m0, s0, tau = 2.0, 0.5, 0.3

        def objective(z, k=k, m0=m0, s0=s0, tau=tau):
            energy = flows.free_energy(z[0], np.exp(z[1]), stiffness=k)
            w2 = (z[0] - m0) ** 2 + (np.exp(z[1]) - s0) ** 2
            return energy + w2 / (2 * tau)

        best = minimize(objective, [0.0, 0.0], tol=1e-12).x
        found = flows.gaussian_jko(m0, s0, tau, stiffness=k)
        np.testing.assert_allclose([found.mean, np.log(found.std)], best, atol=1e-5)


@pytest.mark.parametrize("stiffness", [0.0, 1.0, 3.0])
def test_closed_forms_have_first_order(stiffness):
    exact = flows.ornstein_uhlenbeck(2.0, 0.5, 1.0, stiffness=stiffness)

    def error(tau):
        now = flows.Gaussian(2.0, 0.5)
        for _ in range(round(1 / tau)):
            now = flows.gaussian_jko(now.mean, now.std, tau, stiffness=stiffness)
        return abs(now.mean - exact.mean) + abs(now.std - exact.std)

    assert checks.order(error, 1 / np.array([32, 64, 128])) == pytest.approx(1, abs=0.1)


def test_closed_forms_of_the_flow():
    t = np.array([0.0, 0.5, 2.0])
    ou = flows.ornstein_uhlenbeck([[1.0], [-3.0]], [[0.5], [2.0]], t)
    np.testing.assert_allclose(ou.mean, [[1], [-3]] * np.exp(-t), rtol=1e-14)
    variance = 1 + (np.array([[0.25], [4]]) - 1) * np.exp(-2 * t)
    np.testing.assert_allclose(ou.std**2, variance, rtol=1e-14)
    heat = flows.ornstein_uhlenbeck(1.0, 0.5, t, stiffness=0)
    np.testing.assert_allclose(heat.std**2, 0.25 + 2 * t, rtol=1e-14)
    np.testing.assert_allclose(heat.mean, 1)
    # KL to N(0, 1) is the free energy up to a constant; it decays like e^{-2t}.
    kl = [
        gaussian_kl(m, s, 0.0, 1.0) for m, s in zip(ou.mean[0], ou.std[0], strict=True)
    ]
    energy = flows.free_energy(ou.mean[0], ou.std[0]) + np.log(2 * np.pi) / 2
    np.testing.assert_allclose(energy, kl, rtol=1e-12)
    assert np.all(kl <= kl[0] * np.exp(-2 * t) + 1e-15)
    assert flows.free_energy(0.0, 0.0) == np.inf
    # W_2 between two flows falls by e^{-t} or more.
    w2 = np.hypot(*(np.diff(z, axis=0)[0] for z in (ou.mean, ou.std)))
    assert np.all(w2 <= w2[0] * np.exp(-t) + 1e-15)


def test_step_of_a_covariance():
    A = np.array([[2.0, 0.8], [0.8, 1.0]])
    B = flows.gaussian_jko_covariance(A, 0.2, stiffness=0.5)
    # First-order condition on each axis: (1 + k tau) s - s_0 = tau/s.
    np.testing.assert_allclose(A @ B, B @ A, atol=1e-14)
    lam, V = np.linalg.eigh(A)
    mu = np.sqrt(np.diag(V.T @ B @ V))
    np.testing.assert_allclose(1.1 * mu - np.sqrt(lam), 0.2 / mu, atol=1e-14)
    points = flows.gaussian_jko_covariance(np.zeros((2, 2)), 0.2, stiffness=0)
    np.testing.assert_allclose(points, 0.2 * np.eye(2), atol=1e-15)


def test_heat_from_one_point():
    found = flows.jko_step(np.zeros(50), 0.1, HEAT)
    assert found.quantiles.var() == pytest.approx(0.1, rel=1e-9)
    assert found.decrease == np.inf
    assert np.all(np.diff(found.quantiles) > 0)


def test_flows_against_ornstein_uhlenbeck():
    flow = flows.jko_flow(flows.normal_quantiles(200, 2.0, 0.5), 0.02, 50, KL)
    exact = flows.ornstein_uhlenbeck(2.0, 0.5, flow.times)
    np.testing.assert_allclose(flow.quantiles.mean(axis=1), exact.mean, atol=0.01)
    np.testing.assert_allclose(flow.quantiles.std(axis=1), exact.std, atol=0.01)
    assert np.all(np.diff(flow.energies) < 0)
    assert np.all(flow.decreases > 0)
    gap = flow.energies - flow.energies[-1]
    assert gap[25] <= gap[0] * np.exp(-2 * flow.times[25]) * 1.1
    moved = np.sqrt(np.mean(np.diff(flow.quantiles, axis=0) ** 2, axis=1))
    np.testing.assert_allclose(flow.distances, moved)
    # Half of the energy lost is slack, at first order: E' = -|v|^2.
    spent = np.sum(flow.distances**2) / 0.02
    assert spent == pytest.approx(flow.energies[0] - flow.energies[-1], rel=0.05)


def test_flow_is_first_order_in_tau():
    q = flows.normal_quantiles(12, 2.0, 0.5)
    kl = flows.total(flows.ENERGIES["confinement"], flows.ENERGIES["entropy"])
    exact = flows.particle_flow(kl, q, 5e-4, 800)
    assert exact.error[-1] < 1e-8

    def error(tau):
        last = flows.jko_flow(q, tau, round(0.4 / tau), KL).quantiles[-1]
        return np.sqrt(np.mean((last - exact.x[-1, :, 0]) ** 2))

    assert checks.order(error, 0.4 / np.array([16, 32, 64])) == pytest.approx(
        1, abs=0.1
    )


def test_porous_medium_against_barenblatt():
    start = slow.barenblatt_quantiles(200, 1.0)
    flow = flows.jko_flow(start, 0.02, 100, CONVEX["porous"])
    exact = slow.barenblatt_quantiles(200, 3.0)
    assert flow.quantiles[-1].std() == pytest.approx(exact.std(), rel=5e-3)
    np.testing.assert_allclose(flow.quantiles[-1], exact, atol=0.03)


def test_two_wells_and_an_interaction():
    well = LineEnergy(potential=radial(RADIAL["double_well"]))
    flow = flows.jko_flow([-0.5, 0.1, 2.0], 0.5, 40, well)
    np.testing.assert_allclose(flow.quantiles[-1], [-1, 1, 1], atol=1e-6)
    pull = LineEnergy(interaction=SQUARE)
    flow = flows.jko_flow([0.0, 1.0, 5.0], 1.0, 3, pull)
    spread = np.array([-2.0, -1.0, 3.0])
    np.testing.assert_allclose(
        flow.quantiles, 2 + spread * 2.0 ** -np.arange(4)[:, None]
    )


def test_an_independent_optimiser_agrees(rng):
    p = quantiles(rng, 6)

    def objective(z):
        q = z[0] + np.concatenate([[0], np.cumsum(np.exp(z[1:]))])
        energy = slow.line_energy(
            q, SQUARE.value, radial(RADIAL["quartic"]).value, INTERNAL["porous"].value
        )
        return energy + np.mean((q - p) ** 2) / (2 * 0.3)

    best = minimize(objective, np.r_[p[0], np.log(np.diff(p))], tol=1e-12)
    found = flows.jko_step(p, 0.3, CONVEX["all"])
    value = found.energy + found.distance**2 / 0.6
    assert value == pytest.approx(best.fun, rel=1e-9)
    assert value <= best.fun + 1e-12
    expected = best.x[0] + np.concatenate([[0], np.cumsum(np.exp(best.x[1:]))])
    np.testing.assert_allclose(found.quantiles, expected, atol=1e-4)


def test_certificate_grows_with_the_fault():
    p = flows.normal_quantiles(20)
    found = flows.jko_step(p, 0.1, KL)
    again = flows.certify_jko(found.quantiles, p, 0.1, KL)
    assert replace(again, iterations=found.iterations).residual == found.residual
    bad = [flows.certify_jko(found.quantiles * c, p, 0.1, KL) for c in (1.0001, 1.01)]
    assert found.residual < 1e-9 < bad[0].residual < bad[1].residual / 50
    worst = flows.certify_jko(3 * found.quantiles, p, 0.1, KL)
    assert worst.decrease < 0


def test_no_convergence_carries_the_last_iterate():
    with pytest.raises(ConvergenceError, match="raise max_iter or tol") as caught:
        flows.jko_step(np.zeros(5), 0.1, HEAT, max_iter=1)
    last = caught.value.last
    assert last.iterations == 1
    assert last.residual == pytest.approx(
        flows.certify_jko(last.quantiles, np.zeros(5), 0.1, HEAT).residual
    )
    well = LineEnergy(potential=radial(RADIAL["double_well"]))
    with pytest.raises(ConvergenceError, match="take a smaller tau"):
        flows.jko_step([0.1, 0.2], 5.0, well)
    with pytest.raises(ConvergenceError, match="Step 1: .* smaller tau") as caught:
        flows.jko_flow([0.1, 0.2], 5.0, 3, well)
    assert caught.value.last.times.tolist() == [0]
    assert caught.value.last.distances.shape == (0,)
    push = radial(RADIAL["quadratic"])
    push = Term(
        *(lambda r, f=f: -f(r) for f in (push.value, push.slope, push.curvature))
    )
    with pytest.raises(ConvergenceError, match="not convex"):
        flows.jko_step([0.1, 0.2], 5.0, LineEnergy(interaction=push))


def test_steps_that_cannot_reach_the_bound_say_so():
    with pytest.raises(ConvergenceError, match="residual is .*e-1"):
        flows.jko_step(flows.normal_quantiles(50), 0.1, KL, tol=1e-22)


I = np.array([0.0, 1.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: flows.jko_step([1.0, 0.0], 0.1, KL), "q must be ascending"),
        (lambda: flows.jko_step([], 0.1, LineEnergy()), "q must be ascending"),
        (lambda: flows.jko_step([[0.0]], 0.1, LineEnergy()), "q must be ascending"),
        (lambda: flows.jko_step([0.0], 0.1, KL), "q must hold 2 or more"),
        (lambda: flows.jko_step([np.nan, 1], 0.1, KL), "q must be finite"),
        (lambda: flows.jko_step(I, 0.0, KL), "tau must be finite and > 0"),
        (lambda: flows.jko_step(I, [0.1, 0.2], KL), "tau must be one number"),
        (lambda: flows.jko_step(I, 1e201, KL), r"tau must be at most 1e\+200"),
        (lambda: flows.certify_jko(I, I, 1e201, KL), r"tau must be at most 1e\+200"),
        (lambda: flows.line_energy(KL, [0, 1e151]), r"q must be at most 1e\+150"),
        (lambda: flows.normal_quantiles(9, std=1.7e308), "quantiles must be finite"),
        (lambda: flows.gaussian_jko(0, 1, 1, stiffness=[1]), "stiffness must be one"),
        (lambda: flows.normal_quantiles(3, [0.0]), "mean must be one number"),
        (lambda: flows.jko_step(I, 0.1, KL, tol=-1), "tol must be finite and > 0"),
        (lambda: flows.jko_step(I, 0.1, KL, max_iter=0), "max_iter must be a whole"),
        (lambda: flows.jko_flow(I, 0.1, 0, KL), "steps must be a whole number"),
        (lambda: flows.jko_flow(I, 0.1, 10**400, KL), "steps must be at most 10000"),
        (lambda: flows.jko_step([1.0, 1.0], 1e-300, KL), "tau is too small"),
        (lambda: flows.certify_jko(I, [0.0], 1.0, LineEnergy()), "shape of previous"),
        (lambda: flows.certify_jko([1.0, 1.0], I, 1.0, KL), "q must have no ties"),
        (lambda: flows.normal_quantiles(0), "n must be a whole number >= 1"),
        (lambda: flows.normal_quantiles(3, std=0), "std must be finite and > 0"),
        (lambda: flows.gaussian_jko(0, -1, 0.1), "std must be >= 0"),
        (lambda: flows.gaussian_jko(0, 1, 0.0), "tau must be finite and > 0"),
        (lambda: flows.gaussian_jko(0, 1, 0.1, stiffness=-1), "stiffness must be >= 0"),
        (lambda: flows.ornstein_uhlenbeck(0, 1, -1), "t must be >= 0"),
        (lambda: flows.gaussian_jko([0, 1], [1, 1, 1], 1), "mean, std, tau must have"),
        (lambda: flows.free_energy([0, 1], [1, 1, 1]), "mean, std must have shapes"),
        (lambda: flows.gaussian_jko_covariance([[1.0]], [1, 2]), "tau must be one"),
        (
            lambda: flows.ornstein_uhlenbeck(0, 1, 1.7e308, stiffness=0),
            "standard deviation must be within 1.8e308",
        ),
        (lambda: flows.gaussian_jko_covariance([[-1.0]], 0.1), "A must be positive"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_steps_of_any_length():
    far = flows.jko_step([0.0, 1.0], 1e8, KL)
    with pytest.raises(ConvergenceError, match="take a smaller tau"):
        flows.jko_step([0.0, 1.0], 1e200, KL)
    assert flows.gaussian_jko(0.0, 0.0, 1e200).std == pytest.approx(1)
    # Two quantiles at -s, s: 2 s^2 = 1 at the minimum of s^2/2 - log s.
    np.testing.assert_allclose(far.quantiles, [-1, 1], rtol=1e-6)
    still = flows.jko_step([0.0, 1.0], 1e-200, KL)
    np.testing.assert_allclose(still.quantiles, [0, 1], atol=1e-15)
    assert flows.jko_step([0.0], 1.0, LineEnergy(potential=SQUARE)).residual == 0
    assert flows.free_energy(1e200, 1.0) == np.inf
    assert flows.gaussian_jko(0, 1, Fraction(1, 10)) == flows.gaussian_jko(0, 1, 0.1)
    assert flows.gaussian_jko(0.0, 1.7e308, 1.0).std == pytest.approx(0.85e308)
    assert flows.ornstein_uhlenbeck(1.0, 1.0, 1.7e308).mean == 0


def test_energy_of_ties_is_infinite():
    assert flows.line_energy(HEAT, [1.0, 1.0, 2.0]) == np.inf
    assert flows.line_energy(CONVEX["quartic"], [1.0, 1.0]) == 0.25
