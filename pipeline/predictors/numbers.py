"""Predictors whose answer is a number."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.datasets import pairs, series
from pipeline.datasets.reading import finite, shown
from pipeline.errors import UserError
from pipeline.predictors import files
from pipeline.predictors.base import Predictor, Trained
from pipeline.predictors.reading import Item, last_outputs
from pipeline.settings import PairsSettings, SeriesSettings

Numbers = NDArray[np.float32]


class _NumberPredictor(Predictor):
    def predict(self, given: str | Sequence[float]) -> float:
        """Return the number that belongs to a sequence, given as numbers or as the data set writes them."""
        read = self.read(given) if isinstance(given, str) else self.checked(_single(given, self.name))
        return float(self.numbers([read])[0])

    def checked(self, values: Numbers) -> Numbers:
        """Return a sequence as the network reads it, or refuse it."""
        raise NotImplementedError

    def numbers(self, items: Sequence[Item]) -> NDArray[np.float64]:
        """Return a number for each sequence, in the unit of the data."""
        network = self.trained.network
        return network.unscaled(torch.from_numpy(last_outputs(network, items))).numpy()

    def cells(self, items: Sequence[Item]) -> list[tuple[str, ...]]:
        """Return each number in single precision."""
        return [(str(number),) for number in self.numbers(items).astype(np.float32)]

    def told(self, text: str, top: int) -> list[str]:
        """Return the sequence and its number on one line."""
        return [f"{text}  {self.predict(text):.6g}"]


class Regressor(_NumberPredictor):
    """Tells the number of a sequence of numbers: `predict("10110011")` or `predict([1, 0, ...])` gives about 179."""

    def __init__(self, trained: Trained, settings: PairsSettings) -> None:
        super().__init__(trained)
        self.settings, self.column = settings, settings.inputs
        inputs = trained.prepared.splits["train"]["inputs"]  # (n, t)
        self.length = inputs.shape[1]
        # Without a separator each character is a value, and the training rows say which there are.
        self.values = None if settings.separator else np.unique(inputs)

    def read(self, text: str, *, lenient: bool = False) -> Numbers:
        """Read a sequence as it stands in the data set's file."""
        return self.checked(_single(pairs.numbers(text.strip(), self.settings, self.name), self.name))

    def checked(self, values: Numbers) -> Numbers:
        """Refuse a sequence of another length than those of the data set, or with other digits."""
        where = f"{self.name}: {self.column}"
        if len(values) != self.length:
            raise UserError(f"{where}: found {len(values)} values; wanted {self.length}, as in the training rows")
        read = _all_finite(values, where)
        if self.values is not None and (strange := read[~np.isin(read, self.values)]).size:
            wanted = ", ".join(f"{value:g}" for value in self.values)
            raise UserError(f"{where}: found {strange[0]:g}; wanted one of {wanted}, as in the training rows")
        return read


class Forecaster(_NumberPredictor):
    """Tells the next day's value: `predict(values)`, oldest first, of which the last `window` count."""

    def __init__(self, trained: Trained, settings: SeriesSettings) -> None:
        super().__init__(trained)
        self.settings, self.column, self.window = settings, settings.sales, trained.settings.window or 1

    def read(self, text: str, *, lenient: bool = False) -> Numbers:
        """Read numbers with spaces or commas between them."""
        cells = text.replace(",", " ").split()
        values = [finite(cell) for cell in cells]
        if None in values:
            raise UserError(f"{self.name}: found {shown(cells[values.index(None)])}; wanted numbers, or --input FILE")
        return self.checked(_single([value for value in values if value is not None], self.name))

    def checked(self, values: Numbers) -> Numbers:
        """Refuse a series that is shorter than the window, and cut one that is longer."""
        if len(values) < self.window:
            found = f"found {len(values)} values" if len(values) else "found no values"
            raise UserError(f"{self.name}: {found}; wanted the last {self.window} days or more, oldest first")
        return _all_finite(values[-self.window :], self.name)

    def told(self, text: str, top: int) -> list[str]:
        """Return the next value on a line."""
        return [f"next day  {self.predict(text):.6g}"]

    def answer_table(self, source: Path, output: Path | None, column: str | None = None) -> list[str]:
        """Forecast each day that has `window` days before it, and the day after the last.

        The CSV has the columns of the data set's file, or no stores and items: then a value a day.
        """
        settings = self.settings.model_copy(update={"raw": str(files.there(source)), "sales": column or self.column})
        dates, values, _ = series.reduced(settings, plain=True)
        if len(values) < self.window:
            raise UserError(f"{source}: found {len(values)} days; wanted {self.window} or more (the model's window)")
        windows = np.lib.stride_tricks.sliding_window_view(values, self.window)
        if output is None:
            return [f"day after {dates[-1]}  {self.predict(windows[-1].tolist()):.6g}"]
        known = zip(dates.astype(str)[self.window :], values[self.window :].tolist(), strict=True)
        header = (settings.date, settings.sales, *self.columns)
        answers = self.cells([window.astype(np.float32) for window in windows])
        files.write(output, header, ((*day, *answer) for day, answer in zip([*known, ("", "")], answers, strict=True)))
        return files.told(output, f"{len(answers)} days in {output}; the last row is the day after {dates[-1]}")


def _single(values: object, name: str) -> Numbers:
    """Return a sequence of numbers in single precision."""
    try:
        with np.errstate(over="ignore"):
            numbers = np.asarray(values, dtype=np.float32)
    except (TypeError, ValueError, OverflowError):  # no numbers, or sequences of several lengths
        numbers = np.empty((0, 0), dtype=np.float32)
    if numbers.ndim != 1:
        raise UserError(f"{name}: found {shown(values)}; wanted a text, or a sequence of numbers")
    return numbers


def _all_finite(numbers: Numbers, where: str) -> Numbers:
    """Refuse a sequence in which a number is not finite."""
    if not np.isfinite(numbers).all():
        raise UserError(f"{where}: found a number that is not finite, or too large; wanted finite numbers")
    return numbers
