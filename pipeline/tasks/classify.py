"""The task of naming the class of a whole sequence."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pipeline.artifacts import Arrays
from pipeline.batches import Batch
from pipeline.datasets.prepared import Card
from pipeline.examples import Examples, labelled_rows
from pipeline.judgement import Predictions
from pipeline.models import SequenceModel, Shape
from pipeline.settings.models import ModelSettings
from pipeline.tasks import reading
from pipeline.tasks.losses import cross_entropy


class Classify:
    """Name a class. Predictions: `probabilities` (n, classes) and `truth` (n,)."""

    def shape(self, card: Card) -> Shape:
        """Return a model that reads symbols and answers once."""
        return Shape(card.symbols, len(card.classes or ()), every_step=False)

    def examples(
        self, arrays: Arrays, history: Arrays | None, settings: ModelSettings, device: torch.device
    ) -> Examples:
        """Make labelled rows; they have no order in time."""
        return labelled_rows(arrays, device, settings.supervision == "every-step")

    def loss(self, model: SequenceModel, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the summed cross-entropy and the number of rows, or of the steps at which a class is asked for."""
        targets = batch.targets if outputs.dim() > batch.targets.dim() else _own(batch)
        return cross_entropy(outputs, targets)

    def predict(self, model: SequenceModel, examples: Examples, settings: ModelSettings) -> Predictions:
        """Return the probability of each class for each row."""
        pairs = list(reading.outputs(model, examples, settings))
        probabilities = [functional.softmax(result.double(), 1).cpu().numpy() for _, result in pairs]
        truth = [_own(batch).cpu().numpy() for batch, _ in pairs]
        return {"probabilities": np.concatenate(probabilities), "truth": np.concatenate(truth)}


def _own(batch: Batch) -> Tensor:
    """Return the class of each row (b,), which is the last where each step has one."""
    return batch.targets[:, -1] if batch.targets.dim() == 2 else batch.targets
