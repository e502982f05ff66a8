"""What every format of raw data declares of itself."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from pipeline.data.inputs import Reader
from pipeline.data.prepared import DataIssue, Passage, Prepared, Scale
from pipeline.data.prepared.vocabulary import Vocabulary
from pipeline.data.splits import params_by_file
from pipeline.data.wording import ModelFacts, Usage
from pipeline.files import Arrays
from pipeline.params.datasets import DatasetParams
from pipeline.params.models import ModelParams

P = TypeVar("P", bound=DatasetParams)


@dataclass(frozen=True)
class Draft:
    """What a format makes of a raw file; `prepare` adds the data card."""

    splits: Mapping[str, Arrays]
    vocabulary: Vocabulary | None = None
    classes: Mapping[str, int] = field(default_factory=dict)
    season: int | None = None
    scaling: Mapping[str, Scale] = field(default_factory=dict)
    passage: Passage | None = None
    issues: tuple[DataIssue, ...] = ()


class Format(ABC, Generic[P]):
    """A format of raw data; `params` are the settings of one data set.

    Attributes:
        unit: What a row is, in the plural.
    """

    unit: ClassVar[str]

    @abstractmethod
    def draft(self, params: P, folder: Path | None) -> Draft:
        """Clean, encode and split the raw file.

        Args:
            params: The settings.
            folder: The folder that `prepared.write` gets later. A long stream may be written there at once; without
                a folder it is kept in memory.

        Raises:
            DataError: if the raw file cannot be used.
        """

    @abstractmethod
    def reader(self, params: P, prepared: Prepared, model: ModelParams) -> Reader:
        """Return what reads inputs for a model of this data set."""

    def raw_files(self, params: P) -> list[Path]:
        """Return the files that are read, whose digest the data card has."""
        return [Path(part.raw) for part, _ in params_by_file(params)]

    @abstractmethod
    def describe_use(self, params: P, prepared: Prepared) -> str:
        """Return what a model of such data is for, in a sentence of its model card."""

    @abstractmethod
    def limitations(self, params: P, prepared: Prepared, model: ModelFacts) -> Iterator[str]:
        """Yield what a model of such data cannot do, in sentences of its model card."""

    @abstractmethod
    def usage(self, params: P, prepared: Prepared, model: ModelFacts) -> Usage:
        """Return how a model is asked, with an example from its own data set."""
