"""Commands as part of a shell's pipe."""

from pathlib import Path

STANDARD_INPUT, STANDARD_OUTPUT = Path("/dev/stdin"), Path("/dev/stdout")


def source(text: str) -> Path:
    """Return the path to read from; `-` is standard input."""
    return STANDARD_INPUT if text == "-" else Path(text)


def destination(text: str) -> Path:
    """Return the path to write to; `-` is standard output."""
    return STANDARD_OUTPUT if text == "-" else Path(text)
