from fractions import Fraction
from itertools import combinations_with_replacement, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ottools import coding
from ottools.divergences import entropy
from tests import nasty
from tests.strategies import exact_weights

P = (Fraction(9, 10), Fraction(9, 100)) + (Fraction(1, 600),) * 6
SLIDE = coding.Code(("0", "10", "11000", "11001", "11010", "11011", "11100", "11101"))


def test_printed_code():
    assert coding.mean_length(P, SLIDE.lengths) == Fraction(113, 100)
    assert coding.kraft_sum(SLIDE.lengths) == Fraction(15, 16)
    assert coding.is_prefix_free(SLIDE.words)
    assert coding.entropy_bits(P) == pytest.approx(0.5417447780, abs=1e-10)


def test_huffman_of_the_printed_source():
    code = coding.huffman(P)
    assert sorted(code.lengths) == [1, 2, 4, 4, 5, 5, 5, 5]
    assert coding.mean_length(P, code.lengths) == Fraction(169, 150)


@pytest.mark.parametrize(("n", "bits"), [(2, 0.7027361), (3, 0.5958116)])
def test_blocks_approach_the_entropy(n, bits):
    blocks = coding.block_distribution(P, n)
    assert sum(blocks) == 1
    mean = coding.mean_length(blocks, coding.huffman(blocks).lengths) / n
    assert float(mean) == pytest.approx(bits, abs=1e-7)


def test_number_of_complete_codes():
    counts = [len(list(coding.complete_length_multisets(n, n))) for n in range(1, 9)]
    assert counts == [1, 1, 1, 2, 3, 5, 9, 16]
    for lengths in coding.complete_length_multisets(8, 7):
        assert coding.kraft_sum(lengths) == 1
        assert lengths == tuple(sorted(lengths))


@given(st.integers(2, 6).flatmap(exact_weights))
def test_huffman_is_optimal_by_exhaustion(p):
    n, code = len(p), coding.huffman(p)
    heavy_first = sorted(p, reverse=True)
    best = min(
        coding.mean_length(heavy_first, lengths)
        for lengths in coding.complete_length_multisets(n, n - 1)
    )
    mean = coding.mean_length(p, code.lengths)
    assert mean == best
    assert coding.is_prefix_free(code.words)
    assert coding.kraft_sum(code.lengths) == 1
    entropy = coding.entropy_bits(p)
    assert entropy - 1e-12 <= mean <= entropy + 1


@given(st.lists(st.integers(0, 7), max_size=40))
def test_decoding_undoes_encoding(message):
    for code in (SLIDE, coding.huffman(P)):
        assert coding.decode(code, coding.encode(code, message)) == message


@given(exact_weights(5).filter(lambda q: min(q) > 0), exact_weights(5))
def test_wrong_code_costs_the_cross_entropy(q, p):
    lengths = coding.shannon_lengths(q)
    assert coding.kraft_sum(lengths) <= 1
    cross = -sum(float(a) * np.log2(float(b)) for a, b in zip(p, q, strict=True))
    assert cross - 1e-9 <= coding.mean_length(p, lengths) < cross + 1 + 1e-9


def test_ideal_lengths_are_exact_and_ties_stable():
    assert coding.shannon_lengths((Fraction(1, 8), Fraction(7, 8))) == (3, 1)
    assert coding.huffman([0.25] * 4) == coding.huffman([0.25] * 4)
    assert coding.canonical_code((0,)).words == ("",)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=9))
def test_kraft_both_ways(lengths):
    total = coding.kraft_sum(lengths)
    assert total == sum(Fraction(1, 2**n) for n in lengths)
    if total > 1:
        with pytest.raises(ValueError, match="Kraft sum <= 1"):
            coding.canonical_code(lengths)
        return
    code = coding.canonical_code(lengths)
    assert list(code.lengths) == lengths
    assert coding.is_prefix_free(code.words)
    assert coding.canonical_code([float(n) for n in lengths]) == code


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.text("01", max_size=4), max_size=6))
def test_prefix_freedom_by_all_pairs(words):
    pairs = permutations(range(len(words)), 2)
    free = not any(words[j].startswith(words[i]) for i, j in pairs)
    assert coding.is_prefix_free(words) == free


@settings(max_examples=300, deadline=None, derandomize=True)
@given(nasty.SEEDS, st.sampled_from(nasty.WEIGHTS))
def test_float_weights_down_to_the_least(seed, kind):
    rng = np.random.default_rng(seed)
    p = nasty.weights(rng, int(rng.integers(2, 8)), kind)
    code, bits = coding.huffman(p), coding.entropy_bits(p)
    assert coding.kraft_sum(code.lengths) == 1
    mean = coding.mean_length(p, code.lengths)
    assert bits - 1e-12 <= mean <= bits + 1
    assert bits == pytest.approx(entropy(p) / np.log(2), rel=1e-13, abs=1e-15)
    if p.min() > 0:
        lengths = coding.shannon_lengths(p)
        # The shortest word for which 2^-l <= p, checked in whole numbers.
        for w, n in zip(map(Fraction, p), lengths, strict=True):
            assert Fraction(1, 2**n) <= w
            assert n == 0 or Fraction(2, 2**n) > w
    message = rng.integers(len(p), size=20)
    assert coding.decode(code, coding.encode(code, message)) == message.tolist()


@pytest.mark.parametrize("n", range(1, 7))
def test_complete_codes_by_enumeration(n):
    every = combinations_with_replacement(range(n + 1), n)
    expected = {v for v in every if coding.kraft_sum(v) == 1}
    found = list(coding.complete_length_multisets(n, n))
    assert len(found) == len(set(found))
    assert set(found) == expected
    short = list(coding.complete_length_multisets(n, 2))
    assert set(short) == {v for v in expected if max(v) <= 2}


def test_trivial_codes():
    assert coding.canonical_code(()) == coding.Code(())
    assert coding.decode(SLIDE, "") == []
    assert coding.entropy_bits([1.0, 0.0]) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: coding.huffman([1.0]), "two or more weights"),
        (lambda: coding.huffman([1.5, -0.5]), "two or more weights >= 0"),
        (lambda: coding.huffman([0.5, 0.4]), "sum to 1; got 0.9"),
        (lambda: coding.huffman(["a", "b"]), "two or more weights >= 0"),
        (lambda: coding.huffman([0.5, 0.5j]), "two or more weights >= 0"),
        (lambda: coding.huffman([float("nan"), 1.0]), "two or more weights >= 0"),
        (lambda: coding.huffman([float("inf"), 1.0]), "sum to 1; got inf"),
        (lambda: coding.kraft_sum([-1]), "whole numbers >= 0"),
        (lambda: coding.kraft_sum([1.5]), "whole numbers >= 0"),
        (lambda: coding.kraft_sum([float("inf")]), "whole numbers >= 0"),
        (lambda: coding.kraft_sum(["1"]), "whole numbers >= 0"),
        (lambda: coding.canonical_code([1, 1, 1]), "Kraft sum <= 1"),
        (lambda: coding.mean_length([0.5, 0.5], [1]), "got 1 for 2"),
        (lambda: coding.shannon_lengths([1, 0]), "q must be > 0"),
        (lambda: coding.encode(SLIDE, [0, 8]), "0..7; got 8 at 1"),
        (lambda: coding.encode(SLIDE, [-1]), "0..7; got -1 at 0"),
        (lambda: coding.encode(SLIDE, [0.5]), "0..7; got 0.5 at 0"),
        (lambda: coding.decode(coding.Code(("", "1")), "1"), "no empty word"),
        (lambda: coding.block_distribution([0.5, 0.5], 1.5), ">= 1; got 1.5"),
        (lambda: coding.complete_length_multisets(2, -1), "max_length >= 0; got 2, -1"),
        (lambda: coding.decode(SLIDE, "01111"), "'1111' at position 1"),
        (lambda: coding.decode(coding.Code(("0", "01")), "0"), "prefix-free"),
        (lambda: coding.block_distribution([0.5, 0.5], 0), ">= 1; got 0"),
        (lambda: coding.complete_length_multisets(0, 3), "n must be >= 1"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
