"""What all predictors have in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.data.prepared import Prepared
from pipeline.errors import InputError
from pipeline.inference import oov, table
from pipeline.inference.forward import Encoded
from pipeline.models.network import SequenceModel
from pipeline.params.schema import DatasetParams, ModelParams


@dataclass(frozen=True)
class TrainedModel:
    """A trained network, with its params and its data set."""

    name: str
    params: ModelParams
    dataset: DatasetParams
    prepared: Prepared
    network: SequenceModel


class Predictor(ABC):
    """A trained model that answers for new inputs, which it cleans as `prepare` cleans the data set.

    Attributes:
        trained: The network, its params and its data set.
        name: The model's name in params.yaml.
        vocabulary: The data set's vocabulary; None for a data set of numbers.
        notify: Called with a line that lists symbols which cleaning replaced or left out. By default it issues an
            `UnknownSymbolWarning`.
        column: The column of a CSV that holds the inputs, unless `answer_table` is given another.
        answer_columns: The columns that `answer_table` adds to those of its source.
    """

    column: str
    answer_columns: tuple[str, ...] = ("prediction",)

    def __init__(self, trained: TrainedModel) -> None:
        self.trained, self.name, self.vocabulary = trained, trained.name, trained.prepared.vocabulary
        self.notify: Callable[[str], None] = oov.warn

    @abstractmethod
    def predict(self, value: Any) -> Any:
        """Return the most likely answer to one input.

        Raises:
            InputError: if the model cannot read the input.
        """

    @abstractmethod
    def encode(self, text: str, *, allow_oov: bool = False) -> Encoded:
        """Clean an input and return what the network reads.

        Args:
            text: The input, written as in the data set's file.
            allow_oov: Whether to read a symbol that no training row has as the `unknown` token, not to refuse it.

        Raises:
            InputError: if the model cannot read the input.
        """

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

    def oov_symbols(self, text: str) -> list[str]:
        """Return the out-of-vocabulary symbols of an input, each once: those that are replaced or left out."""
        return []

    @property
    def oov_description(self) -> str:
        """Describe what makes a symbol out-of-vocabulary for this model, and how it is read."""
        return "out-of-vocabulary symbols"

    def answer_table(self, source: Path, output: Path | None, column: str | None = None) -> list[str]:
        """Answer every row of a CSV.

        Args:
            source: A CSV with a header, as a file or a pipe.
            output: Where its rows go with their answers; None is standard output.
            column: The column that holds the inputs; None is the attribute `column`.

        Returns:
            Lines for a person on what was written; none if the rows went to standard output.

        Raises:
            InputError: if the source cannot be read, a row cannot be answered, or the output cannot be written.
        """
        return table.answer_table(self, source, output, column or self.column)

    def generate_with_prefix(self, prefix: str, length: int, temperature: float, seed: int) -> Iterator[str]:
        """Yield a prefix as it is read, then the symbols that a language model generates after it.

        Raises:
            InputError: if the model is not a language model, or cannot read the prefix.
        """
        task = self.trained.prepared.card.task
        raise InputError(f"{self.name}: its task is {task}; only a model of task next-symbol writes text")
