from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ottools import coding
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


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: coding.huffman([1.0]), "two or more weights"),
        (lambda: coding.huffman([1.5, -0.5]), "two or more weights >= 0"),
        (lambda: coding.huffman([0.5, 0.4]), "sum to 1; got 0.9"),
        (lambda: coding.kraft_sum([-1]), "whole numbers >= 0"),
        (lambda: coding.canonical_code([1, 1, 1]), "Kraft sum <= 1"),
        (lambda: coding.mean_length([0.5, 0.5], [1]), "got 1 for 2"),
        (lambda: coding.shannon_lengths([1, 0]), "q must be > 0"),
        (lambda: coding.encode(SLIDE, [0, 8]), "0..7; got 8 at 1"),
        (lambda: coding.decode(SLIDE, "01111"), "'1111' at position 1"),
        (lambda: coding.decode(coding.Code(("0", "01")), "0"), "prefix-free"),
        (lambda: coding.block_distribution([0.5, 0.5], 0), ">= 1; got 0"),
        (lambda: coding.complete_length_multisets(0, 3), "n must be >= 1"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
