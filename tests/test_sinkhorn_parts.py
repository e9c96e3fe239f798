"""The ways that the solver takes only when something is in the way."""

import numpy as np
import pytest

from ottools.convergence import ConvergenceError
from ottools.sinkhorn import newton, scaling, sinkhorn
from ottools.sinkhorn.acceleration import Acceleration
from ottools.sinkhorn.costs import MatrixCost
from ottools.sinkhorn.kernels import HeldKernel, PrunedKernel, Work, scaled
from ottools.sinkhorn.newton import ReducedDual, conjugate_gradients, damped, search
from ottools.sinkhorn.preconditioners import sparse_factor
from tests.references import entropic
from tests.test_sinkhorn import clouds, problem


@pytest.fixture
def start(rng):
    """A dual and a first iterate of it."""
    C = clouds(rng, 20, 15)
    kernel = HeldKernel(MatrixCost(C), Work())
    a, b = rng.dirichlet(np.ones(20)), rng.dirichlet(np.ones(15))
    dual = ReducedDual(kernel, a, b, 0.3, np.float64)
    return dual, dual.start(rng.normal(size=15))


def dense_plan(dual, it):
    return it.u[:, None] * dual.kernel.K * it.v


# The reduced dual


def test_gradient_and_hessian_of_the_reduced_dual(rng, start):
    dual, it = start
    d = rng.normal(size=15)
    exact, h = (dual.b - it.c) @ d, 1e-5
    q = lambda t: dual.gain(it, dual.at(it.h + t * d))
    assert (q(h) - q(-h)) / (2 * h) == pytest.approx(exact, rel=1e-7)
    gradient = lambda t: dual.b - dual.at(it.h + t * d).c
    found = -(gradient(h) - gradient(-h)) / (2 * h)
    expected = dual.hessian(it)(d) - newton.LIFT * it.error * it.c * d
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_rows_always_fit(start):
    dual, it = start
    np.testing.assert_allclose(dense_plan(dual, it).sum(axis=1), dual.a, rtol=1e-13)
    np.testing.assert_allclose(dense_plan(dual, it).sum(axis=0), it.c, rtol=1e-13)


def test_conjugate_gradients_solve(rng):
    A = rng.normal(size=(9, 9))
    A, r = A @ A.T + np.eye(9), rng.normal(size=9)
    x, left = conjugate_gradients(lambda p: A @ p, r, lambda z: z, 1e-10, 100)
    np.testing.assert_allclose(A @ x, r, atol=1e-8)
    assert left <= 1e-10


def test_conjugate_gradients_stop_where_there_is_no_curvature():
    x, left = conjugate_gradients(lambda p: 0 * p, np.ones(3), lambda z: z, 0.1, 9)
    np.testing.assert_array_equal(x, 0)
    assert left == 1


def test_a_factor_of_all_entries_inverts_the_hessian(rng, start):
    dual, it = start
    P = dual.kernel.large(it.v, np.zeros(20))
    P.data *= it.u[np.repeat(np.arange(20), 15)] * it.v[P.indices]
    solve = sparse_factor(P, dual.a, it.c * (1 + newton.LIFT * it.error))
    p = rng.normal(size=15)
    np.testing.assert_allclose(solve(dual.hessian(it)(p)), p, atol=1e-6)


def test_a_factor_of_few_entries_is_definite(start):
    dual, it = start
    P = dual.kernel.large(it.v, np.full(20, 0.3) * dual.a / it.u)
    P.data *= it.u[np.repeat(np.arange(20), np.diff(P.indptr))] * it.v[P.indices]
    H = np.diag(it.c) - P.T.toarray() @ np.diag(1 / dual.a) @ P.toarray()
    assert np.linalg.eigvalsh(H).min() > 0


def test_a_direction_downhill_is_not_taken(start):
    dual, it = start
    downhill = it.c - dual.b
    assert search(dual, it, 40 * downhill / np.abs(downhill).max()) is it


def test_long_steps_are_damped():
    d = np.array([0.0, 1.0, -2.0, 30.0, -1e9, 1e300])
    found = damped(d)
    np.testing.assert_array_equal(found[:3], d[:3])
    assert (np.sign(found) == np.sign(d)).all()
    assert 3 < found[3] < 30
    assert np.abs(found).max() <= 40


# Acceleration


def residuals(iterate, weights, count):
    """The sizes of h - iterate(h) along accelerated steps from 0."""
    mixed, h, found = Acceleration(weights), np.zeros(len(weights)), []
    for _ in range(count):
        r = iterate(h) - h
        found.append(np.abs(r).max())
        h = h + mixed.step(h, r)
    return found


def test_affine_iterations_end_after_as_many_steps_as_eigenvalues(rng):
    Q, shift = np.linalg.qr(rng.normal(size=(30, 30)))[0], rng.normal(size=30)
    A = Q @ np.diag(np.tile([0.95, 0.9, 0.5, -0.8, 0.1], 6)) @ Q.T
    found = residuals(lambda h: A @ h + shift, np.full(30, 1 / 30), 8)
    assert found[4] > 1e-3
    assert found[6] < 1e-6 * found[0]


def test_acceleration_outlives_its_memory(rng):
    Q, shift = np.linalg.qr(rng.normal(size=(40, 40)))[0], rng.normal(size=40)
    A = Q @ np.diag(np.linspace(0, 0.97, 40)) @ Q.T
    found = residuals(lambda h: A @ h + shift, rng.dirichlet(np.ones(40)), 60)
    assert found[-1] < 1e-6 * found[0]
    assert 0.97**60 > 1e-1


def test_acceleration_bears_what_does_not_move():
    found = residuals(lambda h: h + [1.0, 0.0], np.array([0.5, 0.5]), 5)
    np.testing.assert_array_equal(found, 1)


# Poor preconditioners


@pytest.mark.parametrize("eps", [0.02, 1e-3])
def test_poor_factors_are_replaced(rng, monkeypatch, eps):
    C = clouds(rng, 80, 70)
    expected = sinkhorn(C, eps=eps, tol=1e-9)
    for name, value in (("PATIENCE", 2), ("ENTRIES", 1)):
        monkeypatch.setattr(newton, name, value)
    found = sinkhorn(C, eps=eps, tol=1e-9)
    assert abs(found.value - expected.value) <= found.gap + expected.gap


# Stages and supports


@pytest.fixture
def tight(monkeypatch):
    """Let small problems be pruned."""
    monkeypatch.setattr(scaling, "WORTHWHILE", 0)
    monkeypatch.setattr(scaling, "SPARSE", 1.0)


@pytest.mark.usefixtures("tight")
@pytest.mark.parametrize("eps", [0.3, 1e-2, 1e-3, 1e-4])
@pytest.mark.parametrize("margin", [(np.exp(-48.0), np.exp(-80.0)), (0.1, 0.1)])
def test_pruning_changes_nothing(rng, monkeypatch, margin, eps):
    """Even where far too much is dropped: what is found is verified and repaired."""
    C, b = clouds(rng, 60, 50), rng.dirichlet(np.ones(50))
    monkeypatch.setattr(scaling, "MARGIN", margin)
    z = sinkhorn(C, None, b, eps=eps, tol=1e-8)
    P = entropic.plan(C, z.a, z.b, z.f, z.g, eps)
    assert entropic.marginal_error(P, z.a, z.b) <= 1e-8


def test_a_pruned_kernel_is_the_kernel(rng):
    C, g, b = clouds(rng, 12, 9), rng.normal(size=9), rng.dirichlet(np.ones(9))
    whole = HeldKernel(MatrixCost(C), Work())
    f = whole.absorb(g, 0.5)
    part = scaling.pruned(whole, np.exp(-80))
    assert isinstance(part, PrunedKernel)
    np.testing.assert_allclose(part.absorb(g, 0.5), f)
    for one, other in zip(
        whole.fold(b, lambda s, _: 1 / s), part.fold(b, lambda s, _: 1 / s), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_a_kernel_that_breaks_gives_no_answer(rng, monkeypatch):
    whole = HeldKernel._take_up

    def broken(self):
        whole(self)
        self.K[0, 0] = np.nan

    monkeypatch.setattr(HeldKernel, "_take_up", broken)
    with pytest.raises(ConvergenceError, match="marginals are wrong by nan"):
        sinkhorn(clouds(rng, 12, 9), eps=0.5)


def test_a_column_is_not_lost():
    C = np.zeros((3, 4))
    C[:, 2] = 1e3
    kernel = HeldKernel(MatrixCost(C), Work())
    kernel.absorb(np.zeros(4), 1.0)
    assert scaling.pruned(kernel, np.exp(-48)) is kernel


@pytest.mark.parametrize("shift", [-1e6, 1e6])
def test_float32_does_not_round_what_all_costs_share(rng, shift):
    C, g = clouds(rng, 30, 20), rng.normal(size=20)
    far, near = (HeldKernel(MatrixCost(D), Work()) for D in (C + shift, C))
    f = far.absorb(g, 1e-2, np.float32)
    near.absorb(g, 1e-2, np.float32)
    np.testing.assert_allclose(far.K, near.K, rtol=1e-3, atol=1e-30)
    np.testing.assert_allclose(f - shift, near.f, atol=1e-5)


def test_float32_holds_what_float64_does(rng):
    C, g = clouds(rng, 30, 20), rng.normal(size=20)
    kernel = HeldKernel(MatrixCost(C), Work())
    kernel.absorb(g, 1e-3, np.float64)
    K = kernel.K.copy()
    kernel.absorb(g, 1e-3, np.float32)
    exponents = np.abs(g - C).max() / 1e-3  # rounded twice: as slacks, less the top one
    rounding = 2 * exponents * np.finfo(np.float32).eps
    np.testing.assert_allclose(kernel.K, K, rtol=rounding, atol=1e-30)
    assert kernel.K.min() >= np.finfo(np.float32).tiny
    assert kernel.work.exp_passes == 2
    kernel.absorb(g, 1e-3, np.float32)
    assert kernel.work.exp_passes == 2


@pytest.mark.parametrize(("dtype", "depth"), [(np.float32, 130), (np.float64, 1010)])
def test_kernels_have_no_denormals(dtype, depth):
    C = depth * np.log(2) * (1 - np.eye(2))
    kernel = HeldKernel(MatrixCost(C), Work())
    kernel.absorb(np.zeros(2), 1.0, dtype)
    np.testing.assert_array_equal(
        kernel.K[0], [1, 2.0 ** (-120 if depth < 200 else -1000)]
    )


def test_a_kernel_is_kept_while_potentials_are_near(rng):
    C, g = clouds(rng, 6, 5), rng.normal(size=5)
    kernel = HeldKernel(MatrixCost(C), Work())
    for change, passes in ((0, 1), (rng.normal(size=5), 1), (500 * np.eye(5)[2], 2)):
        f, h = scaled(kernel, g + change, 0.5)
        expected = np.exp((f[:, None] + g + change - C) / 0.5)
        np.testing.assert_allclose(kernel.K * np.exp(h), expected, 1e-12, 1e-300)
        assert kernel.work.exp_passes == passes


def test_a_rough_kernel_proves_nothing(rng):
    C, g = clouds(rng, 6, 5), rng.normal(size=5)
    kernel = HeldKernel(MatrixCost(C), Work())
    for eps, dtype in ((0.5, np.float32), (0.4, np.float64)):
        kernel.absorb(g, eps, dtype)
        scaled(kernel, g, 0.5)
        assert kernel.K.dtype == np.float64
        assert kernel.eps == 0.5


def test_stages_end_at_eps():
    steps = scaling.stages(1e-3, 1.0)
    assert steps[0] == pytest.approx(1)
    assert steps[-1] == pytest.approx(1e-3)
    assert (steps[:-1] / steps[1:]).max() <= 3 + 1e-9
    np.testing.assert_allclose(scaling.stages(2.0, 1.0), [2.0])


HARD = problem(809751049, 2, 2, 1e-4, ("uneven",))


def test_light_groups_left_behind_are_fetched():
    C, a, b, eps = HARD
    assert sinkhorn(C, a, b, eps=eps).marginal_error <= 1e-6


def test_without_more_care_they_stay_behind(monkeypatch):
    C, a, b, eps = HARD
    monkeypatch.setattr(scaling, "CARE", (1e-2,))
    with pytest.raises(ConvergenceError, match="raise tol or eps") as caught:
        sinkhorn(C, a, b, eps=eps)
    assert caught.value.last.marginal_error > 1e-6
