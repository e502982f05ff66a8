"""The tasks whose answer is a number: regression of rows, and forecast of a series."""

import numpy as np
import torch
from torch import Tensor

from pipeline.artifacts import Arrays
from pipeline.batches import Batch
from pipeline.datasets.prepared import Card
from pipeline.examples import Examples, number_rows, windows
from pipeline.judgement import Predictions
from pipeline.models import Scale, SequenceModel, Shape
from pipeline.settings.models import ModelSettings
from pipeline.tasks import reading
from pipeline.tasks.losses import squared_error


class _Numbers:
    """What both share. Predictions: `predicted` and `truth`, (n,), in the unit of the data."""

    def loss(self, model: SequenceModel, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the summed squared error, in the targets' scale, and the number of rows."""
        return squared_error(model, outputs, batch)

    def predict(self, model: SequenceModel, examples: Examples, settings: ModelSettings) -> Predictions:
        """Return a number a row."""
        pairs = list(reading.outputs(model, examples, settings))
        predicted = [model.unscaled(result).cpu().numpy() for _, result in pairs]
        truth = [batch.targets.cpu().numpy() for batch, _ in pairs]
        return {
            "predicted": np.concatenate(predicted).astype(np.float64),
            "truth": np.concatenate(truth).astype(np.float64),
        }


class Regress(_Numbers):
    """Predict a number from a sequence of numbers."""

    def shape(self, card: Card) -> Shape:
        """Return a model that reads numbers and answers with one."""
        return _number_shape(card, "inputs", "targets")

    def examples(
        self, arrays: Arrays, history: Arrays | None, settings: ModelSettings, device: torch.device
    ) -> Examples:
        """Make rows of numbers; they have no order in time."""
        return number_rows(arrays, device)


class Forecast(_Numbers):
    """Predict the next value of a series."""

    def shape(self, card: Card) -> Shape:
        """Return a model that reads values and answers with one."""
        return _number_shape(card, "values", "values")

    def examples(
        self, arrays: Arrays, history: Arrays | None, settings: ModelSettings, device: torch.device
    ) -> Examples:
        """Make a row a day, of the days before it."""
        return windows(arrays, history, settings.window or 1, device)


def _number_shape(card: Card, inputs: str, targets: str) -> Shape:
    scales = {name: Scale(card.scaling[name].mean, card.scaling[name].std) for name in (inputs, targets)}
    return Shape(None, 1, every_step=False, inputs_scale=scales[inputs], targets_scale=scales[targets])
