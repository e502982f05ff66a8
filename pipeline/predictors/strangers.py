"""Symbols that a model does not know: which they are, and how a user hears of them."""

import inspect
import warnings
from collections.abc import Iterable
from functools import lru_cache

from pipeline.datasets.cleaning import fitted

LISTED = 10  # symbols
REMEMBERED = 1 << 12  # symbols


class UnknownSymbolWarning(UserWarning):
    """A text holds symbols that its model does not know; the message names them and says how they were read."""


def warn(line: str) -> None:
    """Warn the code that called the library, be it from however deep within."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_globals.get("__name__", "").startswith("pipeline."):
        frame, level = frame.f_back, level + 1
    warnings.warn(line, UnknownSymbolWarning, stacklevel=level)


def listed(symbols: Iterable[str]) -> str:
    """Return symbols as part of a line."""
    quoted = [repr(symbol) for symbol in symbols]
    more = len(quoted) - LISTED
    return ", ".join(quoted[:LISTED]) + (f" and {more} more" if more > 0 else "")


def outside(text: str, alphabet: str) -> list[str]:
    """Return each symbol of a text that cleaning takes for a space or leaves out, though it is no white space."""
    return [symbol for symbol in dict.fromkeys(text) if _is_outside(symbol, alphabet)]


def in_alphabet(text: str, alphabet: str) -> str:
    """Clean a text as `prepare` does."""
    return "".join(chr(point) for block in fitted([text], alphabet) for point in block)


@lru_cache(REMEMBERED)
def _is_outside(symbol: str, alphabet: str) -> bool:
    return not symbol.isspace() and in_alphabet(symbol, alphabet) in ("", " ")
