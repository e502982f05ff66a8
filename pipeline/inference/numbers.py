"""Predictors of a number from a sequence of numbers."""

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.data.formats import pairs, series
from pipeline.data.readers import parse_number, shorten
from pipeline.errors import InputError
from pipeline.inference.base import Predictor, TrainedModel
from pipeline.inference.csv_files import describe_output, input_errors, require_csv, write_csv
from pipeline.inference.forward import Encoded, last_outputs
from pipeline.params.schema import PairsParams, SeriesParams

Numbers = NDArray[np.float32]


class NumberPredictor(Predictor):
    """A predictor that reads a sequence of numbers and returns one number."""

    def predict(self, value: str | Sequence[float]) -> float:
        """Return the number for a sequence, which is given as numbers or as a text of the data set's file."""
        item = self.encode(value) if isinstance(value, str) else self._validate(_to_array(value, self.name))
        return float(self.predict_encoded([item])[0])

    def predict_encoded(self, items: Sequence[Encoded]) -> NDArray[np.float64]:
        """Return the number for each of n encoded sequences, (n,), in the unit of the data."""
        network = self.trained.network
        return network.unscale(torch.from_numpy(last_outputs(network, items))).numpy()

    def table_cells(self, items: Sequence[Encoded]) -> list[tuple[str, ...]]:
        """Return each number in single precision, as networks compute."""
        return [(str(number),) for number in self.predict_encoded(items).astype(np.float32)]

    def describe(self, text: str, top: int) -> list[str]:
        """Return a line with the sequence and its number."""
        return [f"{text}  {self.predict(text):.6g}"]

    @abstractmethod
    def _validate(self, values: Numbers) -> Numbers:
        """Return the part of a sequence that the network reads, or refuse the sequence."""


class Regressor(NumberPredictor):
    """A model of the number of a sequence: `predict("10110011")` or `predict([1, 0, ...])` returns about 179.

    Attributes:
        length: How many values a sequence has.
        allowed_values: The only values that a sequence may have; None if any finite number may be one.
    """

    def __init__(self, trained: TrainedModel, params: PairsParams) -> None:
        super().__init__(trained)
        self.params, self.column = params, params.inputs
        inputs = trained.prepared.splits["train"]["inputs"]  # (n, t)
        self.length = inputs.shape[1]
        # Without a separator each character of the file is a value: only those of the training rows are known.
        self.allowed_values = None if params.separator else np.unique(inputs)

    def encode(self, text: str, *, allow_oov: bool = False) -> Numbers:
        """Return the numbers of a text, (t,), which is written as in the data set's file; see `Predictor.encode`."""
        with input_errors():
            numbers = pairs.parse_numbers(text.strip(), self.params, self.name)
        return self._validate(_to_array(numbers, self.name))

    def _validate(self, values: Numbers) -> Numbers:
        """Refuse a sequence of another length than those of the data set, or with other digits."""
        where = f"{self.name}: {self.column}"
        if len(values) != self.length:
            raise InputError(f"{where}: found {len(values)} values; wanted {self.length}, as in the training rows")
        _require_finite(values, where)
        if self.allowed_values is not None and (other := values[~np.isin(values, self.allowed_values)]).size:
            wanted = ", ".join(f"{value:g}" for value in self.allowed_values)
            raise InputError(f"{where}: found {other[0]:g}; wanted one of {wanted}, as in the training rows")
        return values


class Forecaster(NumberPredictor):
    """A model of the next day's value: `predict(values)`, oldest first, reads the last `window` values.

    Attributes:
        window: How many past days the model reads.
    """

    def __init__(self, trained: TrainedModel, params: SeriesParams) -> None:
        super().__init__(trained)
        self.params, self.column, self.window = params, params.sales, trained.params.window or 1

    def encode(self, text: str, *, allow_oov: bool = False) -> Numbers:
        """Return the last `window` of a text's numbers, which have spaces or commas between; see `Predictor.encode`."""
        fields = text.replace(",", " ").split()
        values = [parse_number(field) for field in fields]
        if None in values:
            found = shorten(fields[values.index(None)])
            raise InputError(f"{self.name}: found {found}; wanted numbers, or --input FILE")
        return self._validate(_to_array([value for value in values if value is not None], self.name))

    def describe(self, text: str, top: int) -> list[str]:
        """Return a line with the next day's value."""
        return [f"next day  {self.predict(text):.6g}"]

    def answer_table(self, source: Path, output: Path | None, column: str | None = None) -> list[str]:
        """Forecast each day that has `window` days before it, and the day after the last.

        Args:
            source: A CSV with the columns of the data set's file, reduced to a value for each day as there. Without
                columns of stores and items, it has one row for each day.
            output: Where the days go with their forecasts. Without it only the day after the last is forecast.
            column: The column of the values; None is that of the data set's file.

        Returns:
            A line for a person: the forecast if there is no output, otherwise what was written.

        Raises:
            InputError: if the source cannot be read, has too few days, or the output cannot be written.
        """
        require_csv(source)
        params = self.params.model_copy(update={"raw": str(source), "sales": column or self.column})
        with input_errors():
            dates, values, _ = series.reduce_series(params, plain=True)
        if len(values) < self.window:
            raise InputError(f"{source}: found {len(values)} days; wanted {self.window} or more (the model's window)")
        windows = np.lib.stride_tricks.sliding_window_view(values, self.window)
        if output is None:
            return [f"day after {dates[-1]}  {self.predict(windows[-1].tolist()):.6g}"]
        days = zip(dates.astype(str)[self.window :], values[self.window :].tolist(), strict=True)
        header = (params.date, params.sales, *self.answer_columns)
        answers = self.table_cells([window.astype(np.float32) for window in windows])
        write_csv(output, header, ((*day, *answer) for day, answer in zip([*days, ("", "")], answers, strict=True)))
        return describe_output(output, f"{len(answers)} days in {output}; the last row is the day after {dates[-1]}")

    def _validate(self, values: Numbers) -> Numbers:
        """Return the last `window` values; refuse a shorter series."""
        if len(values) < self.window:
            found = f"found {len(values)} values" if len(values) else "found no values"
            raise InputError(f"{self.name}: {found}; wanted the last {self.window} days or more, oldest first")
        last = values[-self.window :]
        _require_finite(last, self.name)
        return last


def _to_array(values: object, name: str) -> Numbers:
    """Return a sequence of numbers in single precision, (t,)."""
    try:
        with np.errstate(over="ignore"):
            numbers = np.asarray(values, dtype=np.float32)
    except (TypeError, ValueError, OverflowError):  # not numbers, or sequences of several lengths
        numbers = np.empty((0, 0), dtype=np.float32)
    if numbers.ndim != 1:
        raise InputError(f"{name}: found {shorten(values)}; wanted a text, or a sequence of numbers")
    return numbers


def _require_finite(numbers: Numbers, where: str) -> None:
    if not np.isfinite(numbers).all():
        raise InputError(f"{where}: found a number that is not finite, or too large; wanted finite numbers")
