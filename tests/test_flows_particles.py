"""Particles: gradients, the dissipation identity, exact flows, what explodes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ottools import flows, mmd
from ottools.convergence import ConvergenceError
from ottools.flows import ENERGIES, Energy, particle_flow
from ottools.integrators import METHODS
from tests.references import checks

SEED = st.integers(0, 2**32 - 1)
ON_LINE = {"entropy", "porous"}
NAMES = sorted(ENERGIES)


def many(count: int):
    return settings(max_examples=count, deadline=None, derandomize=True)


def cloud(rng, name, n=6, d=2):
    if name in ON_LINE:
        x = rng.permutation(np.arange(n) + rng.uniform(0.1, 0.9, size=n))
        return x[:, None]
    return 0.7 * rng.normal(size=(n, d))


def of_every_kind(rng):
    y, b = rng.normal(size=(4, 2)), rng.dirichlet(np.ones(4))
    yield from ((ENERGIES[name], cloud(rng, name)) for name in NAMES)
    yield flows.mmd_energy(y, 0.8, b), rng.normal(size=(6, 2))
    yield (
        flows.total(ENERGIES["confinement"], ENERGIES["entropy"]),
        cloud(rng, "entropy"),
    )


def test_gradients_by_central_differences(rng):
    for energy, x in of_every_kind(rng):
        gradient = energy.gradient(x) / len(x)
        for _ in range(5):
            assert checks.slope_error(energy.value, gradient, x, rng) < 1e-8


@many(250)
@given(SEED, st.sampled_from(NAMES), st.integers(2, 9), st.integers(1, 3))
def test_energies_know_no_names_of_particles(seed, name, n, d):
    rng = np.random.default_rng(seed)
    energy, x = ENERGIES[name], cloud(rng, name, n, d)
    order = rng.permutation(n)
    value, gradient = energy.value(x), energy.gradient(x)
    assert energy.value(x[order]) == pytest.approx(value, rel=1e-12, abs=1e-13)
    size = 1e-11 * (1 + np.abs(gradient).max())
    np.testing.assert_allclose(energy.gradient(x[order]), gradient[order], atol=size)
    assert checks.slope_error(energy.value, gradient / n, x, rng, h=1e-6) < 1e-6 * (
        1 + np.abs(gradient).max()
    )
    moved = energy.value(x + 3)
    if name not in ("confinement", "double_well"):
        assert moved == pytest.approx(value, rel=1e-9, abs=1e-9)
        np.testing.assert_allclose(gradient.sum(axis=0), 0, atol=1e2 * size)


def test_values_by_definition(rng):
    x = rng.normal(size=(5, 2))
    gaps = [np.sum((u - w) ** 2) for u in x for w in x]
    assert ENERGIES["confinement"].value(x) == pytest.approx(np.mean(x**2))
    assert ENERGIES["attraction"].value(x) == pytest.approx(np.mean(gaps) / 4)
    wells = np.mean([(u @ u - 1) ** 2 / 4 for u in x])
    assert ENERGIES["double_well"].value(x) == pytest.approx(wells)
    hollows = np.mean([1 - np.exp(-g / 2) for g in gaps]) / 2
    assert ENERGIES["short_attraction"].value(x) == pytest.approx(hollows)
    y = rng.normal(size=(4, 2))
    found = flows.mmd_energy(y, 0.8).value(x)
    assert found == pytest.approx(mmd.mmd2_biased(x, y, 0.8) / 2)
    line = np.array([[2.0], [0.0], [0.5]])
    expected = -(np.log(3 * 0.5) + np.log(3 * 1.5)) / 2
    assert ENERGIES["entropy"].value(line) == pytest.approx(expected)
    assert ENERGIES["entropy"].value(np.zeros((2, 1))) == np.inf


def test_exact_flows(rng):
    x = rng.normal(size=(5, 3))
    t = 0.05 * np.arange(21)
    decay = np.exp(-t)[:, None, None]
    free = particle_flow(ENERGIES["confinement"], x, 0.05, 20)
    np.testing.assert_allclose(free.x, x * decay, atol=1e-7)
    np.testing.assert_allclose(free.times, t)
    drawn = particle_flow(ENERGIES["attraction"], x, 0.05, 20)
    middle = x.mean(axis=0)
    np.testing.assert_allclose(drawn.x, middle + (x - middle) * decay, atol=1e-7)
    # Heat: the mean square grows by 2 t, whatever the number of quantiles.
    q = flows.normal_quantiles(8)
    heat = particle_flow(ENERGIES["entropy"], q, 0.005, 100)
    square = np.mean(heat.x**2, axis=(1, 2))
    np.testing.assert_allclose(square, square[0] + 2 * heat.times, rtol=1e-5)
    assert np.all(np.diff(heat.x[:, :, 0], axis=1) > 0)


@pytest.mark.parametrize("method", METHODS)
def test_dissipation_identity_at_the_order_of_the_method(method, rng):
    energy = flows.total(ENERGIES["double_well"], ENERGIES["short_attraction"])
    x = 0.7 * rng.normal(size=(6, 2))

    def defect(h):
        return particle_flow(energy, x, h, round(1 / h), method=method).defect

    expected = METHODS[method].order
    slope = checks.order(defect, 1 / np.array([16, 32, 64, 128]))
    assert slope == pytest.approx(expected, abs=0.35)


@pytest.mark.parametrize("name", NAMES)
def test_energy_falls_at_the_rate_of_the_dissipation(name, rng):
    x = cloud(rng, name)
    flow = particle_flow(ENERGIES[name], x, 0.01, 40)
    assert np.all(np.diff(flow.energies) <= 0)
    rate = (flow.energies[2:] - flow.energies[:-2]) / 0.02
    scale = np.abs(rate).max()
    np.testing.assert_allclose(rate, -flow.dissipation[1:-1], atol=0.02 * scale)
    drop = flow.energies[0] - flow.energies[-1]
    assert flow.defect <= 1e-3 * drop


def test_mmd_particles_approach_the_data(rng):
    y = rng.normal(size=(8, 2))
    flow = particle_flow(flows.mmd_energy(y, 1.0), y + [1.0, 0.0], 0.5, 60)
    assert flow.energies[-1] < 0.1 * flow.energies[0]
    assert flow.defect < 1e-4 * flow.energies[0]


def test_certificate_grows_with_the_fault(rng):
    energy, x = ENERGIES["double_well"], 0.7 * rng.normal(size=(5, 2))
    flow = particle_flow(energy, x, 0.02, 50)
    again = flows.dissipation_defect(energy, flow.times, flow.x)
    assert again == flow.defect < 1e-5
    ramp = np.linspace(0, 1, 51)[:, None, None]
    bad = [replace(flow, x=flow.x + c * ramp) for c in (1e-3, 1e-1)]
    faults = [flows.dissipation_defect(energy, f.times, f.x) for f in bad]
    assert flow.defect < faults[0] / 50 < faults[1] / 1000
    # A flow along another gradient has the wrong energy balance.
    other = particle_flow(ENERGIES["confinement"], x, 0.02, 50)
    assert flows.dissipation_defect(energy, other.times, other.x) > 0.01


def test_what_explodes_is_an_error_with_a_remedy():
    with pytest.raises(ConvergenceError, match="take smaller steps") as caught:
        particle_flow(ENERGIES["double_well"], [[5.0, 5.0]], 0.5, 20)
    last = caught.value.last
    assert isinstance(last, flows.ParticleFlow)
    assert np.all(np.isfinite(last.x))
    assert len(last.times) == len(last.energies) == len(last.dissipation)
    assert last.defect > 0
    with pytest.raises(ConvergenceError) as caught:
        particle_flow(ENERGIES["double_well"], [[1e100]], 1e-3, 20)
    assert caught.value.last.x.tolist() == [[[1e100]]]
    steep = Energy(lambda x: float(np.sum(x**4)), lambda x: 1e60 * x)
    with pytest.raises(ConvergenceError) as caught:
        particle_flow(steep, [1.0], 1.0, 20, method="euler")
    assert caught.value.last.defect == np.inf


def test_one_step_and_an_odd_number_of_steps():
    for steps in (1, 3):
        flow = particle_flow(ENERGIES["confinement"], [1.0], 0.01, steps)
        assert flow.x.shape == (steps + 1, 1, 1)
        assert flow.defect < 1e-6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: particle_flow(ENERGIES["ring"], [np.nan], 0.1, 1), "x0 must be fin"),
        (lambda: particle_flow(ENERGIES["ring"], [1.0], 0.0, 1), "step must be finite"),
        (lambda: particle_flow(ENERGIES["ring"], [1.0], 0.1, 0), "steps must be a who"),
        (
            lambda: particle_flow(ENERGIES["ring"], [1.0], 0.1, 1, method="x"),
            "method must be one of",
        ),
        (lambda: ENERGIES["entropy"].value(np.zeros((3, 2))), r"\(n, 1\), n >= 2"),
        (lambda: ENERGIES["porous"].value(np.zeros((1, 1))), r"\(n, 1\), n >= 2"),
        (lambda: ENERGIES["entropy"].gradient(np.zeros((2, 1))), "distinct particles"),
        (lambda: flows.mmd_energy([1.0], 0.0), "bandwidth must be finite and > 0"),
        (lambda: flows.mmd_energy([], 1.0), "y must have shape"),
        (lambda: flows.mmd_energy([1.0], []), "bandwidth must be a number > 0"),
        (lambda: flows.mmd_energy([1.0], 1.0, kernel="box"), "kernel must be one of"),
        (
            lambda: flows.dissipation_defect(ENERGIES["ring"], [0, 1], [[1.0]]),
            r"times and x must have shapes .* got \(2,\) and \(1, 1\)",
        ),
        (
            lambda: particle_flow(ENERGIES["double_well"], [1e300], 0.1, 1),
            "velocity must be finite",
        ),
        (lambda: particle_flow(ENERGIES["ring"], [1.0], 1e308, 9), "times must be fin"),
        (lambda: flows.mmd_energy([1.0], 1.0, [0.5]), "b must sum to 1"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
