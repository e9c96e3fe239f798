from dataclasses import FrozenInstanceError, replace

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ottools.convergence import ConvergenceError
from ottools.sinkhorn import EntropicTransport, sinkhorn
from ottools.sinkhorn.certificate import certify
from ottools.sinkhorn.kernels import HeldKernel, Work
from tests.references import entropic


def clouds(rng, n, m, d=2):
    x, y = rng.normal(size=(n, d)), rng.normal(size=(m, d)) * 0.5 + 1
    return ((x[:, None, :] - y[None, :, :]) ** 2).sum(axis=2)


def recertified(answer, **changes):
    """Certificate of an answer with other potentials."""
    z = replace(answer, **changes)
    kernel = HeldKernel(z.cost, Work())
    return certify(kernel, z.a, z.b, z.f, z.g, z.eps)


def close_up_to_a_constant(f, g, tol):
    gap = f - g
    return np.ptp(gap) <= tol


# Closed forms


@pytest.mark.parametrize("eps", [10.0, 1.0, 0.3, 0.05, 0.01])
def test_two_points(eps):
    answer = sinkhorn([[0, 1], [1, 0]], eps=eps, tol=1e-12)
    stay = 0.5 / (1 + np.exp(-1 / eps))
    expected = [[stay, 0.5 - stay], [0.5 - stay, stay]]
    np.testing.assert_allclose(answer.plan(), expected, atol=1e-12)
    value = -eps * np.log((1 + np.exp(-1 / eps)) / 2)
    assert answer.value == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(("eps", "covariance"), [(1.0, 1.765564), (4.0, 1.236068)])
def test_gaussians_by_quadrature(eps, covariance):
    s, t = 1.0, 2.0
    z, w = np.polynomial.hermite_e.hermegauss(60)
    a = w / w.sum()
    answer = sinkhorn((s * z[:, None] - t * z[None, :]) ** 2, a, a, eps=eps, tol=1e-11)
    found = (s * z) @ answer.plan() @ (t * z)
    assert found == pytest.approx(entropic.gaussian_covariance(s, t, eps), abs=1e-9)
    assert found == pytest.approx(covariance, abs=1e-6)


@pytest.mark.parametrize(("eps", "expected"), [(0.1, 0.0494), (1.0, 0.4384)])
def test_transport_to_oneself_costs(eps, expected):
    z = np.linspace(-6, 6, 241)
    a, C = np.exp(-(z**2) / 2), (z[:, None] - z[None, :]) ** 2
    a /= a.sum()
    P = sinkhorn(C, a, a, eps=eps, tol=1e-9).plan()
    assert (P * C).sum() == pytest.approx(expected, abs=6e-5)


def test_a_constant_cost_gives_the_product_plan(rng):
    a, b = rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(3))
    answer = sinkhorn(np.full((4, 3), 7.0), a, b, eps=0.1)
    np.testing.assert_allclose(answer.plan(), np.outer(a, b), atol=1e-15)
    assert answer.value == pytest.approx(7)
    assert answer.gap <= 1e-12


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1)])
def test_one_point(rng, shape):
    C = rng.normal(size=shape)
    answer = sinkhorn(C, eps=0.3, tol=1e-12)
    np.testing.assert_allclose(answer.plan(), np.full(shape, 1 / C.size), rtol=1e-12)
    assert answer.value == pytest.approx(C.mean())


# References


@pytest.mark.parametrize("eps", [1.0, 0.1, 0.02])
@pytest.mark.parametrize("shape", [(6, 6), (9, 4), (3, 12)])
def test_slow_sinkhorn(rng, shape, eps):
    C = clouds(rng, *shape)
    a, b = rng.dirichlet(np.ones(shape[0])), rng.dirichlet(np.ones(shape[1]))
    a[0] = 0
    a /= a.sum()
    answer = sinkhorn(C, a, b, eps=eps, tol=1e-11)
    f, g = entropic.log_sinkhorn(C, a, b, eps)
    assert answer.value == pytest.approx(a @ f + b @ g, abs=1e-10)
    assert close_up_to_a_constant(answer.f, f, 1e-7)
    assert close_up_to_a_constant(answer.g, g, 1e-7)
    P = entropic.plan(C, a, b, f, g, eps)
    np.testing.assert_allclose(answer.plan(), P, atol=1e-10)


def test_many_digits(rng):
    C, a = rng.random((3, 3)), [0.2, 0.5, 0.3]
    expected = entropic.exact_value(C, a, a, 0.2)
    assert sinkhorn(C, a, a, eps=0.2, tol=1e-13).value == pytest.approx(
        expected, abs=1e-14
    )


@pytest.mark.parametrize("eps", [0.5, 0.05])
def test_pot(rng, eps):
    C = clouds(rng, 30, 40)
    a, b = rng.dirichlet(np.ones(30)), rng.dirichlet(np.ones(40))
    P = ot.sinkhorn(a, b, C, eps, stopThr=1e-13, numItermax=100_000)
    answer = sinkhorn(C, a, b, eps=eps, tol=1e-11)
    np.testing.assert_allclose(answer.plan(), P, atol=1e-10)
    assert answer.value == pytest.approx(entropic.primal(P, C, a, b, eps), abs=1e-9)


@pytest.mark.parametrize("n", [20, 60])
def test_the_plan_is_nearly_optimal_when_eps_is_small(rng, n):
    C = clouds(rng, n, n)
    optimum = ot.emd2(np.full(n, 1 / n), np.full(n, 1 / n), C)
    for eps in (1.0, 0.1, 0.01, 0.001):
        answer = sinkhorn(C, eps=eps, tol=1e-10)
        excess = (answer.plan() * C).sum() - optimum
        assert -1e-9 <= excess <= eps * np.log(n)
        assert optimum - 1e-9 <= answer.value <= optimum + eps * np.log(n)


# Invariances


def test_constants_on_rows_and_columns_shift_the_potentials(rng):
    C = clouds(rng, 8, 6)
    r, c = rng.normal(size=8), rng.normal(size=6)
    plain = sinkhorn(C, eps=0.1, tol=1e-12)
    shifted = sinkhorn(C + r[:, None] + c, eps=0.1, tol=1e-12)
    assert shifted.value == pytest.approx(plain.value + r.mean() + c.mean())
    assert close_up_to_a_constant(shifted.f - r, plain.f, 1e-9)
    assert close_up_to_a_constant(shifted.g - c, plain.g, 1e-9)


def test_transposition(rng):
    C, a = clouds(rng, 8, 6), rng.dirichlet(np.ones(8))
    one, other = sinkhorn(C, a, eps=0.05), sinkhorn(C.T, None, a, eps=0.05)
    assert abs(one.value - other.value) <= one.gap + other.gap
    np.testing.assert_allclose(one.plan(), other.plan().T, atol=1e-5)


def test_permutation(rng):
    C, a = clouds(rng, 8, 6), rng.dirichlet(np.ones(8))
    i, j = rng.permutation(8), rng.permutation(6)
    one = sinkhorn(C, a, eps=0.05, tol=1e-12)
    other = sinkhorn(C[i][:, j], a[i], eps=0.05, tol=1e-12)
    np.testing.assert_allclose(one.plan()[i][:, j], other.plan(), atol=1e-11)


@pytest.mark.parametrize("power", [-500, -30, 3, 30, 480])
def test_only_the_ratio_of_cost_and_eps_matters(rng, power):
    C, scale = clouds(rng, 7, 9), 4.0**power
    one, other = sinkhorn(C, eps=0.05), sinkhorn(C * scale, eps=0.05 * scale)
    assert other.value == pytest.approx(one.value * scale, rel=1e-6)
    np.testing.assert_allclose(other.plan(), one.plan(), atol=1e-6)
    np.testing.assert_allclose(other.f, one.f * scale, atol=1e-4 * scale)


@pytest.mark.parametrize(("n", "m", "eps"), [(4, 9, 0.5), (7, 9, 2e-4), (7, 9, 0.5)])
def test_rows_and_columns_may_change_places(rng, n, m, eps):
    C, a, b = clouds(rng, n, m), rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))
    one, other = sinkhorn(C, a, b, eps=eps), sinkhorn(C.T, b, a, eps=eps)
    np.testing.assert_allclose(one.plan(), other.plan().T, atol=2e-6)
    np.testing.assert_allclose(one.a, a, rtol=1e-15)
    assert (one.f.shape, one.g.shape) == ((n,), (m,))
    assert one.value == pytest.approx(other.value, abs=1e-6 + one.gap + other.gap)
    short = m > 2 * n or eps < 1e-3  # then the columns are solved for exactly
    exact = np.abs(one.plan().sum(axis=0) - b).sum()
    assert (exact < 1e-12) == short


def test_few_rows_cost_no_more_than_few_columns():
    """A factor of what 2000 columns share in 20 rows would fill 2000 x 2000 entries."""
    rng = np.random.default_rng(3)
    C = clouds(rng, 20, 2000)
    one, other = sinkhorn(C, eps=1e-3), sinkhorn(C.T, eps=1e-3)
    assert (one.products, one.iterations) == (other.products, other.iterations)
    np.testing.assert_array_equal(one.f, other.g)


def test_points_may_be_split(rng):
    C = clouds(rng, 5, 6)
    one = sinkhorn(C, eps=0.05, tol=1e-12)
    C2 = np.repeat(C, 2, axis=0)
    other = sinkhorn(C2, eps=0.05, tol=1e-12)
    assert other.value == pytest.approx(one.value, abs=1e-11)
    np.testing.assert_allclose(other.f[::2], other.f[1::2], atol=1e-12)


def test_weights_that_are_nearly_nothing_change_nothing(rng):
    C = clouds(rng, 6, 5)
    a = np.array([0.5, 1e-300, 0.5 - 1e-20, 0, 1e-20, 1e-250])
    b = np.array([0.25, 0.75, 0, 1e-300, 1e-17])
    answer = sinkhorn(C, a, b, eps=0.05, tol=1e-12)
    rows, columns = [0, 2], [0, 1]
    small = sinkhorn(
        C[np.ix_(rows, columns)], [0.5, 0.5], [0.25, 0.75], eps=0.05, tol=1e-12
    )
    assert answer.value == pytest.approx(small.value, abs=1e-14)
    f, g = entropic.log_sinkhorn(C, a / a.sum(), b, 0.05)
    assert close_up_to_a_constant(answer.f, f, 1e-9)
    assert close_up_to_a_constant(answer.g, g, 1e-9)


# Certificates


def test_the_certificate_is_that_of_the_definition(rng):
    C, a, b = clouds(rng, 7, 5), rng.dirichlet(np.ones(7)), rng.dirichlet(np.ones(5))
    z = sinkhorn(C, a, b, eps=0.1)
    P = entropic.plan(C, z.a, z.b, z.f, z.g, 0.1)
    np.testing.assert_allclose(z.plan(), P, rtol=1e-12)
    error = entropic.marginal_error(P, z.a, z.b)
    assert z.marginal_error == pytest.approx(error, abs=1e-14)
    value = entropic.dual(C, z.a, z.b, z.f, z.g, 0.1)
    assert z.value == pytest.approx(value, abs=1e-14)


@pytest.mark.parametrize("size", [1e-8, 1e-4, 1e-2, 1.0, 10.0])
def test_a_spoilt_answer_gets_a_worse_certificate(rng, size):
    C = clouds(rng, 12, 9)
    z = sinkhorn(C, eps=0.1, tol=1e-11)
    for name in ("f", "g"):
        spoilt = {
            name: getattr(z, name) + size * rng.normal(size=len(getattr(z, name)))
        }
        proof, bad = recertified(z, **spoilt), replace(z, **spoilt)
        with np.errstate(over="ignore", invalid="ignore"):
            P = entropic.plan(C, z.a, z.b, bad.f, bad.g, 0.1)
            error = entropic.marginal_error(P, z.a, z.b)
        if np.isfinite(error):
            assert proof.marginal_error == pytest.approx(error, rel=1e-6)
        assert proof.marginal_error > z.marginal_error
        # at 1e-8 the loss, of second order, is that of rounding
        assert proof.value < z.value + (4 * np.spacing(z.value) if size < 1e-7 else 0)
        assert proof.value <= z.value <= proof.value + proof.gap * (1 + 1e-9)


@pytest.mark.parametrize("eps", [2.0, 0.1])
@pytest.mark.parametrize("size", [1e-6, 1e-3, 0.1])
def test_the_gap_is_that_of_a_feasible_plan(rng, size, eps):
    """Up to the entropy of the mixture, by which the bound on KL is not sharp."""
    C = clouds(rng, 12, 9)
    z = sinkhorn(C, eps=eps, tol=1e-11)
    f, g = z.f + size * rng.normal(size=12), z.g + size * rng.normal(size=9)
    proof = recertified(z, f=f, g=g)
    P, t = entropic.rounded(entropic.plan(C, z.a, z.b, f, g, eps), z.a, z.b)
    assert entropic.marginal_error(P, z.a, z.b) <= 1e-14
    upper = entropic.primal(P, C, z.a, z.b, eps)
    mixing = -eps * (t * np.log(t) + (1 - t) * np.log(1 - t))
    assert upper - 1e-12 <= proof.value + proof.gap <= upper + mixing + 1e-12


def test_an_unspoilt_answer_keeps_its_certificate(rng):
    z = sinkhorn(clouds(rng, 12, 9), eps=0.1)
    proof = recertified(z)
    assert proof.value == pytest.approx(z.value, abs=1e-14)
    assert proof.gap == pytest.approx(z.gap, abs=1e-14)


def problem(seed, n, m, eps, flags):
    """A problem with nasty features: (C, a, b, eps)."""
    rng = np.random.default_rng(seed)
    C = clouds(rng, n, m) if "plane" in flags else rng.random((n, m))
    a, b = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))
    if "uneven" in flags:
        a, b = (np.exp(6 * rng.normal(size=k)) for k in (n, m))
    if "tiny" in flags:
        a[rng.integers(n)] = 1e-300
        b[rng.integers(m)] = 1e-17
    if "zero" in flags:
        a[rng.random(n) < 0.3] = 0
        b[rng.random(m) < 0.3] = 0
    if "twins" in flags:
        C[n // 2 :] = C[: n - n // 2]
        C[:, m // 2 :] = C[:, : m - m // 2]
    if "ties" in flags:
        C = np.round(3 * C)
    if "negative" in flags:
        C = C - 5 * rng.random()
    for w in (a, b):
        w[0] += 1e-3 if w.sum() < 1e-3 else 0
        w /= w.sum()
    scale = {"huge": 1e150, "small": 1e-150}.get(flags[0], 1.0) if flags else 1.0
    spread = max((C - C.min()).mean(), 1e-3)
    return C * scale, a, b, eps * spread * scale


FLAGS = (
    "huge",
    "small",
    "plane",
    "uneven",
    "tiny",
    "zero",
    "twins",
    "ties",
    "negative",
)


@settings(max_examples=2000, deadline=None, derandomize=True)
@given(
    st.integers(0, 2**32),
    st.integers(1, 12),
    st.integers(1, 12),
    st.sampled_from([10.0, 1.0, 0.1, 0.03, 0.01, 1e-3, 1e-4]),
    st.lists(st.sampled_from(FLAGS), max_size=4, unique=True).map(tuple),
)
def test_any_problem_is_solved_as_its_certificate_says(seed, n, m, eps, flags):
    C, a, b, eps = problem(seed, n, m, eps, flags)
    z = sinkhorn(C, a, b, eps=eps)
    size = np.abs(C).max()
    rounding = 1e-13 * size + 1e-13 * eps
    P = entropic.plan(C, z.a, z.b, z.f, z.g, eps)
    assert np.isfinite(z.f).all()
    assert np.isfinite(z.g).all()
    slip = 1e-14 * (1 + size / eps)
    np.testing.assert_allclose(z.plan(), P, rtol=slip, atol=slip)
    error = entropic.marginal_error(P, z.a, z.b)
    assert z.marginal_error == pytest.approx(error, abs=10 * slip)
    assert error <= 1e-6 + 10 * slip
    # the bracket holds the optimum: a plan from above, better potentials from below
    product = np.outer(z.a, z.b)
    assert z.value <= entropic.primal(product, C, z.a, z.b, eps) + rounding
    finest = max(1e-11, 5e-15 * size / eps)
    better = sinkhorn(C, a, b, eps=eps, tol=finest)
    assert z.value <= better.value + better.gap + rounding
    assert better.value <= z.value + z.gap + rounding
    assert z.gap <= 1e-5 * (size + eps) * 10


@pytest.mark.parametrize(
    ("seed", "n", "m", "flags"),
    [
        (2429803834, 1, 3, ("huge", "zero", "twins", "uneven")),
        (1532142933, 3, 6, ("uneven", "tiny", "ties")),
        (3009396481, 7, 12, ("negative", "twins", "uneven", "plane")),
        (3827331244, 12, 9, ("uneven",)),
    ],
)
def test_groups_lighter_than_a_stage_is_accurate(seed, n, m, flags):
    """Their potentials are 10^4 eps from where the stages before have left them."""
    C, a, b, eps = problem(seed, n, m, 1e-4, flags)
    finest = max(1e-11, 5e-15 * np.abs(C).max() / eps)
    z = sinkhorn(C, a, b, eps=eps, tol=finest)
    assert entropic.marginal_error(z.plan(), z.a, z.b) <= 2 * finest


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.integers(0, 2**32),
    st.integers(1, 8),
    st.integers(1, 8),
    st.sampled_from([3.0, 1.0, 0.3]),
    st.lists(st.sampled_from(FLAGS[2:]), max_size=3, unique=True).map(tuple),
)
def test_the_slow_reference_agrees(seed, n, m, eps, flags):
    C, a, b, eps = problem(seed, n, m, eps, flags)
    z = sinkhorn(C, a, b, eps=eps, tol=1e-9)
    f, g = entropic.log_sinkhorn(C, a, b, eps, tol=1e-12)
    value = a @ f + b @ g
    rounding = 1e-11 * (1 + np.abs(C).max())
    assert z.value - rounding <= value <= z.value + z.gap + rounding


# Scale: float32 stages, factors, pruning


@pytest.mark.parametrize("kind", ["plane", "high"])
@pytest.mark.parametrize("shape", [(450, 450), (600, 350), (350, 600)])
@pytest.mark.parametrize("ratio", [1, 1e-1, 1e-2, 1e-3, 1e-4])
def test_a_larger_problem(rng, kind, shape, ratio):
    C = clouds(rng, *shape, d=2 if kind == "plane" else 20)
    b = rng.dirichlet(np.ones(shape[1]))
    eps = ratio * C.mean()
    z = sinkhorn(C, None, b, eps=eps, tol=1e-9)
    P = entropic.plan(C, z.a, z.b, z.f, z.g, eps)
    assert entropic.marginal_error(P, z.a, z.b) <= 1e-9
    assert 0 <= z.gap <= 1e-7 * C.max()
    assert z.iterations < 150
    assert z.newton_steps <= z.iterations
    assert z.exp_passes < 15


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("ratio", [1e-2, 1e-3, 1e-4])
def test_very_uneven_weights(seed, ratio):
    rng = np.random.default_rng(seed)
    C = clouds(rng, 120, 80)
    a, b = (np.exp(8 * rng.normal(size=k)) for k in C.shape)
    a, b = a / a.sum(), b / b.sum()
    z = sinkhorn(C, a, b, eps=ratio * C.mean(), tol=1e-9)
    assert z.marginal_error <= 1e-9


def test_counts_do_not_depend_on_the_way_the_cost_is_stored(rng):
    C = clouds(rng, 40, 30)
    one, other = sinkhorn(C, eps=0.1), sinkhorn(np.asfortranarray(C), eps=0.1)
    assert one.iterations == other.iterations
    assert one.value == pytest.approx(other.value, abs=1e-13)


# Failure


def test_not_converging_raises_with_the_last_iterate(rng):
    C = clouds(rng, 30, 30)
    with pytest.raises(ConvergenceError, match="raise max_iter") as caught:
        sinkhorn(C, eps=0.01, tol=1e-10, max_iter=3)
    last = caught.value.last
    assert isinstance(last, EntropicTransport)
    assert last.iterations == 3
    assert last.marginal_error > 1e-10
    optimum = sinkhorn(C, eps=0.01, tol=1e-10).value
    assert last.value <= optimum <= last.value + last.gap


def test_beyond_rounding_it_raises(rng):
    C = clouds(rng, 40, 40) + 1e3
    with pytest.raises(ConvergenceError, match="raise tol or eps"):
        sinkhorn(C, eps=1e-4, tol=1.01e-16 * C.max() / 1e-4)


def test_the_result_is_frozen():
    answer = sinkhorn([[0.0]], eps=1.0)
    with pytest.raises(FrozenInstanceError):
        answer.value = 0.0


def test_the_cost_is_not_changed(rng):
    C = clouds(rng, 5, 5)
    before = C.copy()
    sinkhorn(C, eps=0.01)
    np.testing.assert_array_equal(C, before)


C2 = [[0.0, 1.0], [1.0, 0.0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sinkhorn([], eps=1), r"C must have shape \(n, m\)"),
        (lambda: sinkhorn([1.0], eps=1), r"C must have shape \(n, m\)"),
        (lambda: sinkhorn(np.ones((2, 0)), eps=1), r"C must have shape \(n, m\)"),
        (lambda: sinkhorn([[np.nan]], eps=1), "C must be finite"),
        (lambda: sinkhorn(np.array([[np.inf]]), eps=1), "C must be finite"),
        (lambda: sinkhorn([[1j]], eps=1), "C must be real"),
        (lambda: sinkhorn([["a"]], eps=1), "C must hold real numbers"),
        (lambda: sinkhorn(C2, [1.0], eps=1), r"a must have shape \(2,\)"),
        (lambda: sinkhorn(C2, None, [0.5, 0.6], eps=1), "b must sum to 1"),
        (lambda: sinkhorn(C2, [-0.5, 1.5], eps=1), "a must be finite and >= 0"),
        (lambda: sinkhorn(C2, [np.nan, 1], eps=1), "a must be finite"),
        (lambda: sinkhorn(C2, eps=0), "eps must be finite and > 0"),
        (lambda: sinkhorn(C2, eps=-1), "eps must be finite and > 0"),
        (lambda: sinkhorn(C2, eps=np.inf), "eps must be finite"),
        (lambda: sinkhorn(C2, eps=5e-324), "eps must be >= 1e-305"),
        (lambda: sinkhorn(C2, eps=[1, 2]), "eps must be one number"),
        (lambda: sinkhorn(C2, eps="x"), "eps must hold real numbers"),
        (lambda: sinkhorn(C2, eps=1, tol=0), "tol must be finite and > 0"),
        (lambda: sinkhorn(C2, eps=1e-12), "tol must be >= 1e-16"),
        (
            lambda: sinkhorn(C2, eps=1, max_iter=0),
            "max_iter must be a whole number >= 1",
        ),
        (lambda: sinkhorn(C2, eps=1, max_iter=2.5), "max_iter must be a whole number"),
        (lambda: sinkhorn(C2, eps=1, max_iter=10**400), "max_iter must be at most"),
        (
            lambda: sinkhorn(np.ma.masked_equal([[0.0, 1.0]], 1), eps=1),
            "C must hold numbers at all places; some are masked",
        ),
        (lambda: sinkhorn(C2, eps=1, max_iter=True), "max_iter must be a whole number"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_least_eps():
    C, eps = np.array([[0.0, 1.0], [1.0, 0.0]]), 1e-305
    answer, one = sinkhorn(eps * C, eps=eps), sinkhorn(C, eps=1.0)
    np.testing.assert_allclose(answer.plan(), one.plan(), rtol=1e-12)
