"""What the pages are put together from; the templates know nothing else."""

from dataclasses import dataclass
from pathlib import Path


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
class Part:
    """A heading with what stands under it, in this order."""

    heading: str
    sentences: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    points: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """A data set: a first sentence and its parts."""

    name: str
    opening: str
    parts: tuple[Part, ...]
