"""Claims about matrices: what is so is proved, what is not is refuted."""

from __future__ import annotations

import pytest
from mpmath import mp

from ottools.derive import (
    Alias,
    AtLeast,
    AtMost,
    ClaimError,
    Equal,
    Less,
    check,
    definite,
    gradient,
    identity,
    inverse,
    log,
    matrix,
    natural,
    norm2,
    orthonormal,
    positive,
    real,
    root,
    score,
    tex,
    text,
    trace,
)
from ottools.derive.arithmetic import Floating
from ottools.derive.attack import Evaluate
from ottools.derive.grids import Grid

k, d, n, m = natural("k d n m")
s, c = positive("s"), real("c")
W, V, X, M = matrix("W", k, d), matrix("V", d, k), matrix("X", n, d), matrix("M", d, d)
A, B, C = definite("A", d), definite("B", d), definite("C", d)
U, one = orthonormal("U", k, d), identity(d)
half, middle = root(A), root(root(A) @ B @ root(A))
R, Q = orthonormal("R", d, d), orthonormal("Q", m, k)
S = Alias("S", W.T @ W + one)
T = inverse(half) @ middle @ inverse(half)
energy = trace(C) - 2 * trace(W @ C @ W.T) + trace(W @ C @ W.T @ W @ W.T)

TRUE = {
    "the reconstruction error, multiplied out": Equal(
        norm2(X - X @ W.T @ W),
        trace(X.T @ X)
        - 2 * trace(W @ X.T @ X @ W.T)
        + trace(X.T @ X @ W.T @ W @ W.T @ W),
    ),
    "its gradient": Equal(
        gradient(energy, W), 2 * (W @ W.T @ W @ C + W @ C @ W.T @ W) - 4 * (W @ C)
    ),
    "a gradient with the variable transposed": Equal(
        gradient(norm2(X @ W.T - X @ V), W), 2 * (W @ X.T @ X - V.T @ X.T @ X)
    ),
    "a gradient is linear in its scalars": Equal(
        gradient(c * norm2(W) / s, W), 2 * c * W / s
    ),
    "the derivative of a square of a trace": Equal(
        gradient(trace(M) ** 2, M), 2 * trace(M) * one
    ),
    "the derivative of an inverse": Equal(
        gradient(trace(inverse(M) @ A), M), -((inverse(M) @ A @ inverse(M)).T)
    ),
    "the derivative of a transposed inverse": Equal(
        gradient(trace(inverse(M.T) @ V @ W), M),
        -(inverse(M.T) @ V @ W @ inverse(M.T)),
    ),
    "no variable, no gradient": Equal(gradient(trace(A), W), 0),
    "orthonormal rows": Equal(U @ U.T, identity(k)),
    "their projection has the trace k": Equal(trace(U.T @ U), k),
    "and is idempotent": Equal(U.T @ U @ U.T @ U, U.T @ U),
    "the identity is neutral": Equal(one @ C @ one, C),
    "and has the trace d": Equal(trace(one), d),
    "a trace may be turned": Equal(trace(W @ C @ V), trace(C @ V @ W)),
    "and transposed": Equal(trace(W @ C @ V), trace(V.T @ C @ W.T)),
    "inverses of products": Equal(inverse(A @ M), inverse(M) @ inverse(A)),
    "a conjugate has the same trace": Equal(trace(inverse(M) @ A @ M), trace(A)),
    "a root squared": Equal(half @ half, A),
    "its norm": Equal(norm2(half), trace(A)),
    "root and matrix commute": Equal(half @ A, A @ half),
    "the Gaussian map sends A to B": Equal(T @ A @ T, B),
    "it is symmetric": Equal(T.T, T),
    "its cost": Equal(
        trace(A) + trace(B) - 2 * trace(T @ A), trace(A) + trace(B) - 2 * trace(middle)
    ),
    "a completed square": Equal(norm2(W) + norm2(V) - 2 * trace(W @ V), norm2(W - V.T)),
    "a square is not negative": AtLeast(norm2(W - V.T), 0),
    "nor is a sum of them": AtMost(norm2(V), norm2(W) + 2 * norm2(V)),
    "a positive scalar beside it": Less(0, norm2(W) + s),
    "halves": Equal(M / 2 + M / 2, M),
    "the trace of a sum with the identity": Equal(trace(A + one), trace(A) + d),
    "a square with orthonormal rows has orthonormal columns": Equal(R.T @ R, one),
    "and its inverse is its transpose": Equal(inverse(R @ A), inverse(A) @ R.T),
    "a chain of orthonormal rows": Equal(Q @ U @ U.T @ Q.T, identity(m)),
    "rows of given number": Equal(norm2(orthonormal("V", m, 1)), m),
    "more columns than three": Equal(norm2(orthonormal("V", 3, d)), 3),
    "a named matrix": Equal(trace(S @ S), trace(S @ W.T @ W) + trace(S)),
}
FALSE = {
    "a chain of orthonormal columns": Equal(U.T @ Q.T @ Q @ U, one),
    "a square is its own inverse": Equal(R @ R, one),
    "a wide one has a trace of columns": Equal(norm2(Q @ U), k),
    "a named matrix is not another": Equal(S, Alias("S", W.T @ W)),
    "a coefficient lost": Equal(
        gradient(energy, W), 2 * (W @ W.T @ W @ C + W @ C @ W.T @ W) - 2 * (W @ C)
    ),
    "factors swapped": Equal(A @ B, B @ A),
    "a transpose lost": Equal(gradient(trace(M @ A), M), A @ M),
    "columns are not orthonormal": Equal(U.T @ U, one),
    "the trace is not d": Equal(trace(U.T @ U), d),
    "the map of Gaussians, backwards": Equal(T @ B @ T, A),
    "the root of a product": Equal(trace(root(half @ B @ half)), trace(half @ root(B))),
    "a norm may vanish": Less(0, norm2(W)),
    "and is not bounded": AtMost(norm2(W), 4),
    "a symmetric part": Equal(M, M.T),
    "zero": Equal(M, 0),
    "the sign of a derivative": Equal(
        gradient(trace(inverse(M)), M), inverse(M).T @ inverse(M).T
    ),
}


@pytest.mark.parametrize("name", TRUE)
def test_what_is_so_is_proved(name):
    verdict = check(TRUE[name])
    assert verdict.status == "proved", verdict


@pytest.mark.parametrize("name", FALSE)
def test_what_is_not_so_is_refuted(name):
    verdict = check(FALSE[name])
    assert verdict.status == "refuted", verdict
    left, right = verdict.counterexample.reevaluate(60)
    assert FALSE[name].fails(left, right, mp.mpf(10) ** -30)


@pytest.mark.parametrize(
    "name", ["its gradient", "a completed square", "the Gaussian map sends A to B"]
)
def test_the_slips_of_a_true_claim_are_refuted(name):
    result = score(TRUE[name])
    assert result.survivors == ()
    assert result.killed >= 6


def test_a_true_inequality_out_of_reach_is_only_tested():
    assert check(AtMost(2 * trace(W @ V), norm2(W) + norm2(V))).status == "tested"


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: W @ C @ W, "the factors of a product do not fit: k×d, d×d, k×d"),
        (lambda: W @ s, "a product with @ wants a matrix, s is a number"),
        (lambda: trace(W), "a trace wants a square matrix, W is k×d"),
        (lambda: inverse(W), "an inverse wants a square matrix"),
        (lambda: root(W), "a matrix root wants a square matrix"),
        (lambda: s.T, "a transpose wants a matrix"),
        (lambda: norm2(s), "a norm wants a matrix"),
        (lambda: matrix("W", 0, d), "a size is a positive integer or a natural"),
        (lambda: matrix("W", s, d), "a size is a positive integer or a natural"),
        (lambda: gradient(W, W), "a gradient is that of a number"),
        (lambda: gradient(trace(C), C), "a matrix without structure"),
        (lambda: Equal(W + V, 0), "differ in shape: k×d, d×k"),
        (lambda: Equal(W + 1, 0), "a number is wanted|differ in shape"),
        (lambda: Equal(M + s, 0), "differ in shape: d×d, a number"),
        (lambda: Equal(M * M, 0), "write the product of matrices in M M with @"),
        (lambda: Equal(log(M), 0), "a matrix cannot stand in log"),
        (lambda: Equal(s / M, 0), "a matrix cannot stand in s/M"),
        (lambda: Equal(W, V), "matrices of one shape may be equal"),
        (lambda: Equal(W, 1), "or a matrix equal to 0"),
        (lambda: AtMost(M, A), "matrices of one shape may be equal"),
        (
            lambda: check(Equal(orthonormal("Q", 3, 2) @ V @ W @ V, 0)),
            "do not fit|cannot be orthonormal",
        ),
        (
            lambda: check(Equal(trace(orthonormal("Q", 3, 2).T), 0)),
            "a trace wants a square matrix",
        ),
        (lambda: check(Equal(orthonormal("Q", 3, 2), 0)), "3 rows of length 2 cannot"),
        (lambda: check(Equal(matrix("A", d, d), A)), "declared twice"),
    ],
)
def test_what_makes_no_sense_is_refused(build, message):
    with pytest.raises(ClaimError, match=message):
        build()


@pytest.mark.parametrize(
    "claim",
    [
        Equal(root(A + B) @ root(A + B), A + B),
        Equal(root(2 * A) @ root(2 * A), 2 * A),
        Equal(root(A @ A), A),
        Equal(root(M @ A @ M.T), root(M @ A @ M.T).T),
        Equal(inverse(A + B) @ (A + B), one),
        Equal(inverse(M @ A @ M + A), inverse(A + M @ A @ M)),
    ],
)
def test_what_the_normal_form_cannot_write_is_said(claim):
    with pytest.raises(ClaimError, match="is out of reach"):
        check(claim)


def test_formulas_are_set_as_in_a_textbook():
    assert text(W @ C @ W.T) == "W C Wᵀ"
    assert text((W + W).T @ W) == "(W + W)ᵀ W"
    assert text(inverse(A) @ half) == "A⁻¹ A^(1/2)"
    assert text(trace(one) - norm2(W)) == "tr(I[d]) - ‖W‖²"
    assert tex(inverse(half)) == r"\left(A^{1/2}\right)^{-1}"
    assert tex(gradient(norm2(W), W)) == r"\nabla_{W} \left\|W\right\|^{2}"
    assert tex(W @ C @ W.T) == r"W\,C\,W^{\top}"


def test_a_counterexample_shows_its_matrices():
    shown = str(check(Equal(M, M.T)).counterexample)
    assert "M = (" in shown
    assert ";" in shown


def test_a_counterexample_names_an_entry_and_exact_numbers():
    shown = check(Equal(W.T @ W, one)).counterexample
    assert dict(shown.values)["entry"] == "(1, 1)"
    u, v = orthonormal("u", 1, d), orthonormal("v", 1, d)
    pair = u.T @ u + v.T @ v
    found = check(Equal(trace(pair @ C @ pair), trace(C))).counterexample
    with mp.workdps(30):
        for side, value in zip(
            (found.left, found.right), found.reevaluate(), strict=True
        ):
            exact, _, near = side.partition(" ≈ ")
            top, _, bottom = exact.partition("/")
            assert abs(mp.mpf(top) / mp.mpf(bottom or 1) - value) < 1e-20
            assert not near or abs(mp.mpf(near) - value) < abs(value) / 10**4


def value(formula, claim, world=3):
    """Evaluate a formula in one of the worlds of a claim."""
    return Evaluate(claim.world(claim.seed, world), Floating)(formula)


def test_random_matrices_are_what_they_claim_to_be():
    claim = Equal(U @ C @ A @ inverse(A), U @ C)
    for world in range(12):
        with mp.workdps(30):
            rows = value(U @ U.T, claim, world).rows
            for i, row in enumerate(rows):
                assert all(
                    x == (i == j) or abs(x - (i == j)) < 1e-25
                    for j, x in enumerate(row)
                )
            low, high = value(C, claim, world), value(C.T, claim, world)
            assert low.rows == high.rows
            assert all(e > 0 for e in mp.eigsy(mp.matrix(low.rows), eigvals_only=True))


def test_a_root_needs_a_definite_matrix():
    with pytest.raises(ZeroDivisionError, match="no principal root"):
        Grid([[mp.mpf(-2)]]).root()
    with pytest.raises(ZeroDivisionError):
        Grid([[mp.mpf(1), mp.mpf(0)], [mp.mpf(0), mp.mpf(-1)]]).root()


def test_a_scalar_zero_keeps_the_shape():
    claim = Equal((c - c) * M @ M, 0)
    assert check(claim).status == "proved"
    assert set(value((c - c) * M, claim).entries()) == {0}
    assert value((c - c) * s, Equal(c, s)) == 0
