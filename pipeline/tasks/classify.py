"""The task of naming the class of a whole sequence."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pipeline.data.prepared import Prepared
from pipeline.files import Arrays
from pipeline.models.encoders import Shape
from pipeline.models.network import SequenceModel
from pipeline.params.models import ModelParams
from pipeline.tasks.base import Predictions, constant_cross_entropy, cross_entropy
from pipeline.tasks.batching import Batch, reading_batches
from pipeline.tasks.examples import Examples, all_targets, labelled_rows
from pipeline.tasks.reading import read_outputs


class Classify:
    """Name a class. Predictions: `probabilities` (n, classes) and `truth` (n,)."""

    def shape(self, prepared: Prepared) -> Shape:
        """Return the shape of a network that reads symbols and gives logits of classes at the end."""
        return Shape(prepared.card.symbols, len(prepared.classes), every_step=False, logits=True)

    def examples(self, arrays: Arrays, history: Arrays | None, params: ModelParams, device: torch.device) -> Examples:
        """Return labelled rows; they have no order in time."""
        return labelled_rows(arrays, device, params.supervision == "every-step")

    def loss(self, model: SequenceModel, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the summed cross-entropy and the number of rows, or of steps with supervision `every-step`."""
        targets = batch.targets if outputs.dim() > batch.targets.dim() else _row_labels(batch.targets)
        return cross_entropy(outputs, targets)

    def constant_loss(self, model: SequenceModel, train: Examples, scored: Examples) -> float:
        """Return the cross-entropy of each class's share of the training rows."""
        known, found = (_row_labels(all_targets(examples)) for examples in (train, scored))
        return constant_cross_entropy(known, found, model.shape.outputs)

    def predict(self, model: SequenceModel, examples: Examples, params: ModelParams) -> Predictions:
        """Return the probability of each class for each row."""
        pairs = list(read_outputs(model, reading_batches(examples, params)))
        probabilities = [functional.softmax(outputs.double(), 1).cpu().numpy() for _, outputs in pairs]
        truth = [_row_labels(batch.targets).cpu().numpy() for batch, _ in pairs]
        return {"probabilities": np.concatenate(probabilities), "truth": np.concatenate(truth)}


def _row_labels(targets: Tensor) -> Tensor:
    """Return the class of each row (b,), which is the last where each step has one."""
    return targets[:, -1] if targets.dim() == 2 else targets
