"""Predictors that answer pandas tables: which columns they take, which they return, and an example.

| class of the predictor | a row that it takes | what it returns |
| --- | --- | --- |
| `Classifier`, `WindowClassifier` | a text | the most likely class, its probability, and that of each class |
| `LanguageModel` | a prompt | the prompt with its continuation, and the continuation alone |
| `Regressor` | a sequence, as in the data set's file | a number |
| `Forecaster` | a day's value, perhaps of a store and item | one row: the day after the last, and an interval |
"""

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

import numpy as np

from pipeline.data import wording
from pipeline.data.formats.pairs import PairsReader
from pipeline.data.inputs import Encoded, input_errors
from pipeline.data.prepared import Prepared
from pipeline.errors import InputError
from pipeline.inference.base import Predictor
from pipeline.inference.intervals import Interval
from pipeline.inference.labels import LabelPredictor
from pipeline.inference.language import LanguageModel
from pipeline.inference.numbers import Forecaster, Regressor

if TYPE_CHECKING:
    import pandas as pd

P = TypeVar("P", bound=Predictor)
R = TypeVar("R")
NO_ROWS = "found no rows; wanted one for each input"


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    name: str
    kind: Literal["text", "number", "any"]  # any: a text, or a number
    required: bool = True


class Frames(ABC, Generic[P]):
    """Answers tables with a predictor.

    Attributes:
        inputs: The columns that it takes.
        outputs: The columns that it returns.
        options: The options of `answer`, with their defaults.
    """

    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    options: Mapping[str, int | float]

    def __init__(self, predictor: P) -> None:
        self.predictor, self.options = predictor, {}

    @abstractmethod
    def answer(self, frame: "pd.DataFrame", **options: Any) -> "pd.DataFrame":
        """Return the answers to a table.

        Raises:
            InputError: if a row cannot be answered, or an option is out of range.
        """

    @abstractmethod
    def example(self, prepared: Prepared) -> "dict[str, list[Any]]":
        """Return the columns of a table to ask about, from the data set's own rows."""


class TextFrames(Frames[P]):
    """Answers tables with an input in each row of one column."""

    def __init__(self, predictor: P) -> None:
        super().__init__(predictor)
        self.inputs = (Column(predictor.column, "text"),)

    def example(self, prepared: Prepared) -> dict[str, list[Any]]:
        """Return a text of the data set."""
        return {self.inputs[0].name: [wording.example_text(prepared)]}

    def encode(self, frame: "pd.DataFrame") -> list[Encoded]:
        """Return each row's input as the network reads it, and notify of out-of-vocabulary symbols."""
        inputs, reader = self.column(frame), self.predictor.reader
        items = list(_each(inputs, lambda text: self.predictor.encode(text, allow_oov=True)))
        symbols = [reader.oov_symbols(text) for text in inputs]
        found = dict.fromkeys(chain.from_iterable(symbols))
        self.predictor.notify_oov(sum(map(bool, symbols)), len(inputs), "rows", found)
        return items

    def column(self, frame: "pd.DataFrame") -> list[Any]:
        """Return the inputs; refuse a table without any."""
        if not len(frame):
            raise InputError(NO_ROWS)
        return list(frame[self.inputs[0].name])


class LabelFrames(TextFrames[LabelPredictor]):
    """Answers with classes."""

    def __init__(self, predictor: LabelPredictor) -> None:
        super().__init__(predictor)
        shares = (Column(f"probability.{label}", "number") for label in predictor.labels)
        self.outputs = (Column("prediction", "text"), Column("probability", "number"), *shares)

    def answer(self, frame: "pd.DataFrame", **options: Any) -> "pd.DataFrame":
        """Return the most likely class of each row, its probability, and that of each class."""
        import pandas as pd

        shares = np.exp(self.predictor.log_probs(self.encode(frame)))
        labels = [self.predictor.labels[index] for index in shares.argmax(1)]
        columns = [labels, shares.max(1), *shares.T]
        return pd.DataFrame({of.name: values for of, values in zip(self.outputs, columns, strict=True)})


class LanguageFrames(TextFrames[LanguageModel]):
    """Answers with generated text."""

    outputs = (Column("text", "text"), Column("continuation", "text"))

    def __init__(self, predictor: LanguageModel) -> None:
        super().__init__(predictor)
        self.inputs = (Column("prompt", "text"),)
        self.options = {"length": 200, "temperature": 0.8, "seed": 1}

    def answer(self, frame: "pd.DataFrame", **options: Any) -> "pd.DataFrame":
        """Return each prompt as it is read with its continuation, and the continuation alone."""
        import pandas as pd

        chosen = {**self.options, **options}
        pairs = list(_each(self.column(frame), lambda text: self._continue(text, chosen)))
        return pd.DataFrame({"text": [start + more for start, more in pairs], "continuation": [m for _, m in pairs]})

    def example(self, prepared: Prepared) -> dict[str, list[Any]]:
        """Return the first words of a text, or the first letters of a word."""
        if "stream" in wording.shown_rows(prepared):
            return {"prompt": [wording.example_opening(prepared)]}
        return {"prompt": [wording.example_text(prepared)[:2]]}

    def _continue(self, prompt: Any, options: Mapping[str, Any]) -> tuple[str, str]:
        start, *more = self.predictor.generate_with_prefix(prompt, **options)
        return start, "".join(more)


class NumberFrames(TextFrames[Regressor]):
    """Answers with numbers."""

    outputs = (Column("prediction", "number"),)

    def answer(self, frame: "pd.DataFrame", **options: Any) -> "pd.DataFrame":
        """Return the number of each row's sequence."""
        import pandas as pd

        return pd.DataFrame({"prediction": self.predictor.predict_encoded(self.encode(frame))})

    def example(self, prepared: Prepared) -> dict[str, list[Any]]:
        """Return a sequence of the data set, written as in its file."""
        rows, reader = wording.shown_rows(prepared), self.predictor.reader
        if not isinstance(reader, PairsReader):
            return super().example(prepared)
        return {self.inputs[0].name: [reader.params.separator.join(f"{value:.7g}" for value in rows["inputs"][0])]}


class ForecastFrames(Frames[Forecaster]):
    """Answers a table of past days with the next day."""

    outputs = tuple(
        Column(name, "text" if name == "after" else "number") for name in ("after", "forecast", "low", "high")
    )

    def __init__(self, predictor: Forecaster, interval: Interval) -> None:
        super().__init__(predictor)
        self.interval, params = interval, predictor.reader.params
        keys = (Column(name, "any", required=False) for name in (params.store, params.item))
        # Whole numbers are no `double` for MLflow, and stores and items may be numbers or texts.
        self.inputs = (Column(params.date, "text"), *keys, Column(params.sales, "any"))

    def answer(self, frame: "pd.DataFrame", **options: Any) -> "pd.DataFrame":
        """Return the last day of the table, the forecast of the day after it, and its interval, cut off at 0."""
        import pandas as pd

        reader = self.predictor.reader
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "table")
            frame.to_csv(path, index=False, date_format="%Y-%m-%d")
            with _without(f"{path}: "):
                days, values = reader.read_table(path, reader.params.sales)
        value = float(self.predictor.predict_encoded([values[-reader.window :].astype(np.float32)])[0])
        low, high = (max(value + half, 0.0) for half in (-self.interval.half_width, self.interval.half_width))
        return pd.DataFrame({"after": [str(days[-1])], "forecast": [value], "low": [low], "high": [high]})

    def example(self, prepared: Prepared) -> dict[str, list[Any]]:
        """Return the last days of the data set, as many as the model reads."""
        params, window = self.predictor.reader.params, self.predictor.reader.window
        days, values = (
            np.concatenate([arrays[name] for arrays in prepared.splits.values()])[-window:]
            for name in ("dates", "values")
        )
        return {params.date: days.astype(str).tolist(), params.sales: values.tolist()}


def frames_of(predictor: Predictor, interval: Interval | None = None) -> Frames[Any]:
    """Return what answers tables with a predictor; a forecaster needs its interval."""
    match predictor:
        case LanguageModel():
            return LanguageFrames(predictor)
        case LabelPredictor():
            return LabelFrames(predictor)
        case Forecaster() if interval is not None:
            return ForecastFrames(predictor, interval)
        case Regressor():
            return NumberFrames(predictor)
    raise TypeError(f"{type(predictor).__name__} answers no tables")


def _each(inputs: Sequence[Any], answer: Callable[[Any], R]) -> Iterator[R]:
    """Yield the answer to each input; an error names its row, from 1."""
    for row, value in enumerate(inputs, 1):
        with input_errors(f"row {row}: "):
            yield answer(value)


@contextmanager
def _without(text: str) -> Iterator[None]:
    """Leave a text out of the message of an error, such as the name of a temporary file."""
    try:
        yield
    except InputError as error:
        raise InputError(str(error).replace(text, "")) from None
