"""Tables of predictions and samples; each task declares its own in `tasks`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.data.prepared import Prepared
from pipeline.evaluation.results import Evaluations

MakeRows = Callable[[Prepared, Evaluations], Iterator[Sequence[object]]]
Content = tuple[Sequence[str], list[Sequence[object]]]  # header and rows


@dataclass(frozen=True)
class Table:
    """The file of a table, its columns, and the function that yields its rows."""

    file: str
    columns: tuple[str, ...]
    rows: MakeRows
    heading: str  # in the report; empty if it belongs to the part of another table
    by_model: bool = False  # `columns` are followed by one for each baseline and each model


def make_tables(tables: Iterable[Table], prepared: Prepared, evaluations: Evaluations) -> dict[str, Content]:
    """Return the header and rows of each table by file name; a table without rows is left out."""
    made: dict[str, Content] = {}
    for table in tables:
        if rows := list(table.rows(prepared, evaluations)):
            made[table.file] = (*table.columns, *(evaluations.named_columns if table.by_model else ())), rows
    return made
