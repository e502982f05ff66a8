"""The building blocks of the pages, which are all that the templates know."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pipeline import paths


class Link(str):
    """A text that links to a file beside the report."""

    target: str

    def __new__(cls, text: str, target: str) -> Self:
        """Make a link to `target`, a path from the report's folder."""
        link = super().__new__(cls, text)
        link.target = target
        return link

    @classmethod
    def to_card(cls, model: str) -> Self:
        """Return a model's name that links to its model card."""
        return cls(model, paths.model_card(model).relative_to(paths.REPORTS).as_posix())


class Markdown(str):
    """A text that is Markdown already, so that a Markdown page does not escape it."""


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
    """A PNG file and its text alternative."""

    path: Path
    alt: str


@dataclass(frozen=True)
class Code:
    """Lines of code."""

    language: str
    lines: tuple[str, ...]

    @property
    def fence(self) -> str:
        """Return backticks for around the lines: more than the lines themselves have in a row."""
        return "`" * max([3, *(len(run) + 1 for line in self.lines for run in re.findall("`+", line))])


@dataclass(frozen=True)
class Part:
    """A heading with its content, in this order."""

    heading: str
    sentences: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    points: tuple[str, ...] = ()
    code: tuple[Code, ...] = ()  # on model cards only


@dataclass(frozen=True)
class Section:
    """A data set, or a model card: a first sentence and its parts."""

    name: str
    opening: str
    parts: tuple[Part, ...]
