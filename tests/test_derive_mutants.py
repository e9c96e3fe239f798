"""Mutants: typical claims leave no survivor, and a faulty definition is noticed."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy as sp
from patience import patience  # noqa: F401

from ottools.derive import (
    JS,
    KL,
    TV,
    Alias,
    AtLeast,
    AtMost,
    Chi2,
    ConditionalEntropy,
    CrossEntropy,
    E,
    Equal,
    Equivalent,
    H,
    Less,
    Maximiser,
    Normal,
    Space,
    Stationary,
    Table,
    Tends,
    Uniform,
    check,
    d,
    densities,
    exp,
    function,
    index,
    joint,
    log,
    mutants,
    named,
    natural,
    positive,
    real,
    samples,
    score,
    total,
    unit,
    vary,
)
from ottools.derive import functionals as defined
from ottools.derive.mutants import quickly_refuted

pytestmark = pytest.mark.usefixtures("patience")

X, Y = Space("X"), Space("Y")
x, y = X.point("x"), Y.point("y")
p, q = densities("p_r p_g", on=X)
D = named("D^*", x, p(x) / (p(x) + q(x)))
V = Alias("V(D^*)", E(x, p)[log(D(x))] + E(x, q)[log(1 - D(x))])
free_D = function("D", X, (0, 1))
game = E(x, p)[log(free_D(x))] + E(x, q)[log(1 - free_D(x))]
pxy = joint("p", X, Y)
a, b = positive("a b")
s, t = unit("y t")
n, N, M = natural("n N M")
m0, m1 = real("m_0 m_1")
s0, s1 = positive("sigma_0 sigma_1")
f, g = densities("f g", on=Space("A", "finite", n))
i, j, k = index("i j k")
xs, ys = samples("x y")
code = Table("P", Space("C", "finite"), (90, 9, 1))


def kernel(u, v):
    return exp(-((u - v) ** 2) / 2)


TYPICAL = {
    "cross-entropy": Equal(KL(p, q), CrossEntropy(p, q) - H(p)),
    "Gibbs": AtLeast(KL(p, q), 0),
    "Gibbs, equality": Equivalent(KL(p, q), Equal(p, q)),
    "entropy of n points": AtMost(H(f), log(n)),
    "chain rule": Equal(ConditionalEntropy(pxy, y, x), H(pxy) - H(pxy.on(X))),
    "Jensen–Shannon bound": AtMost(JS(p, q), log(2)),
    "Jensen–Shannon by entropies": Equal(
        JS(p, q), H((p + q) / 2) - H(p) / 2 - H(q) / 2
    ),
    "tangent": AtMost(log(a), a - 1),
    "optimal discriminator": Maximiser(a * log(s) + b * log(1 - s), a / (a + b), s),
    "first order": Stationary(a * log(s) + b * log(1 - s), a / (a + b), s),
    "value of the game": Equal(V, 2 * JS(p, q) - log(4)),
    "bound of the game": AtMost(game, V),
    "frozen gradient": Equal(
        vary(E(x, q)[-log(D(x))], q, D), vary(KL(q, p) - 2 * JS(q, p), q)
    ),
    "normal laws": Equal(
        KL(Normal(m0, s0**2), Normal(m1, s1**2)),
        log(s1 / s0) + (s0**2 + (m0 - m1) ** 2) / (2 * s1**2) - Fraction(1, 2),
    ),
    "shifted uniforms": Equal(JS(Uniform(0, 1), Uniform(t, 1 + t)), t * log(2)),
    "limit": Tends(a * log(a), 0, a, 0),
    "gradient of a kernel sum": Equal(
        d(total((i, N), (j, M))[kernel(xs[i], ys[j])], xs[k]),
        -total((j, M))[(xs[k] - ys[j]) * kernel(xs[k], ys[j])],
    ),
    "length of a code": Less(H(code) / log(2), Fraction(13, 25)),
}
# Survivors that are true: since D < 1, doubling E[log D] only weakens the bound; and
# log D(1 − D) ≤ −log 4 whatever the density under which it is averaged.
EXPLAINED = {
    "bound of the game": {
        "double a coefficient",
        "take the mean under another density",
    }
}


@pytest.mark.no_cover
@pytest.mark.parametrize(("name", "claim"), TYPICAL.items(), ids=TYPICAL.keys())
def test_typical_claims_leave_no_survivor(name, claim):
    assert check(claim).status in ("proved", "certified")
    tried = score(claim)
    assert tried.made >= 4
    assert tried.killed >= 1
    assert tried.made == tried.killed + tried.equivalent + len(tried.survivors)
    unexplained = {slip for slip, *_ in tried.survivors} - EXPLAINED.get(name, set())
    assert not unexplained, tried.survivors


def test_the_chi_squared_bound_is_scored_in_time():
    assert score(AtMost(KL(p, q), Chi2(p, q))).survivors == ()


@pytest.mark.parametrize("claim", TYPICAL.values(), ids=TYPICAL.keys())
def test_a_claim_is_no_mutant_of_itself(claim):
    wordings = [m.claim.text() for m in mutants(claim)]
    assert claim.text() not in wordings
    assert len(set(wordings)) == len(wordings)


def test_slips_of_the_trade():
    """The slips that stand in printed formulas are all among those that are tried."""
    sums = d(total((i, N), (j, M))[(xs[i] - ys[j]) ** 2], xs[k])
    claims = [
        Equal(KL(p, q), CrossEntropy(p, q) - H(p)),
        Equal(sums, 2 * total((j, M))[xs[k] - ys[j]]),
        AtMost(JS(p, q), log(2)),
        Equal(E(x, p)[log(p(x) / q(x))], KL(p, q)),
        Equal(ConditionalEntropy(pxy, y, x), H(pxy) - H(pxy.on(X))),
    ]
    slips = {m.slip for claim in claims for m in mutants(claim, limit=60)}
    assert slips >= {
        "swap the arguments",
        "flip the sign of a term",
        "drop a term",
        "double a coefficient",
        "halve a coefficient",
        "flip the relation",
        "lose a square",
        "shift an index",
        "turn a fraction over",
        "take the mean under another density",
        "add a constant",
    }


def slips(claim):
    return {m.slip for m in mutants(claim, limit=60)}


def test_a_condition_is_swapped():
    wrong = Equal(E(x, pxy.on(X))[pxy.given(x, y)], pxy.on(Y)(y)).text()
    right = Equal(E(x, pxy.on(X))[pxy.given(y, x)], pxy.on(Y)(y))
    made = {m.slip: m.claim.text() for m in mutants(right, limit=60)}
    assert made["swap the condition"] == wrong


def test_only_squares_are_lost():
    assert "lose a square" in slips(Equal(a**2, a * a))
    assert "lose a square" not in slips(Equal(a**3, a * a * a))


def test_mutants_that_cannot_be_read_are_not_counted():
    """1 − a is no variance for every a > 0."""
    claim = Equal(H(Normal(0, 1 + a)), log(2 * sp.pi * sp.E * (1 + a)) / 2)
    made = mutants(claim, limit=60)
    assert any("N(0, 1 - a)" in m.claim.text() for m in made)
    assert score(claim, limit=60).made < len(made)


def test_a_claim_of_which_little_can_be_changed_meets_four_mutants():
    limit = Tends(Alias("V", a**2), 0, a, 0)
    found = mutants(limit)
    assert len(found) == 4
    assert "add another constant" in {m.slip for m in found}
    assert score(limit).survivors == ()


def test_a_turned_inequality_that_is_true_survives():
    """Equality stands behind it: neither side is stronger, and the score says so."""
    x_, free = X.point("x'"), function("T", X)
    claim = AtMost(E(x, p)[E(x_, q)[free(x_)] ** 2], E(x, q)[free(x)] ** 2)
    left = {(slip, status) for slip, _, status in score(claim, 60).survivors}
    assert ("flip the relation", "tested") in left


@pytest.mark.parametrize(
    "claim",
    [Equal(1 / (a - a), 1), Equal(log(-a), 1), AtMost(exp(exp(10 * exp(a))), 0)],
    ids=["pole", "logarithm", "overflow"],
)
def test_floats_that_fail_refute_nothing(claim):
    assert quickly_refuted(claim) is False


def test_floats_refute_what_is_plainly_false():
    assert quickly_refuted(Equal(a, a + 1)) is True


def test_mutants_are_made_alike_each_time():
    claim = TYPICAL["value of the game"]
    assert [m.claim.text() for m in mutants(claim)] == [
        m.claim.text() for m in mutants(claim)
    ]


def test_what_is_symmetric_is_equivalent():
    """JS(q, p) for JS(p, q) is no error, and not counted as a survivor."""
    assert check(Equal(JS(p, q), JS(q, p))).status == "proved"
    assert score(Equal(JS(p, q), JS(q, p))).survivors == ()


def test_a_weak_claim_has_survivors():
    """A claim too weak to tell slips from truth is shown as such."""
    tried = score(AtMost(2 * TV(p, q) ** 2, 7 + KL(p, q)))
    assert tried.survivors or tried.equivalent


# Independence: the attack has definitions of its own. A fault put into the definitions
# from which proofs are made must come out as a contradiction.


FAULTS = {
    "KL with swapped arguments": (
        "KL",
        lambda self: E(X.point("x"), self.args[1])[
            log(self.args[1](X.point("x")) / self.args[0](X.point("x")))
        ],
        KL(p, q),
    ),
    "JS without its halves": (
        "JS",
        lambda self: (
            KL(self.args[0], (self.args[0] + self.args[1]) / 2)
            + KL(self.args[1], (self.args[0] + self.args[1]) / 2)
        ),
        JS(p, q),
    ),
    "H with the wrong sign": (
        "H",
        lambda self: E(X.point("x"), self.args[0])[log(self.args[0](X.point("x")))],
        H(p),
    ),
    "cross-entropy of the other": (
        "CrossEntropy",
        lambda self: -E(X.point("x"), self.args[1])[log(self.args[0](X.point("x")))],
        CrossEntropy(p, q),
    ),
}


@pytest.mark.parametrize(("name", "wrong", "value"), FAULTS.values(), ids=FAULTS.keys())
def test_the_attack_does_not_share_a_definition(monkeypatch, name, wrong, value):
    """What the faulty definition would prove is refuted; the truth is not proved."""
    kind = getattr(defined, name)
    truth = Equal(value, kind.unfold(value))
    assert check(truth).status == "proved"
    falsehood = Equal(value, wrong(value))
    monkeypatch.setattr(kind, "unfold", wrong)
    assert falsehood.proof(), "the fault would prove its own formula"
    verdict = check(falsehood)
    assert verdict.status == "refuted", verdict
    assert check(truth).status != "proved"


def test_a_fault_in_the_normal_form_is_noticed(monkeypatch):
    """A prover that proves everything proves nothing that is false."""
    from ottools.derive import prove

    monkeypatch.setattr(prove, "equal", lambda *_: "because I say so")
    monkeypatch.setattr(prove, "at_least", lambda *_, **__: "because I say so")
    for claim in (
        Equal(KL(p, q), KL(q, p)),
        Equal(log(a + b), log(a) + log(b)),
        AtMost(KL(p, q), JS(p, q)),
        Less(0, JS(p, q)),
        Equal(H(Normal(m0, s0**2)), log(2 * sp.pi * s0**2) / 2),
    ):
        assert check(claim).status == "refuted", claim
