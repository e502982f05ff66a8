"""What all predictors have in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.data.inputs import Encoded, Reader, input_errors
from pipeline.data.prepared import Prepared
from pipeline.errors import InputError
from pipeline.inference import oov, table
from pipeline.models.network import SequenceModel
from pipeline.params.models import ModelParams

BLOCK = 1 << 13  # rows of a table
CACHE_SIZE = 1 << 20  # answers


@dataclass(frozen=True)
class TrainedModel:
    """A trained network, with its params, its data set, and what reads inputs for it."""

    name: str
    params: ModelParams
    prepared: Prepared
    load_network: Callable[[], SequenceModel]
    reader: Reader

    @cached_property
    def network(self) -> SequenceModel:
        """Return the network, which is loaded when it is first asked for."""
        return self.load_network()


class Predictor(ABC):
    """A trained model that answers for new inputs.

    Attributes:
        trained: The network, its params and its data set.
        name: The model's name in params.yaml.
        reader: Reads inputs as `prepare` reads the data set's file.
        vocabulary: The data set's vocabulary; None for a data set of numbers.
        notify: Called with a line on what the user should know of an input: symbols that were replaced or left out,
            missing days. By default it issues an `InputWarning`; of symbols, its subclass `UnknownSymbolWarning`.
        column: The column of a CSV that holds the inputs, unless `answer_table` is given another.
        answer_columns: The columns that `answer_table` adds to those of its source.
    """

    answer_columns: tuple[str, ...] = ("prediction",)

    def __init__(self, trained: TrainedModel) -> None:
        self.trained, self.name, self.vocabulary = trained, trained.name, trained.prepared.vocabulary
        self.reader, self.column = trained.reader, trained.reader.column
        self.notify: Callable[[str], None] = oov.warn

    @abstractmethod
    def predict(self, value: Any) -> Any:
        """Return the most likely answer to one input.

        Raises:
            InputError: if the model cannot read the input.
        """

    def encode(self, value: Any, *, allow_oov: bool = False) -> Encoded:
        """Clean an input and return what the network reads; see `Reader.read`.

        Raises:
            InputError: if the model cannot read the input; the message names the model.
        """
        with input_errors(f"{self.name}: "):
            return self.reader.read(value, allow_oov=allow_oov)

    @abstractmethod
    def table_cells(self, items: Sequence[Encoded]) -> list[tuple[str, ...]]:
        """Return the answers to encoded inputs as table cells: for each input a text for each of `answer_columns`."""

    @abstractmethod
    def describe(self, text: str, top: int) -> list[str]:
        """Return the answer to one input as lines for a person; of labels, the `top` most likely."""

    def describe_all(self, texts: Sequence[str], top: int) -> list[str]:
        """Return the answers to several inputs as lines for a person.

        Raises:
            InputError: for the first input that the model cannot read; then none is answered.
        """
        return [line for text in texts for line in self.describe(text, top)]

    def notify_oov(self, oov_rows: int, rows: int, unit: str, symbols: Iterable[str]) -> None:
        """Notify of the out-of-vocabulary symbols of some rows, if any has one."""
        if oov_rows:
            found = f"{oov_rows:,} of {rows:,} {unit} have {self.reader.oov_description}"
            self.notify(f"{self.name}: {found}: {oov.format_symbols(symbols)}")

    def require_free_columns(self, source: Path, header: Sequence[str]) -> None:
        """Refuse a table that has a column of answers already."""
        if taken := [name for name in self.answer_columns if name in header]:
            raise InputError(f"{source}: line 1: column {taken[0]!r} would be there twice; rename it")

    def answer_table(
        self, source: Path, output: Path | None, column: str | None = None, *, spreadsheet: bool = False
    ) -> list[str]:
        """Answer every row of a CSV.

        Args:
            source: A CSV with a header, as a file or a pipe.
            output: Where its rows go with their answers; None is standard output.
            column: The column that holds the inputs; None is the attribute `column`.
            spreadsheet: Whether an apostrophe goes before each text that a spreadsheet would run as a formula.

        Returns:
            Lines for a person on what was written; none if the rows went to standard output.

        Raises:
            InputError: if the source cannot be read, a row cannot be answered, or the output cannot be written.
        """
        header, index, rows = table.read_header(source, column or self.column)
        self.require_free_columns(source, header)
        progress = table.RowProgress(self.name)
        with closing(progress.bar):
            inputs = self._encode_rows(source, index, rows, progress)
            answered = self._answer_rows(inputs, progress)
            table.write_csv(output, (*header, *self.answer_columns), answered, spreadsheet=spreadsheet)
        self.notify_oov(progress.oov_rows, progress.rows, "rows", progress.oov_symbols)
        return table.describe_output(output, f"{progress.rows:,} rows in {output}")

    def _encode_rows(
        self, source: Path, index: int, rows: Iterator[tuple[int, list[str]]], progress: table.RowProgress
    ) -> Iterator[tuple[list[str], Encoded]]:
        """Yield each row's fields with its encoded input."""
        line = 1
        for line, fields in rows:
            with input_errors(f"{source}: line {line}: "):
                item = self.encode(fields[index], allow_oov=True)
            progress.add_oov(self.reader.oov_symbols(fields[index]))
            yield fields, item
        if line == 1:
            raise InputError(f"{source}: found no rows under the header; wanted one for each input")

    def _answer_rows(
        self, inputs: Iterator[tuple[list[str], Encoded]], progress: table.RowProgress
    ) -> Iterator[tuple[str, ...]]:
        """Yield each row's fields with its answer, a block at a time; the network reads equal inputs once."""
        answers: dict[bytes, tuple[str, ...]] = {}
        while block := list(islice(inputs, BLOCK)):
            if len(answers) > CACHE_SIZE:
                answers.clear()
            new = {key: item for _, item in block if (key := item.tobytes()) not in answers}
            if new:
                answers |= zip(new, self.table_cells(list(new.values())), strict=True)
            yield from ((*fields, *answers[item.tobytes()]) for fields, item in block)
            progress.add_rows(len(block))

    def generate_with_prefix(self, prefix: str, length: int, temperature: float, seed: int) -> Iterator[str]:
        """Yield a prefix as it is read, then the symbols that a language model generates after it.

        Raises:
            InputError: if the model is not a language model, or cannot read the prefix.
        """
        task = self.trained.prepared.card.task
        raise InputError(f"{self.name}: its task is {task}; only a model of task next-symbol writes text")
