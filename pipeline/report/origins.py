"""What data/README.md says of a data set: what it is, where it comes from, its licence and its known issues."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import DataError
from pipeline.report.parts import Markdown

PATH = Path("data/README.md")
MARKS = re.compile(r"\[([^\]]*)\]\([^)]*\)|[`*]")
LINK = re.compile(r"\[([^\]]*)\]\((?!\w+:|/|#)([^)\s]+)\)")  # to another file of the project


@dataclass(frozen=True)
class Origin:
    """A data set's section of data/README.md; what it leaves out is None, as for a user's own data set without one."""

    what: Markdown | None
    source: Markdown | None
    licence: Markdown | None
    issues: tuple[Markdown, ...]

    @property
    def facts(self) -> Iterator[tuple[str, Markdown | None]]:
        """Yield pairs of a name and its text, if there is one."""
        yield "what", self.what
        yield "source", self.source
        yield "licence", self.licence


def strip_markdown(text: str) -> str:
    """Remove links and marks from Markdown, for a page that is not Markdown."""
    return MARKS.sub(lambda found: found[1] or "", text)


def read(dataset: str) -> Origin:
    """Read the section whose heading is the data set's name; it says nothing if it or the file is missing.

    Raises:
        DataError: if the file is not UTF-8.
    """
    try:
        text = PATH.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = ""
    except UnicodeDecodeError as error:
        raise DataError(f"{PATH}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    sections = re.split(r"^## +(.+?) *$", text, flags=re.MULTILINE)  # the text before them, then name, text, name ...
    items = _items(dict(zip(sections[1::2], sections[2::2], strict=True)).get(dataset, ""))
    what, source, licence = (next(iter(items.get(label, ())), None) for label in ("What", "Source", "Licence"))
    return Origin(what, source, licence, tuple(items.get("Known issues", ())))


def _items(section: str) -> dict[str, list[Markdown]]:
    """Return what follows each `- **Label:**`, and the list under each line `Label:`."""
    items: dict[str, list[Markdown]] = {}
    label = ""
    for block in re.split(r"\n(?=- )|\n\n+", section):
        if heading := re.fullmatch(r"(?:.*\n)?([A-Z][\w ]*):", block.strip()):
            label = heading[1]
        elif item := re.match(r"- \*\*(.+?):\*\* +(.*)", block, re.DOTALL):
            items.setdefault(item[1], []).append(_line(item[2]))
        elif label and block.startswith("- "):
            items.setdefault(label, []).append(_line(block[2:]))
        elif block.strip():
            label = ""
    return items


def _line(text: str) -> Markdown:
    """Put a text on one line, with its links to files relative to the folder of the model cards."""
    return Markdown(LINK.sub(r"[\1](../../data/\2)", " ".join(text.split())))
