"""What a task supplies to the one training loop and to the evaluation."""

from typing import Protocol

import torch
from torch import Tensor

from pipeline.artifacts import Arrays
from pipeline.batches import Batch
from pipeline.datasets.prepared import Card
from pipeline.examples import Examples
from pipeline.judgement import Predictions
from pipeline.models import SequenceModel, Shape
from pipeline.settings.models import ModelSettings


class Task(Protocol):
    """A kind of question that a network answers about sequences."""

    def shape(self, card: Card) -> Shape:
        """Return what the data say of a model."""

    def examples(
        self, arrays: Arrays, history: Arrays | None, settings: ModelSettings, device: torch.device
    ) -> Examples:
        """Make the tensors of a split; `history` is the split before it in time, if there is one."""

    def loss(self, model: SequenceModel, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the summed loss of a batch and the number of items scored, both on the device."""

    def predict(self, model: SequenceModel, examples: Examples, settings: ModelSettings) -> Predictions:
        """Read all examples without training."""
