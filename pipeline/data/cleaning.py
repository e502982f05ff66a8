"""Clean a text of any length, a block at a time, into code points."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from pipeline.data.archives import is_zip, read_single_member
from pipeline.data.readers import decode, read_blocks
from pipeline.data.vocabulary import CODE_POINTS, CodePoints, Vocabulary, code_points
from pipeline.params.datasets import LongTextParams

ANY = "any"
SPACE = ord(" ")
CASED = 0x20000  # no letter from here on has a capital
OPENING = 60  # characters


@dataclass(frozen=True)
class TextSummary:
    """The length of a cleaned text, the position of each symbol's first occurrence, and how the text begins."""

    length: int
    first_positions: dict[str, int]
    opening: str

    def vocabulary(self, alphabet: str, n_training: int) -> Vocabulary:
        """Return the vocabulary of an alphabet; for alphabet `any`, of the first `n_training` symbols."""
        if alphabet != ANY:
            return Vocabulary.closed(alphabet)
        return Vocabulary.open(symbol for symbol, position in self.first_positions.items() if position < n_training)


def read_cleaned(params: LongTextParams) -> Iterator[CodePoints]:
    """Yield the passage that `skip` and `limit` select, cleaned, in arrays of about a million symbols at most."""
    path = Path(params.raw)
    read = read_single_member if is_zip(path) else read_blocks
    content = decode(read(path, params.max_megabytes), path)
    yield from _select_passage(fit_alphabet(content, params.alphabet), params)


def fit_alphabet(text: Iterable[str], alphabet: str) -> Iterator[CodePoints]:
    """Map a text to the symbols of an alphabet.

    Alphabet `any` keeps all symbols and replaces each newline with a space. With another alphabet, a capital
    becomes its small letter if only that is in the alphabet, and each run of spaces and of symbols outside
    the alphabet becomes one space (nothing, if the alphabet has no space).

    Args:
        text: The text, in blocks of any size.
        alphabet: The symbols to keep, or `any`.

    Yields:
        The code points of each block.
    """
    blocks = (code_points(block.replace("\n", " ")) for block in text)
    return blocks if alphabet == ANY else _map_to_alphabet(blocks, alphabet)


def summarise(params: LongTextParams) -> TextSummary:
    """Read a text once, a block at a time, for its summary."""
    length, opening = 0, ""
    first_positions: dict[str, int] = {}
    is_new = np.ones(CODE_POINTS, dtype=np.bool_)
    for block in read_cleaned(params):
        new = np.flatnonzero(is_new[block])
        symbols, indices = np.unique(block[new], return_index=True)
        first_positions |= dict(zip(map(chr, symbols), (length + new[indices]).tolist(), strict=True))
        is_new[symbols] = False
        opening += "".join(map(chr, block[: max(0, OPENING - len(opening))]))
        length += len(block)
    return TextSummary(length, first_positions, opening)


def _select_passage(content: Iterator[CodePoints], params: LongTextParams) -> Iterator[CodePoints]:
    """Drop `skip` symbols, then yield `limit` of them, or all if the limit is 0; read no further than that."""
    skip, left = params.skip, params.limit
    for block in content:
        rest = block[skip:]
        skip -= len(block) - len(rest)
        if params.limit:
            rest = rest[:left]
            left -= len(rest)
        yield rest
        if params.limit and not left:
            return


def _map_to_alphabet(content: Iterator[CodePoints], alphabet: str) -> Iterator[CodePoints]:
    table = _alphabet_table(alphabet)
    ends_in_space = False
    for block in content:
        mapped = table[block]
        space = mapped == SPACE
        if " " not in alphabet:
            yield mapped[~space]
        elif len(space):
            follows_space = np.concatenate(([ends_in_space], space[:-1]))
            ends_in_space = bool(space[-1])
            yield mapped[~(space & follows_space)]


@cache
def _alphabet_table(alphabet: str) -> CodePoints:
    """Return what each code point becomes: itself, its small letter, or a space."""
    table = np.full(CODE_POINTS, SPACE, dtype=np.uint32)
    for capital in range(CASED):
        if (small := chr(capital).lower()) in alphabet and len(small) == 1:
            table[capital] = ord(small)
    kept = [ord(symbol) for symbol in alphabet]
    table[kept] = kept
    return table
