"""Let the user know of out-of-vocabulary symbols."""

import inspect
import warnings
from collections.abc import Iterable

MAX_LISTED = 10  # symbols in one line


class InputWarning(UserWarning):
    """An input has something that its user should know of, such as missing days."""


class UnknownSymbolWarning(InputWarning):
    """A text has out-of-vocabulary symbols; the message lists them and says how they were read."""


def warn(line: str, category: type[InputWarning] = UnknownSymbolWarning) -> None:
    """Issue a warning at the line of code that called the package."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_globals.get("__name__", "").startswith("pipeline."):
        frame, level = frame.f_back, level + 1
    warnings.warn(line, category, stacklevel=level)


def format_symbols(symbols: Iterable[str]) -> str:
    """Return symbols in quotes with commas between them, and the number of those beyond `MAX_LISTED`."""
    quoted = [repr(symbol) for symbol in symbols]
    more = len(quoted) - MAX_LISTED
    return ", ".join(quoted[:MAX_LISTED]) + (f" and {more} more" if more > 0 else "")
