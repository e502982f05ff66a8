"""The task of predicting a number from a sequence of numbers."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.data.prepared import Prepared
from pipeline.files import Arrays
from pipeline.models.encoders import Scale, Shape
from pipeline.models.network import SequenceModel
from pipeline.params.models import ModelParams
from pipeline.tasks.base import Predictions
from pipeline.tasks.batching import Batch, reading_batches
from pipeline.tasks.examples import Examples, all_targets, number_rows
from pipeline.tasks.reading import read_outputs


class Regress:
    """Predict a number. Predictions: `predicted` and `truth`, (n,), in the unit of the data."""

    def shape(self, prepared: Prepared) -> Shape:
        """Return the shape of a network that reads sequences of one length and gives a number."""
        length = prepared.splits["train"]["inputs"].shape[1]
        return replace(number_shape(prepared, "inputs", "targets"), length=length)

    def examples(self, arrays: Arrays, history: Arrays | None, params: ModelParams, device: torch.device) -> Examples:
        """Return rows of numbers; they have no order in time."""
        return number_rows(arrays, device)

    def loss(self, model: SequenceModel, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the summed squared error, in the targets' scale, and the number of rows."""
        scale = model.shape.targets_scale
        wanted = (batch.targets - scale.mean) / scale.std
        errors = (outputs.squeeze(1) - wanted) ** 2
        return errors.sum(), torch.full((), len(wanted), dtype=torch.int64, device=wanted.device)

    def constant_loss(self, model: SequenceModel, train: Examples, scored: Examples) -> float:
        """Return the mean squared difference from the mean of the training targets, in the targets' scale."""
        known, found = (all_targets(examples).double() for examples in (train, scored))
        return (((found - known.mean()) / model.shape.targets_scale.std) ** 2).mean().item()

    def predict(self, model: SequenceModel, examples: Examples, params: ModelParams) -> Predictions:
        """Return a number for each row."""
        pairs = list(read_outputs(model, reading_batches(examples, params)))
        predicted = [model.unscale(outputs).cpu().numpy() for _, outputs in pairs]
        truth = [batch.targets.cpu().numpy() for batch, _ in pairs]
        return {
            "predicted": np.concatenate(predicted).astype(np.float64),
            "truth": np.concatenate(truth).astype(np.float64),
        }


def number_shape(prepared: Prepared, inputs: str, targets: str) -> Shape:
    """Return the shape of a network that reads numbers and gives one, with the scales of these training arrays."""
    scaling, train = prepared.card.scaling, prepared.splits["train"]
    scales = {name: Scale(scaling[name].mean, scaling[name].std) for name in (inputs, targets)}
    ranges = {name: _range(train[name]) for name in (inputs, targets)}
    return Shape(
        None,
        1,
        every_step=False,
        logits=False,
        inputs_scale=scales[inputs],
        targets_scale=scales[targets],
        inputs_range=ranges[inputs],
        targets_range=ranges[targets],
    )


def _range(values: NDArray[Any]) -> Scale:
    """Return the smallest value, and how far the largest is above it; 1 if they are the same."""
    low, high = float(np.min(values)), float(np.max(values))
    return Scale(low, high - low or 1.0)
