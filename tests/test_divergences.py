import numpy as np
import pytest
from hypothesis import given
from scipy import stats

from ottools import divergences as dv
from ottools.measures import gaussian_logpdf, mixture_logpdf, probability, quadrature
from tests.references import slow
from tests.strategies import pairs

TOL = 1e-10


def normal(mean, scale=1.0):
    return lambda x: np.exp(gaussian_logpdf(x, mean, scale))


@given(pairs())
def test_against_the_definitions(pq):
    p, q = pq
    assert dv.entropy(p) == pytest.approx(slow.entropy(p), abs=TOL)
    assert dv.kl(p, q) == pytest.approx(slow.kl(p, q), abs=TOL)
    assert dv.js(p, q) == pytest.approx(slow.js(p, q), abs=TOL)
    assert dv.tv(p, q) == pytest.approx(slow.tv(p, q), abs=TOL)
    assert dv.l2(p, q) == pytest.approx(np.linalg.norm(p - q), abs=TOL)
    if np.all((q > 0) | (p == 0)):
        gap = dv.cross_entropy(p, q) - dv.entropy(p)
        assert dv.kl(p, q) == pytest.approx(gap, abs=TOL)
    else:
        assert dv.cross_entropy(p, q) == np.inf


@given(pairs())
def test_table_of_generators_agrees_with_direct_formulas(pq):
    p, q = pq
    for name, direct in {
        "kl": dv.kl,
        "reverse_kl": lambda a, b: dv.kl(b, a),
        "js": dv.js,
        "tv": dv.tv,
        "chi2": dv.chi2,
        "squared_hellinger": lambda a, b: dv.hellinger(a, b) ** 2,
        "non_saturating": lambda a, b: 2 * dv.kl((a + b) / 2, b),
    }.items():
        value = dv.f_divergence(name, p, q)
        assert value == pytest.approx(direct(p, q), abs=1e-9), name
        assert value >= -TOL
        assert dv.f_divergence(name, p, p) == pytest.approx(0, abs=TOL)


@given(pairs())
def test_inequalities_and_relabelling(pq):
    p, q = pq
    tv, js, h = dv.tv(p, q), dv.js(p, q), dv.hellinger(p, q)
    assert js <= np.log(2) * tv + TOL
    assert h**2 / 2 <= tv + TOL <= h + 2 * TOL
    assert 2 * tv**2 <= dv.kl(p, q) + TOL
    for d in (dv.kl, dv.js, dv.tv, dv.hellinger, dv.l2):
        assert d(p[::-1], q[::-1]) == pytest.approx(d(p, q), abs=TOL)


def test_pull_and_push_is_one_divergence(rng):
    p, q = rng.dirichlet(np.ones(6), size=(2, 50))
    left = dv.kl(p, q) - 2 * dv.js(p, q)
    np.testing.assert_allclose(left, dv.f_divergence("non_saturating", p, q), atol=TOL)


def test_disjoint_laws_and_batches():
    p, q = np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([0.0, 1.0])
    assert dv.tv(p, q).tolist() == [1, 0.5]
    assert dv.js(p, q)[0] == pytest.approx(np.log(2))
    assert dv.hellinger(p, q)[0] == pytest.approx(np.sqrt(2))
    assert np.isinf(dv.kl(p, q)).all()
    assert np.isinf(dv.chi2(p, q)).all()


@pytest.mark.parametrize("name", dv.GENERATORS)
def test_derivative_and_conjugate_belong_to_f(name):
    g = dv.GENERATORS[name]
    t = np.array([0.2, 0.7, 1.6, 4.0])
    h = 1e-6
    slope = (g.f(t + h) - g.f(t - h)) / (2 * h)
    np.testing.assert_allclose(g.derivative(t), slope, atol=1e-8)
    # Fenchel and Young: equality exactly at y = f'(t), and >= everywhere.
    y = g.derivative(t)
    np.testing.assert_allclose(g.f(t) + g.conjugate(y), t * y, atol=TOL)
    grid = np.linspace(-3, 0.45, 40)[:, None]
    bound = g.f(t) + g.conjugate(grid)
    assert np.all(bound >= t * grid - TOL)
    assert abs(g.f(np.array(1.0))) < TOL
    big = 1e12
    ratio = g.f(np.array(big)) / big
    assert ratio > 20 if np.isinf(g.slope) else abs(ratio - g.slope) < 1e-5


@pytest.mark.parametrize(("shift", "value"), [(1.0, 0.111421), (2.0, 0.336831)])
def test_js_of_shifted_gaussians(shift, value):
    found = dv.on_line(dv.js, normal(0), normal(shift), (-9, 9 + shift))
    assert found == pytest.approx(value, abs=1e-6)
    assert found == pytest.approx(slow.gaussian_js(shift), abs=TOL)


@pytest.mark.parametrize("t", [0.25, 0.9])
def test_js_of_shifted_uniforms(t):
    p, q = stats.uniform(0, 1).pdf, stats.uniform(t, 1).pdf
    found = dv.on_line(dv.js, p, q, (0, t, 1, 1 + t))
    assert found == pytest.approx(t * np.log(2), abs=TOL)


def test_gaussian_closed_forms():
    assert dv.gaussian_entropy(2.0) == pytest.approx(stats.norm(0, 2).entropy())
    found = dv.on_line(dv.kl, normal(0.5, 0.8), normal(-0.3, 1.2), (-9, 9))
    assert found == pytest.approx(dv.gaussian_kl(0.5, 0.8, -0.3, 1.2), abs=TOL)
    assert dv.gaussian_kl(1.0, 2.0, 0.0, 1.0) == pytest.approx(
        (1 + 4 - 1 - np.log(4)) / 2
    )


def two_humps(x):
    return mixture_logpdf(x, [0.5, 0.5], [-4, 4], [1, 1])


def test_forward_fit_covers_both_modes():
    fit = dv.fit_forward(two_humps, (-20, 20))
    assert fit.mean == pytest.approx(0, abs=TOL)
    assert fit.scale**2 == pytest.approx(17, abs=1e-9)
    assert fit.gradient_norm < TOL


@pytest.mark.parametrize("side", [-1, 1])
def test_reverse_fit_takes_one_mode(side):
    fit = dv.fit_reverse(two_humps, (2.0 * side, 1.0))
    assert fit.mean == pytest.approx(3.9996 * side, abs=1e-4)
    assert fit.scale == pytest.approx(1.0008, abs=1e-4)
    assert fit.value == pytest.approx(0.6931, abs=1e-4)
    assert fit.gradient_norm < 1e-7


def test_reverse_fit_has_a_worse_stationary_point():
    fit = dv.fit_reverse(two_humps, (0.0, 3.0))
    assert fit.mean == pytest.approx(0, abs=1e-6)
    assert fit.scale == pytest.approx(3.47, abs=5e-3)
    assert fit.value == pytest.approx(1.87, abs=5e-3)


def test_quadrature_is_exact_for_polynomials():
    x, w = quadrature((-1.0, 0.0, 2.0), panels=2, order=4)
    assert w @ x**7 == pytest.approx((2**8 - 1) / 8, abs=TOL)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dv.kl([0.5, 0.5], [1.0]), "as many weights; got 2 and 1"),
        (lambda: dv.entropy([0.5, 0.4]), "sum to 1 along its last axis; got 0.9"),
        (lambda: dv.tv([0.5, 0.5], [1.5, -0.5]), "q must be finite and >= 0"),
        (lambda: probability(0.5), "non-empty array"),
        (lambda: dv.f_divergence("jeffreys", [1], [1]), "name must be one of kl"),
        (lambda: dv.gaussian_kl(0, 1, 0, 0.0), "scale_q must be finite and > 0"),
        (lambda: dv.gaussian_entropy(-1), "scale must be finite and > 0"),
        (lambda: quadrature((1.0, 0.0)), "two increasing numbers"),
        (
            lambda: dv.on_line(dv.js, normal(0), normal(9), (-9, 9)),
            "q must sum to 1",
        ),
        (lambda: dv.on_line(dv.l2, normal(0), normal(0), (-9, 9)), "got l2"),
        (lambda: dv.fit_reverse(two_humps, (0, 0)), r"start\[1\] must be"),
        (lambda: dv.fit_forward(two_humps, (0, 20)), "between the breaks must sum"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
