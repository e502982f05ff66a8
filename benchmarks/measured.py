"""What a benchmark finds, the goals that it has, and the files in which both are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import DataError
from pipeline.files import read_json, write_json

RESULTS = Path(__file__).parent / "results"


class NotHereError(Exception):
    """A benchmark cannot run on this machine, or not as things are; the message says why."""


@dataclass(frozen=True)
class Goal:
    """A goal beside what was found."""

    wanted: str  # "at most 1.0 in every cell"
    found: float
    met: bool
    unit: str = ""
    reason: str = ""  # why it is missed: in words, or with figures formatted from measurements


@dataclass(frozen=True)
class Measured:
    """A table, and the goals that it answers."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | float, ...], ...]
    goals: tuple[Goal, ...] = ()


@dataclass(frozen=True)
class Record:
    """A measurement, with when and where it was made."""

    date: str
    revision: str  # the commit that was measured
    machine: Mapping[str, str]
    measured: Measured


def format_number(value: str | float) -> str:
    """Return a number with three digits that count, or all digits of a whole number; text stays as it is."""
    if isinstance(value, str):
        return value
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:#.3g}" if abs(value) >= 0.001 else f"{value:.2g}"


def format_table(measured: Measured) -> str:
    """Return a table for a terminal."""
    lines = [measured.columns, *(tuple(map(format_number, row)) for row in measured.rows)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def format_goal(goal: Goal) -> str:
    """Return a goal, what was found, and whether that is enough."""
    found = f"{format_number(goal.found)} {goal.unit}".rstrip()
    reason = f" {goal.reason}" if goal.reason else ""
    return f"{goal.wanted}: {found}, {'met' if goal.met else 'missed'}.{reason}"


def result_path(name: str, folder: Path = RESULTS) -> Path:
    """Return the file of a benchmark's last measurement."""
    return folder / f"{name}.json"


def write_record(path: Path, record: Record) -> None:
    """Write a measurement."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, asdict(record))


def read_record(path: Path) -> Record:
    """Read a measurement.

    Raises:
        DataError: if the file has another form.
    """
    try:
        return TypeAdapter(Record).validate_python(read_json(path))
    except ValidationError:
        raise DataError(f"{path}: not a measurement; run `python -m benchmarks {path.stem}`") from None


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Return the ratio of each pair of times that were taken in turns."""
    return [one / other for one, other in zip(above, below, strict=True)]
