"""Values, keys and names of params.yaml as error messages show them: short, and in one line."""

from collections.abc import Iterable

MAX_SHOWN = 160  # characters


def format_value(value: object) -> str:
    """Return a value as Python writes it; `nothing` if there is none."""
    return "nothing" if value is None else format_text(repr(value))


def format_text(text: str) -> str:
    """Return the first characters of a text in one line, with escapes for what cannot be seen."""
    escaped = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text[: MAX_SHOWN + 1])
    return escaped if len(escaped) <= MAX_SHOWN else f"{escaped[:MAX_SHOWN]}..."


def format_names(names: Iterable[str]) -> str:
    """Return the first names of a list, with commas between."""
    return format_text(", ".join(names)) or "none"
