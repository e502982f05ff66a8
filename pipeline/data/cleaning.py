"""Clean a text of any length, a block at a time, into code points."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.data.archives import is_zip, read_single_member
from pipeline.data.prepared.vocabulary import CODE_POINTS, CodePoints, Vocabulary, code_points
from pipeline.data.readers import decode, read_blocks
from pipeline.params.datasets import LongTextParams

ANY = "any"
SPACE, LINE_FEED = ord(" "), ord("\n")
CASED = 0x20000  # no letter from here on has a capital
OPENING = 60  # characters
PIECE = 1 << 16  # characters


class MappedBlock(NamedTuple):
    """A block of a text, what each of its symbols becomes, and which of these are kept, (n,) each."""

    raw: CodePoints
    mapped: CodePoints
    kept: NDArray[np.bool_]


@dataclass
class Changes:
    """How many symbols of a text cleaning has changed."""

    line_breaks: int = 0
    capitals: int = 0
    outside: int = 0  # the alphabet
    repeated_spaces: int = 0

    def add(self, block: MappedBlock, alphabet: str) -> None:
        """Count the changes of a block."""
        line_breaks, spaces = block.raw == LINE_FEED, block.raw == SPACE
        others = (block.raw != block.mapped) & ~line_breaks
        outside = others & (block.mapped == SPACE)
        if alphabet != ANY and " " not in alphabet:
            outside |= spaces
        self.line_breaks += int(np.count_nonzero(line_breaks))
        self.capitals += int(np.count_nonzero(others & ~outside))
        self.outside += int(np.count_nonzero(outside))
        self.repeated_spaces += int(np.count_nonzero(spaces & ~outside & ~block.kept))


@dataclass(frozen=True)
class TextSummary:
    """What is known of a cleaned text after it was read once.

    Attributes:
        length: How many symbols it has.
        first_positions: Where each symbol occurs first.
        opening: How it begins.
        changes: What cleaning has changed in it.
    """

    length: int
    first_positions: dict[str, int]
    opening: str
    changes: Changes

    def vocabulary(self, alphabet: str, n_training: int) -> Vocabulary:
        """Return the vocabulary of an alphabet; for alphabet `any`, of the first `n_training` symbols."""
        if alphabet != ANY:
            return Vocabulary.closed(alphabet)
        return Vocabulary.open(symbol for symbol, position in self.first_positions.items() if position < n_training)


def read_cleaned(params: LongTextParams, changes: Changes | None = None) -> Iterator[CodePoints]:
    """Yield the passage that `skip` and `limit` select, cleaned, in arrays of about a million symbols at most.

    Args:
        params: The file, its passage and its alphabet.
        changes: Where to count what cleaning changes in the passage.
    """
    path = Path(params.raw)
    read = read_single_member if is_zip(path) else read_blocks
    content = decode(read(path, params.max_megabytes), path)
    for block in _select_passage(_map_to_alphabet(content, params.alphabet), params):
        if changes:
            changes.add(block, params.alphabet)
        yield block.mapped[block.kept]


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
    return (block.mapped[block.kept] for block in _map_to_alphabet(text, alphabet))


def summarise(params: LongTextParams) -> TextSummary:
    """Read a text once, a block at a time, for its summary."""
    length, opening, changes = 0, "", Changes()
    first_positions: dict[str, int] = {}
    is_new = np.ones(CODE_POINTS, dtype=np.bool_)
    for block in read_cleaned(params, changes):
        new = np.flatnonzero(is_new.take(block))
        symbols, indices = np.unique(block[new], return_index=True)
        first_positions |= dict(zip(map(chr, symbols), (length + new[indices]).tolist(), strict=True))
        is_new[symbols] = False
        opening += "".join(map(chr, block[: max(0, OPENING - len(opening))]))
        length += len(block)
    return TextSummary(length, first_positions, opening, changes)


def _select_passage(blocks: Iterator[MappedBlock], params: LongTextParams) -> Iterator[MappedBlock]:
    """Drop what becomes the first `skip` symbols, then yield what becomes the next `limit`, or all if that is 0.

    A symbol that is not kept belongs to the one before it. No block is read after that of the first symbol behind the
    passage.
    """
    start, end = params.skip, params.skip + params.limit
    length = 0
    for block in blocks:
        count = int(np.count_nonzero(block.kept))
        if (not start or length > start) and (not params.limit or length + count <= end):
            yield block  # the whole of it, as nearly all are
        else:
            positions = np.cumsum(block.kept) + (length - 1)  # of the symbol that each becomes or belongs to
            chosen = positions >= start if start else np.ones(len(positions), dtype=np.bool_)
            if params.limit:
                chosen &= positions < end
            yield MappedBlock(block.raw[chosen], block.mapped[chosen], block.kept[chosen])
        length += count
        if params.limit and length > end:
            return


def _map_to_alphabet(text: Iterable[str], alphabet: str) -> Iterator[MappedBlock]:
    table = _alphabet_table(alphabet)
    ends_in_space = False
    for block in _cut(text):
        raw = code_points(block)
        mapped = table.take(raw)
        space = mapped == SPACE
        follows_space = np.concatenate(([ends_in_space], space))
        ends_in_space = bool(follows_space[-1])
        if alphabet == ANY:
            kept = np.ones(len(raw), dtype=np.bool_)
        else:
            kept = ~(space & follows_space[:-1]) if " " in alphabet else ~space
        yield MappedBlock(raw, mapped, kept)


def _cut(text: Iterable[str]) -> Iterator[str]:
    """Yield a text in pieces so small that a processor keeps what is made of one at hand."""
    return (block[start : start + PIECE] for block in text for start in range(0, len(block), PIECE))


@cache
def _alphabet_table(alphabet: str) -> CodePoints:
    """Return what each code point becomes: itself, its small letter, or a space; in as few bytes as will do."""
    table = np.arange(CODE_POINTS, dtype=np.uint32)
    if alphabet != ANY:
        table[:] = SPACE
        symbols = set(alphabet)
        for capital, small in enumerate(map(str.lower, map(chr, range(CASED)))):
            if small in symbols:
                table[capital] = ord(small)
        kept = [ord(symbol) for symbol in alphabet]
        table[kept] = kept
    table[LINE_FEED] = SPACE
    return table.astype(np.min_scalar_type(table.max()))
