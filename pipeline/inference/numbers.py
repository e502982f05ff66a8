"""Predictors of a number from a sequence of numbers."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipeline.data.formats.series import SeriesReader, describe_missing_days
from pipeline.data.inputs import Encoded
from pipeline.inference import oov
from pipeline.inference.base import Predictor, TrainedModel
from pipeline.inference.forward import last_outputs
from pipeline.inference.table import describe_output, require_csv, write_csv


class Regressor(Predictor):
    """A model of the number of a sequence: `predict("10110011")` or `predict([1, 0, ...])` returns about 179."""

    def predict(self, value: str | Sequence[float]) -> float:
        """Return the number for a sequence, which is given as numbers or as a text of the data set's file."""
        return float(self.predict_encoded([self.encode(value)])[0])

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


class Forecaster(Regressor):
    """A model of the next day's value: `predict(values)`, oldest first, reads the last `reader.window` values."""

    reader: SeriesReader

    def __init__(self, trained: TrainedModel) -> None:
        super().__init__(trained)
        self.notify = partial(oov.warn, category=oov.InputWarning)

    def describe(self, text: str, top: int) -> list[str]:
        """Return a line with the next day's value."""
        return [f"next day  {self.predict(text):.6g}"]

    def answer_table(
        self, source: Path, output: Path | None, column: str | None = None, *, spreadsheet: bool = False
    ) -> list[str]:
        """Forecast each day that has as many days before it as the model reads, and the day after the last.

        Missing days are named to `notify`.

        Args:
            source: A CSV with the columns of the data set's file, reduced to a value for each day as there. Without
                columns of stores and items, it has one row for each day.
            output: Where the days go with their forecasts. Without it only the day after the last is forecast.
            column: The column of the values; None is that of the data set's file.
            spreadsheet: As in `Predictor.answer_table`.

        Returns:
            A line for a person: the forecast if there is no output, otherwise what was written.

        Raises:
            InputError: as in `Predictor.answer_table`, and if the source has too few days.
        """
        require_csv(source)
        days, values = self.reader.read_table(source, column or self.column)
        window = self.reader.window
        if missing := describe_missing_days(days if output else days[-window:]):
            self.notify(f"{self.name}: {source}: {missing}; the day after follows directly, as in training")
        items = list(sliding_window_view(values.astype(np.float32), window))
        if output is None:
            return [f"day after {days[-1]}  {self.predict_encoded(items[-1:])[0]:.6g}"]
        rows = [*zip(days[window:].astype(str), values[window:].tolist(), strict=True), ("", "")]
        header = (self.reader.params.date, column or self.column)
        self.require_free_columns(source, header)
        answered = ((*row, *cells) for row, cells in zip(rows, self.table_cells(items), strict=True))
        write_csv(output, (*header, *self.answer_columns), answered, spreadsheet=spreadsheet)
        return describe_output(output, f"{len(rows)} days in {output}; the last row is the day after {days[-1]}")
