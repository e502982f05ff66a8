"""Read an input of a trained model as `prepare` reads the data set's file: `Format.reader` returns a `Reader`.

An `InputError` of a reader does not name the model, which it does not know; the predictor adds the name.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache, partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pipeline.data.cleaning import ANY, fit_alphabet
from pipeline.data.prepared import Prepared
from pipeline.data.prepared.vocabulary import Symbols, Vocabulary
from pipeline.data.readers import shorten
from pipeline.errors import DataError, InputError
from pipeline.params.schema import UNKNOWN

CACHE_SIZE = 1 << 12  # symbols

Encoded = NDArray[Any]  # (t,) symbol ids or numbers
Numbers = NDArray[np.float32]


@contextmanager
def input_errors(where: str = "") -> Iterator[None]:
    """Raise an error of what is read in the block as an `InputError`, with `where` before its message."""
    try:
        yield
    except (DataError, InputError) as error:
        raise InputError(f"{where}{error}") from None


class Reader(ABC):
    """Reads inputs of one kind.

    Attributes:
        column: The column of a CSV that holds the inputs.
        oov_description: What makes a symbol out-of-vocabulary (OOV), and how it is read.
    """

    column: str
    oov_description = "out-of-vocabulary symbols"

    @abstractmethod
    def read(self, value: Any, *, allow_oov: bool = False) -> Encoded:
        """Clean an input and return what a network reads.

        Args:
            value: The input, written as in the data set's file.
            allow_oov: Whether to read a symbol that no training row has as the `unknown` token, not to refuse it.

        Raises:
            InputError: if a network cannot read the input.
        """

    def oov_symbols(self, text: str) -> list[str]:
        """Return the OOV symbols of an input, each once: those that are replaced or left out."""
        return []


class TextReader(Reader):
    """Reads texts.

    Attributes:
        clean: Returns a text as a network reads it.
        alphabet: The symbols into which cleaning brings every text; None if it keeps all symbols.
        width: How many symbols are read, the last of a text; None if all.
        max_length: After how many symbols a text ends; None if it goes on.
    """

    def __init__(
        self,
        column: str,
        prepared: Prepared,
        *,
        alphabet: str = ANY,
        clean: Callable[[str], str] | None = None,
        width: int | None = None,
        max_length: int | None = None,
    ) -> None:
        self.column, self.width, self.max_length = column, width, max_length
        self.vocabulary = cast(Vocabulary, prepared.vocabulary)  # data sets of texts have one
        self.alphabet = None if alphabet == ANY else alphabet
        self.clean = clean or partial(fit_text, alphabet=alphabet)
        self.oov_description = _describe_oov(self.alphabet)

    def read(self, value: Any, *, allow_oov: bool = False) -> Symbols:
        """Return the ids of a text's symbols, (t,); a U+FFFD is read as the `unknown` token, by the user's own wish."""
        text = self.clean(require_text(value))
        if not text:
            raise InputError(f"found {shorten(value)}; wanted at least one symbol to read")
        with input_errors(f"{shorten(text)}: "):
            symbols = self.vocabulary.encode(text)
            if not allow_oov and (oov := [symbol for symbol in self._unseen(text) if symbol != UNKNOWN]):
                cure = "leave it out, or write U+FFFD for it to have it read as `unknown`"
                raise InputError(f"no training row has the symbol {oov[0]!r}; {cure}")
        return symbols if self.width is None else symbols[-self.width :]

    def oov_symbols(self, text: str) -> list[str]:
        """Return the symbols that cleaning replaces or leaves out, or those that no training row has, each once."""
        if self.alphabet is None:
            return self._unseen(self.clean(text))
        return [symbol for symbol in dict.fromkeys(text) if _is_replaced(symbol, self.alphabet)]

    def _unseen(self, text: str) -> list[str]:
        """Return the symbols of a cleaned text that the `unknown` token stands for, and itself."""
        if self.vocabulary.unknown is None:
            return []
        return [symbol for symbol in dict.fromkeys(text) if symbol not in self._known_symbols]

    @cached_property
    def _known_symbols(self) -> frozenset[str]:
        return frozenset(self.vocabulary.symbols) - {UNKNOWN}


class NumberReader(Reader):
    """Reads sequences of numbers, given as numbers or as a text."""

    def read(self, value: Any, *, allow_oov: bool = False) -> Numbers:
        """Return the numbers that a network reads of a sequence, (t,)."""
        return self.validate(_to_array(self.parse(value) if isinstance(value, str) else value))

    @abstractmethod
    def parse(self, text: str) -> object:
        """Return the numbers of a text."""

    @abstractmethod
    def validate(self, values: Numbers) -> Numbers:
        """Return the part of a sequence that a network reads, or refuse the sequence."""


def require_text(value: object) -> str:
    """Return a text; refuse any other object."""
    if not isinstance(value, str):
        raise InputError(f"found {shorten(value)}; wanted a text")
    return value


def require_finite(numbers: Numbers) -> None:
    """Refuse numbers that are not finite in single precision."""
    if not np.isfinite(numbers).all():
        raise InputError("found a number that is not finite, or too large; wanted finite numbers")


def fit_text(text: str, alphabet: str) -> str:
    """Bring a text into an alphabet, as `prepare` does."""
    return "".join(chr(point) for block in fit_alphabet([text], alphabet) for point in block)


@lru_cache(CACHE_SIZE)
def _is_replaced(symbol: str, alphabet: str) -> bool:
    """Return whether cleaning replaces a symbol by a space or leaves it out, white space excepted."""
    return not symbol.isspace() and fit_text(symbol, alphabet) in ("", " ")


def _describe_oov(alphabet: str | None) -> str:
    if alphabet is None:
        return "symbols that no training row has, read as `unknown`"
    return f"symbols that are not in its alphabet, {'read as a space' if ' ' in alphabet else 'left out'}"


def _to_array(values: object) -> Numbers:
    """Return a sequence of numbers in single precision, (t,)."""
    try:
        with np.errstate(over="ignore"):
            numbers = np.asarray(values, dtype=np.float32)
    except (TypeError, ValueError, OverflowError):  # not numbers, or sequences of several lengths
        numbers = np.empty((0, 0), dtype=np.float32)
    if numbers.ndim != 1:
        raise InputError(f"found {shorten(values)}; wanted a text, or a sequence of numbers")
    return numbers
