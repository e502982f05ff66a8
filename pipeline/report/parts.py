"""What the pages are put together from; the templates know nothing else."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pipeline import paths


class Link(str):
    """A text that leads to a file beside the report."""

    target: str

    def __new__(cls, text: str, target: str) -> Self:
        """Make a link to `target`, a path from the report's folder."""
        link = super().__new__(cls, text)
        link.target = target
        return link

    @classmethod
    def to_card(cls, model: str) -> Self:
        """Make a model's name lead to its card."""
        return cls(model, paths.card(model).relative_to(paths.REPORTS).as_posix())


class Markdown(str):
    """A text that is Markdown already, so that a Markdown page takes it as it is."""


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    long: bool = False  # shown in a box of limited height
    prose: bool = False  # the first column holds sentences


@dataclass(frozen=True)
class Figure:
    """A PNG file, and what it shows for those who do not see it."""

    path: Path
    alt: str


@dataclass(frozen=True)
class Code:
    """Lines to be typed."""

    language: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """A heading with what stands under it, in this order."""

    heading: str
    sentences: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    points: tuple[str, ...] = ()
    code: tuple[Code, ...] = ()  # on the cards of models alone


@dataclass(frozen=True)
class Section:
    """A data set, or the card of a model: a first sentence and its parts."""

    name: str
    opening: str
    parts: tuple[Part, ...]
