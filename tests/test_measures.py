"""What every function of the package checks at its door, and integrals on the line."""

import dataclasses
import re
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ottools import measures
from ottools.convergence import ConvergenceError
from tests import nasty

KIND = st.sampled_from(nasty.WEIGHTS)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(nasty.SEEDS, KIND)
def test_weights_are_kept_and_scaled(seed, kind):
    rng = np.random.default_rng(seed)
    p = nasty.weights(rng, int(rng.integers(1, 9)), kind)
    same = measures.probability(p)
    np.testing.assert_array_equal(same, p)
    a = measures.weights(p, len(p))
    assert abs(a.sum() - 1) <= 4e-16
    np.testing.assert_allclose(a, p, rtol=1e-9, atol=0)
    np.testing.assert_array_equal(a > 0, p > 0)
    np.testing.assert_array_equal(measures.weights(list(p), len(p)), a)
    # A mass of 1 within 1e-9 passes and is scaled, a larger one does not.
    near = measures.weights(p * (1 + 9e-10), len(p))
    np.testing.assert_allclose(near, a, rtol=1e-15, atol=5e-324)
    for factor in (1 + 3e-9, 1 - 3e-9):
        with pytest.raises(ValueError, match=r"p must sum to 1 along its last axis"):
            measures.probability(p * factor)
    bad = np.append(p, -1e-300)
    with pytest.raises(ValueError, match="finite and >= 0; its minimum is -1e-300"):
        measures.probability(bad)


def test_kinds_of_numbers():
    quarters = [Fraction(1, 4), Fraction(3, 4)]
    assert measures.probability(quarters).tolist() == [0.25, 0.75]
    assert measures.probability(np.array([0, 1], dtype=np.uint8)).dtype == float
    assert measures.real(np.float32(0.5), "x").dtype == float
    assert measures.real([True, False], "x").tolist() == [1, 0]
    assert measures.real([], "x").shape == (0,)
    assert measures.real(10**300, "x") == 1e300
    batch = np.full((2, 3, 4), 0.25)
    assert measures.probability(batch).shape == (2, 3, 4)
    assert measures.weights(None, 4).tolist() == [0.25] * 4


def test_checked_arrays_are_copies_of_other_kinds_only():
    x = np.array([1.0, 2.0])
    assert measures.points(x).base is not None
    measures.real(x, "x")[:] = 7
    assert x.tolist() == [1, 2]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(nasty.SEEDS, st.integers(0, 3), st.sampled_from(["C", "F", "strided"]))
def test_finite_or_not(seed, bad, layout):
    """Squares overflow long before numbers do; infinities of two signs cancel."""
    rng = np.random.default_rng(seed)
    sizes = [0.0, -0.0, 5e-324, 1e-160, 1.0, -1e154, 1e155, -1.7e308]
    x = rng.choice(sizes, size=rng.integers(1, 7, 2))
    x.flat[rng.integers(x.size, size=bad)] = rng.choice([np.nan, np.inf, -np.inf], bad)
    x = np.repeat(x, 2, axis=1)[:, ::2] if layout == "strided" else x.copy(layout)
    if not bad:
        np.testing.assert_array_equal(measures.real(x, "x"), x)
        return
    first = np.argwhere(~np.isfinite(x))[0].tolist()
    with pytest.raises(
        ValueError, match=rf"(?s)x must be finite.*{re.escape(str(first))}"
    ):
        measures.real(x, "x")
    with pytest.raises(ValueError, match="p must be finite and >= 0; its minimum is"):
        measures.probability(np.abs(x))
    with pytest.raises(ValueError, match="x must be finite and > 0"):
        measures.positive(np.abs(x) + 1, "x")


@pytest.mark.parametrize("shape", [(5,), (5, 1), (5, 3), (1, 1)])
def test_points(shape):
    x = measures.points(np.ones(shape))
    assert x.shape == (shape[0], shape[1] if len(shape) == 2 else 1)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(nasty.SEEDS, st.integers(1, 9), st.integers(1, 12))
def test_quadrature_is_exact_for_polynomials(seed, panels, order):
    rng = np.random.default_rng(seed)
    breaks = np.sort(rng.normal(size=int(rng.integers(2, 5)))) + np.arange(1)
    x, w = measures.quadrature(breaks, panels, order)
    assert x.shape == w.shape == ((len(breaks) - 1) * panels * order,)
    assert np.all(np.diff(x) > 0)
    assert np.all(w > 0)
    assert w.sum() == pytest.approx(breaks[-1] - breaks[0], rel=1e-13)
    coefficients = rng.normal(size=2 * order)
    poly = np.polynomial.Polynomial(coefficients)
    whole = poly.integ()
    truth = whole(breaks[-1]) - whole(breaks[0])
    size = np.polynomial.Polynomial(np.abs(coefficients)).integ()(np.abs(breaks).max())
    assert w @ poly(x) == pytest.approx(truth, abs=1e-13 * size)


def test_quadrature_wants_a_break_where_a_function_jumps():
    x, w = measures.quadrature((-1.0, 0.25, 2.0), panels=1, order=2)
    assert w @ (x > 0.25) == pytest.approx(1.75)
    # One power more than 2 order - 1 is no longer exact: error h^3/180 here is 1/180.
    x, w = measures.quadrature((0.0, 1.0), panels=1, order=2)
    assert w @ x**4 == pytest.approx(0.2 - 1 / 180)


def test_order_of_convergence():
    errors = []
    for panels in (2, 4, 8):
        x, w = measures.quadrature((0.0, 2.0), panels, order=2)
        errors.append(abs(w @ np.exp(x) - np.expm1(2)))
    rates = np.log2(np.divide(errors[:-1], errors[1:]))
    np.testing.assert_allclose(rates, 4, atol=0.05)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.floats(-1e6, 1e6),
    st.floats(-1e6, 1e6),
    st.floats(1e-6, 1e6),
)
def test_gaussian_density(x, mean, scale):
    found = measures.gaussian_logpdf(x, mean, scale)
    with mpmath.workdps(40):
        z = (mpmath.mpf(x) - mpmath.mpf(mean)) / mpmath.mpf(scale)
        truth = -(z**2) / 2 - mpmath.log(scale * mpmath.sqrt(2 * mpmath.pi))
    assert found == pytest.approx(float(truth), rel=1e-14, abs=1e-14)
    expected = stats.norm.logpdf(x, mean, scale)
    assert found == pytest.approx(expected, rel=1e-13, abs=1e-13)


def test_gaussian_far_out():
    assert measures.gaussian_logpdf(np.inf) == -np.inf
    assert measures.gaussian_logpdf(1e200) == -np.inf
    assert measures.gaussian_logpdf(1e308, -1e308, 1e-300) == -np.inf
    assert measures.gaussian_logpdf(0, 0, 1e-300) == pytest.approx(
        300 * np.log(10) - 0.5 * np.log(2 * np.pi)
    )
    table = measures.gaussian_logpdf(np.zeros((3, 1)), [0.0, 1.0], 2.0)
    assert table.shape == (3, 2)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(nasty.SEEDS, st.integers(1, 6), KIND)
def test_mixture_density(seed, count, kind):
    rng = np.random.default_rng(seed)
    w = nasty.weights(rng, count, kind)
    m, s = 3 * rng.normal(size=count), np.exp(0.5 * rng.normal(size=count))
    x = 4 * rng.normal(size=5)
    found = measures.mixture_logpdf(x, w, m, s)
    with mpmath.workdps(40):
        truth = [
            float(
                mpmath.log(
                    mpmath.fsum(
                        mpmath.mpf(a) * mpmath.npdf(mpmath.mpf(u), mpmath.mpf(b), c)
                        for a, b, c in zip(w, m, map(mpmath.mpf, s), strict=True)
                    )
                )
            )
            for u in x
        ]
    np.testing.assert_allclose(found, truth, rtol=1e-11, atol=1e-12)
    nodes, v = measures.quadrature((-80.0, 80.0), panels=400)
    assert v @ np.exp(measures.mixture_logpdf(nodes, w, m, s)) == pytest.approx(1)


def test_mixture_far_out_and_without_a_part():
    far = measures.mixture_logpdf([0.0, np.inf, 1e200], [1, 0], [0, 1], [1, 2])
    np.testing.assert_allclose(far, [-0.5 * np.log(2 * np.pi), -np.inf, -np.inf])
    assert measures.mixture_logpdf(1e200, [0.5, 0.5], [0, 1], [1, 2]) == -np.inf
    table = measures.mixture_logpdf(np.zeros((2, 3)), [1.0], [0.0], [1.0])
    assert table.shape == (2, 3)


def test_whole_numbers_and_generators(rng):
    assert [measures.whole(n, "n") for n in (1, np.int64(7))] == [1, 7]
    assert type(measures.whole(np.int32(3), "n")) is int
    assert measures.generator(rng) is rng


def test_an_error_that_carries_its_last_iterate():
    @dataclasses.dataclass(frozen=True)
    class Result:
        value: float

    error = ConvergenceError("stopped after 3 steps; raise max_iter.", last=Result(0.5))
    assert isinstance(error, RuntimeError)
    assert error.last == Result(0.5)
    assert str(error) == "stopped after 3 steps; raise max_iter."

    def fail():
        raise error

    with pytest.raises(RuntimeError, match="raise max_iter") as caught:
        fail()
    assert caught.value.last.value == 0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.probability(0.5), "p must be a non-empty array"),
        (lambda m: m.probability([]), "p must be a non-empty array"),
        (lambda m: m.probability(np.ones((0, 3))), "p must be a non-empty array"),
        (lambda m: m.probability([np.nan, 1]), "p must be finite and >= 0"),
        (lambda m: m.probability([np.inf, 1], "q"), "q must be finite and >= 0"),
        (lambda m: m.probability([1e308, 1e308]), "must sum to 1 .* got inf"),
        (lambda m: m.probability([[0.5, 0.5], [0.5, 0.4]]), "axis; got 0.9"),
        (lambda m: m.probability([0.5, 0.5 + 0j]), "p must be real; got complex"),
        (lambda m: m.probability(["0.5", "0.5"]), "p must hold real numbers"),
        (lambda m: m.probability([[0.5, 0.5], [1.0]]), "p must hold real numbers"),
        (lambda m: m.positive(0, "eps"), "eps must be finite and > 0; got 0"),
        (lambda m: m.positive([1, -1], "eps"), "eps must be finite and > 0"),
        (lambda m: m.positive(np.nan, "eps"), "eps must be finite and > 0"),
        (lambda m: m.positive("1", "eps"), "eps must hold real numbers; got '1'"),
        (lambda m: m.positive(1j, "eps"), "eps must be real"),
        (lambda m: m.points([], "y"), r"y must have shape \(n, d\), n, d >= 1"),
        (lambda m: m.points(np.ones((2, 0))), r"got \(2, 0\)"),
        (lambda m: m.points(3.0), r"got \(\)"),
        (lambda m: m.points(np.ones((1, 1, 1))), r"got \(1, 1, 1\)"),
        (lambda m: m.points([0.0, np.inf]), r"x must be finite; .*first at \[1\]"),
        (lambda m: m.real(np.nan, "t"), r"t must be finite; got nan \(first at \[0\]"),
        (lambda m: m.real([[1, 2], [3, np.nan]], "C"), r"first at \[1, 1\]"),
        (lambda m: m.real(10**400, "x"), "x must hold real numbers"),
        (lambda m: m.real(object(), "x"), "x must hold real numbers"),
        (lambda m: m.real(np.array(["2020"], "M8[Y]"), "x"), "must hold real numbers"),
        (lambda m: m.real(None, "x"), "x must be finite; got None"),
        (lambda m: m.weights([1.0], 2, "b"), r"b must have shape \(2,\); got \(1,\)"),
        (lambda m: m.weights([[0.5, 0.5]], 2), r"a must have shape \(2,\)"),
        (lambda m: m.weights([0.5, 0.4], 2), "a must sum to 1"),
        (lambda m: m.quadrature((1.0, 0.0)), "two increasing numbers"),
        (lambda m: m.quadrature((1.0,)), "two increasing numbers"),
        (lambda m: m.quadrature(1.0), "two increasing numbers"),
        (lambda m: m.quadrature((0.0, np.inf)), "breaks must be finite"),
        (lambda m: m.quadrature((-1e308, 1e308)), "breaks must lie within 4.4e307"),
        (lambda m: m.quadrature((0, 1), 0), "panels must be a whole number >= 1"),
        (lambda m: m.quadrature((0, 1), 2, 1.5), "order must be a whole number"),
        (lambda m: m.whole(0, "n"), "n must be a whole number >= 1; got 0"),
        (lambda m: m.whole(2.0, "n"), "n must be a whole number >= 1; got 2.0"),
        (lambda m: m.whole(True, "n"), "n must be a whole number >= 1; got True"),
        (lambda m: m.whole(10**400, "n"), "n must be at most 1000000000; got one of 1"),
        (lambda m: m.real(np.ma.array([1, 2], mask=[0, 1]), "x"), "some are masked"),
        (lambda m: m.real(np.array([1, "2"], dtype=object), "x"), "x must hold real"),
        (lambda m: m.real(np.array([1, b"2"], dtype=object), "x"), "x must hold real"),
        (lambda m: m.extended([np.nan], "T"), "T must hold real numbers or infinities"),
        (
            lambda m: m.gaussian_logpdf([0, 1], [0, 1, 2]),
            "x, mean, scale must",
        ),
        (lambda m: m.mixture_logpdf(0, [1], [[1], []], [1]), "means must hold real"),
        (lambda m: m.scalar([1.0], "tol"), r"tol must be one number; got shape \(1,\)"),
        (lambda m: m.generator(0), "rng must be a numpy.random.Generator; got 0"),
        (lambda m: m.generator(np.random), "rng must be a numpy.random.Generator"),
        (lambda m: m.gaussian_logpdf(0, 0, 0), "scale must be finite and > 0"),
        (lambda m: m.gaussian_logpdf(0, np.inf), "mean must be finite"),
        (lambda m: m.gaussian_logpdf(np.nan), "x must hold real numbers or infin"),
        (lambda m: m.gaussian_logpdf("0"), "x must hold real numbers"),
        (lambda m: m.mixture_logpdf(0, [1], [0, 1], [1, 1]), "one shape"),
        (lambda m: m.mixture_logpdf(0, [0.5, 0.5], [0, 1], [1]), "one shape"),
        (lambda m: m.mixture_logpdf(0, [[1.0]], [[0]], [[1]]), "one shape"),
        (lambda m: m.mixture_logpdf(0, [0.5, 0.4], [0, 1], [1, 1]), "weights must sum"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call(measures)
