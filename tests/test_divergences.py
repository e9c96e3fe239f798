"""Divergences of weights: definitions at 50 digits, limits, inequalities, critics."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ottools import divergences as dv
from ottools.convergence import ConvergenceError
from ottools.measures import gaussian_logpdf, mixture_logpdf, quadrature
from tests import nasty
from tests.references import divergences as exact
from tests.references import slow

TOL = 1e-10
# A sum of a few terms of size 1 to 745, each rounded a few times.
ROUNDING = 1e-13
KIND = st.sampled_from(nasty.WEIGHTS)
DIRECT = {
    "kl": dv.kl,
    "reverse_kl": lambda p, q: dv.kl(q, p),
    "js": dv.js,
    "tv": dv.tv,
    "chi2": dv.chi2,
    "squared_hellinger": lambda p, q: dv.hellinger(p, q) ** 2,
}
EXACT = {
    "kl": exact.kl,
    "reverse_kl": lambda p, q: exact.kl(q, p),
    "js": exact.js,
    "tv": exact.tv,
    "chi2": exact.chi2,
    "squared_hellinger": exact.squared_hellinger,
    "non_saturating": exact.non_saturating,
}
METRICS = {
    "tv": dv.tv,
    "hellinger": dv.hellinger,
    "l2": dv.l2,
    "root of js": lambda p, q: np.sqrt(dv.js(p, q)),
}


def normal(mean, scale=1.0):
    return lambda x: np.exp(gaussian_logpdf(x, mean, scale))


def draw(seed, *kinds, n=None):
    return nasty.two_weights(np.random.default_rng(seed), kinds, n)


def value_or_overflow(call, *arguments):
    """Return the value, or None when it is finite but too large for a float."""
    try:
        return call(*arguments)
    except OverflowError:
        return None


@settings(max_examples=450, deadline=None, derandomize=True)
@given(nasty.SEEDS, KIND, KIND)
def test_against_fifty_digits(seed, one, two):
    p, q = draw(seed, one, two)
    close = lambda v: pytest.approx(v, rel=1e-13, abs=ROUNDING)
    assert dv.entropy(p) == close(exact.entropy(p))
    assert dv.cross_entropy(p, q) == close(exact.cross_entropy(p, q))
    assert dv.kl(p, q) == close(max(exact.kl(p, q), 0))
    assert dv.js(p, q) == close(max(exact.js(p, q), 0))
    # The next four keep all digits however near the weights are.
    assert dv.tv(p, q) == pytest.approx(exact.tv(p, q), rel=1e-13, abs=0)
    assert dv.hellinger(p, q) == pytest.approx(exact.hellinger(p, q), rel=1e-13, abs=0)
    assert dv.l2(p, q) == pytest.approx(exact.l2(p, q), rel=1e-13, abs=1e-323)
    truth = exact.chi2(p, q)
    found = value_or_overflow(dv.chi2, p, q)
    if found is None:
        assert 1.79e308 < truth < np.inf
    else:
        assert found == pytest.approx(float(truth), rel=1e-12, abs=1e-320)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(nasty.SEEDS, KIND, KIND, st.sampled_from(sorted(dv.GENERATORS)))
def test_table_against_fifty_digits(seed, one, two, name):
    p, q = draw(seed, one, two)
    truth = EXACT[name](p, q)
    found = value_or_overflow(dv.f_divergence, name, p, q)
    if found is None:
        assert name == "chi2"
        assert 1.79e308 < truth < np.inf
        return
    assert found == pytest.approx(max(float(truth), 0), rel=1e-12, abs=ROUNDING)
    assert dv.f_divergence(name, p, p) == pytest.approx(0, abs=1e-15)
    if name in DIRECT:
        assert found == pytest.approx(DIRECT[name](p, q), rel=1e-13, abs=ROUNDING)
    # The ratio formula, where no ratio is lost.
    if np.all((q > 1e-150) & (p > 1e-150)):
        ratio = (q * dv.GENERATORS[name].f(p / q)).sum()
        assert ratio == pytest.approx(found, rel=1e-10, abs=1e-12)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(nasty.SEEDS, KIND, KIND)
def test_inequalities_and_relabelling(seed, one, two):
    p, q = draw(seed, one, two)
    tv, js, h, kl = dv.tv(p, q), dv.js(p, q), dv.hellinger(p, q), dv.kl(p, q)
    chi2 = value_or_overflow(dv.chi2, p, q)
    chi2 = np.inf if chi2 is None else chi2
    slack = 1e-14 * (1 + min(kl, 1e3))
    assert 0 <= js <= np.log(2) * tv + slack  # Lin 1991, Theorem 3
    assert h**2 / 2 <= tv + slack  # Le Cam 1969
    assert tv <= h * np.sqrt(1 - h**2 / 4 + slack) + slack
    assert 2 * tv**2 <= kl + slack  # Pinsker, Csiszar, Kullback
    assert tv**2 <= -np.expm1(-kl) + slack  # Bretagnolle and Huber 1979
    assert kl <= np.log1p(chi2) + slack  # Jensen
    assert 4 * tv**2 <= chi2 * (1 + 1e-14) + slack  # Cauchy and Schwarz
    assert 1 - h**2 / 2 >= np.exp(-kl / 2) - slack  # Renyi's order
    assert dv.l2(p, q) <= 2 * tv + slack
    assert max(tv, js / np.log(2), h / np.sqrt(2)) <= 1 + slack
    assert 0 <= dv.entropy(p) <= np.log(len(p)) + slack
    order = np.random.default_rng(seed).permutation(len(p))
    for d in (dv.kl, dv.js, dv.tv, dv.hellinger, dv.l2):
        assert d(p[order], q[order]) == pytest.approx(d(p, q), rel=1e-12, abs=1e-15)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(nasty.SEEDS, KIND, KIND, KIND, st.sampled_from(sorted(METRICS)))
def test_axioms_of_the_metrics(seed, one, two, three, name):
    rng = np.random.default_rng(seed)
    p, q, r = nasty.two_weights(rng, (one, two, three))
    d = METRICS[name]
    # The root turns an error of 1e-16 in JS into one of 1e-8.
    slack = 1e-7 if name == "root of js" else 1e-15
    assert d(p, q) == pytest.approx(d(q, p), rel=1e-13, abs=slack)
    assert d(p, p) <= slack
    assert (d(p, q) > 0) or np.abs(p - q).max() <= slack
    assert d(p, r) <= d(p, q) + d(q, r) + slack


def test_what_is_no_metric():
    one, mid, two = [0.99, 0.01], [0.5, 0.5], [0.01, 0.99]
    for d in (dv.js, dv.kl, dv.chi2):
        assert d(one, two) > d(one, mid) + d(mid, two)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(nasty.SEEDS, KIND, KIND, st.sampled_from(sorted(dv.GENERATORS)))
def test_processing_and_mixing_bring_laws_together(seed, one, two, name):
    rng = np.random.default_rng(seed)
    p, q = nasty.two_weights(rng, (one, two))
    d = lambda p, q: value_or_overflow(dv.f_divergence, name, p, q)
    before = d(p, q)
    before = np.inf if before is None else before
    slack = 1e-12 * (1 + min(before, 1e300))
    channel = rng.dirichlet(np.full(3, 0.5), size=len(p))
    after = d(p @ channel, q @ channel)
    assert after is None or after <= before + slack
    # Joint convexity.
    u, v = nasty.two_weights(rng, (two, one), len(p))
    other, t = d(u, v), float(rng.choice([0.0, 0.3, 0.9]))
    other = np.inf if other is None else other
    mixed = d(t * p + (1 - t) * u, t * q + (1 - t) * v)
    bound = (t * before if t else 0) + (1 - t) * other
    assert mixed is None or mixed <= bound * (1 + 1e-12) + slack


@settings(max_examples=300, deadline=None, derandomize=True)
@given(nasty.SEEDS, KIND, KIND, st.sampled_from(sorted(dv.GENERATORS)))
def test_critics_bound_the_divergence(seed, one, two, name):
    rng = np.random.default_rng(seed)
    p, q = nasty.two_weights(rng, (one, two))
    value = value_or_overflow(dv.f_divergence, name, p, q)
    value = np.inf if value is None else value
    guess = rng.normal(size=len(p)) * rng.choice([0.1, 1.0, 20.0])
    bound = dv.variational_bound(name, p, q, guess)
    assert bound <= value * (1 + 1e-12) + 1e-12 * (1 + np.abs(guess).max())
    best = dv.optimal_critic(name, p, q)
    try:
        attained = dv.variational_bound(name, p, q, best)
    except OverflowError:
        assert name == "chi2"
        assert np.any(p > 1e150 * q)
        return
    both = (p > 0) & (q > 0)
    if np.any(both & ((p > 1e299 * q) | (q > 1e299 * p))):  # the ratio is not a float
        assert attained <= value + 1e-10
        return
    assert attained == pytest.approx(value, rel=1e-12, abs=1e-12)
    if np.isfinite(attained) and np.all(np.isfinite(best)):
        nearby = best - 1e-3 * rng.random(len(p))
        assert dv.variational_bound(name, p, q, nearby) <= attained + 1e-12 * (
            1 + abs(attained)
        )


def test_bound_at_the_ends_of_the_domain():
    bound = dv.variational_bound
    p, q = [0.5, 0.5, 0.0], [0.5, 0.0, 0.5]
    end = np.log(2) / 2
    assert bound("js", p, q, [0.0, end, -np.inf]) == pytest.approx(end)
    assert bound("js", p, q, [0.0, 1.01 * end, 0.0]) == -np.inf
    assert bound("js", p, q, [end, 0.0, 0.0]) == -np.inf
    assert bound("js", p, q, [-np.inf, 0.0, 0.0]) == -np.inf
    assert bound("kl", p, q, [0.0, np.inf, 0.0]) == np.inf
    assert bound("kl", p, q, [np.inf, 0.0, 0.0]) == -np.inf
    assert bound("kl", p, q, [np.inf, np.inf, 0.0]) == -np.inf
    assert bound("reverse_kl", p, q, [-1.0, 0.0, -np.inf]) == np.inf
    assert bound("tv", p, q, [0.5, 0.5, -0.5]) == 0.5
    assert bound("tv", p, q, [0.5, 0.5, 0.6]) == -np.inf
    # Where neither law has mass the critic may be anything.
    assert bound("tv", [1.0, 0.0], [1.0, 0.0], [0.2, 99.0]) == 0
    assert dv.optimal_critic("tv", [1.0, 0.0], [1.0, 0.0]).tolist() == [0, 0]
    for name in ("chi2", "squared_hellinger", "non_saturating", "js"):
        low = bound(name, [1.0, 0.0], [0.5, 0.5], [0.0, -np.inf])
        assert low == pytest.approx(
            -0.5 * float(dv.GENERATORS[name].conjugate(np.array(0.0)))
            + 0.5 * float(dv.GENERATORS[name].f(np.array(0.0)))
        )


def test_bounds_of_a_batch(rng):
    p, q = rng.dirichlet(np.ones(4), size=(2, 6))
    T = 0.1 * rng.normal(size=(6, 4))
    rows = [dv.variational_bound("js", *row) for row in zip(p, q, T, strict=True)]
    np.testing.assert_allclose(dv.variational_bound("js", p, q, T), rows, atol=1e-15)
    best = dv.optimal_critic("js", p, q[0])
    assert best.shape == (6, 4)
    found = dv.variational_bound("js", p, q[0], best)
    np.testing.assert_allclose(found, dv.js(p, q[0]), atol=1e-14)


def test_pull_and_push_is_one_divergence(rng):
    p, q = rng.dirichlet(np.ones(6), size=(2, 50))
    left = dv.kl(p, q) - 2 * dv.js(p, q)
    np.testing.assert_allclose(left, dv.f_divergence("non_saturating", p, q), atol=TOL)
    again = 2 * dv.kl((p + q) / 2, q)
    np.testing.assert_allclose(left, again, atol=TOL)


def test_disjoint_laws_and_batches():
    p, q = np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([0.0, 1.0])
    assert dv.tv(p, q).tolist() == [1, 0.5]
    assert dv.js(p, q)[0] == pytest.approx(np.log(2))
    assert dv.hellinger(p, q)[0] == pytest.approx(np.sqrt(2))
    assert np.isinf(dv.kl(p, q)).all()
    assert np.isinf(dv.chi2(p, q)).all()
    assert np.isinf(dv.cross_entropy(p, q)).all()


def test_the_least_float():
    tiny = 5e-324
    p, q = np.array([1.0, tiny]), np.array([1.0, 0.0])
    assert dv.js(p, q) == 0  # 5e-324 log(2)/2, rounded; its half would be 0 = q
    assert dv.kl(p, q) == np.inf
    assert dv.kl(q, p) == 0
    assert dv.kl(q, q[::-1]) == np.inf
    assert dv.kl([0.0, 1.0], [1.0, tiny]) == pytest.approx(744.4400719213812)
    assert dv.hellinger(p, q) == pytest.approx(np.sqrt(tiny))
    assert dv.l2([1.0, 3e-200], [1.0, 1e-200]) == pytest.approx(2e-200)
    assert dv.chi2([1.0, 1e-300], [1.0, 2e-300]) == pytest.approx(5e-301)
    assert dv.chi2([1.0, 0.0], [1e-300, 1.0]) == pytest.approx(1e300)
    for call in (dv.chi2, lambda p, q: dv.f_divergence("chi2", p, q)):
        with pytest.raises(OverflowError, match="chi2 is finite here but exceeds"):
            call([1.0, 0.0], [1e-310, 1.0])
        with pytest.raises(OverflowError, match="chi2 is finite here but exceeds"):
            call([0.5, 0.5, 0], [1.5e-309, 1.5e-309, 1.0])
    with pytest.raises(OverflowError, match="conjugate of kl at T is finite"):
        dv.variational_bound("kl", [1.0], [1.0], [1000.0])
    with pytest.raises(OverflowError, match="the bound is finite"):
        dv.variational_bound(
            "chi2", [0.0, 0.0, 1.0], [0.5, 0.5, 0.0], [2.6e154, 2.6e154, -1.7e308]
        )


def test_equal_masses_up_to_rounding_are_not_negative():
    p = np.array([0.5, 0.5])
    assert dv.kl(p, p + 1e-10) == 0
    assert dv.js(p, p + 1e-10) >= 0
    assert dv.f_divergence("kl", p, p + 1e-10) == 0


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


@pytest.mark.parametrize("name", dv.GENERATORS)
def test_biconjugate_and_perspective(name):
    g = dv.GENERATORS[name]
    t = np.array([0.05, 0.5, 1.0, 1.7, 6.0])
    # f(t) is the supremum of t y - f*(y), here over a grid around f'(t).
    y = g.derivative(t) + np.linspace(-0.02, 0.02, 4001)[:, None]
    with np.errstate(invalid="ignore"):
        supremum = np.max(t * y - g.conjugate(y), axis=0)
    np.testing.assert_allclose(supremum, g.f(t), atol=1e-4)
    p, q = np.array([0.3, 0.1, 0.6]), np.array([0.2, 0.7, 0.1])
    np.testing.assert_allclose(g.perspective(p, q), q * g.f(p / q), atol=1e-15)
    ends = g.perspective(np.array([0.0, 0.3]), np.zeros(2))
    assert ends.tolist() == [0, pytest.approx(0.3 * g.slope)]
    # The derivative of the conjugate inverts the derivative.
    inner = np.array([0.3, 0.8, 1.4, 3.0])
    if name != "tv":
        v, h = g.derivative(inner), 1e-6
        back = (g.conjugate(v + h) - g.conjugate(v - h)) / (2 * h)
        np.testing.assert_allclose(back, inner, rtol=1e-5)


def test_conjugates_beyond_their_domain():
    beyond = {"js": 0.35, "tv": 0.51, "reverse_kl": 0.0, "squared_hellinger": 1.0}
    for name, y in beyond.items():
        assert dv.GENERATORS[name].conjugate(np.array(y)) == np.inf
    for name, g in dv.GENERATORS.items():
        assert g.derivative(np.array(0.0)) == {
            "tv": -0.5,
            "chi2": -2,
            "non_saturating": pytest.approx(1 - np.log(2)),
        }.get(name, -np.inf)


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


def reverse_kl(mean, scale):
    law = lambda x: np.exp(gaussian_logpdf(x, mean, scale))
    # Of a function that fades at both ends the trapezoidal rule is exact to rounding.
    x = mean + 12 * scale * np.linspace(-1, 1, 2001)
    gap = gaussian_logpdf(x, mean, scale) - two_humps(x)
    return np.trapezoid(law(x) * gap, x)


def test_reverse_fit_has_a_third_valley():
    fit = dv.fit_reverse(two_humps, (0.0, 3.0))
    assert fit.mean == pytest.approx(0, abs=1e-6)
    assert fit.scale == pytest.approx(3.47, abs=5e-3)
    assert fit.value == pytest.approx(1.87, abs=5e-3)
    assert fit.value == pytest.approx(reverse_kl(fit.mean, fit.scale), abs=1e-9)
    # It is a strict local minimum: higher all around.
    for angle in np.linspace(0, 2 * np.pi, 16, endpoint=False):
        near = fit.mean + 0.05 * np.cos(angle), fit.scale + 0.05 * np.sin(angle)
        assert reverse_kl(*near) > fit.value + 1e-6


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
def test_fits_do_not_depend_on_the_unit(unit):
    target = lambda x: two_humps(x / unit) - np.log(unit)
    forward = dv.fit_forward(target, (-20 * unit, 20 * unit))
    assert forward.scale / unit == pytest.approx(np.sqrt(17))
    reverse = dv.fit_reverse(target, (2 * unit, unit))
    assert reverse.mean / unit == pytest.approx(3.9996, abs=1e-4)
    assert max(forward.gradient_norm, reverse.gradient_norm) < 1e-7
    assert reverse.value == pytest.approx(0.6931, abs=1e-4)


def test_the_gradient_norm_is_that_of_the_fit():
    # Away from a fit the certificate is the slope of the divergence.
    from ottools.divergences.fits import _reverse_kl

    m, s, h = 1.3, 0.8, 1e-5
    value, gradient = _reverse_kl(two_humps, m, s)
    assert value == pytest.approx(reverse_kl(m, s), abs=1e-9)
    by_mean = (reverse_kl(m + h * s, s) - reverse_kl(m - h * s, s)) / (2 * h)
    by_scale = (reverse_kl(m, s * np.exp(h)) - reverse_kl(m, s * np.exp(-h))) / (2 * h)
    np.testing.assert_allclose(gradient, [by_mean, by_scale], atol=1e-8)


def test_a_fit_that_fails_carries_its_last_iterate():
    # A Laplace-like slope that never ends: the divergence falls without a minimum.
    with pytest.raises(ConvergenceError, match="try another start") as caught:
        dv.fit_reverse(lambda x: -x, (0.0, 1.0))
    assert isinstance(caught.value, RuntimeError)
    assert isinstance(caught.value.last, dv.GaussianFit)
    assert caught.value.last.gradient_norm > 1e-7


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dv.kl([0.5, 0.5], [1.0]), "as many weights; got 2 and 1"),
        (lambda: dv.kl([[1.0]] * 2, [[1.0]] * 3), "leading axes of p and q must"),
        (lambda: dv.entropy([0.5, 0.4]), "sum to 1 along its last axis; got 0.9"),
        (lambda: dv.tv([0.5, 0.5], [1.5, -0.5]), "q must be finite and >= 0"),
        (lambda: dv.js(["a"], [1.0]), "p must hold real numbers"),
        (lambda: dv.f_divergence("jeffreys", [1], [1]), "name must be one of kl"),
        (lambda: dv.optimal_critic("l2", [1], [1]), "name must be one of kl"),
        (lambda: dv.variational_bound("l2", [1], [1], [0]), "name must be one of kl"),
        (lambda: dv.variational_bound("kl", [1], [1], [0, 0]), r"T must have shape"),
        (lambda: dv.variational_bound("kl", [1], [1], [np.nan]), "T must .*; got nan"),
        (lambda: dv.variational_bound("kl", [1], [1], [1j]), "T must be real"),
        (lambda: dv.variational_bound("kl", [1], [1], [[1], []]), "T must hold real"),
        (lambda: dv.f_divergence(["kl"], [1], [1]), r"name must .* got \['kl'\]"),
        (lambda: dv.gaussian_kl([0, 1], 1, [0, 1, 2], 1), "mean_p.* broadcast; got"),
        (lambda: dv.fit_reverse(two_humps, (0, 1e60)), "between 1e-50 and 1e50"),
        (lambda: dv.fit_reverse(two_humps, (0, 1e-60)), "between 1e-50 and 1e50"),
        (
            lambda: dv.on_line(dv.js, normal(0), normal(9), (-9, 9)),
            "q must sum to 1",
        ),
        (lambda: dv.on_line(dv.l2, normal(0), normal(0), (-9, 9)), "got l2"),
        (lambda: dv.fit_reverse(two_humps, (0, 0)), r"start\[1\] must be"),
        (lambda: dv.fit_reverse(two_humps, (0, 1, 2)), r"must be a pair \(m, s\)"),
        (
            lambda: dv.fit_reverse(lambda x: np.where(x > 0, -x, -np.inf), (0, 1)),
            "log_target must give a finite log-density",
        ),
        (lambda: dv.fit_reverse(lambda _: 0.0, (0, 1)), "log_target must give"),
        (lambda: dv.fit_forward(two_humps, (0, 20)), "between the breaks must sum"),
        (
            lambda: dv.fit_forward(
                lambda x: np.where(
                    np.arange(x.size) == 5,
                    -np.log(quadrature((0.0, 1.0), 200)[1][5]),
                    -np.inf,
                ),
                (0.0, 1.0),
            ),
            "the target has no width on their grid",
        ),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
