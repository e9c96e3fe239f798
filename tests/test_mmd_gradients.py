"""Gradients of the squared MMD: against autograd, finite differences, by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ottools import mmd
from tests import nasty
from tests.references import mmd as slow

SMOOTH = [name for name, kernel in mmd.KERNELS.items() if kernel.smooth]
TORCH = {
    "gaussian": lambda t: torch.exp(-t / 2),
    "inverse_multiquadric": lambda t: (1 + t) ** -0.5,
    "linear": lambda t: -t / 2,
}


def by_torch(x, y, bandwidths, kernel, form):
    """Value and gradient by reverse differentiation of form(K_xx, K_yy, K_xy)."""
    x, y = torch.tensor(x, requires_grad=True), torch.tensor(y)

    def gram(u, v):
        t = ((u[:, None] - v[None]) ** 2).sum(-1)
        return sum(TORCH[kernel](t / s**2) for s in bandwidths) / len(bandwidths)

    value = form(gram(x, x), gram(y, y), gram(x, y))
    value.backward()
    return value.item(), x.grad.numpy()


def draw(seed, kind):
    rng = np.random.default_rng(seed)
    d, n, m = int(rng.integers(1, 5)), int(rng.integers(2, 9)), int(rng.integers(2, 9))
    x, y = nasty.cloud(rng, n, d, kind), nasty.cloud(rng, m, d, "plain")
    x = np.concatenate([x, x[:1]])
    a = nasty.weights(rng, len(x), rng.choice(nasty.WEIGHTS))
    return x, y, a, nasty.weights(rng, m, rng.choice(nasty.WEIGHTS))


CASES = (
    nasty.SEEDS,
    st.sampled_from([k for k in nasty.CLOUDS if k != "far"]),
    st.sampled_from([(1.0,), (0.5, 3.0), (0.02, 1.0)]),
    st.sampled_from(SMOOTH),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(*CASES)
def test_v_statistic_against_autograd(seed, kind, bandwidth, kernel):
    x, y, a, b = draw(seed, kind)
    found = mmd.mmd2_gradient(x, y, bandwidth, a, b, kernel=kernel)
    u, v = torch.tensor(a), torch.tensor(b)
    form = lambda xx, yy, xy: u @ xx @ u + v @ yy @ v - 2 * u @ xy @ v
    value, gradient = by_torch(x, y, bandwidth, kernel, form)
    scale = 1 / min(bandwidth) ** 2
    assert found.value == pytest.approx(value, abs=1e-13 * scale)
    np.testing.assert_allclose(found.gradient, gradient, rtol=1e-9, atol=1e-13 * scale)
    same = mmd.mmd2_biased(x, y, bandwidth, a, b, kernel=kernel)
    assert found.value == pytest.approx(same, abs=1e-15 * scale)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(*CASES)
def test_u_statistic_against_autograd(seed, kind, bandwidth, kernel):
    x, y, _, _ = draw(seed, kind)
    n, m = len(x), len(y)
    found = mmd.mmd2_unbiased_gradient(x, y, bandwidth, kernel=kernel)
    off = lambda k, n: (k.sum() - k.diagonal().sum()) / (n * (n - 1))
    form = lambda xx, yy, xy: off(xx, n) + off(yy, m) - 2 * xy.mean()
    value, gradient = by_torch(x, y, bandwidth, kernel, form)
    scale = 1 / min(bandwidth) ** 2
    assert found.value == pytest.approx(value, abs=1e-13 * scale)
    np.testing.assert_allclose(found.gradient, gradient, rtol=1e-9, atol=1e-13 * scale)


@pytest.mark.parametrize("kernel", mmd.KERNELS)
@pytest.mark.parametrize("spread", [1.0, 1e4])
def test_finite_differences(rng, kernel, spread):
    x, y = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    x[0] *= spread  # the second case goes by differences, not by a product
    y[0] = x[0] + 0.5
    direction = rng.normal(size=x.shape)
    for gradient, value in (
        (mmd.mmd2_gradient, mmd.mmd2_biased),
        (mmd.mmd2_unbiased_gradient, mmd.mmd2_unbiased),
    ):
        f = lambda z, value=value: value(z, y, (0.7, 2.0), kernel=kernel)
        slope = slow.directional(f, x, direction, 1e-5)
        found = gradient(x, y, (0.7, 2.0), kernel=kernel)
        inner = (found.gradient * direction).sum()
        assert inner == pytest.approx(slope, rel=1e-5, abs=2e-6)


def test_one_pair_by_hand():
    found = mmd.mmd2_gradient([0.0], [1.0], 1.0)
    assert found.gradient[0, 0] == pytest.approx(-2 * np.exp(-0.5), rel=1e-14)
    assert abs(found.gradient[0, 0]) == pytest.approx(1.213061, abs=1e-6)


def test_gradient_by_its_formula(rng):
    # Li, Swersky and Zemel 2015, eq. 6, with the sign that makes it a gradient.
    real, fake, s = rng.normal(size=(6, 2)), rng.normal(1, 1, size=(4, 2)), 0.9
    n, m = len(real), len(fake)
    k = mmd.gaussian_kernel
    for j in range(m):
        own = k(fake[j : j + 1], fake, s)[0] @ (fake[j] - fake)
        other = k(fake[j : j + 1], real, s)[0] @ (fake[j] - real)
        expected = -2 / (m**2 * s**2) * own + 2 / (n * m * s**2) * other
        found = mmd.mmd2_gradient(fake, real, s).gradient[j]
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_far_points_keep_a_gradient():
    # exp(-18) is far below the rounding of the value, 2, but not of the gradient.
    found = mmd.mmd2_gradient([0.0], [12.0], 1.0)
    assert found.gradient[0, 0] == pytest.approx(-24 * np.exp(-72), rel=1e-12)
    assert found.value == pytest.approx(2)


def test_descent_merges_the_samples(rng):
    x, y = rng.normal(size=(6, 2)), rng.normal(0.5, 1, size=(6, 2))
    start = mmd.mmd2_biased(x, y, (0.5, 1.0, 2.0))
    for _ in range(3000):
        x = x - 0.5 * mmd.mmd2_gradient(x, y, (0.5, 1.0, 2.0)).gradient
    end = mmd.mmd2_gradient(x, y, (0.5, 1.0, 2.0))
    assert end.value < 1e-3 * start
    at_target = mmd.mmd2_gradient(y[::-1], y, (0.5, 1.0, 2.0))
    assert at_target.value == pytest.approx(0, abs=1e-15)
    np.testing.assert_allclose(at_target.gradient, 0, atol=1e-15)


def test_coinciding_points_under_a_cusp():
    for kernel in ("laplace", "energy"):
        found = mmd.mmd2_gradient([0.0, 0.0], [0.0, 1.0], 1.0, kernel=kernel)
        assert np.all(np.isfinite(found.gradient))
        assert found.gradient[0] == found.gradient[1] != 0


def test_many_tiles(rng):
    x, y = rng.normal(size=(300, 2)), rng.normal(0.3, 1, size=(270, 2))
    found = mmd.mmd2_gradient(x, y, 0.8)
    form = lambda xx, yy, xy: xx.mean() + yy.mean() - 2 * xy.mean()
    value, gradient = by_torch(x, y, (0.8,), "gaussian", form)
    assert found.value == pytest.approx(value, abs=1e-14)
    np.testing.assert_allclose(found.gradient, gradient, atol=1e-16)


def test_errors():
    with pytest.raises(ValueError, match="2 or more points each; got 1 and 2"):
        mmd.mmd2_unbiased_gradient([0.0], [1.0, 2.0], 1.0)
    with pytest.raises(ValueError, match="b must have shape"):
        mmd.mmd2_gradient([0.0], [1.0], 1.0, None, [0.5, 0.5])
    with pytest.raises(OverflowError, match=r"exceeds 1\.8e308 at bandwidth 1e-200"):
        mmd.mmd2_gradient([0.0], [1e-60], 1e-200, kernel="linear")
