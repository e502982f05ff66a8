"""Clean a text of any length, a block at a time, into code points."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from pipeline.codec import CODE_POINTS, Codec, Points, points
from pipeline.datasets.archives import is_zip, only_member
from pipeline.datasets.reading import blocks, decoded
from pipeline.settings import TextSettings, WindowsSettings

ANY = "any"
SPACE = ord(" ")
CASED = 0x20000  # no letter beyond has a capital

CutSettings = TextSettings | WindowsSettings


@dataclass(frozen=True)
class Survey:
    """What one reading of a text tells: its length, and where each symbol stands first."""

    length: int
    first: dict[str, int]
    opening: str

    def codec(self, alphabet: str, training: int) -> Codec:
        """Return the alphabet's vocabulary, or that of the first `training` symbols for alphabet `any`."""
        if alphabet != ANY:
            return Codec.closed(alphabet)
        return Codec.open(symbol for symbol, place in self.first.items() if place < training)


def cleaned(settings: CutSettings) -> Iterator[Points]:
    """Yield the passage that `skip` and `limit` choose, cleaned, in arrays of at most some million symbols."""
    path = Path(settings.raw)
    content = only_member(path, settings.megabytes) if is_zip(path) else blocks(path)
    yield from _passage(fitted(decoded(content, path), settings.alphabet), settings)


def fitted(text: Iterable[str], alphabet: str) -> Iterator[Points]:
    """Bring a text, given in blocks, into an alphabet.

    Alphabet `any` keeps all symbols, with a space for each newline. With another alphabet a capital is
    lowered where only its small letter is in the alphabet, and each run of spaces and of symbols
    outside the alphabet becomes one space (nothing, where the alphabet has no space).
    """
    lines = (points(block.replace("\n", " ")) for block in text)
    return lines if alphabet == ANY else _fitted(lines, alphabet)


def survey(settings: CutSettings) -> Survey:
    """Read a text once, keeping next to nothing of it."""
    length, opening = 0, ""
    first: dict[str, int] = {}
    fresh = np.ones(CODE_POINTS, dtype=np.bool_)
    for block in cleaned(settings):
        new = np.flatnonzero(fresh[block])
        symbols, places = np.unique(block[new], return_index=True)
        first |= dict(zip(map(chr, symbols), (length + new[places]).tolist(), strict=True))
        fresh[symbols] = False
        opening += "".join(map(chr, block[: max(0, 60 - len(opening))]))
        length += len(block)
    return Survey(length, first, opening)


def _passage(content: Iterator[Points], settings: CutSettings) -> Iterator[Points]:
    """Leave out `skip` symbols, then yield `limit` of them, or all for limit 0, and read no further."""
    skip, left = settings.skip, settings.limit
    for block in content:
        rest = block[skip:]
        skip -= len(block) - len(rest)
        if settings.limit:
            rest = rest[:left]
            left -= len(rest)
        yield rest
        if settings.limit and not left:
            return


def _fitted(content: Iterator[Points], alphabet: str) -> Iterator[Points]:
    """Bring each symbol into an alphabet."""
    table = _table(alphabet)
    spaced = False
    for block in content:
        mapped = table[block]
        space = mapped == SPACE
        if " " not in alphabet:
            yield mapped[~space]
        elif len(space):
            follows = np.concatenate(([spaced], space[:-1]))
            spaced = bool(space[-1])
            yield mapped[~(space & follows)]


@cache
def _table(alphabet: str) -> Points:
    """Return what each code point becomes: itself, its small letter, or a space."""
    table = np.full(CODE_POINTS, SPACE, dtype=np.uint32)
    for capital in range(CASED):
        if (small := chr(capital).lower()) in alphabet and len(small) == 1:
            table[capital] = ord(small)
    kept = [ord(symbol) for symbol in alphabet]
    table[kept] = kept
    return table
