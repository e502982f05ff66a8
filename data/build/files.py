"""Write the committed raw files: whole or not at all, with the same bytes on every system."""

from pathlib import Path

RAW = Path(__file__).resolve().parent.parent / "raw"


def replace_text(path: Path, text: str) -> None:
    """Write text as UTF-8 with Unix line ends to a temporary name, then move it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".partial")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    temporary.replace(path)
