"""The task of predicting the next value of a series."""

import torch

from pipeline.data.prepared import Prepared
from pipeline.files import Arrays
from pipeline.models.encoders import Shape
from pipeline.params.models import ModelParams
from pipeline.tasks.examples import Examples, lagged_rows
from pipeline.tasks.regress import Regress, number_shape


class Forecast(Regress):
    """Predict the next value. Predictions: `predicted` and `truth`, (n,), in the unit of the data."""

    def shape(self, prepared: Prepared) -> Shape:
        """Return the shape of a network that reads values and gives one."""
        return number_shape(prepared, "values", "values")

    def examples(self, arrays: Arrays, history: Arrays | None, params: ModelParams, device: torch.device) -> Examples:
        """Return a row for each day, of the days before it."""
        return lagged_rows(arrays, history, params.window or 1, device)
