"""Binary symbol codes: prefix codes, Kraft's sum, Huffman, blocks."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from numbers import Real

MASS_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Code:
    """A binary code: symbol i is written as the word ``words[i]``."""

    words: tuple[str, ...]

    @property
    def lengths(self) -> tuple[int, ...]:
        """Lengths of the words, in bits."""
        return tuple(len(word) for word in self.words)


def _weights(p, name: str) -> tuple:
    weights = tuple(p)
    if len(weights) < 2 or any(not (isinstance(w, Real) and w >= 0) for w in weights):
        raise ValueError(f"{name} must be two or more weights >= 0; got {weights}.")
    if not abs(sum(weights) - 1) <= MASS_TOLERANCE:
        raise ValueError(f"{name} must sum to 1; got {float(sum(weights)):.12g}.")
    return weights


def _is_whole(n) -> bool:
    return isinstance(n, Real) and math.isfinite(n) and n == int(n)


def is_prefix_free(words: Sequence[str]) -> bool:
    """Return whether no word is the beginning of another (or equal to it).

    Examples
    --------
    >>> is_prefix_free(("0", "10", "11")), is_prefix_free(("0", "01"))
    (True, False)
    """
    ordered = sorted(words)
    # In dictionary order a prefix of any later word is one of its next neighbour.
    return not any(b.startswith(a) for a, b in zip(ordered, ordered[1:], strict=False))


def kraft_sum(lengths: Sequence[int]) -> Fraction:
    """Return the sum of 2^(-l) over the lengths, exactly.

    A prefix code with these lengths exists iff the sum is at most 1 (Kraft 1949).
    Raises ValueError when a length is negative or not a whole number.

    Examples
    --------
    >>> kraft_sum((1, 2, 2))
    Fraction(1, 1)
    """
    if any(not _is_whole(n) or n < 0 for n in lengths):
        raise ValueError(f"lengths must be whole numbers >= 0; got {tuple(lengths)}.")
    return sum((Fraction(1, 2 ** int(n)) for n in lengths), Fraction(0))


def canonical_code(lengths: Sequence[int]) -> Code:
    """Return the prefix code with these lengths whose words are counted upwards.

    Words are given out by length, then by symbol; each is the previous one plus 1,
    padded with zeros. This is the constructive half of Kraft's theorem.
    Raises ValueError when the Kraft sum exceeds 1, so that no prefix code has these
    lengths.

    Examples
    --------
    >>> canonical_code((2, 1, 3, 3)).words
    ('10', '0', '110', '111')
    """
    if kraft_sum(lengths) > 1:
        raise ValueError(f"lengths must have Kraft sum <= 1; got {tuple(lengths)}.")
    lengths = [int(n) for n in lengths]
    words, reached = [""] * len(lengths), Fraction(0)
    for i in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if lengths[i]:
            words[i] = format(int(reached * 2 ** lengths[i]), f"0{lengths[i]}b")
        reached += Fraction(1, 2 ** lengths[i])
    return Code(tuple(words))


def huffman(p) -> Code:
    """Return a code of least mean length sum_i p_i l_i among all symbol codes.

    Merge the two lightest groups until one is left; each merge lengthens the words of
    both by one bit (Huffman 1952). Exact when `p` holds Fractions; of equally light
    groups the one formed first is taken, so the answer is always the same.
    Raises ValueError on fewer than two weights, a negative one, or a sum other than 1.

    Examples
    --------
    >>> huffman((0.5, 0.25, 0.25)).words
    ('0', '10', '11')
    """
    weights = _weights(p, "p")
    lengths = [0] * len(weights)
    groups = [(w, i, (i,)) for i, w in enumerate(weights)]
    heapq.heapify(groups)
    for formed in range(len(weights), 2 * len(weights) - 1):
        (a, _, left), (b, _, right) = heapq.heappop(groups), heapq.heappop(groups)
        for i in left + right:
            lengths[i] += 1
        heapq.heappush(groups, (a + b, formed, left + right))
    return canonical_code(lengths)


def mean_length(p, lengths: Sequence[int]):
    """Return the mean number of bits per symbol, sum_i p_i l_i.

    Exact (a Fraction) when `p` holds Fractions.
    Raises ValueError when `p` is no probability or its length differs from that of
    `lengths`.

    Examples
    --------
    >>> mean_length((Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)), (1, 2, 2))
    Fraction(3, 2)
    """
    weights = _weights(p, "p")
    if len(weights) != len(lengths):
        raise ValueError(
            f"lengths must match p, one each; got {len(lengths)} for {len(weights)}."
        )
    return sum(w * n for w, n in zip(weights, lengths, strict=True))


def entropy_bits(p) -> float:
    """Return -sum_i p_i log2 p_i, the bound below every mean length (Shannon 1948).

    Raises ValueError when `p` is no probability.

    Examples
    --------
    >>> entropy_bits((0.5, 0.25, 0.25))
    1.5
    """
    return 0.0 - math.fsum(w * math.log2(w) for w in _weights(p, "p") if w > 0)


def shannon_lengths(q) -> tuple[int, ...]:
    """Return ceil(-log2 q_i), the lengths that a coder who believes in q would use.

    Computed in whole numbers, so exact powers of two are never rounded up.
    Raises ValueError when `q` is no probability or holds a zero (no finite length suits
    it).

    Examples
    --------
    >>> shannon_lengths((0.5, 0.3, 0.2))
    (1, 2, 3)
    """
    weights = _weights(q, "q")
    if min(weights) == 0:
        raise ValueError(f"q must be > 0 everywhere; got {weights}.")
    return tuple((math.ceil(1 / Fraction(w)) - 1).bit_length() for w in weights)


def encode(code: Code, symbols: Sequence[int]) -> str:
    """Return the words of the symbols, one after the other.

    Raises ValueError when a symbol is not one of the whole numbers 0, ..., n-1.

    Examples
    --------
    >>> encode(Code(("0", "10", "11")), [2, 0, 1])
    '11010'
    """
    n = len(code.words)
    for i, symbol in enumerate(symbols):
        if not _is_whole(symbol) or not 0 <= symbol < n:
            raise ValueError(f"symbols must lie in 0..{n - 1}; got {symbol} at {i}.")
    return "".join(code.words[int(symbol)] for symbol in symbols)


def decode(code: Code, bits: str) -> list[int]:
    """Return the symbols whose words make up `bits`, read from the left.

    Raises ValueError when the code is not prefix-free or when no word fits somewhere.

    Examples
    --------
    >>> decode(Code(("0", "10", "11")), "11010")
    [2, 0, 1]
    """
    if "" in code.words or not is_prefix_free(code.words):
        raise ValueError(f"code must be prefix-free with no empty word; got {code}.")
    table = {word: i for i, word in enumerate(code.words)}
    longest = max(code.lengths)
    symbols, start = [], 0
    while start < len(bits):
        ends = range(start + 1, min(start + longest, len(bits)) + 1)
        end = next((e for e in ends if bits[start:e] in table), None)
        if end is None:
            rest = bits[start : start + longest]
            raise ValueError(
                f"bits must be words in a row; none fits {rest!r} at position {start}."
            )
        symbols.append(table[bits[start:end]])
        start = end
    return symbols


def block_distribution(p, n: int) -> tuple:
    """Return the law of n independent symbols, blocks in dictionary order.

    Exact when `p` holds Fractions; the result has len(p)**n entries.
    Raises ValueError when `p` is no probability or n < 1.

    Examples
    --------
    >>> block_distribution((Fraction(1, 2), Fraction(1, 2)), 2)[0]
    Fraction(1, 4)
    """
    if not _is_whole(n) or n < 1:
        raise ValueError(f"n must be a whole number >= 1; got {n!r}.")
    return tuple(math.prod(block) for block in product(_weights(p, "p"), repeat=int(n)))


def complete_length_multisets(n: int, max_length: int) -> Iterator[tuple[int, ...]]:
    """Yield every sorted vector of n word lengths <= max_length with Kraft sum 1.

    An optimal code for positive weights is complete, so the least mean length over
    these (long words to light symbols) certifies Huffman's by exhaustion.
    Raises ValueError when n < 1 or max_length < 0.

    Examples
    --------
    >>> list(complete_length_multisets(4, 3))
    [(1, 2, 3, 3), (2, 2, 2, 2)]
    """
    if n < 1 or max_length < 0:
        raise ValueError(f"n must be >= 1, max_length >= 0; got {n}, {max_length}.")

    def grow(taken: tuple[int, ...], free: int, depth: int):
        left = n - len(taken)
        if free > left or depth > max_length:
            return
        if free == left:  # every free node of the tree becomes a word
            yield taken + (depth,) * free
            return
        for leaves in range(free - 1, -1, -1):
            yield from grow(taken + (depth,) * leaves, 2 * (free - leaves), depth + 1)

    return grow((), 1, 0)
