"""Closed forms between Gaussians: quadrature, each other, scaling, extremes."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ottools import divergences as dv
from ottools import mmd
from ottools.measures import gaussian_logpdf, quadrature
from tests import nasty
from tests.references import divergences as exact

FORMS = {
    "kl": dv.gaussian_kl,
    "tv": dv.gaussian_tv,
    "hellinger": dv.gaussian_hellinger,
    "chi2": dv.gaussian_chi2,
}
INTEGRANDS = {
    "kl": lambda p, q: p * mpmath.log(p / q),
    "tv": lambda p, q: abs(p - q) / 2,
    "hellinger": lambda p, q: (mpmath.sqrt(p) - mpmath.sqrt(q)) ** 2,
    "chi2": lambda p, q: (p - q) ** 2 / q,
    "l2": lambda p, q: (p - q) ** 2,
}


def normal(mean, scale):
    return lambda x: np.exp(gaussian_logpdf(x, mean, scale))


def crossings(m, a, n, b):
    """Where the two densities are equal, for breaks of the quadrature."""
    coefficients = [
        1 / b**2 - 1 / a**2,
        2 * (m / a**2 - n / b**2),
        n**2 / b**2 - m**2 / a**2 + 2 * np.log(b / a),
    ]
    roots = np.roots(coefficients)
    return roots[np.isreal(roots)].real.tolist()


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.floats(-2, 2),
    st.floats(-2, 2),
    st.floats(0.5, 1.5),
    st.sampled_from([1.0, 1.0 + 1e-6, 1.3, 0.8, 0.6]),
)
def test_against_quadrature(m, n, a, ratio):
    b = a * ratio
    low, high = min(m, n) - 13 * max(a, b), max(m, n) + 13 * max(a, b)
    cuts = [c for c in crossings(m, a, n, b) if low < c < high]
    breaks = sorted({low, high, *cuts})
    p, q = normal(m, a), normal(n, b)
    for name, form in FORMS.items():
        if name == "chi2" and a**2 > 1.5 * b**2:
            continue
        found = dv.on_line(getattr(dv, name), p, q, breaks)
        # A root turns a rounding of 1e-16 into 1e-8.
        loose = 1e-8 if name == "hellinger" else 1e-11
        assert form(m, a, n, b) == pytest.approx(found, rel=1e-8, abs=loose), name
    x, w = quadrature(breaks)
    square = w @ (p(x) - q(x)) ** 2
    assert dv.gaussian_l2(m, a, n, b) ** 2 == pytest.approx(square, abs=1e-14)


@pytest.mark.parametrize("name", INTEGRANDS)
@pytest.mark.parametrize(
    ("p", "q"),
    [
        ((0.0, 1.0), (1e-7, 1.0)),
        ((0.0, 1.0), (0.0, 1.0 + 2**-20)),
        ((0.0, 1.0), (2**-10, 1 - 2**-12)),
        ((0.3, 0.05), (0.1, 1.0)),
        ((2.0, 1.0), (0.0, 0.75)),
    ],
)
def test_digits_of_near_and_of_unlike_laws(name, p, q):
    found = getattr(dv, f"gaussian_{name}")(*p, *q)
    with mpmath.workdps(40):
        cuts = sorted(
            m + k * s for m, s in (p, q) for k in (-30, -14, -6, -2, 0, 2, 6, 14, 30)
        )
        if name == "tv":
            cuts = sorted({*cuts, *crossings(*p, *q)})
        law = lambda x, m, s: mpmath.npdf(x, m, s)
        f = lambda x: INTEGRANDS[name](law(x, *p), law(x, *q))
        truth = mpmath.quad(f, sorted(set(cuts)))
        if name in ("hellinger", "l2"):
            truth = mpmath.sqrt(truth)
    # KL and TV are differences of numbers of size 1, the others keep their digits.
    if name in ("kl", "tv"):
        assert found == pytest.approx(float(truth), abs=1e-15, rel=1e-6)
    else:
        assert found == pytest.approx(float(truth), rel=1e-9)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(nasty.SEEDS)
def test_relations(seed):
    rng = np.random.default_rng(seed)
    m, n = rng.normal(size=2) * rng.choice([0, 1e-8, 1, 30])
    a, b = np.exp(rng.normal(size=2) * rng.choice([0, 1e-8, 1, 3]))
    kl, tv, h = (FORMS[k](m, a, n, b) for k in ("kl", "tv", "hellinger"))
    slack = 1e-13 * (1 + min(kl, 1e3))
    assert h**2 / 2 <= tv + slack
    assert tv <= h * np.sqrt(max(0, 1 - h**2 / 4)) + slack
    assert 2 * tv**2 <= kl + slack
    assert 1 - h**2 / 2 >= np.exp(-kl / 2) - slack
    try:
        assert kl <= np.log1p(dv.gaussian_chi2(m, a, n, b)) + slack
    except OverflowError:
        assert kl > 3
    # Symmetric ones; reflections, shifts and units of length.
    for form in (dv.gaussian_tv, dv.gaussian_hellinger, dv.gaussian_l2):
        assert form(n, b, m, a) == form(m, a, n, b)
    c = 2.0 ** rng.integers(-300, 300)
    for form in (dv.gaussian_kl, dv.gaussian_tv, dv.gaussian_hellinger):
        value = form(m, a, n, b)
        assert form(-m, a, -n, b) == value
        assert form(c * m, c * a, c * n, c * b) == pytest.approx(value, rel=1e-12)
    l2 = dv.gaussian_l2(m, a, n, b)
    assert dv.gaussian_l2(c * m, c * a, c * n, c * b) * np.sqrt(c) == pytest.approx(l2)
    assert dv.gaussian_kl_full([m], [[a**2]], [n], [[b**2]]) == pytest.approx(
        kl, rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize(("shift", "scale"), [(1.0, 1.0), (2.0, 1.0), (1.0, 3.0)])
def test_equal_scales(shift, scale):
    z = shift / scale
    law = (0.0, scale, shift, scale)
    assert dv.gaussian_tv(*law) == pytest.approx(2 * stats.norm.cdf(z / 2) - 1)
    assert dv.gaussian_hellinger(*law) ** 2 == pytest.approx(
        2 - 2 * np.exp(-(z**2) / 8)
    )
    assert dv.gaussian_chi2(*law) == pytest.approx(np.expm1(z**2))
    assert dv.gaussian_kl(*law) == pytest.approx(z**2 / 2)
    square = (1 - np.exp(-(z**2) / 4)) / (scale * np.sqrt(np.pi))
    assert dv.gaussian_l2(*law) ** 2 == pytest.approx(square)


def test_l2_is_the_limit_of_the_mmd():
    # The Gaussian kernel of width s over s sqrt(2 pi) tends to the delta function.
    law, s = (0.0, 1.0, 1.0, 2.0), 1e-3
    found = mmd.mmd2_gaussians(*law, s) / (s * np.sqrt(2 * np.pi))
    assert found == pytest.approx(dv.gaussian_l2(*law) ** 2, rel=1e-5)


def test_arguments_broadcast():
    shifts, scales = np.array([0.0, 1.0, 2.0]), np.array([[0.8], [1.0]])
    for form in (*FORMS.values(), dv.gaussian_l2):
        table = form(0.0, 1.0, shifts, scales)
        assert table.shape == (2, 3)
        assert table[0, 2] == form(0.0, 1.0, 2.0, 0.8)
        assert table[1, 0] == 0


def test_entropy():
    assert dv.gaussian_entropy(2.0) == pytest.approx(stats.norm(0, 2).entropy())
    assert dv.gaussian_kl(1.0, 2.0, 0.0, 1.0) == pytest.approx(
        (1 + 4 - 1 - np.log(4)) / 2
    )


def test_extremes():
    apart = (0.0, 1e-300, 1e300, 1e-300)
    point = (0.0, 1e-300, 0.0, 1e300)
    for law in (apart, point):
        assert dv.gaussian_tv(*law) == 1
        assert dv.gaussian_hellinger(*law) == pytest.approx(np.sqrt(2), rel=1e-15)
        assert np.isfinite(dv.gaussian_l2(*law))
    assert dv.gaussian_l2(*point) == pytest.approx(1e150 * (4 * np.pi) ** -0.25)
    assert dv.gaussian_kl(*point) == pytest.approx(np.log(1e300) * 2 - 0.5)
    assert dv.gaussian_tv(-1.7e308, 1.0, 1.7e308, 1.0) == 1
    assert dv.gaussian_kl(1e16 + 2, 1.0, 1e16, 1.0) == 2
    assert dv.gaussian_chi2(*point[:3], 1e3) == pytest.approx(1e303 / np.sqrt(2))
    for b in (0.5, 1 / np.sqrt(2), 0.7):
        assert dv.gaussian_chi2(0, 1, 0, b) == np.inf
    assert np.isfinite(dv.gaussian_chi2(0, 1, 0, 0.708))
    with pytest.raises(OverflowError, match=r"KL is finite here but exceeds 1\.8e308"):
        dv.gaussian_kl(*apart)
    for law in (apart, point, (0.0, 1.0, 30.0, 1.0)):
        with pytest.raises(OverflowError, match="chi2 is finite here but exceeds"):
            dv.gaussian_chi2(*law)


def spd(rng, d, kind):
    """Draw a covariance: `kind` is plain, scaled (unlike units), or near singular."""
    X = rng.normal(size=(d, d + 1))
    if kind == "scaled":
        X = X * 10.0 ** rng.integers(-8, 8, size=(d, 1))
    elif kind == "near":
        X[0] = X[-1] + 1e-3 * X[0]
    return X @ X.T


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    nasty.SEEDS,
    st.sampled_from(["plain", "scaled", "near"]),
    st.sampled_from(["plain", "scaled", "near"]),
)
def test_full_covariances(seed, one, two):
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 5))
    A, B = spd(rng, d, one), spd(rng, d, two)
    unit = np.sqrt(np.diag(B))
    m, n = unit * rng.normal(size=d), unit * rng.normal(size=d)
    found = dv.gaussian_kl_full(m, A, n, B)
    truth = exact.gaussian_kl_full(m, A, n, B)
    assert found >= 0
    # Eigenvalues down to 1e-7 of the largest cost that many digits.
    assert found == pytest.approx(truth, rel=1e-7, abs=1e-7)
    assert dv.gaussian_kl_full(m, A, m, A) == pytest.approx(0, abs=1e-7)
    # Both laws mapped alike.
    M = np.linalg.qr(rng.normal(size=(d, d)))[0] * np.exp(rng.normal(size=d))
    if "scaled" not in (one, two):
        image = lambda S: (T := M @ S @ M.T, (T + T.T) / 2)[1]
        again = dv.gaussian_kl_full(M @ m, image(A), M @ n, image(B))
        assert again == pytest.approx(found, rel=1e-6, abs=1e-6)
    # Embedded in a higher dimension, where both are singular, nothing changes.
    wide = np.vstack([np.eye(d), np.zeros((1, d))])
    flat = lambda S: wide @ S @ wide.T
    value = dv.gaussian_kl_full(wide @ m, flat(A), wide @ n, flat(B))
    assert value == pytest.approx(found, rel=1e-9, abs=1e-12)


def test_singular_covariances(rng):
    line = np.array([[1.0, 1.0], [1.0, 1.0]])
    kl = dv.gaussian_kl_full
    # Both on the diagonal of the plane: the laws of one coordinate.
    found = kl([1.0, 1.0], 4 * line, [0.0, 0.0], line)
    assert found == pytest.approx(dv.gaussian_kl(1, 2, 0, 1), rel=1e-12)
    assert kl([1.0, 0.0], line, [0.0, 0.0], line) == np.inf  # beside the line
    assert kl([0.0, 0.0], np.eye(2), [0.0, 0.0], line) == np.inf  # off the line
    assert kl([0.0, 0.0], line, [0.0, 0.0], np.eye(2)) == np.inf  # too thin
    assert kl([0.0, 0.0], 0 * line, [0.0, 0.0], line) == np.inf  # a point
    assert kl([0.0, 0.0], 0 * line, [0.0, 0.0], 0 * line) == 0
    assert kl([0.0, 1.0], 0 * line, [0.0, 0.0], 0 * line) == np.inf
    assert kl([0.0, 0.0], np.diag([1.0, 1.0]), [0.0, 0.0], np.diag([1.0, 0])) == np.inf
    # Small is not singular.
    small = kl([0.0, 0.0], np.diag([1.0, 1e-200]), [0.0, 0.0], np.diag([1.0, 1.0]))
    assert small == pytest.approx((1e-200 - 1 + 200 * np.log(10)) / 2, rel=1e-13)
    X = rng.normal(size=(4, 2))
    Y = X @ np.array([[2.0, 1.0], [0.0, 0.5]])
    inner = np.array([[2.0, 1.0], [0.0, 0.5]])
    value = kl(X @ [1.0, 0.0], Y @ Y.T, np.zeros(4), X @ X.T)
    expected = kl([1.0, 0.0], inner @ inner.T, np.zeros(2), np.eye(2))
    assert value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dv.gaussian_kl(0, 1, 0, 0.0), "scale_q must be finite and > 0"),
        (lambda: dv.gaussian_entropy(-1), "scale must be finite and > 0"),
        (lambda: dv.gaussian_tv(np.nan, 1, 0, 1), "mean_p must be finite"),
        (lambda: dv.gaussian_l2(0, 1, "x", 1), "mean_q must hold real numbers"),
        (lambda: dv.gaussian_kl_full([0], [[1.0]], [0, 0], [[1.0]]), r"shapes \(d,\)"),
        (lambda: dv.gaussian_kl_full([0], [[1.0]], [0], np.eye(2)), r"shapes \(d,\)"),
        (
            lambda: dv.gaussian_kl_full([0], np.ones((1, 1, 1)), [0], [[1.0]]),
            r"shapes \(d,\)",
        ),
        (lambda: dv.gaussian_kl_full([0], [[-1.0]], [0], [[1.0]]), "cov_p"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_divergence_beyond_the_floats():
    for mean, cov in (([1.0], 1e-320), ([1e200], 1.0)):
        with pytest.raises(OverflowError, match="KL is finite here but exceeds"):
            dv.gaussian_kl_full(mean, [[1.0]], [0.0], [[cov]])
