"""What all predictors have in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.datasets.prepared import Prepared
from pipeline.errors import UserError
from pipeline.models import SequenceModel
from pipeline.predictors import strangers, tables
from pipeline.predictors.reading import Item
from pipeline.settings import DatasetSettings, ModelSettings


@dataclass(frozen=True)
class Trained:
    """A trained model, and all that is needed to ask it something."""

    name: str
    settings: ModelSettings
    dataset: DatasetSettings
    prepared: Prepared
    network: SequenceModel


class Predictor(ABC):
    """A trained model that answers questions about inputs it need not have seen.

    Inputs are cleaned as `prepare` cleans the data set; one that cannot be read is a UserError. `notify` is
    called with a line on what is read otherwise than it was given: unless replaced, it warns.
    """

    column: str  # of a CSV, in which the inputs stand unless a user says otherwise
    columns: tuple[str, ...] = ("prediction",)  # of the answers

    def __init__(self, trained: Trained) -> None:
        self.trained, self.name, self.codec = trained, trained.name, trained.prepared.codec
        self.notify: Callable[[str], None] = strangers.warn

    @abstractmethod
    def predict(self, given: Any) -> Any:
        """Return the one answer to one input."""

    @abstractmethod
    def read(self, text: str, *, lenient: bool = False) -> Item:
        """Clean and encode an input; `lenient` reads symbols that no training row has as `unknown`."""

    @abstractmethod
    def cells(self, items: Sequence[Item]) -> list[tuple[str, ...]]:
        """Return the answers to read inputs as the cells of a table."""

    @abstractmethod
    def told(self, text: str, top: int) -> list[str]:
        """Return the answer to one input as lines for a person, at most `top` possibilities among them."""

    def told_all(self, texts: Sequence[str], top: int) -> list[str]:
        """Return the answers to several inputs, or refuse them all for the first that cannot be read."""
        return [line for text in texts for line in self.told(text, top)]

    def strange(self, text: str) -> list[str]:
        """Return the symbols of an input that are read as if they were another."""
        return []

    @property
    def strange_ones(self) -> str:
        """Say what is strange about such symbols, and how they are read."""
        return "strange symbols"

    def answer_table(self, source: Path, output: Path | None, column: str | None = None) -> list[str]:
        """Answer every row of a CSV, into another or to standard output; return what is to be said of it."""
        return tables.answer(self, source, output, column or self.column)

    def written(self, prefix: str, length: int, temperature: float, seed: int) -> Iterator[str]:
        """Yield a prefix and what a language model writes after it."""
        task = self.trained.prepared.card.task
        raise UserError(f"{self.name}: its task is {task}; only a model of task next-symbol writes text")
