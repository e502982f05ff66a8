"""Out-of-vocabulary symbols: find them in a text, and let the user know."""

import inspect
import warnings
from collections.abc import Iterable
from functools import lru_cache

from pipeline.data.cleaning import fit_alphabet

MAX_LISTED = 10  # symbols in one line
CACHE_SIZE = 1 << 12  # symbols


class UnknownSymbolWarning(UserWarning):
    """A text has out-of-vocabulary symbols; the message lists them and says how they were read."""


def warn(line: str) -> None:
    """Issue an `UnknownSymbolWarning` at the line of code that called the package."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_globals.get("__name__", "").startswith("pipeline."):
        frame, level = frame.f_back, level + 1
    warnings.warn(line, UnknownSymbolWarning, stacklevel=level)


def format_symbols(symbols: Iterable[str]) -> str:
    """Return symbols in quotes with commas between them, and the number of those beyond `MAX_LISTED`."""
    quoted = [repr(symbol) for symbol in symbols]
    more = len(quoted) - MAX_LISTED
    return ", ".join(quoted[:MAX_LISTED]) + (f" and {more} more" if more > 0 else "")


def find_oov(text: str, alphabet: str) -> list[str]:
    """Return each symbol of a text that cleaning replaces by a space or leaves out, white space excepted."""
    return [symbol for symbol in dict.fromkeys(text) if _is_oov(symbol, alphabet)]


def fit_text(text: str, alphabet: str) -> str:
    """Bring a text into an alphabet, as `prepare` does."""
    return "".join(chr(point) for block in fit_alphabet([text], alphabet) for point in block)


@lru_cache(CACHE_SIZE)
def _is_oov(symbol: str, alphabet: str) -> bool:
    return not symbol.isspace() and fit_text(symbol, alphabet) in ("", " ")
